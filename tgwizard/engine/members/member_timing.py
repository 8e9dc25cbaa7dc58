"""The seconds of the member agent, all worked out from the cluster timeout (engine/README.md 6.2).

Silence, unfitness and every other wait are counted in time *lived through*: each turn of the agent adds at most two
heartbeat intervals, so that a machine that slept or whose clock jumped has waited for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST_TIMEOUT_S = 5.0
LONGEST_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class MemberTiming:
    """``timeout_s``: the cluster timeout, 5 to 600 s. All properties are seconds."""

    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        """Refuse a timeout outside the range that the times below were worked out for."""
        if not SHORTEST_TIMEOUT_S <= self.timeout_s <= LONGEST_TIMEOUT_S:
            raise ValueError(f"a cluster timeout of {self.timeout_s:g} s is outside 5 to 600 s")

    @property
    def interval_s(self) -> float:
        """Between two heartbeats."""
        return min(1.0, max(0.2, self.timeout_s / 10))

    @property
    def fresh_s(self) -> float:
        """How long a frame counts as heard, and how old a frame may be that it acknowledges."""
        return 3 * self.interval_s

    @property
    def lease_s(self) -> float:
        """How long after the last proof a member may say that it is active: over before its peer may write."""
        return self.timeout_s - self.fresh_s

    @property
    def blind_s(self) -> float:
        """A spell without a reading of Azure after which silence is counted from its end on."""
        return self.timeout_s / 2

    @property
    def start_grace_s(self) -> float:
        """The silence of a peer that was never heard: after a power cut the other may still be starting."""
        return self.timeout_s + 60

    @property
    def settle_s(self) -> float:
        """How long the address has to be on no interface, unchanged, before the preferred member creates it."""
        return max(self.timeout_s, 20.0)

    @property
    def hold_down_s(self) -> float:
        """How long the preferred member has to be fit and heard before it is given the address back."""
        return max(60.0, 2 * self.timeout_s)

    @property
    def reading_valid_s(self) -> float:
        """The age at which a reading of Azure is no ground to act on any more."""
        return 30.0

    @property
    def own_reading_proof_s(self) -> float:
        """The age up to which an own reading proves that this member holds."""
        return 3.0

    @property
    def offer_s(self) -> float:
        """How long the peer has to answer an offer."""
        return 30.0

    @property
    def handed_over_s(self) -> float:
        """How long the peer has to create the address after this member released it."""
        return 120.0
