"""One thing that can be done now, by whatever name it is offered: a line of Ctrl+K, an entry of a context menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from PySide6.QtGui import QGuiApplication

from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape


@dataclass(frozen=True)
class Command:
    """What it is called and does. ``off`` is the reason why it cannot be run now; ``mark`` an icon or a state shape.

    ``state`` works out mark and hint of a line that is not always the same. It is asked once, when the line is first
    seen or searched: of a thousand clusters nine are seen.
    """

    name: str
    run: Callable[[], None]
    hint: str = ""
    mark: Icon | Shape = Icon.ARROW_RIGHT
    off: str = ""
    words: str = ""
    state: Callable[[], tuple[Shape, str]] | None = None

    @cached_property
    def state_and_reason(self) -> tuple[Icon | Shape, str]:
        """Mark and hint."""
        return (self.mark, self.hint) if self.state is None else self.state()

    @property
    def side(self) -> str:
        """What stands at its end: why it is off, else the hint."""
        return self.off or self.state_and_reason[1]

    def fits(self, text: str) -> int | None:
        """How well it fits what was typed, 0 best; None when it does not."""
        wanted = text.casefold().split()
        if not wanted:
            return 0
        name = self.name.casefold()
        whole = f"{name} {self.words.casefold()} {self.state_and_reason[1].casefold()}"
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
