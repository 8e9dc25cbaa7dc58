"""Would a failover work *now*? One list of facts per verb, from a snapshot alone; nothing is asked and nothing written.

What needs a question to Azure (rights, locks) is the preflight's; it runs before the first write.
"""

from __future__ import annotations

from tgwizard.model.address import check_address
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.fence import NO_FENCE, FenceWish
from tgwizard.model.finding import Finding, Level, Readiness
from tgwizard.model.nic import Provisioning
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.repair import repair
from tgwizard.model.snapshot import MemberSeen, PlaceKind, Power, Snapshot
from tgwizard.model.text import age, listed
from tgwizard.model.verdict import MISSES_UNTIL_STALE

STALE_AFTER_S = 30.0
"""A write needs complete readings younger than this (DESIGN 3g)."""

NOT_CONNECTED = "trustgrid-not-connected"
"""The problem that keeps one's own graceful writes from a live pair; the members' own are not concerned."""

_SILENT, _READ_AGAIN = "Azure has not answered yet.", "Read again."

_DOWN = (Power.STOPPED, Power.DEALLOCATED, Power.STOPPING, Power.DEALLOCATING)


def can_fail_over(snapshot: Snapshot, member: Member, verb: Verb) -> Problem | None:
    """The reason why the verb is off for this member, or None when it may be started."""
    return readiness(snapshot, member, verb).reason_against(unknown_stops=verb is Verb.GRACEFUL)


def readiness(snapshot: Snapshot, to: Member, verb: Verb, fence: FenceWish = NO_FENCE) -> Readiness:
    """All facts for failing over to ``to``, worst first. ``fence``: what keeps the losing member from coming back."""
    losing = snapshot.setup.other(to)
    findings = [
        _cooperation(snapshot, verb),
        _freshness(snapshot),
        _holder(snapshot, to, verb),
        _repairs(snapshot, to, verb),
        _address(snapshot),
        _gaining_vm(snapshot.seen(to), verb),
        _gaining_nic(snapshot, to),
        _attached(snapshot, to, verb),
        _forwarding(snapshot, to),
    ]
    findings += _losing_side(snapshot, snapshot.seen(losing), verb, fence)
    findings += [_settled(seen, verb) for seen in snapshot.members if seen.nic.value is not None]
    return Readiness.of([finding for finding in findings if finding is not None])


def _cooperation(snapshot: Snapshot, verb: Verb) -> Finding | None:
    """On a live Trustgrid pair Trustgrid decides who is active and Azure follows (DESIGN section 3).

    A graceful move by Azure alone would be undone by the members, so there a graceful run is guided: the user acts in
    Trustgrid, and this program watches. Only the lab, whose appliances leave it to us, moves the address by itself.
    """
    if verb is Verb.FORCED or snapshot.setup.is_lab:
        return None
    fact = "Trustgrid moves the address itself"
    problem = Problem(
        NOT_CONNECTED,
        f"{fact}.",
        "It decides which member is active, and it is not connected here.",
        "Press Make Active in the Trustgrid portal; tgwizard shows where, watches and measures.",
        who=Fixer.YOU,
    )
    return Finding(Level.NOTE, fact, "you press Make Active in its portal, tgwizard watches", problem)


def _freshness(snapshot: Snapshot) -> Finding:
    unread = [seen for seen in snapshot.members if seen.nic.value is None]
    if unread:
        names = listed(seen.member.nic.name for seen in unread)
        problem = next((seen.nic.problem for seen in unread if seen.nic.problem), None)
        why = _said(problem)
        cure = (problem.fix if problem else "") or _READ_AGAIN
        fact = f"{names} could not be read"
        level = Level.NOT_KNOWN if all(seen.nic.problem is None for seen in unread) else Level.BLOCKS
        return Finding(level, fact, why, Problem("nic-not-read", f"{fact}.", why, cure))
    oldest = snapshot.oldest_nic_age_s() or 0.0
    if oldest > STALE_AFTER_S or any(seen.nic.misses >= MISSES_UNTIL_STALE for seen in snapshot.members):
        fact = f"Last read {age(oldest)}"
        return Finding(
            Level.NOT_KNOWN,
            fact,
            "too old to act on",
            Problem("readings-old", f"The network interfaces were last read {age(oldest)}.", "", "Read again first."),
        )
    return Finding(Level.PASSED, "Both network interfaces read", age(oldest))


