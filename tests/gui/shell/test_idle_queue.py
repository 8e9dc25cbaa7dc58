"""What keeps the window answering: work in turns of the event loop, pages built before they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from tests.engine.failover.crash import Kind, crashed_run
from tests.gui.desk import PATIENCE_MS, Desk, accessible_name
from tgwizard.engine.failover.resume import interrupted_run
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.cluster_view_model import checks_shown
from tgwizard.gui.failover.confirm_dialog import CheckGrid, ConfirmDialog
from tgwizard.gui.failover.run_page import RunPage
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.check_rows import IN_A_TURN, CheckShown, ChecksShown
from tgwizard.gui.widgets.idle_queue import IdleQueue
from tgwizard.model.cluster import Verb


@pytest.fixture
def ready(desk: Callable[[], Desk], qtbot: QtBot) -> Desk:
    """A window whose cluster has been read."""
    made = desk()
    qtbot.waitUntil(lambda: made.session.snapshot is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    return made


def run_pages(desk: Desk) -> list[RunPage]:
    """The pages of runs that there are, seen or not."""
    return desk.window.stack.findChildren(RunPage)


def prepared(desk: Desk) -> bool:
    """Whether the page of the next run is there, whole."""
    pages = run_pages(desk)
    return len(pages) == 1 and pages[0].whole


def test_that_steps_are_done_one_in_a_turn_and_in_their_order(qapp: QApplication) -> None:
    owner = QObject()
    done: list[int] = []
    turns = IdleQueue(owner)
    turns.add(*(lambda number=number: done.append(number) for number in range(3)))
    assert done == []
    for turn in range(3):
        qapp.processEvents()
        assert done == list(range(turn + 1))
    assert turns.left == 0


def test_that_steps_that_were_dropped_or_whose_owner_is_gone_are_not_done(qapp: QApplication) -> None:
    owner = QObject()
    done: list[str] = []
    turns = IdleQueue(owner)
    turns.add(lambda: done.append("dropped"))
    turns.drop()
    turns.add(lambda: done.append("first"), lambda: done.append("second"))
    qapp.processEvents()
    owner.deleteLater()
    qapp.sendPostedEvents(owner, 52)  # DeferredDelete
    qapp.processEvents()
    assert done == ["first"]


def test_that_what_is_left_can_be_done_at_once(qapp: QApplication) -> None:
    owner = QObject()
    done: list[int] = []
    turns = IdleQueue(owner)
    turns.add(lambda: done.append(1), lambda: done.append(2))
    turns.finish()
    qapp.processEvents()
    assert done == [1, 2]


def test_that_the_page_of_the_next_run_is_whole_before_a_run_begins(ready: Desk, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: prepared(ready), timeout=PATIENCE_MS)
    (page,) = run_pages(ready)
    assert not page.isVisible()
    ready.session.fail_over(ready.rig.b, Verb.GRACEFUL)
    assert ready.window.stack.currentWidget() is page


def test_that_a_half_built_page_is_finished_when_it_is_needed(ready: Desk, qtbot: QtBot) -> None:
    page = RunPage(ready.theme, ready.session, in_turns=True)
    qtbot.addWidget(page)
    page.build_part()
    page.build_part()
    assert page.parts_left() > 0
    page.finish()
    assert page.whole
    page.show()
    assert page.copy.isVisible()


def test_that_the_page_prepared_after_a_run_is_the_one_the_next_run_is_shown_on(ready: Desk, qtbot: QtBot) -> None:
    ready.session.fail_over(ready.rig.b, Verb.GRACEFUL)
    qtbot.waitUntil(lambda: ready.says("Result: "), timeout=PATIENCE_MS)
    ready.press("Back to edge-dallas")
    (old,) = run_pages(ready)
    qtbot.waitUntil(lambda: prepared(ready) and run_pages(ready) != [old], timeout=PATIENCE_MS)
    (page,) = run_pages(ready)
    assert not page.used, "the run before is nothing of this page's"
    qtbot.waitUntil(lambda: ready.session.reason_against(Verb.GRACEFUL) is None, timeout=PATIENCE_MS)
    ready.session.fail_over(ready.rig.a, Verb.GRACEFUL)
    assert ready.window.stack.currentWidget() is page


def test_that_the_question_is_seen_only_when_it_is_whole_and_asks_azure_then(ready: Desk, qtbot: QtBot) -> None:
    ready.window.ask(Verb.GRACEFUL)
    dialog = ready.window.dialog
    assert isinstance(dialog, ConfirmDialog)
    assert not dialog.isVisible()
    qtbot.waitUntil(dialog.isVisible, timeout=PATIENCE_MS)
    assert dialog.start.isVisible()
    assert QApplication.focusWidget() in {dialog.cancel, None}
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)


def test_that_a_question_left_before_it_was_seen_never_appears(ready: Desk, qtbot: QtBot) -> None:
    ready.window.ask(Verb.FORCED)
    dialog = ready.window.dialog
    assert isinstance(dialog, ConfirmDialog)
    dialog.reject()
    assert ready.window.dialog is None
    qtbot.waitUntil(lambda: not isValid(dialog), timeout=PATIENCE_MS)
    assert not ready.says("Type edge-dallas to confirm")


def test_that_an_answer_of_the_checks_changes_rows_and_builds_only_those_that_are_new(
    qtbot: QtBot, theme: Theme
) -> None:
    grid = CheckGrid(theme)
    qtbot.addWidget(grid)
    first = tuple(CheckShown(Shape.GOOD, f"fact {number}", tip=f"tip {number}") for number in range(3))
    grid.show_checks(ChecksShown(first))
    before = grid.rows
    grid.show_checks(ChecksShown((CheckShown(Shape.BROKEN, "worst first", "why"), *first)))
    assert grid.rows[:3] == before
    assert [row.accessibleName() for row in grid.rows] == [
        "worst first, broken",
        "fact 0, good",
        "fact 1, good",
        "fact 2, good",
    ]
    assert grid.rows[0].accessibleDescription() == "why"
    grid.show_checks(ChecksShown(first[:1]))
    assert [row.accessibleName() for row in grid.rows] == ["fact 0, good"]


def test_that_a_list_that_is_seen_grows_by_a_few_rows_in_a_turn(qtbot: QtBot, theme: Theme) -> None:
    grid = CheckGrid(theme)
    qtbot.addWidget(grid)
    grid.show()
    checks = tuple(CheckShown(Shape.GOOD, f"fact {number}") for number in range(2 * IN_A_TURN + 1))
    grid.show_checks(ChecksShown(checks))
    counts = {len(grid.rows)}
    assert counts == {0}

    def grown() -> bool:
        counts.add(len(grid.rows))
        return len(grid.rows) == len(checks)

    qtbot.waitUntil(grown, timeout=PATIENCE_MS)
    assert counts <= {0, IN_A_TURN, 2 * IN_A_TURN, len(checks)}
    assert [row.accessibleName() for row in grid.rows] == [f"{check.fact}, good" for check in checks]


def test_that_rows_still_to_come_are_those_of_the_latest_answer(qtbot: QtBot, theme: Theme) -> None:
    grid = CheckGrid(theme)
    qtbot.addWidget(grid)
    grid.show()
    grid.show_checks(ChecksShown(tuple(CheckShown(Shape.WAITING, f"old {number}") for number in range(9))))
    QApplication.processEvents()
    latest = tuple(CheckShown(Shape.BROKEN, f"new {number}") for number in range(IN_A_TURN + 1))
    grid.show_checks(ChecksShown(latest))
    qtbot.waitUntil(lambda: len(grid.rows) == len(latest), timeout=PATIENCE_MS)
    assert [row.accessibleName() for row in grid.rows] == [f"{check.fact}, broken" for check in latest]


def test_that_the_page_behind_the_question_is_told_of_its_checks_after_it(ready: Desk, qtbot: QtBot) -> None:
    told: list[str] = []
    ready.session.checked.connect(lambda _event: told.append("question"))
    ready.session.observed.connect(lambda: told.append("page"))
    ready.session.check(ready.rig.b, Verb.GRACEFUL)
    qtbot.waitUntil(lambda: "question" in told and "page" in told[told.index("question") :], timeout=PATIENCE_MS)
    (page,) = ready.window.findChildren(ClusterPage)
    assert "Rights and locks checked" in page.graceful.fold.accessibleDescription()
    page.graceful.fold.click()
    qtbot.waitUntil(lambda: ready.says("Rights and locks checked"), timeout=PATIENCE_MS)


def test_that_a_page_built_after_the_history_was_read_still_offers_to_resume(
    ready: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    crashed = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path / "crashed", nth=2)
    ready.session.unfinished = interrupted_run(crashed.services, crashed.setup)
    assert ready.session.unfinished is not None
    page = ClusterPage(ready.theme, ready.session)
    qtbot.addWidget(page)
    page.show()
    assert "Resume the failover" in [accessible_name(button) for button in page.findChildren(QAbstractButton)]


def test_that_a_forced_question_folds_what_is_in_order_into_one_line(ready: Desk) -> None:
    state = ready.session.state
    assert state is not None
    findings = state.forced.findings
    folded = checks_shown(findings, pending=True)
    assert folded.rows[-1].fact == "Asking Azure whether you may write"
    assert folded.words == f"{len(folded.calm)} other checks passed"
    whole = checks_shown(findings).seen(opened=True)
    assert len(whole) == len(findings.findings)


def test_that_a_timer_that_was_due_during_a_step_comes_before_the_next_step(qtbot: QtBot) -> None:
    owner = QObject()
    order: list[str] = []
    turns = IdleQueue(owner)
    ticking = QTimer(owner)
    ticking.setTimerType(Qt.TimerType.PreciseTimer)
    ticking.setInterval(1)
    ticking.timeout.connect(lambda: order.append("tick"))
    due = QElapsedTimer()

    def step() -> None:
        """Take until the ticking timer is due again."""
        order.append("step")
        due.start()
        while due.elapsed() < 5:
            pass

    ticking.start()
    turns.add(step, step, step)
    qtbot.waitUntil(lambda: turns.left == 0, timeout=PATIENCE_MS)
    ticking.stop()
    assert ("step", "step") not in set(pairwise(order))
