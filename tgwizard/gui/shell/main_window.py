"""The window: rail, breadcrumbs, and the page one is at. It opens and closes sessions and asks the questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QRegion,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from tgwizard.engine.jobs import JobRunner
from tgwizard.gui.app.app_context import AppContext, OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.app.preferences import AppearanceSettings, Preferences
from tgwizard.gui.app.read_only_lock import ReadOnlyLock
from tgwizard.gui.app.window_place import USUAL_SIZE
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.cluster_registry import ClusterRegistry
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.failover.run_page import RunPage
from tgwizard.gui.failover.start_failover import ask_before_failover
from tgwizard.gui.lab.lab_stopped import LabStopped
from tgwizard.gui.page import ShellPage
from tgwizard.gui.shell.cluster_changes import ClusterChanges, RailClusters
from tgwizard.gui.shell.cluster_pages import ClusterPages
from tgwizard.gui.shell.command_palette import CommandPalette
from tgwizard.gui.shell.command_registry import commands_of
from tgwizard.gui.shell.navigation_rail import NavigationRail
from tgwizard.gui.shell.notifications import Notifications
from tgwizard.gui.shell.page_registry import PageRegistry
from tgwizard.gui.shell.read_only_switch import ReadOnlySwitch
from tgwizard.gui.shell.shutdown import CloseDuringRun, Shutdown, make_close_question
from tgwizard.gui.shell.startup_error_page import StartupErrorPage
from tgwizard.gui.shell.top_bar import TopBar
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Token
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.idle_queue import IdleStep
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem
from tgwizard.model.settings import READ_ONLY

WIDEST = 1880
"""The pages are at most so wide, and centred; only a 4K screen has more room (gui/README.md 7)."""


class PageStack(QStackedWidget):
    """The pages. They want as much room as the one shown: an unseen page never makes the window larger."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        """What the page shown needs at least."""
        page = self.currentWidget()
        return super().minimumSizeHint() if page is None else page.minimumSizeHint()


class PageFrame(QWidget):
    """The ground of the pages. A lab's pages have a dashed edge, so that no one mistakes them for real ones."""

    def __init__(self, theme: Theme, pages: QWidget, *, is_lab: bool) -> None:
        """Hold `pages` in the middle; draw the edge only for a lab."""
        super().__init__()
        self._theme = theme
        self._is_lab = is_lab
        pages.setMaximumWidth(max(WIDEST, theme.px(WIDEST)))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addStretch(1)
        row.addWidget(pages, 100_000)
        row.addStretch(1)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground and, for a lab, the dashed edge."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour(Token.WINDOW))
        if self._is_lab:
            pen = QPen(self._theme.colour(Token.STRONG), 1)
            pen.setDashPattern([5, 4])
            painter.setPen(pen)
            painter.drawRect(QRectF(self.rect()).adjusted(3.5, 3.5, -3.5, -3.5))


