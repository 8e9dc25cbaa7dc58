"""One cluster as the window knows it: latest snapshot, timeline, the run in progress, and the jobs that feed them.

Everything that its jobs say comes back as events through the bridge; pages listen to the signals here and
never to a thread.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.failover_plan import FailoverPlan, is_repair, plan
from tgwizard.engine.failover.resume import resume
from tgwizard.engine.failover.run import RunOptions, fail_over, rehearse
from tgwizard.engine.failover.run_context import UserDecisions
from tgwizard.engine.jobs import BROKE, STOPPED, Job, JobGroup, Report, Work
from tgwizard.engine.readiness.cluster_readiness import cluster_readiness, target_of
from tgwizard.engine.readiness.recommended_action import ActionKind, RecommendedAction, recommend_action
from tgwizard.engine.runs.cluster_lock import cluster_in_use
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import Record, RunEndRecord, RunRecord
from tgwizard.engine.setup.restart import start_job
from tgwizard.engine.watch.cluster_watch import HistoryRead, RunElsewhere, WatchNews, read_history_when_free
from tgwizard.engine.watch.monitor import Pace
from tgwizard.engine.watch.traffic_probe import answered
from tgwizard.gui.app.read_only_lock import LOCKED, ReadOnlyLock
from tgwizard.gui.cluster.cluster_rights import ClusterRights
from tgwizard.gui.cluster.cluster_view_model import aged, displayed_readiness, is_behind
from tgwizard.gui.cluster.event_timeline import EventLog, EventShown, of_end
from tgwizard.gui.cluster.run_model import RunModel
from tgwizard.gui.cluster.traffic_monitor import TrafficMonitor
from tgwizard.gui.cluster.watch_loop import WatchLoop
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_readiness import ClusterReadiness
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CancelMeaning, Event, Finished, PreflightCompleted, TimeoutChoice
from tgwizard.model.failover_options import NO_FENCE, FenceRequest, Strategy, resolve_strategy
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_events import SetupEvent, SetupFinished
from tgwizard.model.snapshot import STALE_AFTER_S, Snapshot
from tgwizard.model.verdict import Verdict
from tgwizard.model.watch_events import Observed, SourceBack, SourceLost, WatchEvent

LATE_PACES = 3
"""A reading of the fleet's that is older than so many of its turns is out of date."""

PAINT_FIRST_S = 0.15
"""How long a run waits before its first call: painting its page and the SDK would fight for the interpreter's lock."""

AFTER_THE_QUESTION_MS = 150

TRAFFIC_TAIL_MS = 3000
"""A gap may be open when a run ends, and the last tries are answered after it."""


