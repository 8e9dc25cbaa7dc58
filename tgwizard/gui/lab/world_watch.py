"""Looking now and then which world the lab is in: another program may have given it another one."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobRunner, Report
from tgwizard.engine.lab_control import LabControl
from tgwizard.gui.bridge import Bridge
from tgwizard.model.problem import UserError

PERIOD_MS = 10_000


@dataclass(frozen=True, slots=True)
class Looked:
    """One look has ended; the world's epoch, or None when the lab did not say."""

    epoch: int | None


class WorldWatch(QObject):
    """`seen(epoch)` with every answer; one look at a time. That a lab is silent is for its page to tell."""

    seen = Signal(int)

    def __init__(self, jobs: JobRunner, control: LabControl, bridge: Bridge, parent: QObject) -> None:
        """Look every ten seconds from now on."""
        super().__init__(parent)
        self._jobs = jobs
        self._control = control
        self._own = bridge.own
        self._looking = False
        bridge.happened.connect(self.take)
        timer = QTimer(self)
        timer.setInterval(PERIOD_MS)
        timer.timeout.connect(self.look)
        timer.start()

    @Slot()
    def look(self) -> None:
        """Ask the lab, unless it is being asked."""
        if self._looking:
            return
        control, own = self._control, self._own

        def work(_report: Report, _token: CancelToken) -> None:
            epoch = None
            try:
                epoch = control.state().epoch
            except UserError:
                pass  # told by whoever needs the answer
            finally:
                own.put(Looked(epoch))

        try:
            self._jobs.start("lab-world", work)
        except UserError:
            return  # the window is closing
        self._looking = True

    @Slot(object)
    def take(self, event: object) -> None:
        """Take one event from the bridge; what is no look is left alone."""
        if isinstance(event, Looked):
            self._looking = False
            if event.epoch is not None:
                self.seen.emit(event.epoch)
