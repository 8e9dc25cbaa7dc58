"""What Azure refuses in a network interface: references, primary, subnets, security groups, addresses.

Codes and texts from azure/README.md 2.5. Texts that no recording shows are marked. A refused PUT changes nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from tgwizard.lab import ids, subnet_addresses
from tgwizard.lab.arm import nic_fit, nic_put
from tgwizard.lab.arm.network_parts import balancer_part
from tgwizard.lab.arm.responses import location_of
from tgwizard.lab.wire import Detail, Json, Refusal, network_refusal
from tgwizard.lab.world import World

_POOLS = (
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatRules",
    "applicationGatewayBackendAddressPools",
)
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,78}\w)?", re.ASCII)


def check_name(name: str) -> None:
    """Refuse a name that the network provider refuses, for NICs and ipConfigurations alike."""
    if not _NAME.fullmatch(name):
        raise _bad(
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word "
            "character, and it must end with a word character or with '_'. The name may contain word characters or "
            "'.', '-', '_'.",
        )


def check_shape(world: World, nic: Json, *, leaving: str = "") -> None:
    """Refuse a NIC whose configurations do not fit together or refer to nothing.

    `leaving` is the id of a NIC that gives up what this one gets: a public address there is not in the way.
    """
    configurations = nic["properties"]["ipConfigurations"]
    if not configurations:
        raise _bad("InvalidIPConfigCount", f"Network interface {nic['name']} must have one or more IP configurations.")
    _check_names(nic, configurations)
    for configuration in configurations:
        if is_ipv4(configuration) and not configuration["properties"].get("subnet", {}).get("id"):
            raise _bad(
                "InvalidRequestFormat", f"Subnet reference is required for ipconfiguration {configuration['id']}."
            )
    _check_gateway_pools(configurations)
    _check_references(world, nic)
    _check_primary(nic, configurations)
    _check_subnets(nic, configurations)
    _check_families(world, configurations)
    _check_security_groups(configurations)
    _check_public_addresses(world, nic, configurations, leaving)
    nic_fit.check_fit(world, nic, leaving)


def assign_addresses(world: World, nic: Json, current: Json | None) -> None:
    """Check the static addresses and fill in the dynamic ones. Raises Refusal; then nothing was allocated."""
    ipv4 = [item for item in nic["properties"]["ipConfigurations"] if is_ipv4(item)]
    own: dict[str, str] = {}
    for configuration in ipv4:
        if is_static(configuration):
            address = _check_static(world, nic, configuration)
            _claim(own, configuration, address)
    for configuration in ipv4:
        if not is_static(configuration):
            address = _dynamic(world, nic, configuration, current, set(own))
            configuration["properties"]["privateIPAddress"] = address
            _claim(own, configuration, address)


def is_static(configuration: Json) -> bool:
    """Return whether the address is chosen by the client."""
    return str(configuration["properties"]["privateIPAllocationMethod"]).lower() == "static"


def is_ipv4(configuration: Json) -> bool:
    """Return whether the configuration takes part in the lab's IPv4 bookkeeping."""
    return str(configuration["properties"].get("privateIPAddressVersion", "IPv4")).lower() == "ipv4"


def _claim(own: dict[str, str], configuration: Json, address: str) -> None:
    if address in own:
        raise _allocated(configuration["id"], address, own[address])
    own[address] = configuration["id"]


def _check_static(world: World, nic: Json, configuration: Json) -> str:
    properties = configuration["properties"]
    text = properties.get("privateIPAddress")
    if not text:
        raise _bad(
            "PrivateIPAddressMissing",
            "Private IP address is required when privateIPAllocationMethod is Static in IP configuration "
            f"{configuration['id']}.",
        )
    subnet = _subnet(world, properties["subnet"]["id"])
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError as error:
        raise network_refusal(
            400,
            "InvalidRequestFormat",
            "Cannot parse the request.",
            Detail("InvalidIPAddressFormat", f"IP address {text} is not a valid IPv4 address."),  # wording [?]
        ) from error
    prefix = subnet_addresses.prefix_text(subnet)
    if not subnet_addresses.contains(subnet, address):
        raise _bad(
            "PrivateIPAddressNotInSubnet",
            f"Private static IP address {address} does not belong to the range of subnet prefix {prefix}.",
        )
    if subnet_addresses.is_reserved(subnet, address):
        raise _bad(
            "PrivateIPAddressInReservedRange",
            f"Private static IP address {address} falls within reserved IP range of subnet prefix {prefix}.",
        )
    allocation = subnet_addresses.allocation_of(world, subnet["id"], str(address))
    if allocation is not None and ids.key(allocation.nic) != ids.key(nic["id"]):
        raise _allocated(configuration["id"], str(address), allocation.configuration)
    return str(address)


