"""The state of a lab: everything that is saved, copied and asked about. No behaviour beyond look-ups."""

from __future__ import annotations

import copy
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from tgwizard.lab import ids
from tgwizard.lab.address_ledger import Allocations, Holdings
from tgwizard.lab.entra.sign_in_sessions import SignInSessions
from tgwizard.lab.latency import Latency
from tgwizard.lab.move_options import MoveOptions
from tgwizard.lab.nic_options import NicOptions
from tgwizard.lab.rate_limits import RateLimits
from tgwizard.lab.rbac.role_records import Authorization
from tgwizard.lab.wire import Json

_GUIDS = uuid.UUID("6f1f0c52-4a57-4b8e-9c58-54d4d2b6a0c1")

NIC_TYPE = "Microsoft.Network/networkInterfaces"
VNET_TYPE = "Microsoft.Network/virtualNetworks"
NSG_TYPE = "Microsoft.Network/networkSecurityGroups"
ASG_TYPE = "Microsoft.Network/applicationSecurityGroups"
PUBLIC_IP_TYPE = "Microsoft.Network/publicIPAddresses"
LOAD_BALANCER_TYPE = "Microsoft.Network/loadBalancers"
VM_TYPE = "Microsoft.Compute/virtualMachines"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"


class Overlap(Enum):
    """What a second PUT on a NIC meets while the first one is still running (azure/README.md 2.4, all seen)."""

    SUPERSEDE = "supersede"
    """Accepted; the first operation ends `Canceled`."""
    RETRY_LATER = "retry-later"
    """429 `RetryableErrorDueToAnotherOperation`."""
    NOT_PROVISIONED = "not-provisioned"
    """429 `ReferencedResourceNotProvisioned`."""
    CONFLICT = "conflict"
    """409 `AnotherOperationInProgress`."""
    CONFLICT_LATER = "conflict-later"
    """Accepted, and the second operation ends `Failed` with `AnotherOperationInProgress`."""


class FailedNic(Enum):
    """Which operations on a VM are refused while one of its NICs is `Failed` (azure/README.md 2.4; which ones [?])."""

    ALL = "all"
    """Every power verb and every change."""
    STARTS = "starts"
    """Start and restart alone: a VM can still be stopped."""
    NOTHING = "nothing"


class LabPower(Enum):
    """A VM's power state, as the instance view words it after `PowerState/`."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"


class OperationKind(Enum):
    """The long-running operations, by the names Azure uses in its texts."""

    PUT_NIC = "PutNicOperation"
    DELETE_NIC = "DeleteNicOperation"
    MOVE_CONFIGURATIONS = "MoveIpConfigurationsOperation"  # name [?]
    PUT_SUBNET = "PutSubnetOperation"
    DELETE_SUBNET = "DeleteSubnetOperation"
    PUT_RULE = "PutSecurityRuleOperation"
    DELETE_RULE = "DeleteSecurityRuleOperation"
    POWER_OFF = "powerOff"
    START = "start"
    DEALLOCATE = "deallocate"
    RESTART = "restart"
    UPDATE_VM = "update"
    DELETE_VM = "delete"
    DELETE_GROUP = "deleteResourceGroup"


class OperationStatus(Enum):
    """The states of a long-running operation, as the poll body spells them."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


class OperationEnding(Enum):
    """How an operation will end, as faults or the world decided when it began."""

    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"
    SUPERSEDE = "supersede"
    """`Canceled`, and another operation goes on with the same content."""


class LabLockLevel(Enum):
    """The two levels of a management lock."""

    READ_ONLY = "ReadOnly"
    CAN_NOT_DELETE = "CanNotDelete"


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move takes from one NIC to another: the configuration as it was, and its name on the target."""

    source: str
    target: str
    configuration: Json
    name: str


@dataclass(slots=True)
class LongOperation:
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
    ending: OperationEnding = OperationEnding.SUCCEED
    stranger: str | None = None
    """The NIC that snatches the addresses this operation frees, if a fault says so."""
    moved: Moved | None = None
    """What a move moves; its target is the NIC that loses."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A management lock on a scope, inherited by everything below."""

    name: str
    scope: str
    level: LabLockLevel
    notes: str = ""


