"""Long work of the window in steps, one in each turn of the event loop, so that keys and paints come in between.

Building a page of two hundred widgets takes 20 ms, laying it out and drawing it 20 more: together that is a window
that does not answer (gui/README.md 15.6).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

IdleStep = Callable[[], object]


class BuiltInSteps:
    """What is built part by part, so that a page can come to be in turns, unseen, before it is asked for.

    A class that is also a widget puts its building steps into `parts`, in their order.
    """

    parts: deque[IdleStep]

    @property
    def whole(self) -> bool:
        """Whether every part is built."""
        return not self.parts

    def parts_left(self) -> int:
        """How many parts are not built yet."""
        return len(self.parts)

    def build_part(self) -> None:
        """Build the next part, if one is missing."""
        if self.parts:
            self.parts.popleft()()

    def finish(self) -> None:
        """Build what is missing now."""
        while self.parts:
            self.build_part()


class IdleQueue(QObject):
    """Steps in their order, each in a turn of its own; they end with the object they belong to."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._left: deque[IdleStep] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._next)

    @property
    def left(self) -> int:
        """How many steps are still to be done."""
        return len(self._left)

    def add(self, *steps: IdleStep) -> None:
        """Do these after what is waiting, the first of them not before the next turn."""
        self._left.extend(steps)
        if self._left and not self._timer.isActive():
            self._timer.start()

    def finish(self) -> None:
        """Do all that is left now."""
        while self._left:
            self._left.popleft()()
        self._timer.stop()

    def drop(self) -> None:
        """Do none of what is left."""
        self._left.clear()
        self._timer.stop()

    @Slot()
    def _next(self) -> None:
        if not self._left:
            return
        step = self._left.popleft()
        try:
            step()
        finally:
            # After the step: a timer that was due during it comes first then. A step that breaks stops no other.
            if self._left:
                self._timer.start()
