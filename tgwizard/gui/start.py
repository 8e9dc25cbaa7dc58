"""Starts the window: it is painted first, then a thread imports what it works with, and only then another one opens the
program, which imports the Azure SDK.

Shutdown order: refuse new jobs, cancel and join them within a bound (what is written, within a long one: the process
does not end with the address on no NIC), drain the last events, stop the timers, destroy the window, close the program.
A worker that is still alive after that must not meet a half-dead interpreter, so the process then ends at once.

Who asks from outside (a signal, a closed terminal, the end of the session) is not asked back: what is being written is
left in order, then the window closes. When the display goes away no window is left to close, and Qt must not be touched
any more; the process waits for its writing jobs all the same. They are threads of this process, and not a process of
their own, because Qt lets the last moment be held (`gui/app/display.py`): so the run keeps its sign-in, its lock, its
lab and its journal, and nothing has to be handed over.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from enum import IntEnum
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from PySide6.QtCore import QEventLoop, QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from tgwizard import paths
from tgwizard.engine.interrupts import Interrupts, ignore, listen
from tgwizard.gui.app.display import QtMessages, leave_out_unreachable, why_none
from tgwizard.gui.app.first_glance import FirstGlance, Opening
from tgwizard.gui.app.gc_guard import GcGuard
from tgwizard.gui.app.single_instance import SECOND_WINDOW, InstanceTurn, SingleWindow
from tgwizard.gui.app.warm_up import WarmUp
from tgwizard.gui.app.window_placement import WindowPlacement
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.style.accessible import install_accessible_roles
from tgwizard.gui.style.theme import Theme, load_fonts, system_text_scale

if TYPE_CHECKING:
    from tgwizard.engine.history.last_known import LastKnown
    from tgwizard.engine.jobs import AnyJob, JobQueue
    from tgwizard.gui.app.app_context import AppContext, OpenedProgram, OpenProgram
    from tgwizard.gui.app.bridge import Bridge
    from tgwizard.gui.app.destinations import Destination
    from tgwizard.gui.shell.crash_report import CrashReporter
    from tgwizard.gui.shell.program_opener import ProgramOpener
    from tgwizard.model.failover_events import Finished

_log = logging.getLogger(__name__)

GRACE_S = 1.5

FRAME_MS = 16
"""So long the first frame has to get to the screen before anything else is done."""

STYLE = "Fusion"

SWITCH_S = 0.0005
"""How long a computing worker keeps Python's lock when the window asks for it. Painting asks again after every call of
Qt, so at Python's usual 5 ms one repaint beside a busy worker took a quarter of a second."""


class WindowEnd(IntEnum):
    """How the window came to its end, as an exit code: the numbers of the command line."""

    IN_ORDER = 0
    NO_DISPLAY = 2
    DISPLAY_LOST = 4
    NOT_KNOWN = 5
    """A run was left behind, or where it left the address is not known."""


def new_app(arguments: list[str]) -> QApplication:
    """The application object, made once: our style, name, fonts and accessible roles."""
    # The style as an argument: asking for it from Python would first describe all of QStyle to Python.
    app = QApplication([*arguments, "-style", STYLE])
    name_app(app)
    return app


def name_app(app: QApplication) -> None:
    """Give an application object our name, fonts and accessible roles."""
    app.setApplicationName("tgwizard")
    app.setDesktopFileName("tgwizard")
    load_fonts(paths.resources() / "fonts")
    install_accessible_roles()


def run(open_program: OpenProgram, context: AppContext) -> int:
    """`start` for who has the context already."""
    from tgwizard.model.settings import TEXT_SIZE, THEME, TIME_ZONE

    read = context.settings.settings
    glance = FirstGlance(
        context.place,
        context.is_lab,
        context.data_folder,
        THEME.value_of(read),
        text_size=TEXT_SIZE.value_of(read),
        time_zone=TIME_ZONE.value_of(read),
    )
    return start(open_program, glance, lambda: context)


