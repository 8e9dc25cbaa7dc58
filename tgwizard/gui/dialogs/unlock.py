"""Asks before the read-only lock is taken off; Cancel is the default."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel


class UnlockDialog(Sheet):
    """`unlocked` when changes are to be allowed again."""

    wide = 520
    unlocked = Signal()

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(theme, window, "Allow changes again?", "", "Stay read-only")
        words = "The buttons that write come back on. Nothing is sent by that; whatever stops traffic asks first."
        self.body.addWidget(TextLabel(theme, words, TextRole.BODY, Token.TEXT2, wrap=True))
        self.unlock = Button(theme, "Unlock", ButtonKind.PRIMARY, Icon.UNLOCKED, height=36)
        self.unlock.clicked.connect(self._on_unlock)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.unlock)

    @Slot()
    def _on_unlock(self) -> None:
        self.accept()
        self.unlocked.emit()
