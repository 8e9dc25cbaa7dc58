"""Rights, deny assignments and locks: the signed-in identity's own, and those of another (azure/README.md 3.3, 1.1)."""

from __future__ import annotations

from dataclasses import replace

from tgwizard.azure import access_documents as documents
from tgwizard.azure.access import ArmAccess
from tgwizard.azure.failures import Doing, attempt
from tgwizard.azure.raw import AUTHORIZATION_API, LOCKS_API, Where, items
from tgwizard.azure.session import Clients
from tgwizard.engine.errors import CallFailed, Cause
from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet, reaches
from tgwizard.model.role import LockSeen

_PROVIDER = "providers/Microsoft.Authorization"


def permissions_at(clients: Clients, scope: ResourceId) -> tuple[PermissionSet, ...]:
    """The permission sets that apply at the resource. Deny assignments are not part of them."""
    where = Where(f"{scope}/{_PROVIDER}/permissions", AUTHORIZATION_API)
    listed = items(
        clients, Doing("read your rights on", scope.name), where, each=clients.limits.read()
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
    path, doing = f"/subscriptions/{subscription}/{_PROVIDER}/denyAssignments", Doing("list", "the deny assignments")
    through = items(clients, doing, Where(path, AUTHORIZATION_API, (("$filter", f"assignedTo('{quoted}')"),)))
    named = {str(item.get("id", "")).lower() for item in through}
    found = [
        denial if str(item.get("id", "")).lower() not in named else replace(denial, principals=())
        for item in items(clients, doing, Where(path, AUTHORIZATION_API))
        for denial in documents.denials(item)
    ]
    known: tuple[str, ...] = (principal,)
    if any(denial.excluded for denial in found):
        held = ArmAccess(clients).assignments_to(f"/subscriptions/{subscription}", principal)
        known = (principal, *(item.principal_id for item in held))
    return tuple(denial for denial in found if denial.concerns(known))


def own_denials(clients: Clients, subscription: str) -> tuple[DenyAssignment, ...]:
    """The deny assignments that concern the signed-in identity."""
    caller = attempt(Doing("check", "the sign-in"), clients.session.credential.caller)
    return denials_of(clients, caller.object_id, subscription)


def locks_over(clients: Clients, resources: tuple[ResourceId, ...]) -> tuple[LockSeen, ...]:
    """The locks of the subscription that count at one of the resources; of their groups when only those may be read."""
    found: list[LockSeen] = []
    for subscription in dict.fromkeys(item.subscription for item in resources):
        try:
            found += ArmAccess(clients).locks(subscription)
        except CallFailed as refused:
            if refused.cause is not Cause.NOT_ALLOWED:
                raise
            groups = dict.fromkeys(item.group for item in resources if item.subscription == subscription)
            for group in groups:
                found += _locks_in(clients, f"/subscriptions/{subscription}/resourceGroups/{group}", group)
    return tuple(lock for lock in dict.fromkeys(found) if any(reaches(lock.scope, item.text) for item in resources))


def _locks_in(clients: Clients, scope: str, group: str) -> list[LockSeen]:
    listed = items(clients, Doing("list", f"the locks in {group}"), Where(f"{scope}/{_PROVIDER}/locks", LOCKS_API))
    locks = (documents.lock(item) for item in listed)
    return [lock for lock in locks if lock is not None]
