"""What the menus, the palette and the keys do with the window itself: text size, times, help, the log, the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.page import Shell, ShellPage
from tgwizard.gui.shell.about_dialog import about_dialog, problem_dialog
from tgwizard.gui.shell.help_dialog import CONTENTS, TOPICS, HelpDialog
from tgwizard.gui.shell.help_dialog import KEYS as KEYS_PAGE
from tgwizard.gui.shell.whereabouts import PageHistory
from tgwizard.gui.widgets.command import Command
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.appearance import TextSize, TimeZoneChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.settings import TEXT_SIZE, TIME_ZONE

if TYPE_CHECKING:
    from tgwizard.gui.widgets.dialog_sheet import Sheet

NEAR = 0.01


class WindowActions:
    """Each is one line of a menu. What cannot be done is said in the window, and why."""

    def __init__(self, shell: Shell, visits: PageHistory) -> None:
        """Act on this window, in which these pages were seen."""
        self.shell = self._shell = shell
        self._visits = visits

    # Going -----------------------------------------------------------------------------------------------------------

    def when_free(self, act: Callable[[], object]) -> None:
        """A key of the window does nothing behind a dialog, and says so."""
        if self._shell.dialog is None:
            act()
        else:
            name = self._shell.dialog.accessibleName()
            self._shell.say(f'"{name}" is open. Answer it first, or close it with {Shortcut.ESCAPE}.')

    @property
    def _page(self) -> ShellPage | None:
        page = self._shell.page_shown
        return page if isinstance(page, ShellPage) else None

    @property
    def page_commands(self) -> tuple[Command, ...]:
        """What the page shown can do besides."""
        return () if self._page is None else self._page.commands

    def why_not_through(self, by: int) -> str:
        """Why nothing was shown before (-1) or after (1) this page; empty when something was."""
        if self._visits.has(by):
            return ""
        return "No page was shown before this one." if by < 0 else "No page was shown after this one."

    def back(self) -> None:
        """Alt+Left: the step before, where the page has steps, else the page before."""
        if not (self._page is not None and self._page.step_back()) and not self._shell.go_through(-1):
            self._shell.say(self.why_not_through(-1))

    def forward(self) -> None:
        """Alt+Right, the same."""
        if not (self._page is not None and self._page.step_on()) and not self._shell.go_through(1):
            self._shell.say(self.why_not_through(1))

    def filter(self) -> None:
        """Ctrl+F."""
        if self._page is None or not self._page.focus_filter():
            self._shell.say("There is nothing to filter on this page.")

    def escape(self) -> None:
        """What Esc does that nothing else wanted: clear the filter, close a part of the page, or go back.

        It never leads away from a run that is in progress.
        """
        shell, page = self._shell, self._page
        session = shell.sessions.get(shell.current)
        if shell.unsay():
            return
        if shell.dialog is not None:
            shell.dialog.reject()
        elif page is not None and (page.escape() or page.step_back()):
            return
        elif session is not None and session.running:
            shell.say(f"The failover goes on whether it is looked at or not. {Shortcut.BACK} leads to the page before.")
        elif not shell.go_through(-1) and shell.current:
            shell.go_to(NavPage.CLUSTERS)

    # Looks ---------------------------------------------------------------------------------------------------------

    def larger(self) -> None:
        """The next text size up."""
        sizes = (one for one in TextSize if one.scale is not None and one.scale > self._scale + NEAR)
        self._choose(next(sizes, None), "The text has its largest size.")

    def smaller(self) -> None:
        """The next text size down."""
        sizes = (one for one in reversed(TextSize) if one.scale is not None and one.scale < self._scale - NEAR)
        self._choose(next(sizes, None), "The text has its smallest size.")

    def system_size(self) -> None:
        """Text as large as the system's."""
        self._choose(TextSize.SYSTEM, "")

    def other_times(self) -> None:
        """Tell times in UTC instead of local time, or the other way round."""
        store = self._shell.settings_store
        now = store.get(TIME_ZONE)
        store.set(TIME_ZONE, TimeZoneChoice.LOCAL if now is TimeZoneChoice.UTC else TimeZoneChoice.UTC)

    @property
    def _scale(self) -> float:
        return self._shell.theme.text_scale

    def _choose(self, size: TextSize | None, why_not: str) -> None:
        if size is None:
            self._shell.say(why_not)
        else:
            self._shell.settings_store.set(TEXT_SIZE, size)

    # Help ----------------------------------------------------------------------------------------------------------

    def help_here(self) -> None:
        """Help about what is shown."""
        self.show_help(self._shell.help_topic)

    def show_help(self, topic: str) -> None:
        """A page of help, over whatever is open."""
        known = topic if topic in (*TOPICS, KEYS_PAGE) else CONTENTS
        self._shell.show_over(lambda over: HelpDialog(self._shell.theme, over, known))

    def contents(self) -> None:
        """All pages of help."""
        self.show_help(CONTENTS)

    def keys(self) -> None:
        """The keys of the window."""
        self.show_help(KEYS_PAGE)

    def about(self) -> None:
        """Versions, paths, licences."""
        self._shell.show_over(lambda over: about_dialog(self._shell.theme, over, self._shell.context))

    def report_problem(self) -> None:
        """The same with the end of the log."""

        def make(over: QWidget) -> Sheet:
            dialog = problem_dialog(self._shell.theme, over, self._shell.context)
            if not self.why_no_log:
                dialog.add_button("Open the log folder", self.open_log_folder)
            return dialog

        self._shell.show_over(make)

    @property
    def why_no_log(self) -> str:
        """Why there is no log to open; empty when there is one."""
        return "" if self._shell.context.log_file is not None else "No log is written in this window."

    def open_log_folder(self) -> None:
        """Show the folder in the system's own way; where there is none, copy its path."""
        file = self._shell.context.log_file
        if file is None:
            self._shell.say(self.why_no_log)
        elif not (file.parent.is_dir() and QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))):
            QGuiApplication.clipboard().setText(str(file.parent))
            self._shell.say("This computer opened no window for the folder. Its path is in the clipboard.")

    def copy_log_path(self) -> None:
        """The path of the log."""
        file = self._shell.context.log_file
        if file is None:
            self._shell.say(self.why_no_log)
        else:
            QGuiApplication.clipboard().setText(str(file))
            self._shell.say(f"Copied: {file}")

    # Copying -------------------------------------------------------------------------------------------------------

    def copy(self, what: str, text: str) -> None:
        """Copy a text and say so."""
        QGuiApplication.clipboard().setText(text)
        self._shell.say(f"Copied: {what} {text}")


