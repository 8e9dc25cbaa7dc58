"""The real clock.

Its monotonic scale counts the time a computer slept, so that a late run is seen as late (engine/README.md 1.7).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from tgwizard.engine.cancel import CancelToken


class SystemClock:
    """CLOCK_BOOTTIME where there is one; elsewhere the monotonic clock, which counts sleep on macOS and Windows."""

    def monotonic(self) -> float:
        """Seconds since boot, sleep included."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
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
