"""Threads and Qt: the bridge, the garbage guard, and hundreds of dialogs while workers are busy."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, lab_page
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobQueue, Report
from tgwizard.gui.app.bridge import BATCH, Bridge
from tgwizard.gui.app.gc_guard import GcGuard
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.failover.run_page import RunPage
from tgwizard.gui.lab.lab_page import LabPage
from tgwizard.gui.shell.crash_report import CrashReportDialog
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.shell.shutdown import CloseDuringRun
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.cluster import Verb


@pytest.fixture(autouse=True)
def collecting(qapp: QApplication) -> Iterator[None]:
    """The automatic collector is on when a program begins."""
    gc.enable()
    yield
    gc.disable()


@pytest.fixture
def guard(qapp: QApplication) -> Iterator[GcGuard]:
    made = GcGuard()
    made.start()
    made.settle()
    yield made
    made.stop()
    made.deleteLater()


@pytest.fixture
def busy() -> Iterator[None]:
    """Two threads that make garbage as the SDK does: they parse JSON into reference cycles."""
    stop = threading.Event()
    text = json.dumps([{"a": list(range(20))}] * 10)

    def work() -> None:
        # A pause between two answers, as the network has: else two threads and the GIL leave Qt nothing.
        while not stop.wait(0.004):
            parsed: list[object] = json.loads(text)
            parsed.append(parsed)

    threads = [threading.Thread(target=work, name=f"busy-{n}") for n in range(2)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()


def test_that_events_of_a_thread_arrive_in_order_and_in_the_gui_thread(qapp: QApplication) -> None:
    bridge = Bridge()
    jobs = JobQueue()
    bridge.open(jobs)
    got: list[object] = []
    where: set[int] = set()

    def take(event: object) -> None:
        got.append(event)
        where.add(threading.get_ident())

    def send(report: Report[int], _token: CancelToken) -> None:
        for number in range(5000):
            report(number)

    bridge.happened.connect(take)
    jobs.start("send", send).thread.join()
    while bridge.drain():
        continue
    assert got == list(range(5000))
    assert where == {threading.get_ident()}


def test_that_a_listener_that_breaks_is_told_and_the_rest_still_arrives(qapp: QApplication, qtbot: QtBot) -> None:
    bridge, jobs = Bridge(), JobQueue()
    bridge.open(jobs)
    heard: list[int] = []

    def hear(number: int) -> None:
        if number == 1:
            raise ValueError("a page that breaks")
        heard.append(number)

    def send(report: Report[int], _token: CancelToken) -> None:
        for number in range(3):
            report(number)

    jobs.start("send", send, heard=hear).thread.join()
    with qtbot.capture_exceptions() as broken:
        bridge.finish()
    assert heard == [0, 2]
    assert [str(error) for _kind, error, _trace in broken] == ["a page that breaks"]


def test_that_one_turn_of_the_bridge_is_bounded(qapp: QApplication) -> None:
    bridge = Bridge(clock=lambda: 0.0)
    for number in range(BATCH + 5):
        bridge.own.put(number)
    assert bridge.drain() == BATCH
    assert bridge.drain() == 5


def test_that_a_stopped_bridge_leaves_events_on_the_queue(qapp: QApplication, qtbot: QtBot) -> None:
    bridge = Bridge()
    bridge.start()
    bridge.stop()
    bridge.own.put("later")
    QApplication.processEvents()
    assert bridge.drain() == 1


def test_that_garbage_is_collected_by_the_guard_alone(guard: GcGuard) -> None:
    assert not gc.isenabled()

    class Node:
        def __init__(self) -> None:
            self.me = self

    watched = weakref.ref(Node())
    for _ in range(40):
        _keep: list[list[int]] = [[] for _ in range(2 * gc.get_threshold()[0])]
        guard.collect_when_due()
        del _keep
    assert watched() is None


def test_that_the_guard_collects_nothing_before_the_program_has_settled(qapp: QApplication) -> None:
    made = GcGuard()
    collecting: list[bool] = []
    for step in (made.start, made.settle, made.stop):
        step()
        collecting.append(made._timer.isActive())
    assert collecting == [False, True, False]
    made.deleteLater()


def test_that_a_stopped_guard_gives_the_collector_back(qapp: QApplication) -> None:
    made = GcGuard()
    made.start()
    made.stop()
    assert gc.isenabled()
    made.deleteLater()


def test_that_widgets_in_cycles_die_in_the_gui_thread_while_workers_are_busy(
    guard: GcGuard, busy: None, theme: Theme
) -> None:
    panels = []
    for _ in range(150):
        panel = QWidget()
        panel.me = panel  # type: ignore[attr-defined]
        TextLabel(theme, "tg-node-a", parent=panel)
        panels.append(weakref.ref(panel))
        del panel
        guard.collect_when_due()
    gc.collect()
    assert [panel() for panel in panels if panel() is not None] == []


def seen(page: LabPage) -> bool:
    return page.session is not None and page.session.seen is not None


def unlock(window: MainWindow) -> None:
    """Ask to unlock a locked window."""
    window.lock.set_locked(True)
    window.ask_lock()


@pytest.mark.parametrize("cycles", [28, pytest.param(300, marks=pytest.mark.full)])
def test_that_questions_and_pages_can_be_opened_and_closed_while_workers_are_busy(
    guard: GcGuard, busy: None, desk: Callable[[], Desk], qtbot: QtBot, cycles: int
) -> None:
    made = desk()
    qtbot.waitUntil(lambda: made.session.snapshot is not None, timeout=PATIENCE_MS)
    places = list(NavPage)

    made.window.go_to(NavPage.LAB)
    qtbot.waitUntil(lambda: seen(lab_page(made.window)), timeout=PATIENCE_MS)
    opening: list[Callable[[int], object]] = [
        lambda _number: made.window.ask(Verb.GRACEFUL),
        lambda _number: made.window.find_or_run(),
        lambda _number: made.window.ask(Verb.FORCED),
        lambda _number: unlock(made.window),
        lambda _number: lab_page(made.window).scenario_asked.emit("fleet"),
        lambda _number: made.window.show_dialog(lambda over: CloseDuringRun(made.theme, over, made.session)),
        lambda number: made.window.show_dialog(
            lambda over: CrashReportDialog(made.theme, over, f"report {number}", "")
        ),
    ]

    def cycle(number: int) -> None:
        made.window.open_cluster("edge-dallas")
        opening[number % len(opening)](number)
        QApplication.processEvents()
        dialog = made.window.dialog
        assert dialog is not None, number % len(opening)
        dialog.reject()
        made.window.lock.set_locked(False)
        made.window.go_to(places[number % len(places)])
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        guard.collect_when_due()

    def others() -> tuple[int, int]:
        """Timers of the window, and threads; each page has its timers, and no dialog leaves one."""
        return len(made.window.findChildren(QTimer)), threading.active_count()

    def count() -> int:
        gc.collect()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        # The page of the next run is built whenever the window rests for a moment: it is there, or not yet.
        prepared = sum(len(page.findChildren(QWidget)) for page in made.window.findChildren(RunPage))
        return len(made.window.findChildren(QWidget)) - prepared

    for number in range(14):
        cycle(number)
    before, timers_and_threads = count(), others()
    for number in range(14, 14 + cycles):
        cycle(number)

    def nothing_was_left() -> None:
        assert count() <= before + 40
        timers, threads = (now - then for now, then in zip(others(), timers_and_threads, strict=True))
        assert timers <= 4, "a page of the next run has its own; nothing else may be more"
        assert threads <= 3, "a check, a reading of the lab and one of the journals may be under way"

    # On a slow machine several visits' readings are under way at once; what was left behind would stay.
    qtbot.waitUntil(nothing_was_left, timeout=PATIENCE_MS)
    assert made.rig.puts() == []


def test_that_a_turn_of_events_ends_with_its_budget_and_the_rest_follows(qapp: QApplication) -> None:
    now = [0.0]
    bridge = Bridge(clock=lambda: now[0])
    taken: list[object] = []

    def take(event: object) -> None:
        """Take 3 ms by the bridge's clock."""
        taken.append(event)
        now[0] += 0.003

    bridge.happened.connect(take)
    for number in range(7):
        bridge.own.put(number)
    assert bridge.drain() == 3
    assert bridge.drain() == 3
    assert bridge.drain() == 1
    assert taken == list(range(7))
