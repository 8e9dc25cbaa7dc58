"""The Clusters page on a real lab: rows, filters, sorting, keys, and what is there before the first answer."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, End, accessible_name, clusters_page, focusable
from tests.gui.fleet_desk import open_fleet
from tests.gui.studio import USUAL
from tests.gui.walk import wrong
from tests.rig import Rig
from tgwizard.engine.files.fleet_export import as_csv
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.cluster_readiness import cluster_readiness
from tgwizard.engine.runs.records import VerdictChanged
from tgwizard.gui.app.destinations import Destination, Practice
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.cluster_registry import NotAdded
from tgwizard.gui.cluster.cluster_session import LATE_PACES
from tgwizard.gui.fleet.fleet_rows import EXPORTED, FleetRow, FleetState, exported, fleet_shape, rank, row_of
from tgwizard.gui.fleet.fleet_table import COLUMNS, FleetModel, FleetTable, text_of
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.check_rows import NoticeBox
from tgwizard.model.appearance import ThemeChoice
from tgwizard.model.problem import Problem
from tgwizard.model.settings import ClusterFilter, ClusterOrder
from tgwizard.model.snapshot import STALE_AFTER_S, Power, Reading, Snapshot, VmSeen
from tgwizard.model.text import format_utc

Open = Callable[[int], Desk]
COUNT = 12
TURNS = 40
"""More than any page needs to be built."""


@pytest.fixture
def open_it(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    ends: list[End] = []

    def opened(count: int, *, is_lab: bool = True) -> Desk:
        desk, end = open_fleet(theme, tmp_path, count, is_lab=is_lab)
        ends.append(end)
        return desk

    yield opened
    for end in ends:
        end()
    QApplication.processEvents()


@pytest.fixture
def fleet(open_it: Open, qtbot: QtBot) -> Desk:
    """Twelve clusters, each read once; two of them are on no NIC."""
    desk = open_it(COUNT)
    rows = clusters_page(desk.window).model
    qtbot.waitUntil(lambda: all(row.seen_at for row in rows.rows), timeout=PATIENCE_MS)
    return desk


def names(desk: Desk) -> list[str]:
    """The clusters as the table shows them, from the top."""
    shown = clusters_page(desk.window).table.shown
    return [shown.index(number, 1).data() for number in range(shown.rowCount())]


def test_that_problems_stand_first_and_the_rest_by_name(fleet: Desk) -> None:
    shown = names(fleet)
    assert shown[:2] == ["edge-dallas-1", "edge-seattle"]
    assert shown[2:] == sorted(shown[2:])
    assert len(shown) == COUNT
    assert fleet.says("12 clusters. 2 need attention.")


def test_that_the_model_keeps_qts_rules(fleet: Desk, qtbot: QtBot) -> None:
    page = clusters_page(fleet.window)
    for model in (page.model, page.table.shown):
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    page.filter.setText("dallas")
    page.model.show_rows(page.model.rows[:3])
    page.model.show_row(replace(page.model.rows[0], state=FleetState.MOVING))
    assert page.table.shown.rowCount() == 1


def test_that_a_chip_shows_its_clusters_and_counts_them(fleet: Desk) -> None:
    fleet.press("Needs attention 2")
    assert names(fleet) == ["edge-dallas-1", "edge-seattle"]
    fleet.press("In sync 10")
    assert len(names(fleet)) == 10
    fleet.press("Moving 0")
    assert names(fleet) == []
    assert fleet.says("None of the 12 clusters matches the filter.")
    fleet.press("All 12")
    assert len(names(fleet)) == COUNT


def test_that_ctrl_f_filters_by_every_word_typed(fleet: Desk, qtbot: QtBot) -> None:
    fleet.window.activateWindow()
    qtbot.waitUntil(fleet.window.isActiveWindow, timeout=PATIENCE_MS)
    QTest.keyClick(fleet.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = QApplication.focusWidget()
    assert field is clusters_page(fleet.window).filter
    QTest.keyClicks(field, "DALLAS rg-tg 10.20.2.7")
    assert names(fleet) == ["edge-dallas-1"]


def test_that_a_head_sorts_and_a_second_click_turns_it_round(fleet: Desk) -> None:
    table = clusters_page(fleet.window).table
    head = table.horizontalHeader()
    where = head.viewport().rect().center()
    where.setX(head.sectionViewportPosition(1) + 20)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert names(fleet) == sorted(names(fleet))
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert names(fleet) == sorted(names(fleet), reverse=True)


def test_that_sort_and_filter_survive_a_restart(open_it: Open, qtbot: QtBot) -> None:
    first = open_it(COUNT).window
    clusters_page(first).table._on_head(1)
    clusters_page(first).chips[ClusterFilter.IN_SYNC].click()
    clusters_page(first).filter.setText("edge")
    first.settings_store.flush()
    again = clusters_page(open_it(COUNT).window)
    assert again.chips[ClusterFilter.IN_SYNC].isChecked()
    assert again.filter.text() == "edge"
    assert again.table.shown.sortColumn() == 1


def test_that_enter_opens_the_row_and_its_cluster_gets_a_loop_of_its_own(fleet: Desk, qtbot: QtBot) -> None:
    table = clusters_page(fleet.window).table
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_End)
    wanted = names(fleet)[-1]
    assert not fleet.window.sessions[wanted].watching
    QTest.keyClick(table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: fleet.window.current == wanted, timeout=PATIENCE_MS)
    assert fleet.window.sessions[wanted].watching
    qtbot.waitUntil(lambda: fleet.says("Fail over to "), timeout=PATIENCE_MS)


def test_that_a_click_anywhere_in_a_row_opens_it(fleet: Desk, qtbot: QtBot) -> None:
    table = clusters_page(fleet.window).table
    place = table.visualRect(table.shown.index(2, 4)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: fleet.window.current == "edge-atlanta", timeout=PATIENCE_MS)


def test_that_a_page_opened_by_a_click_is_whole_when_it_is_seen(fleet: Desk, qtbot: QtBot) -> None:
    window = fleet.window
    wanted = names(fleet)[-1]
    before = window.stack.currentWidget()
    window.visit_cluster(wanted)
    assert window.stack.currentWidget() is before
    qtbot.waitUntil(lambda: window.current == wanted, timeout=PATIENCE_MS)
    page = window.stack.currentWidget()
    assert isinstance(page, ClusterPage)
    assert page.whole
    window.go_to(NavPage.CLUSTERS)
    window.visit_cluster(wanted)
    assert window.stack.currentWidget() is page, "a page that is there is shown at once"


def test_that_a_page_still_being_built_is_not_shown_to_who_has_gone_elsewhere(fleet: Desk, qtbot: QtBot) -> None:
    window = fleet.window
    first, second = names(fleet)[-2:]
    window.visit_cluster(first)
    window.visit_cluster(second)
    qtbot.waitUntil(lambda: window.current == second, timeout=PATIENCE_MS)
    window.visit_cluster(names(fleet)[0])
    window.go_to(NavPage.SETTINGS)
    qtbot.waitUntil(lambda: fleet.says("Settings"), timeout=PATIENCE_MS)
    for _ in range(TURNS):
        QApplication.processEvents()
    assert window.current == ""
    assert window.stack.currentWidget() is window.pages.page(NavPage.SETTINGS)
    window.open_cluster(first)
    page = window.stack.currentWidget()
    assert isinstance(page, ClusterPage)
    assert page.whole


def test_that_only_some_clusters_have_loops_and_pages_of_their_own(fleet: Desk) -> None:
    window = fleet.window
    for name in tuple(window.sessions):
        window.open_cluster(name)
    assert sum(session.watching for session in window.sessions.values()) == 6
    assert len(window.cluster_pages) == 8


def test_that_a_fleet_stopped_before_its_workers_began_begins_none(open_it: Open) -> None:
    desk = open_it(COUNT)
    assert len(desk.window.sessions) == COUNT
    desk.window.watching.stop()
    for _ in range(TURNS):
        QApplication.processEvents()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("tgwizard-fleet")]


def test_that_every_row_is_one_sentence_for_a_screen_reader(fleet: Desk) -> None:
    table = clusters_page(fleet.window).table
    interface = QAccessible.queryAccessibleInterface(table)
    assert interface.text(QAccessible.Text.Name) == "Clusters"
    said = table.shown.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("edge-dallas-1, On no NIC, 10.20.2.70, the address is missing, last seen ")
    for column, (_, head) in enumerate(COLUMNS[1:], 1):
        cell = table.shown.index(0, column).data(Qt.ItemDataRole.AccessibleTextRole)
        assert cell.startswith(f"{head}: ")


@pytest.mark.parametrize("width", [1024, 1440, 2560])
def test_that_columns_drop_last_seen_first_and_nothing_is_nameless(fleet: Desk, width: int) -> None:
    fleet.window.resize(width, 900)
    QApplication.processEvents()
    table = clusters_page(fleet.window).table
    shown = {order for index, (order, _) in enumerate(COLUMNS) if not table.isColumnHidden(index)}
    assert (ClusterOrder.SEEN in shown) == (width > 1200)
    assert {ClusterOrder.STATE, ClusterOrder.CLUSTER, ClusterOrder.ADDRESS, ClusterOrder.ACTIVE} <= shown
    assert sum(table.columnWidth(n) for n in range(len(COLUMNS))) <= table.viewport().width()
    assert [type(widget).__name__ for widget in focusable(fleet.window) if not accessible_name(widget)] == []


def test_that_the_head_of_the_page_fits_a_small_window_with_large_text(
    qapp: QApplication, tmp_path: Path, qtbot: QtBot
) -> None:
    large = Theme(qapp, ThemeChoice.LIGHT, 2.0)
    desk, end = open_fleet(large, tmp_path, 3)
    try:
        for size in ((900, 600), USUAL, (900, 600)):
            desk.window.resize(*size)
            qtbot.waitUntil(lambda: wrong(desk.window) == [], timeout=PATIENCE_MS)
    finally:
        end()
        large.deleteLater()


def test_that_no_cluster_offers_three_ways_to_begin(open_it: Callable[..., Desk], qtbot: QtBot) -> None:
    desk = open_it(0, is_lab=False)
    assert desk.says("No clusters yet")
    assert desk.says("Add a cluster file…")
    for name, practice in (("Rehearse a set-up", Practice.SET_UP), ("Practise a failover", Practice.FAILOVER)):
        with qtbot.waitSignal(desk.window.left_for, timeout=PATIENCE_MS) as left:
            desk.press(name)
        assert left.args == [Destination(practice)]
    desk.find("Set up a cluster")
    page = clusters_page(desk.window)._empty.set_up
    QTest.mouseClick(page, Qt.MouseButton.LeftButton)
    assert desk.says("Who sets this up?")


def test_that_the_last_known_state_is_there_before_the_first_answer(lab: Rig) -> None:
    wall = datetime.now(UTC)
    record = VerdictChanged(format_utc(wall - timedelta(minutes=14)), "in_sync", "In sync: tg-node-a holds 10.20.2.50")
    row = row_of(lab.setup, None, None, wall, records=(record,))
    assert row.state is FleetState.NOT_KNOWN
    assert row.note == "last known: In sync: tg-node-a holds 10.20.2.50"
    assert (row.seen(wall), row.late) == ("14 min ago", True)
    never = row_of(lab.setup, None, None, wall)
    assert (never.seen(wall), never.note) == ("never", "reading Azure")


def seen(lab: Rig) -> Snapshot:
    return Observer(lab.services.azure, lab.clock, lab.setup).look(vms=True)


def row_at(snapshot: Snapshot, wall: datetime, pace_s: float = 0.0, **more: Any) -> FleetRow:
    """The row of the cluster at that moment, with what the engine says of it then."""
    now = replace(snapshot, now=snapshot.now + (wall - snapshot.wall).total_seconds())
    found = cluster_readiness(now, stale_after_s=max(STALE_AFTER_S, LATE_PACES * pace_s))
    return row_of(snapshot.setup, snapshot, found, wall, pace_s=pace_s, **more)


def test_that_an_old_answer_is_not_known_and_a_stopped_standby_blocks_both_verbs(lab: Rig) -> None:
    snapshot = seen(lab)
    wall = snapshot.wall
    assert row_at(snapshot, wall).state is FleetState.IN_SYNC
    later = wall + timedelta(seconds=31)
    assert row_at(snapshot, wall).turned_late(later, 0)
    old = row_at(snapshot, later)
    assert (old.state, old.graceful, old.forced) == (FleetState.NOT_KNOWN, Shape.NOT_KNOWN, Shape.NOT_KNOWN)
    assert row_at(snapshot, later, pace_s=20).state is FleetState.IN_SYNC
    stopped = replace(snapshot.members[1], vm=Reading(VmSeen(Power.STOPPED), snapshot.now))
    blocked = row_at(replace(snapshot, members=(snapshot.members[0], stopped)), wall)
    assert (blocked.state, blocked.note) == (FleetState.BLOCKED, "tg-node-b is stopped")
    assert (blocked.graceful, blocked.forced) == (Shape.BROKEN, Shape.BROKEN)
    assert blocked.sentence == "tg-node-a holds 10.20.2.50. No failover is possible: tg-node-b is stopped"
    assert "Forced: Blocked: tg-node-b is stopped" in blocked.ready
    moving = row_at(snapshot, wall, moving_to="tg-node-b")
    assert (moving.state, moving.active, moving.moving_to) == (FleetState.MOVING, "tg-node-a", "tg-node-b")


def test_that_a_stopped_holder_with_a_good_standby_makes_forced_the_right_choice(lab: Rig) -> None:
    snapshot = seen(lab)
    stopped = replace(snapshot.members[0], vm=Reading(VmSeen(Power.STOPPED), snapshot.now))
    row = row_at(replace(snapshot, members=(stopped, snapshot.members[1])), snapshot.wall)
    assert row.state is FleetState.MEMBER_DOWN
    assert (row.graceful, row.forced) == (Shape.BROKEN, Shape.NOTE)
    assert text_of(row, ClusterOrder.READY, snapshot.wall).startswith("Graceful blocked, forced the right choice")


def test_that_the_table_says_that_rights_were_not_asked(lab: Rig) -> None:
    snapshot = seen(lab)
    row = row_at(snapshot, snapshot.wall)
    assert text_of(row, ClusterOrder.READY, snapshot.wall) == "Graceful ready, forced nothing to say, rights not asked"
    assert row.ready.endswith("Rights not asked.")


def test_that_since_goes_back_over_restarts_of_the_program(lab: Rig) -> None:
    snapshot = seen(lab)
    start = snapshot.wall - timedelta(days=3)
    sentence = "In sync: tg-node-a holds 10.20.2.50"
    records = tuple(
        VerdictChanged(format_utc(start + timedelta(days=day)), name, words)
        for day, name, words in ((2, "in_sync", sentence), (1, "in_sync", sentence), (0, "on_no_nic", "On no NIC"))
    )
    assert row_at(snapshot, snapshot.wall, records=records).since(snapshot.wall) == "2 days"


def test_that_the_states_keep_styles_order() -> None:
    words = [state.value for state in sorted(FleetState, key=rank)]
    styles = [
        "On no NIC", "Taken", "Two active", "No active", "Wrong holder", "Member down", "Blocked", "At risk", "Moving",
        "Not known", "In sync",
    ]  # fmt: skip
    assert words == styles
    assert {fleet_shape(state) for state in FleetState} == {
        Shape.BROKEN, Shape.WARNING, Shape.MOVING, Shape.NOT_KNOWN, Shape.GOOD,
    }  # fmt: skip


def test_that_hundreds_of_rows_are_shown_and_a_new_one_changes_one_row(theme: Theme, lab: Rig, qtbot: QtBot) -> None:
    snapshot = seen(lab)
    first = row_at(snapshot, snapshot.wall)
    model = FleetModel(lambda: snapshot.wall)
    table = FleetTable(theme, model)
    qtbot.addWidget(table)
    table.resize(1200, 700)
    table.show()
    model.show_rows(tuple(replace(first, name=f"edge-{number}") for number in range(300)))
    with qtbot.waitSignal(model.dataChanged, timeout=PATIENCE_MS) as changed:
        model.show_row(replace(first, name="edge-7", state=FleetState.ON_NO_NIC))
    assert changed.args is not None
    assert [changed.args[0].row(), changed.args[1].row()] == [7, 7]
    table.sort(ClusterOrder.STATE, descending=False)
    assert table.shown.index(0, 1).data() == "edge-7"


def test_that_letters_find_a_cluster_and_the_same_letter_goes_on(fleet: Desk) -> None:
    table = clusters_page(fleet.window).table
    table.setCurrentIndex(table.shown.index(0, 0))
    QTest.keyClicks(table, "edge-mi")
    assert table.current is not None
    assert table.current.name == "edge-miami"
    table.keyboardSearch("")
    shown = names(fleet)
    table.setCurrentIndex(table.shown.index(shown.index("edge-austin"), 0))
    assert table.current.name == "edge-austin"


def test_that_a_head_sorts_wherever_it_is_clicked_and_by_key(fleet: Desk) -> None:
    table = clusters_page(fleet.window).table
    heads = table.horizontalHeader()
    for inside in (2, heads.sectionSize(1) // 2, heads.sectionSize(1) - 3):
        clusters_page(fleet.window).table.sort(ClusterOrder.STATE, descending=False)
        place = QPoint(heads.sectionViewportPosition(1) + inside, heads.height() // 2)
        QTest.mouseClick(heads.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        assert table.shown.sortColumn() == 1
        assert names(fleet) == sorted(names(fleet))
    heads.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(heads, Qt.Key.Key_Home)
    QTest.keyClick(heads, Qt.Key.Key_Right)
    QTest.keyClick(heads, Qt.Key.Key_Right)
    QTest.keyClick(heads, Qt.Key.Key_Return)
    assert table.shown.sortColumn() == 2
    QTest.keyClick(heads, Qt.Key.Key_Space)
    assert table.shown.sortOrder() is Qt.SortOrder.DescendingOrder


def test_that_pinned_clusters_stand_on_top_whichever_way_the_table_is_sorted(open_it: Open, qtbot: QtBot) -> None:
    desk = open_it(COUNT)
    page = clusters_page(desk.window)
    qtbot.waitUntil(lambda: all(row.seen_at for row in page.model.rows), timeout=PATIENCE_MS)
    desk.window.pin("edge-phoenix")
    for descending in (False, True):
        for order in (ClusterOrder.CLUSTER, ClusterOrder.STATE, ClusterOrder.ADDRESS):
            page.table.sort(order, descending=descending)
            assert names(desk)[0] == "edge-phoenix"
    assert page.table.rows_shown[0].spoken(datetime.now(UTC)).startswith("edge-phoenix, pinned")
    desk.window.pin("edge-phoenix")
    assert not any(row.pinned for row in page.model.rows)


def test_that_several_are_chosen_with_keys_or_clicks_and_exported_whole(fleet: Desk, tmp_path: Path) -> None:
    page = clusters_page(fleet.window)
    table = page.table
    assert fleet.says(f"Export {COUNT} clusters")
    table.setFocus()
    table.setCurrentIndex(table.shown.index(1, 0))
    QTest.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    place = table.visualRect(table.shown.index(4, 1)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place)
    assert [row.name for row in table.chosen] == [names(fleet)[number] for number in (1, 2, 4)]
    assert fleet.window.current == ""
    assert fleet.says("Export 3 clusters")
    page.export_to(str(tmp_path / "three.csv"))
    with (tmp_path / "three.csv").open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head == list(EXPORTED)
    assert [row[0] for row in rows] == [row.name for row in table.chosen]
    page.export_to(str(tmp_path / "three.json"))
    document = json.loads((tmp_path / "three.json").read_text("utf-8"))
    assert [row["floating_ip"] for row in document["clusters"]] == [row.address for row in table.chosen]
    page.export_to(str(tmp_path / "none" / "three.csv"))
    assert fleet.says("Not saved")


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r\n=1", '"a",b', "\u202e=x", "\uff1d1+1"])
def test_that_no_name_becomes_a_formula_or_another_cell(fleet: Desk, name: str) -> None:
    row = replace(clusters_page(fleet.window).model.rows[0], name=name, group=name, sentence=name)
    text = as_csv(EXPORTED, [exported(row)])
    _, (first, *rest) = csv.reader(io.StringIO(text, newline=""))
    assert len(rest) == len(EXPORTED) - 1
    assert not first.startswith(("=", "+", "-", "@", "\uff1d", "\t", "\r"))
    assert "\u202e" not in first


def test_that_a_fault_of_a_file_is_dismissed_until_the_file_changes(fleet: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    page = clusters_page(fleet.window)
    folder = tmp_path / "clusters"
    folder.mkdir(exist_ok=True)
    file = folder / "broken.toml"
    file.write_text("no")
    problem = Problem("bad-file", "broken.toml: line 1: it is no table.", "", "Mend it.")
    for _ in range(2):
        page.show_refused(NotAdded(None, (problem,)))
        qtbot.waitUntil(lambda: fleet.says("broken.toml"), timeout=PATIENCE_MS)
        assert len([widget for widget in page.findChildren(NoticeBox) if widget.isVisible()]) == 1
    fleet.press("Dismiss")
    assert not fleet.says("broken.toml")
    page.show_refused(NotAdded(None, (problem,)))
    assert not fleet.says("broken.toml")
    os.utime(file, ns=(1, 1))
    page.show_refused(NotAdded(None, (problem,)))
    qtbot.waitUntil(lambda: fleet.says("broken.toml"), timeout=PATIENCE_MS)


def test_that_the_line_under_the_title_counts_every_cluster_and_those_not_known(open_it: Open, qtbot: QtBot) -> None:
    desk = open_it(50)
    page = clusters_page(desk.window)
    assert desk.says("50 clusters. ")
    qtbot.waitUntil(lambda: all(row.seen_at for row in page.model.rows), timeout=PATIENCE_MS)
    unread = tuple(replace(row, state=FleetState.NOT_KNOWN) for row in page.model.rows[:25])
    page.model.show_rows((*unread, *(replace(row, state=FleetState.IN_SYNC) for row in page.model.rows[25:])))
    page._sum_up()
    assert desk.says("50 clusters. 25 not known.")
    assert desk.says("All 50")
    assert desk.says("Not known 25")
    assert desk.says("In sync 25")
