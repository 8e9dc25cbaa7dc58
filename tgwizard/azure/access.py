"""``ArmAccess``: roles, assignments, denials, locks and rights, and the writes of roles and assignments."""

from __future__ import annotations

from typing import TypeVar

from tgwizard.azure import access_documents as documents
from tgwizard.azure.clients import Clients
from tgwizard.azure.error_translation import Operation, unreadable
from tgwizard.azure.rest import AUTHORIZATION_API, LOCKS_API, ArmPath, Json, items, read, write
from tgwizard.engine.azure_call_error import AzureCallError, Cause
from tgwizard.model.permission import DenyAssignment, PermissionSet, scope_in_words
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
        return self._assignments(scope, _assigned_to(principal))

    def deny_assignments(self, scope: str) -> tuple[DenyAssignment, ...]:
        """Deny assignments at, above and below the scope; one for each of its permission blocks."""
        return self._denials(scope, ())

    def denials_to(self, scope: str, principal: str) -> tuple[DenyAssignment, ...]:
        """Those of them that Azure lists for an identity: by its name, as everyone, or through a group."""
        return self._denials(scope, _assigned_to(principal))

    def locks(self, scope: str) -> tuple[LockSeen, ...]:
        """Management locks on a subscription or a group, and on everything below."""
        kind, name = scope.rsplit("/", 2)[-2:]
        words = "the locks" if kind == "subscriptions" else f"the locks in {name}"
        found = items(self._clients, Operation("list", words), ArmPath(f"{scope}/{_PROVIDER}/locks", LOCKS_API))
        locks = (documents.lock(item) for item in found)
        return tuple(lock for lock in locks if lock is not None)

    def own_permissions(self, scope: str) -> tuple[PermissionSet, ...]:
        """What the caller holds at the scope, one entry per role. Denials are not part of it (azure/README.md 3.3).

        The SDK knows the call for groups and resources only; for a subscription it is the same path.
        """
        where = ArmPath(f"{scope.rstrip('/')}/{_PROVIDER}/permissions", AUTHORIZATION_API)
        doing = Operation("read your rights on", scope_in_words(scope))
        found = items(self._clients, doing, where, each=self._clients.limits.read())  # a short list: one for each role
        return tuple(documents.permission_set(item) for item in found)

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

    def _assignments(self, scope: str, query: tuple[tuple[str, str], ...]) -> tuple[RoleAssignment, ...]:
        found = self._items(scope, "roleAssignments", "the role assignments", query)
        assignments = (documents.assignment(item) for item in found)
        return tuple(item for item in assignments if item is not None)

    def _denials(self, scope: str, query: tuple[tuple[str, str], ...]) -> tuple[DenyAssignment, ...]:
        found = self._items(scope, "denyAssignments", "the deny assignments", query)
        return tuple(denial for item in found for denial in documents.denials(item))

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


def _assigned_to(principal: str) -> tuple[tuple[str, str], ...]:
    quoted = principal.replace("'", "''")
    return (("$filter", f"assignedTo('{quoted}')"),)


def _known(doing: Operation, parsed: T | None) -> T:
    if parsed is None:
        raise unreadable(doing, "It lacks what such an answer holds.")
    return parsed
