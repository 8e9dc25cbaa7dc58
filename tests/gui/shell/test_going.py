"""Going through the window by keys: back and forward, out of a filter, and why a key does nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, clusters_page
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import ready as wizard_ready
from tests.gui.setup_walk import walk_to
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.model.cluster import Verb
from tgwizard.model.settings import READ_ONLY
from tgwizard.model.setup_answers import SetupStep

Open = Callable[..., Desk]
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def ready(desk: Open, qtbot: QtBot) -> Desk:
    made = desk()
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    return made


def at(desk: Desk | SetupDesk) -> str:
    """What the window says it shows."""
    return desk.window.windowTitle().removesuffix(" - tgwizard")


def press(desk: Desk | SetupDesk, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(desk.window, key, modifier)


def test_that_alt_left_and_alt_right_go_through_the_pages_seen(ready: Desk) -> None:
    window, name = ready.window, ready.session.setup.name
    for place in (NavPage.HISTORY, NavPage.SETTINGS):
        window.go_to(place)
    seen = []
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Right):
        press(ready, key, ALT)
        seen.append(at(ready))
    assert seen == ["History", name, name, "History", "Settings"]
    press(ready, Qt.Key.Key_Left, ALT)
    window.go_to(NavPage.LAB)
    press(ready, Qt.Key.Key_Right, ALT)
    assert at(ready) == "Lab"


def test_that_alt_left_in_the_wizard_is_back_and_leaves_it_on_the_first_step(
    setup_desk: Callable[..., SetupDesk], qtbot: QtBot
) -> None:
    desk = setup_desk()
    desk.window.go_to(NavPage.CLUSTERS)
    desk.window.go_to(NavPage.SET_UP)
    wizard_ready(desk, qtbot)
    walk_to(desk, qtbot, SetupStep.MACHINES)
    steps = []
    for _ in range(2):
        press(desk, Qt.Key.Key_Left, ALT)
        steps.append(desk.page.step)
    assert steps == [SetupStep.SUBSCRIPTION, SetupStep.SIGN_IN]
    press(desk, Qt.Key.Key_Left, ALT)
    assert at(desk) == "Clusters"


def test_that_esc_clears_the_filter_before_it_goes_back(ready: Desk, qtbot: QtBot) -> None:
    window = ready.window
    window.go_to(NavPage.CLUSTERS)
    page = clusters_page(window)
    page.filter.setText("portland")
    QTest.keyClick(page.filter, Qt.Key.Key_Escape)
    assert page.filter.text() == ""
    assert at(ready) == "Clusters"
    QTest.keyClick(page.filter, Qt.Key.Key_Escape)
    assert at(ready) == ready.session.setup.name
    press(ready, Qt.Key.Key_Escape)
    assert at(ready) == "Clusters"


def test_that_esc_closes_a_question_and_nothing_else(ready: Desk, qtbot: QtBot) -> None:
    window = ready.window
    qtbot.waitUntil(lambda: ready.find("Fail over to tg-node-b…").isEnabled(), timeout=PATIENCE_MS)
    window.go_to(NavPage.HISTORY)
    window.open_cluster(ready.session.setup.name)
    window.ask(Verb.GRACEFUL)
    question = window.dialog
    assert question is not None
    qtbot.waitUntil(question.isVisible, timeout=PATIENCE_MS)
    press(ready, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert said(ready).endswith("is open. Answer it first, or close it with Esc.")
    press(ready, Qt.Key.Key_Escape)
    press(ready, Qt.Key.Key_Escape)
    assert window.dialog is None
    assert at(ready) == ready.session.setup.name


def said(desk: Desk | SetupDesk) -> str:
    return desk.window._parts.callout.text_shown


def test_that_a_key_that_is_blocked_says_why_beside_its_button(ready: Desk, qtbot: QtBot) -> None:
    ready.window.settings_store.set(READ_ONLY, True)
    control = Qt.KeyboardModifier.ControlModifier
    press(ready, Qt.Key.Key_G, control)
    assert said(ready).startswith("Locked. This window is read-only.")
    assert ready.says("Locked. This window is read-only.")
    press(ready, Qt.Key.Key_Escape)
    assert said(ready) == ""
    press(ready, Qt.Key.Key_G, control | Qt.KeyboardModifier.ShiftModifier)
    assert said(ready).startswith("Locked.")
    ready.window.go_to(NavPage.SETTINGS)
    press(ready, Qt.Key.Key_F, control)
    assert said(ready) == "There is nothing to filter on this page."


def test_that_a_key_that_can_do_nothing_in_the_wizard_says_why(
    setup_desk: Callable[..., SetupDesk], qtbot: QtBot
) -> None:
    desk = setup_desk()
    wizard_ready(desk, qtbot)
    press(desk, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert said(desk) == "Open a cluster first: a failover is asked for on its page."


def test_that_letters_find_an_item_of_the_rail(ready: Desk) -> None:
    rail = ready.window.rail
    rail.items[NavPage.CLUSTERS].setFocus()
    QTest.keyClick(rail.items[NavPage.CLUSTERS], Qt.Key.Key_S)
    assert rail.items[NavPage.SET_UP].hasFocus()
    QTest.keyClick(rail.items[NavPage.SET_UP], Qt.Key.Key_E)
    QTest.keyClick(rail.items[NavPage.SET_UP], Qt.Key.Key_T)
    QTest.keyClick(rail.items[NavPage.SET_UP], Qt.Key.Key_T)
    assert rail.items[NavPage.SETTINGS].hasFocus()
