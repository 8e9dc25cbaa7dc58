"""Setting up as lines of text for people; every foreign text is sanitized."""

from __future__ import annotations

from collections.abc import Iterator

from tgwizard.cli.cluster_text import LEVEL_TONES, details
from tgwizard.cli.terminal import Line, Tone, Toned
from tgwizard.engine.access.access_decision import not_yours
from tgwizard.engine.access.required_rights import scope_name
from tgwizard.engine.discovery.pairs import PairsFound
from tgwizard.engine.runs.records import WriteKind
from tgwizard.engine.setup.apply import apply_refusal
from tgwizard.engine.setup.undo import UndoItem
from tgwizard.engine.setup.verify import verify_sentence
from tgwizard.model.finding import Level
from tgwizard.model.inventory import Inventory
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers, SetupStep
from tgwizard.model.setup_events import (
    ChangeDone,
    ChangeFailed,
    ChangeSkipped,
    ChangeStarted,
    ChangeWaiting,
    PropagationChanged,
    SetupEvent,
    SetupFinished,
)
from tgwizard.model.setup_plan import ChangeKind, Obstacle, SetupChange, SetupPlan, WhoMay, usual_s
from tgwizard.model.text import are, counted, format_duration, format_estimate, sanitize
from tgwizard.model.verify_result import RehearsalState, VerifyResult

_KINDS = {
    ChangeKind.ADD: "add     ",
    ChangeKind.CHANGE: "change  ",
    ChangeKind.RIGHT: "in order",
    ChangeKind.RESTART: "restart ",
}
_KIND_TONES = {
    ChangeKind.ADD: Tone.STRONG,
    ChangeKind.CHANGE: Tone.LOOK,
    ChangeKind.RIGHT: Tone.GOOD,
    ChangeKind.RESTART: Tone.LOOK,
}
_STOPPED = {
    Obstacle.LOCK: "a lock stops it",
    Obstacle.DENIAL: "a deny assignment stops it",
    Obstacle.CONDITION: "a condition of your role assignment stops it",
}
_LEVELS = {
    Level.BLOCKS: "stop      ",
    Level.NOT_KNOWN: "not known ",
    Level.WARNS: "look      ",
    Level.NOTE: "note      ",
    Level.PASSED: "ok        ",
}


def discovered(inventory: Inventory, pairs: PairsFound) -> Iterator[str]:
    subscription = inventory.subscription
    yield f"{sanitize(subscription.name or subscription.id, 120)}: {counted(len(inventory.vms), 'machine')}"
    for number, pair in enumerate(pairs.pairs, 1):
        names = " and ".join(sanitize(vm.id.name, 90) for vm in pair.vms)
        yield f"{number}. {names}{f' ({pair.state_words})' if pair.state_words else ''}"
        for reason in pair.reasons:
            yield f"     {reason}"
        for choice in pair.lan:
            yield f"     {choice.why}"
    if not pairs.pairs:
        yield "No two machines look like a cluster. Name them with --vm NAME --vm NAME."
    for item in inventory.failed:
        yield f"Not read: {item.part.value}. {item.problem.sentence()}"


def planned(
    answers: Answers,
    plan: SetupPlan,
    stops: tuple[tuple[SetupStep, Problem], ...] = (),
    *,
    making: tuple[SetupChange, ...] = (),
) -> Iterator[Line]:
    """The plan as people read it before they say yes.

    ``stops``: what keeps it from being applied besides itself; ``making``: the changes that are about to be made.
    """
    machines = " and ".join(sanitize(vm.name, 90) for vm in answers.machines or ())
    yield f"{sanitize(answers.name, 90)}: {machines}, floating IP {answers.address}"
    for reason in plan.scopes:
        yield f"  on {scope_name(reason.scope)}: {reason.sentence}"
    for change in plan.changes:
        yield Toned(f"  {_KINDS[change.kind]}", _KIND_TONES[change.kind], f"  {change.sentence}{_who(change)}")
        if change.note:
            yield f"            {change.note}"
    for item in not_yours(plan.writing) if plan.mine_now else ():
        yield Toned("Not yours:", Tone.LOOK, f" {item.problem.sentence()}")
    for problem in plan.problems:
        yield Toned("Stands in the way:", Tone.BAD, f" {problem.sentence()}")
    for problem in plan.warnings:
        yield Toned("Look at this:", Tone.LOOK, f" {problem.sentence()}")
    for note in plan.notes:
        yield f"Note: {note}"
    count = len(plan.writing)
    if making:
        part = f"{len(making)} of {counted(count, 'change')}" if len(making) < count else counted(count, "change")
        rest = " The others are not yours to make." if len(making) < count else ""
        yield f"{part} will be made, {format_estimate(usual_s(making))}.{rest}"
        return
    against = next((problem for _, problem in stops), None) or apply_refusal(plan)
    if count and against is not None:
        needed = f"{counted(count, 'change')} {are(count)}"
        theirs = not_yours(plan.writing)
        why = theirs[0].problem if theirs and not plan.problems else against
        partly = plan.mine_now and not plan.problems and not stops
        rest = " `setup apply --only-mine` makes those that are yours." if partly else ""
        yield f"{needed} needed; apply would be refused: {why.what} Nothing was written.{rest}"
    elif count:
        yield f"{counted(count, 'change')} would be written, {format_estimate(plan.usual_s)}. Nothing was written."
    else:
        yield "Nothing would be written: everything is there."


