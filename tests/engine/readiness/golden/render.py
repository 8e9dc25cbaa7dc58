"""A case's result as text that is made to be read and compared."""

from __future__ import annotations

from pathlib import Path

from tests.engine.readiness.golden.scene import Checked, Planned
from tests.engine.readiness.golden.tables import TABLES
from tgwizard.engine.access.required_rights import Writer
from tgwizard.engine.failover.failover_plan import plan
from tgwizard.engine.readiness.preflight import judge_preflight
from tgwizard.engine.readiness.readiness import run_readiness
from tgwizard.model.cluster import Verb
from tgwizard.model.failover_options import RunIntent
from tgwizard.model.finding import Finding, Readiness
from tgwizard.model.text import format_estimate

EXPECTED = Path(__file__).parent / "expected"
NEEDED_LIFE_S = 300.0


def judged(case: Checked) -> Readiness:
    """The findings of a case."""
    facts = case.facts
    intent = RunIntent(case.to, case.verb, fence=facts.fence, to_dead_machine=facts.to_dead_machine)
    ready = run_readiness(case.seen, intent, by_members=facts.by is Writer.MEMBERS)
    return judge_preflight(case.seen, facts, intent, ready, needed_life_s=NEEDED_LIFE_S).findings


def rendered(case: Checked | Planned) -> str:
    """The result of a case."""
    return _checked(case) if isinstance(case, Checked) else _planned(case)


def _checked(case: Checked) -> str:
    found = judged(case)
    against = found.reason_against(unknown_stops=case.verb is Verb.GRACEFUL)
    head = "allowed" if against is None else f"refused [{against.code}] {against.sentence()}"
    return "\n".join([head, *(line for finding in found.findings for line in _finding(finding))])


def _finding(finding: Finding) -> list[str]:
    evidence = f" ({finding.evidence})" if finding.evidence else ""
    lines = [f"  {finding.level.value:<15}{finding.fact}{evidence}"]
    problem = finding.problem
    if problem is not None:
        by = f" -- can be fixed by {problem.fixer}" if problem.fixer else ""
        lines.append(f"  {'':<15}[{problem.code}] {problem.fix or 'no cure named'}{by}")
    return lines


def _planned(case: Planned) -> str:
    intended = plan(case.seen, RunIntent(case.to, case.verb, case.strategy, case.fence), case.history)
    origin = intended.losing.name if intended.losing else "no member"
    usual, slowest = format_estimate(intended.gap.usual_s), format_estimate(intended.gap.slowest_s)
    gap = f"gap {usual}, slowest {slowest}: {intended.gap.basis}"
    lines = [f"{intended.address} from {origin} to {intended.to.name}, {format_estimate(intended.predicted_s)}, {gap}"]
    lines += [
        f"  step {step.step.value:<9} {format_estimate(step.predicted_s):<12} {step.sentence}"
        for step in intended.steps
    ]
    for change in intended.changes:
        lines.append(f"  {change.method} {change.path.split('/providers/')[-1]}: {change.sentence}")
        lines.append(f"    before: {change.before}; after: {change.after}; undo: {change.undo}")
        lines.append(f"    needs: {', '.join(change.permissions)}")
    return "\n".join(lines)


def document(group: str) -> str:
    """The whole expected file of a group."""
    cases = TABLES[group]().cases
    return "\n\n".join(f"=== {name}\n{rendered(case)}" for name, case in cases.items()) + "\n"


def expected(group: str) -> dict[str, str]:
    """The file as it is: the text of each case by name."""
    text = (EXPECTED / f"{group}.txt").read_text("utf-8")
    found = {}
    for part in text.split("=== ")[1:]:
        name, _, body = part.partition("\n")
        found[name] = body.strip("\n")
    return found
