"""The thread that imports what the window works with: steps in their order, and nothing left to import in a click."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS
from tgwizard.gui.app.warm_up import WarmUp

ROOT = Path(__file__).parents[3]


def test_that_steps_are_done_in_order_on_one_thread_and_handed_over_in_that_of_the_window(qtbot: QtBot) -> None:
    owner = QObject()
    threads: list[int] = []
    given: list[tuple[int, bool]] = []
    warm_up = WarmUp(owner)

    def step(number: int) -> int:
        threads.append(threading.get_ident())
        return number

    def take(number: int) -> None:
        given.append((number, threading.current_thread() is threading.main_thread()))

    for number in range(3):
        warm_up.add(partial(step, number), take)
    qtbot.waitUntil(lambda: len(given) == 3, timeout=PATIENCE_MS)
    assert given == [(0, True), (1, True), (2, True)]
    assert threading.get_ident() not in threads
    warm_up.add(partial(step, 3), take)
    qtbot.waitUntil(lambda: len(given) == 4, timeout=PATIENCE_MS)
    assert warm_up.stop(60)


def test_that_an_error_of_a_step_is_told_in_the_window_and_the_next_step_is_done(qtbot: QtBot) -> None:
    owner = QObject()
    given: list[str] = []
    warm_up = WarmUp(owner)

    def breaks() -> str:
        raise LookupError("no such module")

    with qtbot.captureExceptions() as caught:
        warm_up.add(breaks, given.append)
        warm_up.add(lambda: "after", given.append)
        qtbot.waitUntil(lambda: given == ["after"], timeout=PATIENCE_MS)
    assert [str(error) for _, error, _ in caught] == ["no such module"]
    assert warm_up.stop(60)


def test_that_an_error_of_a_step_is_told_to_whoever_asked_for_it(qtbot: QtBot) -> None:
    owner = QObject()
    told: list[tuple[str, bool]] = []
    warm_up = WarmUp(owner)

    def breaks() -> str:
        raise LookupError("no such module")

    def broke(error: BaseException) -> None:
        told.append((str(error), threading.current_thread() is threading.main_thread()))

    warm_up.add(breaks, broke=broke)
    qtbot.waitUntil(lambda: told == [("no such module", True)], timeout=PATIENCE_MS)
    assert warm_up.stop(60)


def test_that_after_stopping_nothing_more_is_begun_or_handed_over(qtbot: QtBot) -> None:
    owner = QObject()
    begun, free = threading.Event(), threading.Event()
    given: list[str] = []
    warm_up = WarmUp(owner)

    def waits() -> str:
        begun.set()
        free.wait(60)
        return "first"

    warm_up.add(waits, given.append)
    warm_up.add(lambda: "second", given.append)
    assert begun.wait(60)
    assert not warm_up.stop(0.0)
    free.set()
    assert warm_up.stop(60)
    assert not any(timer.isActive() for timer in warm_up.findChildren(QTimer)), "so nothing will be handed over"
    assert given == []


def run_fresh(program: str) -> str:
    """What a program of its own prints."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_that_behind_what_the_thread_imports_stands_every_module_of_the_window() -> None:
    """So neither completing the window nor the first visit to a page has anything left to import."""
    left = run_fresh(
        """
        import importlib, pkgutil, sys
        from tgwizard.gui import start
        start._import_parts()
        from tgwizard.gui.shell.page_registry import PAGES
        for import_page in PAGES.values():
            import_page()
        before = set(sys.modules)
        for module in pkgutil.walk_packages(sys.modules["tgwizard.gui"].__path__, "tgwizard.gui."):
            importlib.import_module(module.name)
        print(sorted(name for name in set(sys.modules) - before if name.startswith("tgwizard")))
        """
    )
    assert left == "[]"


def test_that_nothing_is_handed_over_of_what_was_dropped_the_step_under_way_included(qtbot: QtBot) -> None:
    owner = QObject()
    given: list[str] = []
    begun, goes_on = threading.Event(), threading.Event()
    warm_up = WarmUp(owner)

    def under_way() -> str:
        begun.set()
        goes_on.wait(60)
        return "under way"

    warm_up.add(under_way, given.append)
    warm_up.add(lambda: "waiting", given.append)
    assert begun.wait(60)
    warm_up.drop()
    warm_up.add(lambda: "after", given.append)
    goes_on.set()
    qtbot.waitUntil(lambda: bool(given), timeout=PATIENCE_MS)
    assert given == ["after"]
    assert warm_up.stop(60)
