"""Many clusters with a few workers: each cluster is looked at in its turn, and never more often than Azure would take.

A cluster somebody looks at has a ``Monitor`` loop of its own; the fleet keeps the others from growing old. The rate is
bounded over all of them together: a hundred clusters are read more slowly, not more loudly.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field, replace

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Report
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.watch.monitor import Monitor, Pace
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import UserError
from tgwizard.model.verdict import VerdictName
from tgwizard.model.watch_events import WatchEvent

SHARE_S = 0.2
"""Seconds of the fleet's time that each cluster is given: five looks a second in all, at two to four reads a look."""

_SLICE_S = 0.25


def fleet_pace(pace: Pace, clusters: int) -> Pace:
    """How often each of so many clusters is read: as wished, or as the shared rate allows."""
    nics = max(pace.nics_s, clusters * SHARE_S)
    return replace(pace, nics_s=nics, vms_s=max(pace.vms_s, nics * 3), worst_s=max(pace.worst_s, nics * 2))


@dataclass(slots=True)
class _Seat:
    setup: ClusterSetup
    due: float
    monitor: Monitor | None = None
    looking: bool = False
    verdict: VerdictName | None = None


@dataclass(slots=True)
class FleetMonitor:
    """Clusters come and go with ``take`` and ``leave``, from any thread; ``watch`` is what each worker runs."""

    services: Services
    wanted_pace: Pace = field(default_factory=Pace)
    _mutex: threading.Lock = field(init=False, default_factory=threading.Lock)
    _seats: dict[ClusterIdentity, _Seat] = field(init=False, default_factory=dict)

    @property
    def pace(self) -> Pace:
        """How often each cluster is read with as many as there are now."""
        return fleet_pace(self.wanted_pace, len(self._seats))

    def take(self, *setups: ClusterSetup) -> None:
        """Watch these too; the first look at each comes at once, in their order."""
        now = self.services.clock.monotonic()
        with self._mutex:
            for setup in setups:
                if setup.identity not in self._seats:
                    self._seats[setup.identity] = _Seat(setup, now)

    def leave(self, setup: ClusterSetup) -> None:
        """Watch it no longer; a look in progress ends."""
        with self._mutex:
            self._seats.pop(setup.identity, None)

    def read_now(self, setup: ClusterSetup | None = None) -> None:
        """Look at this cluster, or at all, as soon as a worker is free."""
        now = self.services.clock.monotonic()
        with self._mutex:
            for identity, seat in self._seats.items():
                if setup is None or identity == setup.identity:
                    seat.due = now

    def watch(self, report: Report[WatchEvent], cancel: CancelToken) -> None:
        """Look at whatever is due, until cancelled. Several workers share the work."""
        clock = self.services.clock
        while not cancel.is_cancelled:
            seat = self._next()
            if seat is None:
                clock.sleep(_SLICE_S, cancel)
                continue
            try:
                self._look(seat, report)
            finally:
                with self._mutex:
                    seat.looking = False
                    seat.due = clock.monotonic() + self.pace.nics_s

    def _next(self) -> _Seat | None:
        now = self.services.clock.monotonic()
        with self._mutex:
            due = [seat for seat in self._seats.values() if not seat.looking and seat.due <= now]
            found = min(due, key=lambda seat: seat.due, default=None)
            if found is not None:
                found.looking = True
        return found

    def _look(self, seat: _Seat, report: Report[WatchEvent]) -> None:
        # Made by the worker that first looks: whoever takes hundreds of clusters at once is a window.
        monitor = seat.monitor = seat.monitor or Monitor(self.services, seat.setup, report)
        monitor.report = report
        monitor.pace = self.pace
        snapshot, verdict = monitor.look()
        if verdict.name is seat.verdict:
            return
        seat.verdict = verdict.name
        # A journal that cannot be opened is told on the cluster's own page; here it must not stop the others.
        with contextlib.suppress(UserError):
            journal = self.services.journal(seat.setup)
            with contextlib.closing(journal):
                journal.verdict_changed(snapshot.wall, verdict)
