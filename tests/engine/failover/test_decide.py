"""The decision of a run, for every pair of readings and everything it may have sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tgwizard.engine.failover.decide import Goal, LastWrite, Move, NicReading, RunProgress, decide
from tgwizard.engine.runs.records import WriteAnswer
from tgwizard.model.failover_events import Step
from tgwizard.model.nic import Provisioning

_SIDES = st.builds(NicReading, st.booleans(), st.sampled_from(Provisioning), st.sampled_from(["1", "2", "3"]))
_SENT = st.none() | st.builds(
    LastWrite,
    st.sampled_from([Step.DETACH, Step.ATTACH, Step.PUT_BACK, Step.MOVE]),
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from([WriteAnswer.ACCEPTED, WriteAnswer.UNKNOWN]),
)
_PROGRESSES = st.builds(
    RunProgress,
    st.sampled_from(Goal),
    st.booleans(),
    st.booleans(),
    _SENT,
    _SENT,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
_BUSY = (Provisioning.UPDATING, Provisioning.DELETING, Provisioning.UNKNOWN)


@given(losing=_SIDES, gaining=_SIDES, progress=_PROGRESSES)
def test_that_an_attach_to_one_side_is_never_decided_while_the_other_lists_the_address(
    losing: NicReading, gaining: NicReading, progress: RunProgress
) -> None:
    move = decide(losing, gaining, progress)
    if move is Move.ATTACH:
        assert not losing.lists
    if move is Move.PUT_BACK:
        assert not gaining.lists


@given(losing=_SIDES, gaining=_SIDES, progress=_PROGRESSES)
def test_that_no_write_is_decided_while_its_interface_is_updating_unless_overdue(
    losing: NicReading, gaining: NicReading, progress: RunProgress
) -> None:
    move = decide(losing, gaining, progress)
    if progress.overdue:
        return
    if move in (Move.DETACH, Move.PUT_BACK, Move.SETTLE_LOSING):
        assert losing.state not in _BUSY
    if move in (Move.ATTACH, Move.CLEAR_GAINING):
        assert gaining.state not in _BUSY


@given(losing=_SIDES, gaining=_SIDES, progress=_PROGRESSES)
def test_that_arrival_is_only_decided_on_exactly_one_settled_holder(
    losing: NicReading, gaining: NicReading, progress: RunProgress
) -> None:
    move = decide(losing, gaining, progress)
    if move is Move.ARRIVED:
        assert gaining.lists
        assert gaining.state is Provisioning.SUCCEEDED
        assert not losing.lists
    if move is Move.RESTORED:
        assert losing.lists
        assert losing.state is Provisioning.SUCCEEDED
        assert not gaining.lists


@given(losing=_SIDES, gaining=_SIDES, progress=_PROGRESSES)
def test_that_a_run_that_goes_back_sends_the_address_nowhere_else(
    losing: NicReading, gaining: NicReading, progress: RunProgress
) -> None:
    move = decide(losing, gaining, progress)
    if progress.goal is Goal.BACK and not (progress.atomic and progress.sent_nothing):
        assert move not in (Move.DETACH, Move.ATTACH, Move.MOVE_AT_ONCE)


@given(losing=_SIDES, gaining=_SIDES, progress=_PROGRESSES)
def test_that_the_same_readings_always_give_the_same_move(
    losing: NicReading, gaining: NicReading, progress: RunProgress
) -> None:
    assert decide(losing, gaining, progress) is decide(losing, gaining, progress)


@given(gaining=_SIDES, sent=_SENT)
def test_that_a_changed_holder_before_the_first_write_is_a_second_actor(
    gaining: NicReading, sent: LastWrite | None
) -> None:
    gone = NicReading(lists=False, state=Provisioning.SUCCEEDED, etag="9")
    progress = RunProgress(Goal.FORWARD, wrote=False, had_holder=True)
    if gaining.state in (Provisioning.SUCCEEDED, Provisioning.FAILED) and not gaining.lists:
        assert decide(gone, gaining, progress) is Move.YIELD


def test_that_an_old_reading_after_an_accepted_write_is_waited_out() -> None:
    old = NicReading(lists=True, state=Provisioning.SUCCEEDED, etag="1")
    other = NicReading(lists=False, state=Provisioning.SUCCEEDED, etag="5")
    sent = LastWrite(Step.DETACH, "1", WriteAnswer.ACCEPTED)
    progress = RunProgress(Goal.FORWARD, wrote=True, had_holder=True, losing_sent=sent)
    assert decide(old, other, progress) is Move.WAIT_LOSING


def test_that_turning_back_writes_the_losing_interface_anew_while_a_lost_removal_may_still_land() -> None:
    losing = NicReading(lists=True, state=Provisioning.SUCCEEDED, etag="1")
    gaining = NicReading(lists=False, state=Provisioning.SUCCEEDED, etag="5")
    sent = LastWrite(Step.DETACH, "1", WriteAnswer.UNKNOWN)
    progress = RunProgress(Goal.BACK, wrote=False, had_holder=True, losing_sent=sent)
    assert decide(losing, gaining, progress) is Move.PUT_BACK
