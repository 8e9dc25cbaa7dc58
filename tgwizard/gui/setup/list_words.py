"""The step list and the promise below it, in words."""

from __future__ import annotations

from functools import partial

from tgwizard.engine.setup.wizard_state import STEPS, StepState, reachable, state_of
from tgwizard.engine.setup.wizard_steps import summary
from tgwizard.gui.setup.applier import Applier
from tgwizard.gui.setup.session import SetupSession
from tgwizard.gui.widgets.step_list import StepShown
from tgwizard.gui.widgets.step_list import StepState as Look
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.text import counted

_LOOKS = {
    StepState.DONE: Look.ANSWERED,
    StepState.CURRENT: Look.CURRENT,
    StepState.TO_CHECK: Look.LOOK_AGAIN,
    StepState.OPEN: Look.TO_COME,
}


def steps_shown(session: SetupSession, applier: Applier, *, problem: bool) -> tuple[StepShown, ...]:
    """The ten rows; `problem`: the step shown has one, and carries its shape."""
    flow = session.flow
    rows = []
    for step in STEPS:
        state = state_of(flow, step)
        current = step is flow.step
        answered = step in flow.done
        look = _LOOKS[state]
        if step is SetupStep.APPLY and applier.running:
            look = Look.RUNNING
        if current and problem and step is not SetupStep.REVIEW:
            look = Look.PROBLEM
        answer = (
            session.once(f"summary {step.name}", partial(summary, flow, step))
            if answered or step in flow.to_check
            else ""
        )
        if step is SetupStep.APPLY:
            answer = _apply_words(applier)
        elif step is SetupStep.REVIEW and applier.plan is not None and answered:
            number = len(applier.plan.writing)
            answer = counted(number, "change")
        can = reachable(flow, step) and not applier.running
        rows.append(StepShown(step.value, answer, look, current, can))
    return tuple(rows)


def _apply_words(applier: Applier) -> str:
    finished = applier.finished
    if applier.running:
        return f"{applier.applying.done} of {len(applier.applying.rows)}"
    if finished is None:
        return ""
    when = f" {applier.ended_at.astimezone():%H:%M}" if applier.ended_at is not None else ""
    if applier.applying.undoing:
        return f"undone{when}"
    return f"done{when}" if finished.outcome is Outcome.DONE else f"stopped{when}"


def promise_words(applier: Applier, *, locked: bool) -> tuple[str, str]:
    """What has been changed so far."""
    if applier.running:
        return "Changes are being made", "What is under way is finished, whatever you do here."
    if applier.written:
        number = applier.written
        words = f"{counted(number, 'change')}, can be undone"
        return words, "Undo removes only what this wizard created."
    if applier.applying.undoing and applier.finished is not None:
        number = applier.applying.done
        return (
            f"{counted(number, 'change')} taken back",
            "What stays, and why, is said on the Apply page.",
        )
    if locked:
        return "Read-only: nothing can change", "This window is locked. Unlock it with Ctrl+L to apply."
    return "Nothing is changed yet", "Only Apply writes to Azure. Close any time, your answers are kept."
