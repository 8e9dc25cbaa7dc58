"""The pages of the past: what is listed, what a run shows, what a report is kept as, and what is told when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unicodedata import category

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, accessible_name, open_desk
from tests.gui.walk import clipped, nameless, overlapping
from tests.spoil import HOSTILE, spoilt
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import fail_over
from tgwizard.engine.history.report_folder import ReportFolder
from tgwizard.engine.history.run_history import ClusterHistory, cluster_history
from tgwizard.engine.runs.records import VerdictChanged
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.event_timeline import EventShown
from tgwizard.gui.history.history_list import HistoryRowKind
from tgwizard.gui.history.history_page import HistoryPage
from tgwizard.gui.history.history_reader import HistoryLoaded
from tgwizard.gui.history.reports_page import ReportsPage
from tgwizard.gui.history.run_details import RunDetails
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.check_rows import TimelineRow
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event
from tgwizard.model.problem import Problem
from tgwizard.model.text import LOCAL_TIME, sanitize


@pytest.fixture
def desk(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Desk]:
    made, end = open_desk(theme, tmp_path)
    yield made
    end()
    QApplication.processEvents()


def move(desk: Desk) -> str:
    """One failover to tg-node-b, done before the page is looked at."""
    events: list[Event] = []
    rig = desk.rig
    ended = fail_over(rig.services, rig.setup, rig.b, Verb.GRACEFUL, events.append, CancelToken())
    assert ended.outcome is Outcome.DONE
    return ended.run


def history(desk: Desk) -> HistoryPage:
    page = desk.window.pages.page(NavPage.HISTORY)
    assert isinstance(page, HistoryPage)
    return page


def reports(desk: Desk) -> ReportsPage:
    page = desk.window.pages.page(NavPage.REPORTS)
    assert isinstance(page, ReportsPage)
    return page


def listed(desk: Desk, qtbot: QtBot) -> HistoryPage:
    """The History page, with at least one run read."""
    desk.window.go_to(NavPage.HISTORY)
    page = history(desk)
    qtbot.waitUntil(lambda: any(row.kind is HistoryRowKind.RUN for row in page.list.shown.rows), timeout=PATIENCE_MS)
    return page


def test_that_a_kind_of_which_there_is_none_says_so(desk: Desk, qtbot: QtBot) -> None:
    desk.window.go_to(NavPage.HISTORY)
    qtbot.waitUntil(lambda: desk.says("Failovers 0"), timeout=PATIENCE_MS)
    desk.press("Failovers 0")
    qtbot.waitUntil(
        lambda: desk.says("None of this kind.") or desk.says("Nothing has happened yet."), timeout=PATIENCE_MS
    )
    assert not history(desk).list.isVisible()


def test_that_a_run_is_listed_and_opens_by_enter_with_its_request_ids(desk: Desk, qtbot: QtBot) -> None:
    run = move(desk)
    page = listed(desk, qtbot)
    row = next(row for row in page.list.shown.rows if row.kind is HistoryRowKind.RUN)
    assert row.sentence == "Graceful failover of 10.20.2.50 to tg-node-b"
    page.list.setFocus()
    page.list.setCurrentIndex(page.list.shown.index(page.list.shown.rows.index(row)))
    QTest.keyClick(page.list, Qt.Key.Key_Return)
    assert page.view is not None
    assert page.view.run.run == run
    assert desk.says("tg-node-a-inside of tg-node-a")
    for made in page.view.run.attempts:
        assert desk.says(made.request)
        assert desk.says(made.arm_request)
    desk.press("Back to History")
    assert history(desk).view is None
    assert page.list.hasFocus()


def test_that_the_list_is_as_high_as_its_rows_and_no_higher_than_the_page(desk: Desk, qtbot: QtBot) -> None:
    move(desk)
    page = listed(desk, qtbot)
    last = page.list.shown.index(len(page.list.shown.rows) - 1)
    qtbot.waitUntil(
        lambda: page.list.visualRect(last).bottom() == page.list.viewport().height() - 1, timeout=PATIENCE_MS
    )
    row = next(row for row in page.list.shown.rows if row.kind is HistoryRowKind.RUN)
    page._card.show_rows((row,) * 200)
    qtbot.waitUntil(lambda: page.list.verticalScrollBar().maximum() > 0, timeout=PATIENCE_MS)
    assert page._card.geometry().bottom() < page.height()


def test_that_the_filter_shows_one_kind_and_its_count(desk: Desk, qtbot: QtBot) -> None:
    move(desk)
    page = listed(desk, qtbot)
    desk.press("Failovers 1")
    assert [row.kind for row in page.list.shown.rows] == [HistoryRowKind.RUN]
    desk.press("Changes of state")
    assert all(row.kind is HistoryRowKind.VERDICT for row in page.list.shown.rows)


def test_that_a_kept_report_stands_under_reports(desk: Desk, qtbot: QtBot) -> None:
    run = move(desk)
    page = listed(desk, qtbot)
    page.list.opened.emit(next(row for row in page.list.shown.rows if row.run is not None))
    desk.press("Keep report")
    qtbot.waitUntil(lambda: desk.says("The report is kept"), timeout=PATIENCE_MS)
    desk.window.go_to(NavPage.REPORTS)
    qtbot.waitUntil(lambda: len(reports(desk).list.shown.rows) == 1, timeout=PATIENCE_MS)
    (row,) = reports(desk).list.shown.rows
    assert run in row.sentence
    assert row.file is not None
    assert run in row.file.read_text()


def test_that_a_report_that_cannot_be_kept_is_told(desk: Desk, qtbot: QtBot) -> None:
    move(desk)
    page = listed(desk, qtbot)
    folder = ReportFolder.of(desk.rig.services).folder
    folder.write_text("a file stands where the folder should be")
    page.list.opened.emit(next(row for row in page.list.shown.rows if row.run is not None))
    desk.press("Keep report")
    qtbot.waitUntil(lambda: desk.says("The report was not kept"), timeout=PATIENCE_MS)
    assert folder.read_text() == "a file stands where the folder should be"


def test_that_a_report_that_is_gone_is_told(desk: Desk, qtbot: QtBot) -> None:
    kept = ReportFolder.of(desk.rig.services).keep("A <b>run</b>/..", desk.rig.services.clock.wall(), "<!doctype html>")
    assert kept.path.parent == ReportFolder.of(desk.rig.services).folder
    desk.window.go_to(NavPage.REPORTS)
    qtbot.waitUntil(lambda: len(reports(desk).list.shown.rows) == 1, timeout=PATIENCE_MS)
    kept.path.unlink()
    reports(desk).list.opened.emit(reports(desk).list.shown.rows[0])
    qtbot.waitUntil(lambda: desk.says(f"{kept.path.name} is no longer there."), timeout=PATIENCE_MS)


def test_that_a_damaged_journal_is_told_on_the_history_page(desk: Desk, qtbot: QtBot) -> None:
    desk.session.stop()
    # One that was told to stop may still be about to write what it saw last.
    loop, reads = desk.session.loop.job, (desk.session._histories, desk.session._checks, desk.session.rights.asking)
    assert loop is not None
    qtbot.waitUntil(lambda: not loop.running and not any(group.under_way for group in reads), timeout=PATIENCE_MS)
    desk.rig.services.journal_file(desk.rig.setup).write_bytes(b"not a database at all" * 60)
    desk.window.go_to(NavPage.HISTORY)
    qtbot.waitUntil(lambda: desk.says("The journal "), timeout=PATIENCE_MS)


def test_that_rows_are_spoken_whole(desk: Desk, qtbot: QtBot) -> None:
    move(desk)
    page = listed(desk, qtbot)
    interface = QAccessible.queryAccessibleInterface(page.list)
    spoken = [interface.child(number).text(QAccessible.Text.Name) for number in range(interface.childCount())]
    assert any("edge-dallas, Graceful failover of 10.20.2.50 to tg-node-b, Done" in words for words in spoken)
    assert accessible_name(page.list) == "History, newest first"


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900)])
def test_that_nothing_on_the_pages_is_nameless_clipped_or_overlapping(
    desk: Desk, qtbot: QtBot, size: tuple[int, int]
) -> None:
    move(desk)
    desk.window.resize(*size)
    page = listed(desk, qtbot)
    QApplication.processEvents()
    assert (nameless(page), clipped(page), overlapping(page)) == ([], [], [])
    page.list.opened.emit(next(row for row in page.list.shown.rows if row.run is not None))
    QApplication.processEvents()
    assert (nameless(page), clipped(page), overlapping(page)) == ([], [], [])


def shown_end(desk: Desk, qtbot: QtBot) -> str:
    """A run begun from the window, ended, and its line on the cluster page: the accessible name of its link."""
    desk.window.open_cluster(desk.session.setup.name)
    qtbot.waitUntil(lambda: desk.session.verdict is not None, timeout=PATIENCE_MS)
    member = desk.session.setup.members[1]
    with qtbot.waitSignal(desk.session.run_ended, timeout=PATIENCE_MS):
        desk.session.fail_over(member, Verb.GRACEFUL)
    desk.window.open_cluster(desk.session.setup.name)
    run = next(event.run for event in desk.session.events if event.run)
    return f"Open run {run[:8]} in History"


def test_that_an_event_of_a_run_of_ours_leads_to_its_page(desk: Desk, qtbot: QtBot) -> None:
    name = shown_end(desk, qtbot)
    link = desk.find(name)
    assert QAccessible.queryAccessibleInterface(link).role() is QAccessible.Role.Button
    link.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(link, Qt.Key.Key_Return)
    assert desk.window.stack.currentWidget() is history(desk)
    qtbot.waitUntil(lambda: history(desk).view is not None, timeout=PATIENCE_MS)
    view = history(desk).view
    assert view is not None
    assert name == f"Open run {view.run.run[:8]} in History"
    desk.press("Back to History")
    desk.window.open_cluster(desk.session.setup.name)
    row = desk.find(name).parentWidget()
    assert row is not None
    QTest.mouseClick(row, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: history(desk).view is not None, timeout=PATIENCE_MS)


def test_that_only_runs_lead_anywhere_and_the_focus_stays_when_events_come(desk: Desk, qtbot: QtBot) -> None:
    name = shown_end(desk, qtbot)
    events = desk.session.events
    page = desk.window.stack.currentWidget()
    assert isinstance(page, ClusterPage)
    now = desk.rig.services.clock.wall()
    page.events.show_events((EventShown(now, Shape.GOOD, "In sync", "Azure"), *events), now)
    assert len(page.events.runs) == sum(1 for event in events if event.run) == 1
    qtbot.waitUntil(
        lambda: desk.says(f"{EventShown(now, Shape.GOOD, '', '').when(LOCAL_TIME, now)}, In sync, Azure"),
        timeout=PATIENCE_MS,
    )
    other = next(row for row in page.events.findChildren(TimelineRow) if row.isVisible() and row.link is None)
    QTest.mouseClick(other, Qt.MouseButton.LeftButton)
    assert desk.window.stack.currentWidget() is page
    desk.find(name).setFocus(Qt.FocusReason.TabFocusReason)
    page.events.set_narrow(True)
    qtbot.waitUntil(lambda: desk.says(name) and desk.find(name).hasFocus(), timeout=PATIENCE_MS)


def test_that_a_run_that_no_journal_has_is_told(desk: Desk, qtbot: QtBot) -> None:
    desk.window.pages.open_run(desk.session.setup.name, "0123456789ab")
    told = "Run 01234567 of edge-dallas is not in the journals on this computer."
    qtbot.waitUntil(lambda: desk.says(told), timeout=PATIENCE_MS)
    assert history(desk).view is None
    desk.window.pages.open_run(desk.session.setup.name, "abcdef0123")
    assert not desk.says(told)
    qtbot.waitUntil(lambda: desk.says("Run abcdef01"), timeout=PATIENCE_MS)


def test_that_a_missing_run_stays_told_when_the_next_reading_brings_news(desk: Desk, qtbot: QtBot) -> None:
    desk.window.pages.open_run(desk.session.setup.name, "0123456789ab")
    told = "Run 01234567 of edge-dallas is not in the journals on this computer."
    qtbot.waitUntil(lambda: desk.says(told), timeout=PATIENCE_MS)
    move(desk)
    history(desk).read_again()
    qtbot.waitUntil(lambda: desk.says("Failovers 1"), timeout=PATIENCE_MS)
    assert desk.says(told)
    desk.window.go_to(NavPage.CLUSTERS)
    desk.window.go_to(NavPage.HISTORY)
    assert not desk.says(told)


def answer(desk: Desk, number: int, *clusters: ClusterHistory) -> None:
    """The answer of a reading, as its job brings it."""
    past = history(desk)._past
    assert past is not None
    past.read.emit(HistoryLoaded(number, clusters))


def test_that_a_run_is_not_called_missing_by_a_reading_that_began_before_it(desk: Desk, qtbot: QtBot) -> None:
    before = cluster_history(desk.rig.services, desk.rig.setup)
    run = move(desk)
    after = cluster_history(desk.rig.services, desk.rig.setup)
    desk.bridge.stop()
    desk.window.go_to(NavPage.HISTORY)
    page = history(desk)
    page.open_run(desk.session.setup.name, run)
    answer(desk, 1, before)
    assert page.findChildren(RunDetails) == []
    assert not desk.says("Run ")
    answer(desk, 2, after)
    assert [view.run.run for view in page.findChildren(RunDetails)] == [run]


def test_that_an_older_reading_takes_nothing_back(desk: Desk, qtbot: QtBot) -> None:
    before = cluster_history(desk.rig.services, desk.rig.setup)
    move(desk)
    after = cluster_history(desk.rig.services, desk.rig.setup)
    desk.bridge.stop()
    desk.window.go_to(NavPage.HISTORY)
    page = history(desk)
    page.read_again()
    answer(desk, 2, after)
    answer(desk, 1, before)
    assert [row.kind for row in page.list.shown.rows].count(HistoryRowKind.RUN) == 1


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_foreign_text_in_the_past_is_shown_as_its_text(desk: Desk, qtbot: QtBot, text: str) -> None:
    desk.rig.lab.faults.add(
        Fault(
            "PUT",
            "tg-node-b-inside",
            FaultAnswer(409, '{"error": {"code": "AnotherOperationInProgress", "message": "It is busy."}}'),
            nth=2,
        )
    )
    fail_over(desk.rig.services, desk.rig.setup, desk.rig.b, Verb.GRACEFUL, lambda _: None, CancelToken())
    (run,) = cluster_history(desk.rig.services, desk.rig.setup).runs
    facts = frozenset({"at", "run", "address", "nics", "configuration", "losing_body", "gaining_body"})
    setup = replace(desk.rig.setup, name=sanitize(text, 90))
    seen = VerdictChanged(run.began.at, "moving", text)
    desk.bridge.stop()
    desk.window.go_to(NavPage.HISTORY)
    page = history(desk)
    page.read_again()
    answer(desk, 2, ClusterHistory(setup, (spoilt(run, text, keep=facts),), (seen,), Problem("damaged", text, text)))
    row = next(row for row in page.list.shown.rows if row.run is not None)
    assert sanitize(text, 90)[:4] in row.spoken(LOCAL_TIME)
    assert not [
        char for row in page.list.shown.rows for char in row.spoken(LOCAL_TIME) if category(char) in {"Cc", "Cf"}
    ]
    qtbot.waitUntil(lambda: (nameless(page), clipped(page), overlapping(page)) == ([], [], []), timeout=PATIENCE_MS)
    page.list.opened.emit(row)
    assert page.view is not None
    for label in page.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText
    qtbot.waitUntil(lambda: (nameless(page), clipped(page), overlapping(page)) == ([], [], []), timeout=PATIENCE_MS)
