"""Which clusters stand in the rail, and in what state: the pinned ones, or else the first few."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from tgwizard.gui.cluster.cluster_view_model import state_shape
from tgwizard.gui.page import Shell
from tgwizard.gui.rail import Rail
from tgwizard.model.settings import PINNED, Setting

TICK_MS = 5_000

UNPINNED = 8
"""How many stand there while none is pinned."""


class RailClusters(QObject):
    """Keeps the rail as the clusters, their verdicts and the pins are."""

    def __init__(self, shell: Shell, rail: Rail) -> None:
        """No cluster yet; follow the verdicts and the pins."""
        super().__init__(rail)
        self._shell = shell
        self._rail = rail
        shell.watching.changed.connect(self.show_state)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._show_all)
        self._tick.start()
        shell.preferences.changed.connect(self._on_preference)

    def fill(self) -> None:
        """There are other clusters, or other pins."""
        sessions = self._shell.sessions
        pinned = tuple(name for name in self._shell.preferences.get(PINNED) if name in sessions)
        self._rail.count(len(sessions))
        self._rail.show_clusters(pinned or tuple(sessions)[:UNPINNED], pinned=bool(pinned))
        self._show_all()
        if self._shell.current:
            self._rail.mark(None, self._shell.current)

    @Slot()
    def _show_all(self) -> None:
        """What is not read any more turns old by itself, and no news says so."""
        for name in self._rail.clusters:
            self.show_state(name)

    @Slot(str)
    def show_state(self, name: str) -> None:
        """Show the verdict of one cluster, if it stands there."""
        item = self._rail.clusters.get(name)
        state = None if item is None else self._shell.sessions[name].state
        if item is not None and state is not None:
            item.show_state(state_shape(state.state), state.sentence)

    def pin(self, name: str) -> None:
        """Pin a cluster to the rail, or take it off."""
        pinned = self._shell.preferences.get(PINNED)
        off = tuple(other for other in pinned if other != name)
        self._shell.preferences.set(PINNED, off if name in pinned else (*pinned, name))

    @Slot(object)
    def _on_preference(self, setting: Setting[object]) -> None:
        if setting.key == PINNED.key:
            self.fill()
