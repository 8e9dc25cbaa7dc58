"""The one meeting point of threads and Qt: queues of events, drained by a timer in the GUI thread.

Workers put events on a queue and know nothing of Qt; emitting a signal from a worker can crash when its object is being
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
    """Emits `happened` for everything on its queues, in order, in the GUI thread.

    `own` is the window's own queue, there from the start; the engine's is added once the program is open.
    """

    happened = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        """Nothing is read before `start` or `drain`."""
        super().__init__(parent)
        self.own: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._queues: list[queue.SimpleQueue[Any]] = [self.own]
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.drain)

    def add(self, events: queue.SimpleQueue[Any]) -> None:
        """Drain `events` too."""
        if all(events is not known for known in self._queues):
            self._queues.append(events)

    def start(self) -> None:
        """Drain every 50 ms."""
        self._timer.start()

    def stop(self) -> None:
        """Stop draining; what is still on a queue stays there."""
        self._timer.stop()

    @Slot()
    def drain(self) -> int:
        """Emit what is on the queues now, at most one batch of each; returns how many events that were."""
        return sum(self._drain(events) for events in tuple(self._queues))

    def _drain(self, events: queue.SimpleQueue[Any]) -> int:
        for count in range(BATCH):
            try:
                event = events.get_nowait()
            except queue.Empty:
                return count
            self.happened.emit(event)
        return BATCH
