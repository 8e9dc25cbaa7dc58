"""Which rights a failover needs, on what and of whom: pure, from what the interfaces refer to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.engine.access.required_rights import NIC_READ, NIC_WRITE, SUBNET_READ, linked_rights, not_asked
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.nic import carried_of
from tgwizard.model.snapshot import LocationKind, Snapshot


class Writer(Enum):
    """Who will write: the signed-in identity, or the members by themselves with their managed identities."""

    OPERATOR = "operator"
    MEMBERS = "members"


READ_OPERATION = "Microsoft.Network/locations/operations/read"
PUBLIC_IP = "microsoft.network/publicipaddresses"
LOAD_BALANCER = "microsoft.network/loadbalancers"
"""Types in lower case."""

CHECK_ADDRESS = "Microsoft.Network/virtualNetworks/checkIpAddressAvailability/read"


class WriteSide(Enum):
    """Which write a right is for."""

    ATTACH = "attach"
    DETACH = "detach"


@dataclass(frozen=True, slots=True)
class FailoverRight:
    """One right that a write depends on: the action, on what, for which interface's write, by which member."""

    action: str
    on: ResourceId
    side: WriteSide
    nic: ResourceId
    by: Member


def carried_with(snapshot: Snapshot, to: Member) -> CarriedConfiguration:
    """What travels with the address: what is on it now, else what the cluster file says."""
    losing = snapshot.seen(snapshot.setup.other(to)).nic.value
    found = losing.find(snapshot.address) if losing else None
    return carried_of(found) if found else snapshot.setup.carried


def carried_resources(carried: CarriedConfiguration) -> tuple[ResourceId, ...]:
    """Every resource that travels: public IP, pools, NAT rules and whatever else a field names."""
    return carried.references


def write_sides(snapshot: Snapshot, to: Member) -> tuple[tuple[WriteSide, Member], ...]:
    """Whose interfaces are written, the attach side first; the address on no NIC leaves nothing to detach."""
    attach = (WriteSide.ATTACH, to)
    if snapshot.place.kind is LocationKind.NO_NIC:
        return (attach,)
    return attach, (WriteSide.DETACH, snapshot.setup.other(to))


def failover_rights(snapshot: Snapshot, to: Member, verb: Verb, by: Writer) -> tuple[FailoverRight, ...]:
    """Every right that the writes of this failover depend on, the attach side first.

    The members by themselves: graceful, each writes its own interface; forced, the taker writes both.
    """
    found: list[FailoverRight] = []
    for side, member in write_sides(snapshot, to):
        document = snapshot.seen(member).nic.value
        if document is None:
            continue
        writer = to if by is Writer.MEMBERS and verb is Verb.FORCED else member
        found.append(FailoverRight(NIC_WRITE, member.nic, side, member.nic, writer))
        linked = list(document.references())
        if side is WriteSide.ATTACH:
            linked += carried_resources(carried_with(snapshot, to))
        found += [FailoverRight(action, on, side, member.nic, writer) for action, on in linked_rights(linked)]
    return tuple(found)


def unneeded_actions(snapshot: Snapshot, to: Member, verb: Verb, by: Writer) -> tuple[str, ...]:
    """The actions of Trustgrid's role that this failover does not use, in its order.

    The subnet is read only to see that the address lies in it; an address that an interface in it holds is proof.
    """
    used = {NIC_READ, *(need.action for need in failover_rights(snapshot, to, verb, by))}
    looked_at = () if holds_it_there(snapshot) else (SUBNET_READ,)
    return tuple(action for action in not_asked(used) if action not in looked_at)


def holds_it_there(snapshot: Snapshot) -> bool:
    """Whether a member's interface in the cluster's subnet has the address: Azure itself found it in range."""
    return any(
        seen.nic.value is not None
        and seen.nic.value.lists(snapshot.address)
        and seen.nic.value.subnet.lower() == snapshot.setup.subnet.key
        for seen in snapshot.members
    )
