"""Subscriptions, tenants, resource groups, and the metadata that clients read before they sign in."""

from __future__ import annotations

from tgwizard.lab import ids, rbac
from tgwizard.lab.routing import Call, Route
from tgwizard.lab.tokens import AUDIENCE
from tgwizard.lab.wire import Json, Refusal, Response, json_response
from tgwizard.lab.world import GROUP_TYPE, World

_GROUP_READ = "Microsoft.Resources/subscriptions/resourceGroups/read"


def list_subscriptions(call: Call) -> Response:
    """Answer the subscriptions the caller has any right on: the lab's one, or none."""
    scope = ids.subscription_id(call.world.subscription.id)
    readable = rbac.holds_any(call.world, call.principal.oid, scope, call.now)
    value = [_subscription(call.world)] if readable else []
    return json_response(200, {"value": value, "count": {"type": "Total", "value": len(value)}})


def get_subscription(call: Call) -> Response:
    """Answer the lab's subscription."""
    return json_response(200, _subscription(call.world))


def list_tenants(call: Call) -> Response:
    """Answer the lab's one tenant."""
    tenant = call.world.subscription.tenant
    value = [{"id": f"/tenants/{tenant}", "tenantId": tenant, "tenantCategory": "Home"}]
    return json_response(200, {"value": value})


def list_groups(call: Call) -> Response:
    """Answer the resource groups the caller may read; some right below the subscription is enough to ask [?]."""
    world, scope = call.world, ids.subscription_id(call.world.subscription.id)
    if not rbac.holds_any(world, call.principal.oid, scope, call.now):
        rbac.require(world, call.principal, _GROUP_READ, scope, call.now)
    value = [
        item
        for item in world.of_type(GROUP_TYPE)
        if rbac.allowed(world, call.principal, _GROUP_READ, item["id"], call.now)
    ]
    return json_response(200, {"value": value})


def get_group(call: Call) -> Response:
    """Answer one resource group."""
    name = call.parameters["group"]
    group = call.world.group(name)
    if group is None:
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return json_response(200, group)


def group_exists(call: Call) -> Response:
    """Answer a HEAD: 204 when the group exists, 404 when not."""
    return Response(204 if call.world.group(call.parameters["group"]) else 404)


def metadata(call: Call) -> Response:
    """Answer the cloud's endpoints, which az reads without a token (`azure-wire.md` 4.4)."""
    document: Json = {
        "name": f"lab-{call.world.lab_id}",
        "resourceManager": call.host,
        "portal": call.host,
        "authentication": {
            "loginEndpoint": call.host,
            "audiences": [f"{AUDIENCE}/", "https://management.core.windows.net/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "graphAudience": f"{call.host}/",
        "graph": f"{call.host}/",
        "microsoftGraphResourceId": f"{call.host}/",
        "suffixes": {},
    }
    return json_response(200, document)


def _subscription(world: World) -> Json:
    place = world.subscription
    return {
        "id": ids.subscription_id(place.id),
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": place.id,
        "tenantId": place.tenant,
        "displayName": place.name,
        "state": "Enabled",
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
