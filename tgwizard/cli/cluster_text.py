"""What people read of a cluster: status, plan and the events of a run as lines of text.

And what a run asks when a step's time is over, with the answers that can be typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tgwizard.cli.terminal import Line, Tone, Toned
from tgwizard.engine.failover.failover_plan import FailoverPlan
from tgwizard.engine.readiness.recommended_action import ActionKind, RecommendedAction
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_readiness import Advice, ClusterReadiness, ClusterState
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import (
    CallMade,
    CancelMeaning,
    DecisionMade,
    DecisionRequested,
    Event,
    Finished,
    HolderObserved,
    PreflightCompleted,
    RunStarted,
    StepCompleted,
    StepStarted,
    StepWaiting,
    TimeoutChoice,
    WarningRaised,
)
from tgwizard.model.finding import Level, Readiness
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import AddressLocation, LocationKind, MemberSeen, Snapshot
from tgwizard.model.text import format_age, format_duration, format_estimate
from tgwizard.model.watch_events import SourceBack, SourceLost

MEANINGS = {
    TimeoutChoice.WAIT: "wait as long again",
    TimeoutChoice.RETRY: "write it again",
    TimeoutChoice.PUT_BACK: "put the address back",
    TimeoutChoice.HAND_OVER: "end the run here; resume goes on later",
}


def question(asked: DecisionRequested) -> str:
    """The choices with their numbers, and what happens without an answer."""
    choices = ", ".join(f"{number} {MEANINGS[choice]}" for number, choice in enumerate(asked.choices, 1))
    return f"What now? {choices}. Type a number; without an answer 1 is taken in {asked.answer_within_s:.0f} s."


def answer(asked: DecisionRequested, line: str) -> TimeoutChoice | None:
    """The choice that was typed, by number or word; None when it is none of them."""
    word = line.strip().lower().replace(" ", "_")
    for number, choice in enumerate(asked.choices, 1):
        if word in (str(number), choice.value):
            return choice
    return None


ADVICE = {
    Advice.READY: "ready",
    Advice.AT_RISK: "at risk",
    Advice.BLOCKED: "blocked",
    Advice.RECOMMENDED: "the right choice",
    Advice.NOT_KNOWN: "not known",
}
"""What a verb is now, as words."""

_STATE_TONES = {
    ClusterState.IN_SYNC: Tone.GOOD,
    ClusterState.MOVING: Tone.LOOK,
    ClusterState.AT_RISK: Tone.LOOK,
    ClusterState.NOT_KNOWN: Tone.LOOK,
}
"""What is none of these is wrong."""
_ADVICE_TONES = {Advice.READY: Tone.GOOD, Advice.RECOMMENDED: Tone.GOOD, Advice.BLOCKED: Tone.BAD}
LEVEL_TONES = {
    Level.BLOCKS: Tone.BAD,
    Level.NOT_KNOWN: Tone.LOOK,
    Level.WARNS: Tone.LOOK,
    Level.NOTE: Tone.STRONG,
    Level.PASSED: Tone.GOOD,
    Level.NOT_APPLICABLE: Tone.FAINT,
}
"""How the mark of a finding stands out."""
_MARKS = {
    Level.BLOCKS: "stops",
    Level.NOT_KNOWN: "not known",
    Level.WARNS: "warning",
    Level.NOTE: "note",
    Level.PASSED: "passed",
    Level.NOT_APPLICABLE: "not needed",
}

_GOOD = (Level.PASSED, Level.NOT_APPLICABLE)

_TOLD = (Level.NOT_KNOWN, Level.WARNS, Level.NOTE)
"""What a run tells of its checks; what stops it is its last word, and what passed is in the dry run."""


def status(
    snapshot: Snapshot, found: ClusterReadiness, offer: RecommendedAction | None = None, *, in_full: bool = False
) -> Iterator[Line]:
    """The state of a cluster; the three sources stand apart. ``in_full``: with every check and its evidence."""
    setup = snapshot.setup
    tone = _STATE_TONES.get(found.state, Tone.BAD)
    yield Toned(f"{setup.name}{' (lab)' if setup.is_lab else ''}: {found.sentence}", tone)
    if found.detail:
        yield f"  {found.detail}"
    if offer is not None:
        yield from _first(offer, setup)
    yield ""
    yield f"  {'Floating IP':<19}{where(snapshot.place, snapshot.address)}"
    yield f"  {'Configured active':<19}not connected to Trustgrid"
    yield f"  {'Reported active':<19}not connected to Trustgrid"
    yield ""
    width = max(len(seen.member.name) for seen in snapshot.members)
    unread = {""}
    for seen in snapshot.members:
        yield f"  {seen.member.name:<{width}}  {_member(seen, snapshot.now)}"
        for problem in (seen.nic.problem, seen.vm.problem):
            if problem is not None and problem.detail not in unread:
                unread.add(problem.detail)
                yield f"  {'':<{width}}  {details(problem)}"
    yield ""
    repairs = offer is not None and offer.kind is ActionKind.REPAIR
    for verb in reversed(Verb) if repairs else Verb:
        ready = found.of(verb)
        told = f"  {_button(verb, repairs=repairs)} {ready.to.name}: {ADVICE[ready.advice]}"
        yield Toned(told, _ADVICE_TONES.get(ready.advice, Tone.LOOK))
        for line in (*ready.findings.reasons, *ready.notes):
            yield f"    {line}"
        if in_full:
            yield from findings(ready.findings)


def plan(intended: FailoverPlan, place: AddressLocation) -> Iterator[str]:
    """Now, after, and what would be sent."""
    address = str(intended.address)
    now = f"{intended.losing.name} has {address}" if intended.losing else where(place, address)
    yield f"Now:   {now}"
    yield f"After: {intended.to.name} has {intended.address}"
    yield "What would be sent:"
    for number, change in enumerate(intended.changes, 1):
        usual = format_estimate(change.predicted.usual_s)
        yield f"  {number}. {change.method} {change.target.short}  {change.sentence}, {usual}"
        yield f"     needs {', '.join(change.permissions)}"
    yield f"Nobody would be served for {format_estimate(intended.gap.usual_s)} ({intended.gap.basis})."


def findings(found: Readiness) -> Iterator[Line]:
    """Every check with its evidence, worst first."""
    told = {""}
    for finding in found.findings:
        evidence = f": {finding.evidence}" if finding.evidence else ""
        yield Toned(f"  {_MARKS[finding.level]:<11}", LEVEL_TONES[finding.level], f"{finding.fact}{evidence}")
        if finding.problem and finding.problem.fix and finding.level is not Level.PASSED:
            yield f"  {'':<11}{finding.problem.fix}"
        if finding.problem and finding.problem.right:
            yield f"  {'':<11}Can be fixed by {finding.problem.fixer}."
        if finding.problem and finding.level not in _GOOD and finding.problem.detail not in told:
            told.add(finding.problem.detail)  # one answer of Azure may stand behind several findings
            yield f"  {'':<11}{details(finding.problem)}"


def details(problem: Problem) -> str:
    """What Azure, or whoever answered, said itself: its code, the id of the request and its sentence."""
    return f"Details: {problem.detail}"


def where(place: AddressLocation, address: str) -> str:
    """Where the address is, as a phrase."""
    match place.kind:
        case LocationKind.MEMBER if place.member:
            return f"{address} on {place.member.name}"
        case LocationKind.ATTACHING if place.member:
            return f"{address} is being attached to {place.member.name}"
        case LocationKind.RELEASING if place.member:
            return f"{address} is on its way, {place.member.name} is being updated"
        case LocationKind.FOREIGN_NIC if place.foreign_nic:
            return f"{address} on {place.foreign_nic.name}, which is no member"
        case LocationKind.NO_NIC:
            return f"{address} on no network interface"
        case LocationKind.BOTH:
            return f"{address} is named by both interfaces; one answer must be old"
        case _:
            return f"{address}, holder not known"


@dataclass(slots=True)
class RunTeller:
    """Tells the events of one run, with the seconds since its start in front. Azure's calls only when ``calls``."""

    address: str
    calls: bool = False
    since: float | None = None

    def lines(self, event: Event) -> Iterator[Line]:
        """The lines for one event; most have one, some none."""
        if self.since is None:
            self.since = event.stamp.clock_s
        clock = f"{event.stamp.clock_s - self.since:7.1f} s  "
        match event:
            case RunStarted():
                origin = f"from {event.losing}" if event.losing else "from no member"
                yield f"{event.cluster}: {event.address} {origin} to {event.to} ({event.verb.value})"
            case StepStarted():
                yield f"{clock}{event.sentence}"
            case StepWaiting():
                bound = f", at most {event.until_s:.0f} s" if event.until_s is not None else ""
                yield f"{clock}  waiting: {event.sentence}{bound}"
            case DecisionRequested():
                yield f"{clock}  {event.sentence} {question(event)}"
            case DecisionMade():
                yield f"{clock}  {_decided(event)}"
            case StepCompleted():
                yield f"{clock}  {event.sentence} ({format_duration(event.seconds)})"
            case CallMade() if self.calls:
                yield f"{clock}  {event.method} {event.target}: {event.answer}"
            case HolderObserved() if event.cancel is CancelMeaning.NOT_GRANTED:
                yield f"{clock}  {where(event.place, self.address)}"
            case WarningRaised():
                yield f"{clock}  note: {event.problem.sentence()}"
                if event.problem.detail:
                    yield f"{clock}  {details(event.problem)}"
            case _:
                yield from self._whole(event, clock)

    def _whole(self, event: Event, clock: str) -> Iterator[Line]:
        """What speaks of the run as a whole: its checks and its end."""
        if isinstance(event, Finished):
            yield from self._end(event)
        elif isinstance(event, PreflightCompleted):
            for finding in event.findings.findings:
                if finding.level in _TOLD:
                    evidence = f": {finding.evidence}" if finding.evidence else ""
                    yield f"{clock}  {_MARKS[finding.level]}: {finding.fact}{evidence}"
                    if finding.problem and finding.problem.detail:
                        yield f"{clock}  {details(finding.problem)}"

    def _end(self, event: Finished) -> Iterator[Line]:
        word = {
            Outcome.DONE: "Done",
            Outcome.REFUSED: "Refused",
            Outcome.FAILED: "Failed",
            Outcome.UNKNOWN: "Not known",
            Outcome.CANCELLED: "Cancelled",
            Outcome.YIELDED: "Yielded",
        }[event.outcome]
        yield Toned(f"{word}:", Tone.GOOD if event.outcome is Outcome.DONE else Tone.BAD, f" {event.reason}")
        if event.problem is not None and event.problem.detail:
            yield f"  {details(event.problem)}"
        if event.place.kind is not LocationKind.NOT_KNOWN or event.outcome is not Outcome.REFUSED:
            yield f"  Now: {where(event.place, self.address)}."
        times = [] if event.seconds is None else [f"control-plane time {format_duration(event.seconds)}"]
        times += [f"gap as read {event.gap.words}"] if event.gap.words else []
        if times:
            told = ", ".join(times)
            yield f"  {told[:1].upper()}{told[1:]}."
        if event.rolled_back:
            yield "  The address was put back."
        for other in event.by_other:
            change = other.difference
            was = f"{change.path} was {change.before}, is {change.after}"
            yield f"  Changed by someone else and kept, on {other.nic}: {was}."
        for left in event.left:
            yield f"  Left to do: {left}"
        if event.resume:
            yield f"  To go on: {event.resume}"


