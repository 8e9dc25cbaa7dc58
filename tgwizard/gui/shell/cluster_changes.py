"""Which clusters the window has, and how that changes: one is added, or all are read anew in a new world.

``RailClusters`` says which of them stand in the rail, and in what state: the pinned ones, or else the worst few.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tgwizard.engine.lab_control import LabRun
from tgwizard.engine.watch.monitor import Pace
from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.settings_store import SettingsStore
from tgwizard.gui.cluster.cluster_registry import ClusterRegistry, NotAdded, ReadAgain, SavedFiles
from tgwizard.gui.cluster.cluster_view_model import state_shape
from tgwizard.gui.lab.lab_session import WorldWatch
from tgwizard.gui.page import Shell
from tgwizard.gui.shell.cluster_pages import ClusterPages
from tgwizard.gui.shell.context_commands import cluster_menu
from tgwizard.gui.shell.navigation_rail import NavigationRail
from tgwizard.gui.shell.page_registry import PageRegistry
from tgwizard.gui.widgets.context_menu import MenuOffer
from tgwizard.gui.widgets.idle_queue import IdleQueue
from tgwizard.model.cluster_readiness import ClusterState
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.settings import NICS_S, PINNED, VMS_S, Setting


class ClusterChanges(QObject):
    """`begun(session)` for each new cluster, `changed(name)` when there are others than before: `name` is a new one.

    `dropping` before the old ones go, `refused(NotAdded)` for a file that is no cluster, or for all that are saved,
    `lab_opened(WorldWatch)` once it is known that the program works on a lab.
    """

    begun = Signal(object)
    dropping = Signal()
    changed = Signal(str)
    refused = Signal(object)
    lab_opened = Signal(object)

    def __init__(
        self,
        bridge: Bridge,
        watching: ClusterRegistry,
        settings_store: SettingsStore,
        places: PageRegistry,
        pages: ClusterPages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._watching = watching
        self._settings_store = settings_store
        self._places = places
        self._pages = pages
        self._opened: OpenedProgram | None = None
        self._files: SavedFiles | None = None
        self._epoch = 1
        self.world: WorldWatch | None = None
        """Looks which world the lab is in; None on the real Azure."""
        self._waiting: int | None = None
        self._clusters: tuple[ClusterSetup, ...] = ()
        settings_store.changed.connect(self._on_preference)

    @Slot(object)
    def _on_preference(self, setting: Setting[Any]) -> None:
        if setting.key in {NICS_S.key, VMS_S.key}:
            self._watching.set_pace(self._pace)

    @property
    def _pace(self) -> Pace:
        return Pace.of(self._settings_store.settings)

    def open(self, opened: OpenedProgram) -> None:
        """Watch the clusters the program was opened with. `tell_opened` follows, perhaps in a later turn."""
        self._opened = opened
        self._epoch = opened.lab_epoch
        if opened.lab is not None:
            self.world = WorldWatch(opened.services.jobs, opened.lab, self._bridge, self, opened.lab_link)
            self.world.seen.connect(self.renew)
            self.world.changed.connect(self._on_lab)
            self.world.moved.connect(self._on_moved)
            self.lab_opened.emit(self.world)
        if opened.saved is not None:
            self._files = SavedFiles(opened.services.jobs, opened.saved, self)
            self._files.added.connect(self._on_added)
            self._files.refused.connect(self.refused)
            self._files.read_again.connect(self._on_read_again)
        self._watch(opened.clusters)

    def tell_opened(self) -> None:
        """Tell the pages that the program is open, and which clusters it has now."""
        if self._opened is not None:
            self._places.show_opened(replace(self._opened, clusters=self._clusters, lab_epoch=self._epoch))

    @Slot()
    def _on_lab(self) -> None:
        """The lab has stopped, or is back: that is why Azure is silent."""
        if self.world is not None:
            self._watching.tell_place(self.world.stopped)

    @Slot(object)
    def _on_moved(self, run: LabRun) -> None:
        """The lab began anew, perhaps at another address, and certainly with another port for its traffic."""
        self._places.lab_moved(run.address)
        self._watching.place_moved()

    @property
    def only(self) -> str:
        """The name of the one cluster the program was opened with; empty: it was opened with none or more."""
        opened = self._opened
        if opened is None or len(opened.clusters) != 1 or opened.problems:
            return ""
        return opened.clusters[0].name

    @property
    def writing(self) -> bool:
        """Whether some job still changes something in Azure."""
        return self._opened is not None and bool(self._opened.services.jobs.writers())

    def add(self, files: Iterable[Path]) -> None:
        """Check files from elsewhere and add them."""
        if self._files is not None:
            self._files.add(files)

    @Slot(int)
    def renew(self, epoch: int) -> None:
        """The lab is in this world: when it is another one, forget every cluster and read those of the new world.

        A run that is in progress meets the new world first; then it is time.
        """
        if epoch == self._epoch or self._files is None:
            return
        if any(session.running for session in self._watching.sessions.values()):
            self._waiting = epoch
            return
        self._waiting, self._epoch, self._clusters = None, epoch, ()
        self.dropping.emit()
        self._pages.clear()
        self._watching.drop()
        self._files.read()

    def run_ended(self) -> None:
        """A run has ended: what waited for that is done now."""
        if self._waiting is not None:
            self.renew(self._waiting)

    def _watch(self, clusters: tuple[ClusterSetup, ...]) -> None:
        if self._opened is None:
            return
        self._clusters = clusters
        self._watching.open(self._opened.services, clusters, self._pace)
        for session in self._watching.sessions.values():
            self.begun.emit(session)

    def include(self, setup: ClusterSetup) -> None:
        """Watch a cluster that has just been set up and saved here; what is shown stays."""
        if self._include(setup):
            self._tell("")

    @Slot(object)
    def _on_added(self, setup: ClusterSetup) -> None:
        if self._include(setup):
            self._tell(setup.name)

    def _include(self, setup: ClusterSetup) -> bool:
        if self._opened is None or setup.name in self._watching.sessions:
            return False
        self._clusters = (*self._clusters, setup)
        self._watching.add(self._opened.services, setup, self._pace)
        self.begun.emit(self._watching.sessions[setup.name])
        return True

    @Slot()
    def read_files(self) -> None:
        """Read the saved files again: those that were mended join; what is watched stays."""
        if self._files is not None:
            self._files.read(anew=False)

    @Slot(object)
    def _on_read_again(self, read: ReadAgain) -> None:
        if read.anew:
            self._watch(read.clusters)
        else:
            for setup in read.clusters:
                self._include(setup)
        self._tell("")
        if read.problems:
            self.refused.emit(NotAdded(None, read.problems))

    def _tell(self, name: str) -> None:
        self._places.clusters_changed(self._clusters, self._epoch)
        self.changed.emit(name)


TICK_MS = 5_000

_RANKS = {state: rank for rank, state in enumerate(ClusterState)}

UNPINNED = 8
"""How many stand there while none is pinned."""

WITHOUT_NEWS = 10
"""How many are looked at again at each tick although nothing was read of them."""

IN_A_TURN = 5
"""How many are looked at in one turn of the event loop."""


class RailClusters(QObject):
    """Keeps the rail as the clusters, their verdicts and the pins are."""

    def __init__(self, shell: Shell, rail: NavigationRail) -> None:
        """No cluster yet; follow the verdicts and the pins."""
        super().__init__(rail)
        self._shell = shell
        self._rail = rail
        self._ranks: dict[str, int] = {}
        self._looked_at: dict[str, int] = {}
        self._round = 0
        self._queue = IdleQueue(self)
        shell.watching.changed.connect(self._on_changed)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._show_all)
        self._tick.start()
        shell.settings_store.changed.connect(self._on_preference)
        # A rail that is made anew, in another size of text, has the worst on top as soon as the one before.
        self._news: dict[str, None] = dict.fromkeys(shell.sessions)
        self._show_all()

    def fill(self) -> None:
        """There are other clusters, or other pins."""
        sessions = self._shell.sessions
        pinned = tuple(name for name in self._shell.settings_store.get(PINNED) if name in sessions)
        self._rail.count(len(sessions))
        self._rail.show_clusters(pinned or self._worst(), pinned=bool(pinned))
        for name, item in self._rail.clusters.items():
            MenuOffer(self._shell.theme, item, partial(cluster_menu, self._shell, name), name)
        self._states()
        if self._shell.current:
            self._rail.mark(None, self._shell.current)

    def _worst(self) -> tuple[str, ...]:
        """The few that are worst off, in the order of the table; those of one state in the order they have anyway."""
        unknown = len(ClusterState)
        return tuple(sorted(self._shell.sessions, key=lambda name: self._ranks.get(name, unknown))[:UNPINNED])

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        self._news[name] = None
        self.show_state(name)

    @Slot()
    def _show_all(self) -> None:
        """What is not read any more turns old by itself, and no news says so; what became worse comes up.

        Only every few seconds: a few of those without news each time, and few in one turn. To work out the state of one
        cluster takes a millisecond, and there may be some hundred.
        """
        if self._queue.left:
            return
        if len(self._ranks) > len(self._shell.sessions):
            self._ranks = {name: rank for name, rank in self._ranks.items() if name in self._shell.sessions}
        longest_ago = sorted(self._shell.sessions, key=lambda name: self._looked_at.get(name, 0))[:WITHOUT_NEWS]
        names = tuple(dict.fromkeys((*self._news, *longest_ago)))
        self._news.clear()
        self._round += 1
        self._queue.add(*(partial(self._rank, names[at : at + IN_A_TURN]) for at in range(0, len(names), IN_A_TURN)))
        self._queue.add(self._arrange)

    def _rank(self, names: tuple[str, ...]) -> None:
        for name in names:
            session = self._shell.sessions.get(name)
            state = None if session is None else session.state
            self._ranks[name] = len(ClusterState) if state is None else _RANKS[state.state]
            self._looked_at[name] = self._round

    def _arrange(self) -> None:
        """The worst come up, but never under the pointer or the keyboard focus: what is about to be pressed stays."""
        pinned = any(name in self._shell.sessions for name in self._shell.settings_store.get(PINNED))
        held = any(item.underMouse() or item.hasFocus() for item in self._rail.clusters.values())
        if not pinned and not held and tuple(self._rail.clusters) != self._worst():
            self.fill()
        else:
            self._states()

    def _states(self) -> None:
        for name in self._rail.clusters:
            self.show_state(name)

    @Slot(str)
    def show_state(self, name: str) -> None:
        """Show the verdict of one cluster, if it stands there."""
        item = self._rail.clusters.get(name)
        session = self._shell.sessions.get(name)  # none while the clusters of a new world are read
        state = None if session is None else session.state
        if item is not None and state is not None:
            item.show_state(state_shape(state.state), state.sentence)

    def pin(self, name: str) -> None:
        """Pin a cluster to the rail, or take it off."""
        pinned = self._shell.settings_store.get(PINNED)
        off = tuple(other for other in pinned if other != name)
        self._shell.settings_store.set(PINNED, off if name in pinned else (*pinned, name))

    @Slot(object)
    def _on_preference(self, setting: Setting[object]) -> None:
        if setting.key == PINNED.key:
            self.fill()
