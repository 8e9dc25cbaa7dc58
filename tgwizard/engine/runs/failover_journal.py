"""The journal of one cluster: what a run intended, tried and got; recovery reads it (engine/README.md 1.3, 1.5).

``begin`` commits all intents of a run in one transaction before the first write; from then on the run only appends.
Bodies of NICs are kept (they hold no secrets); tokens never come near this module.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from tgwizard.engine.runs.journal import Journal, not_appended, not_written
from tgwizard.engine.runs.records import (
    FAILOVER_RECORDS,
    Record,
    RunEndRecord,
    RunRecord,
    StrategyFallback,
    TrafficMeasured,
    VerdictChanged,
)
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import format_utc
from tgwizard.model.verdict import Verdict


def failover_journal_file(state_dir: Path, identity: ClusterIdentity) -> Path:
    """Where the journal of a cluster's failovers lies, whether it exists or not."""
    return state_dir / f"journal-{identity.digest}.sqlite"


class FailoverJournal(Journal[Record]):
    """Reads and writes the records of one cluster. Open with ``FailoverJournal.open``; close it when done."""

    def __init__(self, path: Path, identity: ClusterIdentity, *, inline: bool = False) -> None:
        """Use ``FailoverJournal.open``."""
        super().__init__(path, FAILOVER_RECORDS, inline=inline)
        self.identity = identity

    @classmethod
    def open(cls, path: Path, identity: ClusterIdentity, *, inline: bool = False) -> FailoverJournal:
        """Open or create the file.

        UserError when it is damaged, of another schema, or another cluster's. The file is kept.
        """
        journal = cls(path, identity, inline=inline)
        journal._open()
        return journal

    def begin(self, run_record: RunRecord) -> None:
        """Commit the intents of a run, all at once, to the disk. JournalError: nothing may be written to Azure."""
        self._commit(
            run_record.run, run_record, lambda path, error: not_written(path, error, "The run was not started")
        )

    def commit(self, record: StrategyFallback) -> None:
        """Write a record to the disk before going on. JournalError: nothing more may be written to Azure."""
        self._commit(record.run, record, not_appended)

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

    def traffic_measured(self, run: str, at: datetime, gap_s: float, *, answered: bool) -> None:
        """Record what a probe on this computer met during a run that has ended."""
        self.append(run, TrafficMeasured(run, format_utc(at), round(gap_s, 3), answered))

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

    def _prepare(self, database: sqlite3.Connection) -> None:
        super()._prepare(database)
        stored = database.execute("SELECT digest FROM identity").fetchone()
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

    def _create_more(self, database: sqlite3.Connection) -> None:
        database.execute("CREATE INDEX IF NOT EXISTS by_run ON record (run, kind)")
        database.execute("CREATE TABLE IF NOT EXISTS identity (digest TEXT PRIMARY KEY, text TEXT NOT NULL)")
        text = " ".join((*self.identity.nics, self.identity.address))
        database.execute("INSERT OR IGNORE INTO identity VALUES (?, ?)", (self.identity.digest, text))
