"""Two members never both say that they are active: the lease, against every way in which a heartbeat can die."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tgwizard.engine.members.active_lease import ActiveProof, has_cover, says_active, shown_role
from tgwizard.engine.members.decision import MemberRole
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.engine.members.member_view import AzureSeen, HolderSeen, MemberMemory, MemberView, PeerSeen

TIMING = MemberTiming(30.0)
ACTIVE = MemberView(AzureSeen(HolderSeen.ME, age_s=10.0), PeerSeen(heard=True), prefers_me=True)
STANDBY = MemberView(AzureSeen(HolderSeen.PEER), PeerSeen(heard=True), prefers_me=False)
PROVED = ActiveProof(settled=True, frame_age_s=0.5)


def last_counted(sends: list[float], heard: list[float], delay: float, end: float, fresh: float | None) -> float:
    """When the last frame that counts arrives: sent before its direction died, acknowledging a young one of ours.

    ``sends``: when the peer sends. ``heard``: pairs are not needed, a frame acknowledges the newest of ours that had
    arrived at the peer when it was sent.
    """
    last = 0.0
    for sent in sends:
        if sent >= end:
            break
        ours = max((at for at in heard if at + delay <= sent), default=None)
        arrives = sent + delay
        if ours is not None and (fresh is None or arrives - ours <= fresh):
            last = max(last, arrives)
    return last


def overlaps(timing: MemberTiming, *, ack_matters: bool, lease_s: float) -> tuple[int, float]:
    """How many patterns were tried, and by how much the holder's lease outlives the earliest write of its peer."""
    step, worst, tried = timing.interval_s, float("-inf"), 0
    span = [i * step for i in range(200)]
    phases = [0.0, 0.25, 0.5, 0.75]
    delays = [0.0, 0.05, 0.15, 0.3]
    deaths = [100 * step + i * step / 2 for i in range(16)]
    fresh = timing.fresh_s if ack_matters else None
    for phase, delay, to_standby, gap in product(phases, delays, deaths, range(-16, 17, 2)):
        to_holder = to_standby + gap * step
        holder_sends = [at for at in span if at < to_standby]
        standby_sends = [at + phase * step for at in span if at + phase * step < to_holder]
        holder_heard = last_counted(standby_sends, holder_sends, delay, to_holder, fresh)
        standby_heard = last_counted(holder_sends, standby_sends, delay, to_standby, fresh)
        worst = max(worst, (holder_heard + lease_s) - (standby_heard + timing.timeout_s))
        tried += 1
    return tried, worst


@pytest.mark.parametrize("timeout_s", [5.0, 10.0, 30.0])
def test_that_the_lease_is_over_before_the_peer_may_write_whichever_direction_died_first(timeout_s: float) -> None:
    timing = MemberTiming(timeout_s)
    tried, worst = overlaps(timing, ack_matters=True, lease_s=timing.lease_s)
    assert tried > 4000
    assert worst <= 0


def test_that_without_young_acknowledgements_or_with_a_longer_lease_two_members_would_be_active() -> None:
    assert overlaps(TIMING, ack_matters=False, lease_s=TIMING.lease_s)[1] > 0
    assert overlaps(TIMING, ack_matters=True, lease_s=TIMING.timeout_s)[1] > 0


@pytest.mark.parametrize(
    ("view", "proof", "active"),
    [
        pytest.param(ACTIVE, PROVED, True, id="proved by a frame"),
        pytest.param(ACTIVE, replace(PROVED, frame_age_s=27.0), False, id="the lease is over"),
        pytest.param(ACTIVE, replace(PROVED, frame_age_s=None), False, id="nothing proves it"),
        pytest.param(
            replace(ACTIVE, azure=AzureSeen(HolderSeen.ME, age_s=2.9)),
            replace(PROVED, frame_age_s=None),
            True,
            id="proved by its own reading",
        ),
        pytest.param(replace(ACTIVE, fit=False), PROVED, False, id="unfit"),
        pytest.param(ACTIVE, replace(PROVED, settled=False), False, id="not settled"),
        pytest.param(ACTIVE, replace(PROVED, took_s=2.9), False, id="it took it a moment ago"),
        pytest.param(ACTIVE, replace(PROVED, took_s=3.0), True, id="it took it longer ago than a reading proves"),
        pytest.param(STANDBY, PROVED, False, id="the peer holds it"),
    ],
)
def test_that_a_member_says_active_only_with_a_proof(view: MemberView, proof: ActiveProof, *, active: bool) -> None:
    assert says_active(view, proof, TIMING) is active


def test_that_a_holder_that_can_prove_it_to_nobody_is_unconfirmed() -> None:
    assert shown_role(ACTIVE, PROVED, TIMING) is MemberRole.ACTIVE
    assert shown_role(ACTIVE, replace(PROVED, frame_age_s=28.0), TIMING) is MemberRole.UNCONFIRMED


def test_that_there_is_no_cover_once_the_takeover_of_this_loss_is_used() -> None:
    assert has_cover(STANDBY, TIMING)
    lost = replace(STANDBY, peer=PeerSeen(heard=False, silent_s=40.0), memory=MemberMemory(spent=True))
    assert not has_cover(lost, TIMING)
    assert has_cover(replace(lost, azure=AzureSeen(HolderSeen.PEER, peer_off_s=30.0)), TIMING)
    assert not has_cover(replace(STANDBY, can=False), TIMING)
    assert not has_cover(ACTIVE, TIMING)
