"""Jobs that rest on a stepped clock take their turns in one order, whatever the computer does meanwhile."""

from __future__ import annotations

import threading
from functools import partial

from pytestqt.qtbot import QtBot

from tests.gui.desk import LEAVE_WITHIN_S, PATIENCE_MS
from tests.gui.held_clock import SteppedClock
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobQueue, Report


def test_that_jobs_wake_one_by_one_in_the_order_of_their_moments(qtbot: QtBot) -> None:
    clock, jobs = SteppedClock(), JobQueue()
    told: list[tuple[str, float]] = []

    def work(name: str, period_s: float, _report: Report[object], token: CancelToken) -> None:
        while not token.is_cancelled and clock.monotonic() < 1.0:
            clock.sleep(period_s, token)
            told.append((name, clock.monotonic()))

    for name, period_s in (("often", 0.25), ("rare", 0.5), ("also", 0.5)):
        jobs.start(name, partial(work, name, period_s))
    while len(told) < 8:
        qtbot.waitUntil(clock.all_rest, timeout=PATIENCE_MS)
        clock.wake_next(0.125)
    assert not jobs.close(LEAVE_WITHIN_S)
    assert told[:4] == [("often", 0.25), ("also", 0.5), ("often", 0.5), ("rare", 0.5)]
    assert told[4:] == [("often", 0.75), ("also", 1.0), ("often", 1.0), ("rare", 1.0)]


def test_that_time_goes_no_further_than_wanted_and_a_cancelled_job_wakes(qtbot: QtBot) -> None:
    clock, jobs = SteppedClock(), JobQueue()

    def rest(_report: Report[object], token: CancelToken) -> None:
        clock.sleep(100.0, token)

    job = jobs.start("long", rest)
    qtbot.waitUntil(clock.all_rest, timeout=PATIENCE_MS)
    clock.wake_next(2.0)
    assert (clock.monotonic(), job.running) == (2.0, True)
    assert not jobs.close(LEAVE_WITHIN_S)


def test_that_who_is_no_job_moves_time_at_once() -> None:
    clock = SteppedClock()
    clock.sleep(3.0)
    threading.Thread(target=clock.sleep, args=(4.0,), name="tgwizard-setup_0").run()
    assert clock.monotonic() == 7.0
