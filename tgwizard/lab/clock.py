"""The time of a lab, and a clock for it that only moves when told or slept on.

The lab itself runs on anything that satisfies `LabTime`; a program that is used by a person hands in the real one.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol

START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
"""When virtual time begins, unless the test says otherwise: a fixed Monday morning, so that outputs compare equal."""


class Cancellable(Protocol):
    """Something that may tell a sleeper to wake early."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the sleeper should stop waiting."""


class LabTime(Protocol):
    """Time as the lab and the engine see it."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back and counts the time a computer sleeps."""

    def wall(self) -> datetime:
        """Return the time of day, aware, in UTC."""

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        """Wait, or less if `cancel` says so."""


class VirtualClock:
    """Stands still until someone sleeps on it, which takes no time, or advances it. Safe between threads."""

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

    def copy(self) -> VirtualClock:
        """Return an independent clock that shows the same time."""
        twin = VirtualClock(self._start)
        twin.advance(self.monotonic())
        return twin
