"""One job at a time works on a cluster: failing over and setting up must not meet, in whatever programs they run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeVar

from tgwizard.engine.files import file_lock
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError

OpenedJournal = TypeVar("OpenedJournal")
End = TypeVar("End")

THIS_CLUSTER = "this cluster"
"""What one is called that may have no name yet: it is being set up."""


def under_cluster_lock(
    services: Services,
    identities: tuple[ClusterIdentity, ...],
    open_journal: AbstractContextManager[OpenedJournal],
    body: Callable[[OpenedJournal], End],
    refuse: Callable[[Problem], End],
    name: str = THIS_CLUSTER,
) -> End:
    """Do the job with its journal, closed at its end, while no other works on these clusters.

    ``refuse``: how it ends when another job holds a lock, or when a lock or the journal cannot be used.
    """
    try:
        with ExitStack() as held:
            for identity in identities:
                held.enter_context(file_lock.hold_lock(services.lock_file(identity), cluster_in_use(name)))
            return body(held.enter_context(open_journal))
    except UserError as error:
        return refuse(error.problem)


def any_cluster_in_use(state_dir: Path) -> bool:
    """Whether a run or a set-up works on any cluster of this state folder now, in whatever program of this computer."""
    return any(file_lock.is_locked(file) for file in state_dir.glob("cluster-*.lock"))


def run_in_progress(services: Services, setup: ClusterSetup) -> bool:
    """Whether a run works on this cluster now, in this or another program of this computer."""
    return file_lock.is_locked(services.lock_file(setup.identity))


def cluster_in_use(name: str) -> Problem:
    """Why nothing can be begun while a run works on the cluster of that name."""
    return Problem(
        "cluster-locked",
        f"Another run works on {name} on this computer.",
        "Only one run at a time may change a cluster.",
        "Wait until it has ended.",
    )
