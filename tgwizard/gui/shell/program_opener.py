"""Opens the program on a worker thread, after the window is painted, and hands the answer to the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from tgwizard.engine.jobs import JobCrashed
from tgwizard.gui.app.app_context import OpenedProgram, OpenProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.widgets.idle_queue import IdleQueue
from tgwizard.model.problem import Problem, UserError


@dataclass(frozen=True, slots=True)
class OpeningFailed:
    """Opening ended in explained problems."""

    problems: tuple[Problem, ...]


class ProgramOpener(QObject):
    """Opens the program on a thread that may be abandoned, and hands the answer to the window through the bridge."""

    ended = Signal()

    def __init__(
        self,
        open_program: OpenProgram,
        bridge: Bridge,
        window: MainWindow,
        discard: Callable[[OpenedProgram], None] = lambda opened: opened.close(),
    ) -> None:
        """Nothing is opened before `begin`. `discard` gets, on the thread, what is opened after it was abandoned."""
        super().__init__(window)
        self._open_program = open_program
        self._bridge = bridge
        self._window = window
        self._thread: threading.Thread | None = None
        self._discard = discard
        self._mutex = threading.Lock()
        self._abandoned = False
        self._turns = IdleQueue(self)
        self.opened: OpenedProgram | None = None
        bridge.happened.connect(self._take)
        window.retry_asked.connect(self.begin)

    @Slot()
    def begin(self) -> None:
        """Open, unless that is under way."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._thread = threading.Thread(target=self._work, name="tgwizard-open", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            opened = self._open_program()
        except UserError as error:
            self._tell(OpeningFailed(error.problems))
        except BaseException as error:  # noqa: BLE001 - shown once by CrashReporter, and the page says what to do
            what = "tgwizard could not be opened by an error of its own."
            problem = Problem("open-broke", what, "", "Try again; the report is in the log.")
            self._tell(JobCrashed("", "opening", error), OpeningFailed((problem,)))
        else:
            if not self._tell(opened):
                self._discard(opened)

    def _tell(self, *events: object) -> bool:
        """Whether there is still somebody to be told."""
        with self._mutex:
            for event in events if not self._abandoned else ():
                self._bridge.own.put(event)
            return not self._abandoned

    def abandon(self) -> OpenedProgram | None:
        """The window goes on elsewhere: hand it nothing more. What was opened for it, if anything; none comes later."""
        with self._mutex:
            self._abandoned = True
        self._bridge.finish()  # it may be on the queue
        self._turns.drop()
        self._bridge.happened.disconnect(self._take)
        self.deleteLater()
        return self.opened

    @Slot(object)
    def _take(self, event: object) -> None:
        if isinstance(event, OpenedProgram):
            self.opened = event
            self._turns.add(partial(self._window.changes.open, event), self._window.tell_opened, self._prepare)
        elif isinstance(event, OpeningFailed):
            self._window.show_startup_errors(event.problems)
            self.ended.emit()

    def _prepare(self) -> None:
        window = self._window
        self._turns.add(*window.preparing_first(), window.show_first, self.ended.emit)

    def join(self, seconds: float) -> bool:
        """Wait for the thread; True when it has ended."""
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()