class ClusterSession(QObject):
    """Watches and fails over one cluster on behalf of the pages."""

    observed = Signal()
    timeline_changed = Signal()
    checked = Signal(object)
    run_began = Signal()
    run_changed = Signal()
    run_ended = Signal()
    unfinished_changed = Signal()
    trouble = Signal(object)

    def __init__(
        self,
        services: Services,
        setup: ClusterSetup,
        parent: QObject | None = None,
        *,
        lock: ReadOnlyLock | None = None,
        pace: Pace | None = None,
        fleet_pace_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Know nothing yet.

        `lock` keeps runs from beginning; `pace` says how often Azure is read, `fleet_pace_s` how often while the fleet
        does it.
        """
        super().__init__(parent)
        self.lock = lock or ReadOnlyLock(parent=self)
        self.lock.changed.connect(self.observed)
        self.services = services
        self.setup = setup
        self._reachability: TrafficMonitor | None = None
        self._later: QTimer | None = None
        self._tail: QTimer | None = None
        """Until the last tries of a run that was measured are answered."""
        self._pace_s = fleet_pace_s
        self.loop = WatchLoop(services, setup, pace or Pace(), self.take)
        self._checks, self._histories = JobGroup(services.jobs), JobGroup(services.jobs)
        self._starts = JobGroup(services.jobs)
        self.starting: Member | None = None
        """The member whose VM is being started from here."""
        self._run_job: Job[Event, Finished] | None = None
        self.told_elsewhere = False
        """Whether the run is a part of something that another page tells; its own page is then not brought up."""
        self.rights = ClusterRights(services, setup.name, self.observed.emit, self._tell_trouble)
        self._decisions: UserDecisions | None = None
        self.latest: Snapshot | None = None
        """The latest readings as they were read, for those who judge their age themselves."""
        self._preferred: Member | None = None
        self._place_problem: Problem | None = None
        self._history_known = False
        self.ends: tuple[RunEndRecord, ...] = ()
        self.records: tuple[Record, ...] = ()
        self.since: datetime | None = None
        self._log = EventLog(setup)
        self.unfinished: RunRecord | None = None
        self.elsewhere: RunElsewhere | None = None
        """That another program of this computer is seen to work on the cluster."""
        self.run: RunModel | None = None

    # What is known -----------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds on the scale of the engine's Clock."""
        return self.services.clock.monotonic()

    @property
    def snapshot(self) -> Snapshot | None:
        """The latest readings, as old as they are now; None before the first."""
        return None if self.latest is None else aged(self.latest, self.now())

    @property
    def state(self) -> ClusterReadiness | None:
        """What the cluster is now and what each verb would meet; None before the first reading."""
        snapshot = self.snapshot
        if snapshot is None:
            return None
        late = STALE_AFTER_S if self.watching else max(STALE_AFTER_S, LATE_PACES * self._pace_s())
        why, known, waits = self._busy(snapshot), self.rights.known, self.unfinished is not None
        to = self._preferred
        state = cluster_readiness(snapshot, known, to=to, busy=why, interrupted=waits, stale_after_s=late)
        return displayed_readiness(state, snapshot, self.now(), self.run, self.elsewhere, self._place_problem)

    @property
    def events(self) -> tuple[EventShown, ...]:
        """The timeline, newest first."""
        return self._log.events

    @property
    def verdict(self) -> Verdict | None:
        """What the latest readings mean now; None before the first. A run in progress is a move."""
        state = self.state
        return None if state is None else state.verdict

    def _busy(self, snapshot: Snapshot) -> Problem | None:
        """Why nothing can be begun now, whatever the readings say."""
        if self.running:
            return Problem("run-in-progress", "A run already works on this cluster.", "", "Wait until it has ended.")
        if self.elsewhere is not None:
            return cluster_in_use(self.setup.name)
        if is_behind(snapshot, self.run):
            return Problem("not-read-since-run", "Azure is read again after the run.")
        return None

    def tell_place(self, problem: Problem | None) -> None:
        """Why nothing can be read here at all, when that is known."""
        self._place_problem = problem
        self._log.tell_place(problem)
        self.timeline_changed.emit()
        if self.watching:
            self.observed.emit()

    def tell_stopped(self, problem: Problem) -> None:
        """Reading had stopped, and was begun again."""
        self._add(EventShown(self.services.clock.wall(), Shape.WARNING, problem.sentence(), "tgwizard"))
        self.trouble.emit(problem)

    def place_moved(self) -> None:
        """What is asked is somewhere else from now on; so is the port that the traffic is tried at."""
        if self._reachability is not None:
            self._reachability.move()

    @property
    def target(self) -> Member | None:
        """Where a failover would go; None before the first reading."""
        snapshot = self.snapshot
        return None if snapshot is None else target_of(snapshot, self._preferred)

    def ask_rights(self) -> None:
        """Ask whose roles allow a failover, unless that is known: somebody looks at the cluster."""
        snapshot, target = self.snapshot, self.target
        if snapshot is not None and target is not None and not self.running:
            self.rights.ask_if_due(snapshot, target, self.now())

    def prefer(self, member: Member) -> None:
        """Aim at `member` while the address has no holder."""
        self._preferred = member
        self.observed.emit()

    @property
    def recommended_action(self) -> RecommendedAction | None:
        """What to do first, when something is certainly wrong: resume, or repair towards the present target."""
        snapshot = self.snapshot
        if snapshot is None or self.running or self.elsewhere is not None or is_behind(snapshot, self.run):
            return None
        return recommend_action(snapshot, self.unfinished, self.target)

    def repairs(self, verb: Verb) -> bool:
        """Whether ``verb`` now is a repair: a move in Azure alone (engine/README.md 1.13)."""
        offered = (
            verb is Verb.FORCED
            and self.recommended_action is not None
            and self.recommended_action.kind is ActionKind.REPAIR
        )
        return offered or is_repair(self.setup, Strategy.AUTO, verb)

    def reason_against(self, verb: Verb, state: ClusterReadiness | None = None) -> Problem | None:
        """Why `verb` is off, or None; by `state` when it was just worked out."""
        state = state or self.state
        if state is None:
            return Problem("not-read", "Azure has not answered yet.", "", "The buttons come on with the first reading.")
        if self.lock.locked:
            return LOCKED
        found = state.of(verb)
        # Where Trustgrid moves the address a person is only shown the way: what is not known does not stop that.
        return found.findings.reason_against(unknown_stops=False) if self.guided(verb) else found.reason_against

    def guided(self, verb: Verb) -> bool:
        """Whether Trustgrid would move the address, and this program only watch."""
        return resolve_strategy(Strategy.AUTO, self.setup, verb) is Strategy.GUIDED

    def plan(
        self, verb: Verb, fence: FenceRequest = NO_FENCE, strategy: Strategy = Strategy.DETACH_ATTACH
    ) -> FailoverPlan | None:
        """What a failover would send now; None before the first reading."""
        snapshot, target = self.snapshot, self.target
        if snapshot is None or target is None:
            return None
        intent = RunOptions(strategy=strategy, fence=fence).intent(self.setup, target, verb)
        return plan(snapshot, intent, self.ends)

    @property
    def running(self) -> bool:
        """Whether a run of ours has begun and not ended."""
        return self.run is not None and self.run.finished is None

    # Jobs --------------------------------------------------------------------------------------------------------

    @property
    def reachability(self) -> TrafficMonitor:
        """Traffic as this computer sees it; made when first asked for, a window may have hundreds of clusters."""
        if self._reachability is None:
            self._reachability = TrafficMonitor(self.services, self.setup, self)
        return self._reachability

    @property
    def watching(self) -> bool:
        """Whether a loop of its own reads this cluster; else the fleet does."""
        return self.loop.running

    def start(self) -> None:
        """Begin to watch with a loop of its own."""
        self.loop.start()

    def stop(self) -> None:
        """Stop watching; a run goes on."""
        self.loop.stop()
        for timer in (self._later, self._tail):
            if timer is not None:
                timer.stop()
        for group in (self._checks, self._histories, self.rights.asking):
            group.stop()
        if self._reachability is not None:
            self._reachability.stop()

    def forget(self) -> None:
        """Stop watching, and hear no more of anything: the cluster goes."""
        self.stop()
        self.loop.forget()
        for group in (self._checks, self._histories, self.rights.asking):
            group.give_up()
        if self._reachability is not None:
            self._reachability.forget()
        if self._run_job is not None:
            self.services.jobs.let_go(self._run_job)

    def set_pace(self, pace: Pace) -> None:
        """Read at another pace from the next reading on."""
        self.loop.set_pace(pace)

    def read_now(self) -> None:
        """Read everything again now (F5)."""
        self.loop.read_now()

    def check(
        self,
        to: Member,
        verb: Verb,
        fence: FenceRequest = NO_FENCE,
        strategy: Strategy = Strategy.AUTO,
        *,
        to_dead_machine: bool = False,
    ) -> None:
        """Run the preflight alone; its answer is the signal `checked`. Nothing is written."""
        if self._checks.under_way:
            return
        services, setup = self.services, self.setup

        def work(report: Report[Event], token: CancelToken) -> PreflightCompleted:
            # The question is being painted: a computing worker beside it would make that twice as long.
            token.wait(PAINT_FIRST_S)
            options = RunOptions(strategy=strategy, fence=fence, to_dead_machine=to_dead_machine)
            return rehearse(services, setup, to, verb, report, token, options)

        self._checks.begin(f"check-{setup.name}", work, done=self._take_checked, failed=self._tell_trouble)

    def fail_over(
        self, to: Member, verb: Verb, options: RunOptions | None = None, *, told_elsewhere: bool = False
    ) -> None:
        """Start the failover as the cluster's one writing job. ``told_elsewhere``: another page tells how it goes."""
        self.told_elsewhere = told_elsewhere
        services, setup = self.services, self.setup
        decisions = self._decisions = UserDecisions()
        options = replace(options or RunOptions(), decisions=decisions)

        def work(report: Report[Event], token: CancelToken) -> Finished:
            return fail_over(services, setup, to, verb, report, token, options)

        self._start_run("failover", work)

    def start_machine(self, member: Member) -> None:
        """Start the member's VM, which was stopped, as the cluster's one writing job."""
        if self.lock.locked or self.running or self._starts.under_way:
            return
        services, setup = self.services, self.setup

        def work(report: Report[SetupEvent], token: CancelToken) -> SetupFinished:
            return start_job(services, setup.identity, member.vm, report, token)

        def done(finished: SetupFinished) -> None:
            ended(finished.problem if finished.outcome is not Outcome.DONE else None)

        def ended(problem: Problem | None) -> None:
            self.starting = None
            if problem is not None:
                self._tell_trouble(problem)
            self.read_now()
            self.observed.emit()

        self.starting = member
        name = f"start-{setup.name}"
        self._starts.begin(name, work, done=done, failed=ended, writes=setup.identity)
        self.observed.emit()

    def resume(self) -> None:
        """Finish the interrupted run; it reads the world again and plans anew."""
        self.told_elsewhere = False
        services, setup = self.services, self.setup
        self._decisions = UserDecisions()
        options = RunOptions(decisions=self._decisions)

        def work(report: Report[Event], token: CancelToken) -> Finished:
            return resume(services, setup, None, report, token, options)

        self._start_run("resume", work)

    def cancel_run(self) -> None:
        """Ask the run to stop, or to put the address back; what that means now is `run.cancel`."""
        if self._run_job is not None and self.run is not None and self.run.cancel is not CancelMeaning.NOT_GRANTED:
            self._run_job.cancel()
            self.run = replace(self.run, cancel_asked=True)
            self.run_changed.emit()

    def decide(self, choice: TimeoutChoice) -> None:
        """Answer the question of the run whose step's time is over."""
        if self._decisions is not None:
            self._decisions.answer(choice)

    def _start_run(self, name: str, work: Work[Event, Finished]) -> None:
        if self.running:
            return
        if self.lock.locked:
            self.trouble.emit(LOCKED)
            return

        def after_the_paint(report: Report[Event], token: CancelToken) -> Finished:
            token.wait(PAINT_FIRST_S)
            return work(report, token)

        name, writes = f"{name}-{self.setup.name}", self.setup.identity
        try:
            self._run_job = self.services.jobs.start(
                name, after_the_paint, heard=self._take_of_run, broke=self._take_broken_run, writes=writes
            )
        except UserError as error:
            self.trouble.emit(error.problem)
            return
        self.run = RunModel()
        self.run_began.emit()

    # Events ------------------------------------------------------------------------------------------------------

    def take(self, news: WatchNews) -> None:
        """Take what watching this cluster brings: by a loop of its own, or by the fleet."""
        match news:
            case Observed():
                self._take_observed(news)
            case HistoryRead() | RunElsewhere():
                self._take_history(news)
            case SourceLost() | SourceBack():
                self._log.take_source(news)
                self.timeline_changed.emit()

    def _take_of_run(self, event: Event) -> None:
        if isinstance(event, PreflightCompleted):
            self._take_checked(event)
        else:
            self._take_run(event)
        if isinstance(event, Finished):
            self._take_end(event)

    def _take_checked(self, event: PreflightCompleted) -> None:
        if not event.fence.stops:
            self.rights.take_checked(event)
            # The question is told first, the page behind it when that is painted: both at once took twice as long.
            if self._later is None:
                self._later = QTimer(self, singleShot=True, interval=AFTER_THE_QUESTION_MS)
                self._later.timeout.connect(self.observed)
            self._later.start()
        self.checked.emit(event)

    def _take_observed(self, event: Observed) -> None:
        self.latest = event.snapshot
        # While our own run moves the address, the steps tell the story; the verdict is news again when it has ended.
        if not self.running and self._log.take_verdict(event):
            self.timeline_changed.emit()
            self.since = event.stamp.at
            if self.watching:
                self._read_history()  # who moved it may be another program, which may have died of it
        self.observed.emit()

    def _take_history(self, history: HistoryRead | RunElsewhere | None) -> None:
        """What the journal holds; while another program works on the cluster nothing is offered or begun."""
        if history is None:
            return  # cancelled before it could be read
        if not self.running:
            self.elsewhere = history if isinstance(history, RunElsewhere) else None
            self.unfinished = None if isinstance(history, RunElsewhere) else history.unfinished
            self.unfinished_changed.emit()
            self.observed.emit()
        if isinstance(history, RunElsewhere):
            self._read_history()
            return
        self.ends = history.ends
        if history.records and not self._history_known:
            self._history_known = True
            self.records = history.records
            self._log.add_past(history.records)
            self.timeline_changed.emit()
        if history.problem is not None:
            self.trouble.emit(history.problem)

    def _take_run(self, event: Event) -> None:
        if self.run is None or isinstance(event, WatchEvent | PreflightCompleted):
            return
        self.run = self.run.after(event)
        self.run_changed.emit()
        if self.told_elsewhere and self.run.asked is not None:
            # Its question can be answered on its own page only.
            self.told_elsewhere = False
            self.run_began.emit()

    def _take_end(self, event: Finished) -> None:
        verb = self.run.started.verb if self.run is not None and self.run.started is not None else None
        self._add(of_end(event, verb))
        self.unfinished = None
        self.since = event.stamp.at
        self._read_history()
        self.read_now()
        self.unfinished_changed.emit()
        if self.run is not None and self._reachability is not None and self._reachability.measuring:
            self._tail = QTimer(self, singleShot=True, interval=TRAFFIC_TAIL_MS)
            self._tail.timeout.connect(partial(self.keep_traffic, self.run))
            self._tail.start()
        self.run_ended.emit()

    def keep_traffic(self, run: RunModel) -> None:
        """Journal the traffic gap of a run that has ended, if all of it was measured and it has a journal."""
        if self._reachability is None or run.started is None or run.finished is None:
            return
        begun, ended, samples = run.started.stamp.clock_s, run.finished.stamp.clock_s, self._reachability.samples
        gap_s, heard = self._reachability.longest_gap_s(begun, ended), answered(samples, begun, math.inf)
        if gap_s is None or not any(begun <= sample.at for sample in samples):
            return
        services, setup, name = self.services, self.setup, run.started.run

        def work(_report: Report[object], _token: CancelToken) -> None:
            if services.has_journal(setup):
                with contextlib.closing(services.journal(setup)) as journal:
                    if journal.records(name):
                        journal.traffic_measured(name, services.clock.wall(), gap_s, answered=heard)

        with contextlib.suppress(UserError):  # the program is closing
            services.jobs.start(f"traffic-{setup.name}", work, failed=self._tell_trouble)

    def _take_broken_run(self, _error: BaseException) -> None:
        """A run that died of an unexpected error sends no Finished: say what is known, which is only the last place."""
        if self.run is not None and self.run.finished is None:
            self.run = None
            self._read_history()
            what, why = "The run ended by an error of tgwizard.", "Where the address is now is shown by the picture."
            fix = "Use Resume when it is offered; the report is in the log."
            self.trouble.emit(Problem("run-broke", what, why, fix))
            self.run_ended.emit()

    def _read_history(self) -> None:
        if self._histories.under_way:
            return
        services, setup = self.services, self.setup

        def work(report: Report[RunElsewhere], token: CancelToken) -> HistoryRead | None:
            return read_history_when_free(services, setup, report, token)

        self._histories.begin(
            f"history-{setup.name}", work, heard=self._take_history, done=self._take_history, failed=self._tell_trouble
        )

    def _tell_trouble(self, problem: Problem) -> None:
        """A job could not begin, or has failed; a stop is no news, and an error of ours is shown anyway."""
        if problem not in (STOPPED, BROKE):
            self.trouble.emit(problem)

    def _add(self, shown: EventShown) -> None:
        self._log.add(shown)
        self.timeline_changed.emit()
