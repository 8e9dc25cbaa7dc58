"""The drive: read both interfaces, decide, act, until the run has arrived somewhere it can name.

It starts after the intents are journalled. From the first write on it never waits for the journal and never stops
because of its own bookkeeping: leaving the gap comes first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tgwizard.engine.errors import AzureCallError
from tgwizard.engine.failover import run_result
from tgwizard.engine.failover.decide import Move, decide
from tgwizard.engine.failover.run_reporter import step_of
from tgwizard.engine.failover.run_result import RunResult
from tgwizard.engine.failover.run_state import FailoverRun
from tgwizard.engine.failover.step_timeout import StepTimeout
from tgwizard.engine.failover.write_outcomes import WriteOutcomes
from tgwizard.model.cluster import Member
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CancelMeaning, Step
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import AddressLocation, LocationKind


@dataclass(slots=True)
class ControlLoop:
    """Drives one run to its end."""

    course: FailoverRun
    _expiry: StepTimeout = field(init=False)
    _writing: WriteOutcomes = field(init=False)

    def __post_init__(self) -> None:
        self._expiry = StepTimeout(self.course)
        self._writing = WriteOutcomes(self.course, self._expiry)

    def go(self) -> RunResult:
        """Run to the end."""
        self.course.begin()
        while True:
            ended = self._heed_cancel() or self._round()
            if ended is not None:
                return ended

    def _round(self) -> RunResult | None:
        course = self.course
        losing, gaining = course.side(course.losing), course.side(course.to)
        if losing is None or gaining is None:
            course.rest(course.timing.retry_s)
            return course.read(*course.setup.members)
        sent = course.standing.losing_sent
        if sent is not None and sent.step in (Step.DETACH, Step.MOVE) and not losing.lists:
            # A removal whose answer was lost shows in the content: from here on it counts as ours.
            course.standing = replace(course.standing, wrote=True)
        move = decide(losing, gaining, course.standing)
        self._expiry.overtaken_by(move)
        step = step_of(move, course.standing.goal, atomic=course.standing.atomic)
        course.teller.step(step, course.cancel_meaning, course.deadline_s)
        match move:
            case Move.DETACH | Move.ATTACH | Move.PUT_BACK | Move.CLEAR_GAINING | Move.SETTLE_LOSING:
                return self._writing.write(move)
            case Move.MOVE_AT_ONCE:
                return self._writing.move_at_once()
            case Move.WAIT_LOSING:
                return self._await(move, course.losing)
            case Move.WAIT_GAINING:
                return self._await(move, course.to)
            case Move.READ_AGAIN:
                return self._await(move, course.losing, course.to)
            case Move.ARRIVED | Move.RESTORED | Move.UNMOVED:
                return self._confirm(move)
            case Move.YIELD:
                return self._yield()

    # -- endings ------------------------------------------------------------------------------------------------------

    def _confirm(self, move: Move) -> RunResult | None:
        """Done is observed (engine/README.md 1.2): both are read once more, after the reading that showed it."""
        course = self.course
        holder = course.to if move is Move.ARRIVED else course.losing
        if course.measured.arrived is None:
            course.measured.arrived = course.observer.seen(holder).nic.read_at
        if (silent := course.read(holder, course.setup.other(holder))) is not None:
            return silent
        losing, gaining = course.side(course.losing), course.side(course.to)
        answered = all(course.observer.seen(member).nic.problem is None for member in course.needed)
        if not answered or losing is None or gaining is None or decide(losing, gaining, course.standing) is not move:
            if course.waited(move) > course.timing.silence_s:
                return run_result.unsettled(course.address, course.read_problem)
            course.rest(course.timing.poll_s if answered else course.timing.retry_s)
            return None
        course.teller.finish()
        if move is Move.ARRIVED:
            return RunResult(Outcome.DONE, f"{course.to.name} holds {course.address}.")
        if move is Move.UNMOVED:
            return run_result.not_moved(course.losing, course.address, self._operation_said())
        back = f"{course.losing.name} holds {course.address} again."
        if course.cancel_heard and course.why_back is None:
            return RunResult(Outcome.CANCELLED, f"The move was cancelled. {back}", rolled_back=True)
        return RunResult(Outcome.FAILED, f"{course.turned_back} {back}".strip(), course.why_back, rolled_back=True)

    def _operation_said(self) -> str:
        try:
            seen = self.course.sender.azure.read_operation(self.course.operation)
        except AzureCallError as failure:
            return f"The operation's own message could not be read. {failure.problem.what}"
        return seen.problem.sentence() if seen.problem else ""

    def _yield(self) -> RunResult:
        course = self.course
        place = course.observer.snapshot().place
        if place.kind is LocationKind.NO_NIC and (stranger := course.observer.stranger()) is not None:
            return run_result.taken(AddressLocation(LocationKind.STRANGER, stranger=stranger), course.address, None)
        where = f"{place.member.name} holds {course.address}" if place.member else f"{course.address} is on no NIC"
        return run_result.yielded(
            f"Someone else changed the cluster: {where}.", wrote=course.standing.wrote, place=place
        )

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _await(self, move: Move, *members: Member) -> RunResult | None:
        course = self.course
        waited = course.waited(move)
        if waited > course.deadline_s:
            if not course.fresh():
                return self._writing.refresh()  # what was not seen to go on just now is not called endless
            return self._expiry.of_wait(move, members[0])
        rate = course.timing.poll_s if waited < course.timing.slow_after_s else course.timing.slow_poll_s
        course.rest(rate)
        other = course.setup.other(members[0])
        if course.due(other):
            members = (other,)  # so that the reading a write needs is never older than it may be
        return course.read(*members)

    def _heed_cancel(self) -> RunResult | None:
        course = self.course
        if course.cancel_heard or not course.cancel.is_cancelled:
            return None
        course.cancel_heard = True
        match course.cancel_meaning:
            case CancelMeaning.STOPS:
                return RunResult(Outcome.CANCELLED, "The move was cancelled before anything was written.")
            case CancelMeaning.PUTS_BACK:
                course.turn_back(None, "You cancelled the move.")
            case CancelMeaning.NOT_GRANTED:
                fact = "The move can no longer be cancelled: the attach has been sent."
                if course.standing.atomic:
                    fact = "The move can no longer be cancelled: Azure has been asked to make it."
                course.sender.note(Problem("cancel-too-late", fact, "Taking it back now would only lengthen the gap."))
        return None
