"""Would a failover work *now*? One list of facts per verb, from a snapshot alone; nothing is asked and nothing written.

What needs a question to Azure (rights, locks) is the preflight's; it runs before the first write.
"""

from __future__ import annotations

import shlex

from tgwizard.model.address_range import check_address
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.failover_options import NO_FENCE, FenceRequest, RunIntent, Strategy, resolve_strategy
from tgwizard.model.finding import Finding, Level, Readiness
from tgwizard.model.nic import Provisioning
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.repair import repair
from tgwizard.model.snapshot import DOWN, LocationKind, MemberSeen, Power, Snapshot
from tgwizard.model.text import format_age, join_words

NOT_CONNECTED = "trustgrid-not-connected"
"""The problem that keeps one's own graceful writes from a live pair; the members' own are not concerned."""

DEAD_TARGET = frozenset({"gaining-member-down", "gaining-nic-unattached"})
"""The problems of a target that would not answer at the address: forced goes on only with a consent to exactly that."""

TO_DEAD_MACHINE = "--to-dead-machine"
"""The option of the command line that gives this consent."""

_SILENT, _READ_AGAIN = "Azure has not answered yet.", "Read again."
_NOT_ASKED = "A forced failover does not ask it."


def readiness(
    snapshot: Snapshot,
    to: Member,
    verb: Verb,
    fence: FenceRequest = NO_FENCE,
    *,
    strategy: Strategy = Strategy.AUTO,
    to_dead_machine: bool = False,
) -> Readiness:
    """All facts for failing over to ``to``, worst first. ``fence``: what keeps the losing member from coming back.

    ``to_dead_machine``: it was consented that a forced failover moves the address to a member that cannot serve it.
    """
    losing = snapshot.setup.other(to)
    consented = to_dead_machine and verb is Verb.FORCED
    findings = [
        _cooperation(snapshot, verb, strategy),
        _freshness(snapshot, to),
        _holder(snapshot, to, verb),
        _repairs(snapshot, to, verb),
        _address(snapshot),
        _gaining_vm(snapshot, to, verb, consented=consented),
        _gaining_nic(snapshot, to),
        _attached(snapshot, to, verb, consented=consented),
        _forwarding(snapshot, to),
    ]
    findings += _losing_side(snapshot, snapshot.seen(losing), verb, fence, strategy)
    findings += [_settled(seen, verb) for seen in snapshot.members if seen.document is not None]
    return Readiness.of([finding for finding in findings if finding is not None])


def run_readiness(snapshot: Snapshot, intent: RunIntent, *, by_members: bool = False) -> Readiness:
    """The facts for a run that was decided on. ``by_members``: the members write it, and Trustgrid knows of that."""
    found = readiness(
        snapshot,
        intent.to,
        intent.verb,
        intent.fence,
        strategy=Strategy.GUIDED if by_members else Strategy.DETACH_ATTACH,
        to_dead_machine=intent.to_dead_machine,
    )
    if not by_members:
        return found
    return Readiness.of([one for one in found.findings if one.problem is None or one.problem.code != NOT_CONNECTED])


def refusal_of_dead(snapshot: Snapshot, to: Member, verb: Verb) -> Problem | None:
    """Why nothing may be moved to ``to``, as far as that is known to be unable to serve; None when it may serve."""
    for finding in readiness(snapshot, to, verb).findings:
        if finding.level is Level.BLOCKS and finding.problem is not None and finding.problem.code in DEAD_TARGET:
            return finding.problem
    return None


def consent_to_dead(snapshot: Snapshot, to: Member) -> str:
    """What is consented to when the address goes to a member that cannot serve it; empty when it may serve."""
    outage = snapshot.seen(to).outage
    return f"Move {snapshot.address} to {to.name} although {outage}: nobody will answer at it." if outage else ""


def members_move(snapshot: Snapshot, verb: Verb, strategy: Strategy = Strategy.AUTO) -> bool:
    """Whether the members themselves move the address, with their own rights, and this program only watches."""
    return resolve_strategy(strategy, snapshot.setup, verb) is Strategy.GUIDED


def _cooperation(snapshot: Snapshot, verb: Verb, strategy: Strategy) -> Finding | None:
    """On a live Trustgrid pair Trustgrid decides who is active and Azure follows.

    A graceful move by Azure alone would be undone by the members, so there a graceful run is guided: the user acts in
    Trustgrid, and this program watches. Only the lab, whose appliances leave it to us, moves the address by itself.
    """
    if verb is Verb.FORCED or not members_move(snapshot, verb, strategy):
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


