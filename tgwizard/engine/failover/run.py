"""A failover from the first look to the last word: look, check, journal the intents, drive, and tell how it ended.

``fail_over`` is the engine behind the button, the command and the tests alike. It reports exactly one ``Finished``,
last, also when a check refuses it.
"""

from __future__ import annotations

import contextlib
import logging
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tgwizard.engine.access.required_rights import Writer
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover import run_result
from tgwizard.engine.failover.control_loop import ControlLoop
from tgwizard.engine.failover.decide import Goal, RunProgress
from tgwizard.engine.failover.failover_plan import FailoverPlan, move_findings, plan
from tgwizard.engine.failover.fence import Fenced, Fencing, StopOutcome, Unfenced, end_before_detach, wants_fence
from tgwizard.engine.failover.finish_run import finish, refuse
from tgwizard.engine.failover.guided import guide
from tgwizard.engine.failover.run_context import RunContext, UserDecisions
from tgwizard.engine.failover.run_record import make_run_record, save_carried_configuration
from tgwizard.engine.failover.run_reporter import NOTHING_WRITTEN, RunReporter
from tgwizard.engine.failover.run_state import FailoverRun, StartingPoint
from tgwizard.engine.failover.service_gap import service_end_before_run
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.files.cluster_file import with_kept_carried
from tgwizard.engine.history.run_statistics import measured_runs
from tgwizard.engine.jobs import Report
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.fence_findings import how_to_stop
from tgwizard.engine.readiness.preflight import Preflight, preflight
from tgwizard.engine.readiness.preflight_questions import EVERYTHING, PreflightScope
from tgwizard.engine.readiness.readiness import run_readiness
from tgwizard.engine.runs.cluster_lock import under_cluster_lock
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.journal import JournalError
from tgwizard.engine.runs.records import RunRecord
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import (
    CancelMeaning,
    Event,
    Finished,
    PreflightCompleted,
    RunStarted,
    Step,
    StepCompleted,
    StepStarted,
    StepWaiting,
)
from tgwizard.model.failover_options import (
    NO_FENCE,
    FenceRequest,
    PartOfRun,
    RunIntent,
    StopMethod,
    Strategy,
    resolve_strategy,
)
from tgwizard.model.finding import Readiness
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import AddressLocation, LocationKind, Snapshot
from tgwizard.model.text import counted

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """``accept_unknown``: a graceful run goes on although something could not be read (forced always does).

    ``fence``: whether the losing VM is stopped before anything is detached; for forced runs only.
    ``to_dead_machine``: the consent that the address goes to a member that cannot serve it; for forced runs only.
    ``decisions`` is where the user's answers come in when a step's time is over; without it nobody is asked.
    ``rng`` spreads the pauses between repeated writes. ``part`` and ``still_wanted`` are a member's: what of a failover
    the run carries out, and whether its reason still holds, asked in the last moment before the first write.
    """

    accept_unknown: bool = False
    timing: FailoverTiming = field(default_factory=FailoverTiming)
    strategy: Strategy = Strategy.AUTO
    fence: FenceRequest = NO_FENCE
    to_dead_machine: bool = False
    decisions: UserDecisions | None = None
    rng: random.Random = field(default_factory=random.Random)
    part: PartOfRun = PartOfRun.WHOLE
    still_wanted: Callable[[], bool] | None = None

    def context(
        self, services: Services, setup: ClusterSetup, report: Report[Event], cancel: CancelToken
    ) -> RunContext:
        """What the parts of a new run share."""
        renewed = with_kept_carried(setup)
        return RunContext(
            services,
            renewed,
            report,
            cancel,
            new_run(),
            self.timing,
            self.decisions,
            self.rng,
            still_wanted=self.still_wanted,
        )

    def intent(self, setup: ClusterSetup, to: Member, verb: Verb) -> RunIntent:
        """What a new run is to do."""
        fence = self.fence if verb is Verb.FORCED else NO_FENCE  # graceful asks the losing member to cooperate
        strategy = resolve_strategy(self.strategy, setup, verb)
        return RunIntent(to, verb, strategy, fence, self.to_dead_machine, part=self.part)


