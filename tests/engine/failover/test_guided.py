"""Guided: on a live Trustgrid pair the members move the address; tgwizard says where to press, watches, measures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.worlds import give_public_ip
from tests.rig import Rig, inline_journal, rig
from tgwizard.engine.failover.failover_plan import is_repair
from tgwizard.engine.failover.resume import interrupted_run, resume
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.files.cluster_file import with_kept_carried
from tgwizard.engine.history import run_report
from tgwizard.engine.history.run_history import RunHistory, cluster_history
from tgwizard.engine.runs.records import RunRecord
from tgwizard.lab.clock import Cancellable, VirtualClock
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, OperationFails
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import (
    Finished,
    HolderObserved,
    RunStarted,
    Step,
    StepCompleted,
    StepStarted,
    StepWaiting,
)
from tgwizard.model.failover_options import Fence, FenceRequest, Strategy
from tgwizard.model.nic import Provisioning
from tgwizard.model.snapshot import AddressLocation, LocationKind


class Scripted(VirtualClock):
    """A clock on which others act: each act once, when the run has waited that often."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: dict[int, Callable[[], object]] = {}
        self.waits = 0

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        super().sleep(seconds, cancel)
        self.waits += 1
        act = self.acts.pop(self.waits, None)
        if act is not None:
            act()


def live() -> tuple[Rig, Scripted]:
    """A pair that is not the lab's own, so that Trustgrid decides who is active."""
    clock = Scripted()
    made = rig(clock=clock)
    return replace(made, setup=replace(made.setup, cloud="public")), clock


def _detach(made: Rig) -> None:
    def remove(body: dict[str, Any]) -> None:
        items = body["properties"]["ipConfigurations"]
        body["properties"]["ipConfigurations"] = [
            item for item in items if item["properties"]["privateIPAddress"] != made.address
        ]

    made.edit(made.a, remove)


def _attach(made: Rig) -> None:
    document = made.nic(made.b)
    configuration = document.new_configuration("tg-own", made.address, made.setup.carried)
    made.edit(made.b, lambda body: body["properties"]["ipConfigurations"].append(dict(configuration)))


def _attach_fails(made: Rig) -> None:
    """The member's own attach is accepted, and Azure leaves its interface in state Failed, the address named."""
    made.lab.faults.add(Fault("PUT", made.b.nic.name, OperationFails()))
    _attach(made)


def _write_again(made: Rig, member: Member) -> None:
    made.edit(member, lambda _: None)


def by_us(made: Rig, before: int) -> list[str]:
    """What the run wrote: requests with a client request id that are no reads."""
    return [
        record.method for record in made.lab.requests[before:] if record.method != "GET" and record.client_request_id
    ]


def test_that_a_guided_run_is_graceful_and_stops_no_machine_however_it_was_asked_for() -> None:
    made, clock = live()
    clock.acts = {5: lambda: _detach(made), 12: lambda: _attach(made)}
    before = len(made.lab.requests)
    fence = FenceRequest(Fence.STOP)
    assert made.fail_over(verb=Verb.FORCED, strategy=Strategy.GUIDED, fence=fence).outcome is Outcome.DONE
    assert by_us(made, before) == []
    with closing(made.services.journal(made.setup)) as journal:
        (run,) = journal.runs()
        began = journal.records(run)[0]
    assert isinstance(began, RunRecord)
    assert (began.verb, began.intends, began.fence) == (Verb.GRACEFUL, (Step.GUIDE,), Fence.NONE)


