"""What a program can be connected to: a lab folder or the real Azure, one ``Services`` with its clusters each.

And a lab's machines as callers: their tokens come from where the appliance in the machine gets them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tgwizard import paths
from tgwizard.app import adapters
from tgwizard.app.lab_link import AttachedLabLink
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import LabToken
from tgwizard.cli.app_ports import ClientChoice, LabOptions, LabReady
from tgwizard.engine.azure_call_error import AzureCallError, Cause
from tgwizard.engine.clock import JumpCountingClock, SystemClock
from tgwizard.engine.files.cluster_folder import ClusterFolder
from tgwizard.engine.jobs import LEAVE_GAP_WITHIN_S, JobQueue
from tgwizard.engine.lab_control import LabControl
from tgwizard.engine.runs.cluster_lock import any_cluster_in_use
from tgwizard.engine.runs.job_services import Endpoint, Services
from tgwizard.lab.control_client import HttpLabControl, control_of
from tgwizard.lab.fronts import certificates, client_access
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage.folder_problems import folder_unusable
from tgwizard.lab.storage.lab_folder import AttachedLab, HostedLab, find_running, open_lab
from tgwizard.model.address_range import check_address
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.run_origin import Program

Token = Callable[[], str]


class LabMembers:
    """``control`` opens the controls of the lab, ``connect`` makes the adapter that uses the token it fetches."""

    def __init__(self, control: Callable[[], HttpLabControl], connect: Callable[[Token], ArmPorts]) -> None:
        """Nothing is asked before a machine is named."""
        self._control = control
        self._connect = connect

    @contextlib.contextmanager
    def azure_as(self, vm: ResourceId) -> Iterator[ArmPorts]:
        """Azure as the machine's system-assigned identity sees it now; a new token every time."""
        with contextlib.closing(self._control()) as control:
            azure = self._connect(lambda: control.identity_token(vm.text))
            with contextlib.closing(azure):
                yield azure


_log = logging.getLogger(__name__)

_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Environment:
    """An open environment, for the command line and for the window. ``lab``: None for the real Azure."""

    services: Services
    profiles: ClusterFolder
    azure: ArmPorts
    lab: HostedLab | AttachedLab | None = None
    link: AttachedLabLink | None = None
    """Keeps it at a lab that another program holds; None: this process does, or it is the real Azure."""

    def used_by(self, program: Program) -> Environment:
        """The same, for records that say what of tgwizard began a run."""
        return replace(self, services=replace(self.services, program=program))

    def check(self, setup: ClusterSetup) -> None:
        """Compare the floating IP with the subnet's range; UserError when it is outside or there is no such subnet.

        A subnet that may not be read is no fault of the file: the run's own checks judge that.
        """
        try:
            prefixes = self.azure.network.subnet_prefixes(setup.subnet)
        except AzureCallError as failure:
            if failure.cause is Cause.NOT_FOUND:
                raise UserError(failure.problem) from failure
            _log.info("the subnet's range was not read: %s", failure.problem.code)
            return
        wrong = check_address(setup, prefixes)
        if wrong is not None:
            raise UserError(wrong)

    def prepare(self, clusters: Iterable[ClusterSetup]) -> None:
        """Import now what reading and checking these clusters, and stopping a machine, needs of the SDK.

        One module of it is 6 MB of byte code, and while Python takes that apart no other thread runs: beside a window
        that paints, it would be a stall in the first seconds of its use.
        """
        self.azure.clients.arm()
        for subscription in {setup.subscription for setup in clusters}:
            for client in (self.azure.clients.network, self.azure.clients.compute):
                client(subscription)

    def control(self) -> LabControl | None:
        """The controls of the lab, for the window; None for the real Azure. The caller closes them."""
        return None if self.lab is None else control_of(self.lab)

    def wait_for_others(self) -> None:
        """Before the lab of this process is closed: other programs' runs on it end first, within a bound.

        A run of this process that was left behind is not waited for.
        """
        if isinstance(self.lab, HostedLab):
            until = time.monotonic() + LEAVE_GAP_WITHIN_S
            state = self.services.state_dir
            while not self.services.jobs.writers() and any_cluster_in_use(state) and time.monotonic() < until:
                time.sleep(_LOOK_S)

    def close(self) -> None:
        """Close the connection, and the lab when this process holds it; UserError when its world cannot be saved."""
        self.azure.close()
        if self.lab is not None:
            _close_lab(self.lab.directory, self.lab if self.link is None else self.link)


