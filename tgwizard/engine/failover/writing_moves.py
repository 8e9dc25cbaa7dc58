"""The writes of a run, and what follows from each answer other than yes (engine/README.md 1.5, 1.7)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tgwizard.engine.azure_call_error import AzureCallError, Cause
from tgwizard.engine.failover import run_result
from tgwizard.engine.failover.decide import LastWrite, Move, RunProgress
from tgwizard.engine.failover.run_reporter import step_of
from tgwizard.engine.failover.run_result import RunResult
from tgwizard.engine.failover.run_state import FailoverRun
from tgwizard.engine.failover.step_timeout import StepTimeout
from tgwizard.engine.ports import ConfigurationId
from tgwizard.engine.retry import is_plausible, plausible_wait_s
from tgwizard.engine.runs.journal import JournalError
from tgwizard.engine.runs.journalled_write import write_answer_of
from tgwizard.engine.runs.records import StrategyFallback, WriteAnswer
from tgwizard.model.cluster import Member
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.failover_events import Step
from tgwizard.model.nic import NicDocument, NicDocumentError, Provisioning, carried_of
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import AddressLocation, LocationKind
from tgwizard.model.text import format_utc


@dataclass(slots=True)
class WritingMoves:
    """Carries out the moves that write."""

    state: FailoverRun
    timeouts: StepTimeout
    _attempts: dict[Move, int] = field(default_factory=dict)
    _accepted: dict[Move, int] = field(default_factory=dict)

    def write(self, move: Move) -> RunResult | None:
        """Send one PUT, or read anew first when what it rests on is too old."""
        state = self.state
        if (stop := self._check_before_write()) is not None:
            return stop[0]
        member = state.to if move in (Move.ATTACH, Move.CLEAR_GAINING) else state.losing
        if self._accepted.get(move, 0) >= state.timing.tries:
            return self._keeps_failing(move, member)
        try:
            document = self._document(move)
        except NicDocumentError as error:
            problem = Problem("nic-not-editable", f"{member.nic.name} cannot be changed.", f"{error}.")
            return self._refused(move, problem)
        self._count_attempt(move)
        step, before = step_of(move, state.progress.goal) or Step.ATTACH, state.progress
        if state.progress.atomic:
            # The move in one call left the address on no interface; from here on it is an attach like any other.
            before = state.progress = replace(state.progress, atomic=False, gaining_sent=None)
        first = move is Move.DETACH and before.sent_nothing and self._attempts[move] == 1
        request = state.run_record.first_request if first else ""
        state.remember_write(member, LastWrite(step, document.etag, WriteAnswer.UNKNOWN))
        state.reporter.holder_observed(state.observer.snapshot().place, state.cancel_meaning)
        reply = state.sender.send(
            step, member, document, request=request, precondition=lambda: self._still_valid(before)
        )
        if isinstance(reply, AzureCallError):
            return self._not_accepted(move, member, reply, before)
        state.remember_write(member, LastWrite(step, document.etag, WriteAnswer.ACCEPTED))
        state.progress = replace(state.progress, wrote=True, overdue=False)
        self._accepted[move] = self._accepted.get(move, 0) + 1
        state.operation = reply.operation
        state.restart_waits()
        if reply.provisioning is not Provisioning.SUCCEEDED:
            state.pause(state.timing.poll_s)
        return state.read(member)

    def move_at_once(self) -> RunResult | None:
        """Ask for the move in one call: sent once, whatever comes of it (engine/README.md 1.5, `atomic`)."""
        state = self.state
        if (stop := self._check_before_write()) is not None:
            return stop[0]
        found = state.nic(state.losing).find(state.address)
        name = state.nic(state.to).free_name(
            f"{state.setup.ip_configuration}-{state.run_record.run[:8]}", state.address
        )
        self._count_attempt(Move.MOVE_AT_ONCE)
        before = state.progress
        source = ConfigurationId(state.losing.nic, str((found or {}).get("name", "")))
        target = ConfigurationId(state.to.nic, name)
        state.remember_write(state.losing, LastWrite(Step.MOVE, "", WriteAnswer.UNKNOWN))
        state.reporter.holder_observed(state.observer.snapshot().place, state.cancel_meaning)
        reply = state.sender.move(
            source, target, state.setup.subnet, state.losing, precondition=lambda: self._still_valid(before)
        )
        if isinstance(reply, AzureCallError):
            return self._move_not_accepted(reply, before)
        state.remember_write(state.losing, LastWrite(Step.MOVE, "", WriteAnswer.ACCEPTED))
        state.progress = replace(state.progress, wrote=True)
        state.operation = reply.operation
        state.restart_waits()
        state.pause(state.timing.poll_s)
        return state.read(state.losing)

    def refresh(self) -> RunResult | None:
        """Read both interfaces for a write; an Ending when one of them stays unread for as long as a step may take."""
        state = self.state
        ended = state.read(*state.setup.members)
        if ended is not None or state.readings_fresh():
            return ended
        silent, other = state.observer.seen(state.to).nic.problem, state.observer.seen(state.losing).nic.problem
        back = state.progress.can_go_back and state.progress.wrote
        if silent is not None and other is None and back and state.unaccepted_too_long(state.timing.free_s):
            # All this time the address is on no NIC, and the losing member can still have it.
            state.turn_back(silent, silent.sentence())
            return None
        if state.unaccepted_too_long():
            return run_result.unsettled(state.address, state.read_problem)
        state.wait_before_reading(state.timing.retry_s)
        return None

    # -- before a write -----------------------------------------------------------------------------------------------

    def _check_before_write(self) -> tuple[RunResult | None] | None:
        """What stands against any write now: an end, or None within for "read anew and decide again"."""
        state = self.state
        if state.progress.sent_nothing and not state.checks_fresh():
            objection = state.renew_checks()
            return (None if objection is None else run_result.refused(objection),)
        if not state.readings_fresh():
            return (self.refresh(),)
        return None if state.wanted() else (run_result.not_wanted(state.address),)

    def _still_valid(self, before: RunProgress) -> bool:
        """The last look, right before the write leaves: time went by while a token was fetched, or a computer slept."""
        state = self.state
        if before.sent_nothing and not (state.checks_fresh() and (state.still_wanted is None or state.still_wanted())):
            return False
        return state.readings_fresh()

    def _count_attempt(self, move: Move) -> None:
        state, now = self.state, self.state.now()
        self._attempts[move] = self._attempts.get(move, 0) + 1
        if state.moments.first_write is None:
            state.moments.first_write = now
        if move is Move.ATTACH and state.moments.attach_sent is None:
            state.moments.attach_sent = now

    def _document(self, move: Move) -> NicDocument:
        state = self.state
        losing, gaining = state.nic(state.losing), state.nic(state.to)
        match move:
            case Move.DETACH:
                return losing.without(state.address)
            case Move.PUT_BACK if state.run_record.configuration is not None:
                return losing.plus(state.run_record.configuration)
            case Move.PUT_BACK:
                return losing.plus(self._configuration(losing))
            case Move.CLEAR_GAINING:
                return gaining.without(state.address) if gaining.lists(state.address) else gaining
            case Move.SETTLE_LOSING:
                return losing
            case _:
                return gaining.plus(self._configuration(gaining))

    def _configuration(self, nic: NicDocument) -> dict[str, object]:
        run_record, setup = self.state.run_record, self.state.setup
        carried: CarriedConfiguration = (
            carried_of(run_record.configuration) if run_record.configuration else setup.carried
        )
        return dict(nic.new_configuration(setup.ip_configuration, self.state.address, carried))

    # -- answers other than yes ---------------------------------------------------------------------------------------

    def _not_accepted(
        self, move: Move, member: Member, failure: AzureCallError, before: RunProgress
    ) -> RunResult | None:
        state, answer = self.state, write_answer_of(failure)
        if answer is WriteAnswer.UNKNOWN:
            if failure.status is not None:
                state.sender.warn(failure.problem)  # something answered: who it was and what it said is told
            state.reporter.waiting("The answer was lost. Reading what Azure shows.")
            return self._retry_later(move, member, failure)
        state.progress = before  # a definite no: what was known before this attempt counts again
        if failure.cause is Cause.STALE:
            return state.read(*state.setup.members)
        if answer is WriteAnswer.NOT_SENT or failure.cause in (Cause.BUSY, Cause.THROTTLED):
            return self._retry_later(move, member, failure)
        if failure.cause is Cause.SIGN_IN and not before.sent_nothing:
            return self._signed_out(move, member, failure)
        if failure.cause is Cause.ETAG_MOVED:
            return self._etag_moved(move, member)
        if failure.cause is Cause.ADDRESS_ALLOCATED:
            return self._allocated(move, failure)
        state.refusal = failure
        return self._refused(move, failure.problem)

    def _move_not_accepted(self, failure: AzureCallError, before: RunProgress) -> RunResult | None:
        """Only a definite refusal opens the way to detach and attach; after a lost answer the run only reads."""
        state, answer = self.state, write_answer_of(failure)
        if answer is WriteAnswer.UNKNOWN:
            state.reporter.waiting("The answer was lost. Reading what Azure shows.", state.timing.unanswered_move_s)
            state.restart_waits()
            return state.read(*state.setup.members)
        state.progress = before
        if failure.cause is Cause.STALE:
            return state.read(*state.setup.members)
        if answer is WriteAnswer.NOT_SENT:
            return self._retry_later(Move.MOVE_AT_ONCE, state.losing, failure)
        try:
            # Nothing was changed yet, so there is time to flush: after a power cut the removal that follows must not
            # be taken for a move that may still be on its way.
            run, at = state.run_record.run, format_utc(state.sender.clock.wall())
            state.sender.journal.commit(StrategyFallback(run, at, failure.problem.code))
        except JournalError as error:
            return run_result.failed_untouched(error.problem)
        fact = f"Azure did not take the move in one call. {failure.problem.sentence()}"
        state.sender.warn(Problem("move-refused", fact, "Nothing was changed by it.", "Detach and attach are used."))
        state.progress = replace(before, atomic=False)
        return state.read(*state.setup.members)

    def _etag_moved(self, move: Move, member: Member) -> RunResult | None:
        """A second actor, unless an answer of ours is unknown: then the content settles it (engine/README.md 1.5)."""
        state = self.state
        if state.progress.sent_nothing:
            state.read(member)
            reason = f"{member.nic.name} was changed by someone else at the same moment."
            return run_result.yielded(reason, wrote=False)
        if state.unaccepted_too_long():
            return run_result.unsettled(state.address, None)
        if self._attempts[move] > 1:
            state.pause(state.jittered(state.timing.poll_s))
        return state.read(*state.setup.members)

    def _allocated(self, move: Move, failure: AzureCallError) -> RunResult | None:
        state = self.state
        owner = failure.allocated_to or state.observer.foreign_nic()
        if owner is not None and state.setup.member_of_nic(owner) is None:
            place = AddressLocation(LocationKind.FOREIGN_NIC, foreign_nic=owner)
            return run_result.taken(place, state.address, failure.problem)
        state.reporter.waiting("Azure has not freed the address yet.", state.timing.free_s)
        if state.unaccepted_too_long(state.timing.free_s):
            if state.can_turn_back and state.progress.can_go_back and state.progress.wrote:
                return self.timeouts.write_timed_out(move, state.to, failure.problem)
            return self._refused(move, failure.problem)
        state.pause(state.jittered(2 * state.timing.poll_s))
        return state.read(*state.setup.members)

    def _signed_out(self, move: Move, member: Member, failure: AzureCallError) -> RunResult | None:
        """The token ended in the middle: it is renewed, and the write goes on while its time lasts."""
        try:
            self.state.sender.azure.directory.token_life_s()
        except AzureCallError as silent:
            return self._retry_later(move, member, silent)
        return self._retry_later(move, member, failure)

    def _retry_later(self, move: Move, member: Member, failure: AzureCallError) -> RunResult | None:
        """Repeat after a pause, by deciding anew: until the step's deadline, or a few times while nothing was sent."""
        state, timing = self.state, self.state.timing
        asked, plausible = plausible_wait_s(failure.retry_after_s), is_plausible(failure.retry_after_s)
        if state.progress.sent_nothing:
            give_up = self._attempts[move] >= timing.tries or (asked is not None and asked > timing.longest_retry_s)
            if state.nobody_has_it:  # nobody is served, so it goes on asking as long as its checks will count
                give_up = state.now() - state.checked_at > timing.fresh_preflight_s - timing.fresh_read_s
            if give_up:
                return run_result.failed_untouched(failure.problem)
        if state.unaccepted_too_long():
            return self.timeouts.write_timed_out(move, member, failure.problem)
        wait = timing.retry_s if asked is None else max(asked, timing.poll_s)
        if failure.cause is not Cause.THROTTLED:
            wait = min(wait, timing.longest_retry_s)  # a busy interface is free when it is; a throttle is obeyed
        elif (plausible or not state.nobody_has_it) and state.unaccepted_s() + wait > max(
            state.deadline_s, timing.silence_s
        ):
            return self.timeouts.write_timed_out(move, member, failure.problem)  # it could only come too late
        if asked is not None:
            wait = state.allowed_wait_s(wait, failure.problem, plausible=plausible)
        state.pause(state.jittered(wait))
        return state.read(member)

    def _refused(self, move: Move, problem: Problem) -> RunResult | None:
        state = self.state
        if move is Move.ATTACH and state.can_turn_back and state.progress.wrote:
            state.turn_back(problem, problem.sentence())
            return None
        if state.progress.sent_nothing:
            return run_result.failed_untouched(problem)
        return run_result.stuck(state.address, problem, state.observer.snapshot().place)

    def _keeps_failing(self, move: Move, member: Member) -> RunResult | None:
        """Azure accepted the same write several times, and every time its operation failed."""
        state = self.state
        cleared = move is Move.CLEAR_GAINING and not state.nic(state.to).lists(state.address)
        if move is Move.SETTLE_LOSING or cleared:
            state.progress = replace(state.progress, settling=False)
            return None
        fact = f"Azure accepted the write of {member.nic.name} {state.timing.tries} times and failed to carry it out."
        problem = Problem("operation-keeps-failing", fact, "", "Azure's own message is in the details.")
        try:
            seen = state.sender.azure.read_operation(state.operation)
        except AzureCallError as failure:
            problem = problem.with_detail(f"The operation's own message could not be read. {failure.problem.what}")
        else:
            problem = problem.with_detail(seen.problem.sentence() if seen.problem else "")
        return self._refused(move, problem)
