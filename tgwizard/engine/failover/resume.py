"""Resume: an interrupted run is read from the journal, the world is read anew, and the control loop decides from there
(engine/README.md 1.3).

Nothing recorded is ever replayed. Without a journal (another computer) resume demands the member, acts only when
nobody holds the address and both interfaces have been settled and unchanged for 20 s, and says what it could not
know.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.decide import Goal, LastWrite, Move, NicReading, RunProgress, decide
from tgwizard.engine.failover.failover_plan import plan
from tgwizard.engine.failover.fence import Unfenced, wants_fence
from tgwizard.engine.failover.finish_run import end_unsettled, end_without_effect, refuse
from tgwizard.engine.failover.run import RunOptions, check, continue_run, locked_run, stop_first
from tgwizard.engine.failover.run_context import RunContext
from tgwizard.engine.failover.run_record import make_run_record
from tgwizard.engine.failover.run_state import StartingPoint
from tgwizard.engine.failover.service_gap import from_journal, service_end_before_run
from tgwizard.engine.history.run_statistics import measured_runs
from tgwizard.engine.jobs import Report
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.readiness import refusal_of_dead
from tgwizard.engine.runs.cluster_lock import run_in_progress
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.journal import JournalError
from tgwizard.engine.runs.records import (
    Record,
    RunEndRecord,
    RunRecord,
    StrategyFallback,
    TurnedBack,
    WriteAnswer,
    WriteAnswered,
    WriteAttempted,
)
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, Finished, RunStarted, Step, StepWaiting, WarningRaised
from tgwizard.model.failover_options import NO_FENCE, FenceRequest, RunIntent, Strategy
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import LocationKind, Snapshot
from tgwizard.model.text import format_utc


def interrupted_run(services: Services, setup: ClusterSetup) -> RunRecord | None:
    """The interrupted run of this cluster, if its journal has one; UserError when the journal cannot be read.

    A run that is in progress is not interrupted: it holds the cluster's lock until its journal is closed.
    """
    if not services.has_journal(setup) or run_in_progress(services, setup):
        return None
    journal = services.journal(setup)
    try:
        return journal.unfinished()
    finally:
        journal.close()


def end_interrupted(services: Services, setup: ClusterSetup, report: Report[Event], outcome: Outcome) -> Finished:
    """End the interrupted run with nothing more written: a member's reason for it is over, or it had arrived."""
    context = RunOptions().context(services, setup, report, CancelToken())

    def end(journal: FailoverJournal) -> Finished:
        observer = Observer(services.azure, services.clock, context.setup)
        place = observer.look(vms=False, retry_policy=context.retry_policy()).place
        run_record = journal.unfinished()
        where = f"{place.member.name} holds {setup.address}" if place.member else f"{setup.address} is on no interface"
        reason = f"The interrupted run was ended: {where}."
        if run_record is not None:
            at = format_utc(services.clock.wall())
            journal.end(RunEndRecord.of(run_record, at, outcome, place, reason))
        finished = Finished(context.stamp(), context.run, setup.name, outcome, place, reason)
        report(finished)
        return finished

    return locked_run(context, end)


def resume(
    services: Services,
    setup: ClusterSetup,
    to: Member | None,
    report: Report[Event],
    cancel: CancelToken,
    options: RunOptions | None = None,
) -> Finished:
    """Bring an interrupted run to its end. ``to``: where the address is to be; None: where the run was going."""
    options = options or RunOptions()
    context = options.context(services, setup, report, cancel)
    return locked_run(context, lambda journal: _resume(context, journal, to, consent=options.to_dead_machine))


def _resume(context: RunContext, journal: FailoverJournal, to: Member | None, *, consent: bool) -> Finished:
    run_record = journal.unfinished()
    if run_record is None:
        return _without_journal(context, journal, to, consent=consent)
    gaining = context.setup.member(run_record.to)
    if run_record.nics != context.setup.identity.nics or gaining is None:
        problem = Problem(
            "journal-of-another-cluster",
            "The interrupted run was of other network interfaces or members.",
            "The cluster file was changed since.",
            "Resume with the file as it was then.",
        )
        return refuse(
            context, problem, Observer(context.services.azure, context.services.clock, context.setup).snapshot().place
        )
    intent = RunIntent(
        gaining,
        run_record.verb,
        run_record.strategy,
        FenceRequest(run_record.fence, run_record.fence_optional),
        consent or run_record.to_dead_machine,
        asked_for=to,
        part=run_record.part,
    )
    return _with_journal(replace(context, run=run_record.run), journal, run_record, intent)


