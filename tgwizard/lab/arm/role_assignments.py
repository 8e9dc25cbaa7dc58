"""Role assignments: list, get, put, delete (azure/README.md 3.2, every row of it)."""

from __future__ import annotations

from dataclasses import replace

from tgwizard.lab import ids
from tgwizard.lab.arm.authorization_filters import Filter, parse
from tgwizard.lab.arm.request_bodies import json_object, object_of, text_of
from tgwizard.lab.arm.responses import resource_not_found
from tgwizard.lab.arm.role_definitions import GUID, role_id, scope_of, stamp
from tgwizard.lab.entra import token_endpoint
from tgwizard.lab.rbac import conditions, propagation, rbac_evaluation, role_store
from tgwizard.lab.rbac.conditions import Facts, InvalidCondition
from tgwizard.lab.rbac.role_records import LabRoleAssignment
from tgwizard.lab.routing import FILTERED, HandlerCall, Route
from tgwizard.lab.wire import Json, Refusal, RefusalCause, Response, json_response
from tgwizard.lab.world import Principal, Subscription, World

ASSIGNMENT_TYPE = "Microsoft.Authorization/roleAssignments"

_TYPES = frozenset({"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"})
_EQUAL = frozenset({"principalid"})
_CALLS = frozenset({"atscope", "assignedto"})
_ADVICE = "Supported filters are either 'atScope()' or 'principalId eq '{value}' or assignedTo('{value}')'."


def listing(call: HandlerCall) -> Response:
    """Answer assignments at, above and, unless `atScope()` is asked for, below a scope. The list may flicker."""
    scope = scope_of(call)
    wanted = parse(call.query.get("$filter", ""), _EQUAL, _CALLS, _ADVICE)
    call.world.authorization.list_reads += 1
    value = [
        document(call.world, item)
        for item in role_store.listed_assignments(call.world, call.now)
        if _concerns(call.world, item, scope, wanted)
    ]
    return json_response(200, {"value": value})


def get(call: HandlerCall) -> Response:
    """Answer one assignment; its own read is never stale."""
    return json_response(200, document(call.world, _existing(call)))


def put(call: HandlerCall) -> Response:
    """Create an assignment: 201. Principal, scope and role of an existing one cannot be changed."""
    world = call.world
    scope, guid = scope_of(call), call.parameters["assignment"].lower()
    sent = object_of(json_object(call.request.body), "properties")
    if not GUID.fullmatch(guid):
        raise _refusal(
            400,
            "InvalidRoleAssignmentId",  # code and wording [?]
            f"The role assignment ID '{guid}' is not valid. The role assignment ID must be a GUID.",
        )
    _check_scope(call, scope)
    role_guid = ids.name_of(text_of(sent, "roleDefinitionId") or "").lower()
    role = rbac_evaluation.role_now(world, role_guid)
    if role is None:
        raise _refusal(
            world.authorization.missing_role_status,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{role_guid}' does not exist.",
        )
    principal = (text_of(sent, "principalId") or "").lower()
    kind = _principal_type(call, principal, text_of(sent, "principalType"))
    old = role_store.assignment(world, guid)
    if old is not None and (
        old.principal != principal or ids.key(old.scope) != ids.key(scope) or old.role != role.guid
    ):
        raise _refusal(
            400,
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        )
    if not any(rbac_evaluation.covers(world, item, scope) for item in role.scopes):
        raise _refusal(
            400,
            "RoleDefinitionNotAssignable",  # code and wording [?]
            f"The role definition '{role.guid}' is not assignable at the scope '{scope}'. Its assignable scopes are "
            f"'{','.join(role.scopes)}'.",
        )
    _check_condition(sent)
    _check_unique(world, guid, principal, role.guid, scope)
    fresh = LabRoleAssignment(
        guid=guid,
        scope=scope,
        role=role.guid,
        principal=principal,
        principal_type=kind,
        created_on=call.now,
        updated_on=call.now,
        created_by=call.principal.oid,
        updated_by=call.principal.oid,
        description=text_of(sent, "description"),
        condition=text_of(sent, "condition"),
        condition_version=text_of(sent, "conditionVersion"),
        delegated_identity=text_of(sent, "delegatedManagedIdentityResourceId"),
    )
    if old is not None:
        kept = replace(fresh, created_on=old.created_on, created_by=old.created_by)
        role_store.add_assignment(world, kept)
        return json_response(world.authorization.repeated_put_status, document(world, kept))
    _check_count(world, call.subscription)
    role_store.add_assignment(world, fresh)
    answer = document(world, fresh)
    answer["properties"]["createdBy"] = None
    return json_response(201, answer)