def _freshness(snapshot: Snapshot, to: Member) -> Finding:
    gone = [seen.member.nic.name for seen in snapshot.members if seen.nic.gone]
    if snapshot.seen(to).nic.gone:
        fact = f"{join_words(gone)} {'does' if len(gone) == 1 else 'do'} not exist"
        fix = "Correct the interface in the cluster file, or create it again."
        return Finding(Level.BLOCKS, fact, problem=Problem("nic-gone", f"{fact}.", "", fix))
    if gone:
        return Finding(Level.NOTE, f"{gone[0]} does not exist", "nothing has to be removed from it")
    unread = [seen for seen in snapshot.members if seen.nic.value is None]
    if unread:
        names = join_words(seen.member.nic.name for seen in unread)
        problem = next((seen.nic.problem for seen in unread if seen.nic.problem), None)
        why = _said(problem)
        fix = (problem.fix if problem else "") or _READ_AGAIN
        fact = f"{names} could not be read"
        level = Level.NOT_KNOWN if all(seen.nic.problem is None for seen in unread) else Level.BLOCKS
        return Finding(level, fact, why, Problem("nic-not-read", f"{fact}.", why, fix))
    oldest = snapshot.oldest_nic_age_s() or 0.0
    return (
        too_old(snapshot)
        if snapshot.is_stale()
        else Finding(Level.PASSED, "Both network interfaces read", format_age(oldest))
    )


def too_old(snapshot: Snapshot) -> Finding:
    """That the interfaces were last read too long ago."""
    oldest = snapshot.oldest_nic_age_s() or 0.0
    fact = f"Last read {format_age(oldest)}"
    problem = Problem(
        "readings-old", f"The network interfaces were last read {format_age(oldest)}.", "", "Read again first."
    )
    return Finding(Level.NOT_KNOWN, fact, "too old to act on", problem)


def already_holds(snapshot: Snapshot, to: Member) -> Problem:
    """That there is nothing to move; where its last update failed, that the address may not work there all the same."""
    what, why = f"{to.name} already holds {snapshot.address}.", "There is nothing to move."
    if snapshot.seen(to).provisioning is not Provisioning.FAILED:
        return Problem("already-holder", what, why)
    failed = f"The last update of {to.nic.name} failed, so Azure may not deliver the address there."
    return Problem("already-holder", what, f"{why} {failed}", settle_command(to))


def settle_command(member: Member) -> str:
    """What ends the state Failed of an interface: a new write of it as it is (azure/README.md 2.4)."""
    return f"Write it once more as it is: az network nic update --ids {shlex.quote(member.nic.text)}"


def _holder(snapshot: Snapshot, to: Member, verb: Verb) -> Finding | None:
    place, address = snapshot.place, snapshot.address
    if place.kind is LocationKind.MEMBER and place.member == to:
        return Finding(Level.BLOCKS, f"{to.name} already holds {address}", problem=already_holds(snapshot, to))
    if place.kind is LocationKind.MEMBER and place.member:
        return Finding(Level.PASSED, f"One holder: {place.member.name}", f"{address} on {place.member.nic.name}")
    if place.kind is LocationKind.FOREIGN_NIC and place.foreign_nic:
        fact = f"{place.foreign_nic.name} has {address}"
        fix = f"Remove {address} from {place.foreign_nic.name} first."
        return Finding(
            Level.BLOCKS, fact, place.foreign_nic.text, Problem("address-taken", f"{fact}.", "It is no member's.", fix)
        )
    if place.kind is LocationKind.NO_NIC:
        fact = f"{address} is on no network interface"
        if verb is Verb.GRACEFUL:
            fix = "Use a forced failover: it attaches the address and removes nothing."
            return Finding(
                Level.BLOCKS, fact, problem=Problem("no-holder", f"{fact}.", "No member can hand it over.", fix)
            )
        return Finding(Level.NOTE, fact, "it will be attached, nothing has to be removed")
    if place.kind is LocationKind.BOTH:
        fact = f"Both network interfaces name {address}"
        return Finding(
            Level.NOT_KNOWN,
            fact,
            "one answer must be old",
            Problem("contradiction", f"{fact}.", "One answer must be old.", _READ_AGAIN),
        )
    return None


IS_REPAIR = "This move is a repair"
"""The fact of a move that is certainly right, whoever Trustgrid says is active."""


