"""Jobs: work on threads, and one queue that brings what they say to the thread that shows it.

A job is started by whoever wants its answer, mostly the thread that shows things. Its work runs on a thread of its own
and knows nothing of who listens. What it says on the way, and how it ended, is handed to its listeners when somebody
calls ``JobQueue.deliver``, in that thread: a timer of the window, or the loop of a command.

Cancelling asks the work to stop, and its end is told like any other. A job that is given up is asked to stop, and
nothing of it is heard any more. When the program closes, nothing new is begun; what writes is waited for.

Listeners may be methods of widgets, and a widget must die in the thread of the window: so no thread of a job ever holds
a listener. The work itself must hold no widget either.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar, cast

from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.problem import Cancelled, Problem, UserError

_log = logging.getLogger(__name__)

LEAVE_GAP_WITHIN_S = 900.0
"""How long a run that was asked to stop may take to leave the gap, before the program ends without it. Real seconds."""

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")

Report = Callable[[P], None]
"""How work tells what happens on the way."""

Work = Callable[[Report[P], CancelToken], R]
"""What a job does. It captures values and ports, and no widget."""

STOPPED = Problem("stopped", "It was stopped.")

BROKE = Problem(
    "job-broke",
    "tgwizard could not do that by an error of its own.",
    "The report is in the log.",
    "Try again.",
)


@dataclass(frozen=True, slots=True)
class JobCrashed:
    """A job ended by an exception it should have explained. The program goes on; the error is shown once."""

    job: str
    name: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class JobEnd(Generic[R]):
    """How the work ended: with what it returned, or with what it raised (``Cancelled`` among that)."""

    value: R | None = None
    error: BaseException | None = None

    def result(self) -> R:
        """What it returned; what it raised is raised here."""
        if self.error is not None:
            raise self.error
        return cast("R", self.value)

    @property
    def problem(self) -> Problem | None:
        """Why there is no result, when the work explained it."""
        if isinstance(self.error, Cancelled):
            return STOPPED
        return self.error.problem if isinstance(self.error, UserError | AzureCallError) else None


class Job(Generic[P, R]):
    """A handle on running work that says ``P`` on its way and ends with an ``R``."""

    def __init__(self, name: str) -> None:
        self.id = uuid.uuid4().hex
        self.name = name
        self.token = CancelToken()
        self.thread: threading.Thread
        self.end: JobEnd[R] | None = None
        """How it ended, once that was delivered."""

    def cancel(self) -> None:
        """Ask it to stop; the job says in its events what that comes to."""
        self.token.cancel()

    @property
    def running(self) -> bool:
        """Whether its thread still works."""
        return self.thread.is_alive()


AnyJob = Job[Any, Any]


@dataclass(frozen=True, slots=True)
class _Listeners:
    """Who hears of a job. ``broke`` gets an error that the work did not explain; without it ``failed`` gets BROKE."""

    heard: Callable[[Any], None] | None = None
    done: Callable[[Any], None] | None = None
    failed: Callable[[Problem], None] | None = None
    broke: Callable[[BaseException], None] | None = None


@dataclass(frozen=True, slots=True)
class _Message:
    """What a job says; ``end``: its last word, in place of ``value``."""

    job: AnyJob
    value: object = None
    end: JobEnd[Any] | None = None


class JobQueue:
    """Starts jobs, knows which of them write, and hands on what they say. One for the process."""

    def __init__(self) -> None:
        # No SimpleQueue: before Python 3.13 its timed get waits without end when a signal's handler outlasts the time.
        self._messages: queue.Queue[_Message] = queue.Queue()
        # Reentrant: the handler of a signal asks who writes, wherever this thread happens to be.
        self._mutex = threading.RLock()
        self._jobs: dict[str, AnyJob] = {}
        self._writing: dict[ClusterIdentity, str] = {}
        self._listeners: dict[str, _Listeners] = {}
        self._leaving = False
        self._closed = False

    # Starting ----------------------------------------------------------------------------------------------------

    def start(
        self,
        name: str,
        work: Work[P, R],
        *,
        heard: Callable[[P], None] | None = None,
        done: Callable[[R], None] | None = None,
        failed: Callable[[Problem], None] | None = None,
        broke: Callable[[BaseException], None] | None = None,
        writes: ClusterIdentity | None = None,
    ) -> Job[P, R]:
        """Run ``work(report, token)`` on a thread of its own. ``writes`` names the cluster it may change, if any.

        ``heard`` gets what it says on its way, ``done`` what it returned, ``failed`` the problem it explained, or that
        it was stopped. UserError when that cluster already has a writing job, or when the program is closing.
        """
        job: Job[P, R] = Job(name)
        job.thread = threading.Thread(target=self._run, args=(job, work, writes), name=f"tgwizard-{name}", daemon=True)
        with self._mutex:
            if self._closed or (self._leaving and writes is not None):
                raise UserError(Problem("closing", "tgwizard is closing.", "No new work is started."))
            if writes is not None and writes in self._writing:
                raise UserError(
                    Problem("run-in-progress", "A run already works on this cluster.", "", "Wait until it has ended.")
                )
            self._jobs[job.id] = job
            self._listeners[job.id] = _Listeners(heard, done, failed, broke)
            if writes is not None:
                self._writing[writes] = job.id
        job.thread.start()
        return job

    def _run(self, job: Job[P, R], work: Work[P, R], writes: ClusterIdentity | None) -> None:
        def report(value: P) -> None:
            self._messages.put(_Message(job, value))

        end: JobEnd[R]
        try:
            end = JobEnd(work(report, job.token))
        except BaseException as error:  # noqa: BLE001 - the one place where a job's unexpected error is caught and shown
            end = JobEnd(error=error)
        with self._mutex:
            self._jobs.pop(job.id, None)
            if writes is not None:
                self._writing.pop(writes, None)
            # Whoever sees that the job is gone finds its end on the queue.
            self._messages.put(_Message(job, end=end))

    # Listening ---------------------------------------------------------------------------------------------------

    def deliver(self, timeout_s: float = 0.0) -> object | None:
        """Hand the next message to the listeners of its job, in this thread. queue.Empty: none came in that time.

        Answers what others may want to hear too: what the job said on its way, or a ``JobCrashed``.
        """
        message = self._messages.get(timeout=timeout_s) if timeout_s > 0 else self._messages.get_nowait()
        if message.end is not None:
            return self._deliver_end(message.job, message.end)
        listeners = self._listeners.get(message.job.id)
        if listeners is None:
            return None
        if listeners.heard is not None:
            listeners.heard(message.value)
        return message.value

    def _deliver_end(self, job: AnyJob, end: JobEnd[Any]) -> JobCrashed | None:
        job.end = end
        given_up = job.id not in self._listeners
        listeners = self._listeners.pop(job.id, _Listeners())
        if end.error is None:
            if listeners.done is not None:
                listeners.done(end.value)
            return None
        if end.problem is not None and listeners.failed is not None:
            listeners.failed(end.problem)
            return None
        if isinstance(end.error, Cancelled) or (end.problem is not None and given_up):
            _log.debug("job %s has stopped", job.name)
            return None
        if listeners.broke is not None:
            listeners.broke(end.error)
        elif listeners.failed is not None:
            listeners.failed(BROKE)
        return JobCrashed(job.id, job.name, end.error)

    def is_open(self, job: AnyJob | None) -> bool:
        """Whether more will be heard of it: its end was not delivered yet, and nobody has given it up."""
        return job is not None and job.id in self._listeners

    def let_go(self, job: AnyJob) -> None:
        """Hear no more of it; it goes on to its end."""
        self._listeners.pop(job.id, None)

    def give_up(self, job: AnyJob) -> None:
        """Ask it to stop, and hear no more of it."""
        job.cancel()
        self.let_go(job)

    def rest(self) -> None:
        """Ask every job to stop, and hear no more of any: nobody looks now. Others may be begun later."""
        with self._mutex:
            jobs = tuple(self._jobs.values())
        for job in jobs:
            self.give_up(job)
        self._listeners.clear()  # of those that have ended, and whose end waits to be told

    def undelivered(self) -> Iterator[object]:
        """What was said and will be delivered to nobody, because those who listened are gone."""
        while True:
            try:
                message = self._messages.get_nowait()
            except queue.Empty:
                return
            if message.end is None:
                yield message.value

    # Ending ------------------------------------------------------------------------------------------------------

    def writers(self) -> tuple[AnyJob, ...]:
        """Every job that may still change something."""
        with self._mutex:
            return tuple(self._jobs[job] for job in self._writing.values())

    def stop_writing(self) -> None:
        """Ask every writing job to stop, which leaves things in order, and let no other begin."""
        with self._mutex:
            self._leaving = True
        for job in self.writers():
            job.cancel()

    def close(self, grace_s: float = 1.5, leave_gap_s: float = 0.0) -> tuple[AnyJob, ...]:
        """Refuse new jobs, cancel all, and wait; returns those that still run.

        At most ``grace_s`` for each that reads, and ``leave_gap_s``, if that is more, for all that write together.
        """
        with self._mutex:
            self._closed = True
            jobs = tuple(self._jobs.values())
        for job in jobs:
            job.cancel()
        until = time.monotonic() + leave_gap_s
        for job in self.writers():
            job.thread.join(max(grace_s, until - time.monotonic()))
        for job in jobs:
            job.thread.join(grace_s)
        left = tuple(job for job in jobs if job.running)
        for job in left:
            self.let_go(job)
        return left


class JobGroup:
    """Jobs of one kind, of which one at a time is open.

    A new one takes the place of the old, which is given up; ``in_turn``: it waits until those before it have ended.
    """

    def __init__(self, jobs: JobQueue, *, in_turn: bool = False) -> None:
        self._jobs = jobs
        self._in_turn = in_turn
        self._job: AnyJob | None = None
        self._waiting: deque[Callable[[], None]] = deque()

    @property
    def under_way(self) -> bool:
        """Whether one has not ended."""
        return self._jobs.is_open(self._job) or bool(self._waiting)

    def begin(
        self,
        name: str,
        work: Work[P, R],
        *,
        done: Callable[[R], None],
        failed: Callable[[Problem], None],
        heard: Callable[[P], None] | None = None,
        writes: ClusterIdentity | None = None,
    ) -> None:
        """Start one; ``failed`` is called at once when it cannot begin."""

        def start() -> None:
            ended, refused = partial(self._end, done), partial(self._end, failed)
            try:
                self._job = self._jobs.start(name, work, heard=heard, done=ended, failed=refused, writes=writes)
            except UserError as error:
                refused(error.problem)

        if self._in_turn and self.under_way:
            self._waiting.append(start)
            return
        self.give_up()
        start()

    def _end(self, told: Callable[[T], None], value: T) -> None:
        self._job = None  # nor what it brought: that may be a subscription of thousands of machines
        try:
            told(value)
        finally:
            if self._waiting and not self._jobs.is_open(self._job):
                self._waiting.popleft()()

    def give_up(self) -> None:
        """Cancel the one that is open and those that wait, and hear no more of them."""
        if self._job is not None:
            self._job.cancel()
        self.let_go()

    def let_go(self) -> None:
        """Hear no more of the one that is open, which goes on to its end, and forget those that wait."""
        self._waiting.clear()
        if self._job is not None:
            self._jobs.let_go(self._job)
        self._job = None  # nor what it will bring, and whatever is begun next must not cancel it

    def stop(self) -> None:
        """Ask the one that is open to stop, and hear how it ends."""
        if self._jobs.is_open(self._job) and self._job is not None:
            self._job.cancel()
