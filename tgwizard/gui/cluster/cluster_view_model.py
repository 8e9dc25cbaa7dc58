"""Turns what the engine knows into what the cluster page shows: shapes, words and ages. No widgets.

``displayed_readiness`` is what a cluster is by more than its readings: during a run of this window or of another
program, or when nothing answers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum

from tgwizard.engine.watch.cluster_watch import RunElsewhere
from tgwizard.gui.cluster.picture_model import (
    HOLDER,
    HOLDER_NOT_KNOWN,
    NOT_HOLDER,
    Dock,
    FactShown,
    MemberShown,
    PictureShown,
    PillShown,
    PillState,
)
from tgwizard.gui.cluster.run_model import RunModel, moving_detail, moving_sentence
from tgwizard.gui.style.finding_shapes import level_shape
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.widgets.check_rows import CheckShown, ChecksShown, all_passed
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_readiness import Advice, ClusterReadiness, ClusterState, VerbReadiness
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Step
from tgwizard.model.finding import Finding, Level, Readiness, ReadinessState
from tgwizard.model.nic import Provisioning
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import (
    MISSES_UNTIL_STALE,
    STALE_AFTER_S,
    AddressLocation,
    LocationKind,
    MemberSeen,
    Power,
    Snapshot,
)
from tgwizard.model.text import counted, format_age, sanitize
from tgwizard.model.verdict import Verdict, VerdictName


class Agreement(Enum):
    """Whether two sources agree."""

    AGREE = "agrees"
    DIFFER = "differs"
    DIFFER_MOVING = "differs while moving"
    NOT_KNOWN = "not known whether it agrees"


def place_words(place: AddressLocation) -> str:
    """Where the address is, in words."""
    match place.kind:
        case LocationKind.MEMBER if place.member is not None:
            return f"on {place.member.name}"
        case LocationKind.FOREIGN_NIC if place.foreign_nic is not None:
            return f"on {sanitize(place.foreign_nic.name, 80)}, which is no member"
        case LocationKind.ATTACHING if place.member is not None:
            return f"being attached to {place.member.name}"
        case LocationKind.RELEASING if place.member is not None:
            return f"on no NIC, {place.member.nic.name} is being updated"
        case LocationKind.NO_NIC:
            return "on no NIC"
        case _:
            return "not known"


NOT_CONNECTED = "not connected"

VM_STALE_AFTER_S = 2 * STALE_AFTER_S
"""Machines are read more seldom than interfaces."""

_STATE_SHAPES = {
    ClusterState.AT_RISK: Shape.WARNING,
    ClusterState.MOVING: Shape.MOVING,
    ClusterState.NOT_KNOWN: Shape.NOT_KNOWN,
    ClusterState.IN_SYNC: Shape.GOOD,
}

_ADVICE_SHOWN = {
    Advice.READY: (Shape.GOOD, "Ready"),
    Advice.AT_RISK: (Shape.WARNING, "At risk"),
    Advice.BLOCKED: (Shape.BROKEN, "Blocked"),
    Advice.RECOMMENDED: (Shape.NOTE, "The right choice"),
    Advice.NOT_KNOWN: (Shape.NOT_KNOWN, "Not known"),
}


_CALM = (Level.PASSED, Level.NOT_APPLICABLE)
"""What needs nobody's attention."""

ASKING = CheckShown(Shape.WAITING, "Asking Azure whether you may write")


@dataclass(frozen=True, slots=True)
class StateShown:
    """A shape with its word."""

    shape: Shape
    word: str


@dataclass(frozen=True, slots=True)
class SourceShown:
    """What one of the three sources says."""

    value: str
    source: str
    age: str
    known: bool


def state_shape(state: ClusterState) -> Shape:
    """The shape of a cluster's state; whatever has no milder one is broken."""
    return _STATE_SHAPES.get(state, Shape.BROKEN)


def advice_shape(advice: Advice) -> Shape:
    """The shape of what a verb is now."""
    return _ADVICE_SHOWN[advice][0]


def aged(snapshot: Snapshot, now: float) -> Snapshot:
    """The same readings, as old as they are at `now` (seconds on the Clock's scale)."""
    return replace(snapshot, now=max(now, snapshot.now))


