"""The button that starts a member's VM again, where it was stopped: by a fence, or by anybody."""

from __future__ import annotations

from PySide6.QtCore import Slot

from tgwizard.engine.setup.restart import start_command
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import Button
from tgwizard.model.cluster import Member
from tgwizard.model.snapshot import Power

STOPPED = frozenset({Power.STOPPED, Power.DEALLOCATED})


class StartMachineButton(Button):
    """Starts one member's VM at a click; there only while that VM is stopped, or is being started from here."""

    def __init__(self, theme: Theme, session: ClusterSession, member: Member) -> None:
        super().__init__(theme, f"Start {member.name}", icon=Icon.POWER)
        self._session = session
        self._member = member
        self.hide()
        session.lock.hold(self)
        self.clicked.connect(self._on_clicked)

    @Slot()
    def _on_clicked(self) -> None:
        self._session.start_machine(self._member)

    def refresh(self, *, narrow: bool = False) -> None:
        """Show it as things are now. ``narrow``: without the member's name, which is still read out."""
        session, member = self._session, self._member
        snapshot, starting = session.snapshot, session.starting
        stopped = snapshot is not None and snapshot.seen(member).power in STOPPED
        busy = starting == member
        words = "Starting" if busy else "Start"
        self.rename(
            f"{words} {member.name}{'…' if busy else ''}", short=f"{words}{'…' if busy else ''}" if narrow else ""
        )
        self.setEnabled(starting is None and not session.running)
        command = start_command(session.setup.name, member.name)
        self.explain("Its agent is waited for, usually two minutes" if busy else f"Starts its VM in Azure ({command})")
        self.setVisible(stopped or busy)
