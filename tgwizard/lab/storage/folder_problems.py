"""What can be wrong with a lab folder, in words."""

from __future__ import annotations

from pathlib import Path

from tgwizard.engine.lab_control import ANOTHER_LAB
from tgwizard.model.problem import Problem, UserError


class LabFolderDamaged(UserError):
    """A file of the lab folder cannot be used. It is kept as it is."""

    def __init__(self, path: Path, why: str, *, problem: Problem | None = None) -> None:
        self.path = path
        super().__init__(
            problem
            or Problem(
                code="lab-folder-damaged",
                what=f"The lab file {path} cannot be read.",
                why=f"Its content is damaged: {why}. Nothing was changed.",
                fix="Move the file away to start a new lab, or choose another folder with --lab-dir.",
            )
        )

    @classmethod
    def other_schema(cls, path: Path, found: object, ours: int) -> LabFolderDamaged:
        """Return the error for a file that another version of the program wrote."""
        problem = Problem(
            code="lab-folder-other-schema",
            what=f"The lab file {path} is of another version of tgwizard.",
            why=f"Its schema is {found!r}, and this version knows {ours}. Nothing was changed.",
            fix="Use the version that wrote it, or choose another folder with --lab-dir.",
        )
        return cls(path, "", problem=problem)


def folder_unusable(directory: Path, error: OSError) -> Problem:
    """The folder or a file in it cannot be opened or written."""
    return Problem(
        code="lab-folder-unusable",
        what=f"The lab folder {directory} cannot be used.",
        why=f"The system says: {error.strerror or error}.",
        fix="Check its permissions and the space on the disk, or choose another folder with --lab-dir.",
    )


def not_answering(directory: Path, seconds: float) -> Problem:
    """Somebody holds the folder's lock and no lab answers there."""
    return Problem(
        code="lab-not-answering",
        what=f"Another program holds the lab folder {directory}, but its lab does not answer.",
        why=f"It gave no answer within {seconds:g} s. Nothing was changed.",
        fix="End that program, or choose another folder with --lab-dir.",
    )


def other_scenario(directory: Path, has: str, wanted: str) -> Problem:
    """The folder's world was made from another scenario."""
    return Problem(
        code="lab-other-scenario",
        what=f"The lab folder {directory} holds the scenario {has}, not {wanted}.",
        why="A saved world is never replaced. Nothing was changed.",
        fix="Choose another folder with --lab-dir, or delete this one to begin with a new lab.",
    )


def other_count(directory: Path, has: int, wanted: int) -> Problem:
    """The folder's world has another number of clusters."""
    return Problem(
        code="lab-other-scenario",
        what=f"The lab in {directory} has {has} clusters, not {wanted}.",
        why="A saved world is never replaced. Nothing was changed.",
        fix="Choose another folder with --lab-dir, or delete this one to begin with a new lab.",
    )


def no_lab_runs(directory: Path) -> Problem:
    """Nobody serves the folder's lab."""
    return Problem(
        code="lab-not-running",
        what=f"No lab runs in {directory}.",
        why="This command works on a running lab only. Nothing was changed.",
        fix="Start it with tgwizard lab run, or name another folder with --lab-dir.",
    )


def another_lab(directory: Path) -> Problem:
    """The lab in the folder is not the one that a program works on: the folder was emptied in between."""
    return Problem(
        code=ANOTHER_LAB,
        what="Another lab runs in the folder now.",
        why=f"The lab that this window works on is no longer in {directory}; the new one does not know its clusters.",
        fix="Close this window and open it again: it then works on the new lab.",
    )


def stopped(directory: Path) -> Problem:
    """The lab that a program works on answers no more."""
    return Problem(
        code="lab-stopped",
        what="The lab has stopped.",
        why=f"Nothing answers for the lab in {directory}. Its world is saved: nothing that it answered is lost.",
        fix="Start it here, or with tgwizard lab run; either way this window goes on with it.",
    )


def different_lab_runs(directory: Path, has: str, wanted: str) -> Problem:
    """A lab runs in the folder already, with another setting."""
    return Problem(
        code="lab-runs-already",
        what=f"A lab runs in {directory} already, with {has} and not {wanted}.",
        why="A running lab keeps its settings. Nothing was changed.",
        fix="Leave the option out to use that lab, end it first, or choose another folder with --lab-dir.",
    )
