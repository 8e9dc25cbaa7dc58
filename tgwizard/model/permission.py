"""Azure's permission mathematics, the client's side: what a role grants, what a denial takes, and how far each reaches.

The lab has its own, written apart on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tgwizard.model.text import sanitize

_MANAGEMENT_GROUP = ["providers", "microsoft.management", "managementgroups"]


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """What one held role grants at a scope: control-plane actions and that role's own exceptions."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldRole:
    """One role assignment of an identity: what it grants, from which scope downwards, and on which condition."""

    scope: str
    grants: PermissionSet
    condition: str = ""


@dataclass(frozen=True, slots=True)
class DenyAssignment:
    """A deny assignment: it wins over every role.

    ``principals`` empty means everyone, less ``excluded`` (object ids, lower case). ``this_scope_only``: what
    lies below its scope is not concerned.
    """

    name: str
    scope: str
    denies: PermissionSet
    principals: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    this_scope_only: bool = False

    def concerns(self, principals: Iterable[str]) -> bool:
        """Whether it is for someone who is known by these object ids: the own one, and those of groups."""
        wanted = {principal.lower() for principal in principals}
        if wanted & {excluded.lower() for excluded in self.excluded}:
            return False
        return not self.principals or bool(wanted & {principal.lower() for principal in self.principals})

    def takes(self, action: str, scope: str) -> bool:
        """Whether it takes an action away at a scope."""
        there = same_scope(self.scope, scope) if self.this_scope_only else reaches(self.scope, scope)
        return there and allows((self.denies,), action)


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


def reaches(outer: str, inner: str) -> bool:
    """Whether what stands at ``outer`` (a role, a denial, a lock, an assignable scope) counts at ``inner``.

    The one rule: a scope reaches itself and all below it, the root reaches everything; case and slashes at the ends are
    ignored. Which management groups lie above a subscription is not in any id of it, but Azure's lists for a
    subscription, or for something in it, name no others: so a management group reaches all of a subscription.
    """
    wide, narrow = _parts(outer), _parts(inner)
    if narrow[: len(wide)] == wide:
        return True
    return (
        len(wide) == len(_MANAGEMENT_GROUP) + 1 and wide[:-1] == _MANAGEMENT_GROUP and narrow[:1] == ["subscriptions"]
    )


def same_scope(one: str, other: str) -> bool:
    """Whether two ids name the same scope, however they are spelled."""
    return _parts(one) == _parts(other)


def scope_in_words(scope: str) -> str:
    """A scope for people: a resource, a resource group, the subscription, a management group, or the root.

    The empty one is a scope that a refusal leaves out.
    """
    if not scope.strip():
        return "a scope that Azure does not name"
    pieces = [part for part in scope.split("/") if part]
    kind = pieces[-2].lower() if len(pieces) > 1 else ""
    name = sanitize(pieces[-1], 90) if pieces else ""
    match kind:
        case "subscriptions":
            return "the subscription"
        case "resourcegroups":
            return f"resource group {name}"
        case "managementgroups":
            return f"management group {name}"
        case _:
            return name or "the whole directory"


def _parts(scope: str) -> list[str]:
    """The parts of a scope to compare; the root has none."""
    return [part for part in scope.lower().split("/") if part]
