"""Management locks, the caller's own permissions, deny assignments (azure/README.md 1.1, 1.2, 3.3)."""

from __future__ import annotations

from tgwizard.lab import ids
from tgwizard.lab.arm.authorization_filters import parse
from tgwizard.lab.arm.request_bodies import json_object, object_of, text_of
from tgwizard.lab.rbac import rbac_evaluation
from tgwizard.lab.rbac.role_records import EVERYONE, LabDenyAssignment, PermissionRecord
from tgwizard.lab.routing import FILTERED, HandlerCall, Route
from tgwizard.lab.wire import Json, Refusal, RefusalCause, Response, json_response
from tgwizard.lab.world import LabLockLevel, Lock, World

_DENIAL_FIELDS = frozenset({"denyassignmentname", "principalid"})
_DENIAL_CALLS = frozenset({"atscope", "assignedto"})
_DENIAL_ADVICE = "Supported filters are 'atScope()', 'denyAssignmentName eq '{value}'' and 'principalId eq '{value}''."
_DATA_ACTIONS_SINCE = "2018-01-01"
"""Older api-versions know no data actions and send a `nextLink` of null."""


def list_locks(call: HandlerCall) -> Response:
    """Answer the locks at a scope and below it; those above it count as well, as Azure lists them."""
    scope = _scope(call)
    found = [item for item in call.world.locks if ids.under(scope, item.scope) or ids.under(item.scope, scope)]
    return json_response(200, {"value": [_lock(item) for item in found]})


def list_permissions(call: HandlerCall) -> Response:
    """Answer one entry for each role the caller holds at or above a scope (azure/README.md 3.3).

    A resource group that does not exist answers 200 with what is inherited.
    """
    old = call.api_version < _DATA_ACTIONS_SINCE
    value = [
        _permission(entry, old=old)
        for role in rbac_evaluation.held(call.world, call.principal, _scope(call), call.now)
        for entry in role.permissions
    ]
    return json_response(200, {"value": value, "nextLink": None} if old else {"value": value})


def get_lock(call: HandlerCall) -> Response:
    """Answer one lock."""
    return json_response(200, _lock(_existing_lock(call)))


def put_lock(call: HandlerCall) -> Response:
    """Create a lock, 201, or change its level or notes, 200. A lock never keeps locks from being changed."""
    properties = object_of(json_object(call.request.body), "properties")
    level = {item.value.lower(): item for item in LabLockLevel}.get((text_of(properties, "level") or "").lower())
    if level is None:
        raise Refusal(
            400,
            "LockLevelNotSupported",  # code and wording [?]
            f"The lock level '{properties.get('level')}' is not supported. The supported levels are 'CanNotDelete' and "
            "'ReadOnly'.",
        )
    world = call.world
    old = _find_lock(call)
    fresh = Lock(call.parameters["lock"], _scope(call), level, text_of(properties, "notes") or "")
    world.locks[:] = [item for item in world.locks if item is not old] + [fresh]
    world.serial += 1
    return json_response(200 if old else 201, _lock(fresh))


def delete_lock(call: HandlerCall) -> Response:
    """Remove a lock: 200, or 204 if there was none."""
    found = _find_lock(call)
    if found is None:
        return Response(204)
    call.world.locks.remove(found)
    call.world.serial += 1
    return Response(200)


def list_denials(call: HandlerCall) -> Response:
    """Answer deny assignments, with the filters of role assignments and `denyAssignmentName` (azure/README.md 3.3)."""
    world, scope = call.world, _scope(call)
    wanted = parse(call.query.get("$filter", ""), _DENIAL_FIELDS, _DENIAL_CALLS, _DENIAL_ADVICE)
    name = wanted.equal.get("denyassignmentname")
    holder, assigned = wanted.equal.get("principalid"), wanted.calls.get("assignedto")
    concerned = None if assigned is None else {assigned.lower(), *world.groups_of(assigned.lower()), EVERYONE}
    value = [
        _denial(item)
        for item in world.authorization.deny
        if (
            rbac_evaluation.covers(world, item.scope, scope)
            or (not wanted.at_scope and rbac_evaluation.covers(world, scope, item.scope))
        )
        and (name is None or name.lower() == item.name.lower())
        and (holder is None or holder.lower() in item.principals or EVERYONE in item.principals)
        and (concerned is None or concerned & {*item.principals})
    ]
    return json_response(200, {"value": value})