def _who(change: SetupChange) -> str:
    """Beside a change that would be written: who may not, and what stops it."""
    if not change.writes or change.right.who is WhoMay.YOU:
        return ""
    if change.right.who is WhoMay.NOT_KNOWN:
        return "  (whether you may is not known)"
    return f"  ({_STOPPED.get(change.right.obstacle or Obstacle.ROLE, 'not yours to make')})"


def blocked(problems: tuple[tuple[SetupStep, Problem], ...]) -> Iterator[Line]:
    """What keeps the plan from being made, the first of each step, each sentence once."""
    seen: set[SetupStep | str] = set()
    for step, problem in problems:
        if step not in seen and problem.sentence() not in seen:
            yield Toned(f"{step.value}:", Tone.BAD, f" {problem.sentence()}")
            if problem.detail:
                yield f"  {details(problem)}"
        seen |= {step, problem.sentence()}


def undoing(items: tuple[UndoItem, ...]) -> Iterator[str]:
    """What undo would try."""
    for item in items:
        yield f"  {item.sentence}"
    if any(item.made.deed is WriteKind.PLACE_ADDRESS for item in items):
        yield "Traffic to the floating IP stops when it is taken off its interface."
    yield "What others use or changed since is kept."


def event_lines(event: SetupEvent) -> Iterator[Line]:
    """An event of a running job."""
    match event:
        case ChangeStarted():
            yield f"{event.sentence} …"
        case ChangeWaiting():
            yield f"  {format_duration(event.since_s)}: {event.sentence}"
        case ChangeDone():
            yield f"  done after {format_duration(event.seconds)}: {event.sentence}"
        case ChangeFailed():
            yield Toned("  not done:", Tone.BAD, f" {event.sentence}. {event.problem.sentence()}")
            if event.problem.detail:
                yield f"    {details(event.problem)}"
        case ChangeSkipped():
            yield f"  left: {event.sentence}. {event.reason}"
        case PropagationChanged() if not event.done and event.sentence:
            yield f"  {sanitize(event.machine, 90)} on {scope_name(event.scope)}, {event.stage.value}: {event.sentence}"
        case PropagationChanged() if event.done:
            yield f"  {sanitize(event.machine, 90)} on {scope_name(event.scope)}: {event.stage.value}"
        case SetupFinished():
            yield event.reason
        case _:
            # Progress of reading is for programs and for the window; a command only waits for it.
            return


def verified(result: VerifyResult) -> Iterator[Line]:
    yield f"{sanitize(result.cluster, 90)}: {verify_sentence(result)}"
    first, second = (sanitize(name, 20) for name in result.members)
    yield f"  {'':<48} {first:<20} {second}"
    for row in result.rehearsal:
        one, two = row.cells
        yield f"  {row.sentence:<48} {one.may.value:<20} {two.may.value}"
        for name, cell in zip(result.members, row.cells, strict=True):
            if cell.may in (RehearsalState.MAY_NOT, RehearsalState.NOT_KNOWN, RehearsalState.NOT_ASKED) and cell.why:
                yield f"      {sanitize(name, 60)}: {cell.why}"
    for item in result.checks:
        finding = item.finding
        evidence = f" ({finding.evidence})" if finding.evidence else ""
        yield Toned(f"  {_LEVELS[finding.level]}", LEVEL_TONES[finding.level], f"{finding.fact}{evidence}")
        if finding.problem is not None and finding.problem.fix:
            yield f"            {finding.problem.fix}"
    for run in result.proof:
        yield f"  proof: to {sanitize(run.to, 60)}, {run.sentence}"
