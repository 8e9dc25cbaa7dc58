"""The icons: own vector strings on a 24 grid, stroke 1.8, round ends, no fill, tinted when drawn (gui/README.md 5).

The strings use the path letters M, L, H, V, C, A (circle only) and Z, absolute coordinates.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Token


class Icon(Enum):
    """One icon per meaning; the value is its path. `O x y r` is a circle, `R x y w h r` a rounded rectangle."""

    CLUSTERS = (
        "R 3 3.5 9 9 2.5 M 12 8 H 15 C 17 8 17.5 8.5 17.5 10.5 V 11.5 R 12 11.5 9 9 2.5 M 7.5 12.5 V 14 C 7.5 "
        "16 8 16.5 10 16.5 H 12 "
    )
    ADD = "M 12 4.5 V 19.5 M 4.5 12 H 19.5"
    LAB = (
        "M 9 3 H 15 M 10 3 V 9.5 L 4.8 18.2 C 4 19.8 4.8 21 6.5 21 H 17.5 C 19.2 21 20 19.8 19.2 18.2 L 14 "
        "9.5 V 3 M 7.3 15 H 16.7 "
    )
    HISTORY = (
        "M 4.2 9 C 5.5 5.5 8.5 3.5 12 3.5 C 16.7 3.5 20.5 7.3 20.5 12 C 20.5 16.7 16.7 20.5 12 20.5 C 8.6 "
        "20.5 5.7 18.5 4.3 15.6 M 3.5 4.5 V 9.2 H 8.2 M 12 7.5 V 12.2 L 15 14 "
    )
    REPORT = (
        "M 14 3 H 7.5 C 6 3 5 4 5 5.5 V 18.5 C 5 20 6 21 7.5 21 H 16.5 C 18 21 19 20 19 18.5 V 8 Z M 14 3 V 8 "
        "H 19 M 9 12.5 H 15 M 9 16.5 H 15 "
    )
    SETTINGS = "M 3.5 8 H 13 M 19 8 H 20.5 O 16 8 2.6 M 3.5 16 H 5 M 11 16 H 20.5 O 8 16 2.6"
    SERVER = "R 3.5 3.5 17 7.2 2 R 3.5 13.3 17 7.2 2 M 7.3 7.1 H 7.6 M 7.3 16.9 H 7.6 M 11.5 7.1 H 12 M 11.5 16.9 H 12"
    SWAP = "M 4 8 H 19.5 M 16 4.5 L 19.5 8 L 16 11.5 M 20 16 H 4.5 M 8 12.5 L 4.5 16 L 8 19.5"
    BOLT = "M 13.2 2.8 L 5 13.6 H 11 L 10 21.2 L 19 9.8 H 12.6 Z"
    CHEVRON_RIGHT = "M 9.5 6 L 15.5 12 L 9.5 18"
    CHEVRON_DOWN = "M 6 9.5 L 12 15.5 L 18 9.5"
    CHEVRON_UP = "M 6 14.5 L 12 8.5 L 18 14.5"
    LINK = (
        "M 9.8 14.2 L 14.2 9.8 M 11 7.6 L 13.6 5 C 15.2 3.4 17.6 3.4 19.1 4.9 C 20.6 6.4 20.6 8.8 19 10.4 L 16.4 "
        "13 M 13 16.4 L 10.4 19 C 8.8 20.6 6.4 20.6 4.9 19.1 C 3.4 17.6 3.4 15.2 5 13.6 L 7.6 11 "
    )
    LOCK = "R 5 10.5 14 10 2.4 M 8 10.5 V 7.5 C 8 5 9.7 3.5 12 3.5 C 14.3 3.5 16 5 16 7.5 V 10.5"
    UNLOCKED = "R 5 10.5 14 10 2.4 M 8 10.5 V 7 C 8 4.8 9.8 3.2 12 3.2 C 13.9 3.2 15.3 4.2 15.9 5.8"
    PERSON = "O 12 8 4.2 M 4.5 20.5 C 5 16.6 8 14.6 12 14.6 C 16 14.6 19 16.6 19.5 20.5"
    ARROW_RIGHT = "M 4.5 12 H 19 M 13.2 6.2 L 19 12 L 13.2 17.8"
    COPY = (
        "R 8.5 8.5 12 12 2.4 M 15.5 5.2 C 15.5 4.2 14.8 3.5 13.8 3.5 H 5.5 C 4.3 3.5 3.5 4.3 3.5 5.5 V 13.8 C "
        "3.5 14.8 4.2 15.5 5.2 15.5 "
    )
    REFRESH = (
        "M 19.8 9 C 18.5 5.6 15.5 3.5 12 3.5 C 7.3 3.5 3.5 7.3 3.5 12 C 3.5 16.7 7.3 20.5 12 20.5 C 15.4 20.5 "
        "18.3 18.5 19.7 15.6 M 20.5 4.5 V 9.2 H 15.8 "
    )
    INFO = "O 12 12 8.5 M 12 11.2 V 16 M 12 8 V 8.1"
    BACK = "M 19.5 12 H 5 M 10.8 6.2 L 5 12 L 10.8 17.8"
    UNDO = "M 8.5 5 L 4 9.5 L 8.5 14 M 4 9.5 H 14 C 17.3 9.5 20 12 20 15 C 20 18 17.6 19.5 15 19.5 H 11"
    EXTERNAL = (
        "M 13.5 4 H 20 V 10.5 M 20 4 L 11 13 M 17.5 14 V 18 C 17.5 19.2 16.7 20 15.5 20 H 6 C 4.8 20 4 19.2 4 18 V "
        "8.5 C 4 7.3 4.8 6.5 6 6.5 H 10 "
    )
    SHIELD = "M 12 3.2 L 19.2 5.8 V 11.5 C 19.2 16 16.3 19.4 12 21 C 7.7 19.4 4.8 16 4.8 11.5 V 5.8 Z"
    POWER = (
        "M 12 3.5 V 11.5 M 7.2 6.2 C 5.2 7.7 4 9.9 4 12.5 C 4 17 7.6 20.5 12 20.5 C 16.4 20.5 20 17 20 12.5 C 20 "
        "9.9 18.8 7.7 16.8 6.2 "
    )
    EQUAL = "M 5.5 9 H 18.5 M 5.5 15 H 18.5"
    SAVE = "M 12 3.8 V 15 M 7.2 10.4 L 12 15.2 L 16.8 10.4 M 4.5 19.8 H 19.5"
    SEARCH = "O 10.8 10.8 6.3 M 15.5 15.5 L 20 20"
    THEME = (
        "M 19.8 14.2 C 18.8 14.6 17.8 14.8 16.6 14.8 C 12.4 14.8 9.2 11.6 9.2 7.4 C 9.2 6.2 9.4 5.2 9.8 4.2 C "
        "6.3 5.4 4 8.5 4 12.1 C 4 16.7 7.7 20 12 20 C 15.5 20 18.6 17.7 19.8 14.2 Z "
    )


_TOKEN = re.compile(r"[A-Z]|-?\d+(?:\.\d+)?")


@cache
def icon_path(icon: Icon) -> QPainterPath:
    """The path of `icon` on its 24 grid."""
    words = _TOKEN.findall(icon.value)
    path = QPainterPath()
    at = 0
    letter = ""

    def take(count: int) -> list[float]:
        nonlocal at
        values = [float(word) for word in words[at : at + count]]
        at += count
        return values

    while at < len(words):
        if words[at].isalpha():
            letter = words[at]
            at += 1
        here = path.currentPosition()
        match letter:
            case "M":
                x, y = take(2)
                path.moveTo(x, y)
            case "L":
                x, y = take(2)
                path.lineTo(x, y)
            case "H":
                (x,) = take(1)
                path.lineTo(x, here.y())
            case "V":
                (y,) = take(1)
                path.lineTo(here.x(), y)
            case "C":
                ax, ay, bx, by, x, y = take(6)
                path.cubicTo(ax, ay, bx, by, x, y)
            case "O":
                x, y, radius = take(3)
                path.addEllipse(QPointF(x, y), radius, radius)
            case "R":
                x, y, width, height, radius = take(5)
                path.addRoundedRect(QRectF(x, y, width, height), radius, radius)
            case "Z":
                path.closeSubpath()
            case _:
                raise ValueError(f"icon {icon.name} uses the unknown path letter {letter!r}")
    return path


def draw_icon(painter: QPainter, icon: Icon, colour: QColor, box: QRectF) -> None:
    """Draw `icon` in `colour`, filling the square `box` (14 to 24 px)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / 24, box.height() / 24)
    pen = QPen(colour, 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(icon_path(icon))
    painter.restore()


class IconMark(QWidget):
    """An icon as a widget; decoration beside text, so it has no accessible name of its own."""

    def __init__(
        self, theme: Theme, icon: Icon, size: int = 18, token: Token = Token.TEXT2, parent: QWidget | None = None
    ) -> None:
        """Show `icon`, `size` px wide at 100 %, in `token`."""
        super().__init__(parent)
        self._theme = theme
        self._icon = icon
        self._token = token
        side = theme.px(size)
        self.setFixedSize(side, side)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        draw_icon(QPainter(self), self._icon, self._theme.colour(self._token), QRectF(self.rect()))
