"""Subscriptions, tenants, and the metadata that clients read before they sign in."""

from __future__ import annotations

from tgwizard.lab import ids
from tgwizard.lab.arm.responses import paged
from tgwizard.lab.entra.access_tokens import AUDIENCE
from tgwizard.lab.rbac import rbac_evaluation
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Json, Response, json_response
from tgwizard.lab.world import LabPrincipalKind, Subscription, Tenant

_FIRST_METADATA = "2015-01-01"
_TENANT_NAMES_SINCE = "2020-01-01"
"""The first api-version whose tenants have names and domains."""


def list_subscriptions(call: HandlerCall) -> Response:
    """Answer the subscriptions of the token's tenant that the caller has any right on; `count` is of all pages."""
    value = [
        _subscription(call, item)
        for item in call.world.subscriptions
        if item.tenant == call.home
        and rbac_evaluation.holds_any(call.world, call.principal, ids.subscription_id(item.id), call.now)
    ]
    return paged(call, value, {"count": {"type": "Total", "value": len(value)}})


def get_subscription(call: HandlerCall) -> Response:
    """Answer one subscription."""
    return json_response(200, _subscription(call, call.subscription))


def list_tenants(call: HandlerCall) -> Response:
    """Answer the tenants the caller is known in: for people all of the lab's, else the token's own."""
    everywhere = call.principal.kind is LabPrincipalKind.USER
    return paged(call, [_tenant(call, item) for item in call.world.tenants if everywhere or item.id == call.home])


def metadata(call: HandlerCall) -> Response:
    """Answer the cloud's endpoints, read without a token; the oldest form is smaller (azure/README.md 4.4)."""
    audiences = [f"{AUDIENCE}/", "https://management.core.windows.net/", f"{call.host}/"]
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


def _tenant(call: HandlerCall, item: Tenant) -> Json:
    document: Json = {"id": f"/tenants/{item.id}", "tenantId": item.id, "tenantCategory": "Home"}
    if call.api_version >= _TENANT_NAMES_SINCE:
        named = {"countryCode": "US", "displayName": item.name, "domains": [item.domain], "defaultDomain": item.domain}
        document |= {**named, "tenantType": "AAD"}
    return document


def _subscription(call: HandlerCall, place: Subscription) -> Json:
    tags = call.world.subscription_tags.get(place.id.lower())
    return {
        "id": ids.subscription_id(place.id),
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        **({"tags": tags} if tags else {}),
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
)

ANONYMOUS_ROUTES = (Route("GET", "/metadata/endpoints", metadata),)
