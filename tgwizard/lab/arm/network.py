"""Virtual networks, subnets, security groups and public addresses, to read; and whether an address is free."""

from __future__ import annotations

import ipaddress
from functools import partial
from itertools import islice

from tgwizard.lab import ids, subnet_addresses
from tgwizard.lab.arm import tags
from tgwizard.lab.arm.network_parts import parent
from tgwizard.lab.arm.responses import existing, get_one, in_scope, list_of, not_found, paged, with_etag
from tgwizard.lab.routing import Handler, HandlerCall, Route
from tgwizard.lab.wire import Json, Response, json_response, network_refusal
from tgwizard.lab.world import ASG_TYPE, NIC_TYPE, NSG_TYPE, PUBLIC_IP_TYPE, VNET_TYPE, World

_GROUP = "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network"
_SUBSCRIPTION = "/subscriptions/{sub}/providers/Microsoft.Network"
_SUGGESTIONS = 5
RESERVED_FLAG_SINCE = "2019-09-01"
"""The first api-version whose answers say `isPlatformReserved` (azure/README.md 1.4)."""


def get_vnet(call: HandlerCall) -> Response:
    """Answer a virtual network with its subnets and what is in them."""
    return with_etag(_vnet_view(call.world, existing(call, VNET_TYPE)))


def list_vnets(call: HandlerCall) -> Response:
    """Answer the virtual networks of a group or of the subscription."""
    return paged(call, [_vnet_view(call.world, item) for item in in_scope(call, VNET_TYPE)])


def get_subnet(call: HandlerCall) -> Response:
    """Answer one subnet; a missing one is the network provider's 404 (azure/README.md 1.2)."""
    vnet = parent(call, VNET_TYPE)
    subnet_id = f"{vnet['id']}/subnets/{call.parameters['subnet']}"
    subnet = subnet_addresses.subnet_of(call.world, subnet_id)
    if subnet is None:
        raise not_found(subnet_id)
    return with_etag(_subnet_view(call.world, subnet))


def list_subnets(call: HandlerCall) -> Response:
    """Answer the subnets of a virtual network."""
    subnets = parent(call, VNET_TYPE)["properties"].get("subnets", [])
    return paged(call, [_subnet_view(call.world, item) for item in subnets])


def check_address(call: HandlerCall) -> Response:
    """Answer whether an address of a virtual network is free, or suggest at most five (azure/README.md 1.4)."""
    vnet = existing(call, VNET_TYPE)
    text = call.query.get("ipaddress", "")
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError as error:
        raise network_refusal(
            400,
            "InvalidIPAddressFormat",
            f"IP address {text} is not a valid IPv4 address.",  # wording [?]
        ) from error
    for subnet in vnet["properties"].get("subnets", []):
        if subnet_addresses.contains(subnet, address):
            answer = _availability(call.world, subnet, address)
            if call.api_version < RESERVED_FLAG_SINCE:
                del answer["isPlatformReserved"]
            return json_response(200, answer)
    raise network_refusal(
        400,
        "PrivateIPAddressNotInAnySubnet",
        f"Private static IP address {address} does not belong to the range of any subnet in the virtual network "
        f"{vnet['id']}.",
    )


def get_nsg(call: HandlerCall) -> Response:
    """Answer a network security group with the NICs and subnets that use it."""
    (group,) = _with_users(call.world, [existing(call, NSG_TYPE)])
    return with_etag(group)


def list_nsgs(call: HandlerCall) -> Response:
    """Answer the network security groups of a group or of the subscription."""
    return paged(call, _with_users(call.world, in_scope(call, NSG_TYPE)))