def _with_journal(context: RunContext, journal: FailoverJournal, run_record: RunRecord, intent: RunIntent) -> Finished:
    services, gaining, to = context.services, intent.to, intent.asked_for
    observer = Observer(services.azure, services.clock, context.setup)
    snapshot = observer.look(retry_policy=context.retry_policy())
    records = journal.records(run_record.run)
    progress = _progress_from_journal(run_record, records, context.setup, gaining)
    if (
        progress.atomic
        and _age_s(context, run_record) > context.timing.unanswered_move_s + context.timing.fresh_preflight_s
    ):
        # A request without an answer does not arrive after this long; from here on it is a run like any other.
        progress = replace(progress, atomic=_accepted(progress))
    if to is not None:
        progress = replace(progress, goal=_goal(progress, to, gaining))
    failover_plan = plan(snapshot, replace(intent, fence=NO_FENCE), measured_runs(services, context.setup))
    losing = context.setup.other(gaining)
    context.report(
        RunStarted(
            context.stamp(),
            context.run,
            context.setup.name,
            run_record.verb,
            gaining.name,
            losing.name,
            run_record.address,
            failover_plan.steps,
        )
    )
    snapshot = _wait_until_both_read(context, observer, snapshot)
    if _unread(snapshot) is not None:
        # What it would do first is not known, so neither is whether its checks must be made anew: nothing is written.
        return end_unsettled(context, snapshot.place, _unread(snapshot))
    dead = None if intent.to_dead_machine else _dead_target(snapshot, progress, to, gaining)
    if dead is not None and (to is not None or not progress.had_holder):
        return refuse(context, dead, snapshot.place)
    target = gaining if progress.goal is Goal.FORWARD else losing
    holder = snapshot.place.member if snapshot.place.kind is LocationKind.MEMBER else None
    served = holder == losing and not snapshot.seen(losing).outage
    service_end = from_journal(run_record, records, services.clock, served=served, arrived=holder == target)
    would_detach = _would_detach(snapshot, progress, losing, gaining)
    turned_back: Problem | None = None
    cancelled = False
    if dead is not None and not would_detach:
        # Nobody would answer there, and nobody consented to that: the address goes back to where it came from.
        turned_back = dead
    checked_at = snapshot.now
    if would_detach:
        if _age_s(context, run_record) > context.timing.fresh_preflight_s:
            # A late run is dropped, never executed (engine/README.md 1.7); nothing of it can still be under way after
            # this long.
            return _drop_late_run(context, journal, run_record, snapshot)
        checked = check(context, snapshot, replace(intent, strategy=Strategy.DETACH_ATTACH))
        objection = checked.reason_against(intent.verb)
        if objection is not None:
            # The removal may be on its way still: writing the interface as it is makes it a thing of the past.
            turned_back = objection
        checked_at = checked.at
        if wants_fence(run_record) and objection is None:
            stopped = stop_first(context, journal, run_record, intent, observer, checked)
            if isinstance(stopped, Unfenced):
                # As above: a removal sent before the interruption must not land on a member that was not stopped.
                turned_back, cancelled = stopped.problem, stopped.outcome is Outcome.CANCELLED
            else:
                checked_at = stopped.checked.at
                service_end = stopped.service_end or service_end
    if turned_back is not None:
        progress = replace(progress, goal=Goal.BACK)
        context.report(WarningRaised(context.stamp(), context.run, turned_back))
    start = StartingPoint(progress, checked_at, service_end, turned_back, cancelled)
    return continue_run(context, journal, run_record, intent, observer, start)


def _wait_until_both_read(context: RunContext, observer: Observer, snapshot: Snapshot) -> Snapshot:
    """Look until both interfaces were read, for as long as a silence may last; one that is gone is not waited for."""
    clock, end = context.services.clock, context.services.clock.monotonic() + context.timing.silence_s
    reported = False
    while _unread(snapshot) is not None and clock.monotonic() < end and not context.cancel.is_cancelled:
        if any(seen.nic.gone for seen in snapshot.members):
            break
        if not reported:
            what = "An interface cannot be read; it is asked again"
            context.report(StepWaiting(context.stamp(), context.run, Step.CHECK, what, context.timing.silence_s))
            reported = True
        clock.sleep(context.timing.retry_s, context.cancel)
        snapshot = observer.look(retry_policy=context.retry_policy())
    return snapshot


def _unread(snapshot: Snapshot) -> Problem | None:
    """Why an interface was never read, or is gone; None when both were read."""
    return next((seen.nic.problem for seen in snapshot.members if seen.nic.value is None), None)


