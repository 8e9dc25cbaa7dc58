"""What verifying came to, as a page that prints."""

from __future__ import annotations

from collections.abc import Iterator

from tgwizard import __version__
from tgwizard.engine.access.required_rights import scope_name
from tgwizard.engine.html_page import render_page
from tgwizard.engine.setup.verify import verify_sentence
from tgwizard.model.finding import Level
from tgwizard.model.setup_events import PropagationStage
from tgwizard.model.text import format_duration
from tgwizard.model.verify_result import RehearsalState, StageSeen, VerifyResult

LEVELS = {
    Level.BLOCKS: "stands in the way",
    Level.NOT_KNOWN: "not known",
    Level.WARNS: "look at this",
    Level.NOTE: "note",
    Level.PASSED: "in order",
}
"""The levels of a finding in words."""

_MARKS = {
    RehearsalState.MAY: "✓",
    RehearsalState.MAY_NOT: "✗",
    RehearsalState.RESTART: "◌",
    RehearsalState.WAITS: "◌",
    RehearsalState.NOT_KNOWN: "?",
    RehearsalState.NOT_USED: "–",
    RehearsalState.NOT_ASKED: "–",
}

_OPEN = {PropagationStage.PROVED: "no", PropagationStage.RESTARTED: "waits for you"}


def verify_report_page(result: VerifyResult) -> str:
    """The page."""
    cut = " It was cancelled before everything had been waited for." if result.cancelled else ""
    return render_page(
        "verify-report.html",
        cluster=result.cluster,
        sentence=verify_sentence(result),
        verified=f"Verified {result.at:%Y-%m-%d %H:%M:%S} UTC by tgwizard {__version__}.{cut}",
        stages=list(_stages(result)),
        rehearsal_heads=("What a failover does", *result.members),
        rehearsal=list(_rehearsal(result)),
        checks=list(_checks(result)),
        proof=list(_proof(result)),
        proved=result.proved,
    )


def _stages(result: VerifyResult) -> Iterator[tuple[str, ...]]:
    for stage in result.stages:
        yield stage.machine.name, scope_name(stage.scope), stage.stage.value, _state(stage), _measured(stage)


def _state(stage: StageSeen) -> str:
    state = "yes" if stage.done else _OPEN.get(stage.stage, "not yet")
    return f"{state}. {stage.sentence}" if stage.sentence else state


def _measured(stage: StageSeen) -> str:
    at = f"{stage.at:%Y-%m-%d %H:%M:%S} UTC" if stage.at and stage.done else ""
    took = format_duration(stage.seconds) if stage.seconds is not None else ""
    return ", ".join(part for part in (took, at) if part)


def _rehearsal(result: VerifyResult) -> Iterator[tuple[str, ...]]:
    for row in result.rehearsal:
        cells = (f"{_MARKS[cell.may]} {cell.may.value}{f': {cell.why}' if cell.why else ''}" for cell in row.cells)
        yield row.sentence, *cells


def _checks(result: VerifyResult) -> Iterator[tuple[str, ...]]:
    for item in result.checks:
        finding = item.finding
        fix = finding.problem.fix if finding.problem else ""
        yield finding.fact, LEVELS[finding.level], " ".join(part for part in (finding.evidence, fix) if part)


def _proof(result: VerifyResult) -> Iterator[tuple[str, ...]]:
    for run in result.proof:
        yield (
            run.to,
            "done" if run.done else "not done",
            run.by.value,
            format_duration(run.seconds) if run.seconds is not None else "",
            format_duration(run.gap_s) if run.gap_s is not None else "",
            run.sentence,
        )
