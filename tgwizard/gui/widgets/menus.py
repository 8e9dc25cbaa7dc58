"""Menus and the bar of menus, in our colours.

A line that is off says why in its tooltip, as a button does. Keys stand at the right; they are bound elsewhere, so that
no key has two meanings.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QAction, QHelpEvent
from PySide6.QtWidgets import QMenu, QMenuBar, QToolTip, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole
from tgwizard.gui.widgets.context_menu import menu_style
from tgwizard.gui.widgets.labels import plain_tip


class Menu(QMenu):
    """A menu whose lines are added by `add`."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._theme = theme
        self.setAccessibleName(title.replace("&", ""))
        self.setToolTipsVisible(True)
        self.restyle()
        theme.changed.connect(self.restyle)

    def restyle(self) -> None:
        """The colours and the text size of the theme."""
        self.setFont(self._theme.font(TextRole.BODY))
        self.setStyleSheet(f"{menu_style(self._theme)} QMenu::item {{ padding-left: {self._theme.px(28)}px; }}")

    def add(self, words: str, keys: str = "", off: str = "", tip: str = "", checked: bool | None = None) -> QAction:
        """A line; `off` is why it cannot be chosen now, `checked` makes it one that is on or off."""
        shown = words.replace("&", "&&")
        action = self.addAction(f"{shown}\t{keys}" if keys else shown)
        action.setEnabled(not off)
        action.setToolTip(plain_tip(off or tip))
        action.setStatusTip(off or tip)
        action.setWhatsThis(off or tip)
        if checked is not None:
            action.setCheckable(True)
            action.setChecked(checked)
        return action

    def event(self, event: QEvent) -> bool:
        """Only a line that has something more to say has a tooltip: Qt would repeat its words."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            under = (one for one in self.actions() if self.actionGeometry(one).contains(event.pos()))
            tip = next((one.toolTip() for one in under if one.statusTip()), "")
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)


class MenuBar(QMenuBar):
    """The bar of menus."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName("Menus")
        self.restyle()
        theme.changed.connect(self.restyle)

    def restyle(self) -> None:
        """The colours and the text size of the theme."""
        self.setFont(self._theme.font(TextRole.BODY))
        self.setStyleSheet(self._theme.menu_bar_style())
