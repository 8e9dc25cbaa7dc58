"""The time of a step: what is done when it is over, who may decide, and how repeats, throttles and sleep count."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.engine.failover.matrix import seeded_random
from tests.engine.failover.test_control_loop import patient, when
from tests.rig import Rig, rig
from tgwizard.engine.failover.decide import Goal, LastWrite, Move, RunProgress, on_timeout
from tgwizard.engine.failover.run_context import UserDecisions
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.runs.records import WriteAnswer as Came
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import AzureAnswer, Fault, FaultAnswer, OperationNeverEnds
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import (
    CallMade,
    DecisionMade,
    DecisionRequested,
    Event,
    Step,
    StepStarted,
    StepWaiting,
    TimeoutChoice,
    WarningRaised,
)
from tgwizard.model.snapshot import LocationKind

DETACHED = LastWrite(Step.DETACH, "1", Came.ACCEPTED)
ATTACHED = LastWrite(Step.ATTACH, "1", Came.ACCEPTED)
MOVED, LOST = LastWrite(Step.MOVE, "1", Came.ACCEPTED), LastWrite(Step.MOVE, "1", Came.UNKNOWN)


def standing(losing: LastWrite | None = None, gaining: LastWrite | None = None, *, atomic: bool = False) -> RunProgress:
    return RunProgress(
        Goal.FORWARD, wrote=losing is not None, had_holder=True, losing_sent=losing, gaining_sent=gaining, atomic=atomic
    )


@pytest.mark.parametrize(
    ("move", "known", "forced", "again", "choices"),
    [
        (Move.WAIT_LOSING, standing(), False, False, "hand_over wait"),
        (Move.WAIT_LOSING, standing(), True, False, "retry wait hand_over"),
        (Move.WAIT_LOSING, standing(DETACHED), False, False, "hand_over wait put_back"),
        (Move.WAIT_LOSING, standing(DETACHED), True, False, "retry wait put_back hand_over"),
        (Move.WAIT_LOSING, standing(DETACHED), True, True, "hand_over wait put_back"),
        (Move.WAIT_GAINING, standing(DETACHED), False, False, "put_back wait hand_over"),
        (Move.WAIT_GAINING, standing(DETACHED, ATTACHED), False, False, "hand_over wait"),
        (Move.WAIT_GAINING, standing(DETACHED, ATTACHED), True, False, "retry wait hand_over"),
        (Move.ATTACH, standing(DETACHED), False, False, "put_back wait hand_over"),
        (Move.ATTACH, standing(DETACHED, ATTACHED), True, False, "hand_over wait"),
        (Move.WAIT_LOSING, standing(MOVED, MOVED, atomic=True), True, False, "hand_over wait"),
        (Move.WAIT_LOSING, standing(LOST, LOST, atomic=True), True, False, "hand_over wait"),
        (Move.WAIT_GAINING, standing(LOST, LOST, atomic=True), False, False, "retry wait"),
        (Move.WAIT_GAINING, standing(LOST, LOST, atomic=True), False, True, "hand_over wait"),
    ],
)
def test_that_each_expiry_has_its_choices_and_its_default(
    move: Move, known: RunProgress, forced: bool, again: bool, choices: str
) -> None:
    offered = on_timeout(move, known, forced=forced, again=again)
    assert [choice.value for choice in offered] == choices.split()


def test_that_only_forced_is_offered_to_write_over_an_update_and_only_once() -> None:
    for known in (standing(), standing(DETACHED), standing(DETACHED, ATTACHED)):
        for move in (Move.WAIT_LOSING, Move.WAIT_GAINING):
            assert TimeoutChoice.RETRY not in on_timeout(move, known, forced=False, again=False)
            assert TimeoutChoice.RETRY not in on_timeout(move, known, forced=True, again=True)


def answering(made: Rig, decisions: UserDecisions, *answers: TimeoutChoice) -> None:
    """Answer each question in turn, at once."""
    left = list(answers)

    class Ears(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, DecisionRequested) and left:
                decisions.answer(left.pop(0))

    made.events = Ears()


def endless_detach(made: Rig) -> None:
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", OperationNeverEnds(), nth=2))


def asked(made: Rig) -> list[DecisionRequested]:
    return [event for event in made.events if isinstance(event, DecisionRequested)]


def decided(made: Rig) -> list[tuple[TimeoutChoice | None, bool]]:
    return [(event.choice, event.by_user) for event in made.events if isinstance(event, DecisionMade)]


def test_that_without_an_answer_the_default_is_taken_after_the_answering_time() -> None:
    made = patient()
    endless_detach(made)
    finished = made.fail_over(decisions=UserDecisions())
    assert finished.outcome is Outcome.UNKNOWN
    (question,) = asked(made)
    assert question.choices == (TimeoutChoice.HAND_OVER, TimeoutChoice.WAIT, TimeoutChoice.PUT_BACK)
    assert question.sentence == "The update of tg-node-a-inside does not end."
    assert decided(made) == [(TimeoutChoice.HAND_OVER, False)]
    waited = finished.stamp.clock_s - question.stamp.clock_s
    assert FailoverTiming().answer_s <= waited <= FailoverTiming().answer_s + 5


def test_that_waiting_gives_the_step_its_whole_time_again() -> None:
    made = patient()
    endless_detach(made)
    decisions = UserDecisions()
    answering(made, decisions, TimeoutChoice.WAIT, TimeoutChoice.HAND_OVER)
    finished = made.fail_over(decisions=decisions)
    assert finished.outcome is Outcome.UNKNOWN
    assert decided(made) == [(TimeoutChoice.WAIT, True), (TimeoutChoice.HAND_OVER, True)]
    first, second = asked(made)
    assert second.stamp.clock_s - first.stamp.clock_s >= FailoverTiming().step_s


def test_that_putting_back_can_be_chosen_while_the_release_does_not_end() -> None:
    made = patient()
    endless_detach(made)
    decisions = UserDecisions()
    answering(made, decisions, TimeoutChoice.PUT_BACK)

    def azure_ends_it() -> None:
        made.edit(made.a, lambda _body: None)

    class Ends(type(made.events)):  # type: ignore[misc]
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, StepStarted) and event.step is Step.PUT_BACK:
                azure_ends_it()

    made.events = Ends()
    finished = made.fail_over(decisions=decisions)
    assert decided(made) == [(TimeoutChoice.PUT_BACK, True)]
    assert finished.rolled_back
    assert made.holders() == ["tg-node-a"]


def test_that_a_question_closes_by_itself_when_azure_goes_on() -> None:
    made = patient()
    endless_detach(made)

    class Ears(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, DecisionRequested):
                made.edit(made.a, lambda _body: None)  # whoever wrote it over ended the endless update
                made.clock.sleep(5)

    made.events = Ears()
    finished = made.fail_over(decisions=UserDecisions())
    assert decided(made) == [(None, False)]
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]


def test_that_every_step_tells_its_deadline() -> None:
    made = rig()
    made.fail_over()
    started = [event for event in made.events if isinstance(event, StepStarted)]
    assert {event.step for event in started} == {Step.CHECK, Step.DETACH, Step.ATTACH, Step.CONFIRM}
    assert all(event.deadline_s for event in started)


@pytest.mark.parametrize(
    ("known", "asked_s"),
    [
        (CannedError.THROTTLED_BY_ARM, 6),
        (CannedError.THROTTLED_BY_NETWORK, 64),
        (CannedError.NETWORK_BUSY, 12),
        (CannedError.REFERENCE_NOT_READY, 10),
        (CannedError.THROTTLED_ACTION, 324),
        (CannedError.ANOTHER_OPERATION, 1),
    ],
    ids=lambda value: value.value if isinstance(value, CannedError) else "",
)
def test_that_an_attach_waits_as_long_as_azure_asks_and_a_little_longer(known: CannedError, asked_s: float) -> None:
    made = patient()
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", AzureAnswer(known), nth=2))
    finished = made.fail_over(rng=seeded_random())
    writes = [
        event.stamp.clock_s
        for event in made.events
        if isinstance(event, CallMade) and (event.method, event.target) == ("PUT", "tg-node-b-inside")
    ]
    assert finished.outcome is Outcome.DONE
    assert len(writes) == 2
    assert asked_s < writes[1] - writes[0] <= asked_s + 1.5
    if asked_s > 1:
        assert any(isinstance(event, StepWaiting) and event.until_s == asked_s for event in made.events)


def test_that_a_throttle_longer_than_the_step_is_decided_at_once() -> None:
    made = patient()
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", AzureAnswer(CannedError.THROTTLED_BY_COMPUTE), nth=2))
    finished = made.fail_over(verb=Verb.FORCED)
    assert finished.rolled_back
    assert made.holders() == ["tg-node-a"]
    assert finished.stamp.clock_s < 60


def test_that_two_programs_with_other_dice_do_not_meet_again() -> None:
    pauses = []
    for seed in (1, 2):
        made = patient()
        made.lab.faults.add(
            Fault("PUT", "tg-node-b-inside", AzureAnswer(CannedError.ANOTHER_OPERATION), nth=2, times=5)
        )
        made.fail_over(rng=random.Random(seed))  # noqa: S311 - pauses, no secret
        writes = [event.stamp.clock_s for event in made.events if isinstance(event, CallMade) and event.method == "PUT"]
        pauses.append([round(after - before, 6) for before, after in itertools.pairwise(writes[1:])])
    assert pauses[0] != pauses[1]
    assert all(1.0 <= pause <= 1.5 for pause in pauses[0] + pauses[1])


def test_that_a_read_that_is_throttled_is_not_repeated_before_azure_says_so() -> None:
    made = patient()
    throttled = Fault("GET", "tg-node-a-inside", AzureAnswer(CannedError.THROTTLED_ACTION))
    when(made, LocationKind.RELEASING, lambda: made.lab.faults.add(throttled))
    assert made.fail_over().outcome is Outcome.DONE
    asked_at = [
        event.stamp.clock_s
        for event in made.events
        if isinstance(event, CallMade) and (event.method, event.target) == ("GET", "tg-node-a-inside")
    ]
    longest = max(after - before for before, after in itertools.pairwise(asked_at))
    assert longest >= FailoverTiming().silence_s / 2, (
        "as long as a run may be blind that may have left the address nowhere"
    )


@pytest.mark.parametrize("code", ["PrivateIPAddressIsBeingCleanedUp", "PRIVATEIPADDRESSISBEINGCLEANEDUP"])
def test_that_an_address_that_azure_still_cleans_up_is_waited_for(code: str) -> None:
    made = patient()
    being = FaultAnswer(400, f'{{"error":{{"code":"{code}","message":"It is being cleaned up."}}}}')
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", being, nth=2, times=20))
    finished = made.fail_over()
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    made = patient()
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", being, nth=2, times=10**9))
    finished = made.fail_over()
    assert finished.rolled_back
    assert made.holders() == ["tg-node-a"]


@pytest.mark.parametrize("nic", ["tg-node-a-inside", "tg-node-b-inside"])
def test_that_a_token_that_ends_in_the_middle_is_renewed_and_the_run_goes_on(nic: str) -> None:
    made = patient()
    expired = FaultAnswer(401, '{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expired."}}')
    if nic == "tg-node-b-inside":
        made.lab.faults.add(Fault("PUT", nic, expired, nth=2, times=3))
    when(made, LocationKind.RELEASING, lambda: made.lab.faults.add(Fault("GET", nic, expired, times=3)))
    finished = made.fail_over()
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]


@pytest.mark.parametrize(
    "place", [LocationKind.RELEASING, LocationKind.NO_NIC, LocationKind.ATTACHING], ids=lambda p: p.value
)
@pytest.mark.parametrize("hours", [0.1, 8.0])
def test_that_a_computer_that_sleeps_in_the_middle_reads_anew_and_arrives(place: LocationKind, hours: float) -> None:
    made = rig()
    when(made, place, lambda: made.clock.sleep(hours * 3600))
    finished = made.fail_over()
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    if hours > 1:
        assert any(isinstance(event, WarningRaised) and event.problem.code == "slept" for event in made.events)


def test_that_a_network_that_comes_up_slowly_after_a_sleep_is_waited_for() -> None:
    made = rig()
    broken = FaultAnswer(503, "{}")

    def sleep() -> None:
        made.clock.sleep(4 * 3600)
        made.lab.faults.add(Fault("", "/networkInterfaces/", broken, times=12))

    when(made, LocationKind.RELEASING, sleep)
    assert made.fail_over().outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
