"""Watches one cluster as a job: first what its journal holds, then one reading after the other.

The window and ``status --watch`` use it alike. What the journal says changes when a run ends, here or in another
program: whoever sees the address move reads it again with ``read_history_when_free``.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.history.run_statistics import measured_runs
from tgwizard.engine.jobs import Report
from tgwizard.engine.runs.cluster_lock import run_in_progress
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import Record, RunEndRecord, RunRecord
from tgwizard.engine.watch.monitor import Monitor, Pace
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.watch_events import WatchEvent

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


WatchNews = WatchEvent | HistoryRead | RunElsewhere
"""What watching says: what was read in Azure, and what the journal holds."""


class ClusterWatch:
    """The work of one watching job; its pace and its next reading can be changed from any thread."""

    def __init__(self, services: Services, setup: ClusterSetup, pace: Pace) -> None:
        """Nothing is read before ``watch``."""
        self._services = services
        self._setup = setup
        self._monitor = Monitor(services, setup, _unheard, pace)

    def set_pace(self, pace: Pace) -> None:
        """Read at another pace from the next reading on."""
        self._monitor.pace = pace

    def read_now(self) -> None:
        """End the present pause and read everything."""
        self._monitor.read_now()

    def watch(self, report: Report[WatchNews], token: CancelToken) -> None:
        """Tell what the journal holds, then read Azure until cancelled; without a journal that can be read, all the
        same.
        """
        services, setup, monitor = self._services, self._setup, self._monitor
        monitor.report = report
        with contextlib.ExitStack() as stack:
            try:
                journal = services.journal(setup)
                stack.callback(journal.close)
                report_history(services, setup, journal, measured_runs(services, setup), report)
            except UserError as error:
                report(HistoryRead(setup.name, problem=error.problem))
            else:
                monitor.journal = journal
            monitor.watch(token)


def report_history(
    services: Services,
    setup: ClusterSetup,
    journal: FailoverJournal,
    ends: tuple[RunEndRecord, ...],
    report: Report[WatchNews],
) -> None:
    """Tell what the journal holds; a run in progress has no end yet, is not interrupted, and is told after that."""
    unfinished = None if run_in_progress(services, setup) else journal.unfinished()
    report(HistoryRead(setup.name, ends, journal.latest(), unfinished))
    if run_in_progress(services, setup):
        report(RunElsewhere(setup.name, _began(journal)))


def read_history_when_free(
    services: Services, setup: ClusterSetup, report: Report[RunElsewhere], token: CancelToken
) -> HistoryRead | None:
    """What the journal holds as soon as no run works on the cluster; None: cancelled before that.

    A run tells its end before its journal is closed: read any sooner, it would seem interrupted.
    """
    looks, reported = 0, None
    while run_in_progress(services, setup):
        looks += 1
        if looks >= LOOKS_UNTIL_TOLD and looks % LOOKS_UNTIL_TOLD == 0 and (reported is None or reported.began is None):
            seen = _begun_elsewhere(services, setup)
            if seen != reported:
                reported = seen
                report(seen)
        if token.wait(LOOK_S):
            return None
    try:
        with contextlib.closing(services.journal(setup)) as journal:
            return HistoryRead(setup.name, measured_runs(services, setup), (), journal.unfinished())
    except UserError as error:
        return HistoryRead(setup.name, problem=error.problem)


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


def _unheard(_event: WatchEvent) -> None:
    """Nothing is said before the job has begun."""
