"""The clock of the benches: it jumps over what is waited for, and counts what is computed."""

from __future__ import annotations

import time
from datetime import datetime

from tgwizard.lab.clock import START, VirtualClock


class HybridClock(VirtualClock):
    """Waiting costs nothing, computing costs what it really took."""

    def __init__(self, start: datetime = START) -> None:
        super().__init__(start)
        self._born = time.perf_counter()

    def monotonic(self) -> float:
        """Return the slept seconds plus the really elapsed seconds since the clock was made."""
        return super().monotonic() + time.perf_counter() - self._born
