"""A clock for a window whose jobs wait: it runs by itself at first, and from `hold` on only as far as a test says."""

from __future__ import annotations

import threading

from tgwizard.lab.clock import Cancellable, VirtualClock

_LOOK_S = 0.01


class HeldClock(VirtualClock):
    """Sleepers move time until it is held; then they rest until someone else has moved it far enough."""

    def __init__(self) -> None:
        super().__init__()
        self._held = threading.Event()
        self._moved = threading.Condition()

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
            while self.monotonic() < until and not (cancel is not None and cancel.is_cancelled):
                self._moved.wait(_LOOK_S)

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake who has slept long enough."""
        super().advance(seconds)
        with self._moved:
            self._moved.notify_all()
