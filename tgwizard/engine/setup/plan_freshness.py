"""How old what a plan rests on may be, and what has changed since it was shown (engine/README.md 2.1).

Window and command line ask the same before the first write: a plan older than five minutes is read again, and one that
differs is shown again instead of being applied. Each change looks before it writes all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tgwizard.engine.setup.wizard_state import WizardState
from tgwizard.model.problem import Problem
from tgwizard.model.setup_plan import SetupPlan
from tgwizard.model.text import format_age

STALE_S = 300.0
"""A plan that rests on something older is read again before the first write, in seconds."""
_MOST_TOLD = 6


def read_age_s(state: WizardState, now: float) -> float | None:
    """How old the oldest is of what the plan rests on, in seconds; None while something was not read."""
    if state.inventory is None or state.facts is None:
        return None
    return max(0.0, now - min(state.inventory.read_at, state.facts.read_at))


def is_stale(state: WizardState, now: float) -> bool:
    """Whether the plan is too old to be applied unread."""
    found = read_age_s(state, now)
    return found is not None and found > STALE_S


def forget_readings(state: WizardState) -> WizardState:
    """The state that wants its facts and its address once more; what was read stays until they are there."""
    return replace(state, facts_of=(), checked=None, unasked=None)


def plan_differences(before: SetupPlan, after: SetupPlan) -> tuple[str, ...]:
    """What is different in the later plan, in words; empty when it says the same."""
    return tuple(dict.fromkeys(_differences(before, after)))


def _differences(before: SetupPlan, after: SetupPlan) -> Iterator[str]:
    old = {change.key: change for change in before.changes}
    new = {change.key: change for change in after.changes}
    for key, change in new.items():
        was = old.get(key)
        if was is None or (change.writes and not was.writes):
            yield f"{'new' if change.writes else 'seen now'}: {change.sentence}"
        elif was.writes and not change.writes:
            yield f"no longer needed: {was.sentence}"
        elif was != change:
            yield f"different: {change.sentence}"
    yield from (f"gone: {was.sentence}" for key, was in old.items() if key not in new)
    old_notes = {*before.problems, *before.warnings}
    new_notes = {*after.problems, *after.warnings}
    yield from (f"to be known: {one.what}" for one in (*after.problems, *after.warnings) if one not in old_notes)
    yield from (f"no longer so: {one.what}" for one in (*before.problems, *before.warnings) if one not in new_notes)


def changed_since(found: tuple[str, ...], age_s: float) -> Problem:
    """What people are told when the plan that they wanted to apply is no longer true."""
    more = f"; and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return Problem(
        "plan-changed",
        "The plan has changed since it was shown, so nothing was written.",
        f"What it rests on was read {format_age(age_s)} and has been read again. "
        f"{'; '.join(found[:_MOST_TOLD])}{more}.",
        "Read the plan as it is now, then apply it.",
    )
