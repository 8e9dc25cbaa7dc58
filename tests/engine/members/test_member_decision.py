"""What a member does, row by row, and in every history that the model knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.engine.members.member_model import TIMING, Fault, MemberModel, Rule
from tgwizard.engine.members.decision import (
    MemberAction,
    MemberRole,
    Reason,
    after_run,
    decide_member,
    remembered,
    still_wanted,
)
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.engine.members.member_view import (
    AzureSeen,
    HandOverAnswer,
    HolderSeen,
    MemberMemory,
    MemberView,
    PeerSeen,
    UnfinishedRun,
)
from tgwizard.model.cluster_setup import ClusterMode
from tgwizard.model.failover_options import PartOfRun

T = TIMING.timeout_s
ACTIVE = MemberView(AzureSeen(HolderSeen.ME), PeerSeen(heard=True), prefers_me=True)
STANDBY = MemberView(AzureSeen(HolderSeen.PEER), PeerSeen(heard=True), prefers_me=False)
NOBODY = MemberView(AzureSeen(HolderSeen.NOBODY), PeerSeen(heard=True), prefers_me=True)


def silent(view: MemberView, seconds: float, *, ever: bool = True, off_s: float = 0.0) -> MemberView:
    return replace(
        view,
        peer=replace(view.peer, heard=False, silent_s=seconds, ever_heard=ever),
        azure=replace(view.azure, peer_off_s=off_s),
    )


def peer(view: MemberView, **changes: Any) -> MemberView:
    return replace(view, peer=replace(view.peer, **changes))


def azure(view: MemberView, **changes: Any) -> MemberView:
    return replace(view, azure=replace(view.azure, **changes))


def spent(view: MemberView) -> MemberView:
    return replace(view, memory=replace(view.memory, spent=True))


ROWS: dict[str, tuple[MemberView, MemberRole, MemberAction, Reason]] = {
    "without the word of its owner it does nothing": (
        replace(silent(STANDBY, T), enabled=False),
        MemberRole.STOPPED,
        MemberAction.NONE,
        Reason.NOT_ENABLED,
    ),
    "paused it does nothing": (
        replace(silent(STANDBY, T), paused=True),
        MemberRole.PAUSED,
        MemberAction.NONE,
        Reason.PAUSED,
    ),
    "stopped it does nothing": (
        replace(silent(STANDBY, T), stopped=True),
        MemberRole.STOPPED,
        MemberAction.NONE,
        Reason.STOPPED,
    ),
    "without a reading of Azure it does nothing": (
        azure(silent(STANDBY, T), holder=HolderSeen.NOT_KNOWN),
        MemberRole.STARTING,
        MemberAction.NONE,
        Reason.AZURE_NOT_KNOWN,
    ),
    "an old reading is no reading": (
        azure(silent(STANDBY, T), age_s=30.5),
        MemberRole.STARTING,
        MemberAction.NONE,
        Reason.AZURE_NOT_KNOWN,
    ),
    "a stranger is never detached": (
        azure(silent(STANDBY, T), holder=HolderSeen.STRANGER),
        MemberRole.STOPPED,
        MemberAction.NONE,
        Reason.STRANGER_HOLDS,
    ),
    "the update of another is waited for": (
        azure(silent(STANDBY, T), moving=True),
        MemberRole.STARTING,
        MemberAction.NONE,
        Reason.UPDATE_UNDER_WAY,
    ),
    "a run that has sent nothing is dropped after a restart": (
        replace(silent(STANDBY, T), unfinished=UnfinishedRun(PartOfRun.TAKE)),
        MemberRole.STANDBY,
        MemberAction.DROP,
        Reason.NOTHING_SENT,
    ),
    "a run under way goes on by itself": (
        replace(silent(STANDBY, T), unfinished=UnfinishedRun(PartOfRun.TAKE, live=True)),
        MemberRole.TAKING,
        MemberAction.NONE,
        Reason.RUN_UNDER_WAY,
    ),
    "a run that arrived is closed": (
        replace(ACTIVE, unfinished=UnfinishedRun(PartOfRun.TAKE, sent=True, created=True)),
        MemberRole.ACTIVE,
        MemberAction.CLOSE,
        Reason.ARRIVED,
    ),
    "a holder that is unfit writes nothing": (
        replace(ACTIVE, fit=False),
        MemberRole.UNFIT,
        MemberAction.NONE,
        Reason.I_HOLD_UNFIT,
    ),
    "a holder that is preferred keeps it": (ACTIVE, MemberRole.ACTIVE, MemberAction.NONE, Reason.I_HOLD),
    "make-active of the peer is offered at once": (
        replace(ACTIVE, prefers_me=False, version=3, mode=ClusterMode.MANUAL_FAILBACK),
        MemberRole.ACTIVE,
        MemberAction.OFFER,
        Reason.PEER_IS_NAMED,
    ),
    "make-active is done once the peer has served": (
        replace(
            ACTIVE,
            prefers_me=False,
            version=3,
            mode=ClusterMode.MANUAL_FAILBACK,
            memory=MemberMemory(served=3),
            peer_well_s=1e6,
        ),
        MemberRole.ACTIVE,
        MemberAction.NONE,
        Reason.I_HOLD,
    ),
    "a preferred peer gets it back after the hold-down": (
        replace(ACTIVE, prefers_me=False, peer_well_s=60.0),
        MemberRole.ACTIVE,
        MemberAction.OFFER,
        Reason.FAILBACK,
    ),
    "before the hold-down it does not": (
        replace(ACTIVE, prefers_me=False, peer_well_s=59.0),
        MemberRole.ACTIVE,
        MemberAction.NONE,
        Reason.I_HOLD,
    ),
    "after the move of another actor failback rests": (
        replace(ACTIVE, prefers_me=False, peer_well_s=1e6, failback_rests=True),
        MemberRole.ACTIVE,
        MemberAction.NONE,
        Reason.I_HOLD,
    ),
    "an offer is not made to a peer that is busy": (
        peer(replace(ACTIVE, prefers_me=False, version=1), idle=False),
        MemberRole.ACTIVE,
        MemberAction.NONE,
        Reason.I_HOLD,
    ),
    "an open offer waits for its answer": (
        replace(ACTIVE, prefers_me=False, version=1, offer_age_s=2.0),
        MemberRole.ACTIVE,
        MemberAction.NONE,
        Reason.OFFER_IS_OPEN,
    ),
    "an offer without an answer is withdrawn": (
        replace(ACTIVE, prefers_me=False, version=1, offer_age_s=31.0),
        MemberRole.ACTIVE,
        MemberAction.WITHDRAW,
        Reason.OFFER_IS_OVER,
    ),
    "a refused offer is withdrawn": (
        peer(replace(ACTIVE, prefers_me=False, version=1, offer_age_s=1.0), answer=HandOverAnswer.REFUSED),
        MemberRole.ACTIVE,
        MemberAction.WITHDRAW,
        Reason.OFFER_IS_OVER,
    ),
    "an offer to a peer that fell silent is withdrawn": (
        silent(replace(ACTIVE, prefers_me=False, version=1, offer_age_s=1.0), 1.0),
        MemberRole.ACTIVE,
        MemberAction.WITHDRAW,
        Reason.OFFER_IS_OVER,
    ),
    "it releases only to a peer that is ready": (
        peer(replace(ACTIVE, prefers_me=False, version=1, offer_age_s=1.0), answer=HandOverAnswer.READY, idle=False),
        MemberRole.RELEASING,
        MemberAction.RELEASE,
        Reason.PEER_IS_READY,
    ),
    "an offer is answered by one that can": (
        peer(STANDBY, offers=True, idle=False),
        MemberRole.GAINING,
        MemberAction.READY,
        Reason.PEER_OFFERS,
    ),
    "an offer is refused by one that cannot": (
        replace(peer(STANDBY, offers=True, idle=False), can=False),
        MemberRole.STANDBY,
        MemberAction.REFUSE,
        Reason.CANNOT,
    ),
    "a peer that says it is unfit is relieved after the timeout": (
        peer(STANDBY, fit=False, unfit_s=T),
        MemberRole.TAKING,
        MemberAction.TAKE,
        Reason.PEER_UNFIT,
    ),
    "before the timeout it is not": (
        peer(STANDBY, fit=False, unfit_s=T - 0.1),
        MemberRole.STANDBY,
        MemberAction.NONE,
        Reason.PEER_HOLDS,
    ),
    "an unfit peer is not relieved by one that is unfit too": (
        replace(peer(STANDBY, fit=False, unfit_s=T), fit=False),
        MemberRole.UNFIT,
        MemberAction.NONE,
        Reason.CANNOT,
    ),
    "a silent peer is relieved after the timeout": (
        silent(STANDBY, T),
        MemberRole.TAKING,
        MemberAction.TAKE,
        Reason.PEER_SILENT,
    ),
    "a peer that is silent for less is not": (
        silent(STANDBY, T - 0.1),
        MemberRole.STANDBY,
        MemberAction.NONE,
        Reason.PEER_HOLDS,
    ),
    "a peer that was never heard has a minute more to start": (
        silent(STANDBY, T + 59, ever=False),
        MemberRole.STANDBY,
        MemberAction.NONE,
        Reason.PEER_HOLDS,
    ),
    "a peer that was never heard is relieved after that": (
        silent(STANDBY, T + 60, ever=False),
        MemberRole.TAKING,
        MemberAction.TAKE,
        Reason.PEER_SILENT,
    ),
    "a peer that was never heard and whose VM is off is relieved after the timeout": (
        silent(STANDBY, T, ever=False, off_s=1.0),
        MemberRole.TAKING,
        MemberAction.TAKE,
        Reason.PEER_SILENT,
    ),
    "a second takeover in one loss is not made": (
        spent(silent(STANDBY, 10 * T)),
        MemberRole.STANDBY,
        MemberAction.NONE,
        Reason.TAKEOVER_USED,
    ),
    "save when Azure says that the peer's machine is not running": (
        spent(silent(STANDBY, 10 * T, off_s=T)),
        MemberRole.TAKING,
        MemberAction.TAKE,
        Reason.PEER_OFF,
    ),
    "a run is dropped when the peer holds it again": (
        replace(STANDBY, unfinished=UnfinishedRun(PartOfRun.TAKE, sent=True)),
        MemberRole.STANDBY,
        MemberAction.DROP,
        Reason.PEER_HOLDS,
    ),
    "a finished create that went to the peer is not repeated": (
        replace(STANDBY, unfinished=UnfinishedRun(PartOfRun.TAKE, sent=True, created=True)),
        MemberRole.STANDBY,
        MemberAction.YIELD,
        Reason.PEER_HOLDS,
    ),
    "a finished create that is gone is not repeated": (
        replace(NOBODY, unfinished=UnfinishedRun(PartOfRun.TAKE, sent=True, created=True)),
        MemberRole.STANDBY,
        MemberAction.YIELD,
        Reason.TAKEN_AWAY,
    ),
    "a releaser waits for the one that gains": (
        peer(replace(NOBODY, unfinished=UnfinishedRun(PartOfRun.RELEASE, sent=True)), idle=False),
        MemberRole.RELEASING,
        MemberAction.NONE,
        Reason.WAITS_FOR_GAINER,
    ),
    "a releaser puts back what the other could not create": (
        peer(replace(NOBODY, unfinished=UnfinishedRun(PartOfRun.RELEASE, sent=True)), idle=False, gain_failed=True),
        MemberRole.RELEASING,
        MemberAction.PUT_BACK,
        Reason.GAINER_FAILED,
    ),
    "a releaser puts back when the other falls silent": (
        silent(replace(NOBODY, unfinished=UnfinishedRun(PartOfRun.RELEASE, sent=True)), 3.1),
        MemberRole.RELEASING,
        MemberAction.PUT_BACK,
        Reason.GAINER_FAILED,
    ),
    "a releaser puts back when two minutes are over": (
        peer(
            replace(NOBODY, unfinished=UnfinishedRun(PartOfRun.RELEASE, sent=True, sent_s=121.0)),
            idle=False,
        ),
        MemberRole.RELEASING,
        MemberAction.PUT_BACK,
        Reason.GAINER_FAILED,
    ),
    "a restarted taker waits for the first frame": (
        silent(replace(NOBODY, unfinished=UnfinishedRun(PartOfRun.TAKE, sent=True)), 2.9, ever=False),
        MemberRole.TAKING,
        MemberAction.NONE,
        Reason.WAITS_FOR_PEER,
    ),
    "and then goes on": (
        silent(replace(NOBODY, unfinished=UnfinishedRun(PartOfRun.TAKE, sent=True)), 3.0, ever=False),
        MemberRole.TAKING,
        MemberAction.GO_ON,
        Reason.LEFT_UNFINISHED,
    ),
    "but not while the peer is at work": (
        peer(replace(NOBODY, unfinished=UnfinishedRun(PartOfRun.TAKE, sent=True)), idle=False),
        MemberRole.TAKING,
        MemberAction.NONE,
        Reason.WAITS_FOR_PEER,
    ),
    "an address on nobody is created by the preferred one": (
        azure(NOBODY, on_nobody_s=30.0),
        MemberRole.GAINING,
        MemberAction.CLAIM,
        Reason.ON_NOBODY,
    ),
    "not before it has stayed so": (
        azure(NOBODY, on_nobody_s=29.0),
        MemberRole.STANDBY,
        MemberAction.NONE,
        Reason.ON_NOBODY,
    ),
    "the other one waits twice as long": (
        azure(replace(NOBODY, prefers_me=False), on_nobody_s=59.0),
        MemberRole.STANDBY,
        MemberAction.NONE,
        Reason.ON_NOBODY,
    ),
    "and then creates it": (
        azure(replace(NOBODY, prefers_me=False), on_nobody_s=60.0),
        MemberRole.GAINING,
        MemberAction.CLAIM,
        Reason.ON_NOBODY,
    ),
    "for a preferred one that is unfit the other creates it": (
        peer(azure(replace(NOBODY, prefers_me=False), on_nobody_s=30.0), fit=False),
        MemberRole.GAINING,
        MemberAction.CLAIM,
        Reason.ON_NOBODY,
    ),
    "a busy peer is waited for twice as long": (
        peer(azure(NOBODY, on_nobody_s=59.0), idle=False),
        MemberRole.STANDBY,
        MemberAction.NONE,
        Reason.ON_NOBODY,
    ),
    "one that has lost its peer creates it": (
        silent(azure(NOBODY, on_nobody_s=30.0), T),
        MemberRole.GAINING,
        MemberAction.CLAIM,
        Reason.ON_NOBODY,
    ),
    "one that cannot write creates nothing": (
        replace(azure(NOBODY, on_nobody_s=1e6), can=False),
        MemberRole.STANDBY,
        MemberAction.NONE,
        Reason.CANNOT,
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_that_each_row_of_the_decision_is_as_the_promises_say(row: str) -> None:
    view, role, action, reason = ROWS[row]
    decision = decide_member(view, TIMING)
    assert (decision.role, decision.action, decision.reason) == (role, action, reason)


def test_that_a_takeover_is_dropped_at_the_second_look_when_the_peer_is_heard_again() -> None:
    lost = silent(STANDBY, T)
    assert still_wanted(MemberAction.TAKE, lost, TIMING)
    back = replace(lost, peer=PeerSeen(heard=True), unfinished=UnfinishedRun(PartOfRun.TAKE, live=True))
    assert not still_wanted(MemberAction.TAKE, back, TIMING)


@pytest.mark.parametrize(
    ("view", "kept"),
    [
        pytest.param(spent(STANDBY), False, id="the right comes back with the first frame"),
        pytest.param(silent(ACTIVE, 1.0), True, id="holding in a loss spends it"),
        pytest.param(
            silent(replace(STANDBY, memory=MemberMemory(last_holder=HolderSeen.ME)), 1.0),
            True,
            id="seeing it go from oneself to the peer spends it",
        ),
        pytest.param(
            silent(replace(STANDBY, memory=MemberMemory(last_holder=HolderSeen.PEER)), T),
            False,
            id="seeing it stay where it was does not",
        ),
        pytest.param(silent(spent(STANDBY), T), True, id="what is spent stays so in a loss"),
    ],
)
def test_that_one_loss_gives_one_right_to_take(view: MemberView, *, kept: bool) -> None:
    assert remembered(view).spent is kept


def test_that_a_run_that_ended_in_a_loss_has_used_the_takeover_and_one_that_was_heard_has_not() -> None:
    run = UnfinishedRun(PartOfRun.TAKE, sent=True)
    assert after_run(MemberMemory(), run, heard=False).spent
    assert not after_run(MemberMemory(), run, heard=True).spent
    assert not after_run(MemberMemory(), UnfinishedRun(PartOfRun.TAKE), heard=False).spent
    assert after_run(MemberMemory(), UnfinishedRun(PartOfRun.TAKE), heard=False, refused_for_good=True).spent


@pytest.mark.parametrize("seconds", [4.9, 600.1, float("nan")])
def test_that_a_timeout_outside_its_range_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="outside 5 to 600 s"):
        MemberTiming(seconds)


@pytest.mark.parametrize("mode", ClusterMode)
def test_that_no_single_fault_breaks_a_promise_in_any_history(mode: ClusterMode) -> None:
    explored = MemberModel(frozenset(Fault), faults=1, mode=mode).explore()
    assert not explored.broken, explored.example
    assert not explored.badly_settled, explored.example
    assert explored.unsettled_writes == explored.uncovered == 0
    assert explored.states > 1500
    assert explored.settled > 10


PAIRS_OF_FAULTS = {
    "a cut, crashes, stopped machines": (
        {Fault.CUT, Fault.CRASH, Fault.VM_OFF},
        ClusterMode.AUTOMATIC_FAILBACK,
    ),
    "a cut, crashes, lost rights": ({Fault.CUT, Fault.CRASH, Fault.NO_RIGHT}, ClusterMode.AUTOMATIC_FAILBACK),
    "manual failback with make-active": (
        {Fault.CUT, Fault.CRASH, Fault.UNFIT, Fault.MAKE_ACTIVE},
        ClusterMode.MANUAL_FAILBACK,
    ),
    "six kinds": (
        {Fault.CUT, Fault.CRASH, Fault.UNFIT, Fault.NO_AZURE, Fault.MAKE_ACTIVE, Fault.REMOVED},
        ClusterMode.AUTOMATIC_FAILBACK,
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("name", PAIRS_OF_FAULTS)
def test_that_two_faults_break_no_promise_and_leave_only_the_known_gap_in_cover(name: str) -> None:
    kinds, mode = PAIRS_OF_FAULTS[name]
    explored = MemberModel(frozenset(kinds), faults=2, mode=mode).explore()
    assert not explored.broken, explored.example
    assert not explored.badly_settled, explored.example
    assert explored.unsettled_writes == 0
    assert 0 < explored.uncovered < 50, "the second failure in one loss, which two members alone cannot cover"


@pytest.mark.full
def test_that_a_member_that_was_frozen_across_a_foreign_move_and_a_cut_may_cause_one_move_more() -> None:
    explored = MemberModel(frozenset({Fault.CUT, Fault.MOVED}), faults=2).explore()
    assert set(explored.broken) == {"two takeovers in one loss"}
    assert not explored.badly_settled
    assert explored.unsettled_writes == 0


ABLATIONS = {
    Rule.SPENT: (frozenset(Fault), 1, "two takeovers in one loss"),
    Rule.SECOND_LOOK: (frozenset(Fault), 1, "a fit peer that is heard was detached"),
    Rule.WITNESS: (frozenset({Fault.CUT, Fault.CRASH}), 2, "two takeovers in one loss"),
    Rule.MEMORY: (frozenset({Fault.CUT, Fault.CRASH}), 2, "two takeovers in one loss"),
    Rule.CREATED_IS_NOT_REPEATED: (
        frozenset({Fault.CUT, Fault.CRASH}),
        2,
        "a takeover under way was undone by a run that had arrived",
    ),
}


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=[pytest.mark.full] if ABLATIONS[rule][1] > 1 else []) for rule in Rule]
)
def test_that_the_model_notices_each_rule_that_is_switched_off(rule: Rule) -> None:
    kinds, faults, broken = ABLATIONS[rule]
    assert MemberModel(kinds, faults=faults, off=frozenset({rule})).explore().broken[broken] > 0
