"""The permission maths: the client's and the lab's agree; scopes, exceptions, denials (azure/README.md 3.3)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.lab.bench import Bench, error_of
from tests.lab.rights import READER_ACCOUNT, edit, give, member, sign_in
from tgwizard.engine.access.access_decision import RightState, ScopedAction, decide
from tgwizard.lab.clock import START
from tgwizard.lab.latency import Latency
from tgwizard.lab.rbac import known_operations, rbac_evaluation
from tgwizard.lab.rbac.builtin_roles import BUILT_IN, BY_NAME
from tgwizard.lab.rbac.role_records import (
    EVERYONE,
    LabDenyAssignment,
    LabRoleAssignment,
    LabRoleDefinition,
    LabRoleKind,
    PermissionRecord,
    RoleHistory,
)
from tgwizard.lab.world import Principal, Subscription, World
from tgwizard.model.access_facts import Queried
from tgwizard.model.permission import DenyAssignment as Denial
from tgwizard.model.permission import HeldRole, PermissionSet, reaches

SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
TENANT = "22222222-2222-2222-2222-222222222222"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
NIC = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"
MANAGEMENT_GROUP = f"/providers/Microsoft.Management/managementGroups/{TENANT}"
ME, OTHER = "me", "other"
TEAM = "33333333-3333-3333-3333-333333333333"
"""A group that ME is in."""
US = {ME, TEAM}
NIC_NAME = "tg-node-a-inside"

_SCOPES = st.sampled_from(
    [
        "/",
        MANAGEMENT_GROUP,
        MANAGEMENT_GROUP.upper(),
        "/providers/Microsoft.Management/managementGroups/elsewhere",
        SUBSCRIPTION,
        SUBSCRIPTION.upper(),
        GROUP,
        GROUP.lower(),
        f"{SUBSCRIPTION}/resourceGroups/rg-two",
        f"{SUBSCRIPTION}/resourceGroups/r",
        NIC,
        f"{NIC}-b",
        f"{GROUP}/providers/Microsoft.Network",
        f"{NIC}/ipConfigurations/one",
    ]
)
_ACTIONS = st.sampled_from(
    [
        "Microsoft.Network/networkInterfaces/write",
        "microsoft.network/NETWORKINTERFACES/read",
        "Microsoft.Network/networkInterfaces/ipconfigurations/join/action",
        "Microsoft.Compute/virtualMachines/read",
        "Microsoft.Compute/virtualMachines/start/action",
        "Microsoft.Authorization/roleAssignments/write",
    ]
)
_PATTERNS = st.one_of(
    _ACTIONS,
    st.sampled_from(
        [
            "*",
            "*/read",
            "*/write",
            "Microsoft.Network/*",
            "Microsoft.*/read",
            "Microsoft.Network/*/action",
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Network/networkInterfaces",
            "",
        ]
    ),
)
_ENTRIES = st.builds(
    PermissionRecord,
    st.lists(_PATTERNS, max_size=3).map(tuple),
    st.lists(_PATTERNS, max_size=2).map(tuple),
    st.lists(_ACTIONS, max_size=1).map(tuple),
)


@dataclass(frozen=True)
class Held:
    who: str
    scope: str
    entries: tuple[PermissionRecord, ...]


_HELD = st.builds(Held, st.sampled_from([ME, ME, TEAM, OTHER]), _SCOPES, st.lists(_ENTRIES, max_size=2).map(tuple))
_DENIES = st.builds(
    LabDenyAssignment,
    guid=st.just("guid"),
    name=st.just("deny"),
    scope=_SCOPES,
    actions=st.lists(_PATTERNS, max_size=2).map(tuple),
    not_actions=st.lists(_PATTERNS, max_size=2).map(tuple),
    principals=st.sampled_from([(EVERYONE,), (ME,), (TEAM,), (OTHER,), (OTHER, ME)]),
    excluded=st.sampled_from([(), (ME,), (TEAM,), (OTHER,)]),
    this_scope_only=st.booleans(),
)


def world_of(held: list[Held], deny: list[LabDenyAssignment]) -> World:
    place = Subscription(SUBSCRIPTION.removeprefix("/subscriptions/"), TENANT, "", "")
    world = World("lab", "none", 0, "00", place, Principal("", "", ""), Latency.FAST)
    world.authorization.deny = deny
    for number, item in enumerate(held):
        guid = f"role-{number}"
        role = LabRoleDefinition(guid, guid, LabRoleKind.CUSTOM, "", ("/",), item.entries, START, START)
        world.authorization.roles[guid] = RoleHistory([role])
        assignment = LabRoleAssignment(f"a-{number}", item.scope, guid, item.who, "User", START, START)
        world.authorization.assignments.setdefault(item.who, {})[assignment.guid] = assignment
    return world


@settings(max_examples=400)
@given(held=st.lists(_HELD, max_size=4), deny=st.lists(_DENIES, max_size=2), action=_ACTIONS, scope=_SCOPES)
def test_that_client_and_lab_agree_on_who_may_do_what(
    held: list[Held], deny: list[LabDenyAssignment], action: str, scope: str
) -> None:
    world = world_of(held, deny)
    assume(listed_for(world, scope))  # the program reads the lists of its subscription, and asks about no other place
    lab = rbac_evaluation.allowed(world, Principal(ME, "", "", groups=(TEAM,)), action, scope, START)
    roles = tuple(
        HeldRole(item.scope, PermissionSet(entry.actions, entry.not_actions))
        for item in held
        if item.who in US and listed_for(world, item.scope)
        for entry in item.entries
    )
    denials = tuple(denial for item in deny if listed_for(world, item.scope) and (denial := as_read(item)).concerns(US))
    decision = decide(ScopedAction(action, scope), Queried(roles), Queried(denials))
    assert (decision.state is RightState.YES) == lab


def listed_for(world: World, scope: str) -> bool:
    """Whether a list of the subscription names what stands at the scope: at, above or below it."""
    return rbac_evaluation.covers(world, scope, SUBSCRIPTION) or rbac_evaluation.covers(world, SUBSCRIPTION, scope)


def as_read(item: LabDenyAssignment) -> Denial:
    """The lab's record as the adapter reads it."""
    principals = () if EVERYONE in item.principals else item.principals
    denies = PermissionSet(item.actions, item.not_actions)
    return Denial(item.name, item.scope, denies, principals, item.excluded, item.this_scope_only)


