"""What a run tells while it works: which step it is in, what it waits for, where the address is."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.engine.failover.decide import Goal, Move
from tgwizard.engine.jobs import Report
from tgwizard.engine.runs.journalled_write import WriteSender
from tgwizard.engine.runs.records import StepRecord
from tgwizard.model.cluster import Member
from tgwizard.model.failover_events import (
    CancelMeaning,
    Event,
    HolderObserved,
    Step,
    StepCompleted,
    StepStarted,
    StepWaiting,
)
from tgwizard.model.snapshot import AddressLocation
from tgwizard.model.text import format_utc

_STEPS = {
    Move.DETACH: Step.DETACH,
    Move.SETTLE_LOSING: Step.DETACH,
    Move.WAIT_LOSING: Step.DETACH,
    Move.ATTACH: Step.ATTACH,
    Move.MOVE_AT_ONCE: Step.MOVE,
    Move.UNMOVED: Step.CONFIRM,
    Move.WAIT_GAINING: Step.ATTACH,
    Move.PUT_BACK: Step.PUT_BACK,
    Move.CLEAR_GAINING: Step.PUT_BACK,
    Move.ARRIVED: Step.CONFIRM,
    Move.RELEASED: Step.CONFIRM,
    Move.RESTORED: Step.CONFIRM,
}


def step_of(move: Move, goal: Goal, *, atomic: bool = False) -> Step | None:
    """The step that a move belongs to, None for those that belong to whatever step is on."""
    step = _STEPS.get(move)
    if atomic and step in (Step.DETACH, Step.ATTACH) and move is not Move.ATTACH:
        return Step.MOVE
    return Step.PUT_BACK if goal is Goal.BACK and step in (Step.ATTACH, Step.DETACH) else step


def sentence(step: Step, losing: Member, to: Member) -> str:
    """The step in words."""
    return {
        Step.CHECK: "Check rights and health",
        Step.FENCE: f"Stop {losing.name}",
        Step.DETACH: f"Detach from {losing.name}",
        Step.ATTACH: f"Attach to {to.name}",
        Step.CONFIRM: "Confirm one holder in Azure",
        Step.PUT_BACK: f"Put it back on {losing.name}",
        Step.MOVE: f"Move from {losing.name} to {to.name} in one call",
        Step.GUIDE: f"Press Make Active for {to.name} in the Trustgrid portal",
    }[step]


NOTHING_WRITTEN = "Nothing was written yet. Stopping now leaves everything as it is."
"""What stopping leaves before the first write."""


@dataclass(slots=True)
class RunReporter:
    """Reports the steps of one run; knows which one is on. ``stop_asked``: the losing VM was asked to stop."""

    sender: WriteSender
    losing: Member
    to: Member
    address: str
    stop_asked: bool = False
    _step: Step | None = None
    _since: float = 0.0
    _reported_location: tuple[AddressLocation, CancelMeaning, str] | None = None

    def step(self, step: Step | None, cancel: CancelMeaning, deadline_s: float | None) -> None:
        """Be in this step from now on; tells the end of the one before."""
        if step is None or step is self._step:
            return
        self.finish()
        self._step, self._since = step, self.sender.clock.monotonic()
        sentence, leaves = self._sentence(step), self.cancel_sentence(cancel)
        self._report(StepStarted(self.sender.stamp(), self._run, step, sentence, cancel, deadline_s, leaves))

    def finish(self) -> None:
        """The present step ended well."""
        if self._step is not None:
            seconds = self.sender.clock.monotonic() - self._since
            stamp, sentence = self.sender.stamp(), self._sentence(self._step)
            self.sender.journal.append(
                self._run, StepRecord(self._run, format_utc(stamp.at), self._step, sentence, round(seconds, 3))
            )
            self._report(StepCompleted(stamp, self._run, self._step, sentence, seconds))
        self._step = None

    def waiting(self, what: str, until_s: float | None = None) -> None:
        """The present step waits for something out of the ordinary."""
        self._report(StepWaiting(self.sender.stamp(), self._run, self._step or Step.CHECK, what, until_s))

    def holder_observed(self, place: AddressLocation, cancel: CancelMeaning) -> None:
        """Where the address is and what a cancel would do, told when either changed."""
        now = (place, cancel, self.cancel_sentence(cancel))
        if now != self._reported_location:
            self._reported_location = now
            self._report(HolderObserved(self.sender.stamp(), self._run, *now))

    def cancel_sentence(self, cancel: CancelMeaning) -> str:
        """What stopping would leave now."""
        losing, address = self.losing.name, self.address
        if cancel is CancelMeaning.PUTS_BACK:
            off = f" {losing} stays off." if self.stop_asked else ""
            return f"Stopping now puts {address} back on {losing}.{off}"
        if cancel is CancelMeaning.NOT_GRANTED:
            going = {
                Step.PUT_BACK: f"{address} is being put back on {losing}",
                Step.CONFIRM: f"it is read who holds {address}",
            }.get(self._step or Step.CHECK, f"{address} is on its way to {self.to.name}")
            return f"The run can no longer be stopped: {going}."
        if not self.stop_asked:
            return NOTHING_WRITTEN
        how = "is being powered off" if self._step is Step.FENCE else "was powered off"
        return f"{losing} {how}; stopping now leaves it off. {address} has not moved."

    @property
    def _run(self) -> str:
        return self.sender.run

    @property
    def _report(self) -> Report[Event]:
        return self.sender.report

    def _sentence(self, step: Step) -> str:
        return sentence(step, self.losing, self.to)
