"""One thing that can be done now, by whatever name it is offered: a line of Ctrl+K, of a menu, of a context menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from PySide6.QtGui import QGuiApplication

from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape


class MenuName(Enum):
    """A menu of the window, in its order; "&" stands before the letter that opens it with Alt."""

    FILE = "&File"
    VIEW = "&View"
    CLUSTER = "&Cluster"
    HELP = "&Help"


class CommandGroup(Enum):
    """Commands that stand together in a menu, between two lines: the menu, and the place in it."""

    FILE = MenuName.FILE, 0
    FILE_STATE = MenuName.FILE, 1
    FILE_END = MenuName.FILE, 2
    VIEW = MenuName.VIEW, 0
    VIEW_WAY = MenuName.VIEW, 1
    VIEW_PAGES = MenuName.VIEW, 2
    VIEW_TEXT = MenuName.VIEW, 3
    VIEW_LOOKS = MenuName.VIEW, 4
    CLUSTER = MenuName.CLUSTER, 0
    CLUSTER_MORE = MenuName.CLUSTER, 1
    SET_UP = MenuName.CLUSTER, 2
    HELP = MenuName.HELP, 0
    HELP_LOG = MenuName.HELP, 1
    HELP_ABOUT = MenuName.HELP, 2

    def __init__(self, menu: MenuName, place: int) -> None:
        self.menu = menu
        self.place = place


class CommandRole(Enum):
    """Commands that macOS sorts into the program's own menu."""

    ABOUT = "about"
    SETTINGS = "settings"
    QUIT = "quit"


@dataclass(frozen=True)
class Command:
    """One line of the menus and of Ctrl+K. ``off`` is the reason why it cannot be run now; ``mark`` an icon or a shape.

    ``group`` says in which menu it stands; None: in Ctrl+K only. ``checked``: whether what it turns on is on; None: it
    turns nothing on. ``state`` works out mark and sentence of a line that is not always the same. It is asked once,
    when the line is first seen or searched: of a thousand clusters nine are seen.
    """

    name: str
    run: Callable[[], object]
    keys: str = ""
    mark: Icon | Shape = Icon.ARROW_RIGHT
    off: str = ""
    words: str = ""
    state: Callable[[], tuple[Shape, str]] | None = None
    group: CommandGroup | None = None
    checked: bool | None = None
    role: CommandRole | None = None

    @cached_property
    def mark_and_sentence(self) -> tuple[Icon | Shape, str]:
        """What stands before it, and how the thing is that it leads to."""
        return (self.mark, "") if self.state is None else self.state()

    @property
    def second_line(self) -> str:
        """What stands under its name: why it is off, else how the thing is that it leads to."""
        return self.off or self.mark_and_sentence[1]

    def fits(self, text: str) -> int | None:
        """How well it fits what was typed, 0 best; None when it does not."""
        wanted = text.casefold().split()
        if not wanted:
            return 0
        name = self.name.casefold()
        whole = f"{name} {self.words.casefold()} {self.keys.casefold()} {self.mark_and_sentence[1].casefold()}"
        if not all(word in whole for word in wanted):
            return None
        if name.startswith(wanted[0]):
            return 0
        return 1 if any(part.startswith(wanted[0]) for part in name.split()) else 2


def copy_command(words: str, text: str, *, off: str = "") -> Command:
    """Copy a text."""

    def copy() -> None:
        QGuiApplication.clipboard().setText(text)

    return Command(words, copy, mark=Icon.COPY, off=off)
