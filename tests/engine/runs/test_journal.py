"""The journal: durable before the first write, out of the way afterwards, never a file that is not ours."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.model.seen import SETUP
from tests.rig import inline_journal, rig
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.journal import SCHEMA, Durability, JournalError
from tgwizard.engine.runs.records import RunEndRecord, RunRecord, VerdictChanged, WriteAttempted
from tgwizard.model.cluster import ClusterIdentity, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Step
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.verdict import Verdict, VerdictName

SOON_S = 60.0
OTHER = ClusterIdentity(("x", "y"), "10.0.0.9")


AT = "2026-03-02T09:00:08.000Z"


def began(run: str = "run1", *, big: int = 0) -> RunRecord:
    body = {"properties": {"ipConfigurations": []}, "filler": "x" * big}
    return RunRecord(
        run,
        "2026-03-02T09:00:00.000Z",
        "edge-dallas",
        Verb.GRACEFUL,
        "tg-node-b",
        "tg-node-a",
        "10.20.2.50",
        SETUP.identity.nics,
        (Step.DETACH, Step.ATTACH, Step.PUT_BACK),
        {"name": "tg-floating"},
        body,
        body,
        "request",
    )


def ended(run: str, at: str = AT) -> RunEndRecord:
    return RunEndRecord(run, at, Outcome.DONE, "tg-node-b", "done", Verb.GRACEFUL, "tg-node-b")


def attempted(run: str = "run1", request: str = "r") -> WriteAttempted:
    return WriteAttempted(run, AT, Step.DETACH, "tg-node-a", request, "etag")


@contextmanager
def opened(path: Path, identity: ClusterIdentity = SETUP.identity) -> Iterator[FailoverJournal]:
    with closing(FailoverJournal.open(path, identity)) as journal:
        yield journal


@contextmanager
def other_program_writes(path: Path) -> Iterator[None]:
    """Another program holds the file for itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


def test_that_a_beginning_is_on_the_disk_when_begin_returns(path: Path) -> None:
    told: list[Durability] = []
    statements: list[str] = []
    with opened(path) as journal:
        journal.on_commit = told.append
        journal._database.set_trace_callback(statements.append)
        journal.begin(began())
        assert told == [Durability.FLUSHED]
        assert journal._database.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"
        assert not path.with_name(f"{path.name}-journal").exists(), "the transaction is closed"
        with opened(path) as reader:
            assert reader.unfinished() == began()
    assert statements.index("PRAGMA synchronous=FULL") < statements.index("COMMIT")


def test_that_a_beginning_that_cannot_be_written_is_an_error_and_leaves_no_trace(path: Path) -> None:
    with opened(path) as journal:
        with other_program_writes(path), pytest.raises(JournalError) as caught:
            journal.begin(began())
        assert caught.value.problem.code == "journal-not-written"
        assert "Nothing was written to Azure." in caught.value.problem.fix
        assert journal.unfinished() is None


def test_that_lines_are_added_by_a_thread_of_the_journals_own(path: Path) -> None:
    threads: list[int] = []
    with opened(path) as journal:
        journal.on_commit = lambda _: threads.append(threading.get_ident())
        journal.append("run1", attempted())
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()
    with opened(path) as journal:
        assert journal.records("run1") == (attempted(),)


def test_that_adding_never_waits_for_the_file_and_trouble_is_told_and_not_raised(path: Path) -> None:
    troubles: list[Problem] = []
    came = threading.Event()

    def trouble(problem: Problem) -> None:
        troubles.append(problem)
        came.set()

    with opened(path) as journal:
        journal.on_trouble = trouble
        with other_program_writes(path):
            journal.append("run1", attempted(request="lost"))
            assert came.wait(SOON_S)
        journal.append("run1", attempted(request="kept"))
    assert [problem.code for problem in troubles] == ["journal-append-failed"]
    with opened(path) as journal:
        assert journal.records("run1") == (attempted(request="kept"),)


def test_that_closing_writes_what_is_left(path: Path) -> None:
    with opened(path) as journal:
        for number in range(200):
            journal.append("run1", attempted(request=str(number)))
    with opened(path) as journal:
        assert [record.request for record in journal.records("run1") if isinstance(record, WriteAttempted)] == [
            str(number) for number in range(200)
        ]


