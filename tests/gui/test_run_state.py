"""What the running view knows follows the engine's own events, one by one."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

from tests.rig import Rig
from tgwizard.gui.failover.run_state import RunState, StepStatus
from tgwizard.gui.failover.run_words import cancel_words, closing_words, details_text, fold_calls, moving_sentence
from tgwizard.lab.faults import Answer, Fault
from tgwizard.model.event import (
    CancelMeaning,
    Checked,
    Finished,
    Observed,
    Outcome,
    RunEvent,
    SourceBack,
    SourceLost,
    Step,
)
from tgwizard.model.snapshot import PlaceKind


def run_events(lab: Rig) -> list[RunEvent]:
    """The events of the run, without those of the monitor."""
    return [event for event in lab.events if not isinstance(event, Observed | SourceLost | SourceBack | Checked)]


def states(lab: Rig) -> list[RunState]:
    """The state after each event of a real failover on the lab."""
    lab.fail_over()
    found = [RunState()]
    for event in run_events(lab):
        found.append(found[-1].after(event))
    return found


def test_that_every_step_is_done_after_a_failover_that_ended_well(lab: Rig) -> None:
    last = states(lab)[-1]
    assert [step.status for step in last.steps] == [StepStatus.DONE] * 4
    assert [step.plan.step for step in last.steps] == [Step.CHECK, Step.DETACH, Step.ATTACH, Step.CONFIRM]
    assert last.finished is not None
    assert last.finished.outcome is Outcome.DONE
    assert last.place.member == lab.b


def test_that_at_most_one_step_runs_at_any_time(lab: Rig) -> None:
    for state in states(lab):
        assert sum(step.status is StepStatus.RUNNING for step in state.steps) <= 1


def test_that_cancel_means_stop_then_put_back_then_nothing(lab: Rig) -> None:
    order = list(dict.fromkeys(state.cancel for state in states(lab)[1:]))
    assert order == [CancelMeaning.STOPS, CancelMeaning.PUTS_BACK, CancelMeaning.NOT_GRANTED]


def test_that_the_words_of_the_cancel_button_follow_what_the_engine_grants(lab: Rig) -> None:
    for state in states(lab):
        words, reason = cancel_words(state, lab.a)
        if state.cancel is CancelMeaning.PUTS_BACK:
            assert words == "Put it back on tg-node-a"
            assert "tg-node-a" in closing_words(state, lab.setup, lab.a)
        elif state.cancel is CancelMeaning.STOPS:
            assert reason.startswith("Nothing was written yet")


def test_that_the_elapsed_time_stops_with_the_run(lab: Rig) -> None:
    last = states(lab)[-1]
    assert last.started is not None
    assert last.finished is not None
    whole = last.finished.stamp.clock_s - last.started.stamp.clock_s
    assert last.elapsed_s(last.finished.stamp.clock_s + 100) == whole


def test_that_the_pill_is_at_the_start_of_its_way_until_the_attach_begins(lab: Rig) -> None:
    for state in states(lab):
        begun = any(step.plan.step is Step.ATTACH and step.status is not StepStatus.AHEAD for step in state.steps)
        if not begun:
            assert state.gap_fraction(1e9) == 0.0
        assert 0.0 <= state.gap_fraction(1e9) <= 1.0


def test_that_a_refused_attach_shows_the_put_back_as_a_step_of_its_own(lab: Rig) -> None:
    body = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}}
    lab.lab.faults.add(Fault("PUT", "tg-node-b-inside", Answer(403, json.dumps(body)), nth=2))
    last = states(lab)[-1]
    steps = [step.plan.step for step in last.steps]
    assert Step.PUT_BACK in steps
    assert last.finished is not None
    assert last.finished.rolled_back
    assert last.place.member == lab.a
    assert all(step.status is not StepStatus.RUNNING for step in last.steps)


def test_that_a_run_that_ends_in_the_middle_leaves_no_step_running(lab: Rig) -> None:
    events = run_events_of(lab)
    middle = RunState()
    for event in events[: len(events) // 2]:
        middle = middle.after(event)
    end = events[-1]
    assert isinstance(end, Finished)
    ended = middle.after(replace(end, outcome=Outcome.UNKNOWN))
    assert all(step.status is not StepStatus.RUNNING for step in ended.steps)
    assert ended.cancel is CancelMeaning.NOT_GRANTED


def run_events_of(lab: Rig) -> list[RunEvent]:
    """The events of one good failover."""
    lab.fail_over()
    return run_events(lab)


def test_that_polls_with_the_same_answer_are_one_line_of_the_log(lab: Rig) -> None:
    last = states(lab)[-1]
    folded = fold_calls(last.calls, 1000)
    assert sum(line.times for line in folded) == len(last.calls)
    assert len(folded) < len(last.calls)
    for newer, older in pairwise(folded):
        assert (newer.call.method, newer.call.target, newer.call.answer) != (
            older.call.method,
            older.call.target,
            older.call.answer,
        )


def test_that_the_copied_details_name_outcome_times_and_every_call(lab: Rig) -> None:
    last = states(lab)[-1]
    text = details_text(last, lab.setup)
    assert "Outcome: done" in text
    assert "Gap as read:" in text
    assert text.count("PUT") == sum(call.method == "PUT" for call in last.calls)


def test_that_the_sentence_never_says_moved_before_the_end(lab: Rig) -> None:
    for state in states(lab):
        if state.finished is None and state.place.kind is not PlaceKind.MEMBER:
            assert not moving_sentence(state).startswith("Done")
