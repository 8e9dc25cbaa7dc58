"""The last page of the wizard from waiting to verified: what it waits for, what proves it, and what may meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, End
from tests.gui.held_clock import HeldClock
from tests.gui.setup_desk import SetupDesk, open_setup_desk
from tests.gui.setup_walk import walk_to
from tests.gui.walk import wrong
from tests.rig import Rig, SetupRig
from tgwizard.gui.setup.verify_controller import proof_of
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.rbac.role_records import Propagation
from tgwizard.model.failover_events import RunStarted, Step, StepPlan
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.verify_result import ProvedBy, VerifyState

FIRST, SECOND = "1. tg-node-b, the standby", "2. tg-node-a, which holds the address"

OpenDesk = Callable[..., SetupDesk]


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def at_verify(qapp: QApplication, theme: Theme, tmp_path: Path, clock: HeldClock, qtbot: QtBot) -> Iterator[OpenDesk]:
    """Opens the wizard, sets `fresh` up, and shows the last page with the clock standing still."""
    ends: list[End] = []

    def open_it(*, is_lab: bool = True, before: Callable[[SetupRig], None] = lambda _rig: None) -> SetupDesk:
        desk, end = open_setup_desk(theme, tmp_path, clock=clock, is_lab=is_lab, before=before)
        ends.append(end)
        walk_to(desk, qtbot, SetupStep.APPLY)
        qtbot.waitUntil(lambda: desk.says("Verdict: All 5 changes are done"), timeout=PATIENCE_MS)
        clock.hold()
        walk_to(desk, qtbot, SetupStep.VERIFY)
        qtbot.waitUntil(lambda: desk.wizard.verifier.result is not None, timeout=PATIENCE_MS)
        return desk

    yield open_it
    for end in ends:
        end()
    QApplication.processEvents()


def slow(rig: SetupRig) -> None:
    """Rights that take Azure's time to arrive, and lists that flicker meanwhile."""
    rig.lab.directory.propagation, rig.lab.directory.flicker = Propagation.AZURE, True


def pass_until(qtbot: QtBot, clock: HeldClock, happened: Callable[[], bool], step_s: float = 1.0) -> None:
    """Let time pass, a little at a time, until it happened."""

    def look() -> bool:
        clock.let_pass(step_s)
        return happened()

    qtbot.waitUntil(look, timeout=PATIENCE_MS)


def restart_both(desk: SetupDesk, qtbot: QtBot, clock: HeldClock) -> None:
    """Press both restarts, each as soon as it can be pressed."""
    for title in (FIRST, SECOND):
        pass_until(qtbot, clock, lambda title=title: enabled(desk, f"Restart: {title}"))  # type: ignore[misc]
        desk.press(f"Restart: {title}")
        if title is SECOND:
            qtbot.waitUntil(lambda: desk.says("Restart tg-node-a now"), timeout=PATIENCE_MS)
            desk.press("Restart tg-node-a now")
        qtbot.waitUntil(lambda title=title: not desk.says(f"Restart: {title}"), timeout=PATIENCE_MS)  # type: ignore[misc]
    pass_until(qtbot, clock, lambda: not desk.wizard.verifier.restarting_words and not desk.wizard.verifier.looking)


def enabled(desk: SetupDesk, name: str) -> bool:
    return any(isinstance(found, QAbstractButton) and found.isEnabled() for found in desk.all_named(name))


