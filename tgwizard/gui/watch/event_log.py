"""The lines of one cluster's timeline: what happened, newest first. One outage is one pair of lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from tgwizard.engine.runs.records import Record
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.watch.timeline import EventShown, of_record, of_verdict, source_name
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Observed, Source, SourceBack, SourceLost
from tgwizard.model.problem import Problem
from tgwizard.model.text import age, listed
from tgwizard.model.verdict import VerdictName

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
                lasted = age((event.stamp.at - outage.began).total_seconds()).removesuffix(" ago")
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
        return listed(source_name(source, self._setup) for source in Source if source in outage.met)