def _progress_from_journal(
    run_record: RunRecord, records: tuple[Record, ...], setup: ClusterSetup, gaining: Member
) -> RunProgress:
    """What the run had done, by its journal. The last lines may be missing: an attempt without an answer is unknown."""
    losing = setup.other(gaining)
    first, second = str(run_record.losing_body.get("etag", "")), str(run_record.gaining_body.get("etag", ""))
    sent: dict[str, LastWrite] = {}
    fell_back = any(isinstance(record, StrategyFallback) for record in records)
    atomic = run_record.strategy is Strategy.ATOMIC and not fell_back
    if atomic:
        sent = _moved(losing, gaining, first, second, WriteAnswer.UNKNOWN)
    elif run_record.configuration is not None:
        sent[losing.name] = LastWrite(Step.DETACH, first, WriteAnswer.UNKNOWN)
    answers = {record.request: record.answer for record in records if isinstance(record, WriteAnswered)}
    wrote, goal = False, Goal.FORWARD
    for record in records:
        if isinstance(record, WriteAttempted) and record.step is Step.FENCE:
            continue  # it stopped a machine and touched no interface
        if fell_back and isinstance(record, WriteAttempted) and record.step is Step.MOVE:
            continue  # refused: only then is there a way back to detach and attach
        if isinstance(record, WriteAttempted):
            answer = answers.get(record.request, WriteAnswer.UNKNOWN)
            refused = answer in (WriteAnswer.REFUSED, WriteAnswer.NOT_SENT)
            if record.step is Step.MOVE:
                sent = {} if refused else _moved(losing, gaining, first, second, answer)
                atomic, wrote = not refused, wrote or answer is WriteAnswer.ACCEPTED
                continue
            atomic = False
            if answer in (WriteAnswer.ACCEPTED, WriteAnswer.UNKNOWN):
                sent[record.member] = LastWrite(record.step, record.if_match, answer)
            wrote = wrote or answer is WriteAnswer.ACCEPTED
        elif isinstance(record, TurnedBack):
            goal = Goal.BACK
    had_holder = run_record.configuration is not None
    return RunProgress(
        goal,
        wrote,
        had_holder,
        sent.get(losing.name),
        sent.get(gaining.name),
        atomic=atomic,
        part=run_record.part,
    )


def _moved(losing: Member, gaining: Member, first: str, second: str, answer: WriteAnswer) -> dict[str, LastWrite]:
    return {losing.name: LastWrite(Step.MOVE, first, answer), gaining.name: LastWrite(Step.MOVE, second, answer)}


def _accepted(progress: RunProgress) -> bool:
    return progress.losing_sent is not None and progress.losing_sent.answer is WriteAnswer.ACCEPTED


def _goal(progress: RunProgress, to: Member, gaining: Member) -> Goal:
    """Where a person who names the member wants the address.

    A run that has turned back goes forward again only while its put-back was not sent: from then on the address may
    be back already, and moving it once more is a failover of its own, with checks of its own.
    """
    if to != gaining:
        return Goal.BACK
    sent = progress.losing_sent
    return progress.goal if sent is not None and sent.step is Step.PUT_BACK else Goal.FORWARD


def _dead_target(snapshot: Snapshot, progress: RunProgress, to: Member | None, gaining: Member) -> Problem | None:
    """Why the address may not go where a person (``to``) or the run wants it: the member there cannot serve it.

    Where the address is already, or was sent to, it stays; the way back to where it came from asks nobody.
    """
    forward = progress.goal is Goal.FORWARD
    target = to or (gaining if forward else None)
    if target is None or snapshot.place.member == target or (forward and progress.gaining_sent is not None):
        return None
    return refusal_of_dead(snapshot, target, Verb.FORCED)


def _would_detach(snapshot: Snapshot, progress: RunProgress, losing: Member, gaining: Member) -> bool:
    sides = []
    for member in (losing, gaining):
        document = snapshot.seen(member).nic.value
        if document is None:
            return False
        sides.append(NicReading.of(document, snapshot.address))
    return decide(sides[0], sides[1], progress) is Move.DETACH


def _age_s(context: RunContext, run_record: RunRecord) -> float:
    return (context.services.clock.wall() - datetime.fromisoformat(run_record.at)).total_seconds()


def _drop_late_run(
    context: RunContext, journal: FailoverJournal, run_record: RunRecord, snapshot: Snapshot
) -> Finished:
    problem = Problem(
        "run-too-late",
        f"The interrupted run was dropped: {run_record.other} still holds {run_record.address}.",
        _what_was_applied(run_record),
        "Start a new failover if it is still wanted.",
    )
    return end_without_effect(context, journal, run_record, problem, snapshot.place)


def _what_was_applied(run_record: RunRecord) -> str:
    """What an interrupted run had done that still shows no detach."""
    if wants_fence(run_record):
        return f"Nothing was detached, and its checks are too old. {run_record.other} may have been stopped by it."
    return "Nothing of it had been applied, and its checks are too old."


