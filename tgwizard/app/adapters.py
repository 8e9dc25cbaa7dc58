"""Builds the Azure adapter for each kind of environment: a lab in this process, a lab behind TLS, the real Azure.

Importing this module imports parts of the Azure SDK; only jobs and commands do so, after the window is painted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.azure_cli import AzureCli
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.azure.endpoint_metadata import cloud_at
from tgwizard.azure.sign_in.interactive import PageAddress, SignInDialog
from tgwizard.azure.sign_in.sign_in_port import ArmSignIn
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.jobs import JobQueue
from tgwizard.lab.clock import Cancellable
from tgwizard.lab.entra.access_tokens import AUDIENCE, GRAPH_AUDIENCE
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.model.cloud import KNOWN, PUBLIC, Cloud
from tgwizard.model.fields import CLOUD_TO_REACH, FieldError
from tgwizard.model.problem import Problem, UserError


class LabClock(SystemClock):
    """The real clock as a lab in this process uses it: the lab waits only where a client's time-out is played."""

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        """Wait, unless already cancelled."""
        if cancel is None or not cancel.is_cancelled:
            super().sleep(seconds)


def in_process(lab: Lab, tokens: LabToken | None = None) -> ArmPorts:
    """The real adapter and SDK over the lab's in-process transport; ``tokens``: None is the operator."""
    return ArmPorts(AzureSession(HeldCredential(tokens or lab_tokens(lab)), http=lab_session(lab), lab=True))


def over_tls(arm: str, ca: Path, token: Callable[[], str], graph: Callable[[], str] | None = None) -> ArmPorts:
    """The real adapter and SDK over TLS to a lab on loopback.

    ``arm``: its URL; ``token`` and ``graph`` fetch a bearer token for it and for its directory.
    """
    return ArmPorts(tls_session(arm, ca, token, graph))


def tls_session(arm: str, ca: Path, token: Callable[[], str], graph: Callable[[], str] | None = None) -> AzureSession:
    """What ``over_tls`` asks by."""
    return AzureSession(HeldCredential(LabToken(token, graph)), base_url=arm, graph=arm, ca=str(ca), lab=True)


def real(cloud: Cloud = PUBLIC, tenant: str | None = None) -> ArmPorts:
    """The real Azure with the Azure CLI's sign-in. Written from azure/README.md; not yet run against the real Azure."""
    credential = HeldCredential(AzureCli(tenant), f"{cloud.audience}/.default")
    return ArmPorts(AzureSession(credential, base_url=cloud.arm, graph=cloud.graph))


def real_cloud(named: str | None) -> Cloud:
    """The cloud of that name, or behind that ARM endpoint; the public one when none is named. UserError: neither."""
    if named is None:
        return PUBLIC
    try:
        wanted = CLOUD_TO_REACH.parse(named)
    except FieldError as error:
        raise UserError(Problem("cloud-not-known", error.why, "", error.fix)) from error
    found = next((cloud for cloud in KNOWN if cloud.name == wanted), None)
    if found is not None:
        return found
    try:
        return cloud_at(real().clients.session, wanted)
    except AzureCallError as failure:
        raise UserError(failure.problem) from failure


def lab_tokens(lab: Lab) -> LabToken:
    """The tokens of the lab's operator, for Azure Resource Manager and for the directory, in every directory."""
    return _tokens_in(lab, lab.tenants[0])


def _tokens_in(lab: Lab, tenant: str) -> LabToken:
    """A token says by itself whose directory it is of; the first directory is the operator's own."""

    def issued(audience: str) -> str:
        return lab.issue_token_for(lab.directory.accounts[0], tenant=tenant, audience=audience)

    def elsewhere(other: str) -> LabToken | None:
        found = next((known for known in lab.tenants if known.lower() == other.lower()), None)
        return _tokens_in(lab, found) if found is not None else None

    return LabToken(lambda: issued(AUDIENCE), lambda: issued(GRAPH_AUDIENCE), elsewhere)


def lab_sign_in(
    azure: ArmPorts,
    cloud: str,
    tokens: LabToken,
    jobs: JobQueue,
    authority: str | None = None,
    page: PageAddress | None = None,
) -> ArmSignIn:
    """Signing in to a lab.

    ``cloud``: its name in cluster files; ``authority``: where browsers find it; ``page``: what its sign-in pages must
    be told by their address.
    """
    session = azure.clients.session
    place = Cloud(cloud, "the lab", authority or session.base_url, session.base_url, "", graph=session.graph)
    dialog = partial(SignInDialog, page=page)
    return ArmSignIn(azure.clients, (place,), tokens, busy=lambda: bool(jobs.writers()), dialog=dialog)


def real_sign_in(azure: ArmPorts, cloud: Cloud, jobs: JobQueue) -> ArmSignIn:
    """Signing in to the real Azure; ``cloud``: the one that is connected, first among those offered."""
    others = tuple(known for known in KNOWN if known != cloud)
    return ArmSignIn(azure.clients, (cloud, *others), busy=lambda: bool(jobs.writers()))
