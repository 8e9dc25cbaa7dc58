"""The one meeting point of threads and Qt: a queue of events, drained by a timer in the GUI thread.

Workers put events on the queue and know nothing of Qt; emitting a signal from a worker can crash when its object is being
destroyed (codebases.md section 0, finding 3).
"""

from __future__ import annotations

import queue
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

PERIOD_MS = 50
BATCH = 200
"""Events handled in one turn, so that a flood cannot hold up painting."""


class Bridge(QObject):
    """Emits `event` for everything on the queue, in order, in the GUI thread."""

    event = Signal(object)

    def __init__(self, events: queue.SimpleQueue[Any], parent: QObject | None = None) -> None:
        """Read `events`; nothing is read before `start` or `drain`."""
        super().__init__(parent)
        self._events = events
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.drain)

    def start(self) -> None:
        """Drain every 50 ms."""
        self._timer.start()

    def stop(self) -> None:
        """Stop draining; what is still on the queue stays there."""
        self._timer.stop()

    @Slot()
    def drain(self) -> int:
        """Emit what is on the queue now, at most one batch; returns how many events that were."""
        for count in range(BATCH):
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return count
            self.event.emit(event)
        return BATCH
