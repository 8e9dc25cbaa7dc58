"""The report of one run as a page that prints: one HTML file, no script, nothing fetched, foreign text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape

from tgwizard import __version__
from tgwizard.engine.history.run_history import JournalledAttempt, NicComparison, RunHistory
from tgwizard.engine.runs.records import HolderRecord, WriteAnswer
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Step
from tgwizard.model.failover_options import Strategy
from tgwizard.model.snapshot import LocationKind
from tgwizard.model.text import format_duration, printable, sanitize

OUTCOMES = {
    Outcome.DONE: "Done",
    Outcome.REFUSED: "Refused",
    Outcome.FAILED: "Failed",
    Outcome.UNKNOWN: "Not known",
    Outcome.CANCELLED: "Cancelled",
    Outcome.YIELDED: "Yielded",
}
"""The outcomes as people read them."""

ANSWERS = {
    WriteAnswer.ACCEPTED: "accepted",
    WriteAnswer.REFUSED: "refused",
    WriteAnswer.NOT_SENT: "not sent",
    WriteAnswer.UNKNOWN: "answer lost",
    None: "no answer recorded",
}
"""What came back for a write, in words."""

STEPS = {
    Step.CHECK: "check",
    Step.FENCE: "stop",
    Step.DETACH: "detach",
    Step.ATTACH: "attach",
    Step.CONFIRM: "confirm",
    Step.PUT_BACK: "put back",
    Step.MOVE: "move",
    Step.GUIDE: "guide",
}
"""The steps in words, for tables."""

_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.5 Inter, system-ui, sans-serif; margin: 32px auto; max-width: 960px; padding: 0 16px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 15px; margin: 28px 0 8px; }
p { margin: 4px 0; } .second { opacity: .75; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-bottom: 1px solid #8886; }
th { font-weight: 600; } td { overflow-wrap: anywhere; }
code { font: 12px "JetBrains Mono", ui-monospace, monospace; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""


PLACES = {
    LocationKind.MEMBER: "held by {who}",
    LocationKind.RELEASING: "being released, {who} is updated",
    LocationKind.ATTACHING: "being attached to {who}",
    LocationKind.NO_NIC: "on no network interface",
    LocationKind.FOREIGN_NIC: "held by {who}, which is no member",
    LocationKind.BOTH: "named by both interfaces, one answer must be old",
    LocationKind.NOT_KNOWN: "not known",
}
"""Where a guided run saw the address, in words."""


def kind(verb: Verb, strategy: Strategy, *, repair: bool) -> str:
    """What a run was, in a word or two."""
    if strategy is Strategy.GUIDED:
        return "Guided failover"
    if repair:
        return "Repair in Azure"
    return "Failover" if verb is Verb.GRACEFUL else "Forced failover"


def title(run: RunHistory) -> str:
    """What the run was meant to do."""
    began = run.began
    return f"{kind(began.verb, began.strategy, repair=began.repair)} of {began.address} to {began.to}"


def sighting(seen: HolderRecord) -> str:
    """What a guided run saw, in words."""
    return PLACES[seen.place].format(who=sanitize(seen.who, 120))


def outcome(run: RunHistory) -> str:
    """How it ended, in a word or two."""
    return OUTCOMES[run.ended.outcome] if run.ended else "Not finished"


def reason(run: RunHistory) -> str:
    """Why it ended so; for one without an end, what that means."""
    if run.ended:
        return run.ended.reason
    what = "The journal holds no end of it: it was interrupted, or is still under way."
    if not run.began.writes:
        return f"{what} tgwizard only watched, so nothing has to be resumed."
    return f"{what} tgwizard resume {run.began.cluster} goes on."


def local(at: str) -> str:
    """A moment of the journal in local time, as a person at this computer reads it."""
    try:
        return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return at


def run_report_page(run: RunHistory, setup: ClusterSetup) -> str:
    """The whole page. Times are UTC, and said to be."""
    began, ended = run.began, run.ended
    facts = [
        ("Outcome", f"{outcome(run)}: {reason(run)}"),
        ("Cluster", f"{setup.name}{' (lab)' if setup.is_lab else ''}"),
        ("Floating IP", began.address),
        ("From, to", f"{began.other}, {began.to}" if began.configuration else f"no member, {began.to}"),
        ("Began", _when(began.at)),
        ("Ended", _when(ended.at) if ended else "no end recorded"),
        ("Holder at the end", _holder(run)),
    ]
    if ended and ended.seconds is not None:
        span = "the first write" if began.writes else "the first change that was seen"
        facts.append(("Control-plane time", f"{format_duration(ended.seconds)}, from {span} to the proof"))
    if ended and ended.gap.words:
        facts.append(("Gap as read", f"{ended.gap.words}, between our readings of the interfaces"))
    if run.turned_back:
        facts.append(("Turned back", run.turned_back))
    if ended and ended.detail:
        facts.append(("Details", ended.detail))
    facts += [("Run", run.run), ("Subscription", setup.subscription)]
    parts = [
        f"<h1>{_text(title(run))}</h1>",
        f'<p class="second">{_text(outcome(run))}. Report of tgwizard {_text(__version__)}. All times are UTC.</p>',
        _table(("", ""), facts),
        "<h2>Steps</h2>",
        _table(("Step", "Ended", "Took"), [(s.sentence, _when(s.at), format_duration(s.seconds)) for s in run.steps]),
        *_seen_or_sent(run),
        "<h2>Both interfaces, before and after</h2>",
        _table(("Interface", "Floating configuration", "Changed by others, kept"), list(_compared(run.compared))),
        "<h2>Resource ids</h2>",
        _table(("", ""), [(f"{member.name}, interface", member.nic.text) for member in setup.members]),
    ]
    head = f'<meta charset="utf-8"><title>{_text(title(run))}</title><style>{_STYLE}</style>'
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    return printable(
        f'<!doctype html>\n<html lang="en"><head>{policy}{head}</head><body>\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _seen_or_sent(run: RunHistory) -> list[str]:
    if not run.began.writes:
        rows = [(_when(seen.at), sighting(seen)) for seen in run.sightings]
        none = '<p class="second">None: Trustgrid\'s members move the address in a guided failover.</p>'
        return [
            "<h2>What was seen</h2>",
            _table(("At", "The floating IP"), rows),
            "<h2>Writes sent to Azure</h2>",
            none,
        ]
    heads = ("Step", "On", "Sent", "Answer", "Our request id", "Azure's request id")
    return ["<h2>Writes sent to Azure</h2>", _table(heads, [_write(attempt) for attempt in run.attempts])]


def _write(attempt: JournalledAttempt) -> tuple[str, ...]:
    answer = ANSWERS[attempt.answer] + (f", {attempt.problem}" if attempt.problem else "")
    return STEPS[attempt.step], attempt.member, _when(attempt.at), answer, attempt.request, attempt.arm_request


def _compared(interfaces: Iterable[NicComparison]) -> Iterator[tuple[str, ...]]:
    for seen in interfaces:
        others = "; ".join(f"{item.path} was {item.before}, is {item.after}" for item in seen.by_other)
        nothing = "nothing" if seen.known else "not known"
        yield f"{seen.nic} of {seen.member}", seen.sentence, others or nothing


def _holder(run: RunHistory) -> str:
    if run.ended is None:
        return "not known"
    return run.ended.holder or "on no network interface"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["<table>"]
    if any(heads):
        lines.append("<tr>" + "".join(f"<th>{_text(head)}</th>" for head in heads) + "</tr>")
    body = [f"<tr>{_cells(row, heads)}</tr>" for row in rows]
    if not body:
        return '<p class="second">None recorded.</p>'
    return "\n".join([*lines, *body, "</table>"])


def _cells(row: tuple[str, ...], heads: tuple[str, ...]) -> str:
    """A row's cells; in a table without heads the first of them is one."""
    kinds = ["td" if any(heads) or at else "th" for at in range(len(row))]
    return "".join(f"<{kind}>{_text(cell)}</{kind}>" for kind, cell in zip(kinds, row, strict=True))


def _text(foreign: str) -> str:
    return escape(sanitize(foreign, 2000), quote=True)


def _when(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S.%f}"[:-3]
    except ValueError:
        return at
