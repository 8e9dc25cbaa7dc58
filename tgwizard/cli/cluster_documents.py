"""The JSON contract: status, plan and events as documents (engine/README.md 4.4; schemas in resources/schema).

snake_case, UTC ISO 8601 with milliseconds, seconds as ``_s``. What is not known is null, never left out.
"""

from __future__ import annotations

from typing import Any, assert_never

from tgwizard.cli.console import SCHEMA, problem_document
from tgwizard.engine.failover.failover_plan import FailoverPlan
from tgwizard.engine.readiness.cluster_readiness import cluster_readiness
from tgwizard.engine.readiness.recommended_action import RecommendedAction, recommend_action
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_readiness import ClusterReadiness, VerbReadiness
from tgwizard.model.failover_events import (
    CallMade,
    DecisionMade,
    DecisionRequested,
    Event,
    Finished,
    HolderObserved,
    PreflightCompleted,
    RunEvent,
    RunStarted,
    StepCompleted,
    StepStarted,
    StepWaiting,
    WarningRaised,
)
from tgwizard.model.finding import Finding
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import AddressLocation, LocationKind, MemberSeen, Reading, Snapshot
from tgwizard.model.text import format_utc
from tgwizard.model.watch_events import Observed, SourceBack, SourceLost

Document = dict[str, Any]


def holder_document(place: AddressLocation) -> str | Document | None:
    """A member's name, null, or the foreign interface's resource id. A holder lists the address and is settled."""
    if place.kind is LocationKind.FOREIGN_NIC and place.foreign_nic:
        return {"stranger": place.foreign_nic.text}
    return place.member.name if place.kind is LocationKind.MEMBER and place.member else None


def status_document(snapshot: Snapshot, found: ClusterReadiness, offer: RecommendedAction | None) -> Document:
    """``status --json``. What Trustgrid says is null until its control plane is connected.

    ``offer``: what to do first. ``verdict`` is what the readings mean; ``state``, ``sentence`` and ``detail`` tell the
    worse of it and of the readiness.
    """
    return {
        "schema": SCHEMA,
        "at": format_utc(snapshot.wall),
        "cluster": snapshot.setup.name,
        "cloud": snapshot.setup.cloud,
        "verdict": found.verdict.name.value,
        "state": found.state.value,
        "stale": found.stale,
        "sentence": found.sentence,
        "detail": found.detail,
        "floating_ip": snapshot.address,
        "holder": holder_document(snapshot.place),
        "configured_active": None,
        "reported_active": None,
        "members": [_member(seen) for seen in snapshot.members],
        "first": _offer(offer),
        "readiness": {verb.value: _ready(found.of(verb)) for verb in Verb},
        "sources": _sources(snapshot),
    }


def _offer(offer: RecommendedAction | None) -> Document | None:
    if offer is None:
        return None
    to = offer.to.name if offer.to else None
    return {
        "action": offer.kind.value,
        "to": to,
        "either": offer.either,
        "reason": offer.sentence,
        "command": offer.command,
    }


def plan_document(intended: FailoverPlan, checked: PreflightCompleted, against: Problem | None) -> Document:
    """``failover --dry-run --json``: what would be sent, and whether it may be."""
    return {
        "schema": SCHEMA,
        "at": format_utc(checked.stamp.at),
        "dry_run": True,
        "cluster": intended.cluster,
        "verb": intended.verb.value,
        "to": intended.to.name,
        "losing": intended.losing.name if intended.losing else None,
        "floating_ip": intended.address,
        "allowed": against is None,
        "reason": against.sentence() if against else None,
        "predicted_s": intended.predicted_s,
        "gap_predicted_s": intended.gap.usual_s,
        "changes": [
            {
                "method": change.method,
                "path": change.path,
                "sentence": change.sentence,
                "before": change.before,
                "after": change.after,
                "permissions": list(change.permissions),
                "predicted_s": change.predicted.usual_s,
                "slowest_s": change.predicted.slowest_s,
                "undo": change.undo,
            }
            for change in intended.changes
        ],
        "findings": [_finding(finding) for finding in checked.findings.findings],
    }


def event_document(event: Event) -> Document:
    """One event as one JSON Line."""
    if isinstance(event, Observed):
        return observed_document(event, cluster_readiness(event.snapshot), recommend_action(event.snapshot, None))
    return _stamped(event) | _details(event)


def observed_document(event: Observed, found: ClusterReadiness, offer: RecommendedAction | None) -> Document:
    """One reading as one JSON Line, with what it means to whoever knows more than the reading."""
    return _stamped(event) | {"status": status_document(event.snapshot, found, offer)}


def _stamped(event: Event) -> Document:
    return {
        "schema": SCHEMA,
        "event": _NAMES[type(event)],
        "at": format_utc(event.stamp.at),
        "clock_s": round(event.stamp.clock_s, 3),
    }


_NAMES: dict[type[Event], str] = {
    RunStarted: "started",
    StepStarted: "step_started",
    StepWaiting: "step_waiting",
    StepCompleted: "step_done",
    DecisionRequested: "asked",
    DecisionMade: "decided",
    CallMade: "call_made",
    HolderObserved: "located",
    WarningRaised: "noted",
    Finished: "finished",
    Observed: "observed",
    SourceLost: "source_lost",
    SourceBack: "source_back",
    PreflightCompleted: "checked",
}


