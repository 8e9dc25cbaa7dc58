"""``judge_answers``: (Snapshot, PreflightFacts) -> findings. Pure: same answers, same findings."""

from __future__ import annotations

from collections.abc import Iterator

from tgwizard.engine.access.access_decision import UNLOCK
from tgwizard.engine.access.required_rights import CHECK_ADDRESS, NIC_WRITE, Writer, holds_it_there, write_sides
from tgwizard.engine.access.write_probe import ProbeOutcome
from tgwizard.engine.readiness.compatibility_findings import compatibility_findings
from tgwizard.engine.readiness.fence_findings import fence_findings
from tgwizard.engine.readiness.preflight_questions import PreflightFacts
from tgwizard.engine.readiness.rights_findings import rights_findings
from tgwizard.model.address_range import check_address
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.finding import Finding, Level, Readiness
from tgwizard.model.permission import reaches, same_scope
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.role import LockLevel, LockSeen
from tgwizard.model.snapshot import LocationKind, Snapshot
from tgwizard.model.text import join_words


def judge_answers(
    snapshot: Snapshot, facts: PreflightFacts, to: Member, verb: Verb, *, needed_life_s: float
) -> Readiness:
    """What was asked alone, worst first, without what the readings say: the part that a list of live readings lacks.

    ``needed_life_s``: how long the token must last, real seconds.
    """
    return Readiness.of(
        [
            *_token(facts, needed_life_s),
            *_range(snapshot, facts),
            *_conflict(snapshot, facts),
            *rights_findings(snapshot, facts, to, verb),
            *compatibility_findings(snapshot, facts, to),
            *_locks(snapshot, facts, to),
            *fence_findings(snapshot, facts, to),
        ]
    )


def _token(facts: PreflightFacts, needed_s: float) -> Iterator[Finding]:
    if facts.by is Writer.MEMBERS:
        return
    life, problem = facts.token_life_s.value, facts.token_life_s.problem
    if problem is not None:
        # Only what says so means that nobody is signed in: a clock or a network says nothing about that.
        fact = "You are not signed in" if problem.sign_in else "Whether your sign-in outlasts the run is not known"
        yield Finding(Level.BLOCKS, fact, f"{problem.what} {problem.why}".strip(), problem)
    elif life is not None and life < needed_s:
        fact = f"Your sign-in ends in {life / 60:.0f} min"
        why = f"The run may need up to {needed_s / 60:.0f} min."
        fix = Problem("token-too-short", f"{fact}.", why, "Sign in again.", who=Fixer.YOU)
        yield Finding(Level.BLOCKS, fact, why, fix)
    elif life is not None:
        yield Finding(Level.PASSED, "Your sign-in outlasts the run", f"good for {life / 60:.0f} min")


def _range(snapshot: Snapshot, facts: PreflightFacts) -> Iterator[Finding]:
    """An address outside its subnet would only be refused at the attach, when it is already detached."""
    setup, prefixes, unread = snapshot.setup, facts.prefixes.value, facts.prefixes.problem
    fact = f"{setup.address} lies in {setup.subnet.name}"
    if prefixes is not None:
        problem = check_address(setup, prefixes)
        if problem is not None:
            yield Finding(Level.BLOCKS, problem.what, problem.why, problem)
        else:
            yield Finding(Level.PASSED, fact, join_words(prefixes))
    elif holds_it_there(snapshot):
        yield Finding(Level.PASSED, fact, "an interface in it has the address; its range was not read")
    elif unread is not None:
        unsure = f"Whether {setup.address} lies in {setup.subnet.name} is not known"
        yield Finding(Level.NOT_KNOWN, unsure, unread.what, unread)


