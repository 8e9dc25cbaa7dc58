"""The reports that were kept: HTML files in one folder of the environment, named so that a person finds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tgwizard.engine.files.file_writing import make_private_folder, write_atomically
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import sanitize

_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class KeptReport:
    """One report. ``title`` is what it tells of, ``at`` the time that its file's name has, else when it was written."""

    path: Path
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReportFolder:
    """The reports in ``folder``; it is made when the first one is kept."""

    folder: Path

    @classmethod
    def of(cls, services: Services) -> ReportFolder:
        """Those of an environment."""
        return cls(services.state_dir / "reports")

    def keep(self, title: str, at: datetime, html: str) -> KeptReport:
        """Write a report; the same title and time replaces the earlier one. UserError when it cannot be written."""
        name = f"{at.astimezone():%Y-%m-%d %H.%M.%S} {file_name(title)}"
        path = self.folder / f"{name}.html"
        try:
            make_private_folder(self.folder)
            write_atomically(path, html)
        except OSError as error:
            what = f"The report was not kept in {self.folder}."
            fix = "Free the disk or the folder, then keep it again."
            raise UserError(Problem("report-not-kept", what, f"{error.strerror or error}.", fix)) from error
        return _named(path, at)

    def kept(self) -> tuple[KeptReport, ...]:
        """Every report, newest first. UserError when the folder cannot be read."""
        try:
            if not self.folder.is_dir():
                return ()
            found = [
                _named(path, datetime.fromtimestamp(path.stat().st_mtime, UTC)) for path in self.folder.glob("*.html")
            ]
        except OSError as error:
            what = f"The reports in {self.folder} cannot be read."
            raise UserError(Problem("reports-not-read", what, f"{error.strerror or error}.")) from error
        return tuple(sorted(found, key=lambda kept: (kept.at, kept.title), reverse=True))

    def delete(self, path: Path) -> None:
        """Delete a report of this folder; one that is gone already is no error. UserError when it cannot be deleted."""
        if path.parent != self.folder or path.suffix != ".html":
            what = f"{sanitize(path.name, 80)} was not deleted."
            raise UserError(Problem("report-not-ours", what, "It is no report of this folder."))
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            what = f"{sanitize(path.name, 120)} was not deleted."
            fix = "Make the folder writable for yourself, then try again."
            raise UserError(Problem("report-not-deleted", what, f"{error.strerror or error}.", fix)) from error


_NAME = re.compile(r"(\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d) (.+?)(?: [0-9a-f]{12})?")


def _named(path: Path, written: datetime) -> KeptReport:
    """A report by its file's name: the time and what it tells of. Run ids of older names are for nobody to read."""
    found = _NAME.fullmatch(path.stem)
    if found is None:
        return KeptReport(path, path.stem, written)
    try:
        at = datetime.strptime(found[1], "%Y-%m-%d %H.%M.%S").astimezone()
    except ValueError:
        at = written
    return KeptReport(path, found[2], at)


def file_name(title: str) -> str:
    """The title as every file system takes it."""
    plain = re.sub(r"[^\w .,()-]", "_", sanitize(title, _LONGEST_NAME)).strip(" .")
    return plain or "report"
