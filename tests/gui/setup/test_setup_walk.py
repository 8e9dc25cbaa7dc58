"""The wizard as a person walks through it, on a lab, with the real engine and the real SDK behind it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.conftest import OpenSetupDesk as OpenDesk
from tests.gui.desk import PATIENCE_MS, accessible_description
from tests.gui.setup_desk import open_setup_desk
from tests.gui.setup_walk import go_on, walk_to
from tests.gui.studio import USUAL
from tests.gui.walk import wrong
from tgwizard.engine.files.cluster_file import load_cluster
from tgwizard.gui.setup.floating_ip_step import FloatingIpPage
from tgwizard.gui.setup.interface_step import InterfacePage
from tgwizard.gui.setup.machines_step import MachinesPage
from tgwizard.gui.setup.sign_in_step import SignInPage
from tgwizard.gui.setup.subscription_step import SubscriptionPage
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.latency import Latency
from tgwizard.model.appearance import ThemeChoice
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_answers import SetupStep

SMALLEST = (1024, 700)


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


def test_that_a_page_is_built_when_its_step_is_first_shown(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    first = desk.page.findChildren(StepPage)
    assert [type(page) for page in first] == [SignInPage]
    walk_to(desk, qtbot, SetupStep.INTERFACE)
    shown = desk.page.findChildren(StepPage)
    assert [type(page) for page in shown] == [SignInPage, SubscriptionPage, MachinesPage, InterfacePage]
    assert shown[0] is first[0]


def test_that_the_current_step_stays_in_view_when_the_window_gets_too_low_for_all(
    setup_desk: OpenDesk, qtbot: QtBot
) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.REVIEW)
    current = desk.page.frame.side.steps.items[list(SetupStep).index(SetupStep.REVIEW)]
    for height in (900, 400):
        desk.window.resize(SMALLEST[0], height)
        qtbot.waitUntil(lambda: current.visibleRegion().boundingRect() == current.rect(), timeout=PATIENCE_MS)


def test_that_going_back_and_forth_loses_nothing(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.ROLE)
    answers = desk.page.session and desk.page.session.wizard_state.answers
    desk.press("Step 3 of 10, Machines")
    assert desk.says("Which two machines form the cluster?")
    desk.press("Step 6 of 10, Role")
    assert desk.page.step is SetupStep.ROLE
    assert desk.page.session is not None
    assert desk.page.session.wizard_state.answers == answers


def test_that_verify_says_what_waits_for_a_restart_and_finish_opens_the_new_cluster(
    setup_desk: OpenDesk, qtbot: QtBot
) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.VERIFY)
    qtbot.waitUntil(lambda: desk.says("Restart: 1. tg-node-b, the standby"), timeout=PATIENCE_MS)
    desk.press("It has restarted: 1. tg-node-b")
    page = desk.page
    qtbot.waitUntil(lambda: not desk.says("Restart: 1. tg-node-b"), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.says("Restart: 2. tg-node-a"), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: wrong(desk.window) == [], timeout=PATIENCE_MS)
    qtbot.waitUntil(page.frame.footer.go_on.isEnabled, timeout=PATIENCE_MS)
    desk.press("Finish")
    assert desk.window.current == "edge-dallas"
    saved = desk.clusters / "edge-dallas.toml"
    assert load_cluster(saved, desk.rig.lab.cloud) == desk.window.sessions["edge-dallas"].setup
    qtbot.waitUntil(lambda: desk.says("Verdict: In sync: tg-node-a holds 10.20.2.254"), timeout=PATIENCE_MS)
    assert desk.clicks <= 14


def test_that_answers_are_kept_when_the_wizard_is_closed_and_found_again(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.FLOATING_IP)
    desk.press("Use 10.20.2.252")
    qtbot.waitUntil(lambda: desk.says("Continue with 10.20.2.252"), timeout=PATIENCE_MS)
    walk_to(desk, qtbot, SetupStep.ROLE)
    drafts = desk.wizard.drafts
    desk.press("Save and close")
    assert desk.says("No clusters yet")
    qtbot.waitUntil(lambda: not drafts._jobs.under_way, timeout=PATIENCE_MS)
    again = setup_desk(state=desk.state)
    qtbot.waitUntil(lambda: again.page.step is SetupStep.ROLE, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: again.says("Your answers of an earlier set-up are here."), timeout=PATIENCE_MS)
    assert again.page.session is not None
    assert str(again.page.session.wizard_state.answers.address) == "10.20.2.252"
    again.press("Start a new set-up")
    qtbot.waitUntil(lambda: again.page.step is SetupStep.SIGN_IN, timeout=PATIENCE_MS)


def test_that_a_locked_window_shows_the_plan_and_keeps_apply_off(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.REVIEW)
    desk.window.ask_lock()
    qtbot.waitUntil(lambda: not desk.find("Apply 5 changes").isEnabled(), timeout=PATIENCE_MS)
    assert accessible_description(desk.find("Apply 5 changes")).startswith("Locked.")
    assert desk.says("Read-only: nothing can change")
    assert desk.rig.writes() == []


def test_that_closing_while_changes_are_made_asks_and_the_window_stays(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk(latency=Latency.FAST)
    walk_to(desk, qtbot, SetupStep.APPLY)
    assert desk.page.writing
    assert not desk.window.close()
    assert desk.says("Changes are being made in Azure")
    desk.press("Keep the window open")
    assert desk.page.step is SetupStep.APPLY
    qtbot.waitUntil(lambda: not desk.page.writing, timeout=PATIENCE_MS)


def test_that_a_reader_is_told_before_the_first_write_and_may_copy_a_request(
    setup_desk: OpenDesk, qtbot: QtBot
) -> None:
    desk = setup_desk("reader")
    walk_to(desk, qtbot, SetupStep.MACHINES)
    qtbot.waitUntil(lambda: desk.says("tg-node-a and tg-node-b"), timeout=PATIENCE_MS)
    desk.press("tg-node-a and tg-node-b")
    walk_to(desk, qtbot, SetupStep.FLOATING_IP)
    desk.press("Use 10.20.2.254")
    qtbot.waitUntil(lambda: desk.says("Use tg-floating-1"), timeout=PATIENCE_MS)
    desk.press("Use tg-floating-1")
    walk_to(desk, qtbot, SetupStep.REVIEW)
    qtbot.waitUntil(lambda: desk.says("None of the changes is yours to make."), timeout=PATIENCE_MS)
    desk.press("Copy a request")
    assert QApplication.clipboard().text().startswith("Subject: Rights for the floating IP")
    desk.press("Apply")
    assert desk.page.step is SetupStep.REVIEW
    assert desk.rig.writes() == []


def test_that_the_keyboard_alone_goes_back_and_on_and_takes_an_answer_back(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.FLOATING_IP)
    page = desk.page
    asked = desk.step_page(FloatingIpPage)
    assert asked.title.hasFocus()
    asked.map.setFocus()
    QTest.keyClick(asked.map, Qt.Key.Key_Left)
    QTest.keyClick(asked.map, Qt.Key.Key_Return)
    assert page.session is not None
    assert str(page.session.wizard_state.answers.address) == "10.20.2.253"
    QTest.keyClick(page.frame, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.session.wizard_state.answers.address is None
    QTest.keyClick(page.frame, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert page.step.value == "Network interface"
    qtbot.waitUntil(page.frame.footer.go_on.isEnabled, timeout=PATIENCE_MS)
    QTest.keyClick(page.frame, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert page.step.value == "Floating IP"


def test_that_undo_shows_what_it_takes_back_and_takes_back_just_that(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.APPLY)
    qtbot.waitUntil(lambda: desk.says("Verdict: All 5 changes are done"), timeout=PATIENCE_MS)
    desk.press("Undo the changes…")
    assert desk.says("Delete the role tg-cluster-ip-failover")
    desk.press("Undo 4 changes")
    page = desk.page
    qtbot.waitUntil(lambda: not page.writing and desk.wizard.applier.finished is not None, timeout=PATIENCE_MS)
    assert desk.wizard.applier.applying.undoing
    assert desk.wizard.applier.finished is not None
    assert desk.wizard.applier.finished.outcome is Outcome.DONE
    qtbot.waitUntil(lambda: desk.says("4 changes taken back"), timeout=PATIENCE_MS)


def test_that_a_set_up_begun_while_the_program_opens_is_not_taken_away(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk(early=True)
    qtbot.waitUntil(lambda: desk.says("Signed in as operator@lab.example"), timeout=PATIENCE_MS)
    assert desk.says("Who sets this up?")


def test_that_nothing_is_cut_off_at_200_percent_text_down_to_the_smallest_window(
    qapp: QApplication, tmp_path: Path, qtbot: QtBot
) -> None:
    large = Theme(qapp, ThemeChoice.DARK, 2.0)
    desk, end = open_setup_desk(large, tmp_path)
    desk.window.resize(*SMALLEST)
    try:
        for step in SetupStep:
            qtbot.waitUntil(desk.page.frame.footer.go_on.isEnabled, timeout=PATIENCE_MS)
            for size in (USUAL, SMALLEST):
                desk.window.resize(*size)
                qtbot.waitUntil(lambda: wrong(desk.window) == [], timeout=PATIENCE_MS)
            if step is SetupStep.VERIFY:
                break
            go_on(desk, qtbot)
        QTest.keyClick(desk.page.frame, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
        QTest.keyClicks(desk.page.frame, "?")
        assert desk.says("In the Azure portal")
        assert wrong(desk.window) == []
    finally:
        end()
        large.deleteLater()


def test_that_proving_it_opens_the_question_of_a_failover_and_begins_nothing(
    setup_desk: OpenDesk, qtbot: QtBot
) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.VERIFY)
    prove = "Prove it with a real failover…"
    qtbot.waitUntil(lambda: desk.find(prove).isEnabled(), timeout=PATIENCE_MS)
    writes = len(desk.rig.writes())
    desk.press(prove)
    assert desk.window.current == "edge-dallas"
    assert desk.window.dialog is not None
    desk.window.dialog.reject()
    assert not desk.window.sessions["edge-dallas"].running
    assert len([path for method, path in desk.rig.writes() if method == "PUT"]) <= writes


def test_that_what_failed_is_named_and_can_be_made_again(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.REVIEW)
    body = '{"error": {"code": "RoleDefinitionLimitExceeded", "message": "no more <b>roles</b>"}}'
    fault = Fault("PUT", "roleDefinitions", FaultAnswer(400, body), times=1)
    desk.rig.lab.faults.add(fault)
    walk_to(desk, qtbot, SetupStep.APPLY)
    qtbot.waitUntil(lambda: not desk.page.writing and desk.says("Make what is missing"), timeout=PATIENCE_MS)
    assert desk.wizard.applier.finished is not None
    assert desk.wizard.applier.finished.outcome is Outcome.FAILED
    qtbot.waitUntil(lambda: wrong(desk.window) == [], timeout=PATIENCE_MS)
    desk.press("Make what is missing")
    qtbot.waitUntil(lambda: desk.says("Verdict: All 5 changes are done"), timeout=PATIENCE_MS)


def test_that_the_appliance_may_create_the_address_itself(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.FLOATING_IP)
    desk.press("Put it on the active machine at the end of Apply")
    walk_to(desk, qtbot, SetupStep.REVIEW)
    assert desk.says("Four changes, nothing else")


def test_that_a_list_that_cannot_be_read_is_named_in_place_and_can_be_read_again(
    setup_desk: OpenDesk, qtbot: QtBot
) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.MACHINES)
    body = '{"error": {"code": "AuthorizationFailed", "message": "may not <b>list</b>"}}'
    desk.rig.lab.faults.add(Fault("GET", "virtualNetworks", FaultAnswer(403, body), times=None))
    desk.window.read_again()
    qtbot.waitUntil(lambda: desk.says("The virtual networks could not be read."), timeout=PATIENCE_MS)
    desk.rig.lab.faults.clear()
    desk.press("Check again")
    qtbot.waitUntil(lambda: not desk.says("The virtual networks could not be read."), timeout=PATIENCE_MS)
    assert desk.says("tg-node-a and tg-node-b")
