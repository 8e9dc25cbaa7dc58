"""What discovery finds in a subscription: machines, interfaces, networks, as far as the signed-in identity may read.

Every name and tag is Azure's text: untrusted, shown as plain text, quoted in exports.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from tgwizard.model.cluster import ResourceId
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import Power, VmSeen


class CallerKind(Enum):
    """What signed in: a person, an application, or a machine's managed identity."""

    USER = "user"
    APPLICATION = "application"
    MANAGED_IDENTITY = "managed_identity"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is signed in, from the token's own claims; never the token. ``name``: user principal name, or app id."""

    name: str
    object_id: str
    tenant: str
    kind: CallerKind = CallerKind.USER


@dataclass(frozen=True, slots=True)
class TenantSeen:
    """A directory. ``name`` may be empty: not every account may read it."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SubscriptionSeen:
    """A subscription; ``enabled`` false: Azure refuses writes in it."""

    id: str
    name: str
    tenant: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """A resource group."""

    name: str
    location: str


class IdentityKind(Enum):
    """Azure's identity.type of a VM."""

    NONE = "None"
    SYSTEM = "SystemAssigned"
    USER = "UserAssigned"
    BOTH = "SystemAssigned, UserAssigned"


@dataclass(frozen=True, slots=True)
class VmIdentity:
    """A VM's managed identity. ``principal_id``: of the system-assigned one, empty when off."""

    kind: IdentityKind = IdentityKind.NONE
    principal_id: str = ""
    user_assigned: tuple[str, ...] = ()

    @property
    def system_assigned(self) -> bool:
        """Whether the identity that the role is assigned to is on."""
        return self.kind in (IdentityKind.SYSTEM, IdentityKind.BOTH)


@dataclass(frozen=True, slots=True)
class VmFound:
    """A virtual machine. ``nics`` in Azure's order, the primary one marked; ``image`` its reference as one text.

    ``availability_set``: the id of the one it is in, or empty. A list tells neither ``power`` nor ``agent_ready``.
    """

    id: ResourceId
    location: str
    nics: tuple[ResourceId, ...]
    primary_nic: ResourceId | None = None
    zone: str = ""
    size: str = ""
    image: str = ""
    identity: VmIdentity = field(default_factory=VmIdentity)
    tags: tuple[tuple[str, str], ...] = ()
    power: Power = Power.NOT_KNOWN
    agent_ready: bool | None = None
    availability_set: str = ""

    @property
    def state(self) -> VmSeen:
        """What is watched of a member's machine."""
        return VmSeen(self.power, self.zone, self.agent_ready, self.availability_set)


@dataclass(frozen=True, slots=True)
class IpConfigurationFound:
    """One configuration of an interface, with what it names."""

    name: str
    address: str
    primary: bool
    subnet: ResourceId | None = None
    asgs: tuple[ResourceId, ...] = ()
    public_ip: ResourceId | None = None
    pools: tuple[ResourceId, ...] = ()
    nat_rules: tuple[ResourceId, ...] = ()
    gateway_pools: tuple[ResourceId, ...] = ()
    others: tuple[ResourceId, ...] = ()
    """A gateway load balancer's frontend, virtual network taps."""


@dataclass(frozen=True, slots=True)
class NicFound:
    """A network interface."""

    id: ResourceId
    location: str
    configurations: tuple[IpConfigurationFound, ...]
    vm: ResourceId | None = None
    nsg: ResourceId | None = None
    ip_forwarding: bool = False

    @property
    def primary(self) -> IpConfigurationFound | None:
        """The primary configuration; a sole one is primary even when unmarked."""
        marked = [item for item in self.configurations if item.primary]
        if marked:
            return marked[0]
        return self.configurations[0] if len(self.configurations) == 1 else None

    @property
    def subnet(self) -> ResourceId | None:
        """The primary configuration's subnet."""
        return self.primary.subnet if self.primary else None

    @property
    def own_address(self) -> str:
        """The primary private address, or empty."""
        return self.primary.address if self.primary else ""

    @property
    def references(self) -> tuple[ResourceId, ...]:
        """Everything the body names that a NIC write is checked against (azure/README.md 2.6), each once."""
        found: list[ResourceId] = [self.nsg] if self.nsg else []
        for item in self.configurations:
            found += [thing for thing in (item.subnet, item.public_ip) if thing]
            found += [*item.asgs, *item.pools, *item.nat_rules, *item.gateway_pools, *item.others]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class SubnetFound:
    """A subnet: its ranges as Azure spells them, its security group, and whether a service owns it."""

    id: ResourceId
    prefixes: tuple[str, ...]
    nsg: ResourceId | None = None
    delegations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkFound:
    """A virtual network with its subnets."""

    id: ResourceId
    location: str
    prefixes: tuple[str, ...]
    subnets: tuple[SubnetFound, ...]


class RuleAccess(Enum):
    """What a security rule does."""

    ALLOW = "Allow"
    DENY = "Deny"


