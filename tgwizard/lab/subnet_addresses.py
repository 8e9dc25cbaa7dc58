"""Which private addresses exist, are reserved, are allocated, are free. Facts from azure/README.md 1.4 and 2.5."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from tgwizard.lab import ids
from tgwizard.lab.address_ledger import Allocation
from tgwizard.lab.wire import Json
from tgwizard.lab.world import World

_RESERVED_AT_START = 4
"""Network, gateway and two for DNS; the last address is reserved as well."""


def prefixes(subnet: Json) -> tuple[ipaddress.IPv4Network, ...]:
    """Return a subnet's IPv4 ranges; Azure documents spell them `addressPrefix` or `addressPrefixes`."""
    properties = subnet["properties"]
    texts = properties.get("addressPrefixes") or [properties["addressPrefix"]]
    networks = (ipaddress.ip_network(text) for text in texts)
    return tuple(network for network in networks if isinstance(network, ipaddress.IPv4Network))


def has_ipv6(subnet: Json) -> bool:
    """Return whether a subnet has a range of IPv6."""
    properties = subnet["properties"]
    return any(":" in text for text in properties.get("addressPrefixes") or [properties["addressPrefix"]])


def prefix_text(subnet: Json) -> str:
    """Return a subnet's ranges as Azure's sentences print them."""
    return ",".join(str(network) for network in prefixes(subnet))


def contains(subnet: Json, address: ipaddress.IPv4Address) -> bool:
    """Return whether an address lies in a subnet."""
    return any(address in network for network in prefixes(subnet))


def is_reserved(subnet: Json, address: ipaddress.IPv4Address) -> bool:
    """Return whether Azure keeps an address of the subnet for itself."""
    for network in prefixes(subnet):
        if address in network:
            offset = int(address) - int(network.network_address)
            return offset < _RESERVED_AT_START or address == network.broadcast_address
    return False


def usable(subnet: Json) -> Iterator[ipaddress.IPv4Address]:
    """Yield the addresses a NIC may have, lowest first."""
    for network in prefixes(subnet):
        first = int(network.network_address) + _RESERVED_AT_START
        for value in range(first, int(network.broadcast_address)):
            yield ipaddress.IPv4Address(value)


def allocation_of(world: World, subnet_id: str, address: str) -> Allocation | None:
    """Return who has an address of a virtual network, or None. One address exists once in a virtual network."""
    return world.allocations.at(subnet_id, address)


def taken_in(world: World, vnet_id: str) -> set[str]:
    """Return the allocated addresses of a virtual network."""
    return {item.address for item in world.allocations.in_vnet(vnet_id)}


def free_in(world: World, subnet: Json, besides: set[str]) -> Iterator[str]:
    """Yield the free addresses of a subnet, lowest first, without those in `besides`."""
    taken = taken_in(world, ids.parent_of(subnet["id"])) | besides
    for address in usable(subnet):
        text = str(address)
        if text not in taken:
            yield text


def subnet_of(world: World, subnet_id: str) -> Json | None:
    """Return a subnet's document out of its virtual network's, or None."""
    vnet = world.find(ids.parent_of(subnet_id))
    if vnet is None:
        return None
    wanted = ids.key(subnet_id)
    subnets: list[Json] = vnet["properties"].get("subnets", [])
    return next((subnet for subnet in subnets if ids.key(subnet["id"]) == wanted), None)
