"""The way of a request through ARM: who, what, may they, is it there, is it locked; then the provider.

The order is Azure's (azure/README.md 1.2, 2.6): authorization comes before existence, linked checks before locks,
and both before the provider looks at `If-Match` and the body.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

from tgwizard.lab import ids
from tgwizard.lab.arm import (
    authorization,
    compute,
    field_versions,
    generic_resources,
    move_ip_configurations,
    network,
    network_parts,
    nic,
    not_served,
    providers,
    regions,
    resource_groups,
    resources,
    role_assignments,
    role_definitions,
    security_rules,
    subnets,
    tags,
    vm_identity,
)
from tgwizard.lab.entra import access_tokens, graph, identity_endpoint, sign_in_flows, token_endpoint
from tgwizard.lab.faults.canned_errors import RequestInfo
from tgwizard.lab.faults.fault_registry import FaultRegistry
from tgwizard.lab.faults.fault_rules import Moment, OperationFate
from tgwizard.lab.rbac import rbac_evaluation
from tgwizard.lab.request_log import RequestDecision, RequestTrace
from tgwizard.lab.routing import HandlerCall, Route, RouteTable
from tgwizard.lab.wire import Headers, Refusal, Request, Response
from tgwizard.lab.world import Principal, World

ROUTES = RouteTable(
    (
        *nic.ROUTES,
        *move_ip_configurations.ROUTES,
        *network.ROUTES,
        *network_parts.ROUTES,
        *subnets.ROUTES,
        *nic.RESULT_ROUTES,
        *security_rules.ROUTES,
        *compute.ROUTES,
        *vm_identity.ROUTES,
        *resources.ROUTES,
        *resource_groups.ROUTES,
        *generic_resources.ROUTES,
        *regions.ROUTES,
        *tags.ROUTES,
        *providers.ROUTES,
        *authorization.ROUTES,
        *role_definitions.ROUTES,
        *role_assignments.ROUTES,
    )
)
ANONYMOUS = RouteTable(
    (
        *resources.ANONYMOUS_ROUTES,
        *token_endpoint.ROUTES,
        *sign_in_flows.ROUTES,
        *identity_endpoint.ROUTES,
        *graph.ROUTES,
    )
)
"""What ARM's bearer token is not for: sign-in itself, the metadata before it, and Graph, which has its own token."""
NAMESPACES = frozenset(providers.NAMESPACES)

