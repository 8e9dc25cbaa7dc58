"""The slice of Microsoft Graph that az and our own sign-in need: who is who in the directory (lab/README.md 3.1).

Users may look; a service principal needs an application permission, which the lab's automation account has and managed
identities have not.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import partial, wraps

from tgwizard.lab.arm import request_bodies
from tgwizard.lab.arm.role_assignments import known_principals
from tgwizard.lab.entra import access_tokens, token_endpoint
from tgwizard.lab.routing import Handler, HandlerCall, Route
from tgwizard.lab.wire import Headers, Json, Refusal, Response, json_response
from tgwizard.lab.world import Group, LabPrincipalKind, Principal

_ANY_NAME = re.compile(r"servicePrincipalNames/any\(\s*(\w+)\s*:\s*\1\s+eq\s+'([^']*)'\s*\)", re.IGNORECASE)
_EQUALS = re.compile(r"(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_STARTS = re.compile(r"startswith\(\s*(\w+)\s*,\s*'((?:[^']|'')*)'\s*\)", re.IGNORECASE)
_OR = re.compile(r"\s+or\s+", re.IGNORECASE)


class _Refused(Exception):
    """A request that Graph refuses."""

    def __init__(self, status: int, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def _for_callers(handler: Handler) -> Handler:
    """Return a handler that lets those through who may read the directory, and words refusals as Graph does."""

    @wraps(handler, assigned=("__doc__",))
    def answer(call: HandlerCall) -> Response:
        try:
            return handler(_admitted(call))
        except _Refused as refused:
            inner = {"request-id": str(uuid.uuid4()), "date": call.now.strftime("%Y-%m-%dT%H:%M:%S")}
            error: Json = {"code": refused.code, "message": refused.message, "innerError": inner}
            return json_response(refused.status, {"error": error}, refused.headers)

    return answer


def _admitted(call: HandlerCall) -> HandlerCall:
    audiences = frozenset({access_tokens.GRAPH_AUDIENCE}) | access_tokens.names_of(call.host)
    try:
        caller = access_tokens.authenticate(call.world, call.request.header("Authorization"), audiences)
    except Refusal as refusal:
        message = "Access token validation failure." if refusal.code != "AuthenticationFailed" else refusal.message
        raise _Refused(401, "InvalidAuthenticationToken", message, refusal.headers) from refusal
    if caller.resource:
        raise _Refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return replace(call, principal=caller)


def list_service_principals(call: HandlerCall) -> Response:
    """Answer the service principals a filter asks for, managed identities among them."""
    wanted = call.query.get("$filter", "")
    found = [_service_principal(item) for item in _service_principals(call)]
    return _collection(call, "servicePrincipals", [item for item in found if _matches(item, wanted)])


def list_users(call: HandlerCall) -> Response:
    """Answer the users a filter asks for."""
    wanted = call.query.get("$filter", "")
    found = [_user(item) for item in token_endpoint.users(call.world)]
    return _collection(call, "users", [item for item in found if _matches(item, wanted)])


def get_user(call: HandlerCall) -> Response:
    """Answer one user by object id or principal name."""
    wanted = call.parameters["user"].lower()
    for item in token_endpoint.users(call.world):
        if wanted in {item.oid, item.name.lower()}:
            return json_response(200, _user(item))
    raise _absent(call.parameters["user"])


def get_service_principal(call: HandlerCall) -> Response:
    """Answer one service principal by object id."""
    for item in _service_principals(call):
        if item.oid == call.parameters["oid"].lower():
            return json_response(200, _service_principal(item))
    raise _absent(call.parameters["oid"])


def me(call: HandlerCall) -> Response:
    """Answer the user who asks."""
    if call.principal.kind is not LabPrincipalKind.USER:
        raise _Refused(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
    return json_response(200, _user(call.principal))


def get_by_ids(call: HandlerCall) -> Response:
    """Answer the directory objects of a list of ids; ids that nobody has are left out."""
    try:
        wanted = [
            item.lower() for item in request_bodies.names(request_bodies.json_object(call.request.body).get("ids"))
        ]
    except Refusal as error:
        raise _Refused(400, "BadRequest", "Unable to read JSON request payload.") from error
    known = known_principals(call)
    value = [_directory_object(known[oid]) for oid in wanted if oid in known]
    return json_response(200, {"@odata.context": _context(call, "directoryObjects"), "value": value})


def list_groups(call: HandlerCall) -> Response:
    """Answer the groups a filter asks for."""
    wanted = call.query.get("$filter", "")
    found = [_group(item.principal) for item in call.world.groups]
    return _collection(call, "groups", [item for item in found if _matches(item, wanted)])


def get_group(call: HandlerCall) -> Response:
    """Answer one group by object id."""
    return json_response(200, _group(_existing_group(call).principal))


def list_members(call: HandlerCall) -> Response:
    """Answer the direct members of a group."""
    known = known_principals(call)
    value = [_directory_object(known[oid]) for oid in _existing_group(call).members if oid in known]
    return _collection(call, "directoryObjects", value)


def list_memberships(call: HandlerCall, *, transitive: bool) -> Response:
    """Answer the groups somebody is in, directly or also through other groups."""
    oid = call.parameters["oid"].lower()
    if oid not in known_principals(call):
        raise _absent(call.parameters["oid"])
    inside = call.world.groups_of(oid)
    value = [
        {"@odata.type": "#microsoft.graph.group", **_group(item.principal)}
        for item in call.world.groups
        if (item.principal.oid in inside if transitive else oid in item.members)
    ]
    return _collection(call, "directoryObjects", value)


def add_member(call: HandlerCall) -> Response:
    """Add somebody to a group: 204. Tokens that are out already do not say so."""
    _require_administrator(call)
    group = _existing_group(call)
    try:
        reference = str(request_bodies.json_object(call.request.body)["@odata.id"])
    except (Refusal, KeyError) as error:
        raise _Refused(400, "BadRequest", "Unable to read JSON request payload.") from error
    oid = reference.rstrip("/").rsplit("/", 1)[-1].lower()
    if oid not in known_principals(call):
        raise _absent(oid)
    if oid in group.members:
        text = "One or more added object references already exist for the following modified properties: 'members'."
        raise _Refused(400, "Request_BadRequest", text)
    group.members.append(oid)
    call.world.serial += 1
    return Response(204)


def remove_member(call: HandlerCall) -> Response:
    """Take somebody out of a group: 204."""
    _require_administrator(call)
    group, oid = _existing_group(call), call.parameters["oid"].lower()
    if oid not in group.members:
        raise _absent(oid)
    group.members.remove(oid)
    call.world.serial += 1
    return Response(204)


def _existing_group(call: HandlerCall) -> Group:
    wanted = call.parameters["group"].lower()
    for item in call.world.groups:
        if item.principal.oid == wanted:
            return item
    raise _absent(call.parameters["group"])


def _require_administrator(call: HandlerCall) -> None:
    """Refuse whoever may read the directory only; the operator and its automation administer it."""
    if call.principal.oid not in {
        call.world.operator.oid,
        *(item.oid for item in token_endpoint.service_principals(call.world)),
    }:
        raise _Refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _service_principals(call: HandlerCall) -> Iterator[Principal]:
    return (item for item in known_principals(call).values() if item.kind is LabPrincipalKind.SERVICE_PRINCIPAL)


def _directory_object(item: Principal) -> Json:
    if item.kind is LabPrincipalKind.USER:
        return {"@odata.type": "#microsoft.graph.user", **_user(item)}
    if item.kind is LabPrincipalKind.GROUP:
        return {"@odata.type": "#microsoft.graph.group", **_group(item)}
    return {"@odata.type": "#microsoft.graph.servicePrincipal", **_service_principal(item)}


def _user(item: Principal) -> Json:
    return {"id": item.oid, "displayName": item.display_name, "userPrincipalName": item.name, "mail": item.name}


def _group(item: Principal) -> Json:
    return {
        "id": item.oid,
        "displayName": item.name,
        "description": None,
        "mailEnabled": False,
        "securityEnabled": True,
        "groupTypes": [],
    }


def _service_principal(item: Principal) -> Json:
    return {
        "id": item.oid,
        "appId": item.app_id,
        "displayName": item.name,
        "accountEnabled": True,
        "servicePrincipalType": "ManagedIdentity" if item.resource else "Application",
        "servicePrincipalNames": [item.app_id],
        "alternativeNames": ["isExplicit=False", item.resource] if item.resource else [],
    }


def _matches(document: Json, text: str) -> bool:
    return not text.strip() or any(_matches_one(document, part.strip()) for part in _OR.split(text))


def _matches_one(document: Json, text: str) -> bool:
    any_name = _ANY_NAME.fullmatch(text)
    if any_name is not None:
        return any_name[2].lower() in {name.lower() for name in document.get("servicePrincipalNames", [])}
    equals, starts = _EQUALS.fullmatch(text), _STARTS.fullmatch(text)
    found = equals or starts
    if found is None:
        raise _Refused(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause: '{text}'.")
    key = next((key for key in document if key.lower() == found[1].lower()), None)
    actual = str(document.get(key, "")).lower() if key else ""
    value = found[2].replace("''", "'").lower()
    return actual == value if equals is not None else actual.startswith(value)


def _collection(call: HandlerCall, name: str, value: list[Json]) -> Response:
    return json_response(200, {"@odata.context": _context(call, name), "value": value})


def _context(call: HandlerCall, name: str) -> str:
    return f"{call.host}/v1.0/$metadata#{name}"


def _absent(name: str) -> _Refused:
    return _Refused(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


ROUTES = (
    Route("GET", "/v1.0/servicePrincipals", _for_callers(list_service_principals)),
    Route("GET", "/v1.0/servicePrincipals/{oid}", _for_callers(get_service_principal)),
    Route("GET", "/v1.0/users", _for_callers(list_users)),
    Route("GET", "/v1.0/users/{user}", _for_callers(get_user)),
    Route("GET", "/v1.0/me", _for_callers(me)),
    Route("GET", "/v1.0/groups", _for_callers(list_groups)),
    Route("GET", "/v1.0/groups/{group}", _for_callers(get_group)),
    Route("GET", "/v1.0/groups/{group}/members", _for_callers(list_members)),
    Route("POST", "/v1.0/groups/{group}/members/$ref", _for_callers(add_member)),
    Route("DELETE", "/v1.0/groups/{group}/members/{oid}/$ref", _for_callers(remove_member)),
    *(
        Route(
            "GET",
            f"/v1.0/{kind}/{{oid}}/{name}",
            _for_callers(partial(list_memberships, transitive=name != "memberOf")),
        )
        for kind in ("users", "servicePrincipals", "groups")
        for name in ("memberOf", "transitiveMemberOf")
    ),
    Route("POST", "/v1.0/directoryObjects/getByIds", _for_callers(get_by_ids)),
)