class LabPrincipalKind(Enum):
    """What a principal is, as role assignments spell it. A managed identity is a service principal."""

    USER = "User"
    SERVICE_PRINCIPAL = "ServicePrincipal"
    GROUP = "Group"


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who can hold a token: a user, a service principal, or a VM's system-assigned identity."""

    oid: str
    app_id: str
    name: str
    resource: str = ""
    """The VM's id for a managed identity, else empty."""
    kind: LabPrincipalKind = LabPrincipalKind.USER
    created: datetime | None = None
    """When it was made; None for one that is older than the lab."""
    display: str = ""
    """A person's name as others see it; empty for whoever is shown by `name`."""
    groups: tuple[str, ...] = ()
    """The groups that the token in use says it is in, by object id. Empty in the directory, which has the members."""

    @property
    def shown(self) -> str:
        """How ARM's sentences call it: a user by name, anything else by object id."""
        return self.name if self.kind is LabPrincipalKind.USER and self.name else self.oid

    @property
    def oids(self) -> tuple[str, ...]:
        """The object ids whose assignments count for it: its own and its groups'."""
        return self.oid, *self.groups

    @property
    def display_name(self) -> str:
        """How the directory shows it: a user without a name of its own by the part before the @."""
        return self.display or (self.name.partition("@")[0] if self.kind is LabPrincipalKind.USER else self.name)


@dataclass(slots=True)
class Group:
    """A security group of the directory; its members are users, service principals and other groups."""

    principal: Principal
    members: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class KnownGroups:
    """The groups that the back end of an identity endpoint remembers of a machine, and since when."""

    since: datetime
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription, its tenant and where its resources are."""

    id: str
    tenant: str
    name: str
    location: str
    enabled: bool = True
    """A disabled one can be read and not written."""
    management_group: str = ""
    """The name of the management group it is in; empty for the tenant's root."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A directory. People of the lab's own tenant are guests in the others."""

    id: str
    name: str
    domain: str


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


@dataclass(frozen=True, slots=True)
class PastResource:
    """A resource's document as it was until a moment; None: there was none."""

    until: datetime
    document: Json | None


