"""A lab, a virtual clock and the real SDK in one process: what engine, command line and window tests stand on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from tgwizard.app.adapters import in_process, lab_sign_in, lab_tokens
from tgwizard.app.environments import LabMembers
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.engine.files.cluster_file import load_cluster
from tgwizard.engine.jobs import JobQueue
from tgwizard.engine.ports import Members
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.job_services import Services
from tgwizard.lab.clock import LabTime, VirtualClock
from tgwizard.lab.control_client import HttpLabControl
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import ClusterIdentity, Member, ResourceId, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Event, Finished
from tgwizard.model.nic import NicDocument, Provisioning

ARM = "https://management.azure.com"
API = "api-version=2026-03-01"


def inline_journal(path: Path, identity: ClusterIdentity) -> FailoverJournal:
    """A journal that writes in the calling thread, so that a test is the same every time."""
    return FailoverJournal.open(path, identity, inline=True)


@dataclass
class Rig:
    """One lab with everything the engine needs to work on it."""

    lab: Lab
    clock: LabTime
    setup: ClusterSetup
    services: Services
    session: requests.Session
    events: list[Event] = field(default_factory=list)
    token: CancelToken = field(default_factory=CancelToken)

    @property
    def a(self) -> Member:
        """tg-node-a, active in scenario `ready`."""
        return self.setup.members[0]

    @property
    def b(self) -> Member:
        """tg-node-b."""
        return self.setup.members[1]

    @property
    def address(self) -> str:
        """The floating IP."""
        return str(self.setup.address)

    def fail_over(self, to: Member | None = None, verb: Verb = Verb.GRACEFUL, **options: Any) -> Finished:
        """Run a failover to its end and return its last event."""
        return fail_over(
            self.services, self.setup, to or self.b, verb, self.events.append, self.token, RunOptions(**options)
        )

    def nic(self, member: Member) -> NicDocument:
        """The member's interface as Azure shows it now."""
        return NicDocument.parse(self.call("GET", member.nic.text).json())

    def holders(self) -> list[str]:
        """Names of the members that list the address and are settled."""
        return [
            member.name
            for member in self.setup.members
            if (nic := self.nic(member)).lists(self.address) and nic.provisioning is Provisioning.SUCCEEDED
        ]

    def call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """A plain HTTP call to the lab, as a second actor would make it."""
        token = self.lab.control_token if path.startswith("/lab") else self.lab.issue_token()
        bearer = {"Authorization": f"Bearer {token}", **(headers or {})}
        return self.session.request(method, f"{ARM}{path}?{API}", json=body, headers=bearer, timeout=30)

    def edit(self, member: Member, change: Callable[[dict[str, Any]], None]) -> None:
        """An administrator's edit of a member's interface, without If-Match, finished before it returns."""
        body = self.call("GET", member.nic.text).json()
        change(body)
        answer = self.call("PUT", member.nic.text, body)
        answer.raise_for_status()

    def puts(self) -> list[str]:
        """The paths of all PUTs that changed something or tried to, probes excluded."""
        return [record.path for record in self.lab.requests if record.method == "PUT" and record.status != 412]


def rig(
    latency: Latency = Latency.FAST,
    *,
    lab: Lab | None = None,
    clock: LabTime | None = None,
    state: Path | None = None,
    seed: int = 0,
    session: Callable[[Lab], requests.Session] = lab_session,
    open_journal: Callable[[Path, ClusterIdentity], FailoverJournal] = inline_journal,
) -> Rig:
    """Build a rig on scenario `ready`, or on the given lab (a copy of a crashed world, say)."""
    clock = clock or (lab.clock if lab else VirtualClock())
    lab = lab or Lab.from_scenario("ready", clock=clock, latency=latency, seed=seed)
    folder = state or Path(tempfile.mkdtemp(prefix="tgwizard-test-"))
    folder.mkdir(parents=True, exist_ok=True)
    name, text = next(iter(lab.cluster_tomls().items()))
    file = folder / f"{name}.toml"
    file.write_text(text)
    setup = load_cluster(file, lab.cloud)
    services = _services(lab, clock, folder, session(lab), open_journal)
    return Rig(lab, clock, setup, services, lab_session(lab))


@dataclass
class SetupRig:
    """A lab before there is a cluster, with everything that setting one up needs."""

    lab: Lab
    clock: LabTime
    services: Services
    session: requests.Session

    @property
    def subscription(self) -> str:
        """The GUID of the lab's subscription."""
        return self.lab.subscription.id

    @property
    def scope(self) -> str:
        """The subscription as a scope."""
        return f"/subscriptions/{self.subscription}"

    def group(self, name: str = "rg-tg-prod") -> str:
        """A resource group as a scope."""
        return f"{self.scope}/resourceGroups/{name}"

    def vm(self, name: str, group: str = "rg-tg-prod") -> ResourceId:
        """A machine's id."""
        return ResourceId(f"{self.group(group)}/providers/Microsoft.Compute/virtualMachines/{name}")

    def network(self, kind: str, name: str, group: str = "rg-tg-prod") -> ResourceId:
        """The id of a thing of Microsoft.Network, such as networkInterfaces."""
        return ResourceId(f"{self.group(group)}/providers/Microsoft.Network/{kind}/{name}")

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of every request that changed something or tried to, oldest first.

        What is asked in the form of a write is none: a POST that reads, a PUT bound to a version that never was (412).
        """
        reads = ("/directoryObjects/getByIds",)
        return [
            (item.method, item.path)
            for item in self.lab.requests
            if item.method not in ("GET", "HEAD") and item.status != 412 and not item.path.endswith(reads)
        ]


def setup_rig(
    scenario: str = "fresh",
    latency: Latency = Latency.FAST,
    *,
    lab: Lab | None = None,
    clock: LabTime | None = None,
    state: Path | None = None,
    seed: int = 0,
    session: Callable[[Lab], requests.Session] = lab_session,
    members: bool = False,
) -> SetupRig:
    """Build a rig on a scenario that need not have a cluster, or on the given lab.

    ``members``: whether one can ask in the machines' own names, as the program can in a lab and nobody can on Azure.
    """
    clock = clock or (lab.clock if lab else VirtualClock())
    lab = lab or Lab.from_scenario(scenario, clock=clock, latency=latency, seed=seed)
    folder = state or Path(tempfile.mkdtemp(prefix="tgwizard-test-"))
    folder.mkdir(parents=True, exist_ok=True)
    services = _services(lab, clock, folder, session(lab), inline_journal)
    if members:
        services = replace(services, members=members_of(lab))
    return SetupRig(lab, clock, services, lab_session(lab))


def members_of(lab: Lab) -> Members:
    """The lab's machines as callers, by the tokens that their own endpoints give."""
    return LabMembers(
        lambda: HttpLabControl(lab_session(lab), lambda: ARM, lambda: lab.control_token),
        lambda token: in_process(lab, LabToken(token)),
    )


def _services(
    lab: Lab,
    clock: LabTime,
    folder: Path,
    http: requests.Session,
    open_journal: Callable[[Path, ClusterIdentity], FailoverJournal],
) -> Services:
    tokens = lab_tokens(lab)
    azure = ArmPorts(AzureSession(HeldCredential(tokens), http=http, lab=True))
    jobs = JobQueue()
    return Services(azure, clock, jobs, folder, lab.cloud, lab_sign_in(azure, lab.cloud, tokens, jobs), open_journal)
