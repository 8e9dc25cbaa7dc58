"""Needed, in Trustgrid's role but not asked by Azure, missing: three words with one source.

Preflight and verify never contradict each other, nor what a machine with that role is then allowed in Azure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.cli.bench import Shell
from tests.engine.access.test_reach import findings, rehearsal
from tests.engine.setup.apply.scenarios import fail_over_as
from tests.engine.worlds import changed
from tests.rig import Rig, SetupRig, members_of
from tgwizard.engine.access.required_rights import NOT_ASKED, VM_READ, AskedBy, asked_by, not_asked
from tgwizard.lab.rbac.builtin_roles import BY_NAME
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.finding import Level
from tgwizard.model.role import TEN_ACTIONS
from tgwizard.model.verify_result import RehearsalState

TEN = tuple(item.action for item in TEN_ACTIONS)
ASKED = tuple(action for action in TEN if asked_by(action) is AskedBy.AZURE)
SIX = (*ASKED, VM_READ)
NETWORK_CONTRIBUTOR = BY_NAME["Network Contributor"].permissions[0].actions
ROLES: dict[str, tuple[str, ...]] = {
    "the ten": TEN,
    "the six": SIX,
    "what Azure asks for alone": ASKED,
    "Network Contributor": NETWORK_CONTRIBUTOR,
    **{f"the ten without {gone}": tuple(action for action in TEN if action != gone) for gone in TEN},
    **{f"the six without {gone}": tuple(action for action in SIX if action != gone) for gone in SIX},
}


def with_role(actions: Iterable[str]) -> Rig:
    """Scenario `ready` whose role grants these actions."""

    def edit(world: dict[str, Any]) -> None:
        for history in world["authorization"]["roles"].values():
            if history["versions"][-1]["name"] == "tg-cluster-ip-failover":
                history["versions"][-1]["permissions"][0]["actions"] = list(actions)

    return changed(edit)


def test_that_azure_asks_for_five_of_the_ten_and_a_machine_for_one_more() -> None:
    assert [action.rsplit("/", 1)[0].split("/", 1)[1] for action in ASKED] == [
        "networkInterfaces",
        "networkInterfaces",
        "networkSecurityGroups/join",
        "virtualNetworks/subnets/join",
        "applicationSecurityGroups/joinIpConfiguration",
    ]
    assert [action for action in TEN if asked_by(action) is AskedBy.MACHINE] == [VM_READ]
    assert not_asked(TEN) == tuple(action for action in TEN if action not in ASKED)


def test_that_plan_and_dry_run_name_the_same_actions_that_azure_does_not_ask_for() -> None:
    made = with_role(ASKED)
    spare = [action for action in TEN if action not in ASKED]
    told = next(item for item in findings(made, Verb.FORCED) if "actions are in Trustgrid's role" in item.fact)
    assert told.fact == f"{len(spare)} actions are {NOT_ASKED}"
    assert all(action.split("/", 1)[1] in told.evidence for action in spare)
    plan = Shell(made)("setup", "plan").out
    assert f"Add {len(spare)} actions to tg-cluster-ip-failover" in plan
    assert all(action.removeprefix("Microsoft.Network/") in plan for action in spare)
    assert "1 change would be written" in plan
    applied = Shell(made)("setup", "apply", "--yes")
    assert applied.code == 0
    assert "1 change is done." in applied.out + applied.err


@pytest.mark.parametrize("name", ROLES)
def test_that_preflight_and_verify_say_of_a_role_what_azure_does(name: str) -> None:
    made = with_role(ROLES[name])
    it = SetupRig(made.lab, made.clock, made.services, made.session)
    by_preflight = not any(finding.level is Level.BLOCKS for finding in findings(made, Verb.FORCED))
    cells = [row.cells[1] for row in rehearsal(made)]
    by_verify = all(cell.may is not RehearsalState.MAY_NOT for cell in cells)
    in_azure = fail_over_as(it, made.setup, made.b, made.b).outcome is Outcome.DONE
    assert by_preflight == by_verify == in_azure


@pytest.mark.parametrize("name", ["the ten", "the six", "what Azure asks for alone", "Network Contributor"])
def test_that_verify_ends_well_when_nothing_is_missing_that_azure_asks_for(name: str) -> None:
    made = with_role(ROLES[name])
    made.services = replace(made.services, members=members_of(made.lab))
    answer = Shell(made)("setup", "verify", "--restarted", "tg-node-a", "--restarted", "tg-node-b", "--json")
    document = json.loads(answer.out.splitlines()[-2] if '"finished"' in answer.out.splitlines()[-1] else answer.out)
    words = {cell["may"] for row in document["rehearsal"] for cell in row["cells"]}
    assert answer.code == 0
    assert document["standing"] == "verified", "each machine was asked in its own name"
    assert words <= {"may", "not asked"}
    assert ("not asked" in words) is (name != "the ten")
    whys = [cell["why"] for row in document["rehearsal"] for cell in row["cells"] if cell["why"]]
    assert all(why.endswith(NOT_ASKED) for why in whys)


def test_that_what_is_missing_is_said_alike_by_preflight_and_verify() -> None:
    made = with_role(action for action in TEN if "subnets/" not in action and "virtualMachines" not in action)
    told = {finding.fact: finding for finding in findings(made)}
    assert "tg-node-b's identity may not join snet-inside" in told
    assert told["tg-node-b's identity may not read tg-node-b"].level is Level.NOTE
    assert f"Microsoft.Network/virtualNetworks/subnets/read is missing: {NOT_ASKED}" in told
    rows = {row.key: row.cells[1] for row in rehearsal(made)}
    assert rows["subnet"].may is RehearsalState.MAY_NOT
    assert rows["network"].may is rows["machines"].may is RehearsalState.NOT_ASKED


@pytest.mark.parametrize("lost", ASKED)
def test_that_a_lost_action_is_given_by_changing_the_role_and_not_by_assigning_it_again(lost: str) -> None:
    made = with_role(action for action in TEN if action != lost)
    lacking = [item.problem for item in findings(made) if item.level is Level.BLOCKS and item.problem is not None]
    assert lacking
    assert {problem.right for problem in lacking} == {"Microsoft.Authorization/roleDefinitions/write"}
    assert all("Add the action to the role" in problem.fix for problem in lacking)
