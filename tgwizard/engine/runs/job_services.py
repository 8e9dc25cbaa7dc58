"""``Services``: everything that a job of the engine works with, as one frozen value.

``app`` builds it; window and commands get it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.files.outdated_writes import OutdatedWrites
from tgwizard.engine.jobs import JobQueue
from tgwizard.engine.ports import AzurePorts, Clock, Members, SignIn
from tgwizard.engine.runs.failover_journal import FailoverJournal, failover_journal_file
from tgwizard.engine.runs.journal import unusable
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.run_origin import Program, RunOrigin
from tgwizard.model.text import sanitize


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where traffic to the floating IP can be tried from this computer: host, TCP port."""

    host: str
    port: int


def usual_endpoint(setup: ClusterSetup) -> Endpoint:
    """The floating IP itself, TCP 443. UserError in a lab: its addresses exist in no network."""
    if setup.is_lab:
        raise UserError(Problem("no-traffic", f"{setup.address} exists in no network of this computer."))
    return Endpoint(str(setup.address), 443)


@dataclass(frozen=True, slots=True)
class Services:
    """The adapters.

    ``azure`` asks as who is signed in. ``cloud`` is the one that is connected; ``state_dir`` holds the journals and
    locks of its clusters.
    """

    azure: AzurePorts
    clock: Clock
    jobs: JobQueue
    state_dir: Path
    cloud: str
    sign_in: SignIn
    open_journal: Callable[[Path, ClusterIdentity], FailoverJournal] = FailoverJournal.open
    endpoint: Callable[[ClusterSetup], Endpoint] = usual_endpoint
    """Where a cluster's traffic can be tried, or UserError: nowhere, and why. For jobs only: a lab is asked."""
    members: Members | None = None
    """Who can ask as a machine: None on the real Azure, where a machine's token exists only inside it."""
    program: Program | None = None
    """What of tgwizard works with these; for the records of runs."""
    machine: str = ""
    """What this computer is called; for the same."""

    def origin(self) -> RunOrigin:
        """Who begins a run now, and from where. The account is empty when nobody can tell."""
        account = ""
        with contextlib.suppress(AzureCallError):
            account = sanitize(self.azure.directory.caller().name, 120)
        return RunOrigin(account, self.program, self.machine)

    def journal(self, setup: ClusterSetup) -> FailoverJournal:
        """Open the cluster's journal; UserError when it is damaged or of another schema. The caller closes it."""
        return self.open_journal(self.journal_file(setup), setup.identity)

    def journal_file(self, setup: ClusterSetup) -> Path:
        """Where the cluster's journal lies, whether it exists or not."""
        return failover_journal_file(self.state_dir, setup.identity)

    def has_journal(self, setup: ClusterSetup) -> bool:
        """Whether anything was ever journalled of the cluster here. UserError when that cannot be looked up."""
        path = self.journal_file(setup)
        try:
            return path.exists()
        except OSError as error:
            raise UserError(unusable(path, error)) from error

    def lock_file(self, identity: ClusterIdentity) -> Path:
        """The lock that one job at a time holds on this cluster, on this computer."""
        return self.state_dir / f"cluster-{identity.digest}.lock"

    @property
    def outdated_writes(self) -> OutdatedWrites:
        """What was seen of outdated writes in the connected cloud."""
        return OutdatedWrites(self.state_dir, self.cloud)
