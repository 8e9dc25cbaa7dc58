"""Several tasks at once, each written as one straight generator: calls in parallel, waits shared.

A task yields ``Call`` for every call to Azure and ``Sleep`` for every wait. The runner makes the calls on a few
threads and does everything else (decisions, journal, events) in the thread of the job, one task after another, so
that nothing of ours needs a lock and the journal keeps one order. Without threads the same work runs the same every
time: that is what the crash table stands on.

``read_all`` makes several readings at once, each on a thread of its own, and ends without waiting for a call under
way when the job is cancelled.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping
from concurrent import futures
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.ports import Clock
from tgwizard.engine.retry import RetryPolicy
from tgwizard.model.access_facts import Queried
from tgwizard.model.problem import Cancelled, Problem

T = TypeVar("T")

_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Call:
    """Make this call; its answer, or its AzureCallError, comes back to the generator."""

    call: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait; what comes back is whether the job was cancelled meanwhile, and then at once.

    ``through``: a cancel that was heard before does not shorten it, because what was sent is waited for.
    """

    seconds: float
    through: bool = False


Effect = Call | Sleep
TaskBody = Generator[Effect, Any, T]


def make_call(call: Callable[[], T]) -> TaskBody[T]:
    """Make a call; AzureCallError as from the call itself."""
    answer: T = yield Call(call)
    return answer


def sleep(seconds: float, *, through: bool = False) -> TaskBody[bool]:
    """Wait; True when the job was cancelled: then finish soon, and pause again only ``through`` it."""
    cancelled: bool = yield Sleep(seconds, through)
    return cancelled


class TaskOutcome(Enum):
    """How a task ended."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """The end of a task: ``words`` for people, ``problem`` when it failed or is not known."""

    how: TaskOutcome
    words: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do, what comes before it, and how it is begun. ``anyway``: also when that did not come about."""

    key: str
    begin: Callable[[], TaskBody[TaskEnd]]
    after: tuple[str, ...] = ()
    anyway: bool = False


@dataclass(slots=True)
class _Active:
    key: str
    work: TaskBody[TaskEnd]
    wake: float | None = None
    through: bool = False
    asked: futures.Future[object] | None = None
    answer: object = None
    error: AzureCallError | None = None