def test_that_closing_does_not_wait_for_ever(path: Path) -> None:
    told = threading.Event()
    journal = FailoverJournal.open(path, SETUP.identity)
    journal.on_trouble = lambda _: told.set()
    with other_program_writes(path):
        journal.append("run1", attempted())
        journal.close(grace_s=0.0)
        assert not told.is_set(), "it closed before the writer gave up"
        assert told.wait(SOON_S)


def test_that_a_lost_folder_is_told_by_the_writer_and_the_run_goes_on(path: Path) -> None:
    told = threading.Event()
    journal = FailoverJournal.open(path, SETUP.identity)
    journal.on_trouble = lambda _: told.set()
    path.unlink()
    path.parent.rmdir()
    journal.append("run1", attempted())
    assert told.wait(SOON_S)
    journal.close()


@pytest.mark.parametrize("version", [SCHEMA + 1, 99, -1])
def test_that_another_schema_is_refused_and_the_file_kept(path: Path, version: int) -> None:
    with opened(path) as journal:
        journal.begin(began())
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version={version}")
    before = path.read_bytes()
    with pytest.raises(UserError) as caught:
        FailoverJournal.open(path, SETUP.identity)
    assert caught.value.problem.code == "journal-schema"
    assert str(version) in caught.value.problem.what
    assert path.read_bytes() == before


def test_that_the_journal_of_another_cluster_is_refused_and_kept(path: Path) -> None:
    with opened(path) as journal:
        journal.begin(began())
    before = path.read_bytes()
    with pytest.raises(UserError) as caught:
        FailoverJournal.open(path, OTHER)
    assert caught.value.problem.code == "journal-of-another-cluster"
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_that_a_file_that_is_no_journal_is_refused_and_kept(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        FailoverJournal.open(path, SETUP.identity)
    assert caught.value.problem.code == "journal-damaged"
    assert path.read_bytes() == content


def test_that_a_journal_damaged_further_in_is_named_before_anything_is_written() -> None:
    made = rig()
    file = made.services.journal_file(made.setup)
    with closing(inline_journal(file, made.setup.identity)) as journal:
        for number in range(20):
            journal.begin(began(f"run{number}", big=3000))
            journal.end(ended(f"run{number}"))
    content = bytearray(file.read_bytes())
    half = len(content) // 2
    content[half:] = b"\xff" * (len(content) - half)
    file.write_bytes(content)
    finished = made.fail_over()
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "journal-damaged"
    assert made.puts() == []
    assert file.read_bytes() == content


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"run": 1}'])
def test_that_a_line_that_makes_no_sense_is_damage_and_is_named(path: Path, line: str) -> None:
    with opened(path) as journal:
        journal.begin(began())
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE record SET data = ?", (line,))
    with opened(path) as journal:
        for read in (journal.unfinished, journal.latest, lambda: journal.records("run1")):
            with pytest.raises(UserError) as caught:
                read()
            assert caught.value.problem.code == "journal-damaged"


def test_that_a_run_without_an_end_is_unfinished_until_it_ends_or_another_overtakes_it(path: Path) -> None:
    with closing(inline_journal(path, SETUP.identity)) as journal:
        assert journal.unfinished() is None
        journal.begin(began("run1"))
        assert journal.unfinished() == began("run1")
        journal.begin(began("run2"))
        assert journal.unfinished() == began("run2")
        journal.end(ended("run2"))
        assert journal.unfinished() is None


FIRST, SECOND = "2026-03-02T09:00:09.000Z", "2026-03-02T09:00:10.000Z"


