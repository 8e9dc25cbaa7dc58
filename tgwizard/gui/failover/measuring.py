"""Measures traffic by itself during a failover, for who has chosen that in the settings."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.failover.traffic_card import BEFORE_S
from tgwizard.gui.widgets.dialog_sheet import Sheet


class MeasuredRun(QObject):
    """Begins to measure with a question, and ends as long after its run as the strip shows; at once without a run."""

    def __init__(self, session: ClusterSession, question: Sheet) -> None:
        super().__init__(session)
        self._session = session
        session.reachability.start()
        question.rejected.connect(self._end)
        session.run_ended.connect(self._after_the_run)

    @Slot()
    def _after_the_run(self) -> None:
        QTimer.singleShot(round(1000 * BEFORE_S), self, self._end)

    @Slot()
    def _end(self) -> None:
        self._session.reachability.stop()
        self.deleteLater()