def test_that_ten_minutes_pass_with_words_until_when_and_end_in_what_is_left_to_do(
    at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot
) -> None:
    desk = at_verify(is_lab=False)
    qtbot.waitUntil(lambda: desk.says("The rights are on their way"), timeout=PATIENCE_MS)
    assert desk.says("Azure needs up to ten minutes: everything counts by ")
    qtbot.waitUntil(lambda: desk.says("tg-node-a on rg-tg-prod: listed, effective under way"), timeout=PATIENCE_MS)
    assert desk.says("better later: it may not get a right that does not count yet")
    pass_until(qtbot, clock, lambda: clock.monotonic() > 500, 60)
    assert desk.says("The rights are on their way")
    pass_until(qtbot, clock, lambda: desk.says("Almost ready: tg-node-a and tg-node-b must restart"), 10)
    assert desk.says("tg-node-a on rg-tg-prod: effective, machine restarted waits for you")
    assert desk.says("worked out")
    assert not desk.says("better later")
    qtbot.waitUntil(lambda: wrong(desk.window) == [], timeout=PATIENCE_MS)
    desk.press(f"It has restarted: {FIRST}")
    pass_until(qtbot, clock, lambda: desk.says("Almost ready: tg-node-a must restart"))
    desk.press(f"It has restarted: {SECOND}")
    pass_until(qtbot, clock, lambda: desk.says("Ready"))
    # As on the real Azure: nobody could ask in the machines' names, and no failover was made.
    assert not desk.says("Verified")
    assert desk.says("Moves the address once; the question")


def test_that_the_page_goes_from_waiting_over_proof_and_restarts_to_verified(
    at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot
) -> None:
    desk = at_verify(before=slow)
    qtbot.waitUntil(lambda: desk.says("The rights are on their way"), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.says("Asked in its own name, it was told: "), timeout=PATIENCE_MS)
    assert not desk.says("Verified")
    pass_until(qtbot, clock, lambda: desk.says("Almost ready"), 10)
    assert desk.says("tg-node-b on rg-tg-prod: effective, machine restarted waits for you")
    restart_both(desk, qtbot, clock)
    pass_until(qtbot, clock, lambda: desk.says("Verified"))
    result = desk.wizard.verifier.result
    assert result is not None
    assert result.overall_state is VerifyState.VERIFIED
    assert all(tick.done for tick in result.stages)
    assert desk.says("shown by the proof")
    assert desk.says("Not needed: each machine's own identity was asked and allowed.")
    qtbot.waitUntil(lambda: wrong(desk.window) == [], timeout=PATIENCE_MS)


def test_that_the_saved_report_says_what_the_page_says(
    at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = at_verify()
    file = tmp_path / "proof.html"
    asked: list[str] = []

    def choose(_over: QWidget, _title: str, name: str) -> tuple[str, str]:
        asked.append(name)
        return str(file), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    restart_both(desk, qtbot, clock)
    pass_until(qtbot, clock, lambda: desk.says("Verified"))
    desk.press("Save the report…")
    assert desk.says(f"Saved as {file}")
    assert asked == ["edge-dallas-set-up.html"]
    page = file.read_text(encoding="utf-8")
    result = desk.wizard.verifier.result
    assert result is not None
    may, of = result.counted
    assert may == of
    assert f"Verified: all {of} rehearsed steps are allowed, proved, and both machines have restarted." in page
    assert page.count("asked in its own name: allowed") == 2
    assert "waits for you" not in page
    assert "not yet" not in page
    restarts = [tick.at for tick in result.stages if tick.at is not None and tick.stage.value == "Machine restarted"]
    assert len(restarts) == 2
    assert all(f"{at:%Y-%m-%d %H:%M:%S} UTC" in page for at in restarts)


def test_that_a_report_that_cannot_be_written_says_so(
    at_verify: OpenDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    desk = at_verify()
    qtbot.waitUntil(lambda: desk.says("Save the report…"), timeout=PATIENCE_MS)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "none" / "proof.html"), ""))
    desk.press("Save the report…")
    assert desk.says("Not saved: No such file or directory")


def test_that_rows_stay_where_they_are_while_a_machine_restarts(
    at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot
) -> None:
    desk = at_verify()
    pass_until(qtbot, clock, lambda: enabled(desk, f"Restart: {FIRST}"))
    said = desk.find(f"It has restarted: {SECOND}")
    desk.press(f"Restart: {FIRST}")
    qtbot.waitUntil(lambda: desk.says("tg-node-b restarts; its agent is usually back"), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.all_there, timeout=PATIENCE_MS)
    second = desk.find(f"Restart: {SECOND}")
    assert not second.isEnabled()
    place = second.mapTo(desk.window, second.rect().center()).y()
    pass_until(qtbot, clock, lambda: enabled(desk, f"Restart: {SECOND}"))
    qtbot.waitUntil(lambda: desk.all_there, timeout=PATIENCE_MS)
    now = desk.find(f"Restart: {SECOND}")
    assert now.mapTo(desk.window, now.rect().center()).y() == place
    assert desk.find(f"It has restarted: {SECOND}") is said


