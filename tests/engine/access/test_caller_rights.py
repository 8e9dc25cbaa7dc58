"""What the signed-in account may: locks, denials and conditions are told as such, and stop an apply before a write."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.bench import Answered, Shell, fits
from tests.rig import SetupRig, setup_rig
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.lab import Lab
from tgwizard.lab.rbac.builtin_roles import BY_NAME
from tgwizard.lab.rbac.role_records import EVERYONE
from tgwizard.model.role import NETWORK_CONTRIBUTOR

READER = BY_NAME["Reader"].guid
OWNER = BY_NAME["Owner"].guid
GIVES = "Microsoft.Authorization/roleAssignments/write"
ONLY_READER = (
    f"((!(ActionMatches{{'{GIVES}'}})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
    f"ForAnyOfAnyValues:GuidEquals {{{READER}}}))"
)
TO_MACHINES = (
    f"((!(ActionMatches{{'{GIVES}'}})) OR (@Request[Microsoft.Authorization/roleAssignments:PrincipalType] "
    "StringEqualsIgnoreCase 'ServicePrincipal' AND NOT @Request[Microsoft.Authorization/roleAssignments:"
    f"RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{OWNER}, {NETWORK_CONTRIBUTOR}}}))"
)
NOT_TO_BE_TOLD = f"((!(ActionMatches{{'{GIVES}'}})) OR (@Principal[Microsoft.Directory/tags:team] StringEquals 'net'))"
TEAM = "77777777-0000-4000-8000-000000000007"


def edited(edit: Callable[[dict[str, Any]], None]) -> SetupRig:
    """Scenario `fresh` as edited."""
    clock = VirtualClock()
    world = json.loads(Lab.from_scenario("fresh", clock=clock).dump())
    edit(world)
    return setup_rig(lab=Lab.load(json.dumps(world), clock), clock=clock)


def group_of(world: dict[str, Any]) -> str:
    return f"/subscriptions/{world['subscription']['id']}/resourceGroups/rg-tg-prod"


def locked(world: dict[str, Any]) -> None:
    world["locks"] = [{"name": "freeze", "scope": group_of(world), "level": "ReadOnly", "notes": "quarter end"}]


def denied(*actions: str, scope: str = "") -> Callable[[dict[str, Any]], None]:
    """An edit: nobody may do these things there, or below the tenant's root management group."""

    def edit(world: dict[str, Any]) -> None:
        above = f"/providers/Microsoft.Management/managementGroups/{world['subscription']['tenant']}"
        denial = {"guid": "d1", "name": "stack-guard", "scope": scope or above, "actions": list(actions)}
        more = {
            "not_actions": [],
            "principals": [EVERYONE],
            "excluded": [],
            "description": "",
            "this_scope_only": False,
        }
        world["authorization"]["deny"] = [denial | more]

    return edit


def conditional(condition: str, *, by_group: bool = False) -> Callable[[dict[str, Any]], None]:
    """An edit: the operator's own assignment has a condition, or that of a group that the operator is in."""

    def edit(world: dict[str, Any]) -> None:
        operator, held = world["operator"], world["authorization"]["assignments"]
        (mine,) = held[operator["oid"]].values()
        mine |= {"condition": condition, "condition_version": "2.0"}
        if by_group:
            team = {**operator, "oid": TEAM, "name": "net-team", "kind": "Group"}
            world["groups"] = [{"principal": team, "members": [operator["oid"]]}]
            held[TEAM] = {mine["guid"]: {**mine, "principal": TEAM, "principal_type": "Group"}}
            del held[operator["oid"]]

    return edit


def called(it: SetupRig, *words: str) -> Answered:
    return Shell(it)("setup", *words)


def rights(it: SetupRig) -> dict[str, tuple[str, str]]:
    """Who may make each change, and the problem's code, by the first word of its key."""
    document = json.loads(called(it, "plan", "--json").out)
    changes = document["changes"]
    return {
        change["key"].split(":")[0]: (change["right"]["who"], (change["right"]["problem"] or {}).get("code", ""))
        for change in changes
        if change["writes"]
    }


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")], ids=" ".join)
def test_that_an_owner_is_told_of_the_lock_and_not_of_a_role(command: tuple[str, ...]) -> None:
    it = edited(locked)
    answer = called(it, *command)
    assert answer.code == 3
    assert "A lock stops all of it. The lock freeze forbids changes here. It is ReadOnly on" in answer.out
    assert 'Its notes say: "quarter end". Have the lock removed' in answer.out
    assert "Owner" not in answer.out
    assert it.writes() == []


def test_that_the_request_to_an_admin_says_what_stands_in_the_way() -> None:
    letter = Shell(edited(locked))("export", "--as", "request").out
    assert "What stands in the way: A lock stops all of it." in letter
    assert "Whoever does this needs" not in letter, "no role helps against a lock"


def test_that_the_plan_as_json_says_what_keeps_a_change_from_the_caller() -> None:
    document = json.loads(called(edited(conditional(ONLY_READER)), "plan", "--json").out)
    fits(document, "setup-plan")
    assert document["allowed"] is False
    assert [item["problem"]["code"] for item in document["problems"]] == ["right-has-condition"]
    obstacles = {change["key"].split(":")[0]: change["right"]["obstacle"] for change in document["changes"]}
    assert obstacles["assign"] == "condition"
    assert obstacles["role"] is None


