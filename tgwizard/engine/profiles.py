"""Which clusters there are: the cluster files of one folder, and how a command's CLUSTER is found among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tgwizard.engine.cluster_file import load_cluster, save_cluster
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import listed, tame

__all__ = ["Profiles", "load_cluster", "save_cluster"]


@dataclass(frozen=True, slots=True)
class Profiles:
    """The cluster files in ``folder``. ``cloud`` is the connected one: files of another are refused."""

    folder: Path
    cloud: str

    def paths(self) -> tuple[Path, ...]:
        """The saved files, sorted by name."""
        return tuple(sorted(self.folder.glob("*.toml"))) if self.folder.is_dir() else ()

    def load_all(self) -> tuple[ClusterSetup, ...]:
        """Every saved cluster; UserError with the faults of all files together."""
        setups: list[ClusterSetup] = []
        problems: list[Problem] = []
        for path in self.paths():
            try:
                setups.append(load_cluster(path, self.cloud))
            except UserError as error:
                problems += error.problems
        if problems:
            raise UserError(*problems)
        return tuple(setups)

    def find(self, wanted: str | None) -> ClusterSetup:
        """The cluster a person named by path or by saved name; without a name the only one. UserError otherwise."""
        if wanted is None:
            return self._only()
        path = Path(wanted)
        if path.suffix == ".toml" or path.is_file():
            return load_cluster(path, self.cloud)
        by_file = self.folder / f"{path.name}.toml"
        if path.name == wanted and by_file in self.paths():
            return load_cluster(by_file, self.cloud)
        named = [setup for setup in self.readable() if setup.name.lower() == wanted.lower()]
        if len(named) == 1:
            return named[0]
        what = f"There is no cluster named {tame(wanted, 80)}."
        if len(named) > 1:
            what = f"{len(named)} saved clusters are named {tame(wanted, 80)}."
        raise UserError(
            Problem("cluster-unknown", what, self._known(), "Name one of them, or the path of a cluster file.")
        )

    def _only(self) -> ClusterSetup:
        paths = self.paths()
        if len(paths) == 1:
            return load_cluster(paths[0], self.cloud)
        if not paths:
            what = f"No cluster is saved in {self.folder}."
            raise UserError(
                Problem("no-cluster", what, "", "Name the path of a cluster file, or add --lab to rehearse.")
            )
        what = "Several clusters are saved, so one has to be named."
        raise UserError(Problem("cluster-not-named", what, self._known(), "Add the cluster's name."))

    def readable(self) -> list[ClusterSetup]:
        """The saved clusters whose files are in order."""
        found = []
        for path in self.paths():
            try:
                found.append(load_cluster(path, self.cloud))
            except UserError:
                # A broken file beside the wanted one must not hide it; it is told when it is itself asked for.
                continue
        return found

    def _known(self) -> str:
        names = [path.stem for path in self.paths()]
        return f"Saved are {listed(names)}." if names else f"None is saved in {self.folder}."
