"""The journal of one cluster: what a run intended, tried and got; recovery reads it (engine/README.md 1.3, 1.5).

SQLite, one file per cluster identity. ``begin`` commits all intents of a run in one transaction with
``synchronous=FULL`` before the first write; from then on ``append`` only hands records to a writer of its own, so
that between detach and settled attach nothing waits for a disk. An error there is told to ``on_trouble`` and the run
goes on. Bodies of NICs are kept (they hold no secrets); tokens never come near this module.
"""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from tgwizard.engine.json_codec import parse_json
from tgwizard.engine.runs.journal import (
    BUSY_MS,
    SQLITE_ERRORS,
    JournalError,
    check_content,
    damaged,
    make_journal_file,
    not_written,
    unusable,
)
from tgwizard.engine.runs.records import (
    FAILOVER_RECORDS,
    Record,
    RunEndRecord,
    RunRecord,
    StrategyFallback,
    VerdictChanged,
)
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import format_utc
from tgwizard.model.verdict import Verdict

SCHEMA = 1


_END_WITHIN_S = 5.0
_MOST_UNWRITTEN = 200


class Durability(Enum):
    """What a commit is good for: FLUSHED survives a power cut, WRITTEN a crash of the program."""

    FLUSHED = "flushed"
    WRITTEN = "written"