@pytest.mark.parametrize("where", ["/", ""], ids=["the root", "the management group"])
def test_that_a_denial_above_the_subscription_stops_the_apply_and_is_named(where: str) -> None:
    it = edited(denied("Microsoft.Authorization/roleDefinitions/write", scope=where))
    assert rights(it)["role"] == ("others", "scope-denied")
    answer = called(it, "apply", "--yes")
    assert answer.code == 3
    assert "A deny assignment stops 1 of 5 changes. Nothing was written. The deny assignment stack-guard" in answer.out
    assert it.writes() == []


@pytest.mark.parametrize("by_group", [False, True], ids=["own", "through a group"])
def test_that_a_condition_that_forbids_the_role_is_told_by_plan_and_apply_and_nothing_is_written(
    *, by_group: bool
) -> None:
    it = edited(conditional(ONLY_READER, by_group=by_group))
    assert rights(it) == {
        "identity": ("you", ""),
        "role": ("you", ""),
        "assign": ("others", "right-has-condition"),
        "place": ("you", ""),
    }
    told = "Your own role assignment has a condition that does not let you give this role."
    plan, apply = called(it, "plan"), called(it, "apply", "--yes")
    assert told in plan.out
    assert "(a condition of your role assignment stops it)" in plan.out
    assert plan.code == apply.code == 3
    assert (
        "5 changes are needed; apply would be refused: The condition of your own role assignment stops 2 of 5 changes. "
        "Nothing was written. `setup apply --only-mine` makes those that are yours."
    ) in plan.out
    assert "would be written" not in plan.out
    assert "The condition of your own role assignment stops 2 of 5 changes. Nothing was written." in apply.out
    assert it.writes() == []


def test_that_what_the_condition_leaves_to_others_is_left_and_the_rest_is_made_when_asked_for() -> None:
    it = edited(conditional(ONLY_READER))
    answer = called(it, "apply", "--yes", "--only-mine")
    assert answer.code == 0
    *others, last = (path.rsplit("/", 2)[-2] for _, path in it.writes())
    assert sorted(others) == ["roleDefinitions", "virtualMachines"], "these two are independent and made side by side"
    assert last == "networkInterfaces", "the address comes last"


@pytest.mark.parametrize("by_group", [False, True], ids=["own", "through a group"])
def test_that_a_condition_that_allows_the_role_stops_nothing(*, by_group: bool) -> None:
    it = edited(conditional(TO_MACHINES, by_group=by_group))
    assert {who for who, _ in rights(it).values()} == {"you"}
    assert called(it, "apply", "--yes").code == 0


EDITS = {
    "a lock": locked,
    "every write denied": denied("*/write"),
    "the role denied": denied("Microsoft.Authorization/roleDefinitions/write"),
    "the identity denied": denied("Microsoft.Compute/virtualMachines/write"),
    "the join of the security group denied": denied("Microsoft.Network/networkSecurityGroups/join/action"),
    "a condition that forbids": conditional(ONLY_READER),
    "a condition that allows": conditional(TO_MACHINES),
    "a condition that cannot be judged": conditional(NOT_TO_BE_TOLD),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["words", "json"])
def test_that_plan_ends_with_3_exactly_when_apply_would_be_refused_before_its_first_write(
    name: str, as_json: tuple[str, ...]
) -> None:
    it = edited(EDITS[name])
    plan = called(it, "plan", *as_json)
    assert it.writes() == []
    apply = called(it, "apply", "--yes", *as_json)
    assert (plan.code == 3) is (apply.code == 3)
    assert (apply.code == 3) is (it.writes() == [])
    assert plan.code in (0, 3)
    if as_json:
        assert json.loads(plan.out)["allowed"] is (plan.code == 0)
    else:
        assert ("needed; apply would be refused: " in plan.out) is (plan.code == 3)
        assert ("would be written" in plan.out) is (plan.code == 0)


def test_that_a_condition_that_cannot_be_judged_is_told_before_and_in_the_refusal() -> None:
    it = edited(conditional(NOT_TO_BE_TOLD))
    assert rights(it)["assign"] == ("not_known", "right-has-condition")
    assert "Look at this: Your right to assign roles has a condition." in called(it, "plan").out
    answer = called(it, "apply", "--yes")
    assert answer.code == 4
    refusals = [line for line in answer.out.splitlines() if "not done: Role for" in line]
    assert len(refusals) == 2
    assert all("Your right to assign roles has a condition." in line for line in refusals)
    assert "networkInterfaces" not in {path.rsplit("/", 2)[-2] for _, path in it.writes()}, "the address comes last"


def test_that_a_name_that_is_taken_elsewhere_stops_all_that_rests_on_the_role() -> None:
    it = edited(lambda _world: None)
    taken = {
        "error": {"code": "RoleDefinitionWithSameNameExists", "message": "A custom role with the same name exists."}
    }
    it.lab.faults.add(Fault("PUT", "/roleDefinitions/", FaultAnswer(409, json.dumps(taken)), times=None))
    answer = called(it, "apply", "--yes")
    assert answer.code == 4
    assert "The name tg-cluster-ip-failover is taken by another role." in answer.out
    assert sorted(path.rsplit("/", 2)[-2] for _, path in it.writes()) == [
        "roleDefinitions",
        "virtualMachines",
    ]  # at once
    assert "left: Put 10.20.2.254 on tg-node-a-inside" in answer.out