def _dynamic(world: World, nic: Json, configuration: Json, current: Json | None, own: set[str]) -> str:
    """Return the address a dynamic configuration keeps, or the lowest free one of its subnet."""
    subnet = _subnet(world, configuration["properties"]["subnet"]["id"])
    for old in current["properties"]["ipConfigurations"] if current else []:
        if ids.key(old["id"]) == ids.key(configuration["id"]) and is_ipv4(old):
            held: str = old["properties"]["privateIPAddress"]
            allocation = subnet_addresses.allocation_of(world, subnet["id"], held)
            mine = allocation is not None and ids.key(allocation.nic) == ids.key(nic["id"])
            if mine and held not in own and subnet_addresses.contains(subnet, ipaddress.IPv4Address(held)):
                return held
    for address in subnet_addresses.free_in(world, subnet, own):
        return address
    raise _bad(
        "SubnetIsFull",
        f"Subnet {subnet['id']} with address prefix {subnet_addresses.prefix_text(subnet)} does not have enough "
        "capacity for 1 IP addresses.",
    )


def _check_names(nic: Json, configurations: list[Json]) -> None:
    seen: set[str] = set()
    for configuration in configurations:
        name = configuration["name"]
        if not name:
            raise network_refusal(
                400,
                "InvalidRequestFormat",
                "Cannot parse the request.",
                Detail(
                    "MissingJsonReferenceId", f"Value for reference id is missing. Path {nic['id']}."
                ),  # wording [?]
            )
        check_name(name)
        if name.lower() in seen:
            raise network_refusal(
                400,
                "InvalidRequestFormat",
                "Cannot parse the request.",
                Detail(
                    "DuplicateResourceName",
                    f"Resource {nic['id']}/ipConfigurations/ has two child resources with the same name ({name}).",
                ),
            )
        seen.add(name.lower())


def references(nic: Json) -> Iterator[str]:
    """Yield the ids of the resources a NIC refers to that the lab keeps itself."""
    group = nic["properties"].get("networkSecurityGroup")
    if group:
        yield group["id"]
    for configuration in nic["properties"]["ipConfigurations"]:
        properties = configuration["properties"]
        for key in nic_put.REFERENCES:
            if properties.get(key, {}).get("id"):
                yield properties[key]["id"]
        for key in ("applicationSecurityGroups", *_POOLS):
            for item in properties.get(key, []):
                yield item["id"]


def _check_references(world: World, nic: Json) -> None:
    region = location_of(str(nic["location"]))
    for reference in references(nic):
        if not _exists(world, reference) or _region_of(world, reference) not in ("", region):
            raise _bad(
                "InvalidResourceReference",
                f"Resource {reference} referenced by resource {nic['id']} was not found. Please make sure that the "
                "referenced resource exists, and that both resources are in the same region.",
            )


def _region_of(world: World, reference: str) -> str:
    """Return the region of what a reference leads to, or of what that is a part of; empty for what has none."""
    found = world.find(reference) or world.find(ids.parent_of(reference))
    return location_of(str(found.get("location", ""))) if found else ""


def _exists(world: World, reference: str) -> bool:
    lowered = reference.lower()
    if "/subnets/" in lowered:
        return subnet_addresses.subnet_of(world, reference) is not None
    if "/loadbalancers/" in lowered:
        return balancer_part(world, reference) is not None
    return world.find(reference) is not None


def _check_gateway_pools(configurations: list[Json]) -> None:
    for configuration in configurations:
        properties = configuration["properties"]
        if properties.get("applicationGatewayBackendAddressPools") and not properties["primary"]:
            raise _bad(
                "ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations",
                f"Application gateway load balancing is not supported on the secondary IP configuration "
                f"{configuration['id']}.",  # wording [?]
            )