def _with_users(world: World, groups: list[Json]) -> list[Json]:
    """Return network security groups with references to what uses them, in one walk over the network."""
    nics: dict[str, list[Json]] = {ids.key(item["id"]): [] for item in groups}
    subnets: dict[str, list[Json]] = {ids.key(item["id"]): [] for item in groups}
    for nic in world.of_type(NIC_TYPE):
        nics.get(_nsg_key(nic), []).append({"id": nic["id"]})
    for vnet in world.of_type(VNET_TYPE):
        for subnet in vnet["properties"].get("subnets", []):
            subnets.get(_nsg_key(subnet), []).append({"id": subnet["id"]})
    found = []
    for item in groups:
        key = ids.key(item["id"])
        users = {"networkInterfaces": nics[key], "subnets": subnets[key]}
        found.append(
            {**item, "properties": {**item["properties"], **{name: some for name, some in users.items() if some}}}
        )
    return found


def _nsg_key(document: Json) -> str:
    return ids.key((document["properties"].get("networkSecurityGroup") or {}).get("id", ""))


def _availability(world: World, subnet: Json, address: ipaddress.IPv4Address) -> Json:
    reserved = subnet_addresses.is_reserved(subnet, address)
    taken = subnet_addresses.allocation_of(world, subnet["id"], str(address)) is not None
    if not reserved and not taken:
        return {"available": True, "isPlatformReserved": False}
    return {
        "available": False,
        "availableIPAddresses": list(islice(subnet_addresses.free_in(world, subnet, set()), _SUGGESTIONS)),
        "isPlatformReserved": reserved,
    }


def _vnet_view(world: World, vnet: Json) -> Json:
    view = {**vnet, "properties": dict(vnet["properties"])}
    view["properties"]["subnets"] = [_subnet_view(world, item) for item in vnet["properties"].get("subnets", [])]
    return view


def _subnet_view(world: World, subnet: Json) -> Json:
    """Return a subnet with references to the configurations whose addresses are allocated in it."""
    users = [{"id": item.configuration} for item in world.allocations.in_subnet(subnet["id"])]
    properties = dict(subnet["properties"])
    if users:
        properties["ipConfigurations"] = users
    return {**subnet, "properties": properties}


def _reading(kind: str, one: Handler, many: Handler) -> tuple[Route, ...]:
    """Return the three reading routes of a type, and the one that changes its tags."""
    leaf = kind.rsplit("/", 1)[-1]
    action = f"{kind}/read"
    return (
        Route("GET", f"{_GROUP}/{leaf}/{{name}}", one, action=action),
        Route("GET", f"{_GROUP}/{leaf}", many, action=action, scope=_GROUP),
        Route("GET", f"{_SUBSCRIPTION}/{leaf}", many, action=action, scope=_SUBSCRIPTION),
        *tags.routes(kind, one),
    )


_VNET = f"{_GROUP}/virtualNetworks/{{name}}"
_VNET_READ = f"{VNET_TYPE}/read"
_SUBNET_READ = f"{VNET_TYPE}/subnets/read"

ROUTES = (
    Route("GET", _VNET, get_vnet, action=_VNET_READ),
    Route("GET", f"{_GROUP}/virtualNetworks", list_vnets, action=_VNET_READ, scope=_GROUP),
    Route("GET", f"{_SUBSCRIPTION}/virtualNetworks", list_vnets, action=_VNET_READ, scope=_SUBSCRIPTION),
    Route("GET", f"{_VNET}/subnets", list_subnets, action=_SUBNET_READ, scope=_VNET),
    Route("GET", f"{_VNET}/subnets/{{subnet}}", get_subnet, action=_SUBNET_READ),
    Route(
        "GET",
        f"{_VNET}/CheckIPAddressAvailability",
        check_address,
        action=f"{VNET_TYPE}/checkIpAddressAvailability/read",
        scope=_VNET,
    ),
    *tags.routes(VNET_TYPE, get_vnet),
    *_reading(NSG_TYPE, get_nsg, list_nsgs),
    *_reading(ASG_TYPE, partial(get_one, kind=ASG_TYPE), partial(list_of, kind=ASG_TYPE)),
    *_reading(PUBLIC_IP_TYPE, partial(get_one, kind=PUBLIC_IP_TYPE), partial(list_of, kind=PUBLIC_IP_TYPE)),
)
