"""A failover on the lab through the real SDK, with a virtual clock: what it does and what it refuses."""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.rig import Rig, rig
from tgwizard.engine.failover.run import fail_over
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.lab.faults.fault_rules import (
    Fault,
    FaultAnswer,
    ForeignNicTakesAddress,
    Moment,
    OperationFails,
    OperationNeverEnds,
    Reset,
    Timeout,
)
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import (
    CallMade,
    CancelMeaning,
    Event,
    Finished,
    HolderObserved,
    RunStarted,
    Step,
    StepCompleted,
    StepStarted,
    WarningRaised,
)
from tgwizard.model.nic import NicDocument
from tgwizard.model.snapshot import LocationKind

VERBS = pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)


def put(member: Member, effect: Any, nth: int = 2, times: int = 1) -> Fault:
    """A fault on a PUT of this interface: the first of a run is the preflight's probe, the second the write itself."""
    return Fault("PUT", f"/networkInterfaces/{member.nic.name}", effect, nth, times)


def denied(action: str) -> FaultAnswer:
    message = (
        f"The client 'x' with object id 'x' does not have authorization to perform action '{action}' over scope '/s'."
    )
    body = {"error": {"code": "AuthorizationFailed", "message": message}}
    return FaultAnswer(403, json.dumps(body))


@VERBS
def test_that_the_address_moves_and_the_last_event_says_so(verb: Verb) -> None:
    lab = rig()
    finished = lab.fail_over(verb=verb)
    assert finished.outcome is Outcome.DONE
    assert finished.place.member == lab.b
    assert lab.holders() == ["tg-node-b"]
    assert lab.events[-1] is finished
    assert sum(isinstance(event, Finished) for event in lab.events) == 1
    assert isinstance(lab.events[0], RunStarted)
    done = [event.step for event in lab.events if isinstance(event, StepCompleted)]
    assert done == [Step.CHECK, Step.DETACH, Step.ATTACH, Step.CONFIRM]


def test_that_measured_times_are_those_of_the_lab() -> None:
    lab = rig(Latency.FAST)
    finished = lab.fail_over()
    assert finished.seconds == pytest.approx(8.0)
    assert finished.gap_as_read_s == pytest.approx(4.0)


def test_that_the_same_failover_again_is_refused_with_the_reason() -> None:
    lab = rig()
    lab.fail_over()
    before = len(lab.puts())
    again = lab.fail_over()
    assert again.outcome is Outcome.REFUSED
    assert again.reason == "tg-node-b already holds 10.20.2.50. There is nothing to move."
    assert again.place.member == lab.b
    assert len(lab.puts()) == before


@VERBS
def test_that_both_interfaces_come_back_equal_after_there_and_back(verb: Verb) -> None:
    lab = rig()
    before = [_plain(lab.nic(member)) for member in lab.setup.members]
    lab.fail_over(verb=verb)
    back = lab.fail_over(lab.a, verb)
    assert back.outcome is Outcome.DONE
    assert back.by_other == ()
    assert [_plain(lab.nic(member)) for member in lab.setup.members] == before


def test_that_a_run_makes_at_most_twelve_calls_besides_its_polls() -> None:
    lab = rig(Latency.INSTANT)
    lab.fail_over()
    reads = sum(isinstance(event, CallMade) and event.method == "GET" for event in lab.events)
    confirming = 2
    assert len(lab.lab.requests) - reads + confirming <= 12


def test_that_each_write_is_bound_to_the_version_it_was_read_at_and_sent_once() -> None:
    lab = rig()
    lab.lab.faults.add(put(lab.b, FaultAnswer(500, "{}")))
    lab.fail_over()
    ids = [record.client_request_id for record in lab.lab.requests if record.method == "PUT"]
    assert len(ids) == len(set(ids)), "the SDK must not repeat a write on its own"


@VERBS
def test_that_nothing_is_written_when_the_attach_would_be_denied(verb: Verb) -> None:
    lab = rig()
    lab.lab.faults.add(put(lab.b, denied("Microsoft.Network/networkInterfaces/write"), nth=1))
    finished = lab.fail_over(verb=verb)
    assert finished.outcome is Outcome.REFUSED
    assert finished.place.member == lab.a
    assert "tg-node-b-inside" in finished.reason
    assert lab.holders() == ["tg-node-a"]
    assert [record.status for record in lab.lab.requests if record.method == "PUT"] == [412, 403]


