"""A switch: on or off at once, with its label and what it comes to. The whole row is the target."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QWidget

from tgwizard.gui.style.control_painting import paint_switch
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import WholeTarget, prepare_control
from tgwizard.gui.widgets.labels import let_wrap

_TRACK = (34, 20)
_WIDE = 10_000


class Switch(WholeTarget, QCheckBox):
    """A check box painted as a switch: on it also carries a tick, so that it reads in grey."""

    ring_radius = Radius.CONTROL

    def __init__(self, theme: Theme, name: str, consequence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._consequence = consequence
        self.setAccessibleName(name)
        self.setAccessibleDescription(consequence)
        let_wrap(self)
        prepare_control(self, theme)

    def heightForWidth(self, width: int) -> int:
        """Name, and as many lines as the consequence needs."""
        title = QFontMetricsF(self._theme.font(TextRole.BODY_STRONG)).height()
        words = self._words_box(QRectF(0, 0, width, 1000), title)
        return round(title + words.height() + self._theme.px(8))

    def sizeHint(self) -> QSize:
        """One line each: whoever lays it out asks for the height of the width there is."""
        return QSize(self._theme.px(420), self.heightForWidth(_WIDE))

    def minimumSizeHint(self) -> QSize:
        """Room for the switch and some words."""
        return QSize(self._theme.px(220), self.heightForWidth(_WIDE))

    def _words_box(self, box: QRectF, title: float) -> QRectF:
        room = QRectF(box.left(), box.top() + title + 2, box.width() - self._theme.px(_TRACK[0] + 24), 1000)
        metrics = QFontMetricsF(self._theme.font(TextRole.CAPTION))
        flags = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)
        return metrics.boundingRect(room, flags, self._consequence)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint words at left, the track and its knob at right."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        font = theme.font(TextRole.BODY_STRONG)
        height = QFontMetricsF(font).height()
        painter.setFont(font)
        painter.setPen(theme.colour(Token.TEXT))
        painter.drawText(QRectF(box.left(), box.top(), box.width(), height), self._name)
        painter.setFont(theme.font(TextRole.CAPTION))
        painter.setPen(theme.colour(Token.TEXT2))
        flags = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(self._words_box(box, height), flags, self._consequence)
        wide, tall = theme.px(_TRACK[0]), theme.px(_TRACK[1])
        track = QRectF(box.right() - wide, box.center().y() - tall / 2, wide, tall)
        paint_switch(painter, theme, track, on=self.isChecked())
