"""Ctrl-C and SIGTERM as a count, looked at between events, so that nothing is torn out of a run's hands."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupts:
    """How often the user, or the system, asked to stop. ``came`` is set from the first on."""

    def __init__(self) -> None:
        """Nobody asked yet."""
        self._count = 0
        self.came = threading.Event()

    @property
    def count(self) -> int:
        """The number of requests so far."""
        return self._count

    def add(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """One more. Fits as a signal handler: it only counts."""
        self._count += 1
        self.came.set()


@contextlib.contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Count SIGINT and SIGTERM during the block. Outside the main thread there are no signals to count."""
    counted = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield counted
        return
    before = {number: signal.signal(number, counted.add) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield counted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
