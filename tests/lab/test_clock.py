from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.bench.measured.hybrid_clock import HybridClock
from tgwizard.lab.clock import START, VirtualClock


@dataclass
class _Cancel:
    is_cancelled: bool


def test_that_a_virtual_clock_stands_still_until_it_is_slept_on() -> None:
    clock = VirtualClock()
    assert (clock.monotonic(), clock.wall()) == (0.0, START)
    clock.sleep(2.5)
    assert (clock.monotonic(), clock.wall()) == (2.5, START + timedelta(seconds=2.5))


def test_that_a_cancelled_sleeper_moves_no_time() -> None:
    clock = VirtualClock()
    clock.sleep(5, _Cancel(is_cancelled=True))
    assert clock.monotonic() == 0
    clock.sleep(5, _Cancel(is_cancelled=False))
    assert clock.monotonic() == 5


def test_that_a_copied_clock_goes_its_own_way() -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(7)
    twin = clock.copy()
    twin.advance(1)
    assert (clock.monotonic(), twin.monotonic(), twin.wall()) == (7, 8, datetime(2026, 1, 1, 0, 0, 8, tzinfo=UTC))


def test_that_a_hybrid_clock_skips_sleeps_and_counts_work() -> None:
    clock = HybridClock()
    clock.sleep(3600)
    first = clock.monotonic()
    assert first >= 3600
    assert clock.monotonic() >= first
    assert clock.wall() >= START + timedelta(hours=1)


@pytest.mark.parametrize("kind", [VirtualClock, HybridClock])
def test_that_no_clock_goes_back_or_starts_without_a_zone(kind: type[VirtualClock]) -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        kind().advance(-1)
    with pytest.raises(ValueError, match="aware"):
        kind(datetime(2026, 1, 1))  # noqa: DTZ001 - this is the point
