"""The real clocks.

Their monotonic scale counts the time a computer slept, so that a late run is seen as late (engine/README.md 1.7).
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from threading import Lock

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.ports import Clock

JUMP_S = 10.0
"""By how much the time of day may run ahead of the monotonic scale between two looks before that counts as a sleep:
more than a correction of a clock that drifts, less than a reading may be old before a write."""


class SystemClock:
    """CLOCK_BOOTTIME on Linux and CLOCK_MONOTONIC on macOS: ``time.monotonic`` stands still in sleep on both.

    On Windows it counts sleep.
    """

    def monotonic(self) -> float:
        """Seconds since boot, sleep included."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        if sys.platform == "darwin":
            return time.clock_gettime(time.CLOCK_MONOTONIC)
        return time.monotonic()

    def wall(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait; wakes early when cancelled."""
        if cancel is None:
            time.sleep(max(0.0, seconds))
        else:
            cancel.wait(seconds)


class JumpCountingClock:
    """Another clock, which also counts what only the time of day shows: a virtual machine that was paused.

    No clock since boot runs while the hypervisor holds the machine; the time of day is put right afterwards. A jump
    ahead by ``JUMP_S`` or more therefore counts as time that passed, so that everything read before it is old. A time
    of day that is set back counts as nothing. For any thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._ahead_s = clock.wall().timestamp() - clock.monotonic()
        self._counted_s = 0.0

    def monotonic(self) -> float:
        """Seconds on a scale that counts sleep, pauses and jumps of the time of day."""
        with self._lock:
            now = self._clock.monotonic()
            ahead_s = self._clock.wall().timestamp() - now
            if ahead_s - self._ahead_s >= JUMP_S:
                self._counted_s += ahead_s - self._ahead_s
            self._ahead_s = ahead_s
            return now + self._counted_s

    def wall(self) -> datetime:
        """The time of day, UTC."""
        return self._clock.wall()

    def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait; wakes early when cancelled."""
        self._clock.sleep(seconds, cancel)
