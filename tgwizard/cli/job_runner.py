"""Stays with one job to its end in the main thread: tells its events, and turns Ctrl-C into the engine's cancel.

The first Ctrl-C (or SIGTERM, or hang-up) asks the job to stop. A failover then leaves the gap by itself, whether or not
there is still a console; a second request, or the bound, leaves the run and says where the address is and how to go on.
A job of setting up finishes what it has sent.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from tgwizard.cli.cluster_documents import event_document
from tgwizard.cli.cluster_text import RunTeller, answer, where
from tgwizard.cli.console import Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.engine.failover.run_context import UserDecisions
from tgwizard.engine.jobs import LEAVE_GAP_WITHIN_S, Job, JobEnd, JobQueue, Work
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome, Stamp
from tgwizard.model.failover_events import (
    CancelMeaning,
    DecisionMade,
    DecisionRequested,
    Event,
    Finished,
    HolderObserved,
    RunStarted,
    Step,
    StepStarted,
)
from tgwizard.model.problem import Cancelled, UserError
from tgwizard.model.setup_events import SetupEvent
from tgwizard.model.snapshot import AddressLocation, LocationKind

_log = logging.getLogger(__name__)

_LOOK_S = 0.1
_CLOSES_WITHIN_S = 10.0

P = TypeVar("P")
R = TypeVar("R")


class StopRequests(Protocol):
    """How often the user asked to stop."""

    @property
    def count(self) -> int:
        """The number of requests so far."""


def stay_with(jobs: JobQueue, job: Job[P, R], stays: Callable[[], bool]) -> JobEnd[R] | None:
    """Deliver what the jobs say until this one has ended, in this thread; None: it was left.

    ``stays`` is called at every turn, some ten times a second, and says whether to stay.
    """
    while job.end is None:
        if not stays():
            return None
        with contextlib.suppress(queue.Empty):
            jobs.deliver(_LOOK_S)
    return job.end


def deliver_all(jobs: JobQueue) -> None:
    """Deliver what was said and not heard yet, so that the last words are about now."""
    with contextlib.suppress(queue.Empty):
        while True:
            jobs.deliver()


def run_setup_job(
    services: Services,
    console: Console,
    stops: StopRequests,
    name: str,
    work: Work[SetupEvent, R],
    *,
    tell: Callable[[SetupEvent], None] | None = None,
    writes: ClusterIdentity | None = None,
) -> R:
    """Run a job of setting up to its end; ``tell`` gets its events, and what it raised is raised here.

    Cancelled: it was asked to stop before it wrote anything. What writes ends with its own words instead.
    """
    asked = 0

    def stays() -> bool:
        nonlocal asked
        if stops.count > asked:
            asked = stops.count
            job.cancel()
            console.note("Stopping: nothing new is started; what is under way is checked once more.")
        return True

    job = services.jobs.start(name, work, heard=tell, writes=writes)
    end = stay_with(services.jobs, job, stays)
    if end is None:
        raise Cancelled
    return end.result()


@dataclass(slots=True)
class CommandRun:
    """One run as the command sees it.

    ``resume_command`` is what to type when the run is left behind; ``place_options`` is what the engine's own resume
    command needs besides, because the engine does not know which environment it is connected to.
    """

    services: Services
    setup: ClusterSetup
    console: Console
    stops: StopRequests
    resume_command: str
    place_options: str = ""
    decisions: UserDecisions | None = None
    _teller: RunTeller = field(init=False)
    _run: str = ""
    _place: AddressLocation = field(default_factory=lambda: AddressLocation(LocationKind.NOT_KNOWN))
    _cancel: CancelMeaning = CancelMeaning.STOPS
    _leaves: str = ""
    _wrote: bool = False
    _finished: Finished | None = None
    _give_up: float = float("inf")
    _asked: DecisionRequested | None = None

    def __post_init__(self) -> None:
        self._teller = RunTeller(str(self.setup.address))

    def go(self, name: str, work: Work[Event, Finished]) -> ExitCode:
        """Start the job and stay with it until it has ended or is left behind."""
        jobs = self.services.jobs
        asked, left = 0, ""

        def stays() -> bool:
            nonlocal asked, left
            if self.stops.count > asked:
                asked = self.stops.count
                if asked > 1:
                    left = "A second request to stop came."
                    return False
                if self._finished is None:
                    self._give_up = time.monotonic() + LEAVE_GAP_WITHIN_S
                job.cancel()
                deliver_all(jobs)  # so that what is said about the cancel is about now
                if self._finished is None and job.end is None:
                    self._ask_to_stop()
            if time.monotonic() > self._give_up:
                left = "The run did not end in time."
                return False
            self._heed_answer()
            return True

        job = jobs.start(name, work, heard=self._hear, writes=self.setup.identity)
        if stay_with(jobs, job, stays) is None:
            deliver_all(jobs)
        if self._finished is not None:
            return ExitCode.of(self._finished.outcome, self._finished.problem)
        if job.end is None or job.end.error is None:
            return self._leave(left)
        return self._broke(name, job.end.error)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Finished):
            resume = event.resume + self.place_options if event.resume else ""
            event = self._finished = replace(event, resume=resume)
            # The job still closes its journal and frees its lock; the next command must find both free.
            self._give_up = time.monotonic() + _CLOSES_WITHIN_S
        self._tell(event)

    def _tell(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._run = event.run
            case StepStarted():
                said_by_step = event.step in (Step.FENCE, Step.GUIDE)
                self._cancel, self._leaves = event.cancel, event.leaves if said_by_step else ""
                # Told before the step's write is sent, so from here on it may be under way.
                self._wrote = self._wrote or event.step is not Step.CHECK
            case HolderObserved():
                self._place, self._cancel = event.place, event.cancel
                self._leaves = event.leaves if self._leaves else ""
            case DecisionRequested():
                self._asked = event
            case DecisionMade() | Finished():
                self._asked = None
            case _:
                # All others change nothing that this command has to remember.
                ...
        self.console.document(event_document(event))
        for line in self._teller.lines(event):
            self.console.say(line)

    def _heed_answer(self) -> None:
        """Pass on what was typed since the run asked."""
        if self.decisions is None or self.console.typed is None:
            return
        line = self.console.typed()
        if line is None or self._asked is None:
            return
        choice = answer(self._asked, line)
        if choice is None:
            self.console.note(f"Not one of the numbers 1 to {len(self._asked.choices)}.")
        else:
            self.decisions.answer(choice)

    def _ask_to_stop(self) -> None:
        if not self._wrote:
            meaning = "Stopping before anything is written."
        elif self._leaves:  # while the losing VM is being stopped, or another program's move is watched
            meaning = self._leaves
        elif self._cancel is CancelMeaning.NOT_GRANTED:
            meaning = "The address is on its way already; the run ends by itself."
        else:
            meaning = "Stopping: the address is put back, unless it is on its way to the other member already."
        self.console.note(f"{meaning} Press Ctrl-C again to stop without waiting.")

    def _leave(self, why: str) -> ExitCode:
        address = str(self.setup.address)
        self.console.note(f"{why} The run is left where it is. Last seen: {where(self._place, address)}.")
        if not self._wrote:
            self._close_json(Outcome.CANCELLED, "Left before anything was written.")
            return ExitCode.CANCELLED
        self.console.note(f"To go on: {self.resume_command}")
        self._close_json(Outcome.UNKNOWN, "Left while the run was under way.")
        return ExitCode.UNKNOWN

    def _broke(self, name: str, error: BaseException) -> ExitCode:
        if isinstance(error, UserError):
            self._close_json(Outcome.REFUSED, error.problem.sentence())
            self.console.complain(error)
            return ExitCode.of(Outcome.REFUSED, error.problem)
        _log.error("the job %s broke", name, exc_info=error)
        place = where(self._place, str(self.setup.address))
        self.console.note(f"The run ended by an error of tgwizard ({type(error).__name__}). Last seen: {place}.")
        self.console.note(f"To go on: {self.resume_command}")
        self._close_json(Outcome.UNKNOWN, "The run ended by an error of tgwizard.")
        return ExitCode.INTERNAL

    def _close_json(self, outcome: Outcome, reason: str) -> None:
        """The one ``finished`` of a run that could not send its own."""
        clock = self.services.clock
        resume = "" if outcome in (Outcome.CANCELLED, Outcome.REFUSED) else self.resume_command
        stamp = Stamp(clock.wall(), clock.monotonic())
        end = Finished(stamp, self._run, self.setup.name, outcome, self._place, reason, resume=resume)
        self.console.document(event_document(end))
