"""Subscriptions, tenants, resource groups, and the metadata that clients read before they sign in."""

from __future__ import annotations

from tgwizard.lab import ids, rbac
from tgwizard.lab.arm.answers import in_scope, paged
from tgwizard.lab.routing import Call, Route
from tgwizard.lab.tokens import AUDIENCE
from tgwizard.lab.wire import Json, Refusal, Response, json_response
from tgwizard.lab.world import GROUP_TYPE, PrincipalKind, Subscription, Tenant

_GROUP_READ = "Microsoft.Resources/subscriptions/resourceGroups/read"


_FIRST_METADATA = "2015-01-01"
_TENANT_NAMES_SINCE = "2020-01-01"
"""The first api-version whose tenants have names and domains."""


def list_subscriptions(call: Call) -> Response:
    """Answer the subscriptions of the token's tenant that the caller has any right on; `count` is of all pages."""
    value = [
        _subscription(item)
        for item in call.world.subscriptions
        if item.tenant == call.home
        and rbac.holds_any(call.world, call.principal, ids.subscription_id(item.id), call.now)
    ]
    return paged(call, value, {"count": {"type": "Total", "value": len(value)}})


def get_subscription(call: Call) -> Response:
    """Answer one subscription."""
    return json_response(200, _subscription(call.subscription))


def list_tenants(call: Call) -> Response:
    """Answer the tenants the caller is known in: for people all of the lab's, else the token's own."""
    everywhere = call.principal.kind is PrincipalKind.USER
    return paged(call, [_tenant(call, item) for item in call.world.tenants if everywhere or item.id == call.home])


def list_groups(call: Call) -> Response:
    """Answer the resource groups the caller may read; some right below the subscription is enough to ask [?]."""
    world, scope = call.world, ids.subscription_id(call.subscription.id)
    if not rbac.holds_any(world, call.principal, scope, call.now):
        rbac.require(world, call.principal, _GROUP_READ, scope, call.now)
    value = [
        item
        for item in in_scope(call, GROUP_TYPE)
        if rbac.allowed(world, call.principal, _GROUP_READ, item["id"], call.now)
    ]
    return paged(call, value)


def get_group(call: Call) -> Response:
    """Answer one resource group."""
    name = call.parameters["group"]
    group = call.world.group(name, call.subscription.id)
    if group is None:
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return json_response(200, group)


def group_exists(call: Call) -> Response:
    """Answer a HEAD: 204 when the group exists, 404 when not."""
    return Response(204 if call.world.group(call.parameters["group"], call.subscription.id) else 404)


def metadata(call: Call) -> Response:
    """Answer the cloud's endpoints, which az reads without a token; the oldest form is smaller (4.4)."""
    audiences = [f"{AUDIENCE}/", "https://management.core.windows.net/"]
    if call.api_version == _FIRST_METADATA:
        old: Json = dict.fromkeys(("galleryEndpoint", "graphEndpoint", "portalEndpoint"), f"{call.host}/")
        sign_in = {"loginEndpoint": f"{call.host}/", "audiences": audiences}
        return json_response(200, {**old, "authentication": sign_in})
    document: Json = {
        "name": f"lab-{call.world.lab_id}",
        "resourceManager": call.host,
        "portal": call.host,
        "authentication": {
            "loginEndpoint": call.host,
            "audiences": audiences,
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "graphAudience": f"{call.host}/",
        "graph": f"{call.host}/",
        "microsoftGraphResourceId": f"{call.host}/",
        "batch": f"{call.host}/",
        "sqlManagement": f"{call.host}/",
        "suffixes": {},
    }
    return json_response(200, document)


def _tenant(call: Call, item: Tenant) -> Json:
    document: Json = {"id": f"/tenants/{item.id}", "tenantId": item.id, "tenantCategory": "Home"}
    if call.api_version >= _TENANT_NAMES_SINCE:
        named = {"countryCode": "US", "displayName": item.name, "domains": [item.domain], "defaultDomain": item.domain}
        document |= {**named, "tenantType": "AAD"}
    return document


def _subscription(place: Subscription) -> Json:
    return {
        "id": ids.subscription_id(place.id),
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": place.id,
        "tenantId": place.tenant,
        "displayName": place.name,
        "state": "Enabled" if place.enabled else "Disabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


ROUTES = (
    Route("GET", "/subscriptions", list_subscriptions),
    Route("GET", "/tenants", list_tenants),
    Route("GET", "/subscriptions/{sub}", get_subscription, action="Microsoft.Resources/subscriptions/read"),
    Route("GET", "/subscriptions/{sub}/resourceGroups", list_groups),
    Route("GET", "/subscriptions/{sub}/resourceGroups/{group}", get_group, action=_GROUP_READ),
    Route(
        "HEAD",
        "/subscriptions/{sub}/resourceGroups/{group}",
        group_exists,
        action=_GROUP_READ,
        group_may_be_missing=True,
    ),
)

ANONYMOUS_ROUTES = (Route("GET", "/metadata/endpoints", metadata),)
