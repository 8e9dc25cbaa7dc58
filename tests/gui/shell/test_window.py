"""The window on a real lab: a failover from click to result, names for everything, keys, and the questions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, accessible_name, focusable
from tests.gui.held_clock import Later
from tgwizard.engine.watch.monitor import Pace
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.picture_model import PillState
from tgwizard.gui.failover.confirm_dialog import ConfirmDialog, FailoverChoice
from tgwizard.gui.failover.run_page import RunPage
from tgwizard.gui.shell.shutdown import CloseDuringRun
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.widgets.cards import PageScroll
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, OperationTakes
from tgwizard.model.appearance import ThemeChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Finished
from tgwizard.model.snapshot import LocationKind

Open = Callable[..., Desk]
MIDDLE_S = 60.0
"""How long the middle of a run lasts, unless the test ends it."""


@pytest.fixture
def clock() -> Later:
    return Later()


@pytest.fixture
def ready(desk: Open, qtbot: QtBot, clock: Later) -> Desk:
    """A window whose cluster has been read: both buttons can be pressed."""
    made = desk(clock=clock)
    qtbot.waitUntil(lambda: made.session.snapshot is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    return made


def dialog_of(desk: Desk, qtbot: QtBot) -> ConfirmDialog:
    """The open question, as soon as it is built."""

    def shown() -> list[ConfirmDialog]:
        return [found for found in desk.window.findChildren(ConfirmDialog) if found.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()), timeout=PATIENCE_MS)
    (dialog,) = shown()
    return dialog


def answered(dialog: ConfirmDialog) -> bool:
    """Whether the pre-flight has ended."""
    return "Asking" not in dialog.pill.accessibleName()


@pytest.mark.parametrize("verb", list(Verb))
def test_that_a_question_fits_into_the_usual_window_without_scrolling(ready: Desk, qtbot: QtBot, verb: Verb) -> None:
    ready.window.resize(1440, 900)
    ready.window.ask(verb)
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(lambda: answered(dialog), timeout=PATIENCE_MS)
    (body,) = dialog.findChildren(PageScroll)
    qtbot.waitUntil(lambda: body.verticalScrollBar().maximum() == 0, timeout=PATIENCE_MS)
    assert dialog.height() <= 0.9 * 900


def slow_detach(desk: Desk) -> None:
    """Make the detach last, so that there is a middle of the run. The first PUT is the run's own probe."""
    desk.rig.lab.faults.add(Fault("PUT", desk.rig.a.nic.name, OperationTakes(MIDDLE_S), nth=2))


def run_in_the_middle(desk: Desk, qtbot: QtBot) -> None:
    """Wait until the slow detach has begun, and the window knows of the run."""
    session, faults = desk.session, desk.rig.lab.faults

    def begun() -> bool:
        struck = any(rule.struck for rule in faults.rules)
        return struck and session.run is not None and session.run.started is not None

    qtbot.waitUntil(begun, timeout=PATIENCE_MS)


def crumbs(desk: Desk) -> list[QWidget]:
    """Everything in the bar above the page."""
    return desk.window.bar.findChildren(QWidget)


def holder(desk: Desk) -> str:
    (name,) = desk.rig.holders()
    return name


def test_that_a_failover_from_click_to_result_moves_the_floating_ip(ready: Desk, qtbot: QtBot) -> None:
    ready.press("Fail over to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    assert holder(ready) == "tg-node-a"
    assert ready.rig.puts() == []
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ready.says("Result: Done"), timeout=PATIENCE_MS)
    assert holder(ready) == "tg-node-b"
    page = ready.window.findChild(RunPage)
    assert page is not None
    assert any(name == "Graceful failover to tg-node-b" for name in map(accessible_name, crumbs(ready)))
    assert page.banner.sentence == "Done: tg-node-b holds 10.20.2.50"
    assert page.banner.shape is Shape.GOOD
    qtbot.waitUntil(lambda: page.picture.pill.state is PillState.HELD, timeout=PATIENCE_MS)
    assert ready.says("10.20.2.50, on tg-node-b")
    ready.press("Back to edge-dallas")
    qtbot.waitUntil(lambda: ready.says("Fail over to tg-node-a…"), timeout=PATIENCE_MS)
    events = ready.window.findChild(ClusterPage)
    assert events is not None
    assert any(line.startswith("Graceful failover to tg-node-b in ") for line in events.events.sentences)


