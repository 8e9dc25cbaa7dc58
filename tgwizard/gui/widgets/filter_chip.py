"""Chips (gui/README.md 6): a filter as a toggle with a count, and a suggestion that fills the field above it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import WholeTarget, prepare_control


class RoundToggle(WholeTarget, QPushButton):
    """A round toggle of one line; on, it has an accent edge and tint."""

    ring_radius = 16
    edge = Token.BORDER
    """Of one that is off."""

    def __init__(self, theme: Theme, words: str, parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self._theme = theme
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        prepare_control(self, theme)

    def minimumSizeHint(self) -> QSize:
        """As wanted."""
        return self.sizeHint()

    def wide(self, words: str) -> float:
        """How wide the words are, in its font."""
        return QFontMetricsF(self._theme.font(TextRole.CAPTION_STRONG)).horizontalAdvance(words)

    def painted(self) -> QPainter:
        """A painter that has painted the ground, and is ready for the words."""
        theme, on = self._theme, self.isChecked()
        painter = QPainter(self)
        box = QRectF(self.rect())
        ground = Token.ACCENT_TINT if on else Token.SUNKEN if self.underMouse() else Token.CARD
        edge = Token.ACCENT_TEXT if on else self.edge
        paint_ground(painter, theme, box, ground, edge, box.height() / 2, 1.5 if on else 1.0)
        painter.setFont(theme.font(TextRole.CAPTION_STRONG))
        painter.setPen(theme.colour(Token.ACCENT_TEXT if on else Token.TEXT2))
        return painter


class FilterChip(RoundToggle):
    """Word and count. One of a group is on."""

    def __init__(self, theme: Theme, word: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, word, parent)
        self._count = 0
        self.setAutoExclusive(True)
        self.count(0)

    def count(self, number: int) -> None:
        """Replace the count."""
        if number != self._count or not self.accessibleName():
            self._count = number
            self.setAccessibleName(f"{self.text()} {number}")
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Room for word and count."""
        words = self.wide(self.text()) + self.wide(str(self._count))
        return QSize(round(words + self._theme.px(13 + 7 + 13)) + 1, self._theme.px(31))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, box = self.painted(), QRectF(self.rect())
        left = self._theme.px(13)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(box.adjusted(left, 0, 0, 0), middle, self.text())
        left += round(self.wide(self.text())) + self._theme.px(7)
        painter.drawText(box.adjusted(left, 0, 0, 0), middle, str(self._count))


class SuggestionChip(RoundToggle):
    """One value to take; on while it is the value in force."""

    edge = Token.STRONG

    def __init__(self, theme: Theme, value: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, value, parent)
        self.setAccessibleName(f"Use {value}")

    def sizeHint(self) -> QSize:
        """The value and air."""
        return QSize(round(self.wide(self.text())) + self._theme.px(28), self._theme.px(31))

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.painted().drawText(QRectF(self.rect()), int(Qt.AlignmentFlag.AlignCenter), self.text())
