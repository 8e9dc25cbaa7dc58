"""Reads the past off the GUI thread for the pages: the journals of all clusters, and the reports that were kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject, Signal, SignalInstance

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.history import run_report
from tgwizard.engine.history.history_entries import moment
from tgwizard.engine.history.report_folder import KeptReport, ReportFolder
from tgwizard.engine.history.run_history import RunHistory, WholeHistory, history_of
from tgwizard.engine.jobs import AnyJob, Report
from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError


@dataclass(frozen=True, slots=True)
class HistoryLoaded:
    """The past, as the journals said for the reading of this number."""

    number: int
    history: WholeHistory


@dataclass(frozen=True, slots=True)
class ReportsRead:
    """The kept reports; ``problem`` when the folder could not be read."""

    kept: tuple[KeptReport, ...]
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ReportKept:
    """A report was kept, or not: then ``problem`` says why."""

    run: str
    kept: KeptReport | None
    problem: Problem | None = None


class HistoryReader(QObject):
    """The past of one open program. Each answer is a signal of its own."""

    read = Signal(object)
    reports_read = Signal(object)
    report_kept = Signal(object)

    def __init__(self, opened: OpenedProgram, parent: QObject) -> None:
        super().__init__(parent)
        self._opened = opened
        self._readings = 0
        self._asked: list[AnyJob] = []
        """The jobs whose answers may still come."""
        self.reports = ReportFolder.of(opened.services)

    @property
    def readings(self) -> int:
        """The number of the reading that was begun last; 0 before the first.

        A reading sees what was journalled before it began. Two of them may answer in either order.
        """
        return self._readings

    def wall(self) -> datetime:
        """The time by the engine's clock."""
        return self._opened.services.clock.wall()

    def read_runs(self, clusters: tuple[ClusterSetup, ...]) -> None:
        """Read the journals of these clusters again; `read` follows."""
        self._readings = number = self._readings + 1
        services = self._opened.services

        def work(_report: Report[object], token: CancelToken) -> HistoryLoaded:
            def told_apart() -> Iterator[ClusterSetup]:
                for setup in clusters:
                    token.check()
                    yield setup

            return HistoryLoaded(number, history_of(services, told_apart()))

        self._ask("history", work, self.read)

    def read_reports(self) -> None:
        """Read the folder of reports again; `reports_read` follows."""
        reports = self.reports

        def work(_report: Report[object], _token: CancelToken) -> ReportsRead:
            try:
                return ReportsRead(reports.kept())
            except UserError as error:
                return ReportsRead((), error.problem)

        self._ask("reports", work, self.reports_read)

    def keep(self, setup: ClusterSetup, run: RunHistory) -> None:
        """Keep the report of a run; `report_kept` follows."""
        reports = self.reports

        def work(_report: Report[object], _token: CancelToken) -> ReportKept:
            title = f"{setup.name}, {run_report.title(run)}"
            try:
                kept = reports.keep(title, moment(run.began.at), run_report.run_report_page(run, setup))
                return ReportKept(run.run, kept)
            except UserError as error:
                return ReportKept(run.run, None, error.problem)

        self._ask("keep-report", work, self.report_kept)

    def _ask(self, name: str, work: Callable[[Report[object], CancelToken], object], answer: SignalInstance) -> None:
        jobs = self._opened.services.jobs
        self._asked = [job for job in self._asked if jobs.is_open(job)]
        self._asked.append(jobs.start(name, work, done=answer.emit))

    def end(self) -> None:
        """Hear no more of what was asked, which goes on to its end: a report is kept all the same."""
        for job in self._asked:
            self._opened.services.jobs.let_go(job)
        self._asked.clear()
