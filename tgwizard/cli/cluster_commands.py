"""The commands of a cluster: each takes its arguments, a connection and a console, and answers with an exit code."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tgwizard.cli import cluster_text
from tgwizard.cli.app_ports import AppPorts, EnvironmentChoice, OpenEnvironment, RunningLab
from tgwizard.cli.arguments import Failover, Resume, Status
from tgwizard.cli.cluster_documents import event_document, plan_document, status_document
from tgwizard.cli.console import Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.job_runner import CommandRun
from tgwizard.cli.lab_arguments import LabRunCommand
from tgwizard.engine.access.required_rights import Writer
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.failover_plan import FailoverPlan, is_repair, plan, resolve_strategy
from tgwizard.engine.failover.resume import interrupted_run, resume
from tgwizard.engine.failover.run import RunOptions, fail_over, rehearse
from tgwizard.engine.failover.run_context import UserDecisions
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.interrupts import Interrupts, listen
from tgwizard.engine.jobs import LEAVE_GAP_WITHIN_S, JobCrashed, Report
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.cluster_readiness import cluster_readiness, target_of
from tgwizard.engine.readiness.known_rights import RIGHTS_NOT_ASKED, KnownRights, ask_rights
from tgwizard.engine.readiness.preflight_questions import PreflightScope
from tgwizard.engine.readiness.readiness import consent_to_dead
from tgwizard.engine.readiness.recommended_action import (
    ActionKind,
    RecommendedAction,
    interrupted_sentence,
    recommend_action,
)
from tgwizard.engine.retry import RetryPolicy
from tgwizard.engine.runs.cluster_lock import cluster_in_use, run_in_progress
from tgwizard.engine.watch.monitor import Monitor, Pace
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_readiness import ClusterState
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Event, Finished, Observed, PreflightCompleted
from tgwizard.model.failover_options import Strategy
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.repair import repair
from tgwizard.model.settings import Settings
from tgwizard.model.snapshot import AddressLocation, Snapshot
from tgwizard.model.text import join_words, sanitize
from tgwizard.model.verdict import VerdictName

_LOOK_S = 0.1
_STATUS_S = 20.0
"""Within which time `status` asks again what failed for a moment."""


def lab_run(command: LabRunCommand, program: AppPorts, console: Console, stops: Interrupts | None = None) -> ExitCode:
    """Serve the lab until it is asked to stop. One JSON line says when it is ready, in either mode."""
    stops = stops or listen()
    with contextlib.closing(program.run_lab(command.options)) as lab:
        ready = lab.ready
        console.announce(
            {
                "ready": True,
                "dir": str(ready.directory),
                "arm": ready.arm,
                "ca": str(ready.ca),
                "clusters": [str(path) for path in ready.clusters],
            }
        )
        while not stops.came.wait(1.0):
            continue
        _wait_for_runs(lab, console, stops)
        console.note("The lab is being saved and stopped.")
    return ExitCode.DONE


def _wait_for_runs(lab: RunningLab, console: Console, stops: Interrupts) -> None:
    """One terminal that closes ends the lab and the run that works on it: without its Azure a run leaves no gap."""
    until = time.monotonic() + LEAVE_GAP_WITHIN_S
    told = False
    while lab.in_use and stops.count < 2 and time.monotonic() < until:
        if not told:
            console.note(
                "A run works on this lab; the lab is stopped when that has ended. Ask once more to stop it now."
            )
            told = True
        time.sleep(_LOOK_S)


def status(
    command: Status,
    connection: OpenEnvironment,
    console: Console,
    where: EnvironmentChoice,
    settings: Settings,
    stops: Interrupts | None = None,
) -> ExitCode:
    """Read once, or keep watching at the pace that the settings say."""
    setup = connection.profiles.find(command.cluster)
    connection.check(setup)
    if command.watch:
        return _watch(setup, connection, console, Pace.of(settings), stops)
    services = connection.services
    snapshot = Observer(services.azure, services.clock, setup).look(
        retry_policy=RetryPolicy.of(services.clock, _STATUS_S)
    )
    rights = _rights(snapshot, connection, thorough=command.check)
    works = cluster_in_use(setup.name) if run_in_progress(services, setup) else None
    offer = _offer(snapshot, connection, console, where)
    interrupted = offer is not None and offer.kind is ActionKind.RESUME
    found = cluster_readiness(snapshot, rights, busy=works, interrupted=interrupted)
    console.document(status_document(snapshot, found, offer))
    for line in cluster_text.status(snapshot, found, offer, in_full=command.check):
        console.say(line)
    return ExitCode.UNKNOWN if found.verdict.name is VerdictName.NOT_KNOWN else ExitCode.DONE


def _offer(
    snapshot: Snapshot, connection: OpenEnvironment, console: Console, where: EnvironmentChoice
) -> RecommendedAction | None:
    """What to do first, with the command as it works from here. A journal that cannot be read is told.

    While a run works on the cluster nothing is offered: what it leaves for a moment is neither broken nor interrupted.
    """
    if run_in_progress(connection.services, snapshot.setup):
        console.note(f"{cluster_in_use(snapshot.setup.name).what} What to do is said when it has ended.")
        return None
    try:
        unfinished = interrupted_run(connection.services, snapshot.setup)
    except UserError as error:
        unfinished = None
        for problem in error.problems:
            console.warn(problem)
    offer = recommend_action(snapshot, unfinished)
    return None if offer is None else replace(offer, command=f"{offer.command}{where.options}")


def _rights(snapshot: Snapshot, connection: OpenEnvironment, *, thorough: bool) -> KnownRights:
    """Whose rights allow a failover: read, and with ``thorough`` tried as well by writes that cannot be applied."""
    services, to = connection.services, target_of(snapshot)
    known = ask_rights(services.azure, services.clock, snapshot, to)
    for verb in Verb if thorough else ():
        known = known.with_checked(rehearse(services, snapshot.setup, to, verb, _unheard, CancelToken()))
    return known


def failover(command: Failover, connection: OpenEnvironment, console: Console, where: EnvironmentChoice) -> ExitCode:
    """Plan, ask, run."""
    setup = connection.profiles.find(command.cluster)
    to = member_named(setup, command.to)
    connection.check(setup)
    services = connection.services
    guided = resolve_strategy(command.strategy, setup, command.verb) is Strategy.GUIDED
    if command.dry_run or not (command.yes or guided):  # guided writes nothing, so there is nothing to confirm
        if not command.dry_run and (console.ask is None or console.as_json):
            raise UserError(_nobody_to_ask())
        found = _rehearsed(setup, to, command, connection)
        if command.dry_run:
            console.document(plan_document(found.intended, found.checked, found.against))
        _show_plan(console, found)
        if command.dry_run:
            return ExitCode.DONE if found.against is None else ExitCode.REFUSED
        if found.against is not None:
            return ExitCode.REFUSED
        if not _confirmed(console, setup, to, command, found):
            console.say("Cancelled. Nothing was written; the address did not move.")
            return ExitCode.CANCELLED
    decisions = _decisions(console)
    options = RunOptions(
        accept_unknown=command.accept_unknown,
        strategy=command.strategy,
        fence=command.fence,
        to_dead_machine=command.to_dead_machine,
        decisions=decisions,
    )

    def work(report: Report, token: CancelToken) -> Finished:
        return fail_over(services, setup, to, command.verb, report, token, options)

    again = _resume_command(setup, where)
    return CommandRun(services, setup, console, listen(), again, where.options, decisions).go("failover", work)


def resume_run(command: Resume, connection: OpenEnvironment, console: Console, where: EnvironmentChoice) -> ExitCode:
    """Finish an interrupted run, or bring the address to ``--to``."""
    setup = connection.profiles.find(command.cluster)
    to = member_named(setup, command.to) if command.to else None
    connection.check(setup)
    services = connection.services

    decisions = _decisions(console)

    def work(report: Report, token: CancelToken) -> Finished:
        options = RunOptions(to_dead_machine=command.to_dead_machine, decisions=decisions)
        return resume(services, setup, to, report, token, options)

    again = _resume_command(setup, where)
    return CommandRun(services, setup, console, listen(), again, where.options, decisions).go("resume", work)


def _decisions(console: Console) -> UserDecisions | None:
    """Where typed answers go; None where nobody types, so that a run does not wait for one."""
    return UserDecisions() if console.typed is not None and not console.as_json else None


def member_named(setup: ClusterSetup, name: str) -> Member:
    """The member; UserError with the list of members when there is none of that name."""
    member = setup.member(name)
    if member is None:
        what = f"{setup.name} has no member named {sanitize(name, 80)}."
        names = join_words(known.name for known in setup.members)
        raise UserError(Problem("member-unknown", what, f"Its members are {names}.", "Name one of them with --to."))
    return member


def _watch(
    setup: ClusterSetup, connection: OpenEnvironment, console: Console, pace: Pace, stops: Interrupts | None
) -> ExitCode:
    services = connection.services
    last: ClusterState | None = None
    rights = RIGHTS_NOT_ASKED
    stops = stops or listen()
    with contextlib.ExitStack() as stack:
        journal = stack.enter_context(contextlib.closing(services.journal(setup)))

        def work(report: Report, token: CancelToken) -> None:
            Monitor(services, setup, report, pace, journal).watch(token)

        job = services.jobs.start(f"watch-{setup.name}", work)
        stack.callback(job.thread.join, 15.0)
        stack.callback(job.cancel)
        for item in _until_stopped(connection, console, stops):
            if isinstance(item, JobCrashed):
                raise item.error
            if isinstance(item, Observed):
                rights = _still_good(rights, item, connection)
            console.document(event_document(item, rights))
            if isinstance(item, Observed):
                state = cluster_readiness(item.snapshot, rights).state
                if state is last:
                    continue
                last = state
            for line in cluster_text.watched(item, rights):
                console.say(line)
    return ExitCode.DONE


def _still_good(rights: KnownRights, seen: Observed, connection: OpenEnvironment) -> KnownRights:
    """What is known of rights, asked again when it is due; not while the address moves."""
    to, clock = target_of(seen.snapshot), connection.services.clock
    if seen.verdict.name is VerdictName.MOVING or not rights.is_due(to, clock.monotonic()):
        return rights
    return ask_rights(connection.services.azure, clock, seen.snapshot, to)


def _until_stopped(connection: OpenEnvironment, console: Console, stops: Interrupts) -> Iterator[Event | JobCrashed]:
    # What nobody reads any more is not watched for ever: the reader went away, or the terminal did.
    while not (stops.came.is_set() or console.unheard):
        try:
            yield connection.services.jobs.events.get(timeout=_LOOK_S)
        except queue.Empty:
            continue


@dataclass(frozen=True, slots=True)
class _Rehearsed:
    """What a failover would do now: where the address is, the plan, its checks, and what stops it."""

    place: AddressLocation
    intended: FailoverPlan
    checked: PreflightCompleted
    against: Problem | None
    repairs: bool
    consented: str


def _rehearsed(setup: ClusterSetup, to: Member, command: Failover, connection: OpenEnvironment) -> _Rehearsed:
    services = connection.services
    with contextlib.closing(services.journal(setup)) as journal:
        history = journal.ends()
    snapshot = Observer(services.azure, services.clock, setup).look(
        retry_policy=RetryPolicy.of(services.clock, FailoverTiming().look_s)
    )
    strategy = resolve_strategy(command.strategy, setup, command.verb)
    intended = plan(snapshot, to, command.verb, history, strategy, command.fence)
    by, consent = Writer.MEMBERS if command.members else Writer.OPERATOR, command.to_dead_machine
    extent = PreflightScope(by, command.fence, to_dead_machine=consent)
    checked = rehearse(services, setup, to, command.verb, _unheard, CancelToken(), strategy, extent)
    stops = command.verb is Verb.GRACEFUL and not command.accept_unknown
    against = checked.findings.reason_against(unknown_stops=stops)
    repairs = is_repair(setup, command.strategy, command.verb) or (
        command.verb is Verb.FORCED and repair(snapshot) is not None
    )
    return _Rehearsed(snapshot.place, intended, checked, against, repairs, consent_to_dead(snapshot, to))


def _show_plan(console: Console, found: _Rehearsed) -> None:
    for line in cluster_text.plan(found.intended, found.place):
        console.say(line)
    console.say("Checked now:")
    for finding in cluster_text.findings(found.checked.findings):
        console.say(finding)
    if found.against is not None:
        console.say(f"Refused: {found.against.sentence()} Nothing was written.")


def _confirmed(console: Console, setup: ClusterSetup, to: Member, command: Failover, found: _Rehearsed) -> bool:
    if console.ask is None:
        return False
    if command.verb is Verb.FORCED or found.repairs:
        word = "Repair in Azure alone: move the address to" if found.repairs else "Force failover to"
        dead = f"{found.consented} " if found.consented else ""
        answer = console.ask(f"{dead}{word} {to.name}? Type the cluster's name ({setup.name}) to start: ")
        return answer is not None and answer.strip() == setup.name
    return _yes(console.ask(f"Fail over to {to.name}? [y/N] "))


def _yes(answer: str | None) -> bool:
    return answer is not None and answer.strip().lower() in ("y", "yes")


def _nobody_to_ask() -> Problem:
    return Problem(
        "not-confirmed",
        "The failover was not started, because nobody could be asked.",
        "Standard input is no terminal, or --json was given.",
        "Add --yes to start without a question, or --dry-run to see the plan. Nothing was written.",
    )


def _resume_command(setup: ClusterSetup, where: EnvironmentChoice) -> str:
    """Without --to: the journal here knows where the run was going, and whether the user turned it back."""
    return f"tgwizard resume {setup.name}{where.options}"


def _unheard(_event: Event) -> None:
    """A rehearsal's events are not told; its result is."""


def warn_of_interrupted_run(
    cluster: str | None, connection: OpenEnvironment, console: Console, where: EnvironmentChoice
) -> None:
    """Offer to resume first; ``cluster`` as the command names it, None: the only one that is saved.

    A file or a journal that cannot be read is told by the command itself.
    """
    try:
        setup = connection.profiles.find(cluster)
        unfinished = interrupted_run(connection.services, setup)
    except UserError:
        return
    if unfinished is not None:
        console.note(f"First: resume. {interrupted_sentence(unfinished)}")
        console.note(f"  tgwizard resume {setup.name}{where.options}")
