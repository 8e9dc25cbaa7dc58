"""What the last page shows, worked out from what verifying has found so far. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tgwizard.engine.access.effective_rights import NOT_PROVED, PROPAGATION
from tgwizard.engine.access.required_rights import scope_name
from tgwizard.engine.setup.verify import verify_sentence
from tgwizard.gui.app.read_only_lock import LOCKED
from tgwizard.gui.setup.verify_controller import VerifyController
from tgwizard.gui.style.finding_shapes import level_shape
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.widgets.propagation_meter import BarShown, BarState
from tgwizard.model.cluster import ResourceId
from tgwizard.model.finding import Finding
from tgwizard.model.setup_events import PropagationChanged, PropagationStage
from tgwizard.model.setup_plan import SetupPlan
from tgwizard.model.text import Moments, format_duration, sanitize
from tgwizard.model.verify_result import (
    ProofRun,
    ProvedBy,
    RehearsalCell,
    RehearsalState,
    StageSeen,
    VerifyResult,
    VerifyState,
)

_CELLS = {
    RehearsalState.MAY: Shape.GOOD,
    RehearsalState.RESTART: Shape.NOT_KNOWN,
    RehearsalState.WAITS: Shape.MOVING,
    RehearsalState.MAY_NOT: Shape.BROKEN,
    RehearsalState.NOT_KNOWN: Shape.NOT_KNOWN,
    RehearsalState.NOT_USED: Shape.WAITING,
    RehearsalState.NOT_ASKED: Shape.WAITING,
}
_STANDING = {
    VerifyState.VERIFIED: Shape.GOOD,
    VerifyState.READY: Shape.GOOD,
    VerifyState.RESTART: Shape.NOT_KNOWN,
    VerifyState.WAITS: Shape.MOVING,
    VerifyState.AT_RISK: Shape.WARNING,
    VerifyState.NOT_READY: Shape.BROKEN,
}
USUAL = "a right counts within ten minutes as a rule"


@dataclass(frozen=True, slots=True)
class RestartShown:
    """One row of the restart order: a machine to restart, or one that has. ``ask``: its button, if it has one."""

    key: str
    shape: Shape
    title: str
    note: str
    ask: str = ""
    able: bool = False
    why_not: str = ""
    primary: bool = False
    may_say: bool = False
    """Whether the user may say that it restarted without tgwizard."""


@dataclass(frozen=True, slots=True)
class MeterShown:
    """One machine on one scope: its four bars."""

    machine: str
    scope: str
    bars: tuple[BarShown, ...]


@dataclass(frozen=True, slots=True)
class RehearsalLine:
    """One thing that a failover does, and whether each machine may."""

    words: str
    marks: tuple[tuple[Shape, str], ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class VerifyShown:
    """What the page shows."""

    title: str = ""
    lead: str = ""
    machines: tuple[tuple[str, str], ...] = ()
    meters: tuple[MeterShown, ...] = ()
    meter_note: str = ""
    restarts: tuple[RestartShown, ...] = ()
    rehearsal: tuple[RehearsalLine, ...] = ()
    rehearsal_state: tuple[Shape, str] = (Shape.WAITING, "Not run yet")
    checks: tuple[tuple[Shape, str, str], ...] = ()
    proof: tuple[Shape, str] = (Shape.WAITING, "")
    can_prove: bool = False
    proof_why_not: str = ""
    report_ready: bool = False


def verify_shown(
    verifier: VerifyController,
    plan: SetupPlan | None,
    machines: tuple[ResourceId, ...],
    *,
    locked: bool,
    session_ready: bool,
    moments: Moments,
) -> VerifyShown:
    """The tenth page."""
    result = verifier.result
    names = tuple(sanitize(vm.name, 90) for vm in machines)
    order = verifier.looked.order if verifier.looked is not None else None
    roles = tuple("holds the address" if order and order.holder == vm else "standby" for vm in machines)
    scopes = tuple(reason.scope for reason in plan.scopes) if plan is not None else ()
    title, lead = _headline(verifier, result, moments)
    proof = _proof(verifier.proof, proved=result is not None and result.proved)
    able, why_not = _can_prove(result, locked=locked, session_ready=session_ready)
    return VerifyShown(
        title,
        lead,
        tuple(zip(names, roles, strict=True)),
        _meters(verifier, machines, scopes, moments),
        _meter_note(verifier, moments),
        _restarts(verifier, result, locked=locked),
        _rehearsal(result),
        _rehearsal_state(verifier, result),
        _checks(verifier, result),
        proof,
        able,
        why_not,
        result is not None,
    )


def _headline(verifier: VerifyController, result: VerifyResult | None, moments: Moments) -> tuple[str, str]:
    if result is None:
        return "Finding out what is proven", "Rights are read and worked out for both machines. Nothing is written."
    sentence = verify_sentence(result)
    title, _, rest = sentence.partition(": ")
    lead = f"{rest[:1].upper()}{rest[1:]}" if rest else "You can leave now; verifying can be repeated any time."
    if result.overall_state is VerifyState.WAITS:
        return title, _awaited(result, moments)
    if result.overall_state is VerifyState.RESTART:
        return sentence.rstrip("."), "Every right is in place. A machine uses new rights only after it has restarted."
    if verifier.proof and verifier.proof[-1].done:
        lead = f"{lead} A failover has shown that it moves."
    return title.rstrip("."), lead


def _awaited(result: VerifyResult, moments: Moments) -> str:
    """What is waited for, and until when at most."""
    made = {
        (stage.machine, stage.scope): stage.at for stage in result.stages if stage.stage is PropagationStage.WRITTEN
    }
    coming = [stage for stage in result.stages if stage.stage is PropagationStage.EFFECTIVE and not stage.done]
    ends = [at + PROPAGATION for stage in coming if (at := made.get((stage.machine, stage.scope))) is not None]
    if not ends:
        return "Longer than usual: Azure's lists do not show every assignment yet. Each was read by itself; it counts."
    return f"Azure needs up to ten minutes: everything counts by {moments.time(max(ends))} at the latest."


def _seen(
    verifier: VerifyController, vm: ResourceId, scope: str, stage: PropagationStage
) -> StageSeen | PropagationChanged | None:
    """What a look that goes on has found anew, else what the last one came to, which knows the times."""
    live, result = verifier.stages.get((vm.name, scope, stage)), verifier.result
    last = None
    if result is not None:
        last = next((one for one in result.stages if (one.machine, one.scope, one.stage) == (vm, scope, stage)), None)
    if last is None or live is None or not verifier.looking:
        return last or live
    return last if (last.done, last.sentence) == (live.done, live.sentence) else live


def _meters(
    verifier: VerifyController, machines: tuple[ResourceId, ...], scopes: tuple[str, ...], moments: Moments
) -> tuple[MeterShown, ...]:
    return tuple(
        MeterShown(
            sanitize(vm.name, 90),
            scope_name(scope),
            tuple(
                _bar(
                    _seen(verifier, vm, scope, stage),
                    stage,
                    _certain(verifier, vm, scope),
                    moments,
                    restarts=_restart_due(verifier, vm, scope),
                )
                for stage in PropagationStage
            ),
        )
        for vm in machines
        for scope in scopes
    )


def _is_answer(seen: StageSeen | PropagationChanged) -> bool:
    """Whether it is what the machine itself was told."""
    return bool(seen.sentence) and seen.sentence != NOT_PROVED


def _certain(verifier: VerifyController, vm: ResourceId, scope: str) -> datetime | None:
    """When a right counts at the latest; None while that is not known."""
    written = _seen(verifier, vm, scope, PropagationStage.WRITTEN)
    return written.at + PROPAGATION if isinstance(written, StageSeen) and written.at is not None else None


def _restart_due(verifier: VerifyController, vm: ResourceId, scope: str) -> bool:
    """Whether the machine has yet to restart."""
    seen = _seen(verifier, vm, scope, PropagationStage.RESTARTED)
    return seen is not None and not seen.done


def _bar(
    seen: StageSeen | PropagationChanged | None,
    stage: PropagationStage,
    certain: datetime | None,
    moments: Moments,
    *,
    restarts: bool,
) -> BarShown:
    if seen is None:
        return BarShown(stage.value, BarState.TO_COME)
    if stage is PropagationStage.PROVED and seen.done and restarts:
        # Azure allows it already, but the rehearsal does not count it before the machine has picked it up.
        return BarShown(stage.value, BarState.TO_COME, "after the restart")
    if stage is PropagationStage.LISTED and seen.done and seen.seconds is not None:
        # It was there at this look; when Azure's lists showed it first is not known.
        return BarShown(stage.value, BarState.DONE, f"within {format_duration(seen.seconds)}")
    if seen.done:
        note = format_duration(seen.seconds) if seen.seconds is not None else ""
        at: datetime | None = seen.at if isinstance(seen, StageSeen) else None
        if stage in {PropagationStage.WRITTEN, PropagationStage.RESTARTED} and at is not None:
            note = moments.day(at)
        # Where no time was measured, how it is known: worked out, shown by the proof, said by a person.
        return BarShown(stage.value, BarState.DONE, note or sanitize(seen.sentence, 120).rstrip("."))
    if stage is PropagationStage.RESTARTED:
        return BarShown(stage.value, BarState.WAITS, "waits for you")
    if stage is PropagationStage.PROVED:
        # What it needs is said below, where it can be done; a machine's own answer is said here.
        return BarShown(
            stage.value, BarState.TO_COME, sanitize(seen.sentence, 120) if _is_answer(seen) else "by a failover"
        )
    if stage is PropagationStage.EFFECTIVE and certain is not None:
        return BarShown(stage.value, BarState.RUNNING, f"by {moments.time(certain)} at the latest")
    state = BarState.FAILED if stage is PropagationStage.WRITTEN else BarState.RUNNING
    return BarShown(stage.value, state, sanitize(seen.sentence, 120))


def _meter_note(verifier: VerifyController, moments: Moments) -> str:
    if verifier.looking:
        return f"asked every 10 s, {USUAL}"
    if verifier.looked_at is not None:
        return f"asked {moments.time(verifier.looked_at)}, {USUAL}"
    return ""


def _restarts(verifier: VerifyController, result: VerifyResult | None, *, locked: bool) -> tuple[RestartShown, ...]:
    order = verifier.looked.order if verifier.looked is not None else None
    if result is None or order is None or not order.machines:
        return ()
    waiting = set(result.waiting_for_restart)
    rows: list[RestartShown] = []
    first_open = next((vm for vm in order.machines if vm in waiting), None)
    doing, early = verifier.restarting, result.overall_state is VerifyState.WAITS
    for number, vm in enumerate(order.machines, start=1):
        name = sanitize(vm.name, 90)
        holds = vm == order.holder
        title = f"{number}. {name}, {'which holds the address' if holds else 'the standby'}"
        key = vm.text
        move = verifier.moves.get(vm)
        if move is not None:
            title = f"{number}. {name}" if move.done is not False else title
            shape = {None: Shape.MOVING, True: Shape.GOOD, False: Shape.BROKEN}[move.done]
            rows.append(RestartShown(f"move {key}", shape, move.title, move.words))
        if doing is not None and doing.vm == vm and doing.problem is None:
            waits = move is not None and move.done is None
            rows.append(RestartShown(key, Shape.WAITING if waits else Shape.MOVING, title, doing.words))
            continue
        if vm not in waiting:
            rows.append(RestartShown(key, Shape.GOOD, title, "has restarted since its rights were given"))
            continue
        note = "about 2 min; the address stays where it is"
        if early:
            note = f"better later: it may not get a right that does not count yet; {note}"
        if holds:
            note = "about 2 min without the address, unless you fail over first; you may restart it yourself"
        if doing is not None and doing.vm == vm and doing.problem is not None:
            note = doing.problem.sentence()
        busy = doing is not None and doing.problem is None
        why = LOCKED.sentence() if locked else "One machine at a time." if busy else ""
        next_one = vm == first_open and not early
        shape = Shape.MOVING if next_one else Shape.WAITING
        rows.append(
            RestartShown(
                key,
                shape,
                title,
                note,
                "Restart…" if holds else "Restart",
                not why,
                why,
                primary=next_one and not why,
                may_say=not busy,
            )
        )
    return tuple(rows)


def _rehearsal(result: VerifyResult | None) -> tuple[RehearsalLine, ...]:
    if result is None:
        return ()
    return tuple(
        RehearsalLine(row.sentence, tuple(_cell(cell) for cell in row.cells), _why(row.cells))
        for row in result.rehearsal
    )


def _cell(cell: RehearsalCell) -> tuple[Shape, str]:
    return _CELLS[cell.may], cell.may.value


def _why(cells: tuple[RehearsalCell, RehearsalCell]) -> str:
    return "\n".join(dict.fromkeys(sanitize(cell.why, 300) for cell in cells if cell.why))


def _rehearsal_state(verifier: VerifyController, result: VerifyResult | None) -> tuple[Shape, str]:
    if result is None:
        return (Shape.MOVING, "Being worked out") if verifier.looking else (Shape.WAITING, "Not run yet")
    may, of = result.counted
    return _STANDING[result.overall_state], f"{may} of {of} worked out"


def _checks(verifier: VerifyController, result: VerifyResult | None) -> tuple[tuple[Shape, str, str], ...]:
    found: tuple[Finding, ...] = tuple(verifier.checks.values())
    if result is not None:
        found = tuple(item.finding for item in result.checks)
    return tuple(
        (
            level_shape(one.level),
            one.fact,
            " ".join(part for part in (one.evidence, one.problem.fix if one.problem is not None else "") if part),
        )
        for one in found
    )


def _proof(runs: tuple[ProofRun, ...], *, proved: bool) -> tuple[Shape, str]:
    if not runs and proved:
        words = "Not needed: each machine's own identity was asked and allowed. A failover shows its gap as well."
        return Shape.GOOD, words
    if not runs:
        words = "Moves the address once; the question lists every call before anything begins."
        return Shape.WAITING, words
    last = runs[-1]
    took = f", {format_duration(last.seconds)}" if last.seconds is not None else ""
    gap = f", gap as read {format_duration(last.gap_s)}" if last.gap_s is not None else ""
    shape = Shape.GOOD if last.done else Shape.BROKEN
    half = last.done and last.by is ProvedBy.MEMBERS and not proved
    back = " Now the way back: it proves the other half." if half else ""
    return shape, f"{last.sentence}{took}{gap}. Whose rights that used: {last.by.value}.{back}"


def _can_prove(result: VerifyResult | None, *, locked: bool, session_ready: bool) -> tuple[bool, str]:
    if locked:
        return False, LOCKED.sentence()
    if result is None:
        return False, "What is there is being read."
    if not session_ready:
        return False, "The cluster is being read for the first time."
    return True, ""
