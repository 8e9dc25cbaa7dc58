"""Starts the window: it paints first, then imports the rest of itself in small turns, and only then a worker thread
opens the program, which imports the Azure SDK.

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
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from tgwizard import paths
from tgwizard.gui.front import FirstLook, Front
from tgwizard.gui.gc_guard import GcGuard
from tgwizard.gui.single import SECOND_WINDOW, SingleWindow, Turn
from tgwizard.gui.theme import Theme, load_fonts, system_text_scale
from tgwizard.gui.unfolding import AT_EASE, LATER, Unfolding

if TYPE_CHECKING:
    from tgwizard.gui.bridge import Bridge
    from tgwizard.gui.dialogs.unexpected import UnexpectedErrors
    from tgwizard.gui.main_window import MainWindow
    from tgwizard.gui.opened import OpenProgram, Surroundings
    from tgwizard.gui.opening import Opening

_log = logging.getLogger(__name__)

GRACE_S = 1.5

FRAME_MS = 16
"""So long the first frame has to get to the screen before anything else is done."""

EASE_MS = 20
"""The pause after each module that is imported at ease, for pages that nobody has asked for yet."""

PATIENCE_MS = 1200
"""How long the first paint may wait for the cluster's own page, before it makes room for the window that says so."""

STYLE = "Fusion"

SWITCH_S = 0.0005
"""How long a computing worker keeps Python's lock when the window asks for it. Painting asks again after every call of
Qt, so at Python's usual 5 ms one repaint beside a busy worker took a quarter of a second."""


def make_app(arguments: list[str] | None = None) -> QApplication:
    """The application object with our style, name, fonts and accessible roles; made once."""
    app = _app(arguments if arguments is not None else ["tgwizard"])
    _install_roles()
    return app


def prepare_app(app: QApplication) -> None:
    """Give an application object our style, name, fonts and accessible roles; once for each."""
    app.setStyle(STYLE)
    _name(app)
    _install_roles()


def _app(arguments: list[str]) -> QApplication:
    # The style as an argument: asking for it from Python would first describe all of QStyle to Python.
    app = QApplication([*arguments, "-style", STYLE])
    _name(app)
    return app


def _name(app: QApplication) -> None:
    app.setApplicationName("tgwizard")
    app.setDesktopFileName("tgwizard")
    load_fonts(paths.resources() / "fonts")


def _install_roles() -> None:
    from tgwizard.gui.kit.accessible import install_accessible_roles

    install_accessible_roles()


def run(open_program: OpenProgram, surroundings: Surroundings) -> int:
    """`start` for who has the surroundings already."""
    from tgwizard.model.settings import THEME

    theme = THEME.value_of(surroundings.settings.settings)
    look = FirstLook(surroundings.place, theme, state=surroundings.data_folder)
    return start(open_program, look, lambda: surroundings)


def start(open_program: OpenProgram, look: FirstLook, surround: Callable[[], Surroundings]) -> int:
    """Show the window until it is closed; the exit code.

    `surround` is asked after the first paint, `open_program` runs on a worker after that. A second program on the same
    data folder brings the first to the front and ends with 0.
    """
    app = _app(["tgwizard"])
    app.setQuitOnLastWindowClosed(False)
    single = None if look.state is None else SingleWindow(look.state, app)
    turn = Turn.FIRST if single is None else single.take_turn()
    if turn is Turn.RAISED_OTHER:
        sys.stderr.write("tgwizard is open already; its window was brought to the front.\n")
        return 0
    theme = Theme(app, look.theme, system_text_scale())
    guard = GcGuard(app)
    guard.start()
    usual_switch_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    program = _Program(app, theme, guard, look, open_program, surround)
    if single is not None:
        program.answer_for(single, turn)
    restore = _close_on_signals(program.front)
    program.front.appear()
    QTimer.singleShot(FRAME_MS, program.unfolding, program.unfolding.begin)
    code = app.exec()
    restore()
    clean = program.shut_down()
    if single is not None:
        single.close()
    sys.setswitchinterval(usual_switch_s)
    if not clean:
        logging.shutdown()
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    return code


