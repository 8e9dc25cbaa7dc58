"""Trustgrid's role minus each of its ten actions: what the flow needs is refused before the detach and named; what it
does not need here stops nothing, and a finding says so. By an operator with that role, and as a member's identity.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.readiness.golden.scene import ROLE_ACTIONS
from tests.engine.worlds import changed
from tests.rig import Rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.engine.access.required_rights import NOT_ASKED, VM_READ, Writer
from tgwizard.engine.failover.run import rehearse
from tgwizard.engine.readiness.preflight_questions import PreflightScope
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import PreflightCompleted
from tgwizard.model.finding import Finding, Level

NOT_NEEDED = {
    "Microsoft.Network/networkInterfaces/ipconfigurations/read",
    "Microsoft.Network/networkInterfaces/ipconfigurations/join/action",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Network/virtualNetworks/subnets/read",
}
NEEDED = tuple(action for action in ROLE_ACTIONS if action not in NOT_NEEDED and action != VM_READ)
VERBS = pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
CALLERS = pytest.mark.parametrize("caller", ["operator", "tg-node-b"])


def calling(caller: str, lacking: str = "") -> Rig:
    """Scenario `ready` with the role less one action, asked as an operator who has only that role, or as a member."""

    def edit(world: dict[str, Any]) -> None:
        rights, operator = world["authorization"], world["operator"]["oid"]
        ((guid, role),) = (
            (guid, history["versions"][-1])
            for guid, history in rights["roles"].items()
            if history["versions"][-1]["name"] == "tg-cluster-ip-failover"
        )
        (entry,) = role["permissions"]
        entry["actions"] = [action for action in entry["actions"] if action != lacking]
        (held,) = rights["assignments"][operator].values()
        held["role"] = guid
        held["scope"] = f"{held['scope']}/resourceGroups/rg-tg-prod"

    made = changed(edit)
    if caller == "operator":
        return made
    principal = next(item for item in made.lab.principals if item.name == caller)
    token = LabToken(lambda: made.lab.issue_token_for(principal))
    azure = ArmPorts(AzureSession(HeldCredential(token), http=lab_session(made.lab), lab=True))
    return replace(made, services=replace(made.services, azure=azure))


def told(made: Rig) -> tuple[Finding, ...]:
    """What the run told of its checks."""
    (checked,) = (event for event in made.events if isinstance(event, PreflightCompleted))
    return checked.findings.findings


def holder(made: Rig) -> list[str]:
    """Who holds the address, by the world itself: the caller may be unable to read."""
    world = json.loads(made.lab.dump())
    return [
        nic["name"]
        for nic in world["resources"].values()
        for item in nic["properties"].get("ipConfigurations", ())
        if item["properties"].get("privateIPAddress") == made.address
    ]


def written(made: Rig) -> bool:
    return any(record.method == "PUT" and (record.status or 0) in (200, 201) for record in made.lab.requests)


@CALLERS
@VERBS
def test_that_the_ten_actions_of_the_brief_are_enough(caller: str, verb: Verb) -> None:
    made = calling(caller)
    assert made.fail_over(verb=verb).outcome is Outcome.DONE
    assert holder(made) == ["tg-node-b-inside"]
    assert not [finding for finding in told(made) if f"missing: {NOT_ASKED}" in finding.fact]


@CALLERS
@VERBS
@pytest.mark.parametrize("action", NEEDED)
def test_that_without_an_action_it_needs_a_failover_is_refused_before_the_detach(
    caller: str, verb: Verb, action: str
) -> None:
    made = calling(caller, action)
    finished = made.fail_over(verb=verb, accept_unknown=True)
    assert finished.outcome is Outcome.REFUSED
    assert action in finished.reason
    assert not written(made)
    assert holder(made) == ["tg-node-a-inside"]


@CALLERS
@VERBS
@pytest.mark.parametrize("action", sorted(NOT_NEEDED))
def test_that_without_an_action_it_does_not_need_it_is_done_and_a_finding_says_so(
    caller: str, verb: Verb, action: str
) -> None:
    made = calling(caller, action)
    assert made.fail_over(verb=verb).outcome is Outcome.DONE
    assert holder(made) == ["tg-node-b-inside"]
    (finding,) = (finding for finding in told(made) if finding.fact == f"{action} is missing: {NOT_ASKED}")
    assert finding.level is Level.NOT_APPLICABLE
    assert finding.evidence


@CALLERS
def test_that_without_the_right_to_read_vms_graceful_is_refused_and_forced_is_done_saying_so(caller: str) -> None:
    refused, done = calling(caller, VM_READ), calling(caller, VM_READ)
    finished = refused.fail_over(verb=Verb.GRACEFUL)
    assert finished.outcome is Outcome.REFUSED
    assert VM_READ in finished.reason
    assert holder(refused) == ["tg-node-a-inside"]
    assert done.fail_over(verb=Verb.FORCED).outcome is Outcome.DONE
    assert any(VM_READ in finding.problem.sentence() for finding in told(done) if finding.problem is not None)


@VERBS
@pytest.mark.parametrize("action", ROLE_ACTIONS)
def test_that_what_is_worked_out_for_a_member_is_what_azure_would_answer_it(verb: Verb, action: str) -> None:
    """An administrator asks about the members; the members' own runs are the truth it is compared with."""

    def edit(world: dict[str, Any]) -> None:
        for history in world["authorization"]["roles"].values():
            for entry in history["versions"][-1]["permissions"]:
                if history["versions"][-1]["name"] == "tg-cluster-ip-failover":
                    entry["actions"] = [item for item in entry["actions"] if item != action]

    asking = changed(edit)
    found = rehearse(
        asking.services,
        asking.setup,
        asking.b,
        verb,
        asking.events.append,
        asking.token,
        extent=PreflightScope(Writer.MEMBERS),
    ).findings
    against = found.reason_against(unknown_stops=False)
    refused = calling("tg-node-b", action).fail_over(verb=verb, accept_unknown=True).outcome is Outcome.REFUSED
    assert (against is not None) == refused
    if against is not None:
        assert action in against.sentence()
        assert "identity" in against.what
