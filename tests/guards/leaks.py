"""A test that passes must leave nothing running: no thread, no top-level window, no active QTimer.

Qt is looked at only if a test has made a QApplication: tests of the model stay quick. A failed test is not
accused a second time, but its windows and timers are cleared so that the next test starts clean.
"""

from __future__ import annotations

import gc
import sys
import threading
import traceback
import weakref
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QWidget

_CALL_PASSED = pytest.StashKey[bool]()
_THREADS_BEFORE = pytest.StashKey["weakref.WeakSet[threading.Thread]"]()

# Threads of module and session fixtures outlive a test by right; their fixture ends them.
_owned_by_wider_fixtures: weakref.WeakSet[threading.Thread] = weakref.WeakSet()

JOIN_S = 30.0
"""How long a thread that was told to end may need to do so on a busy machine."""

# When it is worth while to set aside what is there for good: so many modules came, or so many objects were looked at.
_MANY_MODULES, _MANY_OBJECTS = 20, 100_000
_seen = {"modules": 0, "objects": 0}


def pytest_collection_finish() -> None:
    """All tests and what they import are there."""
    _set_aside()


def _set_aside() -> None:
    """Keep the collector, and the look for timers after each test, from walking through what lives to the end.

    Modules and collected tests are some hundred thousand objects; to walk through them takes longer than most tests.
    The window's own collector gives them all back when it stops.
    """
    modules = len(sys.modules)
    if modules >= _seen["modules"] + _MANY_MODULES or _seen["objects"] > _MANY_OBJECTS:
        _seen.update(modules=modules, objects=0)
        gc.collect()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    """Remember the threads that a fixture of wider scope has started."""
    if fixturedef.scope == "function":
        return (yield)
    before = set(threading.enumerate())
    result = yield
    _owned_by_wider_fixtures.update(set(threading.enumerate()) - before)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember what ran before the test."""
    item.stash[_THREADS_BEFORE] = weakref.WeakSet(threading.enumerate())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test itself passed."""
    report = yield
    if report.when == "call":
        item.stash[_CALL_PASSED] = report.passed
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """After every fixture is torn down: flush Qt's deferred deletes, then look for what is left."""
    yield
    # Without this flush closed widgets stay alive and app-wide style sheets get slower test by test
    # (gui/README.md 15.4).
    left = [*_windows_and_timers(), *_threads(item.stash[_THREADS_BEFORE])]
    passed = item.stash.get(_CALL_PASSED, False)
    _set_aside()
    if passed and left:
        pytest.fail("the test left something running:\n" + "\n".join(left), pytrace=False)


def _threads(before: weakref.WeakSet[threading.Thread]) -> Iterator[str]:
    for thread in threading.enumerate():
        if thread in before or thread in _owned_by_wider_fixtures:
            continue
        thread.join(JOIN_S)
        if thread.is_alive():
            yield f"  thread {thread.name!r}, now at:\n{_where(thread)}"


def _where(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame, limit=-6)) if frame is not None else "    (gone)"


def _windows_and_timers() -> Iterator[str]:
    if "PySide6.QtWidgets" not in sys.modules:
        return
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    _flush_deletes()
    if _own_windows(application):
        gc.collect()  # a window that only a reference cycle holds is about to go
        _flush_deletes()
    for window in _own_windows(application):
        yield (
            f"  window {type(window).__name__} {window.accessibleName() or window.windowTitle()!r}"
            " (qtbot.addWidget closes it)"
        )
        window.close()
        window.deleteLater()
    _flush_deletes()
    for timer in _active_timers():
        yield f"  QTimer {timer.objectName()!r} every {timer.interval()} ms, child of {_parent(timer)}"
        timer.stop()


def _flush_deletes() -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _own_windows(application: QApplication) -> list[QWidget]:
    # A dialog or menu with a parent goes with its parent, and Qt keeps hidden helpers of its own.
    return [
        window
        for window in application.topLevelWidgets()
        if window.parent() is None and (window.isVisible() or not type(window).__module__.startswith("PySide6."))
    ]


def _active_timers() -> Iterator[QTimer]:
    # Qt keeps no list of timers; Python's garbage collector knows every wrapper. type(), not isinstance():
    # the latter asks the object for its class, which lazy objects of other libraries answer with work.
    import shiboken6
    from PySide6.QtCore import QTimer

    objects = gc.get_objects()
    _seen["objects"] = len(objects)
    for thing in objects:
        if issubclass(type(thing), QTimer) and shiboken6.isValid(thing) and thing.isActive():
            yield thing


def _parent(timer: QTimer) -> str:
    parent = timer.parent()
    return type(parent).__name__ if parent is not None else "nobody"