def open_lab_environment(directory: Path, *, config: Path | None = None, scenario: str | None = None) -> Environment:
    """Attach to the lab that runs in the folder, or start it in this process.

    ``scenario``: what it is to be, None for whatever is there. UserError with the reason when neither works.
    """
    lab = open_lab(directory, scenario=scenario, clock=adapters.LabClock())
    if isinstance(lab, HostedLab):
        azure, tokens = adapters.in_process(lab.lab), adapters.lab_tokens(lab.lab)
    else:
        azure = ArmPorts(_session(lab))
        tokens = LabToken(lab.token, lab.graph_token)

    def as_machine(token: Token) -> ArmPorts:
        if isinstance(lab, HostedLab):
            return adapters.in_process(lab.lab, LabToken(token))
        return adapters.over_tls(lab.arm_url, lab.ca, token)

    def endpoint(setup: ClusterSetup) -> Endpoint:
        with contextlib.closing(control_of(lab)) as control:
            return control.endpoint(setup.subnet.text, str(setup.address))

    jobs, members = JobQueue(), LabMembers(lambda: control_of(lab), as_machine)
    sign_in = adapters.lab_sign_in(azure, lab.cloud, tokens, jobs, lab.arm_url, lab.sign_in_url)
    state = lab.directory / "state"
    services = Services(
        azure,
        JumpCountingClock(SystemClock()),
        jobs,
        state,
        lab.cloud,
        sign_in,
        endpoint=endpoint,
        members=members,
        machine=platform.node(),
    )
    link = AttachedLabLink(lab, azure.clients, sign_in, _session) if isinstance(lab, AttachedLab) else None
    return Environment(services, ClusterFolder((config or lab.directory) / "clusters", lab.cloud), azure, lab, link)


def _session(lab: AttachedLab) -> AzureSession:
    """The operator at a lab that another program holds, where it is served now."""
    return adapters.tls_session(lab.arm_url, lab.ca, lab.token, lab.graph_token)


def _close_lab(directory: Path, lab: HostedLab | AttachedLab | AttachedLabLink) -> None:
    try:
        lab.close()
    except OSError as error:
        what = f"The world of the lab in {directory} was not saved."
        fix = "Free the disk or the folder. The lab starts from what was saved before."
        raise UserError(Problem("lab-not-saved", what, f"{error.strerror or error}.", fix)) from error


def open_real_environment(
    *, config: Path | None = None, state: Path | None = None, cloud: str | None = None, tenant: str | None = None
) -> Environment:
    """The real Azure by the Azure CLI's sign-in. Written from azure/README.md; not yet run against the real Azure.

    ``state``: the folder of journals and locks, when it is not the usual one; ``cloud``: its name or its ARM endpoint;
    ``tenant``: the directory to sign in to. UserError for a cloud that is none.
    """
    place = adapters.real_cloud(cloud)
    profiles = ClusterFolder(config / "clusters" if config else paths.clusters_dir(), place.name)
    tenants = {setup.tenant for setup in profiles.readable()}
    # One tenant: its token is asked for, whatever the CLI's default is. Several: the CLI's default decides.
    azure = adapters.real(place, tenant or (tenants.pop() if len(tenants) == 1 else None))
    jobs = JobQueue()
    sign_in = adapters.real_sign_in(azure, place, jobs)
    clock, folder = JumpCountingClock(SystemClock()), state or paths.state_dir()
    services = Services(azure, clock, jobs, folder, place.name, sign_in, machine=platform.node())
    return Environment(services, profiles, azure)


def control_running(directory: Path) -> HttpLabControl:
    """The controls of the lab that runs in the folder; UserError when none does."""
    return control_of(find_running(directory))


def client_environment(directory: Path, options: ClientChoice) -> dict[str, str]:
    """What the environment of az and of other clients of the running lab must say; az's folder is written.

    UserError when no lab runs.
    """
    lab = find_running(directory)
    file = client_access.certificate_file(lab.directory) if options.by_certificate else None
    try:
        with contextlib.closing(control_of(lab)) as control:
            access = control.client_access(options.vm)
            if file is not None:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                control.register_certificate(certificates.client_certificate(file))
        return client_access.prepare(lab.directory, access, lab.ca, os.environ.get("NO_PROXY", ""), file)
    except OSError as error:
        raise UserError(folder_unusable(lab.directory, error)) from error


@dataclass(frozen=True, slots=True)
class ServedLab:
    """A lab that ``lab run`` holds."""

    lab: HostedLab

    @property
    def ready(self) -> LabReady:
        """Where it can be reached."""
        return LabReady(self.lab.directory, self.lab.arm_url, self.lab.ca, self.lab.clusters)

    @property
    def in_use(self) -> bool:
        """Whether a run works on a cluster of it now."""
        return any_cluster_in_use(self.lab.directory / "state")

    def close(self) -> None:
        """Save the world and stop serving."""
        _close_lab(self.lab.directory, self.lab)


def serve_lab(options: LabOptions) -> ServedLab:
    """Hold the folder's lab; UserError when another program holds it already."""
    latency = Latency(options.latency) if options.latency else None
    lab = open_lab(
        options.directory,
        scenario=options.scenario,
        latency=latency,
        port=options.port,
        clusters=options.clusters,
        clock=adapters.LabClock(),
    )
    if isinstance(lab, AttachedLab):
        lab.close()
        what = f"A lab runs in {options.directory} already, at {lab.arm_url}."
        fix = "Use that one, end it first, or choose another folder with --lab-dir."
        raise UserError(Problem("lab-runs-already", what, "Only one program at a time holds a lab.", fix))
    return ServedLab(lab)
