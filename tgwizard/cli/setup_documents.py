"""The JSON contract of setting up: what was found, plan, events, what verifying found (engine/README.md 4.4)."""

from __future__ import annotations

from typing import Any

from tgwizard.cli.console import SCHEMA, problem_document
from tgwizard.engine.discovery.pairs import Pair, PairsFound
from tgwizard.engine.setup.apply import apply_refusal
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.verify import verify_sentence
from tgwizard.engine.setup.wizard_state import WizardState
from tgwizard.model.cluster import ResourceId
from tgwizard.model.finding import Finding
from tgwizard.model.inventory import Inventory, NicFound, VmFound
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers, SetupStep
from tgwizard.model.setup_events import (
    ChangeDone,
    ChangeFailed,
    ChangeSkipped,
    ChangeStarted,
    ChangeWaiting,
    FactRead,
    FindingReported,
    PartProgress,
    PropagationChanged,
    SetupEvent,
    SetupFinished,
)
from tgwizard.model.setup_plan import Right, SetupChange, SetupPlan
from tgwizard.model.text import format_utc
from tgwizard.model.verify_result import VerifyResult

Document = dict[str, Any]


def discover_document(inventory: Inventory, pairs: PairsFound, at: str) -> Document:
    """``discover --json``."""
    return {
        "schema": SCHEMA,
        "at": at,
        "subscription": {"id": inventory.subscription.id, "name": inventory.subscription.name},
        "machines": [_machine(vm) for vm in inventory.vms],
        "interfaces": [_interface(nic) for nic in inventory.nics],
        "networks": [
            {
                "id": network.id.text,
                "subnets": [{"id": subnet.id.text, "prefixes": list(subnet.prefixes)} for subnet in network.subnets],
            }
            for network in inventory.networks
        ],
        "pairs": [_pair(pair) for pair in pairs.pairs],
        "not_offered": [{"machines": [vm.id.text for vm in item.vms], "why": item.why} for item in pairs.not_offered],
        "not_read": [{"part": item.part.value, "problem": problem_document(item.problem)} for item in inventory.failed],
    }


def setup_plan_document(
    state: WizardState, plan: SetupPlan | None, blocked: tuple[tuple[SetupStep, Problem], ...], at: str
) -> Document:
    """``setup plan --json``: the answers, what would be written, and what stands in the way of planning it."""
    answers = proposed_answers(state)
    against = apply_refusal(plan) if plan is not None and not blocked else None
    problems = plan.problems if plan is not None and plan.problems else (against,) if against is not None else ()
    return {
        "schema": SCHEMA,
        "at": at,
        "allowed": plan is not None and not blocked and not problems,
        "answers": _answers(answers),
        "role": _role(plan) if plan else None,
        "scopes": [{"scope": one.scope, "why": one.sentence} for one in plan.scopes] if plan else [],
        "changes": [_change(change) for change in plan.changes] if plan else [],
        "writes": len(plan.writing) if plan else 0,
        "mine": len(plan.mine) if plan else 0,
        "problems": [{"step": step.value, "problem": problem_document(problem)} for step, problem in blocked]
        + [{"step": None, "problem": problem_document(problem)} for problem in problems],
        "warnings": [problem_document(problem) for problem in (plan.warnings if plan else ())],
        "notes": list(plan.notes) if plan else [],
    }


def verify_document(result: VerifyResult) -> Document:
    """``setup verify --json``: the last document, after the events."""
    return {
        "schema": SCHEMA,
        "event": "verified",
        "at": format_utc(result.at),
        "cluster": result.cluster,
        "standing": result.overall_state.value,
        "sentence": verify_sentence(result),
        "members": list(result.members),
        "scopes": [{"scope": scope, "holds": holds} for scope, holds in result.scopes],
        "ticks": [
            {
                "machine": stage.machine.text,
                "scope": stage.scope,
                "tick": stage.stage.value,
                "done": stage.done,
                "seconds_s": _seconds(stage.seconds),
                "reached_at": format_utc(stage.at) if stage.at else None,
                "sentence": stage.sentence,
            }
            for stage in result.stages
        ],
        "rehearsal": [
            {
                "key": row.key,
                "sentence": row.sentence,
                "cells": [{"may": cell.may.value, "why": cell.why} for cell in row.cells],
            }
            for row in result.rehearsal
        ],
        "checks": [{"key": item.key, **_finding(item.finding)} for item in result.checks],
        "proof": [
            {
                "to": run.to,
                "by": run.by.value,
                "done": run.done,
                "sentence": run.sentence,
                "seconds_s": _seconds(run.seconds),
                "gap_as_read_s": _seconds(run.gap_s),
            }
            for run in result.proof
        ],
        "cancelled": result.cancelled,
    }


def setup_event_document(event: SetupEvent) -> Document:
    """One event as one JSON Line."""
    base: Document = {
        "schema": SCHEMA,
        "event": _NAMES[type(event)],
        "at": format_utc(event.stamp.at),
        "clock_s": round(event.stamp.clock_s, 3),
    }
    return base | _details(event)


