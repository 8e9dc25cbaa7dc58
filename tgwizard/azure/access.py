"""``ArmAccess``: roles, assignments, denials, locks and rights, and the few writes that setting up needs.

The functions below it ask the same about one identity.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from tgwizard.azure import access_documents as documents
from tgwizard.azure import compute, directory
from tgwizard.azure.clients import Clients
from tgwizard.azure.error_translation import Operation, translate_errors, unreadable
from tgwizard.azure.rest import AUTHORIZATION_API, LOCKS_API, ArmPath, Json, items, read, write
from tgwizard.engine.errors import AzureCallError, Cause
from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet, reaches
from tgwizard.model.role import LockSeen, PrincipalKind, RoleAssignment, RoleDefinition

T = TypeVar("T")

_PROVIDER = "providers/Microsoft.Authorization"
_GONE = (Cause.NOT_FOUND, Cause.ROLE_UNKNOWN)
_SCOPE_GONE = frozenset({"group-not-found", "subscription-not-found"})
"""A 404 for these is about the scope: it does not say that the role or the assignment is not there."""


class ArmAccess:
    """The engine's ``Access`` port. Usable from several threads; each call raises AzureCallError alone."""

    def __init__(self, clients: Clients) -> None:
        """Nothing is connected before the first call."""
        self._clients = clients

    def role_definitions(self, scope: str) -> tuple[RoleDefinition, ...]:
        """Every role that can be used at the scope or below, built-in ones too; it may lag (azure/README.md 3.1).

        Without the filter, Azure leaves out roles that can be assigned in a group of the subscription only.
        """
        query = (("$filter", "atScopeAndBelow()"),)
        found = self._items(scope, "roleDefinitions", "the role definitions", query)
        roles = (documents.role(item) for item in found)
        return tuple(role for role in roles if role is not None)

    def role_definition(self, scope: str, guid: str) -> RoleDefinition | None:
        """One role, never stale; None when there is none."""
        doing = Operation("read", "the role definition")
        found = self._one(doing, scope, "roleDefinitions", guid)
        return None if found is None else _known(doing, documents.role(found))

    def role_assignments(self, scope: str) -> tuple[RoleAssignment, ...]:
        """Everything at, above and below the scope."""
        return self._assignments(scope, ())

    def role_assignment(self, scope: str, guid: str) -> RoleAssignment | None:
        """One assignment; None when there is none."""
        doing = Operation("read", "the role assignment")
        found = self._one(doing, scope, "roleAssignments", guid)
        return None if found is None else _known(doing, documents.assignment(found))

    def assignments_to(self, scope: str, principal: str) -> tuple[RoleAssignment, ...]:
        """What an identity holds at, above and below the scope; by groups too if Azure tells (azure/README.md 3.2)."""
        quoted = principal.replace("'", "''")
        return self._assignments(scope, (("$filter", f"assignedTo('{quoted}')"),))

    def deny_assignments(self, scope: str) -> tuple[DenyAssignment, ...]:
        """Deny assignments at, above and below the scope; one for each of its permission blocks."""
        found = self._items(scope, "denyAssignments", "the deny assignments")
        return tuple(denial for item in found for denial in documents.denials(item))

    def locks(self, subscription: str) -> tuple[LockSeen, ...]:
        """Management locks in a subscription, on it and on everything below."""
        where = ArmPath(f"/subscriptions/{subscription}/{_PROVIDER}/locks", LOCKS_API)
        found = items(self._clients, Operation("list", "the locks"), where)
        locks = (documents.lock(item) for item in found)
        return tuple(lock for lock in locks if lock is not None)

    def own_permissions(self, scope: str) -> tuple[PermissionSet, ...]:
        """What the caller holds at the scope, one entry per role. Denials are not part of it (azure/README.md 3.3).

        The SDK knows the call for groups and resources only; for a subscription it is the same path.
        """
        found = self._items(scope, "permissions", "your permissions")
        return tuple(documents.permission_set(item) for item in found)

    def known_principals(self, principals: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Object id and display name of those that exist in the directory, asked of Microsoft Graph."""
        return directory.known_principals(self._clients, principals)

    def put_role(self, scope: str, role: RoleDefinition, *, request_id: str) -> RoleDefinition:
        """Create or replace a custom role; the answer is what Azure stored."""
        doing = Operation("write the role", role.name, writes=True)
        where = _where(scope, "roleDefinitions", role.guid)
        stored = write(self._clients, doing, "PUT", where, documents.role_body(role), request_id)
        return _known(doing, documents.role(stored or {}))

    def delete_role(self, scope: str, guid: str, *, request_id: str) -> None:
        """Delete a custom role; one that is gone already is no error."""
        self._delete(Operation("delete", "the role", writes=True), _where(scope, "roleDefinitions", guid), request_id)

    def put_assignment(self, assignment: RoleAssignment, role_id: str, *, request_id: str) -> RoleAssignment:
        """Create an assignment. ``principalType`` is always sent: it spares a look-up (azure/README.md 3.2).

        ValueError for a principal whose kind is not one that Azure takes.
        """
        if assignment.principal_kind is PrincipalKind.OTHER:
            raise ValueError("an assignment needs the kind of its principal")
        doing = Operation("assign the role at", assignment.scope.rsplit("/", 1)[-1] or "the root", writes=True)
        where = _where(assignment.scope, "roleAssignments", assignment.guid)
        body = documents.assignment_body(assignment, role_id)
        stored = write(self._clients, doing, "PUT", where, body, request_id)
        return _known(doing, documents.assignment(stored or {}))

    def delete_assignment(self, assignment: RoleAssignment, *, request_id: str) -> None:
        """Delete an assignment; one that is gone already is no error."""
        where = _where(assignment.scope, "roleAssignments", assignment.guid)
        self._delete(Operation("delete", "the role assignment", writes=True), where, request_id)

    def enable_identity(self, vm: ResourceId, *, request_id: str) -> None:
        """Turn the system-assigned identity on; nothing is sent when it is on."""
        compute.enable_identity(self._clients, vm, request_id)

    def disable_identity(self, vm: ResourceId, *, request_id: str) -> None:
        """Turn the system-assigned identity off; nothing is sent when it is off."""
        compute.disable_identity(self._clients, vm, request_id)

    def restart(self, vm: ResourceId, *, request_id: str) -> None:
        compute.restart(self._clients, vm, request_id)

    def _assignments(self, scope: str, query: tuple[tuple[str, str], ...]) -> tuple[RoleAssignment, ...]:
        found = self._items(scope, "roleAssignments", "the role assignments", query)
        assignments = (documents.assignment(item) for item in found)
        return tuple(item for item in assignments if item is not None)

    def _items(self, scope: str, kind: str, words: str, query: tuple[tuple[str, str], ...] = ()) -> list[Json]:
        where = ArmPath(f"{scope.rstrip('/')}/{_PROVIDER}/{kind}", AUTHORIZATION_API, query)
        return items(self._clients, Operation("list", words), where)

    def _one(self, doing: Operation, scope: str, kind: str, guid: str) -> Json | None:
        try:
            return read(self._clients, doing, _where(scope, kind, guid))
        except AzureCallError as failure:
            if failure.cause in _GONE and failure.problem.code not in _SCOPE_GONE:
                return None
            raise

    def _delete(self, doing: Operation, where: ArmPath, request_id: str) -> None:
        try:
            write(self._clients, doing, "DELETE", where, None, request_id)
        except AzureCallError as failure:
            if failure.cause not in _GONE:
                raise


def _where(scope: str, kind: str, guid: str) -> ArmPath:
    return ArmPath(f"{scope.rstrip('/')}/{_PROVIDER}/{kind}/{guid}", AUTHORIZATION_API)


def _known(doing: Operation, parsed: T | None) -> T:
    if parsed is None:
        raise unreadable(doing, "It lacks what such an answer holds.")
    return parsed


def permissions_at(clients: Clients, scope: ResourceId) -> tuple[PermissionSet, ...]:
    """The permission sets that apply at the resource. Deny assignments are not part of them."""
    where = ArmPath(f"{scope}/{_PROVIDER}/permissions", AUTHORIZATION_API)
    listed = items(
        clients, Operation("read your rights on", scope.name), where, each=clients.limits.read()
    )  # one entry for each role
    return tuple(documents.permission_set(item) for item in listed)


def roles_of(clients: Clients, principal: str, subscription: str) -> tuple[HeldRole, ...]:
    """Every role that the identity holds at, above or below the subscription, through groups too, defined.

    An assignment whose role was deleted meanwhile grants nothing and is left out.
    """
    access, scope = ArmAccess(clients), f"/subscriptions/{subscription}"
    known: dict[str, tuple[PermissionSet, ...]] = {}
    held: list[HeldRole] = []
    for assignment in access.assignments_to(scope, principal):
        guid = assignment.role_guid
        if guid not in known:
            role = access.role_definition(scope, guid)
            known[guid] = role.held if role else ()
        held += [HeldRole(assignment.scope, grants, assignment.condition) for grants in known[guid]]
    return tuple(held)


def denials_of(clients: Clients, principal: str, subscription: str) -> tuple[DenyAssignment, ...]:
    """The deny assignments that concern the identity: by name, as everyone, or through a group.

    Which groups it is in is known as far as a role is assigned to them: being in one that is excluded spares it too.
    """
    quoted = principal.replace("'", "''")
    path, doing = (
        f"/subscriptions/{subscription}/{_PROVIDER}/denyAssignments",
        Operation("list", "the deny assignments"),
    )
    through = items(clients, doing, ArmPath(path, AUTHORIZATION_API, (("$filter", f"assignedTo('{quoted}')"),)))
    named = {str(item.get("id", "")).lower() for item in through}
    found = [
        denial if str(item.get("id", "")).lower() not in named else replace(denial, principals=())
        for item in items(clients, doing, ArmPath(path, AUTHORIZATION_API))
        for denial in documents.denials(item)
    ]
    known: tuple[str, ...] = (principal,)
    if any(denial.excluded for denial in found):
        held = ArmAccess(clients).assignments_to(f"/subscriptions/{subscription}", principal)
        known = (principal, *(item.principal_id for item in held))
    return tuple(denial for denial in found if denial.concerns(known))


def own_denials(clients: Clients, subscription: str) -> tuple[DenyAssignment, ...]:
    """The deny assignments that concern the signed-in identity."""
    caller = translate_errors(Operation("check", "the sign-in"), clients.session.credential.caller)
    return denials_of(clients, caller.object_id, subscription)


def locks_over(clients: Clients, resources: tuple[ResourceId, ...]) -> tuple[LockSeen, ...]:
    """The locks of the subscription that count at one of the resources; of their groups when only those may be read."""
    found: list[LockSeen] = []
    for subscription in dict.fromkeys(item.subscription for item in resources):
        try:
            found += ArmAccess(clients).locks(subscription)
        except AzureCallError as refused:
            if refused.cause is not Cause.NOT_ALLOWED:
                raise
            groups = dict.fromkeys(item.group for item in resources if item.subscription == subscription)
            for group in groups:
                found += _locks_in(clients, f"/subscriptions/{subscription}/resourceGroups/{group}", group)
    return tuple(lock for lock in dict.fromkeys(found) if any(reaches(lock.scope, item.text) for item in resources))


def _locks_in(clients: Clients, scope: str, group: str) -> list[LockSeen]:
    listed = items(
        clients, Operation("list", f"the locks in {group}"), ArmPath(f"{scope}/{_PROVIDER}/locks", LOCKS_API)
    )
    locks = (documents.lock(item) for item in listed)
    return [lock for lock in locks if lock is not None]
