"""When a member may say that it is the active one: a lease that ends before its peer may write (engine/README.md 6.4).

What the status endpoint answers rests on this alone, and is worked out each time it is asked. The lease is the cluster
timeout less three intervals. A frame counts only if it acknowledges a frame of one's own sent at most three intervals
before, so that a member stops counting frames within three intervals of the moment in which its peer does, whichever
direction died first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tgwizard.engine.members.decision import MemberRole, decide_member, is_lost
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.engine.members.member_view import HolderSeen, MemberView
from tgwizard.model.failover_options import PartOfRun


@dataclass(frozen=True, slots=True)
class ActiveProof:
    """What a member can show. ``frame_age_s``: of the last frame that counted and whose sender neither held nor took.

    ``settled``: its interface lists the address at ``Succeeded``. ``took_s``: since Azure accepted its removal of the
    address from the peer. All seconds; None where there was no such thing.
    """

    settled: bool
    frame_age_s: float | None = None
    took_s: float | None = None

    def older(self, seconds: float) -> ActiveProof:
        """The same, so much later."""
        frame_age_s = None if self.frame_age_s is None else self.frame_age_s + seconds
        return replace(self, frame_age_s=frame_age_s, took_s=None if self.took_s is None else self.took_s + seconds)


def says_active(view: MemberView, proof: ActiveProof, timing: MemberTiming) -> bool:
    """Whether the member answers 200: healthy, holding the address, and with a proof that nobody else may yet."""
    if not (view.enabled and view.fit and proof.settled) or view.stopped:
        return False
    if view.azure.holder is not HolderSeen.ME or view.azure.age_s > timing.reading_valid_s:
        return False
    run = view.unfinished
    if run is not None and run.part is PartOfRun.RELEASE:
        return False  # it gives the address up, and reads nothing more of it than its run does
    if proof.took_s is not None and proof.took_s < timing.own_reading_proof_s:
        return False  # the former holder's own reading may be as old as that
    by_frame = proof.frame_age_s is not None and proof.frame_age_s < timing.lease_s
    return by_frame or view.azure.age_s < timing.own_reading_proof_s


def shown_role(view: MemberView, proof: ActiveProof, timing: MemberTiming) -> MemberRole:
    """The role that people are told: a holder that cannot prove it is UNCONFIRMED."""
    role = decide_member(view, timing).role
    if role is MemberRole.ACTIVE and not says_active(view, proof, timing):
        return MemberRole.UNCONFIRMED
    return role


def has_cover(view: MemberView, timing: MemberTiming) -> bool:
    """Whether this member, which does not hold the address, would take it over if its peer failed now."""
    able = view.enabled and not view.paused and not view.stopped and view.fit and view.can
    used = view.memory.spent and is_lost(view, timing) and view.azure.peer_off_s < timing.timeout_s
    return able and not used and view.azure.answers and view.azure.holder is HolderSeen.PEER
