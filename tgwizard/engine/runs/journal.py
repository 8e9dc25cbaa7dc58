"""One journal: a private SQLite file per cluster identity, checked before it is believed (engine/README.md 1.3).

What is committed has reached the disk when the call returns (``synchronous=FULL``). What is appended is only handed to
a writer of its own, so that between detach and settled attach nothing waits for a disk: an error there is told to
``on_trouble`` and the run goes on. Here are also the words for each way in which a journal cannot be used.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Generic, TypeVar

from tgwizard.engine.files.file_writing import make_private, make_private_folder
from tgwizard.engine.json_codec import RecordKinds, parse_json
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import sanitize

SCHEMA = 1
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""The second when the damage is in what SQLite quotes in its message."""

_BUSY_MS = 2000
_WRITTEN_WITHIN_S = 5.0
_MOST_UNWRITTEN = 200
_NO_TEXT = """SELECT 1 FROM record
    WHERE typeof(run) <> 'text' OR typeof(kind) <> 'text' OR typeof(data) <> 'text' LIMIT 1"""

R = TypeVar("R")


class JournalError(Exception):
    """The journal could not be written; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence())
        self.problem = problem


class Durability(Enum):
    """What a commit is good for: FLUSHED survives a power cut, WRITTEN a crash of the program."""

    FLUSHED = "flushed"
    WRITTEN = "written"


class Journal(Generic[R]):
    """A file of records. Each kind of journal opens it and says which records it holds; close it when done."""

    def __init__(self, path: Path, kinds: RecordKinds[R], *, inline: bool = False) -> None:
        """Nothing is opened yet: `_open` does that.

        ``inline`` appends in the calling thread, for tests that copy the file at every commit.
        """
        self.path = path
        self.on_trouble: Callable[[Problem], None] = _ignore
        self.on_commit: Callable[[Durability], None] = _ignore_commit
        self._kinds = kinds
        self._inline = inline
        self._queue: queue.SimpleQueue[tuple[str, R] | threading.Event | None] = queue.SimpleQueue()
        self._unwritten: deque[tuple[str, R]] = deque(maxlen=_MOST_UNWRITTEN)
        self._thread: threading.Thread | None = None
        self._database: sqlite3.Connection

    def append(self, run: str, record: R) -> None:
        """Hand over a record and return at once."""
        if self._inline:
            self._write(self._database, run, record)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._drain, name="tgwizard-journal", daemon=True)
            self._thread.start()
        self._queue.put((run, record))

    def close(self, grace_s: float = 5.0) -> None:
        """Let the writer finish, bounded, and close the file."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(grace_s)
            self._thread = None
        self._database.close()

    def _open(self) -> None:
        """Open or create the file. UserError when it cannot be used; it is kept as it is."""
        _make_file(self.path)
        try:
            with contextlib.ExitStack() as failed:
                self._database = _connect(self.path)
                failed.callback(self._database.close)
                self._prepare(self._database)
                failed.pop_all()
        except SQLITE_ERRORS as error:
            raise UserError(unusable(self.path, error)) from error

    def _prepare(self, database: sqlite3.Connection) -> None:
        """Make the tables of a new file; look through one that is there."""
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS record "
                    "(seq INTEGER PRIMARY KEY, run TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL)"
                )
                self._create_more(database)
                database.execute(f"PRAGMA user_version={SCHEMA}")
        elif version == SCHEMA:
            self._check_content(database)
        else:
            raise UserError(
                Problem(
                    "journal-schema",
                    f"The journal {self.path} is of schema {version}; this tgwizard writes schema {SCHEMA}.",
                    "Another version of tgwizard made it.",
                    "Use that version, or move the file away. It was not changed.",
                    file=True,
                )
            )

    def _create_more(self, database: sqlite3.Connection) -> None:
        """What else a new file of this kind holds, in the same transaction."""

    def _check_content(self, database: sqlite3.Connection) -> None:
        """UserError when the file is not whole: a record that is overlooked would say that nothing happened here."""
        found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(1)").fetchall()]
        if found != ["ok"]:
            raise UserError(damaged(self.path, "; ".join(found)))
        if database.execute(_NO_TEXT).fetchone() is not None:
            raise UserError(damaged(self.path, "a record is no text"))
        unknown = {kind for (kind,) in database.execute("SELECT DISTINCT kind FROM record")} - self._kinds.names
        if unknown:
            raise UserError(damaged(self.path, f"a record is of an unknown kind, {sanitize(min(unknown), 40)}"))

    def _commit(self, run: str, record: R, refused: Callable[[Path, Exception], Problem]) -> None:
        """Write a record to the disk before going on. JournalError with what ``refused`` says: it is not there."""
        try:
            with self._database:
                self._database.execute("PRAGMA synchronous=FULL")
                self._insert(self._database, run, record)
        except SQLITE_ERRORS as error:
            raise JournalError(refused(self.path, error)) from error
        self.on_commit(Durability.FLUSHED)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(query, values).fetchall()
        except SQLITE_ERRORS as error:
            raise UserError(unusable(self.path, error)) from error

    def _record(self, kind: str, data: str) -> R:
        try:
            return self._kinds.from_document(kind, parse_json(data))
        except ValueError as error:
            raise UserError(damaged(self.path, error)) from error

    def _is_written(self) -> bool:
        """Whether all that was handed over is in the file, now that it was tried once more."""
        if self._inline:
            self._write_again(self._database)
        elif self._thread is not None:
            written = threading.Event()
            self._queue.put(written)
            if not written.wait(_WRITTEN_WITHIN_S):
                return False
        return not self._unwritten

    def _write_again(self, database: sqlite3.Connection) -> None:
        unwritten = tuple(self._unwritten)
        self._unwritten.clear()
        for run, record in unwritten:
            self._write(database, run, record)

    def _drain(self) -> None:
        database: sqlite3.Connection | None = None
        try:
            while (item := self._queue.get()) is not None:
                # Opened anew after a failure: a file that was busy for a moment must not silence the whole run.
                database = database or self._reopened()
                if isinstance(item, threading.Event):
                    if database is not None:
                        self._write_again(database)
                    item.set()
                elif database is None:
                    self._unwritten.append(item)
                else:
                    self._write(database, *item)
        finally:
            if database is not None:
                database.close()

    def _reopened(self) -> sqlite3.Connection | None:
        try:
            return _connect(self.path)
        except SQLITE_ERRORS as error:
            self.on_trouble(not_appended(self.path, error))
            return None

    def _write(self, database: sqlite3.Connection, run: str, record: R) -> None:
        try:
            with database:
                self._insert(database, run, record)
        except SQLITE_ERRORS as error:
            self._unwritten.append((run, record))
            self.on_trouble(not_appended(self.path, error))
            return
        self.on_commit(Durability.WRITTEN)

    def _insert(self, database: sqlite3.Connection, run: str, record: R) -> None:
        kind, document = self._kinds.to_document(record)
        data = json.dumps(document, separators=(",", ":"))
        database.execute("INSERT INTO record (run, kind, data) VALUES (?, ?, ?)", (run, kind, data))


