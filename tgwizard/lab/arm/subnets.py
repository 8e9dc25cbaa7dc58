"""Subnets of a virtual network, to write: a PUT replaces one or makes one, a DELETE removes one that nothing uses.

Both are long-running operations, with the shape and headers of other network writes; what an interface's state does to
them is in `settled_checks`. The codes of the other refusals are Azure's, their wording is modelled [?] except where
Azure prints it in every deployment log.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime

from tgwizard.lab import ids, operations, subnet_addresses
from tgwizard.lab.arm import in_use_checks, nic, nic_put, settled_checks
from tgwizard.lab.arm.network_parts import parent
from tgwizard.lab.arm.nic_rules import check_name
from tgwizard.lab.arm.request_bodies import json_object, names, object_of, text_of
from tgwizard.lab.arm.responses import require_etag
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Json, Refusal, Response, json_response, network_refusal
from tgwizard.lab.world import VNET_TYPE, LongOperation, OperationKind, OperationStatus, World

_RETRY_AFTER_S = 3
_SMALLEST = 29
"""The longest prefix of a subnet: five of its eight addresses are Azure's."""
_KINDS = frozenset({OperationKind.PUT_SUBNET, OperationKind.DELETE_SUBNET})
_ONE = "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{name}/subnets/{subnet}"
_LINKED = {
    "networkSecurityGroup": "Microsoft.Network/networkSecurityGroups/join/action",
    "routeTable": "Microsoft.Network/routeTables/join/action",
    "natGateway": "Microsoft.Network/natGateways/join/action",
}


def put(call: HandlerCall) -> Response:
    """Create a subnet, 201, or replace it, 200; `Updating` until the operation is over."""
    world, vnet, name = call.world, parent(call, VNET_TYPE), call.parameters["subnet"]
    subnet_id = f"{vnet['id']}/subnets/{name}"
    old = subnet_addresses.subnet_of(world, subnet_id)
    if old is None:
        check_name(name)
    else:
        subnet_id, name = old["id"], old["name"]
    sent = object_of(json_object(call.request.body), "properties")
    properties = {key: value for key, value in sent.items() if key not in {"provisioningState", "ipConfigurations"}}
    subnet: Json = {
        "name": name,
        "id": subnet_id,
        "type": f"{VNET_TYPE}/subnets",
        "properties": {"provisioningState": "Updating", **properties},
    }
    _check_prefixes(world, vnet, subnet, sent)
    _check_references(world, subnet)
    settled_checks.require_settled_users(call, subnet_id)
    return _accept(call, vnet, subnet, old)


def finish(world: World, operation: LongOperation, when: datetime) -> None:
    """End a subnet's operation: the state is told, the content is what was sent."""
    vnet, subnet = world.find(ids.parent_of(operation.target)), subnet_addresses.subnet_of(world, operation.target)
    if vnet is None or subnet is None:
        return
    world.remember(vnet["id"], when)
    good = operation.status is OperationStatus.SUCCEEDED
    subnet["properties"]["provisioningState"] = "Succeeded" if good else "Failed"
    _stamp(world, vnet)


def delete(call: HandlerCall) -> Response:
    """Begin to delete a subnet that nothing uses: 202 with both poll URLs, 204 when it is absent."""
    world, vnet = call.world, parent(call, VNET_TYPE)
    subnet = subnet_addresses.subnet_of(world, f"{vnet['id']}/subnets/{call.parameters['subnet']}")
    if subnet is None:
        return Response(204)
    require_etag(call, subnet["id"], subnet)
    refusal = in_use_checks.subnet_in_use(world, subnet)
    if refusal is not None:
        raise refusal
    world.remember(vnet["id"], call.now)
    subnet["properties"]["provisioningState"] = nic_put.DELETING
    _stamp(world, vnet)
    running = world.running(subnet["id"], _KINDS)
    operation = operations.begin(world, OperationKind.DELETE_SUBNET, subnet["id"], call.now, call.fate)
    if running is not None:
        operations.supersede(running, operation, call.now)
    return Response(202, nic.deletion_headers(call, operation))


def finish_delete(world: World, operation: LongOperation, when: datetime) -> None:
    """End the deletion of a subnet: it is gone, or, if the operation failed, still there as `Failed`."""
    vnet, subnet = world.find(ids.parent_of(operation.target)), subnet_addresses.subnet_of(world, operation.target)
    if vnet is None or subnet is None:
        return
    world.remember(vnet["id"], when)
    if operation.status is OperationStatus.SUCCEEDED and in_use_checks.subnet_in_use(world, subnet) is None:
        vnet["properties"]["subnets"].remove(subnet)
    else:
        subnet["properties"]["provisioningState"] = nic_put.FAILED
    _stamp(world, vnet)