def test_that_the_run_says_where_to_press_and_ends_when_the_members_have_moved_the_address() -> None:
    made, clock = live()
    clock.acts = {5: lambda: _detach(made), 12: lambda: _attach(made)}
    before = len(made.lab.requests)
    finished = made.fail_over()
    assert finished.outcome is Outcome.DONE
    assert finished.reason == "tg-node-b holds 10.20.2.50. Trustgrid moved it; tgwizard wrote nothing."
    assert by_us(made, before) == []
    started = next(event for event in made.events if isinstance(event, RunStarted))
    assert [step.step for step in started.steps] == [Step.GUIDE, Step.CONFIRM]
    waiting = next(event for event in made.events if isinstance(event, StepWaiting))
    assert "Make Active in the row of tg-node-b" in waiting.sentence
    first = next(event for event in made.events if isinstance(event, StepStarted))
    assert first.deadline_s == FailoverTiming().step_s
    assert finished.gap_as_read_s == pytest.approx(7.0, abs=1.1)
    assert finished.seconds == pytest.approx(11.0, abs=1.1)
    assert sum(isinstance(event, HolderObserved) for event in made.events) >= 3
    assert made.events[-1] is finished
    assert made.services.journal_file(made.setup).exists()


def test_that_nothing_happening_ends_at_the_deadline_and_cancelling_ends_at_once() -> None:
    made, clock = live()
    finished = made.fail_over()
    assert finished.outcome is Outcome.FAILED
    assert "did not take 10.20.2.50 in time" in finished.reason
    assert clock.monotonic() >= FailoverTiming().step_s
    assert made.puts() == []
    made, clock = live()
    clock.acts = {3: made.token.cancel}
    finished = made.fail_over()
    assert finished.outcome is Outcome.CANCELLED
    assert made.puts() == []


def test_that_a_member_that_has_the_address_already_is_refused() -> None:
    made, _ = live()
    finished: Finished = made.fail_over(made.a)
    assert finished.outcome is Outcome.REFUSED
    assert finished.reason.startswith("tg-node-a already holds 10.20.2.50.")


def test_that_moving_the_address_of_a_live_pair_in_azure_alone_is_a_repair() -> None:
    made, _ = live()
    lab = rig().setup
    assert not is_repair(made.setup, Strategy.AUTO, Verb.GRACEFUL)
    assert is_repair(made.setup, Strategy.DETACH_ATTACH, Verb.GRACEFUL)
    assert is_repair(made.setup, Strategy.AUTO, Verb.FORCED)
    assert not any(is_repair(lab, strategy, verb) for strategy in Strategy for verb in Verb)


def told(made: Rig) -> RunHistory:
    """The one run in the journal, as history tells it."""
    (run,) = cluster_history(made.services, made.setup).runs
    return run


def moved_by_trustgrid() -> Rig:
    made, clock = live()
    clock.acts = {
        5: lambda: _detach(made),
        7: lambda: made.edit(made.b, lambda body: body.setdefault("tags", {}).update(owner="noc")),
        12: lambda: _attach(made),
    }
    assert made.fail_over().outcome is Outcome.DONE
    return made


def test_that_a_guided_run_is_a_whole_record_in_history() -> None:
    made = moved_by_trustgrid()
    run = told(made)
    assert run_report.title(run) == "Guided failover of 10.20.2.50 to tg-node-b"
    assert [step.step for step in run.steps] == [Step.GUIDE, Step.CONFIRM]
    seen = [(item.place, item.who) for item in run.sightings]
    assert seen[0] == (LocationKind.MEMBER, "tg-node-a")
    assert seen[-1] == (LocationKind.MEMBER, "tg-node-b")
    assert (LocationKind.NO_NIC, "") in seen
    assert run.attempts == ()
    losing, gaining = run.compared
    assert (losing.before, losing.after) == ("tg-floating", None)
    assert (gaining.before, gaining.after) == (None, "tg-own")
    assert [(item.path, item.after) for item in gaining.by_other] == [("tags.owner", "noc")]
    assert losing.by_other == ()
    assert run.ended is not None
    assert (run.ended.outcome, run.ended.holder) == (Outcome.DONE, "tg-node-b")
    assert run.ended.strategy is Strategy.GUIDED
    finished = made.events[-1]
    assert isinstance(finished, Finished)
    assert (run.ended.seconds, run.ended.gap_s) == (finished.seconds, finished.gap_as_read_s)
    assert run.ended.gap_s is not None


