"""The menu of a thing: right button, Menu key or Shift+F10. One mechanism for rows, items and cards.

Its entries are commands, as those of Ctrl+K. One that is off stays in its place and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.command import Command
from tgwizard.gui.widgets.labels import plain_tip

Entries = Sequence[Command | None]
"""The entries of a menu in their order; None: a line between."""

REASON_PX, LEAST_REASON_PX = 380, 90
"""The most room of a reason beside its entry; with less than the second the tooltip alone has it."""

AROUND_PX = 90
"""What a menu has beside words and reasons."""


def menu_style(theme: Theme) -> str:
    """How a menu looks, as Qt's style sheet spells it."""
    colour = {token: theme.colour(token).name() for token in Token}
    side, pad = theme.px(12), theme.px(6)
    return f"""
        QMenu {{ background: {colour[Token.CARD]}; color: {colour[Token.TEXT]};
            border: 1px solid {colour[Token.STRONG]}; padding: {pad}px 0; menu-scrollable: 1; }}
        QMenu::item {{ padding: {theme.px(7)}px {side}px; margin: 0 {pad}px; border-radius: {Radius.CONTROL}px;
            border: 1px solid transparent; }}
        QMenu::item:selected {{ background: {colour[Token.ACCENT_TINT]}; border-color: {colour[Token.ACCENT_TEXT]}; }}
        QMenu::item:disabled {{ color: {colour[Token.TEXT3]}; }}
        QMenu::item:disabled:selected {{ background: {colour[Token.SUNKEN]}; border-color: {colour[Token.INPUT]}; }}
        QMenu::separator {{ height: 1px; background: {colour[Token.BORDER]}; margin: {pad}px 0; }}
    """


class ContextMenu(QMenu):
    """The menu of one thing; it goes when it is closed."""

    def __init__(self, theme: Theme, name: str, entries: Entries, parent: QWidget) -> None:
        """`name`: whose menu it is, for assistive technology."""
        super().__init__(parent)
        self.setAccessibleName(f"Menu of {name}")
        self.setFont(theme.font(TextRole.BODY))
        self.setStyleSheet(menu_style(theme))
        self.setToolTipsVisible(True)
        metrics = self.fontMetrics()
        names = max((metrics.horizontalAdvance(entry.name) for entry in entries if entry is not None), default=0)
        screen = parent.screen().availableGeometry().width()
        self._room = min(theme.px(REASON_PX), screen - names - theme.px(AROUND_PX))
        self._least = theme.px(LEAST_REASON_PX)
        for entry in entries:
            if entry is None:
                self.addSeparator()
            else:
                self._add(entry)
        self.aboutToHide.connect(self.deleteLater)

    def _add(self, command: Command) -> None:
        side = command.off or command.keys
        cut = self.fontMetrics().elidedText(side, Qt.TextElideMode.ElideRight, self._room)
        side = cut if cut == side or self._room >= self._least else ""
        # A tab parts the words from what stands at the end. A name of Azure's begins neither that nor a mnemonic.
        words, side = (text.replace("&", "&&").replace("\t", " ") for text in (command.name, side))
        action = self.addAction(f"{words}\t{side}" if side else words)
        action.setToolTip(plain_tip(command.off or command.name))
        action.setWhatsThis(command.off)
        action.setEnabled(not command.off)
        action.triggered.connect(lambda _checked=False: command.run())


class MenuOffer(QObject):
    """Shows the menu of a widget when it is asked for; the widget owns it.

    `entries` is asked each time, after the row under the pointer has become the current one: what is offered, and why
    something is off, is of that moment. No entries: no menu.
    """

    def __init__(self, theme: Theme, widget: QWidget, entries: Callable[[], Entries], name: str = "") -> None:
        """`name`: whose menu it is; left out, the widget's accessible name of that moment."""
        super().__init__(widget)
        self._theme = theme
        self._widget = widget
        self._entries = entries
        self._name = name
        self._menu: ContextMenu | None = None
        widget.installEventFilter(self)
        if isinstance(widget, QAbstractItemView):
            widget.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys are taken here: not every system makes a menu event of them."""
        if isinstance(event, QContextMenuEvent):
            if event.reason() is QContextMenuEvent.Reason.Keyboard:
                self.open_at(self._by_key())
            else:
                self._point_at(watched, event.pos())
                self.open_at(event.globalPos())
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and _asks(event):
            self.open_at(self._by_key())
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def open_at(self, place: QPoint) -> None:
        """Show the menu, unless it is shown already."""
        if self._menu is not None:
            return
        entries = self._entries()
        if not entries:
            return
        name = self._name or self._widget.accessibleName()
        menu = self._menu = ContextMenu(self._theme, name, entries, self._widget)
        menu.aboutToHide.connect(self._forget)
        menu.popup(place)

    def _forget(self) -> None:
        self._menu = None

    def _point_at(self, watched: QObject, place: QPoint) -> None:
        view = self._widget
        if isinstance(view, QAbstractItemView) and watched is view.viewport():
            index = view.indexAt(place)
            selection = view.selectionModel()
            if index.isValid() and not selection.isSelected(index):
                view.setCurrentIndex(index)

    def _by_key(self) -> QPoint:
        """Below the current row, or the middle of what has the focus."""
        view = self._widget
        if isinstance(view, QAbstractItemView):
            box = view.visualRect(view.currentIndex())
            return view.viewport().mapToGlobal(QPoint(box.left() + self._theme.px(40), box.center().y()))
        return view.mapToGlobal(view.rect().center())


def _asks(event: QKeyEvent) -> bool:
    """Whether a key asks for the menu."""
    if event.key() == Qt.Key.Key_Menu:
        return True
    return event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier
