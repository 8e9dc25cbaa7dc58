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
    """One report. ``title`` is its file's name without the ending, ``at`` when it was written."""

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
        name = f"{at.astimezone():%Y-%m-%d %H.%M.%S} {_file_name(title)}"
        path = self.folder / f"{name}.html"
        try:
            make_private_folder(self.folder)
            write_atomically(path, html)
        except OSError as error:
            what = f"The report was not kept in {self.folder}."
            fix = "Free the disk or the folder, then keep it again."
            raise UserError(Problem("report-not-kept", what, f"{error.strerror or error}.", fix)) from error
        return KeptReport(path, name, at)

    def kept(self) -> tuple[KeptReport, ...]:
        """Every report, newest first. UserError when the folder cannot be read."""
        try:
            if not self.folder.is_dir():
                return ()
            found = [
                KeptReport(path, path.stem, datetime.fromtimestamp(path.stat().st_mtime, UTC))
                for path in self.folder.glob("*.html")
            ]
        except OSError as error:
            what = f"The reports in {self.folder} cannot be read."
            raise UserError(Problem("reports-not-read", what, f"{error.strerror or error}.")) from error
        return tuple(sorted(found, key=lambda kept: (kept.at, kept.title), reverse=True))


def _file_name(title: str) -> str:
    """The title as every file system takes it."""
    plain = re.sub(r"[^\w .,()-]", "_", sanitize(title, _LONGEST_NAME)).strip(" .")
    return plain or "report"
