"""The network matrix: whatever networks do to one answer or to all, every promise is kept and every run ends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.engine.failover.network_matrix import Case, Phase, Result, cases, play, table, told
from tgwizard.lab.fronts.certificates import prepare
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome

AT_ONCE = 10
"""Cases wait for the network most of the time."""

SAMPLE = (
    Case(Phase.FIRST_READ, "HTML 403", Verb.FORCED),
    Case(Phase.DETACH, "stall, after it counted", Verb.GRACEFUL),
    Case(Phase.GAP, "deep JSON", Verb.FORCED),
    Case(Phase.ATTACH, "HTML 403, after it counted", Verb.GRACEFUL),
    Case(Phase.RESUME_SEARCH, "next page elsewhere", Verb.FORCED),
)


def _played(some: list[Case], folder: Path) -> list[Result]:
    files = prepare(folder / "tls", "network-matrix")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda case: play(case, files), some))


def test_that_the_network_matrix_has_at_least_a_hundred_and_fifty_cases() -> None:
    assert len({str(case) for case in cases()}) >= 150


def test_that_a_sample_of_the_network_matrix_keeps_every_promise(tmp_path: Path) -> None:
    results = _played(list(SAMPLE), tmp_path)
    assert [told(result) for result in results if result.broken] == []
    assert all(result.finished.outcome is Outcome.DONE for result in results)


@pytest.mark.full
def test_that_whatever_a_network_does_at_any_phase_keeps_every_promise(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    results = _played(list(cases()), tmp_path)
    record_property("table", table(results))
    assert [told(result) for result in results if result.broken] == []
    assert {result.finished.outcome for result in results} <= {
        Outcome.DONE,
        Outcome.REFUSED,
        Outcome.FAILED,
        Outcome.UNKNOWN,
    }
