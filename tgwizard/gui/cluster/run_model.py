"""What is known of a run, built from its events one by one: pure values, no Qt. The page of the run paints it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import assert_never

from tgwizard.model.failover_events import (
    CallMade,
    CancelMeaning,
    DecisionMade,
    DecisionRequested,
    Finished,
    HolderObserved,
    RunEvent,
    RunStarted,
    Step,
    StepCompleted,
    StepPlan,
    StepStarted,
    StepWaiting,
    WarningRaised,
)
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import AddressLocation, LocationKind
from tgwizard.model.text import format_duration


class RunStepStatus(Enum):
    """Where one step stands."""

    AHEAD = "ahead"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RunStepState:
    """One step of the run: its plan, its status, its latest sentence and the seconds it took."""

    plan: StepPlan
    status: RunStepStatus = RunStepStatus.AHEAD
    detail: str = ""
    since: float | None = None
    seconds: float | None = None
    deadline_s: float | None = None

    def used_s(self, now: float) -> float:
        """Seconds it took, or takes so far."""
        if self.seconds is not None:
            return self.seconds
        return 0.0 if self.since is None else max(0.0, now - self.since)


@dataclass(frozen=True, slots=True)
class RunModel:
    """A run as seen so far. ``started`` is None until its first event; ``finished`` is None until its last."""

    started: RunStarted | None = None
    steps: tuple[RunStepState, ...] = ()
    calls: tuple[CallMade, ...] = ()
    notes: tuple[Problem, ...] = ()
    asked: DecisionRequested | None = None
    place: AddressLocation = field(default_factory=lambda: AddressLocation(LocationKind.NOT_KNOWN))
    cancel: CancelMeaning = CancelMeaning.STOPS
    leaves: str = ""
    finished: Finished | None = None
    cancel_asked: bool = False
    """Whether the user has asked to stop it, or to put the address back; it is done when the run comes to it."""

    @property
    def current(self) -> RunStepState | None:
        """The step that runs now."""
        return next((step for step in self.steps if step.status is RunStepStatus.RUNNING), None)

    @property
    def stage(self) -> RunStepState | None:
        """The step that runs, or between two steps the one that comes next."""
        if self.current is not None:
            return self.current
        return next((step for step in self.steps if step.status is RunStepStatus.AHEAD), None)

    @property
    def goes_back(self) -> bool:
        """Whether the address is put back, or was."""
        return self._step(Step.PUT_BACK) is not None

    @property
    def predicted_s(self) -> float:
        """The predicted seconds of all steps together."""
        return sum(step.plan.predicted_s for step in self.steps)

    def elapsed_s(self, now: float) -> float:
        """Seconds since the start, up to the end once there is one."""
        if self.started is None:
            return 0.0
        end = now if self.finished is None else self.finished.stamp.clock_s
        return max(0.0, end - self.started.stamp.clock_s)

    def gap_fraction(self, now: float) -> float:
        """How much of the predicted attach is over, 0.0 to 1.0: where the pill is on its way."""
        attach = self._step(Step.ATTACH)
        if attach is None or attach.status is RunStepStatus.AHEAD:
            return 0.0
        return min(1.0, attach.used_s(now) / max(attach.plan.predicted_s, 0.1))

    def after(self, event: RunEvent) -> RunModel:
        """The state once `event` has happened. Calls are kept newest first."""
        match event:
            case RunStarted():
                steps = tuple(RunStepState(plan) for plan in event.steps)
                return replace(self, started=event, steps=steps)
            case StepStarted():
                begun = self._with_step(
                    event.step,
                    event.sentence,
                    status=RunStepStatus.RUNNING,
                    detail="",
                    since=event.stamp.clock_s,
                    deadline_s=event.deadline_s,
                )
                return replace(begun, cancel=event.cancel, leaves=event.leaves)
            case StepWaiting():
                return self._with_step(event.step, event.sentence, status=RunStepStatus.RUNNING, detail=event.sentence)
            case StepCompleted():
                return self._with_step(
                    event.step,
                    event.sentence,
                    status=RunStepStatus.DONE,
                    detail=event.sentence if event.step is Step.CHECK else "",
                    seconds=event.seconds,
                )
            case CallMade():
                return self._with_call(event)
            case HolderObserved():
                return replace(self, place=event.place, cancel=event.cancel, leaves=event.leaves)
            case WarningRaised():
                return replace(self, notes=(*self.notes, event.problem))
            case DecisionRequested():
                return replace(self, asked=event)
            case DecisionMade():
                return replace(self, asked=None)
            case Finished():
                stopped = tuple(
                    replace(step, status=RunStepStatus.STOPPED, seconds=step.used_s(event.stamp.clock_s))
                    if step.status is RunStepStatus.RUNNING
                    else step
                    for step in self.steps
                )
                return replace(
                    self,
                    finished=event,
                    asked=None,
                    steps=stopped,
                    place=event.place,
                    cancel=CancelMeaning.NOT_GRANTED,
                )
            case _:
                assert_never(event)

    def _with_call(self, call: CallMade) -> RunModel:
        """The call joins the log, and is the latest that is known of the step that runs."""
        call_line = f"{call.target}: {call.answer}"
        steps = tuple(
            replace(step, detail=call_line)
            if step.status is RunStepStatus.RUNNING and step.plan.step is not Step.CHECK
            else step
            for step in self.steps
        )
        return replace(self, calls=(call, *self.calls), steps=steps)

    def _step(self, step: Step) -> RunStepState | None:
        return next((state for state in self.steps if state.plan.step is step), None)

    def _with_step(
        self,
        step: Step,
        sentence: str,
        *,
        status: RunStepStatus,
        detail: str,
        since: float | None = None,
        seconds: float | None = None,
        deadline_s: float | None = None,
    ) -> RunModel:
        # A put-back is not announced at the start: it joins the list when it begins, before the end that is to come.
        steps = self.steps
        if self._step(step) is None:
            new = RunStepState(StepPlan(step, sentence, 0.0))
            last = self._step(Step.CONFIRM)
            place = steps.index(last) if last is not None and last.status is RunStepStatus.AHEAD else len(steps)
            steps = (*steps[:place], new, *steps[place:])
        changed = []
        for state in steps:
            if state.plan.step is not step:
                changed.append(self._overtaken(state, status))
                continue
            changed.append(
                replace(
                    state,
                    status=status,
                    detail=detail or state.detail,
                    since=since if since is not None else state.since,
                    seconds=seconds,
                    deadline_s=deadline_s if deadline_s is not None else state.deadline_s,
                )
            )
        return replace(self, steps=tuple(changed))

    @staticmethod
    def _overtaken(state: RunStepState, status: RunStepStatus) -> RunStepState:
        if status is RunStepStatus.RUNNING and state.status is RunStepStatus.RUNNING:
            return replace(state, status=RunStepStatus.STOPPED)
        return state


def moving_sentence(run: RunModel) -> str:
    """The banner of a run in progress."""
    started, current = run.started, run.stage
    if started is None:
        return "Starting: nothing is written yet"
    if current is None or current.plan.step is Step.CHECK:
        return f"Checking: {started.address} has not moved yet"
    if current.plan.step is Step.PUT_BACK:
        back = started.losing or "where it was"
        return f"Putting back: {started.address} returns to {back}"
    if current.plan.step is Step.CONFIRM:
        holder = started.losing if run.goes_back and started.losing else started.to
        return f"Confirming: reading that {holder} holds {started.address}"
    if current.plan.step is Step.GUIDE:
        return f"Waiting: press Make Active for {started.to} in the Trustgrid portal"
    if current.plan.step is Step.FENCE:
        return f"Stopping {started.losing}: {started.address} has not moved yet"
    if current.plan.step is Step.DETACH and started.losing is not None:
        return f"Moving: {started.address} is being released by {started.losing}"
    return f"Moving: {started.address} is on its way to {started.to}"


def moving_detail(run: RunModel, now: float) -> str:
    """Which step of how many, and when it is usually done."""
    if run.started is None:
        return "The engine reads Azure first."
    number = next((index for index, step in enumerate(run.steps, start=1) if step is run.stage), 0)
    where = f"Step {number} of {len(run.steps)}. " if number else ""
    late = run.elapsed_s(now) > run.predicted_s > 0
    usual = f"Usually done after {format_duration(run.predicted_s)}." if run.predicted_s else ""
    return where + usual + (" It takes longer this time." if late else "")
