"""Azure's permission mathematics, the client's side (azure-wire.md 3.3).

The lab has its own, written apart on purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """What one held role grants at a scope: control-plane actions and that role's own exceptions."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldRole:
    """One role assignment of an identity: what it grants, and from which scope downwards."""

    scope: str
    grants: PermissionSet


@dataclass(frozen=True, slots=True)
class Denial:
    """One deny assignment that concerns an identity. It wins over every role (azure-wire.md 3.3)."""

    scope: str
    denies: PermissionSet
    this_scope_only: bool = False


def matches(pattern: str, action: str) -> bool:
    """Whether a role's pattern covers the action: ``*`` is any run of characters, slashes too; case is ignored."""
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, action, re.IGNORECASE) is not None


def allows(held: tuple[PermissionSet, ...], action: str) -> bool:
    """Whether any one role grants the action; notActions take away from their own role only."""
    return any(
        any(matches(pattern, action) for pattern in role.actions)
        and not any(matches(pattern, action) for pattern in role.not_actions)
        for role in held
    )


def reaches(outer: str, inner: str, above: tuple[str, ...] = ()) -> bool:
    """Whether what is assigned at ``outer`` counts at ``inner``; case is ignored.

    ``above`` names the management groups that the subscription of ``inner`` belongs to, for they are not in its id.
    """
    wide, narrow = _parts(outer), _parts(inner)
    if narrow[: len(wide)] == wide:
        return True
    return narrow[:1] == ["subscriptions"] and any(wide == _parts(group) for group in above)


def allows_at(
    roles: tuple[HeldRole, ...], denials: tuple[Denial, ...], action: str, scope: str, above: tuple[str, ...] = ()
) -> bool:
    """Whether an identity may do something at a scope: some role that reaches it grants it, and no denial takes it."""
    held = tuple(role.grants for role in roles if reaches(role.scope, scope, above))
    denied = tuple(
        denial.denies
        for denial in denials
        if (_parts(denial.scope) == _parts(scope) if denial.this_scope_only else reaches(denial.scope, scope, above))
    )
    return allows(held, action) and not allows(denied, action)


def _parts(scope: str) -> list[str]:
    """The parts of a scope to compare; the root has none."""
    return [part for part in scope.lower().split("/") if part]
