"""Role definitions: list, get, put, delete (azure/README.md 3.1, every row of its table)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from tgwizard.lab import ids
from tgwizard.lab.arm.authorization_filters import Filter, parse
from tgwizard.lab.arm.request_bodies import json_object, names, object_of, objects
from tgwizard.lab.rbac import known_operations, rbac_evaluation, role_store
from tgwizard.lab.rbac.builtin_roles import BUILT_IN
from tgwizard.lab.rbac.role_records import LabRoleDefinition, LabRoleKind, PermissionRecord
from tgwizard.lab.routing import FILTERED, HandlerCall, Route
from tgwizard.lab.wire import Json, Refusal, RefusalCause, Response, json_response
from tgwizard.lab.world import World

ROLE_TYPE = "Microsoft.Authorization/roleDefinitions"
WRITE = f"{ROLE_TYPE}/write"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_QUALIFIED = re.compile(r"/subscriptions/[^/]+(/.*)?|/providers/[^/]+/.+", re.IGNORECASE)
_DATA_ACTIONS_SINCE = "2018-01-01"
_EQUAL = frozenset({"rolename", "type"})
_CALLS = frozenset({"atscopeandbelow", "atscope"})
_ADVICE = "Supported filters are 'atScopeAndBelow()', 'roleName eq '{value}'' and 'type eq '{value}''."


def listing(call: HandlerCall) -> Response:
    """Answer the roles that can be used at a scope, the built-in ones first. The list may flicker."""
    scope = scope_of(call)
    wanted = parse(call.query.get("$filter", ""), _EQUAL, _CALLS, _ADVICE)
    call.world.authorization.list_reads += 1
    value = [
        _document(call, role)
        for role in role_store.listed_roles(call.world, call.now)
        if _usable_at(call.world, role, scope, wanted) and _asked_for(role, wanted)
    ]
    return json_response(200, {"value": value})


def get(call: HandlerCall) -> Response:
    """Answer one role; its own read is never stale."""
    role = rbac_evaluation.role_now(call.world, call.parameters["role"])
    if role is None:
        raise _missing(call.parameters["role"])
    return json_response(200, _document(call, role))


def put(call: HandlerCall) -> Response:
    """Create or change a custom role: 201 for both, and `createdOn` of the answer is the time of the change."""
    world, guid = call.world, call.parameters["role"].lower()
    properties = _properties(call)
    if not GUID.fullmatch(guid):
        raise _refusal(
            400,
            "InvalidRoleDefinitionId",  # code and wording [?]
            f"The role definition ID '{guid}' is not valid. The role definition ID must be a GUID.",
        )
    _check_kind(guid, properties)
    name = properties.get("roleName")
    if not isinstance(name, str) or not name.strip():
        raise _refusal(400, "RoleDefinitionNameNullOrEmpty", "A role definition must have a non-empty, unique name.")
    scopes = tuple(names(properties.get("assignableScopes")))
    if not scopes or not all(scopes):
        raise _refusal(
            400,
            "MissingAssignableScopes",
            "A role definition must have at least one assignable scope and all assignable scopes must be neither null "
            "nor empty.",
        )
    _check_subscription(call, scopes)
    permissions = tuple(_permission(item) for item in objects(properties.get("permissions")))
    _check_actions(permissions)
    old = rbac_evaluation.role_now(world, guid)
    _check_name(world, guid, name)
    if old is None and sum(1 for _ in role_store.custom_roles(world)) >= role_store.LARGEST_ROLE_COUNT:
        raise _refusal(
            400,
            "RoleDefinitionLimitExceeded",
            "Role definition limit exceeded. No more role definitions can be created",
        )
    role = LabRoleDefinition(
        guid=guid,
        name=name,
        kind=LabRoleKind.CUSTOM,
        description=str(properties.get("description") or ""),
        scopes=scopes,
        permissions=permissions,
        created_on=old.created_on if old else call.now,
        updated_on=call.now,
        created_by=old.created_by if old else call.principal.oid,
        updated_by=call.principal.oid,
    )
    role_store.put_role(world, role)
    document = _document(call, role)
    document["properties"] |= {"createdOn": stamp(call.now), "createdBy": None}
    return json_response(201, document)


def delete(call: HandlerCall) -> Response:
    """Delete a custom role: 200 with what it was, 204 if there was none. One that is assigned stays."""
    world, guid = call.world, call.parameters["role"].lower()
    role = rbac_evaluation.role_now(world, guid)
    if role is None:
        return Response(204)
    if role.kind is LabRoleKind.BUILT_IN:
        raise _refusal(
            400,
            "InvalidRoleDefinitionType",  # code as for PUT; wording [?]
            f"The role definition '{guid}' cannot be deleted. It is of the type 'BuiltInRole'.",
        )
    if any(item.role == guid for item in role_store.assignments(world)):
        raise _refusal(
            world.authorization.assigned_role_status,
            "RoleDefinitionHasAssignments",
            "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).",
        )
    role_store.remove_role(world, guid, call.now)
    return json_response(200, _document(call, role))


def linked_scopes(call: HandlerCall) -> Iterator[tuple[str, str]]:
    """Yield the right that the creator needs on every assignable scope. Raises Refusal for a scope that is no id."""
    try:
        scopes = names(_properties(call).get("assignableScopes"))
    except Refusal:
        return  # an unreadable body is refused later, as itself
    for scope in scopes:
        if not scope:
            continue
        if not _QUALIFIED.fullmatch(scope):
            raise Refusal(
                400,
                "LinkedInvalidPropertyId",
                f"Property id '{scope}' at path '' is invalid. Expect fully qualified resource Id that start with "
                "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
            )
        yield WRITE, scope


def linked_scopes_of_stored(call: HandlerCall) -> Iterator[tuple[str, str]]:
    """Yield the right that whoever deletes a role needs on every scope it is assignable at."""
    role = rbac_evaluation.role_now(call.world, call.parameters["role"])
    if role is not None and role.kind is LabRoleKind.CUSTOM:
        for scope in role.scopes:
            yield f"{ROLE_TYPE}/delete", scope


def role_id(world: World, guid: str, scope: str) -> str:
    """Return a role's id as Azure normalises it: at the subscription, or at the root for what is above it."""
    found = world.subscription_with(ids.subscription_of(scope))
    prefix = ids.subscription_id(found.id) if found is not None else ""
    return f"{prefix}/providers/{ROLE_TYPE}/{guid}"


