"""What the window works with beyond rail and bar: settings, clusters, pages, questions and the way it closes.

To import this module is to import all of it, and the engine behind it; `start` has a thread do that after the first
paint.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStackedWidget, QWidget

from tgwizard.gui.app.app_context import AppContext
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.read_only_lock import ReadOnlyLock
from tgwizard.gui.app.settings_store import AppearanceSettings, SettingsStore
from tgwizard.gui.cluster.cluster_registry import ClusterRegistry
from tgwizard.gui.failover.start_failover import ask_before_failover
from tgwizard.gui.lab.lab_session import WorldWatch
from tgwizard.gui.lab.lab_stopped import LabStopped
from tgwizard.gui.page import Shell
from tgwizard.gui.shell.cluster_changes import ClusterChanges, RailClusters
from tgwizard.gui.shell.cluster_pages import ClusterPages
from tgwizard.gui.shell.command_palette import CommandPalette
from tgwizard.gui.shell.command_registry import commands_of
from tgwizard.gui.shell.context_commands import offer_menus
from tgwizard.gui.shell.navigation_rail import NavigationRail
from tgwizard.gui.shell.notifications import Notifications
from tgwizard.gui.shell.page_registry import PageRegistry
from tgwizard.gui.shell.practice_strip import stay_here
from tgwizard.gui.shell.read_only_switch import ReadOnlySwitch
from tgwizard.gui.shell.shutdown import Shutdown
from tgwizard.gui.shell.startup_error_page import StartupErrorPage
from tgwizard.gui.shell.top_bar import MenuStrip
from tgwizard.gui.shell.whereabouts import PageHistory
from tgwizard.gui.shell.window_actions import WindowActions
from tgwizard.gui.shell.window_menus import WindowMenus
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.callout import Callout
from tgwizard.model.settings import READ_ONLY


class WindowParts:
    """Made for a window that is painted already, once at each place; `serve` begins when the window knows its parts.

    `end` when the window goes on at another place.
    """

    def __init__(
        self, shell: Shell, window: QWidget, stack: QStackedWidget, bridge: Bridge, context: AppContext
    ) -> None:
        """Make them, each as its settings say. `window` and `shell` are the same, the second as its pages see it."""
        theme, read = shell.theme, context.settings
        # They go together, and the window stays.
        self._all = whole = QObject(window)
        self.settings_store = SettingsStore(read.settings, context.settings_file, read.problems, bridge.own, whole)
        AppearanceSettings(theme, self.settings_store, whole)
        practising = context.practice is not None
        self.lock = ReadOnlyLock(self.settings_store.get(READ_ONLY) and not practising, whole)
        self.watching = ClusterRegistry(bridge, self.lock, whole)
        self.pages = PageRegistry(shell, stack)
        self.visits = PageHistory()
        self.actions = WindowActions(shell, self.visits)
        self.cluster_pages = ClusterPages(theme, stack, whole)
        kept = (self.settings_store, self.pages, self.cluster_pages)
        self.changes = ClusterChanges(bridge, self.watching, *kept, whole)
        self.startup_errors, self.lab_stopped = StartupErrorPage(theme), LabStopped(theme)
        self.attention = Notifications(window, self.watching, self.settings_store, whole)
        self.closing = Shutdown(self.watching, whole)
        bridge.happened.connect(self.settings_store.take)
        self.cluster_pages.asked.connect(partial(ask_before_failover, shell))
        self.cluster_pages.made.connect(partial(offer_menus, shell))
        self.pages.follow(self.cluster_pages)
        self.changes.refused.connect(self.pages.show_refused)
        self.changes.lab_opened.connect(self._on_lab_opened)

    def make_notices(self, theme: Theme) -> tuple[StartupErrorPage, LabStopped]:
        """The page and the strip that say what is wrong with the program or its lab, made anew."""
        self.startup_errors, self.lab_stopped = StartupErrorPage(theme), LabStopped(theme)
        if self.changes.world is not None:
            self.lab_stopped.follow(self.changes.world)
        return self.startup_errors, self.lab_stopped

    def _on_lab_opened(self, world: WorldWatch) -> None:
        self.lab_stopped.follow(world)

    def serve(self, shell: Shell, rail: NavigationRail, root: QWidget, strip: MenuStrip) -> None:
        """Keep the rail at one with clusters and lock, fill the strip of the menus, and be able to say something."""
        self.menus = WindowMenus(shell, self.actions, root, strip)
        self.callout = Callout(shell.theme, root)
        self.read_only = ReadOnlySwitch(shell, rail.lock)
        self.rail_clusters = RailClusters(shell, rail)

    def writing_words(self) -> str:
        """What is being written from here now, and what to do first; empty when nothing is."""
        session, found = self.closing.writing(), self.pages.writing()
        if session is not None:
            name = session.setup.name
            return f"A failover of {name} is running. Wait until it has ended, or stop it on its page."
        if found is not None:
            return f"{found[1].writing_words} Wait until that has ended, or stop it on its page."
        starting = next((one.starting for one in self.watching.sessions.values() if one.starting is not None), None)
        if starting is not None:
            return f"{starting.name} is being started. Wait until it runs."
        return "A change is being written. Wait until that has ended." if self.changes.writing else ""

    @staticmethod
    def tell_to_stay(shell: Shell, writes: str) -> None:
        """Say why the window does not go elsewhere now."""
        shell.show_dialog(partial(stay_here, shell.theme, writes=writes))

    def end(self) -> None:
        """The window goes on at another place: watch nothing any more, and let go of all of this."""
        self.cluster_pages.stop()
        self.closing.stop()
        self.watching.drop()
        self._all.deleteLater()

    def open_palette(self, shell: Shell) -> None:
        """Show all that can be found or run now."""
        shell.show_dialog(lambda over: CommandPalette(shell.theme, over, commands_of(shell, self.actions)))
