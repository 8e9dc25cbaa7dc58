"""The fence: the losing VM is stopped, and proved to be, before anything is detached (engine/README.md 1.11).

One journalled step with its own deadline. A lost answer is settled by reading the instance view, never by asking again
at once. A stop that cannot be proved ends the run before the detach, unless the user chose to go on without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.failover import run_result
from tgwizard.engine.failover.run_context import RunContext
from tgwizard.engine.failover.run_reporter import RunReporter
from tgwizard.engine.failover.service_gap import ServiceEnd
from tgwizard.engine.observe import Observer
from tgwizard.engine.ports import OperationState
from tgwizard.engine.readiness.preflight import Preflight
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.journalled_write import WriteSender
from tgwizard.engine.runs.records import RunEndRecord, RunRecord
from tgwizard.model.cluster import Member
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CancelMeaning, Finished, Step
from tgwizard.model.failover_options import FenceRequest, StopMethod
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.snapshot import STOPPED, AddressLocation, Power
from tgwizard.model.text import format_utc

_STOPPING = (Power.STOPPING, Power.DEALLOCATING)
_ASK_OPERATION_EVERY = 5
_LONGEST_LOOK_S = 60.0
"""A look that comes so much later than the one before tells of a sleep: what was about to be asked is dropped."""


class StopOutcome(Enum):
    """How the stop went. HELD: it is not proved, and the run must not go on; WAIVED: not proved, and it may.

    STALE: time went by that no wait of ours explains; a late run is dropped, whatever became of the stop
    (engine/README.md 1.7).
    """

    PROVED = "proved"
    WAIVED = "waived"
    HELD = "held"
    CANCELLED = "cancelled"
    STALE = "late"


@dataclass(slots=True)
class Fencing:
    """Stops one VM."""

    context: RunContext
    journal: FailoverJournal
    observer: Observer
    run_record: RunRecord
    losing: Member
    to: Member
    how: StopMethod
    checked_at: float
    asked: bool = False
    asked_at: float | None = None
    problem: Problem | None = None
    _sender: WriteSender = field(init=False)
    _operation: str = ""
    _unanswered_since: float | None = None
    _read_at: float = 0.0

    def __post_init__(self) -> None:
        self._sender = self.context.write_sender(self.journal)

    def stop(self) -> StopOutcome:
        """Ask for the stop and read until it is proved; never raises for what Azure answers."""
        timing, clock = self.context.timing, self.context.services.clock
        reporter = RunReporter(self._sender, self.losing, self.to, self.run_record.address)
        reporter.step(Step.FENCE, CancelMeaning.STOPS, timing.fence_s)
        end = clock.monotonic() + timing.fence_s
        accepted, looks = False, 0
        while True:
            power, self._read_at = self._read_power(), clock.monotonic()
            if self._read_at > end + _LONGEST_LOOK_S or (not self.asked and not self._checks_fresh()):
                self.problem = run_result.too_late().problem
                return StopOutcome.STALE
            if power in STOPPED:
                reporter.finish()
                return StopOutcome.PROVED
            if self.context.cancel.is_cancelled:
                return StopOutcome.CANCELLED
            if clock.monotonic() > end:
                return self._gave_up(self._too_long(power))
            if not accepted and power not in _STOPPING and self._may_request():
                refused, accepted = self._request_stop()
                if refused is not None:
                    return self._gave_up(refused)
                reporter.stop_asked = self.asked
                reporter.holder_observed(self.observer.snapshot().place, CancelMeaning.STOPS)
                continue
            looks += 1
            if looks % _ASK_OPERATION_EVERY == 0 and (failed := self._operation_failed()) is not None:
                return self._gave_up(failed)
            clock.sleep(4 * timing.poll_s, self.context.cancel)  # a stop takes far longer than an update

    def service_end(self, stopped: StopOutcome) -> ServiceEnd | None:
        """When the stop ended service. One that was not proved may have, and one that others asked for did earlier."""
        if stopped is StopOutcome.PROVED and self.asked_at is not None:
            return ServiceEnd(self.asked_at, self.asked_at, seen=True)
        if stopped is StopOutcome.PROVED:
            return ServiceEnd(self._read_at)
        return ServiceEnd(earliest=self.asked_at) if self.asked_at is not None else None

    def _read_power(self) -> Power | None:
        """What the instance view says now; None when it could not be read."""
        self.observer.look_at_vm(self.losing)
        seen = self.observer.seen(self.losing)
        power = seen.vm.problem.what if seen.vm.problem else seen.power.value
        self._sender.report_power_reading(self.losing, power)
        return None if seen.vm.problem and not seen.vm.gone else seen.power

    def _checks_fresh(self) -> bool:
        """A stop is a write like any other: what allowed it is under two minutes old."""
        return self.context.services.clock.monotonic() - self.checked_at <= self.context.timing.fresh_preflight_s

    def _still_valid(self) -> bool:
        """The last look, right before the request leaves: time went by while it was journalled, or a token fetched."""
        return self._checks_fresh() and self.context.services.clock.monotonic() - self._read_at <= _LONGEST_LOOK_S

    def _may_request(self) -> bool:
        """A stop whose answer was lost is asked for again only when it does not show for a while."""
        now = self.context.services.clock.monotonic()
        if not self._checks_fresh():
            return False
        return self._unanswered_since is None or now - self._unanswered_since > self.context.timing.fence_again_s

    def _request_stop(self) -> tuple[Problem | None, bool]:
        """Send the request: a reason to give up, or whether Azure took it."""
        clock, timing = self.context.services.clock, self.context.timing
        sent_at = clock.monotonic()
        reply = self._sender.stop(self.losing, self.how, precondition=self._still_valid)
        self.asked = self.asked or not isinstance(reply, AzureCallError) or reply.certainty is not Certainty.NOT_SENT
        if self.asked_at is None and (not isinstance(reply, AzureCallError) or reply.certainty is Certainty.UNKNOWN):
            self.asked_at = sent_at
        if not isinstance(reply, AzureCallError):
            self._operation = reply.operation
            return None, True
        if reply.certainty is Certainty.UNKNOWN:
            self._unanswered_since = clock.monotonic()
            return None, False
        if reply.certainty is Certainty.NOT_SENT or reply.cause in (Cause.BUSY, Cause.THROTTLED):
            asked = reply.retry_after_s
            clock.sleep(min(max(asked or 0.0, timing.retry_s), timing.longest_retry_s), self.context.cancel)
            return None, False
        return self._refused(reply), False

    def _operation_failed(self) -> Problem | None:
        """Why Azure gave the stop up, when its operation says so; what cannot be read says nothing."""
        if not self._operation:
            return None
        try:
            seen = self._sender.azure.read_operation(self._operation)
        except AzureCallError:
            self._operation = ""
            return None
        if seen.state not in (OperationState.FAILED, OperationState.CANCELED):
            return None
        return self._not_stopped("Azure gave the stop up.", seen.problem.sentence() if seen.problem else "")

    def _refused(self, failure: AzureCallError) -> Problem:
        missing = failure.missing
        if failure.problem.code == "parent-failed":
            # The portal's stop would be refused for the same reason.
            fix = "Nothing was detached. Force without a fence: that writes the interface again, and ends this."
            return Problem("fence-failed", self._what, failure.problem.why, fix, failure.problem.detail, Fixer.YOU)
        why = f"{missing.action} is missing on it." if missing else failure.problem.why
        return self._not_stopped(why, failure.problem.detail, failure.problem.who, failure.problem.right)

    def _too_long(self, power: Power | None) -> Problem:
        state = "its power could not be read" if power is None else f"it is {power.value}"
        return self._not_stopped(f"After {self.context.timing.fence_s:.0f} s {state}.", "")

    def _not_stopped(self, why: str, detail: str, who: Fixer | None = None, right: str = "") -> Problem:
        fix = f"Nothing was detached. Stop {self.losing.name} in the Azure portal, or force without a fence."
        return Problem("fence-failed", self._what, why, fix, detail, who, right)

    @property
    def _what(self) -> str:
        return f"{self.losing.name} was not stopped."

    def _gave_up(self, problem: Problem) -> StopOutcome:
        self.problem = problem
        if not self.run_record.fence_optional:
            return StopOutcome.HELD
        why = f"{problem.why} You chose to go on without the stop."
        self._sender.warn(Problem(problem.code, problem.what, why.strip(), "", problem.detail))
        return StopOutcome.WAIVED


def wants_fence(run_record: RunRecord) -> bool:
    """Whether the run was to stop the losing VM first."""
    return FenceRequest(run_record.fence).stops


@dataclass(frozen=True, slots=True)
class Fenced:
    """The run may go on to the detach, by these checks; ``service_end``: when the stop ended service, if it did."""

    checked: Preflight
    service_end: ServiceEnd | None


@dataclass(frozen=True, slots=True)
class Unfenced:
    """The run must not go on to the detach. ``asked``: a request to stop the VM may have reached Azure."""

    outcome: Outcome
    problem: Problem
    asked: bool


def end_before_detach(
    context: RunContext, journal: FailoverJournal, run_record: RunRecord, place: AddressLocation, unfenced: Unfenced
) -> Finished:
    """End a run that asked for a stop at most: the address was not touched, and what the VM does is told."""
    problem, outcome, reason = unfenced.problem, unfenced.outcome, unfenced.problem.sentence()
    losing = context.setup.member(run_record.other)
    left = stopped_vm_advice(context.setup.name, losing) if unfenced.asked and losing is not None else ()
    left += journal.end(
        RunEndRecord.of(run_record, format_utc(context.services.clock.wall()), outcome, place, reason, problem)
    )
    finished = Finished(context.stamp(), context.run, context.setup.name, outcome, place, reason, left, problem=problem)
    context.report(finished)
    return finished


def stopped_vm_advice(cluster: str, losing: Member) -> tuple[str, ...]:
    """What is left to do about a VM that was asked to stop."""
    command = f"tgwizard start {cluster} --member {losing.name}"
    return (f"{losing.name} was asked to stop. When you want it to serve again, start it: {command}",)
