"""The wizard's work on threads: one task of a kind at a time, its answers through the window's own queue.

A page never starts a thread and a thread never touches a page. A task that was replaced or given up may still end;
what it says then is dropped here.
"""

from __future__ import annotations

import itertools
import queue
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.errors import AzureCallError
from tgwizard.engine.jobs import Job, JobCrashed, JobRunner, Report
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.problem import Cancelled, Problem, UserError

OnValue = Callable[[object], None]
BackgroundTask = Callable[[OnValue, CancelToken], object]

_tickets = itertools.count(1)


class BackgroundTaskKind(Enum):
    """What a task is for. A new one of the same kind takes the place of the old."""

    SIGN_IN = "sign-in"
    ACCOUNT = "account"
    TENANTS = "tenants"
    READ = "read"
    FACTS = "facts"
    ADDRESS = "address"
    APPLY = "apply"
    VERIFY = "verify"
    RESTART = "restart"
    FILE = "file"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class BackgroundTaskMessage:
    """A task has something to tell on its way."""

    ticket: int
    value: object


@dataclass(frozen=True, slots=True)
class BackgroundTaskEnded:
    """A task has ended: with a value, or with a problem."""

    ticket: int
    value: object = None
    problem: Problem | None = None


@dataclass(slots=True)
class _Open:
    kind: BackgroundTaskKind
    job: Job
    heard: OnValue
    done: OnValue
    failed: Callable[[Problem], None]


STOPPED = Problem("stopped", "It was stopped.")

BROKE = Problem(
    "setup-broke",
    "tgwizard could not do that by an error of its own.",
    "The report is in the log.",
    "Try again.",
)


class BackgroundTasks:
    """Starts tasks and hands out what they say, in the GUI thread."""

    def __init__(self, jobs: JobRunner, own: queue.SimpleQueue[object]) -> None:
        self._jobs = jobs
        self._own = own
        self._open: dict[int, _Open] = {}

    def begin(
        self,
        kind: BackgroundTaskKind,
        task: BackgroundTask,
        *,
        done: OnValue,
        failed: Callable[[Problem], None],
        heard: OnValue = lambda _value: None,
        writes: ClusterIdentity | None = None,
    ) -> bool:
        """Start one; `failed` is called at once when it cannot begin. Whether it began."""
        self.give_up(kind)
        ticket = next(_tickets)
        own = self._own

        def work(_report: Report, token: CancelToken) -> None:
            def hear(value: object) -> None:
                own.put(BackgroundTaskMessage(ticket, value))

            try:
                value = task(hear, token)
            except (AzureCallError, UserError) as error:
                own.put(BackgroundTaskEnded(ticket, problem=error.problem))
            except Cancelled:
                own.put(BackgroundTaskEnded(ticket, problem=STOPPED))
                raise
            else:
                own.put(BackgroundTaskEnded(ticket, value))

        try:
            job = self._jobs.start(f"setup-{kind.value}", work, writes=writes)
        except UserError as error:
            failed(error.problem)
            return False
        self._open[ticket] = _Open(kind, job, heard, done, failed)
        return True

    def give_up(self, kind: BackgroundTaskKind) -> None:
        """Cancel the task of that kind and hear no more of it."""
        for ticket, one in list(self._open.items()):
            if one.kind is kind:
                one.job.cancel()
                del self._open[ticket]

    def let_go(self, kind: BackgroundTaskKind) -> None:
        """Hear no more of the task of that kind; it goes on to its end."""
        for ticket in [ticket for ticket, one in self._open.items() if one.kind is kind]:
            del self._open[ticket]

    def stop(self, kind: BackgroundTaskKind) -> None:
        """Ask the task of that kind to stop, and hear how it ends."""
        for one in self._open.values():
            if one.kind is kind:
                one.job.cancel()

    def under_way(self, kind: BackgroundTaskKind) -> bool:
        """Whether one of that kind has not ended."""
        return any(one.kind is kind for one in self._open.values())

    def take(self, event: object) -> bool:
        """Take one event of the bridge; whether it was a task's."""
        match event:
            case BackgroundTaskMessage():
                one = self._open.get(event.ticket)
                if one is not None:
                    one.heard(event.value)
                return True
            case BackgroundTaskEnded():
                one = self._open.pop(event.ticket, None)
                if one is not None and event.problem is not None:
                    one.failed(event.problem)
                elif one is not None:
                    one.done(event.value)
                return True
            case JobCrashed():
                for ticket, one in list(self._open.items()):
                    if one.job.id == event.job:
                        del self._open[ticket]
                        one.failed(BROKE)
                        return True
            case _:
                pass
        return False
