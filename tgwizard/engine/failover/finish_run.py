"""The end of a run: what is settled, journalled and told.

What the control loop arrived at, what others changed meanwhile, what was measured; told once and journalled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tgwizard.engine.access.read_access import look_up_cause
from tgwizard.engine.failover import run_result as endings
from tgwizard.engine.failover.fence import stopped_vm_advice, wants_fence
from tgwizard.engine.failover.run_context import RunContext
from tgwizard.engine.failover.run_result import RunResult
from tgwizard.engine.failover.run_state import FailoverRun
from tgwizard.engine.failover.service_gap import gap_of
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.records import LastReadings, RunEndRecord, RunRecord
from tgwizard.model.cluster import Member
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Finished, ForeignChange
from tgwizard.model.failover_options import PartOfRun
from tgwizard.model.nic import (
    NicDocument,
    NicDocumentError,
    Provisioning,
    carried_of,
    configuration_differences,
    differences,
    lost_on_the_way,
)
from tgwizard.model.problem import Problem
from tgwizard.model.service_gap import NO_SERVICE_GAP
from tgwizard.model.snapshot import AddressLocation, LocationKind, Snapshot
from tgwizard.model.text import format_utc, sanitize


def refuse(
    context: RunContext, problem: Problem, place: AddressLocation, outcome: Outcome = Outcome.REFUSED
) -> Finished:
    """A run that never wrote; it leaves no trace in the journal."""
    finished = Finished(
        context.stamp(), context.run, context.setup.name, outcome, place, problem.sentence(), problem=problem
    )
    context.report(finished)
    return finished


def end_without_effect(
    context: RunContext, journal: FailoverJournal, run_record: RunRecord, problem: Problem, place: AddressLocation
) -> Finished:
    """End an interrupted run of which nothing had been applied."""
    at = format_utc(context.services.clock.wall())
    journal.end(RunEndRecord.of(run_record, at, Outcome.FAILED, place, problem.sentence(), problem))
    return refuse(context, problem, place, Outcome.FAILED)


def end_unsettled(context: RunContext, place: AddressLocation, problem: Problem | None) -> Finished:
    """End an interrupted run that cannot be gone on with now; its journal stays open, for the next resume."""
    ending = endings.unsettled(str(context.setup.address), problem)
    finished = Finished(
        context.stamp(),
        context.run,
        context.setup.name,
        ending.outcome,
        place,
        ending.reason,
        ending.left,
        resume=f"tgwizard resume {context.setup.name}",
        problem=problem,
    )
    context.report(finished)
    return finished


def finish(context: RunContext, journal: FailoverJournal, state: FailoverRun, ending: RunResult) -> Finished:
    """Tell and journal the end of a driven run."""
    ending = _with_refusal_cause(state, ending)
    place = ending.place or state.observer.snapshot().place
    measured = state.moments
    arrived = measured.arrived if ending.outcome in (Outcome.DONE, Outcome.CANCELLED, Outcome.FAILED) else None
    seconds = _span(measured.first_write, arrived)
    gap = NO_SERVICE_GAP if _outage(state, place) else gap_of(measured.released, arrived, state.service_end)
    handed_over = state.intent.part is PartOfRun.RELEASE and ending.outcome is Outcome.DONE
    on_no_member = place.kind in (LocationKind.NO_NIC, LocationKind.FOREIGN_NIC)
    open_end = ending.outcome is Outcome.UNKNOWN or (on_no_member and not handed_over)
    by_other = _changes_by_others(state)
    losing, gaining = (state.observer.seen(member).nic.value for member in (state.losing, state.to))
    journal.append(context.run, last_readings(context, losing, gaining, by_other))
    unwritten: tuple[str, ...] = ()
    if not open_end:
        kept = ending.of_run or ending
        done = kept.outcome is Outcome.DONE
        at = format_utc(context.services.clock.wall())
        ended = RunEndRecord.of(state.run_record, at, kept.outcome, place, kept.reason, kept.problem)
        unwritten = journal.end(
            replace(
                ended,
                seconds=seconds,
                detach_s=_span(measured.first_write, measured.released) if done and measured.attach_sent else None,
                attach_s=_span(measured.attach_sent, arrived) if done else None,
            ).with_gap(gap)
        )
    finished = Finished(
        context.stamp(),
        context.run,
        context.setup.name,
        ending.outcome,
        place,
        ending.reason,
        (
            *ending.left,
            *_changes_by_move(state, ending),
            *_left_behind(state, ending),
            *left_failed(state.observer.snapshot()),
            *_nobody_served(state, place),
            *unwritten,
        ),
        ending.rolled_back,
        by_other,
        seconds,
        gap.seconds,
        f"tgwizard resume {context.setup.name}" if open_end else "",
        ending.problem,
        gap.at_least,
        gap.at_most_s,
    )
    context.report(finished)
    return finished


def _with_refusal_cause(state: FailoverRun, ending: RunResult) -> RunResult:
    """The end with the cause of a refused write looked up. Only now: nothing is asked for words while a gap is open."""
    refusal, problem = state.refusal, ending.problem
    if refusal is None or problem is None or problem != refusal.problem or not refusal.refused:
        return ending
    cause = look_up_cause(state.sender.azure, state.setup.subscription, problem, refusal.refused)
    return replace(ending, problem=cause, reason=ending.reason.replace(problem.sentence(), cause.sentence()))


def left_failed(snapshot: Snapshot) -> tuple[str, ...]:
    """An update that failed leaves its interface in state Failed; the remedy is a new write (azure/README.md 2.4)."""
    return tuple(
        f"{item.member.nic.name} is in state Failed. Any new write of it, such as the next failover, ends that."
        for item in snapshot.members
        if item.provisioning is Provisioning.FAILED
    )


def _nobody_served(state: FailoverRun, place: AddressLocation) -> tuple[str, ...]:
    """A VM that the run stopped stays stopped, however it ended: said, so that nobody wonders in the morning.

    So is a holder that cannot serve: the gap goes on.
    """
    fence = stopped_vm_advice(state.run_record.cluster, state.losing) if wants_fence(state.run_record) else ()
    outage = _outage(state, place)
    return (f"Nobody answers at {state.address}: {outage}.", *fence) if outage else fence


def _outage(state: FailoverRun, place: AddressLocation) -> str:
    """Why the holder cannot serve, by its last reading: it was stopped, by this run too, or it was dead by consent."""
    if place.kind is not LocationKind.MEMBER or place.member is None:
        return ""
    return state.observer.seen(place.member).outage


def _changes_by_move(state: FailoverRun, ending: RunResult) -> tuple[str, ...]:
    """What a move in one call did to the configuration: Azure's doing, and compared (engine/README.md 1.5)."""
    found = state.nic(state.to).find(state.address) if ending.outcome is Outcome.DONE else None
    if not state.progress.atomic or state.run_record.configuration is None or found is None:
        return ()
    wanted = _wanted(state, NicDocument.parse(state.run_record.gaining_body), str(found.get("name", "")))
    left = [
        f"Azure's move changed {item.path} from {item.before} to {item.after}. Correct it on {state.to.nic.name}."
        for item in configuration_differences(wanted, found)
    ]
    if not str(found.get("name", "")).startswith(state.setup.ip_configuration):
        left.append(f"Azure named the configuration {sanitize(str(found.get('name', '')), 80)}.")
    return tuple(left)


