"""When a move in Azure alone is certainly right: no member that could be active has the address (DESIGN section 3).

Trustgrid decides who is active, and Azure follows. Where its reported active is not known, three states still tell that
Azure disagrees with it, whoever it is: nobody has the address, the holder's VM is down, or the holder's interface
belongs to no VM. Two holders in one snapshot are contradictory readings (DESIGN 3a): they are read again, and nothing
is offered on them.
"""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.model.address import check_address
from tgwizard.model.cluster import Member
from tgwizard.model.nic import Provisioning
from tgwizard.model.snapshot import MemberSeen, Place, PlaceKind, Power, Snapshot

_DOWN = frozenset({Power.STOPPED, Power.DEALLOCATED})
"""A VM on its way down may still serve, and may be on its way up again."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A move that puts Azure right. ``fact``: what is wrong; ``why``: how that is known without Trustgrid.

    ``to``: the only member that can be active; with ``either``, both can, and a person has to say which one is.
    """

    to: Member
    fact: str
    why: str
    either: bool = False

    @property
    def sentence(self) -> str:
        """The reason, whole."""
        return f"{self.fact}: {self.why}."


def repair(snapshot: Snapshot) -> Repair | None:
    """The repair that the readings call for, or None.

    What is not known or still moving calls for none, nor does an address that the subnet cannot hold: that is the
    cluster file's fault.
    """
    ranges = snapshot.ranges.value
    if ranges is not None and check_address(snapshot.setup, ranges) is not None:
        return None
    if any(seen.nic.value is None or seen.provisioning is Provisioning.UPDATING for seen in snapshot.members):
        return None
    place = snapshot.place
    if place.kind is PlaceKind.NO_NIC and snapshot.elsewhere.value is not None:
        return _of_nobody(snapshot)
    if place.kind is PlaceKind.MEMBER and place.member is not None:
        return _of_holder(snapshot, place)
    return None


def _of_nobody(snapshot: Snapshot) -> Repair | None:
    can = [seen.member for seen in snapshot.members if _can_serve(seen)]
    if not can:
        return None
    fact = f"{snapshot.address} is on no NIC"
    if len(can) > 1:
        return Repair(can[0], fact, "whichever member is active, it does not have the address", either=True)
    down = snapshot.setup.other(can[0])
    return Repair(can[0], fact, f"{_cannot(snapshot.seen(down))}, so only {can[0].name} can be active")


def _of_holder(snapshot: Snapshot, place: Place) -> Repair | None:
    holder = place.member
    if holder is None or not _is_down(snapshot.seen(holder)):
        return None
    other = snapshot.seen(snapshot.setup.other(holder))
    if not _can_serve(other):
        return None
    why = f"{_cannot(snapshot.seen(holder))}, so only {other.member.name} can be active"
    return Repair(other.member, f"{snapshot.address} is on a member that cannot serve it", why)


def _is_down(seen: MemberSeen) -> bool:
    return seen.power in _DOWN or (seen.nic.value is not None and not seen.nic.value.attached)


def _can_serve(seen: MemberSeen) -> bool:
    return seen.power is Power.RUNNING and seen.nic.value is not None and seen.nic.value.attached


def _cannot(seen: MemberSeen) -> str:
    if seen.nic.value is not None and not seen.nic.value.attached:
        return f"{seen.member.nic.name} belongs to no virtual machine"
    return f"{seen.member.name} is {seen.power.value}"
