"""Two cards of the lab page: the power switches of the VMs, and who has held which address when."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.lab_control import HoldingSeen, VmPowerSeen
from tgwizard.gui.lab.lab_session import LabSession
from tgwizard.gui.lab.lab_text import holding_words, is_on, power_shown
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.badges import Pill
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.check_rows import TimelineRow
from tgwizard.gui.widgets.labels import ElidedLabel, TextLabel, plain_tip
from tgwizard.gui.widgets.layouts import clear
from tgwizard.gui.widgets.text_inputs import TextField

MACHINES = 8
"""How many machines are listed; a field finds the others."""

HOLDINGS = 8


class MachineRow(QWidget):
    """One VM: its name, its power, its switch."""

    accessible_role = QAccessible.Role.ListItem
    switched = Signal(bool)

    def __init__(self, theme: Theme, vm: VmPowerSeen, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._on = False
        self._pill = Pill(theme, Shape.NOT_KNOWN, "not known")
        self._button = Button(theme, "Stop", height=32)
        self._button.setMinimumWidth(theme.px(72))
        self._button.clicked.connect(self._on_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.px(4), 0, theme.px(4))
        row.setSpacing(theme.px(12))
        row.addWidget(ElidedLabel(theme, vm.name, TextRole.BODY_STRONG), 1)
        row.addWidget(self._pill)
        row.addWidget(self._button)
        self.show_vm(vm, fresh=True)

    def show_vm(self, vm: VmPowerSeen, *, fresh: bool) -> None:
        """Replace the power state; one that could not be read again is told as the last known."""
        shape, word = power_shown(vm.power)
        if not fresh:
            shape, word = Shape.NOT_KNOWN, f"Last known: {word}"
        self._pill.show_state(shape, word)
        self._pill.setAccessibleName(f"State of {vm.name}: {word}")
        self._on = is_on(vm.power)
        verb = "Stop" if self._on else "Start"
        self._button.rename(verb)
        self._button.setAccessibleName(f"{verb} {vm.name}")
        self._button.explain("Pulls the plug at once" if self._on else "Puts the plug in; it boots at once")
        self.setAccessibleName(f"{vm.name}, {word}")
        self.setToolTip(plain_tip(vm.id))

    @Slot()
    def _on_clicked(self) -> None:
        self.switched.emit(not self._on)


class MachinesCard(Card):
    """Every VM with its power switch."""

    def __init__(self, theme: Theme, session: LabSession, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Machines", spacing=4, parent=parent)
        self._session = session
        self._rows: dict[str, MachineRow] = {}
        self.head.addWidget(TextLabel(theme, "a switch acts at once", TextRole.CAPTION, Token.TEXT2))
        self._find = TextField(theme, "Find a machine")
        self._find.setPlaceholderText("Find a machine by its name")
        self._find.textChanged.connect(self.refresh)
        self._find.hide()
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self._note = TextLabel(theme, "", TextRole.CAPTION, Token.TEXT2, wrap=True)
        self.body.addWidget(self._find)
        self.body.addLayout(self._list)
        self.body.addWidget(self._note)

    @Slot()
    def refresh(self) -> None:
        """Show what the session knows. Rows stay while the same machines are listed, and keep the focus."""
        seen = self._session.seen
        if seen is None:
            return
        self._find.setVisible(len(seen.vms) > MACHINES)
        wanted = self._find.text().strip().lower()
        found = [vm for vm in seen.vms if wanted in vm.name.lower()]
        shown = found[:MACHINES]
        if [vm.id for vm in shown] != list(self._rows):
            clear(self._list)
            self._rows = {vm.id: self._row(vm) for vm in shown}
            for row in self._rows.values():
                self._list.addWidget(row)
        for vm in shown:
            self._rows[vm.id].show_vm(vm, fresh=self._session.unread is None)
        self._note.say(self._note_words(len(seen.vms), len(found), len(shown)))
        self._note.setVisible(bool(self._note.text_shown))

    @staticmethod
    def _note_words(total: int, found: int, shown: int) -> str:
        if not total:
            return "This world has no VM."
        if not found:
            return "No machine is called so."
        return f"{shown} of {found} machines. Type a part of a name to find another." if found > shown else ""

    def _row(self, vm: VmPowerSeen) -> MachineRow:
        def switch(on: bool) -> None:
            self._session.switch(vm, on=on)

        row = MachineRow(self.theme, vm)
        row.switched.connect(switch)
        return row


class DataPlaneCard(Card):
    """The lab's truth about the floating IP, newest first."""

    def __init__(self, theme: Theme, session: LabSession, addresses: tuple[str, ...]) -> None:
        """Show who held one of `addresses`; any address when the world knows none of them."""
        super().__init__(theme, "Data plane", spacing=0)
        self._session = session
        self._addresses = frozenset(addresses)
        self._shown: tuple[HoldingSeen, ...] | None = None
        self.head.addWidget(TextLabel(theme, "who holds it, newest first", TextRole.CAPTION, Token.TEXT2))
        self._empty = TextLabel(theme, "No NIC has held an address in this world.", token=Token.TEXT2, wrap=True)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self.body.addWidget(self._empty)
        self.body.addLayout(self._list)
        self.body.addStretch(1)

    def refresh(self) -> None:
        """Show what the session knows."""
        seen = self._session.seen
        if seen is None:
            return
        floating = [item for item in seen.holdings if item.address in self._addresses] or list(seen.holdings)
        newest = tuple(sorted(floating, key=lambda item: item.since, reverse=True)[:HOLDINGS])
        if newest == self._shown:
            return
        self._shown = newest
        clear(self._list)
        self._empty.setVisible(not newest)
        for item in newest:
            moments = self.theme.moments
            when = moments.near(item.since, seen.state.at)
            shape = Shape.ACTIVE if item.until is None else Shape.STANDBY
            row = TimelineRow(self.theme, shape, when, f"since {moments.both(item.since)}", holding_words(item), "")
            row.setAccessibleName(f"{holding_words(item)}, since {when}")
            self._list.addWidget(row, 0, Qt.AlignmentFlag.AlignTop)
