"""Clocks for a window whose jobs wait, of which a test holds the hands."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tgwizard.engine.clock import SystemClock
from tgwizard.lab.clock import Cancellable, VirtualClock

_LOOK_S = 0.01


class Later(SystemClock):
    """The real clock, which a test can put forward."""

    ahead_s = 0.0

    def monotonic(self) -> float:
        """Seconds, with what was put forward."""
        return super().monotonic() + self.ahead_s

    def wall(self) -> datetime:
        """The time of day, put forward as far."""
        return super().wall() + timedelta(seconds=self.ahead_s)


class HeldClock(VirtualClock):
    """It runs by itself at first, and from `hold` on only as far as a test says.

    Sleepers move time until it is held; then they rest until someone else has moved it far enough.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held = threading.Event()
        self._moved = threading.Condition()
        self._resting: list[float] = []

    def hold(self) -> None:
        """Stand still from now on."""
        self._held.set()

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        """Wait until the test has let so much time pass; a cancelled sleeper wakes."""
        if not self._held.is_set():
            super().sleep(seconds, cancel)
            return
        until = self.monotonic() + seconds
        with self._moved:
            self._resting.append(until)
            while self.monotonic() < until and not (cancel is not None and cancel.is_cancelled):
                self._moved.wait(_LOOK_S)
            self._resting.remove(until)

    def let_pass(self, seconds: float) -> None:
        """Let time pass if someone waits for that, or no job works: a look on a busy machine costs no more time."""
        now = self.monotonic()
        with self._moved:
            rests = any(until > now for until in self._resting)
        if rests or not any(thread.name.startswith("tgwizard-") for thread in threading.enumerate()):
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake who has slept long enough."""
        super().advance(seconds)
        with self._moved:
            self._moved.notify_all()


_JOB = re.compile(r"tgwizard-(?!journal$|settings$).*(?<!_\d)")
"""The name of a job's thread; what waits for work, as a journal's writer or one of a pool, never rests on the clock."""


@dataclass
class _Sleeper:
    """A job that rests until a moment."""

    name: str
    until: float
    woken: threading.Event = field(default_factory=threading.Event)


class SteppedClock(VirtualClock):
    """Time goes on only when every job rests on it, to the moment of the one that is due first, which wakes alone.

    So whatever several jobs do comes in the same order every time, however busy the computer is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._resting: list[_Sleeper] = []
        self._guard = threading.Lock()
        self.between: Callable[[], None] = lambda: None
        """Called when time has passed, before the job that is due wakes: for what follows the lab in real time."""

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        """Rest until it is this job's turn; who is no job, such as the window's own thread, moves time at once."""
        name = threading.current_thread().name
        if _JOB.fullmatch(name) is None:
            super().sleep(seconds, cancel)
            return
        sleeper = _Sleeper(name, self.monotonic() + seconds)
        with self._guard:
            self._resting.append(sleeper)
        while not sleeper.woken.wait(_LOOK_S):
            if cancel is not None and cancel.is_cancelled:
                break
        with self._guard:
            if sleeper in self._resting:
                self._resting.remove(sleeper)

    def all_rest(self) -> bool:
        """Whether every job that there is rests."""
        jobs = sum(_JOB.fullmatch(thread.name) is not None for thread in threading.enumerate())
        with self._guard:
            return jobs == len(self._resting)

    def wake_next(self, longest_s: float) -> None:
        """Let time pass until the next job is due, and wake it; at most so many seconds, when none is due by then."""
        now = self.monotonic()
        with self._guard:
            due = min(self._resting, key=lambda one: (one.until, one.name), default=None)
        left = longest_s if due is None else max(0.0, due.until - now)
        self.advance(min(left, longest_s))
        self.between()
        if due is not None and left <= longest_s:
            with self._guard:
                self._resting.remove(due)
            due.woken.set()
