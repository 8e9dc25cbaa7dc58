"""What was begun and not finished stands on the Clusters page, with the way on, until it is finished or undone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobGroup, Report
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.setup.unfinished_setup import UnfinishedSetup, setup_traces, unfinished_setups
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.check_rows import NoticeBox
from tgwizard.gui.widgets.layouts import clear
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem

TICKS = 5
"""So many looks apart are the files asked whether they have changed; the first is at once, another soon after."""

Traces = tuple[tuple[str, int], ...]


class UnfinishedSetups(QWidget):
    """One box for each. `continue_asked` opens the wizard, which finds its draft."""

    continue_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, theme.px(12))
        self._column.setSpacing(theme.px(8))
        self._services: Services | None = None
        self._saved: Callable[[], tuple[ClusterSetup, ...]] = tuple
        self._jobs: JobGroup | None = None
        self._traces: Traces | None = None
        self._ticks = 0
        self.shown: tuple[UnfinishedSetup, ...] = ()
        self.hide()

    def look_at(self, services: Services, saved: Callable[[], tuple[ClusterSetup, ...]]) -> None:
        """The program is open: from now on `look` looks there."""
        self._services, self._saved, self._traces = services, saved, None
        self._jobs = JobGroup(services.jobs)
        self.look_anew()

    def end(self) -> None:
        """Hear no more of a look that is under way."""
        if self._jobs is not None:
            self._jobs.let_go()

    def look_anew(self) -> None:
        """The page is shown: look now, and again soon."""
        self._ticks = 0
        self.look()

    def look(self) -> None:
        """Look whether something is unfinished, off the window's thread and not at every call."""
        services, jobs = self._services, self._jobs
        self._ticks += 1
        if services is None or jobs is None or jobs.under_way or (self._ticks > 2 and self._ticks % TICKS):
            return
        before, saved, state = self._traces, self._saved(), services.state_dir

        def work(_report: Report[object], _token: CancelToken) -> tuple[Traces, tuple[UnfinishedSetup, ...]] | None:
            traces = setup_traces(state)
            return None if traces == before else (traces, unfinished_setups(services, saved) if traces else ())

        jobs.begin("unfinished-setups", work, done=self._show, failed=self._not_known)

    def _not_known(self, _problem: Problem) -> None:
        """What cannot be read here is told where it is used."""

    def _show(self, found: tuple[Traces, tuple[UnfinishedSetup, ...]] | None) -> None:
        if found is None:
            return
        self._traces, shown = found
        if shown == self.shown:
            return
        self.shown = shown
        clear(self._column)
        for one in shown:
            box = NoticeBox(self._theme, Shape.NOTE, f"{one.title}", one.sentence)
            button = Button(self._theme, f"Continue set-up of {one.name or 'the cluster'}")
            button.explain("Opens the wizard where it was left; Azure is read again first")
            button.clicked.connect(self.continue_asked)
            box.add_fix(button)
            self._column.addWidget(box)
        self.setVisible(bool(shown))