def start(
    open_program: OpenProgram,
    glance: FirstGlance,
    surround: Callable[[], AppContext],
    elsewhere: Callable[[Destination], Opening] | None = None,
) -> int:
    """Show the window until it is closed; the exit code.

    `surround` is asked on a worker after the first paint, `open_program` runs on another one after that. `elsewhere`:
    how the window goes on at another place; None: it stays. A second program on the same data folder brings the first
    to the front and ends with 0.
    """
    environment = leave_out_unreachable()
    programs: list[_Program] = []

    def unusable() -> NoReturn:
        _end_at_once(WindowEnd.NO_DISPLAY, why_none(environment))

    def gone() -> NoReturn:
        for program in programs:
            program.end_without_display()
        _end_at_once(WindowEnd.DISPLAY_LOST, DISPLAY_GONE)

    messages = QtMessages(unusable, gone)
    app = new_app(["tgwizard"])
    messages.started()
    app.setQuitOnLastWindowClosed(False)
    single = None if glance.state is None else SingleWindow(glance.state, app)
    turn = InstanceTurn.FIRST if single is None else single.take_turn()
    if turn is InstanceTurn.RAISED_OTHER:
        messages.stop()
        _tell("tgwizard is open already; its window was brought to the front.")
        return WindowEnd.IN_ORDER
    theme = Theme(app, glance.theme, glance.text_size.scale or system_text_scale())
    theme.tell_times_in(glance.time_zone)
    guard = GcGuard(app)
    guard.start()
    usual_switch_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    program = _Program(app, MainWindow(theme, glance), guard, glance, open_program, surround)
    program.elsewhere = elsewhere
    programs.append(program)
    if single is not None:
        program.answer_for(single, turn)
    program.heed(listen(program.on_request))
    app.commitDataRequest.connect(program.on_session_end)
    program.placement.appear()
    QTimer.singleShot(FRAME_MS, program, program.begin)
    if app.exec() != 0:
        # Nothing of ours ends the event loop so: Qt lost its display, and did not say it in the words we know.
        gone()
    clean = program.shut_down()
    ignore()
    if single is not None:
        single.close()
    sys.setswitchinterval(usual_switch_s)
    messages.stop()
    end = program.end
    if not clean:
        _end_at_once(end)
    return end


DISPLAY_GONE = "The display went away."


