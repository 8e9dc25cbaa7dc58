"""Traffic as this computer sees it, for one cluster: the probe's job, and the last 15 minutes of what it found."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QObject, Signal

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Job, Report
from tgwizard.engine.runs.job_services import Endpoint, Services
from tgwizard.engine.watch.traffic_probe import PERIOD_S, Sample, TrafficProbe, longest_gap_s
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError

KEPT_S = 15 * 60


Measured = Endpoint | tuple[Sample, ...]
"""Where the address can be tried, once that is known; then tries in order, a batch at a time."""


class TrafficMonitor(QObject):
    """Starts and ends the probe of one cluster. Off at first: nobody asked for this computer's traffic."""

    changed = Signal()

    def __init__(self, services: Services, setup: ClusterSetup, parent: QObject | None = None) -> None:
        """Nothing is tried before `start`."""
        super().__init__(parent)
        self._services = services
        self._setup = setup
        self._job: Job[Measured, None] | None = None
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
        services, setup = self._services, self._setup

        def work(report: Report[Measured], token: CancelToken) -> None:
            endpoint = services.endpoint(setup)
            report(endpoint)
            TrafficProbe(endpoint, services.clock, report).run(token)

        try:
            self._job = services.jobs.start(f"probe-{setup.name}", work, heard=self.take, failed=self._take_problem)
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

    def forget(self) -> None:
        """Try no more, and hear no more of it."""
        if self._job is not None:
            self._services.jobs.give_up(self._job)

    def take(self, found: Measured) -> None:
        """Where it is tried, or what was found."""
        if isinstance(found, Endpoint):
            self.endpoint, self.against = found, None
        else:
            self._samples.extend(found)
        self.changed.emit()

    def _take_problem(self, problem: Problem) -> None:
        self.endpoint, self.against, self._job = None, problem, None
        self.changed.emit()

    def longest_gap_s(self, start: float, end: float) -> float | None:
        """The longest traffic gap between two moments; None when not all of that time was measured."""
        return longest_gap_s(self.samples, start, end)
