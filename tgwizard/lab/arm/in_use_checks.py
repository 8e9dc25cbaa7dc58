"""What still uses a network resource, so that Azure does not delete it. The sentences are those of public logs."""

from __future__ import annotations

from collections.abc import Iterator

from tgwizard.lab import ids
from tgwizard.lab.arm.responses import restamp
from tgwizard.lab.wire import Json, Refusal, network_refusal
from tgwizard.lab.world import (
    ASG_TYPE,
    LOAD_BALANCER_TYPE,
    NIC_TYPE,
    NSG_TYPE,
    PUBLIC_IP_TYPE,
    VNET_TYPE,
    World,
)

_MEMBERS = ("loadBalancerBackendAddressPools", "loadBalancerInboundNatRules")


def in_use(world: World, document: Json) -> Refusal | None:
    """Return why a resource cannot be deleted now, or None."""
    match document["type"]:
        case kind if kind == NIC_TYPE:
            return nic_in_use(document)
        case kind if kind == VNET_TYPE:
            subnets: list[Json] = document["properties"].get("subnets", [])
            return next((found for subnet in subnets if (found := subnet_in_use(world, subnet)) is not None), None)
        case kind if kind == NSG_TYPE:
            return _nsg_in_use(world, document)
        case kind if kind == ASG_TYPE:
            return _asg_in_use(world, document)
        case kind if kind == PUBLIC_IP_TYPE:
            return _public_ip_in_use(document)
        case _:
            return None


def nic_in_use(nic: Json) -> Refusal | None:
    """Return why a network interface cannot be deleted: a VM has it."""
    user = nic["properties"].get("virtualMachine", {}).get("id")
    if user is None:
        return None
    return network_refusal(
        400,
        "NicInUse",
        f"Network Interface {nic['id']} is used by existing resource {user}. In order to delete the network "
        "interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.",
    )


def subnet_in_use(world: World, subnet: Json) -> Refusal | None:
    """Return why a subnet cannot be deleted: a configuration has an address in it."""
    user = next(_in_subnet(world, subnet["id"]), None)
    if user is None:
        return None
    return network_refusal(
        400,
        "InUseSubnetCannotBeDeleted",
        f"Subnet {subnet['name']} is in use by {user} and cannot be deleted. In order to delete the subnet, delete all "
        "the resources within the subnet. See aka.ms/deletesubnet.",
    )


def forget(world: World, document: Json) -> None:
    """Take the references to a load balancer that goes out of the interfaces behind it."""
    if document["type"] != LOAD_BALANCER_TYPE:
        return
    for nic in world.of_type(NIC_TYPE):
        for _, inner in _configurations(nic):
            for key in _MEMBERS:
                left = [item for item in inner.get(key, []) if not ids.under(document["id"], item["id"])]
                if len(left) < len(inner.get(key, [])):
                    world.find(nic["id"])  # whoever changes a resource looks it up first
                    inner[key] = left
                    restamp(world, nic)


def _in_subnet(world: World, subnet_id: str) -> Iterator[str]:
    wanted = ids.key(subnet_id)
    for kind, field in ((NIC_TYPE, "ipConfigurations"), (LOAD_BALANCER_TYPE, "frontendIPConfigurations")):
        for document in world.of_type(kind):
            for configuration in document["properties"].get(field, []):
                reference = configuration["properties"].get("subnet") or {}
                if ids.key(reference.get("id", "")) == wanted:
                    yield configuration["id"]
    for allocation in world.allocations.in_subnet(subnet_id):
        yield allocation.configuration  # one that is being released is listed by no interface any more


def _nsg_in_use(world: World, nsg: Json) -> Refusal | None:
    wanted = ids.key(nsg["id"])
    found = [item["id"] for item in world.of_type(NIC_TYPE) if _refers(item, wanted)]
    for vnet in world.of_type(VNET_TYPE):
        found += [item["id"] for item in vnet["properties"].get("subnets", []) if _refers(item, wanted)]
    if not found:
        return None
    return network_refusal(
        400,
        "InUseNetworkSecurityGroupCannotBeDeleted",
        f"Network security group {nsg['id']} cannot be deleted because it is in use by the following resources: "
        f"{', '.join(found)}. In order to delete the Network security group, remove the association with the "
        "resource(s). To learn how to do this, see aka.ms/deletensg.",
    )


def _asg_in_use(world: World, asg: Json) -> Refusal | None:
    wanted = ids.key(asg["id"])
    for nic in world.of_type(NIC_TYPE):
        for configuration_id, inner in _configurations(nic):
            if any(ids.key(item["id"]) == wanted for item in inner.get("applicationSecurityGroups", [])):
                return network_refusal(
                    400,
                    "ApplicationSecurityGroupInUse",  # code and wording [?]
                    f"Application security group {asg['id']} cannot be deleted because it is in use by "
                    f"{configuration_id}.",
                )
    return None


def _public_ip_in_use(public: Json) -> Refusal | None:
    user = public["properties"].get("ipConfiguration", {}).get("id")
    if user is None:
        return None
    return network_refusal(
        400,
        "PublicIPAddressCannotBeDeleted",
        f"Public IP address {public['id']} can not be deleted since it is still allocated to resource {user}. In order "
        "to delete the public IP, disassociate/detach the Public IP address from the resource. To learn how to do "
        "this, see aka.ms/deletepublicip.",
    )


def _refers(document: Json, wanted: str) -> bool:
    return ids.key((document["properties"].get("networkSecurityGroup") or {}).get("id", "")) == wanted


def _configurations(nic: Json) -> Iterator[tuple[str, Json]]:
    return ((item["id"], item["properties"]) for item in nic["properties"]["ipConfigurations"])
