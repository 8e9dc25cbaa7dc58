"""Hand-made readings of one cluster: what the tests of place, verdict and readiness stand on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any

from tgwizard.model.cluster import Member, ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import MemberSeen, Power, Reading, Snapshot, VmSeen

ADDRESS = "10.20.2.50"
NOW = 1000.0
SILENT = Problem("azure-not-reached", "The request was not sent.", "Azure could not be reached.")

_GROUP = "/subscriptions/5f2cd4b7-0f2a-4a40-9c62-6cd61c3a8d7e/resourceGroups/rg-tg-prod/providers"
SUBNET = f"{_GROUP}/Microsoft.Network/virtualNetworks/vnet-dal-prod/subnets/snet-inside"
FOREIGN_NIC = ResourceId(f"{_GROUP}/Microsoft.Network/networkInterfaces/vm-app-01-nic")


def member(name: str) -> Member:
    return Member(
        name,
        ResourceId(f"{_GROUP}/Microsoft.Compute/virtualMachines/{name}"),
        ResourceId(f"{_GROUP}/Microsoft.Network/networkInterfaces/{name}-inside"),
    )


A, B = member("tg-node-a"), member("tg-node-b")

SETUP = ClusterSetup(
    "edge-dallas",
    "edge-dallas-1",
    "lab-test",
    "00000000-0000-0000-0000-000000000001",
    "5f2cd4b7-0f2a-4a40-9c62-6cd61c3a8d7e",
    IPv4Address(ADDRESS),
    ResourceId(SUBNET),
    (A, B),
)


def configuration(name: str, address: str, *, primary: bool = False, **more: object) -> dict[str, Any]:
    properties = {"privateIPAddress": address, "subnet": {"id": SUBNET}, "primary": primary, **more}
    return {"name": name, "properties": properties}


def nic(
    own: str,
    *,
    floating: bool = False,
    state: Provisioning = Provisioning.SUCCEEDED,
    etag: str = "1",
    more: Iterable[Mapping[str, Any]] = (),
    machine: str = "vm",
) -> NicDocument:
    configurations = [configuration("ipconfig1", own, primary=True), *more]
    if floating:
        configurations.append(configuration("tg-floating", ADDRESS))
    properties = {
        "provisioningState": state.value,
        "ipConfigurations": configurations,
        "virtualMachine": {"id": machine},
    }
    return NicDocument.parse({"etag": etag, "properties": properties})


@dataclass(frozen=True)
class Side:
    """One member's readings. ``lists``: None when its interface was never read."""

    lists: bool | None = False
    state: Provisioning = Provisioning.SUCCEEDED
    power: Power | None = Power.RUNNING
    zone: str = "1"
    age_s: float = 1.0
    misses: int = 0
    problem: Problem | None = None
    document: NicDocument | None = None

    def seen(self, of: Member, own: str) -> MemberSeen:
        problem = self.problem or (SILENT if self.misses else None)
        document = self.document
        if document is None and self.lists is not None:
            document = nic(own, floating=self.lists, state=self.state, machine=of.vm.text)
        read = Reading(document, None if document is None else NOW - self.age_s, problem, self.misses)
        vm: Reading[VmSeen] = Reading(problem=problem, misses=self.misses)
        if self.power is not None:
            vm = Reading(VmSeen(self.power, self.zone), NOW - self.age_s)
        return MemberSeen(of, read, vm)


HOLDS = Side(lists=True)
FREE = Side(lists=False)
UNREAD = Side(lists=None, power=None)


def snapshot(
    first: Side = HOLDS,
    second: Side = FREE,
    *,
    elsewhere: tuple[ResourceId, ...] | None = (),
    setup: ClusterSetup = SETUP,
) -> Snapshot:
    """tg-node-a and tg-node-b as read. ``elsewhere``: who else has the address; None when it could not be read."""
    others: Reading[tuple[ResourceId, ...]] = (
        Reading(problem=SILENT, misses=1) if elsewhere is None else Reading(elsewhere, NOW)
    )
    members = (first.seen(A, "10.20.2.11"), second.seen(B, "10.20.2.12"))
    return Snapshot(setup, members, NOW, datetime(2026, 3, 2, 9, tzinfo=UTC), others)


def but(side: Side, **changes: Any) -> Side:
    """The side with some of its readings changed."""
    return replace(side, **changes)
