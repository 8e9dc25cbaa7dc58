"""The state of a lab: everything that is saved, copied and asked about. No behaviour beyond look-ups."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from tgwizard.lab import ids
from tgwizard.lab.latency import Latency
from tgwizard.lab.wire import Json

_GUIDS = uuid.UUID("6f1f0c52-4a57-4b8e-9c58-54d4d2b6a0c1")

NIC_TYPE = "Microsoft.Network/networkInterfaces"
VNET_TYPE = "Microsoft.Network/virtualNetworks"
NSG_TYPE = "Microsoft.Network/networkSecurityGroups"
ASG_TYPE = "Microsoft.Network/applicationSecurityGroups"
PUBLIC_IP_TYPE = "Microsoft.Network/publicIPAddresses"
VM_TYPE = "Microsoft.Compute/virtualMachines"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"


class Overlap(Enum):
    """What a second PUT on a NIC meets while the first one is still running (`azure-wire.md` 2.4, all seen)."""

    SUPERSEDE = "supersede"
    RETRY_LATER = "retry-later"
    CONFLICT = "conflict"


class Power(Enum):
    """A VM's power state, as the instance view words it after `PowerState/`."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"


class Binding(Enum):
    """What an address is to the NIC that it is allocated to."""

    ATTACHING = "attaching"
    HELD = "held"
    RELEASING = "releasing"


class OperationKind(Enum):
    """The long-running operations, by the names Azure uses in its texts."""

    PUT_NIC = "PutNicOperation"
    POWER_OFF = "powerOff"
    START = "start"
    DEALLOCATE = "deallocate"
    RESTART = "restart"


class OperationStatus(Enum):
    """The states of a long-running operation, as the poll body spells them."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


class LockLevel(Enum):
    """The two levels of a management lock."""

    READ_ONLY = "ReadOnly"
    CAN_NOT_DELETE = "CanNotDelete"


@dataclass(slots=True)
class Operation:
    """A long-running operation. It stays in the world after its end, so that it can still be polled."""

    id: str
    kind: OperationKind
    target: str
    number: int
    started: datetime
    ends: datetime | None
    status: OperationStatus = OperationStatus.IN_PROGRESS
    error: Json | None = None
    ended: datetime | None = None
    failure: Json | None = None
    """The error this operation will end with, or None if it will succeed."""
    stranger: str | None = None
    """The NIC that snatches the addresses this operation frees, if a fault says so."""


@dataclass(slots=True)
class Allocation:
    """One private address allocated in a subnet. An address whose removal has not finished is still here."""

    address: str
    subnet: str
    nic: str
    configuration: str
    binding: Binding


@dataclass(frozen=True, slots=True)
class Holding:
    """The truth about an address: which NIC held it from when to when (None: it still does).

    A NIC holds an address from the end of the operation that attaches it to the end of the one that removes it.
    """

    address: str
    nic: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """A management lock on a scope, inherited by everything below."""

    name: str
    scope: str
    level: LockLevel
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held by a principal at a scope, reduced to its management actions."""

    principal: str
    scope: str
    role: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who can hold a token: the operator, or a VM's system-assigned identity."""

    oid: str
    app_id: str
    name: str
    resource: str = ""
    """The VM's id for a managed identity, empty for the operator."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """The lab's one subscription, its tenant and where its resources are."""

    id: str
    tenant: str
    name: str
    location: str


@dataclass(frozen=True, slots=True)
class ClusterMember:
    """One member of a cluster, by full resource ids."""

    name: str
    vm: str
    nic: str


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """A cluster of the scenario, from which its cluster file is written."""

    name: str
    id: str
    address: str
    subnet: str
    configuration: str
    members: tuple[ClusterMember, ClusterMember]


@dataclass(slots=True)
class World:
    """The whole state of a lab."""

    lab_id: str
    scenario: str
    seed: int
    signing_key: str
    subscription: Subscription
    operator: Principal
    latency: Latency
    overlap: Overlap = Overlap.SUPERSEDE
    serial: int = 0
    """How many guids were given out; the next guid follows from it, so that copies of a lab go on alike."""
    operation_count: int = 0
    resources: dict[str, Json] = field(default_factory=dict)
    power: dict[str, Power] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    allocations: list[Allocation] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    principals: list[Principal] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    clusters: list[ClusterSpec] = field(default_factory=list)

    def guid(self) -> str:
        """Return a fresh guid, the same in every copy of the lab that has had the same history."""
        self.serial += 1
        return str(uuid.uuid5(_GUIDS, f"{self.lab_id}:{self.serial}"))

    def etag(self) -> str:
        """Return a fresh etag in the form of the network provider, `W/"<guid>"`."""
        return f'W/"{self.guid()}"'

    def find(self, resource_id: str) -> Json | None:
        """Return a resource's document, or None."""
        return self.resources.get(ids.key(resource_id))

    def of_type(self, kind: str) -> Iterator[Json]:
        """Yield the documents of one resource type in the order of their creation."""
        wanted = kind.lower()
        return (doc for doc in self.resources.values() if doc["type"].lower() == wanted)

    def group(self, name: str) -> Json | None:
        """Return a resource group's document, or None."""
        return self.find(ids.group_id(self.subscription.id, name))

    def running(self, target: str, kinds: frozenset[OperationKind]) -> Operation | None:
        """Return the operation of these kinds that runs on a resource, or None."""
        wanted = ids.key(target)
        for operation in self.operations.values():
            if (
                operation.status is OperationStatus.IN_PROGRESS
                and operation.kind in kinds
                and ids.key(operation.target) == wanted
            ):
                return operation
        return None