def _details(event: RunEvent | SourceLost | SourceBack | PreflightCompleted) -> Document:
    match event:
        case RunStarted():
            steps = [{"step": s.step.value, "sentence": s.sentence, "predicted_s": s.predicted_s} for s in event.steps]
            return {
                "run": event.run,
                "cluster": event.cluster,
                "verb": event.verb.value,
                "to": event.to,
                "losing": event.losing,
                "floating_ip": event.address,
                "steps": steps,
            }
        case StepStarted():
            return _step(event) | {
                "cancel": event.cancel.value,
                "deadline_s": event.deadline_s,
                "leaves": event.leaves,
            }
        case StepWaiting():
            return _step(event) | {"until_s": event.until_s}
        case StepCompleted():
            return _step(event) | {"seconds_s": round(event.seconds, 3)}
        case DecisionRequested():
            choices = [choice.value for choice in event.choices]
            return _step(event) | {"choices": choices, "answer_within_s": event.answer_within_s}
        case DecisionMade():
            choice = event.choice.value if event.choice else None
            return {"run": event.run, "step": event.step.value, "choice": choice, "by_user": event.by_user}
        case CallMade():
            return {"run": event.run, "method": event.method, "target": event.target, "answer": event.answer}
        case HolderObserved():
            place = event.place
            return {
                "run": event.run,
                "address": holder_document(place),
                "place": place.kind.value,
                "member": place.member.name if place.member else None,
                "cancel": event.cancel.value,
                "leaves": event.leaves,
            }
        case WarningRaised():
            return {"run": event.run, "problem": problem_document(event.problem)}
        case Finished():
            return _finished(event)
        case _:
            return _seen(event)


def _seen(event: SourceLost | SourceBack | PreflightCompleted) -> Document:
    match event:
        case SourceLost():
            problem = problem_document(event.problem)
            return {"cluster": event.cluster, "source": event.source.value, "problem": problem}
        case SourceBack():
            return {"cluster": event.cluster, "source": event.source.value}
        case PreflightCompleted():
            findings = [_finding(finding) for finding in event.findings.findings]
            return {"cluster": event.cluster, "verb": event.verb.value, "to": event.to, "findings": findings}
        case _:
            assert_never(event)


def _step(event: StepStarted | StepWaiting | StepCompleted | DecisionRequested) -> Document:
    return {"run": event.run, "step": event.step.value, "sentence": event.sentence}


def _finished(event: Finished) -> Document:
    return {
        "run": event.run,
        "cluster": event.cluster,
        "outcome": event.outcome.value,
        "address": holder_document(event.place),
        "place": event.place.kind.value,
        "reason": event.reason,
        "left": list(event.left),
        "rolled_back": event.rolled_back,
        "by_other": [
            {
                "nic": other.nic,
                "path": other.difference.path,
                "before": other.difference.before,
                "after": other.difference.after,
            }
            for other in event.by_other
        ],
        "seconds_s": None if event.seconds is None else round(event.seconds, 3),
        "gap_as_read_s": None if event.gap_as_read_s is None else round(event.gap_as_read_s, 3),
        "gap_at_least": event.gap_at_least,
        "gap_at_most_s": None if event.gap_at_most_s is None else round(event.gap_at_most_s, 3),
        "resume": event.resume or None,
        "problem": problem_document(event.problem) if event.problem else None,
    }


def _member(seen: MemberSeen) -> Document:
    document = seen.document
    provisioning = seen.provisioning
    return {
        "name": seen.member.name,
        "vm": seen.member.vm.text,
        "nic": seen.member.nic.text,
        "own_address": (document.own_address or None) if document else None,
        "power": seen.power.value.replace(" ", "_"),
        "provisioning": provisioning.value if provisioning else None,
        # The health condition is the appliance's own; it is read from Trustgrid, which is not connected yet.
        "health": None,
    }


def _ready(found: VerbReadiness) -> Document:
    return {
        "to": found.to.name,
        "state": found.state.value,
        "recommended": found.recommended,
        "reasons": list(found.findings.reasons),
        "notes": list(found.notes),
        "rights_age_s": None if found.rights_age_s is None else round(found.rights_age_s, 3),
    }


def _finding(finding: Finding) -> Document:
    return {
        "level": finding.level.value,
        "fact": finding.fact,
        "evidence": finding.evidence,
        "problem": problem_document(finding.problem) if finding.problem else None,
    }


def _sources(snapshot: Snapshot) -> list[Document]:
    first, second = snapshot.members
    return [
        _source("first_nic", first.member.nic.name, first.nic, snapshot.now),
        _source("second_nic", second.member.nic.name, second.nic, snapshot.now),
        _source("first_vm", first.member.vm.name, first.vm, snapshot.now),
        _source("second_vm", second.member.vm.name, second.vm, snapshot.now),
        _source("other_nics", snapshot.setup.subnet.parent_name, snapshot.elsewhere, snapshot.now),
    ]


def _source(source: str, of: str, reading: Reading[Any], now: float) -> Document:
    age = reading.age_s(now)
    return {
        "source": source,
        "of": of,
        "age_s": None if age is None else round(age, 3),
        "problem": problem_document(reading.problem) if reading.problem else None,
    }