_API_VERSION = re.compile(r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(-(alpha|beta|preview|privatepreview))?")
_COMMON: Headers = (
    ("Cache-Control", "no-cache"),
    ("Pragma", "no-cache"),
    ("Expires", "-1"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
)


def answer(
    world: World, faults: FaultRegistry, request: Request, now: datetime, trace: RequestTrace | None = None
) -> Response:
    """Answer one request and note in `trace` what was decided. Raises AnswerLost when a fault keeps the answer."""
    parts = urlsplit(request.url)
    path = tidy(parts.path)
    host = f"{parts.scheme}://{parts.netloc}"
    query = {key.lower(): value for key, value in parse_qsl(parts.query, keep_blank_values=True)}
    try:
        response = _serve(world, faults, request, now, (host, path), query, trace or RequestTrace())
    except Refusal as refusal:
        response = refusal.response()
    return response.with_headers(_headers(world, request, response, path, now))


def tidy(path: str) -> str:
    """Return a path with double slashes collapsed, no slash at its end, and escapes undone."""
    return "/" + "/".join(unquote(part) for part in path.split("/") if part)


def _serve(
    world: World,
    faults: FaultRegistry,
    request: Request,
    now: datetime,
    place: tuple[str, str],
    query: dict[str, str],
    trace: RequestTrace,
) -> Response:
    host, path = place
    of_arm = path.lower().startswith("/subscriptions/")
    open_to_all = None if of_arm else ANONYMOUS.find(request.method, path)
    if open_to_all is not None:
        route, parameters = open_to_all
        nobody = Principal("", "", "")
        trace.decision = RequestDecision.ANONYMOUS
        return route.handler(HandlerCall(world, now, request, nobody, host, path, parameters, query, OperationFate()))
    trace.decision = RequestDecision.UNAUTHENTICATED
    principal, tenant = access_tokens.identify(world, request.header("Authorization"), access_tokens.audiences_at(host))
    found = ROUTES.find(request.method, path)
    action = found[0].action if found else ""
    subscription = ids.subscription_of(path) or world.subscription.id
    body = request.body.decode(errors="replace")
    met = RequestInfo(request.method, path, action, principal.name, principal.oid, subscription, now, body)
    verdict = faults.judge(met)
    trace.caller, trace.action, trace.rules = principal.name or principal.oid, action, verdict.rules
    trace.decision = RequestDecision.FAULT
    forced = verdict.strike(Moment.BEFORE_COMMIT)
    if forced is not None:
        return forced
    seen = world
    if verdict.stale_s and request.method == "GET":
        seen = world.as_of(now - timedelta(seconds=verdict.stale_s))
    try:
        _check_api_version(query)
        route, parameters = found or _route(request, path, query)
        call = HandlerCall(seen, now, request, principal, host, path, parameters, query, verdict.fate(), tenant)
        _admit(call, route)
        trace.decision = RequestDecision.ALLOWED
        response = field_versions.trimmed(route.handler(call), call.api_version)
    except Refusal as refusal:
        trace.decision = RequestDecision.of(refusal)
        response = refusal.response()
    decided = trace.decision
    trace.decision = RequestDecision.FAULT
    forced = verdict.strike(Moment.AFTER_COMMIT)
    if forced is not None:
        return forced
    trace.decision = decided
    if response.header("x-ms-failure-cause") != "gateway":
        guid = ids.subscription_of(path)
        limits = world.rate_limits
        told = limits.headers(request.method, guid, principal.oid, now)
        response = response.with_headers(told + limits.compute_headers(request.method, path.lower(), guid, now))
    return verdict.delivered(response)


def _check_api_version(query: dict[str, str]) -> None:
    version = query.get("api-version", "")
    if not version:
        raise Refusal(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _API_VERSION.fullmatch(version):
        raise Refusal(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are dates, optionally followed by "
            "'-preview'.",  # Azure lists all its versions here
        )


def _route(request: Request, path: str, query: dict[str, str]) -> tuple[Route, dict[str, str]]:
    """Return the route of a request. Raises Refusal: what Azure has and the lab has not, or what there is nowhere."""
    found = ROUTES.find(request.method, path)
    if found is not None:
        return found
    method, parts = request.method, path.split("/")
    lowered = [part.lower() for part in parts]
    if not_served.is_known_path(method, path):
        raise not_served.refusal(f"{method} {path}")
    if "providers" not in lowered:
        if ROUTES.knows(path):
            raise _not_allowed(method)
        raise Refusal(404, "NotFound", f"No HTTP resource was found that matches the request URI '{path}'.")
    index = len(lowered) - 1 - lowered[::-1].index("providers")
    namespace = parts[index + 1] if index + 1 < len(parts) else ""
    kind, rest = "/".join(parts[index + 2 :: 2]), "/".join(parts[index + 2 :])
    methods = not_served.methods_of(namespace, rest) if rest else None
    if methods is not None and (not methods or method in methods or (method == "HEAD" and "GET" in methods)):
        raise not_served.refusal(f"{method} of {namespace}/{kind}")
    if methods is not None or ROUTES.knows(path):
        raise _not_allowed(method)
    if namespace.lower() not in NAMESPACES and not not_served.is_provider_of_azure(namespace):
        raise Refusal(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    raise Refusal(
        404,
        "InvalidResourceType",
        f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version "
        f"'{query.get('api-version', '')}'.",
    )


def _not_allowed(method: str) -> Refusal:
    return Refusal(405, "", f"The requested resource does not support http method '{method}'.")


def _admit(call: HandlerCall, route: Route) -> None:
    """Let a call through to its handler. Raises Refusal in the order ARM refuses."""
    world = call.world
    _check_place(call, route)
    scope = route.scope_of(call.path, call.parameters)
    if route.action:
        facts = route.facts(call) if route.facts is not None else rbac_evaluation.NO_FACTS
        rbac_evaluation.require(world, call.principal, route.action, scope, call.now, facts)
    if route.linked is not None:
        rbac_evaluation.require_linked(world, call.principal, route.action, scope, route.linked(call), call.now)
    _check_provider(call)
    _check_options(call, route)
    group = call.parameters.get("group") or _part_after(call.path, "resourcegroups")
    found = world.group(group, call.subscription.id) if group else None
    if group and not route.group_may_be_missing and found is None:
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
    if route.writes:
        if found is None or ids.key(scope) != ids.key(found["id"]) or route.method != "DELETE":
            resource_groups.require_not_deleting(found)
        authorization.require_unlocked(world, scope, route.method)


def _check_place(call: HandlerCall, route: Route) -> None:
    """Refuse a subscription that there is not, a token of another tenant, and a write where nothing may be written."""
    guid = call.parameters.get("sub") or _part_after(call.path, "subscriptions")
    found = call.world.subscription_with(guid) if guid else None
    if guid and found is None:
        raise Refusal(404, "SubscriptionNotFound", f"The subscription '{guid}' could not be found.")
    if found is not None:
        access_tokens.require_tenant(call.home, found.tenant)
    elif call.path.lower().startswith("/providers/"):
        access_tokens.require_tenant(call.home, call.world.subscription.tenant)
    if found is not None and not found.enabled and route.writes:
        raise Refusal(
            409,
            "ReadOnlyDisabledSubscription",
            f"The subscription '{found.id}' is disabled and therefore marked as read only. You cannot perform any "
            "write actions on this subscription until it is re-enabled.",
        )


def _check_provider(call: HandlerCall) -> None:
    """Refuse a type whose provider the subscription may not use yet, or does not know in this api-version."""
    before = call.path.lower().rfind("/providers/")
    namespace, _, kind = call.path[before + len("/providers/") :].partition("/")
    if before >= 0 and kind and kind.lower() != "register":
        providers.require_registered(call, namespace)
        providers.require_version(call, kind.split("/")[0])


def _check_options(call: HandlerCall, route: Route) -> None:
    """Refuse an option of the query that would be ignored otherwise."""
    for name, value in call.query.items():
        if name.startswith("$") and name not in route.options:
            raise not_served.refusal(f"{name}={value} here")


def _part_after(path: str, name: str) -> str:
    parts = path.split("/")
    for index, part in enumerate(parts[:-1]):
        if part.lower() == name:
            return parts[index + 1]
    return ""


def _headers(world: World, request: Request, response: Response, path: str, now: datetime) -> Headers:
    correlation = request.header("x-ms-correlation-request-id") or str(uuid.uuid4())
    region = world.subscription.location.upper()
    headers: Headers = (
        *(item for item in _COMMON if response.header(item[0]) is None),
        ("Date", now.strftime("%a, %d %b %Y %H:%M:%S GMT")),
        ("x-ms-correlation-request-id", correlation),
        ("x-ms-routing-request-id", f"{region}:{now:%Y%m%dT%H%M%SZ}:{correlation}"),
    )
    if response.header("x-ms-request-id") is None:
        headers += (("x-ms-request-id", str(uuid.uuid4())),)
    if (request.header("x-ms-return-client-request-id") or "").lower() == "true":
        client = request.header("x-ms-client-request-id")
        headers += (("x-ms-client-request-id", client),) if client else ()
    if response.header("x-ms-failure-cause") != "gateway":
        headers += _provider_headers(path.lower(), now)
    return headers


def _provider_headers(path: str, now: datetime) -> Headers:
    if "/providers/microsoft.authorization/" in path:
        return (("Set-Cookie", "x-ms-gateway-slice=Production; path=/; secure; samesite=none; httponly"),)
    if "/providers/microsoft.network/" in path:
        return (
            ("x-ms-arm-service-request-id", str(uuid.uuid4())),
            ("Server", "Microsoft-HTTPAPI/2.0"),
            ("Server", "Microsoft-HTTPAPI/2.0"),
            ("x-cache", "CONFIG_NOCACHE"),
            ("x-msedge-ref", f"Ref A: {uuid.uuid4().hex.upper()} Ref B: LAB Ref C: {now:%Y-%m-%dT%H:%M:%SZ}"),
        )
    return ()
