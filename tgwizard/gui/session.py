"""One cluster as the window knows it: latest snapshot, timeline, the run in progress, and the jobs that feed them.

It is the only place of the window that starts jobs. Everything comes back as events through the bridge; pages listen
to the signals here and never to a thread.
"""

from __future__ import annotations

import queue
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.decisions import Decisions
from tgwizard.engine.failover.plan import FailoverPlan, plan
from tgwizard.engine.failover.resume import resume
from tgwizard.engine.failover.run import RunOptions, busy, fail_over, rehearse
from tgwizard.engine.failover.strategies import is_repair, resolved
from tgwizard.engine.jobs import Broke, Job, Report, Work
from tgwizard.engine.offer import Act, Offer, first_offer
from tgwizard.engine.preflight.facts import Extent
from tgwizard.engine.readiness.readiness import can_fail_over, readiness
from tgwizard.engine.records import Began, Ended, Record
from tgwizard.engine.services import Services
from tgwizard.engine.watch.monitor import Pace
from tgwizard.gui.failover.run_state import RunState
from tgwizard.gui.lock import LOCKED, ReadOnlyLock
from tgwizard.gui.watch.loop import HistoryRead, RunElsewhere, WatchLoop, history_when_free
from tgwizard.gui.watch.reachability import ProbeBegan, Probed, Reachability
from tgwizard.gui.watch.shown import aged, is_behind, target_of
from tgwizard.gui.watch.timeline import EventShown, of_end, of_event, of_record
from tgwizard.gui.watch.verdict_beside import verdict_beside
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event import (
    Asked,
    CallMade,
    CancelMeaning,
    Checked,
    Choice,
    Decided,
    Event,
    Finished,
    Located,
    Noted,
    Observed,
    SourceBack,
    SourceLost,
    Started,
    StepDone,
    StepStarted,
    StepWaiting,
)
from tgwizard.model.fence import NO_FENCE, FenceWish
from tgwizard.model.finding import Readiness
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.snapshot import Snapshot
from tgwizard.model.strategy import Strategy
from tgwizard.model.verdict import Verdict, VerdictName

KEPT_EVENTS = 200

ASKED_GOOD_S = 600.0
"""How long the answers of a check stand in the readiness list: roles and locks take minutes to change (azure-wire 3.4).

No run rests on them; it asks anew."""

PAINT_FIRST_S = 0.15
"""How long a run waits before its first call: painting its page and the SDK would fight for the interpreter's lock."""

