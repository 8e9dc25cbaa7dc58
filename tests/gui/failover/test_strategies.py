"""Strategies and decisions in the window: the move in one call, the guided question, and a step whose time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk
from tests.gui.shell.test_window import dialog_of
from tgwizard.gui.cluster.run_model import RunModel
from tgwizard.gui.failover.start_failover import GuidedDialog
from tgwizard.gui.failover.timeout_question import TimeoutQuestion
from tgwizard.gui.style.theme import Theme
from tgwizard.model.event_base import Stamp
from tgwizard.model.failover_events import DecisionMade, DecisionRequested, Step, TimeoutChoice
from tgwizard.model.failover_options import Strategy

ONCE = "Move it in one call"


@pytest.fixture
def ready(desk: Callable[[], Desk], qtbot: QtBot) -> Desk:
    """A window whose cluster has been read: the button can be pressed."""
    made = desk()
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    return made


def asked(*choices: TimeoutChoice) -> DecisionRequested:
    stamp = Stamp(datetime(2026, 3, 2, tzinfo=UTC), 100.0)
    return DecisionRequested(stamp, "run", Step.DETACH, "The update of tg-node-a-inside does not end.", choices, 60.0)


def test_that_the_move_in_one_call_is_planned_checked_and_done(ready: Desk, qtbot: QtBot) -> None:
    ready.press("Fail over to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    ready.press(ONCE)
    assert not dialog.start.isEnabled(), "another plan has checks of its own"
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    ready.press("Fail over to tg-node-b")
    session = ready.session
    qtbot.waitUntil(lambda: session.run is not None and session.run.finished is not None, timeout=PATIENCE_MS)
    assert [
        record.method for record in ready.rig.lab.requests if record.path.lower().endswith("/moveipconfigurations")
    ] == ["POST"]
    assert ready.rig.holders() == ["tg-node-b"]


def test_that_a_question_shows_its_choices_and_what_happens_without_an_answer(qtbot: QtBot, theme: Theme) -> None:
    box = TimeoutQuestion(theme)
    qtbot.addWidget(box)
    answers: list[object] = []
    box.decided.connect(answers.append)
    assert box.isHidden()
    question = asked(TimeoutChoice.HAND_OVER, TimeoutChoice.WAIT, TimeoutChoice.PUT_BACK)
    box.show_question(question, "tg-node-a", 130.0)
    assert not box.isHidden()
    words = [button.accessibleName() for button in box._buttons]
    assert words == ["End the run here", "Wait as long again", "Put it back on tg-node-a"]
    assert box._then.text_shown == "Without an answer in 30 s: end the run here."
    box._buttons[2].click()
    assert answers == [TimeoutChoice.PUT_BACK]
    assert not any(button.isEnabled() for button in box._buttons), "one answer is enough"
    box.show_question(None, "", 131.0)
    assert box.isHidden()


def test_that_a_question_is_part_of_the_run_until_it_is_decided() -> None:
    question = asked(TimeoutChoice.RETRY, TimeoutChoice.WAIT)
    state = RunModel().after(question)
    assert state.asked is question
    assert (
        state.after(DecisionMade(question.stamp, "run", Step.DETACH, TimeoutChoice.RETRY, by_user=True)).asked is None
    )


def test_that_the_guided_question_says_where_to_press_and_that_nothing_is_written(
    ready: Desk, qtbot: QtBot, theme: Theme
) -> None:
    dialog = GuidedDialog(theme, ready.window, "edge-dallas", ready.rig.b)
    answers: list[object] = []
    dialog.confirmed.connect(lambda answer: answers.append(answer.strategy))
    dialog.open()
    said = " ".join(widget.accessibleName() for widget in dialog.findChildren(QWidget))
    assert "Make Active in the row of tg-node-b" in said
    assert "tgwizard writes nothing" in said
    dialog.start.click()
    assert answers == [Strategy.GUIDED]
