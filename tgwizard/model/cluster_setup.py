"""``ClusterSetup``: every answer that describes a cluster, as kept in its TOML file. Immutable, no secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from tgwizard.model.cluster import ClusterIdentity, Member, ResourceId
from tgwizard.model.role import RoleKind


@dataclass(frozen=True, slots=True)
class Carried:
    """What travels with the floating configuration besides its address; ids of Azure resources."""

    public_ip: ResourceId | None = None
    pools: tuple[ResourceId, ...] = ()
    nat_rules: tuple[ResourceId, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleKept:
    """The role that the cluster was set up with: its full id, its name then, whose it is, where it was assigned."""

    id: str
    name: str = ""
    kind: RoleKind = RoleKind.CUSTOM
    scopes: tuple[str, ...] = ()

    @property
    def guid(self) -> str:
        """What assignments know it by, lower case."""
        return self.id.rstrip("/").rsplit("/", 1)[-1].lower()


@dataclass(frozen=True, slots=True)
class ClusterSetup:
    """The answers. ``cloud`` is ``public`` or the lab's own name; a file of another cloud is refused."""

    name: str
    id: str
    cloud: str
    tenant: str
    subscription: str
    address: IPv4Address
    subnet: ResourceId
    members: tuple[Member, Member]
    ip_configuration: str = "tg-floating"
    carried: Carried = field(default_factory=Carried)
    cluster_timeout_s: float = 30.0
    role: RoleKept | None = None

    @property
    def identity(self) -> ClusterIdentity:
        """What locks and journals are kept by."""
        return ClusterIdentity.of(self.members[0].nic, self.members[1].nic, str(self.address))

    @property
    def is_lab(self) -> bool:
        """Whether the cluster lives in a lab, so that no one mistakes it for a real one."""
        return self.cloud.startswith("lab")

    def member(self, name: str) -> Member | None:
        """The member of that name, ignoring case, or None."""
        return next((member for member in self.members if member.name.lower() == name.lower()), None)

    def other(self, member: Member) -> Member:
        """The peer of ``member``."""
        return self.members[1] if member == self.members[0] else self.members[0]

    def member_of_nic(self, nic: ResourceId) -> Member | None:
        """The member whose LAN interface this is, or None for a stranger's."""
        return next((member for member in self.members if member.nic == nic), None)
