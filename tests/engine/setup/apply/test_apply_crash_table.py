"""Applying, stopped anywhere and begun again, ends with everything there once and not one write too many."""

from __future__ import annotations

import pytest

from tests.engine.failover.crash import Delivery
from tests.engine.setup.apply.crash import Recorder, all_results, broken, cases, play, table
from tgwizard.model.event_base import Outcome


def test_that_a_run_stopped_at_any_write_is_finished_by_applying_again() -> None:
    recorder = Recorder()
    assert recorder.record().outcome is Outcome.DONE
    results = [play(case) for case in cases(recorder.boundaries) if case.boundary.at_a_write]
    assert {result.case.delivery for result in results} == {
        Delivery.NONE, Delivery.NEVER, Delivery.BEFORE, Delivery.AFTER
    }  # fmt: skip
    assert len(results) > 30
    assert broken(results) == []


@pytest.mark.full
@pytest.mark.parametrize("part", range(6))
def test_that_a_run_stopped_at_any_call_is_finished_however_late_a_write_arrives(
    part: int, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = Recorder()
    recorder.record()
    results = list(all_results(recorder.boundaries[part::6]))
    with capsys.disabled():
        print("\n" + table(results))  # noqa: T201 - the table is what one runs this for
    assert broken(results) == []