def needs_sign_in(snapshot: Snapshot) -> bool:
    """Whether anything was not read because nobody is signed in, or not so that it is of use."""
    readings = (reading for seen in snapshot.members for reading in (seen.nic, seen.vm))
    return any(reading.problem is not None and reading.problem.sign_in for reading in readings)


def read_age(snapshot: Snapshot) -> str:
    """The words "Read 2 s ago.", or empty before the first complete read."""
    oldest = snapshot.oldest_nic_age_s()
    return "" if oldest is None else f"Read {format_age(oldest)}."


def verb_state(verb: VerbReadiness, graceful: VerbReadiness) -> StateShown:
    """The pill above a list of checks.

    Forced is "not advised" while graceful would do. What is ready by the readings alone says that nobody was asked
    about rights.
    """
    if verb.verb is Verb.FORCED and verb.advice in _POSSIBLE and graceful.state is ReadinessState.READY:
        return StateShown(Shape.WARNING, "Possible, not advised")
    if verb.verb is Verb.FORCED and verb.advice is Advice.NOT_KNOWN and verb.possible:
        return StateShown(Shape.NOT_KNOWN, "Reads Azure first")
    if verb.advice is Advice.READY and verb.rights_age_s is None:
        return StateShown(Shape.NOT_KNOWN, "Rights not asked")
    return StateShown(*_ADVICE_SHOWN[verb.advice])


_POSSIBLE = {Advice.READY, Advice.AT_RISK}


def findings_state(findings: Readiness, verb: VerbReadiness, graceful: VerbReadiness) -> StateShown:
    """The pill of a question whose preflight has found `findings`: that knows more than `verb`, seen before it."""
    consented = verb.needs_consent and findings.state is not ReadinessState.BLOCKED
    known = replace(verb, findings=findings, recommended=verb.recommended and not consented, rights_age_s=0.0)
    return verb_state(known, graceful)


def checks_shown(
    findings: Readiness | None, *, pending: bool = False, explained: Collection[Finding] = ()
) -> ChecksShown:
    """What was found: what wants attention row by row, and all that is in order as one line.

    ``pending`` says that Azure is still being asked. The evidence of what is ``explained`` elsewhere is left to the
    tooltip.
    """
    found = findings.findings if findings is not None else ()
    calm = tuple(finding for finding in found if finding.level in _CALM)
    rows = tuple(_check(finding, brief=finding in explained) for finding in found if finding not in calm)
    shown = ChecksShown((*rows, ASKING) if pending else rows, tuple(_check(finding, brief=False) for finding in calm))
    if not calm:
        return replace(shown, words="No check has passed" if found else "Not checked yet")
    good = any(finding.level is Level.PASSED for finding in calm)
    if not good:
        return replace(shown, words=f"{counted(len(calm), 'check')}, of which only the last answers are known")
    words = f"{counted(len(calm), 'other check')} passed" if rows else all_passed(len(calm))
    return replace(shown, shape=Shape.GOOD, words=words)


def _check(finding: Finding, *, brief: bool) -> CheckShown:
    """A passed check is one calm line, as is a ``brief`` one; its evidence is in the tooltip and read out."""
    evidence = "" if brief or finding.level in _CALM else finding.evidence
    return CheckShown(level_shape(finding.level), finding.fact, evidence, tip=finding.evidence, spoken=finding.evidence)


def checks_in_short(readiness: Readiness) -> str:
    """The collapsed form: "5 checks, all passed", "4 checks, 1 blocks, 2 warnings"."""
    count = len(readiness.findings)
    parts = [counted(count, "check")]
    for level, word, words in (
        (Level.BLOCKS, "blocks", "block"),
        (Level.NOT_KNOWN, "not known", "not known"),
        (Level.WARNS, "warning", "warnings"),
    ):
        found = sum(1 for finding in readiness.findings if finding.level is level)
        if found:
            parts.append(counted(found, word, words))
    return ", ".join(parts if len(parts) > 1 else [*parts, "all passed"])


