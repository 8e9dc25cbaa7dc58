"""An error nobody expected: one dialog for each fingerprint, with a report to copy. The program goes on."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from tgwizard.engine.jobs import JobCrashed
from tgwizard.gui.app.app_context import AppContext
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.text_inputs import ReportText

_log = logging.getLogger(__name__)


def fingerprint(error: BaseException) -> str:
    """What makes two errors the same: their type and the line that raised them."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "no frame"
    return f"{type(error).__qualname__} at {where}"


class CrashReportDialog(Sheet):
    """Says that something went wrong inside tgwizard, and gives the report."""

    wide = 680

    def __init__(self, theme: Theme, window: QWidget, report: str, log_file: str) -> None:
        """Show `report`, which is already redacted."""
        lead = "The program goes on. A run in progress is not stopped by this."
        super().__init__(theme, window, "Something went wrong inside tgwizard", lead, "Close")
        text = ReportText(theme, "Report", report)
        text.setMinimumHeight(theme.px(220))
        self.report = report
        self.body.addWidget(text)
        if log_file:
            self.body.addWidget(TextLabel(theme, f"Log: {log_file}", TextRole.CAPTION, Token.TEXT2, wrap=True))
        self.copy = Button(theme, "Copy the report", icon=Icon.COPY)
        self.copy.clicked.connect(self._on_copy)
        self.buttons.addWidget(self.copy)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report)
        self.copy.rename("Copied")


class CrashReporter(QObject):
    """Catches what nobody caught, in any thread, and shows each fingerprint once in the GUI thread."""

    def __init__(self, theme: Theme, window: QWidget, bridge: Bridge, context: AppContext) -> None:
        """Watch from `install` on; errors of jobs arrive as `JobCrashed` events through `bridge`."""
        super().__init__(window)
        self._theme = theme
        self._window = window
        self._bridge = bridge
        self._context = context
        self._seen: set[str] = set()
        self._before = (sys.excepthook, threading.excepthook)
        bridge.happened.connect(self._take)

    def install(self) -> None:
        """Take over the hooks of Python and of its threads."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def uninstall(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._before

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        self._bridge.own.put(JobCrashed("", "window", error.with_traceback(trace)))

    def _on_thread_exception(self, happened: threading.ExceptHookArgs) -> None:
        if happened.exc_value is not None:
            name = happened.thread.name if happened.thread is not None else "thread"
            self._bridge.own.put(JobCrashed("", name, happened.exc_value))

    @Slot(object)
    def _take(self, event: object) -> None:
        if isinstance(event, JobCrashed):
            self.show_error(event)

    def show_error(self, broke: JobCrashed) -> CrashReportDialog | None:
        """Log the error and, the first time its fingerprint is met, show it; the dialog, or None."""
        redact = self._context.redact
        trace = "".join(traceback.format_exception(broke.error))
        report = redact(f"tgwizard: unexpected error in {broke.name}\n{fingerprint(broke.error)}\n\n{trace}")
        _log.error("%s", report)
        mark = fingerprint(broke.error)
        if mark in self._seen:
            return None
        self._seen.add(mark)
        log_file = self._context.log_file
        dialog = CrashReportDialog(self._theme, self._window, report, "" if log_file is None else str(log_file))
        dialog.open()
        return dialog
