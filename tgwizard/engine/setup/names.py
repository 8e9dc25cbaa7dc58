"""The GUIDs that new roles and assignments get: computed, so that a second or resumed run names the same ones.

Azure refuses to change whom an assignment is for, or where (RoleAssignmentUpdateNotPermitted, azure/README.md 3.2), so
scope, principal and role are all part of the name: a machine rebuilt under its old name gets another one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from tgwizard.model.role import RoleAssignment, RoleDefinition

_NAMESPACE = uuid.UUID("5ff5f1c2-1d0c-5e67-9a0b-6b7a4b7f7d01")


def assignment_guid(scope: str, principal: str, role_guid: str, existing: Iterable[RoleAssignment] = ()) -> str:
    """The name of an assignment; another one when something else has that name already."""
    meaning = (scope.lower(), principal.lower(), role_guid.lower())
    held = {item.guid.lower(): (item.scope.lower(), item.principal_id.lower(), item.role_guid) for item in existing}
    for attempt in range(1000):
        guid = _guid("assignment", *meaning, attempt=attempt)
        if held.get(guid, meaning) == meaning:
            return guid
    raise AssertionError("a thousand computed names are taken")


def role_guid(subscription: str, name: str, existing: Iterable[RoleDefinition] = ()) -> str:
    """The name in ids of a new role; another one when a role of another name has it (it was renamed since)."""
    held = {role.guid.lower(): role.name.lower() for role in existing}
    for attempt in range(1000):
        guid = _guid("role", subscription.lower(), name.lower(), attempt=attempt)
        if held.get(guid, name.lower()) == name.lower():
            return guid
    raise AssertionError("a thousand computed names are taken")


def _guid(*parts: str, attempt: int) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\n".join((*parts, *([str(attempt)] if attempt else [])))))