@dataclass(slots=True)
class TaskRunner:
    """Carries out tasks. ``workers``: how many calls at once; 0 makes them in the calling thread."""

    clock: Clock
    token: CancelToken
    workers: int = 4
    ends: dict[str, TaskEnd] = field(default_factory=dict)

    def run(self, tasks: Iterable[Task], left: Callable[[str, str], None]) -> dict[str, TaskEnd]:
        """All pieces, each after what it needs. ``left(key, reason)`` hears of those that were not begun."""
        waiting = list(tasks)
        known = {task.key for task in waiting}
        active: list[_Active] = []
        pool = futures.ThreadPoolExecutor(self.workers, "tgwizard-setup") if self.workers else None
        try:
            while waiting or active:
                for task in list(waiting):
                    reason = self._failed_before(task)
                    if reason:
                        waiting.remove(task)
                        self.ends[task.key] = TaskEnd(TaskOutcome.LEFT, reason)
                        left(task.key, reason)
                    elif all(key in self.ends or key not in known for key in task.after):
                        waiting.remove(task)
                        active.append(_Active(task.key, task.begin()))
                        self._step(active[-1], pool)
                active = [item for item in active if item.key not in self.ends]
                if active:
                    self._turn(active, pool)
                    active = [item for item in active if item.key not in self.ends]
        finally:
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)
        return self.ends

    def _failed_before(self, task: Task) -> str:
        if self.token.is_cancelled:
            return "Cancelled before it was begun."
        for key in task.after:
            end = self.ends.get(key)
            if end is not None and end.how is not TaskOutcome.DONE and not task.anyway:
                return "It follows a change that was left or did not come about."
        return ""

    def _turn(self, active: list[_Active], pool: futures.ThreadPoolExecutor | None) -> None:
        """Go on with whatever can go on; wait when nothing can."""
        ready = [item for item in active if self._ready(item)]
        if not ready:
            asked = [item.asked for item in active if item.asked is not None]
            if asked:
                futures.wait(asked, timeout=_LOOK_S, return_when=futures.FIRST_COMPLETED)
            else:
                wakes = [item.wake for item in active if item.wake is not None]
                token = None if self.token.is_cancelled else self.token
                self.clock.sleep(max(0.0, min(wakes) - self.clock.monotonic()), token)
            ready = [item for item in active if self._ready(item)]
        for item in ready:
            self._step(item, pool)

    def _ready(self, item: _Active) -> bool:
        if item.asked is not None:
            return item.asked.done()
        if item.wake is not None:
            heard = self.token.is_cancelled and not item.through
            return heard or item.wake <= self.clock.monotonic()
        return True

    def _step(self, item: _Active, pool: futures.ThreadPoolExecutor | None) -> None:
        """Hand over what came and take the next call or wait."""
        if item.asked is not None:
            asked, item.asked = item.asked, None
            self._make(item, asked.result)
        elif item.wake is not None:
            item.wake, item.answer = None, self.token.is_cancelled
        answer, error = item.answer, item.error
        item.answer = item.error = None
        try:
            effect = item.work.throw(error) if error is not None else item.work.send(answer)
        except StopIteration as stop:
            self.ends[item.key] = stop.value
            return
        if isinstance(effect, Sleep):
            item.wake, item.through = self.clock.monotonic() + effect.seconds, effect.through
        elif pool is not None:
            item.asked = pool.submit(effect.call)
        else:
            self._make(item, effect.call)

    @staticmethod
    def _make(item: _Active, call: Callable[[], object]) -> None:
        try:
            item.answer = call()
        except AzureCallError as failure:
            item.error = failure


K = TypeVar("K", bound=Hashable)

_LOOK_FOR_CANCEL_S = 0.1
ASK_AGAIN_WITHIN_S = 45.0
MOST_AT_ONCE = 8
"""Azure allows far more; beyond this, one slow answer no longer holds up the others (azure/README.md 5)."""


def read_all(readings: Mapping[K, Callable[[], object]], clock: Clock, token: CancelToken) -> dict[K, Queried[Any]]:
    """Run all of them, some at once, and return what each came to; what fails for a moment is asked again.

    A reading that raises AzureCallError is a problem of its own. Anything else it raises ends the whole, as a cancel
    does: the threads left behind read on to the end of their page and are then gone.
    """
    token.check()
    retry_policy = RetryPolicy.of(clock, ASK_AGAIN_WITHIN_S, token)
    waiting = list(readings.items())
    done: queue.Queue[tuple[K, Queried[Any] | BaseException]] = queue.Queue()
    found: dict[K, Queried[Any]] = {}
    running = 0
    while len(found) < len(readings):
        while waiting and running < MOST_AT_ONCE:
            key, work = waiting.pop(0)
            # A daemon, so that an answer that never comes cannot keep the program from ending.
            threading.Thread(
                target=_read_one, args=(key, work, retry_policy, done), name=f"read {key}", daemon=True
            ).start()
            running += 1
        try:
            key, came = done.get(timeout=_LOOK_FOR_CANCEL_S)
        except queue.Empty:
            token.check()
            continue
        running -= 1
        if isinstance(came, BaseException):
            raise came
        found[key] = came
        token.check()
    return {key: found[key] for key in readings}


def _read_one(
    key: K,
    work: Callable[[], object],
    retry_policy: RetryPolicy,
    done: queue.Queue[tuple[K, Queried[Any] | BaseException]],
) -> None:
    try:
        done.put((key, Queried(retry_policy.ask(work))))
    except AzureCallError as failure:
        done.put((key, Queried(problem=failure.problem)))
    except Cancelled as cancelled:
        done.put((key, cancelled))
    except Exception as error:  # noqa: BLE001 - a thread has nobody above it: the waiting job raises it
        done.put((key, error))
