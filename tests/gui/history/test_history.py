"""The pages of the past: what is listed, what a run shows, what a report is kept as, and what is told when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unicodedata import category

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QAccessible, QGuiApplication, QPixmap, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.engine.setup.apply.plans import answers_for, plan_for
from tests.gui.desk import PATIENCE_MS, Desk, accessible_name, open_desk
from tests.gui.walk import clipped, nameless, overlapping
from tests.spoil import HOSTILE, spoilt
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import fail_over
from tgwizard.engine.history import run_report
from tgwizard.engine.history.report_folder import ReportFolder
from tgwizard.engine.history.run_history import ClusterHistory, WholeHistory, cluster_history
from tgwizard.engine.runs.records import VerdictChanged
from tgwizard.engine.setup.apply import apply_job
from tgwizard.engine.watch.traffic_probe import Sample
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.event_timeline import EventShown
from tgwizard.gui.history.history_list import HistoryRowKind
from tgwizard.gui.history.history_page import DayRange, HistoryPage
from tgwizard.gui.history.history_reader import HistoryLoaded
from tgwizard.gui.history.reports_page import ReportsPage
from tgwizard.gui.history.run_details import RunDetails
from tgwizard.gui.history.setup_details import SetupDetails
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.check_rows import TimelineRow
from tgwizard.gui.widgets.print_page import document_of, save_pdf
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.appearance import TextSize
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import TEXT_SIZE
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
        lambda: desk.says("Nothing that happened matches.") or desk.says("Nothing has happened yet."),
        timeout=PATIENCE_MS,
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
    assert isinstance(page.view, RunDetails)
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
    assert row.sentence == "edge-dallas, Graceful failover of 10.20.2.50 to tg-node-b"
    assert run not in row.sentence
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
    run = next(event for event in desk.session.events if event.run)
    return f"Open in History: {run.sentence}"


def test_that_an_event_of_a_run_of_ours_leads_to_its_page(desk: Desk, qtbot: QtBot) -> None:
    name = shown_end(desk, qtbot)
    link = desk.find(name)
    assert QAccessible.queryAccessibleInterface(link).role() is QAccessible.Role.Button
    link.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(link, Qt.Key.Key_Return)
    assert desk.window.stack.currentWidget() is history(desk)
    qtbot.waitUntil(lambda: history(desk).view is not None, timeout=PATIENCE_MS)
    view = history(desk).view
    assert isinstance(view, RunDetails)
    assert view.run.run == next(event.run for event in desk.session.events if event.run)
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
    told = "This run of edge-dallas is not in the journals on this computer."
    qtbot.waitUntil(lambda: desk.says(told), timeout=PATIENCE_MS)
    assert history(desk).view is None
    desk.window.pages.open_run(desk.session.setup.name, "abcdef0123")
    assert not desk.says(told)
    qtbot.waitUntil(lambda: desk.says(told), timeout=PATIENCE_MS)


def test_that_a_missing_run_stays_told_when_the_next_reading_brings_news(desk: Desk, qtbot: QtBot) -> None:
    desk.window.pages.open_run(desk.session.setup.name, "0123456789ab")
    told = "This run of edge-dallas is not in the journals on this computer."
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
    past.read.emit(HistoryLoaded(number, WholeHistory(clusters)))


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


def test_that_the_search_narrows_what_is_listed_and_slash_and_ctrl_f_lead_to_it(desk: Desk, qtbot: QtBot) -> None:
    move(desk)
    page = listed(desk, qtbot)
    everything = len(page.list.shown.rows)
    page.list.setFocus()
    QTest.keyClick(page.list, Qt.Key.Key_Slash)
    assert page.search.hasFocus()
    QTest.keyClicks(page.search, "graceful operator")
    assert [row.kind for row in page.list.shown.rows] == [HistoryRowKind.RUN]
    QTest.keyClicks(page.search, " nobody")
    assert page.list.shown.rows == ()
    assert desk.says("Nothing that happened matches")
    QTest.keyClick(page.search, Qt.Key.Key_Escape)
    assert len(page.list.shown.rows) == everything
    page.list.setFocus()
    page.focus_filter()
    assert page.search.hasFocus()


def test_that_what_was_searched_and_the_open_run_outlive_another_text_size(desk: Desk, qtbot: QtBot) -> None:
    run = move(desk)
    page = listed(desk, qtbot)
    page.search.setText("graceful")
    page.days[DayRange.BETWEEN].setChecked(True)
    page.since.setText("2020-01-01")
    page.list.opened.emit(page.list.shown.rows[0])
    desk.window.settings_store.set(TEXT_SIZE, TextSize.LARGE)
    anew = history(desk)
    assert anew is not page
    assert isinstance(anew.view, RunDetails)
    assert anew.view.run.run == run
    desk.press("Back to History")
    assert (anew.search.text(), anew.since.text()) == ("graceful", "2020-01-01")
    qtbot.waitUntil(lambda: len(anew.list.shown.rows) == 1, timeout=PATIENCE_MS)


def test_that_going_back_deletes_the_run_only_after_the_click_that_did_it(desk: Desk, qtbot: QtBot) -> None:
    move(desk)
    page = listed(desk, qtbot)
    row = next(row for row in page.list.shown.rows if row.kind is HistoryRowKind.RUN)
    page.list.opened.emit(row)
    assert page.view is not None
    gone: list[bool] = []
    page.view.destroyed.connect(lambda: gone.append(True))
    page.view.back_asked.emit()
    assert history(desk).view is None
    assert gone == []
    qtbot.waitUntil(lambda: gone == [True], timeout=PATIENCE_MS)


def test_that_days_narrow_what_is_listed_and_a_wrong_one_is_told_and_bounds_nothing(desk: Desk, qtbot: QtBot) -> None:
    move(desk)
    page = listed(desk, qtbot)
    everything = len(page.list.shown.rows)
    for span in (DayRange.TODAY, DayRange.WEEK, DayRange.MONTH, DayRange.ANY):
        page.days[span].click()
        assert len(page.list.shown.rows) == everything
    assert not page.since.isVisible()
    page.days[DayRange.BETWEEN].click()
    page.until.setText("2000-01-01")
    assert page.list.shown.rows == ()
    page.until.setText("yesterday")
    assert len(page.list.shown.rows) == everything
    assert desk.says("yesterday is no day. Write it as year, month and day, such as 2026-11-30.")
    page.until.clear()
    page.since.setText("2999-12-31")
    assert page.list.shown.rows == ()
    page.days[DayRange.ANY].click()
    assert len(page.list.shown.rows) == everything


def test_that_a_set_up_is_a_line_that_opens_with_what_it_wrote(desk: Desk, qtbot: QtBot) -> None:
    group = desk.rig.setup.members[0].nic.text.rsplit("/providers/", 1)[0]
    apply_job(desk.rig.services, answers_for(group), plan_for(group), lambda _event: None, CancelToken())
    desk.window.go_to(NavPage.HISTORY)
    page = history(desk)
    qtbot.waitUntil(lambda: any(row.job for row in page.list.shown.rows), timeout=PATIENCE_MS)
    desk.press("Set-ups 1")
    (row,) = page.list.shown.rows
    assert row.cluster == "edge-dallas"
    page.list.opened.emit(row)
    assert isinstance(page.view, SetupDetails)
    assert desk.says(row.sentence)
    assert desk.says("operator@lab.example")
    desk.press("Back to History")
    assert page.view is None


def test_that_a_run_that_was_measured_keeps_its_traffic_gap(desk: Desk, qtbot: QtBot) -> None:
    session = desk.session
    qtbot.waitUntil(lambda: session.verdict is not None, timeout=PATIENCE_MS)
    with qtbot.waitSignal(session.run_ended, timeout=PATIENCE_MS):
        session.fail_over(session.setup.members[1], Verb.GRACEFUL)
    run = session.run
    assert run is not None
    assert run.started is not None
    assert run.finished is not None
    begun, ended = run.started.stamp.clock_s, run.finished.stamp.clock_s
    tries = [begun - 1 + 0.1 * number for number in range(round((ended - begun + 3) / 0.1))]
    session.keep_traffic(run)  # nothing was measured
    quiet = begun + 0.05
    session.reachability.take(tuple(Sample(at, None if quiet < at < quiet + 0.5 else 0.01) for at in tries))
    session.keep_traffic(run)
    name = run.started.run

    def told() -> str:
        runs = cluster_history(desk.rig.services, session.setup).runs
        return next(run_report.gaps(past)[1][1] for past in runs if past.run == name)

    qtbot.waitUntil(lambda: told() != "not measured", timeout=PATIENCE_MS)
    assert told() in ("0.5 s, from this computer", "0.6 s, from this computer")


def test_that_the_menu_of_a_run_copies_its_command_and_keeps_its_report(desk: Desk, qtbot: QtBot) -> None:
    run = move(desk)
    page = listed(desk, qtbot)
    row = next(row for row in page.list.shown.rows if row.run is not None)
    entries = {entry.name: entry for entry in page._row_menu(row) if entry is not None}
    entries["Copy the command of its report"].run()
    assert QGuiApplication.clipboard().text().startswith(f"tgwizard report {run}")
    entries["Copy this line"].run()
    assert "Graceful failover of 10.20.2.50" in QGuiApplication.clipboard().text()
    entries["Keep its report"].run()
    qtbot.waitUntil(lambda: desk.says("The report is kept"), timeout=PATIENCE_MS)


def test_that_a_report_is_deleted_only_when_that_is_confirmed(desk: Desk, qtbot: QtBot) -> None:
    folder = ReportFolder.of(desk.rig.services)
    first = folder.keep("edge-dallas, Graceful failover", datetime(2026, 3, 2, 9, tzinfo=UTC), "<!doctype html>")
    second = folder.keep("edge-miami, Forced failover", datetime(2026, 3, 3, 9, tzinfo=UTC), "<!doctype html>")
    desk.window.go_to(NavPage.REPORTS)
    page = reports(desk)
    qtbot.waitUntil(lambda: len(page.list.shown.rows) == 2, timeout=PATIENCE_MS)
    assert [row.sentence for row in page.list.shown.rows] == [second.title, first.title]
    assert first.title == "edge-dallas, Graceful failover"
    page.list.setCurrentIndex(page.list.shown.index(1))
    desk.press("Copy path: edge-dallas")
    assert QGuiApplication.clipboard().text() == str(first.path)
    desk.press("Delete…: edge-dallas")
    desk.press("Keep the report")
    assert first.path.exists()
    desk.press("Delete…: edge-dallas")
    desk.press("Delete the report")
    assert not first.path.exists()
    qtbot.waitUntil(lambda: len(page.list.shown.rows) == 1, timeout=PATIENCE_MS)
    assert desk.says("Deleted: the report.")
    assert second.path.exists()


def test_that_a_report_of_an_older_program_is_named_without_its_run_id(desk: Desk) -> None:
    folder = ReportFolder.of(desk.rig.services)
    folder.folder.mkdir(parents=True)
    names = (
        "2026-03-02 09.00.00 edge-dallas Failover of 10.20.2.50 to tg-node-b 08842c569ded",
        "2026-99-99 09.00.00 odd time",
        "mine",
    )
    for name in names:
        (folder.folder / f"{name}.html").write_text("<!doctype html>")
    titles = {kept.title for kept in folder.kept()}
    assert titles == {"edge-dallas Failover of 10.20.2.50 to tg-node-b", "odd time", "mine"}
    for path in (folder.folder.parent / "x.html", folder.folder / "x.toml"):
        path.write_text("kept")
        with pytest.raises(UserError):
            folder.delete(path)
        assert path.exists()


def test_that_paper_shows_a_hostile_name_as_text_and_loads_nothing_that_a_report_names(
    desk: Desk, tmp_path: Path
) -> None:
    picture = tmp_path / "secret.png"
    assert QPixmap(40, 40).save(str(picture))
    hostile = f'<img src="{picture.as_uri()}"><b>bold</b>'
    move(desk)
    (run,) = cluster_history(desk.rig.services, desk.rig.setup).runs
    named = replace(run, began=replace(run.began, cluster=hostile, outage=hostile))
    page = run_report.run_report_page(named, replace(desk.rig.setup, name=hostile))
    paper = document_of(page)
    assert hostile in paper.toPlainText()
    assert "\ufffc" not in paper.toPlainText(), "a picture"
    changed = document_of(page.replace("<h1>", f"{hostile}<h1>", 1))
    assert "\ufffc" in changed.toPlainText(), "somebody put a picture into the file"
    assert changed.resource(QTextDocument.ResourceType.ImageResource.value, QUrl(picture.as_uri())) is None


def test_that_a_run_is_saved_as_pdf_and_a_place_that_cannot_be_written_is_told(desk: Desk, tmp_path: Path) -> None:
    move(desk)
    (run,) = cluster_history(desk.rig.services, desk.rig.setup).runs
    page = run_report.run_report_page(run, desk.rig.setup)
    file = tmp_path / "report.pdf"
    shape, what, _ = save_pdf(file, "A run", page)
    assert (shape, what) == (Shape.GOOD, "Saved as PDF.")
    assert file.read_bytes().startswith(b"%PDF-")
    told = save_pdf(tmp_path / "none" / "report.pdf", "A run", page)
    assert told[0] is Shape.BROKEN
    assert "was not written to" in told[1]
    words = document_of(page).toPlainText()
    assert "Graceful failover of 10.20.2.50 to tg-node-b" in words
    assert "Begun by" in words
