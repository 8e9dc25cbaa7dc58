"""Role definitions, assignments, denials and locks: Azure's documents read into the model, and the bodies we send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tgwizard.azure.rest import Json, inner, objects, text, texts
from tgwizard.model.permission import DenyAssignment, PermissionSet
from tgwizard.model.role import (
    LockLevel,
    LockSeen,
    PrincipalKind,
    RoleAssignment,
    RoleDefinition,
    RoleKind,
    RolePermission,
)

EVERYONE = "00000000-0000-0000-0000-000000000000"
"""The principal of a deny assignment that concerns everybody (azure/README.md 3.3)."""

_KINDS = {kind.value.lower(): kind for kind in PrincipalKind}
_LEVELS = {level.value.lower(): level for level in LockLevel}
_OWN_PART = re.compile(
    r"/providers/Microsoft\.Authorization/(?:locks|roleAssignments|denyAssignments)/[^/]+$", re.IGNORECASE
)
_FRACTION = re.compile(r"(\.\d{6})\d+")


def role(item: Json) -> RoleDefinition | None:
    """A role definition; None for what has no name or no GUID."""
    properties = inner(item)
    guid, name = text(item, "name"), text(properties, "roleName")
    if not guid or not name:
        return None
    custom = text(properties, "type").lower() == RoleKind.CUSTOM.value.lower()
    return RoleDefinition(
        guid.lower(),
        name,
        text(properties, "description"),
        RoleKind.CUSTOM if custom else RoleKind.BUILT_IN,
        tuple(_permission(entry) for entry in objects(properties, "permissions")),
        texts(properties, "assignableScopes"),
        text(item, "id"),
    )


def role_body(role: RoleDefinition) -> dict[str, Any]:
    """What a PUT of a custom role sends: the whole role, since it replaces what is there."""
    return {
        "properties": {
            "roleName": role.name,
            "description": role.description,
            "type": RoleKind.CUSTOM.value,
            "assignableScopes": list(role.assignable_scopes),
            "permissions": [
                {
                    "actions": list(block.actions),
                    "notActions": list(block.not_actions),
                    "dataActions": list(block.data_actions),
                    "notDataActions": list(block.not_data_actions),
                }
                for block in role.permissions
            ],
        }
    }


def assignment(item: Json) -> RoleAssignment | None:
    """A role assignment; None for what has no GUID, no role, no principal or no scope."""
    properties = inner(item)
    guid, principal = text(item, "name"), text(properties, "principalId")
    role_guid = text(properties, "roleDefinitionId").rsplit("/", 1)[-1].lower()
    scope = text(properties, "scope") or _stands_on(item)
    if not guid or not principal or not role_guid or not scope:
        return None
    return RoleAssignment(
        guid.lower(),
        scope,
        role_guid,
        principal.lower(),
        _KINDS.get(text(properties, "principalType").lower(), PrincipalKind.OTHER),
        text(properties, "condition"),
        moment(text(properties, "createdOn")),
        text(item, "id"),
    )


def assignment_body(assignment: RoleAssignment, role_id: str) -> dict[str, Any]:
    """What a PUT of an assignment sends. Conditions are of version 2.0, the only one that Azure takes."""
    properties = {
        "roleDefinitionId": role_id,
        "principalId": assignment.principal_id,
        "principalType": assignment.principal_kind.value,
    }
    if assignment.condition:
        properties |= {"condition": assignment.condition, "conditionVersion": "2.0"}
    return {"properties": properties}


def permission_set(item: Json) -> PermissionSet:
    """What one role allows and takes back again."""
    return PermissionSet(texts(item, "actions"), texts(item, "notActions"))


def denials(item: Json) -> Iterator[DenyAssignment]:
    """A deny assignment, once for each of its permission blocks. One without a scope may reach everything."""
    properties = inner(item)
    principals = tuple(text(entry, "id").lower() for entry in objects(properties, "principals"))
    excluded = tuple(text(entry, "id").lower() for entry in objects(properties, "excludePrincipals"))
    for block in objects(properties, "permissions"):
        yield DenyAssignment(
            text(properties, "denyAssignmentName") or text(item, "name"),
            text(properties, "scope") or _stands_on(item) or "/",
            permission_set(block),
            () if EVERYONE in principals else principals,
            excluded,
            properties.get("doNotApplyToChildScopes") is True,
        )


def lock(item: Json) -> LockSeen | None:
    """A lock with the scope that it stands on; None for a level that stops nothing."""
    properties = inner(item)
    level = _LEVELS.get(text(properties, "level").lower())
    if level is None:
        return None
    return LockSeen(text(item, "name"), level, _stands_on(item), text(properties, "notes"))


def moment(written: str) -> datetime | None:
    """A time as Azure writes it, with up to seven digits of a second; None when it is none."""
    try:
        return datetime.fromisoformat(_FRACTION.sub(r"\1", written)) if written else None
    except ValueError:
        return None


def _stands_on(item: Json) -> str:
    """The scope in the id of a lock or an assignment: ``/`` is the root; empty when there is no such id."""
    scope, found = _OWN_PART.subn("", text(item, "id"))
    return (scope or "/") if found else ""


def _permission(item: Json) -> RolePermission:
    return RolePermission(
        texts(item, "actions"), texts(item, "notActions"), texts(item, "dataActions"), texts(item, "notDataActions")
    )
