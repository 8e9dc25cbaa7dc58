"""What the journal on this computer last knew of a cluster: shown until Azure was read, and never as fresh."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tgwizard.engine.json_codec import parse_json
from tgwizard.engine.runs.failover_journal import failover_journal_file
from tgwizard.engine.runs.journal import looking_into
from tgwizard.engine.runs.records import FAILOVER_RECORDS, Record, RunEndRecord, RunRecord, VerdictChanged
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.text import sanitize


@dataclass(frozen=True, slots=True)
class LastKnown:
    """One sentence, and when it was recorded."""

    sentence: str
    at: datetime


def last_known(state_dir: Path, setup: ClusterSetup) -> LastKnown | None:
    """The newest that the journal says of the cluster's state; None when it says nothing.

    So with a journal that cannot be read: whoever opens it to write tells what is wrong with it.
    """
    path = failover_journal_file(state_dir, setup.identity)
    with (
        contextlib.suppress(sqlite3.Error, UnicodeDecodeError, ValueError, OSError),
        looking_into(path) as database,
    ):
        owner = database.execute("SELECT digest FROM identity").fetchone()
        rows = database.execute(
            "SELECT kind, data FROM record WHERE kind IN ('began', 'ended', 'verdict_changed') "
            "ORDER BY seq DESC LIMIT 1"
        ).fetchall()
        if owner == (setup.identity.digest,):
            return last_known_in((FAILOVER_RECORDS.from_document(kind, parse_json(data)) for kind, data in rows), setup)
    return None


def last_known_in(records: Iterable[Record], setup: ClusterSetup) -> LastKnown | None:
    """The same from records that were read already, newest first."""
    return next((known for record in records if (known := _known(record, setup)) is not None), None)


def _known(record: Record, setup: ClusterSetup) -> LastKnown | None:
    match record:
        case VerdictChanged():
            sentence = record.sentence
        case RunEndRecord(holder=""):
            sentence = f"No interface was seen to hold {setup.address} when a {record.verb.value} failover ended"
        case RunEndRecord():
            sentence = f"{record.holder} held {setup.address} when a {record.verb.value} failover ended"
        case RunRecord():
            sentence = f"A {record.verb.value} failover to {record.to} had begun"
        case _:
            return None
    at = datetime.fromisoformat(record.at)
    return None if at.tzinfo is None else LastKnown(sanitize(sentence), at)
