"""What was set up, undone, restarted and started before, out of the journals of setting up.

Read only, and no journal is made by looking. A job without an end is one that was interrupted, or is still under way.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import (
    ChangeConfirmed,
    SetupRecord,
    SetupRunEndRecord,
    SetupRunRecord,
    WriteAnswer,
    WriteIntended,
    WriteReplied,
)
from tgwizard.engine.runs.setup_journal import SetupJournal, setup_journal_file
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.problem import UserError
from tgwizard.model.text import counted, sanitize

_log = logging.getLogger(__name__)

_VERBS = {"apply": "Set-up", "undo": "Undo", "restart": "Restart", "start": "Start"}


@dataclass(frozen=True, slots=True)
class JournalledChange:
    """One write of a job. ``answer`` None: the program ended before one came; ``problem``: what it said, if no success.

    ``seconds``: until it was read back as done.
    """

    sentence: str
    at: str
    request: str
    answer: WriteAnswer | None
    problem: str
    seconds: float | None

    @property
    def outcome(self) -> str:
        """What became of it, in words."""
        if self.seconds is not None:
            return "done"
        words = {WriteAnswer.REFUSED: "refused", WriteAnswer.NOT_SENT: "not sent", WriteAnswer.ACCEPTED: "accepted"}
        return words.get(self.answer, "answer lost") if self.answer else "no answer recorded"


@dataclass(frozen=True, slots=True)
class SetupRun:
    """One job of setting up, as its journal tells it."""

    began: SetupRunRecord
    changes: tuple[JournalledChange, ...]
    ended: SetupRunEndRecord | None

    @property
    def done(self) -> int:
        """How many of its writes were read back as done."""
        return sum(1 for change in self.changes if change.seconds is not None)

    @property
    def verb(self) -> str:
        """What the job was, in a word."""
        return _VERBS.get(self.began.job, sanitize(self.began.job, 40))

    @property
    def sets_up(self) -> bool:
        """Whether it wrote or took back a set-up, and did not only restart or start a machine."""
        return self.began.job in {"apply", "undo"}

    @property
    def title(self) -> str:
        """What the job was, and how much it wrote."""
        if self.began.job in {"restart", "start"}:
            return sanitize(self.changes[0].sentence, 160) if self.changes else self.verb
        what = "Undo of the set-up" if self.began.job == "undo" else self.verb
        of = f" of {sanitize(self.began.address, 60)}" if self.began.address else ""
        return f"{what}{of}: {counted(self.done, 'change')} made" if self.changes else f"{what}{of}: nothing written"


def setup_runs(records: Iterable[SetupRecord]) -> tuple[SetupRun, ...]:
    """The jobs that these records tell of, newest first."""
    began: dict[str, SetupRunRecord] = {}
    ended: dict[str, SetupRunEndRecord] = {}
    intended: dict[str, list[WriteIntended]] = {}
    replies: dict[str, WriteReplied] = {}
    confirmed: dict[tuple[str, str], float] = {}
    for record in records:
        match record:
            case SetupRunRecord():
                began[record.run] = record
            case SetupRunEndRecord():
                ended[record.run] = record
            case WriteIntended():
                intended.setdefault(record.run, []).append(record)
            case WriteReplied():
                replies[record.request] = record
            case ChangeConfirmed():
                confirmed[record.run, record.key] = record.seconds
    found = (
        SetupRun(first, _changes(intended.get(run, []), replies, confirmed), ended.get(run))
        for run, first in began.items()
    )
    return tuple(reversed(tuple(found)))


def _changes(
    intended: list[WriteIntended], replies: dict[str, WriteReplied], confirmed: dict[tuple[str, str], float]
) -> tuple[JournalledChange, ...]:
    """Each change once, as it was sent last: one that Azure asked to repeat is still one change."""
    last = {item.key: item for item in intended}
    return tuple(
        JournalledChange(
            sanitize(item.sentence),
            item.at,
            item.request,
            reply.answer if (reply := replies.get(item.request)) is not None else None,
            sanitize(reply.problem) if reply is not None else "",
            confirmed.get((item.run, item.key)),
        )
        for item in last.values()
    )


def cluster_setup_runs(services: Services, identity: ClusterIdentity, limit: int) -> tuple[SetupRun, ...]:
    """The latest jobs of setting up this cluster, newest first. UserError when its journal cannot be used."""
    file = setup_journal_file(services.state_dir, identity)
    if not file.exists():
        return ()
    with contextlib.closing(SetupJournal.open(file, identity)) as journal:
        return setup_runs(journal.records())[:limit]


def unsaved_setup_runs(services: Services, saved: Iterable[ClusterIdentity], limit: int) -> tuple[SetupRun, ...]:
    """The jobs of clusters of which no file is kept here: never finished, undone, or removed since. Newest first.

    A journal that cannot be read is left out, and the log says so: nobody knows whose it is.
    """
    known = {setup_journal_file(services.state_dir, identity) for identity in saved}
    found: list[SetupRun] = []
    for file in sorted(services.state_dir.glob("setup-*.sqlite")):
        if file in known:
            continue
        try:
            with contextlib.closing(SetupJournal.open(file)) as journal:
                found += setup_runs(journal.records())
        except UserError as error:
            _log.warning("a journal was left out: %s", error.problem.sentence())
    found.sort(key=lambda run: run.began.at, reverse=True)
    return tuple(found[:limit])