def _tell(line: str) -> None:
    """On standard error, where there still is one."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _end_at_once(end: WindowEnd, *lines: str) -> NoReturn:
    """End the process here: neither Python nor Qt takes anything down any more."""
    for line in lines:
        _tell(line)
    logging.shutdown()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(end)


class _Program(QObject):
    """The window from its first paint to its end. `opening` is there once the window is complete.

    The window may go on at another place: to practise in a lab, and back. Azure stays open meanwhile, though nothing is
    read there, so that nobody has to sign in again; a lab is closed, on a thread of its own.
    """

    def __init__(
        self,
        app: QApplication,
        window: MainWindow,
        guard: GcGuard,
        glance: FirstGlance,
        open_program: OpenProgram,
        surround: Callable[[], AppContext],
    ) -> None:
        super().__init__(app)
        self._app = app
        self._bridge: Bridge | None = None
        self._context: AppContext | None = None
        self._broke_early: list[BaseException] = []
        self._guard = guard
        self._glance = glance
        self._open_program = open_program
        self._surround = surround
        self.elsewhere: Callable[[Destination], Opening] | None = None
        self._home: Opening | None = None
        """How to go back to where the window practises from."""
        self._kept: OpenedProgram | None = None
        """The program that was open there."""
        self._closers: list[threading.Thread] = []
        self._single: SingleWindow | None = None
        self._turn = InstanceTurn.FIRST
        self._errors: CrashReporter | None = None
        self._stops: Interrupts | None = None
        self._closing = False
        self._options = ""
        self._left_behind = False
        self._ends: list[Finished] = []
        self.window = window
        self.opening: ProgramOpener | None = None
        self.placement = WindowPlacement(window, glance.left)
        self.warm_up = WarmUp(self)
        # Not quit: that asks the window once more, and a window that asks its user would stay.
        window.closed.connect(self._on_closed)
        window.left_for.connect(self._on_left)

    def answer_for(self, single: SingleWindow, turn: InstanceTurn) -> None:
        """Let a second program on the same folder raise this window."""
        self._single, self._turn = single, turn

    @Slot()
    def begin(self) -> None:
        """The first frame is out: say what was last known, import what the window works with, and then complete it."""
        self.warm_up.add(partial(_last_known, self._glance), self._show_last_known, self._broke_early.append)
        # First, because it begins the log: what breaks after it is told there.
        self.warm_up.add(self._surround, self._take_context, self._on_broken)
        if self._glance.cluster is None:
            self.warm_up.add(_import_clusters_page, broke=self._on_broken)
        self.warm_up.add(_import_parts, self._on_imported, self._on_broken)

    def _show_last_known(self, known: LastKnown | None) -> None:
        if known is not None:
            self.window.show_last_known(known.sentence, (datetime.now(UTC) - known.at).total_seconds())

    def _take_context(self, context: AppContext) -> None:
        self._context = context

    def _on_imported(self, _nothing: None) -> None:
        try:
            if self._context is not None:
                self._complete(self._context)
        except Exception as error:  # noqa: BLE001 - who tells of errors may not be there yet
            self._on_broken(error)

    def _on_broken(self, error: BaseException) -> None:
        """The window cannot be completed by an error of ours: say so, and do nothing more but end when it is closed."""
        from tgwizard.model.text import sanitize

        self.warm_up.stop(0.0)
        context = self._context
        redact: Callable[[str], str] = str if context is None else context.redact
        report = redact("tgwizard could not open:\n" + "".join(traceback.format_exception(error)))
        log_file = None if context is None else context.log_file
        where = (
            "A terminal that it is started in shows the report."
            if log_file is None
            else f"The report is in {log_file}."
        )
        cure = "Start it again."
        if isinstance(error, ImportError):
            cure = "A part of it is missing or damaged: install it again."
        what = sanitize(redact(f"{type(error).__qualname__}: {error}")).rstrip(".")
        self.window.show_failed(f"{what}. Nothing was written. {cure} {where}")
        if log_file is None:
            _tell(report)
        else:
            _log.error("%s", report)

    def _complete(self, context: AppContext) -> None:
        """Complete the window; then open the program."""
        from tgwizard.engine.jobs import JobCrashed
        from tgwizard.gui.app.bridge import Bridge
        from tgwizard.gui.shell.program_opener import ProgramOpener

        self._options = context.place_options
        first = self._bridge is None
        bridge = self._bridge = self._bridge or Bridge(self)
        window = self.window
        window.complete(bridge, context)
        self.opening = ProgramOpener(self._open_program, bridge, window, self._discard)
        self.opening.ended.connect(self._on_opened)
        if self._single is not None:
            # Whichever opens: the first may have been left before it was open.
            self.opening.ended.connect(self._single.listen)
        if first:
            self._complete_once(bridge, context)
        if self._turn is InstanceTurn.OTHER_SILENT and context.practice is None:
            window.lock_for_now(SECOND_WINDOW)
        for error in self._broke_early:
            bridge.own.put(JobCrashed("", "opening", error))
        self._broke_early.clear()
        bridge.start()
        self.opening.begin()

    def _complete_once(self, bridge: Bridge, context: AppContext) -> None:
        """What stays as it is wherever the window goes on."""
        from tgwizard.gui.shell.crash_report import CrashReporter
        from tgwizard.gui.style.focus_ring import FocusRing

        window = self.window
        FocusRing(self._app, window.theme)
        self._errors = CrashReporter(window.theme, window, bridge, context)
        self._errors.install()
        if self._single is not None:
            self._single.raise_asked.connect(window.come_to_front)
        window.first_read.connect(self._guard.settle)
        window.first_read.connect(self._import_pages)

    # Going elsewhere ---------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_left(self, where: Destination) -> None:
        # In a turn of its own: the button that was pressed for it goes too.
        QTimer.singleShot(0, self, partial(self.move, where))

    def move(self, where: Destination) -> None:
        """Go on at another place, in the same window. Nothing is being written here: the window has looked."""
        if self.elsewhere is None or self._closing:
            return
        back = where.practice is None and where.cloud is None
        place = self._home if back else self.elsewhere(where)
        if place is None:
            return
        opened = self._let_go()
        if where.practice is not None and self._glance.practice is None:
            glance = self._glance._replace(first=self.window.pages.shown if self.window.is_complete else None)
            self._home = Opening(glance, self._open_program, self._surround)
            if opened is not None:
                self._kept = opened
                self._home = Opening(glance, partial(_opened_again, opened), self._surround)
        elif opened is not None:
            self._close_elsewhere(opened)
        if not back and where.practice is None:
            # If it cannot be opened there, the window goes back to where it was, and opens that anew.
            self._forget_home()
            self._home = Opening(self._glance, self._open_program, self._surround)
            place = place._replace(glance=place.glance._replace(first=self.window.pages.shown))
        self._glance, self._open_program, self._surround = place.glance, place.open_program, place.surround
        self._context = None
        self.warm_up.drop()  # who goes back at once does so before the other place is complete
        self.window.begin_anew(place.glance)
        self.warm_up.add(self._surround, self._take_context, self._on_broken)
        self.warm_up.add(_import_parts, self._on_imported, self._on_broken)

    def _let_go(self) -> OpenedProgram | None:
        """Hear nothing more of what is open here; what is, if anything."""
        self._keep_place()
        opening, self.opening = self.opening, None
        if opening is None:
            return None
        opened = opening.abandon()
        if opened is not None and self._bridge is not None:
            opened.services.jobs.rest()
            self._bridge.leave(opened.services.jobs)
        return opened

    def _forget_home(self) -> None:
        kept, self._kept, self._home = self._kept, None, None
        if kept is not None:
            self._close_elsewhere(kept)

    def _discard(self, opened: OpenedProgram) -> None:
        """Close what was opened too late, on the thread that opened it: the window is elsewhere by now."""
        if self._kept is None or opened.services is not self._kept.services:
            opened.services.jobs.close(GRACE_S)
            self._close(opened)

    def _close_elsewhere(self, opened: OpenedProgram) -> None:
        """Close what the window has left. It takes its time: jobs end, a world is saved, other programs are awaited."""

        def work() -> None:
            opened.services.jobs.close(GRACE_S)
            self._close(opened)

        self._closers = [thread for thread in self._closers if thread.is_alive()]
        thread = threading.Thread(target=work, name="tgwizard-leave", daemon=True)
        self._closers.append(thread)
        thread.start()

    @Slot()
    def _on_opened(self) -> None:
        if not self.window.sessions:
            self._import_pages()  # there is nothing to be read first: whoever is new here sets a cluster up next

    @Slot()
    def _import_pages(self) -> None:
        """Nobody waits for anything now: import what the pages stand on that nobody has asked for yet."""
        for import_page in self.window.pages.imports:
            self.warm_up.add(import_page)
        self.warm_up.add(partial(import_module, "jinja2"))  # for the first report that is saved

    @Slot()
    def _on_closed(self) -> None:
        self._app.exit(0)

    # Ending ------------------------------------------------------------------------------------------------------

    @property
    def end(self) -> WindowEnd:
        """How it ended, once it is shut down."""
        from tgwizard.model.event_base import Outcome

        unknown = any(finished.outcome is Outcome.UNKNOWN for finished in self._ends)
        return WindowEnd.NOT_KNOWN if unknown or self._left_behind else WindowEnd.IN_ORDER

    @property
    def _jobs(self) -> JobQueue | None:
        opened = None if self.opening is None else self.opening.opened
        return None if opened is None else opened.services.jobs

    def heed(self, stops: Interrupts) -> None:
        """Know how often it was asked to end from outside."""
        self._stops = stops

    def on_request(self) -> None:
        """A signal asks to end. The first closes the window; a person's second ends the process where it is.

        Python runs the handler wherever its main thread happens to be, also inside a paintEvent, where closing would
        take the window's surface away from under the painter: so the close waits for the event loop.
        """
        if self._stops is not None and self._stops.count > 1:
            jobs = self._jobs
            if jobs is not None and jobs.writers():
                self._give_up()
        elif not self._closing:
            QTimer.singleShot(0, self, self.leave)

    @Slot()
    def leave(self) -> None:
        """Close without a question: what is being written is left in order first."""
        jobs = self._jobs
        if jobs is None:
            self.window.close()
            return
        self._hear_ends()
        self.window.leave(jobs)

    def on_session_end(self, _manager: object) -> None:
        """The session ends, and waits for this: what is being written is left in order before the answer."""
        jobs = self._jobs
        if jobs is None or not jobs.writers():
            return
        from tgwizard.gui.shell.shutdown import CLOSE_AFTER_S, LOOK_MS

        for job in jobs.writers():
            job.cancel()
        waiting = QEventLoop(self)
        look = QTimer(self, interval=LOOK_MS)
        look.timeout.connect(lambda: None if jobs.writers() else waiting.quit())
        look.start()
        QTimer.singleShot(CLOSE_AFTER_S * 1000, waiting, waiting.quit)
        waiting.exec()
        look.stop()

    def _hear_ends(self) -> None:
        if self._bridge is not None:
            self._bridge.happened.connect(self._heed_end)

    @Slot(object)
    def _heed_end(self, event: object) -> None:
        from tgwizard.model.failover_events import Finished
        from tgwizard.model.text import sanitize

        if isinstance(event, Finished):
            self._ends.append(event)
            _tell(f"{event.cluster}: {sanitize(event.reason)}")
            if event.resume:
                _tell(f"  To go on: {event.resume}{self._options}")

    def _give_up(self) -> NoReturn:
        """Say where each run is left and how to go on, and end."""
        from tgwizard.gui.cluster.cluster_view_model import place_words

        lines = ["A second request to stop came. What was being written is left where it is."]
        for session in self.window.sessions.values():
            if session.running and session.run is not None:
                where = f"{session.setup.address} {place_words(session.run.place)}"
                lines.append(f"{session.setup.name}: last seen {where}.")
                lines.append(f"  To go on: tgwizard resume {session.setup.name}{self._options}")
        _end_at_once(WindowEnd.NOT_KNOWN, *lines)

    def end_without_display(self) -> NoReturn:
        """The display is gone and nothing of Qt may be touched: leave what is written in order, and end."""
        self._closing = True
        jobs = self._jobs
        writing = jobs is not None and bool(jobs.writers())
        _tell(f"{DISPLAY_GONE} What is being written is left in order first." if writing else DISPLAY_GONE)
        _log.warning("the display went away; writing jobs: %s", writing)
        if self._single is not None:
            self._single.let_go()
        end = WindowEnd.DISPLAY_LOST
        opened = None if self.opening is None else self.opening.opened
        if opened is not None:
            self._close_jobs(opened)
            for event in opened.services.jobs.undelivered():
                self._heed_end(event)
            if self.end is WindowEnd.NOT_KNOWN:
                end = WindowEnd.NOT_KNOWN
            self._close(opened)
        self._close_left(opened)
        _end_at_once(end)

    def _close_jobs(self, opened: OpenedProgram) -> tuple[AnyJob, ...]:
        """End all jobs; what is written is waited for, so that the address is on no NIC for no longer than it must."""
        from tgwizard.engine.jobs import LEAVE_GAP_WITHIN_S

        jobs = opened.services.jobs
        alive = jobs.close(GRACE_S, LEAVE_GAP_WITHIN_S)
        self._left_behind = bool(jobs.writers())
        return alive

    def _close(self, opened: OpenedProgram) -> None:
        from tgwizard.model.problem import UserError

        try:
            opened.close()
        except UserError as error:
            _tell(error.problem.sentence())

    def _close_left(self, opened: OpenedProgram | None) -> None:
        """At the end: close what was kept open elsewhere, and wait until what was left before is closed."""
        from tgwizard.engine.jobs import LEAVE_GAP_WITHIN_S

        kept, self._kept = self._kept, None
        if kept is not None and (opened is None or opened.services is not kept.services):
            kept.services.jobs.close(GRACE_S)
            self._close(kept)
        for thread in self._closers:
            thread.join(LEAVE_GAP_WITHIN_S)

    def shut_down(self) -> bool:
        """Stop everything in order; True when no worker is left alive."""
        self._closing = True
        imported = self.warm_up.stop(GRACE_S)
        opened_in_time = self.opening is None or self.opening.join(GRACE_S)
        opened = None if self.opening is None else self.opening.opened
        alive: tuple[object, ...] = ()
        if opened is not None:
            self.window.watching.stop()
            if opened.services.jobs.writers():
                self.window.hide()
                self._app.sync()
            alive = self._close_jobs(opened)
        self._keep_place()
        if self._bridge is not None:
            self._bridge.finish()
            self._bridge.stop()
        self._guard.stop()
        self.window.hide()
        if self._errors is not None:
            self._errors.uninstall()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, 0)
        if opened is not None:
            self._close(opened)
        self._close_left(opened)
        for job in alive:
            _log.warning("a job was still running at exit: %s", job)
        return imported and opened_in_time and not alive

    def _keep_place(self) -> None:
        from tgwizard.model.settings import MAXIMISED, PLACE

        if self.opening is not None:
            left = self.placement.left
            self.window.settings_store.set(PLACE, left.box)
            self.window.settings_store.set(MAXIMISED, left.maximised)
            self.window.settings_store.flush()


def _opened_again(opened: OpenedProgram) -> OpenedProgram:
    """What is open already, with the cluster files as they are now."""
    if opened.saved is None:
        return opened
    read = opened.saved.load()
    return replace(opened, clusters=read.clusters, problems=read.problems)


def _last_known(glance: FirstGlance) -> LastKnown | None:
    """What the journal last knew of the only cluster; a file that cannot be used is told of later."""
    from tgwizard.engine.files.cluster_file import load_cluster
    from tgwizard.engine.history.last_known import last_known
    from tgwizard.model.problem import UserError

    if glance.cluster is None or glance.state is None:
        return None
    try:
        return last_known(glance.state, load_cluster(glance.cluster.file))
    except UserError:
        return None


def _import_clusters_page() -> None:
    """Import the page that is shown first when there is more than one cluster, or none."""
    from tgwizard.gui.app.nav_pages import NavPage
    from tgwizard.gui.shell.page_registry import PAGES

    PAGES[NavPage.CLUSTERS]()


def _import_parts() -> None:
    """Import what `_complete` imports, and so all that stands behind it."""
    for name in ("shell.window_parts", "shell.program_opener", "shell.crash_report", "style.focus_ring"):
        import_module(f"tgwizard.gui.{name}")
