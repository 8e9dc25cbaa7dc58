"""Closing the window in order: at once when nothing runs, else when the run has left the gap, within a bound."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tgwizard.engine.jobs import JobRunner
from tgwizard.gui.cluster.cluster_registry import Watching
from tgwizard.gui.cluster.cluster_session import ClusterSession

CLOSE_AFTER_S = 180
"""How long closing waits for a run to leave the gap; after that the window closes, and the process waits unseen."""

LOOK_MS = 100


class Leaving(QObject):
    """Emits `left` when the window may close for good. The question itself is the window's to ask."""

    left = Signal()

    def __init__(self, watching: Watching, parent: QObject) -> None:
        super().__init__(parent)
        self._watching = watching
        self._wanted = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(CLOSE_AFTER_S * 1000)
        self._patience.timeout.connect(self._leave)
        self._jobs: JobRunner | None = None
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._leave_if_idle)

    def writing(self) -> ClusterSession | None:
        """A session whose run has not ended."""
        return next((session for session in self._watching.sessions.values() if session.running), None)

    @Slot()
    def when_ended(self) -> None:
        """Leave when the run has ended."""
        self._wanted = True
        self._patience.start()
        self.settle()

    @Slot()
    def after_cancel(self) -> None:
        """Ask every run to stop or to put the address back, and leave when it has ended."""
        for session in self._watching.sessions.values():
            session.cancel_run()
        self.when_ended()

    def without_question(self, jobs: JobRunner) -> None:
        """Ask all that is written to stop, failover or set-up, begin nothing more, and leave when it has ended."""
        self._jobs = jobs
        jobs.stop_writing()
        self._patience.start()
        self._look.start()
        self._leave_if_idle()

    @Slot()
    def _leave_if_idle(self) -> None:
        if self._jobs is not None and not self._jobs.writers():
            self._leave()

    def settle(self) -> bool:
        """Leave now, if that is wanted and nothing runs any more; whether it was so."""
        if not self._wanted or self.writing() is not None:
            return False
        self._leave()
        return True

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._patience.stop()
        self._look.stop()

    @Slot()
    def _leave(self) -> None:
        self.stop()
        self.left.emit()