class _Program(QObject):
    """The window from its first paint to its end. `window` and `opening` are there once it has unfolded."""

    def __init__(
        self,
        app: QApplication,
        theme: Theme,
        guard: GcGuard,
        look: FirstLook,
        open_program: OpenProgram,
        surround: Callable[[], Surroundings],
    ) -> None:
        super().__init__(app)
        self._app = app
        self._theme = theme
        self._bridge: Bridge | None = None
        self._guard = guard
        self._open_program = open_program
        self._surround = surround
        self._single: SingleWindow | None = None
        self._turn = Turn.FIRST
        self._errors: UnexpectedErrors | None = None
        self.window: MainWindow | None = None
        self.opening: Opening | None = None
        self.front = Front(theme, look, app.quit)
        self.unfolding = Unfolding(LATER, self)
        self.unfolding.done.connect(self._unfold)
        self._at_ease = Unfolding(AT_EASE, self, EASE_MS)

    def answer_for(self, single: SingleWindow, turn: Turn) -> None:
        """Let a second program on the same folder raise this window."""
        self._single, self._turn = single, turn

    @Slot()
    def _unfold(self) -> None:
        """Prepare what the window stands on; the window itself is built in the next turn."""
        from tgwizard.gui.kit.focus import FocusRing
        from tgwizard.gui.turns import Turns

        _install_roles()
        FocusRing(self._app, self._theme)
        self._turns = Turns(self)
        self._turns.add(partial(self._build, self._surround()))

    def _build(self, surroundings: Surroundings) -> None:
        """Build the real window and put it in the place of the first paint; then open the program."""
        from tgwizard.gui.bridge import Bridge
        from tgwizard.gui.dialogs.unexpected import UnexpectedErrors
        from tgwizard.gui.main_window import MainWindow
        from tgwizard.gui.opening import Opening
        from tgwizard.gui.places import Place

        bridge = self._bridge = Bridge(self)
        window = self.window = MainWindow(self._theme, bridge, surroundings)
        self._errors = UnexpectedErrors(self._theme, window, bridge, surroundings)
        self._errors.install()
        self.opening = Opening(self._open_program, bridge, window)
        if self._single is not None:
            self._single.raise_asked.connect(window.come_to_front)
            self.opening.ended.connect(partial(self._single.load, bridge))
        if self._turn is Turn.OTHER_SILENT:
            window.lock_for_now(SECOND_WINDOW)
        window.closed.connect(self._app.quit)
        window.first_read.connect(self._guard.settle)
        window.first_read.connect(self._at_ease.begin)
        bridge.start()
        # With a cluster to look at, the first paint stays until its page is there; who waits longer gets the window.
        self.opening.ended.connect(self._hold)
        if self.front.shows_cluster:
            QTimer.singleShot(PATIENCE_MS, self, self._hold)
        else:
            self._turns.add(partial(window.pages.page, Place.CLUSTERS), self._hold)
        self._turns.add(self.opening.begin)

    @Slot()
    def _hold(self) -> None:
        if self.window is not None:
            self.front.hold(self.window)

    def shut_down(self) -> bool:
        """Stop everything in order; True when no worker is left alive."""
        from tgwizard.model.settings import MAXIMISED, PLACE

        opened_in_time = self.opening is None or self.opening.join(GRACE_S)
        opened = None if self.opening is None else self.opening.opened
        alive: tuple[object, ...] = ()
        if opened is not None and self.window is not None:
            self.window.watching.stop()
            alive = opened.services.jobs.close(GRACE_S)
        if self.window is not None:
            self.window.preferences.set(PLACE, self.front.left.box)
            self.window.preferences.set(MAXIMISED, self.front.left.maximised)
            self.window.preferences.flush()
        if self._bridge is not None:
            self._bridge.finish()
            self._bridge.stop()
        self._guard.stop()
        self.front.hide()
        if self._errors is not None:
            self._errors.uninstall()
        self.front.deleteLater()
        QApplication.sendPostedEvents(None, 0)
        if opened is not None:
            opened.close()
        for job in alive:
            _log.warning("a job was still running at exit: %s", job)
        return opened_in_time and not alive


def _close_on_signals(window: Front) -> Callable[[], None]:
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
