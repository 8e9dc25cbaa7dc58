"""The commands of a cluster: each takes its arguments, a connection and a console, and answers with an exit code."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field, replace

from tgwizard.cli import cluster_text
from tgwizard.cli.app_ports import AppPorts, EnvironmentChoice, OpenEnvironment, RunningLab
from tgwizard.cli.arguments import Failover, Resume, Status
from tgwizard.cli.cluster_documents import event_document, observed_document, plan_document, status_document
from tgwizard.cli.console import Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.job_runner import CommandRun, deliver_all, stay_with
from tgwizard.cli.lab_arguments import LabRunCommand
from tgwizard.engine.access.required_rights import Writer
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.failover_plan import FailoverPlan, is_repair, plan
from tgwizard.engine.failover.resume import interrupted_run, resume
from tgwizard.engine.failover.run import RunOptions, fail_over, rehearse
from tgwizard.engine.failover.run_context import UserDecisions
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.interrupts import Interrupts, listen
from tgwizard.engine.jobs import LEAVE_GAP_WITHIN_S, JobGroup, Report
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
from tgwizard.engine.runs.records import RunRecord
from tgwizard.engine.setup.setup_command_line import cluster_command
from tgwizard.engine.setup.unfinished_setup import continue_command, unfinished_setups
from tgwizard.engine.watch.cluster_watch import (
    ClusterWatch,
    HistoryRead,
    RunElsewhere,
    WatchNews,
    read_history_when_free,
)
from tgwizard.engine.watch.monitor import Pace
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_readiness import ClusterState
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Event, Finished, PreflightCompleted
from tgwizard.model.failover_options import Strategy, resolve_strategy
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.repair import repair
from tgwizard.model.settings import Settings
from tgwizard.model.snapshot import AddressLocation, Snapshot
from tgwizard.model.verdict import VerdictName
from tgwizard.model.watch_events import Observed, SourceBack, SourceLost

_LOOK_S = 0.1
_ENDS_WITHIN_S = 15.0
_WITH_TO = "Name one of them with --to."
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
        while not stops.count:
            time.sleep(_LOOK_S)
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
                "A run works on this lab; the lab is stopped when that has ended. "
                "Press Ctrl-C again to stop without waiting."
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
    _tell_unfinished_setups(connection, console, where)
    setup = connection.profiles.find(command.cluster)
    connection.check(setup)
    if command.watch:
        _Watcher(setup, connection, console, where, stops or listen()).watch(Pace.of(settings))
        return ExitCode.DONE
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


def _tell_unfinished_setups(connection: OpenEnvironment, console: Console, where: EnvironmentChoice) -> None:
    """Name the set-ups that were begun here and not finished, with the commands that go on and take back."""
    services = connection.services
    if not services.state_dir.is_dir():
        return
    for one in unfinished_setups(services, connection.profiles.readable()):
        console.note(f"{one.title}. {one.sentence}")
        console.note(f"  To go on: {continue_command(one)}{where.options}")
        if one.written:
            console.note(f"  To take it back: {cluster_command('undo', one.name)}{where.options}")


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
    to = setup.member_named(command.to, _WITH_TO)
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

    def work(report: Report[Event], token: CancelToken) -> Finished:
        return fail_over(services, setup, to, command.verb, report, token, options)

    again = _resume_command(setup, where)
    return CommandRun(services, setup, console, listen(), again, where.options, decisions).go("failover", work)


def resume_run(command: Resume, connection: OpenEnvironment, console: Console, where: EnvironmentChoice) -> ExitCode:
    """Finish an interrupted run, or bring the address to ``--to``."""
    setup = connection.profiles.find(command.cluster)
    to = setup.member_named(command.to, _WITH_TO) if command.to else None
    connection.check(setup)
    services = connection.services

    decisions = _decisions(console)

    def work(report: Report[Event], token: CancelToken) -> Finished:
        options = RunOptions(to_dead_machine=command.to_dead_machine, decisions=decisions)
        return resume(services, setup, to, report, token, options)

    again = _resume_command(setup, where)
    return CommandRun(services, setup, console, listen(), again, where.options, decisions).go("resume", work)


def _decisions(console: Console) -> UserDecisions | None:
    """Where typed answers go; None where nobody types, so that a run does not wait for one."""
    return UserDecisions() if console.typed is not None and not console.as_json else None


@dataclass(slots=True)
class _Watcher:
    """What ``status --watch`` knows beside the readings: of rights, and of runs by the journal."""

    setup: ClusterSetup
    connection: OpenEnvironment
    console: Console
    where: EnvironmentChoice
    stops: Interrupts
    _rights: KnownRights = RIGHTS_NOT_ASKED
    _unfinished: RunRecord | None = None
    _elsewhere: RunElsewhere | None = None
    _verdict: VerdictName | None = None
    _said: tuple[ClusterState, str] | None = None
    _histories: JobGroup = field(init=False)

    def __post_init__(self) -> None:
        self._histories = JobGroup(self.connection.services.jobs)

    def watch(self, pace: Pace) -> None:
        """Tell what is read until somebody asks to stop; a journal that cannot be read is told, and hides nothing."""
        services, name = self.connection.services, self.setup.name
        job = services.jobs.start(f"watch-{name}", ClusterWatch(services, self.setup, pace).watch, heard=self._hear)
        try:
            end = stay_with(services.jobs, job, self._stays)
        finally:
            self._histories.give_up()
            job.cancel()
            job.thread.join(_ENDS_WITHIN_S)
        if end is not None:
            end.result()
        elif not self.console.unheard:
            deliver_all(services.jobs)

    def _stays(self) -> bool:
        # What nobody reads any more is not watched for ever: the reader went away, or the terminal did.
        return not (self.stops.count or self.console.unheard)

    def _hear(self, news: WatchNews) -> None:
        match news:
            case Observed():
                self._observed(news)
            case HistoryRead():
                if news.problem is not None:
                    self.console.warn(news.problem)
                self._unfinished, self._elsewhere = news.unfinished, None
            case RunElsewhere():
                self._unfinished, self._elsewhere = None, news
                self._read_history()
            case SourceLost() | SourceBack():
                self.console.document(event_document(news))
                for line in cluster_text.watched(news):
                    self.console.say(line)

    def _read_history(self) -> None:
        """Who moved the address may be another program, which may have died of it."""
        if not self._histories.under_way:
            services, setup = self.connection.services, self.setup

            def work(report: Report[RunElsewhere], token: CancelToken) -> HistoryRead | None:
                return read_history_when_free(services, setup, report, token)

            def done(read: HistoryRead | None) -> None:
                if read is not None:
                    self._hear(read)

            self._histories.begin(f"history-{setup.name}", work, heard=self._hear, done=done, failed=self.console.warn)

    def _observed(self, event: Observed) -> None:
        self._ask_rights(event)
        if self._verdict not in (None, event.verdict.name):
            self._read_history()
        self._verdict = event.verdict.name
        busy = None if self._elsewhere is None else cluster_in_use(self.setup.name)
        interrupted = self._unfinished is not None
        found = cluster_readiness(event.snapshot, self._rights, busy=busy, interrupted=interrupted)
        offer = None if busy is not None else recommend_action(event.snapshot, self._unfinished)
        if offer is not None:
            offer = replace(offer, command=f"{offer.command}{self.where.options}")
        self.console.document(observed_document(event, found, offer))
        said = found.state, ""
        if self._elsewhere is not None:
            said = ClusterState.MOVING, self._elsewhere.words
        if said != self._said:
            self._said = said
            self.console.say(cluster_text.watched_state(event.stamp.at, said[0], said[1] or found.sentence))

    def _ask_rights(self, seen: Observed) -> None:
        """What is known of rights is asked again when it is due; not while the address moves."""
        to, services = target_of(seen.snapshot), self.connection.services
        if seen.verdict.name is not VerdictName.MOVING and self._rights.is_due(to, services.clock.monotonic()):
            self._rights = ask_rights(services.azure, services.clock, seen.snapshot, to)


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
    options = RunOptions(strategy=command.strategy, fence=command.fence, to_dead_machine=command.to_dead_machine)
    intended = plan(snapshot, options.intent(setup, to, command.verb), history)
    extent = PreflightScope(Writer.MEMBERS if command.members else Writer.OPERATOR)
    checked = rehearse(services, setup, to, command.verb, _unheard, CancelToken(), options, extent)
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
