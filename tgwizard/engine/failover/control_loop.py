"""The control loop: read both interfaces, decide, act, until the run has arrived somewhere it can name.

It starts after the intents are journalled. From the first write on it never waits for the journal and never stops
because of its own bookkeeping: leaving the gap comes first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.failover import run_result
from tgwizard.engine.failover.decide import Goal, Move, decide
from tgwizard.engine.failover.run_reporter import step_of
from tgwizard.engine.failover.run_result import RunResult
from tgwizard.engine.failover.run_state import FailoverRun
from tgwizard.engine.failover.step_timeout import StepTimeout
from tgwizard.engine.failover.writing_moves import WritingMoves
from tgwizard.model.cluster import Member
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CancelMeaning, Step
from tgwizard.model.nic import Provisioning
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import AddressLocation, LocationKind


@dataclass(slots=True)
class ControlLoop:
    """Brings one run to its end."""

    state: FailoverRun
    _timeouts: StepTimeout = field(init=False)
    _writes: WritingMoves = field(init=False)

    def __post_init__(self) -> None:
        self._timeouts = StepTimeout(self.state)
        self._writes = WritingMoves(self.state, self._timeouts)

    def run(self) -> RunResult:
        """Run to the end."""
        self.state.start_counting()
        while True:
            ended = self._handle_cancel() or self._decide_and_act()
            if ended is not None:
                return ended

    def _decide_and_act(self) -> RunResult | None:
        state = self.state
        losing, gaining = state.reading(state.losing), state.reading(state.to)
        if losing is None or gaining is None:
            state.wait_before_reading(state.timing.retry_s)
            return state.read(*state.setup.members)
        sent = state.progress.losing_sent
        if sent is not None and sent.step in (Step.DETACH, Step.MOVE) and not losing.lists:
            # A removal whose answer was lost shows in the content: from here on it counts as ours.
            state.progress = replace(state.progress, wrote=True)
        move = decide(losing, gaining, state.progress)
        self._timeouts.close_if_moved_on(move)
        step = step_of(move, state.progress.goal, atomic=state.progress.atomic)
        state.reporter.step(step, state.cancel_meaning, state.deadline_s)
        match move:
            case Move.DETACH | Move.ATTACH | Move.PUT_BACK | Move.CLEAR_GAINING | Move.SETTLE_LOSING:
                return self._writes.write(move)
            case Move.MOVE_AT_ONCE:
                return self._writes.move_at_once()
            case Move.WAIT_LOSING:
                return self._wait_for(move, state.losing)
            case Move.WAIT_GAINING:
                return self._wait_for(move, state.to)
            case Move.READ_AGAIN:
                return self._wait_for(move, state.losing, state.to)
            case Move.ARRIVED | Move.RESTORED | Move.UNMOVED:
                return self._confirm(move)
            case Move.RELEASED:
                state.reporter.finish()
                return run_result.released(state.losing, state.to, state.address)
            case Move.YIELD:
                return self._yield()

    # -- endings ------------------------------------------------------------------------------------------------------

    def _confirm(self, move: Move) -> RunResult | None:
        """Done is observed (engine/README.md 1.2): both are read once more, after the reading that showed it."""
        state = self.state
        holder = state.to if move is Move.ARRIVED else state.losing
        if state.moments.arrived is None:
            state.moments.arrived = state.observer.seen(holder).nic.read_at
        if (silent := state.read(holder, state.setup.other(holder))) is not None:
            return silent
        losing, gaining = state.reading(state.losing), state.reading(state.to)
        answered = all(state.observer.seen(member).nic.problem is None for member in state.needed)
        if not answered or losing is None or gaining is None or decide(losing, gaining, state.progress) is not move:
            if state.waited_s(move) > state.timing.silence_s:
                return run_result.unsettled(state.address, state.read_problem)
            state.wait_before_reading(state.timing.poll_s if answered else state.timing.retry_s)
            return None
        state.reporter.finish()
        if move is Move.UNMOVED:
            return run_result.not_moved(state.losing, state.address, self._operation_problem())
        return self._arrived() if move is Move.ARRIVED else self._restored()

    def _arrived(self) -> RunResult:
        """The gaining member holds it: done, unless a resume was asked to bring it to the other."""
        state = self.state
        fact, losing = f"{state.to.name} holds {state.address}.", state.losing
        why = f"It arrived there before it could be put back on {losing.name}."
        if state.intent.asked_for == losing:
            elsewhere = run_result.elsewhere("arrived-before-put-back", fact, why, losing)
            return replace(elsewhere, of_run=RunResult(Outcome.DONE, fact))
        late = state.progress.goal is Goal.BACK and state.intent.asked_for is None
        return RunResult(Outcome.DONE, f"{fact} {why}" if late else fact)

    def _restored(self) -> RunResult:
        """The losing member holds it again: by a cancel, because the run could not go on, or as a resume was asked."""
        state = self.state
        fact = f"{state.losing.name} holds {state.address} again."
        if state.intent.asked_for == state.losing:
            return RunResult(Outcome.DONE, fact, rolled_back=True, of_run=RunResult(Outcome.CANCELLED, fact))
        if state.cancelled:
            return RunResult(Outcome.CANCELLED, f"The move was cancelled. {fact}", rolled_back=True)
        if state.intent.asked_for is not None and not state.back_sentence:
            why = "It was being put back there when the run was interrupted."
            return replace(run_result.elsewhere("put-back-before", fact, why, state.to), rolled_back=True)
        return RunResult(Outcome.FAILED, f"{state.back_sentence} {fact}".strip(), state.back_reason, rolled_back=True)

    def _operation_problem(self) -> str:
        try:
            seen = self.state.sender.azure.read_operation(self.state.operation)
        except AzureCallError as failure:
            return f"The operation's own message could not be read. {failure.problem.what}"
        return seen.problem.sentence() if seen.problem else ""

    def _yield(self) -> RunResult:
        state = self.state
        if state.intent.asked_for is not None and (silent := state.read(*state.setup.members)) is not None:
            return silent  # it may be where it was asked for, and done is observed (engine/README.md 1.2)
        place = state.observer.snapshot().place
        if place.kind is LocationKind.NO_NIC and (foreign_nic := state.observer.foreign_nic()) is not None:
            return run_result.taken(
                AddressLocation(LocationKind.FOREIGN_NIC, foreign_nic=foreign_nic), state.address, None
            )
        asked = state.intent.asked_for
        settled = asked is not None and state.observer.seen(asked).provisioning is Provisioning.SUCCEEDED
        if place.kind is LocationKind.MEMBER and place.member is not None and place.member == asked and settled:
            return RunResult(Outcome.DONE, f"{place.member.name} holds {state.address}. Somebody else moved it there.")
        where = f"{place.member.name} holds {state.address}" if place.member else f"{state.address} is on no NIC"
        return run_result.yielded(
            f"Someone else changed the cluster: {where}.", wrote=state.progress.wrote, place=place
        )

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _wait_for(self, move: Move, *members: Member) -> RunResult | None:
        state = self.state
        waited = state.waited_s(move)
        if waited > state.deadline_s:
            if not state.readings_fresh():
                return self._writes.refresh()  # what was not seen to go on just now is not called endless
            return self._timeouts.wait_timed_out(move, members[0])
        rate = state.timing.poll_s if waited < state.timing.slow_after_s else state.timing.slow_poll_s
        state.wait_before_reading(rate)
        other = state.setup.other(members[0])
        if state.needs_reading(other):
            members = (other,)  # so that the reading a write needs is never older than it may be
        return state.read(*members)

    def _handle_cancel(self) -> RunResult | None:
        state = self.state
        if state.cancel_heard or not state.cancel.is_cancelled:
            return None
        state.cancel_heard = True
        match state.cancel_meaning:
            case CancelMeaning.STOPS:
                return RunResult(Outcome.CANCELLED, "The move was cancelled before anything was written.")
            case CancelMeaning.PUTS_BACK:
                state.cancelled = True
                state.turn_back(None, "You cancelled the move.")
            case CancelMeaning.NOT_GRANTED if state.progress.goal is Goal.BACK:
                fact = f"{state.address} is being put back on {state.losing.name} already."
                state.sender.warn(Problem("cancel-too-late", fact, "Stopping now would only lengthen the gap."))
            case CancelMeaning.NOT_GRANTED:
                fact = "The move can no longer be cancelled: the attach has been sent."
                if state.progress.atomic:
                    fact = "The move can no longer be cancelled: Azure has been asked to make it."
                state.sender.warn(Problem("cancel-too-late", fact, "Taking it back now would only lengthen the gap."))
        return None
