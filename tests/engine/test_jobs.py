"""Jobs: one writer for each cluster, what breaks is told, closing is bounded."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest

from tests.model.seen import ADDRESS, FOREIGN_NIC, SETUP, A, B
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobCrashed, JobRunner, Report
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.failover_events import Event
from tgwizard.model.problem import Cancelled, Problem, UserError

CLUSTER = SETUP.identity
OTHER = ClusterIdentity.of(A.nic, FOREIGN_NIC, ADDRESS)
SOON_S = 60.0
BUSY = Problem("busy", "Busy.")


class Held:
    """Work that goes on until it is let go, whatever is asked of it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self.token: CancelToken | None = None

    def __call__(self, _report: Report, token: CancelToken) -> None:
        self.token = token
        self.begun.set()
        self.let_go.wait(SOON_S)


@pytest.fixture
def held() -> Iterator[Held]:
    work = Held()
    yield work
    work.let_go.set()


def polite(_report: Report, token: CancelToken) -> None:
    """Work that stops when asked."""
    token.wait(SOON_S)
    token.check()


def left(runner: JobRunner) -> list[Event | JobCrashed]:
    found: list[Event | JobCrashed] = []
    while True:
        try:
            found.append(runner.events.get_nowait())
        except queue.Empty:
            return found


def test_that_a_cluster_has_one_writing_job_and_watching_goes_on_beside_it(held: Held) -> None:
    runner = JobRunner()
    writer = runner.start("failover", held, writes=CLUSTER)
    watcher = runner.start("watch", polite)
    elsewhere = runner.start("failover", polite, writes=OTHER)
    with pytest.raises(UserError) as caught:
        runner.start("resume", polite, writes=ClusterIdentity.of(B.nic, A.nic, ADDRESS))
    assert caught.value.problem.code == "run-in-progress"
    assert runner.writing(CLUSTER) is writer
    assert set(runner.writers()) == {writer, elsewhere}
    assert watcher.running
    held.let_go.set()
    assert runner.close(SOON_S) == ()


def test_that_the_next_writer_may_start_when_the_first_has_ended(held: Held) -> None:
    runner = JobRunner()
    held.let_go.set()
    runner.start("failover", held, writes=CLUSTER).thread.join(SOON_S)
    assert runner.writing(CLUSTER) is None
    assert runner.writers() == ()
    runner.start("failover", held, writes=CLUSTER).thread.join(SOON_S)
    assert left(runner) == []


@pytest.mark.parametrize(
    "error", [ValueError("inside"), SystemExit(3), UserError()], ids=lambda error: type(error).__name__
)
def test_that_an_error_of_a_job_is_told_once_and_frees_its_cluster(error: BaseException) -> None:
    runner = JobRunner()

    def work(_report: Report, _token: CancelToken) -> None:
        raise error

    job = runner.start("failover", work, writes=CLUSTER)
    job.thread.join(SOON_S)
    assert left(runner) == [JobCrashed(job.id, "failover", error)]
    assert runner.writing(CLUSTER) is None


def test_that_a_cancelled_job_ends_without_a_word() -> None:
    runner = JobRunner()
    job = runner.start("watch", polite)
    job.cancel()
    job.thread.join(SOON_S)
    assert not job.running
    assert left(runner) == []


def test_that_closing_cancels_everything_and_starts_nothing_more() -> None:
    runner = JobRunner()
    jobs = [runner.start(f"watch-{number}", polite) for number in range(3)]
    assert runner.close(SOON_S) == ()
    assert not any(job.running for job in jobs)
    with pytest.raises(UserError) as caught:
        runner.start("late", polite)
    assert caught.value.problem.code == "closing"


def test_that_closing_does_not_wait_for_ever_and_names_who_still_runs(held: Held) -> None:
    runner = JobRunner()
    stubborn = runner.start("failover", held, writes=CLUSTER)
    assert held.begun.wait(SOON_S)
    assert runner.close(0.01) == (stubborn,)
    assert held.token is not None
    assert held.token.is_cancelled
    held.let_go.set()
    stubborn.thread.join(SOON_S)


def test_that_a_cancel_wakes_a_sleeper_and_raises_only_when_asked() -> None:
    token = CancelToken()
    token.check()
    assert not token.wait(0)
    threading.Timer(0.01, token.cancel).start()
    assert token.wait(SOON_S)
    with pytest.raises(Cancelled):
        token.check()


def test_that_closing_waits_for_what_is_written_and_not_for_what_reads(held: Held) -> None:
    runner, reading = JobRunner(), Held()
    runner.start("write", held, writes=CLUSTER)
    slow = runner.start("read", reading)
    assert held.begun.wait(SOON_S)
    assert reading.begun.wait(SOON_S)

    def end_when_asked() -> None:
        assert held.token is not None
        held.token.wait(SOON_S)
        held.let_go.set()

    threading.Thread(target=end_when_asked).start()
    assert runner.close(0.01, SOON_S) == (slow,)
    assert runner.writers() == ()
    reading.let_go.set()
    slow.thread.join(SOON_S)


def test_that_what_is_written_is_asked_to_stop_and_nothing_more_is_begun_that_writes(held: Held) -> None:
    runner = JobRunner()
    job = runner.start("write", held, writes=CLUSTER)
    assert held.begun.wait(SOON_S)
    runner.stop_writing()
    assert job.token.is_cancelled
    with pytest.raises(UserError) as refused:
        runner.start("write", polite, writes=OTHER)
    assert refused.value.problem.code == "closing"
    reading = runner.start("read", polite)
    assert not reading.token.is_cancelled
    held.let_go.set()
    assert runner.close(SOON_S) == ()
