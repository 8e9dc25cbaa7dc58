"""The past as one list, newest first, and what it can be narrowed to: the same for window and command line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cached_property

from tgwizard.engine.history import run_report
from tgwizard.engine.history.run_history import RunHistory, WholeHistory
from tgwizard.engine.history.setup_history import SetupRun
from tgwizard.engine.runs.records import VerdictChanged
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.run_origin import RunOrigin
from tgwizard.model.text import LOCAL_TIME, Moments, sanitize


class EntryKind(Enum):
    """What an entry is."""

    RUN = "run"
    SETUP = "setup"
    VERDICT = "verdict"


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that happened, in words: ``what`` it was, ``verb`` in a word or two, ``note`` how it ended.

    ``by``: who began it and from where; empty for what only was seen. ``source`` is what it was made of, with the
    cluster it belongs to; None: of one of which no file is kept here.
    """

    kind: EntryKind
    at: datetime
    cluster: str
    verb: str
    what: str
    note: str
    by: str
    source: RunHistory | SetupRun | VerdictChanged
    setup: ClusterSetup | None = None

    @cached_property
    def searched(self) -> str:
        """All that a search looks through, made once: there may be thousands. Times are found as local and as UTC."""
        times = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (self.at.astimezone(), self.at.astimezone(UTC)))
        return " ".join((*times, self.cluster, self.verb, self.what, self.note, self.by)).casefold()


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What of the past is wanted. ``words`` must all occur; ``since`` and ``until`` are days of the time told, both
    included.
    """

    words: str = ""
    since: date | None = None
    until: date | None = None
    kind: EntryKind | None = None
    moments: Moments = LOCAL_TIME

    def admits(self, entry: HistoryEntry) -> bool:
        """Whether the entry is wanted."""
        day = self.moments.here(entry.at).date()
        if (self.since is not None and day < self.since) or (self.until is not None and day > self.until):
            return False
        if self.kind not in (None, entry.kind):
            return False
        return all(word in entry.searched for word in self.words.casefold().split())


def parse_day(typed: str) -> date | None:
    """A day as it is typed, 2026-11-30; None for an empty text. UserError: it is none."""
    text = typed.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        what = f"{sanitize(text, 40)} is no day."
        fix = "Write it as year, month and day, such as 2026-11-30."
        raise UserError(Problem("no-day", what, "", fix)) from error


def entries_of(history: WholeHistory) -> tuple[HistoryEntry, ...]:
    """Everything, newest first."""
    found: list[HistoryEntry] = []
    for cluster in history.clusters:
        setup = cluster.setup
        found += [_run(run, setup) for run in cluster.runs]
        found += [_setup(run, setup) for run in cluster.setups]
        found += [_verdict(seen, setup) for seen in cluster.verdicts]
    found += [_setup(run, None) for run in history.unsaved]
    return tuple(sorted(found, key=lambda entry: entry.at, reverse=True))


def _run(run: RunHistory, setup: ClusterSetup) -> HistoryEntry:
    began = run.began
    told = run_report.measured(run)
    done = run.ended is not None and run_report.outcome(run) == "Done"
    note = ", ".join(_parts(run_report.outcome(run), told)) if done else _ended(run, told)
    return HistoryEntry(
        EntryKind.RUN,
        moment(began.at),
        sanitize(setup.name),
        run_report.kind(began.verb, began.strategy, repair=began.repair),
        sanitize(run_report.title(run)),
        sanitize(note),
        _by(began.origin),
        run,
        setup,
    )


def _ended(run: RunHistory, told: str) -> str:
    return f"{run_report.outcome(run)}: {run_report.reason(run)}" + (f" ({told})" if told else "")


def _setup(run: SetupRun, setup: ClusterSetup | None) -> HistoryEntry:
    return HistoryEntry(
        EntryKind.SETUP,
        moment(run.began.at),
        sanitize(setup.name) if setup is not None else "",
        run.verb,
        run.title,
        f"{run_report.setup_outcome(run)}: {run_report.setup_reason(run)}",
        _by(run.began.origin),
        run,
        setup,
    )


def _verdict(seen: VerdictChanged, setup: ClusterSetup) -> HistoryEntry:
    name, what = sanitize(setup.name), sanitize(seen.sentence)
    return HistoryEntry(EntryKind.VERDICT, moment(seen.at), name, "Seen", what, "", "", seen, setup)


def _by(origin: RunOrigin | None) -> str:
    return "" if origin is None else run_report.began_by(origin)


def _parts(*words: str) -> Iterator[str]:
    return (word for word in words if word)


def moment(text: str) -> datetime:
    """A moment of the journal; the beginning of time when it cannot be read."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
