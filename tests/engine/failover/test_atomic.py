"""The move in one call (engine/README.md 1.5): opt-in, sent once, read afterwards, fall back on a refusal alone."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from tests.engine.worlds import give_public_ip, without
from tests.rig import Rig, rig
from tgwizard.engine.failover.failover_plan import MOVE_ACTION
from tgwizard.engine.failover.resume import interrupted_run, resume
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import (
    AzureAnswer,
    Effect,
    Fault,
    FaultAnswer,
    Moment,
    OperationFails,
    OperationNeverEnds,
    Reset,
)
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import (
    CallMade,
    Event,
    Finished,
    HolderObserved,
    RunStarted,
    Step,
    StepStarted,
    WarningRaised,
)
from tgwizard.model.failover_options import Strategy, resolve_strategy
from tgwizard.model.snapshot import AddressLocation, LocationKind

VERBS = pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)


def move(made: Rig, verb: Verb = Verb.GRACEFUL) -> Finished:
    return made.fail_over(verb=verb, strategy=Strategy.ATOMIC)


def on_move(made: Rig, effect: Effect) -> None:
    made.lab.faults.add(Fault("POST", "moveIpConfigurations", effect))


def posts(made: Rig) -> int:
    return sum(record.path.lower().endswith("/moveipconfigurations") for record in made.lab.requests)


@VERBS
def test_that_the_address_moves_in_one_call_without_a_gap(verb: Verb) -> None:
    made = rig()
    finished = move(made, verb)
    assert finished.outcome is Outcome.DONE, finished
    assert finished.place.member == made.b
    assert (posts(made), made.puts()) == (1, [])
    held = [item for item in made.lab.holdings if item.address == made.address]
    assert held[0].until == held[1].since
    assert (finished.left, finished.by_other) == ((), ())
    assert finished.seconds == pytest.approx(4.0, abs=0.3)
    announced = next(event for event in made.events if isinstance(event, RunStarted))
    assert [step.step for step in announced.steps] == [Step.CHECK, Step.MOVE, Step.CONFIRM]
    assert [event.step for event in made.events if isinstance(event, StepStarted)] == [
        Step.CHECK,
        Step.MOVE,
        Step.CONFIRM,
    ]


@pytest.mark.parametrize("shows_at_once", [False, True])
@VERBS
def test_that_nobody_is_told_that_the_address_is_being_attached_to_the_losing_member(
    verb: Verb, shows_at_once: bool
) -> None:
    made = rig()
    made.lab.move_rules = replace(made.lab.move_rules, shows_at_once=shows_at_once)
    assert move(made, verb).outcome is Outcome.DONE
    told = [event.place for event in made.events if isinstance(event, HolderObserved)]
    places = [place for place, _ in itertools.groupby(told)]
    assert AddressLocation(LocationKind.ATTACHING, made.a) not in places
    assert (places[0].member, places[-1].member) == (made.a, made.b)
    assert [place.member for place in places if place.kind is LocationKind.MEMBER] == [made.a, made.b]


def test_that_each_run_has_a_target_name_of_its_own() -> None:
    made = rig()
    names = []
    for to in (made.b, made.a):
        finished = made.fail_over(to, strategy=Strategy.ATOMIC)
        found = made.nic(to).find(made.address)
        assert found is not None
        names.append(str(found["name"]))
        assert names[-1] == f"tg-floating-{finished.run[:8]}"
    assert names[0] != names[1]


def test_that_auto_never_chooses_the_move_in_one_call() -> None:
    made = rig()
    live = replace(made.setup, cloud="public")
    chosen = {resolve_strategy(Strategy.AUTO, setup, verb) for setup in (made.setup, live) for verb in Verb}
    assert chosen == {Strategy.DETACH_ATTACH, Strategy.GUIDED}
    assert resolve_strategy(Strategy.AUTO, live, Verb.GRACEFUL) is Strategy.GUIDED
    made.fail_over()
    assert posts(made) == 0


@pytest.mark.parametrize(
    "effect",
    [
        AzureAnswer(CannedError.NETWORK_BUSY),
        AzureAnswer(CannedError.THROTTLED_BY_ARM),
        AzureAnswer(CannedError.ANOTHER_OPERATION),
        FaultAnswer(400, '{"error":{"code":"SubscriptionNotRegisteredForFeature","message":"x"}}'),
        FaultAnswer(403, '{"error":{"code":"AuthorizationFailed","message":"x"}}'),
        FaultAnswer(404, '{"error":{"code":"InvalidResourceType","message":"x"}}'),
    ],
    ids=["busy", "throttled", "409", "feature", "403", "404"],
)
@VERBS
def test_that_a_definite_refusal_falls_back_to_detach_and_attach(verb: Verb, effect: Effect) -> None:
    made = rig()
    on_move(made, effect)
    finished = move(made, verb)
    assert finished.outcome is Outcome.DONE, finished
    assert made.holders() == ["tg-node-b"]
    assert posts(made) == 1
    assert len(made.puts()) == 2
    assert any(isinstance(event, WarningRaised) and event.problem.code == "move-refused" for event in made.events)


@pytest.mark.parametrize("effect", [Reset(Moment.AFTER_COMMIT), FaultAnswer(503, "{}", moment=Moment.AFTER_COMMIT)])
@VERBS
def test_that_a_lost_answer_to_a_move_that_was_made_is_settled_by_reading(verb: Verb, effect: Effect) -> None:
    made = rig()
    on_move(made, effect)
    finished = move(made, verb)
    assert finished.outcome is Outcome.DONE
    assert (posts(made), made.puts()) == (1, [])
    assert made.holders() == ["tg-node-b"]


@VERBS
def test_that_after_a_lost_answer_nothing_is_written_and_the_run_says_that_it_does_not_know(verb: Verb) -> None:
    made = rig()
    on_move(made, Reset(Moment.BEFORE_COMMIT))
    finished = move(made, verb)
    assert finished.outcome is Outcome.UNKNOWN
    assert finished.place.member == made.a
    assert (posts(made), made.puts()) == (1, [])
    assert finished.stamp.clock_s >= FailoverTiming().unanswered_move_s
    assert interrupted_run(made.services, made.setup) is not None
    made.clock.sleep(600)
    again = resume(made.services, made.setup, None, made.events.append, made.token, RunOptions())
    assert again.outcome in (Outcome.UNKNOWN, Outcome.FAILED)
    assert again.place.member == made.a
    assert (posts(made), made.puts()) == (1, [])


def test_that_a_move_that_azure_took_and_failed_ends_as_failed_with_the_address_where_it_was() -> None:
    made = rig()
    on_move(made, OperationFails())
    finished = move(made)
    assert finished.outcome is Outcome.FAILED
    assert finished.problem is not None
    assert finished.problem.code == "move-without-effect"
    assert made.lab.holder(made.address) == made.a.nic.text
    assert made.puts() == []


class Gone(BaseException):
    """The program is gone; nothing may catch it."""


def stopped_after_the_move(effect: Effect | None = None) -> Rig:
    """A run whose program was killed when Azure had taken the move in one call; by now its operation has ended."""

    methods: list[str] = []

    def killed(event: Event) -> None:
        methods.extend([event.method] if isinstance(event, CallMade) else [])
        if methods[-2:] == ["POST", "GET"]:
            raise Gone

    made = rig()
    if effect is not None:
        on_move(made, effect)
    with pytest.raises(Gone):
        fail_over(
            made.services,
            made.setup,
            made.b,
            Verb.GRACEFUL,
            killed,
            made.token,
            RunOptions(strategy=Strategy.ATOMIC),
        )
    made.clock.sleep(60)
    return made


def take_back(made: Rig) -> Finished:
    return resume(made.services, made.setup, made.a, made.events.append, made.token, RunOptions())


def test_that_a_resume_to_the_start_has_failed_when_azure_made_the_move() -> None:
    made = stopped_after_the_move()
    finished = take_back(made)
    assert (finished.outcome, finished.place.member) == (Outcome.FAILED, made.b)
    assert "Start a failover to tg-node-a" in finished.reason
    assert (posts(made), made.puts()) == (1, [])


def test_that_a_resume_to_the_start_is_done_when_azure_did_not_make_the_move() -> None:
    made = stopped_after_the_move(OperationFails())
    finished = take_back(made)
    assert (finished.outcome, finished.place.member) == (Outcome.DONE, made.a)
    assert made.holders() == ["tg-node-a"]
    assert posts(made) == 1


def test_that_a_resume_to_the_start_never_attaches_to_the_second_member_when_nobody_has_the_address() -> None:
    made = stopped_after_the_move()
    made.edit(made.b, lambda body: body["properties"]["ipConfigurations"].pop())
    made.clock.sleep(60)
    assert made.holders() == []
    finished = take_back(made)
    assert (finished.outcome, finished.place.member) == (Outcome.DONE, made.a)
    assert made.holders() == ["tg-node-a"]
    assert [path.rpartition("/")[2] for path in made.puts()] == ["tg-node-b-inside", "tg-node-a-inside"]


def test_that_a_move_that_never_ends_is_handed_over() -> None:
    made = rig()
    on_move(made, OperationNeverEnds())
    finished = move(made)
    assert finished.outcome is Outcome.UNKNOWN
    assert finished.resume
    assert (posts(made), made.puts()) == (1, [])


def test_that_a_subscription_without_the_feature_is_refused_before_anything_is_asked_for() -> None:
    made = rig()
    made.lab.move_rules = replace(made.lab.move_rules, registered=False)
    finished = move(made)
    assert finished.outcome is Outcome.REFUSED
    assert "AllowMoveIpConfigurations is not registered" in finished.reason
    assert posts(made) == 0


def test_that_a_missing_right_to_move_is_named_before_anything_is_asked_for() -> None:
    made = without(MOVE_ACTION)
    finished = move(made)
    assert finished.outcome is Outcome.REFUSED
    assert MOVE_ACTION in finished.reason
    assert posts(made) == 0


def test_that_what_azure_dropped_on_the_way_is_named_afterwards() -> None:
    made = rig()
    give_public_ip(made)
    made.lab.move_rules = replace(made.lab.move_rules, carries=False)
    finished = move(made)
    assert finished.outcome is Outcome.DONE
    assert len(finished.left) == 1
    assert "publicIPAddress" in finished.left[0]
    assert finished.by_other == ()


def test_that_a_run_of_detach_and_attach_follows_a_move_and_back() -> None:
    made = rig()
    assert move(made).outcome is Outcome.DONE
    back = made.fail_over(made.a)
    assert back.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-a"]
    found = made.nic(made.a).find(made.address)
    assert found is not None
    assert found["name"] == "tg-floating"
