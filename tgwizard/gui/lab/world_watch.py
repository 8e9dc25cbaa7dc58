"""Looking now and then whether the lab still runs, where, and which world it is in: another program holds it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Broke, Job, JobRunner, Report
from tgwizard.engine.lab_control import LabControl, LabLink, LabRun
from tgwizard.gui.app.bridge import Bridge
from tgwizard.model.failover_events import SourceLost
from tgwizard.model.problem import Problem, UserError

PERIOD_MS = 10_000
STOPPED_PERIOD_MS = 2_000
"""How often a lab that has stopped is looked for: it may be started again from a terminal."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One look has ended: which life of the lab answered, and its world's epoch; or why none did.

    `run` is None in the program that holds the lab, `epoch` when the lab did not say.
    """

    epoch: int | None = None
    run: LabRun | None = None
    problem: Problem | None = None
    refused: bool = False
    """Whether the problem is that the lab could not be started."""


class WorldWatch(QObject):
    """`seen(epoch)` with every answer; `moved(run)` when the lab began anew; `changed` when it stopped or is back.

    One look at a time.
    """

    seen = Signal(int)
    moved = Signal(object)
    changed = Signal()

    def __init__(
        self, jobs: JobRunner, control: LabControl, bridge: Bridge, parent: QObject, link: LabLink | None = None
    ) -> None:
        """Look every ten seconds from now on. Without `link` this program holds the lab: it cannot stop by itself."""
        super().__init__(parent)
        self._jobs = jobs
        self._control = control
        self._link = link
        self._own = bridge.own
        self._job: Job | None = None
        self._run: LabRun | None = None
        self.stopped: Problem | None = None
        """That the lab has stopped; None while it runs."""
        self.refused: Problem | None = None
        """Why it could not be started when that was last wanted."""
        self.starting = False
        bridge.happened.connect(self.take)
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        if link is not None:
            self.look()

    @property
    def looking(self) -> bool:
        """Whether the lab is being asked."""
        return self._job is not None

    @Slot()
    def look(self) -> None:
        """Ask the lab, unless it is being asked."""
        self._ask(start=False)

    @Slot()
    def start_lab(self) -> None:
        """Start the lab in this program, unless it is being asked for: then soon."""
        if self._link is None or self.starting:
            return
        self.starting, self.refused = True, None
        self._ask(start=True)
        self.changed.emit()

    def _ask(self, *, start: bool) -> None:
        if self._job is not None:
            return
        control, own, link = self._control, self._own, self._link

        def work(_report: Report, _token: CancelToken) -> None:
            run = None
            try:
                if link is not None:
                    run = link.start() if start else link.look()
                own.put(Looked(control.state().epoch, run))
            except UserError as error:
                own.put(Looked(None, run, error.problem, refused=start and run is None))

        try:
            self._job = self._jobs.start("lab-world", work)
        except UserError:
            return  # the window is closing

    @Slot(object)
    def take(self, event: object) -> None:
        """Take one event from the bridge; what says nothing of the lab is left alone."""
        if isinstance(event, Looked):
            self._job = None
            self._take_look(event)
        elif isinstance(event, SourceLost) and self._link is not None and self.stopped is None:
            self.look()  # Azure is silent: here that may be because the lab is gone
        elif isinstance(event, Broke) and self._job is not None and event.job == self._job.id:
            self._job = None

    def _take_look(self, looked: Looked) -> None:
        if self.starting and self._link is not None and not looked.refused and looked.run is None:
            self._ask(start=True)  # a look was under way when the start was asked for
            return
        self.starting = False
        was = self.stopped
        if looked.refused:
            self.refused = looked.problem
        elif self._link is not None:
            self.stopped = looked.problem if looked.run is None else None
        if looked.run is not None:
            self.refused = None
            known, self._run = self._run, looked.run
            if known is not None and known != looked.run:
                self.moved.emit(looked.run)
        self._timer.setInterval(PERIOD_MS if self.stopped is None else STOPPED_PERIOD_MS)
        if was is not self.stopped or looked.refused:
            self.changed.emit()
        if looked.epoch is not None:
            self.seen.emit(looked.epoch)