def _repairs(snapshot: Snapshot, to: Member, verb: Verb) -> Finding | None:
    """Whether the move is one that is certainly right, whoever Trustgrid says is active."""
    found = repair(snapshot)
    if verb is Verb.GRACEFUL or found is None or not (found.either or found.to == to):
        return None
    return Finding(Level.NOTE, IS_REPAIR, f"{found.fact}: {found.why}")


def _address(snapshot: Snapshot) -> Finding | None:
    """An address that the subnet cannot hold is the cluster file's fault, and no failover mends it."""
    ranges = snapshot.ranges.value
    wrong = None if ranges is None else check_address(snapshot.setup, ranges)
    return None if wrong is None else Finding(Level.BLOCKS, wrong.what.rstrip("."), problem=wrong)


def _gaining_vm(snapshot: Snapshot, to: Member, verb: Verb, *, consented: bool) -> Finding:
    seen, name = snapshot.seen(to), to.name
    if seen.power is Power.RUNNING:
        return Finding(Level.PASSED, f"{name} is running", f"zone {_zone(seen)}" if _zone(seen) else "")
    if seen.power is Power.NOT_KNOWN:
        return _power_not_known(seen)
    if seen.power is Power.STARTING:
        fact, why = f"{name} is starting", "It cannot serve the address before it runs."
        problem = Problem("gaining-member-starting", f"{fact}.", why, "Wait until it runs.")
        return Finding(Level.BLOCKS if verb is Verb.GRACEFUL else Level.WARNS, fact, why, problem)
    if seen.power is Power.GONE:
        fact, fix = f"{name}'s VM does not exist", "Correct the VM in the cluster file, or create it again."
    else:
        fact, fix = f"{name} is {seen.power.value}", f"Start {name} first."
    return _dead("gaining-member-down", fact, f"It could not serve {snapshot.address}.", fix, verb, consented=consented)


def _dead(code: str, fact: str, why: str, fix: str, verb: Verb, *, consented: bool) -> Finding:
    """A target that would not answer at the address stops both verbs, forced unless exactly that was consented to."""
    if consented:
        return Finding(Level.WARNS, fact, f"{why[:1].lower()}{why[1:].rstrip('.')}; you chose to move it there")
    if verb is Verb.FORCED:
        fix = f"{fix} To move the address there all the same, add {TO_DEAD_MACHINE}."
    return Finding(Level.BLOCKS, fact, f"{why[:1].lower()}{why[1:].rstrip('.')}", Problem(code, f"{fact}.", why, fix))


def _said(problem: Problem | None) -> str:
    return _SILENT if problem is None else f"{problem.what} {problem.why}".strip()


def _power_not_known(seen: MemberSeen) -> Finding:
    fact = f"Whether {seen.member.name} is running is not known"
    why = _said(seen.vm.problem)
    fix = (seen.vm.problem.fix if seen.vm.problem else "") or _READ_AGAIN
    if seen.other_machine is not None:
        name, nic = seen.other_machine.name, seen.member.nic.name
        why = f"{nic} belongs to {name}, and the cluster file names {seen.member.vm.name}."
        fix = "Correct the VM or the interface in the cluster file."
    return Finding(Level.NOT_KNOWN, fact, why, Problem("power-not-known", f"{fact}.", why, fix))


def _zone(seen: MemberSeen) -> str:
    return seen.vm.value.zone if seen.vm.value else ""


def _gaining_nic(snapshot: Snapshot, to: Member) -> Finding | None:
    document = snapshot.seen(to).document
    if document is None:
        return None
    if document.primary is None:
        fact = f"{to.nic.name} has no primary configuration"
        why = "Subnet and security groups of the floating IP are taken from it."
        return Finding(Level.BLOCKS, fact, problem=Problem("no-primary", f"{fact}.", why))
    if document.subnet.lower() != snapshot.setup.subnet.key:
        fact = f"{to.nic.name} is not in {snapshot.setup.subnet.name}"
        why = f"{snapshot.address} belongs to that subnet, and an interface cannot span two."
        fix = "Correct the subnet or the interface in the cluster file."
        return Finding(Level.BLOCKS, fact, problem=Problem("other-subnet", f"{fact}.", why, fix))
    return Finding(Level.PASSED, f"{to.nic.name} is in {snapshot.setup.subnet.name}", f"own IP {document.own_address}")


def _attached(snapshot: Snapshot, to: Member, verb: Verb, *, consented: bool) -> Finding | None:
    """An interface without a VM can be given the address, and nobody would answer at it."""
    seen = snapshot.seen(to)
    if seen.document is None or seen.document.attached or seen.power is Power.GONE:
        return None
    fact, fix = f"{to.nic.name} belongs to no virtual machine", f"Attach it to {to.vm.name} again."
    why = f"Nobody would answer at {snapshot.address}."
    return _dead("gaining-nic-unattached", fact, why, fix, verb, consented=consented)