def _free(act: Callable[[Shell], object]) -> Callable[[WindowActions], object]:
    return lambda actions: actions.when_free(partial(act, actions.shell))


KEYS: Mapping[Shortcut, Callable[[WindowActions], object]] = {
    Shortcut.GRACEFUL: _free(lambda shell: shell.ask(Verb.GRACEFUL)),
    Shortcut.FORCED: _free(lambda shell: shell.ask(Verb.FORCED)),
    Shortcut.READ_AGAIN: _free(lambda shell: shell.read_again()),
    Shortcut.FIND: _free(lambda shell: shell.find_or_run()),
    Shortcut.LOCK: _free(lambda shell: shell.ask_lock()),
    Shortcut.MENU: _free(lambda shell: shell.show_menus()),
    Shortcut.FILTER: lambda actions: actions.when_free(actions.filter),
    Shortcut.BACK: lambda actions: actions.when_free(actions.back),
    Shortcut.CONTINUE: lambda actions: actions.when_free(actions.forward),
    Shortcut.LARGER: lambda actions: actions.when_free(actions.larger),
    Shortcut.SMALLER: lambda actions: actions.when_free(actions.smaller),
    Shortcut.USUAL_SIZE: lambda actions: actions.when_free(actions.system_size),
    Shortcut.HELP: lambda actions: actions.help_here(),
    Shortcut.QUIT: lambda actions: actions.shell.close_window(),
}
"""What the keys of the whole window do, those of the pages of the rail aside."""


def go_to_key(place: NavPage) -> Callable[[WindowActions], object]:
    """What the keys of a page of the rail do."""
    return _free(lambda shell: shell.go_to(place))