class RuleDirection(Enum):
    """Which way a security rule looks."""

    INBOUND = "Inbound"
    OUTBOUND = "Outbound"


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """One rule of a network security group; prefixes, tags and ports as Azure spells them, ``*`` for any."""

    name: str
    priority: int
    direction: RuleDirection
    access: RuleAccess
    protocol: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    source_ports: tuple[str, ...]
    ports: tuple[str, ...]
    source_asgs: tuple[ResourceId, ...] = ()
    destination_asgs: tuple[ResourceId, ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityGroupFound:
    """A network security group with its own and Azure's default rules, by priority."""

    id: ResourceId
    rules: tuple[SecurityRule, ...]


@dataclass(frozen=True, slots=True)
class FrontendFound:
    """A load balancer's private frontend: another thing that can hold an address of the subnet."""

    balancer: ResourceId
    address: str
    subnet: ResourceId | None = None


@dataclass(frozen=True, slots=True)
class PublicIpSeen:
    """A public IP. ``zones`` empty: it is in none. ``used_by`` is the id of the configuration or gateway that has it,
    as Azure spells it, or empty. ``sku``, ``version``: Azure's words in lower case.
    """

    id: ResourceId
    location: str = ""
    sku: str = "basic"
    zones: tuple[str, ...] = ()
    version: str = "ipv4"
    used_by: str = ""


@dataclass(frozen=True, slots=True)
class BalancerSeen:
    """A load balancer. ``networks``: those of its private frontends; none for a public one. ``parts``: its pools, NAT
    rules and frontends; ``targets``: each NAT rule with the id of the configuration it leads to; ``behind``: the ids
    of the configurations in its pools. Ids of configurations in lower case; ``sku`` too.
    """

    id: ResourceId
    location: str = ""
    sku: str = "basic"
    networks: tuple[ResourceId, ...] = ()
    parts: tuple[ResourceId, ...] = ()
    targets: tuple[tuple[ResourceId, str], ...] = ()
    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddressAnswer:
    """What CheckIPAddressAvailability said (azure/README.md 1.4)."""

    free: bool
    others: tuple[str, ...] = ()
    reserved: bool = False


class Part(Enum):
    """The parts of an inventory, named as people know them; each is read apart and may fail alone."""

    GROUPS = "resource groups"
    MACHINES = "virtual machines"
    POWER = "power of the machines"
    INTERFACES = "network interfaces"
    NETWORKS = "virtual networks"
    SECURITY_GROUPS = "network security groups"
    BALANCERS = "load balancers"


@dataclass(frozen=True, slots=True)
class PartFailure:
    """A part that could not be read, and why; the other parts stand."""

    part: Part
    problem: Problem


@dataclass(frozen=True)
class Inventory:
    """Everything that could be read in one subscription at ``read_at`` (the Clock's monotonic seconds).

    Without slots: the indexes are made once, when first asked for, because a subscription may hold thousands.
    """

    subscription: SubscriptionSeen
    read_at: float
    groups: tuple[GroupSeen, ...] = ()
    vms: tuple[VmFound, ...] = ()
    nics: tuple[NicFound, ...] = ()
    networks: tuple[NetworkFound, ...] = ()
    security_groups: tuple[SecurityGroupFound, ...] = ()
    frontends: tuple[FrontendFound, ...] = ()
    failed: tuple[PartFailure, ...] = ()

    def vm(self, wanted: ResourceId) -> VmFound | None:
        """The machine of that id, or None."""
        return self._vms.get(wanted)

    def nic(self, wanted: ResourceId) -> NicFound | None:
        """The interface of that id, or None."""
        return self._nics.get(wanted)

    def subnet(self, wanted: ResourceId) -> SubnetFound | None:
        """The subnet of that id, or None."""
        return self._subnets.get(wanted)

    def security_group(self, wanted: ResourceId) -> SecurityGroupFound | None:
        """The security group of that id, or None."""
        return self._security_groups.get(wanted)

    def nics_in(self, subnet: ResourceId) -> tuple[NicFound, ...]:
        """The interfaces with a configuration in that subnet."""
        return tuple(self._by_subnet.get(subnet, ()))

    @cached_property
    def _by_subnet(self) -> dict[ResourceId, list[NicFound]]:
        found: dict[ResourceId, list[NicFound]] = {}
        for nic in self.nics:
            for subnet in {item.subnet for item in nic.configurations if item.subnet is not None}:
                found.setdefault(subnet, []).append(nic)
        return found

    @cached_property
    def _vms(self) -> dict[ResourceId, VmFound]:
        return {vm.id: vm for vm in self.vms}

    @cached_property
    def _nics(self) -> dict[ResourceId, NicFound]:
        return {nic.id: nic for nic in self.nics}

    @cached_property
    def _subnets(self) -> dict[ResourceId, SubnetFound]:
        return {subnet.id: subnet for net in self.networks for subnet in net.subnets}

    @cached_property
    def _security_groups(self) -> dict[ResourceId, SecurityGroupFound]:
        return {group.id: group for group in self.security_groups}