@settings(max_examples=400)
@given(outer=_SCOPES, inner=_SCOPES, slash=st.sampled_from(["", "/"]))
def test_that_client_and_lab_agree_on_how_far_a_scope_reaches(outer: str, inner: str, slash: str) -> None:
    world = world_of([], [])
    if not listed_for(world, outer) or "managementgroups" in inner.lower() or inner == "/":
        return
    assert reaches(outer + slash, inner + slash) == rbac_evaluation.covers(world, outer, inner)


@pytest.mark.parametrize("role", BUILT_IN.values(), ids=lambda role: role.name)
def test_that_a_built_in_role_names_only_operations_that_the_catalogue_knows(role: LabRoleDefinition) -> None:
    (entry,) = role.permissions
    elsewhere = {"Microsoft.Purview", "Microsoft.Subscription", "Microsoft.Blueprint", "Microsoft.DevTestLab"}
    unknown = [item for item in (*entry.actions, *entry.not_actions) if not known_operations.known(item)]
    assert [item for item in unknown if item.partition("/")[0] not in elsewhere] == []


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("Owner", "Microsoft.Authorization/roleAssignments/write", True),
        ("Contributor", "Microsoft.Network/networkInterfaces/write", True),
        ("Contributor", "Microsoft.Authorization/roleAssignments/write", False),
        ("Contributor", "Microsoft.Authorization/roleAssignments/read", True),
        ("Contributor", "Microsoft.Authorization/locks/delete", False),
        ("Reader", "Microsoft.Network/virtualNetworks/checkIpAddressAvailability/read", True),
        ("Reader", "Microsoft.Compute/virtualMachines/restart/action", False),
        ("User Access Administrator", "Microsoft.Authorization/roleDefinitions/write", True),
        ("User Access Administrator", "Microsoft.Network/networkInterfaces/write", False),
        ("Role Based Access Control Administrator", "Microsoft.Authorization/roleAssignments/write", True),
        ("Role Based Access Control Administrator", "Microsoft.Authorization/roleDefinitions/write", False),
        ("Network Contributor", "Microsoft.Network/locations/operations/read", True),
        ("Network Contributor", "Microsoft.Compute/virtualMachines/read", False),
        ("Virtual Machine Contributor", "Microsoft.Network/networkInterfaces/write", True),
        ("Virtual Machine Contributor", "Microsoft.Network/virtualNetworks/subnets/read", False),
        (
            "Virtual Machine Contributor",
            "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action",
            False,
        ),
    ],
)
def test_that_the_built_in_roles_grant_what_azures_do(role: str, action: str, allowed: bool) -> None:
    assert rbac_evaluation.grants(BY_NAME[role].permissions, action.lower()) is allowed