class FailoverJournal:
    """Reads and writes the records of one cluster. Open with ``FailoverJournal.open``; close it when done."""

    def __init__(self, path: Path, identity: ClusterIdentity, *, inline: bool = False) -> None:
        """Use ``FailoverJournal.open``.

        ``inline`` appends in the calling thread, for tests that copy the file at every commit.
        """
        self.path = path
        self.identity = identity
        self.on_trouble: Callable[[Problem], None] = _ignore
        self.on_commit: Callable[[Durability], None] = _ignore_commit
        self._inline = inline
        self._queue: queue.SimpleQueue[tuple[str, Record] | threading.Event | None] = queue.SimpleQueue()
        self._unwritten: deque[tuple[str, Record]] = deque(maxlen=_MOST_UNWRITTEN)
        self._thread: threading.Thread | None = None
        self._database = _connect(path)

    @classmethod
    def open(cls, path: Path, identity: ClusterIdentity, *, inline: bool = False) -> FailoverJournal:
        """Open or create the file.

        UserError when it is damaged, of another schema, or another cluster's. The file is kept.
        """
        make_journal_file(path)
        try:
            journal = cls(path, identity, inline=inline)
        except SQLITE_ERRORS as error:
            raise UserError(unusable(path, error)) from error
        try:
            journal._prepare()
        except SQLITE_ERRORS as error:
            journal.close()
            raise UserError(unusable(path, error)) from error
        except UserError:
            journal.close()
            raise
        return journal

    def begin(self, run_record: RunRecord) -> None:
        """Commit the intents of a run, all at once, to the disk. JournalError: nothing may be written to Azure."""
        try:
            with self._database:
                self._database.execute("PRAGMA synchronous=FULL")
                self._insert(self._database, run_record.run, run_record)
        except SQLITE_ERRORS as error:
            raise JournalError(not_written(self.path, error, "The run was not started")) from error
        self.on_commit(Durability.FLUSHED)

    def commit(self, record: StrategyFallback) -> None:
        """Write a record to the disk before going on. JournalError: nothing more may be written to Azure."""
        try:
            with self._database:
                self._database.execute("PRAGMA synchronous=FULL")
                self._insert(self._database, record.run, record)
        except SQLITE_ERRORS as error:
            raise JournalError(_trouble(self.path, error)) from error
        self.on_commit(Durability.FLUSHED)

    def append(self, run: str, record: Record) -> None:
        """Hand over a record and return at once."""
        if self._inline:
            self._write(self._database, run, record)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._drain, name="tgwizard-journal", daemon=True)
            self._thread.start()
        self._queue.put((run, record))

    def end(self, ended: RunEndRecord) -> tuple[str, ...]:
        """Record how a run ended and wait for it, bounded: by now nothing is in a hurry.

        What could not be written before is tried once more. The sentences are what is left to tell: none, or that the
        journal lacks the end, so that the run will seem interrupted.
        """
        self.append(ended.run, ended)
        if self._is_written():
            return ()
        what = f"The end of this run is not in the journal {self.path}, so it will be called interrupted here."
        return (
            f"{what} Free the disk or the file, then run tgwizard resume: it reads where the address is and ends it.",
        )

    def verdict_changed(self, at: datetime, verdict: Verdict) -> None:
        """Record that the cluster's verdict became another."""
        self.append("", VerdictChanged(format_utc(at), verdict.name.value, verdict.sentence))

    def records(self, run: str) -> tuple[Record, ...]:
        """All records of a run, oldest first. UserError when the file is damaged; so with all that read."""
        rows = self._rows("SELECT kind, data FROM record WHERE run = ? ORDER BY seq", run)
        return tuple(self._record(kind, data) for kind, data in rows)

    def unfinished(self) -> RunRecord | None:
        """The latest run that may have written, when it has no end; earlier ones were overtaken by it.

        A guided run writes nothing: one without an end leaves nothing to resume, and overtakes nobody.
        """
        for (seq,) in self._rows("SELECT seq FROM record WHERE kind = 'began' ORDER BY seq DESC"):
            ((run, data),) = self._rows("SELECT run, data FROM record WHERE seq = ?", seq)
            began = self._record("began", data)
            if isinstance(began, RunRecord) and began.writes:
                ended = self._rows("SELECT 1 FROM record WHERE run = ? AND kind = 'ended'", run)
                return None if ended else began
        return None

    def latest(self, limit: int = 50) -> tuple[Record, ...]:
        """The latest beginnings, ends and verdict changes, newest first: what a timeline shows."""
        rows = self._rows(
            "SELECT kind, data FROM record WHERE kind IN ('began', 'ended', 'verdict_changed') "
            "ORDER BY seq DESC LIMIT ?",
            limit,
        )
        return tuple(self._record(kind, data) for kind, data in rows)

    def ends(self, limit: int = 10) -> tuple[RunEndRecord, ...]:
        """The latest ended runs, newest first: what predictions are made from."""
        rows = self._rows("SELECT data FROM record WHERE kind = 'ended' ORDER BY seq DESC LIMIT ?", limit)
        found = (self._record("ended", data) for (data,) in rows)
        return tuple(record for record in found if isinstance(record, RunEndRecord))

    def runs(self, limit: int = 50) -> tuple[str, ...]:
        """Ids of the latest runs, newest first, ended or not."""
        rows = self._rows("SELECT run FROM record WHERE kind = 'began' ORDER BY seq DESC LIMIT ?", limit)
        return tuple(dict.fromkeys(run for (run,) in rows))

    def runs_like(self, beginning: str) -> tuple[str, ...]:
        """Ids of the runs that begin so (ids are hexadecimal, lower case); none for an empty or another text."""
        if not beginning.isalnum():
            return ()
        rows = self._rows("SELECT run FROM record WHERE kind = 'began' AND run GLOB ?", f"{beginning.lower()}*")
        return tuple(dict.fromkeys(run for (run,) in rows))

    def verdicts(self, limit: int = 50) -> tuple[VerdictChanged, ...]:
        """The latest changes of the verdict, newest first."""
        rows = self._rows("SELECT data FROM record WHERE kind = 'verdict_changed' ORDER BY seq DESC LIMIT ?", limit)
        found = (self._record("verdict_changed", data) for (data,) in rows)
        return tuple(record for record in found if isinstance(record, VerdictChanged))

    def close(self, grace_s: float = 5.0) -> None:
        """Let the writer finish, bounded, and close the file."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(grace_s)
            self._thread = None
        self._database.close()

    def _is_written(self) -> bool:
        """Whether all that was handed over is in the file, now that it was tried once more."""
        if self._inline:
            self._write_again(self._database)
        elif self._thread is not None:
            written = threading.Event()
            self._queue.put(written)
            if not written.wait(_END_WITHIN_S):
                return False
        return not self._unwritten

    def _write_again(self, database: sqlite3.Connection) -> None:
        unwritten = tuple(self._unwritten)
        self._unwritten.clear()
        for run, record in unwritten:
            self._write(database, run, record)

    def _prepare(self) -> None:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA):
            raise UserError(
                Problem(
                    "journal-schema",
                    f"The journal {self.path} is of schema {version}; this tgwizard writes schema {SCHEMA}.",
                    "Another version of tgwizard made it.",
                    "Use that version, or move the file away. It was not changed.",
                    file=True,
                )
            )
        if version == 0:
            with self._database:
                self._database.execute(
                    "CREATE TABLE IF NOT EXISTS record "
                    "(seq INTEGER PRIMARY KEY, run TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL)"
                )
                self._database.execute("CREATE INDEX IF NOT EXISTS by_run ON record (run, kind)")
                self._database.execute(
                    "CREATE TABLE IF NOT EXISTS identity (digest TEXT PRIMARY KEY, text TEXT NOT NULL)"
                )
                text = " ".join((*self.identity.nics, self.identity.address))
                self._database.execute("INSERT OR IGNORE INTO identity VALUES (?, ?)", (self.identity.digest, text))
                self._database.execute(f"PRAGMA user_version={SCHEMA}")
        else:
            check_content(self.path, self._database, FAILOVER_RECORDS.names)
        stored = self._database.execute("SELECT digest FROM identity").fetchone()
        if stored is None or stored[0] != self.identity.digest:
            raise UserError(
                Problem(
                    "journal-of-another-cluster",
                    f"The journal {self.path} belongs to other network interfaces or another address.",
                    "The cluster file was changed, or the journal was copied.",
                    "Use the journal with its own cluster, or move it away. It was not changed.",
                    file=True,
                )
            )

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(query, values).fetchall()
        except SQLITE_ERRORS as error:
            raise UserError(unusable(self.path, error)) from error

    def _record(self, kind: str, data: str) -> Record:
        try:
            return FAILOVER_RECORDS.from_document(kind, parse_json(data))
        except ValueError as error:
            raise UserError(damaged(self.path, error)) from error

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
            self.on_trouble(_trouble(self.path, error))
            return None

    def _write(self, database: sqlite3.Connection, run: str, record: Record) -> None:
        try:
            with database:
                self._insert(database, run, record)
        except SQLITE_ERRORS as error:
            self._unwritten.append((run, record))
            self.on_trouble(_trouble(self.path, error))
            return
        self.on_commit(Durability.WRITTEN)

    @staticmethod
    def _insert(database: sqlite3.Connection, run: str, record: Record) -> None:
        kind, document = FAILOVER_RECORDS.to_document(record)
        data = json.dumps(document, separators=(",", ":"))
        database.execute("INSERT INTO record (run, kind, data) VALUES (?, ?, ?)", (run, kind, data))


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=BUSY_MS / 1000, check_same_thread=False)
    try:
        database.execute("PRAGMA synchronous=NORMAL")
    except SQLITE_ERRORS:
        database.close()
        raise
    return database


def _trouble(path: Path, error: Exception) -> Problem:
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
