"""The saved clusters as the window changes them: a file from elsewhere is added, or all of them are read again.

Reading and checking ask Azure, so they are jobs; answers come back on the window's own queue.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Job, JobRunner, Report, Work
from tgwizard.gui.app.app_context import SavedClusters
from tgwizard.gui.app.bridge import Bridge
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError

LET_GO_S = 10.0
"""How long the reading waits for what still watches the old clusters: its last answers must not be taken for new."""


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

    def __init__(self, jobs: JobRunner, saved: SavedClusters, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._saved = saved
        self._own = bridge.own
        bridge.happened.connect(self.take)

    def add(self, files: Iterable[Path]) -> None:
        """Check each file and copy it among the saved ones."""
        wanted, saved, own = tuple(files), self._saved, self._own

        def work(_report: Report, token: CancelToken) -> None:
            for file in wanted:
                if token.is_cancelled:
                    return
                try:
                    own.put(Added(saved.adopt(file)))
                except UserError as error:
                    own.put(NotAdded(file, error.problems))

        self._start("add-cluster", work)

    def read(self, after: tuple[Job, ...] = (), *, anew: bool = True) -> None:
        """Read all of them again, once the jobs in `after` have ended; `anew` as in `ReadAgain`."""
        saved, own = self._saved, self._own

        def work(_report: Report, token: CancelToken) -> None:
            give_up = time.monotonic() + LET_GO_S
            for job in after:
                job.thread.join(max(0.0, give_up - time.monotonic()))
            if token.is_cancelled:
                return
            read = saved.load()
            own.put(ReadAgain(read.clusters, read.problems, anew))

        self._start("read-clusters", work)

    def _start(self, name: str, work: Work) -> None:
        try:
            self._jobs.start(name, work)
        except UserError as error:
            self._own.put(ReadAgain((), error.problems))

    @Slot(object)
    def take(self, event: object) -> None:
        """Take one answer from the bridge."""
        match event:
            case Added():
                self.added.emit(event.setup)
            case NotAdded():
                self.refused.emit(event)
            case ReadAgain():
                self.read_again.emit(event)
            case _:
                return