def _check_primary(nic: Json, configurations: list[Json]) -> None:
    primaries = [item for item in configurations if item["properties"]["primary"]]
    if not primaries and len(configurations) == 1:
        configurations[0]["properties"]["primary"] = True
    elif not primaries:
        raise _bad(
            "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary",
            f"Network Interface {nic['name']} specifies multiple IPConfigurations but none of the IPConfigurations is "
            "specified as Primary.",
        )
    elif len(primaries) > 1:
        raise _bad(  # code and wording [?]
            "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary",
            f"Network Interface {nic['name']} specifies more than one IPConfiguration as Primary.",
        )


def _check_subnets(nic: Json, configurations: list[Json]) -> None:
    subnets: dict[str, str] = {}
    for configuration in configurations:
        subnet = configuration["properties"].get("subnet", {}).get("id")
        if subnet:
            subnets.setdefault(ids.key(subnet), subnet)
    if len(subnets) > 1:
        raise _bad(
            "IpConfigurationsOnSameNicCannotUseDifferentSubnets",
            f"IPConfigurations on a Nic {nic['id']} cannot belong to different subnets. Subnets referred: "
            f"{';'.join(subnets.values())}",
        )


def _check_families(world: World, configurations: list[Json]) -> None:
    """Refuse a configuration of IPv6 whose subnet has no range of IPv6."""
    for configuration in configurations:
        properties = configuration["properties"]
        reference = (properties.get("subnet") or {}).get("id")
        if is_ipv4(configuration) or not reference:
            continue
        subnet = _subnet(world, reference)
        if subnet_addresses.has_ipv6(subnet):
            continue
        prefix = subnet_addresses.prefix_text(subnet)
        if is_static(configuration) and properties.get("privateIPAddress"):
            raise _bad(
                "PrivateIPAddressNotInSubnet",
                f"Private static IP address {properties['privateIPAddress']} does not belong to the range of subnet "
                f"prefix {prefix}.",
            )
        raise _bad(  # code and wording [?]
            "SubnetHasNoIPv6AddressPrefix",
            f"IP configuration {configuration['id']} of version IPv6 cannot use subnet {subnet['id']}, which has the "
            f"address prefix {prefix} and none of IPv6.",
        )


def _check_security_groups(configurations: list[Json]) -> None:
    """All IPv4 configurations carry one set of application security groups (text: azure-cli issue 21551)."""
    ipv4 = [item for item in configurations if is_ipv4(item)]
    if not ipv4:
        return
    first, *others = ipv4
    for other in others:
        if _groups(first) != _groups(other):
            raise _bad(
                "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups",
                "All IPConfigurations on a Network Interface should reference the same set of Application Security "
                f"Groups. IPConfiguration {first['id']} references ASG(s) {_group_text(first)}, wheras IPConfiguration "
                f"{other['id']} references ASG(s) {_group_text(other)}.",
            )


def _groups(configuration: Json) -> frozenset[str]:
    return frozenset(ids.key(item["id"]) for item in configuration["properties"].get("applicationSecurityGroups", []))


def _group_text(configuration: Json) -> str:
    return ",".join(item["id"] for item in configuration["properties"].get("applicationSecurityGroups", []))


def _check_public_addresses(world: World, nic: Json, configurations: list[Json], leaving: str) -> None:
    used: dict[str, str] = {}
    for configuration in configurations:
        reference = configuration["properties"].get("publicIPAddress")
        if not reference:
            continue
        public = world.find(reference["id"])
        if public is None:
            continue  # refused before as a reference to nothing
        user = public["properties"].get("ipConfiguration", {}).get("id")
        taken_by = used.get(ids.key(reference["id"]))
        own = user is not None and (ids.under(nic["id"], user) or (bool(leaving) and ids.under(leaving, user)))
        if taken_by is None and user is not None and not own:
            taken_by = user
        if taken_by is not None:
            raise _bad(
                "PublicIPAddressInUse",
                f"Resource {configuration['id']} is referencing public IP address {public['id']} that is already "
                f"allocated to resource {taken_by}.",
            )
        used[ids.key(reference["id"])] = configuration["id"]


def _subnet(world: World, subnet_id: str) -> Json:
    subnet = subnet_addresses.subnet_of(world, subnet_id)
    if subnet is None:
        raise ValueError(f"the reference to {subnet_id} was not checked")
    return subnet


def _allocated(configuration_id: str, address: str, owner: str) -> Refusal:
    return _bad(
        "PrivateIPAddressIsAllocated",
        f"IP configuration {configuration_id} is using the private IP address {address} which is already allocated to "
        f"resource {owner}.",
    )


def _bad(code: str, message: str) -> Refusal:
    return network_refusal(400, code, message)