class MainWindow(QMainWindow):
    """The one window. `retry_asked` when opening failed and the user wants to try again."""

    retry_asked = Signal()
    closed = Signal()
    first_read = Signal()

    def __init__(self, theme: Theme, bridge: Bridge, context: AppContext) -> None:
        """Show that the program is opening; `show_opened` or `show_startup_errors` follows."""
        super().__init__()
        self.theme = theme
        self.bridge = bridge
        self.context = context
        read = context.settings
        self.preferences = Preferences(read.settings, context.settings_file, read.problems, bridge.own, self)
        AppearanceSettings(theme, self.preferences, self)
        self.lock = ReadOnlyLock(self.preferences.get(READ_ONLY), self)
        self.watching = ClusterRegistry(bridge, self.lock, self)
        self._attention = Notifications(self, self.watching, self.preferences)
        self.sessions: Mapping[str, ClusterSession] = self.watching.sessions
        self._current = ""
        self._went = False
        self.dialog: Sheet | None = None
        self._read = False
        self._root = QWidget()
        self.setWindowTitle("tgwizard")
        self.resize(*USUAL_SIZE)
        self.rail = NavigationRail(theme, context)
        self.bar = TopBar(theme, is_lab=context.is_lab)
        self.stack = PageStack()
        self.pages = PageRegistry(self, self.stack)
        self.cluster_pages = ClusterPages(theme, self.stack, self)
        kept = (self.preferences, self.pages, self.cluster_pages)
        self.changes = ClusterChanges(bridge, self.watching, *kept, self)
        self._locking = ReadOnlySwitch(self, self.rail.lock)
        self._clusters = RailClusters(self, self.rail)
        self.startup_errors = StartupErrorPage(theme)
        self.lab_stopped = LabStopped(theme)
        self._build()
        self.stack.currentChanged.connect(self._on_page)
        self._shortcuts()
        self._connect()
        self._leaving = Shutdown(self.watching, self)
        self._leaving.left.connect(self._close_now)
        self.stack.setAccessibleName("Page")
        self.stack.setFocus()

    def _build(self) -> None:
        row = QHBoxLayout(self._root)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.lab_stopped)
        column.addWidget(PageFrame(self.theme, self.stack, is_lab=self.context.is_lab), 1)
        row.addWidget(self.rail)
        row.addWidget(right, 1)
        self.setCentralWidget(self._root)
        self.stack.addWidget(self.startup_errors)

    def _connect(self) -> None:
        self.rail.chosen.connect(self.go_to)
        self.rail.cluster_chosen.connect(self.visit_cluster)
        self.bar.crumb_chosen.connect(self._on_crumb)
        self.rail.lock_asked.connect(self.ask_lock)
        self.bar.find_asked.connect(self.find_or_run)
        self.bar.notice.clicked.connect(self._page_opener(NavPage.SETTINGS))
        if self.preferences.problems:
            self.bar.show_notice("The settings file has a fault")
        self.cluster_pages.asked.connect(self._ask)
        self.cluster_pages.back_asked.connect(self.open_cluster)
        self.pages.follow(self.cluster_pages)
        self.changes.begun.connect(self._on_session)
        self.changes.dropping.connect(self._on_dropping)
        self.changes.changed.connect(self._on_clusters_changed)
        self.changes.refused.connect(self.pages.show_refused)
        self.changes.lab_opened.connect(self.lab_stopped.follow)
        self.bridge.happened.connect(self.preferences.take)
        self.watching.changed.connect(self._on_observed)
        self.startup_errors.retry_asked.connect(self.retry_asked)

    def _shortcuts(self) -> None:
        keys: list[tuple[str, Callable[[], None]]] = [
            ("Ctrl+G", lambda: self.ask(Verb.GRACEFUL)),
            ("Ctrl+Shift+G", lambda: self.ask(Verb.FORCED)),
            ("F5", self.read_again),
            ("Ctrl+R", self.read_again),
            ("Ctrl+K", self.find_or_run),
            ("Ctrl+L", self.ask_lock),
            ("Ctrl+F", self._on_filter),
        ]
        for index, place in enumerate(NavPage, start=1):
            keys.append((f"Ctrl+{index}", self._page_opener(place)))
        for sequence, act in keys:
            QShortcut(QKeySequence(sequence), self).activated.connect(act)

    @Slot(int)
    def _on_page(self, _index: int) -> None:
        self._make_room(self.stack.currentWidget())

    def _make_room(self, page: QWidget | None) -> None:
        """A page that leads through something has the whole window; its own way out leads back."""
        fills = isinstance(page, ShellPage) and page.fills_window
        self.rail.setVisible(not fills)
        self.bar.setVisible(not fills)

    def _page_opener(self, place: NavPage) -> Callable[[], None]:
        def go() -> None:
            self.go_to(place)

        return go

    # Opening -----------------------------------------------------------------------------------------------------

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open: watch its clusters, and show the first when it is the only one."""
        self.changes.open(opened)
        self.tell_opened()
        self.show_first()

    def tell_opened(self) -> None:
        """Tell rail and pages which clusters the program was opened with. `show_first` follows, maybe turns later."""
        self.changes.tell_opened()
        self._clusters.fill()

    def preparing_first(self) -> tuple[IdleStep, ...]:
        """The steps after which what `show_first` will show is built, unseen."""
        session = self.sessions.get(self.changes.only)
        return () if session is None else (self._lay_out, *self.cluster_pages.preparing(session))

    def _lay_out(self) -> None:
        """Lay the window out before it is seen, so that its pages know how large they will be."""
        self.render(QPixmap(1, 1), QPoint(), QRegion(0, 0, 1, 1))

    def show_first(self) -> None:
        """Show the first cluster when it is the only one, else all of them."""
        page = self.stack.currentWidget()
        if isinstance(page, ShellPage) and page.fills_window:
            # Someone began something while the program was opening: nobody is taken away from it.
            return
        if self.changes.only in self.sessions:
            self.open_cluster(self.changes.only)
        else:
            self.go_to(NavPage.CLUSTERS)

    @Slot(object)
    def _on_session(self, session: ClusterSession) -> None:
        session.run_began.connect(self._on_run_began)
        session.run_changed.connect(self._on_run_changed)
        session.run_ended.connect(self._on_run_ended)

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
        if self._current and self.dialog is not None:
            self.dialog.reject()
        if self._current:
            self.go_to(NavPage.CLUSTERS)

    @Slot(str)
    def _on_clusters_changed(self, name: str) -> None:
        self._clusters.fill()
        if name:
            self.open_cluster(name)

    def show_startup_errors(self, problems: tuple[Problem, ...]) -> None:
        """Opening failed in an explained way."""
        self._went = True
        self.startup_errors.show_problems(problems)
        self.stack.setCurrentWidget(self.startup_errors)
        self.bar.show_crumbs(("tgwizard",))

    # Going -------------------------------------------------------------------------------------------------------

    @Slot(object)
    def go_to(self, place: NavPage) -> None:
        """Show a page of the rail."""
        if self.dialog is not None:
            return
        self._current = ""
        self._went = True
        self.rail.mark(place)
        self.cluster_pages.leave()
        page = self.pages.page(place)
        if page.fills_window:
            self._make_room(page)  # before it is shown: beside the rail it may not fit into a small window
        self.stack.setCurrentWidget(page)
        self.bar.show_crumbs((place.value,))
        self.setWindowTitle(f"{place.value} - tgwizard")

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
        self._went = True
        self._current = name
        self.cluster_pages.show(session)
        self.rail.mark(None, name)
        self.bar.show_crumbs((NavPage.CLUSTERS.value, name))
        self.setWindowTitle(f"{name} - tgwizard")

    def _show_run(self, session: ClusterSession) -> None:
        name = session.setup.name
        self._current = name
        self.cluster_pages.show_run(session)
        self.rail.mark(None, name)
        self._name_run(session)

    def _name_run(self, session: ClusterSession) -> None:
        started = session.run.started if session.run is not None else None
        words = "Failover" if started is None else f"{started.verb.value.capitalize()} failover, run {started.run[:8]}"
        self.bar.show_crumbs((NavPage.CLUSTERS.value, session.setup.name, words))

    @Slot(int)
    def _on_crumb(self, index: int) -> None:
        if index == 0:
            self.go_to(NavPage.CLUSTERS)
        elif self._current:
            session = self.sessions[self._current]
            if not session.running:
                self.open_cluster(self._current)

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
        page = self.stack.currentWidget()
        if isinstance(page, ClusterPage) and self.dialog is None:
            page.ask(verb)

    @Slot(object, object)
    def _ask(self, session: ClusterSession, verb: Verb) -> None:
        ask_before_failover(self, session, verb)

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

    # The shell ---------------------------------------------------------------------------------------------------

    @property
    def current(self) -> str:
        """The cluster shown, or empty."""
        return self._current

    @property
    def running(self) -> bool:
        """Whether a run is in progress on any cluster."""
        return self._leaving.writing() is not None

    @Slot()
    def find_or_run(self) -> None:
        """Open the palette (Ctrl+K)."""
        self.show_dialog(lambda over: CommandPalette(self.theme, over, commands_of(self)))

    @Slot()
    def ask_lock(self) -> None:
        """Lock at once, or ask before unlocking (Ctrl+L)."""
        self._locking.ask()

    def lock_for_now(self, why: Problem) -> None:
        """Open read-only without keeping that as the user's setting; the settings page says why."""
        self._locking.lock_for_now(why)
        self.bar.show_notice("Read-only: another tgwizard is open")

    @Slot()
    def come_to_front(self) -> None:
        """Someone started tgwizard a second time."""
        top = self.window()
        top.setWindowState(top.windowState() & ~Qt.WindowState.WindowMinimized)
        top.raise_()
        top.activateWindow()

    def pin(self, name: str) -> None:
        """Pin a cluster to the rail, or take it off."""
        self._clusters.pin(name)

    @Slot()
    def _on_filter(self) -> None:
        page = self.stack.currentWidget()
        if isinstance(page, ShellPage):
            page.focus_filter()

    # Events ------------------------------------------------------------------------------------------------------

    @Slot()
    def _on_run_changed(self) -> None:
        session = self.sender()
        shown = isinstance(session, ClusterSession) and isinstance(self.stack.currentWidget(), RunPage)
        if isinstance(session, ClusterSession) and shown and session.setup.name == self._current:
            self._name_run(session)

    @Slot(str)
    def _on_observed(self, name: str) -> None:
        if not self._read and self.sessions[name].verdict is not None:
            self._read = True
            self.first_read.emit()

    @Slot()
    def _on_run_began(self) -> None:
        session = self.sender()
        if isinstance(session, ClusterSession):
            self.cluster_pages.begin_run(session)
            self._show_run(session)

    @Slot()
    def _on_run_ended(self) -> None:
        if self._leaving.settle():
            return
        self._attention.ask()
        self.changes.run_ended()
        session = self.sender()
        if isinstance(session, ClusterSession) and session.run is None:
            self.open_cluster(session.setup.name)

    # Closing -----------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask first while a run is in progress; the run always leaves the gap by itself before the program exits."""
        session = self._leaving.writing()
        found = self.pages.writing()
        if session is None and found is not None:
            event.ignore()
            self.go_to(found[0])
            self.show_dialog(make_close_question(self.theme, found[1], self.close))
            return
        if session is None:
            event.accept()
            self.cluster_pages.stop()
            self._leaving.stop()
            self.closed.emit()
            return
        event.ignore()
        if self.dialog is not None:
            return
        self.open_cluster(session.setup.name)

        def make(over: QWidget) -> Sheet:
            dialog = CloseDuringRun(self.theme, over, session)
            dialog.finish_chosen.connect(self._leaving.when_ended)
            dialog.cancel_chosen.connect(self._leaving.after_cancel)
            return dialog

        self.show_dialog(make)

    def leave(self, jobs: JobRunner) -> None:
        """Close without a question, which nobody may be there to answer, when what is written is left in order."""
        if jobs.writers():
            self.bar.show_notice("Closing, as soon as what is being written is left in order")
        self._leaving.without_question(jobs)

    @Slot()
    def _close_now(self) -> None:
        """Close for good: nothing runs any more, or the bound is over and the process waits unseen."""
        self.closed.emit()
        self.window().hide()

    def showEvent(self, event: QShowEvent) -> None:
        """What is shown before there is anything to show: the Clusters page, which says so."""
        super().showEvent(event)
        if not self._went:
            self.go_to(NavPage.CLUSTERS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The rail has three widths."""
        super().resizeEvent(event)
        self.rail.fit(self.width())
