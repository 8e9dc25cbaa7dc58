"""The lab as the window knows it: what it said last, and the jobs that ask it, one at a time, in the order asked.

The page listens to ``changed`` and never to a thread.

``WorldWatch`` looks now and then whether a lab that another program holds still runs, where, and which world it is
in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import BROKE, AnyJob, JobGroup, JobQueue, Report
from tgwizard.engine.lab_control import FaultSeen, HoldingSeen, LabControl, LabLink, LabRun, LabStatus, VmPowerSeen
from tgwizard.gui.app.bridge import Bridge
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.watch_events import SourceLost


class LabAction(Enum):
    """What the lab is asked to do; the value goes before its subject in words."""

    READ = "Reading the lab"
    SCENARIO = "Replacing the world with"
    LATENCY = "Setting the latency to"
    SWITCH_ON = "Starting"
    SWITCH_OFF = "Stopping"
    ADD_FAULT = "Adding a rule:"
    REMOVE_FAULT = "Removing rule"
    CLEAR_FAULTS = "Removing every rule"


@dataclass(frozen=True, slots=True)
class LabSeen:
    """Everything the page shows of a lab, read in one go."""

    state: LabStatus
    faults: tuple[FaultSeen, ...]
    vms: tuple[VmPowerSeen, ...]
    holdings: tuple[HoldingSeen, ...]


@dataclass(frozen=True, slots=True)
class LabAnswer:
    """What a request came to: why it was turned down (or None), and what the lab says since, or why it says nothing."""

    refused: Problem | None
    seen: LabSeen | None
    unread: Problem | None = None


@dataclass(frozen=True, slots=True)
class LabRequest:
    """One request that waits or is in progress."""

    action: LabAction
    subject: str

    @property
    def words(self) -> str:
        """What goes on, in words."""
        return f"{self.action.value} {self.subject}".rstrip()


def read_lab(control: LabControl) -> LabSeen:
    """Read everything that the page shows. UserError when the lab does not answer."""
    return LabSeen(control.state(), control.faults(), control.vms(), control.data_plane())


class LabSession(QObject):
    """Asks one lab on behalf of the page. A wish that already waits is not asked twice."""

    changed = Signal()

    def __init__(self, jobs: JobQueue, control: LabControl, parent: QObject | None = None) -> None:
        """Know nothing yet; `refresh` asks."""
        super().__init__(parent)
        self._control = control
        self._jobs = JobGroup(jobs, in_turn=True)
        self._requests: list[LabRequest] = []
        self.seen: LabSeen | None = None
        self.refused: Problem | None = None
        """Why the last wish was turned down; None once another one is made."""
        self.unread: Problem | None = None
        """Why the lab could not be read; `seen` is out of date then."""
        self.replaced_by = ""
        """The scenario that replaced the world since this window opened; empty: none did."""

    @property
    def doing(self) -> str:
        """What is asked for now, in words; empty when nothing but a reading is."""
        return next((request.words for request in self._requests if request.action is not LabAction.READ), "")

    def end(self) -> None:
        """Hear no more of the lab; what was asked of it goes on to its end."""
        self._jobs.let_go()

    # Wishes ------------------------------------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Read the lab again."""
        self._request(LabAction.READ, "", lambda _control: None)

    def use_scenario(self, name: str) -> None:
        """Replace the lab's whole world."""
        self._request(LabAction.SCENARIO, name, lambda control: control.use_scenario(name))

    def set_latency(self, word: str) -> None:
        """How long operations take from now on."""
        self._request(LabAction.LATENCY, word, lambda control: control.set_latency(word))

    def switch(self, vm: VmPowerSeen, *, on: bool) -> None:
        """Pull the plug of a VM or put it in."""
        action = LabAction.SWITCH_ON if on else LabAction.SWITCH_OFF
        self._request(action, vm.name, lambda control: control.switch(vm.id, on=on))

    def add_fault(self, rule: Mapping[str, Any], words: str) -> None:
        """Add a fault rule; `words` say which."""
        self._request(LabAction.ADD_FAULT, words, lambda control: control.add_fault(rule))

    def remove_fault(self, rule: FaultSeen) -> None:
        self._request(LabAction.REMOVE_FAULT, rule.id, lambda control: control.clear_faults(rule.id))

    def clear_faults(self) -> None:
        """Remove every fault rule."""
        self._request(LabAction.CLEAR_FAULTS, "", lambda control: control.clear_faults())

    # Jobs --------------------------------------------------------------------------------------------------------

    def _request(self, action: LabAction, subject: str, act: Callable[[LabControl], object]) -> None:
        request, control = LabRequest(action, subject), self._control
        if request in self._requests:
            return
        if action is not LabAction.READ:
            self.refused = None
        self._requests.append(request)

        def work(_report: Report[object], _token: CancelToken) -> LabAnswer:
            refused = None
            try:
                act(control)
            except UserError as error:
                refused = error.problem
            try:
                return LabAnswer(refused, read_lab(control))
            except UserError as error:
                return LabAnswer(refused, None, error.problem)

        self._jobs.begin("lab", work, done=partial(self._answered, request), failed=partial(self._not_asked, request))
        self.changed.emit()

    def _not_asked(self, request: LabRequest, problem: Problem) -> None:
        """It was not asked to the end, by an error of ours or because the program is closing."""
        if problem is BROKE:
            what = "The lab was not asked to the end, by an error of tgwizard."
            why = "Whether it has done what was asked is not known."
            problem = Problem("lab-ask-broke", what, why, "The report is in the log.")
        self._answered(request, LabAnswer(problem, None))

    def _answered(self, request: LabRequest, answer: LabAnswer) -> None:
        self._requests.remove(request)
        if request.action is not LabAction.READ:
            self.refused = answer.refused
        if request.action is LabAction.SCENARIO and answer.refused is None:
            self.replaced_by = request.subject
        if answer.seen is not None:
            self.seen = answer.seen
        self.unread = answer.unread
        self.changed.emit()