AFTER_THE_QUESTION_MS = 150


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
        own: queue.SimpleQueue[object],
        parent: QObject | None = None,
        *,
        lock: ReadOnlyLock | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Know nothing yet. `own` is the window's own queue, for answers that are no events of the engine.

        `lock` keeps runs from beginning; `pace` says how often Azure is read.
        """
        super().__init__(parent)
        self.lock = lock or ReadOnlyLock(parent=self)
        self.lock.changed.connect(self.observed)
        self.services = services
        self.setup = setup
        self._reachability: Reachability | None = None
        self._later: QTimer | None = None
        self._own = own
        self.loop = WatchLoop(services, setup, own, pace or Pace())
        self._check_job: Job | None = None
        self._run_job: Job | None = None
        self._history_job: Job | None = None
        self._asked: dict[Verb, Checked] = {}
        self._decisions: Decisions | None = None
        self._run_id = ""
        self._snapshot: Snapshot | None = None
        self._last_verdict: VerdictName | None = None
        self._preferred: Member | None = None
        self._place_problem: Problem | None = None
        self._history_known = False
        self.ends: tuple[Ended, ...] = ()
        self.records: tuple[Record, ...] = ()
        self.since: datetime | None = None
        self.events: tuple[EventShown, ...] = ()
        self.unfinished: Began | None = None
        self.elsewhere = False
        """Whether another program of this computer is seen to work on the cluster."""
        self.run: RunState | None = None

    # What is known -----------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds on the scale of the engine's Clock."""
        return self.services.clock.monotonic()

    @property
    def snapshot(self) -> Snapshot | None:
        """The latest readings, as old as they are now; None before the first."""
        return None if self._snapshot is None else aged(self._snapshot, self.now())

    @property
    def verdict(self) -> Verdict | None:
        """What the latest readings mean now; None before the first. A run in progress is a move (STYLE section 3)."""
        snapshot = self.snapshot
        if snapshot is None:
            return None
        verdict = verdict_beside(snapshot, self.run, self.now())
        if verdict.name is VerdictName.NOT_KNOWN and self._place_problem is not None:
            return replace(verdict, detail=self._place_problem.sentence())
        return verdict

    def tell_place(self, problem: Problem | None) -> None:
        """Why nothing can be read here at all, when that is known."""
        self._place_problem = problem
        if self.watching:
            self.observed.emit()

    def place_moved(self) -> None:
        """What is asked is somewhere else from now on; so is the port that the traffic is tried at."""
        if self._reachability is not None and self._reachability.measuring:
            self._reachability.stop()
            self._reachability.start()

    @property
    def target(self) -> Member | None:
        """Where a failover would go; None before the first reading."""
        snapshot = self.snapshot
        return None if snapshot is None else target_of(snapshot, self._preferred)

    def prefer(self, member: Member) -> None:
        """Aim at `member` while the address has no holder."""
        self._preferred = member
        self.observed.emit()

    def readiness(self, verb: Verb) -> Readiness | None:
        """Would `verb` work now, with what Azure was asked a while ago; None before the first reading."""
        snapshot, target = self.snapshot, self.target
        if snapshot is None or target is None:
            return None
        live, asked = readiness(snapshot, target, verb), self._asked.get(verb)
        good = asked is not None and asked.to == target.name and self.now() - asked.stamp.clock_s <= ASKED_GOOD_S
        return live.with_more(asked.asked.in_short) if asked is not None and good else live

    @property
    def offer(self) -> Offer | None:
        """What to do first, when something is certainly wrong: resume, or repair towards the present target."""
        snapshot = self.snapshot
        if snapshot is None or self.running or self.elsewhere or is_behind(snapshot, self.run):
            return None
        return first_offer(snapshot, self.unfinished, self.target)

    def repairs(self, verb: Verb) -> bool:
        """Whether ``verb`` now is a repair: a move in Azure alone (DESIGN section 3)."""
        offered = verb is Verb.FORCED and self.offer is not None and self.offer.act is Act.REPAIR
        return offered or is_repair(self.setup, Strategy.AUTO, verb)

    def reason_against(self, verb: Verb) -> Problem | None:
        """Why `verb` is off, or None. A run in progress stops both verbs."""
        snapshot, target = self.snapshot, self.target
        if snapshot is None or target is None:
            return Problem("not-read", "Azure has not answered yet.", "", "The buttons come on with the first reading.")
        if self.lock.locked:
            return LOCKED
        if self.running:
            return Problem("run-in-progress", "A run already works on this cluster.", "", "Wait until it has ended.")
        if self.elsewhere:
            return busy(self.setup)
        if is_behind(snapshot, self.run):
            return Problem("not-read-since-run", "Azure is read again after the run.")
        return None if self.guided(verb) else can_fail_over(snapshot, target, verb)

    def guided(self, verb: Verb) -> bool:
        """Whether Trustgrid would move the address, and this program only watch."""
        return resolved(Strategy.AUTO, self.setup, verb) is Strategy.GUIDED

    def would_work(self, verb: Verb) -> bool:
        """Whether the cluster itself would allow `verb`, whatever this window's lock says: what advice is given by."""
        snapshot, target = self.snapshot, self.target
        return snapshot is not None and target is not None and can_fail_over(snapshot, target, verb) is None

    def plan(
        self, verb: Verb, fence: FenceWish = NO_FENCE, strategy: Strategy = Strategy.DETACH_ATTACH
    ) -> FailoverPlan | None:
        """What a failover would send now; None before the first reading."""
        snapshot, target = self.snapshot, self.target
        return None if snapshot is None or target is None else plan(snapshot, target, verb, self.ends, strategy, fence)

    @property
    def running(self) -> bool:
        """Whether a run of ours has begun and not ended."""
        return self.run is not None and self.run.finished is None

    # Jobs --------------------------------------------------------------------------------------------------------

    @property
    def reachability(self) -> Reachability:
        """Traffic as this computer sees it; made when first asked for, a window may have hundreds of clusters."""
        if self._reachability is None:
            self._reachability = Reachability(self.services, self.setup, self._own, self)
        return self._reachability

    @property
    def latest(self) -> Snapshot | None:
        """The latest readings as they were read, for those who judge their age themselves."""
        return self._snapshot

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that read this cluster, and may answer once more after `stop`."""
        jobs = (self.loop.job, self._check_job, self._history_job)
        return tuple(job for job in jobs if job is not None and job.running)

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
        if self._later is not None:
            self._later.stop()
        for job in (self._check_job, self._history_job):
            if job is not None:
                job.cancel()
        if self._reachability is not None:
            self._reachability.stop()

    def set_pace(self, pace: Pace) -> None:
        """Read at another pace from the next reading on."""
        self.loop.set_pace(pace)

    def read_now(self) -> None:
        """Read everything again now (F5)."""
        self.loop.read_now()

    def check(self, to: Member, verb: Verb, fence: FenceWish = NO_FENCE, strategy: Strategy = Strategy.AUTO) -> None:
        """Run the preflight alone; its answer is the signal `checked`. Nothing is written."""
        if self._check_job is not None and self._check_job.running:
            return
        services, setup = self.services, self.setup

        def work(report: Report, token: CancelToken) -> None:
            # The question is being painted: a computing worker beside it would make that twice as long.
            token.wait(PAINT_FIRST_S)
            rehearse(services, setup, to, verb, report, token, strategy, extent=Extent(fence=fence))

        self._check_job = self._begin("check", work)

    def fail_over(
        self,
        to: Member,
        verb: Verb,
        *,
        accept_unknown: bool = False,
        fence: FenceWish = NO_FENCE,
        strategy: Strategy = Strategy.AUTO,
    ) -> None:
        """Start the failover as the cluster's one writing job."""
        services, setup = self.services, self.setup
        self._decisions = Decisions()
        options = RunOptions(accept_unknown=accept_unknown, fence=fence, strategy=strategy, decisions=self._decisions)

        def work(report: Report, token: CancelToken) -> None:
            fail_over(services, setup, to, verb, report, token, options)

        self._start_run("failover", work)

    def resume(self) -> None:
        """Finish the interrupted run; it reads the world again and plans anew."""
        services, setup = self.services, self.setup
        self._decisions = Decisions()
        options = RunOptions(decisions=self._decisions)

        def work(report: Report, token: CancelToken) -> None:
            resume(services, setup, None, report, token, options)

        self._start_run("resume", work)

    def cancel_run(self) -> None:
        """Ask the run to stop, or to put the address back; what that means now is `run.cancel`."""
        if self._run_job is not None and self.run is not None and self.run.cancel is not CancelMeaning.NOT_GRANTED:
            self._run_job.cancel()

    def decide(self, choice: Choice) -> None:
        """Answer the question of the run whose step's time is over."""
        if self._decisions is not None:
            self._decisions.answer(choice)

    def _start_run(self, name: str, work: Work) -> None:
        if self.running:
            return
        if self.lock.locked:
            self.trouble.emit(LOCKED)
            return
        self.run = RunState()
        self._run_id = ""

        def after_the_paint(report: Report, token: CancelToken) -> None:
            token.wait(PAINT_FIRST_S)
            work(report, token)

        job = self._begin(name, after_the_paint, writes=True)
        if job is None:
            self.run = None
            return
        self._run_job = job
        self.run_began.emit()

    def _begin(self, name: str, work: Work, *, writes: bool = False) -> Job | None:
        try:
            identity = self.setup.identity if writes else None
            return self.services.jobs.start(f"{name}-{self.setup.name}", work, writes=identity)
        except UserError as error:
            self.trouble.emit(error.problem)
            return None

    # Events ------------------------------------------------------------------------------------------------------

    @Slot(object)
    def take(self, event: object) -> None:
        """Take one event from the bridge; events of other clusters are left alone."""
        match event:
            case Observed() if event.cluster == self.setup.name:
                self._take_observed(event)
            case Probed() | ProbeBegan() if self._reachability is not None:
                self._reachability.take(event)
            case HistoryRead() | RunElsewhere() if event.cluster == self.setup.name:
                self._take_history(event)
            case Checked() if event.cluster == self.setup.name:
                self._take_checked(event)
            case SourceLost() | SourceBack() if event.cluster == self.setup.name:
                self._add(of_event(event, self.setup))
            case Started() if event.cluster == self.setup.name:
                self._run_id = event.run
                if not self.running:
                    self.run = RunState()
                    self.run_began.emit()
                self._take_run(event)
            case Finished() if event.cluster == self.setup.name:
                self._take_run(event)
                self._take_end(event)
            case StepStarted() | StepWaiting() | StepDone() | Asked() | Decided() | CallMade() | Located() | Noted():
                if event.run == self._run_id:
                    self._take_run(event)
            case Broke() if self._run_job is not None and event.job == self._run_job.id:
                self._take_broken_run()
            case _:
                return

    def _take_checked(self, event: Checked) -> None:
        if not event.fence.stops:
            self._asked[event.verb] = event
            # The question is told first, the page behind it when that is painted: both at once took twice as long.
            if self._later is None:
                self._later = QTimer(self, singleShot=True, interval=AFTER_THE_QUESTION_MS)
                self._later.timeout.connect(self.observed)
            self._later.start()
        self.checked.emit(event)

    def _take_observed(self, event: Observed) -> None:
        self._snapshot = event.snapshot
        verdict = event.verdict
        # While our own run moves the address, the steps tell the story; the verdict is news again when it has ended.
        if verdict.name is not self._last_verdict and not self.running:
            if self._last_verdict is not None:
                self._add(of_event(event, self.setup))
                self.since = event.stamp.at
                if self.watching:
                    self._read_history()  # who moved it may be another program, which may have died of it
            self._last_verdict = verdict.name
        self.observed.emit()

    def _take_history(self, history: HistoryRead | RunElsewhere) -> None:
        """What the journal holds; while another program works on the cluster nothing is offered or begun."""
        if not self.running:
            self.elsewhere = isinstance(history, RunElsewhere)
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
            old = [shown for record in history.records if (shown := of_record(record, self.setup)) is not None]
            self.events = (*self.events, *old)[:KEPT_EVENTS]
            self.timeline_changed.emit()
        if history.problem is not None:
            self.trouble.emit(history.problem)

    def _take_run(self, event: Event) -> None:
        if self.run is None or isinstance(event, Observed | SourceLost | SourceBack | Checked):
            return
        self.run = self.run.after(event)
        self.run_changed.emit()

    def _take_end(self, event: Finished) -> None:
        self._run_id = ""
        verb = self.run.started.verb if self.run is not None and self.run.started is not None else None
        self._add(of_end(event, verb))
        self.unfinished = None
        self.since = event.stamp.at
        self._read_history()
        self.read_now()
        self.unfinished_changed.emit()
        self.run_ended.emit()

    def _take_broken_run(self) -> None:
        """A run that died of an unexpected error sends no Finished: say what is known, which is only the last place."""
        if self.run is not None and self.run.finished is None:
            self.run = None
            self._read_history()
            self.trouble.emit(
                Problem(
                    "run-broke",
                    "The run ended by an error of tgwizard.",
                    "Where the address is now is shown by the picture.",
                    "Use Resume when it is offered; the report is in the log.",
                )
            )
            self.run_ended.emit()

    def _read_history(self) -> None:
        if self._history_job is None or not self._history_job.running:
            self._history_job = self._begin("history", history_when_free(self.services, self.setup, self._own))

    def _add(self, shown: EventShown) -> None:
        self.events = (shown, *self.events)[:KEPT_EVENTS]
        self.timeline_changed.emit()
