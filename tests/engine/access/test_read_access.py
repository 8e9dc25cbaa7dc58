"""What is read of rights, denials and locks on the lab, and what is read instead of a list that Azure refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from tests.azure.test_arm import fails
from tests.engine.worlds import changed
from tests.rig import Rig, rig
from tgwizard.engine.access.access_decision import RightState, ScopedAction, decide, decide_for
from tgwizard.engine.access.read_access import (
    read_denials_of,
    read_identity,
    read_locks_over,
    read_own_denials,
    read_own_rights,
    read_roles_of,
)
from tgwizard.engine.azure_call_error import AzureCallError, Cause
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.access_facts import Queried
from tgwizard.model.permission import allows
from tgwizard.model.role import LockLevel

T = TypeVar("T")

WRITE = "Microsoft.Network/networkInterfaces/write"
STOP = "Microsoft.Compute/virtualMachines/powerOff/action"
REFUSED = FaultAnswer(403, '{"error": {"code": "AuthorizationFailed", "message": "No."}}')


def identity(made: Rig, member: int = 0) -> str:
    return made.services.azure.compute.vm(made.setup.members[member].vm).identity.principal_id


def test_that_a_members_identity_and_its_roles_are_found() -> None:
    made = rig()
    principal = identity(made)
    assert principal in {item.oid for item in made.lab.principals}
    roles = read_roles_of(made.services.azure.access, principal, made.setup.subscription)
    assert [len(role.grants.actions) for role in roles] == [10]
    assert decide(ScopedAction(WRITE, made.a.nic.text), Queried(roles)).state is RightState.YES
    assert decide(ScopedAction(STOP, made.a.vm.text), Queried(roles)).state is RightState.MISSING


def test_that_an_assignment_whose_role_is_gone_grants_nothing() -> None:
    made = rig()
    principal = identity(made)
    gone = '{"error": {"code": "RoleDefinitionDoesNotExist"}}'
    made.lab.faults.add(Fault("GET", "/roleDefinitions/", FaultAnswer(404, gone)))
    assert read_roles_of(made.services.azure.access, principal, made.setup.subscription) == ()


def test_that_the_deny_assignments_of_an_identity_are_found_and_those_it_is_excluded_from_are_not() -> None:
    principal = identity(rig())

    def edit(world: dict[str, Any]) -> None:
        scope = next(item["id"] for item in world["resources"].values() if item["name"] == "tg-node-a-inside")
        common = {"scope": scope, "not_actions": [], "this_scope_only": True, "description": ""}
        everyone = ["00000000-0000-0000-0000-000000000000"]
        world["authorization"]["deny"] += [
            {**common, "guid": "1", "name": "named", "actions": [WRITE], "principals": [principal], "excluded": []},
            {**common, "guid": "2", "name": "all", "actions": ["*/read"], "principals": everyone, "excluded": []},
            {**common, "guid": "3", "name": "but", "actions": ["*"], "principals": everyone, "excluded": [principal]},
            {**common, "guid": "4", "name": "other", "actions": ["*"], "principals": ["someone"], "excluded": []},
        ]

    made = changed(edit)
    found = read_denials_of(made.services.azure.access, principal, made.setup.subscription)
    assert [(item.denies.actions, item.this_scope_only) for item in found] == [((WRITE,), True), (("*/read",), True)]


def test_that_locks_above_and_on_the_resources_are_found_and_others_are_not() -> None:
    made = rig()
    group = made.a.nic.text.split("/providers/")[0]
    subscription = group.split("/resourceGroups/")[0]
    for scope, name, level in (
        (group, "whole-group", "CanNotDelete"),
        (subscription, "everything", "ReadOnly"),
        (f"{group}/providers/Microsoft.Network/networkInterfaces/vm-app-01-nic", "elsewhere", "ReadOnly"),
    ):
        path = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
        made.call("PUT", path, {"properties": {"level": level, "notes": "why"}}).raise_for_status()
    found = read_locks_over(made.services.azure.access, (made.a.nic,))
    assert {(lock.name, lock.level, lock.place) for lock in found} == {
        ("whole-group", LockLevel.CAN_NOT_DELETE, "resource group rg-tg-prod"),
        ("everything", LockLevel.READ_ONLY, "the subscription"),
    }


def test_that_a_denial_of_a_group_concerns_who_is_in_it() -> None:
    made = rig()
    principal, subscription = identity(made), f"/subscriptions/{made.setup.subscription}"
    of_a_group = {
        "id": f"{subscription}/providers/Microsoft.Authorization/denyAssignments/1",
        "name": "1",
        "properties": {
            "denyAssignmentName": "of a group",
            "scope": subscription,
            "permissions": [{"actions": [WRITE]}],
            "principals": [{"id": "the-group"}],
        },
    }
    # Azure's list for an identity names what concerns it through a group; the list of all does so too.
    listed = FaultAnswer(200, json.dumps({"value": [of_a_group]}))
    made.lab.faults.add(Fault("GET", "/denyAssignments", listed, times=2))
    (through,) = read_denials_of(made.services.azure.access, principal, made.setup.subscription)
    assert (through.name, through.principals) == ("of a group", ())
    made.lab.faults.add(Fault("GET", "/denyAssignments", listed, times=2))
    assert read_own_denials(made.services.azure, made.setup.subscription) == (through,)


def test_that_a_denial_of_a_group_does_not_concern_who_is_not_in_it() -> None:
    def edit(world: dict[str, Any]) -> None:
        scope = next(item["id"] for item in world["resources"].values() if item["name"] == "tg-node-a-inside")
        denial = {"guid": "1", "name": "of a group", "scope": scope, "actions": [WRITE], "principals": ["the-group"]}
        world["authorization"]["deny"] += [
            {**denial, "excluded": [], "not_actions": [], "this_scope_only": True, "description": ""}
        ]

    made = changed(edit)
    assert read_denials_of(made.services.azure.access, identity(made), made.setup.subscription) == ()


def test_that_the_locks_of_the_groups_are_read_where_those_of_the_subscription_may_not_be() -> None:
    made = rig()
    group = made.a.nic.text.split("/providers/")[0]
    path = f"{group}/providers/Microsoft.Authorization/locks/whole-group"
    made.call("PUT", path, {"properties": {"level": "ReadOnly", "notes": "why"}}).raise_for_status()
    refused = FaultAnswer(403, json.dumps({"error": {"code": "AuthorizationFailed", "message": "no"}}))
    listed = f"/subscriptions/{made.setup.subscription}/providers/Microsoft.Authorization/locks"
    made.lab.faults.add(Fault("GET", listed, refused))
    assert [lock.name for lock in read_locks_over(made.services.azure.access, (made.a.nic,))] == ["whole-group"]
    made.lab.faults.add(Fault("GET", "/locks", refused, times=2))
    failure = fails(lambda: read_locks_over(made.services.azure.access, (made.a.nic,)))
    assert failure.cause is Cause.NOT_ALLOWED


class Once:
    """Asks without bounds, and keeps what for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fact(self, what: str, question: Callable[[], T]) -> Queried[T]:
        self.asked.append(what)
        try:
            return Queried(question())
        except AzureCallError as failure:
            return Queried(problem=failure.problem)


