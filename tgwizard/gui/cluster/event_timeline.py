"""What the Events card shows: engine events and journal records as one kind of line, newest first.

``EventLog`` keeps the lines of one cluster; one outage is one pair of lines.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from tgwizard.engine.history.run_report import kind
from tgwizard.engine.runs.records import Record, RunEndRecord, VerdictChanged
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.cards import Card, PageScroll
from tgwizard.gui.widgets.check_rows import TimelineRow
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.layouts import clear
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Finished
from tgwizard.model.failover_options import Strategy
from tgwizard.model.problem import Problem
from tgwizard.model.service_gap import times_told
from tgwizard.model.text import Moments, format_age, join_words, sanitize
from tgwizard.model.verdict import VerdictName
from tgwizard.model.watch_events import Observed, Source, SourceBack, SourceLost

_VERDICTS = {
    VerdictName.IN_SYNC: Shape.GOOD,
    VerdictName.MOVING: Shape.MOVING,
    VerdictName.NOT_KNOWN: Shape.NOT_KNOWN,
}

_OUTCOMES = {
    Outcome.DONE: Shape.GOOD,
    Outcome.REFUSED: Shape.NOTE,
    Outcome.CANCELLED: Shape.NOTE,
    Outcome.YIELDED: Shape.WARNING,
    Outcome.UNKNOWN: Shape.NOT_KNOWN,
    Outcome.FAILED: Shape.BROKEN,
}


def outcome_shape(outcome: Outcome) -> Shape:
    """The state shape of how a run ended."""
    return _OUTCOMES[outcome]


@dataclass(frozen=True, slots=True)
class EventShown:
    """One line of the timeline. ``run``: the run of ours that it ends, whose page it leads to; empty for others."""

    at: datetime
    shape: Shape
    sentence: str
    source: str
    run: str = ""

    def when(self, moments: Moments, today: datetime) -> str:
        """The time: to the second today, with the date before."""
        return moments.time(self.at) if today - self.at < timedelta(hours=20) else moments.day(self.at)


def of_verdict(event: Observed) -> EventShown:
    """A new verdict as a line."""
    return EventShown(event.stamp.at, _verdict_shape(event.verdict.name.value), event.verdict.sentence, "Azure")


def of_end(event: Finished, verb: Verb | None) -> EventShown:
    """The end of a run as a line; `verb` is known once the run has started."""
    sentence = end_sentence(event, verb)
    return EventShown(event.stamp.at, outcome_shape(event.outcome), sentence, "tgwizard", event.run)


def of_record(record: Record, _setup: ClusterSetup) -> EventShown | None:
    """A journal record as a line; None for records that are part of another line."""
    match record:
        case RunEndRecord():
            words = _ended(record), "tgwizard"
            return EventShown(_moment(record.at), outcome_shape(record.outcome), *words, record.run)
        case VerdictChanged():
            return EventShown(_moment(record.at), _verdict_shape(record.verdict), sanitize(record.sentence), "Azure")
        case _:
            return None


def _name(verb: Verb | None) -> str:
    return {None: "Failover", Verb.GRACEFUL: "Graceful failover", Verb.FORCED: "Forced failover"}[verb]


def end_sentence(event: Finished, verb: Verb | None) -> str:
    """How a run ended, in one sentence."""
    member = event.place.member.name if event.place.member is not None else ""
    times = times_told(event.seconds, event.gap)
    if event.outcome is Outcome.DONE:
        return f"{_name(verb)} to {member}" + (f" {', '.join(times)}" if times else "")
    words = {
        Outcome.REFUSED: "refused",
        Outcome.CANCELLED: "cancelled",
        Outcome.YIELDED: "yielded to someone else",
        Outcome.UNKNOWN: "ended, outcome not known",
        Outcome.FAILED: "failed",
    }[event.outcome]
    return f"{_name(verb)} {words}: {event.reason}" if event.reason else f"{_name(verb)} {words}"


def _ended(record: RunEndRecord) -> str:
    verb = _name(record.verb)
    if record.repair or record.strategy is Strategy.GUIDED:
        verb = kind(record.verb, record.strategy, repair=record.repair)
    if record.outcome is Outcome.DONE:
        times = times_told(record.seconds, record.gap)
        return f"{verb} to {record.to}" + (f" {', '.join(times)}" if times else "")
    return f"{verb} to {record.to}: {record.outcome.value}" + (f", {record.reason}" if record.reason else "")


def _verdict_shape(value: str) -> Shape:
    name = next((verdict for verdict in VerdictName if verdict.value == value), VerdictName.NOT_KNOWN)
    return _VERDICTS.get(name, Shape.BROKEN)


def source_name(source: Source, setup: ClusterSetup) -> str:
    """What a source reads."""
    first, second = setup.members
    return {
        Source.FIRST_NIC: first.nic.name,
        Source.SECOND_NIC: second.nic.name,
        Source.FIRST_VM: f"VM {first.vm.name}",
        Source.SECOND_VM: f"VM {second.vm.name}",
        Source.OTHER_NICS: "The search for other holders",
    }[source]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


KEPT = 200

_NOT_REACHED = "azure-not-reached"
_NOT_AZURES = {_NOT_REACHED, "answer-lost", "certificate-not-accepted"}
"""Problems of the way to Azure: they say nothing of the one resource that was asked for."""


@dataclass(slots=True)
class _Outage:
    """Sources that are silent for the same reason. `line`: what was said of it, to be replaced while it grows."""

    began: datetime
    silent: set[Source] = field(default_factory=set)
    met: set[Source] = field(default_factory=set)
    line: EventShown | None = None
    whole: bool = False
    """Whether it is Azure that cannot be reached, and not one resource."""


class EventLog:
    """Takes events and records; whoever shows it asks for `events`."""

    def __init__(self, setup: ClusterSetup) -> None:
        self._setup = setup
        self._outages: dict[str, _Outage] = {}
        self._verdict: VerdictName | None = None
        self._before: VerdictName | None = None
        self._place: Problem | None = None
        self.events: tuple[EventShown, ...] = ()

    def add(self, shown: EventShown) -> None:
        """Say one thing more."""
        self.events = (shown, *self.events)[:KEPT]

    def add_past(self, records: Iterable[Record]) -> None:
        """Say what the journal holds, below what happened since."""
        old = [shown for record in records if (shown := of_record(record, self._setup)) is not None]
        self.events = (*self.events, *old)[:KEPT]

    # Readings ----------------------------------------------------------------------------------------------------

    def take_verdict(self, event: Observed) -> bool:
        """Note the verdict; whether it is another one than before, and not the first."""
        name, known = event.verdict.name, self._verdict
        if name is known:
            return False
        self._verdict = name
        if known is None:
            return False
        if name is VerdictName.NOT_KNOWN:
            self._before = known
        silent = name is VerdictName.NOT_KNOWN and bool(self._outages)
        same_again = known is VerdictName.NOT_KNOWN and name is self._before
        if not silent and not same_again:
            self.add(of_verdict(event))
        return True

    # Outages -----------------------------------------------------------------------------------------------------

    def take_source(self, event: SourceLost | SourceBack) -> None:
        """A source is silent, or answers again."""
        if isinstance(event, SourceLost):
            self._lose(event)
        else:
            self._regain(event)

    def _lose(self, event: SourceLost) -> None:
        """A source is silent: a new outage, or one more of those that are silent already."""
        whole = event.problem.code in _NOT_AZURES
        outage = self._outages.setdefault("" if whole else event.problem.code, _Outage(event.stamp.at, whole=whole))
        outage.silent.add(event.source)
        if event.source in outage.met:
            return
        outage.met.add(event.source)
        self._say(outage, self._lost_words(outage, event.problem))

    def _regain(self, event: SourceBack) -> None:
        """A source answers again; when it was the last one the outage is over."""
        for code, outage in tuple(self._outages.items()):
            outage.silent.discard(event.source)
            if not outage.silent:
                del self._outages[code]
                lasted = format_age((event.stamp.at - outage.began).total_seconds()).removesuffix(" ago")
                words = f"{self._back_words(outage)}{'' if lasted == 'now' else f' after {lasted}'}"
                self.add(EventShown(event.stamp.at, Shape.GOOD, words, "Azure"))

    def tell_place(self, problem: Problem | None) -> None:
        """Why nothing answers at all, when that is known: the outage is called so; None: it is over."""
        outage = self._outages.get("")
        if problem is not None:
            self._place = problem
            if outage is not None:
                self._say(outage, problem.what.rstrip("."))
        elif outage is None:
            self._place = None

    def _say(self, outage: _Outage, sentence: str) -> None:
        """Say what the outage is, in the place of what was said of it before."""
        if outage.line is not None and outage.line in self.events:
            line = replace(outage.line, sentence=sentence)
            self.events = tuple(line if one is outage.line else one for one in self.events)
        else:
            line = EventShown(outage.began, Shape.WARNING, sentence, "Azure")
            self.add(line)
        outage.line = line

    def _lost_words(self, outage: _Outage, problem: Problem) -> str:
        if not outage.whole:
            return f"{self._names(outage)} cannot be read: {problem.what}"
        if self._place is not None:
            return self._place.what.rstrip(".")
        plain = problem.code == _NOT_REACHED
        return "Azure cannot be reached" if plain else f"Azure cannot be reached: {problem.why}"

    def _back_words(self, outage: _Outage) -> str:
        if not outage.whole:
            return f"{self._names(outage)} can be read again"
        place, self._place = self._place, None
        return "Azure answers again" if place is None else "The lab answers again"

    def _names(self, outage: _Outage) -> str:
        return join_words(source_name(source, self._setup) for source in Source if source in outage.met)


ROWS = 8


class EventsCard(Card):
    """The timeline, newest first. `run_asked(run)` when the end of a run of ours was chosen."""

    run_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Events", spacing=0, parent=parent)
        nothing = "Nothing has happened since tgwizard began to watch this cluster."
        self._empty = TextLabel(theme, nothing, token=Token.TEXT2, wrap=True)
        self._list = QWidget()
        self._list.setAccessibleName("Events, newest first")
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, theme.px(4), 0, 0)
        self._rows.setSpacing(0)
        self._shown: tuple[EventShown, ...] = ()
        self.runs: dict[str, TimelineRow] = {}
        """The rows that lead to a run, by the run."""
        self._today = datetime.now().astimezone()
        self._narrow = False
        self._note = TextLabel(theme, "newest first", TextRole.CAPTION, Token.TEXT2)
        self._note.hide()
        self.head.addWidget(self._note)
        self.body.addSpacing(2)
        self.notices = QVBoxLayout()
        self.notices.setSpacing(theme.px(8))
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(6))
        column.addLayout(self.notices)
        column.addWidget(self._empty)
        column.addWidget(self._list)
        column.addStretch(1)
        self._scroll = PageScroll(theme, content, "Events")
        self.body.addWidget(self._scroll, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences shown, newest first."""
        return tuple(event.sentence for event in self._shown)

    def set_lines(self, lines: int) -> None:
        """Room for so many events at least; more of them scroll."""
        line = QFontMetricsF(self.theme.font(TextRole.BODY)).height() + self.theme.px(12)
        self._scroll.setMinimumHeight(math.ceil(lines * line))

    def add_notice(self, box: QWidget) -> None:
        """Put what should be known above the events."""
        self.notices.addWidget(box)
        self._scroll.verticalScrollBar().setValue(0)

    def set_narrow(self, narrow: bool) -> None:
        """Sentences stand below their times, in a column of its own."""
        if narrow is not self._narrow:
            self._narrow = narrow
            self._fill()

    def show_events(self, events: tuple[EventShown, ...], today: datetime) -> None:
        """Show the newest of `events`."""
        newest = events[:ROWS]
        if newest != self._shown:
            self._shown, self._today = newest, today
            self._fill()

    def _fill(self) -> None:
        focused = next((run for run, row in self.runs.items() if row.link is not None and row.link.hasFocus()), "")
        self.runs.clear()
        clear(self._rows)
        for event in self._shown:
            moments = self.theme.moments
            when, tip = event.when(moments, self._today), moments.both(event.at)
            words = (event.shape, when, tip, event.sentence, event.source)
            leads_to = f"Open in History: {event.sentence}" if event.run else ""
            row = TimelineRow(self.theme, *words, narrow=self._narrow, leads_to=leads_to)
            if event.run:
                row.opened.connect(partial(self.run_asked.emit, event.run))
                self.runs[event.run] = row
            self._rows.addWidget(row)
        if focused in self.runs and (link := self.runs[focused].link) is not None:
            link.setFocus()
        self._empty.setVisible(not self._shown)
        self._note.setVisible(bool(self._shown))
