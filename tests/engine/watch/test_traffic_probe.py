"""The traffic probe: real connections on loopback, and what is made of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.runs.job_services import Endpoint
from tgwizard.engine.watch.traffic_probe import (
    BarKind,
    Sample,
    TrafficProbe,
    answered,
    fold,
    gaps,
    longest_gap_s,
    median_s,
)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server


def tries(*answers: float | None, start: float = 0.0) -> list[Sample]:
    """One try every 100 ms."""
    return [Sample(round(start + index / 10, 3), answer) for index, answer in enumerate(answers)]


def test_that_a_listening_port_answers(listening: socket.socket) -> None:
    told: list[Sample] = []
    probe = TrafficProbe(Endpoint("127.0.0.1", listening.getsockname()[1]), SystemClock(), told.extend)
    probe.begin()
    probe.collect(5.0)
    probe.flush()
    probe.close()
    (sample,) = told
    assert sample.took_s is not None
    assert sample.took_s < 5.0


def test_that_a_refused_connection_is_no_answer() -> None:
    told: list[Sample] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and nobody else gets it, nor listens there
        probe = TrafficProbe(Endpoint("127.0.0.1", silent.getsockname()[1]), SystemClock(), told.extend)
        probe.begin()
        probe.collect(5.0)
        probe.flush()
        probe.close()
    assert [sample.took_s for sample in told] == [None]


def test_that_the_loop_tells_in_order_and_ends_when_cancelled(listening: socket.socket) -> None:
    token = CancelToken()
    told: list[Sample] = []

    def tell(samples: tuple[Sample, ...]) -> None:
        told.extend(samples)
        if len(told) >= 8:
            token.cancel()

    probe = TrafficProbe(Endpoint("127.0.0.1", listening.getsockname()[1]), SystemClock(), tell)
    thread = threading.Thread(target=probe.run, args=(token,))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert told == sorted(told)
    assert len({sample.at for sample in told}) == len(told)


def test_that_a_gap_reaches_from_the_first_lost_try_to_the_next_answer() -> None:
    samples = tries(0.01, None, None, None, 0.01)
    (gap,) = gaps(samples)
    assert (gap.start, round(gap.seconds, 3), gap.open) == (0.1, 0.3, False)


def test_that_a_gap_without_an_end_is_open() -> None:
    (gap,) = gaps(tries(0.01, None, None))
    assert gap.open
    assert round(gap.seconds, 3) == 0.2


def test_that_time_in_which_nobody_looked_is_never_part_of_a_gap() -> None:
    samples = [*tries(0.01, None), *tries(0.01, start=60.0)]
    (gap,) = gaps(samples)
    assert gap.seconds < 0.2
    assert longest_gap_s(samples, 0.0, 60.0) is None


def test_that_a_run_measured_throughout_has_a_traffic_gap() -> None:
    samples = tries(*[0.01] * 10, *[None] * 15, *[0.01] * 10)
    assert longest_gap_s(samples, 0.0, 3.4) == pytest.approx(1.5)
    assert longest_gap_s(samples, 2.6, 3.4) == 0.0


def test_that_bars_fold_tries_and_one_lost_try_shows() -> None:
    samples = tries(0.01, 0.02, None, 0.01)
    bars = fold(samples, 0.0, 0.8, 4)
    assert [bar.kind for bar in bars] == [
        BarKind.ANSWERED,
        BarKind.NO_ANSWER,
        BarKind.NOT_MEASURED,
        BarKind.NOT_MEASURED,
    ]
    assert bars[0].took_s == 0.02
    assert median_s(samples) == 0.01


def test_that_one_answer_between_two_moments_is_an_answer() -> None:
    seen = tries(None, None, 0.01, None)
    assert answered(seen, 0.0, 0.4)
    assert not answered(seen, 0.0, 0.2)
    assert not answered(seen, 0.3, 9.0)
    assert not answered([], 0.0, 9.0)
