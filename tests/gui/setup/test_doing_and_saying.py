"""What a button says is what it does, and what was done is what the page says."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import OpenSetupDesk as OpenDesk
from tests.gui.desk import PATIENCE_MS
from tests.gui.held_clock import HeldClock
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import ready, walk_to
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.setup.apply_step import ApplyPage
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.latency import Latency
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_answers import SetupStep


def double_click(widget: QWidget) -> None:
    """Two clicks in a moment where the widget stands, on whatever is there at the second."""
    window = widget.window()
    place = widget.mapTo(window, widget.rect().center())
    QTest.mouseDClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=place)


def test_that_a_second_click_within_300_ms_presses_no_button_that_came_under_the_pointer(
    theme: Theme, qtbot: QtBot
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    layers = QStackedLayout(window)
    pressed: list[str] = []
    first, second = Button(theme, "First"), Button(theme, "Second")

    def press(name: str, then: int) -> None:
        pressed.append(name)
        layers.setCurrentIndex(then)

    for place, button in enumerate((first, second)):
        layers.addWidget(button)
        button.clicked.connect(partial(press, button.text(), 1 - place))
    window.show()
    qtbot.waitUntil(window.isVisible, timeout=PATIENCE_MS)
    double_click(first)
    assert pressed == ["First"]
    QTest.mouseClick(second, Qt.MouseButton.LeftButton)
    assert pressed == ["First", "Second"]
    double_click(first)
    assert pressed == ["First", "Second", "First"]


def test_that_a_double_click_on_a_button_that_stays_is_two_clicks_on_it_and_on_one_renamed_it_is_one(
    theme: Theme, qtbot: QtBot
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    stays, renamed = Button(theme, "More"), Button(theme, "Apply")
    pressed: list[str] = []
    stays.clicked.connect(lambda: pressed.append("More"))
    renamed.clicked.connect(lambda: pressed.append(renamed.text()))
    renamed.clicked.connect(lambda: renamed.rename("Continue"))
    row.addWidget(stays)
    row.addWidget(renamed)
    window.show()
    qtbot.waitUntil(window.isVisible, timeout=PATIENCE_MS)
    double_click(stays)
    assert pressed == ["More", "More"]
    double_click(renamed)
    assert pressed == ["More", "More", "Apply"]


def test_that_a_double_click_on_the_way_on_goes_one_step_only(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    steps = list(SetupStep)
    for step, after in pairwise(steps):
        assert desk.page.step is step
        ready(desk, qtbot)
        double_click(desk.page.frame.footer.go_on)
        assert desk.page.step is after
    qtbot.waitUntil(lambda: desk.says("Restart: 1. tg-node-b, the standby"), timeout=PATIENCE_MS)
    assert len([path for method, path in desk.rig.writes() if method in ("PUT", "PATCH")]) == 5


def look_of_go_on(desk: SetupDesk) -> ButtonKind:
    return desk.page.frame.footer.go_on.kind


def applying(desk: SetupDesk, qtbot: QtBot) -> ApplyPage:
    walk_to(desk, qtbot, SetupStep.APPLY)
    page = desk.step_page(ApplyPage)
    qtbot.waitUntil(page.stop.isVisible, timeout=PATIENCE_MS)
    return page


def test_that_stop_finishes_what_was_sent_and_a_double_click_on_it_begins_nothing(
    setup_desk: OpenDesk, qtbot: QtBot
) -> None:
    clock = HeldClock()
    desk = setup_desk(latency=Latency.FAST, clock=clock)
    walk_to(desk, qtbot, SetupStep.REVIEW)
    clock.hold()  # what was sent stays under way until the stop has been pressed
    page = applying(desk, qtbot)
    qtbot.waitUntil(lambda: bool(desk.rig.writes()), timeout=PATIENCE_MS)
    where = page.stop.mapTo(desk.window, QPoint(0, 0)), page.stop.size()
    double_click(page.stop)

    def ended() -> bool:
        clock.let_pass(1.0)
        return not desk.page.writing

    qtbot.waitUntil(ended, timeout=PATIENCE_MS)
    finished = desk.wizard.applier.finished
    assert finished is not None
    assert finished.outcome is Outcome.CANCELLED
    sent = {path.lower() for _, path in desk.rig.writes()}
    assert len(finished.done) == len(sent)
    assert "after it was sent" not in desk.step_page(ApplyPage).banner.accessibleName()
    qtbot.waitUntil(page.again.isVisible, timeout=PATIENCE_MS)
    for button in (page.again, page.undo):
        place = button.mapTo(desk.window, QPoint(0, 0))
        assert place.x() >= where[0].x() + where[1].width() or not button.isVisible()


def test_that_a_failed_change_says_code_request_and_cure_and_leads_to_its_answers(
    setup_desk: OpenDesk, qtbot: QtBot
) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.REVIEW)
    body = '{"error": {"code": "InvalidRequestFormat", "message": "no <b>such</b> name"}}'
    place = Fault("PUT", "networkInterfaces", FaultAnswer(400, body), times=None)
    desk.rig.lab.faults.add(place)
    walk_to(desk, qtbot, SetupStep.APPLY)
    page = desk.step_page(ApplyPage)
    qtbot.waitUntil(lambda: not desk.page.writing and page.again.isVisible(), timeout=PATIENCE_MS)
    (box,) = page.problems.boxes
    assert "InvalidRequestFormat" in box.accessibleDescription()
    assert "request " in box.accessibleDescription()
    assert look_of_go_on(desk) is ButtonKind.SECONDARY
    assert page.again.kind is ButtonKind.PRIMARY
    assert not desk.says("0 left")
    desk.rig.lab.faults.clear()
    desk.press("Change the answers: Floating IP")
    assert desk.page.step is SetupStep.FLOATING_IP
    assert look_of_go_on(desk) is ButtonKind.PRIMARY


def test_that_after_undo_the_page_says_so_and_does_not_go_on(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.APPLY)
    qtbot.waitUntil(lambda: desk.says("Verdict: All 5 changes are done"), timeout=PATIENCE_MS)
    desk.press("Undo the changes…")
    double_click(desk.find("Undo 4 changes"))
    qtbot.waitUntil(lambda: not desk.page.writing and desk.wizard.applier.taken_back, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.says("Verdict: 4 of 5 changes are taken back"), timeout=PATIENCE_MS)
    assert not desk.says("All 4 changes are done")
    assert not desk.page.frame.footer.go_on.isEnabled()
    desk.press("Back")
    qtbot.waitUntil(lambda: desk.says("Four changes, nothing else"), timeout=PATIENCE_MS)


def test_that_a_set_up_closed_in_the_middle_says_what_was_written_when_it_is_opened_again(
    setup_desk: OpenDesk, qtbot: QtBot
) -> None:
    desk = setup_desk()
    walk_to(desk, qtbot, SetupStep.REVIEW)
    desk.rig.lab.faults.add(Fault("PUT", "roleAssignments", FaultAnswer(400, '{"error": {"code": "X"}}'), times=None))
    walk_to(desk, qtbot, SetupStep.APPLY)
    qtbot.waitUntil(lambda: not desk.page.writing and desk.says("Make what is missing"), timeout=PATIENCE_MS)
    done = len(desk.wizard.applier.finished.done) if desk.wizard.applier.finished is not None else 0
    drafts = desk.wizard.drafts
    desk.press("Save and close")
    qtbot.waitUntil(lambda: not drafts._jobs.under_way, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.says("Continue set-up of edge-dallas"), timeout=PATIENCE_MS)
    assert desk.says("The set-up of edge-dallas is not finished")
    again = setup_desk(state=desk.state, lab=desk.rig.lab)
    desk.rig.lab.faults.clear()
    again.window.go_to(NavPage.CLUSTERS)
    qtbot.waitUntil(lambda: again.says("Continue set-up of edge-dallas"), timeout=PATIENCE_MS)
    again.press("Continue set-up of edge-dallas")
    qtbot.waitUntil(lambda: again.page.step is SetupStep.REVIEW, timeout=PATIENCE_MS)
    assert again.wizard.applier.written == done
    qtbot.waitUntil(lambda: again.says(f"{done} changes, can be undone"), timeout=PATIENCE_MS)
    assert not again.says("Nothing is changed yet")
    assert not again.says("all is right already")
