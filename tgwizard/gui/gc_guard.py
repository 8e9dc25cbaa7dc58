"""Collects cyclic garbage in the GUI thread only.

Python's collector runs in whatever thread allocates. When that is a worker, it may destroy a Qt widget there, and the
process dies (codebases.md section 0, finding 2: 6 of 6 runs). So the automatic collector is off while the window lives,
and a timer in the GUI thread does its work by the same thresholds.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

PERIOD_MS = 100


class GcGuard(QObject):
    """While started, garbage is collected by a timer of the thread that owns this object."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Not started yet."""
        super().__init__(parent)
        self._was_enabled = False
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.collect_when_due)

    def start(self) -> None:
        """Turn the automatic collector off and the timer on."""
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer.start()

    @Slot()
    def settle(self) -> None:
        """Take what lives now, the SDK's classes above all, out of every later collection: a full one took 90 ms."""
        gc.freeze()

    def stop(self) -> None:
        """Turn the timer off and the automatic collector back to what it was."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    @Slot()
    def collect_when_due(self) -> None:
        """Collect the oldest generation whose threshold is passed, as the automatic collector would."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if thresholds[generation] and counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return