def left_behind(carried: CarriedConfiguration, nic: str, document: NicDocument | None, address: str) -> tuple[str, ...]:
    """What travelled with the address and is not there now, in words: done is only told together with that."""
    found = document.find(address) if document is not None else None
    if found is None:
        return ()
    return tuple(
        f"{item.path} of the configuration of {address} was {item.before}; on {nic} it is {item.after}. "
        "Correct it there."
        for item in lost_on_the_way(carried, found)
    )


def _left_behind(state: FailoverRun, ending: RunResult) -> tuple[str, ...]:
    if state.progress.atomic or ending.outcome not in (Outcome.DONE, Outcome.CANCELLED, Outcome.FAILED):
        return ()  # a move in one call is told of by itself
    carried = _carried(state)
    return tuple(
        line
        for member in state.setup.members
        for line in left_behind(carried, member.nic.name, state.observer.seen(member).nic.value, state.address)
    )


def _carried(state: FailoverRun) -> CarriedConfiguration:
    return carried_of(state.run_record.configuration) if state.run_record.configuration else state.setup.carried


def _wanted(state: FailoverRun, first: NicDocument, name: str) -> Mapping[str, Any]:
    return first.new_configuration(name, state.address, _carried(state))


def last_readings(
    context: RunContext, losing: NicDocument | None, gaining: NicDocument | None, by_other: tuple[ForeignChange, ...]
) -> LastReadings:
    """What history compares with the first readings."""
    return LastReadings(
        context.run,
        format_utc(context.services.clock.wall()),
        losing.body if losing else None,
        gaining.body if gaining else None,
        tuple(
            {
                "nic": item.nic,
                "path": item.difference.path,
                "before": item.difference.before,
                "after": item.difference.after,
            }
            for item in by_other
        ),
    )


def changes_by_others(nic: str, body: object, last: NicDocument | None, address: str) -> tuple[ForeignChange, ...]:
    """What changed on an interface apart from the floating configuration, from the first to the last reading."""
    try:
        first = NicDocument.parse(body)
    except NicDocumentError:
        return ()
    if last is None:
        return ()
    return tuple(ForeignChange(nic, item) for item in differences(first, last, apart_from=address))


def _changes_by_others(state: FailoverRun) -> tuple[ForeignChange, ...]:
    """Differences between the first and the last reading that are not ours: kept, and listed (engine/README.md 1.2)."""
    found: list[ForeignChange] = []
    for member, body in ((state.losing, state.run_record.losing_body), (state.to, state.run_record.gaining_body)):
        last = state.observer.seen(member).nic.value
        found += changes_by_others(member.nic.name, body, last, state.address)
        if last is not None:
            found += _configuration(state, member, body, last)
    return tuple(found)


def _configuration(state: FailoverRun, member: Member, body: object, last: NicDocument) -> list[ForeignChange]:
    configuration = last.find(state.address)
    if configuration is None:
        return []
    if member == state.to:
        if state.progress.atomic:
            return []  # nothing was sent that it could differ from
        try:
            sent = _wanted(state, NicDocument.parse(body), str(configuration.get("name", "")))
        except NicDocumentError:
            return []
    elif state.run_record.configuration is not None:
        sent = state.run_record.configuration
    else:
        return []
    carried = _carried(state)  # told of by itself, whoever lost it
    inner = {key: value for key, value in sent.get("properties", {}).items() if key not in carried.properties}
    rest = {key: value for key, value in sent.items() if key not in carried.beside} | {"properties": inner}
    return [ForeignChange(member.nic.name, item) for item in configuration_differences(rest, configuration)]


def _span(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(0.0, end - start)
