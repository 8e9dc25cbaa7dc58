"""The guards catch what they are there for: all cases run in one pytest of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.house.checkout import ROOT

CASES = """
import logging
import os
import threading
import warnings

import pytest
from PySide6.QtCore import QTimer, qWarning
from PySide6.QtWidgets import QApplication, QWidget

forever = threading.Event()
kept = []


class Page(QWidget):
    pass


@pytest.fixture(scope="module")
def server():
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="server")
    thread.start()
    yield thread
    end.set()
    thread.join()


def test_clean(qtbot, server):
    page = Page()
    qtbot.addWidget(page)
    page.show()
    QTimer(page).start(1000)
    ended = threading.Thread(target=int)
    ended.start()


def test_expected_log(expect_log):
    expect_log("lab WARNING: .*folder")
    logging.getLogger("lab").warning("damaged %s", "folder")


def test_own_home():
    assert os.environ["XDG_STATE_HOME"].startswith(os.environ["HOME"])
    assert "TGWIZARD_SECRET" not in os.environ


def test_leaves_thread():
    threading.Thread(target=forever.wait, name="poller", daemon=True).start()


def test_leaves_window(qapp):
    kept.append(Page())
    kept[-1].setWindowTitle("Forgotten")


def test_leaves_timer(qapp):
    kept.append(QTimer())
    kept[-1].start(1000)


def test_logs_error():
    logging.getLogger("lab").error("disk full")


def test_expected_log_missing(expect_log):
    expect_log("never")


def test_qt_warns(qapp):
    qWarning("no such signal")


def test_warns():
    warnings.warn("old", DeprecationWarning)


def test_next_is_not_accused(qapp):
    pass
"""

CONFTEST = """
import sys

pytest_plugins = ["tests.guards.leaks", "tests.guards.logs", "tests.guards.places"]


def pytest_configure(config):
    sys.modules["tests.guards.leaks"].JOIN_S = 2.0  # one of the cases never ends
"""


@pytest.fixture
def report(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TGWIZARD_SECRET", "not for tests")
    pytester.makeini("[pytest]\nfilterwarnings = error\nqt_log_level_fail = WARNING\n")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_cases=CASES)
    return pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider", timeout=240)


def test_that_the_guards_name_who_left_what_behind(report: pytest.RunResult) -> None:
    says: Callable[[list[str]], None] = report.stdout.fnmatch_lines_random
    says(["*thread 'poller', now at:*", "*window Page 'Forgotten'*", "*QTimer '' every 1000 ms*"])
    says(["*unexpected log record: lab ERROR: disk full*", "*expected log record did not come: never*"])
    outcomes = report.parseoutcomes()
    # Three leaks and two log complaints are errors of the teardown; Qt's warning and Python's are failures.
    assert outcomes == {"passed": 9, "failed": 2, "errors": 5}


def test_that_pytest_is_strict_here(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.getini("strict")
    assert pytestconfig.getini("filterwarnings") == ["error"]
    assert pytestconfig.getini("qt_log_level_fail") == "WARNING"
