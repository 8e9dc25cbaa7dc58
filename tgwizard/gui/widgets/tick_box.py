"""A tick box with its words, painted from tokens."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import pressed_by_enter


class TickBox(QCheckBox):
    """On or off; the words are part of the target."""

    ring_radius = Radius.BADGE

    def __init__(self, theme: Theme, words: str, name: str = "", parent: QWidget | None = None) -> None:
        """Say `words`; `name` is what assistive technology calls it, when that says more."""
        super().__init__(parent)
        self._theme = theme
        self._words = words
        self.setAccessibleName(name or words)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)

    def _left(self) -> int:
        return self._theme.px(18 + 9)

    def _flags(self) -> int:
        return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)

    def hasHeightForWidth(self) -> bool:
        """The words wrap."""
        return True

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

    def hitButton(self, _position: object) -> bool:
        """Box and words are the target."""
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter ticks as Space does."""
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = theme.px(17)
        box = QRectF(1, (self.height() - side) / 2, side, side)
        on, able = self.isChecked(), self.isEnabled()
        filled = Token.ACCENT if able else Token.IDLE
        painter.setPen(QPen(theme.colour(filled if on else Token.INPUT), 1.5))
        painter.setBrush(theme.colour(filled) if on else theme.colour(Token.CARD))
        painter.drawRoundedRect(box, 4, 4)
        if on:
            pen = QPen(theme.colour(Token.ON_FILL), 2)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            middle = box.center()
            points = [(-0.24, 0.02), (-0.07, 0.19), (0.25, -0.17)]
            painter.drawPolyline([QPointF(middle.x() + x * side, middle.y() + y * side) for x, y in points])
        painter.setFont(theme.font(TextRole.BODY_KEY))
        painter.setPen(theme.colour(Token.TEXT if able else Token.TEXT3))
        room = QRectF(self._left(), 0, self.width() - self._left(), self.height())
        painter.drawText(room, self._flags(), self._words)
