"""``AccessFacts``: what Azure says about roles, identities, rights and locks, as read. Immutable, no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, Never, TypeVar

from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import AddressAnswer, NicFound, VmFound
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet, reaches, same_scope
from tgwizard.model.problem import Problem
from tgwizard.model.role import LockSeen, RoleAssignment, RoleDefinition

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


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
class Queried(Generic[T_co]):
    """What a question brought: a value, or the problem that kept the answer.

    Both: the value is a part of the whole, and the problem says why the rest is not known. Neither: it was not asked.
    """

    value: T_co | None = None
    problem: Problem | None = None

    @property
    def asked(self) -> bool:
        """Whether the question was put at all."""
        return self.value is not None or self.problem is not None

    @property
    def known(self: Queried[tuple[U, ...]]) -> tuple[U, ...]:
        """What is known of a list: nothing when none of it was read."""
        return self.value or ()


NOT_ASKED: Queried[Never] = Queried()
"""What nobody asked for."""


@dataclass(frozen=True, slots=True)
class OwnRights:
    """What the signed-in identity holds at ``scope`` (a full id, as asked), one entry per role; denials are no part."""

    scope: str
    held: Queried[tuple[PermissionSet, ...]]


@dataclass(frozen=True, slots=True)
class IdentityRights:
    """What the identity of ``machine`` holds, asked for it alone. ``principal``: its object id, empty: it has none."""

    machine: ResourceId
    principal: Queried[str]
    roles: Queried[tuple[HeldRole, ...]] = NOT_ASKED
    denials: Queried[tuple[DenyAssignment, ...]] = NOT_ASKED


@dataclass(frozen=True, slots=True)
class AddressChecked:
    """What Azure said about an address of the subnet's network."""

    address: str
    answer: AddressAnswer


@dataclass(frozen=True, slots=True)
class AccessFacts:
    """Everything that was read about rights, at ``read_at`` (the Clock's monotonic seconds); each fact may fail alone.

    The lists: ``assignments`` is everything at, above and below the subscription, ``through_groups`` what an identity
    holds as a member of a group, beside its object id; ``denied`` are deny assignments that Azure names for an
    identity, beside its object id. ``principals``: of the object ids that were ``looked_up`` those that exist; an id
    that was never looked up is not judged.
    Asked for one alone: ``identities``, ``own`` and ``own_denials``, the deny assignments that concern the signed-in
    identity.
    ``machines`` and ``nics`` are the chosen two as of now, later than the inventory.
    """

    read_at: float = 0.0
    roles: Queried[tuple[RoleDefinition, ...]] = NOT_ASKED
    assignments: Queried[tuple[RoleAssignment, ...]] = NOT_ASKED
    through_groups: tuple[tuple[str, RoleAssignment], ...] = ()
    denials: Queried[tuple[DenyAssignment, ...]] = NOT_ASKED
    denied: tuple[tuple[str, DenyAssignment], ...] = ()
    locks: Queried[tuple[LockSeen, ...]] = NOT_ASKED
    own: tuple[OwnRights, ...] = ()
    own_denials: Queried[tuple[DenyAssignment, ...]] = NOT_ASKED
    identities: tuple[IdentityRights, ...] = ()
    looked_up: tuple[str, ...] = ()
    principals: Queried[tuple[tuple[str, str], ...]] = NOT_ASKED
    machines: tuple[VmFound, ...] = ()
    nics: tuple[NicFound, ...] = ()
    address: AddressChecked | None = None
    _asked: frozenset[str] = field(default=frozenset(), init=False, repr=False, compare=False)
    _names: Mapping[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index what is asked for each of thousands of assignments."""
        object.__setattr__(self, "_asked", frozenset(one.lower() for one in self.looked_up))
        object.__setattr__(self, "_names", {known.lower(): name for known, name in reversed(self.principals.known)})

    def role(self, guid: str) -> RoleDefinition | None:
        """The role of that GUID, or None."""
        return next((role for role in self.roles.known if role.guid.lower() == guid.lower()), None)

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

    def own_at(self, scope: str) -> Queried[tuple[PermissionSet, ...]]:
        """What the signed-in identity holds at a scope, as Azure was asked there."""
        return next((own.held for own in self.own if same_scope(own.scope, scope)), Queried())

    def own_reaching(self, scope: str) -> Queried[tuple[PermissionSet, ...]]:
        """The same, or what is held above where Azure could not be asked there: that is a part, there may be more."""
        here = self.own_at(scope)
        if here.value is not None:
            return here
        above = tuple(block for own in self.own if reaches(own.scope, scope) for block in own.held.known)
        return Queried(above or None, here.problem or self.failure(FactKind.OWN_RIGHTS))

    def identity_of(self, machine: ResourceId) -> IdentityRights | None:
        """The rights of a machine's identity, None when they were not asked for."""
        return next((rights for rights in self.identities if rights.machine == machine), None)

    def failure(self, kind: FactKind) -> Problem | None:
        """Why a fact is not known, or not as a whole; None when it is, or was not asked for."""
        match kind:
            case FactKind.ROLES:
                return self.roles.problem
            case FactKind.ASSIGNMENTS:
                return self.assignments.problem
            case FactKind.DENIALS:
                return self.denials.problem
            case FactKind.LOCKS:
                return self.locks.problem
            case FactKind.PRINCIPALS:
                return self.principals.problem
            case FactKind.OWN_RIGHTS:
                return next((own.held.problem for own in self.own if own.held.problem is not None), None)
            case _:
                return None


NOTHING_READ = AccessFacts()
"""Before anything was asked."""