def fail_over(
    services: Services,
    setup: ClusterSetup,
    to: Member,
    verb: Verb,
    report: Report[Event],
    cancel: CancelToken,
    options: RunOptions | None = None,
) -> Finished:
    """Move the floating IP to ``to``. Synchronous; every expected trouble ends in the returned ``Finished``."""
    options = options or RunOptions()
    context, intent = options.context(services, setup, report, cancel), options.intent(setup, to, verb)
    if intent.strategy is Strategy.GUIDED:
        return locked_run(context, lambda journal: guide(context, journal, to))
    unknown_stops = verb is Verb.GRACEFUL and not options.accept_unknown
    return locked_run(context, lambda journal: _fail_over(context, journal, intent, unknown_stops=unknown_stops))


def rehearse(
    services: Services,
    setup: ClusterSetup,
    to: Member,
    verb: Verb,
    report: Report[Event],
    cancel: CancelToken,
    options: RunOptions | None = None,
    extent: PreflightScope = EVERYTHING,
) -> PreflightCompleted:
    """The preflight alone: what the run would depend on, asked now. Nothing is written."""
    cancel.check()
    options = options or RunOptions()
    context, intent = options.context(services, setup, report, cancel), options.intent(setup, to, verb)
    if intent.strategy is Strategy.GUIDED:
        extent = replace(extent, by=Writer.MEMBERS)  # it is they who will write
    snapshot = Observer(services.azure, services.clock, context.setup).look(retry_policy=context.retry_policy())
    ready = run_readiness(snapshot, intent, by_members=extent.by is Writer.MEMBERS)
    return _report_preflight(context, intent, _preflight(context, snapshot, intent, ready, extent))


def new_run() -> str:
    """A fresh run id."""
    return uuid.uuid4().hex[:12]


def locked_run(context: RunContext, body: Callable[[FailoverJournal], Finished]) -> Finished:
    """Do ``body(journal)`` while no other job works on the cluster; what stands in the way becomes a refusal."""
    not_known = AddressLocation(LocationKind.NOT_KNOWN)
    return under_cluster_lock(
        context.services,
        (context.setup.identity,),
        _opened_journal(context),
        body,
        lambda problem: refuse(context, problem, not_known),
        context.setup.name,
    )


@contextlib.contextmanager
def _opened_journal(context: RunContext) -> Iterator[FailoverJournal]:
    with contextlib.closing(context.services.journal(context.setup)) as journal:
        journal.on_trouble = context.write_sender(journal).warn
        yield journal


