"""A plan that grew old before Apply was pressed: read again, shown again when it changed, never written unseen."""

from __future__ import annotations

import uuid

from pytestqt.qtbot import QtBot

from tests.gui.conftest import OpenSetupDesk as OpenDesk
from tests.gui.desk import PATIENCE_MS
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import go_on, looks_right, ready, walk_to
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.setup_answers import SetupStep


def age(desk: SetupDesk, seconds: float = 301.0) -> None:
    """Let time go by at the review."""
    clock = desk.rig.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(seconds)


def at_the_review(setup_desk: OpenDesk, qtbot: QtBot) -> SetupDesk:
    desk = setup_desk(clock=VirtualClock())
    walk_to(desk, qtbot, SetupStep.REVIEW)
    ready(desk, qtbot)
    return desk


def test_that_an_old_plan_that_is_still_true_is_read_again_and_applied(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = at_the_review(setup_desk, qtbot)
    age(desk)
    before = len(desk.rig.lab.requests)
    desk.press("Apply 5 changes")
    qtbot.waitUntil(lambda: desk.page.step is SetupStep.APPLY, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.says("Verdict: All 5 changes are done"), timeout=PATIENCE_MS)
    asked = [item.path for item in desk.rig.lab.requests[before:]]
    first = next(place for place, item in enumerate(desk.rig.lab.requests[before:]) if item.method == "PUT")
    assert any("roleAssignments" in path for path in asked[:first])
    assert any("networkInterfaces" in path for path in asked[:first])
    assert len(desk.rig.writes()) == 5


def test_that_an_old_plan_that_has_changed_is_shown_again_and_nothing_is_written(
    setup_desk: OpenDesk, qtbot: QtBot
) -> None:
    desk = at_the_review(setup_desk, qtbot)
    desk.rig.services.azure.compute.enable_identity(desk.rig.vm("tg-node-b"), request_id=str(uuid.uuid4()))
    theirs = len(desk.rig.writes())
    age(desk)
    desk.press("Apply 5 changes")
    told = "The plan has changed since it was shown, so nothing was written."
    qtbot.waitUntil(lambda: desk.says(told) and desk.all_there, timeout=PATIENCE_MS)
    assert desk.page.step is SetupStep.REVIEW
    assert len(desk.rig.writes()) == theirs
    assert desk.says("already right: The identity of tg-node-b is on")
    looks_right(desk, qtbot)
    ready(desk, qtbot)
    desk.press("Apply 4 changes")
    qtbot.waitUntil(lambda: desk.says("Verdict: All 4 changes are done"), timeout=PATIENCE_MS)
    assert len(desk.rig.writes()) == theirs + 4


def test_that_an_old_plan_that_cannot_be_read_again_is_not_applied(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = at_the_review(setup_desk, qtbot)
    age(desk)
    body = '{"error": {"code": "AuthorizationFailed", "message": "may not <b>list</b>"}}'
    desk.rig.lab.faults.add(Fault("GET", "roleAssignments", FaultAnswer(403, body), times=None))
    desk.press("Apply 5 changes")
    wizard = desk.wizard
    qtbot.waitUntil(lambda: wizard.session.at_rest and wizard.outdated is not None, timeout=PATIENCE_MS)
    assert desk.page.step is SetupStep.REVIEW
    assert desk.rig.writes() == []


def test_that_who_goes_elsewhere_does_not_apply_any_more(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = at_the_review(setup_desk, qtbot)
    age(desk)
    desk.press("Apply 5 changes")
    desk.wizard.session.go_to(SetupStep.ROLE)
    qtbot.waitUntil(lambda: desk.idle, timeout=PATIENCE_MS)
    assert desk.page.step is SetupStep.ROLE
    assert desk.rig.writes() == []


def test_that_a_window_locked_while_it_reads_again_applies_nothing(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = at_the_review(setup_desk, qtbot)
    age(desk)
    desk.press("Apply 5 changes")
    desk.window.ask_lock()
    qtbot.waitUntil(lambda: desk.idle, timeout=PATIENCE_MS)
    assert desk.page.step is SetupStep.REVIEW
    assert desk.rig.writes() == []


def test_that_a_review_begins_with_a_plan_that_is_true_now(setup_desk: OpenDesk, qtbot: QtBot) -> None:
    desk = setup_desk(clock=VirtualClock())
    walk_to(desk, qtbot, SetupStep.SCOPE)
    ready(desk, qtbot)
    age(desk)
    go_on(desk, qtbot)
    assert desk.page.step is SetupStep.REVIEW
    qtbot.waitUntil(lambda: desk.wizard.session.read_age_s == 0.0, timeout=PATIENCE_MS)
    ready(desk, qtbot)
    assert desk.says("Five changes, nothing else")
