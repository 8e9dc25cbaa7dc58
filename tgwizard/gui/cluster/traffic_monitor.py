"""Traffic as this computer sees it, for one cluster: the probe's job, and the last 15 minutes of what it found."""

from __future__ import annotations

import queue
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Job, Report
from tgwizard.engine.runs.job_services import Endpoint, Services
from tgwizard.engine.watch.traffic_probe import PERIOD_S, Sample, TrafficProbe, longest_gap_s
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError

KEPT_S = 15 * 60


@dataclass(frozen=True, slots=True)
class SamplesTaken:
    """A batch of tries, in order."""

    cluster: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class ProbeStarted:
    """It is known where the address can be tried, or why nowhere."""

    cluster: str
    endpoint: Endpoint | None = None
    problem: Problem | None = None


class TrafficMonitor(QObject):
    """Starts and ends the probe of one cluster. Off at first: nobody asked for this computer's traffic."""

    changed = Signal()

    def __init__(
        self, services: Services, setup: ClusterSetup, own: queue.SimpleQueue[object], parent: QObject | None = None
    ) -> None:
        """Nothing is tried before `start`. `own` is the window's queue."""
        super().__init__(parent)
        self._services = services
        self._setup = setup
        self._own = own
        self._job: Job | None = None
        self._samples: deque[Sample] = deque(maxlen=round(KEPT_S / PERIOD_S))
        self.endpoint: Endpoint | None = None
        """Where the address is tried; None before it was first asked for."""
        self.against: Problem | None = None
        """Why nothing could be measured when that was last wanted."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """What was found in the last 15 minutes, oldest first."""
        return tuple(self._samples)

    @property
    def measuring(self) -> bool:
        """Whether the probe is trying now."""
        return self._job is not None and self._job.running and not self._job.token.is_cancelled

    @property
    def how(self) -> str:
        """What is tried how often; or why nothing is."""
        if self.against is not None:
            return f"not measured: {self.against.what}"
        address, every = str(self._setup.address), f"every {round(PERIOD_S * 1000)} ms"
        if self.endpoint is None:
            return f"{address}, {every}"
        port = "TCP" if self.endpoint.host == address else "lab port"
        return f"{address}, {port} {self.endpoint.port}, {every}"

    def now(self) -> float:
        """Seconds on the scale of the samples."""
        return self._services.clock.monotonic()

    def start(self) -> None:
        """Begin to try."""
        if self.measuring:
            return
        services, setup, own = self._services, self._setup, self._own

        def tell(samples: tuple[Sample, ...]) -> None:
            own.put(SamplesTaken(setup.name, samples))

        def work(_report: Report, token: CancelToken) -> None:
            try:
                endpoint = services.endpoint(setup)
            except UserError as error:
                own.put(ProbeStarted(setup.name, problem=error.problem))
                return
            own.put(ProbeStarted(setup.name, endpoint))
            TrafficProbe(endpoint, services.clock, tell).run(token)

        try:
            self._job = services.jobs.start(f"probe-{setup.name}", work)
        except UserError:
            # The program is closing: there is nobody left to show anything to.
            return
        self.changed.emit()

    def move(self) -> None:
        """The address can be tried somewhere else from now on: ask where, if it is being tried."""
        if self.measuring:
            self.stop()
            self.start()

    def stop(self) -> None:
        """Try no more; what was found is kept."""
        if self._job is not None:
            self._job.cancel()
            self.changed.emit()

    @Slot(object)
    def take(self, event: SamplesTaken | ProbeStarted) -> None:
        """Take one event from the bridge; those of other clusters are left alone."""
        if event.cluster != self._setup.name:
            return
        if isinstance(event, SamplesTaken):
            self._samples.extend(event.samples)
        else:
            self.endpoint, self.against = event.endpoint, event.problem
            if event.problem is not None:
                self._job = None
        self.changed.emit()

    def longest_gap_s(self, start: float, end: float) -> float | None:
        """The longest traffic gap between two moments; None when not all of that time was measured."""
        return longest_gap_s(self.samples, start, end)
