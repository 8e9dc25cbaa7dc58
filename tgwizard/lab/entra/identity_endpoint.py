"""The endpoints where a VM gets tokens for its own system-assigned identity (azure/README.md 4.3).

Each VM has a path and a secret of its own. The App Service form sends the secret as X-IDENTITY-HEADER; the IMDS form
cannot, so there the secret is part of the authority's path.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from tgwizard.lab import ids
from tgwizard.lab.entra import access_tokens
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Json, Response, json_response
from tgwizard.lab.world import VM_TYPE, KnownGroups, Principal, World

LIFETIME = timedelta(hours=24)
"""What real endpoints give; their caches make new rights of a *group* invisible for as long."""


@dataclass(frozen=True, slots=True)
class IdentityEndpoint:
    """What the environment of a program on one VM must say; use one of the two forms."""

    vm: str
    """The VM's full resource id."""
    endpoint: str
    """IDENTITY_ENDPOINT"""
    header: str
    """IDENTITY_HEADER, a secret."""
    authority: str
    """AZURE_POD_IDENTITY_AUTHORITY_HOST, which holds a secret."""


def endpoint_of(world: World, vm_id: str, base_url: str) -> IdentityEndpoint:
    """Return the endpoint of a VM under the URL the lab is served at."""
    group, name = quote(ids.group_of(vm_id)), quote(ids.name_of(vm_id))
    place = f"{base_url.rstrip('/')}/identity/{group}/{name}"
    secret = _secret(world, vm_id)
    return IdentityEndpoint(vm_id, f"{place}/msi/token", secret, f"{place}/{secret}")


def app_service(call: HandlerCall) -> Response:
    """Answer the App Service form; the secret comes in a header."""
    vm_id = _vm_id(call)
    given = call.request.header("X-IDENTITY-HEADER") or ""
    if not access_tokens.same_secret(given, _secret(call.world, vm_id)):
        return _refused(401, "unauthorized", "The X-IDENTITY-HEADER is missing or wrong.")  # wording [?]
    return _answer(call, vm_id, imds=False)


def imds(call: HandlerCall) -> Response:
    """Answer the form of the instance metadata service; the secret is in the path."""
    vm_id = _vm_id(call)
    if not access_tokens.same_secret(call.parameters["secret"], _secret(call.world, vm_id)):
        return _refused(404, "not_found", "No such endpoint.")
    if (call.request.header("Metadata") or "").lower() != "true":
        return _refused(400, "invalid_request", "Required metadata header not specified")
    return _answer(call, vm_id, imds=True)


def _answer(call: HandlerCall, vm_id: str, *, imds: bool) -> Response:
    world = call.world
    resource = call.query.get("resource", "")
    if not resource:
        return _refused(400, "invalid_request", "Required query variable 'resource' is missing")
    if resource.rstrip("/") not in access_tokens.audiences_at(call.host) | {access_tokens.GRAPH_AUDIENCE}:
        return _refused(
            400,
            "invalid_resource",
            f"AADSTS500011: The resource principal named {resource} was not found in the tenant named "
            f"{world.subscription.name}.",
        )
    principal = identity_of(world, vm_id)
    asked = call.query.get("client_id") or call.query.get("object_id") or call.query.get("principal_id")
    if principal is None or (asked and asked.lower() not in {principal.app_id, principal.oid}):
        return _refused(400, "invalid_request", "Identity not found")
    groups = _groups(world, principal, resource, call.now)
    issued = access_tokens.issue(world, principal, lifetime=LIFETIME, audience=resource, groups=groups)
    now = datetime.now(UTC)
    expires = int((now + LIFETIME).timestamp())
    document: Json = {
        "access_token": issued,
        "client_id": principal.app_id,
        "expires_on": str(expires),
        "resource": resource,
        "token_type": "Bearer",
    }
    if imds:
        seconds = str(int(LIFETIME.total_seconds()))
        document |= {"expires_in": seconds, "ext_expires_in": seconds, "not_before": str(int(now.timestamp()))}
    return json_response(200, document)


def _groups(world: World, principal: Principal, resource: str, now: datetime) -> tuple[str, ...]:
    """Return the groups a machine's token names: for a day those of its first token (azure/README.md 3.4)."""
    key = f"{principal.oid} {resource.rstrip('/')}"
    known = world.known_groups.get(key)
    if known is None or now - known.since >= LIFETIME:
        known = KnownGroups(now, world.groups_of(principal.oid))
        if known.groups or world.groups:
            world.known_groups[key] = known
    return known.groups


def identity_of(world: World, vm_id: str) -> Principal | None:
    """Return the system-assigned identity a VM has now, or None."""
    vm = world.find(vm_id)
    oid = vm.get("identity", {}).get("principalId") if vm else None
    return next((item for item in world.principals if item.oid == oid), None) if oid else None


def _vm_id(call: HandlerCall) -> str:
    return ids.resource_id(call.world.subscription.id, call.parameters["group"], VM_TYPE, call.parameters["name"])


def _secret(world: World, vm_id: str) -> str:
    return access_tokens.secret(world, "identity", ids.key(vm_id))


def _refused(status: int, error: str, description: str) -> Response:
    return json_response(status, {"error": error, "error_description": description})


_PLACE = "/identity/{group}/{name}"

ROUTES = (
    Route("GET", f"{_PLACE}/msi/token", app_service),
    Route("GET", f"{_PLACE}/{{secret}}/metadata/identity/oauth2/token", imds),
)
