"""A fleet: the one cluster of the scenario's file, copied until there are enough.

The prototype obeys every rule, as all scenarios do; its copies differ in names, addresses, guids and MAC addresses, so
they do too. Fifty clusters share a resource group and a virtual network. A few are in trouble, as in every fleet.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tgwizard.lab import ids
from tgwizard.lab.address_ledger import Allocation, Binding
from tgwizard.lab.arm import nic_put
from tgwizard.lab.scenarios import scenario_compute, scenario_rights
from tgwizard.lab.wire import Json
from tgwizard.lab.world import ClusterMember, ClusterSpec, LabPower, LabPrincipalKind, Principal, World

MOST = 5000
PER_GROUP = 50

_SITE, _GROUP = "site-0001", "fleet-001"
_VARIABLE = re.compile(
    r"(site-0001|fleet-001"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|00-0D-3A(?:-[0-9A-F]{2}){3}"
    r"|\b10\.1\.\d+\.\d+\b)"
)


class Case(Enum):
    """How a cluster of the fleet is doing."""

    FIRST_ACTIVE = "first-active"
    SECOND_ACTIVE = "second-active"
    STANDBY_OFF = "standby-off"
    ON_NO_NIC = "on-no-nic"
    NIC_FAILED = "nic-failed"


_SHARES = ((Case.SECOND_ACTIVE, 0.3), (Case.STANDBY_OFF, 0.02), (Case.ON_NO_NIC, 0.005), (Case.NIC_FAILED, 0.005))


@dataclass(frozen=True, slots=True)
class _Template:
    """A JSON text taken apart at what differs between copies; every second piece is one of those."""

    pieces: tuple[str, ...]

    @classmethod
    def of(cls, documents: list[Json], keep: frozenset[str]) -> _Template:
        """Take the documents apart; the texts in `keep` (subscription, tenant) stay as they are."""
        pieces: list[str] = [""]
        for index, piece in enumerate(_VARIABLE.split(json.dumps(documents))):
            if index % 2 and piece not in keep:
                pieces += [piece, ""]
            else:
                pieces[-1] += piece
        return cls(tuple(pieces))

    def copy(self, fill: Callable[[str], str]) -> list[Json]:
        """Return the documents with each variable text replaced, the same one always by the same."""
        known: dict[str, str] = {}
        parts = list(self.pieces)
        for index in range(1, len(parts), 2):
            text = parts[index]
            if text not in known:
                known[text] = fill(text)
            parts[index] = known[text]
        documents: list[Json] = json.loads("".join(parts))
        return documents


def multiply(world: World, count: int, now: datetime) -> None:
    """Add copies of the world's one cluster until there are `count`."""
    (prototype,) = world.clusters
    gallery = scenario_compute.GALLERY.partition("-")[2]
    keep = frozenset({world.subscription.id, world.subscription.tenant, gallery})
    inside = [doc for key, doc in world.resources.items() if _SITE in key]
    shared = [doc for key, doc in world.resources.items() if _SITE not in key]
    site, group = _Template.of(inside, keep), _Template.of(shared, keep)
    role = next(iter(world.authorization.roles))
    history = world.authorization.roles[role]
    for number in range(2, count + 1):
        place = (number - 1) // PER_GROUP + 1
        if (number - 1) % PER_GROUP == 0:
            for document in group.copy(lambda text, place=place: _shared(world, text, place)):  # type: ignore[misc]
                world.resources[ids.key(document["id"])] = document
            scope = ids.group_id(world.subscription.id, f"rg-fleet-{place:03d}")
            scenario_rights.widen(history, (scope,))
        documents = site.copy(lambda text, number=number: _of_site(world, text, number))  # type: ignore[misc]
        _Copy(world, documents, number, now).enter(prototype, role)


def _shared(world: World, text: str, place: int) -> str:
    if text == _GROUP:
        return f"fleet-{place:03d}"
    if text.startswith("10.1."):
        return f"10.{place}.{text.removeprefix('10.1.')}"
    return world.guid()


