"""Restart a machine, or start one that was stopped, and wait until Azure sees it run with its agent ready.

Never a part of applying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Report
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import WriteKind
from tgwizard.engine.runs.setup_journal import SetupJournal, locked_job
from tgwizard.engine.runs.task_runner import Task, TaskBody, make_call
from tgwizard.engine.setup.apply import new_run, run_tasks
from tgwizard.engine.setup.apply_loop import Absent, ApplyContext, Conflicting, Pending, Present, Seen, run_change
from tgwizard.engine.setup.plan_changes import restart_order
from tgwizard.model.cluster import ClusterIdentity, ResourceId
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import SetupEvent, SetupFinished
from tgwizard.model.snapshot import Power

SLOWEST_S = 45.0
"""Azure's slowest recorded restart took 42 s; until then a machine that looks untouched may not have gone down yet."""


def restart(
    azure: AzurePorts,
    clock: Clock,
    journal: SetupJournal,
    vm: ResourceId,
    report: Report[SetupEvent],
    token: CancelToken,
) -> SetupFinished:
    """Restart it, once, and wait. A cancel leaves it to itself: a restart cannot be called back."""
    return restart_in_context(ApplyContext(azure, clock, journal, report, token), vm)


def restart_in_context(context: ApplyContext, vm: ResourceId) -> SetupFinished:
    """The same in a context of the caller's."""
    context.run = new_run()
    key, sentence = f"restart:{vm.key}", f"Restart {vm.name}"
    action = _Restart(context, vm)
    return run_tasks(
        context, "restart", [Task(key, lambda: run_change(context, key, sentence, action))], {key: sentence}, {}
    )


@dataclass(frozen=True, slots=True)
class RestartOrder:
    """In which order to restart, and whose interface holds the address now (None: nobody's, or not known)."""

    machines: tuple[ResourceId, ...] = ()
    holder: ResourceId | None = None


def standby_first(azure: AzurePorts, answers: Answers) -> RestartOrder:
    """The machines in the order in which to restart them: the one whose interface holds the address comes last.

    AzureCallError when an interface could not be read: then the order is not known.
    """
    if answers.machines is None or answers.nics is None:
        return RestartOrder()
    address = answers.address
    holds = tuple(address is not None and azure.network.read_nic(nic).lists(str(address)) for nic in answers.nics)
    holders = [vm for vm, held in zip(answers.machines, holds, strict=True) if held]
    return RestartOrder(restart_order(answers.machines, holds), holders[0] if holders else None)


@dataclass(slots=True)
class _Restart:
    context: ApplyContext
    vm: ResourceId
    write_kind: WriteKind = WriteKind.RESTART
    done_sentence: str = ""
    waiting_sentence: str = ""
    _sent: float | None = field(default=None, init=False)
    _lost: bool = field(default=False, init=False)
    _down: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.done_sentence = f"{self.vm.name} runs again and its agent is ready"
        self.waiting_sentence = f"{self.vm.name} restarts; its agent is usually back within two minutes."

    def target(self) -> str:
        return self.vm.text

    def look(self) -> TaskBody[Seen]:
        seen = yield from make_call(lambda: self.context.azure.compute.vm(self.vm))
        if self._sent is None:
            return Absent() if seen.power is Power.RUNNING else Conflicting(self._not_running(seen.power))
        up = seen.power is Power.RUNNING and seen.agent_ready is not False
        self._down = self._down or not up
        waited = self.context.clock.monotonic() - self._sent
        if up and self._down:
            return Present()
        if up and waited > SLOWEST_S:
            # A fast restart happens between two looks; a lost request that never arrived looks the same.
            return Conflicting(self._not_seen()) if self._lost else Present()
        return Pending(self.waiting_sentence)

    def content(self) -> Mapping[str, Any]:
        return {}

    def send(self, request: str) -> None:
        self._sent = self.context.clock.monotonic()
        try:
            self.context.azure.compute.restart(self.vm, request_id=request)
        except AzureCallError as failure:
            self._lost = failure.certainty is Certainty.UNKNOWN
            if not self._lost:
                self._sent = None
            raise

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """Nothing of its own."""

    def _not_running(self, power: Power) -> Problem:
        what = f"{self.vm.name} is {power.value}, so it was not restarted."
        fix = "Start it on its cluster's page or in the Azure portal. It has its new rights once it runs."
        return Problem("not-running", what, "", fix)

    def _not_seen(self) -> Problem:
        return Problem(
            "restart-not-seen",
            f"Whether {self.vm.name} restarted is not known.",
            "The answer to the request was lost, and the machine was not seen to go down.",
            "Look at its activity log in the Azure portal, or restart it again.",
        )


def restart_job(
    services: Services, identity: ClusterIdentity, vm: ResourceId, report: Report[SetupEvent], token: CancelToken
) -> SetupFinished:
    """Restart one machine and wait until it is back."""
    return locked_job(
        services,
        identity,
        "restart",
        report,
        lambda journal: restart(services.azure, services.clock, journal, vm, report, token),
    )


@dataclass(slots=True)
class _Start:
    context: ApplyContext
    vm: ResourceId
    write_kind: WriteKind = WriteKind.START
    done_sentence: str = ""
    waiting_sentence: str = ""

    def __post_init__(self) -> None:
        self.done_sentence = f"{self.vm.name} runs and its agent is ready"
        self.waiting_sentence = f"{self.vm.name} starts; its agent is usually back within two minutes."

    def target(self) -> str:
        return self.vm.text

    def look(self) -> TaskBody[Seen]:
        seen = yield from make_call(lambda: self.context.azure.compute.vm(self.vm))
        match seen.power:
            case Power.RUNNING:
                return Pending(self.waiting_sentence) if seen.agent_ready is False else Present()
            case Power.STOPPED | Power.DEALLOCATED:
                return Absent()
            case Power.STOPPING | Power.DEALLOCATING:
                return Pending(f"{self.vm.name} is still being stopped; it is started after that.")
            case _:
                return Pending(self.waiting_sentence)

    def content(self) -> Mapping[str, Any]:
        return {}

    def send(self, request: str) -> None:
        self.context.azure.compute.start(self.vm, request_id=request)

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """Nothing of its own."""


def start_command(cluster: str, member: str) -> str:
    """The command that starts a member's machine again."""
    return f"tgwizard start {cluster} --member {member}"


def start_job(
    services: Services, identity: ClusterIdentity, vm: ResourceId, report: Report[SetupEvent], token: CancelToken
) -> SetupFinished:
    """Start one machine and wait until it is there. A cancel leaves it to itself: a start cannot be called back."""

    def start(journal: SetupJournal) -> SetupFinished:
        context = ApplyContext(services.azure, services.clock, journal, report, token)
        context.run = new_run()
        key, sentence = f"start:{vm.key}", f"Start {vm.name}"
        task = Task(key, lambda: run_change(context, key, sentence, _Start(context, vm)))
        return run_tasks(context, "start", [task], {key: sentence}, {})

    return locked_job(services, identity, "start", report, start)