PERIOD_MS = 10_000
STOPPED_PERIOD_MS = 2_000
"""How often a lab that has stopped is looked for: it may be started again from a terminal."""


@dataclass(frozen=True, slots=True)
class WorldSeen:
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
        self, jobs: JobQueue, control: LabControl, bridge: Bridge, parent: QObject, link: LabLink | None = None
    ) -> None:
        """Look every ten seconds from now on. Without `link` this program holds the lab: it cannot stop by itself."""
        super().__init__(parent)
        self._jobs = jobs
        self._control = control
        self._link = link
        self._job: AnyJob | None = None
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
        return self._jobs.is_open(self._job)

    @Slot()
    def look(self) -> None:
        """Ask the lab, unless it is being asked."""
        self._request(start=False)

    @Slot()
    def start_lab(self) -> None:
        """Start the lab in this program, unless it is being asked for: then soon."""
        if self._link is None or self.starting:
            return
        self.starting, self.refused = True, None
        self._request(start=True)
        self.changed.emit()

    def _request(self, *, start: bool) -> None:
        if self.looking:
            return
        control, link = self._control, self._link

        def work(_report: Report[object], _token: CancelToken) -> WorldSeen:
            run = None
            try:
                if link is not None:
                    run = link.start() if start else link.look()
                return WorldSeen(control.state().epoch, run)
            except UserError as error:
                return WorldSeen(None, run, error.problem, refused=start and run is None)

        try:
            self._job = self._jobs.start("lab-world", work, done=self._take_look)
        except UserError:
            return  # the window is closing

    @Slot(object)
    def take(self, event: object) -> None:
        """Take one event from the bridge; what says nothing of the lab is left alone."""
        if isinstance(event, SourceLost) and self._link is not None and self.stopped is None:
            self.look()  # Azure is silent: here that may be because the lab is gone

    def _take_look(self, looked: WorldSeen) -> None:
        if self.starting and self._link is not None and not looked.refused and looked.run is None:
            self._request(start=True)  # a look was under way when the start was asked for
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
