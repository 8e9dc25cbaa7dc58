"""The end of a set-up: the cluster's file, watching it, proving it by a failover, and the report."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.files.cluster_file import save_cluster
from tgwizard.engine.jobs import JobGroup, JobQueue, Report
from tgwizard.engine.setup.verify_report import verify_report_page
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.page import Shell
from tgwizard.gui.setup.verify_controller import VerifyController, proof_of
from tgwizard.gui.widgets.save_text import save_text
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem


class FinishSetup(QObject):
    """Saves the cluster as soon as it is known, so that nothing is lost, and lets the window watch it."""

    changed = Signal()
    said = Signal(str)

    def __init__(self, shell: Shell, jobs: JobQueue, verifier: VerifyController, over: QWidget) -> None:
        """Nothing is saved yet. `over` is where the file dialog of the report opens."""
        super().__init__(over)
        self._over = over
        self._shell = shell
        self._saving = JobGroup(jobs)
        self._verifier = verifier
        self._proving: ClusterSession | None = None
        self._asking: ClusterSession | None = None
        self.cluster: ClusterSetup | None = None
        self.file: Path | None = None
        self.problem: Problem | None = None
        verifier.cluster_known.connect(self._on_known)

    def forget(self) -> None:
        """Another cluster is set up now."""
        self.cluster, self.file, self.problem, self._proving = None, None, None, None

    @property
    def session(self) -> ClusterSession | None:
        """The watched cluster; None while it is not, or while another one has its name."""
        session = self._shell.sessions.get(self.cluster.name) if self.cluster is not None else None
        mine = session is not None and self.cluster is not None and session.setup.identity == self.cluster.identity
        return session if mine else None

    @Slot(object)
    def _on_known(self, cluster: ClusterSetup) -> None:
        self.cluster = cluster
        folder = self._shell.context.clusters_folder
        if folder is None:
            self._shell.include_cluster(cluster)
            return
        file = folder / f"{cluster.name}.toml"

        def work(_report: Report[object], _token: CancelToken) -> None:
            save_cluster(file, cluster)

        def done(_nothing: None) -> None:
            self.file, self.problem = file, None
            self._shell.include_cluster(cluster)
            self.changed.emit()

        def failed(problem: Problem) -> None:
            self.problem = problem
            self._shell.include_cluster(cluster)
            self.changed.emit()

        self._saving.begin("setup-cluster", work, done=done, failed=failed)

    def finish(self) -> None:
        """Open the cluster's page."""
        session = self.session
        if session is not None:
            self._shell.open_cluster(session.setup.name)

    @Slot()
    def prove(self) -> None:
        """Open the question of a failover on the cluster's page; nothing begins before it is confirmed."""
        session = self.session
        if session is None:
            return
        self._proving = session
        session.run_ended.connect(self._on_run_ended)
        self._shell.open_cluster(session.setup.name)
        if session.reason_against(Verb.GRACEFUL) is None:
            self._shell.ask(Verb.GRACEFUL)
        elif self._asking is not session:
            # Not read yet, or too long ago: its page says so, and the question opens with the next reading.
            self._asking = session
            session.observed.connect(self._ask_when_read)

    @Slot()
    def _ask_when_read(self) -> None:
        session = self._asking
        if session is None:
            return
        left = self._shell.current != session.setup.name
        if left or session.reason_against(Verb.GRACEFUL) is None:
            session.observed.disconnect(self._ask_when_read)
            self._asking = None
            if not left:
                self._shell.ask(Verb.GRACEFUL)

    @Slot()
    def _on_run_ended(self) -> None:
        session = self._proving
        if session is None or session.run is None or session.run.finished is None:
            return
        session.run_ended.disconnect(self._on_run_ended)
        self._proving = None
        self._verifier.proved(proof_of(session.run.started, session.run.finished))

    @Slot()
    def save_report(self) -> None:
        """Save what was found out as a page."""
        result = self._verifier.result
        if result is not None:
            name = f"{result.cluster or 'cluster'}-set-up.html"
            self.said.emit(save_text(self._over, name, verify_report_page(result)))
