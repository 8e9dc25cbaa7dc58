"""What one identity holds and what stands in its way, asked of Azure for it alone; nothing is judged here.

Each function raises AzureCallError with the reason when it cannot be known.
"""

from __future__ import annotations

from dataclasses import replace

from tgwizard.engine.errors import AzureCallError, Cause
from tgwizard.engine.ports import Access, AzurePorts
from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet, reaches
from tgwizard.model.role import LockSeen


def read_roles_of(access: Access, principal: str, subscription: str) -> tuple[HeldRole, ...]:
    """Every role that an identity (object id) holds at, above or below a subscription, through groups too, defined.

    An assignment whose role was deleted meanwhile grants nothing and is left out.
    """
    scope = f"/subscriptions/{subscription}"
    known: dict[str, tuple[PermissionSet, ...]] = {}
    held: list[HeldRole] = []
    for assignment in access.assignments_to(scope, principal):
        guid = assignment.role_guid
        if guid not in known:
            role = access.role_definition(scope, guid)
            known[guid] = role.held if role else ()
        held += [HeldRole(assignment.scope, grants, assignment.condition) for grants in known[guid]]
    return tuple(held)


def read_denials_of(access: Access, principal: str, subscription: str) -> tuple[DenyAssignment, ...]:
    """The deny assignments in a subscription that concern an identity: by name, as everyone, or through a group.

    Which groups it is in is known as far as a role is assigned to them: being in one that is excluded spares it too.
    """
    scope = f"/subscriptions/{subscription}"
    named = frozenset(access.denials_to(scope, principal))
    found = [replace(denial, principals=()) if denial in named else denial for denial in access.deny_assignments(scope)]
    known: tuple[str, ...] = (principal,)
    if any(denial.excluded for denial in found):
        known = (principal, *(item.principal_id for item in access.assignments_to(scope, principal)))
    return tuple(denial for denial in found if denial.concerns(known))


def read_own_denials(azure: AzurePorts, subscription: str) -> tuple[DenyAssignment, ...]:
    """The deny assignments in a subscription that concern the identity that asks."""
    return read_denials_of(azure.access, azure.directory.caller().object_id, subscription)


def read_locks_over(access: Access, resources: tuple[ResourceId, ...]) -> tuple[LockSeen, ...]:
    """The locks that count at one of the resources; those of their groups when only these may be read."""
    found: list[LockSeen] = []
    for subscription in dict.fromkeys(item.subscription for item in resources):
        scope = f"/subscriptions/{subscription}"
        try:
            found += access.locks(scope)
        except AzureCallError as refused:
            if refused.cause is not Cause.NOT_ALLOWED:
                raise
            for group in dict.fromkeys(item.group for item in resources if item.subscription == subscription):
                found += access.locks(f"{scope}/resourceGroups/{group}")
    return tuple(lock for lock in dict.fromkeys(found) if any(reaches(lock.scope, item.text) for item in resources))