def linked(call: HandlerCall) -> Iterator[tuple[str, str]]:
    """Yield the linked permission checks of a subnet's body."""
    try:
        sent = object_of(json_object(call.request.body), "properties")
        for key, action in _LINKED.items():
            reference = text_of(object_of(sent, key), "id")
            if reference:
                yield action, reference
    except Refusal:
        return  # an unreadable body is refused later, as itself


def _accept(call: HandlerCall, vnet: Json, subnet: Json, old: Json | None) -> Response:
    world = call.world
    world.remember(vnet["id"], call.now)
    subnets: list[Json] = vnet["properties"].setdefault("subnets", [])
    if old is None:
        subnets.append(subnet)
    else:
        subnets[subnets.index(old)] = subnet
    _stamp(world, vnet)
    running = world.running(subnet["id"], _KINDS)
    operation = operations.begin(world, OperationKind.PUT_SUBNET, subnet["id"], call.now, call.fate)
    if running is not None:
        operations.supersede(running, operation, call.now)  # recorded on virtual networks (azure/README.md 2.4)
    headers = (
        ("x-ms-request-id", operation.id),
        ("Azure-AsyncOperation", nic.poll_url(call, operation)),
        ("Retry-After", str(_RETRY_AFTER_S)),
    )
    return json_response(200 if old else 201, subnet, headers)


def _check_prefixes(world: World, vnet: Json, subnet: Json, sent: Json) -> None:
    """Refuse ranges that are none, lie outside the network, overlap a neighbour, or leave out an address in use."""
    name, network_name = subnet["name"], vnet["name"]
    single = text_of(sent, "addressPrefix")
    texts = names(sent.get("addressPrefixes")) or ([single] if single else [])
    ranges = [_range(text, name) for text in texts]
    if not ranges:
        raise network_refusal(400, "MissingAddressPrefix", f"Subnet {name} names no address prefix.")
    space = [ipaddress.ip_network(text) for text in vnet["properties"]["addressSpace"]["addressPrefixes"]]
    if not all(any(_within(item, whole) for whole in space) for item in ranges):
        raise network_refusal(
            400, "NetcfgInvalidSubnet", f"Subnet '{name}' is not valid in virtual network '{network_name}'."
        )
    others = (item for item in vnet["properties"].get("subnets", []) if ids.key(item["id"]) != ids.key(subnet["id"]))
    if any(mine.overlaps(theirs) for other in others for theirs in subnet_addresses.prefixes(other) for mine in ranges):
        raise network_refusal(
            400,
            "NetcfgSubnetRangesOverlap",
            f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing subnet in "
            f"virtual network '{network_name}'.",
        )
    for allocation in world.allocations.in_subnet(subnet["id"]):
        if not subnet_addresses.contains(subnet, ipaddress.IPv4Address(allocation.address)):
            raise network_refusal(
                400,
                "InUsePrefixCannotBeDeleted",
                f"IpPrefix on Subnet {name} has active allocations and cannot be deleted: {allocation.address} is "
                f"allocated to {allocation.configuration}.",
            )


def _range(text: str, name: str) -> ipaddress.IPv4Network:
    try:
        found = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise network_refusal(
            400, "InvalidAddressPrefixFormat", f"Address prefix {text} of {name} is not formatted correctly."
        ) from error
    if found.prefixlen > _SMALLEST:
        raise network_refusal(
            400, "InvalidAddressPrefixFormat", f"Address prefix {text} of {name} is too small for a subnet."
        )
    return found


def _within(mine: ipaddress.IPv4Network, whole: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return isinstance(whole, ipaddress.IPv4Network) and mine.subnet_of(whole)


def _check_references(world: World, subnet: Json) -> None:
    for key in _LINKED:
        reference = text_of(object_of(subnet["properties"], key), "id")
        if reference and world.find(reference) is None:
            raise network_refusal(
                400,
                "InvalidResourceReference",
                f"Resource {reference} referenced by resource {subnet['id']} was not found. Please make sure that the "
                "referenced resource exists, and that both resources are in the same region.",
            )


def _stamp(world: World, vnet: Json) -> None:
    """Give a virtual network and all its subnets one new etag."""
    vnet["etag"] = world.etag()
    for subnet in vnet["properties"]["subnets"]:
        subnet["etag"] = vnet["etag"]


ROUTES = (
    Route(
        "PUT",
        _ONE,
        put,
        action=f"{VNET_TYPE}/subnets/write",
        linked=linked,
        writes=True,
    ),
    Route("DELETE", _ONE, delete, action=f"{VNET_TYPE}/subnets/delete", writes=True),
)
