"""``discover``, ``setup plan|apply|verify|undo`` and ``export``: the window's wizard, answered by options."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tgwizard.cli import setup_text as words
from tgwizard.cli.app_ports import EnvironmentChoice, OpenEnvironment
from tgwizard.cli.console import SCHEMA, Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.job_runner import CommandRun, run_setup_job
from tgwizard.cli.setup_arguments import (
    Apply,
    Discover,
    Export,
    GivenOptions,
    Plan,
    ProveHow,
    SetupCommand,
    Start,
    Undo,
    Verify,
)
from tgwizard.cli.setup_documents import (
    discover_document,
    setup_event_document,
    setup_plan_document,
    verify_document,
)
from tgwizard.cli.setup_options import answers_given, filled, saved_or_new, seen_subscriptions
from tgwizard.cli.terminal import Line
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import fail_over
from tgwizard.engine.files.cluster_file import save_cluster
from tgwizard.engine.files.file_writing import write_atomically
from tgwizard.engine.interrupts import Interrupts, listen
from tgwizard.engine.jobs import Report, Work
from tgwizard.engine.setup.apply import apply_job, apply_refusal
from tgwizard.engine.setup.export.formats import export
from tgwizard.engine.setup.loading import read_again
from tgwizard.engine.setup.plan_freshness import changed_since, is_stale, plan_differences, read_age_s
from tgwizard.engine.setup.planner import answers_of, identity_of, read_cluster
from tgwizard.engine.setup.restart import RestartOrder, restart_job, standby_first, start_job
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.undo import preview_undo, undo_job
from tgwizard.engine.setup.unfinished_setup import unfinished_setups
from tgwizard.engine.setup.verify import target_of_cluster, verify_job, with_proof
from tgwizard.engine.setup.verify_report import verify_report_page as verify_report
from tgwizard.engine.setup.wizard_state import WizardState
from tgwizard.engine.setup.wizard_steps import blockers, plan_of
from tgwizard.model import fields
from tgwizard.model.cluster import ClusterIdentity, Member, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome, Stamp
from tgwizard.model.failover_events import Event, Finished
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers, SetupStep
from tgwizard.model.setup_events import SetupEvent, SetupFinished
from tgwizard.model.setup_plan import SetupChange, SetupPlan
from tgwizard.model.text import format_utc, join_words, sanitize
from tgwizard.model.verify_result import ProofRun, ProvedBy, VerifyResult, VerifyState

R = TypeVar("R")


def run(command: SetupCommand, connection: OpenEnvironment, console: Console, where: EnvironmentChoice) -> ExitCode:
    """Do what the command asks."""
    at = _At(connection, console, where, listen())
    match command:
        case Discover():
            return _discover(at, command)
        case Plan():
            return _plan(at, command)
        case Apply():
            return _apply(at, command)
        case Verify():
            return _verify(at, command)
        case Undo():
            return _undo(at, command)
        case Export():
            return _export(at, command)
        case Start():
            return _start(at, command)


_NAMED = 5


@dataclass(frozen=True, slots=True)
class _At:
    """Where a command works and how it is heard."""

    connection: OpenEnvironment
    console: Console
    where: EnvironmentChoice
    stops: Interrupts

    def run(
        self,
        name: str,
        work: Work[SetupEvent, R],
        *,
        tell: Callable[[SetupEvent], None] | None = None,
        writes: ClusterIdentity | None = None,
    ) -> R:
        """Run a job of this command to its end; ``tell`` gets its events."""
        return run_setup_job(self.connection.services, self.console, self.stops, name, work, tell=tell, writes=writes)

    def tell(self, event: SetupEvent) -> None:
        """Tell one event, as JSON or in words."""
        self.console.document(setup_event_document(event))
        for line in words.event_lines(event):
            self.console.say(line)

    def now(self) -> str:
        """The time for a document."""
        return format_utc(self.connection.services.clock.wall())


def _discover(at: _At, command: Discover) -> ExitCode:
    given = GivenOptions({"azure.subscription": (command.subscription,)} if command.subscription else {})
    state = _walked(at, None, given)
    if state.inventory is None:
        raise UserError(*(problem for _, problem in _stops(state)[:1]))
    at.console.document(discover_document(state.inventory, state.pairs, at.now()))
    for line in words.discovered(state.inventory, state.pairs):
        at.console.say(line)
    return ExitCode.DONE


def _plan(at: _At, command: Plan) -> ExitCode:
    state = _walked(at, command.cluster, command.given)
    plan = _shown(at, state)
    return ExitCode.DONE if plan is not None and apply_refusal(plan) is None else ExitCode.REFUSED


def _apply(at: _At, command: Apply) -> ExitCode:
    _must_ask(at, yes=command.yes)
    state = _walked(at, command.cluster, command.given)
    services = at.connection.services
    while True:
        plan = _complete(state) if command.only_mine else _allowed(state)
        making: tuple[SetupChange, ...] = ()
        if plan is not None and apply_refusal(plan, only_mine=command.only_mine) is None:
            making = plan.mine if command.only_mine else plan.writing
        if not at.console.as_json:
            _shown(at, state, making)
        if plan is None:
            _refused(at, state)
            return ExitCode.REFUSED
        if plan.writing and not command.yes and not _yes(at, "Write this? [y/N] "):
            return _cancelled(at)
        age_s = read_age_s(state, services.clock.monotonic()) or 0.0
        if not plan.writing or not is_stale(state, services.clock.monotonic()):
            break
        state = _read_again(at, state)
        now = plan_of(state)
        found = plan_differences(plan, now) if now is not None else ("The plan cannot be made any more",)
        if not found:
            break
        outdated = changed_since(found, age_s)
        at.console.note(outdated.sentence())
        if command.yes:
            # Who said yes before could not see what it says now.
            _refused(at, state, outdated)
            return ExitCode.REFUSED
    answers = proposed_answers(state)

    def work(report: Report[SetupEvent], token: CancelToken) -> ExitCode:
        finished = apply_job(services, answers, plan, report, token, only_mine=command.only_mine)
        return ExitCode.of(finished.outcome, finished.problem)

    code = at.run("setup-apply", work, tell=at.tell, writes=identity_of(answers))
    if code is ExitCode.DONE and not (command.only_mine and len(plan.mine) < len(plan.writing)):
        _save(at, plan, answers, command.out)
    return code


def _read_again(at: _At, state: WizardState) -> WizardState:
    """The same answers with Azure as it is now: the plan is older than five minutes."""
    at.console.note("The plan is older than 5 minutes. Azure is read again before anything is written.")
    services = at.connection.services

    def work(report: Report[SetupEvent], token: CancelToken) -> WizardState:
        try:
            return read_again(services.azure, services.clock, state, report, token)
        except AzureCallError as failure:
            raise UserError(failure.problem) from failure

    return at.run("setup-read", work)


def _undo(at: _At, command: Undo) -> ExitCode:
    _must_ask(at, yes=command.yes)
    identity = _whose(at, command.cluster)
    services = at.connection.services
    items = preview_undo(services, identity, identities=command.identities)
    if items and not command.yes:
        for line in words.undoing(items):
            at.console.say(line)
        if not _yes(at, "Take this back? [y/N] "):
            return _cancelled(at)

    def work(report: Report[SetupEvent], token: CancelToken) -> ExitCode:
        finished = undo_job(services, identity, report, token, identities=command.identities)
        return ExitCode.of(finished.outcome, finished.problem)

    return at.run("setup-undo", work, tell=at.tell, writes=identity)


def _whose(at: _At, cluster: str | None) -> ClusterIdentity:
    """The saved cluster of that name; or, before it was saved, the set-up that the journals here know by it."""
    profiles, state = at.connection.profiles, at.connection.services.state_dir
    try:
        return profiles.find(cluster).identity
    except UserError as error:
        if error.problem.code not in ("cluster-unknown", "no-cluster") or not state.is_dir():
            raise
        found = unfinished_setups(at.connection.services, profiles.readable())
        named = [one for one in found if one.written and (cluster is None or one.name.lower() == cluster.lower())]
        if len(named) != 1 or named[0].identity is None:
            raise
        return named[0].identity


def _start(at: _At, command: Start) -> ExitCode:
    setup = at.connection.profiles.find(command.cluster)
    at.connection.check(setup)
    member, services = setup.member_named(command.member, "Name it with --member."), at.connection.services

    def work(report: Report[SetupEvent], token: CancelToken) -> ExitCode:
        finished = start_job(services, setup.identity, member.vm, report, token)
        return ExitCode.of(finished.outcome, finished.problem)

    return at.run("start", work, tell=at.tell, writes=setup.identity)


def _export(at: _At, command: Export) -> ExitCode:
    state = _walked(at, command.cluster, command.given)
    plan = _complete(state)
    if plan is None:
        # Standard output may be the file that was to hold the export.
        plan, stops = plan_of(state), _stops(state)
        at.console.document(setup_plan_document(state, plan, stops, at.now()))
        for line in () if at.console.as_json else _in_words(state, plan, stops):
            at.console.note(line)
        at.console.note("Nothing was exported.")
        return ExitCode.REFUSED
    text = export(command.kind, plan, proposed_answers(state))
    if command.out is not None:
        _write(command.out, text)
        at.console.note(f"Written to {command.out}.")
    document = {"schema": SCHEMA, "at": at.now(), "format": command.kind.value, "text": text}
    at.console.document({**document, "file": str(command.out) if command.out else None})
    if command.out is None and not at.console.as_json:
        at.console.raw(text)
    return ExitCode.DONE


def _verify(at: _At, command: Verify) -> ExitCode:
    setup = at.connection.profiles.find(command.cluster)
    at.connection.check(setup)
    if (command.restart or command.prove is not ProveHow.NO) and not command.yes:
        _must_ask(at, yes=False)
    for member in _in_order(at, setup, [setup.member_named(name) for name in command.restart]):
        code = _restarted(at, setup, member, yes=command.yes)
        if code is not ExitCode.DONE:
            return code
    said = frozenset(setup.member_named(name).vm for name in command.restarted)
    subject = replace(
        target_of_cluster(setup), restarted=said, wait=command.wait, heartbeat_port=command.heartbeat_port
    )
    services = at.connection.services

    def work(report: Report[SetupEvent], token: CancelToken) -> VerifyResult:
        return verify_job(services, subject, report, token)

    ends: list[SetupFinished] = []

    def tell(event: SetupEvent) -> None:
        """Its end is told after the result."""
        if isinstance(event, SetupFinished):
            ends.append(event)
        else:
            at.tell(event)

    result = at.run("setup-verify", work, tell=tell)
    if command.prove is ProveHow.FAILOVER:
        result = _proved(at, setup, result, yes=command.yes)
    at.console.document(verify_document(result))
    for line in words.verified(result):
        at.console.say(line)
    for end in ends if at.console.as_json else ():
        at.tell(end)
    if command.report is not None:
        _write(command.report, verify_report(result))
        at.console.note(f"The report is in {command.report}.")
    return _verdict(result)


def _verdict(result: VerifyResult) -> ExitCode:
    if result.cancelled:
        return ExitCode.CANCELLED
    if any(not run.done for run in result.proof) or result.overall_state is VerifyState.NOT_READY:
        return ExitCode.REFUSED
    return ExitCode.DONE if result.overall_state in (VerifyState.READY, VerifyState.VERIFIED) else ExitCode.UNKNOWN


def _in_order(at: _At, setup: ClusterSetup, members: list[Member]) -> list[Member]:
    """The members to restart, each once, the standby first, by who holds the address now."""
    if len({member.name for member in members}) < 2:
        return members[:1]
    order = _restart_order(at, setup).machines
    return sorted(setup.members, key=lambda member: order.index(member.vm))


def _restart_order(at: _At, setup: ClusterSetup) -> RestartOrder:
    try:
        return standby_first(at.connection.services.azure, answers_of(setup))
    except AzureCallError as failure:
        raise UserError(failure.problem) from failure


def _restarted(at: _At, setup: ClusterSetup, member: Member, *, yes: bool) -> ExitCode:
    if not yes and not _yes(at, f"Restart {member.name} now? What it carries is interrupted. [y/N] "):
        return _cancelled(at)
    services = at.connection.services

    def work(report: Report[SetupEvent], token: CancelToken) -> ExitCode:
        finished = restart_job(services, setup.identity, member.vm, report, token)
        return ExitCode.of(finished.outcome, finished.problem)

    return at.run("setup-restart", work, tell=at.tell, writes=setup.identity)


def _proved(at: _At, setup: ClusterSetup, result: VerifyResult, *, yes: bool) -> VerifyResult:
    """A real failover there and back; the second leg only when the first one was done."""
    if result.overall_state is VerifyState.NOT_READY:
        at.console.note("No proof is made: the rehearsal already shows that a failover would be refused.")
        return result
    if not yes and not _yes(at, "Fail over there and back now? Two short gaps in the traffic. [y/N] "):
        return result
    holder = _holder(at, setup)
    by = ProvedBy.YOU if setup.is_lab else ProvedBy.MEMBERS
    runs: list[ProofRun] = []
    for to in (setup.other(holder), holder):
        ended = _moved(at, setup, to)
        if ended is None:
            break
        done = ended.outcome is Outcome.DONE
        runs.append(ProofRun(to.name, by, done, ended.reason, ended.seconds, ended.gap_as_read_s))
        if not done:
            break
    return with_proof(result, tuple(runs))


def _moved(at: _At, setup: ClusterSetup, to: Member) -> Finished | None:
    services, ends = at.connection.services, list[Finished]()

    def work(report: Report[Event], token: CancelToken) -> Finished:
        ends.append(fail_over(services, setup, to, Verb.GRACEFUL, report, token))
        return ends[-1]

    resume = f"tgwizard resume {setup.name}{at.where.options}"
    CommandRun(services, setup, at.console, at.stops, resume, at.where.options).go("prove", work)
    return ends[-1] if ends else None


def _holder(at: _At, setup: ClusterSetup) -> Member:
    holder = _restart_order(at, setup).holder
    if holder is None:
        what = f"{setup.address} is on neither member, so there is nothing to move."
        fix = "Create the Azure IP Configuration first: tgwizard setup apply."
        raise UserError(Problem("on-no-nic", what, "", fix))
    return next(member for member in setup.members if member.vm == holder)


def _walked(at: _At, cluster: str | None, given: GivenOptions) -> WizardState:
    """The wizard at the review, or where it is blocked."""
    connection = at.connection
    start, saved = saved_or_new(connection.profiles, cluster)
    services = connection.services

    def work(report: Report[SetupEvent], token: CancelToken) -> WizardState:
        answers = answers_given(services, replace(start, cloud=services.cloud), given, report, token)
        return filled(services, answers, given, saved, report, token)

    state = at.run("setup-read", work)
    new = any(field.key in given.values for field in (fields.MEMBER_VM, fields.MEMBER_NIC, fields.NAME))
    if cluster is None and saved and not new and proposed_answers(state).machines is None:
        # No pair is left to be set up: then a cluster that is there is meant, and the only one need not be named.
        if len(saved) > 1:
            raise UserError(_which(saved))
        at.console.note(f"No new pair was found; this is the saved cluster {saved[0].name}.")
        return _walked(at, saved[0].name, given)
    return state


def _stops(state: WizardState) -> tuple[tuple[SetupStep, Problem], ...]:
    """What keeps the plan from being made. Without a subscription nothing else is known, so only that is told."""
    stops = blockers(state)
    found = next(((step, problem) for step, problem in stops if problem.code == "subscription-not-chosen"), None)
    if found is None:
        return stops
    step, problem = found
    fix = "Use --subscription to name the one that holds the two machines."
    return ((step, replace(problem, why=seen_subscriptions(state.subscriptions or ()), fix=fix)),)


def _which(saved: tuple[ClusterSetup, ...]) -> Problem:
    names = [sanitize(one.name, 60) for one in saved]
    shown = join_words(names) if len(names) <= _NAMED else f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    what = f"No new pair of machines was found, and {len(saved)} clusters are saved."
    fix = "Name the one that is meant, or two machines with --vm NAME --vm NAME."
    return Problem("cluster-not-named", what, f"They are {shown}.", fix)


def _shown(at: _At, state: WizardState, making: tuple[SetupChange, ...] = ()) -> SetupPlan | None:
    """Tell the plan, or what keeps it from being made; the plan when it may be applied.

    ``making``: the changes that are about to be made.
    """
    plan, stops = plan_of(state), _stops(state)
    at.console.document(setup_plan_document(state, plan, stops, at.now()))
    for line in _in_words(state, plan, stops, making):
        at.console.say(line)
    return _allowed(state)


def _in_words(
    state: WizardState,
    plan: SetupPlan | None,
    stops: tuple[tuple[SetupStep, Problem], ...],
    making: tuple[SetupChange, ...] = (),
) -> Iterator[Line]:
    if plan is not None:
        yield from words.planned(proposed_answers(state), plan, stops, making=making)
    yield from words.blocked(stops)


def _refused(at: _At, state: WizardState, outdated: Problem | None = None) -> None:
    """The one ``finished`` of an apply that was not begun. ``outdated``: the plan is no longer the one shown."""
    plan = plan_of(state)
    problems = [*(problem for _, problem in _stops(state)), *(plan.problems if plan else ())]
    problems = [outdated] if outdated is not None else problems
    problem = problems[0] if problems else Problem("plan-not-made", "The plan cannot be made.")
    clock = at.connection.services.clock
    stamp = Stamp(clock.wall(), clock.monotonic())
    left = tuple(change.key for change in plan.writing) if plan else ()
    end = SetupFinished(stamp, "apply", Outcome.REFUSED, problem.sentence(), left=left, problem=problem)
    at.console.document(setup_event_document(end))


def _allowed(state: WizardState) -> SetupPlan | None:
    plan = plan_of(state)
    return plan if plan is not None and not plan.problems and not _stops(state) else None


def _complete(state: WizardState) -> SetupPlan | None:
    """The plan when nothing but the review stands in its way: whose changes they are is no matter for handing over."""
    plan = plan_of(state)
    before = [step for step, _ in _stops(state) if step is not SetupStep.REVIEW]
    return plan if plan is not None and not plan.problems and not before else None


def _save(at: _At, plan: SetupPlan, answers: Answers, out: Path | None) -> None:
    setup = read_cluster(at.connection.services.azure, plan, answers)
    path = out or at.connection.profiles.folder / f"{setup.name}.toml"
    save_cluster(path, setup)
    at.console.note(f"The cluster is saved: {path}")


def _write(path: Path, text: str) -> None:
    try:
        write_atomically(path, text)
    except OSError as error:
        why = f"{error.strerror or type(error).__name__}."
        raise UserError(Problem("file-not-written", f"{path} was not written.", why, "Check the path.")) from error


def _must_ask(at: _At, *, yes: bool) -> None:
    if yes or (at.console.ask is not None and not at.console.as_json):
        return
    raise UserError(
        Problem(
            "not-confirmed",
            "Nothing was started, because nobody could be asked.",
            "Standard input is no terminal, or --json was given.",
            "Add --yes to start without a question.",
        )
    )


def _yes(at: _At, question: str) -> bool:
    if at.console.ask is None:
        return False
    with at.stops.asking():
        answer = at.console.ask(question)
    return answer is not None and answer.strip().lower() in ("y", "yes")


def _cancelled(at: _At) -> ExitCode:
    with contextlib.suppress(ValueError):
        at.console.say("Cancelled. Nothing was written.")
    return ExitCode.CANCELLED
