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
