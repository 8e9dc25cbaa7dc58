"""The writes of a run, and what follows from each answer other than yes (engine/README.md 1.5, 1.7)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tgwizard.engine.errors import AzureCallError, Cause
from tgwizard.engine.failover import run_result
from tgwizard.engine.failover.decide import LastWrite, Move, RunProgress
from tgwizard.engine.failover.run_reporter import step_of
from tgwizard.engine.failover.run_result import RunResult
from tgwizard.engine.failover.run_state import FailoverRun
from tgwizard.engine.failover.step_timeout import StepTimeout
from tgwizard.engine.ports import ConfigurationId
from tgwizard.engine.retry import plausible_wait_s
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
class WriteOutcomes:
    """Carries out the moves that write."""

    course: FailoverRun
    expiry: StepTimeout
    _tries: dict[Move, int] = field(default_factory=dict)
    _accepted: dict[Move, int] = field(default_factory=dict)

    def write(self, move: Move) -> RunResult | None:
        """Send one PUT, or read anew first when what it rests on is too old."""
        course = self.course
        if (held := self._hold()) is not None:
            return held[0]
        member = course.to if move in (Move.ATTACH, Move.CLEAR_GAINING) else course.losing
        if self._accepted.get(move, 0) >= course.timing.tries:
            return self._keeps_failing(move, member)
        try:
            document = self._document(move)
        except NicDocumentError as error:
            problem = Problem("nic-not-editable", f"{member.nic.name} cannot be changed.", f"{error}.")
            return self._refused(move, problem)
        self._count(move)
        step, before = step_of(move, course.standing.goal) or Step.ATTACH, course.standing
        if course.standing.atomic:
            # The move in one call left the address on no interface; from here on it is an attach like any other.
            before = course.standing = replace(course.standing, atomic=False, gaining_sent=None)
        first = move is Move.DETACH and before.sent_nothing and self._tries[move] == 1
        request = course.began.first_request if first else ""
        course.mark(member, LastWrite(step, document.etag, WriteAnswer.UNKNOWN))
        course.teller.located(course.observer.snapshot().place, course.cancel_meaning)
        reply = course.sender.send(step, member, document, request=request, in_time=lambda: self._in_time(before))
        if isinstance(reply, AzureCallError):
            return self._not_accepted(move, member, reply, before)
        course.mark(member, LastWrite(step, document.etag, WriteAnswer.ACCEPTED))
        course.standing = replace(course.standing, wrote=True, overdue=False)
        self._accepted[move] = self._accepted.get(move, 0) + 1
        course.operation = reply.operation
        course.wait_anew()
        if reply.provisioning is not Provisioning.SUCCEEDED:
            course.pause(course.timing.poll_s)
        return course.read(member)

    def move_at_once(self) -> RunResult | None:
        """Ask for the move in one call: sent once, whatever comes of it (engine/README.md 1.5, `atomic`)."""
        course = self.course
        if (held := self._hold()) is not None:
            return held[0]
        found = course.nic(course.losing).find(course.address)
        name = course.nic(course.to).free_name(
            f"{course.setup.ip_configuration}-{course.began.run[:8]}", course.address
        )
        self._count(Move.MOVE_AT_ONCE)
        before = course.standing
        source = ConfigurationId(course.losing.nic, str((found or {}).get("name", "")))
        target = ConfigurationId(course.to.nic, name)
        course.mark(course.losing, LastWrite(Step.MOVE, "", WriteAnswer.UNKNOWN))
        course.teller.located(course.observer.snapshot().place, course.cancel_meaning)
        reply = course.sender.move(
            source, target, course.setup.subnet, course.losing, in_time=lambda: self._in_time(before)
        )
        if isinstance(reply, AzureCallError):
            return self._move_not_accepted(reply, before)
        course.mark(course.losing, LastWrite(Step.MOVE, "", WriteAnswer.ACCEPTED))
        course.standing = replace(course.standing, wrote=True)
        course.operation = reply.operation
        course.wait_anew()
        course.pause(course.timing.poll_s)
        return course.read(course.losing)

    def refresh(self) -> RunResult | None:
        """Read both interfaces for a write; an Ending when one of them stays unread for as long as a step may take."""
        course = self.course
        ended = course.read(*course.setup.members)
        if ended is not None or course.fresh():
            return ended
        silent, other = course.observer.seen(course.to).nic.problem, course.observer.seen(course.losing).nic.problem
        back = course.standing.can_go_back and course.standing.wrote
        if silent is not None and other is None and back and course.spent(course.timing.free_s):
            # All this time the address is on no NIC, and the losing member can still have it.
            course.turn_back(silent, silent.sentence())
            return None
        if course.spent():
            return run_result.unsettled(course.address, course.read_problem)
        course.rest(course.timing.retry_s)
        return None

    # -- before a write -----------------------------------------------------------------------------------------------

    def _hold(self) -> tuple[RunResult | None] | None:
        """What stands against any write now: an end, or None within for "read anew and decide again"."""
        course = self.course
        if course.standing.sent_nothing and not course.checks_fresh():
            against = course.check_again()
            return (None if against is None else run_result.refused(against),)
        if not course.fresh():
            return (self.refresh(),)
        return None

    def _in_time(self, before: RunProgress) -> bool:
        """The last look, right before the write leaves: time went by while a token was fetched, or a computer slept."""
        return self.course.fresh() and (not before.sent_nothing or self.course.checks_fresh())

    def _count(self, move: Move) -> None:
        course, now = self.course, self.course.now()
        self._tries[move] = self._tries.get(move, 0) + 1
        if course.measured.first_write is None:
            course.measured.first_write = now
        if move is Move.ATTACH and course.measured.attach_sent is None:
            course.measured.attach_sent = now

    def _document(self, move: Move) -> NicDocument:
        course = self.course
        losing, gaining = course.nic(course.losing), course.nic(course.to)
        match move:
            case Move.DETACH:
                return losing.without(course.address)
            case Move.PUT_BACK if course.began.configuration is not None:
                return losing.plus(course.began.configuration)
            case Move.PUT_BACK:
                return losing.plus(self._configuration(losing))
            case Move.CLEAR_GAINING:
                return gaining.without(course.address) if gaining.lists(course.address) else gaining
            case Move.SETTLE_LOSING:
                return losing
            case _:
                return gaining.plus(self._configuration(gaining))

    def _configuration(self, nic: NicDocument) -> dict[str, object]:
        began, setup = self.course.began, self.course.setup
        carried: CarriedConfiguration = carried_of(began.configuration) if began.configuration else setup.carried
        return dict(nic.new_configuration(setup.ip_configuration, self.course.address, carried))

    # -- answers other than yes ---------------------------------------------------------------------------------------

    def _not_accepted(
        self, move: Move, member: Member, failure: AzureCallError, before: RunProgress
    ) -> RunResult | None:
        course, answer = self.course, write_answer_of(failure)
        if answer is WriteAnswer.UNKNOWN:
            if failure.status is not None:
                course.sender.note(failure.problem)  # something answered: who it was and what it said is told
            course.teller.waiting("The answer was lost. Reading what Azure shows.")
            return self._again(move, member, failure)
        course.standing = before  # a definite no: what was known before this attempt counts again
        if failure.cause is Cause.LATE:
            return course.read(*course.setup.members)
        if answer is WriteAnswer.NOT_SENT or failure.cause in (Cause.BUSY, Cause.THROTTLED):
            return self._again(move, member, failure)
        if failure.cause is Cause.SIGN_IN and not before.sent_nothing:
            return self._signed_out(move, member, failure)
        if failure.cause is Cause.ETAG_MOVED:
            return self._etag_moved(move, member)
        if failure.cause is Cause.ADDRESS_ALLOCATED:
            return self._allocated(move, failure)
        course.refusal = failure
        return self._refused(move, failure.problem)

    def _move_not_accepted(self, failure: AzureCallError, before: RunProgress) -> RunResult | None:
        """Only a definite refusal opens the way to detach and attach; after a lost answer the run only reads."""
        course, answer = self.course, write_answer_of(failure)
        if answer is WriteAnswer.UNKNOWN:
            course.teller.waiting("The answer was lost. Reading what Azure shows.", course.timing.unanswered_move_s)
            course.wait_anew()
            return course.read(*course.setup.members)
        course.standing = before
        if failure.cause is Cause.LATE:
            return course.read(*course.setup.members)
        if answer is WriteAnswer.NOT_SENT:
            return self._again(Move.MOVE_AT_ONCE, course.losing, failure)
        try:
            # Nothing was changed yet, so there is time to flush: after a power cut the removal that follows must not
            # be taken for a move that may still be on its way.
            run, at = course.began.run, format_utc(course.sender.clock.wall())
            course.sender.journal.commit(StrategyFallback(run, at, failure.problem.code))
        except JournalError as error:
            return run_result.failed_untouched(error.problem)
        fact = f"Azure did not take the move in one call. {failure.problem.sentence()}"
        course.sender.note(Problem("move-refused", fact, "Nothing was changed by it.", "Detach and attach are used."))
        course.standing = replace(before, atomic=False)
        return course.read(*course.setup.members)

    def _etag_moved(self, move: Move, member: Member) -> RunResult | None:
        """A second actor, unless an answer of ours is unknown: then the content settles it (engine/README.md 1.5)."""
        course = self.course
        if course.standing.sent_nothing:
            course.read(member)
            reason = f"{member.nic.name} was changed by someone else at the same moment."
            return run_result.yielded(reason, wrote=False)
        if course.spent():
            return run_result.unsettled(course.address, None)
        if self._tries[move] > 1:
            course.pause(course.jittered(course.timing.poll_s))
        return course.read(*course.setup.members)

    def _allocated(self, move: Move, failure: AzureCallError) -> RunResult | None:
        course = self.course
        owner = failure.allocated_to or course.observer.stranger()
        if owner is not None and course.setup.member_of_nic(owner) is None:
            place = AddressLocation(LocationKind.STRANGER, stranger=owner)
            return run_result.taken(place, course.address, failure.problem)
        course.teller.waiting("Azure has not freed the address yet.", course.timing.free_s)
        if course.spent(course.timing.free_s):
            if course.may_return and course.standing.can_go_back and course.standing.wrote:
                return self.expiry.of_write(move, course.to, failure.problem)
            return self._refused(move, failure.problem)
        course.pause(course.jittered(2 * course.timing.poll_s))
        return course.read(*course.setup.members)

    def _signed_out(self, move: Move, member: Member, failure: AzureCallError) -> RunResult | None:
        """The token ended in the middle: it is renewed, and the write goes on while its time lasts."""
        try:
            self.course.sender.azure.token_life_s()
        except AzureCallError as silent:
            return self._again(move, member, silent)
        return self._again(move, member, failure)

    def _again(self, move: Move, member: Member, failure: AzureCallError) -> RunResult | None:
        """Repeat after a pause, by deciding anew: until the step's deadline, or a few times while nothing was sent."""
        course, timing = self.course, self.course.timing
        asked = plausible_wait_s(failure.retry_after_s)
        if course.standing.sent_nothing:
            tired = self._tries[move] >= timing.tries or (asked is not None and asked > timing.longest_retry_s)
            if course.nobody_has_it:  # nobody is served, so it goes on asking as long as its checks will count
                tired = course.now() - course.checked_at > timing.fresh_preflight_s - timing.fresh_read_s
            if tired:
                return run_result.failed_untouched(failure.problem)
        if course.spent():
            return self.expiry.of_write(move, member, failure.problem)
        wait = timing.retry_s if asked is None else max(asked, timing.poll_s)
        if failure.cause is not Cause.THROTTLED:
            wait = min(wait, timing.longest_retry_s)  # a busy interface is free when it is; a throttle is obeyed
        elif not course.nobody_has_it and course.unaccepted_s() + wait > max(course.deadline_s, timing.silence_s):
            return self.expiry.of_write(move, member, failure.problem)  # it could only come too late
        if asked is not None:
            wait = course.granted_s(wait, failure.problem)
        course.pause(course.jittered(wait))
        return course.read(member)

    def _refused(self, move: Move, problem: Problem) -> RunResult | None:
        course = self.course
        if move is Move.ATTACH and course.may_return and course.standing.wrote:
            course.turn_back(problem, problem.sentence())
            return None
        if course.standing.sent_nothing:
            return run_result.failed_untouched(problem)
        return run_result.stuck(course.address, problem, course.observer.snapshot().place)

    def _keeps_failing(self, move: Move, member: Member) -> RunResult | None:
        """Azure accepted the same write several times, and every time its operation failed."""
        course = self.course
        cleared = move is Move.CLEAR_GAINING and not course.nic(course.to).lists(course.address)
        if move is Move.SETTLE_LOSING or cleared:
            course.standing = replace(course.standing, settling=False)
            return None
        fact = f"Azure accepted the write of {member.nic.name} {course.timing.tries} times and failed to carry it out."
        problem = Problem("operation-keeps-failing", fact, "", "Azure's own message is in the details.")
        try:
            seen = course.sender.azure.read_operation(course.operation)
        except AzureCallError as failure:
            problem = problem.with_detail(f"The operation's own message could not be read. {failure.problem.what}")
        else:
            problem = problem.with_detail(seen.problem.sentence() if seen.problem else "")
        return self._refused(move, problem)
