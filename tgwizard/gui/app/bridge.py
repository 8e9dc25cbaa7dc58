"""The one meeting point of threads and Qt: the queue of jobs, drained by a timer in the GUI thread.

Workers put events on a queue and know nothing of Qt; emitting a signal from a worker can crash when its object is being
destroyed (gui/README.md 15.3).
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tgwizard.engine.jobs import JobQueue

PERIOD_MS = 50
BATCH = 200
"""Events handled in one turn, so that a flood cannot hold up painting."""

BUDGET_S = 0.008
"""After so long the rest waits for the next turn: what listens may take a millisecond for each event."""


class Bridge(QObject):
    """Lets the jobs deliver what they say, in order, in the GUI thread; `happened` is for those who hear all of it.

    `own` is for the few threads that are no jobs, and there from the start: opening the program, saving a setting, an
    error nobody caught. The jobs are there once the program is open.
    """

    happened = Signal(object)

    def __init__(self, parent: QObject | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        """Nothing is read before `start` or `drain`. `clock` tells the seconds of the budget of a turn."""
        super().__init__(parent)
        self._clock = clock
        self.own: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._jobs: list[JobQueue] = []
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.drain)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.drain)

    def open(self, jobs: JobQueue) -> None:
        """Drain these too; the same ones again change nothing."""
        if all(jobs is not known for known in self._jobs):
            self._jobs.append(jobs)

    def leave(self, jobs: JobQueue) -> None:
        """Drain these no more."""
        self._jobs = [known for known in self._jobs if known is not jobs]

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
        sources = (self.own.get_nowait, *(jobs.deliver for jobs in self._jobs))
        return sum(self._drain(source, end) for source in sources)

    def finish(self) -> None:
        """Emit all that is on the queues, batch after batch, when nobody puts more on them."""
        while self.drain():
            continue

    def _drain(self, source: Callable[[], object], end: float) -> int:
        for count in range(BATCH):
            if count and self._clock() >= end:
                if self._timer.isActive():
                    self._soon.start()
                return count
            try:
                event = source()
            except queue.Empty:
                return count
            except Exception:  # noqa: BLE001 - as after an error in any slot: it is shown, and the rest still arrives
                sys.excepthook(*sys.exc_info())
                continue
            if event is not None:
                self.happened.emit(event)
        return BATCH