def test_that_the_report_of_a_guided_run_says_what_was_seen_and_that_nothing_was_written() -> None:
    made = moved_by_trustgrid()
    page = run_report.run_report_page(told(made), made.setup)
    assert "Guided failover of 10.20.2.50 to tg-node-b" in page
    assert "held by tg-node-a" in page
    assert "on no network interface" in page
    assert "None: Trustgrid" in page
    assert "from the first change that was seen" in page
    assert "tags.owner was not set, is noc" in page


def test_that_a_guided_run_that_came_to_nothing_is_told_with_its_end_and_both_interfaces() -> None:
    made, _ = live()
    assert made.fail_over().outcome is Outcome.FAILED
    late = told(made)
    assert late.ended is not None
    assert late.ended.outcome is Outcome.FAILED
    assert [seen.sentence for seen in late.compared] == ["tg-floating stayed", "as before"]
    made, clock = live()
    clock.acts = {3: made.token.cancel}
    made.fail_over()
    stopped = told(made)
    assert stopped.ended is not None
    assert stopped.ended.outcome is Outcome.CANCELLED
    assert stopped.ended.holder == "tg-node-a"


def test_that_an_address_left_on_no_interface_at_the_deadline_is_told_with_its_repair() -> None:
    made, clock = live()
    clock.acts = {5: lambda: _detach(made)}
    finished = made.fail_over()
    assert finished.outcome is Outcome.FAILED
    (left,) = finished.left
    assert left.startswith("10.20.2.50 is on no NIC: whichever member is active, it does not have the address.")
    assert left.endswith("Repair it: tgwizard failover edge-dallas --to tg-node-a --forced")


def test_that_a_guided_run_that_was_interrupted_leaves_nothing_to_resume() -> None:
    made, clock = live()

    def killed() -> None:
        raise KeyboardInterrupt

    clock.acts = {4: killed}
    with pytest.raises(KeyboardInterrupt):
        made.fail_over()
    run = told(made)
    assert run.ended is None
    assert run_report.reason(run).endswith("tgwizard only watched, so nothing has to be resumed.")
    assert interrupted_run(made.services, made.setup) is None
    finished = resume(made.services, made.setup, None, made.events.append, made.token)
    assert finished.outcome is Outcome.REFUSED
    assert made.puts() == []


def test_that_a_guided_run_does_not_hide_an_interrupted_run_that_wrote() -> None:
    made = moved_by_trustgrid()
    wrote = replace(told(made).began, run="wrote", strategy=Strategy.DETACH_ATTACH)
    with closing(inline_journal(made.services.journal_file(made.setup), made.setup.identity)) as journal:
        journal.begin(wrote)
        journal.begin(replace(wrote, run="watched", strategy=Strategy.GUIDED))
        assert journal.unfinished() == wrote


def test_that_a_run_that_cannot_read_an_interface_at_its_start_is_refused() -> None:
    made, _ = live()
    made.lab.faults.add(Fault("GET", "tg-node-b-inside", FaultAnswer(500, "InternalServerError"), times=50))
    finished = made.fail_over()
    assert finished.outcome is Outcome.REFUSED
    assert finished.reason.startswith("tg-node-b-inside could not be read.")
    assert cluster_history(made.services, made.setup).runs == ()


def test_that_what_the_members_left_behind_is_named_and_kept_in_the_cluster_file() -> None:
    made, clock = live()
    public = give_public_ip(made)
    clock.acts = {}
    waited = clock.waits
    clock.acts = {waited + 5: lambda: _detach(made), waited + 12: lambda: _attach(made)}
    finished = made.fail_over()
    assert finished.outcome is Outcome.DONE
    (left,) = finished.left
    assert left.startswith(f"publicIPAddress of the configuration of 10.20.2.50 was {public.text}; on tg-node-b-inside")
    assert left.endswith("it is not set. Correct it there.")
    assert with_kept_carried(made.setup).carried.public_ip == public


