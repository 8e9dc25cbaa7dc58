"""Finding out what is proven, as the window does it: look, wait while Azure needs time, restart when told to.

A look reads and writes nothing. Restarts are jobs of their own: each only when a person says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from PySide6.QtCore import QObject, Signal, Slot

from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobGroup, Report
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.setup.planner import complete_identity, read_cluster
from tgwizard.engine.setup.restart import RestartOrder, restart_job, standby_first
from tgwizard.engine.setup.verify import target_of_plan, verify_job, with_proof
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.run_model import RunStepStatus
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Finished, RunStarted, Step
from tgwizard.model.finding import Finding
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import (
    ChangeWaiting,
    FindingReported,
    PropagationChanged,
    PropagationStage,
    SetupEvent,
    SetupFinished,
)
from tgwizard.model.setup_plan import SetupPlan
from tgwizard.model.snapshot import Snapshot
from tgwizard.model.text import format_duration, sanitize
from tgwizard.model.verify_result import ProofRun, ProvedBy, VerifyResult, VerifyState


def proof_of(started: RunStarted | None, ended: Finished) -> ProofRun:
    """What a run proves. In a guided one nothing is written here: the members move the address by themselves."""
    to = started.to if started is not None else ""
    guided = started is not None and any(plan.step is Step.GUIDE for plan in started.steps)
    by = ProvedBy.MEMBERS if guided else ProvedBy.YOU
    return ProofRun(to, by, ended.outcome is Outcome.DONE, ended.reason, ended.seconds, ended.gap_as_read_s)


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


@dataclass(frozen=True, slots=True)
class MoveFirst:
    """The failover before the restart of the machine that held the address. ``done``: None while it is under way."""

    title: str
    words: str
    done: bool | None = None


class VerifyController(QObject):
    """`changed` with everything new; `settled` when a restart has ended, however."""

    changed = Signal()
    settled = Signal()
    cluster_known = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._looks, self._restarts = JobGroup(services.jobs), JobGroup(services.jobs)
        self._plan: SetupPlan | None = None
        self._answers: Answers | None = None
        self.looked: VerifySeen | None = None
        self.looked_at: datetime | None = None
        self.stages: dict[tuple[str, str, PropagationStage], PropagationChanged] = {}
        self.checks: dict[str, Finding] = {}
        self.problem: Problem | None = None
        self.said_restarted: frozenset[ResourceId] = frozenset()
        self.restarting: RestartProgress | None = None
        self.moves: dict[ResourceId, MoveFirst] = {}
        self._moving: tuple[ResourceId, ClusterSession] | None = None
        self.proof: tuple[ProofRun, ...] = ()

    @property
    def looking(self) -> bool:
        """Whether a look is under way."""
        return self._looks.under_way

    @property
    def restarting_words(self) -> str:
        """Which machine is being restarted, or is to be, in one sentence; empty when none is."""
        if self._moving is not None:
            return f"{self.moves[self._moving[0]].title}; then {sanitize(self._moving[0].name, 90)} restarts."
        doing = self.restarting
        under_way = doing is not None and self._restarts.under_way
        return f"{sanitize(doing.vm.name, 90)} restarts; its agent is waited for." if doing and under_way else ""

    def stop_waiting(self) -> None:
        """Wait no more for the machine that restarts; it restarts all the same, unseen. None restarts after a move."""
        self._leave_move()
        self._restarts.stop()

    @property
    def result(self) -> VerifyResult | None:
        """The last result, with the proof that was made since."""
        return with_proof(self.looked.result, self.proof) if self.looked is not None else None

    def begin(self, plan: SetupPlan, answers: Answers) -> None:
        """Look at what this plan set up. What is known of another cluster is forgotten, and what changes overtook."""
        of = complete_identity(self._answers) if self._answers is not None else None
        if of != complete_identity(answers) or (plan is not self._plan and plan.writing):
            self.forget()
        self._plan, self._answers = plan, answers
        self.look()

    def forget(self) -> None:
        """Another cluster is looked at."""
        self._looks.give_up()
        # A restart cannot be called back: it is waited for and journalled all the same.
        self._restarts.let_go()
        self._leave_move()
        self.moves = {}
        self.looked, self.looked_at, self.problem, self.restarting = None, None, None, None
        self.stages, self.checks, self.proof, self.said_restarted = {}, {}, (), frozenset()
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
        identity = complete_identity(answers) if answers is not None else None
        if identity is None or self._restarts.under_way:
            return
        services = self._services

        def work(report: Report[SetupEvent], token: CancelToken) -> SetupFinished:
            return restart_job(services, identity, vm, report, token)

        def heard(event: SetupEvent) -> None:
            if isinstance(event, ChangeWaiting):
                self.restarting = RestartProgress(vm, event.sentence)
                self.changed.emit()

        def done(finished: SetupFinished) -> None:
            good = finished.outcome is Outcome.DONE
            # Its button must not come back for the moment that the next look takes.
            self.restarting = RestartProgress(vm, "It runs again; its rights are looked at.") if good else None
            if not good:
                problem = finished.problem or Problem("restart-failed", finished.reason)
                self.restarting = RestartProgress(vm, problem=problem)
            self.look()
            self.settled.emit()

        self.restarting = RestartProgress(vm, "The restart is asked for.")
        self._restarts.begin("setup-restart", work, done=done, failed=self._restart_failed(vm), heard=heard)
        self.changed.emit()

    def fail_over_then_restart(self, vm: ResourceId, session: ClusterSession, to: Member) -> None:
        """Move the address to the other member, and restart the machine once it is there; nothing after a failure."""
        if self._restarts.under_way or self._moving is not None or session.running:
            return
        title = f"Move {session.setup.address} to {to.name}"
        self._moving = vm, session
        self.moves = {**self.moves, vm: MoveFirst(title, "The checks before it are made.")}
        self.restarting = RestartProgress(vm, f"It restarts when {to.name} holds {session.setup.address}.")
        session.run_changed.connect(self._on_move_changed)
        session.run_ended.connect(self._on_move_ended)
        session.trouble.connect(self._on_move_trouble)
        session.fail_over(to, Verb.GRACEFUL, told_elsewhere=True)
        self.changed.emit()

    @Slot()
    def _on_move_changed(self) -> None:
        vm, session = self._moving or (None, None)
        run = session.run if session is not None else None
        if vm is None or run is None or run.finished is not None:
            return
        now = next((step for step in run.steps if step.status is RunStepStatus.RUNNING), None)
        if now is not None:
            self.moves[vm] = replace(self.moves[vm], words=f"{now.plan.sentence}. {now.detail}".strip(" ."))
            self.changed.emit()

    @Slot(object)
    def _on_move_trouble(self, problem: Problem) -> None:
        """It could not begin."""
        if self._moving is not None and not self._moving[1].running:
            self._end_move(problem)

    @Slot()
    def _on_move_ended(self) -> None:
        session = self._moving[1] if self._moving is not None else None
        ended = session.run.finished if session is not None and session.run is not None else None
        if ended is None:
            why = "The failover ended by an error of tgwizard."
            self._end_move(Problem("run-broke", why, "", "See where the address is on the cluster's page."))
        elif ended.outcome is Outcome.DONE:
            self._end_move(None, ended)
        else:
            self._end_move(ended.problem or Problem("not-moved", ended.reason))

    def _end_move(self, problem: Problem | None, ended: Finished | None = None) -> None:
        moving = self._moving
        if moving is None:
            return
        vm, session = moving
        started = session.run.started if session.run is not None else None
        self._leave_move()
        if problem is None and ended is not None:
            gap = f", {ended.gap.words}" if ended.gap.words else ""
            took = format_duration(ended.seconds) if ended.seconds is not None else "moved"
            self.moves[vm] = replace(self.moves[vm], words=f"{took}{gap}", done=True)
            self.proof = (*self.proof, proof_of(started, ended))
            self.restarting = None
            self.restart(vm)
        elif problem is not None:
            self.moves[vm] = replace(self.moves[vm], words=problem.sentence(), done=False)
            what = f"{sanitize(vm.name, 90)} was not restarted, because the address was not moved first."
            self.restarting = RestartProgress(vm, problem=Problem("not-restarted", what))
            self.look()
            self.settled.emit()
        self.changed.emit()

    def _leave_move(self) -> None:
        if self._moving is not None:
            session = self._moving[1]
            session.run_changed.disconnect(self._on_move_changed)
            session.run_ended.disconnect(self._on_move_ended)
            session.trouble.disconnect(self._on_move_trouble)
            self._moving = None

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
        if plan is None or answers is None or complete_identity(answers) is None:
            return
        services = self._services
        before = self.looked.result.stages if self.looked is not None else ()
        target = replace(target_of_plan(plan, answers), restarted=self.said_restarted, wait=wait, before=before)

        def work(report: Report[SetupEvent], token: CancelToken) -> VerifySeen:
            result = verify_job(services, target, report, token)
            cluster = read_cluster(services.azure, plan, answers)
            try:
                order = standby_first(services.azure, answers)
            except AzureCallError:
                order = RestartOrder()
            return VerifySeen(result, order, cluster)

        self._looks.begin("setup-verify", work, done=self._done, failed=self._failed, heard=self._heard)
        self.changed.emit()

    def _heard(self, event: SetupEvent) -> None:
        match event:
            case PropagationChanged():
                self.stages[event.machine, event.scope, event.stage] = event
            case FindingReported():
                self.checks[event.key] = event.finding
            case _:
                return
        self.changed.emit()

    def _done(self, found: VerifySeen) -> None:
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
        if doing is not None and doing.problem is None and not self._restarts.under_way:
            self.restarting = None

    def _failed(self, problem: Problem) -> None:
        self._restart_seen()
        self.problem = problem
        self.changed.emit()