def _holder(snapshot: Snapshot, to: Member, verb: Verb) -> Finding | None:
    place, address = snapshot.place, snapshot.address
    if place.kind is PlaceKind.MEMBER and place.member == to:
        fact = f"{to.name} already holds {address}"
        return Finding(Level.BLOCKS, fact, problem=Problem("already-holder", f"{fact}.", "There is nothing to move."))
    if place.kind is PlaceKind.MEMBER and place.member:
        return Finding(Level.PASSED, f"One holder: {place.member.name}", f"{address} on {place.member.nic.name}")
    if place.kind is PlaceKind.STRANGER and place.stranger:
        fact = f"{place.stranger.name} has {address}"
        cure = f"Remove {address} from {place.stranger.name} first."
        return Finding(
            Level.BLOCKS, fact, place.stranger.text, Problem("address-taken", f"{fact}.", "It is no member's.", cure)
        )
    if place.kind is PlaceKind.NO_NIC:
        fact = f"{address} is on no network interface"
        if verb is Verb.GRACEFUL:
            cure = "Use a forced failover: it attaches the address and removes nothing."
            return Finding(
                Level.BLOCKS, fact, problem=Problem("no-holder", f"{fact}.", "No member can hand it over.", cure)
            )
        return Finding(Level.NOTE, fact, "it will be attached, nothing has to be removed")
    if place.kind is PlaceKind.BOTH:
        fact = f"Both network interfaces name {address}"
        return Finding(
            Level.NOT_KNOWN,
            fact,
            "one answer must be old",
            Problem("contradiction", f"{fact}.", "One answer must be old.", _READ_AGAIN),
        )
    return None


def _repairs(snapshot: Snapshot, to: Member, verb: Verb) -> Finding | None:
    """Whether the move is one that is certainly right, whoever Trustgrid says is active."""
    found = repair(snapshot)
    if verb is Verb.GRACEFUL or found is None or not (found.either or found.to == to):
        return None
    return Finding(Level.NOTE, "This move is a repair", f"{found.fact}: {found.why}")


def _address(snapshot: Snapshot) -> Finding | None:
    """An address that the subnet cannot hold is the cluster file's fault, and no failover mends it."""
    ranges = snapshot.ranges.value
    wrong = None if ranges is None else check_address(snapshot.setup, ranges)
    return None if wrong is None else Finding(Level.BLOCKS, wrong.what.rstrip("."), problem=wrong)


def _gaining_vm(seen: MemberSeen, verb: Verb) -> Finding:
    name = seen.member.name
    if seen.power is Power.RUNNING:
        return Finding(Level.PASSED, f"{name} is running", f"zone {_zone(seen)}" if _zone(seen) else "")
    if seen.power is Power.NOT_KNOWN:
        return _power_not_known(seen)
    fact = f"{name} is {seen.power.value}"
    problem = Problem("gaining-member-down", f"{fact}.", "It could not serve the address.", f"Start {name} first.")
    return Finding(
        Level.BLOCKS if verb is Verb.GRACEFUL else Level.WARNS, fact, "it could not serve the address", problem
    )


def _said(problem: Problem | None) -> str:
    return _SILENT if problem is None else f"{problem.what} {problem.why}".strip()


def _power_not_known(seen: MemberSeen) -> Finding:
    fact = f"Whether {seen.member.name} is running is not known"
    why = _said(seen.vm.problem)
    cure = (seen.vm.problem.fix if seen.vm.problem else "") or _READ_AGAIN
    return Finding(Level.NOT_KNOWN, fact, why, Problem("power-not-known", f"{fact}.", why, cure))


def _zone(seen: MemberSeen) -> str:
    return seen.vm.value.zone if seen.vm.value else ""


def _gaining_nic(snapshot: Snapshot, to: Member) -> Finding | None:
    document = snapshot.seen(to).nic.value
    if document is None:
        return None
    if document.primary is None:
        fact = f"{to.nic.name} has no primary configuration"
        why = "Subnet and security groups of the floating IP are taken from it."
        return Finding(Level.BLOCKS, fact, problem=Problem("no-primary", f"{fact}.", why))
    if document.subnet.lower() != snapshot.setup.subnet.key:
        fact = f"{to.nic.name} is not in {snapshot.setup.subnet.name}"
        why = f"{snapshot.address} belongs to that subnet, and an interface cannot span two."
        cure = "Correct the subnet or the interface in the cluster file."
        return Finding(Level.BLOCKS, fact, problem=Problem("other-subnet", f"{fact}.", why, cure))
    return Finding(Level.PASSED, f"{to.nic.name} is in {snapshot.setup.subnet.name}", f"own IP {document.own_address}")