def test_that_what_is_not_known_stops_graceful_unless_accepted_and_never_stops_forced() -> None:
    for verb, accept, outcome in (
        (Verb.GRACEFUL, False, Outcome.REFUSED),
        (Verb.GRACEFUL, True, Outcome.DONE),
        (Verb.FORCED, False, Outcome.DONE),
    ):
        lab = rig()
        gone = {"error": {"code": "InternalServerError", "message": "Encountered internal server error."}}
        lab.lab.faults.add(Fault("GET", "virtualMachines/tg-node-b", FaultAnswer(500, json.dumps(gone)), times=50))
        assert lab.fail_over(verb=verb, accept_unknown=accept).outcome is outcome


@VERBS
def test_that_the_address_goes_back_when_the_attach_fails_all_the_same(verb: Verb) -> None:
    lab = rig()
    before = _plain(lab.nic(lab.a))
    lab.lab.faults.add(put(lab.b, denied("Microsoft.Network/virtualNetworks/subnets/join/action")))
    finished = lab.fail_over(verb=verb)
    assert finished.outcome is Outcome.FAILED
    assert finished.rolled_back
    assert finished.place.member == lab.a
    assert lab.holders() == ["tg-node-a"]
    assert _plain(lab.nic(lab.a)) == before


@pytest.mark.parametrize("effect", [Reset, Timeout], ids=["reset", "timeout"])
@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.value)
@pytest.mark.parametrize("who", [0, 1], ids=["detach", "attach"])
@VERBS
def test_that_a_lost_answer_is_settled_by_reading(verb: Verb, who: int, moment: Moment, effect: type[Any]) -> None:
    lab = rig()
    lab.lab.faults.add(put(lab.setup.members[who], effect(moment)))
    finished = lab.fail_over(verb=verb)
    assert finished.outcome is Outcome.DONE
    assert lab.holders() == ["tg-node-b"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.value)
def test_that_a_server_error_on_a_write_is_unknown_and_settled_by_reading(status: int, moment: Moment) -> None:
    lab = rig()
    lab.lab.faults.add(
        put(lab.a, FaultAnswer(status, '{"error":{"code":"ServerTimeout","message":"x"}}', moment=moment))
    )
    lab.lab.faults.add(
        put(lab.b, FaultAnswer(status, '{"error":{"code":"ServerTimeout","message":"x"}}', moment=moment))
    )
    assert lab.fail_over().outcome is Outcome.DONE
    assert lab.holders() == ["tg-node-b"]


def test_that_a_change_by_an_administrator_during_the_run_is_kept_and_listed() -> None:
    lab = rig()

    def tag(body: dict[str, Any]) -> None:
        body["tags"] = {**body.get("tags", {}), "changed-by": "night shift"}

    _when(lab, Step.DETACH, lambda: lab.edit(lab.b, tag))
    finished = lab.fail_over()
    assert finished.outcome is Outcome.DONE
    assert lab.holders() == ["tg-node-b"]
    assert lab.nic(lab.b).body["tags"]["changed-by"] == "night shift"
    assert [(item.nic, item.difference.path, item.difference.after) for item in finished.by_other] == [
        ("tg-node-b-inside", "tags.changed-by", "night shift")
    ]


def test_that_a_write_by_someone_else_before_our_first_ends_the_run_as_yielded() -> None:
    lab = rig()

    def tag(body: dict[str, Any]) -> None:
        body["tags"] = {"changed-by": "someone"}

    _when(lab, Step.CHECK, lambda: lab.edit(lab.a, tag), done=True)
    finished = lab.fail_over()
    assert finished.outcome is Outcome.YIELDED
    assert "wrote nothing" in finished.reason
    lab.clock.sleep(30)
    assert lab.holders() == ["tg-node-a"]


def test_that_the_run_yields_when_the_other_member_takes_the_address_back() -> None:
    lab = rig()
    kept = lab.nic(lab.a).find(lab.address)
    assert kept is not None

    def take_back() -> None:
        lab.edit(lab.a, lambda body: body["properties"]["ipConfigurations"].append(kept))

    _when(lab, LocationKind.NO_NIC, take_back)
    finished = lab.fail_over()
    lab.clock.sleep(30)
    assert finished.outcome is Outcome.YIELDED
    assert finished.place.member == lab.a
    assert lab.holders() == ["tg-node-a"]


