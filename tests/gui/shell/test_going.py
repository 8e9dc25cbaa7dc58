"""Going through the window by keys: back and forward, out of a filter, and why a key does nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import ready as wizard_ready
from tests.gui.setup_walk import walk_to
from tgwizard.gui.app.nav_pages import NavPage
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
