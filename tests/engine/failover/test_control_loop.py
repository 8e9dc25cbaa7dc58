"""How far a run goes: silence, readings that fail on one side, deadlines, and what travels with the address."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.engine.worlds import PUBLIC_IP_JOIN, give_public_ip, public_ip_of, without
from tests.rig import Rig, rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.resume import interrupted_run, resume
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.lab.clock import Cancellable, VirtualClock
from tgwizard.lab.faults.fault_rules import (
    Effect,
    Fault,
    FaultAnswer,
    Moment,
    OperationNeverEnds,
    OperationTakes,
    Reset,
)
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CallMade, Event, HolderObserved, Step, StepStarted, WarningRaised
from tgwizard.model.snapshot import LocationKind

VERBS = pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
RESUME = "tgwizard resume edge-dallas"
FOREVER = 10**9


class Patience(VirtualClock):
    """A virtual clock that fails the test when a run works on without time going by, or far beyond every deadline."""

    def __init__(self, longest_s: float = 20_000.0) -> None:
        super().__init__()
        self.longest_s = longest_s
        self._asked = 0

    def monotonic(self) -> float:
        self._asked += 1
        now = super().monotonic()
        assert self._asked < 20_000, "the run goes round and round without waiting"
        assert now < self.longest_s, "the run does not end"
        return now

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        if seconds > 0 and (cancel is None or not cancel.is_cancelled):
            self._asked = 0
        super().sleep(seconds, cancel)


def patient() -> Rig:
    return rig(clock=Patience())


def when(made: Rig, what: Step | LocationKind, act: Callable[[], object]) -> None:
    """Let something happen once: when the step starts, or when the address is first seen there."""
    done: list[bool] = []

    class Ears(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            step = isinstance(event, StepStarted) and event.step is what
            if not done and (step or (isinstance(event, HolderObserved) and event.place.kind is what)):
                done.append(True)
                act()

    made.events = Ears()


RESET = Reset(Moment.BEFORE_COMMIT)


def network_is_gone(made: Rig, effect: Effect = RESET) -> None:
    for method in ("GET", "PUT"):
        made.lab.faults.add(Fault(method, "/", effect, times=FOREVER))


@pytest.mark.parametrize("effect", [RESET, FaultAnswer(503, "{}")], ids=["reset", "503"])
@pytest.mark.parametrize("place", [LocationKind.RELEASING, LocationKind.NO_NIC, LocationKind.ATTACHING], ids=str)
@VERBS
def test_that_a_network_that_stays_silent_ends_the_run_as_unknown_and_resume_finishes_it(
    verb: Verb, place: LocationKind, effect: Effect
) -> None:
    made = patient()
    when(made, place, lambda: network_is_gone(made, effect))
    finished = made.fail_over(verb=verb)
    assert finished.outcome is Outcome.UNKNOWN
    assert finished.resume == RESUME
    assert finished.left == ("Whether the last write will still be applied is not known. Resume reads Azure first.",)
    silent_s = finished.stamp.clock_s - max(
        event.stamp.clock_s for event in made.events if isinstance(event, HolderObserved)
    )
    assert silent_s >= FailoverTiming().silence_s
    assert interrupted_run(made.services, made.setup) is not None
    made.lab.faults.clear()
    last = resume(made.services, made.setup, None, made.events.append, made.token)
    assert last.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]


@VERBS
def test_that_a_silent_network_is_asked_at_most_four_times_a_second(verb: Verb) -> None:
    made = patient()
    when(made, LocationKind.NO_NIC, lambda: network_is_gone(made))
    made.fail_over(verb=verb)
    asked = [event.stamp.clock_s for event in made.events if isinstance(event, CallMade) and event.method == "GET"]
    assert max(sum(start <= moment < start + 1 for moment in asked) for start in asked) <= 4


def test_that_a_network_that_comes_back_in_time_is_forgiven() -> None:
    made = patient()

    class BackAfterTwoMinutes(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, HolderObserved) and event.place.kind is LocationKind.NO_NIC:
                network_is_gone(made)
            elif event.stamp.clock_s > 120:
                made.lab.faults.clear()

    made.events = BackAfterTwoMinutes()
    finished = made.fail_over()
    assert finished.outcome is Outcome.DONE
    assert 120 < finished.stamp.clock_s < 180
    assert made.holders() == ["tg-node-b"]


@VERBS
def test_that_a_silent_losing_interface_does_not_blind_the_run_to_the_gaining_one(verb: Verb) -> None:
    made = patient()
    gone = Fault("GET", "tg-node-a-inside", FaultAnswer(500, "{}"), times=60)
    when(made, LocationKind.ATTACHING, lambda: made.lab.faults.add(gone))
    finished = made.fail_over(verb=verb)
    assert finished.outcome is Outcome.DONE
    assert finished.stamp.clock_s < 120
    assert made.holders() == ["tg-node-b"]


@VERBS
def test_that_a_losing_interface_that_can_never_be_read_again_ends_the_run_as_unknown(verb: Verb) -> None:
    """Done needs one reading of both interfaces; without the other one it is not known who else lists the address."""
    made = patient()
    missing = FaultAnswer(404, '{"error":{"code":"ResourceNotFound","message":"x"}}')
    gone = Fault("GET", "tg-node-a-inside", missing, times=FOREVER)
    when(made, LocationKind.ATTACHING, lambda: made.lab.faults.add(gone))
    finished = made.fail_over(verb=verb)
    assert finished.outcome is Outcome.UNKNOWN
    assert finished.resume == RESUME
    assert finished.problem is not None
    assert "tg-node-a-inside" in finished.problem.what
    made.lab.faults.clear()
    assert made.holders() == ["tg-node-b"]
    assert resume(made.services, made.setup, None, made.events.append, made.token).outcome is Outcome.DONE


@VERBS
def test_that_a_gaining_interface_that_cannot_be_read_before_the_attach_is_waited_for(verb: Verb) -> None:
    made = patient()
    gone = Fault("GET", "tg-node-b-inside", FaultAnswer(500, "{}"), times=60)
    when(made, Step.DETACH, lambda: made.lab.faults.add(gone))
    finished = made.fail_over(verb=verb)
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]


@VERBS
def test_that_a_gaining_interface_that_may_not_be_read_any_more_sends_the_address_back(verb: Verb) -> None:
    made = patient()
    denied = FaultAnswer(403, '{"error":{"code":"AuthorizationFailed","message":"x"}}')
    when(made, Step.DETACH, lambda: made.lab.faults.add(Fault("GET", "tg-node-b-inside", denied, times=FOREVER)))
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", OperationTakes(40.0), nth=2))
    finished = made.fail_over(verb=verb)
    made.lab.faults.clear()
    assert finished.rolled_back
    assert finished.outcome is Outcome.FAILED
    assert made.holders() == ["tg-node-a"]


def test_that_a_detach_that_never_ends_is_waited_for_as_long_as_azure_may_take_and_then_unknown() -> None:
    made = patient()
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", OperationNeverEnds(), nth=2))
    finished = made.fail_over()
    assert finished.outcome is Outcome.UNKNOWN
    assert finished.resume == RESUME
    assert FailoverTiming().step_s <= finished.stamp.clock_s <= FailoverTiming().step_s + 60
    assert finished.place.kind is LocationKind.RELEASING
    assert not made.nic(made.b).lists(made.address)


def test_that_forced_supersedes_a_detach_that_never_ends_only_after_saying_so() -> None:
    made = patient()
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", OperationNeverEnds(), nth=2))
    finished = made.fail_over(verb=Verb.FORCED)
    said = next(event for event in made.events if isinstance(event, WarningRaised))
    writes = [event for event in made.events if isinstance(event, CallMade) and event.method == "PUT"]
    order = [made.events.index(writes[0]), made.events.index(said), made.events.index(writes[1])]
    assert said.problem.code == "superseding"
    assert said.stamp.clock_s >= FailoverTiming().forced_step_s
    assert order == sorted(order)
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]


@VERBS
def test_that_a_public_ip_travels_with_the_address_and_comes_back(verb: Verb) -> None:
    made = patient()
    public = give_public_ip(made)
    before = [_plain(made.nic(member).body) for member in made.setup.members]
    there = made.fail_over(verb=verb)
    assert (there.outcome, there.by_other) == (Outcome.DONE, ())
    assert public_ip_of(made, made.address) == public
    assert made.nic(made.b).find(made.address) is not None
    back = made.fail_over(made.a, verb)
    assert (back.outcome, back.by_other) == (Outcome.DONE, ())
    assert public_ip_of(made, made.address) == public
    assert [_plain(made.nic(member).body) for member in made.setup.members] == before


@VERBS
def test_that_an_address_whose_public_ip_may_not_be_attached_stays_where_it_is(verb: Verb) -> None:
    made = without(PUBLIC_IP_JOIN)
    # The grant forbids the join to us, so the public IP is put there by the lab itself.
    text = json.loads(made.lab.dump())
    group = made.a.nic.text.rsplit("/", 2)[0]
    public = {"id": f"{group}/publicIPAddresses/pip-tg-node-a"}
    for item in text["resources"].values():
        for inner in item.get("properties", {}).get("ipConfigurations", []):
            properties = inner["properties"]
            if item["name"] == "tg-node-a-outside":
                properties.pop("publicIPAddress", None)
            if item["name"] == "tg-node-a-inside" and properties["privateIPAddress"] == made.address:
                properties["publicIPAddress"] = public
    again = rig(lab=Lab.load(json.dumps(text), VirtualClock()))
    finished = again.fail_over(verb=verb, accept_unknown=True)
    assert finished.outcome is Outcome.REFUSED
    assert again.holders() == ["tg-node-a"]


@VERBS
def test_that_a_cancel_after_the_detach_brings_the_public_ip_back_too(verb: Verb) -> None:
    made = patient()
    public = give_public_ip(made)
    when(made, LocationKind.RELEASING, made.token.cancel)
    finished = made.fail_over(verb=verb)
    assert finished.outcome is Outcome.CANCELLED
    assert public_ip_of(made, made.address) == public
    assert made.holders() == ["tg-node-a"]


def test_that_every_run_ends_within_its_deadlines_whatever_azure_answers_to_one_request() -> None:
    effects: tuple[Effect, ...] = (
        FaultAnswer(500, "{}"),
        FaultAnswer(429, "{}"),
        FaultAnswer(409, "{}"),
        FaultAnswer(200, "{}"),
    )
    for effect in effects:
        for nth in range(1, 5):
            for method in ("GET", "PUT"):
                made = patient()
                made.lab.faults.add(Fault(method, "networkInterfaces/", effect, nth))
                finished = made.fail_over()
                made.clock.sleep(60)
                assert len(made.holders()) == 1, (effect, nth, method, finished.outcome, finished.reason)
                if finished.outcome is Outcome.DONE:
                    assert made.holders() == ["tg-node-b"]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "etag"}
    return [_plain(item) for item in value] if isinstance(value, list) else value


@VERBS
def test_that_resume_takes_a_run_that_had_turned_back_to_the_member_that_is_named(verb: Verb) -> None:
    for named, holder in ((None, "tg-node-a"), ("tg-node-a", "tg-node-a"), ("tg-node-b", "tg-node-b")):
        made = patient()
        when(made, LocationKind.RELEASING, partial(_stop_and_cut, made))
        assert made.fail_over(verb=verb).outcome is Outcome.UNKNOWN
        made.lab.faults.clear()
        to = made.setup.member(named) if named else None
        last = resume(made.services, made.setup, to, made.events.append, CancelToken())
        assert (last.outcome is Outcome.DONE) == (named is not None), last  # unnamed, the run itself was to the second
        assert made.holders() == [holder]
        assert interrupted_run(made.services, made.setup) is None


def _stop_and_cut(made: Rig) -> None:
    made.token.cancel()
    network_is_gone(made)


def test_that_a_run_whose_put_back_was_sent_does_not_turn_a_second_time() -> None:
    made = patient()
    lost = Fault("PUT", "tg-node-a-inside", Reset(Moment.AFTER_COMMIT), nth=3)
    made.lab.faults.add(lost)
    when(made, LocationKind.RELEASING, made.token.cancel)
    when_sent = Fault("GET", "/", RESET, times=FOREVER)

    class Ears(type(made.events)):  # type: ignore[misc]
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, CallMade) and event.method == "PUT" and "no answer" in event.answer:
                made.lab.faults.add(when_sent)

    made.events = Ears()
    assert made.fail_over().outcome is Outcome.UNKNOWN
    made.lab.faults.clear()
    last = resume(made.services, made.setup, made.b, made.events.append, CancelToken())
    assert last.rolled_back
    assert made.holders() == ["tg-node-a"]
