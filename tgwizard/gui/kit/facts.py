"""One fact that can be copied: the focused part of a page as "name: value, source, time" (gui/README.md 12, Ctrl+C)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from PySide6.QtWidgets import QWidget

from tgwizard.model.text import utc


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known, what it is called, and who says so."""

    name: str
    value: str
    source: str

    def line(self, moment: datetime | None) -> str:
        """The fact as it is copied; `moment` is when it was read."""
        when = "not read yet" if moment is None else utc(moment)
        return f"{self.name}: {self.value}, {self.source}, {when}"


@runtime_checkable
class HasFact(Protocol):
    """A widget that shows one fact."""

    @property
    def fact(self) -> Fact:
        """The fact shown now."""


def fact_of(widget: QWidget | None) -> Fact | None:
    """The fact of a widget, or of the nearest one around it that shows one."""
    while widget is not None:
        if isinstance(widget, HasFact):
            return widget.fact
        widget = widget.parentWidget()
    return None
