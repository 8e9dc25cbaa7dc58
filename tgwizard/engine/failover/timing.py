"""The seconds a run goes by, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailoverTiming:
    """All in seconds.

    ``free_s`` is how long an attach waits for Azure to free an address that no interface names any more, before the run
    turns back: all that time the address is on no NIC.

    Reads come every ``poll_s`` whatever Retry-After a success carries, and slow down to ``slow_poll_s`` after
    ``slow_after_s`` (engine/README.md 1.12). Recorded updates of attached interfaces took a median of 20 to 60 s,
    with a tail of up to ten minutes (azure/README.md 2.2): hence ``step_s``. ``forced_step_s`` is after how long a
    forced run supersedes an update that does not end. ``unanswered_move_s`` is how long a move in one call whose answer
    was lost is read for; ``answer_s`` how long the user has to decide when a step's time is over.

    ``fence_s`` is how long the losing VM may take to stop (engine/README.md 1.11), ``fence_again_s`` after how
    long a stop whose answer was lost and that does not show is asked for again. No two looks at the clock are further
    apart than ``longest_call_s`` while the program is awake: a read takes 10 s at most and a write 30 s, however slowly
    the answer drips.

    With the address on no interface all waits for which Azure cannot have asked (over an hour) last ``asked_in_gap_s``
    together; after that the run asks again in its own time, at first after ``retry_s``, then less and less often, at
    last every ``rarest_retry_s``.

    ``look_s`` is within which time what failed for a moment is asked again before a run begins.
    """

    poll_s: float = 0.25
    slow_poll_s: float = 1.0
    slow_after_s: float = 30.0
    step_s: float = 900.0
    forced_step_s: float = 120.0
    settle_s: float = 60.0
    silence_s: float = 300.0
    free_s: float = 120.0
    retry_s: float = 1.0
    longest_retry_s: float = 30.0
    asked_in_gap_s: float = 15.0
    rarest_retry_s: float = 8.0
    look_s: float = 45.0
    fresh_read_s: float = 30.0
    refresh_s: float = 20.0
    fresh_preflight_s: float = 120.0
    quiet_s: float = 20.0
    longest_call_s: float = 120.0
    tries: int = 4
    unanswered_move_s: float = 120.0
    answer_s: float = 60.0
    fence_s: float = 150.0
    fence_again_s: float = 10.0

    @property
    def longest_fence_s(self) -> float:
        """How old the first checks may be when a fenced run goes on to its detach: what its waits explain, no more."""
        return self.fresh_preflight_s + self.fence_s + self.fresh_preflight_s / 2

    @property
    def token_s(self) -> float:
        """How long a token must last for a run to begin."""
        return 300.0