def test_that_a_denial_wins_over_the_owner_and_is_named(bench: Bench) -> None:
    denial = LabDenyAssignment(
        "d0000000-0000-0000-0000-00000000000d", "stack", bench.group, ("Microsoft.Network/*/write",)
    )
    bench.lab.directory.deny(denial)
    operator = bench.lab.directory.accounts[0]
    assert error_of(bench.put("tg-node-a-inside", bench.nic("tg-node-a-inside"))) == (
        403,
        "DenyAssignmentAuthorizationFailed",
        (
            f"The client 'operator@lab.example' with object id '{operator.oid}' has permission to perform action "
            f"'Microsoft.Network/networkInterfaces/write' on scope '{bench.nic_id('tg-node-a-inside')}'; however, the "
            "access is denied because of the deny assignment with name 'stack' and Id "
            f"'d000000000000000000000000000000d' at scope '{bench.group}'."
        ),
    )
    assert bench.nic("tg-node-a-inside")["name"] == "tg-node-a-inside", "reading is not denied"


def test_that_a_denied_reference_is_refused_as_a_linked_one(bench: Bench) -> None:
    nsg = f"{bench.group}/providers/Microsoft.Network/networkSecurityGroups/nsg-tg-inside"
    bench.lab.directory.deny(
        LabDenyAssignment("d", "stack", nsg, ("*/action",), excluded=(bench.lab.directory.automation.oid,))
    )
    nic = bench.nic("tg-node-a-inside")
    status, code, message = error_of(bench.put("tg-node-a-inside", nic))
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert f"'Microsoft.Network/networkSecurityGroups/join/action' on the linked scope(s) '{nsg}'" in message
    bench.token = bench.lab.issue_token_for(bench.lab.directory.automation)
    assert bench.put("tg-node-a-inside", nic).status == 200, "an excluded principal is not concerned"


def test_that_a_reader_reads_and_is_refused_before_anything_else_is_looked_at(bench: Bench) -> None:
    reader = bench.lab.directory.account(READER_ACCOUNT)
    nic = bench.nic("tg-node-a-inside")
    sign_in(bench, reader)
    assert bench.get(bench.nic_id("tg-node-a-inside"))["name"] == "tg-node-a-inside"
    status, code, message = error_of(bench.put("absent", nic, If_Match='W/"stale"'))
    assert (status, code) == (403, "AuthorizationFailed")
    assert message.startswith(f"The client 'reader@lab.example' with object id '{reader.oid}' does not have")


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("{group}", 200),
        ("{subscription}", 200),
        ("/subscriptions/{id}/resourcegroups/RG-TG-PROD", 200),
        ("{nic}", 403),
        ("{group}/providers/Microsoft.Network/networkInterfaces/tg-node-a-outside", 403),
    ],
)
def test_that_a_role_counts_from_its_scope_downwards(bench: Bench, scope: str, status: int) -> None:
    nic = bench.nic(NIC_NAME)
    names = {"group": bench.group, "subscription": bench.subscription, "nic": bench.nic_id(NIC_NAME)}
    place = scope.format(**names, id=bench.lab.subscription.id)
    sign_in(bench, give(bench, READER_ACCOUNT, "Network Contributor", place))
    answer = bench.put(NIC_NAME, nic)
    assert answer.status == status
    if scope == "{nic}":
        assert error_of(answer)[1] == "LinkedAuthorizationFailed", "the NIC alone does not join its subnet"
    elif status == 403:
        assert error_of(answer)[1] == "AuthorizationFailed"


def test_that_a_role_at_the_management_group_counts_in_the_subscription(bench: Bench) -> None:
    reader = bench.lab.directory.account(READER_ACCOUNT)
    group = f"/providers/Microsoft.Management/managementGroups/{bench.lab.subscription.tenant}"

    def raise_up(world: dict[str, Any]) -> None:
        (held,) = world["authorization"]["assignments"][reader.oid].values()
        held |= {"scope": group, "role": BY_NAME["Owner"].guid}

    edit(bench, raise_up)
    nic = bench.nic(NIC_NAME)
    sign_in(bench, reader)
    assert bench.put(NIC_NAME, nic).status == 200
    listed = bench.get(f"{group}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()")["value"]
    assert [item["properties"]["scope"] for item in listed] == [group]
    sign_in(bench, bench.lab.directory.accounts[0])
    answer = bench.call("GET", f"{group}/providers/Microsoft.Authorization/roleAssignments")
    assert error_of(answer)[:2] == (403, "AuthorizationFailed"), "the subscription's owner is nobody above it"


def test_that_lists_are_refused_at_the_providers_scope(bench: Bench) -> None:
    sign_in(bench, member(bench))
    path = f"{bench.subscription}/providers/Microsoft.Network/networkInterfaces"
    scope = f"{bench.subscription}/providers/Microsoft.Network'"
    assert f"over scope '{scope}" in error_of(bench.call("GET", path))[2]


def test_that_lists_of_assignments_are_refused_at_the_providers_scope(bench: Bench) -> None:
    sign_in(bench, member(bench))
    status, code, message = error_of(
        bench.call("GET", f"{bench.group}/providers/Microsoft.Authorization/roleAssignments")
    )
    assert (status, code) == (403, "AuthorizationFailed")
    assert (
        "'Microsoft.Authorization/roleAssignments/read' over scope "
        f"'{bench.group}/providers/Microsoft.Authorization'" in message
    )


