"""Resume: with a journal, without one, and when there is nothing to do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine.failover.crash import Kind, Recorder, again, crashed_run, run_of
from tests.rig import Rig, inline_journal, rig
from tgwizard.engine.failover.resume import interrupted_run, resume
from tgwizard.engine.failover.run import RunOptions
from tgwizard.engine.files.cluster_file import load_cluster
from tgwizard.engine.runs.journal import Durability
from tgwizard.engine.runs.records import RunEndRecord
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import ClusterIdentity, Member, Verb
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CallMade, Event, Finished, HolderObserved, WarningRaised
from tgwizard.model.failover_options import Fence, FenceRequest, Strategy
from tgwizard.model.problem import UserError
from tgwizard.model.snapshot import LocationKind


def go(made: Rig, to: Member | None = None) -> tuple[Finished, list[Event]]:
    events: list[Event] = []
    return resume(made.services, made.setup, to, events.append, made.token, RunOptions()), events


def test_that_an_interrupted_run_is_pending_until_it_is_resumed(tmp_path: Path) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2)
    began = interrupted_run(made.services, made.setup)
    assert began is not None
    assert began.to == "tg-node-b"
    finished, _ = go(made)
    assert finished.outcome is Outcome.DONE
    assert finished.run == began.run
    assert interrupted_run(made.services, made.setup) is None


def recorded(made: Rig, run: str) -> RunEndRecord:
    """The end of the run as the journal keeps it."""
    journal = made.services.journal(made.setup)
    (ended,) = [record for record in journal.records(run) if isinstance(record, RunEndRecord)]
    journal.close()
    return ended


def test_that_a_resume_that_restores_the_start_as_asked_is_done_and_the_run_was_cancelled(tmp_path: Path) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2)
    finished, _ = go(made, made.a)
    assert (finished.outcome, finished.rolled_back, finished.problem) == (Outcome.DONE, True, None)
    assert finished.reason == "tg-node-a holds 10.20.2.50 again."
    assert made.holders() == ["tg-node-a"]
    ended = recorded(made, finished.run)
    assert (ended.outcome, ended.holder, ended.to) == (Outcome.CANCELLED, "tg-node-a", "tg-node-b")


def test_that_a_restore_that_came_too_late_has_failed_and_says_who_has_the_address_and_what_to_do(
    tmp_path: Path,
) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-b-inside", tmp_path, nth=2)
    finished, _ = go(made, made.a)
    assert (finished.outcome, finished.place.member, finished.resume) == (Outcome.FAILED, made.b, "")
    assert finished.reason == (
        "tg-node-b holds 10.20.2.50. It arrived there before it could be put back on tg-node-a. "
        "Start a failover to tg-node-a if it is wanted there."
    )
    assert finished.problem is not None
    ended = recorded(made, finished.run)
    assert (ended.outcome, ended.holder, ended.reason) == (
        Outcome.DONE,
        "tg-node-b",
        "tg-node-b holds 10.20.2.50.",
    ), "the run itself arrived"
    assert made.holders() == ["tg-node-b"]
    assert interrupted_run(made.services, made.setup) is None


def test_that_a_resume_without_a_name_arrives_where_the_run_was_going(tmp_path: Path) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-b-inside", tmp_path, nth=2)
    finished, _ = go(made)
    assert (finished.outcome, finished.reason) == (Outcome.DONE, "tg-node-b holds 10.20.2.50.")


def _turned_back(tmp_path: Path) -> Rig:
    """A run whose attach was denied and whose put-back was sent when it stopped."""

    def denied(made: Rig) -> None:
        body = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}}
        made.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(403, json.dumps(body)), nth=2))

    recorder = Recorder()
    recorder.record(run_of(Verb.GRACEFUL), denied)
    sent = [item for item in recorder.boundaries if (item.kind, item.what) == (Kind.ANSWERED, "PUT tg-node-a-inside")]
    made = again(sent[-1], tmp_path, journal=True, durability=Durability.WRITTEN)
    made.lab.faults.clear()
    return made


def test_that_a_resume_to_the_second_member_has_failed_when_the_address_was_on_its_way_back(tmp_path: Path) -> None:
    made = _turned_back(tmp_path)
    finished, _ = go(made, made.b)
    assert (finished.outcome, finished.place.member, finished.rolled_back) == (Outcome.FAILED, made.a, True)
    assert finished.reason == (
        "tg-node-a holds 10.20.2.50 again. It was being put back there when the run was interrupted. "
        "Start a failover to tg-node-b if it is wanted there."
    )


def test_that_a_cancel_of_a_run_that_goes_back_already_says_so_and_the_run_has_failed_all_the_same(
    tmp_path: Path,
) -> None:
    made = _turned_back(tmp_path)
    made.token.cancel()
    finished, events = go(made)
    assert (finished.outcome, finished.rolled_back) == (Outcome.FAILED, True)
    (warned,) = [event.problem.what for event in events if isinstance(event, WarningRaised)]
    assert warned == "10.20.2.50 is being put back on tg-node-a already."


@pytest.mark.parametrize("cancelled", [False, True])
def test_that_a_cancel_of_a_resume_to_the_start_does_not_change_what_was_asked_for(
    tmp_path: Path, cancelled: bool
) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2)
    if cancelled:
        made.token.cancel()
    assert go(made, made.a)[0].outcome is Outcome.DONE


@pytest.mark.parametrize("named", [False, True])
def test_that_a_resume_that_its_checks_turn_back_says_what_they_found(tmp_path: Path, named: bool) -> None:
    made = crashed_run(Kind.SENT, "PUT tg-node-a-inside", tmp_path, nth=2)
    body = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}}
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(403, json.dumps(body)), times=10**6))
    finished, events = go(made, made.b if named else None)
    assert (finished.outcome, finished.rolled_back, made.holders()) == (Outcome.FAILED, True, ["tg-node-a"])
    assert finished.problem is not None
    assert finished.problem in [event.problem for event in events if isinstance(event, WarningRaised)]
    assert finished.reason == f"{finished.problem.sentence()} tg-node-a holds 10.20.2.50 again."
    ended = recorded(made, finished.run)
    assert (ended.outcome, ended.reason) == (Outcome.FAILED, finished.reason)


def moved_by_another(folder: Path) -> Rig:
    """An interrupted run that sent nothing that counts, and another program that brought the address where it went."""

    def refused(made: Rig) -> None:
        made.lab.faults.add(
            Fault("POST", "moveIpConfigurations", FaultAnswer(400, '{"error":{"code":"NotSupported"}}'))
        )

    recorder = Recorder()
    recorder.record(run_of(Verb.GRACEFUL, strategy=Strategy.ATOMIC), refused)
    answered = [item for item in recorder.boundaries if item.kind is Kind.ANSWERED and "moveIp" in item.what]
    after = recorder.boundaries[recorder.boundaries.index(answered[0]) + 1]
    made = again(after, folder, journal=True, durability=Durability.WRITTEN)
    made.lab.faults.clear()
    other = rig(lab=made.lab, state=folder / "other")
    assert other.fail_over().outcome is Outcome.DONE
    return made


def test_that_a_resume_to_the_member_that_somebody_else_gave_the_address_is_done(tmp_path: Path) -> None:
    made = moved_by_another(tmp_path)
    finished, _ = go(made, made.b)
    assert (finished.outcome, made.holders()) == (Outcome.DONE, ["tg-node-b"])
    assert finished.reason == "tg-node-b holds 10.20.2.50. Somebody else moved it there."


def test_that_a_resume_is_not_done_while_the_interface_that_somebody_else_wrote_is_left_failed(tmp_path: Path) -> None:
    made = moved_by_another(tmp_path)
    body = made.call("GET", made.b.nic.text).json()
    body["properties"]["provisioningState"] = "Failed"
    made.lab.faults.add(Fault("GET", "tg-node-b-inside", FaultAnswer(200, json.dumps(body)), nth=2))
    finished, _ = go(made, made.b)
    assert finished.outcome is Outcome.YIELDED
    assert any("tg-node-b-inside is in state Failed" in line for line in finished.left)


@pytest.mark.parametrize("named", [False, True])
def test_that_a_resume_that_is_cancelled_while_the_machine_stops_is_cancelled(tmp_path: Path, named: bool) -> None:
    recorder = Recorder()
    recorder.record(run_of(Verb.FORCED, FenceRequest(Fence.STOP)))
    sent = next(item for item in recorder.boundaries if item.kind is Kind.SENT and "powerOff" in item.what)
    made = again(sent, tmp_path, journal=True)
    events: list[Event] = []

    def ear(event: Event) -> None:
        events.append(event)
        if isinstance(event, HolderObserved) and "being powered off" in event.leaves:
            made.token.cancel()

    finished = resume(made.services, made.setup, made.b if named else None, ear, made.token, RunOptions())
    assert made.token.is_cancelled
    assert (finished.outcome, finished.rolled_back, made.holders()) == (Outcome.CANCELLED, True, ["tg-node-a"])
    assert not any("already" in event.problem.what for event in events if isinstance(event, WarningRaised))


def test_that_without_a_journal_resume_demands_the_member(tmp_path: Path) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2, journal=False)
    finished, _ = go(made)
    assert finished.outcome is Outcome.REFUSED
    assert "--to tg-node-a or tg-node-b" in finished.reason


def test_that_without_a_journal_resume_watches_for_twenty_seconds_and_says_what_it_cannot_know(tmp_path: Path) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2, journal=False)
    made.clock.sleep(60)
    start = made.clock.monotonic()
    finished, events = go(made, made.b)
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    first = next(event for event in events if isinstance(event, CallMade) and event.method == "PUT")
    assert first.stamp.clock_s - start >= 20
    assert [event.problem.code for event in events if isinstance(event, WarningRaised)] == ["no-journal"]


def test_that_without_a_journal_resume_does_not_act_while_someone_changes_an_interface(tmp_path: Path) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2, journal=False)
    finished, _ = go(made, made.b)
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "not-quiet"
    assert not made.nic(made.b).lists(made.address)


def test_that_resume_with_nothing_to_do_says_who_holds_the_address() -> None:
    made = rig()
    finished, _ = go(made)
    assert finished.outcome is Outcome.REFUSED
    assert finished.reason.startswith("There is nothing to resume. tg-node-a holds 10.20.2.50.")
    assert finished.place.member == made.a


def test_that_a_run_of_which_nothing_was_applied_is_dropped_when_it_is_old(tmp_path: Path) -> None:
    made = crashed_run(Kind.COMMITTED, "flushed", tmp_path)
    made.clock.sleep(600)
    finished, _ = go(made)
    assert finished.outcome is Outcome.FAILED
    assert finished.problem is not None
    assert finished.problem.code == "run-too-late"
    assert made.holders() == ["tg-node-a"]
    assert interrupted_run(made.services, made.setup) is None


def test_that_a_stranger_who_took_the_address_is_named_and_the_run_stays_resumable(tmp_path: Path) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2)
    made.clock.sleep(30)
    stranger = made.a.nic.text.replace("tg-node-a-inside", "vm-app-01-nic")
    _give(made, stranger)
    finished, _ = go(made)
    assert finished.outcome is Outcome.FAILED
    assert finished.place.kind is LocationKind.FOREIGN_NIC
    assert interrupted_run(made.services, made.setup) is not None


def test_that_a_journal_of_other_interfaces_is_refused_and_kept(tmp_path: Path) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2)
    path = made.services.journal_file(made.setup)
    other = rig(state=tmp_path / "other")
    path.rename(target := other.services.state_dir / "journal-copy.sqlite")
    with pytest.raises(UserError) as caught:
        inline_journal(target, ClusterIdentity(("x", "y"), "10.0.0.9"))
    assert caught.value.problem.code == "journal-of-another-cluster"
    assert target.exists()


def test_that_a_damaged_journal_is_kept_and_named() -> None:
    made = rig()
    path = made.services.journal_file(made.setup)
    path.write_bytes(b"this is no database, whatever its name says" * 40)
    before = path.read_bytes()
    finished, _ = go(made)
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "journal-damaged"
    assert path.read_bytes() == before


def _give(made: Rig, nic: str) -> None:
    body: dict[str, Any] = made.call("GET", nic).json()
    primary = body["properties"]["ipConfigurations"][0]
    extra: dict[str, Any] = {
        "name": "taken",
        "properties": {
            "privateIPAddress": made.address,
            "privateIPAllocationMethod": "Static",
            "subnet": primary["properties"]["subnet"],
            "primary": False,
        },
    }
    if groups := primary["properties"].get("applicationSecurityGroups"):
        extra["properties"]["applicationSecurityGroups"] = groups
    primary["properties"]["primary"] = True
    body["properties"]["ipConfigurations"].append(extra)
    made.call("PUT", nic, body).raise_for_status()
    made.clock.sleep(60)


def test_that_without_a_journal_all_that_travelled_comes_from_the_file_that_the_last_failover_kept(
    tmp_path: Path,
) -> None:
    made = rig(lab=Lab.from_scenario("busy-nic", clock=VirtualClock()), state=tmp_path / "first")

    def more(body: dict[str, Any]) -> None:
        floating = next(item for item in body["properties"]["ipConfigurations"] if item["name"] == "tg-floating")
        floating["properties"]["fooBar"] = {"a": [1, {"b": None}]}
        floating["futureBeside"] = "x"

    made.edit(made.a, more)
    made.clock.sleep(60)
    before = made.nic(made.a).find(made.address)
    assert before is not None
    assert made.fail_over(made.b).outcome is Outcome.DONE
    made.edit(made.b, lambda body: body["properties"]["ipConfigurations"].pop())
    made.clock.sleep(60)
    assert made.holders() == []
    elsewhere = rig(lab=made.lab, state=tmp_path / "second")
    assert made.setup.file is not None
    finished, events = go(replace(elsewhere, setup=load_cluster(made.setup.file)), made.a)
    assert (finished.outcome, finished.left) == (Outcome.DONE, ())
    assert [event.problem.code for event in events if isinstance(event, WarningRaised)] == ["no-journal"]
    after = made.nic(made.a).find(made.address)
    assert after is not None
    assert {**after, "etag": ""} == {**before, "etag": ""}


def test_that_a_file_that_cannot_be_written_is_told_and_stops_no_failover(tmp_path: Path) -> None:
    made = rig(lab=Lab.from_scenario("busy-nic", clock=VirtualClock()), state=tmp_path)
    assert made.setup.file is not None
    made.setup.file.write_text(made.setup.file.read_text().replace("schema = 1", "schema = one"))
    assert made.fail_over(made.b).outcome is Outcome.DONE
    (noted,) = [event.problem for event in made.events if isinstance(event, WarningRaised)]
    assert noted.code == "carried-not-kept"
    assert "this is not TOML" in noted.why
    assert made.setup.carried == CarriedConfiguration()
