"""What the running view knows follows the engine's own events, one by one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.rig import Rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.gui.cluster.run_model import RunModel, RunStepState, RunStepStatus, moving_sentence
from tgwizard.gui.failover.result_card import ResultCard
from tgwizard.gui.failover.run_text import (
    cancel_words,
    close_question_words,
    closing_words,
    deadline_words,
    details_text,
    fold_calls,
)
from tgwizard.gui.failover.run_traffic_card import strip_of_run
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import (
    CancelMeaning,
    Finished,
    HolderObserved,
    PreflightCompleted,
    RunEvent,
    Step,
    StepPlan,
)
from tgwizard.model.failover_options import Fence, FenceRequest
from tgwizard.model.snapshot import LocationKind
from tgwizard.model.watch_events import Observed, SourceBack, SourceLost


def run_events(lab: Rig) -> list[RunEvent]:
    """The events of the run, without those of the monitor."""
    return [
        event for event in lab.events if not isinstance(event, Observed | SourceLost | SourceBack | PreflightCompleted)
    ]


def states(lab: Rig) -> list[RunModel]:
    """The state after each event of a real failover on the lab."""
    lab.fail_over()
    found = [RunModel()]
    for event in run_events(lab):
        found.append(found[-1].after(event))
    return found


def test_that_every_step_is_done_after_a_failover_that_ended_well(lab: Rig) -> None:
    last = states(lab)[-1]
    assert [step.status for step in last.steps] == [RunStepStatus.DONE] * 4
    assert [step.plan.step for step in last.steps] == [Step.CHECK, Step.DETACH, Step.ATTACH, Step.CONFIRM]
    assert last.finished is not None
    assert last.finished.outcome is Outcome.DONE
    assert last.place.member == lab.b


def test_that_what_a_deadline_means_is_said_in_a_sentence_for_every_step(lab: Rig) -> None:
    for step in Step:
        title, then = deadline_words(RunStepState(StepPlan(step, "", 1.0), deadline_s=120.0), lab.a)
        assert re.fullmatch(r"If the .* within 2 min", title)
        assert "engine" not in then
        assert "_" not in title + then


def test_that_at_most_one_step_runs_at_any_time(lab: Rig) -> None:
    for state in states(lab):
        assert sum(step.status is RunStepStatus.RUNNING for step in state.steps) <= 1


def test_that_cancel_means_stop_then_put_back_then_nothing(lab: Rig) -> None:
    order = list(dict.fromkeys(state.cancel for state in states(lab)[1:]))
    assert order == [CancelMeaning.STOPS, CancelMeaning.PUTS_BACK, CancelMeaning.NOT_GRANTED]


def test_that_the_words_of_the_cancel_button_follow_what_the_engine_grants(lab: Rig) -> None:
    for state in states(lab):
        words, reason = cancel_words(state, lab.a)
        if state.cancel is CancelMeaning.PUTS_BACK:
            # Also while it is still being released: nothing is said to have happened that has not.
            assert (words, reason) == ("Put it back on tg-node-a", "Stopping now puts 10.20.2.50 back on tg-node-a.")
            assert "tg-node-a" in closing_words(state, lab.setup, lab.a)
        elif state.cancel is CancelMeaning.STOPS:
            assert reason.startswith("Nothing was written yet")


def test_that_the_question_at_closing_says_what_its_buttons_do_and_not_what_the_page_says_already(lab: Rig) -> None:
    """The page says that closing asks; the question is that asking."""
    after = {
        CancelMeaning.STOPS: "Stopping now leaves everything as it is. Otherwise the move goes on.",
        CancelMeaning.PUTS_BACK: "Stopping now puts 10.20.2.50 back on tg-node-a. Otherwise the move goes on.",
        CancelMeaning.NOT_GRANTED: "The run can no longer be stopped: ",
    }
    met = set()
    for state in states(lab)[1:-1]:
        asked, page = close_question_words(state, lab.setup), closing_words(state, lab.setup, lab.a)
        assert "asks" in page or state.cancel is CancelMeaning.NOT_GRANTED
        assert "asks" not in asked
        own = page.removeprefix(state.leaves)
        assert {*own.split(". ")}.isdisjoint(asked.split(". ")), state.cancel
        assert not state.leaves or after[state.cancel] in asked
        assert "the window closes when" in asked.replace("The window", "the window")
        met.add(state.cancel)
    assert met == set(CancelMeaning)


def test_that_the_elapsed_time_stops_with_the_run(lab: Rig) -> None:
    last = states(lab)[-1]
    assert last.started is not None
    assert last.finished is not None
    whole = last.finished.stamp.clock_s - last.started.stamp.clock_s
    assert last.elapsed_s(last.finished.stamp.clock_s + 100) == whole


def test_that_the_pill_is_at_the_start_of_its_way_until_the_attach_begins(lab: Rig) -> None:
    for state in states(lab):
        begun = any(step.plan.step is Step.ATTACH and step.status is not RunStepStatus.AHEAD for step in state.steps)
        if not begun:
            assert state.gap_fraction(1e9) == 0.0
        assert 0.0 <= state.gap_fraction(1e9) <= 1.0


def test_that_a_refused_attach_shows_the_put_back_as_a_step_of_its_own(lab: Rig) -> None:
    body = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}}
    lab.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(403, json.dumps(body)), nth=2))
    last = states(lab)[-1]
    steps = [step.plan.step for step in last.steps]
    assert Step.PUT_BACK in steps
    assert last.finished is not None
    assert last.finished.rolled_back
    assert last.place.member == lab.a
    assert all(step.status is not RunStepStatus.RUNNING for step in last.steps)


def cancelled(lab: Rig) -> list[RunModel]:
    """The states of a run that was asked to put the address back while it was being released."""
    found, cancel = [RunModel()], CancelToken()

    def report(event: object) -> None:
        if isinstance(event, RunEvent):
            found.append(found[-1].after(event))
            if (
                isinstance(event, HolderObserved)
                and event.place.kind is LocationKind.RELEASING
                and not cancel.is_cancelled
            ):
                cancel.cancel()
                found.append(replace(found[-1], cancel_asked=True))

    fail_over(lab.services, lab.setup, lab.b, Verb.GRACEFUL, report, cancel)
    return found


def test_that_a_put_back_is_told_as_what_it_is_from_the_press_to_the_end(lab: Rig) -> None:
    found = cancelled(lab)
    asked = next(number for number, state in enumerate(found) if state.cancel_asked)
    for state in found[asked:]:
        words, reason = cancel_words(state, lab.a)
        assert "tg-node-b" not in f"{words} {reason}", reason
        assert "attach" not in reason
        if state.finished is None:
            assert "tg-node-b holds" not in moving_sentence(state)
    assert cancel_words(found[asked], lab.a)[1] == "You asked for it. It begins as soon as Azure has answered."
    last = found[-1]
    assert last.finished is not None
    assert last.finished.outcome is Outcome.CANCELLED


def test_that_the_steps_and_their_flags_stand_in_the_order_of_time(lab: Rig) -> None:
    last = cancelled(lab)[-1]
    steps = [step.plan.step for step in last.steps]
    assert steps == [Step.CHECK, Step.DETACH, Step.ATTACH, Step.PUT_BACK, Step.CONFIRM]
    begun = [step.since for step in last.steps if step.since is not None]
    assert begun == sorted(begun)
    assert last.started is not None
    shown = strip_of_run(last, [], last.started.stamp.clock_s + 30)
    assert shown is not None
    marks = [(flag.at, int(flag.mark)) for flag in shown.flags]
    assert [mark for _at, mark in sorted(marks)] == sorted(mark for _at, mark in marks)


def test_that_stopping_while_a_machine_is_powered_off_says_that_it_stays_off(lab: Rig) -> None:
    found = [RunModel()]

    def report(event: object) -> None:
        if isinstance(event, RunEvent):
            found.append(found[-1].after(event))

    options = RunOptions(fence=FenceRequest(Fence.STOP))
    fail_over(lab.services, lab.setup, lab.b, Verb.FORCED, report, CancelToken(), options)
    fencing = [state for state in found if state.stage is not None and state.stage.plan.step is Step.FENCE]
    told = [cancel_words(state, lab.a)[1] for state in fencing]
    assert any(reason.startswith("tg-node-a is being powered off; stopping now leaves it off.") for reason in told)
    after = told[next(number for number, reason in enumerate(told) if "powered off" in reason) :]
    assert not [reason for reason in after if "Nothing was written" in reason]


def test_that_a_run_that_ends_in_the_middle_leaves_no_step_running(lab: Rig) -> None:
    events = run_events_of(lab)
    middle = RunModel()
    for event in events[: len(events) // 2]:
        middle = middle.after(event)
    end = events[-1]
    assert isinstance(end, Finished)
    ended = middle.after(replace(end, outcome=Outcome.UNKNOWN))
    assert all(step.status is not RunStepStatus.RUNNING for step in ended.steps)
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


def test_that_a_refused_attach_stands_in_the_result_and_in_what_is_copied(theme: Theme, lab: Rig, qtbot: QtBot) -> None:
    said = '{"error": {"code": "SomethingNew", "message": "Words of <b>Azure</b>, \\u202eturned."}}'
    named = (("Content-Type", "application/json"), ("x-ms-request-id", "11112222-request"))
    lab.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(400, said, named), nth=2))
    finished = lab.fail_over()
    result = ResultCard(theme, lab.setup)
    qtbot.addWidget(result)
    result.show_result(finished)
    (shown,) = [label for label in result.findChildren(TextLabel) if label.text_shown.startswith("Details: ")]
    assert shown.textFormat() is Qt.TextFormat.PlainText
    state = RunModel()
    for event in run_events(lab):
        state = state.after(event)
    for text in (shown.text_shown, details_text(state, lab.setup)):
        assert "SomethingNew" in text
        assert "11112222-request" in text
        assert "Words of <b>Azure</b>, turned." in text


def test_that_the_sentence_never_says_moved_before_the_end(lab: Rig) -> None:
    for state in states(lab):
        if state.finished is None and state.place.kind is not LocationKind.MEMBER:
            assert not moving_sentence(state).startswith("Done")
