"""The plan is the dry run: what would be sent, in order, with what it needs, and how long it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engine.worlds import changed
from tests.model.seen import FREE, HOLDS, SETUP, A, B, snapshot
from tests.rig import rig
from tgwizard.engine.access.required_rights import NIC_WRITE, SUBNET_JOIN
from tgwizard.engine.failover.failover_plan import plan
from tgwizard.engine.observe import Observer
from tgwizard.engine.runs.records import RunEndRecord
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import RunStarted, Step
from tgwizard.model.failover_options import RunIntent, Strategy

JOIN_NSG = "Microsoft.Network/networkSecurityGroups/join/action"
JOIN_ASG = "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"
VERBS = pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)


def ended(detach_s: float | None, attach_s: float | None) -> RunEndRecord:
    return RunEndRecord(
        "r", "t", Outcome.DONE, "tg-node-b", "", Verb.GRACEFUL, "tg-node-b", 9.0, detach_s, attach_s, attach_s
    )


@VERBS
def test_that_the_address_is_removed_first_and_then_added(verb: Verb) -> None:
    intended = plan(snapshot(), RunIntent(B, verb))
    assert [(change.target, change.method, change.path) for change in intended.changes] == [
        (A.nic, "PUT", A.nic.text),
        (B.nic, "PUT", B.nic.text),
    ]
    assert [step.step for step in intended.steps] == [Step.CHECK, Step.DETACH, Step.ATTACH, Step.CONFIRM]
    detach, attach = intended.changes
    assert (detach.before, attach.after.split(" as ")[0]) == (
        "tg-node-a-inside has 10.20.2.50",
        "tg-node-b-inside has 10.20.2.50",
    )
    assert detach.undo == "put 10.20.2.50 back on tg-node-a"
    assert intended.losing == A


def test_that_nothing_is_removed_when_the_address_is_on_no_interface() -> None:
    intended = plan(snapshot(FREE, FREE), RunIntent(B, Verb.FORCED))
    assert intended.losing is None
    assert [change.target for change in intended.changes] == [B.nic]
    assert [step.step for step in intended.steps] == [Step.CHECK, Step.ATTACH, Step.CONFIRM]


def test_that_nothing_is_removed_from_the_member_that_already_has_the_address() -> None:
    assert plan(snapshot(FREE, HOLDS), RunIntent(B, Verb.GRACEFUL)).losing is None


def test_that_the_rights_follow_from_what_the_interfaces_refer_to() -> None:
    made = rig()
    world = Observer(made.services.azure, made.services.clock, made.setup).look()
    for change in plan(world, RunIntent(made.b, Verb.GRACEFUL)).changes:
        assert change.permissions == (NIC_WRITE, SUBNET_JOIN, JOIN_NSG, JOIN_ASG)
    for change in plan(snapshot(), RunIntent(B, Verb.GRACEFUL)).changes:
        assert change.permissions == (NIC_WRITE, SUBNET_JOIN)


def test_that_a_plan_is_a_pure_function() -> None:
    assert plan(snapshot(), RunIntent(B, Verb.GRACEFUL)) == plan(snapshot(), RunIntent(B, Verb.GRACEFUL))


def test_that_predictions_come_from_the_runs_measured_here() -> None:
    history = (ended(2.0, 3.0), ended(4.0, 5.0), ended(20.0, None), ended(None, None))
    intended = plan(snapshot(), RunIntent(B, Verb.GRACEFUL), history)
    detach, attach = (change.predicted for change in intended.changes)
    assert (detach.usual_s, detach.slowest_s, detach.basis) == (
        4.0,
        20.0,
        "median of the last 3 runs in this subscription",
    )
    assert (attach.usual_s, attach.slowest_s, attach.basis) == (
        4.0,
        5.0,
        "median of the last 2 runs in this subscription",
    )
    assert intended.gap == attach
    assert (
        plan(snapshot(), RunIntent(B, Verb.GRACEFUL), (ended(2.0, 3.0),)).gap.basis
        == "as in the last run in this subscription"
    )


def test_that_a_move_in_one_call_is_predicted_from_moves_in_one_call_alone() -> None:
    moved = [replace(ended(None, None), seconds=seconds, strategy=Strategy.ATOMIC) for seconds in (3.0, 5.0, 7.0)]
    fell_back = replace(ended(4.0, 4.0), seconds=90.0, strategy=Strategy.ATOMIC)
    history = (*moved, fell_back, replace(ended(20.0, 20.0), seconds=40.0))
    intended = plan(snapshot(), RunIntent(B, Verb.GRACEFUL, Strategy.ATOMIC), history)
    (change,) = intended.changes
    assert (change.predicted.usual_s, change.predicted.slowest_s) == (5.0, 7.0)
    assert next(step for step in intended.steps if step.step is Step.MOVE).predicted_s == 5.0


def test_that_without_a_measured_run_the_prediction_says_whose_it_is() -> None:
    intended = plan(snapshot(), RunIntent(B, Verb.GRACEFUL))
    assert intended.gap.basis.startswith("Azure usually takes")
    assert intended.predicted_s == pytest.approx(sum(step.predicted_s for step in intended.steps))


def test_that_a_run_announces_what_was_planned_and_learns_from_the_last_one() -> None:
    made = rig()
    made.fail_over()
    made.events.clear()
    made.fail_over(made.a)
    started = next(event for event in made.events if isinstance(event, RunStarted))
    predicted = {step.step: step.predicted_s for step in started.steps}
    assert [predicted[Step.DETACH], predicted[Step.ATTACH]] == pytest.approx([4.0, 4.0])
    assert (started.losing, started.to, started.cluster) == ("tg-node-b", "tg-node-a", SETUP.name)


def test_that_an_interface_without_a_security_group_needs_no_right_on_one() -> None:
    def edit(world: dict[str, dict[str, dict[str, dict[str, object]]]]) -> None:
        for item in world["resources"].values():
            if str(item["name"]) == "tg-node-b-inside":
                item["properties"].pop("networkSecurityGroup")

    made = changed(edit)
    world = Observer(made.services.azure, made.services.clock, made.setup).look()
    detach, attach = plan(world, RunIntent(made.b, Verb.GRACEFUL)).changes
    assert JOIN_NSG in detach.permissions
    assert JOIN_NSG not in attach.permissions
