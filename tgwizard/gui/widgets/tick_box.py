"""A tick box with its words, painted from tokens."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QWidget

from tgwizard.gui.style.control_painting import paint_tick
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import WholeTarget, prepare_control
from tgwizard.gui.widgets.labels import let_wrap


class TickBox(WholeTarget, QCheckBox):
    """On or off; the words are part of the target."""

    ring_radius = Radius.BADGE

    def __init__(self, theme: Theme, words: str, name: str = "", parent: QWidget | None = None) -> None:
        """Say `words`; `name` is what assistive technology calls it, when that says more."""
        super().__init__(parent)
        self._theme = theme
        self._words = words
        self.setAccessibleName(name or words)
        let_wrap(self)
        prepare_control(self, theme)

    def _left(self) -> int:
        return self._theme.px(18 + 9)

    def _flags(self) -> int:
        return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)

    def heightForWidth(self, width: int) -> int:
        """As many lines as the words need."""
        metrics = QFontMetricsF(self._theme.font(TextRole.BODY_KEY))
        room = QRectF(0, 0, max(1, width - self._left()), 10_000)
        needed = metrics.boundingRect(room, self._flags(), self._words).height() if self._words else 0.0
        return max(self._theme.px(28), math.ceil(needed) + self._theme.px(4))

    def sizeHint(self) -> QSize:
        """One line."""
        metrics = QFontMetricsF(self._theme.font(TextRole.BODY_KEY))
        width = self._left() + round(metrics.horizontalAdvance(self._words)) + 2
        return QSize(width, self._theme.px(28))

    def minimumSizeHint(self) -> QSize:
        """Box and a word or two."""
        return QSize(min(self.sizeHint().width(), self._theme.px(120)), self._theme.px(28))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        side, able = theme.px(17), self.isEnabled()
        box = QRectF(1, (self.height() - side) / 2, side, side)
        paint_tick(painter, theme, box, on=self.isChecked(), able=able)
        painter.setFont(theme.font(TextRole.BODY_KEY))
        painter.setPen(theme.colour(Token.TEXT if able else Token.TEXT3))
        room = QRectF(self._left(), 0, self.width() - self._left(), self.height())
        painter.drawText(room, self._flags(), self._words)
