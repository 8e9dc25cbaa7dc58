"""When a move in Azure alone is certainly right: no member that could be active has the address.

What such a repair is called and when it is offered: engine/README.md 1.13.

Trustgrid decides who is active, and Azure follows. Where its reported active is not known, three states still tell that
Azure disagrees with it, whoever it is: nobody has the address, the holder's VM is down, or the holder's interface
belongs to no VM. Two holders in one snapshot are contradictory readings: they are read again, and nothing is offered on
them (engine/README.md 1.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.model.address_range import check_address
from tgwizard.model.cluster import Member
from tgwizard.model.snapshot import STOPPED, AddressLocation, LocationKind, MemberSeen, Snapshot


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
    if any(seen.nic.value is None or seen.updates for seen in snapshot.members):
        return None
    place = snapshot.place
    if place.kind is LocationKind.NO_NIC and snapshot.elsewhere.value is not None:
        return _of_nobody(snapshot)
    if place.kind is LocationKind.MEMBER and place.member is not None:
        return _of_holder(snapshot, place)
    return None


def _of_nobody(snapshot: Snapshot) -> Repair | None:
    can = [seen.member for seen in snapshot.members if seen.serves]
    if not can:
        return None
    fact = f"{snapshot.address} is on no NIC"
    if len(can) > 1:
        return Repair(can[0], fact, "whichever member is active, it does not have the address", either=True)
    down = snapshot.seen(snapshot.setup.other(can[0]))
    if not down.outage:
        return None  # it may be the active one, or about to be
    return Repair(can[0], fact, f"{down.outage}, so only {can[0].name} can be active")


def _of_holder(snapshot: Snapshot, place: AddressLocation) -> Repair | None:
    holder = place.member
    if holder is None or not _is_down(snapshot.seen(holder)):
        return None
    other = snapshot.seen(snapshot.setup.other(holder))
    if not other.serves:
        return None
    why = f"{snapshot.seen(holder).outage}, so only {other.member.name} can be active"
    return Repair(other.member, f"{snapshot.address} is on a member that cannot serve it", why)


def _is_down(seen: MemberSeen) -> bool:
    """A VM on its way down may still serve, and may be on its way up again."""
    return seen.power in STOPPED or (seen.document is not None and not seen.document.attached)
