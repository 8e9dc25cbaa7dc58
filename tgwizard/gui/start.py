"""Starts the window: it paints first, and only then a worker thread opens the program, which imports the Azure SDK.

Shutdown order (codebases.md 7.3): refuse new jobs, cancel and join them within a bound, drain the last events, stop the
timers, destroy the window, close the program. A worker that is still alive after that must not meet a half-dead
interpreter, so the process then ends at once (qt-and-sdk.md section 4).
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from tgwizard import paths
from tgwizard.engine.jobs import Broke
from tgwizard.gui.bridge import Bridge
from tgwizard.gui.dialogs.unexpected import UnexpectedErrors
from tgwizard.gui.gc_guard import GcGuard
from tgwizard.gui.kit.accessible import install_accessible_roles
from tgwizard.gui.kit.focus import FocusRing
from tgwizard.gui.main_window import MainWindow
from tgwizard.gui.opened import Opened, OpenProgram, Surroundings
from tgwizard.gui.single import SECOND_WINDOW, SingleWindow, Turn
from tgwizard.gui.theme import Theme, load_fonts, system_text_scale
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import THEME

_log = logging.getLogger(__name__)

GRACE_S = 1.5

SWITCH_S = 0.0005
"""How long a computing worker keeps Python's lock when the window asks for it. Painting asks again after every call of
Qt, so at Python's usual 5 ms one repaint beside a busy worker took a quarter of a second."""


@dataclass(frozen=True, slots=True)
class OpeningFailed:
    """Opening ended in explained problems."""

    problems: tuple[Problem, ...]


class Opening(QObject):
    """Opens the program on a thread that may be abandoned, and hands the answer to the window through the bridge."""

    ended = Signal()

    def __init__(self, open_program: OpenProgram, bridge: Bridge, window: MainWindow) -> None:
        """Nothing is opened before `begin`."""
        super().__init__(window)
        self._open_program = open_program
        self._bridge = bridge
        self._window = window
        self._thread: threading.Thread | None = None
        self.opened: Opened | None = None
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
        own = self._bridge.own
        try:
            own.put(self._open_program())
        except UserError as error:
            own.put(OpeningFailed(error.problems))
        except BaseException as error:  # noqa: BLE001 - shown once by UnexpectedErrors, and the page says what to do
            own.put(Broke("", "opening", error))
            what = "tgwizard could not be opened by an error of its own."
            own.put(OpeningFailed((Problem("open-broke", what, "", "Try again; the report is in the log."),)))

    @Slot(object)
    def _take(self, event: object) -> None:
        if isinstance(event, Opened):
            self.opened = event
            self._window.show_opened(event)
            self.ended.emit()
        elif isinstance(event, OpeningFailed):
            self._window.show_trouble(event.problems)
            self.ended.emit()

    def join(self, seconds: float) -> bool:
        """Wait for the thread; True when it has ended."""
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()


def make_app(arguments: list[str] | None = None) -> QApplication:
    """The application object with our name, fonts and accessible roles; made once."""
    app = QApplication(arguments if arguments is not None else ["tgwizard"])
    prepare_app(app)
    return app


def prepare_app(app: QApplication) -> None:
    """Give an application object our name, fonts and accessible roles; once for each."""
    app.setApplicationName("tgwizard")
    app.setDesktopFileName("tgwizard")
    load_fonts(paths.resources() / "fonts")
    install_accessible_roles()


def run(
    open_program: OpenProgram,
    surroundings: Surroundings,
) -> int:
    """Show the window until it is closed; the exit code. `open_program` runs on a worker after the first paint.

    A second program on the same data folder brings the first to the front and ends with 0.
    """
    app = make_app()
    app.setQuitOnLastWindowClosed(False)
    bridge = Bridge(app)
    single = None if surroundings.data_folder is None else SingleWindow(surroundings.data_folder, bridge, app)
    turn = Turn.FIRST if single is None else single.take_turn()
    if turn is Turn.RAISED_OTHER:
        sys.stderr.write("tgwizard is open already; its window was brought to the front.\n")
        return 0
    theme = Theme(app, THEME.value_of(surroundings.settings.settings), system_text_scale())
    FocusRing(app, theme)
    guard = GcGuard(app)
    window = MainWindow(theme, bridge, surroundings)
    errors = UnexpectedErrors(theme, window, bridge, surroundings)
    errors.install()
    opening = Opening(open_program, bridge, window)
    if single is not None:
        single.raise_asked.connect(window.come_to_front)
        opening.ended.connect(single.load)
    if turn is Turn.OTHER_SILENT:
        window.lock_for_now(SECOND_WINDOW)
    window.closed.connect(app.quit)
    guard.start()
    bridge.start()
    usual_switch_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    window.first_read.connect(guard.settle)
    restore = _close_on_signals(window)
    window.show()
    # Twice through the event loop: by then the first frame is on the screen.
    QTimer.singleShot(0, window, lambda: QTimer.singleShot(0, window, opening.begin))
    code = app.exec()
    restore()
    clean = _shut_down(opening, bridge, guard, window)
    if single is not None:
        single.close()
    sys.setswitchinterval(usual_switch_s)
    errors.uninstall()
    if not clean:
        logging.shutdown()
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    return code


def _close_on_signals(window: MainWindow) -> Callable[[], None]:
    """SIGINT and SIGTERM close the window as the mouse does.

    Python runs the handler wherever its main thread happens to be, also inside a paintEvent, where closing would take
    the window's surface away from under the painter: so the close waits for the event loop.
    """

    def close(_number: int, _frame: object) -> None:
        QTimer.singleShot(0, window, window.close)

    before = {number: signal.signal(number, close) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore


def _shut_down(opening: Opening, bridge: Bridge, guard: GcGuard, window: MainWindow) -> bool:
    """Stop everything in order; True when no worker is left alive."""
    opened_in_time = opening.join(GRACE_S)
    opened = opening.opened
    alive: tuple[object, ...] = ()
    if opened is not None:
        for session in window.sessions.values():
            session.stop()
        alive = opened.services.jobs.close(GRACE_S)
    window.preferences.flush()
    bridge.drain()
    bridge.stop()
    guard.stop()
    window.hide()
    window.deleteLater()
    QApplication.sendPostedEvents(None, 0)
    if opened is not None:
        opened.close()
    for job in alive:
        _log.warning("a job was still running at exit: %s", job)
    return opened_in_time and not alive