PAST_RESOURCES_KEPT = 8
"""How many earlier forms of a resource are remembered for stale reads."""


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
    failed_nic: FailedNic = FailedNic.ALL
    epoch: int = 1
    """Which world of the lab this is; one more each time a scenario replaced all of it."""
    move: MoveOptions = field(default_factory=MoveOptions)
    nic: NicOptions = field(default_factory=NicOptions)
    serial: int = 0
    """How many guids were given out; the next guid follows from it, so that copies of a lab go on alike."""
    operation_count: int = 0
    resources: dict[str, Json] = field(default_factory=dict)
    power: dict[str, LabPower] = field(default_factory=dict)
    operations: dict[str, LongOperation] = field(default_factory=dict)
    allocations: Allocations = field(default_factory=Allocations)
    holdings: Holdings = field(default_factory=Holdings)
    locks: list[Lock] = field(default_factory=list)
    principals: list[Principal] = field(default_factory=list)
    """The system-assigned identities of the VMs."""
    accounts: list[Principal] = field(default_factory=list)
    """The users and service principals besides the operator."""
    groups: list[Group] = field(default_factory=list)
    known_groups: dict[str, KnownGroups] = field(default_factory=dict)
    """What tokens of managed identities say of their groups for a day, by object id and audience."""
    sessions: dict[str, int] = field(default_factory=dict)
    """How often the sessions of a principal were revoked, by object id."""
    certificates: dict[str, list[str]] = field(default_factory=dict)
    """What service principals have registered to sign in with, by object id: PEM, without the keys."""
    authorization: Authorization = field(default_factory=Authorization)
    clusters: list[ClusterSpec] = field(default_factory=list)
    page_size: int = 0
    """How many resources a page of a list holds; 0: all of them, unless the client asks for fewer."""
    tenant_name: str = "Lab"
    tenant_domain: str = "lab.example"
    more_tenants: list[Tenant] = field(default_factory=list)
    """The tenants besides the one of `subscription`."""
    more_subscriptions: list[Subscription] = field(default_factory=list)
    """The subscriptions besides `subscription`, in which the clusters are."""
    subscription_tags: dict[str, dict[str, str]] = field(default_factory=dict)
    """The tags of the subscriptions that have any, by guid in lower case."""
    management_groups: dict[str, str] = field(default_factory=dict)
    """The parents of management groups by lower-case name; empty for what is right below the tenant's root."""
    unregistered: list[str] = field(default_factory=list)
    """The provider namespaces, in lower case, that the subscription is not registered to use."""
    past: dict[str, list[PastResource]] = field(default_factory=dict)
    """Earlier forms of the resources that changed, oldest first, by key."""
    touched: set[str] = field(default_factory=set, compare=False, metadata={"saved": False})
    """The keys of resources that were looked up one by one since the world was last saved: whoever changes a resource
    does that first. `changes` saves these."""
    reassigned: set[str] = field(default_factory=set, compare=False, metadata={"saved": False})
    """The object ids whose role assignments changed since the world was last saved."""
    rate_limits: RateLimits = field(default_factory=RateLimits, compare=False, metadata={"saved": False})
    """What callers have left of ARM's limits."""
    sign_ins: SignInSessions = field(default_factory=SignInSessions, metadata={"saved": False})
    """The sign-ins under way. They hold secrets and last minutes: never saved."""

    @property
    def management_group(self) -> str:
        """The scope of the tenant's root management group, under which the subscription is."""
        return ids.management_group_id(self.subscription.tenant)

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """All subscriptions, the one with the clusters first."""
        return self.subscription, *self.more_subscriptions

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """All tenants, the lab's own first."""
        home = Tenant(self.subscription.tenant, self.tenant_name, self.tenant_domain)
        return home, *self.more_tenants

    def subscription_with(self, guid: str) -> Subscription | None:
        """Return the subscription of a guid, or None."""
        wanted = guid.lower()
        return next((item for item in self.subscriptions if item.id.lower() == wanted), None)

    def management_groups_above(self, scope: str) -> Iterator[str]:
        """Yield the scopes of the management groups over a subscription, what is in one, or another group."""
        found = self.subscription_with(ids.subscription_of(scope))
        name, tenant = ids.management_group_of(scope), self.subscription.tenant
        if found is not None:
            name, tenant = found.management_group, found.tenant
        elif name not in self.management_groups:
            return
        while name and name != tenant:
            yield ids.management_group_id(name)
            name = self.management_groups.get(name, "")
        yield ids.management_group_id(tenant)

    def guid(self) -> str:
        """Return a fresh guid, the same in every copy of the lab that has had the same history."""
        self.serial += 1
        name = _GUIDS.bytes + f"{self.lab_id}:{self.serial}".encode()
        # uuid.uuid5 in fewer steps: a fleet needs a hundred thousand of them.
        text = hashlib.sha1(name, usedforsecurity=False).hexdigest()
        variant = "89ab"[int(text[16], 16) & 3]
        return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"

    def etag(self) -> str:
        """Return a fresh etag in the form of the network provider, `W/"<guid>"`."""
        return f'W/"{self.guid()}"'

    def find(self, resource_id: str) -> Json | None:
        """Return a resource's document, or None."""
        key = ids.key(resource_id)
        self.touched.add(key)
        return self.resources.get(key)

    def remember(self, resource_id: str, now: datetime) -> None:
        """Keep a resource's present form for stale reads; call it before the resource changes."""
        key = ids.key(resource_id)
        self.touched.add(key)
        kept = self.past.setdefault(key, [])
        kept.append(PastResource(now, copy.deepcopy(self.resources.get(key))))
        del kept[:-PAST_RESOURCES_KEPT]

    def as_of(self, moment: datetime) -> World:
        """Return the world with its resources as they were at a moment; everything else is shared. To read only."""
        resources = dict(self.resources)
        for key, forms in self.past.items():
            old = next((item for item in forms if item.until > moment), None)
            if old is not None and old.document is not None:
                resources[key] = old.document
            elif old is not None:
                resources.pop(key, None)
        return replace(self, resources=resources)

    def groups_of(self, oid: str) -> tuple[str, ...]:
        """Return the object ids of the groups that somebody is in, directly or through another group."""
        found: list[str] = []
        wanted = [oid]
        while wanted:
            member = wanted.pop()
            for group in self.groups:
                if member in group.members and group.principal.oid not in found:
                    found.append(group.principal.oid)
                    wanted.append(group.principal.oid)
        return tuple(found)

    def of_type(self, kind: str) -> Iterator[Json]:
        """Yield the documents of one resource type in the order of their creation."""
        wanted = kind.lower()
        return (doc for doc in self.resources.values() if doc["type"].lower() == wanted)

    def group(self, name: str, subscription: str = "") -> Json | None:
        """Return a resource group's document, or None; without a subscription's guid that of the clusters' one."""
        return self.find(ids.group_id(subscription or self.subscription.id, name))

    def running(self, target: str, kinds: frozenset[OperationKind]) -> LongOperation | None:
        """Return the operation of these kinds that runs on a resource, or None."""
        wanted = ids.key(target)
        for operation in self.operations.values():
            if (
                operation.status is OperationStatus.IN_PROGRESS
                and operation.kind in kinds
                and wanted in _touched(operation)
            ):
                return operation
        return None


def _touched(operation: LongOperation) -> tuple[str, ...]:
    target = ids.key(operation.target)
    return (target,) if operation.moved is None else (target, ids.key(operation.moved.target))
