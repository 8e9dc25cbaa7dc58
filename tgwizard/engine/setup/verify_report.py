"""What verifying came to as a page that prints: one HTML file, no script, nothing fetched, foreign text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from tgwizard import __version__
from tgwizard.engine.access.required_rights import scope_name
from tgwizard.engine.setup.verify import verify_sentence
from tgwizard.model.finding import Level
from tgwizard.model.setup_events import PropagationStage
from tgwizard.model.text import format_duration, printable, sanitize
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

_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.5 Inter, system-ui, sans-serif; margin: 32px auto; max-width: 960px; padding: 0 16px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 15px; margin: 28px 0 8px; }
p { margin: 4px 0; } .second { opacity: .75; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-bottom: 1px solid #8886; }
th { font-weight: 600; } td { overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""


def verify_report_page(result: VerifyResult) -> str:
    """The page."""
    head = (
        '<meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Set-up of {_text(result.cluster)}</title><style>{_STYLE}</style>"
    )
    cut = " It was cancelled before everything had been waited for." if result.cancelled else ""
    when = f"Verified {result.at:%Y-%m-%d %H:%M:%S} UTC by tgwizard {__version__}.{cut}"
    body = [
        f"<h1>Set-up of <bdi>{_text(result.cluster)}</bdi></h1>",
        f"<p>{_text(verify_sentence(result))}</p>",
        f'<p class="second">{_text(when)}</p>',
        "<h2>Effective yet?</h2>",
        _table(("Machine", "On", "Step", "State", "Measured"), _ticks(result)),
        "<h2>Rehearsal</h2>",
        '<p class="second">Worked out from roles, assignments, denials and locks. Nothing was written.</p>',
        _table(("What a failover does", *result.members), _rehearsal(result)),
        "<h2>Network</h2>",
        '<p class="second">Routes, firewalls in between and the machines\' own rules are not seen from here.</p>',
        _table(("Check", "Result", "Evidence"), _checks(result)),
        "<h2>Proof</h2>",
        *_proof(result),
    ]
    page = f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(body) + "\n</body></html>\n"
    return printable(page)


def _ticks(result: VerifyResult) -> Iterator[tuple[str, ...]]:
    for tick in result.ticks:
        yield tick.machine.name, scope_name(tick.scope), tick.tick.value, _state(tick), _measured(tick)


def _state(tick: StageSeen) -> str:
    state = "yes" if tick.done else _OPEN.get(tick.tick, "not yet")
    return f"{state}. {tick.sentence}" if tick.sentence else state


def _measured(tick: StageSeen) -> str:
    at = f"{tick.at:%Y-%m-%d %H:%M:%S} UTC" if tick.at and tick.done else ""
    took = format_duration(tick.seconds) if tick.seconds is not None else ""
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


def _proof(result: VerifyResult) -> Iterator[str]:
    if not result.proof and result.proved:
        yield "<p>Each machine's own identity was asked and allowed. No failover was made for it.</p>"
        return
    if not result.proof:
        yield "<p>Not made. A real failover there and back proves what the rehearsal works out.</p>"
        return
    rows = (
        (
            run.to,
            "done" if run.done else "not done",
            run.by.value,
            format_duration(run.seconds) if run.seconds is not None else "",
            format_duration(run.gap_s) if run.gap_s is not None else "",
            run.sentence,
        )
        for run in result.proof
    )
    yield _table(("To", "Outcome", "With the rights of", "Took", "Gap as read", "In words"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    top = "".join(f"<th>{_text(cell)}</th>" for cell in head)
    lines = ("<tr>" + "".join(f"<td><bdi>{_text(cell)}</bdi></td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _text(foreign: str) -> str:
    return escape(sanitize(foreign, 800))
