"""Which clusters there are: the cluster files of one folder, and how a command's CLUSTER is found among them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tgwizard.engine.files.cluster_file import load_cluster, save_cluster
from tgwizard.engine.files.file_reading import is_file, read_bytes
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import join_words, sanitize

__all__ = ["ClusterFolder", "load_cluster", "save_cluster"]


@dataclass(frozen=True, slots=True)
class ClusterFolderContent:
    """What the saved files say: the clusters that can be used, and every fault of the files that cannot."""

    clusters: tuple[ClusterSetup, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedCluster:
    """A cluster and its file."""

    path: Path
    setup: ClusterSetup


@dataclass(frozen=True, slots=True)
class ClusterFolder:
    """The cluster files in ``folder``. ``cloud`` is the connected one: files of another are refused."""

    folder: Path
    cloud: str

    def paths(self) -> tuple[Path, ...]:
        """The saved files, sorted by name. UserError when the folder cannot be read."""
        try:
            return tuple(sorted(path for path in self.folder.iterdir() if path.suffix == ".toml"))
        except FileNotFoundError:
            return ()
        except OSError as error:
            what = f"The saved clusters in {self.folder} cannot be read."
            fix = "Make the folder readable for yourself, or name the path of a cluster file."
            why = f"{error.strerror or type(error).__name__}."
            raise UserError(Problem("clusters-not-read", what, why, fix, str(self.folder))) from error

    def read_all(self) -> ClusterFolderContent:
        """Every saved cluster. A broken file, or one that says what another says already, hides none of the others."""
        found: dict[Path, ClusterSetup] = {}
        problems: list[Problem] = []
        try:
            paths = self.paths()
        except UserError as error:
            return ClusterFolderContent((), error.problems)
        for path in paths:
            try:
                setup = load_cluster(path, self.cloud)
            except UserError as error:
                problems += error.problems
                continue
            same = next((other for other, saved in found.items() if _alike(saved, setup)), None)
            if same is None:
                found[path] = setup
            else:
                problems.append(_saved_twice(path, setup, same, found[same]))
        return ClusterFolderContent(tuple(found.values()), tuple(problems))

    def find(self, wanted: str | None) -> ClusterSetup:
        """The cluster a person named by path or by saved name; without a name the only one. UserError otherwise."""
        if wanted is None:
            return self._only()
        path = Path(wanted)
        if path.suffix == ".toml" or is_file(path):
            return load_cluster(path, self.cloud)
        by_file = self.folder / f"{path.name}.toml"
        if path.name == wanted and by_file in self.paths():
            return load_cluster(by_file, self.cloud)
        named = [setup for setup in self.readable() if setup.name.lower() == wanted.lower()]
        if len(named) == 1:
            return named[0]
        what = f"There is no cluster named {sanitize(wanted, 80)}."
        if len(named) > 1:
            what = f"{len(named)} saved clusters are named {sanitize(wanted, 80)}."
        raise UserError(
            Problem("cluster-unknown", what, self._known(), "Name one of them, or the path of a cluster file.")
        )

    def adopt(self, file: Path, check: Callable[[ClusterSetup], None]) -> SavedCluster:
        """Copy a cluster file from elsewhere into the folder, as it is, and return the copy.

        ``check`` may refuse it too. UserError with every fault, and when the cluster or its name is saved already;
        then nothing was copied, and no file is ever overwritten.
        """
        setup = load_cluster(file, self.cloud)
        for saved in self.readable():
            if _alike(saved, setup):
                raise UserError(_saved_already(file, setup, saved))
        check(setup)
        try:
            return SavedCluster(self._copied(file.stem, read_bytes(file)), setup)
        except OSError as error:
            what = f"{file.name} was not copied to {self.folder}."
            fix = "Free the disk or the folder, then add it again."
            raise UserError(Problem("file-not-copied", what, f"{error.strerror or error}.", fix)) from error

    def _copied(self, stem: str, text: bytes) -> Path:
        """A new file with that text, whole or not at all, under the first name that is free."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            target = self.folder / (f"{stem}.toml" if number == 1 else f"{stem}-{number}.toml")
            try:
                copy = target.open("xb")
            except FileExistsError:
                continue
            try:
                with copy:
                    copy.write(text)
            except OSError:
                target.unlink(missing_ok=True)
                raise
            return target
        raise AssertionError("unreachable: there is always a free number")

    def _only(self) -> ClusterSetup:
        paths = self.paths()
        if len(paths) == 1:
            return load_cluster(paths[0], self.cloud)
        if not paths:
            what = f"No cluster is saved in {self.folder}."
            raise UserError(
                Problem(
                    "no-cluster",
                    what,
                    "",
                    "Set one up: tgwizard opens the window, tgwizard setup plan asks here. Or name the path of a "
                    "cluster file, or add --lab to rehearse.",
                )
            )
        what = "Several clusters are saved, so one has to be named."
        raise UserError(Problem("cluster-not-named", what, self._known(), "Add the cluster's name."))

    def readable(self) -> tuple[ClusterSetup, ...]:
        """The saved clusters whose files are in order. A broken one is told when it is itself asked for."""
        return self.read_all().clusters

    def _known(self) -> str:
        names = [path.stem for path in self.paths()]
        return f"Saved are {join_words(names)}." if names else f"None is saved in {self.folder}."


def _alike(one: ClusterSetup, other: ClusterSetup) -> bool:
    """Whether they are one cluster, or cannot be told apart by their names."""
    return one.identity == other.identity or one.name.lower() == other.name.lower()


def _saved_twice(path: Path, setup: ClusterSetup, first_path: Path, first: ClusterSetup) -> Problem:
    same = first.identity == setup.identity
    why = (
        f"Its two interfaces and {setup.address} are those of {first_path.name}."
        if same
        else f"{first_path.name} is named {first.name} too."
    )
    fix = f"Remove {path.name}." if same else f"Give it another name in the line name = ... of {path.name}."
    return Problem("cluster-saved-twice", f"{path.name} is left out.", why, fix, str(path))


def _saved_already(file: Path, setup: ClusterSetup, saved: ClusterSetup) -> Problem:
    same = saved.identity == setup.identity
    what = f"{file.name} was not added: " + (
        f"its two interfaces and {setup.address} are those of {saved.name}, which is saved already."
        if same
        else f"another saved cluster is named {saved.name}."
    )
    fix = f"Use {saved.name} as it is." if same else "Give it another name in its line name = ..., then add it again."
    return Problem("cluster-saved-already", what, "Nothing was copied.", fix, str(file))
