"""The fence of a forced failover: the losing VM is stopped and proved to be, before anything is detached."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.engine.failover.crash import tapped
from tests.engine.runs.test_late_writes import Ears, Jumps
from tests.engine.worlds import changed, without
from tests.rig import Rig, rig
from tgwizard.engine.access.write_probe import IMPOSSIBLE_ETAG
from tgwizard.engine.failover.failover_plan import plan
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.observe import Observer
from tgwizard.engine.runs.records import RunRecord, WriteAttempted
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, Moment, OperationFails, OperationNeverEnds, Reset
from tgwizard.lab.world import LabPower
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import (
    CallMade,
    Event,
    Finished,
    HolderObserved,
    PreflightCompleted,
    RunStarted,
    Step,
    StepStarted,
    WarningRaised,
)
from tgwizard.model.failover_options import Fence, FenceRequest, RunIntent, StopMethod
from tgwizard.model.finding import Level

STOP = FenceRequest(Fence.STOP)
OPTIONAL = FenceRequest(Fence.STOP, optional=True)


def fenced(made: Rig, wish: FenceRequest = STOP) -> Finished:
    return made.fail_over(verb=Verb.FORCED, fence=wish)


def power(made: Rig) -> LabPower:
    return next(state for vm, state in made.lab.vms() if vm.endswith("tg-node-a"))


def posts(made: Rig) -> list[str]:
    return [record.path.rsplit("/", 1)[-1] for record in made.lab.requests if record.method == "POST"]


def unmoved(made: Rig, finished: Finished) -> bool:
    return made.holders() == ["tg-node-a"] and (finished.place.member and finished.place.member.name) == "tg-node-a"


def test_that_the_losing_vm_is_stopped_before_anything_is_detached() -> None:
    made = rig()
    finished = fenced(made)
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert power(made) is LabPower.STOPPED
    writes = [(record.method, record.status) for record in made.lab.requests if record.method in ("POST", "PUT")]
    assert writes == [("PUT", 412), ("PUT", 412), ("POST", 202), ("PUT", 412), ("PUT", 412), ("PUT", 200), ("PUT", 200)]
    assert finished.left == (
        (
            "tg-node-a was asked to stop. When you want it to serve again, start it: "
            "tgwizard start edge-dallas --member tg-node-a"
        ),
    )
    started = next(event for event in made.events if isinstance(event, RunStarted))
    assert [step.step for step in started.steps][:3] == [Step.CHECK, Step.FENCE, Step.DETACH]


def test_that_the_stop_is_journalled_with_its_intent() -> None:
    made = rig()
    fenced(made)
    journal = made.services.journal(made.setup)
    run = next(event.run for event in made.events if isinstance(event, RunStarted))
    records = journal.records(run)
    journal.close()
    began = next(record for record in records if isinstance(record, RunRecord))
    assert (began.fence, began.intends[0]) == (Fence.STOP, Step.FENCE)
    assert [record.step for record in records if isinstance(record, WriteAttempted)] == [
        Step.FENCE,
        Step.DETACH,
        Step.ATTACH,
    ]


def test_that_the_plan_names_the_stop_its_right_and_its_seconds() -> None:
    made = rig()
    snapshot = Observer(made.services.azure, made.services.clock, made.setup).look()
    intended = plan(snapshot, RunIntent(made.b, Verb.FORCED, fence=STOP))
    stop = intended.changes[0]
    assert (stop.method, stop.target, stop.permissions) == ("POST", made.a.vm, (StopMethod.POWER_OFF.action,))
    assert (stop.predicted.usual_s, stop.predicted.slowest_s) == (10.0, 36.0)
    assert intended.predicted_s == plan(snapshot, RunIntent(made.b, Verb.FORCED)).predicted_s + 10.0


def test_that_a_vm_that_is_down_already_is_not_stopped_again() -> None:
    made = rig()
    made.lab.switch(made.a.vm.text, on=False)
    assert fenced(made).outcome is Outcome.DONE
    assert posts(made) == []


def test_that_the_right_that_is_held_decides_how_the_vm_is_stopped() -> None:
    made = without(StopMethod.POWER_OFF.action)
    assert fenced(made).outcome is Outcome.DONE
    assert posts(made) == ["deallocate"]
    assert power(made) is LabPower.DEALLOCATED


def test_that_without_a_right_to_stop_it_nothing_moves_and_both_rights_are_named() -> None:
    made = without("Microsoft.Compute/virtualMachines/*/action")
    finished = fenced(made)
    assert finished.outcome is Outcome.REFUSED
    assert all(how.action in finished.reason for how in StopMethod)
    assert posts(made) == []
    assert unmoved(made, finished)


def test_that_an_optional_fence_that_is_not_allowed_warns_and_the_failover_goes_on() -> None:
    made = without("Microsoft.Compute/virtualMachines/*/action")
    assert fenced(made, OPTIONAL).outcome is Outcome.DONE
    checked = next(event for event in made.events if isinstance(event, PreflightCompleted))
    assert any(
        item.level is Level.WARNS and "may not stop tg-node-a" in item.fact for item in checked.findings.findings
    )
    assert any(isinstance(event, WarningRaised) and event.problem.code == "fence-failed" for event in made.events)
    assert made.holders() == ["tg-node-b"]


def test_that_a_lock_on_the_vm_stops_the_run_before_it_begins() -> None:
    made = rig()
    path = f"{made.a.vm.text}/providers/Microsoft.Authorization/locks/keep-on"
    made.call("PUT", path, {"properties": {"level": "ReadOnly"}}).raise_for_status()
    finished = fenced(made)
    assert finished.outcome is Outcome.FAILED
    assert "Nothing was detached." in finished.reason
    assert unmoved(made, finished)


def test_that_a_stop_whose_answer_was_lost_is_settled_by_the_instance_view_and_not_asked_again() -> None:
    made = rig()
    made.lab.faults.add(Fault("POST", "powerOff", Reset(Moment.AFTER_COMMIT)))
    assert fenced(made).outcome is Outcome.DONE
    assert posts(made) == ["powerOff"]
    assert power(made) is LabPower.STOPPED


def test_that_a_stop_that_was_lost_on_its_way_is_asked_again_after_a_while() -> None:
    made = rig()
    made.lab.faults.add(Fault("POST", "powerOff", Reset(Moment.BEFORE_COMMIT)))
    assert fenced(made).outcome is Outcome.DONE
    assert posts(made) == ["powerOff", "powerOff"]


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [(409, "OperationNotAllowed", Outcome.FAILED), (403, "AuthorizationFailed", Outcome.FAILED)],
)
def test_that_a_stop_that_azure_refuses_ends_the_run_before_the_detach(
    status: int, code: str, outcome: Outcome
) -> None:
    made = rig()
    body = json.dumps({"error": {"code": code, "message": "no"}})
    made.lab.faults.add(Fault("POST", "powerOff", FaultAnswer(status, body)))
    finished = fenced(made)
    assert finished.outcome is outcome
    assert finished.problem is not None
    assert finished.problem.code == "fence-failed"
    assert unmoved(made, finished)


def test_that_a_throttled_stop_is_asked_again() -> None:
    made = rig()
    made.lab.faults.add(Fault("POST", "powerOff", FaultAnswer(429, json.dumps({"error": {"code": "TooManyRequests"}}))))
    assert fenced(made).outcome is Outcome.DONE
    assert posts(made) == ["powerOff", "powerOff"]


@pytest.mark.parametrize("wish", [STOP, OPTIONAL], ids=["must stop", "may stop"])
def test_that_a_stop_that_never_ends_is_given_up_at_its_deadline(wish: FenceRequest) -> None:
    made = rig()
    made.lab.faults.add(Fault("POST", "powerOff", OperationNeverEnds()))
    finished = fenced(made, wish)
    if wish.optional:
        assert finished.outcome is Outcome.DONE
        assert made.holders() == ["tg-node-b"]
    else:
        assert finished.outcome is Outcome.FAILED
        assert FailoverTiming().fence_s <= finished.stamp.clock_s <= FailoverTiming().fence_s + 10
        assert "tg-node-a was asked to stop." in finished.left[0]
        assert unmoved(made, finished)


def test_that_a_stop_whose_operation_fails_is_given_up_at_once_with_azures_reason() -> None:
    made = rig()
    made.lab.faults.add(Fault("POST", "powerOff", OperationFails("OperationNotAllowed", "marked for deletion")))
    finished = fenced(made)
    assert finished.outcome is Outcome.FAILED
    assert finished.stamp.clock_s < 60
    assert unmoved(made, finished)


def test_that_a_cancel_during_the_stop_leaves_the_address_and_tells_of_the_vm() -> None:
    made = rig()

    class Ears(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, StepStarted) and event.step is Step.FENCE:
                made.clock.sleep(0.1)
            elif getattr(event, "method", "") == "POST":
                made.token.cancel()

    made.events = Ears()
    finished = fenced(made)
    assert finished.outcome is Outcome.CANCELLED
    assert finished.left
    assert unmoved(made, finished)


def test_that_a_graceful_failover_never_stops_a_vm() -> None:
    made = rig()
    assert made.fail_over(verb=Verb.GRACEFUL, fence=STOP).outcome is Outcome.DONE
    assert posts(made) == []
    assert power(made) is LabPower.RUNNING


def test_that_what_others_did_during_the_stop_is_seen_before_the_detach() -> None:
    made = rig()

    class Ears(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if getattr(event, "method", "") == "POST":
                floating = made.nic(made.a).find(made.address)
                made.edit(made.a, lambda body: body["properties"]["ipConfigurations"].pop())
                made.clock.sleep(10)
                made.edit(made.b, lambda body: body["properties"]["ipConfigurations"].append(floating))
                made.clock.sleep(10)

    made.events = Ears()
    before = len(made.puts())
    finished = fenced(made)
    assert finished.outcome in (Outcome.FAILED, Outcome.YIELDED)
    assert made.holders() == ["tg-node-b"]
    assert len(made.puts()) == before + 2


@dataclass
class Stood:
    """A fenced run that stood still once; the age of what each stop and the first write rested on, in seconds."""

    boundaries: int
    finished: Finished
    holder: str | None
    losing: str
    stop_ages: list[float] = field(default_factory=list)
    write_ages: list[float] = field(default_factory=list)


def stood_still(at: int, seconds: float) -> Stood:
    """Run with one jump of the clock at the n-th boundary."""
    clock = Jumps(at, seconds)
    read_at: list[float] = []
    probed_at: list[float] = []
    stops: list[float] = []
    writes: list[float] = []

    def before(request: Any) -> None:
        if request.method == "POST":
            stops.append(clock.monotonic() - read_at[-1])
        elif request.method == "PUT" and request.headers["If-Match"] == IMPOSSIBLE_ETAG:
            probed_at.append(clock.monotonic())
        elif request.method == "PUT":
            writes.append(clock.monotonic() - probed_at[0])

    def after(request: Any) -> None:
        if request.method == "GET" and "/virtualMachines/tg-node-a" in request.url:
            read_at.append(clock.monotonic())
        clock.boundary()

    made = rig(clock=clock, session=tapped(before, after))
    made.events = Ears(clock)
    finished = fenced(made)
    return Stood(clock.count, finished, made.lab.holder(made.address), made.a.nic.text, stops, writes)


def check_never_late(every: int) -> None:
    boundaries = stood_still(0, 0.0).boundaries
    assert boundaries > 40
    for at in range(1, boundaries + 1, every):
        run = stood_still(at, 7200.0)
        assert all(age <= 60 for age in run.stop_ages), (at, run)
        assert all(age <= FailoverTiming().longest_fence_s for age in run.write_ages[:1]), (at, run)
        assert run.finished.outcome in (Outcome.DONE, Outcome.REFUSED, Outcome.FAILED), (at, run)
        assert (run.finished.outcome is Outcome.DONE) == (run.holder != run.losing), (at, run)


def test_that_a_fenced_run_that_stood_still_for_two_hours_is_dropped() -> None:
    check_never_late(every=11)


@pytest.mark.full
def test_that_a_fenced_run_that_stood_still_anywhere_never_stops_and_never_detaches_late() -> None:
    check_never_late(every=1)


def test_that_what_stopping_leaves_is_told_once_the_stop_was_asked_for() -> None:
    made = rig()
    fenced(made)
    told = [event.leaves for event in made.events if isinstance(event, (StepStarted, HolderObserved))]
    assert told[0] == "Nothing was written yet. Stopping now leaves everything as it is."
    stops = [event for event in made.events if isinstance(event, CallMade) and "powerOff" in event.target]
    later = made.events[made.events.index(stops[0]) :]
    after = [event.leaves for event in later if isinstance(event, (StepStarted, HolderObserved))]
    assert after[0] == "tg-node-a is being powered off; stopping now leaves it off. 10.20.2.50 has not moved."
    assert not any("Nothing was written" in leaves for leaves in after)
    assert "Stopping now puts 10.20.2.50 back on tg-node-a. tg-node-a stays off." in after


def test_that_a_stop_that_is_cancelled_leaves_what_was_said() -> None:
    made = rig()

    def ear(event: Event) -> None:
        made.events.append(event)
        if isinstance(event, HolderObserved) and "being powered off" in event.leaves:
            made.token.cancel()

    finished = fail_over(made.services, made.setup, made.b, Verb.FORCED, ear, made.token, RunOptions(fence=STOP))
    assert finished.outcome is Outcome.CANCELLED
    assert made.holders() == ["tg-node-a"]
    made.clock.sleep(60)
    assert power(made) is LabPower.STOPPED
    assert finished.left == (
        (
            "tg-node-a was asked to stop. When you want it to serve again, start it: "
            "tgwizard start edge-dallas --member tg-node-a"
        ),
    )


def test_that_a_vm_that_does_not_exist_any_more_needs_no_stop() -> None:
    made = rig()
    made.call("DELETE", made.a.vm.text).raise_for_status()
    made.clock.sleep(300)
    assert fenced(made).outcome is Outcome.DONE
    assert "powerOff" not in posts(made)


def denying(*actions: str) -> Rig:
    """A world in which a deny assignment takes these actions on the losing VM from the operator."""

    def deny(world: dict[str, Any]) -> None:
        ids = [item["id"] for item in world["resources"].values()]
        vm = next(one for one in ids if one.endswith("virtualMachines/tg-node-a"))
        world["authorization"]["deny"].append(
            {
                "guid": "11111111-2222-3333-4444-555555555555",
                "name": "managed application",
                "scope": vm,
                "actions": list(actions),
                "not_actions": [],
                "principals": [world["operator"]["oid"]],
                "excluded": [],
                "description": "",
                "this_scope_only": False,
            }
        )

    return changed(deny)


def test_that_a_stop_that_is_denied_is_known_before_the_run_and_the_other_way_is_taken() -> None:
    made = denying(StopMethod.POWER_OFF.action)
    assert fenced(made).outcome is Outcome.DONE
    assert posts(made) == ["deallocate"]
    assert made.holders() == ["tg-node-b"]


def test_that_a_run_whose_stop_is_denied_in_both_ways_is_refused_before_anything_is_stopped() -> None:
    made = denying(*(how.action for how in StopMethod))
    finished = fenced(made)
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "fence-not-allowed"
    assert "The deny assignment managed application on tg-node-a forbids" in finished.reason
    assert posts(made) == []
    assert unmoved(made, finished)


def test_that_denials_are_asked_before_the_stop_and_not_once_more_while_nobody_is_served() -> None:
    made = rig()
    fenced(made)
    asked = ["denials" if "denyAssignments" in record.path else record.method for record in made.lab.requests]
    stop = asked.index("POST")
    assert "denials" in asked[:stop]
    assert "denials" not in asked[stop:]


def test_that_denials_that_cannot_be_read_do_not_keep_a_forced_run_from_stopping_the_vm() -> None:
    made = rig()
    body = '{"error":{"code":"AuthorizationFailed","message":"no"}}'
    made.lab.faults.add(Fault("GET", "denyAssignments", FaultAnswer(403, body), times=None))
    assert fenced(made).outcome is Outcome.DONE
    assert posts(made) == ["powerOff"]
    found = next(event for event in made.events if isinstance(event, PreflightCompleted)).findings.findings
    unsure = next(item for item in found if item.fact == "Whether you may stop tg-node-a is not known")
    assert unsure.level is Level.NOT_KNOWN
