"""The lab page on a real lab: what is pressed there, the lab has; what the lab has, the page says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, accessible_description, accessible_name, focusable, lab_page, whole_window
from tests.rig import ARM, Rig
from tgwizard.engine.lab_control import FaultSeen
from tgwizard.engine.runs.job_services import Services
from tgwizard.gui.app.app_context import AppContext, OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.lab.lab_text import ANSWERS, RuleTarget, RuleTimes, rule_of, rule_sentence, rule_words
from tgwizard.gui.lab.scenario_cards import ScenarioDialog
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.text_inputs import TextField
from tgwizard.lab.control_client import HttpLabControl
from tgwizard.lab.faults import fault_format
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Verb

Open = Callable[[], Desk]
SLOW = CannedError.SERVER_TIMEOUT


@pytest.fixture
def page(desk: Open, qtbot: QtBot) -> Desk:
    """A window at its Lab place, and the lab has been read."""
    made = desk()
    made.window.go_to(NavPage.LAB)
    qtbot.waitUntil(lambda: made.says("Read at "), timeout=PATIENCE_MS)
    return made


def sheet_of(desk: Desk) -> ScenarioDialog:
    """The open question."""
    (sheet,) = [found for found in desk.window.findChildren(ScenarioDialog) if found.isVisible()]
    return sheet


def rules(desk: Desk) -> list[str]:
    """The rules of the lab itself, as their documents name the answer."""
    return [fault_format.write(rule)["effect"]["answer"] for rule in desk.rig.lab.faults.rules]


def power(desk: Desk, vm: str) -> str:
    """The power of a VM in the lab itself."""
    return next(state.value for vm_id, state in desk.rig.lab.vms() if vm_id.endswith(f"/{vm}"))


def test_that_a_latency_chosen_is_the_labs_at_once(page: Desk, qtbot: QtBot) -> None:
    assert page.rig.lab.latency is Latency.INSTANT
    page.press("As on Azure")
    qtbot.waitUntil(lambda: page.rig.lab.latency is Latency.AZURE, timeout=PATIENCE_MS)


def test_that_a_latency_set_elsewhere_is_shown_after_reading_again(page: Desk, qtbot: QtBot) -> None:
    page.rig.lab.latency = Latency.DRAWN
    page.window.read_again()
    session = lab_page(page.window).session
    assert session is not None
    qtbot.waitUntil(lambda: session.seen is not None and session.seen.state.latency == "drawn", timeout=PATIENCE_MS)
    drawn = page.find("Drawn")
    qtbot.waitUntil(lambda: drawn.property("checked") is True, timeout=PATIENCE_MS)
    assert page.rig.lab.latency is Latency.DRAWN


def test_that_a_vm_stopped_shows_it_and_can_be_started_again(page: Desk, qtbot: QtBot) -> None:
    assert page.says("State of tg-node-b: Running")
    page.press("Stop tg-node-b")
    qtbot.waitUntil(lambda: page.says("State of tg-node-b: Stopped"), timeout=PATIENCE_MS)
    assert power(page, "tg-node-b") == "stopped"
    assert page.says("State of tg-node-a: Running")
    page.press("Start tg-node-b")
    qtbot.waitUntil(lambda: page.says("State of tg-node-b: Running"), timeout=PATIENCE_MS)
    assert power(page, "tg-node-b") == "running"


def test_that_a_fault_added_is_listed_strikes_and_is_cleared(page: Desk, qtbot: QtBot) -> None:
    assert page.says("No rule is present")
    page.press("Server timeout")
    page.press("Reads of a NIC")
    page.press("Until cleared")
    page.press("Only for tg-node-b-inside")
    page.press("Add the fault")
    sentence = "Server timeout for reads of a NIC on tg-node-b-inside, until cleared"
    qtbot.waitUntil(lambda: page.says(f"Rule 1: {sentence}"), timeout=PATIENCE_MS)
    assert rules(page) == [SLOW.value]
    page.session.read_now()
    qtbot.waitUntil(lambda: page.rig.lab.faults.rules[0].struck > 0, timeout=PATIENCE_MS)
    page.window.read_again()
    qtbot.waitUntil(lambda: page.says("Met "), timeout=PATIENCE_MS)
    page.press("Clear all faults")
    qtbot.waitUntil(lambda: page.says("No rule is present"), timeout=PATIENCE_MS)
    assert rules(page) == []
    assert not page.says("Rule 1")


def test_that_one_rule_of_two_is_removed(page: Desk, qtbot: QtBot) -> None:
    page.press("Internal error")
    page.press("Add the fault")
    qtbot.waitUntil(lambda: page.says("Rule 1: Internal error for writes of a NIC, once"), timeout=PATIENCE_MS)
    page.press("Network busy")
    page.press("Add the fault")
    qtbot.waitUntil(lambda: page.says("Rule 2: Network busy for writes of a NIC, once"), timeout=PATIENCE_MS)
    page.press("Remove rule 1")
    qtbot.waitUntil(lambda: not page.says("Rule 1"), timeout=PATIENCE_MS)
    assert rules(page) == [CannedError.NETWORK_BUSY.value]


def test_that_a_rule_added_elsewhere_is_told_in_the_labs_words(page: Desk, qtbot: QtBot) -> None:
    session = lab_page(page.window).session
    assert session is not None
    session.add_fault({"name": "lost", "match": {"nth": 2}, "effect": {"kind": "reset"}}, "lost")
    qtbot.waitUntil(lambda: page.says("Rule 1: lost: reset (moment before-commit)"), timeout=PATIENCE_MS)


def test_that_a_scenario_asks_first_and_cancel_keeps_the_world(page: Desk) -> None:
    page.press("reader")
    page.press("Replace the world with reader…")
    sheet = sheet_of(page)
    assert sheet.cancel.isDefault()
    QTest.keyClick(sheet.replace, Qt.Key.Key_Return)
    assert sheet.isVisible()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert page.window.dialog is None
    session = lab_page(page.window).session
    assert session is not None
    assert session.doing == ""
    assert page.rig.lab.scenario == "ready"


def test_that_a_scenario_confirmed_replaces_the_world_and_says_what_the_window_still_watches(
    page: Desk, qtbot: QtBot
) -> None:
    page.press("reader")
    page.press("Replace the world with reader…")
    QTest.mouseClick(sheet_of(page).replace, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.says("in use: reader, 1 cluster"), timeout=PATIENCE_MS)
    assert page.rig.lab.scenario == "reader"
    qtbot.waitUntil(lambda: page.says("The world was replaced"), timeout=PATIENCE_MS)


def test_that_a_scenario_is_not_offered_while_a_failover_runs(page: Desk, qtbot: QtBot) -> None:
    page.rig.lab.latency = Latency.FAST
    page.session.fail_over(page.rig.b, Verb.GRACEFUL)
    page.window.go_to(NavPage.LAB)
    page.press("Replace the world with ready…")
    sheet = sheet_of(page)
    assert not sheet.replace.isEnabled()
    assert accessible_description(sheet.replace) == "A failover is running."
    sheet.reject()
    page.session.cancel_run()
    qtbot.waitUntil(lambda: not page.session.running, timeout=PATIENCE_MS)


def test_that_the_data_plane_says_who_holds_the_floating_ip(page: Desk) -> None:
    assert page.says("tg-node-a-inside holds 10.20.2.50, since ")


def test_that_the_path_of_the_certificate_is_copied(page: Desk) -> None:
    shown = page.find("CA certificate: ")
    page.press("Copy path of the CA certificate")
    assert accessible_name(shown) == f"CA certificate: {QGuiApplication.clipboard().text()}"
    assert QGuiApplication.clipboard().text().endswith("ca.pem")


def test_that_what_the_lab_turns_down_is_told_in_its_words(page: Desk, qtbot: QtBot) -> None:
    session = lab_page(page.window).session
    assert session is not None
    session.use_scenario("no-such-world")
    qtbot.waitUntil(lambda: session.refused is not None, timeout=PATIENCE_MS)
    assert session.refused is not None
    what = session.refused.what
    qtbot.waitUntil(lambda: page.says(what), timeout=PATIENCE_MS)
    assert session.replaced_by == ""
    page.press("Fast")
    qtbot.waitUntil(lambda: page.rig.lab.latency is Latency.FAST, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: session.refused is None and not session.doing, timeout=PATIENCE_MS)


def test_that_everything_on_the_page_that_takes_the_focus_has_a_name(page: Desk) -> None:
    reached: list[QWidget] = list(focusable(lab_page(page.window)))
    assert len(reached) > 25
    assert [widget for widget in reached if not accessible_name(widget)] == []
    assert any(isinstance(widget, TextField) for widget in reached)


def test_that_the_lab_is_read_only_while_its_page_is_shown(page: Desk, qtbot: QtBot) -> None:
    session = lab_page(page.window).session
    assert session is not None
    page.window.go_to(NavPage.CLUSTERS)
    qtbot.waitUntil(lambda: not session._requests, timeout=PATIENCE_MS)
    assert not lab_page(page.window)._timer.isActive()
    page.window.go_to(NavPage.LAB)
    assert lab_page(page.window)._timer.isActive()


def test_that_facts_that_cannot_be_read_again_are_told_as_the_last_known(
    theme: Theme, desk: Open, qtbot: QtBot
) -> None:
    rig = desk().rig
    tokens = [rig.lab.control_token]
    control = HttpLabControl(lab_session(rig.lab), lambda: ARM, lambda: tokens[-1])
    bridge = Bridge()
    window = whole_window(theme, bridge, AppContext("Embedded in this window", is_lab=True))
    qtbot.addWidget(window)
    bridge.start()
    window.show()
    window.show_opened(OpenedProgram(rig.services, (), lab=control))
    window.go_to(NavPage.LAB)

    def shown(start: str) -> bool:
        widgets = lab_page(window).findChildren(QWidget)
        return any(accessible_name(widget).startswith(start) for widget in widgets if widget.isVisible())

    qtbot.waitUntil(lambda: shown("State of tg-node-a: Running"), timeout=PATIENCE_MS)
    tokens.append("no-token-of-this-lab")
    window.read_again()
    qtbot.waitUntil(lambda: shown("State of tg-node-a: Last known: Running"), timeout=PATIENCE_MS)
    session = lab_page(window).session
    assert session is not None
    assert session.unread is not None
    qtbot.waitUntil(lambda: shown("The lab is controlled with the control token"), timeout=PATIENCE_MS)
    tokens.pop()
    window.read_again()
    qtbot.waitUntil(lambda: shown("State of tg-node-a: Running"), timeout=PATIENCE_MS)
    bridge.stop()
    control.close()
    bridge.deleteLater()


@pytest.mark.parametrize(
    ("is_lab", "words"),
    [(False, "This window works on the real Azure."), (True, "The controls of this lab are not available")],
)
def test_that_a_page_without_controls_says_why(
    theme: Theme, desk: Open, qtbot: QtBot, is_lab: bool, words: str
) -> None:
    services: Services = desk().rig.services
    bridge = Bridge()
    window = whole_window(theme, bridge, AppContext("Azure public", is_lab=is_lab))
    qtbot.addWidget(window)
    window.show()
    window.show_opened(OpenedProgram(services, ()))
    window.go_to(NavPage.LAB)
    shown = [accessible_name(widget) for widget in lab_page(window).findChildren(QWidget) if widget.isVisible()]
    assert any(name.startswith(words) for name in shown)
    assert list(focusable(lab_page(window))) == []
    bridge.deleteLater()


def test_that_every_ready_made_answer_is_one_the_lab_knows_and_none_is_missing() -> None:
    assert [item.word for item in ANSWERS] == [item.value for item in CannedError]


@pytest.mark.parametrize("target", RuleTarget)
@pytest.mark.parametrize("times", RuleTimes)
def test_that_a_rule_reads_the_same_before_it_is_sent_and_when_it_is_present(
    lab: Rig, target: RuleTarget, times: RuleTimes
) -> None:
    wish: Mapping[str, Any] = rule_of(ANSWERS[0], target, times, "tg-node-a")
    present = fault_format.write(lab.lab.faults.add(fault_format.read(wish)))
    seen = FaultSeen("1", "", present["match"], present["effect"], 0, 0)
    assert rule_words(seen) == rule_sentence(wish["match"], wish["effect"])
    assert "tg-node-a" in rule_words(seen)
