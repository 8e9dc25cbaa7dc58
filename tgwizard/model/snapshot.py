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

STALE_AFTER_S = 30.0
"""A write needs complete readings younger than this, and what is older is shown as last known only."""

MISSES_UNTIL_STALE = 3
"""After three missed reads in a row a source is out of date."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The last value of one source. ``read_at`` is on the Clock's monotonic scale, in seconds; None: never read.

    ``gone``: Azure answered at ``read_at`` that the resource does not exist; ``value`` is what it was before.
    """

    value: T | None = None
    read_at: float | None = None
    problem: Problem | None = None
    misses: int = 0
    gone: bool = False

    def age_s(self, now: float) -> float | None:
        """Seconds since the value was read, or None when there is none."""
        return None if self.read_at is None else max(0.0, now - self.read_at)

    def good(self, value: T, at: float) -> Reading[T]:
        """After an answer."""
        return Reading(value, at)

    def missed(self, problem: Problem) -> Reading[T]:
        """After a failed try: the old value stays, the miss is counted."""
        return replace(self, problem=problem, misses=self.misses + 1)

    def vanished(self, problem: Problem, at: float) -> Reading[T]:
        """After the answer that there is no such resource: that is an answer, not a missed one."""
        return Reading(self.value, at, problem, gone=True)

    def is_stale(self, now: float, after_s: float = STALE_AFTER_S) -> bool:
        """Whether it was never read, is older than ``after_s``, or was missed three times in a row."""
        age = self.age_s(now)
        return age is None or age > after_s or self.misses >= MISSES_UNTIL_STALE


class Power(Enum):
    """A VM's power as its instance view reports it. GONE: Azure says that there is no such VM."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"
    GONE = "gone"
    NOT_KNOWN = "not known"


DOWN = frozenset({Power.STOPPED, Power.DEALLOCATED, Power.STOPPING, Power.DEALLOCATING, Power.GONE})
"""A VM that Azure reports so serves no address, or will not for long."""

STOPPED = frozenset({Power.STOPPED, Power.DEALLOCATED, Power.GONE})
"""A VM in one of these states does nothing by itself any more."""


@dataclass(frozen=True, slots=True)
class VmSeen:
    """What the compute side says about a member's VM. ``zone`` is empty when the VM is in none.

    ``availability_set`` is the id of its availability set, or empty.
    """

    power: Power
    zone: str = ""
    agent_ready: bool | None = None
    availability_set: str = ""


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """One member with both of its sources.

    ``held``: its NIC had the address when it was last read settled, and in each reading since: an update of it that
    runs now does not bring the address there.
    """

    member: Member
    nic: Reading[NicDocument]
    vm: Reading[VmSeen]
    held: bool = False

    @property
    def document(self) -> NicDocument | None:
        """Its NIC as last read; None when it was never read, or does not exist any more."""
        return None if self.nic.gone else self.nic.value

    def lists(self, address: str) -> bool | None:
        """Whether its NIC names the address; None when the NIC was never read. One that is gone names nothing."""
        if self.nic.gone:
            return False
        return None if self.nic.value is None else self.nic.value.lists(address)

    @property
    def provisioning(self) -> Provisioning | None:
        """The NIC's state, or None when never read or gone."""
        return None if self.document is None else self.document.provisioning

    @property
    def updates(self) -> bool:
        """Whether an update of the NIC runs, or may run: its state is a word that nobody here knows."""
        return self.provisioning in (Provisioning.UPDATING, Provisioning.UNKNOWN)

    @property
    def other_machine(self) -> ResourceId | None:
        """The VM that the NIC belongs to, where that is another than the cluster's file names; None where it is not."""
        machine = None if self.document is None else self.document.machine
        return None if machine is None or machine == self.member.vm else machine

    @property
    def power(self) -> Power:
        """The VM's power; NOT_KNOWN when never read, and when the NIC belongs to another VM than the one that was read.

        A VM is GONE when Azure does not know it and its NIC names none either: a NIC that still belongs to a VM speaks
        against an answer that there is no such VM.
        """
        if self.other_machine is not None:
            return Power.NOT_KNOWN
        if self.vm.gone:
            return Power.GONE if self.document is None or not self.document.attached else Power.NOT_KNOWN
        return Power.NOT_KNOWN if self.vm.value is None else self.vm.value.power

    @property
    def outage(self) -> str:
        """Why it cannot serve an address, as a clause ("tg-node-b is stopped"); empty when nothing known does.

        What could not be read is no reason.
        """
        nic, name = self.member.nic.name, self.member.name
        if self.nic.gone:
            return f"{nic} does not exist"
        if self.power is Power.GONE:
            return f"{name}'s VM does not exist"
        if self.document is not None and not self.document.attached:
            return f"{nic} belongs to no virtual machine"
        return f"{name} is {self.power.value}" if self.power in DOWN else ""

    @property
    def serves(self) -> bool:
        """Whether it is known to be able to serve an address: its VM runs, with its NIC."""
        return self.power is Power.RUNNING and self.document is not None and not self.outage


class LocationKind(Enum):
    """Where the floating IP is, by what the NICs say."""

    MEMBER = "member"
    RELEASING = "releasing"
    ATTACHING = "attaching"
    NO_NIC = "no_nic"
    FOREIGN_NIC = "stranger"
    BOTH = "both"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class AddressLocation:
    """Where the address is.

    ``member`` is the holder, or the one that releases or attaches; ``foreign_nic`` the NIC of neither member.
    """

    kind: LocationKind
    member: Member | None = None
    foreign_nic: ResourceId | None = None


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
    def place(self) -> AddressLocation:
        """Where the address is, by these readings alone."""
        listing = [seen for seen in self.members if seen.lists(self.address)]
        unread = [seen for seen in self.members if seen.lists(self.address) is None]
        if len(listing) == 2:
            return AddressLocation(LocationKind.BOTH)
        if listing:
            holder = listing[0]
            arrives = holder.updates and not holder.held
            return AddressLocation(LocationKind.ATTACHING if arrives else LocationKind.MEMBER, holder.member)
        if unread:
            return AddressLocation(LocationKind.NOT_KNOWN)
        updating = [seen for seen in self.members if seen.updates]
        if updating:
            return AddressLocation(LocationKind.RELEASING, updating[0].member)
        if self.elsewhere.value:
            return AddressLocation(LocationKind.FOREIGN_NIC, foreign_nic=self.elsewhere.value[0])
        return AddressLocation(LocationKind.NO_NIC)

    def is_stale(self, after_s: float = STALE_AFTER_S) -> bool:
        """Whether an interface was not read for so long that nothing is to be said of now."""
        return any(seen.nic.is_stale(self.now, after_s) for seen in self.members)

    def oldest_nic_age_s(self) -> float | None:
        """Age of the older NIC reading, or None while one is missing."""
        ages = [seen.nic.age_s(self.now) for seen in self.members]
        known = [age for age in ages if age is not None]
        return max(known) if len(known) == len(ages) else None
