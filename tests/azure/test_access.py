"""Roles, assignments, locks, identities through the real SDK, against the lab's enforced rights."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from tests.azure.test_arm import fails
from tests.azure.test_inventory import recorded
from tests.rig import SetupRig, setup_rig
from tgwizard.azure import access_documents
from tgwizard.azure.clients import AzureSession, Clients
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.azure.directory import ArmDirectory
from tgwizard.engine.azure_call_error import Cause, Certainty
from tgwizard.lab.entra.access_tokens import GRAPH_AUDIENCE
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.rbac.role_records import LabDenyAssignment as Denial
from tgwizard.lab.rbac.role_records import Propagation
from tgwizard.lab.world import LabLockLevel as Level
from tgwizard.lab.world import Lock
from tgwizard.model.inventory import IdentityKind
from tgwizard.model.permission import allows
from tgwizard.model.role import (
    DEFAULT_ROLE_DESCRIPTION,
    DEFAULT_ROLE_NAME,
    NETWORK_CONTRIBUTOR,
    TEN_ACTIONS,
    LockLevel,
    PrincipalKind,
    RoleAssignment,
    RoleDefinition,
    RoleKind,
    RolePermission,
)

GUID = "5a3b0c1e-0000-4000-8000-000000000001"


def role(it: SetupRig, guid: str = GUID, name: str = DEFAULT_ROLE_NAME) -> RoleDefinition:
    actions = tuple(needed.action for needed in TEN_ACTIONS)
    return RoleDefinition(
        guid, name, DEFAULT_ROLE_DESCRIPTION, RoleKind.CUSTOM, (RolePermission(actions),), (it.group(),)
    )


def assignment(it: SetupRig, principal: str, guid: str = GUID) -> RoleAssignment:
    return RoleAssignment(guid, it.group(), GUID, principal, PrincipalKind.SERVICE_PRINCIPAL)


def ask() -> str:
    return str(uuid.uuid4())


def with_role() -> tuple[SetupRig, RoleDefinition]:
    it = setup_rig()
    return it, it.services.azure.access.put_role(it.scope, role(it), request_id=ask())


def test_that_a_role_is_created_and_read_back_as_it_was_sent() -> None:
    it, stored = with_role()
    assert stored.actions == tuple(needed.action for needed in TEN_ACTIONS)
    assert stored.id.endswith(GUID)
    assert it.services.azure.access.role_definition(it.group(), GUID) == stored
    assert stored in it.services.azure.access.role_definitions(it.group())


def test_that_a_role_keeps_its_data_actions_and_every_block() -> None:
    it = setup_rig()
    blocks = (
        RolePermission(("Microsoft.Network/networkInterfaces/read",), (), ("Microsoft.Storage/*",), ()),
        RolePermission(("Microsoft.Compute/virtualMachines/*",), ("Microsoft.Compute/virtualMachines/write",)),
    )
    stored = it.services.azure.access.put_role(it.scope, replace(role(it), permissions=blocks), request_id=ask())
    assert stored.permissions == blocks


def test_that_built_in_roles_are_listed_and_known_as_such() -> None:
    it = setup_rig()
    found = {item.guid: item for item in it.services.azure.access.role_definitions(it.scope)}
    assert found[NETWORK_CONTRIBUTOR].kind is RoleKind.BUILT_IN
    assert found[NETWORK_CONTRIBUTOR].name == "Network Contributor"


def test_that_what_is_not_there_is_none_and_a_missing_group_is_a_failure() -> None:
    it = setup_rig()
    access = it.services.azure.access
    assert access.role_definition(it.scope, GUID) is None
    assert access.role_assignment(it.group(), GUID) is None
    failure = fails(lambda: access.role_assignment(it.group("rg-gone"), GUID))
    assert failure.problem.code == "group-not-found"


def test_that_a_taken_role_name_is_told() -> None:
    it, _ = with_role()
    again = role(it, guid=GUID.replace("1", "2"))
    failure = fails(lambda: it.services.azure.access.put_role(it.scope, again, request_id=ask()))
    assert (failure.cause, failure.certainty) == (Cause.NAME_TAKEN, Certainty.REFUSED)
    assert "whole directory" in failure.problem.why
    assert DEFAULT_ROLE_NAME in failure.problem.what


def test_that_a_role_is_deleted_and_one_that_is_gone_is_no_error() -> None:
    it, _ = with_role()
    it.services.azure.access.delete_role(it.scope, GUID, request_id=ask())
    it.services.azure.access.delete_role(it.scope, GUID, request_id=ask())
    assert it.services.azure.access.role_definition(it.scope, GUID) is None


def test_that_a_role_in_use_is_not_deleted_and_says_so() -> None:
    it, stored = with_role()
    it.services.azure.access.put_assignment(assignment(it, it.lab.principals[0].oid), stored.id, request_id=ask())
    failure = fails(lambda: it.services.azure.access.delete_role(it.scope, GUID, request_id=ask()))
    assert failure.problem.code == "role-has-assignments"


def test_that_an_assignment_is_made_listed_and_removed() -> None:
    it, stored = with_role()
    access, principal = it.services.azure.access, it.lab.principals[0].oid
    made = access.put_assignment(assignment(it, principal), stored.id, request_id=ask())
    assert (made.role_guid, made.principal_id, made.scope) == (GUID, principal, it.group())
    assert made.principal_kind is PrincipalKind.SERVICE_PRINCIPAL
    assert made.created_on is not None
    assert access.role_assignment(it.group(), GUID) == made
    assert made in access.role_assignments(it.scope)
    assert [item.guid for item in access.assignments_to(it.group(), principal)] == [GUID]
    access.delete_assignment(made, request_id=ask())
    access.delete_assignment(made, request_id=ask())
    assert access.role_assignment(it.group(), GUID) is None


def test_that_an_assignment_reaches_an_identity_that_the_directory_does_not_know_yet() -> None:
    it, stored = with_role()
    it.lab.directory.propagation = Propagation.AZURE
    vm = it.vm("tg-node-b")
    it.services.azure.compute.enable_identity(vm, request_id=ask())
    principal = it.services.azure.compute.vm(vm).identity.principal_id
    made = it.services.azure.access.put_assignment(assignment(it, principal), stored.id, request_id=ask())
    assert made.principal_id == principal


def test_that_the_same_right_under_another_id_exists_already() -> None:
    it, stored = with_role()
    principal = it.lab.principals[0].oid
    it.services.azure.access.put_assignment(assignment(it, principal), stored.id, request_id=ask())
    other = assignment(it, principal, guid=GUID.replace("1", "3"))
    failure = fails(lambda: it.services.azure.access.put_assignment(other, stored.id, request_id=ask()))
    assert failure.cause is Cause.ALREADY_ASSIGNED


def test_that_a_role_that_azure_does_not_know_yet_is_told() -> None:
    it = setup_rig()
    wish = assignment(it, it.lab.principals[0].oid)
    missing = f"{it.scope}/providers/Microsoft.Authorization/roleDefinitions/{GUID}"
    failure = fails(lambda: it.services.azure.access.put_assignment(wish, missing, request_id=ask()))
    assert (failure.cause, failure.problem.code) == (Cause.ROLE_UNKNOWN, "role-not-found")


def test_that_an_assignment_without_the_kind_of_its_principal_is_a_mistake_of_the_caller() -> None:
    it = setup_rig()
    wish = replace(assignment(it, "p"), principal_kind=PrincipalKind.OTHER)
    with pytest.raises(ValueError, match="kind of its principal"):
        it.services.azure.access.put_assignment(wish, "r", request_id=ask())
    assert it.writes() == []


def test_that_writes_go_out_once_under_the_request_id_of_the_engine() -> None:
    it, recorder = recorded()
    it.lab.faults.add(Fault("PUT", "roleDefinitions", FaultAnswer(503, "{}"), times=5))
    failure = fails(lambda: it.services.azure.access.put_role(it.scope, role(it), request_id="our-own-id"))
    assert failure.certainty is Certainty.UNKNOWN
    (put,) = [request for request in recorder.sent if request.method == "PUT"]
    assert put.headers["x-ms-client-request-id"] == "our-own-id"


def test_that_an_unreadable_answer_to_a_write_leaves_its_effect_unknown() -> None:
    it = setup_rig()
    it.lab.faults.add(Fault("PUT", "roleDefinitions", FaultAnswer(201, "<html>")))
    failure = fails(lambda: it.services.azure.access.put_role(it.scope, role(it), request_id=ask()))
    assert failure.certainty is Certainty.UNKNOWN


def test_that_a_reader_is_refused_with_the_action_that_is_missing() -> None:
    it = setup_rig("reader")
    failure = fails(lambda: it.services.azure.access.put_role(it.scope, role(it), request_id=ask()))
    assert (failure.cause, failure.certainty) == (Cause.NOT_ALLOWED, Certainty.REFUSED)
    assert "Microsoft.Authorization/roleDefinitions/write" in failure.problem.sentence()


def test_that_own_permissions_are_read_at_a_subscription_a_group_and_a_resource() -> None:
    it = setup_rig("reader")
    for scope in (it.scope, it.group(), it.vm("tg-node-a").text):
        held = it.services.azure.access.own_permissions(scope)
        assert allows(held, "Microsoft.Compute/virtualMachines/read")
        assert not allows(held, "Microsoft.Compute/virtualMachines/write")


def test_that_locks_are_found_on_the_group_and_on_one_resource() -> None:
    it = setup_rig()
    vm = it.vm("tg-node-a").text
    for scope, level in ((it.group(), "ReadOnly"), (vm, "CanNotDelete")):
        token = {"Authorization": f"Bearer {it.lab.issue_token()}"}
        url = (
            f"https://management.azure.com{scope}/providers/Microsoft.Authorization/locks/lock-1?api-version=2016-09-01"
        )
        body = {"properties": {"level": level, "notes": "kept"}}
        it.session.put(url, json=body, headers=token, timeout=30).raise_for_status()
    found = {lock.scope: lock for lock in it.services.azure.access.locks(it.scope)}
    assert found[it.group()].level is LockLevel.READ_ONLY
    assert (found[vm].level, found[vm].notes) == (LockLevel.CAN_NOT_DELETE, "kept")


def test_that_deny_assignments_are_read_with_everybody_as_nobody_in_particular() -> None:
    it = setup_rig()
    everyone = Denial(str(uuid.uuid4()), "no restarts", it.group(), ("Microsoft.Compute/*/restart/action",))
    one = Denial(str(uuid.uuid4()), "one", it.scope, ("*",), ("*/read",), ("Abc",), ("Def",), this_scope_only=True)
    for item in (everyone, one):
        it.lab.directory.deny(item)
    first, second = sorted(it.services.azure.access.deny_assignments(it.group()), key=lambda item: item.name)
    assert (first.name, first.principals, first.scope) == ("no restarts", (), it.group())
    assert first.denies.actions == ("Microsoft.Compute/*/restart/action",)
    assert (second.principals, second.excluded, second.this_scope_only) == (("abc",), ("def",), True)
    assert second.denies.not_actions == ("*/read",)


def test_that_the_directory_tells_who_exists_and_leaves_out_who_does_not() -> None:
    it = setup_rig()
    member = it.lab.principals[0]
    gone = str(uuid.uuid4())
    assert it.services.azure.directory.known_principals((member.oid.upper(), gone, member.oid)) == (
        (member.oid, member.name),
    )
    assert it.services.azure.directory.known_principals(()) == ()


def test_that_a_directory_that_may_not_be_read_is_a_failure_and_not_an_empty_answer() -> None:
    lab = setup_rig().lab
    member = lab.principals[0]
    tokens = LabToken(lambda: lab.issue_token_for(member), lambda: lab.issue_token_for(member, audience=GRAPH_AUDIENCE))
    directory = ArmDirectory(Clients(AzureSession(HeldCredential(tokens), http=lab_session(lab), lab=True)))
    failure = fails(lambda: directory.known_principals((member.oid,)))
    assert (failure.cause, failure.problem.code) == (Cause.NOT_ALLOWED, "directory-not-readable")


def test_that_an_identity_is_turned_on_and_off_and_nothing_is_sent_twice() -> None:
    it = setup_rig()
    vm, compute = it.vm("tg-node-b"), it.services.azure.compute
    compute.enable_identity(vm, request_id=ask())
    assert compute.vm(vm).identity.kind is IdentityKind.SYSTEM
    compute.enable_identity(vm, request_id=ask())
    assert len(it.writes()) == 1
    compute.disable_identity(vm, request_id=ask())
    compute.disable_identity(vm, request_id=ask())
    assert compute.vm(vm).identity.kind is IdentityKind.NONE
    assert len(it.writes()) == 2


def test_that_user_assigned_identities_stay() -> None:
    it, recorder = recorded()
    vm, compute = it.vm("tg-node-b"), it.services.azure.compute
    own = f"{it.group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-1"
    token = {"Authorization": f"Bearer {it.lab.issue_token()}"}
    url = f"https://management.azure.com{vm.text}?api-version=2024-11-01"
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {own: {}}}}
    it.session.patch(url, json=body, headers=token, timeout=30).raise_for_status()
    compute.enable_identity(vm, request_id=ask())
    both = compute.vm(vm).identity
    assert (both.kind, both.user_assigned) == (IdentityKind.BOTH, (own,))
    assert recorder.sent[-2].body == '{"identity": {"type": "SystemAssigned, UserAssigned"}}'
    compute.disable_identity(vm, request_id=ask())
    assert compute.vm(vm).identity.kind is IdentityKind.USER


def test_that_a_restart_is_accepted_and_not_waited_for() -> None:
    it = setup_rig()
    it.services.azure.compute.restart(it.vm("tg-node-b"), request_id=ask())
    assert it.writes() == [("POST", f"{it.vm('tg-node-b').text}/restart")]
    failure = fails(lambda: it.services.azure.compute.restart(it.vm("nobody"), request_id=ask()))
    assert failure.cause is Cause.NOT_FOUND


def test_that_a_lock_stops_a_write_by_name() -> None:
    it = setup_rig()
    it.lab._world.locks.append(Lock("keep", it.group(), Level.READ_ONLY))
    failure = fails(lambda: it.services.azure.compute.enable_identity(it.vm("tg-node-b"), request_id=ask()))
    assert failure.cause is Cause.LOCKED


@pytest.mark.parametrize(
    "item",
    [{}, {"name": 1, "properties": []}, {"name": "n", "properties": {"roleName": None, "principalId": {}}}],
)
def test_that_what_is_no_role_assignment_or_lock_is_left_out(item: dict[str, object]) -> None:
    assert access_documents.role(item) is None
    assert access_documents.assignment(item) is None
    assert access_documents.lock(item) is None
    assert list(access_documents.denials(item)) == []


@pytest.mark.parametrize(
    ("written", "microseconds"), [("2024-05-01T10:00:00.1234567Z", 123456), ("2024-05-01T10:00:00Z", 0)]
)
def test_that_a_time_of_azure_is_read_to_the_microsecond(written: str, microseconds: int) -> None:
    found = access_documents.moment(written)
    assert found is not None
    assert (found.year, found.microsecond) == (2024, microseconds)
    assert access_documents.moment("soon") is None
