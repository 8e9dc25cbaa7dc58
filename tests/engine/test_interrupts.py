"""Requests to stop: all of them count as the first, only Ctrl-C as a second."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tgwizard.engine.interrupts import as_before, listen

ALL = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    with as_before():
        yield


@pytest.mark.parametrize("number", ALL)
def test_that_every_signal_that_ends_a_program_is_a_first_request(number: signal.Signals) -> None:
    heard: list[int] = []
    stops = listen(lambda: heard.append(stops.count))
    assert stops.count == 0
    os.kill(os.getpid(), number)
    assert (stops.count, heard) == (1, [1])


@pytest.mark.parametrize("second", ALL)
@pytest.mark.parametrize("first", ALL)
def test_that_only_ctrl_c_is_a_second_request(first: signal.Signals, second: signal.Signals) -> None:
    stops = listen()
    os.kill(os.getpid(), first)
    os.kill(os.getpid(), second)
    assert stops.count == (2 if second is signal.SIGINT else 1)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT])
def test_that_a_hang_up_that_was_ignored_at_the_start_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    stops = listen()
    os.kill(os.getpid(), number)
    assert stops.count == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_that_a_run_in_the_background_hears_what_is_sent_to_it(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    stops = listen()
    os.kill(os.getpid(), number)
    assert stops.count == 1


def test_that_the_terminal_does_not_halt_a_run_in_the_background() -> None:
    listen()
    assert {signal.getsignal(number) for number in (signal.SIGTTIN, signal.SIGTTOU)} == {signal.SIG_IGN}


@pytest.mark.parametrize("number", ALL)
def test_that_a_question_is_broken_off(number: signal.Signals) -> None:
    stops = listen()
    with pytest.raises(KeyboardInterrupt), stops.asking():
        os.kill(os.getpid(), number)
    os.kill(os.getpid(), signal.SIGINT)
    assert stops.count == 2, "after the question it is counted again"
