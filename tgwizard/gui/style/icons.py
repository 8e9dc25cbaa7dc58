"""The icons: vector files on a 24 grid, stroke 1.8, round ends, no fill, tinted when drawn (gui/README.md 5).

The files in ``resources/icons`` are plain SVG of three shapes: ``path`` with the letters M, L, H, V, C and Z, absolute
coordinates; ``circle``; ``rect`` with round corners. Each is read when first drawn, and painted as one path. Qt's own
SVG painter would stroke shape after shape, which shows where they meet, and read a file anew for each colour.
"""

from __future__ import annotations

import logging
import re
from enum import Enum
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Token
from tgwizard.paths import resources


class Icon(Enum):
    """One icon for each meaning; the value is the name of its file."""

    CLUSTERS = "clusters"
    ADD = "add"
    LAB = "lab"
    HISTORY = "history"
    REPORT = "report"
    SETTINGS = "settings"
    SERVER = "server"
    SWAP = "swap"
    BOLT = "bolt"
    CHEVRON_RIGHT = "chevron-right"
    CHEVRON_DOWN = "chevron-down"
    CHEVRON_UP = "chevron-up"
    LINK = "link"
    LOCK = "lock"
    UNLOCKED = "unlocked"
    PERSON = "person"
    ARROW_RIGHT = "arrow-right"
    COPY = "copy"
    REFRESH = "refresh"
    INFO = "info"
    BACK = "back"
    UNDO = "undo"
    EXTERNAL = "external"
    SHIELD = "shield"
    POWER = "power"
    EQUAL = "equal"
    SAVE = "save"
    SEARCH = "search"
    THEME = "theme"
    PIN = "pin"
    MENU = "menu"


_LOG = logging.getLogger(__name__)
# Our own files, and icons are in the first paint: an XML parser would take longer to import than all of them to read.
_SHAPE = re.compile(r"<(\w+)([^>]*)>")
_VALUE = re.compile(r'([\w-]+)="([^"]*)"')
_STEP = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_NUMBER = re.compile(r"-?\d*\.?\d+")


@cache
def icon_path(icon: Icon) -> QPainterPath:
    """The path of ``icon`` on its 24 grid; empty when its file cannot be read, which the log tells once."""
    path = QPainterPath()
    try:
        file = (resources() / "icons" / f"{icon.value}.svg").read_text("utf-8")
    except OSError as error:
        _LOG.warning("The icon %s was not read: %s", icon.value, error)
        return path
    for shape, values in _SHAPE.findall(file):
        _add(path, shape, dict(_VALUE.findall(values)))
    return path


def _add(path: QPainterPath, shape: str, values: dict[str, str]) -> None:
    match shape:
        case "svg":
            ...
        case "path":
            for letter, numbers in _STEP.findall(values["d"]):
                _step(path, letter, [float(number) for number in _NUMBER.findall(numbers)])
        case "circle":
            x, y, radius = (float(values[name]) for name in ("cx", "cy", "r"))
            path.addEllipse(QPointF(x, y), radius, radius)
        case "rect":
            x, y, width, height, radius = (float(values[name]) for name in ("x", "y", "width", "height", "rx"))
            path.addRoundedRect(QRectF(x, y, width, height), radius, radius)
        case _:
            raise ValueError(f"An icon is made of path, circle and rect, not of {shape}")


def _step(path: QPainterPath, letter: str, numbers: list[float]) -> None:
    here = path.currentPosition()
    match letter, numbers:
        case "M", [x, y]:
            path.moveTo(x, y)
        case "L", [x, y]:
            path.lineTo(x, y)
        case "H", [x]:
            path.lineTo(x, here.y())
        case "V", [y]:
            path.lineTo(here.x(), y)
        case "C", [ax, ay, bx, by, x, y]:
            path.cubicTo(ax, ay, bx, by, x, y)
        case "Z", []:
            path.closeSubpath()
        case _:
            raise ValueError(f"An icon's path has M, L, H, V, C and Z with their numbers, not {letter} {numbers}")


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
