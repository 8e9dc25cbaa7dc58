"""An error nobody expected is shown once, redacted, and the window goes on."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import accessible_name, focusable
from tgwizard.engine.jobs import JobCrashed
from tgwizard.gui.app.app_context import AppContext
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.shell.crash_report import CrashReportDialog, CrashReporter, fingerprint
from tgwizard.gui.style.theme import Theme


def fail(text: str) -> None:
    raise ValueError(text)


def broken(text: str) -> JobCrashed:
    try:
        fail(text)
    except ValueError as error:
        return JobCrashed("job", "watch", error)
    raise AssertionError(text)


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> QWidget:
    made = QWidget()
    made.resize(1024, 700)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def errors(theme: Theme, window: QWidget, caplog: pytest.LogCaptureFixture) -> Iterator[CrashReporter]:
    around = AppContext("a test", True, Path("/somewhere/tgwizard.log"), lambda text: text.replace("SECRET", "…"))
    made = CrashReporter(theme, window, Bridge(window), around)
    logging.getLogger("tgwizard.gui.shell.crash_report").propagate = False
    yield made
    logging.getLogger("tgwizard.gui.shell.crash_report").propagate = True


def shown(window: QWidget) -> list[CrashReportDialog]:
    return [dialog for dialog in window.findChildren(CrashReportDialog) if dialog.isVisible()]


def test_that_the_same_error_is_shown_once(errors: CrashReporter, window: QWidget) -> None:
    for _ in range(3):
        errors.show_error(broken("again"))
    assert len(shown(window)) == 1


def test_that_errors_of_two_places_are_two() -> None:
    first = broken("one")
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("one")
    assert fingerprint(first.error) != fingerprint(caught.value)
    assert fingerprint(first.error) == fingerprint(broken("two").error)


def test_that_the_report_is_redacted_and_names_the_log(errors: CrashReporter, window: QWidget) -> None:
    errors.show_error(broken("token SECRET"))
    (dialog,) = shown(window)
    assert "SECRET" not in dialog.report
    assert "ValueError" in dialog.report
    dialog.copy.click()
    assert QApplication.clipboard().text() == dialog.report
    assert any(accessible_name(child).startswith("Log: /somewhere") for child in dialog.findChildren(QWidget))
    assert all(accessible_name(widget) for widget in focusable(dialog))


def test_that_an_error_in_a_thread_reaches_the_window(errors: CrashReporter, window: QWidget) -> None:
    errors.install()
    try:
        worker = threading.Thread(target=lambda: os.environ["TGWIZARD_NO_SUCH_VARIABLE"], name="worker")
        worker.start()
        worker.join()
        window.findChildren(Bridge)[0].drain()
    finally:
        errors.uninstall()
    (dialog,) = shown(window)
    assert "KeyError" in dialog.report
    assert "worker" in dialog.report


def test_that_an_error_in_a_slot_reaches_the_window(errors: CrashReporter, window: QWidget) -> None:
    errors.install()
    try:
        error = broken("in a slot").error
        sys.excepthook(type(error), error, error.__traceback__)
        window.findChildren(Bridge)[0].drain()
    finally:
        errors.uninstall()
    assert len(shown(window)) == 1
