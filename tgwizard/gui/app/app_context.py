"""What the window asks of `app`: one function that opens the program, off the GUI thread, after the first paint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tgwizard.engine.files.cluster_folder import ClusterFolderContent
    from tgwizard.engine.files.settings_file import SettingsRead
    from tgwizard.engine.lab_control import LabControl, LabLink
    from tgwizard.engine.runs.job_services import Services
    from tgwizard.gui.app.destinations import Practice
    from tgwizard.model.cluster_setup import ClusterSetup
    from tgwizard.model.problem import Problem


def _defaults() -> SettingsRead:
    from tgwizard.engine.files.settings_file import SettingsRead
    from tgwizard.model.settings import Settings

    return SettingsRead(Settings())


def _nothing() -> None:
    """Close nothing."""


@dataclass(frozen=True, slots=True)
class LabLocation:
    """Where a lab can be reached by other programs, as text to show and copy."""

    folder: str
    address: str
    ca: str


class SavedClusters(Protocol):
    """The cluster files of the open environment. Reading takes time, adopting asks Azure: never in the GUI thread."""

    def load(self) -> ClusterFolderContent:
        """All of them, read anew; the faults of those that cannot be used beside the others."""
        ...

    def adopt(self, file: Path) -> ClusterSetup:
        """Check a file from elsewhere and copy it among them, without overwriting one; UserError with every fault."""
        ...


@dataclass(frozen=True, slots=True)
class OpenedProgram:
    """The program, open: its services and clusters. ``close`` is called once, after the last job has ended.

    ``lab``: the controls of the lab it works on, and ``lab_where`` where it is; None for the real Azure. ``lab_epoch``:
    which world of the lab the clusters belong to. ``lab_link`` keeps the program at a lab that another one holds;
    None: this one does. ``saved``: the cluster files, where they can be changed.
    ``problems``: the faults of the files that are left out.
    """

    services: Services
    clusters: tuple[ClusterSetup, ...]
    close: Callable[[], None] = _nothing
    lab: LabControl | None = None
    lab_where: LabLocation | None = None
    lab_epoch: int = 1
    saved: SavedClusters | None = None
    problems: tuple[Problem, ...] = ()
    lab_link: LabLink | None = None


OpenProgram = Callable[[], OpenedProgram]
"""Opens the program: imports the Azure SDK, signs in or starts the lab. Runs on a worker thread; UserError is shown."""


@dataclass(frozen=True, slots=True)
class AppContext:
    """What the window is told before anything is open: the log, how to redact text, what to call the environment.

    ``place`` says in the rail where the clusters live ("Lab in DIR", "Azure public"); ``is_lab`` draws the dashed edge.
    ``settings`` is what ``settings_file`` said; without a file, changes live as long as the window. Two windows on one
    ``data_folder`` know of each other. ``practice``: what the window practises just now, before it goes back to Azure;
    ``can_practise``: whether it can go to a lab for that.
    """

    place: str
    is_lab: bool
    log_file: Path | None = None
    redact: Callable[[str], str] = str
    settings: SettingsRead = field(default_factory=_defaults)
    settings_file: Path | None = None
    data_folder: Path | None = None
    clusters_folder: Path | None = None
    practice: Practice | None = None
    can_practise: bool = False
    place_options: str = ""
    """What a command that is shown to the user needs besides, to mean this environment."""
