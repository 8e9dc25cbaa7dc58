"""The keys of the window, each declared here and nowhere else: handlers, tooltips, texts and the palette read them.

The keys that move inside a list or choose what has the focus belong to the widgets themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget


class Shortcut(Enum):
    """What keys do; the first one is shown. The words are those of gui/README.md 12."""

    FIND = "find a cluster or run a command", "Ctrl+K"
    READ_AGAIN = "read again now", "F5", "Ctrl+R"
    FILTER = "filter", "Ctrl+F"
    FILTER_LIST = "filter the list that has the focus", "/"
    GRACEFUL = "ask for a graceful failover; never act", "Ctrl+G"
    FORCED = "ask for a forced failover; never act", "Ctrl+Shift+G"
    COPY = 'copy the focused fact as "name: value, source, time"', "Ctrl+C"
    LOCK = "lock, or ask before unlocking", "Ctrl+L"
    BACK = "the page before; in the wizard, Back", "Alt+Left"
    CONTINUE = "the page after; in the wizard, Continue", "Alt+Right"
    CLOSE = "save and close the wizard", "Ctrl+S"
    UNDO = "take the last answer back", "Ctrl+Z"
    PORTAL = "the portal's way in the wizard", "?"
    HELP = "help on this page", "F1"
    LARGER = "larger text", "Ctrl++", "Ctrl+="
    SMALLER = "smaller text", "Ctrl+-"
    USUAL_SIZE = "text as large as the system's", "Ctrl+0"
    MENU = "the menus, where no bar shows them", "F10"
    ESCAPE = "clear the filter, close, go back", "Esc"
    QUIT = "close tgwizard", "Ctrl+Q"

    def __init__(self, words: str, *keys: str) -> None:
        self.words = words
        self.keys = keys

    def __str__(self) -> str:
        """The keys as they are shown."""
        return self.keys[0]


INSIDE = (
    ("Tab, Shift+Tab", "the next part, the part before"),
    ("arrows, Home, End", "inside tables, tabs, choices, the map and the picture"),
    ("Enter, Space", "open a row; choose or toggle"),
    ("letters", "in a list: the next row that begins with them"),
)
"""What the widgets themselves do with keys, in words."""


def page_keys(number: int) -> str:
    """The keys that lead to a page of the rail, counted from 1."""
    return f"Ctrl+{number}"


def bind(widget: QWidget, keys: Shortcut | str, act: Callable[[], object], *, inside: bool = False) -> None:
    """Have the keys do `act` wherever `widget` is shown; `inside`: only while the focus is inside it."""
    # Here, because what tells keys is painted first, before anything is bound.
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QKeySequence, QShortcut

    for sequence in keys.keys if isinstance(keys, Shortcut) else (keys,):
        shortcut = QShortcut(QKeySequence(sequence), widget)
        if inside:
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)


def is_pressed(keys: Shortcut, event: QKeyEvent) -> bool:
    """Whether a key that nothing else wanted is one of these."""
    from PySide6.QtGui import QKeySequence

    return QKeySequence(event.keyCombination()) in [QKeySequence(one) for one in keys.keys]
