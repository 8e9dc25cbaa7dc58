"""What the command line asks of ``app``: a connection to an environment, and a lab to run.

It knows neither Azure nor the lab itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tgwizard.engine.files.cluster_folder import ClusterFolder
from tgwizard.engine.jobs import Report
from tgwizard.engine.lab_control import LabControl
from tgwizard.engine.members.member_store import MemberTold
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.cluster import Member
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Event
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import Settings
from tgwizard.model.sign_in import SignInMethod


@dataclass(frozen=True, slots=True)
class EnvironmentChoice:
    """Which environment the user named: the real Azure, or the lab in ``lab_dir``. ``config`` moves the saved clusters.

    ``sign_in``: how, when it is not the environment's usual way; ``tenant``: to which directory; ``cloud``: the name
    of a real cloud or its ARM endpoint, None for the public one. ``claims``: what Azure wants of a person's sign-in
    beyond a plain one, in base64.
    """

    lab_dir: Path | None = None
    config: Path | None = None
    sign_in: SignInMethod | None = None
    tenant: str | None = None
    cloud: str | None = None
    claims: str | None = None

    @property
    def options(self) -> str:
        """The options that name the environment again, for a command that is shown to the user."""
        said = (
            ("--lab-dir", self.lab_dir),
            ("--config", self.config),
            ("--cloud", self.cloud),
            ("--sign-in", self.sign_in and word_of(self.sign_in)),
            ("--tenant", self.tenant),
            ("--claims-challenge", self.claims),
        )
        return "".join(f" {name} {shlex.quote(str(value))}" for name, value in said if value)


def word_of(method: SignInMethod) -> str:
    """A way to sign in as the command line spells it."""
    return method.value.replace("_", "-")


class OpenEnvironment(Protocol):
    """An open environment."""

    @property
    def services(self) -> Services:
        """The engine's adapters."""

    @property
    def profiles(self) -> ClusterFolder:
        """The clusters of this environment."""

    def check(self, setup: ClusterSetup) -> None:
        """Compare the file with what only Azure knows (the subnet's range); UserError when it cannot be right."""

    def close(self) -> None:
        """Save and close."""


@dataclass(frozen=True, slots=True)
class LabOptions:
    """The options of ``lab run``; None leaves a choice to the saved world or the default."""

    directory: Path
    scenario: str | None = None
    latency: str | None = None
    port: int | None = None
    clusters: int | None = None
    """How many a new fleet has."""


@dataclass(frozen=True, slots=True)
class LabReady:
    """Where a running lab can be reached."""

    directory: Path
    arm: str
    ca: Path
    clusters: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ClientChoice:
    """As whom another client is to reach a lab: the VM named, by its managed identity, else the service principal.

    ``by_certificate``: the service principal by a certificate, made and registered now, instead of its secret.
    """

    vm: str | None = None
    by_certificate: bool = False


@dataclass(frozen=True, slots=True)
class MemberOptions:
    """A member that is to run here. Addresses are HOST:PORT; None leaves them to the cluster file.

    ``interfaces`` have to have a link, ``dhcp`` is one that has to have a lease, ``upstream`` is what has to be
    reachable: at least one of them. ``report`` hears the events of its runs.
    """

    setup: ClusterSetup
    member: Member
    key: Path
    report: Report[Event]
    listen: str | None = None
    peer: str | None = None
    status: str | None = None
    interfaces: tuple[str, ...] = ()
    dhcp: str | None = None
    upstream: tuple[str, ...] = ()


class RunningMember(Protocol):
    """A member agent in this process."""

    @property
    def listens_on(self) -> str:
        """Where its heartbeat listens."""

    @property
    def interval_s(self) -> float:
        """How long to wait between two turns."""

    def turn(self) -> MemberTold:
        """One turn, and what it says of itself."""

    def close(self) -> None:
        """Leave the gap, tell the peer, stop."""


class RunningLab(Protocol):
    """A lab that this process holds."""

    @property
    def ready(self) -> LabReady:
        """Where it can be reached."""

    @property
    def in_use(self) -> bool:
        """Whether a run works on a cluster of it now."""

    def close(self) -> None:
        """Save the world and stop serving."""


def _no_control(directory: Path) -> LabControl:
    raise UserError(Problem("lab-not-running", f"No lab can be reached in {directory} from here."))


def _no_member(_place: OpenEnvironment, _options: MemberOptions) -> RunningMember:
    raise UserError(Problem("member-not-here", "No member agent can run in this program."))


def _no_key(path: Path) -> tuple[str, ...]:
    raise UserError(Problem("member-not-here", f"No heartbeat key can be used in this program ({path})."))


def _no_environment(directory: Path, _wish: ClientChoice) -> Mapping[str, str]:
    raise UserError(Problem("lab-not-running", f"No lab can be reached in {directory} from here."))


@dataclass(frozen=True, slots=True)
class AppPorts:
    """The doors of the program. Each raises UserError with the reason when it cannot be opened."""

    connect: Callable[[EnvironmentChoice], OpenEnvironment]
    run_lab: Callable[[LabOptions], RunningLab]
    default_lab: Callable[[], Path]
    latencies: tuple[str, ...] = ("instant", "fast", "drawn", "azure")
    control: Callable[[Path], LabControl] = _no_control
    """The controls of the lab that runs in a folder."""
    settings: Settings = field(default_factory=Settings)
    log_lost: Callable[[], bool] = lambda: False
    """Whether the log file cannot be written."""
    lab_environment: Callable[[Path, ClientChoice], Mapping[str, str]] = _no_environment
    """What other clients' environment must say for a folder's lab; writes az's folder."""
    open_member: Callable[[OpenEnvironment, MemberOptions], RunningMember] = _no_member
    """Start a member agent in this process."""
    new_key: Callable[[Path], tuple[str, ...]] = _no_key
    """Draw a heartbeat key into a new file; its id."""
    key_ids: Callable[[Path], tuple[str, ...]] = _no_key
    """The ids of the keys in a file."""
