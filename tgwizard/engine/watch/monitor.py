"""Reads one cluster again and again, at a pace.

Look, tell, wait. Snapshots replace one another whole; each change of verdict goes into the journal.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Report
from tgwizard.engine.observe import Observer
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Stamp
from tgwizard.model.settings import NICS_S, VMS_S, Settings
from tgwizard.model.snapshot import Snapshot
from tgwizard.model.verdict import Verdict, VerdictName, assess
from tgwizard.model.watch_events import Observed, Source, SourceBack, SourceLost, WatchEvent

_SLICE_S = 0.25


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to read, in seconds.

    The interfaces, the VMs, which change rarely, and the subnet, which hardly does. ``worst_s`` bounds the back-off.
    """

    nics_s: float = NICS_S.value_of(Settings())
    vms_s: float = VMS_S.value_of(Settings())
    worst_s: float = 30.0
    subnet_s: float = 900.0

    @classmethod
    def of(cls, settings: Settings) -> Pace:
        """As the settings say."""
        return cls(NICS_S.value_of(settings), VMS_S.value_of(settings))


@dataclass(slots=True)
class Monitor:
    """Watches one cluster. ``look`` does one round; ``watch`` is the loop for a job."""

    services: Services
    setup: ClusterSetup
    report: Report[WatchEvent]
    pace: Pace = field(default_factory=Pace)
    journal: FailoverJournal | None = None
    _observer: Observer = field(init=False)
    _lost: set[Source] = field(init=False, default_factory=set)
    _vms_at: float = field(init=False, default=float("-inf"))
    _subnet_at: float | None = field(init=False, default=None)
    _name: VerdictName | None = field(init=False, default=None)
    _nudge: CancelToken = field(init=False, default_factory=CancelToken)

    def __post_init__(self) -> None:
        self._observer = Observer(self.services.azure, self.services.clock, self.setup)

    def look(self) -> tuple[Snapshot, Verdict]:
        """Read what is due, report it and return it. The subnet's turn comes after the first answer is told."""
        clock = self.services.clock
        if self._subnet_at is None:
            self._subnet_at = float("-inf")
        elif clock.monotonic() - self._subnet_at >= self.pace.subnet_s:
            self._subnet_at = clock.monotonic()
            self._observer.look_at_subnet()
        vms = clock.monotonic() - self._vms_at >= self.pace.vms_s
        snapshot = self._observer.look(vms=vms)
        if vms:
            self._vms_at = clock.monotonic()
        verdict = assess(snapshot)
        stamp = Stamp(snapshot.wall, snapshot.now)
        self._report_sources(stamp)
        if verdict.name is not self._name:
            self._name = verdict.name
            if self.journal:
                self.journal.verdict_changed(snapshot.wall, verdict)
        self.report(Observed(stamp, self.setup.name, snapshot, verdict))
        return snapshot, verdict

    def watch(self, cancel: CancelToken) -> None:
        """Look until cancelled. Failing reads slow the loop down, with jitter, up to ``pace.worst_s``."""
        while not cancel.is_cancelled:
            nudge, self._nudge = self._nudge, CancelToken()
            if nudge.is_cancelled:
                self._vms_at = float("-inf")
            self.look()
            self._rest(self._pause(), cancel)

    def read_now(self) -> None:
        """End the present pause, from any thread, and read everything (F5)."""
        self._nudge.cancel()

    def _rest(self, seconds: float, cancel: CancelToken) -> None:
        clock = self.services.clock
        due = clock.monotonic() + seconds
        while (left := due - clock.monotonic()) > 0 and not cancel.is_cancelled:
            if self._nudge.is_cancelled:
                return
            clock.sleep(min(left, _SLICE_S), cancel)

    def _pause(self) -> float:
        if not self._lost & {Source.FIRST_NIC, Source.SECOND_NIC}:
            return self.pace.nics_s
        misses = max(seen.nic.misses for seen in self._observer.snapshot().members)
        grown = self.pace.nics_s * float(2 ** max(0, min(misses - 2, 6)))
        return min(grown, self.pace.worst_s) * random.uniform(0.7, 1.0)  # noqa: S311 - jitter, not secrecy

    def _report_sources(self, stamp: Stamp) -> None:
        for source, problem in self._observer.problems().items():
            if problem and source not in self._lost:
                self._lost.add(source)
                self.report(SourceLost(stamp, self.setup.name, source, problem))
            elif not problem and source in self._lost:
                self._lost.discard(source)
                self.report(SourceBack(stamp, self.setup.name, source))
