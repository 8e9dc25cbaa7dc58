"""A failover plan in the forms the confirm dialog needs: call rows, time axis, and plain text for a change ticket."""

from __future__ import annotations

from tgwizard.engine.failover.failover_plan import FailoverPlan
from tgwizard.gui.failover.move_preview import MoveShown
from tgwizard.gui.widgets.request_table import RequestShown, Span
from tgwizard.model.change import Change
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Step
from tgwizard.model.finding import Readiness
from tgwizard.model.text import format_estimate


def move_shown(plan: FailoverPlan, setup: ClusterSetup) -> MoveShown:
    """Now and after."""
    now = None if plan.losing is None else setup.members.index(plan.losing)
    return MoveShown(plan.address, (setup.members[0].name, setup.members[1].name), now, setup.members.index(plan.to))


_JOINED = {
    "subnets": "subnet",
    "networkSecurityGroups": "NSG",
    "applicationSecurityGroups": "ASG",
    "publicIPAddresses": "public IP",
    "backendAddressPools": "pool",
    "inboundNatRules": "NAT rule",
}
"""What admins call the things that an interface joins."""


def needs_words(permissions: tuple[str, ...]) -> str:
    """What a call needs, in a line: the writes as they are, the joins by what is joined.

    The row's tooltip and the ticket have them in full.
    """
    pieces = [action.split("/") for action in permissions]
    joining = [words for words in pieces if len(words) > 2 and words[-1] == "action" and words[-2].startswith("join")]
    others = [
        "/".join(words[-2:] if words[-1] != "action" else words[-3:-1]) for words in pieces if words not in joining
    ]
    joins = [words[-3] for words in joining]
    joined = [f"join of {', '.join(_JOINED.get(kind, kind) for kind in joins)}"] if joins else []
    return "needs " + ", ".join([*others, *joined])


def calls_shown(plan: FailoverPlan) -> tuple[RequestShown, ...]:
    """One row for each write, in the order they are sent."""
    return tuple(_call(change) for change in plan.changes)


def _call(change: Change) -> RequestShown:
    return RequestShown(
        who=change.who,
        what=change.sentence,
        method=change.method,
        short_path=change.target.short,
        full_path=change.path,
        needs=needs_words(change.permissions),
        permissions=change.permissions,
        seconds=format_estimate(change.predicted.usual_s),
        slowest=f"slowest {format_estimate(change.predicted.slowest_s)}",
    )


def axis_shown(plan: FailoverPlan) -> tuple[tuple[Span, ...], Span]:
    """The steps to scale, numbered like the call rows, and the gap: from the end of detach to the end of attach."""
    spans: list[Span] = []
    at = 0.0
    number = 0
    gap_from = 0.0
    for step in plan.steps:
        label = step.step.value
        if step.step in {Step.FENCE, Step.DETACH, Step.ATTACH, Step.MOVE}:
            number += 1
            label = f"{number}  {label}"
        if step.step is Step.ATTACH:
            gap_from = at
        spans.append(Span(label, at, step.predicted_s, leading=step.step is Step.ATTACH))
        at += step.predicted_s
    words = f"Gap {format_estimate(plan.gap.usual_s)}, slowest {format_estimate(plan.gap.slowest_s)}"
    return tuple(spans), Span(words, gap_from, plan.gap.usual_s)


def ticket(plan: FailoverPlan, setup: ClusterSetup, findings: Readiness | None) -> str:
    """Plain text for a change ticket: what, now and after, exact calls, needed permissions, undo, checks."""
    verb = "Graceful failover" if plan.verb is Verb.GRACEFUL else "Forced failover"
    lines = [
        f"{verb} of {setup.name} to {plan.to.name}",
        move_shown(plan, setup).spoken,
        f"Floating IP {plan.address}, subnet {setup.subnet.text}",
        (
            f"Predicted: {format_estimate(plan.predicted_s)} in all, "
            f"gap {format_estimate(plan.gap.usual_s)} ({plan.gap.basis})"
        ),
        "",
        "What will be sent:",
    ]
    for number, change in enumerate(plan.changes, start=1):
        lines += [
            f"{number}. {change.who}: {change.method} {change.path}",
            f"   before: {change.before}",
            f"   after: {change.after}",
            f"   needs: {', '.join(change.permissions)}",
            f"   undo: {change.undo}",
        ]
    if findings is not None:
        lines += ["", "Checks:"]
        for finding in findings.findings:
            evidence = f" ({finding.evidence})" if finding.evidence else ""
            lines.append(f"- {finding.level.value}: {finding.fact}{evidence}")
    return "\n".join(lines) + "\n"
