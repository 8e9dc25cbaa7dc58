"""The crash table: stop a run at every boundary, resume on what survived, and see that every case ends as promised."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.engine.crash import COARSE, Delivery, Recorder, Result, all_results, cases, kept_promise, play, run_of, table
from tests.rig import Rig
from tgwizard.engine.journal import Durability
from tgwizard.lab.faults import Answer, Fault, Moment, Reset
from tgwizard.model.cluster import Verb
from tgwizard.model.event import Event, Finished, Located, Outcome
from tgwizard.model.snapshot import PlaceKind


def _broken(results: list[Result]) -> list[str]:
    return [
        f"boundary {result.case.boundary.number} ({result.case.boundary.kind.value}, {result.case.boundary.what}), "
        f"{result.case.durability.value}, {result.case.delivery.value} {result.case.position}: "
        f"{result.finished.outcome.value}, {result.finished.reason} Holders: {result.holders}"
        for result in results
        if not kept_promise(result)
    ]


def test_that_a_run_stopped_anywhere_resumes_to_one_holder_after_a_power_cut() -> None:
    recorder = Recorder()
    assert recorder.record(run_of(Verb.GRACEFUL)).outcome is Outcome.DONE
    results = [
        play(case)
        for case in cases(recorder.boundaries)
        if case.durability is Durability.FLUSHED and case.delivery in (Delivery.NEVER, Delivery.BEFORE, Delivery.AFTER)
    ]
    assert results
    assert _broken(results) == []


def _no_preparation(_: Rig) -> None:
    """The plain run."""


def _attach_denied(made: Rig) -> None:
    body = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}}
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", Answer(403, json.dumps(body)), nth=2))


def _answers_lost(made: Rig) -> None:
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", Reset(Moment.AFTER_COMMIT), nth=2))
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", Reset(Moment.AFTER_COMMIT), nth=2))


def _cancelled(made: Rig) -> None:
    class Ears(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, Located) and event.place.kind is PlaceKind.RELEASING:
                made.token.cancel()

    made.events = Ears()


def _start(verb: Verb) -> Callable[[Rig], Finished]:
    return lambda made: made.fail_over(verb=verb, timing=COARSE)


@pytest.mark.full
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
@pytest.mark.parametrize(
    "prepare",
    [_no_preparation, _attach_denied, _answers_lost, _cancelled],
    ids=["plain", "attach denied, put back", "answers lost", "cancelled, put back"],
)
def test_that_every_boundary_of_every_kind_of_run_resumes_as_promised(
    verb: Verb, prepare: Callable[[Rig], None], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = Recorder()
    recorder.record(_start(verb), prepare)
    results = list(all_results(recorder.boundaries))
    with capsys.disabled():
        print(f"\n{table(request.node.callspec.id, results)}")  # noqa: T201 - the table is this test's product
    assert len(results) > 100
    assert _broken(results) == []
