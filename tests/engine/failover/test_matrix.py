"""The fault matrix: every case keeps every promise, here and resumed on another machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.failover.matrix import FAULTS, LASTING, Kind, cases, kinds, play, table, told
from tgwizard.model.event_base import Outcome

PARTS = 3
"""The table of each kind is shared between this many tests, so that two workers finish together."""


def test_that_the_matrix_has_at_least_a_thousand_cases() -> None:
    assert sum(len(list(cases(kind))) for kind in kinds()) >= 1000
    assert set(LASTING) <= set(FAULTS)


@pytest.mark.parametrize("kind", kinds(), ids=str)
def test_that_a_sample_of_the_matrix_keeps_every_promise(kind: Kind) -> None:
    """One case of every 40, so that the quick tests meet each kind of run."""
    results = [play(case) for case in cases(kind) if case.seed % 40 == 7]
    assert results
    assert [told(result) for result in results if result.broken] == []


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS), ids=lambda part: f"part {part + 1}")
@pytest.mark.parametrize("kind", kinds(), ids=str)
def test_that_each_fault_at_each_request_keeps_every_promise(
    kind: Kind, part: int, record_property: Callable[[str, object], None]
) -> None:
    results = [play(case) for case in cases(kind) if case.seed % PARTS == part]
    record_property("table", table(kind, results))
    assert [told(result) for result in results if result.broken] == []
    # A fault that lasts from a fenced run's first requests on leaves few ways to arrive; without it most runs do.
    assert kind.lasting or any(result.finished.outcome is Outcome.DONE for result in results)