def is_behind(snapshot: Snapshot, run: RunModel | None) -> bool:
    """Whether the monitor's readings are older than what the run itself has read: then the run knows better."""
    if run is None or run.started is None or run.place.kind is LocationKind.NOT_KNOWN:
        return False
    if run.finished is None:
        return True
    oldest = snapshot.oldest_nic_age_s()
    return oldest is None or snapshot.now - oldest < run.finished.stamp.clock_s


def azure_holder(snapshot: Snapshot, run: RunModel | None = None) -> SourceShown:
    """The third truth: who has the address by what Azure says, to the monitor or to a run."""
    place = run.place if run is not None and is_behind(snapshot, run) else snapshot.place
    oldest = snapshot.oldest_nic_age_s()
    ago = "" if oldest is None else f"read {format_age(oldest)}"
    known = not snapshot.is_stale()
    match place.kind:
        case LocationKind.MEMBER if place.member:
            return SourceShown(place.member.name, f"NIC {place.member.nic.name}", ago, known)
        case LocationKind.ATTACHING if place.member:
            return SourceShown("No NIC yet", f"{place.member.nic.name} is attaching it", ago, known)
        case LocationKind.RELEASING if place.member:
            return SourceShown("No NIC", f"{place.member.nic.name} is being updated", ago, known)
        case LocationKind.NO_NIC:
            return SourceShown("No NIC", "neither member lists it", ago, known)
        case LocationKind.FOREIGN_NIC if place.foreign_nic:
            return SourceShown(sanitize(place.foreign_nic.name, 80), "belongs to neither member", ago, known)
        case LocationKind.BOTH:
            return SourceShown("Both", "one answer must be old", ago, False)
        case _:
            return SourceShown("not known", "no complete answer yet", ago, False)


def picture(snapshot: Snapshot, verdict: Verdict, run: RunModel | None = None, now: float = 0.0) -> PictureShown:
    """The picture of the cluster; a run in progress knows better than the monitor where the address is on its way."""
    setup = snapshot.setup
    place = snapshot.place
    if run is not None and is_behind(snapshot, run):
        place = run.place
    stale = snapshot.is_stale()
    docks, pill = _docks_and_pill(setup, place, run, now, known=not stale)
    busy = place.member if place.kind in {LocationKind.ATTACHING, LocationKind.RELEASING} else None
    members = tuple(
        _member(seen, dock, snapshot.now, busy=seen.member == busy, stale=stale)
        for seen, dock in zip(snapshot.members, docks, strict=True)
    )
    return PictureShown(
        subnet=setup.subnet.name,
        subnet_range=sanitize(", ".join(snapshot.ranges.value or ()), 60),
        network=setup.subnet.parent_name,
        cluster=setup.name,
        address=snapshot.address,
        verdict=verdict.sentence,
        members=(members[0], members[1]),
        docks=docks,
        pill=pill,
        heartbeat=FactShown(NOT_CONNECTED, Shape.NOT_KNOWN),
    )


def picture_unread(setup: ClusterSetup) -> PictureShown:
    """The picture before the first read: everything not known (gui/README.md 9, loading)."""
    unknown = FactShown("not known", Shape.NOT_KNOWN)
    members = [
        MemberShown(
            name=member.name,
            role=HOLDER_NOT_KNOWN,
            power=unknown,
            nic=FactShown(member.nic.name),
            own_address=unknown,
            provisioning=unknown,
            health=FactShown(NOT_CONNECTED, Shape.NOT_KNOWN),
        )
        for member in setup.members
    ]
    return PictureShown(
        subnet=setup.subnet.name,
        subnet_range="",
        network=setup.subnet.parent_name,
        cluster=setup.name,
        address=str(setup.address),
        verdict="Reading Azure",
        members=(members[0], members[1]),
        docks=(Dock.NOT_KNOWN, Dock.NOT_KNOWN),
        pill=PillShown(PillState.NOT_KNOWN, 0.5, "place not known"),
        heartbeat=FactShown(NOT_CONNECTED, Shape.NOT_KNOWN),
    )


