"""The window: rail, breadcrumbs, and the page one is at. It opens and closes sessions and asks the questions.

It is painted before anything else is imported, with the page that says what is known then; `complete` gives it what it
works with. So this module imports nothing that takes long: what only a type names is imported for type checking.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QKeyEvent,
    QPixmap,
    QRegion,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget
from shiboken6 import isValid

from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.app.window_geometry import USUAL_SIZE
from tgwizard.gui.page import ShellPage
from tgwizard.gui.shell.navigation_rail import NavigationRail
from tgwizard.gui.shell.opening_page import OpeningPage
from tgwizard.gui.shell.page_frame import PageFrame, PageStack
from tgwizard.gui.shell.top_bar import MenuStrip, TopBar
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.focus_order import FocusKeeper
from tgwizard.gui.widgets.shortcuts import Shortcut, bind, is_pressed, page_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tgwizard.engine.jobs import JobQueue
    from tgwizard.gui.app.app_context import AppContext, OpenedProgram
    from tgwizard.gui.app.bridge import Bridge
    from tgwizard.gui.app.destinations import Destination
    from tgwizard.gui.app.first_glance import FirstGlance
    from tgwizard.gui.app.read_only_lock import ReadOnlyLock
    from tgwizard.gui.app.settings_store import SettingsStore
    from tgwizard.gui.cluster.cluster_registry import ClusterRegistry
    from tgwizard.gui.cluster.cluster_session import ClusterSession
    from tgwizard.gui.lab.lab_stopped import LabStopped
    from tgwizard.gui.shell.cluster_changes import ClusterChanges
    from tgwizard.gui.shell.cluster_pages import ClusterPages
    from tgwizard.gui.shell.page_registry import PageRegistry
    from tgwizard.gui.shell.startup_error_page import StartupErrorPage
    from tgwizard.gui.shell.window_actions import WindowActions
    from tgwizard.gui.shell.window_parts import WindowParts
    from tgwizard.gui.widgets.dialog_sheet import Sheet
    from tgwizard.gui.widgets.idle_queue import IdleStep
    from tgwizard.model.cluster import Verb
    from tgwizard.model.cluster_setup import ClusterSetup
    from tgwizard.model.problem import Problem

MENUS_FROM = 720
"""A lower window, at 100 % text, has no bar of menus: what it costs is missed there (gui/README.md 7)."""

NO_CLUSTER = "Open a cluster first: a failover is asked for on its page."


class MainWindow(QMainWindow):
    """The one window. `retry_asked` when opening failed and the user wants to try again.

    `left_for(Destination)` when it is to go on at another place; who opens that calls `begin_anew`.
    """

    retry_asked = Signal()
    left_for = Signal(object)
    closed = Signal()
    first_read = Signal()

    bridge: Bridge
    context: AppContext
    settings_store: SettingsStore
    lock: ReadOnlyLock
    watching: ClusterRegistry
    sessions: Mapping[str, ClusterSession]
    pages: PageRegistry
    cluster_pages: ClusterPages
    changes: ClusterChanges
    startup_errors: StartupErrorPage
    lab_stopped: LabStopped
    _parts: WindowParts

    def __init__(self, theme: Theme, glance: FirstGlance) -> None:
        """Show what is known at a glance. `complete` follows, and then `show_opened` or `show_startup_errors`."""
        super().__init__()
        self.theme = theme
        self._focus = FocusKeeper(self)
        self._keys_bound = False
        self.resize(*USUAL_SIZE)
        self._begin(glance)

    def _begin(self, glance: FirstGlance) -> None:
        """What is shown of a place before it is known: rail, bar, and the page that says that it is opening."""
        theme = self.theme
        self.dialog: Sheet | None = None
        self.is_complete = False
        """Whether it has all it works with, and so whether the attributes above are there."""
        self._wish: Callable[[], None] | None = None
        self._current = ""
        self._chosen = False
        """Whether somebody asked for the page that is shown; else the first takes its place when all is open."""
        self._due: Callable[[], None] | None = None
        """What is shown when the dialog that is open is closed."""
        self._shown: Callable[[], None] | None = None
        """Shows once more what is shown."""
        self._notice = ""
        self._told: Sheet | None = None
        self._read = False
        self._shows_cluster = glance.cluster is not None and glance.first is None
        self._first = glance.first or NavPage.CLUSTERS
        self._practice = glance.practice
        self._came_from = False
        self._root = QWidget()
        self._place, self._is_lab = glance.place, glance.is_lab
        self._make_edges()
        self.rail.lock.show_lock(locked=glance.read_only)
        self.stack = PageStack(theme)
        self.opening: OpeningPage | None = OpeningPage(theme, glance.cluster)
        self._build()
        self.stack.setAccessibleName("Page")
        self.stack.setFocus()
        name = glance.cluster.name if glance.cluster is not None else ""
        self.bar.show_crumbs((NavPage.CLUSTERS.value, name) if name else (NavPage.CLUSTERS.value,))
        self._entitle(name or NavPage.CLUSTERS.value)

    def _entitle(self, words: str) -> None:
        """What the title bar says; while practising it says so, for whoever sees that bar alone."""
        program = "tgwizard" if self._practice is None else "tgwizard, practising in the lab"
        self.setWindowTitle(f"{words} - {program}" if words else program)

    def _make_edges(self) -> None:
        """Rail, bar, menus and what tells of practising: all that stands round the pages."""
        self.strip = MenuStrip(self.theme)
        self.rail = NavigationRail(self.theme, self._place, is_lab=self._is_lab)
        self.rail.chosen.connect(self.go_to)
        self.rail.lock_asked.connect(self.ask_lock)
        self.bar = TopBar(self.theme, is_lab=self._is_lab)
        self.bar.find_asked.connect(self.find_or_run)
        self.bar.menu_asked.connect(self.show_menus)
        self._practice_strip: QWidget | None = None
        if self._practice is not None:
            from tgwizard.gui.shell.practice_strip import PracticeStrip

            strip = self._practice_strip = PracticeStrip(self.theme, self._practice)
            strip.back_asked.connect(self.go_elsewhere)

    def _build(self) -> None:
        self._rows = QVBoxLayout(self._root)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._rows.addWidget(self.strip)
        row = self._row = QHBoxLayout()
        self._rows.addLayout(row, 1)
        row.setSpacing(0)
        right = QWidget()
        self._column = QVBoxLayout(right)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        if self._practice_strip is not None:
            # Above everything, the wizard too, which has neither rail nor bar.
            self._column.addWidget(self._practice_strip)
        self._column.addWidget(self.bar)
        self._frame = PageFrame(self.theme, self.stack, is_lab=self._is_lab)
        self._column.addWidget(self._frame, 1)
        row.addWidget(self.rail)
        row.addWidget(right, 1)
        self.setCentralWidget(self._root)
        if self.opening is not None:
            self.stack.addWidget(self.opening)

    # Completing --------------------------------------------------------------------------------------------------

    def complete(self, bridge: Bridge, context: AppContext) -> None:
        """Give the window what it works with, once at each place; its modules are imported now unless they are."""
        from tgwizard.gui.shell.window_parts import WindowParts

        self.bridge, self.context = bridge, context
        parts = self._parts = WindowParts(self, self, self.stack, bridge, context)
        self.settings_store, self.lock = parts.settings_store, parts.lock
        self.watching, self.sessions = parts.watching, parts.watching.sessions
        self.pages, self.cluster_pages, self.changes = parts.pages, parts.cluster_pages, parts.changes
        self.startup_errors, self.lab_stopped = parts.startup_errors, parts.lab_stopped
        self._column.insertWidget(self._column.count() - 1, self.lab_stopped)
        self.stack.addWidget(self.startup_errors)
        parts.serve(self, self.rail, self._root, self.strip)
        self._connect(parts)
        self._connect_edges()
        self._bind_keys()
        self.is_complete = True
        wish, self._wish = self._wish, None
        if wish is not None:
            QTimer.singleShot(0, self, wish)  # a page is built in a turn of its own
        elif self.isVisible() and not self._shows_cluster:
            QTimer.singleShot(0, self, self._show_clusters)

    @Slot()
    def _show_clusters(self) -> None:
        if self.opening is not None:
            self.go_to(self._first)
            self._chosen = False
            self._parts.visits.clear()

    def begin_anew(self, glance: FirstGlance) -> None:
        """Let go of everything that is shown, and begin at another place; `complete` follows as at the first one.

        Whoever calls this has seen to it that nothing is being written.
        """
        if self.dialog is not None:
            self.dialog.reject()
        if self.is_complete:
            self._parts.end()
        old = self._root
        self.takeCentralWidget()
        old.setParent(self)  # taking gives it to Python, which would delete it here and now
        old.hide()
        old.deleteLater()
        self._begin(glance)
        self._came_from = True
        self.rail.fit(self.width())

    def _is_early(self, wish: Callable[[], None]) -> bool:
        """Whether the window is not complete yet; the last wish is then done as soon as it is."""
        if not self.is_complete:
            self._wish = wish
        return not self.is_complete

    def _connect_edges(self) -> None:
        self.rail.cluster_chosen.connect(self.visit_cluster)
        self.bar.crumb_chosen.connect(self._on_crumb)
        self.bar.notice.clicked.connect(self._on_notice)
        if self._notice or self.settings_store.problems:
            self.bar.show_notice(self._notice or "The settings file has a fault")

    @Slot()
    def _remake(self) -> None:
        """Text has another size, or times are told otherwise: everything is built anew, and what was shown is shown.

        What a person has done on a page goes on in the new one, and the keyboard focus stays where it is called the
        same. Widgets take their measures when they are made: this is one way for all of them.
        """
        from tgwizard.gui.shell.whereabouts import FocusLeft

        if not self.is_complete:
            return
        left, shown = FocusLeft.of(self), self._shown
        layouts = (self._row, self._column, self._column, self._column, self._rows)
        old, errors = self._edges, self.startup_errors
        self._make_edges()
        self._parts.callout.deleteLater()
        self.startup_errors, self.lab_stopped = self._parts.make_notices(self.theme)
        for layout, before, after in zip(layouts, old, self._edges, strict=True):
            if before is not None and after is not None:
                layout.replaceWidget(before, after)
                before.hide()
                before.setParent(self._root)  # taken out of its layout it would be Python's, which deletes it now
                before.deleteLater()
        self.stack.addWidget(self.startup_errors)
        self._connect_errors()
        self.stack.removeWidget(errors)
        errors.setParent(self._root)
        errors.deleteLater()
        self.stack.fit()
        self.rail.fit(self.width())
        self._parts.serve(self, self.rail, self._root, self.strip)
        self._fit_menus()
        self._connect_edges()
        self._parts.rail_clusters.fill()
        self.cluster_pages.clear()
        self.pages.make_anew()
        if shown is not None:
            shown()
        self.pages.end_old()
        left.restore(self)

    @property
    def _edges(self) -> tuple[QWidget | None, ...]:
        return self.rail, self.bar, self.lab_stopped, self._practice_strip, self.strip

    def _connect(self, parts: WindowParts) -> None:
        self.stack.currentChanged.connect(self._on_page)
        self.cluster_pages.back_asked.connect(self.open_cluster)
        self.changes.begun.connect(self._on_session)
        self.changes.dropping.connect(self._on_dropping)
        self.changes.changed.connect(self._on_clusters_changed)
        self.watching.changed.connect(self._on_observed)
        self._connect_errors()
        parts.closing.left.connect(self._close_now)

    def _connect_errors(self) -> None:
        self.startup_errors.retry_asked.connect(self.retry_asked)
        self.startup_errors.back_asked.connect(self.go_elsewhere)
        self.startup_errors.back.setVisible(self._came_from and self._practice is None)

    def _bind_keys(self) -> None:
        """Once: they act on whatever the window has then."""
        if self._keys_bound:
            return
        self._keys_bound = True
        self.theme.remade.connect(self._remake)
        from tgwizard.gui.shell.window_actions import KEYS, go_to_key

        for keys, act in KEYS.items():
            bind(self, keys, partial(self._act, act))
        for number, place in enumerate(NavPage, start=1):
            bind(self, page_keys(number), partial(self._act, go_to_key(place)))

    def _act(self, act: Callable[[WindowActions], object]) -> None:
        act(self._parts.actions)

    @Slot(int)
    def _on_page(self, _index: int) -> None:
        page = self.stack.currentWidget()
        self._make_room(page)
        if self.opening is not None and page is not self.opening:
            self.stack.removeWidget(self.opening)
            self.opening.setParent(self.stack)  # removing gives it to Python, which would delete it here and now
            self.opening.deleteLater()
            self.opening = None

        self._lead_focus(page)

    def _lead_focus(self, page: QWidget | None) -> None:
        """Who was on the page before is on this one now: where they were here last, else where the page begins."""
        here = QApplication.focusWidget()
        if page is None or self.dialog is not None or (here is not None and not self.stack.isAncestorOf(here)):
            return
        kept = self.stack.kept
        if kept is None or not (isValid(kept) and kept.isVisible() and kept.isEnabled()):
            begins = page.first_focus() if isinstance(page, ShellPage) else None
            (begins if begins is not None and begins.isVisible() else page).setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_room(self, page: QWidget | None) -> None:
        """A page that leads through something has the whole window; its own way out leads back."""
        fills = isinstance(page, ShellPage) and page.fills_window
        self.rail.setVisible(not fills)
        self.bar.setVisible(not fills)

    @Slot()
    def _on_notice(self) -> None:
        self.go_to(NavPage.SETTINGS)

    # Opening -----------------------------------------------------------------------------------------------------

    def show_last_known(self, sentence: str, age_s: float) -> None:
        """Say what the journal last knew of the cluster, until its page is there."""
        if self.opening is not None:
            self.opening.show_last_known(sentence, age_s)

    def show_failed(self, why: str) -> None:
        """The window cannot be completed: it says why, and all that is left to do is to close it."""
        for part in (self.rail, self.bar):
            part.setEnabled(False)
        self.bar.show_crumbs(("tgwizard",))
        self._entitle("")
        if self.opening is not None:
            self.opening.show_failed(why)

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open: watch its clusters, and show the first when it is the only one."""
        self.changes.open(opened)
        self.tell_opened()
        self.show_first()

    def tell_opened(self) -> None:
        """Tell rail and pages which clusters the program was opened with. `show_first` follows, maybe turns later."""
        self.changes.tell_opened()
        self._parts.rail_clusters.fill()

    def preparing_first(self) -> tuple[IdleStep, ...]:
        """The steps after which what `show_first` will show is built, unseen."""
        session = self.sessions.get(self.changes.only)
        return () if session is None else (self._lay_out, *self.cluster_pages.preparing(session))

    def _lay_out(self) -> None:
        """Lay the window out before it is seen, so that its pages know how large they will be."""
        self.render(QPixmap(1, 1), QPoint(), QRegion(0, 0, 1, 1))

    def show_first(self) -> None:
        """Show the first cluster when it is the only one, else all of them; when a dialog is open, after that.

        Whoever chose a page while the program was opening is not taken away from it.
        """
        self._show_in_time(self._show_first)

    def _show_first(self) -> None:
        if self._chosen:
            return
        if self.changes.only in self.sessions and self._first is NavPage.CLUSTERS:
            self.open_cluster(self.changes.only)
        else:
            self.go_to(self._first)

    @Slot(object)
    def _on_session(self, session: ClusterSession) -> None:
        session.run_began.connect(partial(self._on_run_began, session))
        session.run_changed.connect(partial(self._on_run_changed, session))
        session.run_ended.connect(partial(self._on_run_ended, session))

    @Slot()
    def read_cluster_files(self) -> None:
        """Read the saved cluster files again."""
        self.changes.read_files()

    def add_clusters(self, files: Iterable[Path]) -> None:
        """Check cluster files from elsewhere, copy them among the saved ones and watch them."""
        self.changes.add(files)

    def include_cluster(self, setup: ClusterSetup) -> None:
        """Watch a cluster that was set up here; what is shown stays."""
        self.changes.include(setup)

    def renew_clusters(self, epoch: int) -> None:
        """The lab is in another world: read its clusters anew and forget what was known; the same epoch is no news."""
        self.changes.renew(epoch)

    @Slot()
    def _on_dropping(self) -> None:
        """The clusters go: whoever looks at one looks at the table instead."""
        self._parts.visits.drop_clusters()
        if self._current and self.dialog is not None:
            self.dialog.reject()
        if self._current:
            self.go_to(NavPage.CLUSTERS)

    @Slot(str)
    def _on_clusters_changed(self, name: str) -> None:
        self._parts.rail_clusters.fill()
        if name:
            self._show_in_time(partial(self.open_cluster, name))

    def show_startup_errors(self, problems: tuple[Problem, ...]) -> None:
        """Opening failed in an explained way."""
        self._chosen = False
        self._shown = partial(self.show_startup_errors, problems)
        self.startup_errors.show_problems(problems)
        self.stack.setCurrentWidget(self.startup_errors)
        self.bar.show_crumbs(("tgwizard",))

    # Going -------------------------------------------------------------------------------------------------------

    @Slot(object)
    def go_to(self, place: NavPage) -> None:
        """Show a page of the rail."""
        if self.dialog is not None or self._is_early(partial(self.go_to, place)):
            return
        self._current = ""
        self._chosen = True
        self._shown = partial(self.go_to, place)
        self._parts.visits.note(place)
        self.rail.mark(place)
        self.cluster_pages.leave()
        page = self.pages.page(place)
        if page.fills_window:
            self._make_room(page)  # before it is shown: beside the rail it may not fit into a small window
        self.stack.setCurrentWidget(page)
        self.bar.show_crumbs((place.value,))
        self._entitle(place.value)

    @Slot(str)
    def visit_cluster(self, name: str) -> None:
        """`open_cluster` for who came here by a click: a page that is still to be built is built in turns."""
        session = self.sessions.get(name)
        if session is None or self.dialog is not None:
            return
        if session.running:
            self.open_cluster(name)
        else:
            self.cluster_pages.visit(session, partial(self.open_cluster, name))

    @Slot(str)
    def open_cluster(self, name: str) -> None:
        """Show a cluster: its run while one is in progress, else its page."""
        session = self.sessions.get(name)
        if session is None or self.dialog is not None:
            return
        if session.running:
            self._show_run(session)
            return
        self.watching.mark_in_use(name)
        self._chosen = True
        self._current = name
        self._shown = partial(self.open_cluster, name)
        self._parts.visits.note(None, name)
        self.cluster_pages.show(session)
        self.rail.mark(None, name)
        self.bar.show_crumbs((NavPage.CLUSTERS.value, name))
        self._entitle(name)

    def _show_run(self, session: ClusterSession) -> None:
        name = session.setup.name
        self._chosen = True
        self._current = name
        self._shown = partial(self._show_run, session)
        self._parts.visits.note(None, name)
        self.cluster_pages.show_run(session)
        self.rail.mark(None, name)
        self._name_run(session)

    def _name_run(self, session: ClusterSession) -> None:
        started = session.run.started if session.run is not None else None
        words = "Failover" if started is None else f"{started.verb.value.capitalize()} failover to {started.to}"
        self.bar.show_crumbs((NavPage.CLUSTERS.value, session.setup.name, words))

    @Slot(int)
    def _on_crumb(self, index: int) -> None:
        if index == 0:
            self.go_to(NavPage.CLUSTERS)
        elif self._current:
            session = self.sessions[self._current]
            if not session.running:
                self.open_cluster(self._current)

    @Slot(object)
    def go_elsewhere(self, where: Destination) -> None:
        """Go on at another place in this window; while something is written here, say why not and what to do."""
        writes = self._parts.writing_words() if self.is_complete else ""
        if writes:
            self._parts.tell_to_stay(self, writes)
        else:
            self.left_for.emit(where)

    # Acting ------------------------------------------------------------------------------------------------------

    @Slot()
    def read_again(self) -> None:
        """Read the cluster shown again now, all of them on the other pages, and what the page itself reads (F5)."""
        self.watching.read_now(self._current)
        page = self.stack.currentWidget()
        if isinstance(page, ShellPage):
            page.read_again()

    def ask(self, verb: Verb) -> None:
        """Open the question for `verb` on the cluster shown; never acts (Ctrl+G, Ctrl+Shift+G)."""
        if self.dialog is not None:
            return
        page = self.cluster_pages.cluster_shown
        if page is None and len(self.sessions) == 1:
            self.open_cluster(next(iter(self.sessions)))
            page = self.cluster_pages.cluster_shown
        if page is None:
            running = self.cluster_pages.shows_run
            self.say("A failover of this cluster is shown here." if running else NO_CLUSTER)
        elif not page.ask(verb):
            self.say(*page.why_off(verb))

    def show_dialog(self, make: Callable[[QWidget], Sheet]) -> bool:
        """Open the dialog that `make` builds over the widget given to it; while one is open, build nothing: False."""
        if self.dialog is not None:
            return False
        self.dialog = dialog = make(self._root)
        dialog.finished.connect(self._on_dialog_finished)
        dialog.open()
        return True

    @Slot(int)
    def _on_dialog_finished(self, _result: int) -> None:
        self.dialog = None
        due, self._due = self._due, None
        if due is not None:
            QTimer.singleShot(0, self, partial(self._show_in_time, due))  # a page is shown in a turn of its own

    def _show_in_time(self, show: Callable[[], None]) -> None:
        """What nobody asked for just now is shown at once, but not behind a dialog: then when that is closed."""
        if self.dialog is None:
            show()
        else:
            self._due = show

    # The shell ---------------------------------------------------------------------------------------------------

    @property
    def current(self) -> str:
        """The cluster shown, or empty."""
        return self._current

    @property
    def running(self) -> bool:
        """Whether a run is in progress on any cluster."""
        return self._parts.closing.writing() is not None

    @Slot()
    def find_or_run(self) -> None:
        """Open the palette (Ctrl+K)."""
        if not self._is_early(self.find_or_run):
            self._parts.open_palette(self)

    @Slot()
    def ask_lock(self) -> None:
        """Lock at once, or ask before unlocking (Ctrl+L)."""
        if not self._is_early(self.ask_lock):
            self._parts.read_only.ask()

    def lock_for_now(self, why: Problem) -> None:
        """Open read-only without keeping that as the user's setting; the settings page says why."""
        self._parts.read_only.lock_for_now(why)
        self._notice = "Read-only: another tgwizard is open"
        self.bar.show_notice(self._notice)

    @Slot()
    def come_to_front(self) -> None:
        """Someone started tgwizard a second time."""
        top = self.window()
        top.setWindowState(top.windowState() & ~Qt.WindowState.WindowMinimized)
        top.raise_()
        top.activateWindow()

    def pin(self, name: str) -> None:
        """Pin a cluster to the rail, or take it off."""
        self._parts.rail_clusters.pin(name)

    def go_through(self, by: int) -> bool:
        """Show the page seen before this one (-1), or after it (1); whether there is one."""
        if self.dialog is not None:
            return False
        visit = self._parts.visits.step(by)
        if visit is None:
            return False
        if visit.place is not None:
            self.go_to(visit.place)
        else:
            self.open_cluster(visit.cluster)
        return True

    @property
    def page_shown(self) -> QWidget | None:
        """The page that is shown."""
        return self.stack.currentWidget()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc that nothing else wanted: it clears the filter, closes a part of the page, or goes back."""
        if self.is_complete and is_pressed(Shortcut.ESCAPE, event):
            self._parts.actions.escape()
            event.accept()
            return
        super().keyPressEvent(event)

    def say(self, sentence: str, near: QWidget | None = None) -> None:
        """Say a sentence for a few seconds, beside what it speaks of."""
        if sentence and self.is_complete:
            self._parts.callout.say(sentence, near)

    def unsay(self) -> bool:
        """Take away what `say` said; whether it was still there."""
        there = not self._parts.callout.isHidden()
        self._parts.callout.hide()
        return there

    def show_over(self, make: Callable[[QWidget], Sheet]) -> None:
        """Open a dialog that only tells something, over whatever is open; one of a kind."""
        if not self._told:
            told = self._told = make(self._root)
            told.finished.connect(self._on_told)
            told.open()

    @Slot(int)
    def _on_told(self, _result: int) -> None:
        self._told = None

    @property
    def help_topic(self) -> str:
        """The page of help about what is shown, a question first."""
        if self.dialog is not None and self.dialog.help_topic:
            return self.dialog.help_topic
        page = self.page_shown
        if isinstance(page, ShellPage):
            return page.help_topic
        return "" if not self._current else "run" if self.cluster_pages.shows_run else "cluster"

    @Slot()
    def choose_cluster_files(self) -> None:
        """Ask which cluster files to add."""
        self.go_to(NavPage.CLUSTERS)
        self.pages.choose_files()

    @Slot()
    def ask_sign_in(self) -> None:
        """Show where one signs in: the first step of the set-up."""
        self.pages.ask_sign_in()

    @Slot()
    def close_window(self) -> None:
        """Close the program, with the questions that belong to it."""
        self.window().close()

    @Slot()
    def show_menus(self) -> None:
        """All menus in one; where they stand in a bar, the first of them."""
        if self._is_early(self.show_menus):
            return
        self._parts.menus.show(self.bar.menu)

    def _fit_menus(self) -> None:
        """A bar of menus where there is the height for it, else a button; nothing where the system has the bar."""
        native = self.is_complete and self._parts.menus.bar.isNativeMenuBar()
        low = self.height() < self.theme.px(MENUS_FROM)
        self.strip.setVisible(not low and not native)
        self.bar.menu.setVisible(low and not native)

    # Events ------------------------------------------------------------------------------------------------------

    def _on_run_changed(self, session: ClusterSession) -> None:
        if self.cluster_pages.shows_run and session.setup.name == self._current:
            self._name_run(session)

    @Slot(str)
    def _on_observed(self, name: str) -> None:
        if not self._read and self.sessions[name].verdict is not None:
            self._read = True
            self.first_read.emit()

    def _on_run_began(self, session: ClusterSession) -> None:
        if self.cluster_pages.begin_run(session):
            self._show_run(session)

    def _on_run_ended(self, session: ClusterSession) -> None:
        if self._parts.closing.settle():
            return
        self._parts.attention.ask()
        self.changes.run_ended()
        if session.run is None:
            self._show_in_time(partial(self.open_cluster, session.setup.name))

    # Closing -----------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask first while a run is in progress; the run always leaves the gap by itself before the program exits."""
        if not self.is_complete:
            self.closed.emit()
            return
        closing = self._parts.closing
        session = closing.writing()
        found = self.pages.writing()
        if session is None and found is not None:
            event.ignore()
            self.go_to(found[0])
            self.show_dialog(closing.question_while(self.theme, found[1], self.close))
            return
        if session is None:
            event.accept()
            self.cluster_pages.stop()
            closing.stop()
            self.closed.emit()
            return
        event.ignore()
        if self.dialog is not None:
            return
        self.open_cluster(session.setup.name)
        self.show_dialog(closing.question_during(self.theme, session))

    def leave(self, jobs: JobQueue) -> None:
        """Close without a question, which nobody may be there to answer, when what is written is left in order."""
        if jobs.writers():
            self.bar.show_notice("Closing, as soon as what is being written is left in order")
        self._parts.closing.without_question(jobs)

    @Slot()
    def _close_now(self) -> None:
        """Close for good: nothing runs any more, or the bound is over and the process waits unseen."""
        self.closed.emit()
        self.window().hide()

    def showEvent(self, event: QShowEvent) -> None:
        """What is shown before there is anything to show: the Clusters page, which says so."""
        super().showEvent(event)
        if self.is_complete:
            self._show_clusters()

    def focus_parts(self) -> tuple[QWidget, ...]:
        """Tab goes through the page first, then round it."""
        column = (self._column.itemAt(place) for place in range(self._column.count()))
        above = [widget for item in column if item is not None and (widget := item.widget()) is not None]
        return (self.stack, *(one for one in above if not one.isAncestorOf(self.stack)), self.rail)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab and Shift+Tab, and what Qt does when the focus cannot stay where it is."""
        return self._focus.move(forward=forward)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The rail has three widths."""
        super().resizeEvent(event)
        self.rail.fit(self.width())
        self._fit_menus()
