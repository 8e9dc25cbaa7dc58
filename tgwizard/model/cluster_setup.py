"""``ClusterSetup``: every answer that describes a cluster, as kept in its TOML file. Immutable, no secrets."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from tgwizard.model.cluster import ClusterIdentity, Member, ResourceId
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.role import RoleKind
from tgwizard.model.text import join_words, sanitize


@dataclass(frozen=True, slots=True, eq=False)
class CarriedConfiguration:
    """What travels with the floating configuration besides its address: JSON values, spelled as Azure spells them.

    ``properties`` are fields of the configuration's ``properties``; ``beside`` are fields next to those. The values
    are shared, not copied: treat them as frozen. Fields that nobody here knows are as good as any.
    """

    properties: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        """Equal as JSON: true is not 1, and the order of keys means nothing."""
        return isinstance(other, CarriedConfiguration) and self._text == other._text

    def __hash__(self) -> int:
        """Fit for sets."""
        return hash(self._text)

    @classmethod
    def of(
        cls,
        public_ip: ResourceId | None = None,
        pools: tuple[ResourceId, ...] = (),
        nat_rules: tuple[ResourceId, ...] = (),
    ) -> CarriedConfiguration:
        """The three that are met most, as references."""
        properties: dict[str, Any] = {}
        if public_ip is not None:
            properties["publicIPAddress"] = {"id": public_ip.text}
        for key, things in (("loadBalancerBackendAddressPools", pools), ("loadBalancerInboundNatRules", nat_rules)):
            if things:
                properties[key] = [{"id": thing.text} for thing in things]
        return cls(properties)

    @property
    def public_ip(self) -> ResourceId | None:
        return next(iter(references_in(self.properties.get("publicIPAddress"))), None)

    @property
    def pools(self) -> tuple[ResourceId, ...]:
        """The load balancers' backend pools."""
        return references_in(self.properties.get("loadBalancerBackendAddressPools"))

    @property
    def nat_rules(self) -> tuple[ResourceId, ...]:
        """The load balancers' inbound NAT rules."""
        return references_in(self.properties.get("loadBalancerInboundNatRules"))

    @property
    def references(self) -> tuple[ResourceId, ...]:
        """Every resource that a field names, once, whatever the field is called."""
        return tuple(dict.fromkeys(found for value in self.properties.values() for found in references_in(value)))

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that travel, as Azure spells them."""
        return (*self.properties, *self.beside)

    @property
    def _text(self) -> str:
        return json.dumps([self.properties, self.beside], sort_keys=True)


def references_in(value: object) -> tuple[ResourceId, ...]:
    """What ``{"id": ...}``, or a list of such, refers to; what is no resource's id is passed over."""
    found = []
    for item in value if isinstance(value, list) else [value]:
        text = item.get("id") if isinstance(item, Mapping) else None
        if isinstance(text, str):
            with contextlib.suppress(ValueError):
                found.append(ResourceId.parse(text))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class SavedRole:
    """The role that the cluster was set up with: its full id, its name then, whose it is, where it was assigned."""

    id: str
    name: str = ""
    kind: RoleKind = RoleKind.CUSTOM
    scopes: tuple[str, ...] = ()

    @property
    def guid(self) -> str:
        """What assignments know it by, lower case."""
        return self.id.rstrip("/").rsplit("/", 1)[-1].lower()


class ClusterMode(Enum):
    """Whether the preferred member is given the address back when it can serve again."""

    AUTOMATIC_FAILBACK = "autoFailback"
    MANUAL_FAILBACK = "manualFailback"


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
    carried: CarriedConfiguration = field(default_factory=CarriedConfiguration)
    cluster_timeout_s: float = 30.0
    role: SavedRole | None = None
    file: Path | None = field(default=None, compare=False, repr=False)
    """The cluster file it was read from."""
    agent_enabled: bool = False
    """Whether member agents may move the address by themselves outside a lab."""
    cluster_mode: ClusterMode = ClusterMode.AUTOMATIC_FAILBACK
    """What member agents begin with."""
    is_trustgrid: bool = False
    """Whether the file says that the members are appliances of Trustgrid, which fail over by themselves."""

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

    def member_named(self, name: str, fix: str = "Name one of them.") -> Member:
        """The same; UserError with the list of members when there is none of that name."""
        member = self.member(name)
        if member is None:
            what = f"{self.name} has no member named {sanitize(name, 80)}."
            names = join_words(known.name for known in self.members)
            raise UserError(Problem("member-unknown", what, f"Its members are {names}.", fix))
        return member

    def other(self, member: Member) -> Member:
        """The peer of ``member``."""
        return self.members[1] if member == self.members[0] else self.members[0]

    def member_of_nic(self, nic: ResourceId) -> Member | None:
        """The member whose LAN interface this is, or None for a foreign interface."""
        return next((member for member in self.members if member.nic == nic), None)
