"""What the journal last knew of a cluster: its newest word about the state, and nothing when it cannot be read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.engine.failover.crash import Kind, crashed_run
from tests.rig import Rig, rig
from tgwizard.engine.history.last_known import last_known
from tgwizard.engine.watch.monitor import Monitor
from tgwizard.lab.latency import Latency


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    return rig(Latency.FAST, state=tmp_path / "state")


def watch(it: Rig) -> str:
    """Read the cluster once, as watching it does; the sentence of the verdict."""
    monitor = Monitor(it.services, it.setup, lambda _event: None)
    with closing(it.services.journal(it.setup)) as journal:
        monitor.journal = journal
        _, verdict = monitor.look()
    return verdict.sentence


def test_that_nothing_is_known_of_a_cluster_that_was_never_watched_here_and_no_journal_is_made(it: Rig) -> None:
    assert last_known(it.services.state_dir, it.setup) is None
    assert not it.services.has_journal(it.setup)


def test_that_the_last_verdict_is_known_with_the_time_it_was_recorded(it: Rig) -> None:
    sentence = watch(it)
    known = last_known(it.services.state_dir, it.setup)
    assert known is not None
    assert known.sentence == sentence
    assert abs((it.services.clock.wall() - known.at).total_seconds()) < 60


def test_that_a_run_since_the_last_verdict_is_what_is_known(it: Rig) -> None:
    watch(it)
    it.fail_over()
    known = last_known(it.services.state_dir, it.setup)
    assert known is not None
    assert known.sentence == f"tg-node-b held {it.setup.address} when a graceful failover ended"


def test_that_a_run_that_did_not_end_is_what_is_known(tmp_path: Path) -> None:
    crashed = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2)
    known = last_known(crashed.services.state_dir, crashed.setup)
    assert known is not None
    assert known.sentence == "A graceful failover to tg-node-b had begun"


def test_that_a_journal_that_cannot_be_read_or_is_another_clusters_tells_nothing_and_is_left_alone(it: Rig) -> None:
    watch(it)
    file = it.services.journal_file(it.setup)
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE identity SET digest = 'another'")
        database.commit()
    assert last_known(it.services.state_dir, it.setup) is None
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA user_version = 99")
    assert last_known(it.services.state_dir, it.setup) is None
    file.write_bytes(b"no journal")
    assert last_known(it.services.state_dir, it.setup) is None
    assert file.read_bytes() == b"no journal"


def test_that_hostile_text_of_a_journal_is_shown_as_plain_text(it: Rig) -> None:
    watch(it)
    file = it.services.journal_file(it.setup)
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE record SET data = replace(data, 'holds', 'holds \\u202e')")
        database.commit()
    known = last_known(it.services.state_dir, it.setup)
    assert known is not None
    assert "\u202e" not in known.sentence
