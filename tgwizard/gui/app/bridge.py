"""The one meeting point of threads and Qt: queues of events, drained by a timer in the GUI thread.

Workers put events on a queue and know nothing of Qt; emitting a signal from a worker can crash when its object is being
destroyed (gui/README.md 15.3).
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

PERIOD_MS = 50
BATCH = 200
"""Events handled in one turn, so that a flood cannot hold up painting."""

BUDGET_S = 0.008
"""After so long the rest waits for the next turn: what listens may take a millisecond for each event."""


class Bridge(QObject):
    """Emits `happened` for everything on its queues, in order, in the GUI thread.

    `own` is the window's own queue, there from the start; the engine's is added once the program is open.
    """

    happened = Signal(object)

    def __init__(self, parent: QObject | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        """Nothing is read before `start` or `drain`. `clock` tells the seconds of the budget of a turn."""
        super().__init__(parent)
        self._clock = clock
        self.own: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._queues: list[queue.SimpleQueue[Any]] = [self.own]
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.drain)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.drain)

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
        self._soon.stop()

    @Slot()
    def drain(self) -> int:
        """Emit what is on the queues now, at most one batch of each; returns how many events that were.

        When the turn's budget is used up, the rest follows in the next turn.
        """
        end = self._clock() + BUDGET_S
        return sum(self._drain(events, end) for events in tuple(self._queues))

    def finish(self) -> None:
        """Emit all that is on the queues, batch after batch, when nobody puts more on them."""
        while self.drain():
            continue

    def _drain(self, events: queue.SimpleQueue[Any], end: float) -> int:
        for count in range(BATCH):
            if count and self._clock() >= end:
                if self._timer.isActive():
                    self._soon.start()
                return count
            try:
                event = events.get_nowait()
            except queue.Empty:
                return count
            self.happened.emit(event)
        return BATCH