def get_denial(call: HandlerCall) -> Response:
    """Answer one deny assignment."""
    for item in call.world.authorization.deny:
        if item.guid == call.parameters["denial"].lower():
            return json_response(200, _denial(item))
    raise Refusal(
        404,
        "DenyAssignmentNotFound",
        f"The deny assignment '{call.parameters['denial']}' is not found.",  # wording [?]
        cause=RefusalCause.SERVICE,
    )


def require_unlocked(world: World, scope: str, method: str) -> None:
    """Refuse with 409 `ScopeLocked` what a lock forbids (azure/README.md 1.2): all changes, or deletions only.

    A lock on what would go with a scope counts for its deletion too.
    """
    deleting = method == "DELETE"
    locks = [
        item
        for item in world.locks
        if (deleting or item.level is LabLockLevel.READ_ONLY)
        and (rbac_evaluation.covers(world, item.scope, scope) or (deleting and ids.under(scope, item.scope)))
    ]
    if locks:
        raise Refusal(
            409,
            "ScopeLocked",
            f"The scope '{scope}' cannot perform {'delete' if deleting else 'write'} operation because following "
            f"scope(s) are locked: '{','.join(item.scope for item in locks)}'. Please remove the lock and try again.",
        )


def _find_lock(call: HandlerCall) -> Lock | None:
    name, scope = call.parameters["lock"].lower(), ids.key(_scope(call))
    found = (item for item in call.world.locks if item.name.lower() == name and ids.key(item.scope) == scope)
    return next(found, None)


def _existing_lock(call: HandlerCall) -> Lock:
    found = _find_lock(call)
    if found is None:
        name = call.parameters["lock"]
        raise Refusal(404, "LockNotFound", f"The lock '{name}' could not be found.")  # wording [?]
    return found


def _denial(item: LabDenyAssignment) -> Json:
    return {
        "id": f"{item.scope}/providers/Microsoft.Authorization/denyAssignments/{item.guid}",
        "type": "Microsoft.Authorization/denyAssignments",
        "name": item.guid,
        "properties": {
            "denyAssignmentName": item.name,
            "description": item.description,
            "permissions": [
                {
                    "actions": list(item.actions),
                    "notActions": list(item.not_actions),
                    "dataActions": [],
                    "notDataActions": [],
                }
            ],
            "scope": item.scope,
            "doNotApplyToChildScopes": item.this_scope_only,
            "principals": [_denied(oid) for oid in item.principals],
            "excludePrincipals": [_denied(oid) for oid in item.excluded],
            "isSystemProtected": True,
        },
    }


def _denied(oid: str) -> Json:
    return {"id": oid, "type": "SystemDefined" if oid == EVERYONE else "ServicePrincipal"}


def _scope(call: HandlerCall) -> str:
    return "/" + call.parameters["scope"].strip("/")


def _lock(lock: Lock) -> Json:
    properties: Json = {"level": lock.level.value}
    if lock.notes:
        properties["notes"] = lock.notes
    return {
        "id": f"{lock.scope}/providers/Microsoft.Authorization/locks/{lock.name}",
        "type": "Microsoft.Authorization/locks",
        "name": lock.name,
        "properties": properties,
    }


def _permission(entry: PermissionRecord, *, old: bool) -> Json:
    permission: Json = {"actions": list(entry.actions), "notActions": list(entry.not_actions)}
    if not old:
        permission |= {"dataActions": list(entry.data_actions), "notDataActions": list(entry.not_data_actions)}
    return permission


_AT = "/{scope*}/providers/Microsoft.Authorization"

_LOCKS = "Microsoft.Authorization/locks"
_DENIALS = "Microsoft.Authorization/denyAssignments"

ROUTES = (
    Route("GET", f"{_AT}/locks", list_locks, action=f"{_LOCKS}/read", scope="/{scope*}"),
    Route("GET", f"{_AT}/locks/{{lock}}", get_lock, action=f"{_LOCKS}/read"),
    Route("PUT", f"{_AT}/locks/{{lock}}", put_lock, action=f"{_LOCKS}/write"),
    Route("DELETE", f"{_AT}/locks/{{lock}}", delete_lock, action=f"{_LOCKS}/delete"),
    Route("GET", f"{_AT}/permissions", list_permissions, group_may_be_missing=True),
    Route("GET", f"{_AT}/denyAssignments", list_denials, action=f"{_DENIALS}/read", scope=_AT, options=FILTERED),
    Route("GET", f"{_AT}/denyAssignments/{{denial}}", get_denial, action=f"{_DENIALS}/read"),
)