def _docks_and_pill(
    setup: ClusterSetup, place: AddressLocation, run: RunModel | None, now: float, *, known: bool
) -> tuple[tuple[Dock, Dock], PillShown]:
    if run is not None and run.finished is None and run.started is not None:
        moving = _in_flight(setup, place, run, now)
        if moving is not None:
            return moving
    index = setup.members.index(place.member) if place.member in setup.members else None
    match place.kind:
        case LocationKind.MEMBER if index is not None and place.member is not None:
            state = PillState.HELD if known else PillState.NOT_KNOWN
            words = f"on {place.member.name}" if known else f"last seen on {place.member.name}"
            return _pair(index, Dock.HOLDS if known else Dock.NOT_KNOWN, Dock.WOULD_DOCK), PillShown(
                state, float(index), words
            )
        case LocationKind.ATTACHING if index is not None and place.member is not None:
            words = f"on no NIC, on its way to {place.member.name}"
            return _pair(index, Dock.ATTACHING, Dock.DETACHED), PillShown(PillState.MOVING, 0.5, words)
        case LocationKind.RELEASING if index is not None and place.member is not None:
            words = f"on no NIC, {place.member.nic.name} is being updated"
            return _pair(index, Dock.DETACHED, Dock.WOULD_DOCK), PillShown(PillState.MOVING, 0.5, words)
        case LocationKind.NO_NIC:
            return (Dock.WOULD_DOCK, Dock.WOULD_DOCK), PillShown(PillState.NO_NIC, 0.5, "on no NIC")
        case LocationKind.FOREIGN_NIC if place.foreign_nic is not None:
            words = f"held by {sanitize(place.foreign_nic.name, 80)}, which is no member"
            return (Dock.WOULD_DOCK, Dock.WOULD_DOCK), PillShown(PillState.NO_NIC, 0.5, words)
        case _:
            return (Dock.NOT_KNOWN, Dock.NOT_KNOWN), PillShown(PillState.NOT_KNOWN, 0.5, "place not known")


def _in_flight(
    setup: ClusterSetup, place: AddressLocation, run: RunModel, now: float
) -> tuple[tuple[Dock, Dock], PillShown] | None:
    """The docks and the pill while the run has the address in the air; None while a member holds it."""
    started = run.started
    target = None if started is None else setup.member(started.to)
    current = run.stage
    if target is None or current is None or place.kind is LocationKind.MEMBER:
        return None
    gaining = setup.members.index(target)
    losing = 1 - gaining
    if current.plan.step is Step.PUT_BACK:
        back = setup.members[losing]
        words = f"on no NIC, on its way back to {back.name}"
        return _pair(losing, Dock.ATTACHING, Dock.DETACHED), PillShown(PillState.MOVING, 0.5, words)
    if place.kind is LocationKind.RELEASING:
        words = f"being released by {setup.members[losing].name}"
        return _pair(losing, Dock.RELEASING, Dock.WOULD_DOCK), PillShown(PillState.MOVING, float(losing), words)
    if place.kind in {LocationKind.NO_NIC, LocationKind.ATTACHING}:
        # Real progress, kept clear of both docks: the pill docks only when Azure shows the holder.
        way = 0.04 + 0.92 * run.gap_fraction(now)
        at = way if gaining == 1 else 1.0 - way
        words = f"on no NIC, on its way to {target.name}"
        return _pair(gaining, Dock.ATTACHING, Dock.DETACHED), PillShown(PillState.MOVING, at, words)
    return None


def _pair(index: int, there: Dock, other: Dock) -> tuple[Dock, Dock]:
    return (there, other) if index == 0 else (other, there)


def _member(seen: MemberSeen, dock: Dock, now: float, *, busy: bool, stale: bool) -> MemberShown:
    """`busy`: the run has seen its interface being updated, whatever the monitor read before.

    `stale`: the interfaces were not read for so long that nothing is good any more, the machines included.
    """
    document = seen.nic.value
    role = {Dock.HOLDS: HOLDER, Dock.NOT_KNOWN: HOLDER_NOT_KNOWN}.get(dock, NOT_HOLDER)
    own = FactShown("not known", Shape.NOT_KNOWN) if document is None else FactShown(sanitize(document.own_address, 40))
    return MemberShown(
        name=seen.member.name,
        role=role,
        power=_power(seen, stale=stale or seen.vm.is_stale(now, VM_STALE_AFTER_S)),
        nic=FactShown(seen.member.nic.name),
        own_address=own,
        provisioning=_UPDATING if busy else _provisioning(seen, stale=stale),
        health=FactShown(NOT_CONNECTED, Shape.NOT_KNOWN),
    )


