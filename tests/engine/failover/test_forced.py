"""Forced failovers from a prior active that is down, broken, busy without end, or out of reach."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.worlds import WRITE, changed
from tests.rig import Rig, rig
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.lab.faults.fault_rules import Fault, OperationFails, OperationNeverEnds
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CallMade, Finished, PreflightCompleted, WarningRaised
from tgwizard.model.finding import Level
from tgwizard.model.nic import Provisioning


def forced(made: Rig) -> Finished:
    return made.fail_over(verb=Verb.FORCED)


def facts(made: Rig) -> dict[str, Level]:
    (checked,) = (event for event in made.events if isinstance(event, PreflightCompleted))
    return {finding.fact: finding.level for finding in checked.findings.findings}


def disturbed(effect: OperationFails | OperationNeverEnds, settle_s: float = 10.0) -> Rig:
    """The prior active's interface after an administrator's edit that fails, or does not end."""
    made = rig()
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", effect))
    body = made.nic(made.a).body
    made.call("PUT", made.a.nic.text, {**body}).raise_for_status()
    made.clock.sleep(settle_s)
    return made


def test_that_the_address_is_taken_from_a_member_whose_vm_is_stopped() -> None:
    made = rig()
    made.lab.switch(made.a.vm.text, on=False)
    assert forced(made).outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert facts(made)["tg-node-a is stopped"] is Level.PASSED


def test_that_the_address_is_taken_from_an_interface_whose_last_update_failed() -> None:
    made = disturbed(OperationFails("InternalServerError", "no"))
    assert made.nic(made.a).provisioning is Provisioning.FAILED
    assert forced(made).outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert facts(made)["The last update of tg-node-a-inside failed"] is Level.WARNS


def test_that_an_update_without_end_is_written_over_at_the_deadline_only_and_after_saying_so() -> None:
    made = disturbed(OperationNeverEnds())
    begun = made.clock.monotonic()
    finished = forced(made)
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    said = next(
        event for event in made.events if isinstance(event, WarningRaised) and event.problem.code == "superseding"
    )
    first = next(event for event in made.events if isinstance(event, CallMade) and event.method == "PUT")
    assert made.events.index(said) < made.events.index(first)
    assert said.stamp.clock_s - begun >= FailoverTiming().settle_s + FailoverTiming().forced_step_s
    assert first.stamp.clock_s - said.stamp.clock_s < 1


def test_that_the_checks_are_made_again_after_that_wait() -> None:
    """A write needs a preflight under two minutes old; the wait itself is longer than that."""
    made = disturbed(OperationNeverEnds())
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", OperationNeverEnds(), nth=99))
    before = len([record for record in made.lab.requests if record.status == 412])
    assert forced(made).outcome is Outcome.DONE
    probes = [record for record in made.lab.requests if record.status == 412][before:]
    assert [record.path.rsplit("/", 1)[-1] for record in probes] == ["tg-node-b-inside"] * 4, (
        "as it is and as the attach, twice"
    )


def test_that_graceful_never_writes_over_an_update_without_end() -> None:
    made = disturbed(OperationNeverEnds())
    written = len(made.puts())
    assert made.fail_over(verb=Verb.GRACEFUL).outcome is Outcome.REFUSED
    assert len(made.puts()) == written


def _narrow(world: dict[str, Any]) -> None:
    """The operator may write everything but the prior active's interface, on which he or she may only read."""
    rights, operator = world["authorization"], world["operator"]["oid"]
    ((guid, held),) = rights["assignments"][operator].items()
    reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    assigned = {guid: {**held, "role": reader}}
    for number, item in enumerate(world["resources"].values()):
        if "/providers/" in item["id"] and item["name"] != "tg-node-a-inside":
            other = f"00000000-0000-0000-0000-{number:012d}"
            assigned[other] = {**held, "guid": other, "scope": item["id"]}
    rights["assignments"][operator] = assigned


def _denied(world: dict[str, Any]) -> None:
    """A deny assignment keeps the operator from the prior active's interface."""
    scope = next(item["id"] for item in world["resources"].values() if item["name"] == "tg-node-a-inside")
    world["authorization"]["deny"].append(
        {
            "guid": "11111111-2222-3333-4444-555555555555",
            "name": "managed application",
            "scope": scope,
            "actions": [WRITE],
            "not_actions": [],
            "principals": [world["operator"]["oid"]],
            "excluded": [],
            "description": "",
            "this_scope_only": False,
        }
    )


@pytest.mark.parametrize("edit", [_narrow, _denied], ids=["no role there", "deny assignment"])
def test_that_without_the_right_to_write_the_prior_active_nothing_moves_and_the_way_out_is_told(edit: Any) -> None:
    made = changed(edit)
    before = made.nic(made.a).etag, made.nic(made.b).etag
    finished = forced(made)
    assert finished.outcome is Outcome.REFUSED
    assert WRITE in finished.reason
    assert "tg-node-a-inside in resource group rg-tg-prod" in finished.reason
    assert "Stopping tg-node-a is no cure" in finished.reason
    assert (made.nic(made.a).etag, made.nic(made.b).etag) == before
    assert made.holders() == ["tg-node-a"]


def test_that_a_stopped_vm_keeps_its_address_so_that_stopping_is_no_cure() -> None:
    made = rig()
    made.call("POST", f"{made.a.vm.text}/deallocate").raise_for_status()
    made.clock.sleep(300)
    assert made.nic(made.a).lists(made.address)
    assert made.holders() == ["tg-node-a"]