def test_that_groups_are_listed_as_far_as_they_may_be_read(bench: Bench) -> None:
    stranger = Principal("99999999-0000-0000-0000-000000000000", "", "nobody@lab.example")
    bench.token = bench.lab.issue_token_for(stranger)
    assert error_of(bench.call("GET", f"{bench.subscription}/resourceGroups"))[:2] == (403, "AuthorizationFailed")
    assert bench.get("/subscriptions")["value"] == []
    sign_in(bench, member(bench))
    assert bench.get(f"{bench.subscription}/resourceGroups")["value"] == [], "its role cannot read groups"
    assert [item["subscriptionId"] for item in bench.get("/subscriptions")["value"]] == [bench.lab.subscription.id]


def test_that_deny_assignments_are_listed_with_their_filters(bench: Bench) -> None:
    automation = bench.lab.directory.automation
    for name, scope in (("everything", bench.subscription), ("the group", bench.group)):
        bench.lab.directory.deny(
            LabDenyAssignment(f"guid-{name[:3]}", name, scope, ("Microsoft.Storage/*",), principals=(automation.oid,))
        )

    def listed(text: str, scope: str = bench.group) -> list[str]:
        path = f"{scope}/providers/Microsoft.Authorization/denyAssignments?$filter={text}"
        return [item["properties"]["denyAssignmentName"] for item in bench.get(path)["value"]]

    assert listed("") == ["everything", "the group"]
    assert listed("atScope()", bench.subscription) == ["everything"]
    assert listed("denyAssignmentName eq 'the group'") == ["the group"]
    assert listed(f"principalId eq '{automation.oid}'") == ["everything", "the group"]
    assert listed("principalId eq 'somebody-else'") == []
    one = bench.get(f"{bench.group}/providers/Microsoft.Authorization/denyAssignments/guid-the")
    assert one["properties"]["permissions"][0]["actions"] == ["Microsoft.Storage/*"]
    assert one["properties"]["principals"] == [{"id": automation.oid, "type": "ServicePrincipal"}]


def test_that_a_lock_is_made_obeyed_and_removed(bench: Bench) -> None:
    path = f"{bench.group}/providers/Microsoft.Authorization/locks/keep"
    body = {"properties": {"level": "ReadOnly", "notes": "audit"}}
    assert bench.call("PUT", path, body).status == 201
    assert bench.call("PUT", path, body).status == 200
    assert bench.get(path)["properties"] == {"level": "ReadOnly", "notes": "audit"}
    nic = bench.nic(NIC_NAME)
    assert error_of(bench.put(NIC_NAME, nic))[:2] == (409, "ScopeLocked")
    assert bench.call("DELETE", path).status == 200
    assert bench.call("DELETE", path).status == 204
    assert bench.put(NIC_NAME, nic).status == 200
    assert error_of(bench.call("GET", path))[:2] == (404, "LockNotFound")
    assert bench.call("PUT", path, {"properties": {"level": "Sometimes"}}).status == 400
    sign_in(bench, give(bench, READER_ACCOUNT, "Contributor", bench.subscription))
    assert error_of(bench.call("PUT", path, body))[:2] == (403, "AuthorizationFailed")


def test_that_the_root_is_above_everything_and_nobodys_by_default(bench: Bench) -> None:
    path = "/providers/Microsoft.Authorization/roleAssignments"
    assert "over scope '/providers/Microsoft.Authorization' or" in error_of(bench.call("GET", path))[2]
    reader = bench.lab.directory.account(READER_ACCOUNT)

    def elevate(world: dict[str, Any]) -> None:
        (held,) = world["authorization"]["assignments"][reader.oid].values()
        held |= {"scope": "/", "role": BY_NAME["User Access Administrator"].guid}

    edit(bench, elevate)
    sign_in(bench, reader)
    (mine,) = bench.get(f"{path}?$filter=atScope()")["value"]
    assert mine["id"] == f"{path}/{mine['name']}"
    assert mine["properties"]["roleDefinitionId"].startswith("/providers/Microsoft.Authorization/roleDefinitions/")
    assert bench.get(mine["id"])["properties"]["scope"] == "/"
    assert bench.call("GET", bench.nic_id(NIC_NAME)).status == 200
    assert bench.call("DELETE", mine["id"]).status == 200
    assert bench.call("GET", bench.nic_id(NIC_NAME)).status == 403


def test_that_labs_of_one_seed_have_the_same_rights_with_the_same_ids() -> None:
    first, second = (json.loads(Bench(seed=7).lab.dump())["authorization"] for _ in range(2))
    assert first == second
    assert first != json.loads(Bench(seed=8).lab.dump())["authorization"]