def _conflict(snapshot: Snapshot, facts: PreflightFacts) -> Iterator[Finding]:
    """Whether something else has the address. While a member holds it nothing else can."""
    address, place = snapshot.address, snapshot.place
    if place.kind is not LocationKind.NO_NIC:
        if place.member is not None:
            evidence = f"{place.member.name} has it, so nothing else can"
            yield Finding(Level.NOT_APPLICABLE, f"No conflict about {address}", evidence)
        return
    answer, problem = facts.availability.value, facts.availability.problem
    if answer is None:
        fact = f"Whether {address} is free is not known"
        why = problem.what if problem else "It was not asked."
        unsure = Problem("address-not-asked", f"{fact}.", f"{why} That needs {CHECK_ADDRESS}.", "The attach will show.")
        yield Finding(Level.NOT_KNOWN, fact, f"{why} The attach will show.", unsure)
    elif answer.free:
        yield Finding(Level.PASSED, f"{address} is free", "Azure says so; it is advice, nothing reserves it")
    elif answer.reserved:
        fact = f"{address} is reserved by Azure"
        fix = f"Choose another floating IP, {join_words(answer.others)} for example." if answer.others else ""
        yield Finding(Level.BLOCKS, fact, "", Problem("address-reserved", f"{fact}.", "", fix, who=Fixer.YOU))
    else:
        # Nothing can be lost by trying: the address serves nobody, and the attach waits for one that is being freed.
        fact = f"Azure says that {address} is in use"
        yield Finding(Level.WARNS, fact, "no interface that you may list names it; it may be being freed")


def _locks(snapshot: Snapshot, facts: PreflightFacts, to: Member) -> Iterator[Finding]:
    """What each lock really stops.

    ReadOnly on an interface stops its write. On what an interface refers to it is not documented to: a probe that
    refers to it and was taken is the proof. CanNotDelete stops nothing here.
    """
    written = [member.nic for _, member in write_sides(snapshot, to)]
    proved = facts.by is Writer.OPERATOR and all(
        (probe := facts.probe_of(nic)) is not None and probe.outcome is ProbeOutcome.ALLOWED for nic in written
    )
    locks, unread = facts.access.locks.value, facts.access.locks.problem
    if locks is None:
        if proved:
            yield Finding(Level.PASSED, "No lock stops the writes", "proved by a write that cannot be applied")
        elif unread is not None:
            fact = "Whether a lock stops the writes is not known"
            yield Finding(Level.NOT_KNOWN, fact, unread.what, unread)
        return
    if not locks:
        yield Finding(Level.NOT_APPLICABLE, "No locks", "none on the interfaces and what they refer to")
    for lock in locks:
        named = f"Lock {lock.name} on {lock.place}"
        stopped = [nic.name for nic in written if lock.stops(NIC_WRITE, nic.text)]
        if lock.level is LockLevel.CAN_NOT_DELETE:
            evidence = "it stops deletions of resources; an address is removed by a write"
            yield Finding(Level.NOT_APPLICABLE, f"{named} does not stop this", evidence)
        elif stopped and not proved:
            yield _stops(lock, named, stopped)
        elif stopped:
            yield Finding(Level.WARNS, f"{named} is ReadOnly", "Azure took the probe all the same; it may be new")
        elif _only_for_fence(snapshot, lock, to):
            continue
        elif proved and any(reaches(lock.scope, item.text) for item in _referred(snapshot)):
            evidence = "the probe refers to what it protects, and Azure took it"
            yield Finding(Level.NOTE, f"{named} does not stop this", evidence)
        else:
            evidence = "an interface refers to what it protects; whether that stops its write was not proved"
            yield Finding(Level.WARNS, f"{named} is ReadOnly", evidence)


def _referred(snapshot: Snapshot) -> Iterator[ResourceId]:
    """What the probes' bodies name: that of the gaining interface decides, for the attach refers to the same."""
    for seen in snapshot.members:
        if seen.nic.value is not None:
            yield from seen.nic.value.references()


def _stops(lock: LockSeen, named: str, stopped: list[str]) -> Finding:
    fact = f"{named} makes {join_words(stopped)} read-only"
    fix = f"Have lock {lock.name} removed for the time of the failover."
    problem = Problem("locked", f"{fact}.", lock.notes[:200], fix, who=Fixer.ADMIN, right=UNLOCK)
    return Finding(Level.BLOCKS, fact, "every write is refused with ScopeLocked", problem)


def _only_for_fence(snapshot: Snapshot, lock: LockSeen, to: Member) -> bool:
    """A lock on the losing VM itself bears on the stop alone, which has a finding of its own."""
    return same_scope(lock.scope, snapshot.setup.other(to).vm.text)
