"""Clocks for a lab: one that only moves when told or slept on, and one that jumps over sleeps but counts real work.

The lab itself runs on anything that satisfies `Clock`; a program that is used by a person hands in the real one.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
"""When virtual time begins, unless the test says otherwise: a fixed Monday morning, so that outputs compare equal."""


class Cancellable(Protocol):
    """Something that may tell a sleeper to wake early."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the sleeper should stop waiting."""


class Clock(Protocol):
    """Time as the lab and the engine see it."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back and counts the time a computer sleeps."""

    def wall(self) -> datetime:
        """Return the time of day, aware, in UTC."""

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        """Wait, or less if `cancel` says so."""


class _JumpingClock:
    """Waiting on it costs nothing: whoever sleeps moves its time forward at once."""

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware start time")
        self._start = start.astimezone(UTC)
        self._skipped = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        with self._lock:
            return self._skipped

    def wall(self) -> datetime:
        """Return the time of day on this clock, in UTC."""
        return self._start + timedelta(seconds=self.monotonic())

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        """Jump forward at once; a sleeper that is already cancelled does not move time."""
        if cancel is None or not cancel.is_cancelled:
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move time forward. Raises ValueError for a negative amount: time does not go back."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back by {-seconds} s")
        with self._lock:
            self._skipped += seconds


class VirtualClock(_JumpingClock):
    """A clock that stands still until someone sleeps on it or advances it. Safe between threads."""

    def copy(self) -> VirtualClock:
        """Return an independent clock that shows the same time."""
        twin = VirtualClock(self._start)
        twin.advance(self.monotonic())
        return twin


class HybridClock(_JumpingClock):
    """A clock for benchmarks: waiting costs nothing, computing costs what it really took."""

    def __init__(self, start: datetime = START) -> None:
        super().__init__(start)
        self._born = time.perf_counter()

    def monotonic(self) -> float:
        """Return the slept seconds plus the really elapsed seconds since the clock was made."""
        return super().monotonic() + time.perf_counter() - self._born
