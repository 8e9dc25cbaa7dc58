"""Help: a page for each page and step, true to the command line, and F1 leads to it wherever one is."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.cli.test_arguments import call
from tests.gui.desk import PATIENCE_MS, Desk
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import ready as wizard_ready
from tests.gui.setup_walk import walk_to
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.shell.help_dialog import CONTENTS, KEYS, TOPICS, HelpDialog, help_folder, help_text, help_title
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.cluster import Verb
from tgwizard.model.setup_answers import SetupStep

Open = Callable[..., Desk]


def commands(topic: str) -> list[str]:
    return [line.strip() for line in help_text(topic).splitlines() if line.startswith("    ")]


def test_that_the_contents_have_every_page_there_is_and_no_other() -> None:
    assert {file.stem for file in help_folder().glob("*.md")} == set(TOPICS)
    assert all(f"[{help_title(topic)}](help:{topic})" in help_text(CONTENTS) for topic in (*TOPICS, KEYS))


@pytest.mark.parametrize("topic", TOPICS)
def test_that_a_page_says_what_to_do_what_can_go_wrong_and_the_command(topic: str) -> None:
    text = help_text(topic)
    assert text.startswith("# ")
    for part in ("\n## What to do\n", "\n## What can go wrong\n", "\n## The same as a command\n"):
        assert part in text
    assert commands(topic)
    assert "http" not in text


@pytest.mark.parametrize("command", sorted({line for topic in TOPICS for line in commands(topic)}))
def test_that_a_command_of_the_help_is_understood(command: str) -> None:
    program, *words = shlex.split(command)
    assert program == "tgwizard"
    call(*words)


def test_that_the_keys_are_those_that_are_declared() -> None:
    assert all(one.words in help_text(KEYS) and one.keys[0] in help_text(KEYS) for one in Shortcut)


@pytest.fixture
def ready(desk: Open, qtbot: QtBot) -> Desk:
    made = desk()
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: made.find("Fail over to tg-node-b…").isEnabled(), timeout=PATIENCE_MS)
    return made


def asked(desk: Desk | SetupDesk, qtbot: QtBot) -> str:
    """Which page F1 opens; it is closed again with Esc."""
    desk.window.activateWindow()
    qtbot.waitUntil(desk.window.isActiveWindow, timeout=PATIENCE_MS)
    QTest.keyClick(desk.window, Qt.Key.Key_F1)
    shown = desk.window.findChild(HelpDialog)
    assert shown is not None
    topic = shown.topic
    assert desk.says(f"Help: {help_title(topic)}")
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: desk.window.findChild(HelpDialog) is None, timeout=PATIENCE_MS)
    return topic


def test_that_f1_leads_to_the_page_about_what_is_shown(ready: Desk, qtbot: QtBot) -> None:
    topics = [asked(ready, qtbot)]
    for place in (NavPage.CLUSTERS, NavPage.LAB, NavPage.HISTORY, NavPage.REPORTS, NavPage.SETTINGS):
        ready.window.go_to(place)
        topics.append(asked(ready, qtbot))
    assert topics == ["cluster", "clusters", "lab", "history", "reports", "settings"]


def test_that_f1_helps_over_a_question_which_stays(ready: Desk, qtbot: QtBot) -> None:
    ready.window.ask(Verb.GRACEFUL)
    question = ready.window.dialog
    assert question is not None
    qtbot.waitUntil(question.isVisible, timeout=PATIENCE_MS)
    assert asked(ready, qtbot) == "failover"
    assert ready.window.dialog is question
    assert question.isVisible()
    question.reject()


def test_that_a_link_leads_to_another_page_of_ours_and_nowhere_else(ready: Desk) -> None:
    ready.window._parts.actions.contents()
    shown = ready.window.findChild(HelpDialog)
    assert shown is not None
    shown.text.anchorClicked.emit(QUrl("help:verify"))
    assert shown.topic == "verify"
    for away in ("https://example.org/", "file:///etc/passwd", "help:nothing"):
        shown.text.anchorClicked.emit(QUrl(away))
        assert shown.topic == "verify"
    ready.press("Contents")
    assert shown.topic == CONTENTS
    shown.reject()


def test_that_each_step_has_its_help_and_a_question_mark_toggles_the_portals_way(
    setup_desk: Callable[..., SetupDesk], qtbot: QtBot
) -> None:
    desk = setup_desk()
    desk.window.resize(1440, 900)
    wizard_ready(desk, qtbot)
    for step in (SetupStep.SIGN_IN, SetupStep.SUBSCRIPTION, SetupStep.MACHINES, SetupStep.REVIEW):
        walk_to(desk, qtbot, step)
        assert asked(desk, qtbot) == step.name.lower().replace("_", "-")
    assert {step.name.lower().replace("_", "-") for step in SetupStep} <= set(TOPICS)
    panel = desk.page.frame.panel
    assert panel.isVisible()
    for there in (False, True):
        QTest.keyClick(desk.page, Qt.Key.Key_Question)
        assert panel.isVisible() is there