def test_that_a_list_that_failed_for_another_reason_is_not_read_group_by_group() -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "/locks", FaultAnswer(404, ""), times=None))
    before = len(made.lab.requests)
    with pytest.raises(AzureCallError):
        read_locks_over(made.services.azure.access, (made.a.nic,))
    assert len(made.lab.requests) - before == 1


NODES = "77777777-0000-4000-8000-000000000007"


def in_a_group(world: dict[str, Any]) -> None:
    """tg-node-b and the operator are in a group that has no role; a denial names the group, another spares it."""
    node = next(item for item in world["principals"] if item["name"] == "tg-node-b")
    team = {**node, "oid": NODES, "name": "nodes", "kind": "Group"}
    world["groups"] = [{"principal": team, "members": [node["oid"], world["operator"]["oid"]]}]
    common = {"scope": "/", "not_actions": [], "this_scope_only": False, "description": "", "excluded": []}
    world["authorization"]["deny"] += [
        {**common, "guid": "1", "name": "guard", "actions": [WRITE], "principals": [NODES]},
        {**common, "guid": "2", "name": "other", "actions": ["*"], "principals": ["someone"]},
    ]


def test_that_a_denial_of_a_group_that_nothing_else_tells_of_concerns_those_in_it() -> None:
    made = changed(in_a_group)
    azure, subscription = made.services.azure, made.setup.subscription
    assert [item.name for item in read_denials_of(azure.access, identity(made, 1), subscription)] == ["guard"]
    assert read_denials_of(azure.access, identity(made, 0), subscription) == ()
    assert [item.name for item in read_own_denials(azure, subscription)] == ["guard"]
    wanted = ScopedAction(WRITE, made.b.nic.text)
    states = [decide_for(wanted, read_identity(azure, member.vm, Once())).state for member in made.setup.members]
    assert states == [RightState.YES, RightState.DENIED]


def test_that_each_fact_fails_alone_and_is_asked_within_the_askers_bounds() -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "denyAssignments", REFUSED, times=None))
    asker = Once()
    found = read_identity(made.services.azure, made.b.vm, asker)
    assert asker.asked == ["The identity of tg-node-b", "The role assignments", "The deny assignments"]
    assert found.roles.value
    assert (found.denials.value, found.denials.problem is None) == (None, False)
    asker.asked.clear()
    subscription = f"/subscriptions/{made.setup.subscription}"
    held = read_own_rights(made.services.azure.access, (made.b.nic.text, subscription), asker)
    assert asker.asked == [f"Your rights on {made.b.nic.name}", "Your rights on the subscription"]
    assert [one.scope for one in held] == [made.b.nic.text, subscription]
    assert all(allows(one.held.known, WRITE) for one in held)


def test_that_a_machine_without_an_identity_is_asked_nothing_more() -> None:
    def edit(world: dict[str, Any]) -> None:
        next(item for item in world["resources"].values() if item["name"] == "tg-node-b").pop("identity")

    made = changed(edit)
    before = len(made.lab.requests)
    found = read_identity(made.services.azure, made.b.vm, Once())
    assert found.principal == Queried("")
    assert not found.roles.asked
    assert len(made.lab.requests) - before == 1
