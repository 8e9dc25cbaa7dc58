"""The menus: every command, with its keys and why it is off; in a low window behind one button."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, accessible_name
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import ready as wizard_ready
from tgwizard import __version__
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.shell.about_dialog import TextSheet
from tgwizard.gui.shell.command_palette import CommandPalette
from tgwizard.gui.shell.command_registry import commands_of
from tgwizard.gui.widgets.command import MenuName
from tgwizard.gui.widgets.menus import Menu
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.appearance import TextSize
from tgwizard.model.settings import READ_ONLY, TEXT_SIZE

Open = Callable[..., Desk]


@pytest.fixture
def ready(desk: Open, qtbot: QtBot) -> Desk:
    made = desk()
    made.window.resize(1440, 900)
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: made.find("Fail over to tg-node-b…").isEnabled(), timeout=PATIENCE_MS)
    return made


def opened(desk: Desk | SetupDesk, name: MenuName) -> list[QAction]:
    """The lines of a menu, as it is when somebody opens it."""
    bar = desk.window._parts.menus.bar
    (menu,) = (one.menu() for one in bar.actions() if one.text() == name.value)
    assert isinstance(menu, Menu)
    menu.aboutToShow.emit()
    return [line for line in menu.actions() if not line.isSeparator()]


def words(line: QAction) -> str:
    return line.text().partition("\t")[0]


def test_that_every_command_but_the_clusters_is_in_a_menu_with_its_keys(ready: Desk) -> None:
    window = ready.window
    lines = [line.text() for name in MenuName for line in opened(ready, name)]
    offered = [one for one in commands_of(window, window._parts.actions) if one.state is None]
    assert len(offered) > 25
    assert sorted(lines) == sorted(f"{one.name}\t{one.keys}" if one.keys else one.name for one in offered)
    bound = {keys for one in Shortcut for keys in one.keys}
    assert {one.keys for one in offered} - bound <= {"", *(f"Ctrl+{number}" for number in range(1, 7))}


def test_that_a_line_that_is_off_says_why(ready: Desk) -> None:
    (graceful,) = (line for line in opened(ready, MenuName.CLUSTER) if words(line) == "Fail over to tg-node-b…")
    assert graceful.isEnabled()
    ready.window.settings_store.set(READ_ONLY, True)
    (graceful,) = (line for line in opened(ready, MenuName.CLUSTER) if words(line) == "Fail over to tg-node-b…")
    assert not graceful.isEnabled()
    assert "Locked. This window is read-only." in graceful.toolTip()
    off = [line for name in MenuName for line in opened(ready, name) if not line.isEnabled()]
    assert all(line.statusTip() for line in off)


def test_that_a_line_does_what_it_says(ready: Desk, qtbot: QtBot) -> None:
    def choose(name: MenuName, start: str) -> None:
        next(line for line in opened(ready, name) if words(line).startswith(start)).trigger()

    choose(MenuName.VIEW, "Larger text")
    assert ready.window.settings_store.get(TEXT_SIZE) is TextSize.LARGER
    choose(MenuName.VIEW, "Usual text size")
    choose(MenuName.VIEW, "Go to History")
    assert ready.window.windowTitle().startswith("History")
    choose(MenuName.HELP, "About tgwizard")
    qtbot.waitUntil(lambda: ready.says("About tgwizard"), timeout=PATIENCE_MS)
    dialog = ready.window.findChild(TextSheet)
    assert dialog is not None
    for part in (
        f"tgwizard {__version__}",
        "Python 3.",
        "PySide6 6.",
        "azure-identity",
        "Inter (font): OFL-1.1",
        "Log:",
    ):
        assert part in dialog.text
    ready.press("Copy")
    assert QGuiApplication.clipboard().text() == dialog.text
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not ready.says("About tgwizard"), timeout=PATIENCE_MS)


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_that_a_low_window_has_one_button_in_place_of_the_bar_and_nothing_moves(ready: Desk, qtbot: QtBot) -> None:
    window = ready.window
    assert window.strip.isVisible()
    assert not window.bar.menu.isVisible()
    window.resize(900, 600)
    qtbot.waitUntil(window.bar.menu.isVisible, timeout=PATIENCE_MS)
    assert not window.strip.isVisible()
    before = window.stack.geometry()
    QTest.keyClick(window, Qt.Key.Key_F10)
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), Menu), timeout=PATIENCE_MS)
    whole = QApplication.activePopupWidget()
    assert isinstance(whole, Menu)
    assert [line.text() for line in whole.actions()] == [name.value for name in MenuName]
    assert window.stack.geometry() == before
    whole.close()
    qtbot.waitUntil(
        lambda: not [one for one in window.findChildren(Menu) if accessible_name(one) == "Menu"], timeout=PATIENCE_MS
    )


def test_that_the_wizard_has_the_menus_and_its_own_commands(setup_desk: Callable[..., SetupDesk], qtbot: QtBot) -> None:
    desk = setup_desk()
    desk.window.resize(1440, 900)
    wizard_ready(desk, qtbot)
    assert desk.window.strip.isVisible()
    lines = {words(line): line for line in opened(desk, MenuName.CLUSTER)}
    assert {"Back", "Continue", "Save and close", "Take the last answer back"} <= set(lines)
    assert not lines["Back"].isEnabled()
    lines["Continue"].trigger()
    assert {words(line): line for line in opened(desk, MenuName.CLUSTER)}["Back"].isEnabled()


def test_that_the_palette_cuts_no_reason_and_gives_the_focus_back(ready: Desk, qtbot: QtBot) -> None:
    window = ready.window
    button = ready.find("Read again")
    button.setFocus()
    window.settings_store.set(READ_ONLY, True)
    window.find_or_run()
    palette = window.dialog
    assert isinstance(palette, CommandPalette)
    (first,) = (one for one in palette.shown if one.keys == str(Shortcut.GRACEFUL))
    index = palette.list.model().index(palette.shown.index(first), 0)
    short = next(place for place, one in enumerate(palette.shown) if not one.second_line)
    rows = palette.list.visualRect(index), palette.list.visualRect(palette.list.model().index(short, 0))
    assert rows[0].height() > rows[1].height()
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith(first.name)
    assert first.off in spoken
    assert spoken.endswith("Ctrl+G")
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.dialog is None, timeout=PATIENCE_MS)
    qtbot.waitUntil(button.hasFocus, timeout=PATIENCE_MS)


def test_that_the_report_of_a_problem_has_versions_and_says_where_the_log_is_not(ready: Desk) -> None:
    ready.window._parts.actions.report_problem()
    dialog = ready.window.findChild(TextSheet)
    assert dialog is not None
    assert f"tgwizard {__version__}" in dialog.text
    assert "No log is written in this window." in dialog.text
    dialog.reject()


def test_that_settings_lead_to_about_and_to_the_log(ready: Desk) -> None:
    ready.window.go_to(NavPage.SETTINGS)
    assert ready.says("No log is written in this window.")
    ready.press("Report a problem…")
    assert ready.window.findChild(TextSheet) is not None
