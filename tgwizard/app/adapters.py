"""Builds the Azure adapter for each kind of place: a lab in this process, a lab behind TLS, the real Azure.

Importing this module imports parts of the Azure SDK; only jobs and commands do so, after the window is painted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tgwizard.azure.access import ArmAccess
from tgwizard.azure.arm import ArmAzure
from tgwizard.azure.clouds import KNOWN
from tgwizard.azure.inventory import ArmInventories
from tgwizard.azure.session import Session
from tgwizard.azure.sign_in import HeldCredential, LabToken, azure_cli
from tgwizard.azure.signing_in import ArmSignIn
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.jobs import JobRunner
from tgwizard.engine.ports import Clock
from tgwizard.engine.services import Services
from tgwizard.engine.setup_ports import Cloud, SetupPorts
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
    return ArmAzure(Session(HeldCredential(lab_tokens(lab)), http=lab_session(lab), lab=True))


def over_tls(arm: str, ca: Path, token: Callable[[], str], graph: Callable[[], str] | None = None) -> ArmAzure:
    """The real adapter and SDK over TLS to a lab on loopback.

    ``arm``: its URL; ``token`` and ``graph`` fetch a bearer token for it and for its directory.
    """
    credential = HeldCredential(LabToken(token, graph))
    return ArmAzure(Session(credential, base_url=arm, graph=arm, ca=str(ca), lab=True))


def real(tenant: str | None = None) -> ArmAzure:
    """The real Azure with the Azure CLI's sign-in. Written from the references; not run against the real Azure here."""
    return ArmAzure(Session(azure_cli(tenant)))


def lab_tokens(lab: Lab) -> LabToken:
    """The tokens of the lab's operator, for Azure Resource Manager and for the directory."""
    return LabToken(lab.issue_token, lab.issue_graph_token)


def lab_ports(azure: ArmAzure, cloud: str, tokens: LabToken) -> SetupPorts:
    """What setting up needs, in a lab. ``cloud``: its name in cluster files."""
    session = azure.clients.session
    place = Cloud(cloud, "Lab", session.base_url, session.base_url, "", graph=session.graph)
    return _ports(azure, ArmSignIn(azure.clients, (place,), tokens))


def real_ports(azure: ArmAzure) -> SetupPorts:
    """What setting up needs, in the real Azure."""
    return _ports(azure, ArmSignIn(azure.clients, KNOWN))


def lab_services(lab: Lab, *, clock: Clock, state_dir: Path, cloud: str, jobs: JobRunner | None = None) -> Services:
    """Services on a lab in this process, as tests and benchmarks use them. ``cloud``: its name in cluster files."""
    azure = in_process(lab)
    return Services(azure, clock, jobs or JobRunner(), state_dir, cloud, lab_ports(azure, cloud, lab_tokens(lab)))


def _ports(azure: ArmAzure, sign_in: ArmSignIn) -> SetupPorts:
    return SetupPorts(sign_in, ArmInventories(azure.clients), ArmAccess(azure.clients))
