"""``CancelToken``: how a running job is asked to stop, and woken when it is."""

from __future__ import annotations

import threading

from tgwizard.model.problem import Cancelled


class CancelToken:
    """Set once, from any thread; looked at by the job between its steps."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop. What that means is the job's to say."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether someone asked."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise ``Cancelled`` when asked to stop."""
        if self.is_cancelled:
            raise Cancelled

    def wait(self, seconds: float) -> bool:
        """Sleep, waking early when cancelled; True when cancelled."""
        return self._event.wait(max(0.0, seconds))