def delete(call: HandlerCall) -> Response:
    """Remove an assignment: 200 with what it was, 204 if there was none."""
    found = role_store.assignment(call.world, call.parameters["assignment"])
    if found is None or ids.key(found.scope) != ids.key(scope_of(call)):
        return Response(204)
    role_store.remove_assignment(call.world, found, call.now)
    return json_response(200, document(call.world, found))


def document(world: World, item: LabRoleAssignment) -> Json:
    """Return an assignment as the wire has it."""
    properties: Json = {
        "roleDefinitionId": role_id(world, item.role, item.scope),
        "principalId": item.principal,
        "principalType": item.principal_type,
        "scope": item.scope,
        "condition": item.condition,
        "conditionVersion": item.condition_version,
        "createdOn": stamp(item.created_on),
        "updatedOn": stamp(item.updated_on),
        "createdBy": item.created_by or None,
        "updatedBy": item.updated_by or None,
        "delegatedManagedIdentityResourceId": item.delegated_identity,
        "description": item.description,
    }
    prefix = "" if item.scope == "/" else item.scope
    return {
        "properties": properties,
        "id": f"{prefix}/providers/{ASSIGNMENT_TYPE}/{item.guid}",
        "type": ASSIGNMENT_TYPE,
        "name": item.guid,
    }


def known_principals(call: HandlerCall) -> dict[str, Principal]:
    """Return the principals that the directory's replicas know by now, by object id."""
    found: dict[str, Principal] = {}
    for item in (
        *token_endpoint.users(call.world),
        *token_endpoint.service_principals(call.world),
        *call.world.principals,
        *(item.principal for item in call.world.groups),
    ):
        known = propagation.principal_known(call.world, item.oid, item.created)
        if known is None or known <= call.now:
            found[item.oid] = item
    return found


def _existing(call: HandlerCall) -> LabRoleAssignment:
    guid = call.parameters["assignment"]
    found = role_store.assignment(call.world, guid)
    if found is None or ids.key(found.scope) != ids.key(scope_of(call)):
        raise _refusal(404, "RoleAssignmentNotFound", f"The role assignment '{guid}' is not found.")
    return found


def _concerns(world: World, item: LabRoleAssignment, scope: str, wanted: Filter) -> bool:
    holder, assigned = wanted.equal.get("principalid"), wanted.calls.get("assignedto")
    if holder is not None and item.principal != holder.lower():
        return False
    if assigned is not None and item.principal not in {assigned.lower(), *world.groups_of(assigned.lower())}:
        return False
    if rbac_evaluation.covers(world, item.scope, scope):
        return True
    return not wanted.at_scope and rbac_evaluation.covers(world, scope, item.scope)


def _check_scope(call: HandlerCall, scope: str) -> None:
    """Refuse an assignment on a resource that is not there; the gateway has looked at the group already [?]."""
    provider = scope.lower().rfind("/providers/")
    if "/resourcegroups/" not in scope.lower() or provider < 0:
        return
    parts = scope[provider:].split("/")[2:]
    if len(parts) == 3 and call.world.find(scope) is None:
        raise resource_not_found(f"{parts[0]}/{parts[1]}", parts[2], ids.group_of(scope))


def _principal_type(call: HandlerCall, oid: str, sent: str | None) -> str:
    """Return the type of the principal. One that was sent spares a look-up in the directory (azure/README.md 3.2)."""
    if not GUID.fullmatch(oid):
        raise _refusal(
            400,
            "InvalidPrincipalId",
            f"A valid principal ID must be provided for role assignment. The value '{oid}' is none.",  # wording [?]
        )
    found = known_principals(call).get(oid)
    if sent is not None:
        if sent not in _TYPES:
            raise _refusal(
                400,
                "InvalidPrincipalType",  # code and wording [?]
                f"The principal type '{sent}' is not valid.",
            )
        if found is not None and found.kind.value != sent:
            raise _refusal(
                400,
                "UnmatchedPrincipalType",
                f"The PrincipalId '{oid.replace('-', '')}' has type '{found.kind.value}' , which is different from "
                f"specified PrinciaplType '{sent}'.",
            )
        return sent
    if found is None:
        raise _refusal(
            400,
            "PrincipalNotFound",
            f"Principal {oid.replace('-', '')} does not exist in the directory {call.world.subscription.tenant}. Check "
            "that you have the correct principal ID. If you are creating this principal and then immediately assigning "
            "a role, this error might be related to a replication delay. In this case, set the role assignment "
            "principalType property to a value, such as ServicePrincipal, User, or Group. See "
            "https://aka.ms/docs-principaltype",
        )
    return found.kind.value


