"""What the pages and the palette may ask of the window they stand in, and what a page of the rail is.

The window fulfils it; nothing here knows how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    # The window is painted before any of these is imported.
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tgwizard.gui.app.app_context import AppContext, OpenedProgram
    from tgwizard.gui.app.bridge import Bridge
    from tgwizard.gui.app.destinations import Destination
    from tgwizard.gui.app.nav_pages import NavPage
    from tgwizard.gui.app.read_only_lock import ReadOnlyLock
    from tgwizard.gui.app.settings_store import SettingsStore
    from tgwizard.gui.cluster.cluster_registry import ClusterRegistry, NotAdded
    from tgwizard.gui.cluster.cluster_session import ClusterSession
    from tgwizard.gui.style.theme import Theme
    from tgwizard.gui.widgets.command import Command
    from tgwizard.gui.widgets.dialog_sheet import Sheet
    from tgwizard.model.cluster import Verb
    from tgwizard.model.cluster_setup import ClusterSetup


class Shell(Protocol):
    """The window, as its pages see it."""

    @property
    def theme(self) -> Theme:
        """Colours and fonts."""
        ...

    @property
    def bridge(self) -> Bridge:
        """Where events and answers of jobs arrive."""
        ...

    @property
    def context(self) -> AppContext:
        """What is known before anything is open."""
        ...

    @property
    def settings_store(self) -> SettingsStore:
        """The settings in force."""
        ...

    @property
    def lock(self) -> ReadOnlyLock:
        """Whether anything may be written."""
        ...

    @property
    def watching(self) -> ClusterRegistry:
        """Which clusters are watched."""
        ...

    @property
    def sessions(self) -> Mapping[str, ClusterSession]:
        """One for each cluster, by its name."""
        ...

    @property
    def current(self) -> str:
        """The cluster shown, or empty."""
        ...

    @property
    def running(self) -> bool:
        """Whether a run is in progress on any cluster."""
        ...

    def go_to(self, place: NavPage) -> None:
        """Show a page of the rail."""
        ...

    def visit_cluster(self, name: str) -> None:
        """`open_cluster` for who came here by a click: a page that is still to be built is built in turns."""
        ...

    def open_cluster(self, name: str) -> None:
        """Show a cluster: its run while one is in progress, else its page."""
        ...

    def go_elsewhere(self, where: Destination) -> None:
        """Go on at another place in this window; while something is written here, say why not and what to do."""
        ...

    def ask(self, verb: Verb) -> None:
        """Open the question for `verb` on the cluster shown; never acts."""
        ...

    def show_dialog(self, make: Callable[[QWidget], Sheet]) -> bool:
        """Open the dialog that `make` builds over the widget given to it; while one is open, build nothing: False."""
        ...

    def read_again(self) -> None:
        """Read what is shown again now (F5)."""
        ...

    def add_clusters(self, files: Iterable[Path]) -> None:
        """Check cluster files from elsewhere, copy them among the saved ones and watch them."""
        ...

    def read_cluster_files(self) -> None:
        """Read the saved files again: those that were mended join; what is watched stays."""
        ...

    def include_cluster(self, setup: ClusterSetup) -> None:
        """Watch a cluster that was set up here; what is shown stays."""
        ...

    def renew_clusters(self, epoch: int) -> None:
        """The lab is in another world: read its clusters anew and forget what was known; the same epoch is no news."""
        ...

    def ask_lock(self) -> None:
        """Lock at once, or ask before unlocking (Ctrl+L)."""
        ...

    def pin(self, name: str) -> None:
        """Pin a cluster to the rail, or take it off."""
        ...

    def say(self, sentence: str, near: QWidget | None = None) -> None:
        """Say a sentence for a few seconds, beside what it speaks of: why a key did nothing, what was copied."""
        ...

    def show_over(self, make: Callable[[QWidget], Sheet]) -> None:
        """Open a dialog that only tells something, over whatever is open."""
        ...

    @property
    def help_topic(self) -> str:
        """The page of help about what is shown."""
        ...

    def find_or_run(self) -> None:
        """Open the palette (Ctrl+K)."""
        ...

    def unsay(self) -> bool:
        """Take away what `say` said; whether it was still there."""
        ...

    def show_menus(self) -> None:
        """Open the menus (F10)."""
        ...

    def go_through(self, by: int) -> bool:
        """Show the page seen before this one (-1), or after it (1); whether there is one."""
        ...

    @property
    def dialog(self) -> Sheet | None:
        """The dialog that is open."""
        ...

    @property
    def page_shown(self) -> QWidget | None:
        """The page that is shown."""
        ...

    def choose_cluster_files(self) -> None:
        """Ask which cluster files to add."""
        ...

    def ask_sign_in(self) -> None:
        """Show where one signs in."""
        ...

    def close_window(self) -> None:
        """Close the program, with the questions that belong to it."""
        ...


class ShellPage(QWidget):
    """A page of the rail. What a page has no use for, it leaves as it is here: it then does nothing."""

    settled = Signal()
    """What the page wrote has ended."""

    help_topic = ""
    """The page of help about it."""

    fills_window = False
    """Whether rail and bar make room for it while it is shown."""

    @property
    def writing_words(self) -> str:
        """What the page writes now, in one sentence; empty when it writes nothing: closing then needs no question."""
        return ""

    def stop_writing(self) -> None:
        """Begin nothing more; `settled` follows."""

    keeps_work = False
    """Whether a person does something on it that another page of the kind must take over."""

    def take_over(self, old: ShellPage) -> None:
        """This page is built anew, in the place of `old`: go on with what was done there."""

    def end(self) -> None:
        """This page goes for good: it hears no more of what it asked, and what it had done goes on to its end."""

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open. A page that is built later is told at once."""

    def show_refused(self, refused: NotAdded) -> None:
        """A cluster file was not added, for these reasons."""

    def clusters_changed(self, opened: OpenedProgram) -> None:
        """There are other clusters than before: `opened.clusters`."""

    def read_again(self) -> None:
        """F5 while this page is shown."""

    def open_run(self, cluster: str, run: str) -> None:
        """Show a run, as soon as it was read."""

    def ask_sign_in(self) -> None:
        """Lead to the sign-in."""

    def choose_files(self) -> None:
        """Ask which files to add."""

    def step_back(self) -> bool:
        """Alt+Left while this page is shown: whether it went back by itself; if not, the window does."""
        return False

    def step_on(self) -> bool:
        """Alt+Right while this page is shown, the same."""
        return False

    def first_focus(self) -> QWidget | None:
        """Where the focus is when the page is opened for the first time; None: on the page itself."""
        return None

    def focus_filter(self) -> bool:
        """Ctrl+F while this page is shown: whether there is a filter."""
        return False

    def escape(self) -> bool:
        """Esc while this page is shown: whether there was a filter to clear or a part to close."""
        return False

    @property
    def commands(self) -> tuple[Command, ...]:
        """What it can do besides, for the menus and Ctrl+K."""
        return ()
