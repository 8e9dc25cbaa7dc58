"""The foot of the wizard: Back, a note, Save and close, and the one way on. Always in view."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.labels import LiveText


class Footer(QWidget):
    """Four buttons and a note. The wizard says what they are called and whether they are on."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(32), theme.px(13), theme.px(24), theme.px(13))
        row.setSpacing(theme.px(12))
        self.back = Button(theme, "Back", height=36)
        self.back.explain("Alt+Left")
        self.note = LiveText(theme, "", TextRole.BODY, Token.TEXT2)
        self.help = Button(theme, "?", height=36)
        self.help.setAccessibleName("Show the portal's way")
        self.help.explain("What this is in the Azure portal (F1)")
        self.close_ = Button(theme, "Save and close", ButtonKind.GHOST, height=36)
        self.close_.explain("Your answers are kept (Ctrl+S)")
        self.go_on = Button(theme, "Continue", ButtonKind.PRIMARY, height=36)
        row.addWidget(self.back)
        row.addWidget(self.note, 1)
        if theme.text_scale >= LARGE_TEXT:
            self.note.hide()
            row.addStretch(1)
        for button in (self.help, self.close_, self.go_on):
            row.addWidget(button)
        self.setAccessibleName("Wizard buttons")
        theme.changed.connect(self.update)

    @property
    def has_room(self) -> bool:
        """Whether a button may say more than its verb."""
        return self._theme.text_scale < LARGE_TEXT

    def say(self, note: str) -> None:
        """Replace the note."""
        self.note.say(note)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour(Token.CARD))
        painter.fillRect(0, 0, self.width(), 1, self._theme.colour(Token.BORDER))
