"""What Ctrl+C copies of the focused part of a page: one fact, with its source and the time it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtWidgets import QWidget

from tgwizard.model.text import format_utc

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class CopyableFact:
    """What is known, what it is called, and who says so."""

    name: str
    value: str
    source: str

    def line(self, moment: datetime | None) -> str:
        """The fact as it is copied; `moment` is when it was read."""
        when = "not read yet" if moment is None else format_utc(moment)
        return f"{self.name}: {self.value}, {self.source}, {when}"


@runtime_checkable
class HasCopyableFact(Protocol):
    """A widget that shows one fact."""

    @property
    def fact(self) -> CopyableFact:
        """The fact shown now."""


def fact_of(widget: QWidget | None) -> CopyableFact | None:
    """The fact of a widget, or of the nearest one around it that shows one."""
    while widget is not None:
        if isinstance(widget, HasCopyableFact):
            return widget.fact
        widget = widget.parentWidget()
    return None
