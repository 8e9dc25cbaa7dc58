"""Jobs: one writer for each cluster, what breaks is told, closing is bounded."""

from __future__ import annotations

import contextlib
import gc
import queue
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from tests.model.seen import ADDRESS, FOREIGN_NIC, SETUP, A, B
from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import BROKE, STOPPED, Job, JobCrashed, JobGroup, JobQueue, Report, _Message
from tgwizard.model.cluster import ClusterIdentity
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

    def __call__(self, _report: Report[object], token: CancelToken) -> None:
        self.token = token
        self.begun.set()
        self.let_go.wait(SOON_S)


@pytest.fixture
def held() -> Iterator[Held]:
    work = Held()
    yield work
    work.let_go.set()


def polite(_report: Report[object], token: CancelToken) -> None:
    """Work that stops when asked."""
    token.wait(SOON_S)
    token.check()


def left(runner: JobQueue) -> list[object]:
    """Deliver all that is on the queue; what others hear of it."""
    found: list[object] = []
    while True:
        try:
            heard = runner.deliver()
        except queue.Empty:
            return found
        if heard is not None:
            found.append(heard)


class Listening:
    """Hears of jobs, and in which thread."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.threads: set[int] = set()

    def __call__(self, value: object) -> None:
        self.told.append(value)
        self.threads.add(threading.get_ident())


def test_that_a_cluster_has_one_writing_job_and_watching_goes_on_beside_it(held: Held) -> None:
    runner = JobQueue()
    writer = runner.start("failover", held, writes=CLUSTER)
    watcher = runner.start("watch", polite)
    elsewhere = runner.start("failover", polite, writes=OTHER)
    with pytest.raises(UserError) as caught:
        runner.start("resume", polite, writes=ClusterIdentity.of(B.nic, A.nic, ADDRESS))
    assert caught.value.problem.code == "run-in-progress"
    assert set(runner.writers()) == {writer, elsewhere}
    assert watcher.running
    held.let_go.set()
    assert runner.close(SOON_S) == ()


def test_that_the_next_writer_may_start_when_the_first_has_ended(held: Held) -> None:
    runner = JobQueue()
    held.let_go.set()
    runner.start("failover", held, writes=CLUSTER).thread.join(SOON_S)
    assert runner.writers() == ()
    runner.start("failover", held, writes=CLUSTER).thread.join(SOON_S)
    assert left(runner) == []


@pytest.mark.parametrize(
    "error", [ValueError("inside"), SystemExit(3), UserError(BUSY)], ids=lambda error: type(error).__name__
)
def test_that_an_error_of_a_job_is_told_once_and_frees_its_cluster(error: BaseException) -> None:
    runner = JobQueue()

    def work(_report: Report[object], _token: CancelToken) -> None:
        raise error

    job = runner.start("failover", work, writes=CLUSTER)
    job.thread.join(SOON_S)
    assert left(runner) == [JobCrashed(job.id, "failover", error)]
    assert runner.writers() == ()


def test_that_a_cancelled_job_ends_without_a_word() -> None:
    runner = JobQueue()
    job = runner.start("watch", polite)
    job.cancel()
    job.thread.join(SOON_S)
    assert not job.running
    assert left(runner) == []


def test_that_closing_cancels_everything_and_starts_nothing_more() -> None:
    runner = JobQueue()
    jobs = [runner.start(f"watch-{number}", polite) for number in range(3)]
    assert runner.close(SOON_S) == ()
    assert not any(job.running for job in jobs)
    with pytest.raises(UserError) as caught:
        runner.start("late", polite)
    assert caught.value.problem.code == "closing"


def test_that_closing_does_not_wait_for_ever_and_names_who_still_runs(held: Held) -> None:
    runner = JobQueue()
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
    runner, reading = JobQueue(), Held()
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
    runner = JobQueue()
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


def counting(report: Report[int], _token: CancelToken) -> str:
    """Work that says 0, 1 and 2, and ends with a word."""
    for number in range(3):
        report(number)
    return "done"


def test_that_a_job_is_heard_in_order_in_the_thread_that_delivers() -> None:
    runner, heard, done = JobQueue(), Listening(), Listening()
    job = runner.start("count", counting, heard=heard, done=done)
    job.thread.join(SOON_S)
    assert heard.told == []
    assert runner.is_open(job)
    assert left(runner) == [0, 1, 2]
    assert (heard.told, done.told) == ([0, 1, 2], ["done"])
    assert heard.threads == done.threads == {threading.get_ident()}
    assert not runner.is_open(job)
    assert job.end is not None
    assert job.end.result() == "done"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UserError(BUSY), BUSY),
        (AzureCallError(BUSY, Certainty.REFUSED), BUSY),
        (Cancelled(), STOPPED),
        (ValueError(), BROKE),
    ],
    ids=["refused", "by Azure", "stopped", "broken"],
)
def test_that_whoever_started_a_job_is_told_why_it_has_no_result(error: BaseException, told: Problem) -> None:
    runner, failed = JobQueue(), Listening()

    def work(_report: Report[object], _token: CancelToken) -> None:
        raise error

    job = runner.start("read", work, failed=failed)
    job.thread.join(SOON_S)
    others = left(runner)
    assert failed.told == [told]
    assert others == ([JobCrashed(job.id, "read", error)] if told is BROKE else [])


def test_that_a_listener_may_have_words_of_its_own_for_an_error_nobody_explained() -> None:
    runner, failed, broke = JobQueue(), Listening(), Listening()
    error = ValueError("inside")

    def work(_report: Report[object], _token: CancelToken) -> None:
        raise error

    runner.start("read", work, failed=failed, broke=broke).thread.join(SOON_S)
    assert len(left(runner)) == 1
    assert (failed.told, broke.told) == ([], [error])


@pytest.mark.parametrize("explained", [True, False])
def test_that_nothing_is_heard_of_a_job_that_was_given_up_but_an_error_of_ours(explained: bool) -> None:
    runner, told = JobQueue(), Listening()
    error = UserError(BUSY) if explained else ValueError("inside")

    def work(report: Report[str], token: CancelToken) -> None:
        token.wait(SOON_S)
        report("too late")
        raise error

    job = runner.start("read", work, heard=told, done=told, failed=told)
    runner.give_up(job)
    job.thread.join(SOON_S)
    assert left(runner) == ([] if explained else [JobCrashed(job.id, "read", error)])
    assert told.told == []


def test_that_a_job_that_is_let_go_works_on_unheard(held: Held) -> None:
    runner, told = JobQueue(), Listening()
    job = runner.start("restart", held, done=told)
    runner.let_go(job)
    assert not job.token.is_cancelled
    held.let_go.set()
    job.thread.join(SOON_S)
    assert left(runner) == []
    assert told.told == []


def test_that_the_end_of_a_job_is_on_the_queue_when_its_cluster_is_free() -> None:
    runner, ends = JobQueue(), Listening()
    runner.start("write", counting, writes=CLUSTER, done=ends)
    while runner.writers():
        continue
    left(runner)
    assert ends.told == ["done"]


def test_that_no_thread_of_a_job_keeps_its_listener_alive(held: Held) -> None:
    runner = JobQueue()
    listener = Listening()
    gone = weakref.ref(listener)
    job = runner.start("read", held, heard=listener, done=listener, failed=listener)
    del listener
    assert held.begun.wait(SOON_S)
    runner.give_up(job)
    assert gone() is None, "the worker would destroy it"
    held.let_go.set()
    job.thread.join(SOON_S)


def test_that_a_new_job_of_a_group_takes_the_place_of_the_old(held: Held) -> None:
    runner = JobQueue()
    group, told = JobGroup(runner), Listening()
    group.begin("read", held, done=lambda _: told("first"), failed=told)
    assert held.begun.wait(SOON_S)
    group.begin("read", counting, done=told, failed=told)
    assert held.token is not None
    assert held.token.is_cancelled
    held.let_go.set()
    assert runner.close(SOON_S) == ()
    left(runner)
    assert told.told == ["done"]
    assert not group.under_way


def test_that_the_jobs_of_a_group_in_turn_follow_one_another(held: Held) -> None:
    runner = JobQueue()
    group, told = JobGroup(runner, in_turn=True), Listening()
    group.begin("ask", held, done=lambda _: told("first"), failed=told)
    group.begin("ask", counting, done=told, failed=told)
    group.begin("ask", counting, done=told, failed=told)
    assert held.begun.wait(SOON_S)
    assert threading.active_count() == 2, "those that wait have no thread"
    group.begin("ask", counting, done=lambda _: told("last"), failed=told)
    held.let_go.set()
    while group.under_way:
        with contextlib.suppress(queue.Empty):
            runner.deliver(0.1)
    assert told.told == ["first", "done", "done", "last"]
    assert held.token is not None
    assert not held.token.is_cancelled


class Brought:
    """What work brings."""


@pytest.mark.parametrize("forget", [JobGroup.give_up, JobGroup.let_go])
def test_that_a_group_does_not_keep_what_a_job_brought_of_which_it_hears_no_more(
    forget: Callable[[JobGroup], None],
) -> None:
    runner, told = JobQueue(), Listening()
    group = JobGroup(runner)
    brought: list[weakref.ref[Brought]] = []
    begun, end = threading.Event(), threading.Event()

    def work(_report: Report[object], _token: CancelToken) -> Brought:
        begun.set()
        end.wait(SOON_S)
        found = Brought()
        brought.append(weakref.ref(found))
        return found

    group.begin("read", work, done=told, failed=told)
    assert begun.wait(SOON_S)
    forget(group)
    end.set()
    assert runner.close(SOON_S) == ()
    assert left(runner) == []
    gc.collect()
    assert [ref() for ref in brought] == [None]
    assert told.told == []
    assert not group.under_way


def test_that_a_job_that_a_group_let_go_is_not_stopped_by_what_the_group_does_then(held: Held) -> None:
    runner, told = JobQueue(), Listening()
    group = JobGroup(runner)
    group.begin("restart", held, done=lambda _: told("first"), failed=told)
    assert held.begun.wait(SOON_S)
    group.let_go()
    group.begin("restart", counting, done=told, failed=told)
    group.stop()
    group.give_up()
    assert held.token is not None
    assert not held.token.is_cancelled
    held.let_go.set()
    assert runner.close(SOON_S) == ()
    left(runner)
    assert told.told == []


def test_that_a_group_in_turn_begins_anew_after_it_let_go_of_all(held: Held) -> None:
    runner, told = JobQueue(), Listening()
    group = JobGroup(runner, in_turn=True)
    group.begin("ask", held, done=lambda _: told("first"), failed=told)
    group.begin("ask", counting, done=lambda _: told("second"), failed=told)
    assert held.begun.wait(SOON_S)
    group.let_go()
    assert not group.under_way
    group.begin("ask", counting, done=told, failed=told)
    held.let_go.set()
    assert runner.close(SOON_S) == ()
    left(runner)
    assert told.told == ["done"]


def test_that_a_group_tells_at_once_what_cannot_begin_and_begins_nothing_when_closing(held: Held) -> None:
    runner = JobQueue()
    group, told = JobGroup(runner, in_turn=True), Listening()
    group.begin("ask", held, done=told, failed=told)
    group.begin("ask", counting, done=told, failed=lambda problem: told(problem.code))
    held.let_go.set()
    assert runner.close(SOON_S) == ()
    left(runner)
    assert told.told == [None, "closing"]
    group.begin("ask", counting, done=told, failed=lambda problem: told(problem.code))
    assert told.told == [None, "closing", "closing"]


def test_that_what_nobody_is_left_to_hear_can_still_be_taken() -> None:
    runner, told = JobQueue(), Listening()
    runner.start("count", counting, heard=told, done=told).thread.join(SOON_S)
    assert list(runner.undelivered()) == [0, 1, 2]
    assert told.told == []


def test_that_a_signal_whose_handler_outlasts_the_wait_does_not_keep_what_was_said_waiting() -> None:
    jobs, rescued, limit_s = JobQueue(), threading.Event(), 0.15
    over = time.monotonic() + 2 * limit_s

    def handler(*_: object) -> None:
        while time.monotonic() < over:
            continue

    def rescued_at_last() -> None:
        rescued.set()
        jobs._messages.put(_Message(Job("rescue")))

    before = signal.signal(signal.SIGALRM, handler)
    rescue = threading.Timer(SOON_S, rescued_at_last)
    rescue.start()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(queue.Empty):
            jobs.deliver(limit_s)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        rescue.cancel()
        rescue.join()
    assert not rescued.is_set()


def test_that_the_handler_of_a_signal_may_ask_who_writes_wherever_the_thread_is() -> None:
    jobs, found = JobQueue(), list[object]()

    def interrupted() -> None:
        with jobs._mutex:
            found.append(jobs.writers())

    asking = threading.Thread(target=interrupted, daemon=True)
    asking.start()
    asking.join(SOON_S)
    assert found == [()]
