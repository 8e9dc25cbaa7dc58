"""Changing roles and assignments, and finding them: the one place that writes `World.authorization`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from tgwizard.lab.rbac import propagation
from tgwizard.lab.rbac.builtin_roles import BUILT_IN
from tgwizard.lab.rbac.role_records import LabRoleAssignment, LabRoleDefinition, RoleHistory
from tgwizard.lab.world import World

LARGEST_ROLE_COUNT = 5000
"""Custom roles in one tenant."""
LARGEST_ASSIGNMENT_COUNT = 4000
"""Role assignments in one subscription."""


def put_role(world: World, role: LabRoleDefinition) -> None:
    """Create a custom role, or let a new version take over."""
    history = world.authorization.roles.get(role.guid)
    if history is None or history.deleted is not None:
        world.authorization.roles[role.guid] = RoleHistory([role])
    else:
        fresh = [item for item in history.versions if role.updated_on - item.updated_on <= propagation.SETTLED]
        history.versions = [*(fresh or history.versions[-1:]), role]
    world.serial += 1


def remove_role(world: World, guid: str, now: datetime) -> None:
    """Delete a custom role; lists may show it for a while yet."""
    world.authorization.roles[guid].deleted = now
    world.serial += 1


def custom_roles(world: World) -> Iterator[LabRoleDefinition]:
    """Yield the custom roles as they are."""
    return (item.current for item in world.authorization.roles.values() if item.deleted is None)


def listed_roles(world: World, now: datetime) -> Iterator[LabRoleDefinition]:
    """Yield the roles as this list read shows them; where lists flicker, not the way they are."""
    yield from BUILT_IN.values()
    for guid, history in world.authorization.roles.items():
        current = history.current
        if history.deleted is not None:
            if propagation.shows_old(world, guid, history.deleted, now):
                yield current
        elif not propagation.shows_old(world, guid, current.updated_on, now):
            yield current
        elif len(history.versions) > 1:
            yield history.versions[-2]


def add_assignment(world: World, assignment: LabRoleAssignment) -> None:
    """Store a new assignment, or the changed one of the same guid."""
    world.authorization.assignments.setdefault(assignment.principal, {})[assignment.guid] = assignment
    world.reassigned.add(assignment.principal)
    world.serial += 1


def remove_assignment(world: World, assignment: LabRoleAssignment, now: datetime) -> None:
    """Remove an assignment; its rights linger until the news has arrived."""
    held = world.authorization.assignments[assignment.principal]
    del held[assignment.guid]
    for key in [key for key, item in held.items() if item.removed and now - item.removed > propagation.SETTLED]:
        del held[key]
    held[f"{assignment.guid}@{now.isoformat()}"] = replace(assignment, removed=now)
    world.reassigned.add(assignment.principal)
    world.serial += 1


def assignments(world: World) -> Iterator[LabRoleAssignment]:
    """Yield the assignments as they are."""
    return (item for held in world.authorization.assignments.values() for item in held.values() if item.removed is None)


def assignment(world: World, guid: str) -> LabRoleAssignment | None:
    """Return the assignment of a guid, which exists once in a tenant, or None."""
    wanted = guid.lower()
    for held in world.authorization.assignments.values():
        if wanted in held:
            return held[wanted]
    return None


def listed_assignments(world: World, now: datetime) -> Iterator[LabRoleAssignment]:
    """Yield the assignments as this list read shows them."""
    for held in world.authorization.assignments.values():
        for item in held.values():
            changed = item.removed or item.updated_on
            old = propagation.shows_old(world, f"{item.guid}:{changed.isoformat()}", changed, now)
            if old == (item.removed is not None):
                yield item
