"""Who may do what: the lab's own permission maths, written apart from the client's (`azure-wire.md` 3.3).

This first room knows grants (role, principal, scope). Role definitions and assignments as resources, propagation
delays and deny assignments have their place here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tgwizard.lab import ids
from tgwizard.lab.wire import Refusal
from tgwizard.lab.world import Grant, Principal, World


@lru_cache(maxsize=1024)
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in action.lower().split("*")))


def matches(pattern: str, action: str) -> bool:
    """Return whether an action matches; `*` stands for any run of characters, `/` included, case ignored."""
    return _pattern(pattern).fullmatch(action.lower()) is not None


def grants_of(world: World, principal: Principal, scope: str) -> tuple[Grant, ...]:
    """Return what a principal was granted at a scope or above it."""
    return tuple(grant for grant in world.grants if grant.principal == principal.oid and ids.under(grant.scope, scope))


def allowed(world: World, principal: Principal, action: str, scope: str) -> bool:
    """Return whether some role at or above the scope has the action and does not itself exclude it."""
    return any(
        any(matches(item, action) for item in grant.actions)
        and not any(matches(item, action) for item in grant.not_actions)
        for grant in grants_of(world, principal, scope)
    )


def require(world: World, principal: Principal, action: str, scope: str) -> None:
    """Refuse with 403 `AuthorizationFailed` in the words of `azure-wire.md` 2.6."""
    if allowed(world, principal, action, scope):
        return
    raise Refusal(
        403,
        "AuthorizationFailed",
        f"The client '{principal.name}' with object id '{principal.oid}' does not have authorization to perform "
        f"action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please "
        "refresh your credentials.",
    )


def require_linked(
    world: World, principal: Principal, action: str, scope: str, linked: Iterable[tuple[str, str]]
) -> None:
    """Refuse with 403 `LinkedAuthorizationFailed` if an (action, scope) pair of the body is not allowed."""
    for linked_action, linked_scope in linked:
        if not allowed(world, principal, linked_action, linked_scope):
            raise Refusal(
                403,
                "LinkedAuthorizationFailed",
                f"The client '{principal.oid}' with object id '{principal.oid}' has permission to perform action "
                f"'{action}' on scope '{scope}'; however, it does not have permission to perform action(s) "
                f"'{linked_action}' on the linked scope(s) '{linked_scope}' (respectively) or the linked scope(s) "
                "are invalid.",
            )
