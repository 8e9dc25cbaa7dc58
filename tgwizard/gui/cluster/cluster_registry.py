"""Which clusters there are and how each is watched: a few by a loop of their own, the rest by the fleet.

``ClusterRegistry`` owns the sessions. ``SavedFiles`` are the saved clusters as the window changes them: a file from
elsewhere is added, or all of them are read again. Reading and checking ask Azure, so they are jobs; answers come
back to who began them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.history.run_statistics import measured_runs
from tgwizard.engine.jobs import AnyJob, JobQueue, Report
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import RunEndRecord
from tgwizard.engine.watch.cluster_watch import HistoryRead, WatchNews, report_history
from tgwizard.engine.watch.fleet_monitor import FleetMonitor
from tgwizard.engine.watch.monitor import Pace
from tgwizard.gui.app.app_context import SavedClusters
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.read_only_lock import ReadOnlyLock
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.watchdog import Watchdog
from tgwizard.gui.widgets.idle_queue import IdleQueue
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError


@dataclass(frozen=True, slots=True)
class Added:
    """A file was copied among the saved clusters."""

    setup: ClusterSetup


@dataclass(frozen=True, slots=True)
class NotAdded:
    """A file was refused and nothing was copied. ``file``: None when it is the saved ones that cannot be read."""

    file: Path | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """All saved clusters, and what is wrong with the files that are left out.

    ``anew``: what was watched until now is forgotten; else what is new joins it.
    """

    clusters: tuple[ClusterSetup, ...]
    problems: tuple[Problem, ...] = ()
    anew: bool = True


class SavedFiles(QObject):
    """Emits `added(setup)`, `refused(NotAdded)` and `read_again(ReadAgain)`."""

    added = Signal(object)
    refused = Signal(object)
    read_again = Signal(object)

    def __init__(self, jobs: JobQueue, saved: SavedClusters, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._saved = saved

    def add(self, files: Iterable[Path]) -> None:
        """Check each file and copy it among the saved ones."""
        wanted, saved = tuple(files), self._saved

        def work(report: Report[Added | NotAdded], token: CancelToken) -> None:
            for file in wanted:
                token.check()
                try:
                    report(Added(saved.adopt(file)))
                except UserError as error:
                    report(NotAdded(file, error.problems))

        with self._telling():
            self._jobs.start("add-cluster", work, heard=self._take)

    def read(self, *, anew: bool = True) -> None:
        """Read all of them again; `anew` as in `ReadAgain`."""
        saved = self._saved

        def work(_report: Report[object], _token: CancelToken) -> ReadAgain:
            read = saved.load()
            return ReadAgain(read.clusters, read.problems, anew)

        with self._telling():
            self._jobs.start("read-clusters", work, done=self.read_again.emit)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except UserError as error:
            self.read_again.emit(ReadAgain((), error.problems))

    def _take(self, event: Added | NotAdded) -> None:
        if isinstance(event, Added):
            self.added.emit(event.setup)
        else:
            self.refused.emit(event)


OWN_LOOPS = 6
"""So many clusters have a loop of their own: the ones last looked at."""

WORKERS = 3

WAKE_AFTER_S = 5.0
"""Whoever opens a cluster that was not read for so long has it read at once."""


class ClusterRegistry(QObject):
    """Makes a session for each cluster and hands it what is read of it; `changed(name)` when that brings news."""

    changed = Signal(str)

    def __init__(self, bridge: Bridge, lock: ReadOnlyLock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sessions: dict[str, ClusterSession] = {}
        self._bridge = bridge
        self._lock = lock
        self._in_use: list[str] = []
        self._fleet: FleetMonitor | None = None
        self._jobs: JobQueue | None = None
        self._workers: tuple[AnyJob, ...] = ()
        self._histories: tuple[AnyJob, ...] = ()
        self._turns = IdleQueue(self)
        self._watchdog = Watchdog(self)

    @property
    def pace_s(self) -> float:
        """How old a reading of a cluster that nobody looks at may be before it is late, in seconds."""
        return self._fleet.pace.nics_s if self._fleet is not None else 0.0

    def open(self, services: Services, clusters: tuple[ClusterSetup, ...], pace: Pace) -> None:
        """Make a session for each cluster and begin to watch all of them."""
        self._listen(services.jobs)
        for setup in clusters:
            self._make(services, setup, pace)
        if len(clusters) <= OWN_LOOPS:
            for session in self.sessions.values():
                self.mark_in_use(session.setup.name)
            return
        self._start_fleet(services, pace, clusters)

    def add(self, services: Services, setup: ClusterSetup, pace: Pace) -> None:
        """Watch one more."""
        self._listen(services.jobs)
        self._make(services, setup, pace)
        if self._fleet is not None:
            self._fleet.take(setup)
            self._read_histories(services, (setup,))
        elif len(self.sessions) <= OWN_LOOPS:
            self.mark_in_use(setup.name)
        else:
            self._start_fleet(services, pace, (setup,))

    def drop(self) -> None:
        """Forget every cluster, as after the world they were in was replaced: no last answer is taken for a new one."""
        self.stop()
        for session in self.sessions.values():
            session.forget()
            session.deleteLater()
        if self._jobs is not None:
            for job in (*self._workers, *self._histories):
                self._jobs.give_up(job)
        self.sessions.clear()
        self._in_use.clear()
        self._fleet, self._workers, self._histories = None, (), ()

    def _listen(self, jobs: JobQueue) -> None:
        self._jobs = jobs
        self._bridge.open(jobs)

    def _make(self, services: Services, setup: ClusterSetup, pace: Pace) -> None:
        session = ClusterSession(services, setup, self, lock=self._lock, pace=pace, fleet_pace_s=lambda: self.pace_s)
        session.setObjectName(setup.name)
        session.observed.connect(self._on_observed)
        self.sessions[setup.name] = session

    def _start_fleet(self, services: Services, pace: Pace, clusters: tuple[ClusterSetup, ...]) -> None:
        fleet = self._fleet = FleetMonitor(services, pace)
        fleet.take(*clusters)
        # Whoever opens hundreds of clusters shows them first: workers would fight with that for the interpreter's lock.
        workers = (partial(self._start_worker, services, fleet, number) for number in range(WORKERS))
        self._turns.add(partial(self._read_histories, services, clusters), *workers)

    def _start_worker(self, services: Services, fleet: FleetMonitor, number: int) -> None:
        self._workers = (*self._workers, services.jobs.start(f"fleet-{number}", fleet.watch, heard=self._take))
        self._watchdog.keep_workers(self._workers, partial(self._renew_worker, services, fleet))

    def _renew_worker(self, services: Services, fleet: FleetMonitor, ended: AnyJob) -> AnyJob | None:
        """A worker in the place of one that has ended by an error."""
        try:
            fresh = services.jobs.start(ended.name, fleet.watch, heard=self._take)
        except UserError:
            return None  # the window is closing
        self._workers = tuple(fresh if job is ended else job for job in self._workers)
        return fresh

    def mark_in_use(self, name: str) -> None:
        """Someone looks at this cluster: give it a loop of its own, and the longest unseen one back to the fleet."""
        session = self.sessions[name]
        if name in self._in_use:
            self._in_use.remove(name)
        self._in_use.append(name)
        if not session.watching:
            if self._fleet is not None:
                self._fleet.leave(session.setup)
            session.start()
        elif session.loop.silent_s > WAKE_AFTER_S:
            session.read_now()  # it rests, because Azure was silent: somebody looks now
        self._watchdog.keep(name, session.loop, session.tell_stopped)
        if len(self._in_use) > OWN_LOOPS:
            idle = next((other for other in self._in_use[:-1] if not self.sessions[other].running), None)
            if idle is not None:
                self._in_use.remove(idle)
                self.sessions[idle].stop()
                if self._fleet is not None:
                    self._fleet.take(self.sessions[idle].setup)

    def set_pace(self, pace: Pace) -> None:
        """Read at another pace from the next readings on."""
        for session in self.sessions.values():
            session.set_pace(pace)
        if self._fleet is not None:
            self._fleet.wanted_pace = pace

    def read_now(self, name: str = "") -> None:
        """Read one cluster, or all, as soon as can be."""
        for session in self.sessions.values():
            if name in {"", session.setup.name}:
                session.read_now()
        if self._fleet is not None:
            self._fleet.read_now(self.sessions[name].setup if name in self.sessions else None)

    def tell_place(self, problem: Problem | None) -> None:
        """Why nothing can be read of any cluster, when that is known; None: it is not so, or not any more."""
        for session in self.sessions.values():
            session.tell_place(problem)

    def place_moved(self) -> None:
        """What is asked is somewhere else from now on: read it, and try the floating IP where it can be reached now."""
        for session in self.sessions.values():
            session.place_moved()
        self.read_now()

    def stop(self) -> None:
        """Stop watching; runs go on."""
        self._turns.drop()
        self._watchdog.drop()
        for session in self.sessions.values():
            session.stop()
        for job in self._workers:
            job.cancel()

    def _read_histories(self, services: Services, clusters: tuple[ClusterSetup, ...]) -> None:
        """What the journals hold: the last known state of each cluster is there before the first answer."""

        def work(report: Report[WatchNews], token: CancelToken) -> None:
            measured: dict[str, tuple[RunEndRecord, ...]] = {}
            for setup in clusters:
                if token.is_cancelled:
                    return
                if setup.subscription not in measured:
                    measured[setup.subscription] = measured_runs(services, setup)
                try:
                    if not services.has_journal(setup):
                        continue
                    with contextlib.closing(services.journal(setup)) as journal:
                        report_history(services, setup, journal, measured[setup.subscription], report)
                except UserError as error:
                    report(HistoryRead(setup.name, problem=error.problem))

        self._histories = (*self._histories, services.jobs.start("histories", work, heard=self._take))

    def _take(self, news: WatchNews) -> None:
        """What workers say of many clusters."""
        session = self.sessions.get(news.cluster)
        if session is not None:
            session.take(news)

    @Slot()
    def _on_observed(self) -> None:
        session = self.sender()
        if isinstance(session, ClusterSession):
            self.changed.emit(session.setup.name)
