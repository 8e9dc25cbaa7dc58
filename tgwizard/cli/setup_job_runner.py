"""Runs one job of setting up in the main thread's sight: tells its events, turns Ctrl-C into the engine's cancel."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from tgwizard.cli.console import Console
from tgwizard.cli.job_runner import StopRequests
from tgwizard.cli.setup_documents import setup_event_document
from tgwizard.cli.setup_text import told
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Job, JobCrashed
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_events import SetupEvent, SetupFinished

_log = logging.getLogger(__name__)
T = TypeVar("T")

Report = Callable[[SetupEvent], None]
_LOOK_S = 0.05


class ReportLevel(Enum):
    """What of a job is told: everything; everything but its end, which the command tells after its result; nothing."""

    ALL = "all"
    NOT_THE_END = "not_the_end"
    NOTHING = "nothing"


class CommandSetupRun:
    """One job as the command sees it. ``end`` is its last event, once it came."""

    def __init__(
        self, services: Services, console: Console, stops: StopRequests, telling: ReportLevel = ReportLevel.ALL
    ) -> None:
        self._services, self._screen, self._stops, self._telling = services, console, stops, telling
        self._events: queue.SimpleQueue[SetupEvent] = queue.SimpleQueue()
        self.end: SetupFinished | None = None

    def go(self, name: str, work: Callable[[Report, CancelToken], T], *, writes: ClusterIdentity | None = None) -> T:
        """Run it to its end; what it raised is raised here."""

        answers: list[T] = []

        def job(_report: object, token: CancelToken) -> None:
            answers.append(work(self._events.put, token))

        running = self._services.jobs.start(name, job, writes=writes)
        asked = 0
        while running.running:
            if self._stops.count > asked:
                asked = self._stops.count
                running.cancel()
                self._screen.note("Stopping: what is under way is looked at once more, nothing new is begun.")
            self._catch(wait=True)
        self._catch(wait=False)
        if answers:
            return answers[0]
        raise self._reason(running)

    def tell(self, event: SetupEvent) -> None:
        """Tell one event, as JSON or in words."""
        self._screen.document(setup_event_document(event))
        for line in told(event):
            self._screen.say(line)

    def _catch(self, *, wait: bool) -> None:
        while True:
            try:
                event = self._events.get(timeout=_LOOK_S) if wait else self._events.get_nowait()
            except queue.Empty:
                return
            wait = False
            ends = isinstance(event, SetupFinished)
            self.end = event if isinstance(event, SetupFinished) else self.end
            if self._telling is ReportLevel.ALL or (self._telling is ReportLevel.NOT_THE_END and not ends):
                self.tell(event)

    def _reason(self, running: Job) -> BaseException:
        try:
            item = self._services.jobs.events.get_nowait()
        except queue.Empty:
            return UserError(Problem("cancelled", "Cancelled.", "", "Nothing was changed."))
        if isinstance(item, JobCrashed):
            return item.error
        _log.error("the job %s ended without a word", running.name)
        return RuntimeError("a job of setting up ended without a word")
