"""The crash table: stop a run at every boundary, resume on what survived, and see that every case ends as promised."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.engine.failover.crash import (
    Delivery,
    Recorder,
    Result,
    all_results,
    cases,
    kept_promise,
    play,
    run_of,
    table,
)
from tests.rig import Rig
from tgwizard.engine.runs.journal import Durability
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import AzureAnswer, Fault, FaultAnswer, Moment, Reset
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, HolderObserved
from tgwizard.model.failover_options import Fence, FenceRequest, Strategy
from tgwizard.model.snapshot import LocationKind


def _broken(results: list[Result]) -> list[str]:
    return [
        f"boundary {result.case.boundary.number} ({result.case.boundary.kind.value}, {result.case.boundary.what}), "
        f"{result.case.durability.value}, {result.case.delivery.value} {result.case.position}: "
        f"{result.finished.outcome.value}, {result.finished.reason} Holders: {result.holders} {result.broken}"
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


@pytest.mark.parametrize("asked_for", [0, 1], ids=["back to the first", "to the second"])
@pytest.mark.parametrize("strategy", [Strategy.DETACH_ATTACH, Strategy.ATOMIC], ids=lambda strategy: strategy.value)
def test_that_a_resume_to_a_named_member_is_done_only_when_that_one_holds_the_address(
    strategy: Strategy, asked_for: int
) -> None:
    recorder = Recorder()
    assert recorder.record(run_of(Verb.GRACEFUL, strategy=strategy)).outcome is Outcome.DONE
    results = [
        play(case, asked_for)
        for case in cases(recorder.boundaries)
        if case.durability is Durability.FLUSHED and case.delivery in (Delivery.NONE, Delivery.NEVER, Delivery.BEFORE)
    ]
    assert _broken(results) == []
    # Done and failed say whether the address is where it was asked for; refused: there was no interrupted run.
    ends = {(result.finished.outcome, result.holders[0] == result.wanted) for result in results}
    told = {end for end in ends if end[0] not in (Outcome.REFUSED, Outcome.UNKNOWN)}
    moved_away = strategy is Strategy.ATOMIC and asked_for == 0  # a move in one call that Azure took is not stopped
    assert told == {(Outcome.FAILED, False)} if moved_away else (Outcome.DONE, True) in told
    assert told <= {(Outcome.DONE, True), (Outcome.FAILED, False)}
    failed = [result.finished for result in results if result.finished.outcome is Outcome.FAILED]
    assert all(end.problem is not None and end.problem.fix for end in failed)


STOP = FenceRequest(Fence.STOP)


def test_that_a_fenced_run_stopped_anywhere_resumes_to_one_holder_and_never_moves_from_a_running_member() -> None:
    recorder = Recorder()
    assert recorder.record(run_of(Verb.FORCED, STOP)).outcome is Outcome.DONE
    told = [boundary.what for boundary in recorder.boundaries]
    assert "POST powerOff" in told
    results = [
        play(case)
        for case in cases(recorder.boundaries)
        if case.durability is Durability.FLUSHED and case.delivery in (Delivery.NEVER, Delivery.BEFORE, Delivery.AFTER)
    ]
    assert _broken(results) == []
    done = [result for result in results if result.finished.outcome is Outcome.DONE]
    assert done
    assert all(result.first_member_stopped for result in done)


def _no_preparation(_: Rig) -> None:
    """The plain run."""


def _attach_denied(made: Rig) -> None:
    body = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}}
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(403, json.dumps(body)), nth=2))


def _answers_lost(made: Rig) -> None:
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", Reset(Moment.AFTER_COMMIT), nth=2))
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", Reset(Moment.AFTER_COMMIT), nth=2))


def _cancelled(made: Rig) -> None:
    class Ears(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, HolderObserved) and event.place.kind is LocationKind.RELEASING:
                made.token.cancel()

    made.events = Ears()


def _move_refused(made: Rig) -> None:
    made.lab.faults.add(Fault("POST", "moveIpConfigurations", AzureAnswer(CannedError.NETWORK_BUSY)))


def _move_lost(made: Rig) -> None:
    made.lab.faults.add(Fault("POST", "moveIpConfigurations", Reset(Moment.AFTER_COMMIT)))


def _stop_lost(made: Rig) -> None:
    made.lab.faults.add(Fault("POST", "powerOff", Reset(Moment.AFTER_COMMIT)))


@pytest.mark.full
@pytest.mark.parametrize(
    "prepare",
    [_no_preparation, _attach_denied, _answers_lost, _stop_lost],
    ids=["fenced", "fenced, attach denied", "fenced, answers lost", "fenced, stop's answer lost"],
)
def test_that_every_boundary_of_a_fenced_run_resumes_as_promised(
    prepare: Callable[[Rig], None],
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    recorder = Recorder()
    recorder.record(run_of(Verb.FORCED, STOP), prepare)
    results = list(all_results(recorder.boundaries))
    record_property("table", table(request.node.callspec.id, results))
    assert len(results) > 100
    assert _broken(results) == []
    done = [result for result in results if result.finished.outcome is Outcome.DONE]
    assert all(result.first_member_stopped for result in done)


@pytest.mark.full
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
@pytest.mark.parametrize(
    ("prepare", "strategy"),
    [
        (_no_preparation, Strategy.DETACH_ATTACH),
        (_attach_denied, Strategy.DETACH_ATTACH),
        (_answers_lost, Strategy.DETACH_ATTACH),
        (_cancelled, Strategy.DETACH_ATTACH),
        (_no_preparation, Strategy.ATOMIC),
        (_move_refused, Strategy.ATOMIC),
        (_move_lost, Strategy.ATOMIC),
    ],
    ids=[
        "plain",
        "attach denied, put back",
        "answers lost",
        "cancelled, put back",
        "in one call",
        "in one call, refused",
        "in one call, answer lost",
    ],
)
def test_that_every_boundary_of_every_kind_of_run_resumes_as_promised(
    verb: Verb,
    prepare: Callable[[Rig], None],
    strategy: Strategy,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    recorder = Recorder()
    recorder.record(run_of(verb, strategy=strategy), prepare)
    results = list(all_results(recorder.boundaries))
    record_property("table", table(request.node.callspec.id, results))
    assert len(results) > 100
    assert _broken(results) == []
