"""What all journals share: one private SQLite file per cluster identity, checked before it is believed.

And the words for each way in which it cannot be used.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Set as AbstractSet
from pathlib import Path

from tgwizard.engine.files.file_writing import make_private, make_private_folder
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import sanitize

SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""The second when the damage is in what SQLite quotes in its message."""
BUSY_MS = 2000


class JournalError(Exception):
    """The journal could not be written; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence())
        self.problem = problem


def make_journal_file(path: Path) -> None:
    """See to it that the file is there, readable by its owner only. UserError: there is none and none can be made."""
    try:
        make_private_folder(path.parent)
        make_private(path)
    except OSError as error:
        # One that may only be read can still be read: writing to it is refused where something is to be written.
        if isinstance(error, FileNotFoundError | NotADirectoryError) or not os.access(path, os.R_OK):
            raise UserError(unusable(path, error)) from error


_NO_TEXT = """SELECT 1 FROM record
    WHERE typeof(run) <> 'text' OR typeof(kind) <> 'text' OR typeof(data) <> 'text' LIMIT 1"""


def check_content(path: Path, database: sqlite3.Connection, kinds: AbstractSet[str]) -> None:
    """UserError when the file is not whole: a record that is overlooked would say that nothing happened here."""
    found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(1)").fetchall()]
    if found != ["ok"]:
        raise UserError(damaged(path, "; ".join(found)))
    if database.execute(_NO_TEXT).fetchone() is not None:
        raise UserError(damaged(path, "a record is no text"))
    unknown = {kind for (kind,) in database.execute("SELECT DISTINCT kind FROM record")} - kinds
    if unknown:
        raise UserError(damaged(path, f"a record is of an unknown kind, {sanitize(min(unknown), 40)}"))


def unusable(path: Path, error: Exception) -> Problem:
    """Why a journal cannot be used: held by another program, not permitted, no room, or damaged."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells kinds of the same reason apart
    why = f"The system says: {getattr(error, 'strerror', None) or error}."
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Problem(
            "journal-busy",
            f"The journal {path} is in use by another program.",
            f"It stayed locked for {BUSY_MS / 1000:g} s.",
            "Close what has it open, such as a backup or a database viewer, then try again.",
            file=True,
        )
    if isinstance(error, OSError) or code in _NOT_ALLOWED:
        fix = "Make the file and its folder readable and writable for yourself, then try again. It was not changed."
        return Problem("journal-not-opened", f"The journal {path} cannot be opened.", why, fix, file=True)
    if code == sqlite3.SQLITE_FULL:
        fix = "Free the disk, then try again."
        return Problem("journal-no-room", f"The journal {path} cannot be written.", why, fix, file=True)
    if code == sqlite3.SQLITE_IOERR:
        fix = "Check the disk, then try again. Nothing was changed."
        return Problem("journal-disk-error", f"The disk cannot read or write the journal {path}.", why, fix, file=True)
    return damaged(path, error)


_NOT_ALLOWED = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}


def not_written(path: Path, error: Exception, what: str) -> Problem:
    """What was not done because the journal could not be written, and why."""
    reason = unusable(path, error)
    why, fix = f"{reason.what} {reason.why}", f"{reason.fix} Nothing was written to Azure."
    return Problem("journal-not-written", f"{what}: its journal could not be written.", why, fix, file=True)


def damaged(path: Path, why: object) -> Problem:
    """The file holds something else than what was written into it."""
    return Problem(
        "journal-damaged",
        f"The journal {path} is damaged.",
        f"{sanitize(why, 200)}.",
        "Move it away to go on without it; it was not changed. Resume then needs --to MEMBER, and undo no longer knows "
        "what was set up from here.",
        file=True,
    )
