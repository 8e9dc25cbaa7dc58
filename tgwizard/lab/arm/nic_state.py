"""What changes around a network interface: its addresses' bookkeeping and the end of its operations.

An address that a PUT leaves out stays allocated, and is held, until the operation of that PUT has succeeded; one that
a PUT adds is allocated at once and held only from then (azure/README.md 2.5).
"""

from __future__ import annotations

from datetime import datetime

from tgwizard.lab import ids, subnet_addresses
from tgwizard.lab.address_ledger import Allocation, Binding
from tgwizard.lab.arm import nic_put
from tgwizard.lab.arm.nic_rules import is_ipv4
from tgwizard.lab.wire import Json
from tgwizard.lab.world import LongOperation, OperationStatus, World


def reserve(world: World, nic: Json) -> None:
    """Bring the bookkeeping in line with a NIC's accepted content: additions attach, removals begin to release."""
    listed = {
        item["properties"]["privateIPAddress"]: item for item in nic["properties"]["ipConfigurations"] if is_ipv4(item)
    }
    mine = {item.address: item for item in world.allocations.of_nic(nic["id"])}
    for address, allocation in mine.items():
        if address not in listed:
            allocation.binding = Binding.RELEASING
    for address, configuration in listed.items():
        subnet = configuration["properties"]["subnet"]["id"]
        known = mine.get(address)
        if known is None:
            world.allocations.add(Allocation(address, subnet, nic["id"], configuration["id"], Binding.ATTACHING))
            continue
        known.configuration = configuration["id"]
        held = world.holdings.is_open(address, nic["id"])
        known.binding = Binding.HELD if held else Binding.ATTACHING
    _reserve_public_addresses(world, nic)


def take_effect(world: World, nic: Json, when: datetime) -> tuple[Allocation, ...]:
    """Let a NIC's content become the truth: additions are held from now, removals are free. Return what was freed."""
    freed: list[Allocation] = []
    for allocation in world.allocations.of_nic(nic["id"]):
        if allocation.binding is Binding.RELEASING:
            world.allocations.remove(allocation)
            world.holdings.end(allocation.address, nic["id"], when)
            freed.append(allocation)
        elif allocation.binding is Binding.ATTACHING:
            allocation.binding = Binding.HELD
            world.holdings.begin(allocation.address, nic["id"], when)
    _release_public_addresses(world, nic)
    return tuple(freed)


def finish(world: World, operation: LongOperation, when: datetime) -> None:
    """End a NIC's operation: the etag moves again; a failed one leaves the new content in state `Failed`."""
    nic = world.find(operation.target)
    if nic is None:
        return
    world.remember(nic["id"], when)
    if operation.status is not OperationStatus.SUCCEEDED:
        nic_put.stamp(nic, nic_put.FAILED, world.etag())
        return
    nic_put.stamp(nic, nic_put.SUCCEEDED, world.etag())
    freed = take_effect(world, nic, when)
    if operation.stranger is not None:
        _give_to_stranger(world, operation.stranger, freed, when)


def finish_delete(world: World, operation: LongOperation, when: datetime) -> None:
    """End the deletion of a NIC: it and its addresses are gone, or, if it failed, it is still there as `Failed`."""
    nic = world.find(operation.target)
    if nic is None:
        return
    world.remember(nic["id"], when)
    if operation.status is not OperationStatus.SUCCEEDED:
        nic_put.stamp(nic, nic_put.FAILED, world.etag())
        return
    freed = remove(world, nic, when)
    if operation.stranger is not None:
        _give_to_stranger(world, operation.stranger, freed, when)


def remove(world: World, nic: Json, when: datetime) -> tuple[Allocation, ...]:
    """Take a NIC out of the world with its addresses. Return what was freed."""
    freed = tuple(world.allocations.of_nic(nic["id"]))
    for allocation in freed:
        world.allocations.remove(allocation)
        world.holdings.end(allocation.address, nic["id"], when)
    nic["properties"]["ipConfigurations"] = []
    _release_public_addresses(world, nic)
    del world.resources[ids.key(nic["id"])]
    return freed


def _give_to_stranger(world: World, nic_id: str, freed: tuple[Allocation, ...], when: datetime) -> None:
    nic = world.find(nic_id)
    if nic is None:
        return  # it was there when the rule was added; whoever is gone takes nothing
    world.remember(nic["id"], when)
    for allocation in freed:
        if subnet_addresses.allocation_of(world, allocation.subnet, allocation.address) is not None:
            continue
        template = nic["properties"]["ipConfigurations"][0]["properties"]
        name = f"taken-{allocation.address.replace('.', '-')}"
        properties: Json = {
            "privateIPAddress": allocation.address,
            "privateIPAllocationMethod": "Static",
            "privateIPAddressVersion": "IPv4",
            "subnet": {"id": allocation.subnet},
            "primary": False,
        }
        if "applicationSecurityGroups" in template:
            properties["applicationSecurityGroups"] = [dict(item) for item in template["applicationSecurityGroups"]]
        nic["properties"]["ipConfigurations"].append(
            {
                "name": name,
                "id": f"{nic['id']}/ipConfigurations/{name}",
                "etag": "",
                "type": nic_put.IP_CONFIGURATION_TYPE,
                "properties": properties,
            }
        )
    nic_put.stamp(nic, nic_put.SUCCEEDED, world.etag())
    reserve(world, nic)
    take_effect(world, nic, when)


def _reserve_public_addresses(world: World, nic: Json) -> None:
    for configuration in nic["properties"]["ipConfigurations"]:
        reference = configuration["properties"].get("publicIPAddress")
        public = world.find(reference["id"]) if reference else None
        if public is not None:
            public["properties"]["ipConfiguration"] = {"id": configuration["id"]}


def _release_public_addresses(world: World, nic: Json) -> None:
    """Free the public addresses that no configuration of the NIC refers to any more."""
    used = {
        ids.key(item["properties"]["publicIPAddress"]["id"])
        for item in nic["properties"]["ipConfigurations"]
        if item["properties"].get("publicIPAddress")
    }
    for resource_key, document in world.resources.items():
        user = document["properties"].get("ipConfiguration") if "publicipaddresses" in resource_key else None
        if user and ids.under(nic["id"], user["id"]) and resource_key not in used:
            world.touched.add(resource_key)
            del document["properties"]["ipConfiguration"]
