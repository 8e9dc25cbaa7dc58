"""Sending one write: journalled, sent once, its answer told; only the engine repeats (engine/README.md 1.5)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from tgwizard.engine.errors import AzureCallError, Certainty
from tgwizard.engine.jobs import Report
from tgwizard.engine.ports import Accepted, AzurePorts, Clock, ConfigurationId, MoveAccepted, Precondition, StopAccepted
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.records import WriteAnswer, WriteAnswered, WriteAttempted
from tgwizard.model.cluster import Member, ResourceId
from tgwizard.model.event_base import Stamp
from tgwizard.model.failover_events import CallMade, Event, Step, WarningRaised
from tgwizard.model.failover_options import StopMethod
from tgwizard.model.nic import NicDocument
from tgwizard.model.problem import Problem
from tgwizard.model.text import format_utc

_ANSWERS = {
    Certainty.NOT_SENT: WriteAnswer.NOT_SENT,
    Certainty.REFUSED: WriteAnswer.REFUSED,
    Certainty.UNKNOWN: WriteAnswer.UNKNOWN,
}


def write_answer_of(failure: AzureCallError) -> WriteAnswer:
    """What a failure says about the attempt."""
    return _ANSWERS[failure.certainty]


@dataclass(frozen=True, slots=True)
class WriteSender:
    """Sends the writes of one run."""

    azure: AzurePorts
    clock: Clock
    journal: FailoverJournal
    report: Report[Event]
    run: str
    reported_problems: set[Problem] = field(default_factory=set)

    def send(
        self, step: Step, member: Member, document: NicDocument, *, request: str = "", precondition: Precondition
    ) -> Accepted | AzureCallError:
        """PUT the document, bound to the version it was read at. A failure is returned: the run goes on with it."""
        request = request or str(uuid.uuid4())
        attempt = WriteAttempted(self.run, self._now(), step, member.name, request, document.etag)
        self.journal.append(self.run, attempt)
        try:
            accepted = self.azure.network.write_nic(
                member.nic, document, if_match=document.etag, request_id=request, precondition=precondition
            )
        except AzureCallError as failure:
            return self._failed("PUT", member.nic.name, request, failure)
        self._report_request("PUT", member.nic.name, f"accepted, {accepted.provisioning.value}")
        answered = WriteAnswered(
            self.run, self._now(), request, WriteAnswer.ACCEPTED, accepted.etag, accepted.arm_request_id, ""
        )
        self.journal.append(self.run, answered)
        return accepted

    def move(
        self,
        source: ConfigurationId,
        target: ConfigurationId,
        subnet: ResourceId,
        losing: Member,
        *,
        precondition: Precondition,
    ) -> MoveAccepted | AzureCallError:
        """Ask for the move in one call, once. A failure is returned: the run goes on with it."""
        request = str(uuid.uuid4())
        self.journal.append(self.run, WriteAttempted(self.run, self._now(), Step.MOVE, losing.name, request, ""))
        try:
            accepted = self.azure.network.move_configuration(
                source, target, subnet, request_id=request, precondition=precondition
            )
        except AzureCallError as failure:
            return self._failed("POST", subnet.parent_name, request, failure)
        self._report_request("POST", subnet.parent_name, f"accepted, {target.name} on {target.nic.name}")
        answered = WriteAnswered(self.run, self._now(), request, WriteAnswer.ACCEPTED, "", accepted.arm_request_id, "")
        self.journal.append(self.run, answered)
        return accepted

    def stop(self, member: Member, how: StopMethod, *, precondition: Precondition) -> StopAccepted | AzureCallError:
        """Ask for the stop of a member's VM, once. A failure is returned: the instance view settles what came of it."""
        request = str(uuid.uuid4())
        self.journal.append(self.run, WriteAttempted(self.run, self._now(), Step.FENCE, member.name, request, ""))
        try:
            accepted = self.azure.compute.stop_vm(member.vm, how, request_id=request, precondition=precondition)
        except AzureCallError as failure:
            return self._failed("POST", f"{member.vm.name}/{how.value}", request, failure)
        self._report_request("POST", f"{member.vm.name}/{how.value}", "accepted")
        answered = WriteAnswered(self.run, self._now(), request, WriteAnswer.ACCEPTED, "", accepted.arm_request_id, "")
        self.journal.append(self.run, answered)
        return accepted

    def report_power_reading(self, member: Member, outcome: str) -> None:
        """Tell of a reading of the VM's power."""
        self._report_request("GET", member.vm.name, outcome)

    def report_nic_reading(self, member: Member, outcome: str) -> None:
        """Tell of a read."""
        self._report_request("GET", member.nic.name, outcome)

    def warn(self, problem: Problem) -> None:
        """Tell of something that does not stop the run; once, however often it is met (a file that stays read-only)."""
        same = problem.with_detail("")  # each answer of Azure has a request id of its own
        if same in self.reported_problems:
            return
        self.reported_problems.add(same)
        self.report(WarningRaised(self.stamp(), self.run, problem))

    def stamp(self) -> Stamp:
        """Now."""
        return Stamp(self.clock.wall(), self.clock.monotonic())

    def _failed(self, method: str, target: str, request: str, failure: AzureCallError) -> AzureCallError:
        self._report_request(method, target, f"{failure.status or 'no answer'}, {failure.problem.what}")
        detail = f"{failure.problem.code}: {failure.problem.detail or failure.problem.what}"
        answered = WriteAnswered(
            self.run, self._now(), request, write_answer_of(failure), "", failure.request_id, detail
        )
        self.journal.append(self.run, answered)
        return failure

    def _report_request(self, method: str, target: str, outcome: str) -> None:
        self.report(CallMade(self.stamp(), self.run, method, target, outcome))

    def _now(self) -> str:
        return format_utc(self.clock.wall())
