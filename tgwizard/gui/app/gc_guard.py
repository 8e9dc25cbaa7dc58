"""Collects cyclic garbage in the GUI thread only.

Python's collector runs in whatever thread allocates. When that is a worker, it may destroy a Qt widget there, and the
process dies (gui/README.md 15.2). So the automatic collector is off while the window lives,
and a timer in the GUI thread does its work by the same thresholds.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

PERIOD_MS = 100

SETTLE_AFTER_MS = 10_000
"""How long a start may take: until then nothing is collected, then what lives is taken out of later collections."""


class GcGuard(QObject):
    """While started, garbage is collected by a timer of the thread that owns this object."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = False
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.collect_when_due)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(SETTLE_AFTER_MS)
        self._patience.timeout.connect(self.settle)

    def start(self) -> None:
        """Turn the automatic collector off. The timer comes on when the program has settled.

        While the SDK is imported every collection walks its half million new objects: 172 ms without an answer.
        """
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._patience.start()

    @Slot()
    def settle(self) -> None:
        """Take what lives now, the SDK's classes above all, out of every later collection: a full one took 90 ms."""
        self._patience.stop()
        gc.freeze()
        self._timer.start()

    def stop(self) -> None:
        """Turn the timers off and the automatic collector back to what it was."""
        self._patience.stop()
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