def test_that_a_stranger_who_takes_the_freed_address_is_named_and_nothing_is_put_back() -> None:
    lab = rig()
    stranger = lab.a.nic.text.replace("tg-node-a-inside", "vm-app-01-nic")
    lab.lab.faults.add(put(lab.a, ForeignNicTakesAddress(stranger)))
    finished = lab.fail_over()
    assert finished.outcome is Outcome.FAILED
    assert not finished.rolled_back
    assert finished.place.kind is LocationKind.FOREIGN_NIC
    assert finished.place.foreign_nic is not None
    assert finished.place.foreign_nic.name == "vm-app-01-nic"
    assert "vm-app-01-nic took 10.20.2.50" in finished.reason
    assert lab.holders() == []


def test_that_an_attach_whose_operation_failed_is_written_again() -> None:
    lab = rig()
    lab.lab.faults.add(put(lab.b, OperationFails()))
    assert lab.fail_over().outcome is Outcome.DONE
    assert lab.holders() == ["tg-node-b"]


def test_that_a_detach_whose_operation_failed_ends_with_one_holder() -> None:
    lab = rig()
    lab.lab.faults.add(put(lab.a, OperationFails()))
    finished = lab.fail_over()
    lab.clock.sleep(60)
    assert finished.place.member is not None
    assert lab.holders() == [finished.place.member.name]


def test_that_a_detach_that_never_ends_leaves_graceful_unknown_and_forced_supersedes_it() -> None:
    lab = rig()
    lab.lab.faults.add(put(lab.a, OperationNeverEnds()))
    finished = lab.fail_over()
    assert finished.outcome is Outcome.UNKNOWN
    assert finished.resume == "tgwizard resume edge-dallas"
    lab = rig()
    lab.lab.faults.add(put(lab.b, OperationNeverEnds()))
    finished = lab.fail_over(verb=Verb.FORCED)
    assert finished.outcome is Outcome.DONE
    assert [event.problem.code for event in lab.events if isinstance(event, WarningRaised)] == ["superseding"]
    assert lab.holders() == ["tg-node-b"]


def test_that_a_cancel_before_the_detach_writes_nothing() -> None:
    lab = rig()
    lab.token.cancel()
    finished = lab.fail_over()
    assert finished.outcome is Outcome.CANCELLED
    assert lab.puts() == []
    assert lab.holders() == ["tg-node-a"]


def test_that_a_cancel_after_the_detach_puts_the_address_back() -> None:
    lab = rig()
    before = _plain(lab.nic(lab.a))
    _when(lab, Step.DETACH, lab.token.cancel)
    finished = lab.fail_over()
    assert finished.outcome is Outcome.CANCELLED
    assert finished.rolled_back
    assert lab.holders() == ["tg-node-a"]
    assert _plain(lab.nic(lab.a)) == before


def test_that_a_cancel_after_the_attach_was_sent_is_not_granted() -> None:
    lab = rig()
    _when(lab, LocationKind.ATTACHING, lab.token.cancel)
    finished = lab.fail_over()
    assert finished.outcome is Outcome.DONE
    assert [event.problem.code for event in lab.events if isinstance(event, WarningRaised)] == ["cancel-too-late"]
    meanings = [event.cancel for event in lab.events if isinstance(event, StepStarted)]
    assert meanings == [
        CancelMeaning.STOPS,
        CancelMeaning.STOPS,
        CancelMeaning.PUTS_BACK,
        CancelMeaning.NOT_GRANTED,
    ]


def test_that_a_busy_interface_is_waited_for_before_anything_is_written() -> None:
    lab = rig()

    def tag(body: dict[str, Any]) -> None:
        body["tags"] = {"a": "b"}

    lab.edit(lab.b, tag)
    finished = lab.fail_over()
    assert finished.outcome is Outcome.DONE
    first = next(event for event in lab.events if isinstance(event, CallMade) and event.method == "PUT")
    assert first.stamp.clock_s >= 4.0


def test_that_a_late_run_is_dropped_and_never_executed() -> None:
    lab = rig()
    _when(lab, Step.CHECK, lambda: lab.clock.sleep(3600), done=True)
    finished = lab.fail_over()
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "run-too-late"
    assert lab.puts() == []


def test_that_a_second_run_on_this_computer_is_refused_while_one_works() -> None:
    lab = rig()
    second: list[Finished] = []
    _when(lab, Step.DETACH, lambda: second.append(rig_again(lab)))
    assert lab.fail_over().outcome is Outcome.DONE
    assert [finished.outcome for finished in second] == [Outcome.REFUSED]
    assert second[0].problem is not None
    assert second[0].problem.code == "cluster-locked"


def test_that_a_journal_that_cannot_be_written_means_that_nothing_is_written_to_azure() -> None:
    lab = rig()
    folder = lab.services.journal_file(lab.setup)
    folder.mkdir(parents=True)
    finished = lab.fail_over()
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "journal-not-opened"
    assert lab.puts() == []


