"""Parts of network resources that have calls of their own: security rules, load balancers, usages, effective routes."""

from __future__ import annotations

import ipaddress
from functools import partial

from tgwizard.lab import ids, operations, subnet_addresses
from tgwizard.lab.arm import tags
from tgwizard.lab.arm.responses import existing, in_scope, not_found, paged, with_etag
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Json, Refusal, Response, json_response, network_refusal
from tgwizard.lab.world import LOAD_BALANCER_TYPE, NIC_TYPE, NSG_TYPE, VNET_TYPE, LabPower, World

_GROUP = "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network"
_SUBSCRIPTION = "/subscriptions/{sub}/providers/Microsoft.Network"
_POOLS, _NAT_RULES, _FRONTENDS = "backendAddressPools", "inboundNatRules", "frontendIPConfigurations"


def parent(call: HandlerCall, kind: str) -> Json:
    """Return the resource whose child a path names. Raises Refusal 404 (azure/README.md 1.2)."""
    parent_id = ids.resource_id(call.subscription.id, call.parameters["group"], kind, call.parameters["name"])
    found = call.world.find(parent_id)
    if found is None:
        child = call.path[len(parent_id) :].strip("/").partition("/")[0]
        raise Refusal(
            404,
            "ParentResourceNotFound",
            f"Failed to perform 'read' on resource(s) of type '{ids.name_of(kind)}/{child}', because the parent "
            f"resource '{parent_id}' could not be found.",
        )
    return found


def balancer_part(world: World, reference: str) -> Json | None:
    """Return a pool, a NAT rule or a frontend out of its load balancer, or None."""
    balancer = world.find(ids.parent_of(reference))
    if balancer is None:
        return None
    wanted = ids.key(reference)
    parts = [item for field in (_POOLS, _NAT_RULES, _FRONTENDS) for item in balancer["properties"].get(field, [])]
    return next((item for item in parts if ids.key(item["id"]) == wanted), None)


def list_children(call: HandlerCall, kind: str, field: str) -> Response:
    """Answer the children of one sort of a resource."""
    return paged(call, parent(call, kind)["properties"].get(field, []))


def get_child(call: HandlerCall, kind: str, field: str) -> Response:
    """Answer one child. Raises Refusal 404 in the words of the network provider."""
    for item in parent(call, kind)["properties"].get(field, []):
        if item["name"].lower() == call.parameters["child"].lower():
            return with_etag(item)
    raise not_found(call.path)


def get_balancer(call: HandlerCall) -> Response:
    """Answer a load balancer with the configurations behind it."""
    return with_etag(_balancer_view(call.world, existing(call, LOAD_BALANCER_TYPE)))


def list_balancers(call: HandlerCall) -> Response:
    """Answer the load balancers of a group or of the subscription."""
    return paged(call, [_balancer_view(call.world, item) for item in in_scope(call, LOAD_BALANCER_TYPE)])


def usages(call: HandlerCall) -> Response:
    """Answer how full each subnet of a virtual network is."""
    value = []
    for subnet in parent(call, VNET_TYPE)["properties"].get("subnets", []):
        size = sum(network.num_addresses - 5 for network in subnet_addresses.prefixes(subnet))
        value.append(
            {
                "currentValue": len(call.world.allocations.in_subnet(subnet["id"])),
                "id": subnet["id"],
                "limit": size,
                "name": {"localizedValue": "Subnet size and usage", "value": "SubnetSpace"},
                "unit": "Count",
            }
        )
    return json_response(200, {"value": value})


def effective_routes(call: HandlerCall) -> Response:
    """Accept the question for a NIC's routes; the `Location` answers them. Only a running VM has any."""
    nic = existing(call, NIC_TYPE)
    vm = nic["properties"].get("virtualMachine", {}).get("id")
    if vm is None or call.world.power.get(ids.key(vm)) is not LabPower.RUNNING:
        raise network_refusal(
            400,
            "NetworkInterfaceNotAttachedToRunningVirtualMachine",  # code and wording [?]
            f"Effective routes of network interface {nic['id']} are available only while its virtual machine runs.",
        )
    path = f"{_base(call)}/locations/{call.subscription.location}/operationResults/routes-{nic['name']}"
    url = f"{call.host}{path}?api-version={call.api_version}&nic={nic['id']}"
    return Response(
        202,
        (
            ("Content-Type", "application/json; charset=utf-8"),
            ("Location", url),
            ("Retry-After", str(operations.RETRY_AFTER_S)),
        ),
        b"null",
    )


