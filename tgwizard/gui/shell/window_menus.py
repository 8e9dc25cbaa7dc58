"""The menus of the window, filled from its commands each time one is opened, so that they are always as things are.

In a window of usual height they stand in a bar. In a low one the bar would take what the page needs: the same menus
then open from one button of the bar above the page, and by F10. On macOS they are in the system's own bar.
"""

from __future__ import annotations

import sys
from functools import partial
from itertools import groupby

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tgwizard.gui.page import Shell
from tgwizard.gui.shell.command_registry import menus_of
from tgwizard.gui.shell.top_bar import MenuStrip
from tgwizard.gui.shell.window_actions import WindowActions
from tgwizard.gui.widgets.command import Command, CommandRole, MenuName
from tgwizard.gui.widgets.menus import Menu, MenuBar

_ROLES = {
    None: QAction.MenuRole.NoRole,
    CommandRole.ABOUT: QAction.MenuRole.AboutRole,
    CommandRole.SETTINGS: QAction.MenuRole.PreferencesRole,
    CommandRole.QUIT: QAction.MenuRole.QuitRole,
}


class WindowMenus:
    """The bar in its strip, and the one menu that holds all of them."""

    def __init__(self, shell: Shell, actions: WindowActions, window: QWidget, strip: MenuStrip) -> None:
        """Make the bar; in the system's own where there is one."""
        self._shell = shell
        self._actions = actions
        self._window = window
        self.bar = MenuBar(shell.theme, strip)
        self.bar.setNativeMenuBar(sys.platform == "darwin")
        for name in MenuName:
            menu = self._menu(name, self.bar)
            self.bar.addMenu(menu)
            self._fill(name, menu)  # the system's bar sorts some of them elsewhere, and wants to know them before
        strip.hold(self.bar)

    def _menu(self, name: MenuName, parent: QWidget) -> Menu:
        menu = Menu(self._shell.theme, name.value, parent)
        menu.aboutToShow.connect(partial(self._fill, name, menu))
        return menu

    def _fill(self, name: MenuName, menu: Menu) -> None:
        menu.clear()
        own = [one for one in menus_of(self._shell, self._actions) if one.group is not None and one.group.menu is name]
        for number, (_, part) in enumerate(groupby(sorted(own, key=_place), key=_place)):
            if number:
                menu.addSeparator()
            for command in part:
                action = menu.add(command.name, command.keys, command.off, checked=command.checked)
                action.setMenuRole(_ROLES[command.role])
                action.triggered.connect(partial(_run, command))

    def show(self, button: QWidget) -> None:
        """Open the first menu of the bar, as Alt and its letter do; without a bar all in one, under `button`."""
        if self.bar.isVisible():
            self.bar.setActiveAction(self.bar.actions()[0])
            return
        under = button if button.isVisible() else self._window
        self._pop_up(under.mapToGlobal(QPoint(0, under.height() if under is button else 0)))

    def _pop_up(self, at: QPoint) -> None:
        """All menus in one, at a place on the screen."""
        whole = Menu(self._shell.theme, "Menu", self._window)
        for name in MenuName:
            whole.addMenu(self._menu(name, whole))
        whole.aboutToHide.connect(whole.deleteLater)
        whole.popup(at)


def _place(command: Command) -> int:
    return 0 if command.group is None else command.group.place


def _run(command: Command, _checked: object = None) -> None:
    command.run()