_NAMES: dict[type[SetupEvent], str] = {
    PartProgress: "part_progress",
    FactRead: "fact_read",
    ChangeStarted: "change_started",
    ChangeWaiting: "change_waiting",
    ChangeDone: "change_done",
    ChangeFailed: "change_failed",
    ChangeSkipped: "change_left",
    FindingReported: "checked",
    PropagationChanged: "tick_changed",
    SetupFinished: "finished",
}


def _details(event: SetupEvent) -> Document:
    match event:
        case PartProgress():
            return {
                "part": event.part.value,
                "count": event.count,
                "done": event.done,
                "problem": _problem(event.problem),
            }
        case FactRead():
            return {"kind": event.kind.value, "about": event.about, "problem": _problem(event.problem)}
        case ChangeStarted():
            return {"key": event.key, "sentence": event.sentence}
        case ChangeWaiting():
            return {"key": event.key, "sentence": event.sentence, "since_s": round(event.since_s, 3)}
        case ChangeDone():
            return {"key": event.key, "sentence": event.sentence, "seconds_s": round(event.seconds, 3)}
        case ChangeFailed():
            return {"key": event.key, "sentence": event.sentence, "problem": problem_document(event.problem)}
        case ChangeSkipped():
            return {"key": event.key, "sentence": event.sentence, "reason": event.reason}
        case FindingReported():
            return {"key": event.key, **_finding(event.finding)}
        case PropagationChanged():
            return {
                "machine": event.machine,
                "scope": event.scope,
                "tick": event.stage.value,
                "done": event.done,
                "seconds_s": _seconds(event.seconds),
                "sentence": event.sentence,
            }
        case SetupFinished():
            return {
                "job": event.job,
                "outcome": event.outcome.value,
                "reason": event.reason,
                "done": list(event.done),
                "failed": list(event.failed),
                "left": list(event.left),
                "problem": _problem(event.problem),
            }


def _machine(vm: VmFound) -> Document:
    return {
        "id": vm.id.text,
        "name": vm.id.name,
        "group": vm.id.group,
        "location": vm.location,
        "zone": vm.zone,
        "power": vm.power.value.replace(" ", "_"),
        "identity": vm.identity.kind.value,
        "interfaces": [nic.text for nic in vm.nics],
    }


def _interface(nic: NicFound) -> Document:
    return {
        "id": nic.id.text,
        "machine": _id(nic.vm),
        "subnet": _id(nic.subnet),
        "own_address": nic.own_address or None,
        "addresses": [item.address for item in nic.configurations],
        "ip_forwarding": nic.ip_forwarding,
    }


def _pair(pair: Pair) -> Document:
    return {
        "name": pair.name,
        "state": pair.state.value,
        "machines": [vm.id.text for vm in pair.vms],
        "interfaces": [choice.nic.id.text if choice.nic else None for choice in pair.lan],
        "interface_reasons": [choice.why for choice in pair.lan],
        "reasons": list(pair.reasons),
    }


def _answers(answers: Answers) -> Document:
    return {
        "cloud": answers.cloud,
        "account": answers.caller.name if answers.caller else None,
        "subscription": answers.subscription.id if answers.subscription else None,
        "name": answers.name or None,
        "machines": [vm.text for vm in answers.machines or ()],
        "interfaces": [nic.text for nic in answers.nics or ()],
        "floating_ip": str(answers.address) if answers.address else None,
        "ip_configuration": answers.ip_configuration,
        "placement": answers.placement.value,
        "whole_subscription": answers.whole_subscription,
    }


def _role(plan: SetupPlan) -> Document:
    role = plan.role
    return {
        "guid": role.guid,
        "name": role.name,
        "kind": role.kind.value,
        "actions": list(role.actions),
        "assignable_scopes": list(role.assignable_scopes),
    }


def _change(change: SetupChange) -> Document:
    return {
        "key": change.key,
        "kind": change.kind.value,
        "writes": change.writes,
        "target": change.target,
        "sentence": change.sentence,
        "note": change.note,
        "before": change.before,
        "after": change.after,
        "method": change.method,
        "path": change.path,
        "permissions": list(change.permissions),
        "predicted_s": change.predicted.usual_s,
        "slowest_s": change.predicted.slowest_s,
        "follows": list(change.follows),
        "undo": change.undo,
        "right": _right(change.right),
    }


def _right(right: Right) -> Document:
    return {
        "who": right.who.value,
        "scope": right.scope,
        "missing": list(right.missing),
        "roles": list(right.roles),
        "obstacle": right.obstacle.value if right.obstacle else None,
        "problem": _problem(right.problem),
    }


def _finding(finding: Finding) -> Document:
    return {
        "level": finding.level.value,
        "fact": finding.fact,
        "evidence": finding.evidence,
        "problem": _problem(finding.problem),
    }


def _problem(problem: Problem | None) -> Document | None:
    return dict(problem_document(problem)) if problem else None


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _id(thing: ResourceId | None) -> str | None:
    return thing.text if thing else None
