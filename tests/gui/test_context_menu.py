"""The menu of a thing: how it is asked for, what it says of what is off, and that it does what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, clusters_page, open_desk
from tests.gui.fleet_desk import open_fleet
from tgwizard.gui.shell.context_commands import NO_PORTAL_IN_LAB, portal_address, portal_command
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.command import Command
from tgwizard.gui.widgets.context_menu import ContextMenu, MenuOffer
from tgwizard.model.settings import PINNED


@pytest.fixture
def desk(qapp: QApplication, theme: Theme, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    made, end = open_desk(theme, tmp_path)
    qtbot.waitUntil(lambda: made.session.verdict is not None, timeout=PATIENCE_MS)
    made.window.open_cluster(made.session.setup.name)
    yield made
    close_menu()
    end()
    QApplication.processEvents()


@pytest.fixture
def fleet(qapp: QApplication, theme: Theme, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    made, end = open_fleet(theme, tmp_path, 12)
    qtbot.waitUntil(lambda: all(row.seen_at for row in clusters_page(made.window).model.rows), timeout=PATIENCE_MS)
    yield made
    close_menu()
    end()
    QApplication.processEvents()


def close_menu() -> None:
    menu = QApplication.activePopupWidget()
    if menu is not None:
        menu.close()


def menu() -> ContextMenu:
    """The menu that is open."""
    found = QApplication.activePopupWidget()
    assert isinstance(found, ContextMenu)
    return found


def entry(start: str) -> QAction:
    """The entry of the open menu that begins so."""
    (found,) = (action for action in menu().actions() if action.text().startswith(start))
    return found


def by_mouse(widget: QWidget, place: QPoint | None = None) -> None:
    """Ask for the menu as the right button does."""
    at = place or widget.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, widget.mapToGlobal(at))
    QApplication.sendEvent(widget, event)


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Qt.Key.Key_Menu, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_that_both_keys_open_the_menu_and_it_closes_by_escape(
    desk: Desk, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier
) -> None:
    page = desk.window.cluster_pages.cluster_shown
    assert page is not None
    QTest.keyClick(page.picture.pill, key, modifier)
    assert menu().accessibleName().startswith("Menu of 10.20.2.50")
    QTest.keyClick(menu(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not page.findChildren(QMenu), timeout=PATIENCE_MS)


def test_that_the_address_and_the_members_copy_what_they_say(desk: Desk) -> None:
    page = desk.window.cluster_pages.cluster_shown
    assert page is not None
    by_mouse(page.picture.pill)
    entry("Copy the address").trigger()
    assert QGuiApplication.clipboard().text() == "10.20.2.50"
    close_menu()
    first, second = desk.session.setup.members
    for card, member, own in zip(page.picture.cards, (first, second), ("10.20.2.11", "10.20.2.12"), strict=True):
        for start, wanted in (
            ("Copy its own address", own),
            ("Copy the resource id of the VM", member.vm.text),
            ("Copy the resource id of the interface", member.nic.text),
            ("Copy the command that restarts", f"az vm restart --ids {member.vm.text}"),
        ):
            by_mouse(card)
            entry(start).trigger()
            assert QGuiApplication.clipboard().text() == wanted
            close_menu()


def test_that_an_entry_that_is_off_says_why_and_does_nothing(desk: Desk) -> None:
    page = desk.window.cluster_pages.cluster_shown
    assert page is not None
    by_mouse(page.picture.cards[0])
    holder = entry("Fail over to tg-node-a")
    assert not holder.isEnabled()
    assert holder.text().endswith("\ttg-node-a holds the address.")
    portal = entry("Open tg-node-a in the Azure portal")
    assert not portal.isEnabled()
    assert portal.text().endswith(NO_PORTAL_IN_LAB)
    assert portal.toolTip().endswith(NO_PORTAL_IN_LAB)


def test_that_the_menu_of_the_other_member_asks_for_the_failover_and_never_acts(desk: Desk, qtbot: QtBot) -> None:
    page = desk.window.cluster_pages.cluster_shown
    assert page is not None
    by_mouse(page.picture.cards[1])
    entry("Fail over to tg-node-b…").trigger()
    close_menu()
    qtbot.waitUntil(lambda: desk.window.dialog is not None, timeout=PATIENCE_MS)
    assert not desk.session.running
    assert desk.window.dialog is not None
    desk.window.dialog.reject()


def test_that_a_row_of_the_table_and_an_item_of_the_rail_have_the_same_menu(fleet: Desk, qtbot: QtBot) -> None:
    page = clusters_page(fleet.window)
    page.table.setCurrentIndex(page.table.shown.index(4, 0))
    name = page.table.chosen or page.table.current
    assert name is page.table.current
    assert page.table.current is not None
    cluster = page.table.current.name
    QTest.keyClick(page.table, Qt.Key.Key_Menu)
    words = [action.text() for action in menu().actions() if not action.isSeparator()]
    assert words[0] == f"Open {cluster}"
    entry("Pin ").trigger()
    close_menu()
    assert fleet.window.settings_store.get(PINNED) == (cluster,)
    assert page.table.rows_shown[0].name == cluster
    item = fleet.window.rail.clusters[cluster]
    by_mouse(item)
    rail = [action.text() for action in menu().actions() if not action.isSeparator()]
    assert rail[:-1] == words[: len(rail) - 1]
    entry(f"Take {cluster} off").trigger()
    close_menu()
    assert fleet.window.settings_store.get(PINNED) == ()


def test_that_the_right_button_makes_the_row_under_it_the_current_one(fleet: Desk) -> None:
    page = clusters_page(fleet.window)
    page.table.setCurrentIndex(page.table.shown.index(0, 0))
    place = page.table.visualRect(page.table.shown.index(3, 1)).center()
    by_mouse(page.table.viewport(), place)
    assert page.table.currentIndex().row() == 3
    assert menu().actions()[0].text() == f"Open {page.table.rows_shown[3].name}"


@pytest.mark.parametrize(
    ("cloud", "portal"),
    [
        ("public", "https://portal.azure.com/#@tenant/resource/subscriptions/"),
        ("usgovernment", "https://portal.azure.us/"),
        ("china", "https://portal.azure.cn/"),
    ],
)
def test_that_the_portal_is_that_of_the_clusters_cloud(desk: Desk, cloud: str, portal: str) -> None:
    setup = replace(desk.session.setup, cloud=cloud, tenant="tenant")
    assert portal_address(setup, setup.members[0].vm).startswith(portal)
    assert not portal_command(setup, setup.members[0].vm).off
    unknown = replace(setup, cloud="somewhere")
    assert portal_address(unknown, setup.members[0].vm) == ""
    assert portal_command(unknown, setup.members[0].vm).off == "The portal of this cloud is not known."


def test_that_foreign_names_are_text_in_a_menu(theme: Theme, qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    name = "a&b\t<b>c</b>"
    long = "because " * 30
    offer = MenuOffer(theme, widget, lambda: (Command(name, lambda: None, off=long), None), "x")
    widget.show()
    offer.open_at(QPoint(5, 5))
    (only,) = (action for action in menu().actions() if not action.isSeparator())
    assert only.text().startswith("a&&b <b>c</b>\tbecause")
    assert only.text().endswith("…")
    assert only.whatsThis() == long
    close_menu()