@contextlib.contextmanager
def looking_into(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a journal only to look into it: nothing is made, changed or waited for.

    sqlite3.Error when there is none, or it is of another schema.
    """
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.2)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA:
            raise sqlite3.DatabaseError(f"schema {version}")
        yield database


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY_MS / 1000, check_same_thread=False)
    try:
        database.execute("PRAGMA synchronous=NORMAL")
    except SQLITE_ERRORS:
        database.close()
        raise
    return database


def _make_file(path: Path) -> None:
    """See to it that the file is there, readable by its owner only. UserError: there is none and none can be made."""
    try:
        make_private_folder(path.parent)
        make_private(path)
    except OSError as error:
        # One that may only be read can still be read: writing to it is refused where something is to be written.
        if isinstance(error, FileNotFoundError | NotADirectoryError) or not os.access(path, os.R_OK):
            raise UserError(unusable(path, error)) from error


def unusable(path: Path, error: Exception) -> Problem:
    """Why a journal cannot be used: held by another program, not permitted, no room, or damaged."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells kinds of the same reason apart
    why = f"The system says: {getattr(error, 'strerror', None) or error}."
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Problem(
            "journal-busy",
            f"The journal {path} is in use by another program.",
            f"It stayed locked for {_BUSY_MS / 1000:g} s.",
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


def not_appended(path: Path, error: Exception) -> Problem:
    """A record is missing from the journal, and the run goes on."""
    return Problem(
        "journal-append-failed",
        "A line could not be added to the journal; the run goes on.",
        f"{path}: {error}.",
        "Should this computer stop now, resume works from what Azure shows.",
    )


def _ignore(problem: Problem) -> None:
    """Nobody listens yet; the run sets its own listener."""


def _ignore_commit(_durability: Durability) -> None:
    """Nobody counts commits; the crash harness does."""
