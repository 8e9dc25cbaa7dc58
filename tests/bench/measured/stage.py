"""A lab on a hybrid clock with the real SDK before it: in this process, or behind TLS on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from tests.bench.measured.hybrid_clock import HybridClock
from tgwizard.app.adapters import in_process, lab_sign_in, lab_tokens, over_tls
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.engine.files.cluster_file import load_cluster
from tgwizard.engine.jobs import JobQueue
from tgwizard.engine.runs.job_services import Services
from tgwizard.lab.clock import LabTime
from tgwizard.lab.fronts.certificates import prepare
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.fronts.tls_server import LabServer
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster_setup import ClusterSetup

ARM = "https://management.azure.com"


class Way(Enum):
    """How requests reach the lab."""

    IN_PROCESS = "in process"
    TLS = "over TLS on loopback"


@dataclass(frozen=True, slots=True)
class Stage:
    """A lab of its own, and what a program needs to work on it. ``http`` and ``ca`` are for the peer."""

    lab: Lab
    clock: LabTime
    setup: ClusterSetup
    services: Services
    base_url: str
    http: requests.Session | None
    ca: Path | None


@contextmanager
def stage(way: Way, seed: int, latency: Latency = Latency.DRAWN, clock: LabTime | None = None) -> Iterator[Stage]:
    """A fresh lab, unless told otherwise on a clock that skips waiting and counts computing."""
    clock = clock or HybridClock()
    lab = Lab.from_scenario("ready", clock=clock, latency=latency, seed=seed)
    with TemporaryDirectory(prefix="tgwizard-bench-") as folder:
        place = Path(folder)
        setup = _setup(lab, place)
        match way:
            case Way.IN_PROCESS:
                services = _services(in_process(lab), lab, place)
                with lab_session(lab) as http:
                    yield Stage(lab, clock, setup, services, ARM, http, None)
            case Way.TLS:
                files = prepare(place / "tls", lab.lab_id)
                server = LabServer(lab, files.server)
                server.start()
                azure = over_tls(server.url, files.ca, lab.issue_token)
                try:
                    yield Stage(lab, clock, setup, _services(azure, lab, place), server.url, None, files.ca)
                finally:
                    azure.close()
                    server.stop()


def _setup(lab: Lab, place: Path) -> ClusterSetup:
    name, text = next(iter(lab.cluster_tomls().items()))
    file = place / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    return load_cluster(file, lab.cloud)


def _services(azure: ArmPorts, lab: Lab, place: Path) -> Services:
    jobs = JobQueue()
    return Services(azure, lab.clock, jobs, place, lab.cloud, lab_sign_in(azure, lab.cloud, lab_tokens(lab), jobs))
