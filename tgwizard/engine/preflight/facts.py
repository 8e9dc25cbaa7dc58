"""``Facts``: everything that was asked for a preflight, as frozen values. ``ask`` makes them, ``judge`` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from tgwizard.engine.access.failover_rights import By
from tgwizard.engine.access.write_probe import Probe
from tgwizard.engine.files.outdated_writes import Sighting
from tgwizard.model.cluster import Member, ResourceId
from tgwizard.model.failover_options import NO_FENCE, FenceWish
from tgwizard.model.inventory import AddressAnswer, BalancerSeen, PublicIpSeen
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet
from tgwizard.model.problem import Problem
from tgwizard.model.role import LockSeen

T = TypeVar("T")

BUDGET_S = 40.0
"""How long the asking may take in all. A failover at night must not wait for a service that only adds evidence."""


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """What a question brought: a value, or the problem that kept the answer. Neither: it was not asked."""

    value: T | None = None
    problem: Problem | None = None

    @property
    def asked(self) -> bool:
        """Whether the question was put at all."""
        return self.value is not None or self.problem is not None


@dataclass(frozen=True, slots=True)
class Extent:
    """What is asked: for whom, with which fence, and whether for evidence too.

    ``thorough`` asks as well for what a probe has proved already and what stops nothing: a dry run wants it, a run
    that is about to write does not wait for it. Without ``probes`` only reads are sent, and one's own rights are
    worked out from one's roles. ``budget_s``: how long the asking may take in all. ``to_dead_machine``: the consent to
    a target that cannot serve.
    """

    by: By = By.OPERATOR
    fence: FenceWish = NO_FENCE
    thorough: bool = True
    probes: bool = True
    budget_s: float = BUDGET_S
    to_dead_machine: bool = False


EVERYTHING = Extent()
"""The extent of a dry run by the operator without a fence."""


@dataclass(frozen=True, slots=True)
class OwnRights:
    """What the signed-in identity holds at one resource; deny assignments are not part of it."""

    at: ResourceId
    held: Fact[tuple[PermissionSet, ...]]


@dataclass(frozen=True, slots=True)
class IdentityRights:
    """What a member's managed identity holds, worked out from assignments, definitions and deny assignments."""

    member: Member
    principal: Fact[str]
    roles: Fact[tuple[HeldRole, ...]] = Fact()
    denials: Fact[tuple[DenyAssignment, ...]] = Fact()


@dataclass(frozen=True, slots=True)
class ThingSeen:
    """A public IP or a load balancer that travels, or that the gaining interface names already. ``gone``: Azure says
    that there is none.
    """

    at: ResourceId
    seen: Fact[PublicIpSeen | BalancerSeen]
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All answers. ``at`` is when the asking began (monotonic seconds): the findings are good for two minutes.

    ``outdated`` is what was seen of outdated writes before this asking; ``in_subscription`` is what the signed-in
    identity holds on the whole subscription, where the right to the operation's URL is checked. ``own_denials`` are the
    deny assignments that concern it, asked for when no probe is sent or one names a right as missing.
    """

    by: By
    at: float
    fence: FenceWish = NO_FENCE
    to_dead_machine: bool = False
    token_life_s: Fact[float] = Fact()
    prefixes: Fact[tuple[str, ...]] = Fact()
    availability: Fact[AddressAnswer] = Fact()
    probes: tuple[Probe, ...] = ()
    outdated: Sighting | None = None
    things: tuple[ThingSeen, ...] = ()
    own: tuple[OwnRights, ...] = ()
    in_subscription: Fact[tuple[PermissionSet, ...]] = Fact()
    own_denials: Fact[tuple[DenyAssignment, ...]] = Fact()
    identities: tuple[IdentityRights, ...] = ()
    locks: Fact[tuple[LockSeen, ...]] = Fact()

    def probe_of(self, nic: ResourceId) -> Probe | None:
        """The probe of this interface, None when it was not sent."""
        return next((probe for probe in self.probes if probe.nic == nic), None)

    def thing(self, resource: ResourceId) -> ThingSeen | None:
        """What was read of this public IP or load balancer, None when it was not asked for."""
        return next((thing for thing in self.things if thing.at == resource), None)

    def own_at(self, resource: ResourceId) -> Fact[tuple[PermissionSet, ...]]:
        """What the signed-in identity holds at this resource."""
        return next((rights.held for rights in self.own if rights.at == resource), Fact())

    def identity_of(self, member: Member) -> IdentityRights | None:
        """The rights of this member's identity, None when they were not asked for."""
        return next((rights for rights in self.identities if rights.member == member), None)