def _without_journal(context: RunContext, journal: FailoverJournal, to: Member | None, *, consent: bool) -> Finished:
    observer = Observer(context.services.azure, context.services.clock, context.setup)
    snapshot = observer.look(retry_policy=context.retry_policy())
    place = snapshot.place
    if place.kind in (LocationKind.MEMBER, LocationKind.FOREIGN_NIC) or to is None:
        return refuse(context, _nothing_to_resume(snapshot, to), place)
    context.report(
        WarningRaised(
            context.stamp(),
            context.run,
            Problem(
                "no-journal",
                "This computer has no journal of an interrupted run.",
                "Where the address came from is not known. What travels with it is taken from the cluster file.",
            ),
        )
    )
    snapshot, quiet = _watch_for_quiet(context, observer, snapshot)
    if not quiet or snapshot.place.kind is not LocationKind.NO_NIC or snapshot.elsewhere.value is None:
        silent = _read_problem(snapshot)
        problem = Problem(
            "not-quiet",
            "Resume did not act.",
            f"Both interfaces must be settled and unchanged for {context.timing.quiet_s:.0f} s, "
            f"and it must be known that nobody holds {snapshot.address}.",
            "Wait until the other run has ended, then resume again. Nothing was written.",
        )
        if silent is not None:
            problem = Problem(
                "not-quiet", "Resume did not act.", silent.sentence(), "Resume again. Nothing was written."
            )
        return refuse(context, problem, snapshot.place)
    intent = RunIntent(to, Verb.FORCED, to_dead_machine=consent, asked_for=to)
    checked = check(context, snapshot, intent)
    objection = checked.reason_against(intent.verb)
    if objection is not None:
        return refuse(context, objection, snapshot.place)
    run_record = make_run_record(context, snapshot, intent)
    try:
        journal.begin(run_record)
    except JournalError as error:
        return refuse(context, error.problem, snapshot.place)
    progress = RunProgress(Goal.FORWARD, wrote=False, had_holder=False)
    start = StartingPoint(progress, checked.at, service_end_before_run(run_record, context.services.clock))
    return continue_run(context, journal, run_record, intent, observer, start)


def _read_problem(snapshot: Snapshot) -> Problem | None:
    """Why something that resume needs could not be read the last time; None when all of it was."""
    troubles = (*(seen.nic.problem for seen in snapshot.members), snapshot.elsewhere.problem)
    return next((problem for problem in troubles if problem is not None), None)


def _watch_for_quiet(context: RunContext, observer: Observer, snapshot: Snapshot) -> tuple[Snapshot, bool]:
    """Watch for 20 s; whether both interfaces were settled and unchanged all the time."""
    clock, seconds = context.services.clock, context.timing.quiet_s
    first, end = _versions(snapshot), clock.monotonic() + seconds
    what = f"Watching both interfaces for {seconds:.0f} s before anything is written"
    context.report(StepWaiting(context.stamp(), context.run, Step.CHECK, what, seconds))
    while clock.monotonic() < end:
        if context.cancel.is_cancelled or first is None or _versions(snapshot) != first:
            return snapshot, False
        clock.sleep(min(2.0, max(0.0, end - clock.monotonic())), context.cancel)
        snapshot = observer.look(vms=False, retry_policy=context.retry_policy())
    return snapshot, first is not None and _versions(snapshot) == first


def _versions(snapshot: Snapshot) -> tuple[str, ...] | None:
    """The etags of both interfaces, None while one is unread or unsettled."""
    found = []
    for seen in snapshot.members:
        document = seen.nic.value
        if document is None or seen.nic.problem is not None:
            return None
        if not document.provisioning.is_settled:
            return None
        found.append(document.etag)
    return tuple(found)


def _nothing_to_resume(snapshot: Snapshot, to: Member | None) -> Problem:
    place = snapshot.place
    if place.kind is LocationKind.MEMBER and place.member is not None:
        fact = f"{place.member.name} holds {snapshot.address}."
        return Problem("nothing-to-resume", "There is nothing to resume.", fact, "The address did not move.")
    if place.kind is LocationKind.FOREIGN_NIC and place.foreign_nic is not None:
        fact = f"{place.foreign_nic.name} has {snapshot.address}."
        return Problem("address-taken", fact, "It is no member's.", f"Remove {snapshot.address} from it, then resume.")
    del to
    names = " or ".join(member.name for member in snapshot.setup.members)
    return Problem(
        "resume-needs-member",
        "This computer has no journal of an interrupted run.",
        "Where the address was going is not known.",
        f"Name the member that is to get it: --to {names}.",
    )
