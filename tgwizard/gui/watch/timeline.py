"""What the Events card shows: engine events and journal records as one kind of line (gui/README.md 6, Timeline)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tgwizard.engine.history.run_report import kind
from tgwizard.engine.runs.records import Ended, Record, VerdictChanged
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Finished, Observed, Source
from tgwizard.model.failover_options import Strategy
from tgwizard.model.text import measured, tame, utc
from tgwizard.model.verdict import VerdictName

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

    def local(self, today: datetime) -> str:
        """Local time: to the second today, with the date before."""
        here = self.at.astimezone()
        if today.astimezone() - here < timedelta(hours=20):
            return here.strftime("%H:%M:%S")
        return here.strftime("%d %b %H:%M")

    @property
    def utc(self) -> str:
        """UTC, for the tooltip."""
        return utc(self.at)


def of_verdict(event: Observed) -> EventShown:
    """A new verdict as a line."""
    return EventShown(event.stamp.at, _verdict_shape(event.verdict.name.value), event.verdict.sentence, "Azure")


def of_end(event: Finished, verb: Verb | None) -> EventShown:
    """The end of a run as a line; `verb` is known once the run has started."""
    sentence = end_sentence(event, verb)
    return EventShown(event.stamp.at, outcome_shape(event.outcome), sentence, f"run {event.run[:8]}", event.run)


def of_record(record: Record, _setup: ClusterSetup) -> EventShown | None:
    """A journal record as a line; None for records that are part of another line."""
    match record:
        case Ended():
            words = _ended(record), f"run {record.run[:8]}"
            return EventShown(_moment(record.at), outcome_shape(record.outcome), *words, record.run)
        case VerdictChanged():
            return EventShown(_moment(record.at), _verdict_shape(record.verdict), tame(record.sentence), "Azure")
        case _:
            return None


def _name(verb: Verb | None) -> str:
    return {None: "Failover", Verb.GRACEFUL: "Graceful failover", Verb.FORCED: "Forced failover"}[verb]


def end_sentence(event: Finished, verb: Verb | None) -> str:
    """How a run ended, in one sentence."""
    member = event.place.member.name if event.place.member is not None else ""
    times = [f"in {measured(event.seconds)}"] if event.seconds is not None else []
    if event.gap.words:
        times.append(f"gap as read {event.gap.words}")
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


def _ended(record: Ended) -> str:
    verb = _name(record.verb)
    if record.repair or record.strategy is Strategy.GUIDED:
        verb = kind(record.verb, record.strategy, repair=record.repair)
    if record.outcome is Outcome.DONE:
        times = [f"in {measured(record.seconds)}"] if record.seconds is not None else []
        if record.gap.words:
            times.append(f"gap as read {record.gap.words}")
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
