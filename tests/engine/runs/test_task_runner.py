"""The task runner: calls in parallel, waits shared, dependencies kept; the journal under it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.engine.setup.apply.plans import Applying, answers_for, plan_for
from tests.engine.setup.apply.test_apply import writes
from tests.rig import setup_rig
from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.files import file_lock
from tgwizard.engine.runs.journal import Durability
from tgwizard.engine.runs.records import (
    SETUP_RECORDS,
    ChangeConfirmed,
    SetupRecord,
    SetupRunEndRecord,
    SetupRunRecord,
    WriteAnswer,
    WriteIntended,
    WriteKind,
    WriteReplied,
)
from tgwizard.engine.runs.setup_journal import SetupJournal
from tgwizard.engine.runs.task_runner import Task, TaskBody, TaskEnd, TaskOutcome, TaskRunner, make_call, sleep
from tgwizard.engine.setup.apply import apply_job
from tgwizard.engine.setup.planner import identity_of
from tgwizard.engine.setup.undo import preview_undo, undo_job
from tgwizard.lab.clock import VirtualClock
from tgwizard.model.event_base import Outcome
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_events import ChangeSkipped, SetupEvent

NO = AzureCallError(Problem("no", "No."), Certainty.REFUSED)


def waits(seconds: float, words: str = "done") -> TaskBody[TaskEnd]:
    yield from sleep(seconds)
    return TaskEnd(TaskOutcome.DONE, words)


def fails() -> TaskBody[TaskEnd]:
    try:
        yield from make_call(_refuse)
    except AzureCallError as failure:
        return TaskEnd(TaskOutcome.FAILED, failure.problem.what, failure.problem)
    raise AssertionError


def _refuse() -> None:
    raise NO


def go(pieces: list[Task], clock: VirtualClock, workers: int = 0) -> tuple[dict[str, TaskEnd], list[tuple[str, str]]]:
    left: list[tuple[str, str]] = []
    ends = TaskRunner(clock, CancelToken(), workers).run(pieces, lambda key, why: left.append((key, why)))
    return ends, left


@pytest.mark.parametrize("workers", [0, 4])
def test_that_waits_are_shared_and_what_follows_waits_for_what_it_needs(workers: int) -> None:
    clock = VirtualClock()
    pieces = [
        Task("a", lambda: waits(10)),
        Task("b", lambda: waits(10)),
        Task("c", lambda: waits(5), after=("a", "b")),
    ]
    ends, left = go(pieces, clock, workers)
    assert [end.how for end in ends.values()] == [TaskOutcome.DONE] * 3
    assert clock.monotonic() == pytest.approx(15)
    assert left == []


def test_that_what_follows_a_failure_is_left_unless_it_goes_on_anyway() -> None:
    pieces = [
        Task("a", fails),
        Task("b", lambda: waits(1), after=("a",)),
        Task("c", lambda: waits(1), after=("a",), anyway=True),
        Task("d", lambda: waits(1), after=("not among them",)),
    ]
    ends, left = go(pieces, VirtualClock())
    assert {key: end.how for key, end in ends.items()} == {
        "a": TaskOutcome.FAILED, "b": TaskOutcome.LEFT, "c": TaskOutcome.DONE, "d": TaskOutcome.DONE
    }  # fmt: skip
    assert [key for key, _ in left] == ["b"]


def test_that_calls_really_go_out_at_once() -> None:
    meeting = threading.Barrier(2)

    def meets() -> TaskBody[TaskEnd]:
        yield from make_call(lambda: meeting.wait(30))
        return TaskEnd(TaskOutcome.DONE, "met")

    ends, _ = go([Task("a", meets), Task("b", meets)], VirtualClock(), workers=2)
    assert [end.words for end in ends.values()] == ["met", "met"]


def test_that_a_cancel_wakes_what_waits_and_begins_nothing_new() -> None:
    token, told = CancelToken(), list[bool]()

    def patient() -> TaskBody[TaskEnd]:
        token.cancel()
        told.append((yield from sleep(1000)))
        return TaskEnd(TaskOutcome.LEFT, "stopped")

    ends = TaskRunner(VirtualClock(), token, 0).run(
        [Task("a", patient), Task("b", lambda: waits(1), after=("a",))], lambda _key, _why: None
    )
    assert told == [True]
    assert ends["b"].words == "Cancelled before it was begun."


AT = "2026-01-01T00:00:01.000Z"

RECORDS: tuple[SetupRecord, ...] = (
    SetupRunRecord("r", "2026-01-01T00:00:00.000Z", "apply", ("a", "b")),
    WriteIntended("r", AT, "a", WriteKind.PUT_ROLE, "guid", "q", "Create it", {"name": "it's"}, None),
    WriteReplied("r", AT, "q", WriteAnswer.UNKNOWN, "answer-lost"),
    ChangeConfirmed("r", AT, "a", WriteKind.PUT_ROLE, "guid", 1.5),
    SetupRunEndRecord("r", AT, Outcome.CANCELLED, "Cancelled."),
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_that_a_record_comes_back_as_it_was_written(record: SetupRecord) -> None:
    kind, document = SETUP_RECORDS.to_document(record)
    assert SETUP_RECORDS.from_document(kind, {**document, "later_addition": 1}) == record


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SetupJournal]:
    made = SetupJournal.open(tmp_path / "setup.sqlite")
    yield made
    made.close()


def test_that_a_write_that_azure_refused_is_not_ours_to_undo(journal: SetupJournal) -> None:
    journal.add("r", RECORDS[1])
    assert [item.target for item in journal.made()] == ["guid"]
    journal.add("r", WriteReplied("r", AT, "q", WriteAnswer.REFUSED, "not-allowed"))
    assert journal.made() == ()


def test_that_what_was_there_before_the_first_of_our_writes_is_what_undo_restores(journal: SetupJournal) -> None:
    for number, before in enumerate(({"v": 0}, {"v": 1})):
        sent = {"v": number + 1}
        journal.add(
            "r", WriteIntended("r", AT, "a", WriteKind.PUT_ROLE, "guid", str(number), "Update it", sent, before)
        )
    (made,) = journal.made()
    assert (made.sent, made.before) == ({"v": 2}, {"v": 0})


def test_that_a_record_of_setting_up_is_on_the_disk_when_it_was_added(journal: SetupJournal) -> None:
    told: list[Durability] = []
    statements: list[str] = []
    journal.on_commit = told.append
    journal._database.set_trace_callback(statements.append)
    journal.add("r", RECORDS[0])
    assert told == [Durability.FLUSHED]
    assert statements.index("PRAGMA synchronous=FULL") < statements.index("COMMIT")
    assert journal._database.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"
    with closing(SetupJournal.open(journal.path)) as reader:
        assert reader.records() == (RECORDS[0],)


def test_that_a_damaged_journal_is_told_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "setup.sqlite"
    file.write_bytes(b"no database" * 200)
    with pytest.raises(UserError) as caught:
        SetupJournal.open(file)
    assert caught.value.problem.code == "journal-damaged"
    assert file.read_bytes().startswith(b"no database")


def test_that_a_journal_of_another_version_is_told_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "setup.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA user_version=7")
    database.close()
    with pytest.raises(UserError) as caught:
        SetupJournal.open(file)
    assert caught.value.problem.code == "journal-schema"


def test_that_nothing_is_sent_when_the_journal_cannot_be_written(tmp_path: Path) -> None:
    made = Applying.on(setup_rig(), tmp_path / "setup.sqlite")
    other = sqlite3.connect(tmp_path / "setup.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    finished = made.apply()
    other.close()
    assert finished.outcome is Outcome.FAILED
    assert "journal could not be written" in finished.reason
    assert len(finished.left) == 5
    assert len(made.told(ChangeSkipped)) == 5
    assert writes(made.it) == []
    assert made.apply().outcome is Outcome.DONE
    made.journal.close()


def test_that_a_set_up_and_a_failover_of_one_cluster_exclude_each_other(tmp_path: Path) -> None:
    it = setup_rig(state=tmp_path)
    answers = answers_for(it.group())
    services, events = it.services, list[SetupEvent]()
    busy = Problem("busy", "Busy.")
    with file_lock.hold_lock(tmp_path / f"cluster-{identity_of(answers).digest}.lock", busy):
        finished = apply_job(services, answers, plan_for(it.group()), events.append, CancelToken())
    assert finished.outcome is Outcome.REFUSED
    assert "Another run works on this cluster" in finished.reason
    assert events == [finished]
    assert writes(it) == []
    assert apply_job(services, answers, plan_for(it.group()), events.append, CancelToken()).outcome is Outcome.DONE
    assert len(preview_undo(services, identity_of(answers))) == 4
    undone = undo_job(services, identity_of(answers), events.append, CancelToken(), identities=True)
    assert undone.outcome is Outcome.DONE
