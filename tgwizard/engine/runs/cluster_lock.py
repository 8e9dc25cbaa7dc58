"""Whether something works on a cluster now, in this or another program of this computer."""

from __future__ import annotations

from pathlib import Path

from tgwizard.engine.files import file_lock
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem


def any_cluster_in_use(state_dir: Path) -> bool:
    """Whether a run or a set-up works on any cluster of this state folder now, in whatever program of this computer."""
    return any(file_lock.is_locked(file) for file in state_dir.glob("cluster-*.lock"))


def run_in_progress(services: Services, setup: ClusterSetup) -> bool:
    """Whether a run works on this cluster now, in this or another program of this computer."""
    return file_lock.is_locked(services.lock_file(setup))


def cluster_in_use(name: str = "this cluster") -> Problem:
    """Why nothing can be begun while a run works on the cluster of that name; one being set up may have none yet."""
    return Problem(
        "cluster-locked",
        f"Another run works on {name} on this computer.",
        "Only one run at a time may change a cluster.",
        "Wait until it has ended.",
    )
