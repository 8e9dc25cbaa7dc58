"""A double click counts on the button that its first click was made on, and on no other that came under the pointer.

The second click of a double click lands wherever the pointer is: a page that has changed by then would be pressed at
what is there now. So a press counts only where the press before it was made, while that is less than 300 ms ago.
"""

from __future__ import annotations

import weakref

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QMouseEvent

DEAD_MS = 300
"""How long after a press another button does not take one; by the times of the input system."""


class Presses:
    """The last press on any button of a window."""

    def __init__(self) -> None:
        self._at_ms: int | None = None
        self._on: weakref.ref[QObject] | None = None
        self._meaning = 0

    def counts(self, button: QObject, meaning: int, event: QMouseEvent) -> bool:
        """Whether a press of `button` counts; `meaning` tells apart what one button is for in turns."""
        before, at = self._at_ms, event.timestamp()
        same = self._on is not None and self._on() is button and self._meaning == meaning
        double = event.type() is QEvent.Type.MouseButtonDblClick
        soon = before is not None and 0 <= at - before < DEAD_MS
        self._at_ms = at
        if not same and (double or soon):
            return False
        self._on, self._meaning = weakref.ref(button), meaning
        return True
