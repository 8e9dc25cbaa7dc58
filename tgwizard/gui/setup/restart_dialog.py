"""Before the machine that holds the address restarts: what that costs, and the way that costs less, as one sequence."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.gui.app.read_only_lock import ReadOnlyLock
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind, StartButton
from tgwizard.gui.widgets.check_rows import CheckRow
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel


@dataclass(frozen=True, slots=True)
class HolderRestart:
    """What is asked about: the machine, the address it holds, and the member that would take it.

    ``moves``: what the failover before it does, a sentence and its evidence each; empty when none can be begun, and
    ``why_not`` says why.
    """

    name: str
    address: str
    other: str
    moves: tuple[tuple[str, str], ...] = ()
    why_not: str = ""


class RestartDialog(Sheet):
    """`move_asked` when the address is to move first, `restart_asked` when not."""

    wide = 640
    move_asked = Signal()
    restart_asked = Signal()

    def __init__(self, theme: Theme, window: QWidget, asked: HolderRestart, lock: ReadOnlyLock) -> None:
        """Ask about the machine that holds the address; nothing begins before a button is pressed."""
        name, address, other = asked.name, asked.address, asked.other
        super().__init__(theme, window, f"Restart {name}, which holds {address}?", "", "Do not restart")
        words = f"Nobody answers at {address} while {name} restarts, for about 2 min."
        if asked.moves:
            words += f" If {address} fails over to {other} first, traffic stops for one short gap only."
        self.body.addWidget(TextLabel(theme, words, TextRole.BODY, Token.TEXT2, wrap=True))
        if asked.moves:
            self.body.addWidget(TextLabel(theme, "Fail over, then restart", TextRole.SECTION))
            last = (f"Restart {name}", f"once {other} holds {address}; about 2 min")
            for place, (sentence, evidence) in enumerate((*asked.moves, last), start=1):
                self.body.addWidget(CheckRow(theme, Shape.WAITING, f"{place}. {sentence}", evidence))
        elif asked.why_not:
            told = f"A failover first cannot be started here now: {asked.why_not}"
            self.body.addWidget(CheckRow(theme, Shape.NOTE, told))
        self.restart = StartButton(theme, f"Restart {name} now", ButtonKind.DANGER_OUTLINE, height=36)
        self.restart.clicked.connect(self._on_restart)
        self.move_first = StartButton(theme, "Fail over, then restart", ButtonKind.PRIMARY, Icon.SWAP, height=36)
        self.move_first.explain("Checks first and moves the address; the restart follows only when it has arrived")
        self.move_first.clicked.connect(self._on_move)
        self.move_first.setVisible(bool(asked.moves))
        button: Button
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
