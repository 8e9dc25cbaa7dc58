"""A chip: a filter as a toggle with a count (STYLE section 6). One of a group is on."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from tgwizard.gui.kit.surface import paint_ground
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import TextRole, Token


class Chip(QPushButton):
    """Word and count; on, it has an accent edge and tint."""

    ring_radius = 16

    def __init__(self, theme: Theme, word: str, parent: QWidget | None = None) -> None:
        """A chip called `word`, with nothing to count yet."""
        super().__init__(word, parent)
        self._theme = theme
        self._count = 0
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.count(0)
        theme.changed.connect(self.update)

    def count(self, number: int) -> None:
        """Replace the count."""
        if number != self._count or not self.accessibleName():
            self._count = number
            self.setAccessibleName(f"{self.text()} {number}")
            self.updateGeometry()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses as Space does; arrows go to the neighbour, as Qt has it for an exclusive group."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            self.click()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """Room for word and count."""
        words = QFontMetricsF(self._theme.font(TextRole.CAPTION_STRONG)).horizontalAdvance(self.text())
        figure = QFontMetricsF(self._theme.font(TextRole.CAPTION_STRONG)).horizontalAdvance(str(self._count))
        return QSize(round(words + figure + self._theme.px(13 + 7 + 13)) + 1, self._theme.px(31))

    def minimumSizeHint(self) -> QSize:
        """As wanted."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint ground, word and count."""
        theme = self._theme
        painter = QPainter(self)
        box = QRectF(self.rect())
        on = self.isChecked()
        ground = Token.ACCENT_TINT if on else Token.SUNKEN if self.underMouse() else Token.CARD
        edge = Token.ACCENT_TEXT if on else Token.BORDER
        paint_ground(painter, theme, box, ground, edge, box.height() / 2, 1.5 if on else 1.0)
        font = theme.font(TextRole.CAPTION_STRONG)
        painter.setFont(font)
        painter.setPen(theme.colour(Token.ACCENT_TEXT if on else Token.TEXT2))
        left = theme.px(13)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(box.adjusted(left, 0, 0, 0), middle, self.text())
        left += round(QFontMetricsF(font).horizontalAdvance(self.text())) + theme.px(7)
        painter.drawText(box.adjusted(left, 0, 0, 0), middle, str(self._count))
