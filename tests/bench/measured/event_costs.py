"""What each gap of the event loop went to: the time that every event took by itself, by who received it.

Qt's own work has no Python frames: a first layout, a polish, a paint. It all goes through `QApplication.notify`, so an
application that looks on there can tell what it went to. It costs time itself: for finding out, not for figures.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

KEPT = 12
"""How many gaps are kept for each phase, and how many lines for a gap."""

NAMED = 48
"""How much of a receiver's name is told, in characters."""


@dataclass(slots=True)
class Cost:
    """How often, and for how many seconds of the thread's own computing, without the events that came inside."""

    count: int = 0
    own: float = 0.0


@dataclass(slots=True)
class Costs:
    """What was spent since the last tick, by receiver and kind of event."""

    spent: dict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))
    _inside: list[float] = field(default_factory=list)

    def enter(self) -> float:
        """An event begins."""
        self._inside.append(0.0)
        return time.thread_time()

    def leave(self, began: float, label: str) -> None:
        """The event that began then has ended."""
        whole = time.thread_time() - began
        own = whole - self._inside.pop()
        if self._inside:
            self._inside[-1] += whole
        cost = self.spent[label]
        cost.count += 1
        cost.own += own

    def taken(self) -> list[tuple[str, Cost]]:
        """The dearest lines since the last time, dearest first, and forget all."""
        lines = sorted(self.spent.items(), key=lambda line: -line[1].own)[:KEPT]
        self.spent.clear()
        return lines


def label_of(receiver: object, event: object) -> str:
    """Whose event it is: class, what it is called, how many children, and the kind of event."""
    if not isinstance(event, QEvent):
        return "not an event of Qt's"
    kind = event.type().name if isinstance(event.type(), QEvent.Type) else str(event.type())
    if isinstance(receiver, QWidget):
        name = receiver.accessibleName() or receiver.objectName()
        below = len(receiver.children())
        return f"{kind} of {type(receiver).__name__} {name[:NAMED]!r}, {below} children"
    if isinstance(receiver, QTimer):
        return f"{kind} of a timer of {type(receiver.parent()).__name__}, {receiver.interval()} ms"
    if isinstance(receiver, QObject):
        return f"{kind} of {receiver.metaObject().className()}"
    return f"{kind} of {type(receiver).__name__}"
