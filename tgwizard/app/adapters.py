"""Builds the Azure adapter for each kind of place: a lab in this process, a lab behind TLS, the real Azure.

Importing this module imports parts of the Azure SDK; only jobs and commands do so, after the window is painted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tgwizard.azure.arm import ArmAzure
from tgwizard.azure.session import Session
from tgwizard.azure.sign_in import HeldCredential, LabToken, azure_cli
from tgwizard.engine.jobs import JobRunner
from tgwizard.engine.ports import Clock
from tgwizard.engine.services import Services
from tgwizard.lab.lab import Lab
from tgwizard.lab.transport import lab_session


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
    """Services on a lab in this process: what tests and benchmarks of the engine use. ``cloud``: the lab's name in cluster files."""
    return Services(in_process(lab), clock, jobs or JobRunner(), state_dir, cloud)
