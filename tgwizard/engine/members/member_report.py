"""What a member tells its peer in each heartbeat, and what the peer concludes from it (engine/README.md 6.5)."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.engine.members.decision import MemberRole
from tgwizard.engine.members.member_view import HandOverAnswer, HolderSeen, PeerSeen
from tgwizard.model.cluster_setup import ClusterMode
from tgwizard.model.failover_options import PartOfRun

LONGEST_REASON = 120
"""Characters of a reason in a frame; a frame has a size limit, and the whole reason is in the member's own log."""


@dataclass(frozen=True, slots=True)
class Preference:
    """Which member should hold the address when both can. The highest ``version`` counts; of two, the later ``origin``.

    ``origin``: the member on which it was said. ``active``: the member that is preferred.
    """

    version: int = 0
    origin: str = ""
    active: str = ""
    mode: ClusterMode = ClusterMode.AUTOMATIC_FAILBACK
    paused: bool = False

    def wins_over(self, other: Preference) -> bool:
        """Whether this one is to be followed where both are known.

        Where neither is the newer one, both members still have to come to the same: what is said decides.
        """
        return self._rank > other._rank

    @property
    def _rank(self) -> tuple[int, str, str, str, bool]:
        return self.version, self.origin, self.active, self.mode.value, self.paused


@dataclass(frozen=True, slots=True)
class MemberReport:
    """One heartbeat's content. ``boot``: drawn at each start. ``holder``: who holds the address as this member saw it.

    ``conditions``: the health conditions that hold. ``part``: of the run under way. ``offers``, ``answer``,
    ``gain_failed`` and ``why`` belong to a hand-over. ``cover``: it would take over if the other failed now.
    """

    boot: str
    timeout_s: float
    program: str
    role: MemberRole
    holder: HolderSeen
    preference: Preference
    fit: bool = True
    can: bool = True
    conditions: tuple[str, ...] = ()
    part: PartOfRun | None = None
    offers: bool = False
    answer: HandOverAnswer = HandOverAnswer.NONE
    gain_failed: bool = False
    why: str = ""
    cover: bool = True

    def seen(self, *, heard: bool, silent_s: float, unfit_s: float) -> PeerSeen:
        """What the other member's decision is given of it."""
        return PeerSeen(
            heard=heard,
            silent_s=silent_s,
            fit=self.fit,
            unfit_s=unfit_s,
            can=self.can,
            idle=self.part is None,
            offers=self.offers,
            answer=self.answer,
            gain_failed=self.gain_failed,
        )

    @property
    def holds_or_takes(self) -> bool:
        """Whether hearing it proves nothing about who else holds the address."""
        return self.holder is HolderSeen.ME or self.part in (PartOfRun.TAKE, PartOfRun.GAIN, PartOfRun.CLAIM)
