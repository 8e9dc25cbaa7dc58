"""The shell: the rail and its widths, the read-only lock, the palette, pinned clusters. By keyboard and by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, End, accessible_description, accessible_name, focusable, settings_page
from tests.gui.fleet_desk import open_fleet
from tgwizard.engine.files.settings_file import load_settings
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.app.single_instance import SECOND_WINDOW
from tgwizard.gui.failover.confirm_dialog import ConfirmDialog
from tgwizard.gui.shell.command_palette import ROW_PX, ROWS_SHOWN, TWO_LINES_PX, CommandPalette
from tgwizard.gui.shell.read_only_switch import UnlockDialog
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.command import Command
from tgwizard.model.appearance import TextSize, ThemeChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.settings import PINNED, READ_ONLY, TEXT_SIZE
from tgwizard.model.snapshot import Power, VmSeen
from tgwizard.paths import SETTINGS_NAME

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def shell(qapp: QApplication, theme: Theme, tmp_path: Path, qtbot: QtBot) -> Iterator[Callable[[int], Desk]]:
    ends: list[End] = []

    def opened(count: int) -> Desk:
        desk, end = open_fleet(theme, tmp_path, count)
        ends.append(end)
        desk.window.activateWindow()
        qtbot.waitUntil(desk.window.isActiveWindow, timeout=PATIENCE_MS)
        if count:
            first = desk.window.sessions["edge-dallas"]
            qtbot.waitUntil(lambda: first.snapshot is not None, timeout=PATIENCE_MS)
        return desk

    yield opened
    for end in ends:
        end()
    QApplication.processEvents()


@pytest.fixture
def one(shell: Callable[[int], Desk], qtbot: QtBot) -> Desk:
    """One cluster, read, on its page."""
    desk = shell(1)
    qtbot.waitUntil(lambda: desk.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    return desk


def palette_of(desk: Desk) -> CommandPalette:
    QTest.keyClick(desk.window, Qt.Key.Key_K, CTRL)
    assert isinstance(desk.window.dialog, CommandPalette)
    return desk.window.dialog


def locked(desk: Desk) -> bool:
    return desk.window.lock.locked


def saved(folder: Path) -> bool:
    return READ_ONLY.value_of(load_settings(folder / SETTINGS_NAME).settings)


# The lock ------------------------------------------------------------------------------------------------------------


def test_that_ctrl_l_turns_every_writing_button_off_with_its_reason(one: Desk, tmp_path: Path) -> None:
    QTest.keyClick(one.window, Qt.Key.Key_L, CTRL)
    assert one.says("Read-only")
    for name in ("Fail over to tg-node-b…", "Force failover to tg-node-b…"):
        button = one.find(name)
        assert not button.isEnabled()
        assert accessible_description(button).startswith("Locked.")
    assert one.says("Locked. This window is read-only. Unlock it with Ctrl+L.")
    # The lock changes what this window may do, not what would be wise.
    assert one.says("State: Possible, not advised")
    one.window.ask(Verb.FORCED)
    assert one.window.dialog is None
    one.session.fail_over(one.rig.b, Verb.FORCED)
    one.session.resume()
    assert not one.session.running
    one.window.settings_store.flush()
    assert saved(tmp_path)


def test_that_the_lock_stands_on_every_page(one: Desk) -> None:
    for place in NavPage:
        one.window.go_to(place)
        assert one.says("Changes allowed")
    QTest.keyClick(one.window, Qt.Key.Key_L, CTRL)
    for width in (1024, 1440):
        one.window.resize(width, 900)
        for place in NavPage:
            one.window.go_to(place)
            assert one.says("Read-only")


def test_that_unlocking_asks_and_staying_locked_is_the_default(one: Desk) -> None:
    QTest.keyClick(one.window, Qt.Key.Key_L, CTRL)
    QTest.keyClick(one.window, Qt.Key.Key_L, CTRL)
    dialog = one.window.dialog
    assert isinstance(dialog, UnlockDialog)
    assert dialog.cancel.isDefault()
    QTest.keyClick(dialog.cancel, Qt.Key.Key_Return)
    assert locked(one)
    one.press("Read-only")
    assert isinstance(one.window.dialog, UnlockDialog)
    one.press("Unlock")
    assert not locked(one)
    assert one.find("Fail over to tg-node-b…").isEnabled()


def test_that_locking_turns_an_open_question_off(one: Desk, qtbot: QtBot) -> None:
    one.press("Fail over to tg-node-b…")
    dialog = one.window.dialog
    assert isinstance(dialog, ConfirmDialog)
    qtbot.waitUntil(dialog.isVisible, timeout=PATIENCE_MS)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    one.window.ask_lock()
    assert not dialog.start.isEnabled()
    assert accessible_description(dialog.start).startswith("Locked.")
    dialog.start.click()
    assert not one.session.running
    assert one.rig.puts() == []


def test_that_a_locked_window_opens_locked_again(shell: Callable[[int], Desk]) -> None:
    first = shell(1).window
    first.ask_lock()
    first.settings_store.flush()
    again = shell(1)
    assert locked(again)
    assert again.says("Read-only")


def test_that_a_fault_of_the_settings_file_is_told_on_every_page_and_leads_there(
    shell: Callable[[int], Desk], tmp_path: Path
) -> None:
    (tmp_path / SETTINGS_NAME).write_text("[window]\nthem = 1\n")
    desk = shell(1)
    desk.press("The settings file has a fault")
    assert desk.says(f"{SETTINGS_NAME}, line 2: window.them is not a setting.")


def test_that_a_window_beside_a_silent_one_is_read_only_for_now(shell: Callable[[int], Desk], tmp_path: Path) -> None:
    desk = shell(1)
    desk.window.lock_for_now(SECOND_WINDOW)
    assert locked(desk)
    desk.press("Read-only: another tgwizard is open")
    assert desk.says("Another tgwizard uses the same data folder")
    desk.window.settings_store.flush()
    assert not saved(tmp_path)
    desk.window.ask_lock()
    desk.press("Unlock")
    assert not locked(desk)


# The palette ---------------------------------------------------------------------------------------------------------


def test_that_ctrl_k_finds_a_cluster_by_part_of_its_name_and_opens_it(
    shell: Callable[[int], Desk], qtbot: QtBot
) -> None:
    desk = shell(12)
    palette = palette_of(desk)
    assert QApplication.focusWidget() is palette.field
    QTest.keyClicks(palette.field, "denv")
    assert [command.name for command in palette.shown] == ["edge-denver"]
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.window.current == "edge-denver", timeout=PATIENCE_MS)
    assert desk.window.dialog is None


def test_that_of_hundreds_of_lines_only_those_that_are_seen_or_searched_are_worked_out(
    theme: Theme, qtbot: QtBot
) -> None:
    asked: list[int] = []

    def state(number: int) -> tuple[Shape, str]:
        asked.append(number)
        return Shape.BROKEN, "two active" if number == 250 else "in sync"

    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    window.show()
    lines = (Command(f"edge-{number}", window.update, state=partial(state, number)) for number in range(300))
    palette = CommandPalette(theme, window, tuple(lines))
    palette.open()
    seen = ROWS_SHOWN * ROW_PX // TWO_LINES_PX
    qtbot.waitUntil(lambda: seen - 1 in asked, timeout=PATIENCE_MS)
    assert len(asked) <= ROWS_SHOWN + 1
    QTest.keyClicks(palette.field, "two")
    assert [command.name for command in palette.shown] == ["edge-250"]
    assert sorted(asked) == list(range(300)), "each once"


def test_that_arrows_move_in_the_palette_and_esc_closes_it(one: Desk) -> None:
    palette = palette_of(one)
    names = [command.name for command in palette.shown]
    assert names[:2] == ["Fail over to tg-node-b…", "Force failover to tg-node-b…"]
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentIndex().data() == names[1]
    assert accessible_description(palette.field).startswith(names[1])
    for _ in range(3):
        QTest.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.list.currentIndex().data() == names[0]
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert one.window.dialog is None


def test_that_the_palette_asks_for_the_only_cluster_from_any_page(one: Desk, qtbot: QtBot) -> None:
    one.window.go_to(NavPage.SETTINGS)
    palette = palette_of(one)
    QTest.keyClicks(palette.field, "fail over to")
    assert palette.shown[0].name.endswith(": Fail over to tg-node-b…")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: isinstance(one.window.dialog, ConfirmDialog), timeout=PATIENCE_MS)
    dialog = one.window.dialog
    assert isinstance(dialog, ConfirmDialog)
    qtbot.waitUntil(dialog.cancel.hasFocus, timeout=PATIENCE_MS)
    # The answers follow each other for the keyboard, however late the rest of the question was built.
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    QTest.keyClick(dialog.cancel, Qt.Key.Key_Tab)
    assert dialog.start.hasFocus()


def test_that_the_palette_opens_the_question_and_starts_nothing(one: Desk, qtbot: QtBot) -> None:
    palette = palette_of(one)
    QTest.keyClicks(palette.field, "force")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: isinstance(one.window.dialog, ConfirmDialog), timeout=PATIENCE_MS)
    assert not one.session.running


def test_that_a_command_that_is_off_says_why_and_stays(one: Desk) -> None:
    one.window.ask_lock()
    palette = palette_of(one)
    QTest.keyClicks(palette.field, "fail over")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert one.window.dialog is palette
    assert one.says("Locked. This window is read-only.")


def test_that_every_place_and_action_is_in_the_palette_with_its_keys(one: Desk) -> None:
    offered = {command.name: command.keys for command in palette_of(one).shown}
    for number, place in enumerate(NavPage, start=1):
        assert offered[f"Go to {place.value}"] == f"Ctrl+{number}"
    assert offered["Read again now"] == "F5"
    assert offered["Lock: make every screen read-only"] == "Ctrl+L"
    assert {"Use the dark theme", "Use the light theme", "Pin edge-dallas to the rail"} <= set(offered)


def test_that_a_theme_chosen_in_the_palette_is_in_force_and_kept(one: Desk, qtbot: QtBot) -> None:
    palette = palette_of(one)
    QTest.keyClicks(palette.field, "dark theme")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: one.theme.choice is ThemeChoice.DARK, timeout=PATIENCE_MS)
    one.window.go_to(NavPage.SETTINGS)
    assert settings_page(one.window).choices["window.theme"]["dark"].isChecked()


def test_that_better_matches_stand_first() -> None:
    commands = [Command(name, lambda: None, words="x") for name in ("pin edge", "edge-dallas", "badge edgeless")]
    assert [command.fits("edge") for command in commands] == [1, 0, 1]
    assert [command.fits("dal x") for command in commands] == [None, 2, None]


# The rail ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("window", "rail"), [(1024, 56), (1199, 56), (1200, 220), (1920, 220), (2560, 240)])
def test_that_the_rail_has_the_widths_of_the_style(one: Desk, window: int, rail: int) -> None:
    one.window.resize(window, 900)
    assert one.window.rail.width() == rail
    assert [type(widget).__name__ for widget in focusable(one.window) if not accessible_name(widget)] == []


@pytest.mark.parametrize(("place", "widest"), [(None, 2400), (NavPage.CLUSTERS, 1880)])
def test_that_the_pages_are_centred_and_no_wider_than_the_style_allows(
    one: Desk, place: NavPage | None, widest: int
) -> None:
    one.window.resize(3840, 2160)
    if place is not None:
        one.window.go_to(place)
    QApplication.processEvents()
    stack: QWidget = one.window.stack
    assert stack.width() == widest
    left = stack.mapTo(one.window, stack.rect().topLeft()).x() - 240
    right = one.window.width() - stack.mapTo(one.window, stack.rect().topRight()).x()
    assert abs(left - right) <= 3


def test_that_the_number_of_clusters_stands_in_the_rail(shell: Callable[[int], Desk]) -> None:
    desk = shell(12)
    assert accessible_description(desk.window.rail.items[NavPage.CLUSTERS]) == "12"
    assert len(desk.window.rail.clusters) == 8


def test_that_a_cluster_that_became_worse_comes_up_in_the_rail(shell: Callable[[int], Desk], qtbot: QtBot) -> None:
    desk = shell(12)
    sessions, rail = desk.window.sessions, desk.window.rail
    qtbot.waitUntil(lambda: all(one.snapshot is not None for one in sessions.values()), timeout=PATIENCE_MS)
    desk.window.setFocus()
    (left_out, *_) = [name for name in sessions if name not in rail.clusters]
    session = sessions[left_out]

    def comes_up() -> bool:
        """It is read again and again meanwhile: each time it is down anew."""
        assert session.latest is not None
        first, second = session.latest.members
        stopped = replace(first, vm=replace(first.vm, value=VmSeen(Power.DEALLOCATED)))
        session.latest = replace(session.latest, members=(stopped, second))
        desk.window.watching.changed.emit(left_out)
        desk.window._parts.rail_clusters._show_all()
        return left_out in rail.clusters

    qtbot.waitUntil(comes_up, timeout=PATIENCE_MS)


def test_that_a_rail_that_is_made_anew_works_out_every_state_at_once(
    shell: Callable[[int], Desk], qtbot: QtBot
) -> None:
    desk = shell(12)
    qtbot.waitUntil(lambda: all(one.snapshot is not None for one in desk.window.sessions.values()), timeout=PATIENCE_MS)
    desk.window.settings_store.set(TEXT_SIZE, TextSize.LARGE)
    rail_clusters = desk.window._parts.rail_clusters
    qtbot.waitUntil(lambda: rail_clusters._ranks.keys() == desk.window.sessions.keys(), timeout=PATIENCE_MS)
    assert rail_clusters._round == 1


def test_that_a_pinned_cluster_stands_in_the_rail_and_stays(
    shell: Callable[[int], Desk], tmp_path: Path, qtbot: QtBot
) -> None:
    desk = shell(12)
    desk.window.open_cluster("edge-portland")
    palette = palette_of(desk)
    QTest.keyClicks(palette.field, "pin")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: list(desk.window.rail.clusters) == ["edge-portland"], timeout=PATIENCE_MS)
    assert desk.says("Pinned")
    desk.window.settings_store.flush()
    assert PINNED.value_of(load_settings(tmp_path / SETTINGS_NAME).settings) == ("edge-portland",)
    desk.window.pin("edge-portland")
    assert len(desk.window.rail.clusters) == 8


def test_that_ctrl_1_to_6_go_to_the_places(one: Desk) -> None:
    for number, place in enumerate(NavPage, start=1):
        QTest.keyClick(one.window, Qt.Key(Qt.Key.Key_0 + number), CTRL)
        assert one.window.windowTitle() == f"{place.value} - tgwizard"