_UPDATING = FactShown(Provisioning.UPDATING.value, Shape.MOVING)


def _power(seen: MemberSeen, *, stale: bool) -> FactShown:
    power, zone = seen.power, seen.vm.value.zone if seen.vm.value is not None else ""
    if power is Power.NOT_KNOWN:
        return FactShown("not known", Shape.NOT_KNOWN)
    gone = power is Power.GONE
    words = "Does not exist" if gone else power.value.capitalize()
    if stale:
        return FactShown(f"last known: {words}", Shape.NOT_KNOWN)
    if zone and not gone:
        words += f", zone {sanitize(zone, 20)}"
    shape = {
        Power.RUNNING: Shape.GOOD,
        Power.STARTING: Shape.MOVING,
        Power.STOPPING: Shape.MOVING,
        Power.DEALLOCATING: Shape.MOVING,
        Power.STOPPED: Shape.BROKEN,
        Power.DEALLOCATED: Shape.BROKEN,
        Power.GONE: Shape.BROKEN,
        Power.NOT_KNOWN: Shape.NOT_KNOWN,
    }[power]
    return FactShown(words, shape)


def _provisioning(seen: MemberSeen, *, stale: bool) -> FactShown:
    state = seen.provisioning
    if seen.nic.gone:
        return FactShown("Does not exist", Shape.BROKEN)
    if state is None:
        return FactShown("not known", Shape.NOT_KNOWN)
    if stale:
        return FactShown(f"last known: {state.value}", Shape.NOT_KNOWN)
    shape = {
        Provisioning.SUCCEEDED: Shape.GOOD,
        Provisioning.UPDATING: Shape.MOVING,
        Provisioning.DELETING: Shape.MOVING,
        Provisioning.FAILED: Shape.BROKEN,
        Provisioning.UNKNOWN: Shape.NOT_KNOWN,
    }[state]
    return FactShown(state.value, shape)


_OF_A_MOVE = {VerdictName.ON_NO_NIC, VerdictName.MOVING, VerdictName.IN_SYNC}
"""What the readings say during a run; whatever else they say is told as it is."""


def displayed_readiness(
    state: ClusterReadiness,
    snapshot: Snapshot,
    now: float,
    run: RunModel | None = None,
    elsewhere: RunElsewhere | None = None,
    silent: Problem | None = None,
) -> ClusterReadiness:
    """The state; a run in progress is a move, and what it read last counts until Azure was read again.

    `elsewhere`: another program works on the cluster. `silent`: why nothing answers here at all.
    """
    running = run is not None and run.finished is None
    verdict = state.verdict
    if run is not None and running and verdict.name in _OF_A_MOVE:
        return _as(state, Verdict(VerdictName.MOVING, moving_sentence(run), moving_detail(run, now)))
    if is_behind(snapshot, run):
        state = _as(state, _after(snapshot, verdict, run, now))
    elif elsewhere is not None and not running and verdict.name in _OF_A_MOVE:
        return _as(state, Verdict(VerdictName.MOVING, elsewhere.words, f"{verdict.sentence}."))
    if silent is not None and state.verdict.name is VerdictName.NOT_KNOWN:
        return _as(state, replace(state.verdict, detail=silent.what))
    return state


def _after(snapshot: Snapshot, verdict: Verdict, run: RunModel | None, now: float) -> Verdict:
    """What is known of the end of a run before Azure was read again."""
    missed = any(seen.nic.misses >= MISSES_UNTIL_STALE for seen in snapshot.members)
    if run is not None and run.finished is not None and missed:
        last = f"{snapshot.address} was {place_words(run.finished.place)}"
        return Verdict(
            VerdictName.NOT_KNOWN, f"Last known {format_age(now - run.finished.stamp.clock_s)}: {last}", verdict.detail
        )
    return Verdict(VerdictName.MOVING, f"Reading where {snapshot.address} is after the run")


def _as(state: ClusterReadiness, verdict: Verdict) -> ClusterReadiness:
    found = ClusterState(verdict.name.value)
    return replace(state, verdict=verdict, state=found, sentence=verdict.sentence, detail=verdict.detail)
