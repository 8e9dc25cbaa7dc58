"""The pages of the rail, each built when it is first wanted.

A page that is never visited costs no widgets, and its import no wait: `PAGES` imports and makes in two steps, and
`WarmUp` does the first of them once nobody waits for anything else. A new page is one function and one line of `PAGES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QStackedWidget

from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_registry import NotAdded
from tgwizard.gui.page import Shell, ShellPage
from tgwizard.gui.shell.cluster_pages import ClusterPages
from tgwizard.gui.widgets.idle_queue import IdleQueue
from tgwizard.model.cluster_setup import ClusterSetup

MakePage = Callable[[Shell], ShellPage]
ImportPage = Callable[[], MakePage]
"""Imports what a page stands on; the page itself is then made by what it returns."""


def _clusters() -> MakePage:
    from tgwizard.gui.fleet.fleet_page import FleetPage
    from tgwizard.gui.shell.context_commands import cluster_menu

    def make(shell: Shell) -> ShellPage:
        page = FleetPage(shell.theme, shell.watching, shell.settings_store, shell.context)
        page.opened.connect(shell.visit_cluster)
        page.set_up_asked.connect(partial(shell.go_to, NavPage.SET_UP))
        page.files_given.connect(shell.add_clusters)
        page.reading_asked.connect(shell.read_cluster_files)
        page.practise_asked.connect(shell.go_elsewhere)
        page.menu_of = partial(cluster_menu, shell)
        return page

    return make


def _set_up() -> MakePage:
    from tgwizard.gui.setup.wizard_page import SetupPage

    return SetupPage


def _lab() -> MakePage:
    from tgwizard.gui.lab.lab_page import LabPage
    from tgwizard.gui.lab.scenario_cards import ScenarioDialog

    def make(shell: Shell) -> ShellPage:
        page = LabPage(shell.theme, is_lab=shell.context.is_lab, can_practise=shell.context.can_practise)
        page.practise_asked.connect(shell.go_elsewhere)

        def ask(name: str) -> None:
            session = page.session
            if session is not None:
                shell.show_dialog(lambda over: ScenarioDialog(shell.theme, over, session, name, running=shell.running))

        page.scenario_asked.connect(ask)
        page.world_seen.connect(shell.renew_clusters)
        return page

    return make


def _settings() -> MakePage:
    from tgwizard.gui.settings.settings_page import SettingsPage
    from tgwizard.gui.shell.whereabouts import PageHistory
    from tgwizard.gui.shell.window_actions import WindowActions

    def make(shell: Shell) -> ShellPage:
        page = SettingsPage(shell.theme, shell.settings_store, shell.context.data_folder)
        page.hold_read_only(shell.lock, shell.ask_lock)
        actions = WindowActions(shell, PageHistory())
        page.show_log(shell.context.log_file, actions.open_log_folder, actions.copy_log_path)
        page.show_program(actions.about, actions.report_problem)
        return page

    return make


def _history() -> MakePage:
    from tgwizard.gui.history.history_page import HistoryPage

    return HistoryPage


def _reports() -> MakePage:
    from tgwizard.gui.history.reports_page import ReportsPage

    return ReportsPage


PAGES: Mapping[NavPage, ImportPage] = {
    NavPage.CLUSTERS: _clusters,
    NavPage.SET_UP: _set_up,
    NavPage.LAB: _lab,
    NavPage.HISTORY: _history,
    NavPage.REPORTS: _reports,
    NavPage.SETTINGS: _settings,
}


class PageRegistry:
    """The pages of one window, in its stack."""

    def __init__(self, shell: Shell, stack: QStackedWidget, pages: Mapping[NavPage, ImportPage] = PAGES) -> None:
        self._shell = shell
        self._stack = stack
        self._turns = IdleQueue(stack)
        self._imports = pages
        self._built: dict[NavPage, ShellPage] = {}
        self._old: dict[NavPage, ShellPage] = {}
        self._opened: OpenedProgram | None = None

    def page(self, place: NavPage) -> ShellPage:
        """The widget of a page, built now if it was not yet."""
        page = self._built.get(place)
        if page is None:
            page = self._built[place] = self._imports[place]()(self._shell)
            page.setAccessibleName(page.accessibleName() or place.value)
            self._stack.addWidget(page)
            old = self._old.pop(place, None)
            if old is not None:
                page.take_over(old)
                self._drop(old)
            if self._opened is not None:
                page.show_opened(self._opened)
        return page

    def make_anew(self) -> None:
        """Make each page anew when it is next wanted; `end_old` follows, once the one shown is."""
        self._old, self._built = self._built, {}

    def end_old(self) -> None:
        """Nothing shows the old pages any more: what a person has done on them goes on in new ones."""
        for place in tuple(self._old):
            if self._old[place].keeps_work:
                self.page(place)
        for page in self._old.values():
            self._drop(page)
        self._old.clear()

    def _drop(self, page: ShellPage) -> None:
        page.end()
        self._stack.removeWidget(page)
        page.hide()
        page.setParent(self._stack)  # removing gives it to Python, which would delete it here and now
        page.deleteLater()

    @property
    def imports(self) -> Iterable[ImportPage]:
        """Import what each page stands on; beforehand, so that opening one does not."""
        return self._imports.values()

    @property
    def shown(self) -> NavPage:
        """The page that is shown, or that a cluster's page belongs to."""
        page = self._stack.currentWidget()
        return next((place for place, built in self._built.items() if built is page), NavPage.CLUSTERS)

    def writing(self) -> tuple[NavPage, ShellPage] | None:
        """A page that writes something now, and which it is."""
        return next(((place, page) for place, page in self._built.items() if page.writing_words), None)

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open: tell the pages there are, and those to come."""
        self._opened = opened
        for page in self._built.values():
            page.show_opened(opened)

    def follow(self, clusters: ClusterPages) -> None:
        """Lead where a cluster's page leads to: a run in History, the sign-in."""
        clusters.run_asked.connect(self.open_run)
        clusters.sign_in_asked.connect(self.ask_sign_in)

    def open_run(self, cluster: str, run: str) -> None:
        """Show a run of a cluster in History."""
        self._shell.go_to(NavPage.HISTORY)
        self.page(NavPage.HISTORY).open_run(cluster, run)

    def ask_sign_in(self) -> None:
        """Show where one signs in: the first step of the set-up."""
        self._shell.go_to(NavPage.SET_UP)
        self.page(NavPage.SET_UP).ask_sign_in()

    def choose_files(self) -> None:
        """Ask which cluster files to add: the page of all clusters does."""
        self.page(NavPage.CLUSTERS).choose_files()

    def show_refused(self, refused: NotAdded) -> None:
        """A file was not added: the Clusters page says why."""
        page = self._built.get(NavPage.CLUSTERS)
        if page is not None:
            # After what it is told of other clusters: that clears away what was refused before.
            self._turns.add(partial(page.show_refused, refused))

    def lab_moved(self, address: str) -> None:
        """The lab answers at another address."""
        opened = self._opened
        if opened is not None and opened.lab_where is not None:
            self._opened = opened = replace(opened, lab_where=replace(opened.lab_where, address=address))
            page = self._built.get(NavPage.LAB)
            if page is not None:
                page.clusters_changed(opened)

    def clusters_changed(self, clusters: tuple[ClusterSetup, ...], epoch: int) -> None:
        """There are other clusters: tell the pages there are, in turns; those to come open on them."""
        if self._opened is not None:
            self._opened = opened = replace(self._opened, clusters=clusters, lab_epoch=epoch)
            # The page that is seen first: each may take as long as one turn of the event loop may be.
            pages = sorted(self._built.values(), key=lambda page: page is not self._stack.currentWidget())
            self._turns.add(*(partial(page.clusters_changed, opened) for page in pages))
