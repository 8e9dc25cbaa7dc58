"""Clocks for a window whose jobs wait, of which a test holds the hands."""

from __future__ import annotations

import threading
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