def test_that_forced_attaches_an_address_that_is_on_no_interface() -> None:
    lab = rig()
    lab.edit(lab.a, lambda body: _drop(body, lab.address))
    lab.clock.sleep(30)
    assert lab.fail_over(verb=Verb.GRACEFUL).outcome is Outcome.REFUSED
    finished = lab.fail_over(verb=Verb.FORCED)
    assert finished.outcome is Outcome.DONE
    assert lab.holders() == ["tg-node-b"]


def test_that_the_address_is_seen_on_its_way() -> None:
    lab = rig()
    lab.fail_over()
    places = [event.place.kind for event in lab.events if isinstance(event, HolderObserved)]
    seen = [kind for kind, _ in itertools.groupby(places)]
    assert seen == [
        LocationKind.MEMBER,
        LocationKind.RELEASING,
        LocationKind.NO_NIC,
        LocationKind.ATTACHING,
        LocationKind.MEMBER,
    ]


def test_that_four_reads_a_second_is_the_most() -> None:
    lab = rig()
    lab.fail_over()
    polls = [event.stamp.clock_s for event in lab.events if isinstance(event, CallMade) and event.method == "GET"]
    busy = [sum(start <= poll < start + 1 for poll in polls[:-2]) for start in polls]
    assert max(busy) <= 4
    assert FailoverTiming().poll_s >= 0.25


def _when(lab: Rig, what: Step | LocationKind, act: Callable[[], object], *, done: bool = False) -> None:
    """Let something happen when that step of the run starts (or is done), or when the address is seen there."""

    class Ears(list[Event]):
        acted = False

        def append(self, event: Event) -> None:
            super().append(event)
            step = isinstance(event, StepCompleted if done else StepStarted) and event.step is what
            if not self.acted and (step or (isinstance(event, HolderObserved) and event.place.kind is what)):
                self.acted = True
                act()

    lab.events = Ears()


def rig_again(lab: Rig) -> Finished:
    other = rig(lab=lab.lab, clock=lab.clock, state=lab.services.state_dir)
    return other.fail_over()


def _drop(body: dict[str, Any], address: str) -> None:
    kept = [
        item for item in body["properties"]["ipConfigurations"] if item["properties"]["privateIPAddress"] != address
    ]
    body["properties"]["ipConfigurations"] = kept


def _plain(document: NicDocument) -> Any:
    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items() if key != "etag"}
        return [clean(item) for item in value] if isinstance(value, list) else value

    return clean(json.loads(json.dumps(document.body)))


def test_that_a_detach_that_keeps_failing_ends_with_the_address_where_azure_has_it() -> None:
    lab = rig()
    lab.lab.faults.add(put(lab.a, OperationFails(), times=20))
    finished = lab.fail_over()
    assert finished.outcome is not Outcome.DONE or lab.holders() == ["tg-node-b"]


def test_that_an_attach_that_keeps_failing_is_taken_off_again_and_the_address_goes_back() -> None:
    lab = rig()
    lab.lab.faults.add(put(lab.b, OperationFails(), times=4))
    finished = lab.fail_over()
    assert finished.outcome is Outcome.FAILED
    assert finished.rolled_back
    assert lab.holders() == ["tg-node-a"]
    assert not lab.nic(lab.b).lists(lab.address)


def test_that_a_trouble_of_the_journal_is_told_once_in_a_run() -> None:
    it = rig()

    def lose_the_journal(event: Event) -> None:
        it.events.append(event)
        if isinstance(event, StepStarted) and event.step is Step.DETACH:
            with contextlib.closing(sqlite3.connect(it.services.journal_file(it.setup))) as database, database:
                database.execute("DROP TABLE record")

    finished = fail_over(it.services, it.setup, it.b, Verb.GRACEFUL, lose_the_journal, it.token)
    assert finished.outcome is Outcome.DONE
    noted = [event.problem.code for event in it.events if isinstance(event, WarningRaised)]
    assert noted == ["journal-append-failed"]
    assert [left for left in finished.left if "not in the journal" in left]


def test_that_the_same_answer_of_a_stranger_is_told_once_in_a_run() -> None:
    it = rig()
    page = FaultAnswer(403, "<html><title>Blocked</title></html>", (("Content-Type", "text/html"),))
    it.lab.faults.add(put(it.b, page, times=3))
    assert it.fail_over().outcome is Outcome.DONE
    assert len([event for event in it.events if isinstance(event, WarningRaised)]) == 1