def requested(call: HandlerCall) -> Facts:
    """Return what a condition can ask of the assignment that is sent, and of the one that it would replace."""
    try:
        sent = object_of(json_object(call.request.body), "properties")
        parts = {name: text_of(sent, name) or "" for name in ("roleDefinitionId", "principalId", "principalType")}
    except Refusal:
        return {}  # an unreadable body is refused later, as itself
    parts["roleDefinitionId"] = ids.name_of(parts["roleDefinitionId"])
    if not parts["principalType"]:
        known = known_principals(call).get(parts["principalId"].lower())
        parts["principalType"] = known.kind.value if known is not None else ""
    return {f"request:{name.lower()}": value for name, value in parts.items() if value}


def stored(call: HandlerCall) -> Facts:
    """Return what a condition can ask of the assignment that is to go."""
    found = role_store.assignment(call.world, call.parameters["assignment"])
    if found is None:
        return {}
    return {
        "resource:roledefinitionid": found.role,
        "resource:principalid": found.principal,
        "resource:principaltype": found.principal_type,
    }


def _check_condition(sent: Json) -> None:
    """Refuse a condition that cannot be read, or is of another version than the one there is; codes and words [?]."""
    condition, version = text_of(sent, "condition"), text_of(sent, "conditionVersion")
    if condition is None:
        return
    if version != conditions.VERSION:
        text = f"The condition version '{version or ''}' is not valid. The valid version is '{conditions.VERSION}'."
        raise _refusal(400, "InvalidConditionVersion", text)
    try:
        conditions.parse(condition)
    except InvalidCondition as error:
        raise _refusal(400, "InvalidCondition", f"The condition is not valid: {error}.") from error


def _check_unique(world: World, guid: str, principal: str, role: str, scope: str) -> None:
    for item in role_store.assignments(world):
        same = item.principal == principal and item.role == role and ids.key(item.scope) == ids.key(scope)
        if same and item.guid != guid:
            raise _refusal(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists. The ID of the conflicting role assignment is "
                f"{item.guid.replace('-', '')}.",
            )


def _check_count(world: World, subscription: Subscription) -> None:
    scope = ids.subscription_id(subscription.id)
    if sum(1 for item in role_store.assignments(world) if ids.under(scope, item.scope)) >= (
        role_store.LARGEST_ASSIGNMENT_COUNT
    ):
        raise _refusal(
            400,
            "RoleAssignmentLimitExceeded",
            "The number of role assignments for this subscription has exceeded the limit of "
            f"{role_store.LARGEST_ASSIGNMENT_COUNT}.",  # wording [?]
        )


def _refusal(status: int, code: str, message: str) -> Refusal:
    return Refusal(status, code, message, cause=RefusalCause.SERVICE)


_AT = "/{scope*}/providers/Microsoft.Authorization"
_ONE = f"{_AT}/roleAssignments/{{assignment}}"
_AT_ROOT = "/providers/Microsoft.Authorization/roleAssignments"
_ONE_AT_ROOT = f"{_AT_ROOT}/{{assignment}}"

ROUTES = (
    Route("GET", f"{_AT}/roleAssignments", listing, action=f"{ASSIGNMENT_TYPE}/read", scope=_AT, options=FILTERED),
    Route("GET", _ONE, get, action=f"{ASSIGNMENT_TYPE}/read"),
    Route("PUT", _ONE, put, action=f"{ASSIGNMENT_TYPE}/write", facts=requested, writes=True),
    Route("DELETE", _ONE, delete, action=f"{ASSIGNMENT_TYPE}/delete", facts=stored, writes=True),
    Route(
        "GET",
        _AT_ROOT,
        listing,
        action=f"{ASSIGNMENT_TYPE}/read",
        scope="/providers/Microsoft.Authorization",
        options=FILTERED,
    ),
    Route("GET", _ONE_AT_ROOT, get, action=f"{ASSIGNMENT_TYPE}/read"),
    Route("PUT", _ONE_AT_ROOT, put, action=f"{ASSIGNMENT_TYPE}/write", facts=requested, writes=True),
    Route("DELETE", _ONE_AT_ROOT, delete, action=f"{ASSIGNMENT_TYPE}/delete", facts=stored, writes=True),
)
