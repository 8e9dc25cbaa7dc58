"""Text fields: the two widgets, with the scroll bars, that Qt draws by our style sheet (gui/README.md 14)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole


class TextField(QLineEdit):
    """One line of typed text; `name` is what assistive technology calls it."""

    def __init__(
        self, theme: Theme, name: str, parent: QWidget | None = None, *, text_role: TextRole = TextRole.MONO
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._wrong = False
        self.setFont(theme.font(text_role))
        self.setAccessibleName(name)
        self._restyle()
        theme.changed.connect(self._restyle)

    def show_wrong(self, *, wrong: bool) -> None:
        """Whether the edge says that the text cannot be used. Its words stand under the field (``FieldRow``)."""
        if wrong is not self._wrong:
            self._wrong = wrong
            self._restyle()

    @Slot()
    def _restyle(self) -> None:
        self.setStyleSheet(self._theme.field_style(wrong=self._wrong))


class SearchField(TextField):
    """A field with a magnifying glass before its text. Esc clears it; while it is empty, Esc is not for it."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, name, parent, text_role=TextRole.BODY)
        self._glass = IconMark(theme, Icon.SEARCH, 14)
        self._glass.setParent(self)
        self.setTextMargins(theme.px(20), 0, 0, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc clears what was typed."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            event.accept()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the glass at the left."""
        super().resizeEvent(event)
        self._glass.move(self._theme.px(12), (self.height() - self._glass.height()) // 2)


class ReportText(QPlainTextEdit):
    """A longer text to read and copy, never to edit."""

    def __init__(self, theme: Theme, name: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme = theme
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFont(theme.font(TextRole.MONO))
        self.setAccessibleName(name)
        self._restyle()
        theme.changed.connect(self._restyle)

    @Slot()
    def _restyle(self) -> None:
        self.setStyleSheet(self._theme.field_style() + self._theme.scroll_style())
