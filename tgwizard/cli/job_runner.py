"""Runs one writing job to its end in the main thread: tells its events, and turns Ctrl-C into the engine's cancel.

The first Ctrl-C (or SIGTERM, or hang-up) asks the run to stop; it leaves the gap by itself, whether or not there is
still a screen. A second one, or the bound, leaves the run and says where the address is and how to go on.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from tgwizard.cli.cluster_documents import event_document
from tgwizard.cli.cluster_text import RunTeller, answer, where
from tgwizard.cli.console import Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run_context import UserDecisions
from tgwizard.engine.jobs import LEAVE_GAP_WITHIN_S, Job, JobCrashed, Report
from tgwizard.engine.runs.job_services import Services
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
from tgwizard.model.problem import UserError
from tgwizard.model.snapshot import AddressLocation, LocationKind

_log = logging.getLogger(__name__)

_LOOK_S = 0.1

Work = Callable[[Report, CancelToken], Finished]


class StopRequests(Protocol):
    """How often the user asked to stop."""

    @property
    def count(self) -> int:
        """The number of requests so far."""


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
    _asked: DecisionRequested | None = None

    def __post_init__(self) -> None:
        self._teller = RunTeller(str(self.setup.address))

    def go(self, name: str, work: Work) -> ExitCode:
        """Start the job and stay with it until it has ended or is left behind."""

        def writing(report: Report, token: CancelToken) -> None:
            work(report, token)

        job = self.services.jobs.start(name, writing, writes=self.setup.identity)
        asked, give_up = 0, float("inf")
        while True:
            if self.stops.count > asked:
                asked = self.stops.count
                if asked > 1:
                    return self._leave("A second request to stop came.")
                give_up = time.monotonic() + LEAVE_GAP_WITHIN_S
                job.cancel()
                ended = self._catch_up()  # so that what is said about the cancel is about now
                if ended is not None:
                    return self._ended(job, ended)
                self._ask_to_stop()
            if time.monotonic() > give_up:
                return self._leave("The run did not end in time.")
            self._heed_answer()
            try:
                item = self.services.jobs.events.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if isinstance(item, JobCrashed):
                return self._broke(item)
            item = self._at_place(item)
            self._tell(item)
            if isinstance(item, Finished):
                return self._ended(job, item)

    def _ended(self, job: Job, finished: Finished) -> ExitCode:
        # The job still closes its journal and frees its lock; the next command must find both free.
        job.thread.join(_JOIN_S)
        return ExitCode.of(finished.outcome, finished.problem)

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
        self.console.note(f"{meaning} Ask once more to leave it at that.")

    def _leave(self, why: str) -> ExitCode:
        ended = self._catch_up()
        if ended is not None:
            return ExitCode.of(ended.outcome, ended.problem)
        address = str(self.setup.address)
        self.console.note(f"{why} The run is left where it is. Last seen: {where(self._place, address)}.")
        if not self._wrote:
            self._close_json(Outcome.CANCELLED, "Left before anything was written.")
            return ExitCode.CANCELLED
        self.console.note(f"To go on: {self.resume_command}")
        self._close_json(Outcome.UNKNOWN, "Left while the run was under way.")
        return ExitCode.UNKNOWN

    def _catch_up(self) -> Finished | None:
        """Tell what was reported and not told yet, so that the last words are about now; the end, if it came."""
        with contextlib.suppress(queue.Empty):
            while True:
                item = self.services.jobs.events.get_nowait()
                if isinstance(item, JobCrashed):
                    continue
                item = self._at_place(item)
                self._tell(item)
                if isinstance(item, Finished):
                    return item
        return None

    def _at_place(self, event: Event) -> Event:
        if isinstance(event, Finished) and event.resume:
            return replace(event, resume=event.resume + self.place_options)
        return event

    def _broke(self, broke: JobCrashed) -> ExitCode:
        if isinstance(broke.error, UserError):
            self._close_json(Outcome.REFUSED, broke.error.problem.sentence())
            self.console.complain(broke.error)
            return ExitCode.of(Outcome.REFUSED, broke.error.problem)
        _log.error("the job %s broke", broke.name, exc_info=broke.error)
        place = where(self._place, str(self.setup.address))
        self.console.note(f"The run ended by an error of tgwizard ({type(broke.error).__name__}). Last seen: {place}.")
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


_JOIN_S = 10.0