def _decided(event: DecisionMade) -> str:
    if event.choice is None:
        return "Azure went on; there is nothing to decide any more."
    who = "decided" if event.by_user else "nobody answered"
    return f"{who}: {MEANINGS[event.choice]}"


def watched_state(at: datetime, state: ClusterState, sentence: str) -> Line:
    """The line of ``status --watch`` for what a cluster is from now on."""
    return Toned(f"{at.astimezone():%H:%M:%S}  {sentence}", _STATE_TONES.get(state, Tone.BAD))


def watched(event: SourceLost | SourceBack) -> Iterator[str]:
    """The lines of ``status --watch`` for a source that is silent, or speaks again."""
    clock = f"{event.stamp.at.astimezone():%H:%M:%S}  "
    match event:
        case SourceLost():
            yield f"{clock}{event.source.value.replace('_', ' ')} does not answer: {event.problem.sentence()}"
            if event.problem.detail:
                yield f"{clock}{details(event.problem)}"
        case SourceBack():
            yield f"{clock}{event.source.value.replace('_', ' ')} answers again"


def _member(seen: MemberSeen, now: float) -> str:
    document, read = seen.document, seen.nic.age_s(now)
    zone = f", zone {seen.vm.value.zone}" if seen.vm.value and seen.vm.value.zone else ""
    if seen.nic.gone:
        return f"{seen.power.value}{zone} · {seen.member.nic.name} does not exist · read {format_age(read or 0.0)}"
    if document is None:
        return f"{seen.power.value}{zone} · {seen.member.nic.name} not read"
    state = f"{seen.member.nic.name} {document.provisioning.value}, own IP {document.own_address or 'none'}"
    return f"{seen.power.value}{zone} · {state} · read {format_age(read or 0.0)}"


def _first(offer: RecommendedAction, setup: ClusterSetup) -> Iterator[str]:
    """What to do first, before everything else that could be done."""
    yield ""
    yield f"  First: {'repair' if offer.kind is ActionKind.REPAIR else 'resume'}. {offer.sentence}"
    yield f"    {offer.command}"
    if offer.either and offer.to is not None:
        other = setup.other(offer.to).name
        yield f"    Both members run: name the one that Trustgrid shows as active; if that is {other}, --to {other}."


def _button(verb: Verb, *, repairs: bool = False) -> str:
    if verb is Verb.GRACEFUL:
        return "Fail over to"
    return "Repair, by a forced failover to" if repairs else "Force failover to"