def _fail_over(context: RunContext, journal: FailoverJournal, intent: RunIntent, *, unknown_stops: bool) -> Finished:
    services, setup, to = context.services, context.setup, intent.to
    observer = Observer(services.azure, services.clock, setup)
    snapshot = observer.look(retry_policy=context.retry_policy())
    unread = any(seen.nic.value is None for seen in snapshot.members)
    if unread and context.cancel.is_cancelled:
        return refuse(context, _cancelled_problem(), snapshot.place, Outcome.CANCELLED)
    if unread or (snapshot.place.kind is LocationKind.MEMBER and snapshot.place.member == to):
        objection = run_readiness(snapshot, intent).reason_against(unknown_stops=False)
        if objection is not None:  # nothing to plan, so nothing is announced
            return refuse(context, objection, snapshot.place)
    journal.ends()  # a damaged journal is named now, before anything is announced
    failover_plan = plan(snapshot, intent, measured_runs(services, setup))
    context.report(_run_started(context, failover_plan))
    since = context.stamp()
    sentence = failover_plan.steps[0].sentence
    limit, stops = context.timing.settle_s, CancelMeaning.STOPS
    context.report(StepStarted(since, context.run, Step.CHECK, sentence, stops, limit, NOTHING_WRITTEN))
    snapshot = _wait_until_settled(context, observer, snapshot, to)
    intent = replace(intent, strategy=failover_plan.strategy)
    checked = check(context, snapshot, intent)
    _report_preflight(context, intent, checked)
    objection = checked.findings.reason_against(unknown_stops=unknown_stops)
    if objection is not None:
        return refuse(context, objection, snapshot.place)
    if context.cancel.is_cancelled:
        return refuse(context, _cancelled_problem(), snapshot.place, Outcome.CANCELLED)
    run_record = make_run_record(context, snapshot, intent)
    try:
        journal.begin(run_record)
    except JournalError as error:
        return refuse(context, error.problem, snapshot.place)
    save_carried_configuration(context, run_record)
    count = len(checked.findings.findings)
    checks_sentence = f"{counted(count, 'check')}, none stands in the way"
    context.report(
        StepCompleted(
            context.stamp(), context.run, Step.CHECK, checks_sentence, services.clock.monotonic() - since.clock_s
        )
    )
    service_end = service_end_before_run(run_record, services.clock)
    if wants_fence(run_record):
        stopped = stop_first(context, journal, run_record, intent, observer, checked)
        if isinstance(stopped, Unfenced):
            return end_before_detach(context, journal, run_record, observer.snapshot().place, stopped)
        checked, service_end = stopped.checked, stopped.service_end or service_end
    atomic = run_record.strategy is Strategy.ATOMIC
    had_holder = run_record.configuration is not None
    progress = RunProgress(Goal.FORWARD, wrote=False, had_holder=had_holder, atomic=atomic, part=intent.part)
    start = StartingPoint(progress, checked.at, service_end)
    return continue_run(context, journal, run_record, intent, observer, start)


def stop_first(
    context: RunContext,
    journal: FailoverJournal,
    run_record: RunRecord,
    intent: RunIntent,
    observer: Observer,
    checked: Preflight,
) -> Fenced | Unfenced:
    """Stop the losing VM, look again and check again: what was true before the stop may not be any more."""
    to, losing = intent.to, context.setup.other(intent.to)
    how = (how_to_stop(checked.facts, losing) if checked.facts else None) or StopMethod.POWER_OFF
    fencing = Fencing(context, journal, observer, run_record, losing, to, how, checked.at)
    stopped = fencing.stop()
    anew = check(context, observer.look(retry_policy=context.retry_policy()), replace(intent, fence=NO_FENCE))
    if stopped is StopOutcome.CANCELLED:
        return Unfenced(Outcome.CANCELLED, _cancelled_problem(), asked=fencing.asked)
    if stopped in (StopOutcome.HELD, StopOutcome.STALE) and fencing.problem is not None:
        outcome = Outcome.REFUSED if stopped is StopOutcome.STALE else Outcome.FAILED
        return Unfenced(outcome, fencing.problem, asked=fencing.asked)
    objection = anew.reason_against(intent.verb)
    if context.services.clock.monotonic() - checked.at > context.timing.longest_fence_s:
        objection = run_result.too_late().problem  # checked anew, but nobody waits for this run any more
    if objection is not None:
        return Unfenced(Outcome.FAILED, objection, asked=fencing.asked)
    return Fenced(anew, fencing.service_end(stopped))


def check(context: RunContext, snapshot: Snapshot, intent: RunIntent) -> Preflight:
    """Readiness first: what it already forbids needs no question to Azure."""
    ready = run_readiness(snapshot, intent)
    if ready.reason_against(unknown_stops=False) is not None:
        return Preflight(ready, snapshot.now)
    return _preflight(context, snapshot, intent, ready, PreflightScope(thorough=False))


