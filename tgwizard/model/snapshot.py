"""The world as seen: what each source said, and when. Replaced whole, never patched.

A ``Reading`` keeps the last good value with its age and, beside it, the problem of the latest try: silence of one
source is data, and never stops the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Generic, TypeVar

from tgwizard.model.cluster import Member, ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.problem import Problem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The last value of one source. ``read_at`` is on the Clock's monotonic scale, in seconds; None: never read."""

    value: T | None = None
    read_at: float | None = None
    problem: Problem | None = None
    misses: int = 0

    def age_s(self, now: float) -> float | None:
        """Seconds since the value was read, or None when there is none."""
        return None if self.read_at is None else max(0.0, now - self.read_at)

    def good(self, value: T, at: float) -> Reading[T]:
        """After an answer."""
        return Reading(value, at)

    def missed(self, problem: Problem) -> Reading[T]:
        """After a failed try: the old value stays, the miss is counted."""
        return replace(self, problem=problem, misses=self.misses + 1)


class Power(Enum):
    """A VM's power as its instance view reports it (azure-wire.md 1.3)."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class VmSeen:
    """What the compute side says about a member's VM. ``zone`` is empty when the VM is in none."""

    power: Power
    zone: str = ""
    agent_ready: bool | None = None


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """One member with both of its sources."""

    member: Member
    nic: Reading[NicDocument]
    vm: Reading[VmSeen]

    def lists(self, address: str) -> bool | None:
        """Whether its NIC names the address; None when the NIC was never read."""
        return None if self.nic.value is None else self.nic.value.lists(address)

    @property
    def provisioning(self) -> Provisioning | None:
        """The NIC's state, or None when never read."""
        return None if self.nic.value is None else self.nic.value.provisioning

    @property
    def power(self) -> Power:
        """The VM's power, NOT_KNOWN when never read."""
        return Power.NOT_KNOWN if self.vm.value is None else self.vm.value.power


class PlaceKind(Enum):
    """Where the floating IP is, by what the NICs say."""

    MEMBER = "member"
    RELEASING = "releasing"
    ATTACHING = "attaching"
    NO_NIC = "no_nic"
    STRANGER = "stranger"
    BOTH = "both"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the address is.

    ``member`` is the holder, or the one that releases or attaches; ``stranger`` another NIC.
    """

    kind: PlaceKind
    member: Member | None = None
    stranger: ResourceId | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything known about one cluster at ``now`` (monotonic seconds) and ``wall`` (UTC).

    ``elsewhere`` is asked only when no member lists the address: the NICs that do, an empty tuple for none.
    ``ranges``: those of the subnet, as Azure spells them (10.20.2.0/24); they change rarely and are read seldom.
    """

    setup: ClusterSetup
    members: tuple[MemberSeen, MemberSeen]
    now: float
    wall: datetime
    elsewhere: Reading[tuple[ResourceId, ...]] = Reading()
    ranges: Reading[tuple[str, ...]] = Reading()

    @property
    def address(self) -> str:
        """The floating IP as text."""
        return str(self.setup.address)

    def seen(self, member: Member) -> MemberSeen:
        """What is known of this member."""
        return self.members[0] if self.members[0].member == member else self.members[1]

    @property
    def place(self) -> Place:
        """Where the address is, by these readings alone."""
        listing = [seen for seen in self.members if seen.lists(self.address)]
        unread = [seen for seen in self.members if seen.nic.value is None]
        if len(listing) == 2:
            return Place(PlaceKind.BOTH)
        if listing:
            holder = listing[0]
            moving = holder.provisioning is Provisioning.UPDATING
            return Place(PlaceKind.ATTACHING if moving else PlaceKind.MEMBER, holder.member)
        if unread:
            return Place(PlaceKind.NOT_KNOWN)
        updating = [seen for seen in self.members if seen.provisioning is Provisioning.UPDATING]
        if updating:
            return Place(PlaceKind.RELEASING, updating[0].member)
        if self.elsewhere.value:
            return Place(PlaceKind.STRANGER, stranger=self.elsewhere.value[0])
        return Place(PlaceKind.NO_NIC)

    def oldest_nic_age_s(self) -> float | None:
        """Age of the older NIC reading, or None while one is missing."""
        ages = [seen.nic.age_s(self.now) for seen in self.members]
        known = [age for age in ages if age is not None]
        return max(known) if len(known) == len(ages) else None