def scope_of(call: HandlerCall) -> str:
    """Return the scope a call is made at; `/` for the root."""
    return "/" + call.parameters.get("scope", "").strip("/")


def stamp(moment: datetime) -> str:
    """Return a time as the authorization provider prints it, with seven digits of a second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def _usable_at(world: World, role: LabRoleDefinition, scope: str, wanted: Filter) -> bool:
    above = any(rbac_evaluation.covers(world, item, scope) for item in role.scopes)
    return above or (
        wanted.at_scope_and_below and any(rbac_evaluation.covers(world, scope, item) for item in role.scopes)
    )


def _asked_for(role: LabRoleDefinition, wanted: Filter) -> bool:
    name, kind = wanted.equal.get("rolename"), wanted.equal.get("type")
    if name is not None and name.lower() != role.name.lower():
        return False
    return kind is None or kind.lower() == role.kind.value.lower()


def _properties(call: HandlerCall) -> Json:
    return object_of(json_object(call.request.body), "properties")


def _check_kind(guid: str, properties: Json) -> None:
    if guid in BUILT_IN:
        raise _refusal(409, "RoleDefinitionExists", f"A role definition already exists with the ID '{guid}'.")
    kind = properties.get("type") or properties.get("roleType") or LabRoleKind.CUSTOM.value
    if str(kind).lower() != LabRoleKind.CUSTOM.value.lower():
        raise _refusal(
            400,
            "InvalidRoleDefinitionType",
            f"The role definition '{guid}' request is not valid. The Role definition type value '{kind}' is not "
            "supported. The supported values are 'CustomRole'.",
        )


def _check_subscription(call: HandlerCall, scopes: tuple[str, ...]) -> None:
    """Refuse a role put in a subscription in which it could be assigned nowhere; the code alone is known [?]."""
    here = ids.subscription_of(scope_of(call))
    elsewhere = [scope for scope in scopes if ids.subscription_of(scope) not in {"", here}]
    if here and len(elsewhere) == len(scopes):
        raise _refusal(
            400,
            "AssignableScopeNotUnderSubscriptionScope",
            f"The assignable scope '{elsewhere[0]}' is not under the subscription scope '{ids.subscription_id(here)}'.",
        )


def _check_actions(permissions: tuple[PermissionRecord, ...]) -> None:
    for entry in permissions:
        for action in (*entry.actions, *entry.not_actions):
            if not known_operations.known(action):
                raise _refusal(
                    400,
                    "InvalidActionOrNotAction",
                    f"'{action}' does not match any of the actions supported by the providers.",
                )


def _check_name(world: World, guid: str, name: str) -> None:
    """Names are unique in the whole tenant, whatever the scopes (azure/README.md 3.1)."""
    others = (*BUILT_IN.values(), *role_store.custom_roles(world))
    if any(item.name.lower() == name.lower() and item.guid != guid for item in others):
        raise _refusal(
            409,
            "RoleDefinitionWithSameNameExists",
            "A custom role with the same name already exists in this directory. Use a different name.",
        )


def _permission(entry: Json) -> PermissionRecord:
    return PermissionRecord(
        tuple(names(entry.get("actions"))),
        tuple(names(entry.get("notActions"))),
        tuple(names(entry.get("dataActions"))),
        tuple(names(entry.get("notDataActions"))),
    )


def _document(call: HandlerCall, role: LabRoleDefinition) -> Json:
    old = call.api_version < _DATA_ACTIONS_SINCE
    permissions: list[Json] = []
    for entry in role.permissions:
        shown: Json = {"actions": list(entry.actions), "notActions": list(entry.not_actions)}
        if not old:
            shown |= {"dataActions": list(entry.data_actions), "notDataActions": list(entry.not_data_actions)}
        permissions.append(shown)
    return {
        "properties": {
            "roleName": role.name,
            "type": role.kind.value,
            "description": role.description,
            "assignableScopes": list(role.scopes),
            "permissions": permissions,
            "createdOn": stamp(role.created_on),
            "updatedOn": stamp(role.updated_on),
            "createdBy": role.created_by or None,
            "updatedBy": role.updated_by or None,
        },
        "id": role_id(call.world, role.guid, scope_of(call)),
        "type": ROLE_TYPE,
        "name": role.guid,
    }


def _missing(guid: str) -> Refusal:
    return _refusal(
        404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{guid}' does not exist."
    )


def _refusal(status: int, code: str, message: str) -> Refusal:
    return Refusal(status, code, message, cause=RefusalCause.SERVICE)


_AT = "/{scope*}/providers/Microsoft.Authorization"
_ROOT = "/providers/Microsoft.Authorization"

ROUTES = (
    Route("GET", f"{_AT}/roleDefinitions", listing, action=f"{ROLE_TYPE}/read", scope=_AT, options=FILTERED),
    Route("GET", f"{_AT}/roleDefinitions/{{role}}", get, action=f"{ROLE_TYPE}/read"),
    # Built-in roles can be read at the root by everybody who is signed in.
    Route("GET", f"{_ROOT}/roleDefinitions", listing, options=FILTERED),
    Route("GET", f"{_ROOT}/roleDefinitions/{{role}}", get),
    Route("PUT", f"{_AT}/roleDefinitions/{{role}}", put, action=WRITE, linked=linked_scopes, writes=True),
    Route(
        "DELETE",
        f"{_AT}/roleDefinitions/{{role}}",
        delete,
        action=f"{ROLE_TYPE}/delete",
        linked=linked_scopes_of_stored,
        writes=True,
    ),
)