def test_that_a_restart_of_the_machine_that_holds_the_address_asks_and_offers_to_fail_over_first(
    at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot
) -> None:
    desk = at_verify()
    wizard = desk.wizard
    pass_until(qtbot, clock, lambda: enabled(desk, f"Restart: {SECOND}"))
    desk.press(f"Restart: {SECOND}")
    qtbot.waitUntil(lambda: desk.says("Restart tg-node-a now"), timeout=PATIENCE_MS)
    assert desk.says("Restart tg-node-a, which holds 10.20.2.254?")
    assert wizard.verifier.restarting is None
    desk.press("Do not restart")
    assert wizard.verifier.restarting is None
    pass_until(qtbot, clock, lambda: wizard.ending.session is not None and wizard.ending.session.snapshot is not None)
    desk.press(f"Restart: {SECOND}")
    qtbot.waitUntil(lambda: desk.says("Fail over, then restart"), timeout=PATIENCE_MS)
    assert desk.says("1. ")
    assert desk.says("3. Restart tg-node-a")
    desk.press("Fail over, then restart")
    pass_until(qtbot, clock, lambda: desk.says("Move 10.20.2.254 to tg-node-b"))
    assert desk.page.step is SetupStep.VERIFY
    pass_until(qtbot, clock, lambda: restarted(desk, "tg-node-a"))
    pass_until(qtbot, clock, lambda: not wizard.verifier.restarting_words and not wizard.verifier.looking)
    kinds = [method for method, path in desk.rig.writes() if "networkInterfaces" in path or path.endswith("/restart")]
    assert kinds[-3:] == ["PUT", "PUT", "POST"], "the address moved before the machine that held it restarted"
    assert wizard.ending.session is not None
    move = wizard.verifier.moves[wizard.ending.session.setup.members[0].vm]
    assert move.done
    assert desk.page.step is SetupStep.VERIFY


def test_that_a_machine_does_not_restart_when_the_failover_before_it_fails(
    at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot
) -> None:
    desk = at_verify()
    wizard = desk.wizard
    pass_until(qtbot, clock, lambda: wizard.ending.session is not None and wizard.ending.session.snapshot is not None)
    pass_until(qtbot, clock, lambda: enabled(desk, f"Restart: {SECOND}"))
    desk.press(f"Restart: {SECOND}")
    qtbot.waitUntil(lambda: desk.says("Fail over, then restart"), timeout=PATIENCE_MS)
    body = '{"error": {"code": "InvalidRequestFormat", "message": "no"}}'
    desk.rig.lab.faults.add(Fault("PUT", "networkInterfaces", FaultAnswer(400, body), times=None))
    desk.press("Fail over, then restart")
    pass_until(qtbot, clock, lambda: desk.says("tg-node-a was not restarted") or said_not_restarted(desk))
    assert not restarted(desk, "tg-node-a")
    pass_until(qtbot, clock, lambda: enabled(desk, f"Restart: {SECOND}"))


def said_not_restarted(desk: SetupDesk) -> bool:
    doing = desk.wizard.verifier.restarting
    return doing is not None and doing.problem is not None and doing.problem.code == "not-restarted"


def restarted(desk: SetupDesk, name: str) -> bool:
    return any(path.lower().endswith(f"/{name}/restart") for _, path in desk.rig.writes())


def test_that_a_look_leaves_the_keyboard_where_it_is(at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot) -> None:
    desk = at_verify()
    pass_until(qtbot, clock, lambda: enabled(desk, f"It has restarted: {SECOND}"))
    button = desk.find(f"It has restarted: {SECOND}")
    desk.press(f"It has restarted: {FIRST}")
    button.setFocus(Qt.FocusReason.TabFocusReason)
    pass_until(qtbot, clock, lambda: desk.says("Almost ready: tg-node-a must restart"))
    assert button.hasFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    pass_until(qtbot, clock, lambda: desk.says("Verified"))


