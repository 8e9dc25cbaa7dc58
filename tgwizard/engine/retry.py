"""Asking again: a read that a moment later may well be answered is not given up at its first failure.

An answer that was lost, cannot be read or is not Azure's, a throttled or busy Azure and trouble inside it pass. Reads
alone are asked again here: a write never is, it is settled by reading, and then decided anew. Watching and a run under
way need no patience, they read again and again anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.ports import Clock

T = TypeVar("T")

PAUSES_S = (0.5, 2.0)
"""Before the second and the third try, where Azure names no time of its own."""

LONGEST_PAUSE_S = 15.0
"""How long a Retry-After is waited for at most, whatever it says."""

_LONGEST_THROTTLE_S, _INSTEAD_S = 3600.0, 30.0


def is_plausible(retry_after_s: float | None) -> bool:
    """Whether Azure can have asked for it: its longest throttles end within the hour."""
    return retry_after_s is None or retry_after_s <= _LONGEST_THROTTLE_S


def plausible_wait_s(retry_after_s: float | None) -> float | None:
    """What an answer asks to wait, or half a minute where that is not plausible."""
    return retry_after_s if is_plausible(retry_after_s) else _INSTEAD_S


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """For some reads together: no try begins after ``until`` (the Clock's monotonic seconds) but the first of each."""

    clock: Clock
    until: float
    cancel: CancelToken | None = None

    @classmethod
    def of(cls, clock: Clock, seconds: float, cancel: CancelToken | None = None) -> RetryPolicy:
        """For reads that begin now."""
        return cls(clock, clock.monotonic() + seconds, cancel)

    def ask(self, question: Callable[[], T]) -> T:
        """The answer of the last try. AzureCallError when none was good, or somebody cancelled."""
        for pause in PAUSES_S:
            try:
                return question()
            except AzureCallError as failure:
                wait = self._wait_s(failure, pause)
                if wait is None:
                    raise
                self.clock.sleep(wait, self.cancel)
                if self.cancel is not None and self.cancel.is_cancelled:
                    raise
        return question()

    def _wait_s(self, failure: AzureCallError, pause: float) -> float | None:
        """Seconds until the next try, None when there is to be none."""
        asked = failure.retry_after_s
        wait = pause if asked is None else min(max(asked, pause), LONGEST_PAUSE_S)
        return wait if failure.may_pass and self.clock.monotonic() + wait < self.until else None
