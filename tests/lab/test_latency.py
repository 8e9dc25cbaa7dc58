"""The latency model `azure` keeps to the recorded figures (azure/README.md 1.3, 2.2); compute guesses what is left."""

from __future__ import annotations

import statistics

import pytest

from tests.lab.bench import Bench
from tgwizard.lab.latency import Latency
from tgwizard.lab.operations import RECORDED
from tgwizard.lab.world import OperationKind

DRAWS = 4000


def drawn(kind: OperationKind, seed: int = 0) -> list[float]:
    return sorted(Latency.AZURE.seconds(seed, number, RECORDED[kind]) for number in range(DRAWS))


@pytest.mark.parametrize(
    ("kind", "least", "median", "most"),
    [
        (OperationKind.RESTART, 0, 4, 42),
        (OperationKind.START, 0, 10, 35),
        (OperationKind.POWER_OFF, 4, 10, 36),
        (OperationKind.DEALLOCATE, 16, 41, 1406),
        (OperationKind.UPDATE_VM, 3, 5, 9),
    ],
)
def test_that_compute_takes_as_long_as_was_recorded(kind: OperationKind, least: int, median: int, most: int) -> None:
    seconds = drawn(kind)
    assert least <= seconds[0] <= seconds[-1] <= most
    assert statistics.median(seconds) == pytest.approx(median, rel=0.1)
    assert seconds[-1] > 3 * median or kind is OperationKind.UPDATE_VM


def test_that_a_nic_takes_20_to_60_seconds_as_a_rule_and_minutes_now_and_then() -> None:
    seconds = drawn(OperationKind.PUT_NIC)
    assert 20 <= statistics.median(seconds) <= 60
    assert 60 <= seconds[int(DRAWS * 0.9)] <= 90
    assert seconds[0] >= 4
    assert 0.005 < sum(item > 198 for item in seconds) / DRAWS < 0.04
    assert 277 < seconds[-1] <= 600


def test_that_one_seed_draws_alike_and_another_differently() -> None:
    assert drawn(OperationKind.START, 1) == drawn(OperationKind.START, 1) != drawn(OperationKind.START, 2)


def test_that_a_detach_in_an_azure_lab_takes_what_was_drawn() -> None:
    bench = Bench(latency=Latency.AZURE)
    answer = bench.detach()
    expected = Latency.AZURE.seconds(0, 1, RECORDED[OperationKind.PUT_NIC])
    bench.clock.advance(expected - 0.01)
    assert bench.poll(answer).json() == {"status": "InProgress"}
    bench.clock.advance(0.02)
    assert bench.poll(answer).json() == {"status": "Succeeded"}


def test_that_computes_retry_after_is_a_guess_at_what_is_left() -> None:
    bench = Bench(latency=Latency.AZURE)
    answer = bench.call("POST", f"{bench.vm_id('tg-node-b')}/deallocate")
    left = Latency.AZURE.seconds(0, 1, RECORDED[OperationKind.DEALLOCATE])
    guesses = []
    while (poll := bench.poll(answer)).json()["status"] == "InProgress":
        guess = int(poll.header("Retry-After") or 0)
        assert 0.6 * left - 1 <= guess <= 1.3 * left + 1
        guesses.append(guess)
        bench.clock.advance(3)
        left -= 3
    assert len(set(guesses)) > 2, "uneven"
    assert poll.header("Retry-After") is None


def test_that_an_operation_that_never_ends_is_asked_for_every_ten_seconds(bench: Bench) -> None:
    bench.send("POST", "https://x/lab/faults", {"effect": {"kind": "operation-never-ends"}})
    answer = bench.call("POST", f"{bench.vm_id('tg-node-b')}/start")
    assert bench.poll(answer).header("Retry-After") == "10"