def test_that_closing_while_a_machine_restarts_asks_and_closes_when_it_is_back(
    at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot
) -> None:
    desk = at_verify()
    pass_until(qtbot, clock, lambda: enabled(desk, f"Restart: {FIRST}"))
    desk.press(f"Restart: {FIRST}")
    assert not desk.window.close()
    assert desk.says("tg-node-b restarts; its agent is waited for.")
    with qtbot.waitSignal(desk.window.closed, timeout=PATIENCE_MS):
        desk.press("Close when")
        pass_until(qtbot, clock, lambda: not desk.window.isVisible())


def test_that_a_restart_goes_on_after_finish_and_is_found_by_the_next_look(
    at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot
) -> None:
    desk = at_verify()
    pass_until(qtbot, clock, lambda: enabled(desk, f"Restart: {FIRST}") and enabled(desk, "Finish"))
    desk.press(f"Restart: {FIRST}")
    qtbot.waitUntil(lambda: desk.says("Saved as edge-dallas.toml. Until the machine is back"), timeout=PATIENCE_MS)
    plan, answers, verifier = desk.wizard.plan, desk.wizard.session.shown, desk.wizard.verifier
    assert plan is not None
    desk.press("Finish")
    assert desk.window.current == "edge-dallas"
    assert verifier.restarting is None
    pass_until(qtbot, clock, lambda: clock.monotonic() > 200, 5)
    verifier.begin(plan, answers)
    pass_until(qtbot, clock, lambda: verifier.result is not None)
    assert verifier.result is not None
    assert [vm.name for vm in verifier.result.waiting_for_restart] == ["tg-node-a"]


@pytest.mark.parametrize(("step", "by"), [(Step.GUIDE, ProvedBy.MEMBERS), (Step.DETACH, ProvedBy.YOU)])
def test_that_a_failover_proves_the_rights_of_who_wrote_it(lab: Rig, step: Step, by: ProvedBy) -> None:
    ended = lab.fail_over()
    (started,) = [event for event in lab.events if isinstance(event, RunStarted)]
    proof = proof_of(replace(started, steps=(StepPlan(step, "", 1.0),)), ended)
    assert (proof.to, proof.by, proof.done) == ("tg-node-b", by, True)
    assert proof.gap_s == ended.gap_as_read_s


def test_that_a_set_up_left_at_its_last_page_is_found_again_with_its_restarts(
    at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    desk = at_verify()
    restart_both(desk, qtbot, clock)
    pass_until(qtbot, clock, lambda: desk.says("Verified"))
    desk.press("Save and close")
    writes = len([path for method, path in desk.rig.writes() if method != "PUT"])
    again, end = open_setup_desk(theme, tmp_path / "again", clock=clock, state=desk.state, lab=desk.rig.lab)
    try:
        pass_until(qtbot, clock, lambda: again.says("Your answers of an earlier set-up are here."))
        pass_until(qtbot, clock, lambda: again.says("Everything is already right"))
        walk_to(again, qtbot, SetupStep.VERIFY)
        pass_until(qtbot, clock, lambda: again.says("Verified"))
        assert not again.says("Restart:")
        assert len([path for method, path in desk.rig.writes() if method != "PUT"]) == writes
    finally:
        end()


def test_that_going_back_and_on_keeps_what_the_user_said(at_verify: OpenDesk, clock: HeldClock, qtbot: QtBot) -> None:
    desk = at_verify()
    pass_until(qtbot, clock, lambda: enabled(desk, f"It has restarted: {FIRST}"))
    desk.press(f"It has restarted: {FIRST}")
    pass_until(qtbot, clock, lambda: desk.says("Almost ready: tg-node-a must restart"))
    desk.press("Step 8 of 10, Review")
    qtbot.waitUntil(lambda: desk.page.step is SetupStep.REVIEW, timeout=PATIENCE_MS)
    desk.press("Step 10 of 10, Verify")
    pass_until(qtbot, clock, lambda: desk.says("Almost ready: tg-node-a must restart"))
    assert not desk.says(f"It has restarted: {FIRST}")
