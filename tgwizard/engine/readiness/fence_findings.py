"""Judging the fence: may the losing VM be stopped, and how. Pure over the facts."""

from __future__ import annotations

from collections.abc import Iterator

from tgwizard.engine.access.access_decision import (
    LIFT,
    LIFT_DENIAL,
    NO_ROLE_HELPS,
    UNLOCK,
    Decision,
    RightState,
    ScopedAction,
    decide_own,
    why_refused,
    with_denials_applied,
)
from tgwizard.engine.azure_call_error import MissingRight
from tgwizard.engine.readiness.preflight_questions import PreflightFacts
from tgwizard.model.cluster import Member
from tgwizard.model.failover_options import StopMethod
from tgwizard.model.finding import Finding, Level
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.role import GIVES_A_RIGHT
from tgwizard.model.snapshot import STOPPED, Snapshot
from tgwizard.model.text import format_estimate


def how_to_stop(facts: PreflightFacts, losing: Member) -> StopMethod | None:
    """The quicker of the two ways that one may go: powerOff. Where that is not known, it is tried."""
    judged = _judged(facts, losing)
    for state in (RightState.YES, RightState.NOT_KNOWN):
        found = next((how for how in StopMethod if judged[how].state is state), None)
        if found is not None:
            return found
    return None


def _judged(facts: PreflightFacts, losing: Member) -> dict[StopMethod, Decision]:
    return {how: decide_own(ScopedAction(how.action, losing.vm.text), facts.access) for how in StopMethod}


def fence_findings(snapshot: Snapshot, facts: PreflightFacts, to: Member) -> Iterator[Finding]:
    """Findings about the stop of the losing VM; none when nothing is fenced. An optional stop never forbids the run."""
    if not facts.fence.stops:
        return
    against = Level.WARNS if facts.fence.optional else Level.BLOCKS
    losing = snapshot.setup.other(to)
    power = snapshot.seen(losing).power
    if power in STOPPED:
        yield Finding(Level.NOT_APPLICABLE, f"{losing.name} is {power.value} already", "there is nothing to stop")
        return
    judged, how = _judged(facts, losing), how_to_stop(facts, losing)
    denied = next(((one, denial) for one in StopMethod if (denial := judged[one].denial) is not None), None)
    if how is not None and judged[how].state is RightState.NOT_KNOWN:
        fact, unread = f"Whether you may stop {losing.name} is not known", judged[how].unread
        why = unread.what if unread else "Your rights on it were not read."
        problem = Problem("fence-not-known", f"{fact}.", why, "Check again.")
        yield Finding(Level.NOT_KNOWN, fact, f"{why} It is tried before anything is detached.", problem)
    elif how is None and denied is not None:
        fact = f"You may not stop {losing.name}"
        wanted = MissingRight(denied[0].action, losing.vm.text)
        why = why_refused(with_denials_applied((wanted,), (denied[1],))[0])
        fix = f"{LIFT}, or force without a fence. {NO_ROLE_HELPS}"
        problem = Problem("fence-not-allowed", f"{fact}.", why, fix, who=Fixer.ADMIN, right=LIFT_DENIAL)
        yield Finding(against, fact, why, problem)
    elif how is None:
        fact = f"You may not stop {losing.name}"
        needed = " or ".join(one.action for one in StopMethod)
        why = f"That needs {needed} on {losing.vm.name} in resource group {losing.vm.group}."
        fix = "Have one of them added to your role, or a role assigned that has it, or force without a fence."
        problem = Problem(
            "fence-not-allowed",
            f"{fact}.",
            why,
            fix,
            who=Fixer.ADMIN,
            right=GIVES_A_RIGHT,
        )
        yield Finding(against, fact, why, problem)
    else:
        usual, slowest = format_estimate(how.predicted.usual_s), format_estimate(how.predicted.slowest_s)
        evidence = f"{how.value}: {usual}, slowest {slowest}; its interface keeps its addresses"
        yield Finding(Level.PASSED, f"You may stop {losing.name}", evidence)
    for lock in facts.access.locks.known:
        if lock.stops(StopMethod.POWER_OFF.action, losing.vm.text):
            fact = f"Lock {lock.name} on {lock.place} keeps {losing.name} from being stopped"
            fix = "Have it removed for the time of the failover, or force without a fence."
            problem = Problem("fence-locked", f"{fact}.", lock.notes[:200], fix, who=Fixer.ADMIN, right=UNLOCK)
            yield Finding(against, fact, "ReadOnly stops every action on a VM", problem)
