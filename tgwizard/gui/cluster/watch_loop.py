"""The loop that watches one cluster, as a job: first what its journal holds, then one reading after the other."""

from __future__ import annotations

import contextlib
import queue
from dataclasses import dataclass

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.history.run_statistics import measured_runs
from tgwizard.engine.jobs import Job, Report, Work
from tgwizard.engine.runs.cluster_lock import run_in_progress
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import Record, RunEndRecord, RunRecord
from tgwizard.engine.watch.monitor import Monitor, Pace
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError

LOOK_S = 0.1
LOOKS_UNTIL_TOLD = 10
"""How often it is looked whether a run has closed its journal; after so many looks it is told that one works there."""


@dataclass(frozen=True, slots=True)
class HistoryRead:
    """What the journals hold.

    Ended runs in the subscription for predictions, records for the timeline, and a run without an end.
    """

    cluster: str
    ends: tuple[RunEndRecord, ...] = ()
    records: tuple[Record, ...] = ()
    unfinished: RunRecord | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class RunElsewhere:
    """Another program, or a run that is closing its journal, works on the cluster; its history is read after that.

    ``began``: which run, as far as its journal tells yet: before its first write it does not.
    """

    cluster: str
    began: RunRecord | None = None

    @property
    def words(self) -> str:
        """Who works on it, and at what."""
        began = self.began
        if began is None:
            return f"Another program on this computer works on {self.cluster}"
        verb = "repair" if began.repair else f"{began.verb.value} failover"
        return f"Moving: a {verb} to {began.to} runs in another program on this computer"


def send_history(
    services: Services,
    setup: ClusterSetup,
    journal: FailoverJournal,
    ends: tuple[RunEndRecord, ...],
    own: queue.SimpleQueue[object],
) -> None:
    """Tell what the journal holds; a run in progress has no end yet, is not interrupted, and is told after that."""
    unfinished = None if run_in_progress(services, setup) else journal.unfinished()
    own.put(HistoryRead(setup.name, ends, journal.latest(), unfinished))
    if run_in_progress(services, setup):
        own.put(RunElsewhere(setup.name, _began(journal)))


def _began(journal: FailoverJournal) -> RunRecord | None:
    """The run that is in progress; None before it has said what it intends, and when it has said that it ended."""
    try:
        return journal.unfinished()
    except UserError:
        return None  # told by whoever reads what the journal holds


def _begun_elsewhere(services: Services, setup: ClusterSetup) -> RunElsewhere:
    try:
        with contextlib.closing(services.journal(setup)) as journal:
            return RunElsewhere(setup.name, _began(journal))
    except UserError:
        return RunElsewhere(setup.name)


def history_when_free(services: Services, setup: ClusterSetup, own: queue.SimpleQueue[object]) -> Work:
    """A job that reads what the journal holds as soon as no run works on the cluster.

    A run tells its end before its journal is closed: read any sooner, it would seem interrupted.
    """

    def work(_report: Report, token: CancelToken) -> None:
        looks, reported = 0, None
        while run_in_progress(services, setup):
            looks += 1
            if (
                looks >= LOOKS_UNTIL_TOLD
                and looks % LOOKS_UNTIL_TOLD == 0
                and (reported is None or reported.began is None)
            ):
                seen = _begun_elsewhere(services, setup)
                if seen != reported:
                    reported = seen
                    own.put(seen)
            if token.wait(LOOK_S):
                return
        try:
            with contextlib.closing(services.journal(setup)) as journal:
                own.put(HistoryRead(setup.name, measured_runs(services, setup), (), journal.unfinished()))
        except UserError as error:
            own.put(HistoryRead(setup.name, problem=error.problem))

    return work


class WatchLoop:
    """At most one loop at a time. Its readings are events of the engine; the journal's past goes on ``own``."""

    def __init__(self, services: Services, setup: ClusterSetup, own: queue.SimpleQueue[object], pace: Pace) -> None:
        self._services = services
        self._setup = setup
        self._own = own
        self._pace = pace
        self._monitor: Monitor | None = None
        self._heard_at = 0.0
        self.job: Job | None = None

    @property
    def running(self) -> bool:
        """Whether the loop goes on; one that was stopped may answer once more."""
        return self.job is not None and not self.job.token.is_cancelled and self.job.running

    @property
    def dead(self) -> bool:
        """Whether it ended although nobody stopped it."""
        return self.job is not None and not self.job.token.is_cancelled and not self.job.running

    @property
    def silent_s(self) -> float:
        """How long ago the last reading ended, or the loop began; 0 while nothing is to be read."""
        return self.now() - self._heard_at if self.running else 0.0

    def now(self) -> float:
        """Seconds on the scale of the engine's Clock."""
        return self._services.clock.monotonic()

    def heard(self) -> None:
        """A reading has ended."""
        self._heard_at = self.now()

    def restart(self) -> None:
        """Begin anew; a reading that hangs is left to its own end."""
        self.stop()
        self.start()

    @property
    def pace(self) -> Pace:
        """How often Azure is read."""
        return self._pace

    def set_pace(self, pace: Pace) -> None:
        """Read at another pace from the next reading on."""
        self._pace = pace
        if self._monitor is not None:
            self._monitor.pace = pace

    def read_now(self) -> None:
        """Read everything again now; a loop that had ended by itself is begun again."""
        if self.dead:
            self.start()
        elif self._monitor is not None:
            self._monitor.read_now()

    def start(self) -> None:
        """Begin, unless it runs."""
        if self.running:
            return
        # A loop of its own each time: the one before may be in its last reading still.
        services, setup, own = self._services, self._setup, self._own
        monitor = self._monitor = Monitor(services, setup, services.jobs.events.put, self.pace)

        def work(_report: Report, token: CancelToken) -> None:
            with contextlib.ExitStack() as stack:
                try:
                    journal = services.journal(setup)
                    stack.callback(journal.close)
                    send_history(services, setup, journal, measured_runs(services, setup), own)
                except UserError as error:
                    own.put(HistoryRead(setup.name, problem=error.problem))
                else:
                    monitor.journal = journal
                monitor.watch(token)

        self.heard()
        self.job = services.jobs.start(f"watch-{setup.name}", work)

    def stop(self) -> None:
        """Stop after the reading that is under way."""
        if self.job is not None:
            self.job.cancel()
