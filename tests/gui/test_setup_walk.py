"""The wizard as a person walks through it, on a lab, with the real engine and the real SDK behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.desk import End
from tests.gui.setup_desk import SetupDesk, open_setup_desk
from tests.gui.walk import wrong
from tgwizard.gui.theme import Theme
from tgwizard.model.setup_answers import SetupStep

PATIENCE_MS = 20_000

OpenDesk = Callable[..., SetupDesk]


@pytest.fixture
def setup_desk(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[OpenDesk]:
    """Opens the wizard on a lab of a scenario; closes window and jobs afterwards."""
    ends: list[End] = []

    def open_it(scenario: str = "fresh", *, go: bool = True) -> SetupDesk:
        made, end = open_setup_desk(theme, tmp_path, scenario, go=go)
        ends.append(end)
        return made

    yield open_it
    for end in ends:
        end()
    QApplication.processEvents()


def go_on(desk: SetupDesk, qtbot: QtBot) -> None:
    """Press the one way on, as soon as it is on, and wait until another step is shown."""
    page, step = desk.page, desk.page.step
    qtbot.waitUntil(page.frame.footer.go_on.isEnabled, timeout=PATIENCE_MS)
    qtbot.wait(60)
    qtbot.waitUntil(page.frame.footer.go_on.isEnabled, timeout=PATIENCE_MS)
    desk.press(page.frame.footer.go_on.accessibleName())
    qtbot.waitUntil(lambda: page.step is not step, timeout=PATIENCE_MS)


def walk_to(desk: SetupDesk, qtbot: QtBot, step: SetupStep) -> None:
    """Press Continue until `step` is shown."""
    while desk.page.step is not step:
        go_on(desk, qtbot)


def test_that_fresh_is_answered_by_one_continue_a_step(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.REVIEW)
    assert desk.clicks == list(SetupStep).index(SetupStep.REVIEW)
    assert desk.says("Five changes, nothing else")
    assert desk.says("add: Turn on the identity of tg-node-b")
    assert desk.says("Nothing is changed yet")
    assert desk.rig.writes() == []


def test_that_no_page_has_a_nameless_clipped_or_covered_part(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    for step in SetupStep:
        assert desk.page.step is step
        qtbot.waitUntil(desk.page.frame.footer.go_on.isEnabled, timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: wrong(desk.window) == [], timeout=PATIENCE_MS)
        if step is SetupStep.REVIEW:
            return
        go_on(desk, qtbot)


def test_that_apply_makes_what_was_shown_and_says_so(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.APPLY)
    qtbot.waitUntil(lambda: desk.says("Verdict: All 5 changes are done"), timeout=PATIENCE_MS)
    assert len(desk.rig.writes()) == 5
    assert desk.says("5 changes, can be undone")


def test_that_going_back_and_forth_loses_nothing(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.ROLE)
    answers = desk.page.session and desk.page.session.flow.answers
    desk.press("Step 3 of 10, Machines")
    assert desk.says("Which two machines form the cluster?")
    desk.press("Step 6 of 10, Role")
    assert desk.page.step is SetupStep.ROLE
    assert desk.page.session is not None
    assert desk.page.session.flow.answers == answers
