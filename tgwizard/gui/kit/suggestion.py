"""A suggestion: a chip that fills the field above it when pressed (STYLE section 6, Chip)."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from tgwizard.gui.kit.surface import paint_ground
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import TextRole, Token


class Suggestion(QPushButton):
    """One value to take; on while it is the value in force."""

    ring_radius = 16

    def __init__(self, theme: Theme, value: str, parent: QWidget | None = None) -> None:
        """Offer `value`."""
        super().__init__(value, parent)
        self._theme = theme
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setAccessibleName(f"Use {value}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter takes it as Space does."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            self.click()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """The value and air."""
        words = QFontMetricsF(self._theme.font(TextRole.CAPTION_STRONG)).horizontalAdvance(self.text())
        return QSize(round(words) + self._theme.px(28), self._theme.px(31))

    def minimumSizeHint(self) -> QSize:
        """As wanted."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint ground and value."""
        theme = self._theme
        painter = QPainter(self)
        box = QRectF(self.rect())
        on = self.isChecked()
        ground = Token.ACCENT_TINT if on else Token.SUNKEN if self.underMouse() else Token.CARD
        edge = Token.ACCENT_TEXT if on else Token.STRONG
        paint_ground(painter, theme, box, ground, edge, box.height() / 2, 1.5 if on else 1.0)
        painter.setFont(theme.font(TextRole.CAPTION_STRONG))
        painter.setPen(theme.colour(Token.ACCENT_TEXT if on else Token.TEXT2))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self.text())
