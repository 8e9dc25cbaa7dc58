"""Finding out what is proven, as the window does it: look, wait while Azure needs time, restart when told to.

A look reads and writes nothing. Restarts are jobs of their own: each only when a person says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from PySide6.QtCore import QObject, Signal

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.errors import AzureCallError
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.setup.planner import read_cluster
from tgwizard.engine.setup.restart import restart_job, standby_first
from tgwizard.engine.setup.setup_journal import SetupJournal, setup_journal_file
from tgwizard.engine.setup.verify import VerifyTarget, target_of_plan, verify, with_proof
from tgwizard.gui.setup.apply_controller import identity_of
from tgwizard.gui.setup.background_tasks import BackgroundTaskKind, BackgroundTasks, OnValue
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.finding import Finding
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import (
    ChangeWaiting,
    FindingReported,
    PropagationChanged,
    PropagationStage,
    SetupFinished,
)
from tgwizard.model.setup_plan import SetupPlan
from tgwizard.model.snapshot import Snapshot
from tgwizard.model.text import sanitize
from tgwizard.model.verify_result import ProofRun, VerifyResult, VerifyState


@dataclass(frozen=True, slots=True)
class RestartOrder:
    """In which order to restart, and whose interface holds the address now (None: nobody's, or not known)."""

    machines: tuple[ResourceId, ...] = ()
    holder: ResourceId | None = None


@dataclass(frozen=True, slots=True)
class VerifySeen:
    """What a look came to: the result, the order, and the cluster as its file keeps it."""

    result: VerifyResult
    order: RestartOrder
    cluster: ClusterSetup


@dataclass(frozen=True, slots=True)
class RestartProgress:
    """A restart under way or ended badly."""

    vm: ResourceId
    words: str = ""
    problem: Problem | None = None


class VerifyController(QObject):
    """`changed` with everything new; `settled` when a restart has ended, however."""

    changed = Signal()
    settled = Signal()
    cluster_known = Signal(object)

    def __init__(self, services: Services, tasks: BackgroundTasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._plan: SetupPlan | None = None
        self._answers: Answers | None = None
        self.looked: VerifySeen | None = None
        self.looked_at: datetime | None = None
        self.ticks: dict[tuple[str, str, PropagationStage], PropagationChanged] = {}
        self.checks: dict[str, Finding] = {}
        self.problem: Problem | None = None
        self.said_restarted: frozenset[ResourceId] = frozenset()
        self.restarting: RestartProgress | None = None
        self.proof: tuple[ProofRun, ...] = ()

    @property
    def looking(self) -> bool:
        """Whether a look is under way."""
        return self._tasks.under_way(BackgroundTaskKind.VERIFY)

    @property
    def restarting_words(self) -> str:
        """Which machine is being restarted, in one sentence; empty when none is."""
        doing = self.restarting
        under_way = doing is not None and self._tasks.under_way(BackgroundTaskKind.RESTART)
        return f"{sanitize(doing.vm.name, 90)} restarts; its agent is waited for." if doing and under_way else ""

    def stop_waiting(self) -> None:
        """Wait no more for the machine that restarts; it restarts all the same, unseen."""
        self._tasks.stop(BackgroundTaskKind.RESTART)

    @property
    def result(self) -> VerifyResult | None:
        """The last result, with the proof that was made since."""
        return with_proof(self.looked.result, self.proof) if self.looked is not None else None

    def begin(self, plan: SetupPlan, answers: Answers) -> None:
        """Look at what this plan set up. What is known of another cluster is forgotten, and what changes overtook."""
        of = identity_of(self._answers) if self._answers is not None else None
        if of != identity_of(answers) or (plan is not self._plan and plan.writing):
            self.forget()
        self._plan, self._answers = plan, answers
        self.look()

    def forget(self) -> None:
        """Another cluster is looked at."""
        self._tasks.give_up(BackgroundTaskKind.VERIFY)
        # A restart cannot be called back: it is waited for and journalled all the same.
        self._tasks.let_go(BackgroundTaskKind.RESTART)
        self.looked, self.looked_at, self.problem, self.restarting = None, None, None, None
        self.ticks, self.checks, self.proof, self.said_restarted = {}, {}, (), frozenset()
        self._plan = self._answers = None

    def look(self) -> None:
        """Look once, now; afterwards it goes on by itself while Azure needs time."""
        self._look(wait=False)

    def say_restarted(self, vm: ResourceId) -> None:
        """The user says that the machine has restarted."""
        self.said_restarted |= {vm}
        self.look()

    def holds(self, vm: ResourceId, seen: Snapshot | None) -> bool:
        """Whether the machine holds the address: by the last look, or by what the cluster's own readings say now."""
        place = seen.place.member if seen is not None and not seen.is_stale() else None
        order = self.looked.order if self.looked is not None else RestartOrder()
        return place.vm == vm if place is not None else order.holder == vm

    def restart(self, vm: ResourceId) -> None:
        """Restart a machine and wait until it is back."""
        answers = self._answers
        identity = identity_of(answers) if answers is not None else None
        if identity is None or self._tasks.under_way(BackgroundTaskKind.RESTART):
            return
        services = self._services

        def task(hear: OnValue, token: CancelToken) -> SetupFinished:
            return restart_job(services, identity, vm, hear, token)

        def heard(event: object) -> None:
            if isinstance(event, ChangeWaiting):
                self.restarting = RestartProgress(vm, event.sentence)
                self.changed.emit()

        def done(finished: object) -> None:
            good = isinstance(finished, SetupFinished) and finished.outcome is Outcome.DONE
            # Its button must not come back for the moment that the next look takes.
            self.restarting = RestartProgress(vm, "It runs again; its rights are looked at.") if good else None
            if isinstance(finished, SetupFinished) and not good:
                problem = finished.problem or Problem("restart-failed", finished.reason)
                self.restarting = RestartProgress(vm, problem=problem)
            self.look()
            self.settled.emit()

        self.restarting = RestartProgress(vm, "The restart is asked for.")
        self._tasks.begin(BackgroundTaskKind.RESTART, task, done=done, failed=self._restart_failed(vm), heard=heard)
        self.changed.emit()

    def proved(self, run: ProofRun) -> None:
        """A real failover was made."""
        self.proof = (*self.proof, run)
        self.look()

    def _restart_failed(self, vm: ResourceId) -> Callable[[Problem], None]:
        def failed(problem: Problem) -> None:
            self.restarting = RestartProgress(vm, problem=problem)
            self.changed.emit()
            self.settled.emit()

        return failed

    def _look(self, *, wait: bool) -> None:
        plan, answers = self._plan, self._answers
        identity = identity_of(answers) if answers is not None else None
        if plan is None or answers is None or identity is None:
            return
        services = self._services
        file = setup_journal_file(services.state_dir, identity)
        subject: VerifyTarget = replace(target_of_plan(plan, answers), restarted=self.said_restarted, wait=wait)

        def task(hear: OnValue, token: CancelToken) -> VerifySeen:
            with contextlib.closing(SetupJournal.open(file)) as journal:
                kept = services.outdated_writes
                result = verify(services.azure, services.members, services.clock, journal, subject, hear, token, kept)
            cluster = read_cluster(services.azure, plan, answers)
            return VerifySeen(result, _order(services, answers), cluster)

        self._tasks.begin(BackgroundTaskKind.VERIFY, task, done=self._done, failed=self._failed, heard=self._heard)
        self.changed.emit()

    def _heard(self, event: object) -> None:
        match event:
            case PropagationChanged():
                self.ticks[event.machine, event.scope, event.tick] = event
            case FindingReported():
                self.checks[event.key] = event.finding
            case _:
                return
        self.changed.emit()

    def _done(self, found: object) -> None:
        if not isinstance(found, VerifySeen):
            return
        self._restart_seen()
        known = self.looked is not None and self.looked.cluster == found.cluster
        if not found.order.machines and self.looked is not None:
            # The interfaces could not be read this time; the restarts that are due stay on the page.
            found = replace(found, order=self.looked.order)
        self.looked, self.looked_at, self.problem = found, self._services.clock.wall(), None
        if not known:
            self.cluster_known.emit(found.cluster)
        if found.result.overall_state is VerifyState.WAITS:
            self._look(wait=True)
        self.changed.emit()

    def _restart_seen(self) -> None:
        """A restart that went well is told by the look that came after it."""
        doing = self.restarting
        if doing is not None and doing.problem is None and not self._tasks.under_way(BackgroundTaskKind.RESTART):
            self.restarting = None

    def _failed(self, problem: Problem) -> None:
        self._restart_seen()
        self.problem = problem
        self.changed.emit()


def _order(services: Services, answers: Answers) -> RestartOrder:
    try:
        machines = standby_first(services.azure, answers)
        holders = [
            vm
            for vm, nic in zip(answers.machines or (), answers.nics or (), strict=True)
            if answers.address is not None and services.azure.network.read_nic(nic).lists(str(answers.address))
        ]
    except AzureCallError:
        return RestartOrder()
    return RestartOrder(machines, holders[0] if holders else None)
