"""The timeline: one outage is one pair of lines, by what was lost, however many sources fell silent in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.rig import Rig
from tgwizard.engine.observe import Observer
from tgwizard.gui.cluster.event_timeline import EventLog
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.model.event_base import Stamp
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import LocationKind
from tgwizard.model.verdict import Verdict, VerdictName, assess
from tgwizard.model.watch_events import Observed, Source, SourceBack, SourceLost

START = datetime(2026, 1, 1, tzinfo=UTC)
UNREACHED = Problem("azure-not-reached", "The request to read x was not sent.", "Azure could not be reached.")
STOPPED = Problem("lab-stopped", "The lab has stopped.", "Nothing answers.")
NAME = "edge-dallas"


def stamp(seconds: float) -> Stamp:
    return Stamp(START + timedelta(seconds=seconds), seconds)


def lost(log: EventLog, source: Source, seconds: float, problem: Problem = UNREACHED) -> None:
    log.take_source(SourceLost(stamp(seconds), NAME, source, problem))


def back(log: EventLog, source: Source, seconds: float) -> None:
    log.take_source(SourceBack(stamp(seconds), NAME, source))


def lines(log: EventLog) -> list[str]:
    """What is said, oldest first."""
    return [event.sentence for event in reversed(log.events)]


def test_that_an_outage_of_azure_is_one_pair_of_lines(lab: Rig) -> None:
    log = EventLog(lab.setup)
    for place, source in enumerate(Source):
        lost(log, source, place)
    for place, source in enumerate(Source):
        back(log, source, 60 + place)
    assert lines(log) == [
        "Azure cannot be reached",
        "Azure answers again after 64 s",
    ]
    assert [event.shape for event in log.events] == [Shape.GOOD, Shape.WARNING]


def test_that_sources_that_come_and_go_within_an_outage_are_no_news(lab: Rig) -> None:
    log = EventLog(lab.setup)
    lost(log, Source.FIRST_NIC, 0)
    lost(log, Source.SECOND_NIC, 1)
    back(log, Source.FIRST_NIC, 5)
    lost(log, Source.FIRST_NIC, 6)
    assert len(lines(log)) == 1
    back(log, Source.FIRST_NIC, 9)
    back(log, Source.SECOND_NIC, 9)
    assert len(lines(log)) == 2
    lost(log, Source.FIRST_NIC, 20)
    assert len(lines(log)) == 3, "the next outage is another one"


def test_that_one_resource_that_cannot_be_read_is_named_and_a_second_one_joins_its_line(lab: Rig) -> None:
    log, refused = EventLog(lab.setup), Problem("not-allowed", "You may not read tg-node-b.")
    lost(log, Source.SECOND_VM, 0, refused)
    assert lines(log) == ["VM tg-node-b cannot be read: You may not read tg-node-b."]
    lost(log, Source.FIRST_VM, 1, refused)
    assert lines(log) == ["VM tg-node-a and VM tg-node-b cannot be read: You may not read tg-node-b."]
    back(log, Source.FIRST_VM, 2)
    back(log, Source.SECOND_VM, 2)
    assert lines(log)[-1] == "VM tg-node-a and VM tg-node-b can be read again after 2 s"


@pytest.mark.parametrize("told_first", [True, False])
def test_that_an_outage_is_called_what_it_is_when_the_lab_has_stopped(lab: Rig, told_first: bool) -> None:
    log = EventLog(lab.setup)
    if told_first:
        log.tell_place(STOPPED)
    lost(log, Source.FIRST_NIC, 0)
    lost(log, Source.SECOND_NIC, 0)
    log.tell_place(STOPPED)
    assert lines(log) == ["The lab has stopped"]
    log.tell_place(None)
    back(log, Source.FIRST_NIC, 30)
    back(log, Source.SECOND_NIC, 30)
    assert lines(log) == ["The lab has stopped", "The lab answers again after 30 s"]
    lost(log, Source.FIRST_NIC, 90)
    assert lines(log)[-1].startswith("Azure cannot be reached")


def observed(lab: Rig, verdict: Verdict) -> Observed:
    snapshot = Observer(lab.services.azure, lab.clock, lab.setup).look()
    assert snapshot.place.kind is LocationKind.MEMBER
    return Observed(stamp(0), NAME, snapshot, verdict)


def test_that_a_verdict_that_is_not_known_for_the_outage_alone_is_no_line_of_its_own(lab: Rig) -> None:
    log, snapshot = EventLog(lab.setup), Observer(lab.services.azure, lab.clock, lab.setup).look()
    fine = assess(snapshot)
    unknown = replace(fine, name=VerdictName.NOT_KNOWN, sentence="Last known 40 s ago: tg-node-a held 10.20.2.50")
    assert not log.take_verdict(observed(lab, fine)), "the first is no news"
    lost(log, Source.FIRST_NIC, 0)
    assert log.take_verdict(observed(lab, unknown))
    back(log, Source.FIRST_NIC, 40)
    assert log.take_verdict(observed(lab, fine))
    assert lines(log) == ["Azure cannot be reached", "Azure answers again after 40 s"]
    moved = replace(fine, name=VerdictName.ON_NO_NIC, sentence="On no NIC: 10.20.2.50 is attached to neither member")
    assert log.take_verdict(observed(lab, moved))
    assert lines(log)[-1].startswith("On no NIC")
