"""Builds the Azure adapter for each kind of place: a lab in this process, a lab behind TLS, the real Azure.

Importing this module imports parts of the Azure SDK; only jobs and commands do so, after the window is painted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tgwizard.azure.arm import ArmAzure
from tgwizard.azure.session import Session
from tgwizard.azure.sign_in import HeldCredential, LabToken, azure_cli
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.jobs import JobRunner
from tgwizard.engine.ports import Clock
from tgwizard.engine.services import Services
from tgwizard.lab.clock import Cancellable
from tgwizard.lab.lab import Lab
from tgwizard.lab.transport import lab_session


class LabClock(SystemClock):
    """The real clock as a lab in this process uses it: the lab waits only where a client's time-out is played."""

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        """Wait, unless already cancelled."""
        if cancel is None or not cancel.is_cancelled:
            super().sleep(seconds)


def in_process(lab: Lab) -> ArmAzure:
    """The real adapter and SDK over the lab's in-process transport."""
    return ArmAzure(Session(HeldCredential(LabToken(lab.issue_token)), http=lab_session(lab), lab=True))


def over_tls(arm: str, ca: Path, token: Callable[[], str]) -> ArmAzure:
    """The real adapter and SDK over TLS to a lab on loopback. ``arm``: its URL; ``token``: fetches a bearer token."""
    return ArmAzure(Session(HeldCredential(LabToken(token)), base_url=arm, ca=str(ca), lab=True))


def real(tenant: str | None = None) -> ArmAzure:
    """The real Azure with the Azure CLI's sign-in. Written from the references; not run against the real Azure here."""
    return ArmAzure(Session(azure_cli(tenant)))


def lab_services(lab: Lab, *, clock: Clock, state_dir: Path, cloud: str, jobs: JobRunner | None = None) -> Services:
    """Services on a lab in this process, as tests and benchmarks use them. ``cloud``: its name in cluster files."""
    return Services(in_process(lab), clock, jobs or JobRunner(), state_dir, cloud)
