"""Who may do what: the lab's own permission maths, written apart from the client's (azure/README.md 3.3).

Allowed is what some role held at or above the scope has among its actions and not among that role's own notActions,
unless a deny assignment says no. New rights count from when they have arrived (`propagation`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from tgwizard.lab import ids
from tgwizard.lab.rbac import conditions, propagation
from tgwizard.lab.rbac.builtin_roles import BUILT_IN
from tgwizard.lab.rbac.conditions import Facts
from tgwizard.lab.rbac.role_records import (
    EVERYONE,
    LabDenyAssignment,
    LabRoleAssignment,
    LabRoleDefinition,
    PermissionRecord,
)
from tgwizard.lab.wire import Refusal
from tgwizard.lab.world import Principal, World

NO_FACTS: Facts = {}


@lru_cache(maxsize=4096)
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in action.lower().split("*")))


def matches(pattern: str, action: str) -> bool:
    """Return whether an action matches; `*` stands for any run of characters, `/` included, case ignored."""
    return _pattern(pattern).fullmatch(action.lower()) is not None


@lru_cache(maxsize=16384)
def grants(permissions: tuple[PermissionRecord, ...], action: str) -> bool:
    """Return whether a role's permissions have an action; data actions never count for management."""
    return any(
        any(matches(item, action) for item in entry.actions)
        and not any(matches(item, action) for item in entry.not_actions)
        for entry in permissions
    )


def covers(world: World, outer: str, inner: str) -> bool:
    """Return whether a scope is another one or above it: `/`, management groups, subscription, group, resource."""
    if ids.under(outer, inner):
        return True
    if not ids.management_group_of(outer):
        return False
    wanted = ids.key(outer)
    return any(ids.key(item) == wanted for item in world.management_groups_above(inner))


def role_now(world: World, guid: str) -> LabRoleDefinition | None:
    """Return a role as it is, built-in or custom; None if there is none or it was deleted."""
    built_in = BUILT_IN.get(guid.lower())
    if built_in is not None:
        return built_in
    history = world.authorization.roles.get(guid.lower())
    return None if history is None or history.deleted is not None else history.current


def held(world: World, principal: Principal, scope: str, now: datetime) -> Iterator[LabRoleDefinition]:
    """Yield the roles in force for a principal at a scope, one for each assignment, in the version that has arrived.

    Assignments to the groups that its token names count as its own; whatever their conditions say.
    """
    return (role for _, role in _held(world, principal, scope, now))


def _held(
    world: World, principal: Principal, scope: str, now: datetime
) -> Iterator[tuple[LabRoleAssignment, LabRoleDefinition]]:
    for oid in principal.oids:
        for assignment in world.authorization.assignments.get(oid, {}).values():
            if covers(world, assignment.scope, scope) and propagation.counts(world, assignment, now):
                role = _in_force(world, assignment.role, principal.oid, now)
                if role is not None:
                    yield assignment, role


def holds_any(world: World, principal: Principal, scope: str, now: datetime) -> bool:
    """Return whether a principal holds any role at, above or below a scope."""
    return any(
        (covers(world, item.scope, scope) or ids.under(scope, item.scope)) and propagation.counts(world, item, now)
        for oid in principal.oids
        for item in world.authorization.assignments.get(oid, {}).values()
    )


def denial(world: World, principal: Principal, action: str, scope: str) -> LabDenyAssignment | None:
    """Return the deny assignment that keeps a principal from an action at a scope, or None."""
    for deny in world.authorization.deny:
        if _concerns(world, deny, principal, scope) and grants(
            (PermissionRecord(deny.actions, deny.not_actions),), action.lower()
        ):
            return deny
    return None


def permitted(
    world: World, principal: Principal, action: str, scope: str, now: datetime, facts: Facts = NO_FACTS
) -> bool:
    """Return whether some role grants the action, deny assignments left aside.

    An assignment with a condition counts if that holds for the facts of the call.
    """
    lowered = action.lower()
    return any(
        grants(role.permissions, lowered)
        and (assignment.condition is None or conditions.holds(assignment.condition, action, facts))
        for assignment, role in _held(world, principal, scope, now)
    )


def allowed(world: World, principal: Principal, action: str, scope: str, now: datetime) -> bool:
    """Return whether a principal may do something at a scope."""
    return permitted(world, principal, action, scope, now) and denial(world, principal, action, scope) is None


def require(
    world: World, principal: Principal, action: str, scope: str, now: datetime, facts: Facts = NO_FACTS
) -> None:
    """Refuse with 403 `AuthorizationFailed` (azure/README.md 2.6), or the denial's own code and sentence."""
    if not permitted(world, principal, action, scope, now, facts):
        limited = any(grants(role.permissions, action.lower()) for role in held(world, principal, scope, now))
        has = (
            "has an authorization with ABAC condition that is not fulfilled"
            if limited
            else ("does not have authorization")
        )
        raise Refusal(
            403,
            "AuthorizationFailed",
            f"The client '{principal.shown}' with object id '{principal.oid}' {has} to perform "
            f"action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please "
            "refresh your credentials.",
        )
    deny = denial(world, principal, action, scope)
    if deny is not None:
        raise Refusal(
            403,
            "DenyAssignmentAuthorizationFailed",
            f"The client '{principal.shown}' with object id '{principal.oid}' has permission to perform action "
            f"'{action}' on scope '{scope}'; however, the access is denied because of the deny assignment with name "
            f"'{deny.name}' and Id '{deny.guid.replace('-', '')}' at scope '{deny.scope}'.",
        )


def require_linked(
    world: World, principal: Principal, action: str, scope: str, linked: Iterable[tuple[str, str]], now: datetime
) -> None:
    """Refuse with 403 `LinkedAuthorizationFailed` if an (action, scope) pair of the body is not allowed.

    A subscription of another tenant, or one that nobody knows, has a sentence of its own.
    """
    own = {item.id.lower() for item in world.subscriptions if item.tenant == world.subscription.tenant}
    for linked_action, linked_scope in linked:
        if not allowed(world, principal, linked_action, linked_scope, now):
            foreign = ids.subscription_of(linked_scope) not in {"", *own}
            tail = (
                f"the current tenant '{world.subscription.tenant}' is not authorized to access linked subscription "
                f"'{ids.subscription_of(linked_scope)}'."
                if foreign
                else f"it does not have permission to perform action(s) '{linked_action}' on the linked scope(s) "
                f"'{linked_scope}' (respectively) or the linked scope(s) are invalid."
            )
            raise Refusal(
                403,
                "LinkedAuthorizationFailed",
                f"The client '{principal.shown}' with object id '{principal.oid}' has permission to perform action "
                f"'{action}' on scope '{scope}'; however, {tail}",
            )


def _in_force(world: World, guid: str, oid: str, now: datetime) -> LabRoleDefinition | None:
    built_in = BUILT_IN.get(guid)
    if built_in is not None:
        return built_in
    history = world.authorization.roles.get(guid)
    return None if history is None else propagation.version_for(world, history, oid, now)


def _concerns(world: World, deny: LabDenyAssignment, principal: Principal, scope: str) -> bool:
    who = {*principal.oids}
    if who & {*deny.excluded} or not (who | {EVERYONE}) & {*deny.principals}:
        return False
    if deny.this_scope_only:
        return ids.key(deny.scope) == ids.key(scope)
    return covers(world, deny.scope, scope)
