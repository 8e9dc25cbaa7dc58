"""``AccessFacts``: what Azure says about roles, identities and rights, as read for a set-up. Immutable, no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import AddressAnswer, NicFound, VmFound
from tgwizard.model.permission import DenyAssignment, PermissionSet
from tgwizard.model.problem import Problem
from tgwizard.model.role import LockSeen, RoleAssignment, RoleDefinition


class FactKind(Enum):
    """The facts, named as people know them; each is read apart and may fail alone."""

    ROLES = "role definitions"
    ASSIGNMENTS = "role assignments"
    DENIALS = "deny assignments"
    LOCKS = "management locks"
    OWN_RIGHTS = "your own rights"
    PRINCIPALS = "identities in the directory"
    MACHINES = "the two machines"
    INTERFACES = "the network interfaces"
    ADDRESS = "the floating IP"


@dataclass(frozen=True, slots=True)
class FactFailure:
    """A fact that could not be read, and why; ``about`` is a scope, a machine or an address, or empty."""

    kind: FactKind
    problem: Problem
    about: str = ""


@dataclass(frozen=True, slots=True)
class OwnRights:
    """What the signed-in identity holds at ``scope`` (a full id, as asked), one entry per role."""

    scope: str
    held: tuple[PermissionSet, ...]


@dataclass(frozen=True, slots=True)
class AddressChecked:
    """What Azure said about an address of the subnet's network."""

    address: str
    answer: AddressAnswer


@dataclass(frozen=True, slots=True)
class AccessFacts:
    """Everything a plan needs besides the inventory, read at ``read_at`` (the Clock's monotonic seconds).

    ``assignments``: everything at, above and below the subscription. ``through_groups``: assignments that a machine's
    identity holds as a member of a group, beside its object id. ``principals``: the object ids that were looked up,
    and those of them that exist; an id that was never looked up is not judged.
    ``machines`` and ``nics`` are the chosen two as of now, later than the inventory.
    """

    read_at: float = 0.0
    roles: tuple[RoleDefinition, ...] = ()
    assignments: tuple[RoleAssignment, ...] = ()
    through_groups: tuple[tuple[str, RoleAssignment], ...] = ()
    denials: tuple[DenyAssignment, ...] = ()
    locks: tuple[LockSeen, ...] = ()
    own: tuple[OwnRights, ...] = ()
    looked_up: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    machines: tuple[VmFound, ...] = ()
    nics: tuple[NicFound, ...] = ()
    address: AddressChecked | None = None
    failed: tuple[FactFailure, ...] = ()
    _asked: frozenset[str] = field(default=frozenset(), init=False, repr=False, compare=False)
    _names: Mapping[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index what is asked for each of thousands of assignments."""
        object.__setattr__(self, "_asked", frozenset(one.lower() for one in self.looked_up))
        object.__setattr__(self, "_names", {known.lower(): name for known, name in reversed(self.principals)})

    def role(self, guid: str) -> RoleDefinition | None:
        """The role of that GUID, or None."""
        return next((role for role in self.roles if role.guid.lower() == guid.lower()), None)

    def machine(self, vm: ResourceId) -> VmFound | None:
        """The machine as of now, or None."""
        return next((found for found in self.machines if found.id == vm), None)

    def nic(self, nic: ResourceId) -> NicFound | None:
        """The interface as of now, or None."""
        return next((found for found in self.nics if found.id == nic), None)

    def is_gone(self, principal: str) -> bool:
        """Whether the directory was asked for this object id and does not have it."""
        wanted = principal.lower()
        return wanted in self._asked and wanted not in self._names

    def principal_name(self, principal: str) -> str:
        """Its display name in the directory, or empty. Untrusted text."""
        return self._names.get(principal.lower(), "")

    def failure(self, kind: FactKind) -> Problem | None:
        """Why a fact is not known, or None."""
        return next((failed.problem for failed in self.failed if failed.kind is kind), None)