def test_that_a_gaining_interface_left_failed_is_not_taken_for_the_arrival_and_its_remedy_is_told() -> None:
    made, clock = live()
    clock.acts = {5: lambda: _detach(made), 12: lambda: _attach_fails(made)}
    finished = made.fail_over()
    assert clock.monotonic() >= FailoverTiming().step_s
    assert made.nic(made.b).provisioning is Provisioning.FAILED
    assert made.nic(made.b).lists(made.address)
    assert finished.outcome is Outcome.FAILED
    assert finished.problem is not None
    assert finished.problem.code == "not-settled-there"
    assert finished.reason == (
        "tg-node-b-inside names 10.20.2.50, but its last update failed. So Azure may not deliver the address there. "
        f"tgwizard wrote nothing. Write it once more as it is: az network nic update --ids {made.b.nic.text}"
    )
    assert any("tg-node-b-inside is in state Failed" in line for line in finished.left)
    assert (finished.seconds, finished.gap_as_read_s) == (None, None)
    run = told(made)
    assert run.ended is not None
    assert run.ended.outcome is Outcome.FAILED
    assert Step.CONFIRM not in [step.step for step in run.steps]


def test_that_a_failed_attach_that_is_written_again_is_the_arrival_and_the_gap_lasts_until_then() -> None:
    made, clock = live()
    clock.acts = {5: lambda: _detach(made), 12: lambda: _attach_fails(made), 30: lambda: _write_again(made, made.b)}
    finished = made.fail_over()
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert finished.gap_as_read_s == pytest.approx(25.0, abs=2.5)
    assert finished.left == ()


def test_that_a_losing_interface_left_failed_does_not_spoil_done_and_is_told() -> None:
    made, clock = live()

    def edit_fails() -> None:
        made.lab.faults.add(Fault("PUT", made.a.nic.name, OperationFails()))
        _write_again(made, made.a)

    clock.acts = {5: lambda: _detach(made), 11: edit_fails, 12: lambda: _attach(made)}
    finished = made.fail_over()
    assert finished.outcome is Outcome.DONE
    assert finished.left == (
        "tg-node-a-inside is in state Failed. Any new write of it, such as the next failover, ends that.",
    )


def test_that_an_arrival_that_the_next_reading_does_not_show_is_watched_on() -> None:
    made, clock = live()
    clock.acts = {5: lambda: _detach(made), 12: lambda: _attach(made)}
    gone: list[bool] = []

    class Undone(list[Any]):
        """Somebody writes the gaining interface just as it was seen there for the first time."""

        def append(self, event: Any) -> None:
            super().append(event)
            there = AddressLocation(LocationKind.MEMBER, made.b)
            if not gone and isinstance(event, HolderObserved) and event.place == there:
                gone.append(True)
                made.lab.faults.add(Fault("PUT", made.b.nic.name, OperationFails()))
                _write_again(made, made.b)
                clock.acts[clock.waits + 20] = lambda: _write_again(made, made.b)

    made.events = Undone()
    finished = made.fail_over()
    assert gone
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert [event.step for event in made.events if isinstance(event, StepCompleted)] == [Step.GUIDE, Step.CONFIRM]
    assert [step.step for step in told(made).steps] == [Step.GUIDE, Step.CONFIRM]


def test_that_a_member_that_has_the_address_on_a_failed_interface_is_refused_with_what_ends_that() -> None:
    for strategy in (Strategy.AUTO, Strategy.DETACH_ATTACH):
        made, _ = live()
        made.lab.faults.add(Fault("PUT", made.a.nic.name, OperationFails()))
        _write_again(made, made.a)
        made.clock.sleep(10)
        finished = made.fail_over(made.a, strategy=strategy)
        assert finished.outcome is Outcome.REFUSED
        assert finished.reason == (
            "tg-node-a already holds 10.20.2.50. There is nothing to move. The last update of tg-node-a-inside failed, "
            "so Azure may not deliver the address there. Write it once more as it is: "
            f"az network nic update --ids {made.a.nic.text}"
        )
