"""The window's read-only lock and the setting that it follows: locking at once, unlocking after a question.

Cancel is the default of the question.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.gui.page import Shell
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.lock_card import LockCard
from tgwizard.model.problem import Problem
from tgwizard.model.settings import READ_ONLY, Setting


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


class ReadOnlySwitch(QObject):
    """Keeps lock, setting and the card in the rail at one."""

    def __init__(self, shell: Shell, card: LockCard) -> None:
        super().__init__(card)
        self._shell = shell
        self._card = card
        shell.settings_store.changed.connect(self._on_preference)
        shell.lock.changed.connect(self._on_lock)
        card.show_lock(locked=shell.lock.locked)

    def ask(self) -> None:
        """Lock at once, or ask before unlocking (Ctrl+L)."""
        if not self._shell.lock.locked:
            self._keep(locked=True)
        else:
            self._shell.show_dialog(self._dialog)

    def lock_for_now(self, why: Problem) -> None:
        """Open read-only without keeping that as the user's setting; the settings page says why."""
        self._shell.lock.set_locked(True)
        self._shell.settings_store.tell(why)

    def _dialog(self, over: QWidget) -> Sheet:
        dialog = UnlockDialog(self._shell.theme, over)
        dialog.unlocked.connect(self._unlock)
        return dialog

    @Slot()
    def _unlock(self) -> None:
        self._keep(locked=False)

    def _keep(self, *, locked: bool) -> None:
        """Lock or unlock, and keep it as the user's setting: but what is done to practise means nothing for Azure."""
        if self._shell.context.practice is None:
            self._shell.settings_store.set(READ_ONLY, locked)
        self._shell.lock.set_locked(locked)

    @Slot()
    def _on_lock(self) -> None:
        self._card.show_lock(locked=self._shell.lock.locked)
        if self._card.isVisible():
            announce(self._card, self._card.accessibleName())

    @Slot(object)
    def _on_preference(self, setting: Setting[object]) -> None:
        if setting.key == READ_ONLY.key:
            self._shell.lock.set_locked(self._shell.settings_store.get(READ_ONLY))
