"""The window: rail, breadcrumbs, and the page one is at. It opens and closes sessions and asks the questions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeySequence, QPainter, QPaintEvent, QPen, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from tgwizard.gui.bridge import Bridge
from tgwizard.gui.clusters.page import ClustersPage
from tgwizard.gui.dialogs.closing import CloseDuringRun
from tgwizard.gui.dialogs.sheet import Sheet
from tgwizard.gui.failover.confirm import ConfirmDialog
from tgwizard.gui.failover.running import RunPage
from tgwizard.gui.lab.page import LabPage
from tgwizard.gui.lab.sheet import ScenarioSheet
from tgwizard.gui.opened import Opened, Surroundings
from tgwizard.gui.places import Place, SettingsPage, TroublePage, page_to_come
from tgwizard.gui.rail import Rail
from tgwizard.gui.session import ClusterSession
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import Token
from tgwizard.gui.top_bar import TopBar
from tgwizard.gui.watch.page import ClusterPage
from tgwizard.gui.watch.shown import verdict_shape
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem

NARROW_BELOW = 1200
"""Window width below which the rail shows icons alone (STYLE section 7)."""

PREPARE_MS = 200
"""How long after a cluster page was shown the page of its next run is built."""

CLOSE_AFTER_S = 180
"""How long closing waits for a run to leave the gap; after that the window closes and the journal has the rest."""


class PageFrame(QWidget):
    """The ground of the pages. A lab's pages have a dashed edge, so that no one mistakes them for real ones."""

    def __init__(self, theme: Theme, *, is_lab: bool) -> None:
        """Draw the edge only for a lab."""
        super().__init__()
        self._theme = theme
        self._is_lab = is_lab
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

    def __init__(self, theme: Theme, bridge: Bridge, surroundings: Surroundings) -> None:
        """Show that the program is opening; `show_opened` or `show_trouble` follows."""
        super().__init__()
        self._theme = theme
        self._bridge = bridge
        self._surroundings = surroundings
        self.sessions: dict[str, ClusterSession] = {}
        self._cluster_pages: dict[str, ClusterPage] = {}
        self._run_pages: dict[str, RunPage] = {}
        self._current = ""
        self.dialog: Sheet | None = None
        self._closing = False
        self._read = False
        self._root = QWidget()
        self.setWindowTitle("tgwizard")
        self.setMinimumSize(1024, 700)
        self.resize(1440, 900)
        self.rail = Rail(theme, surroundings)
        self.bar = TopBar(theme, is_lab=surroundings.is_lab)
        self.stack = QStackedWidget()
        self._pages: dict[Place, QWidget] = {}
        self.clusters = ClustersPage(theme)
        self.lab = LabPage(theme, bridge, is_lab=surroundings.is_lab)
        self.trouble = TroublePage(theme)
        self._build()
        self._shortcuts()
        self.rail.chosen.connect(self.go_to)
        self.rail.cluster_chosen.connect(self.open_cluster)
        self.bar.crumb_chosen.connect(self._on_crumb)
        self.clusters.opened.connect(self._on_opened)
        self.lab.scenario_asked.connect(self._ask_scenario)
        self.trouble.retry_asked.connect(self.retry_asked)
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.setInterval(PREPARE_MS)
        self._warm.timeout.connect(self._warm_run)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(CLOSE_AFTER_S * 1000)
        self._patience.timeout.connect(self._close_now)
        self.go_to(Place.CLUSTERS)
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
        frame = PageFrame(self._theme, is_lab=self._surroundings.is_lab)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.stack)
        column.addWidget(self.bar)
        column.addWidget(frame, 1)
        row.addWidget(self.rail)
        row.addWidget(right, 1)
        self.setCentralWidget(self._root)
        for place in Place:
            if place is Place.CLUSTERS:
                page: QWidget = self.clusters
            elif place is Place.SETTINGS:
                page = SettingsPage(self._theme)
            elif place is Place.LAB:
                page = self.lab
            else:
                page = page_to_come(place, self._theme)
            self._pages[place] = page
            self.stack.addWidget(page)
        self.stack.addWidget(self.trouble)

    def _shortcuts(self) -> None:
        keys: list[tuple[str, Callable[[], None]]] = [
            ("Ctrl+G", lambda: self.ask(Verb.GRACEFUL)),
            ("Ctrl+Shift+G", lambda: self.ask(Verb.FORCED)),
            ("F5", self.read_again),
            ("Ctrl+R", self.read_again),
        ]
        for index, place in enumerate(Place, start=1):
            keys.append((f"Ctrl+{index}", self._goer(place)))
        for sequence, act in keys:
            QShortcut(QKeySequence(sequence), self).activated.connect(act)

    def _goer(self, place: Place) -> Callable[[], None]:
        def go() -> None:
            self.go_to(place)

        return go

    # Opening -----------------------------------------------------------------------------------------------------

    def show_opened(self, opened: Opened) -> None:
        """The program is open: watch its clusters, and show the first when it is the only one."""
        self._bridge.add(opened.services.jobs.events)
        self.lab.show_opened(opened)
        for setup in opened.clusters:
            session = ClusterSession(opened.services, setup, self._bridge.own, self)
            self._bridge.happened.connect(session.take)
            session.observed.connect(self._on_observed)
            session.run_began.connect(self._on_run_began)
            session.run_changed.connect(self._on_run_changed)
            session.run_ended.connect(self._on_run_ended)
            self.sessions[setup.name] = session
        self.rail.show_clusters(tuple(self.sessions))
        self.clusters.show_clusters(opened.clusters, opening=False)
        for session in self.sessions.values():
            session.start()
        if len(opened.clusters) == 1:
            self.open_cluster(opened.clusters[0].name)
        else:
            self.go_to(Place.CLUSTERS)

    def show_trouble(self, problems: tuple[Problem, ...]) -> None:
        """Opening failed in an explained way."""
        self.trouble.show_problems(problems)
        self.stack.setCurrentWidget(self.trouble)
        self.bar.show_crumbs(("tgwizard",))

    # Going -------------------------------------------------------------------------------------------------------

    @Slot(object)
    def go_to(self, place: Place) -> None:
        """Show a place of the rail."""
        if self.dialog is not None:
            return
        self._current = ""
        self.rail.mark(place)
        self.stack.setCurrentWidget(self._pages[place])
        self.bar.show_crumbs((place.value,))
        self.setWindowTitle(f"{place.value} - tgwizard")

    @Slot(str)
    def open_cluster(self, name: str) -> None:
        """Show a cluster: its run while one is in progress, else its page."""
        session = self.sessions.get(name)
        if session is None or self.dialog is not None:
            return
        if session.running:
            self._show_run(session)
            return
        page = self._cluster_pages.get(name)
        if page is None:
            page = ClusterPage(self._theme, session)
            page.asked.connect(self._asker(session))
            page.resume_asked.connect(session.resume)
            self._cluster_pages[name] = page
            self.stack.addWidget(page)
        self._current = name
        self.stack.setCurrentWidget(page)
        self._drop_run(name)
        self.rail.mark(None, name)
        self._warm.start()
        self.bar.show_crumbs((Place.CLUSTERS.value, name))
        self.setWindowTitle(f"{name} - tgwizard")

    def _prepare_run(self, session: ClusterSession) -> RunPage:
        """The page of the session's next run, built while nothing is in progress: a run then starts without a stall."""
        name = session.setup.name
        page = self._run_pages.get(name)
        if page is None:
            page = RunPage(self._theme, session)
            page.back_asked.connect(self._opener(name))
            page.resume_asked.connect(session.resume)
            self._run_pages[name] = page
            self.stack.addWidget(page)
        return page

    @Slot()
    def _warm_run(self) -> None:
        """Build the page of the next run and have Qt lay it out and draw it once, unseen."""
        session = self.sessions.get(self._current)
        if session is None or session.running or self._current in self._run_pages:
            return
        page = self._prepare_run(session)
        page.resize(self.stack.size())
        page.grab()

    def _show_run(self, session: ClusterSession) -> None:
        name = session.setup.name
        page = self._prepare_run(session)
        self._current = name
        self.stack.setCurrentWidget(page)
        self.rail.mark(None, name)
        self._name_run(session)

    def _name_run(self, session: ClusterSession) -> None:
        started = session.run.started if session.run is not None else None
        words = "Failover" if started is None else f"{started.verb.value.capitalize()} failover, run {started.run[:8]}"
        self.bar.show_crumbs((Place.CLUSTERS.value, session.setup.name, words))

    def _drop_run(self, name: str) -> None:
        page = self._run_pages.pop(name, None)
        if page is not None:
            self.stack.removeWidget(page)
            page.deleteLater()

    def _opener(self, name: str) -> Callable[[], None]:
        def open_it() -> None:
            self.open_cluster(name)

        return open_it

    @Slot(int)
    def _on_crumb(self, index: int) -> None:
        if index == 0:
            self.go_to(Place.CLUSTERS)
        elif self._current:
            session = self.sessions[self._current]
            if not session.running:
                self.open_cluster(self._current)

    @Slot(object)
    def _on_opened(self, setup: ClusterSetup) -> None:
        self.open_cluster(setup.name)

    # Acting ------------------------------------------------------------------------------------------------------

    @Slot()
    def read_again(self) -> None:
        """Read the cluster shown again now (F5)."""
        session = self.sessions.get(self._current)
        if session is not None:
            session.read_now()
        elif self.stack.currentWidget() is self.lab:
            self.lab.read_again()

    def ask(self, verb: Verb) -> None:
        """Open the question for `verb` on the cluster shown; never acts (Ctrl+G, Ctrl+Shift+G)."""
        page = self.stack.currentWidget()
        if isinstance(page, ClusterPage) and self.dialog is None:
            page.ask(verb)

    def _asker(self, session: ClusterSession) -> Callable[[Verb], None]:
        def ask(verb: Verb) -> None:
            plan = session.plan(verb)
            if plan is None or self.dialog is not None:
                return
            dialog = ConfirmDialog(self._theme, self._root, session, plan)
            dialog.confirmed.connect(self._starter(session, verb, plan.to.name))
            self._open(dialog)

        return ask

    def _starter(self, session: ClusterSession, verb: Verb, to: str) -> Callable[[bool], None]:
        def start(accept_unknown: bool) -> None:
            member = session.setup.member(to)
            if member is not None:
                # In the next turn: closing the question and showing the run are two repaints of the window.
                begin = partial(session.fail_over, member, verb, accept_unknown=accept_unknown)
                QTimer.singleShot(0, session, begin)

        return start

    @Slot(str)
    def _ask_scenario(self, name: str) -> None:
        if self.dialog is None and self.lab.session is not None:
            running = self._writing() is not None
            self._open(ScenarioSheet(self._theme, self._root, self.lab.session, name, running=running))

    def _open(self, dialog: Sheet) -> None:
        self.dialog = dialog
        dialog.finished.connect(self._on_dialog_finished)
        dialog.open()

    @Slot(int)
    def _on_dialog_finished(self, _result: int) -> None:
        self.dialog = None

    # Events ------------------------------------------------------------------------------------------------------

    @Slot()
    def _on_run_changed(self) -> None:
        session = self.sender()
        shown = isinstance(session, ClusterSession) and isinstance(self.stack.currentWidget(), RunPage)
        if isinstance(session, ClusterSession) and shown and session.setup.name == self._current:
            self._name_run(session)

    @Slot()
    def _on_observed(self) -> None:
        if not self._read:
            self._read = True
            self.first_read.emit()
        for name, session in self.sessions.items():
            verdict = session.verdict
            if verdict is not None and name in self.rail.clusters:
                self.rail.clusters[name].show_state(verdict_shape(verdict.name), verdict.sentence)

    @Slot()
    def _on_run_began(self) -> None:
        session = self.sender()
        if isinstance(session, ClusterSession):
            shown = self._run_pages.get(session.setup.name)
            if shown is not None and shown.used:
                self._drop_run(session.setup.name)
            self._show_run(session)

    @Slot()
    def _on_run_ended(self) -> None:
        if self._closing and not self._writing():
            self._close_now()
            return
        session = self.sender()
        if isinstance(session, ClusterSession) and session.run is None:
            self.open_cluster(session.setup.name)

    # Closing -----------------------------------------------------------------------------------------------------

    def _writing(self) -> ClusterSession | None:
        return next((session for session in self.sessions.values() if session.running), None)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask first while a run is in progress; the run always leaves the gap by itself before the program exits."""
        session = self._writing()
        if session is None:
            event.accept()
            self._warm.stop()
            self._patience.stop()
            self.closed.emit()
            return
        event.ignore()
        if self.dialog is not None:
            return
        self.open_cluster(session.setup.name)
        dialog = CloseDuringRun(self._theme, self._root, session)
        dialog.finish_chosen.connect(self._finish_then_close)
        dialog.cancel_chosen.connect(self._cancel_then_close)
        self._open(dialog)

    @Slot()
    def _finish_then_close(self) -> None:
        self._closing = True
        self._patience.start()
        if self._writing() is None:
            self._close_now()

    @Slot()
    def _cancel_then_close(self) -> None:
        for session in self.sessions.values():
            session.cancel_run()
        self._finish_then_close()

    @Slot()
    def _close_now(self) -> None:
        """Close for good: nothing runs any more, or the bound of 180 s is over and the journal has the rest."""
        self._patience.stop()
        self._closing = True
        self.closed.emit()
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Icons alone below 1200 px."""
        super().resizeEvent(event)
        self.rail.set_narrow(self.width() < NARROW_BELOW)