def test_that_the_timeline_is_newest_first_and_bounded(path: Path) -> None:
    with closing(inline_journal(path, SETUP.identity)) as journal:
        journal.verdict_changed(datetime(2026, 3, 2, 9, tzinfo=UTC), Verdict(VerdictName.IN_SYNC, "In sync"))
        journal.begin(began("run1"))
        journal.append("run1", attempted())
        journal.end(ended("run1", FIRST))
        journal.end(ended("run2", SECOND))
        changed = VerdictChanged("2026-03-02T09:00:00.000Z", "in_sync", "In sync")
        assert journal.latest() == (ended("run2", SECOND), ended("run1", FIRST), began("run1"), changed)
        assert journal.latest(1) == (ended("run2", SECOND),)
        assert journal.ends(1) == (ended("run2", SECOND),)
        assert journal.records("run1") == (began("run1"), attempted(), ended("run1", FIRST))


def test_that_two_programs_may_create_and_fill_one_journal_at_once(path: Path) -> None:
    start = threading.Barrier(4)
    troubles: list[Problem] = []

    def program(name: str) -> None:
        start.wait(SOON_S)
        with opened(path) as journal:
            journal.on_trouble = troubles.append
            for number in range(20):
                journal.append(name, attempted(name, str(number)))

    programs = [threading.Thread(target=program, args=(f"run{number}",)) for number in range(4)]
    for thread in programs:
        thread.start()
    for thread in programs:
        thread.join(SOON_S)
    assert troubles == []
    with opened(path) as journal:
        assert [len(journal.records(f"run{number}")) for number in range(4)] == [20] * 4


def damage_of(path: Path) -> str:
    def read_all() -> None:
        with opened(path) as journal:
            for run in journal.runs():
                journal.records(run)

    with pytest.raises(UserError) as caught:
        read_all()
    return caught.value.problem.code


def full_journal(path: Path) -> None:
    with closing(inline_journal(path, SETUP.identity)) as journal:
        for number in range(20):
            journal.begin(began(f"run{number}", big=3000))
            journal.append(f"run{number}", attempted(f"run{number}"))
            journal.end(ended(f"run{number}"))


def test_that_a_journal_whose_pages_were_damaged_is_never_read_as_one_without_runs(path: Path) -> None:
    full_journal(path)
    whole = path.read_bytes()
    page = 4096
    for number in range(1, len(whole) // page):
        damaged = bytearray(whole)
        damaged[number * page : number * page + 64] = bytes(64)
        path.write_bytes(damaged)
        assert damage_of(path) == "journal-damaged", f"page {number}"
        assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE record SET kind = 'cegan' WHERE kind = 'began'",
        "UPDATE record SET data = 5 WHERE seq = 1; UPDATE record SET data = x'00' WHERE seq = 1",
        "UPDATE record SET kind = x'626567616e'",
    ],
)
def test_that_a_record_that_would_be_overlooked_is_damage(path: Path, change: str) -> None:
    full_journal(path)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(change)
    assert damage_of(path) == "journal-damaged"


def test_that_a_journal_in_use_by_another_program_is_said_to_be_so_and_not_to_be_moved_away(path: Path) -> None:
    full_journal(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UserError) as caught:
            FailoverJournal.open(path, SETUP.identity)
    assert caught.value.problem.code == "journal-busy"
    assert "Move" not in caught.value.problem.fix


def test_that_a_journal_that_may_not_be_opened_is_said_to_be_so(path: Path) -> None:
    path.mkdir(parents=True)  # what cannot be opened for writing, whoever asks
    with pytest.raises(UserError) as caught:
        FailoverJournal.open(path, SETUP.identity)
    assert caught.value.problem.code == "journal-not-opened"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_that_a_journal_is_its_owners_alone_also_one_that_was_open_to_others(path: Path) -> None:
    before = os.umask(0)
    try:
        FailoverJournal.open(path, SETUP.identity).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o644)
        FailoverJournal.open(path, SETUP.identity).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_that_what_could_not_be_written_is_tried_again_at_the_end_and_else_told(path: Path) -> None:
    troubles: list[Problem] = []
    with opened(path) as journal:
        journal.on_trouble = troubles.append
        journal.begin(began())
        with other_program_writes(path):
            journal.append("run1", attempted())
            left = journal.end(ended("run1"))
            assert "called interrupted" in left[0]
            assert "tgwizard resume" in left[0]
        assert journal.end(ended("run1")) == ()
    assert troubles
    with opened(path) as journal:
        assert journal.unfinished() is None
        assert attempted() in journal.records("run1")