def route_result(call: HandlerCall) -> Response:
    """Answer the routes that `effective_routes` promised."""
    nic = call.world.find(call.query.get("nic", ""))
    if nic is None or nic["type"] != NIC_TYPE:
        raise not_found(call.path)
    subnets = (item["properties"].get("subnet") for item in nic["properties"]["ipConfigurations"])
    subnet = next(item["id"] for item in subnets if item)
    vnet = call.world.find(ids.parent_of(subnet))
    prefixes = vnet["properties"]["addressSpace"]["addressPrefixes"] if vnet else []
    routes = [_route([text], "VnetLocal") for text in prefixes]
    routes += [_route(["0.0.0.0/0"], "Internet")]
    private = (ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
    routes += [_route([str(network)], "None") for network in private]
    return json_response(200, {"value": routes})


def _route(prefixes: list[str], hop: str) -> Json:
    return {
        "source": "Default",
        "state": "Active",
        "addressPrefix": prefixes,
        "nextHopType": hop,
        "nextHopIpAddress": [],
        "hasBgpOverride": False,
    }


def _base(call: HandlerCall) -> str:
    return f"/subscriptions/{call.subscription.id}/providers/Microsoft.Network"


def _balancer_view(world: World, balancer: Json) -> Json:
    users: dict[str, list[Json]] = {}
    for nic in world.of_type(NIC_TYPE):
        for configuration in nic["properties"]["ipConfigurations"]:
            inner = configuration["properties"]
            for reference in (
                *inner.get("loadBalancerBackendAddressPools", []),
                *inner.get("loadBalancerInboundNatRules", []),
            ):
                users.setdefault(ids.key(reference["id"]), []).append({"id": configuration["id"]})
    properties = dict(balancer["properties"])
    properties[_POOLS] = [
        {**pool, "properties": {**pool["properties"], "backendIPConfigurations": users.get(ids.key(pool["id"]), [])}}
        for pool in properties[_POOLS]
    ]
    properties[_NAT_RULES] = [
        {**rule, "properties": {**rule["properties"], "backendIPConfiguration": users[ids.key(rule["id"])][0]}}
        if ids.key(rule["id"]) in users
        else rule
        for rule in properties[_NAT_RULES]
    ]
    return {**balancer, "properties": properties}


def _children(kind: str, field: str) -> tuple[Route, Route]:
    leaf = kind.rsplit("/", 1)[-1]
    action = f"{kind}/{field}/read"
    one = f"{_GROUP}/{leaf}/{{name}}"
    return (
        Route("GET", f"{one}/{field}", partial(list_children, kind=kind, field=field), action=action, scope=one),
        Route("GET", f"{one}/{field}/{{child}}", partial(get_child, kind=kind, field=field), action=action),
    )


_BALANCER_READ = f"{LOAD_BALANCER_TYPE}/read"

ROUTES = (
    *_children(NSG_TYPE, "securityRules"),
    *_children(NSG_TYPE, "defaultSecurityRules"),
    *_children(LOAD_BALANCER_TYPE, _POOLS),
    *_children(LOAD_BALANCER_TYPE, _NAT_RULES),
    Route("GET", f"{_GROUP}/loadBalancers/{{name}}", get_balancer, action=_BALANCER_READ),
    *tags.routes(LOAD_BALANCER_TYPE, get_balancer),
    Route("GET", f"{_GROUP}/loadBalancers", list_balancers, action=_BALANCER_READ, scope=_GROUP),
    Route("GET", f"{_SUBSCRIPTION}/loadBalancers", list_balancers, action=_BALANCER_READ, scope=_SUBSCRIPTION),
    Route(
        "GET",
        f"{_GROUP}/virtualNetworks/{{name}}/usages",
        usages,
        action=f"{VNET_TYPE}/usages/read",
        scope=f"{_GROUP}/virtualNetworks/{{name}}",
    ),
    Route(
        "POST",
        f"{_GROUP}/networkInterfaces/{{name}}/effectiveRouteTable",
        effective_routes,
        action=f"{NIC_TYPE}/effectiveRouteTable/action",
        scope=f"{_GROUP}/networkInterfaces/{{name}}",
    ),
    Route(
        "GET",
        f"{_SUBSCRIPTION}/locations/{{location}}/operationResults/routes-{{result}}",
        route_result,
        action="Microsoft.Network/locations/operationResults/read",
        scope="/subscriptions/{sub}",
    ),
)