def _attached(snapshot: Snapshot, to: Member, verb: Verb) -> Finding | None:
    """An interface without a VM can be given the address, and nobody would answer at it."""
    document = snapshot.seen(to).nic.value
    if document is None or document.attached:
        return None
    fact = f"{to.nic.name} belongs to no virtual machine"
    problem = Problem(
        "gaining-nic-unattached",
        f"{fact}.",
        "Nobody would answer at the address.",
        f"Attach it to {to.vm.name} again, or correct the interface in the cluster file.",
    )
    level = Level.BLOCKS if verb is Verb.GRACEFUL else Level.WARNS
    return Finding(level, fact, "nobody would answer at the address", problem)


def _forwarding(snapshot: Snapshot, to: Member) -> Finding | None:
    """Azure drops what is routed through an interface that may not forward."""
    losing, gaining = snapshot.seen(snapshot.setup.other(to)).nic.value, snapshot.seen(to).nic.value
    if losing is None or gaining is None or gaining.forwards or not losing.forwards:
        return None
    fact = f"IP forwarding is off on {to.nic.name}"
    evidence = f"it is on on {snapshot.setup.other(to).nic.name}; Azure would drop what is routed through {to.name}"
    return Finding(Level.WARNS, fact, evidence)


def _losing_side(snapshot: Snapshot, seen: MemberSeen, verb: Verb, fence: FenceWish) -> list[Finding]:
    name, document = seen.member.name, seen.nic.value
    findings = []
    if document is not None and (found := document.find(snapshot.address)) is not None and found is document.primary:
        fact = f"{snapshot.address} is the primary address of {seen.member.nic.name}"
        why = "A primary configuration is never moved."
        findings.append(
            Finding(
                Level.BLOCKS, fact, problem=Problem("floating-is-primary", f"{fact}.", why, "Check the cluster file.")
            )
        )
    if verb is Verb.GRACEFUL:
        if seen.power in _DOWN:
            fact = f"{name} is {seen.power.value}"
            cure = "A forced failover is the right choice."
            findings.append(
                Finding(
                    Level.BLOCKS, fact, problem=Problem("losing-member-down", f"{fact}.", "It cannot cooperate.", cure)
                )
            )
        elif seen.power is Power.RUNNING:
            findings.append(Finding(Level.PASSED, f"{name} is running", f"zone {_zone(seen)}" if _zone(seen) else ""))
        elif seen.power is Power.STARTING:
            fact = f"{name} is starting"
            why, cure = "Whether it cooperates shows when it runs.", "Wait until it runs."
            problem = Problem("losing-member-starting", f"{fact}.", why, cure)
            findings.append(Finding(Level.NOT_KNOWN, fact, "it cannot cooperate before it runs", problem))
        else:
            findings.append(_power_not_known(seen))
    elif seen.power in (Power.RUNNING, Power.STARTING) and fence.stops and not fence.optional:
        evidence = "it is stopped before anything is detached"
        findings.append(Finding(Level.NOTE, f"{name} is {seen.power.value}", evidence))
    elif seen.power in (Power.RUNNING, Power.STARTING):
        findings.append(
            Finding(
                Level.WARNS,
                f"{name} is {seen.power.value} and may take the address back",
                "nothing stops it from returning",
            )
        )
    elif seen.power in _DOWN:
        findings.append(Finding(Level.PASSED, f"{name} is {seen.power.value}", "it cannot take the address back"))
    return findings


def _settled(seen: MemberSeen, verb: Verb) -> Finding:
    nic, state = seen.member.nic.name, seen.provisioning
    if state is Provisioning.SUCCEEDED:
        return Finding(Level.PASSED, f"{nic}: Succeeded", "nothing in progress")
    if state is Provisioning.FAILED:
        return Finding(Level.WARNS, f"The last update of {nic} failed", "the failover writes it anew")
    fact = f"{nic} is being updated"
    why = "Azure still works on an earlier change."
    cure = "The buttons come back when it has finished."
    problem = Problem("nic-busy", f"{fact}.", why, cure)
    return Finding(Level.BLOCKS if verb is Verb.GRACEFUL else Level.WARNS, fact, why, problem)
