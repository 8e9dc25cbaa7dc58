"""``assess``: what a snapshot means, as one of a closed set of named states with one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.nic import Provisioning
from tgwizard.model.repair import repair
from tgwizard.model.snapshot import DOWN, STALE_AFTER_S, LocationKind, Power, Snapshot
from tgwizard.model.text import format_age, join_words


class VerdictName(Enum):
    """The states, worst first. The values are the words of the JSON contract."""

    ON_NO_NIC = "on_no_nic"
    FOREIGN_NIC = "stranger"
    TWO_ACTIVE = "two_active"
    NO_ACTIVE = "no_active"
    WRONG_HOLDER = "wrong_holder"
    MEMBER_DOWN = "member_down"
    MOVING = "moving"
    NOT_KNOWN = "not_known"
    IN_SYNC = "in_sync"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A named state, the sentence for the banner, and one line of details below it."""

    name: VerdictName
    sentence: str
    detail: str = ""


def assess(snapshot: Snapshot, stale_after_s: float = STALE_AFTER_S, *, interrupted: bool = False) -> Verdict:
    """Name the state of the cluster. Pure: the same snapshot always gives the same verdict.

    ``stale_after_s``: readings older than this tell what was last known, and not what is. ``interrupted``: a run waits
    to be resumed, which comes before any other way out.
    """
    address = snapshot.address
    stale = [seen for seen in snapshot.members if seen.nic.is_stale(snapshot.now, stale_after_s)]
    if stale:
        return _not_known(snapshot, [seen.member.name for seen in stale if seen.nic.read_at is None])
    place, way_out = snapshot.place, _RESUME if interrupted else _way_out(snapshot)
    if place.kind is LocationKind.FOREIGN_NIC and place.foreign_nic:
        return Verdict(
            VerdictName.FOREIGN_NIC,
            f"Taken: {place.foreign_nic.name} holds {address}",
            "That network interface belongs to neither member. The address cannot be attached until it is free again.",
        )
    if place.kind is LocationKind.NO_NIC:
        return Verdict(
            VerdictName.ON_NO_NIC,
            f"On no NIC: {address} is attached to neither member",
            f"Traffic to the floating IP has nowhere to go. {way_out}",
        )
    if place.kind is LocationKind.BOTH:
        return Verdict(
            VerdictName.NOT_KNOWN,
            f"Not known: both network interfaces name {address}",
            "The two answers contradict each other, most likely because one is old. Reading again.",
        )
    if place.kind in (LocationKind.ATTACHING, LocationKind.RELEASING) and place.member:
        verb = "is being attached to" if place.kind is LocationKind.ATTACHING else "is being moved, an update runs on"
        return Verdict(VerdictName.MOVING, f"Moving: {address} {verb} {place.member.name}", "Azure is still working.")
    holder = place.member
    if holder is None:
        return _not_known(snapshot, [])
    outage = snapshot.seen(holder).outage
    if outage:
        down = outage.removeprefix(f"{holder.name} is ")
        how = f", but {outage}" if down == outage else f" and is {down}"
        fact = f"Member down: {holder.name} holds {address}{how}"
        return Verdict(VerdictName.MEMBER_DOWN, fact, f"No traffic is served. {way_out}")
    other = snapshot.seen(snapshot.setup.other(holder))
    notes = ["Trustgrid is not connected, so this is what Azure alone says."]
    if other.outage:
        notes.append(f"{other.outage}.")
    if snapshot.seen(holder).provisioning is Provisioning.FAILED:
        notes.append(f"The last update of {holder.nic.name} failed.")
    return Verdict(VerdictName.IN_SYNC, f"In sync: {holder.name} holds {address}", " ".join(notes))


_RESUME = "Resume the interrupted run: it reads Azure and brings the address to a member."


def _way_out(snapshot: Snapshot) -> str:
    """What puts right an address that nobody serves."""
    found, place = repair(snapshot), snapshot.place
    if place.member is not None:
        other = snapshot.seen(snapshot.setup.other(place.member))
        if other.outage:
            return f"No failover helps: {other.outage}. {_start(snapshot)}."
        how = "Repair it: a" if found is not None else "A"
        return f"{how} forced failover moves the address to {other.member.name}."
    if snapshot.elsewhere.value is None:
        return "Attach it with a forced failover. Whether another interface has it could not be read."
    serving = next((seen.member.name for seen in snapshot.members if seen.serves), "")
    if found is None and serving:
        return f"A forced failover attaches it to {serving}."
    if found is None:
        return f"{_start(snapshot)}, then attach it with a forced failover."
    whom = "the member that is active" if found.either else found.to.name
    return f"Repair it: a forced failover attaches it to {whom}."


def _start(snapshot: Snapshot) -> str:
    """The members whose VM can be started, as a demand."""
    names = [seen.member.name for seen in snapshot.members if seen.power in DOWN - {Power.GONE}]
    return f"Start {' or '.join(names)}" if names else "Make a member run"


def _not_known(snapshot: Snapshot, silent: list[str]) -> Verdict:
    ages = [known for seen in snapshot.members if (known := seen.nic.age_s(snapshot.now)) is not None]
    problem = next((seen.nic.problem for seen in snapshot.members if seen.nic.problem), None)
    if len(ages) < 2:
        unread = join_words(silent)
        if problem is None:
            return Verdict(VerdictName.NOT_KNOWN, "Reading Azure", "The first answer usually takes about 2 s.")
        return Verdict(
            VerdictName.NOT_KNOWN, f"Not known: the interface of {unread} could not be read", problem.sentence()
        )
    place = snapshot.place
    last = f"{place.member.name} held {snapshot.address}" if place.member else f"{snapshot.address} was on no member"
    detail = problem.sentence() if problem else ""
    return Verdict(VerdictName.NOT_KNOWN, f"Last known {format_age(max(ages))}: {last}", detail)
