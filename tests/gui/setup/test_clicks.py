"""From launch to Verified on a new pair: how many clicks, how many keys, and nothing typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, accessible_name
from tests.gui.held_clock import HeldClock
from tests.gui.setup_desk import SetupDesk, open_setup_desk
from tests.gui.setup_walk import ready
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.style.theme import Theme
from tgwizard.model.cluster import Verb
from tgwizard.model.setup_answers import SetupStep

MOST_CLICKS = 13
MOST_KEYS = 16
"""By keys alone the answer to the holder's restart has to be come to with Tab."""


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def fresh(qapp: QApplication, theme: Theme, tmp_path: Path, clock: HeldClock) -> Iterator[SetupDesk]:
    desk, end = open_setup_desk(theme, tmp_path, clock=clock)
    desk.window.go_to(NavPage.CLUSTERS)
    yield desk
    end()


def until(qtbot: QtBot, clock: HeldClock, happened: Callable[[], bool]) -> None:
    """Let time pass until it happened."""

    def look() -> bool:
        clock.let_pass(1.0)
        return happened()

    qtbot.waitUntil(look, timeout=PATIENCE_MS)


def can_press(desk: SetupDesk, name: str) -> bool:
    return any(widget.isEnabled() for widget in desk.all_named(name))


def may_move(desk: SetupDesk) -> bool:
    session = desk.wizard.ending.session
    return session is not None and session.reason_against(Verb.GRACEFUL) is None


def is_back(desk: SetupDesk) -> bool:
    verifier = desk.wizard.verifier
    return not desk.says("Restart: 1.") and not verifier.restarting_words and not verifier.looking


@pytest.mark.parametrize("answer", ["Fail over, then restart", "Restart tg-node-a now"])
def test_that_fresh_is_set_up_and_verified_with_13_clicks_and_nothing_typed(
    fresh: SetupDesk, clock: HeldClock, qtbot: QtBot, answer: str
) -> None:
    desk = fresh
    desk.press("Set up a cluster")
    for step in list(SetupStep)[:-1]:
        ready(desk, qtbot)
        assert desk.page.step is step
        if step is SetupStep.APPLY:
            clock.hold()
        desk.press(desk.page.frame.footer.go_on.accessibleName())
    until(qtbot, clock, lambda: can_press(desk, "Restart: 1."))
    desk.press("Restart: 1.")
    until(qtbot, clock, lambda: is_back(desk) and can_press(desk, "Restart: 2.") and may_move(desk))
    desk.press("Restart: 2.")
    qtbot.waitUntil(lambda: can_press(desk, answer), timeout=PATIENCE_MS)
    desk.press(answer)
    until(qtbot, clock, lambda: desk.says("Verified"))
    assert desk.clicks <= MOST_CLICKS, desk.clicks


def test_that_fresh_is_set_up_and_verified_by_keys_alone(fresh: SetupDesk, clock: HeldClock, qtbot: QtBot) -> None:
    desk, pressed = fresh, list[Qt.Key]()

    def press(key: Qt.Key) -> None:
        pressed.append(key)
        QTest.keyClick(focused(desk), key)

    def has_focus(name: str) -> bool:
        return accessible_name(focused(desk)).startswith(name)

    desk.press("Set up a cluster")
    for step in list(SetupStep)[:-1]:
        ready(desk, qtbot)
        assert desk.page.step is step
        qtbot.waitUntil(lambda: focused(desk) is desk.page.frame.footer.go_on, timeout=PATIENCE_MS)
        if step is SetupStep.APPLY:
            clock.hold()
        press(Qt.Key.Key_Return)
    until(qtbot, clock, lambda: can_press(desk, "Restart: 1.") and has_focus("Restart: 1."))
    press(Qt.Key.Key_Space)
    until(qtbot, clock, lambda: is_back(desk) and has_focus("Restart: 2."))
    press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: desk.window.dialog is not None, timeout=PATIENCE_MS)
    while not has_focus("Restart tg-node-a now"):
        assert len(pressed) < MOST_KEYS, accessible_name(focused(desk))
        press(Qt.Key.Key_Tab)
    press(Qt.Key.Key_Space)
    until(qtbot, clock, lambda: desk.says("Verified"))
    until(qtbot, clock, lambda: has_focus("Finish"))
    assert len(pressed) <= MOST_KEYS, pressed


def focused(desk: SetupDesk) -> QWidget:
    over = desk.window.dialog if desk.window.dialog is not None else desk.window
    found: QWidget | None = over.focusWidget()
    return over if found is None else found