def _preflight(
    context: RunContext, snapshot: Snapshot, intent: RunIntent, ready: Readiness, extent: PreflightScope
) -> Preflight:
    services, needed_life_s = context.services, context.timing.token_s
    azure, clock, kept = services.azure, services.clock, services.outdated_writes
    checked = preflight(azure, clock, snapshot, intent, ready, needed_life_s=needed_life_s, extent=extent, kept=kept)
    if intent.strategy is not Strategy.ATOMIC:
        return checked
    more = move_findings(azure, snapshot.setup)
    return replace(checked, findings=Readiness.of([*checked.findings.findings, *more]))


def _report_preflight(context: RunContext, intent: RunIntent, checked: Preflight) -> PreflightCompleted:
    found, asked = checked.findings, checked.asked
    told = PreflightCompleted(
        context.stamp(), context.setup.name, intent.verb, intent.to.name, found, intent.fence, asked, intent.strategy
    )
    context.report(told)
    return told


def continue_run(
    context: RunContext,
    journal: FailoverJournal,
    run_record: RunRecord,
    intent: RunIntent,
    observer: Observer,
    start: StartingPoint,
) -> Finished:
    """Bring a journalled run to its end and tell how it ended."""
    sender, to = context.write_sender(journal), intent.to
    reporter = RunReporter(
        sender, context.setup.other(to), to, str(context.setup.address), stop_asked=wants_fence(run_record)
    )
    state = FailoverRun(
        setup=context.setup,
        run_record=run_record,
        intent=intent,
        observer=observer,
        sender=sender,
        reporter=reporter,
        cancel=context.cancel,
        timing=context.timing,
        checked_at=start.checked_at,
        progress=start.progress,
        decisions=context.decisions,
        still_wanted=context.still_wanted,
        rng=context.rng,
        service_end=start.service_end,
        back_sentence=start.turned_back.sentence() if start.turned_back else "",
        back_reason=start.turned_back,
        cancelled=start.cancelled,
        cancel_heard=start.cancelled,
        repeat_preflight=lambda: check(context, observer.look(), replace(intent, fence=NO_FENCE)),
    )
    try:
        ended = ControlLoop(state).run()
    except Exception:  # noqa: BLE001 - whatever it is, the run must say where the address is
        # An error of ours must not hide where the address is; it is logged, and the run stays resumable.
        _log.exception("run %s broke off", context.run)
        ended = run_result.internal_error(str(context.setup.address))
    return finish(context, journal, state, ended)


def _run_started(context: RunContext, failover_plan: FailoverPlan) -> RunStarted:
    losing = failover_plan.losing.name if failover_plan.losing else None
    return RunStarted(
        context.stamp(),
        context.run,
        context.setup.name,
        failover_plan.verb,
        failover_plan.to.name,
        losing,
        failover_plan.address,
        failover_plan.steps,
    )


def _wait_until_settled(context: RunContext, observer: Observer, snapshot: Snapshot, to: Member) -> Snapshot:
    """No write while either NIC is Updating.

    Wait first, bounded (engine/README.md 1.5). Forced goes on at the deadline, after saying so.
    """
    clock, deadline = context.services.clock, context.services.clock.monotonic() + context.timing.settle_s
    reported = False
    while not context.cancel.is_cancelled:
        busy = [seen.member.nic.name for seen in snapshot.members if seen.updates]
        already = snapshot.place.member == to and snapshot.place.kind is LocationKind.MEMBER
        if not busy or already or clock.monotonic() >= deadline:
            break
        if not reported:
            what = f"Azure still updates {' and '.join(busy)}"
            context.report(StepWaiting(context.stamp(), context.run, Step.CHECK, what, context.timing.settle_s))
            reported = True
        clock.sleep(2 * context.timing.poll_s, context.cancel)
        snapshot = observer.look(vms=False, retry_policy=context.retry_policy())
    # Whether the target runs may be another thing by now.
    return observer.look(retry_policy=context.retry_policy()) if reported else snapshot


def _cancelled_problem() -> Problem:
    return Problem("cancelled", "The move was cancelled before anything was written.", "", "The address did not move.")