def _forwarding(snapshot: Snapshot, to: Member) -> Finding | None:
    """Azure drops what is routed through an interface that may not forward."""
    losing, gaining = snapshot.seen(snapshot.setup.other(to)).document, snapshot.seen(to).document
    if losing is None or gaining is None or gaining.forwards or not losing.forwards:
        return None
    fact = f"IP forwarding is off on {to.nic.name}"
    evidence = f"it is on on {snapshot.setup.other(to).nic.name}; Azure would drop what is routed through {to.name}"
    return Finding(Level.WARNS, fact, evidence)


def _losing_side(
    snapshot: Snapshot, seen: MemberSeen, verb: Verb, fence: FenceRequest, strategy: Strategy
) -> list[Finding]:
    document = seen.document
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
        findings.append(_cooperates(seen))
    if verb is Verb.FORCED or not members_move(snapshot, verb, strategy):
        back = _comes_back(snapshot, seen, verb, fence, by_us=not members_move(snapshot, verb, strategy))
        findings += [back] if back is not None else []
    return findings


def _cooperates(seen: MemberSeen) -> Finding:
    """A graceful failover asks the losing member to hand the address over."""
    name = seen.member.name
    if seen.outage and not seen.nic.gone:
        problem = Problem("losing-member-down", f"{seen.outage}.", "It cannot hand the address over.", _NOT_ASKED)
        return Finding(Level.BLOCKS, seen.outage, "it cannot hand the address over", problem)
    if seen.power is Power.RUNNING:
        return Finding(Level.PASSED, f"{name} is running", f"zone {_zone(seen)}" if _zone(seen) else "")
    if seen.power is Power.STARTING:
        why, fix = "Whether it cooperates shows when it runs.", "Wait until it runs."
        problem = Problem("losing-member-starting", f"{name} is starting.", why, fix)
        return Finding(Level.NOT_KNOWN, f"{name} is starting", "it cannot cooperate before it runs", problem)
    if seen.power is Power.GONE:  # with its interface, which has a finding of its own
        fact = f"{name}'s VM does not exist"
        problem = Problem("losing-member-down", f"{fact}.", "It cannot hand the address over.", _NOT_ASKED)
        return Finding(Level.BLOCKS, fact, "it cannot hand the address over", problem)
    return _power_not_known(seen)


def _comes_back(
    snapshot: Snapshot, seen: MemberSeen, verb: Verb, fence: FenceRequest, *, by_us: bool
) -> Finding | None:
    """We write and Trustgrid is not told, so a member that it takes for the active one may fetch the address back."""
    name, power = seen.member.name, seen.power
    if power in DOWN or seen.nic.gone:
        down = Finding(Level.PASSED, seen.outage, "it cannot take the address back")
        return None if verb is Verb.GRACEFUL else down
    if fence.stops and not fence.optional and verb is Verb.FORCED:
        return Finding(Level.NOTE, f"{name} is {power.value}", "it is stopped before anything is detached")
    state = f"whether {name} is running is not known" if power is Power.NOT_KNOWN else f"{name} is {power.value}"
    if not by_us:
        return Finding(Level.WARNS, f"{name} may take the address back", state)
    if snapshot.setup.is_lab:
        fact = "Trustgrid is not told about this move"
        evidence = f"{state}; the machines of the lab do not take an address back"
        return Finding(Level.NOTE if verb is Verb.GRACEFUL else Level.WARNS, fact, evidence)
    fact = f"Trustgrid is not told about this move, so {name} may take {snapshot.address} back"
    return Finding(Level.WARNS, fact, f"{state}, and tgwizard is not connected to Trustgrid")


def _settled(seen: MemberSeen, verb: Verb) -> Finding:
    nic, state = seen.member.nic.name, seen.provisioning
    if state is Provisioning.SUCCEEDED:
        return Finding(Level.PASSED, f"{nic}: Succeeded", "nothing in progress")
    if state is Provisioning.FAILED:
        return Finding(Level.WARNS, f"The last update of {nic} failed", "the failover writes it again")
    fact = f"{nic} is being updated"
    why = "Azure still works on an earlier change."
    fix = "The buttons come back when it has finished."
    problem = Problem("nic-busy", f"{fact}.", why, fix)
    return Finding(Level.BLOCKS if verb is Verb.GRACEFUL else Level.WARNS, fact, why, problem)