def test_that_a_double_click_on_the_verb_starts_one_run(ready: Desk, qtbot: QtBot) -> None:
    ready.press("Fail over to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    answers: list[FailoverChoice] = []
    dialog.confirmed.connect(answers.append)
    dialog.start.click()
    dialog.start.click()
    assert answers == [FailoverChoice()]
    qtbot.waitUntil(lambda: ready.says("Result: Done"), timeout=PATIENCE_MS)
    assert len(ready.rig.puts()) == 2


def test_that_cancel_is_the_default_and_enter_starts_nothing(ready: Desk, qtbot: QtBot) -> None:
    ready.press("Fail over to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    assert dialog.cancel.isDefault()
    dialog.start.setFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(dialog.start, key)
        QTest.keyClick(dialog, key)
    assert dialog.isVisible()
    assert not ready.session.running
    assert ready.rig.puts() == []
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert not ready.session.running


def test_that_the_question_opens_with_the_focus_on_cancel(ready: Desk, qtbot: QtBot) -> None:
    ready.window.activateWindow()
    qtbot.waitUntil(ready.window.isActiveWindow, timeout=PATIENCE_MS)
    ready.press("Fail over to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(dialog.cancel.hasFocus, timeout=PATIENCE_MS)
    QTest.keyClick(dialog.cancel, Qt.Key.Key_Return)
    assert not dialog.isVisible()


def test_that_tab_stays_inside_the_question(ready: Desk, qtbot: QtBot) -> None:
    ready.window.activateWindow()
    qtbot.waitUntil(ready.window.isActiveWindow, timeout=PATIENCE_MS)
    ready.press("Fail over to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    met = set()
    for _ in range(8):
        here = QApplication.focusWidget()
        assert here is not None
        assert dialog.isAncestorOf(here)
        met.add(accessible_name(here))
        QTest.keyClick(here, Qt.Key.Key_Tab)
    assert met == {
        "Copy for a change ticket",
        "Cancel",
        "Fail over to tg-node-b",
        "Move it in one call",
        "15 other checks passed",
        "Copy the command",
    }


def test_that_forced_is_off_until_the_cluster_name_was_typed(ready: Desk, qtbot: QtBot) -> None:
    ready.press("Force failover to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(lambda: dialog.pill.accessibleName() == "State: Possible, not advised", timeout=PATIENCE_MS)
    assert not dialog.start.isEnabled()
    QTest.keyClicks(dialog.typed, "edge-dalla")
    assert not dialog.start.isEnabled()
    QTest.keyClicks(dialog.typed, "s")
    assert dialog.start.isEnabled()
    QTest.keyClick(dialog.typed, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert not ready.session.running
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ready.says("Result: Done"), timeout=PATIENCE_MS)
    assert holder(ready) == "tg-node-b"


def test_that_the_fence_menu_shows_what_a_stop_costs_and_stops_the_member_first(ready: Desk, qtbot: QtBot) -> None:
    ready.press("Force failover to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(lambda: dialog.pill.accessibleName() == "State: Possible, not advised", timeout=PATIENCE_MS)
    assert "needs virtualMachines/powerOff" in dialog.fence.stop.accessibleDescription()
    assert "about 10 s" in dialog.fence.stop.accessibleDescription()
    assert not dialog.fence.optional.isVisible()
    QTest.keyClicks(dialog.typed, "edge-dallas")
    dialog.fence.stop.click()
    assert not dialog.start.isEnabled()
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    dialog.copy.click()
    assert f"POST {ready.rig.a.vm.text}/powerOff" in QApplication.clipboard().text()
    assert "You may stop tg-node-a" in QApplication.clipboard().text()
    dialog.start.click()
    qtbot.waitUntil(lambda: ready.says("Result: Done"), timeout=PATIENCE_MS)
    assert holder(ready) == "tg-node-b"
    assert [record.path.rsplit("/", 1)[-1] for record in ready.rig.lab.requests if record.method == "POST"] == [
        "powerOff"
    ]


def test_that_rights_and_locks_are_checked_on_the_page_and_stand_in_the_list(ready: Desk, qtbot: QtBot) -> None:
    page = ready.window.findChild(ClusterPage)
    assert page is not None
    qtbot.waitUntil(page.graceful.check.isEnabled, timeout=PATIENCE_MS)
    assert ready.session.state is not None
    page.graceful.check.click()

    def facts() -> list[str]:
        found = ready.session.state
        return [] if found is None else [finding.fact for finding in found.graceful.findings.findings]

    qtbot.waitUntil(lambda: any(fact.startswith("Rights and locks checked: ") for fact in facts()), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: page.graceful.pill.accessibleName() == "State: Ready", timeout=PATIENCE_MS)
    assert ready.rig.puts() == []


def test_that_a_member_that_is_down_needs_no_fence(ready: Desk, qtbot: QtBot) -> None:
    ready.rig.lab.switch(ready.rig.a.vm.text, on=False)
    ready.session.read_now()
    qtbot.waitUntil(lambda: ready.says("tg-node-a is stopped"), timeout=PATIENCE_MS)
    ready.press("Repair: move the address to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    assert not hasattr(dialog, "fence")
    dialog.reject()


def test_that_the_change_ticket_names_every_call_in_full(ready: Desk, qtbot: QtBot) -> None:
    ready.press("Fail over to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    dialog.copy.click()
    text = QApplication.clipboard().text()
    for member in ready.rig.setup.members:
        assert f"PUT {member.nic.text}" in text
    assert "Microsoft.Network/virtualNetworks/subnets/join/action" in text
    assert "passed: You may write tg-node-b-inside" in text
    dialog.reject()


def test_that_a_block_found_by_the_preflight_keeps_the_verb_off_and_says_why(ready: Desk, qtbot: QtBot) -> None:
    scope = ready.rig.b.nic
    refusal = '{"error": {"code": "AuthorizationFailed", "message": "no authorization to perform action"}}'
    ready.rig.lab.faults.add(Fault("PUT", scope.name, FaultAnswer(403, refusal), nth=1, times=99))
    ready.press("Fail over to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(lambda: dialog.pill.accessibleName() == "State: Blocked", timeout=PATIENCE_MS)
    assert not dialog.start.isEnabled()
    assert "tg-node-b-inside" in dialog.start.toolTip()
    dialog.reject()


def test_that_ctrl_g_opens_the_question_and_never_acts(ready: Desk, qtbot: QtBot) -> None:
    ready.window.activateWindow()
    qtbot.waitUntil(ready.window.isActiveWindow, timeout=PATIENCE_MS)
    QTest.keyClick(ready.window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    graceful = dialog_of(ready, qtbot)
    assert "Fail over" in accessible_name(graceful)
    graceful.reject()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(ready.window, Qt.Key.Key_G, both)
    forced = dialog_of(ready, qtbot)
    assert "Force" in accessible_name(forced)
    forced.reject()
    assert ready.rig.puts() == []


def test_that_f5_reads_azure_again_at_once(ready: Desk, qtbot: QtBot) -> None:
    # Without F5 the machines would be read again after an hour.
    ready.session.set_pace(Pace(vms_s=3600.0))
    before = len(ready.rig.lab.requests)
    ready.window.activateWindow()
    qtbot.waitUntil(ready.window.isActiveWindow, timeout=PATIENCE_MS)
    QTest.keyClick(ready.window, Qt.Key.Key_F5)
    wanted = "virtualMachines"

    def vms_were_read() -> bool:
        return any(wanted in record.path for record in ready.rig.lab.requests[before:])

    qtbot.waitUntil(vms_were_read, timeout=PATIENCE_MS)


def test_that_every_focusable_widget_has_a_name_on_every_page_and_question(ready: Desk, qtbot: QtBot) -> None:
    def nameless() -> list[str]:
        found = focusable(ready.window)
        return [f"{type(widget).__name__}" for widget in found if not accessible_name(widget).strip()]

    assert nameless() == []
    for width in (1024, 1440):
        ready.window.resize(width, 900)
        assert nameless() == []
    for verb in Verb:
        ready.window.ask(verb)
        dialog = dialog_of(ready, qtbot)
        qtbot.waitUntil(partial(answered, dialog), timeout=PATIENCE_MS)
        assert nameless() == []
        dialog.reject()
    for place in NavPage:
        ready.window.go_to(place)
        assert nameless() == []


def test_that_the_theme_setting_switches_the_whole_window_at_once(ready: Desk) -> None:
    light = ready.window.grab().toImage().pixelColor(5, 5).lightness()
    ready.window.go_to(NavPage.SETTINGS)
    ready.press("Dark")
    assert ready.window.grab().toImage().pixelColor(5, 5).lightness() < light / 2
    assert ready.theme.choice is ThemeChoice.DARK


def test_that_the_narrow_window_shows_verdict_buttons_picture_and_sources_without_scrolling(
    ready: Desk, qtbot: QtBot
) -> None:
    ready.window.resize(1024, 768)
    page = ready.window.findChild(ClusterPage)
    assert page is not None

    def below(part: QWidget) -> int:
        return part.mapTo(page, part.rect().bottomLeft()).y() - page.rect().bottom()

    qtbot.waitUntil(lambda: below(page.sources) <= 0, timeout=PATIENCE_MS)
    for part in (page.banner, page.graceful.button, page.forced.button, page.picture, page.sources):
        assert below(part) <= 0, accessible_name(part)


def test_that_a_second_program_sees_the_move_and_we_see_its(ready: Desk, qtbot: QtBot) -> None:
    ready.rig.fail_over(ready.rig.b)
    ready.session.read_now()

    def seen() -> bool:
        # A look that was under way may have read one interface before the move and the other after it.
        snapshot = ready.session.snapshot
        moved = snapshot is not None and snapshot.place.kind is LocationKind.MEMBER
        return moved and ready.says("Fail over to tg-node-a…")

    qtbot.waitUntil(seen, timeout=PATIENCE_MS)


def test_that_closing_without_a_run_closes(ready: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(ready.window.closed, timeout=PATIENCE_MS):
        ready.window.close()
    assert not ready.window.isVisible()


def test_that_closing_during_a_run_asks_and_closes_when_the_run_has_ended(
    ready: Desk, qtbot: QtBot, clock: Later
) -> None:
    slow_detach(ready)
    target = ready.rig.b
    ready.session.fail_over(target, Verb.GRACEFUL)
    run_in_the_middle(ready, qtbot)
    ready.window.close()
    assert ready.window.isVisible()
    (dialog,) = [found for found in ready.window.findChildren(CloseDuringRun) if found.isVisible()]
    assert dialog.cancel.isDefault()
    with qtbot.waitSignal(ready.window.closed, timeout=PATIENCE_MS):
        dialog.finish.click()
        clock.ahead_s += MIDDLE_S
    assert ready.session.run is not None
    assert ready.session.run.finished is not None
    assert ready.session.run.finished.outcome is Outcome.DONE
    assert holder(ready) == "tg-node-b"


def test_that_the_window_leaves_without_a_question_when_the_run_has_left_the_gap(
    ready: Desk, qtbot: QtBot, clock: Later
) -> None:
    slow_detach(ready)
    ready.session.fail_over(ready.rig.b, Verb.GRACEFUL)
    run_in_the_middle(ready, qtbot)
    qtbot.waitUntil(lambda: ready.says("Put it back on tg-node-a"), timeout=PATIENCE_MS)
    with qtbot.waitSignal(ready.window.closed, timeout=PATIENCE_MS):
        ready.window.leave(ready.rig.services.jobs)
        assert ready.window.isVisible()
        assert ready.says("Closing, as soon as what is being written is left in order")
        assert ready.window.dialog is None, "nobody is asked"
        clock.ahead_s += MIDDLE_S
    assert ready.rig.services.jobs.writers() == ()
    assert holder(ready) == "tg-node-a"


def test_that_the_page_of_a_run_that_broke_is_left_when_the_dialog_over_it_is_closed(ready: Desk, qtbot: QtBot) -> None:
    over = threading.Event()

    def work(_report: object, _token: object) -> Finished:
        over.wait(PATIENCE_MS / 1000)
        raise LookupError("an error of ours")

    ready.session._start_run("failover", work)
    assert ready.window.cluster_pages.shows_run
    ready.window.find_or_run()
    over.set()
    qtbot.waitUntil(lambda: ready.session.run is None, timeout=PATIENCE_MS)
    assert ready.window.cluster_pages.shows_run, "no page changes behind a dialog"
    assert ready.window.dialog is not None
    ready.window.dialog.reject()
    qtbot.waitUntil(lambda: ready.window.cluster_pages.cluster_shown is not None, timeout=PATIENCE_MS)


def test_that_leaving_answers_the_question_that_is_open_by_itself(ready: Desk, qtbot: QtBot, clock: Later) -> None:
    slow_detach(ready)
    ready.session.fail_over(ready.rig.b, Verb.GRACEFUL)
    run_in_the_middle(ready, qtbot)
    ready.window.close()
    assert [found for found in ready.window.findChildren(CloseDuringRun) if found.isVisible()]
    with qtbot.waitSignal(ready.window.closed, timeout=PATIENCE_MS):
        ready.window.leave(ready.rig.services.jobs)
        clock.ahead_s += MIDDLE_S
    assert holder(ready) in ("tg-node-a", "tg-node-b")


def test_that_leaving_without_a_run_closes_at_once(ready: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(ready.window.closed, timeout=PATIENCE_MS):
        ready.window.leave(ready.rig.services.jobs)


def test_that_a_run_can_be_put_back_while_the_address_is_in_the_air(ready: Desk, qtbot: QtBot, clock: Later) -> None:
    slow_detach(ready)
    ready.session.fail_over(ready.rig.b, Verb.GRACEFUL)
    run_in_the_middle(ready, qtbot)
    qtbot.waitUntil(lambda: ready.says("Put it back on tg-node-a"), timeout=PATIENCE_MS)
    qtbot.waitUntil(ready.find("Put it back on tg-node-a").isEnabled, timeout=PATIENCE_MS)
    ready.press("Put it back on tg-node-a")
    clock.ahead_s += MIDDLE_S
    qtbot.waitUntil(lambda: ready.says("Result: "), timeout=PATIENCE_MS)
    assert ready.session.run is not None
    assert ready.session.run.finished is not None
    assert ready.session.run.finished.rolled_back
    assert holder(ready) == "tg-node-a"
