"""The journal of setting up a cluster: SQLite, one file per cluster identity, every record on the disk at once.

With it, the journals of the same two interfaces under other addresses, and a job under the cluster's lock with its
journal open.
"""

from __future__ import annotations

import contextlib
import heapq
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from pathlib import Path

from tgwizard.engine.jobs import Report
from tgwizard.engine.runs.cluster_lock import under_cluster_lock
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.journal import Journal, not_written
from tgwizard.engine.runs.records import (
    SETUP_RECORDS,
    UNDOES,
    ChangeConfirmed,
    SetupRecord,
    SetupRunRecord,
    WriteAnswer,
    WriteIntended,
    WriteKind,
    WriteReplied,
    undo_key,
)
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.event_base import Outcome, Stamp
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.run_origin import RunOrigin
from tgwizard.model.setup_events import SetupEvent, SetupFinished


def setup_journal_file(state_dir: Path, identity: ClusterIdentity) -> Path:
    """Where the journal of setting up this cluster lies, whether it exists or not."""
    return state_dir / f"setup-{identity.digest}.sqlite"


class SetupJournal(Journal[SetupRecord]):
    """Reads and writes the records. Open with ``SetupJournal.open``; close it when done. One thread uses it.

    ``identity``: whose it is. ``others``: journals of the same two interfaces under other addresses, read along when it
    is asked what was made; `open_pair_journal` finds them. ``origin``: who works with it now, for what is begun.
    """

    def __init__(self, path: Path, identity: ClusterIdentity | None = None) -> None:
        """Use ``SetupJournal.open``."""
        super().__init__(path, SETUP_RECORDS)
        self.identity = identity
        self.others: tuple[SetupJournal, ...] = ()
        self.origin: RunOrigin | None = None

    @classmethod
    def open(cls, path: Path, identity: ClusterIdentity | None = None) -> SetupJournal:
        """Open or create the file. UserError when it is damaged or of another schema; the file is kept."""
        journal = cls(path, identity)
        journal._open()
        return journal

    def add(self, run: str, record: SetupRecord) -> None:
        """Put a record on the disk. JournalError: it is not there, so nothing may be written to Azure for it."""
        self._commit(run, record, lambda path, error: not_written(path, error, "The change was not sent"))

    def records(self) -> tuple[SetupRecord, ...]:
        """Everything, oldest first. UserError when the file is damaged."""
        rows = self._rows("SELECT kind, data FROM record ORDER BY seq")
        return tuple(self._record(kind, data) for kind, data in rows)

    def made(self) -> tuple[WriteIntended, ...]:
        """What was written by us and not taken back, each thing once, in the order in which it was first written.

        ``sent`` is what was written last, ``before`` what was there before the first of our writes.
        """
        found: dict[str, WriteIntended] = {}
        records = list(heapq.merge(*(_timed(one.records()) for one in (self, *self.others)), key=itemgetter(0)))
        never = {
            item.request
            for _, item in records
            if isinstance(item, WriteReplied) and item.answer in (WriteAnswer.REFUSED, WriteAnswer.NOT_SENT)
        }
        for _, record in records:
            if isinstance(record, WriteIntended) and record.request in never:
                continue
            if isinstance(record, WriteIntended) and record.deed not in UNDOES:
                key = undo_key(record)
                first = found.get(key)
                found[key] = record if first is None else _together(first, record)
            elif isinstance(record, ChangeConfirmed) and record.deed in UNDOES:
                found.pop(record.key, None)
        return tuple(found.values())

    def restarts(self) -> dict[str, datetime]:
        """When tgwizard last restarted each machine, by lower-case id: when it was seen to be back."""
        return self._confirmed(WriteKind.RESTART)

    def assigned(self) -> dict[str, datetime]:
        """When each assignment of ours was read back, by lower-case id; by this computer's clock, like restarts."""
        return self._confirmed(WriteKind.ASSIGN)

    def _confirmed(self, deed: WriteKind) -> dict[str, datetime]:
        return {
            record.target.lower(): datetime.fromisoformat(record.at)
            for record in self.records()
            if isinstance(record, ChangeConfirmed) and record.deed is deed
        }

    def close(self, grace_s: float = 5.0) -> None:
        """Close the file, and those that are read along."""
        for one in self.others:
            one.close(grace_s)
        super().close(grace_s)


def _timed(records: Iterable[SetupRecord]) -> Iterator[tuple[str, SetupRecord]]:
    """The records with a time that never goes back, as the clock of a computer may have done."""
    latest = ""
    for record in records:
        latest = max(latest, record.at)
        yield latest, record


def _together(first: WriteIntended, last: WriteIntended) -> WriteIntended:
    return WriteIntended(
        last.run, last.at, last.key, last.deed, first.target, last.request, first.sentence, last.sent, first.before
    )


_log = logging.getLogger(__name__)


def pair_identities(state_dir: Path, identity: ClusterIdentity) -> tuple[ClusterIdentity, ...]:
    """The identities of the same two interfaces that have a journal here under another address, in a fixed order."""
    own = setup_journal_file(state_dir, identity)
    found = (_whose(file) for file in sorted(state_dir.glob("setup-*.sqlite")) if file != own)
    return tuple(one for one in found if one is not None and one.nics == identity.nics)


@contextlib.contextmanager
def open_pair_journal(state_dir: Path, identity: ClusterIdentity) -> Iterator[SetupJournal]:
    """The identity's journal with the others of its interfaces read along. UserError when one cannot be used."""
    with contextlib.closing(SetupJournal.open(setup_journal_file(state_dir, identity), identity)) as journal:
        for one in pair_identities(state_dir, identity):
            journal.others += (SetupJournal.open(setup_journal_file(state_dir, one), one),)
        yield journal


def _whose(file: Path) -> ClusterIdentity | None:
    """Whose journal a file is; None when nothing was begun in it, or when it cannot be read."""
    try:
        with contextlib.closing(SetupJournal.open(file)) as journal:
            began = next((item for item in journal.records() if isinstance(item, SetupRunRecord)), None)
    except UserError as error:
        _log.warning("a journal was left out: %s", error.problem.sentence())
        return None
    if began is None or len(began.nics) != 2:
        return None
    return ClusterIdentity((began.nics[0], began.nics[1]), began.address)


@contextlib.contextmanager
def open_setup_journal(services: Services, identity: ClusterIdentity) -> Iterator[SetupJournal]:
    """The journal of setting up this cluster, closed at the end. UserError when it cannot be used."""
    file = setup_journal_file(services.state_dir, identity)
    with contextlib.closing(SetupJournal.open(file, identity)) as journal:
        yield journal


def locked_job(
    services: Services,
    identity: ClusterIdentity,
    job: str,
    report: Report[SetupEvent],
    body: Callable[[SetupJournal], SetupFinished],
    others: tuple[ClusterIdentity, ...] = (),
) -> SetupFinished:
    """Do ``body(journal)`` while no other job works on the cluster; what stands in the way becomes a refusal.

    ``others``: identities whose journals are read along, and which nobody else may work on meanwhile.
    """

    def refuse(problem: Problem) -> SetupFinished:
        stamp = Stamp(services.clock.wall(), services.clock.monotonic())
        finished = SetupFinished(stamp, job, Outcome.REFUSED, problem.sentence(), problem=problem)
        report(finished)
        return finished

    def work(journal: SetupJournal) -> SetupFinished:
        journal.origin = services.origin()
        return body(journal)

    opened = open_pair_journal(services.state_dir, identity) if others else open_setup_journal(services, identity)
    return under_cluster_lock(services, (identity, *others), opened, work, refuse)
