"""One write: journalled, sent once, its answer journalled; only the engine repeats (engine/README.md 1.5)."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tgwizard.engine.azure_call_error import AzureCallError, Certainty
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

Intended = TypeVar("Intended")
Answered = TypeVar("Answered")
Reply = TypeVar("Reply")
Taken = TypeVar("Taken", bound=Accepted | MoveAccepted | StopAccepted)

_ANSWERS = {
    Certainty.NOT_SENT: WriteAnswer.NOT_SENT,
    Certainty.REFUSED: WriteAnswer.REFUSED,
    Certainty.UNKNOWN: WriteAnswer.UNKNOWN,
}


def write_answer_of(failure: AzureCallError) -> WriteAnswer:
    """What a failure says about the attempt."""
    return _ANSWERS[failure.certainty]


@dataclass(slots=True)
class Attempt(Generic[Reply]):
    """One write on its way. ``reply`` is for the block that sends it to fill, where there is one to keep."""

    reply: Reply | None = None
    failure: AzureCallError | None = None

    @property
    def answer(self) -> WriteAnswer:
        """What came back."""
        return WriteAnswer.ACCEPTED if self.failure is None else write_answer_of(self.failure)


@contextlib.contextmanager
def journalled_write(
    record: Callable[[Intended | Answered], None], intended: Intended, answered: Callable[[Attempt[Reply]], Answered]
) -> Iterator[Attempt[Reply]]:
    """Record that a write goes out, have it sent in the block, once, and record what came of it.

    How long ``record`` waits is its journal's to say: a failover only hands its records over (engine/README.md 1.5),
    setting up waits until they are on the disk. A call that fails ends the block, and nothing more.
    """
    attempt: Attempt[Reply] = Attempt()
    record(intended)
    try:
        yield attempt
    except AzureCallError as failure:
        attempt.failure = failure
    record(answered(attempt))


@dataclass(frozen=True, slots=True)
class WriteSender:
    """Sends the writes of one failover. A failure is returned: the run goes on with it."""

    azure: AzurePorts
    clock: Clock
    journal: FailoverJournal
    report: Report[Event]
    run: str
    reported_problems: set[Problem] = field(default_factory=set)

    def send(
        self, step: Step, member: Member, document: NicDocument, *, request: str = "", precondition: Precondition
    ) -> Accepted | AzureCallError:
        """PUT the document, bound to the version it was read at."""
        attempt = self._attempt(step, member, document.etag, request)
        return self._send_once(
            attempt,
            ("PUT", member.nic.name),
            lambda: self.azure.network.write_nic(
                member.nic, document, if_match=document.etag, request_id=attempt.request, precondition=precondition
            ),
            lambda accepted: f"accepted, {accepted.provisioning.value}",
        )

    def move(
        self,
        source: ConfigurationId,
        target: ConfigurationId,
        subnet: ResourceId,
        losing: Member,
        *,
        precondition: Precondition,
    ) -> MoveAccepted | AzureCallError:
        """Ask for the move in one call, once."""
        attempt = self._attempt(Step.MOVE, losing)
        return self._send_once(
            attempt,
            ("POST", subnet.parent_name),
            lambda: self.azure.network.move_configuration(
                source, target, subnet, request_id=attempt.request, precondition=precondition
            ),
            lambda _: f"accepted, {target.name} on {target.nic.name}",
        )

    def stop(self, member: Member, how: StopMethod, *, precondition: Precondition) -> StopAccepted | AzureCallError:
        """Ask for the stop of a member's VM, once: the instance view settles what came of it."""
        attempt = self._attempt(Step.FENCE, member)
        return self._send_once(
            attempt,
            ("POST", f"{member.vm.name}/{how.value}"),
            lambda: self.azure.compute.stop_vm(member.vm, how, request_id=attempt.request, precondition=precondition),
            lambda _: "accepted",
        )

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

    def _attempt(self, step: Step, member: Member, etag: str = "", request: str = "") -> WriteAttempted:
        return WriteAttempted(self.run, self._now(), step, member.name, request or str(uuid.uuid4()), etag)

    def _send_once(
        self,
        attempt: WriteAttempted,
        asked: tuple[str, str],
        call: Callable[[], Taken],
        accepted: Callable[[Taken], str],
    ) -> Taken | AzureCallError:
        """``asked``: method and target, and ``accepted``: the answer, for who follows the calls."""

        def answered(sent: Attempt[Taken]) -> WriteAnswered:
            etag = arm_request = detail = ""
            if (reply := sent.reply) is not None:
                self._report_request(*asked, accepted(reply))
                etag, arm_request = reply.etag if isinstance(reply, Accepted) else "", reply.arm_request_id
            elif (failure := sent.failure) is not None:
                self._report_request(*asked, f"{failure.status or 'no answer'}, {failure.problem.what}")
                arm_request = failure.request_id
                detail = f"{failure.problem.code}: {failure.problem.detail or failure.problem.what}"
            return WriteAnswered(self.run, self._now(), attempt.request, sent.answer, etag, arm_request, detail)

        with journalled_write(self._append, attempt, answered) as sent:
            reply = sent.reply = call()
        return reply if sent.failure is None else sent.failure

    def _append(self, record: WriteAttempted | WriteAnswered) -> None:
        self.journal.append(self.run, record)

    def _report_request(self, method: str, target: str, outcome: str) -> None:
        self.report(CallMade(self.stamp(), self.run, method, target, outcome))

    def _now(self) -> str:
        return format_utc(self.clock.wall())
