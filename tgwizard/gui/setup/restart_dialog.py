"""Before the machine that holds the address restarts: what that costs, and the way that costs less."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.gui.app.read_only_lock import ReadOnlyLock
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind, StartButton
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel


class RestartDialog(Sheet):
    """`move_asked` when the address is to move first, `restart_asked` when not."""

    wide = 640
    move_asked = Signal()
    restart_asked = Signal()

    def __init__(
        self, theme: Theme, window: QWidget, name: str, address: str, other: str, lock: ReadOnlyLock, *, movable: bool
    ) -> None:
        """Ask about the machine `name`; `movable`: the cluster is watched, so that a failover can be asked for."""
        super().__init__(theme, window, f"Restart {name}, which holds {address}?", "", "Do not restart")
        words = f"Nobody answers at {address} while {name} restarts, for about 2 min."
        if movable:
            words += (
                f" If {address} fails over to {other} first, traffic stops for one short gap only. The failover is "
                f"asked about and confirmed on the cluster's page; then come back and restart {name}."
            )
        self.body.addWidget(TextLabel(theme, words, TextRole.BODY, Token.TEXT2, wrap=True))
        self.restart = StartButton(theme, f"Restart {name} now", ButtonKind.DANGER_OUTLINE, height=36)
        self.restart.clicked.connect(self._on_restart)
        self.move_first = Button(theme, "Fail over, then restart…", ButtonKind.PRIMARY, Icon.SWAP, height=36)
        self.move_first.explain(f"Opens the question of a failover to {other}; nothing is sent yet")
        self.move_first.clicked.connect(self._on_move)
        self.move_first.setVisible(movable)
        for button in (self.restart, self.move_first):
            lock.hold(button)
        self.buttons.addWidget(self.restart)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.move_first)

    @Slot()
    def _on_restart(self) -> None:
        self.accept()
        self.restart_asked.emit()

    @Slot()
    def _on_move(self) -> None:
        self.accept()
        self.move_asked.emit()
