"""The end of a step's time: ``decide.on_timeout`` says what can be done, and the user may choose.

Without an answer the first choice is taken, so that a run whose window nobody looks at still leaves the gap by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tgwizard.engine.failover import run_result
from tgwizard.engine.failover.decide import Goal, Move, on_timeout
from tgwizard.engine.failover.run_reporter import step_of
from tgwizard.engine.failover.run_result import RunResult
from tgwizard.engine.failover.run_state import FailoverRun
from tgwizard.model.cluster import Member
from tgwizard.model.failover_events import DecisionMade, DecisionRequested, Step, TimeoutChoice
from tgwizard.model.problem import Problem


@dataclass(frozen=True, slots=True)
class _Question:
    move: Move
    choices: tuple[TimeoutChoice, ...]
    until: float


@dataclass(slots=True)
class StepTimeout:
    """Asks and carries out; one question is open at a time."""

    state: FailoverRun
    _question: _Question | None = None
    _retried: set[Move] = field(default_factory=set)

    def wait_timed_out(self, move: Move, member: Member) -> RunResult | None:
        """An update, or a contradiction of two readings, does not end in time."""
        fact = f"The update of {member.nic.name} does not end."
        if move is Move.READ_AGAIN:
            fact = f"Both interfaces go on naming {self.state.address}."
        return self._decide(move, fact, None)

    def write_timed_out(self, move: Move, member: Member, problem: Problem) -> RunResult | None:
        """Azure has not accepted a write for as long as a step may take."""
        return self._decide(move, f"Azure did not take the write of {member.nic.name} in time.", problem)

    def close_if_moved_on(self, move: Move) -> None:
        """Azure went on: an open question about something else needs no answer any more."""
        if self._question is not None and self._question.move is not move:
            self._close(self._question.move, None, by_user=False)

    def _decide(self, move: Move, fact: str, problem: Problem | None) -> RunResult | None:
        state = self.state
        choices = on_timeout(move, state.progress, forced=state.forced, again=move in self._retried)
        if state.decisions is None or move is Move.READ_AGAIN:
            return self._carry_out(choices[0], move, fact, problem)
        now = state.now()
        if self._question is None:
            state.decisions.take()  # what was answered before the question is no answer to it
            self._question = _Question(move, choices, now + state.timing.answer_s)
            stamp, step = state.sender.stamp(), self._step(move)
            asked = DecisionRequested(stamp, state.run_record.run, step, fact, choices, state.timing.answer_s)
            state.sender.report(asked)
        chosen = state.decisions.take()
        if chosen in choices or now >= self._question.until:
            by_user = chosen in choices
            choice = chosen if by_user and chosen is not None else choices[0]
            self._close(move, choice, by_user=by_user)
            return self._carry_out(choice, move, fact, problem)
        state.wait_before_reading(state.timing.retry_s)
        return state.read(*state.setup.members)

    def _carry_out(self, choice: TimeoutChoice, move: Move, fact: str, problem: Problem | None) -> RunResult | None:
        state = self.state
        match choice:
            case TimeoutChoice.WAIT:
                state.restart_waits()
            case TimeoutChoice.RETRY:
                self._retried.add(move)
                state.sender.warn(Problem("superseding", fact, "It was decided not to wait any longer."))
                state.progress = replace(state.progress, overdue=True)
                state.restart_waits()
            case TimeoutChoice.PUT_BACK:
                waits_for_gaining = move is Move.WAIT_GAINING
                state.turn_back(problem, fact)
                state.progress = replace(state.progress, overdue=waits_for_gaining)
            case TimeoutChoice.HAND_OVER if state.progress.sent_nothing:
                if problem is None:
                    problem = Problem("nic-busy", fact, "It began before this run.", "Try again later.")
                return run_result.failed_untouched(problem)
            case TimeoutChoice.HAND_OVER:
                return run_result.unsettled(state.address, problem)
        return None

    def _close(self, move: Move, choice: TimeoutChoice | None, *, by_user: bool) -> None:
        self._question = None
        state = self.state
        state.sender.report(DecisionMade(state.sender.stamp(), state.run_record.run, self._step(move), choice, by_user))

    def _step(self, move: Move) -> Step:
        progress = self.state.progress
        step = step_of(move, progress.goal, atomic=progress.atomic)
        return step or (Step.PUT_BACK if progress.goal is Goal.BACK else Step.ATTACH)