def _of_site(world: World, text: str, number: int) -> str:
    place, slot = (number - 1) // PER_GROUP + 1, (number - 1) % PER_GROUP
    if text == _SITE:
        return f"site-{number:04d}"
    if text == _GROUP:
        return f"fleet-{place:03d}"
    if text.startswith("10.1."):
        _, _, net, host = text.split(".")
        return f"10.{place}.{net}.{int(host) + 3 * slot}"
    guid = world.guid()
    if text.startswith("00-0D-3A"):
        return f"00-0D-3A-{guid[0:2]}-{guid[2:4]}-{guid[4:6]}".upper()
    return guid


class _Copy:
    """One copied cluster on its way into the world."""

    def __init__(self, world: World, documents: list[Json], number: int, now: datetime) -> None:
        self.world = world
        self.number = number
        self.now = now
        self.name = f"site-{number:04d}"
        self.case = _case(world.seed, number)
        self.by_name = {document["name"]: document for document in documents}

    def enter(self, prototype: ClusterSpec, role: str) -> None:
        self._apply_case(prototype)
        for document in self.by_name.values():
            self.world.resources[ids.key(document["id"])] = document
            if "networkProfile" in document["properties"]:
                self._enter_vm(document, role)
            else:
                self._enter_nic(document)
        first, second = (self._member(item) for item in prototype.members)
        self.world.clusters.append(
            ClusterSpec(
                self.name,
                self.world.guid(),
                _of_site(self.world, prototype.address, self.number),
                self.by_name[f"{self.name}-a-inside"]["properties"]["ipConfigurations"][0]["properties"]["subnet"][
                    "id"
                ],
                prototype.configuration,
                (first, second),
            )
        )

    def _apply_case(self, prototype: ClusterSpec) -> None:
        first, second = (self.by_name[f"{self.name}-{letter}-inside"] for letter in "ab")
        configurations = first["properties"]["ipConfigurations"]
        match self.case:
            case Case.SECOND_ACTIVE | Case.ON_NO_NIC:
                moved = next(item for item in configurations if item["name"] == prototype.configuration)
                configurations.remove(moved)
                if self.case is Case.SECOND_ACTIVE:
                    moved["id"] = f"{second['id']}/ipConfigurations/{moved['name']}"
                    moved["etag"] = second["etag"]
                    second["properties"]["ipConfigurations"].append(moved)
            case Case.NIC_FAILED:
                nic_put.stamp(second, nic_put.FAILED, self.world.etag())
            case Case.FIRST_ACTIVE | Case.STANDBY_OFF:
                return

    def _enter_vm(self, vm: Json, role: str) -> None:
        off = self.case is Case.STANDBY_OFF and vm["name"].endswith("-b")
        self.world.power[ids.key(vm["id"])] = LabPower.DEALLOCATED if off else LabPower.RUNNING
        oid = vm["identity"]["principalId"]
        principal = Principal(oid, self.world.guid(), vm["name"], vm["id"], LabPrincipalKind.SERVICE_PRINCIPAL)
        self.world.principals.append(principal)
        scope = ids.group_id(self.world.subscription.id, ids.group_of(vm["id"]))
        scenario_rights.assign(self.world, principal, role, scope, self.now - scenario_rights.AGE)

    def _enter_nic(self, nic: Json) -> None:
        for item in nic["properties"]["ipConfigurations"]:
            address, subnet = item["properties"]["privateIPAddress"], item["properties"]["subnet"]["id"]
            self.world.allocations.add(Allocation(address, subnet, nic["id"], item["id"], Binding.HELD))
            self.world.holdings.begin(address, nic["id"], self.now)

    def _member(self, member: ClusterMember) -> ClusterMember:
        name = member.name.replace(_SITE, self.name)
        vm, nic = self.by_name[name], self.by_name[f"{name}-inside"]
        return ClusterMember(name, vm["id"], nic["id"])


def _case(seed: int, number: int) -> Case:
    drawn = random.Random(f"{seed}:fleet:{number}").random()  # noqa: S311 - a mixture, no secret
    for case, share in _SHARES:
        if drawn < share:
            return case
        drawn -= share
    return Case.FIRST_ACTIVE
