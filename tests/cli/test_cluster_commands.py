"""The commands in process: exit codes, the JSON contract, words, confirmation, and what is refused."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.cli.bench import Shell, fits, no_lab
from tests.engine.failover.crash import Kind, crashed_run
from tests.engine.readiness.test_known_rights import no_assignment
from tests.engine.worlds import WRITE, changed, without
from tests.rig import Rig, rig
from tgwizard import paths
from tgwizard.cli.app_ports import AppPorts
from tgwizard.cli.arguments import parse
from tgwizard.cli.console import Console
from tgwizard.cli.main import run
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, Moment, OperationTakes, Reset
from tgwizard.lab.latency import Latency

GRACEFUL = ("failover", "--to", "tg-node-b", "--graceful")
FORCED = ("failover", "--to", "tg-node-b", "--forced")


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    return rig(Latency.FAST, state=tmp_path / "state")


def test_that_status_names_the_holder_and_fits_its_schema(it: Rig) -> None:
    answered = Shell(it)("status", "--json")
    assert answered.code == 0
    (document,) = answered.lines
    fits(document, "status")
    assert document["holder"] == "tg-node-a"
    assert document["verdict"] == "in_sync"
    assert document["configured_active"] is None
    graceful = document["readiness"]["graceful"]
    assert (graceful["to"], graceful["state"], graceful["recommended"], graceful["reasons"]) == (
        "tg-node-b",
        "ready",
        False,
        [],
    )
    assert "Trustgrid is not told about this move" in graceful["notes"][0]
    assert [member["own_address"] for member in document["members"]] == ["10.20.2.11", "10.20.2.12"]
    assert answered.err == ""


def test_that_status_in_words_keeps_the_three_truths_apart(it: Rig) -> None:
    answered = Shell(it)("status", "edge-dallas")
    assert "edge-dallas (lab): In sync: tg-node-a holds 10.20.2.50" in answered.out
    for words in (
        "Floating IP        10.20.2.50 on tg-node-a",
        "Configured active  not conn",
        "Reported active    not",
    ):
        assert words in answered.out


def test_that_status_can_ask_azure_as_well_and_writes_nothing() -> None:
    it = without(WRITE)
    plain = Shell(it)("status", "--json")
    assert {record.method for record in it.lab.requests} == {"GET"}
    asked = Shell(it)("status", "--check", "--json")
    fits(asked.lines[0], "status")
    assert plain.lines[0]["readiness"]["graceful"]["state"] == "blocked"
    assert plain.lines[0]["state"] == "blocked"
    assert "No failover is possible: You may not write tg-node-b-inside" in plain.lines[0]["sentence"]
    graceful = asked.lines[0]["readiness"]["graceful"]
    assert graceful["state"] == "blocked"
    assert WRITE in graceful["reasons"][0]
    words = Shell(it)("status", "--check").out
    assert "stops      You may not write tg-node-b-inside" in words
    assert {record.status for record in it.lab.requests if record.method == "PUT"} == {403}


def test_that_a_status_nobody_could_read_is_unknown(it: Rig) -> None:
    it.lab.faults.add(Fault("GET", "networkInterfaces", FaultAnswer(503, ""), times=50))
    answered = Shell(it)("status", "--json")
    assert answered.code == 5
    fits(answered.lines[0], "status")
    assert answered.lines[0]["verdict"] == "not_known"
    assert answered.lines[0]["holder"] is None


def test_that_a_stranger_is_named_by_its_resource_id(it: Rig) -> None:
    it.edit(it.a, lambda body: body["properties"]["ipConfigurations"].pop())
    it.clock.sleep(10)
    stranger = it.a.nic.text.replace("tg-node-a-inside", "jump")
    subnet = {"id": it.setup.subnet.text}
    inner = {"privateIPAddress": it.address, "privateIPAllocationMethod": "Static", "subnet": subnet, "primary": True}
    body = {"location": "southcentralus", "properties": {"ipConfigurations": [{"name": "x", "properties": inner}]}}
    it.call("PUT", stranger, body).raise_for_status()
    (document,) = Shell(it)("status", "--json").lines
    fits(document, "status")
    assert document["verdict"] == "stranger"
    assert document["holder"] == {"stranger": stranger}
    answered = Shell(it)(*FORCED, "--yes", "--json")
    assert answered.code == 3
    assert answered.lines[-1]["address"] == {"stranger": stranger}


@pytest.mark.parametrize("words", [GRACEFUL, FORCED])
def test_that_a_failover_ends_with_one_finished_event_and_exit_0(it: Rig, words: tuple[str, ...]) -> None:
    answered = Shell(it)(*words, "--yes", "--json")
    assert answered.code == 0
    for line in answered.lines:
        fits(line, "event")
    assert [line["event"] for line in answered.lines].count("finished") == 1
    last = answered.lines[-1]
    assert (last["event"], last["outcome"], last["address"]) == ("finished", "done", "tg-node-b")
    assert last["left"] == []
    assert last["rolled_back"] is False
    assert 3.5 < last["gap_as_read_s"] < 5
    assert it.holders() == ["tg-node-b"]


def test_that_the_same_failover_again_is_refused_with_the_reason(it: Rig) -> None:
    shell = Shell(it)
    shell(*GRACEFUL, "--yes")
    before = it.puts()
    answered = shell(*GRACEFUL, "--yes", "--json")
    assert answered.code == 3
    fits(answered.lines[-1], "event")
    assert answered.lines[-1]["outcome"] == "refused"
    assert "already holds" in answered.lines[-1]["reason"]
    assert it.puts() == before


def test_that_a_run_is_told_in_calm_lines(it: Rig) -> None:
    answered = Shell(it)(*GRACEFUL, "--yes")
    assert "edge-dallas: 10.20.2.50 from tg-node-a to tg-node-b (graceful)" in answered.out
    assert "Detach from tg-node-a" in answered.out
    assert "Done: tg-node-b holds 10.20.2.50." in answered.out
    assert "gap as read" in answered.out
    assert "!" not in answered.out


def test_that_a_dry_run_prints_plan_and_checks_and_writes_nothing(it: Rig) -> None:
    before = it.nic(it.a).etag, it.nic(it.b).etag
    answered = Shell(it)(*GRACEFUL, "--dry-run", "--json")
    assert answered.code == 0
    (document,) = answered.lines
    fits(document, "plan")
    assert document["allowed"] is True
    assert [change["path"] for change in document["changes"]] == [it.a.nic.text, it.b.nic.text]
    assert (it.nic(it.a).etag, it.nic(it.b).etag) == before
    assert it.puts() == []
    words = Shell(it)(*GRACEFUL, "--dry-run").out
    assert "Now:   tg-node-a has 10.20.2.50" in words
    assert "After: tg-node-b has 10.20.2.50" in words


def test_that_a_dry_run_can_check_the_members_instead_of_the_operator(it: Rig) -> None:
    answered = Shell(it)(*GRACEFUL, "--dry-run", "--members", "--json")
    assert answered.code == 0
    fits(answered.lines[0], "plan")
    facts = {finding["fact"]: finding["level"] for finding in answered.lines[0]["findings"]}
    assert facts["tg-node-b's identity may write tg-node-b-inside"] == "passed"
    assert facts["No locks"] == "not_applicable"
    words = Shell(it)(*GRACEFUL, "--dry-run", "--members").out
    assert "not needed No locks" in words
    assert it.puts() == []


def test_that_a_fence_is_planned_checked_and_stops_the_losing_member_first(it: Rig) -> None:
    answered = Shell(it)(*FORCED, "--fence", "stop", "--dry-run", "--json")
    (document,) = answered.lines
    fits(document, "plan")
    assert [change["method"] for change in document["changes"]] == ["POST", "PUT", "PUT"]
    assert document["changes"][0]["path"] == f"{it.a.vm.text}/powerOff?skipShutdown=true"
    assert any(finding["fact"] == "You may stop tg-node-a" for finding in document["findings"])
    assert it.puts() == []
    run = Shell(it)(*FORCED, "--fence", "stop", "--yes", "--json")
    assert run.code == 0
    for line in run.lines:
        fits(line, "event")
    assert "fence" in [line.get("step") for line in run.lines]
    assert "tg-node-a was asked to stop." in run.lines[-1]["left"][0]
    assert it.holders() == ["tg-node-b"]


def test_that_a_dry_run_that_would_be_refused_ends_with_exit_3(it: Rig) -> None:
    answered = Shell(it)("failover", "--to", "tg-node-a", "--graceful", "--dry-run", "--json")
    assert answered.code == 3
    fits(answered.lines[0], "plan")
    assert answered.lines[0]["allowed"] is False
    assert "already holds" in answered.lines[0]["reason"]


def test_that_an_unknown_member_is_answered_with_the_members(it: Rig) -> None:
    answered = Shell(it)("failover", "--to", "tg-node-c", "--graceful", "--yes")
    assert answered.code == 2
    assert "Its members are tg-node-a and tg-node-b." in answered.err
    assert answered.out == ""


def test_that_a_usage_error_is_one_json_document_on_standard_error(it: Rig) -> None:
    import json

    answered = Shell(it)("failover", "--to", "tg-node-c", "--graceful", "--yes", "--json")
    assert answered.out == ""
    fits(json.loads(answered.err), "error")


def test_that_a_broken_cluster_file_is_exit_2_with_every_fault(it: Rig) -> None:
    file = it.services.state_dir / "edge-dallas.toml"
    file.write_text(file.read_text().replace('address = "10.20.2.50"', "adress = 5"))
    answered = Shell(it)("status")
    assert answered.code == 2
    assert "edge-dallas.toml, line 12: floating.adress is not a known key." in answered.err
    assert "Did you mean address?" in answered.err
    assert "floating.address is missing" in answered.err


def test_that_an_address_outside_the_subnet_is_refused_before_anything_is_written(it: Rig) -> None:
    file = it.services.state_dir / "edge-dallas.toml"
    file.write_text(file.read_text().replace("10.20.2.50", "10.20.9.50"))
    for words in (("status",), (*FORCED, "--yes")):
        answered = Shell(it)(*words)
        assert answered.code == 2
        assert "floating.address 10.20.9.50 is not in snet-inside." in answered.err
        assert "10.20.2.0/24" in answered.err
    assert it.puts() == []


def test_that_nothing_starts_unasked_where_nobody_can_be_asked(it: Rig) -> None:
    answered = Shell(it)(*GRACEFUL)
    assert answered.code == 2
    assert "--yes" in answered.err
    assert it.puts() == []


def test_that_a_graceful_failover_asks_yes_or_no(it: Rig) -> None:
    shell = Shell(it, ["n"])
    answered = shell(*GRACEFUL)
    assert answered.code == 6
    assert it.puts() == []
    assert "Nothing was written" in answered.out
    shell.answers = ["y"]
    assert shell(*GRACEFUL).code == 0
    assert shell.asked == ["Fail over to tg-node-b? [y/N] "] * 2


@pytest.mark.parametrize("typed", ["y", "yes", "tg-node-b", ""])
def test_that_a_forced_failover_wants_the_name_of_the_cluster(it: Rig, typed: str) -> None:
    assert Shell(it, [typed])(*FORCED).code == 6
    assert it.puts() == []


def test_that_the_typed_name_of_the_cluster_starts_a_forced_failover(it: Rig) -> None:
    assert Shell(it, ["edge-dallas"])(*FORCED).code == 0
    assert it.holders() == ["tg-node-b"]


def test_that_a_refused_failover_is_not_even_asked_about(it: Rig) -> None:
    shell = Shell(it, ["y"])
    answered = shell("failover", "--to", "tg-node-a", "--graceful")
    assert answered.code == 3
    assert shell.asked == []
    assert "Nothing was written" in answered.out


def test_that_a_failover_is_refused_when_the_attach_would_be_denied(it: Rig) -> None:
    denied = '{"error":{"code":"AuthorizationFailed","message":"The client does not have authorization to perform '
    denied += "action 'Microsoft.Network/networkInterfaces/write' over scope '/x/tg-node-b-inside' or so.\"}}"
    it.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(403, denied), times=9))
    answered = Shell(it)(*GRACEFUL, "--yes", "--json")
    assert answered.code == 3
    assert "Microsoft.Network/networkInterfaces/write" in answered.lines[-1]["reason"]
    assert it.holders() == ["tg-node-a"]


def test_that_a_lost_answer_on_the_way_does_not_stop_the_failover(it: Rig) -> None:
    # The first two PUTs are the probes of the preflight; the third is the detach.
    it.lab.faults.add(Fault("PUT", "networkInterfaces", Reset(Moment.AFTER_COMMIT), nth=3))
    answered = Shell(it)(*GRACEFUL, "--yes", "--json")
    assert answered.code == 0
    assert answered.lines[-1]["address"] == "tg-node-b"


def test_that_resume_without_an_interrupted_run_is_refused_in_words(it: Rig) -> None:
    answered = Shell(it)("resume", "--json")
    assert answered.code == 3
    fits(answered.lines[-1], "event")
    assert answered.lines[-1]["outcome"] == "refused"
    assert it.puts() == []


def test_that_an_address_on_no_nic_is_attached_by_a_forced_failover(it: Rig) -> None:
    it.edit(it.a, lambda body: body["properties"]["ipConfigurations"].pop())
    it.clock.sleep(30)
    (document,) = Shell(it)("status", "--json").lines
    assert document["verdict"] == "on_no_nic"
    assert document["holder"] is None
    assert Shell(it)(*GRACEFUL, "--yes").code == 3
    assert Shell(it)(*FORCED, "--yes").code == 0
    assert it.holders() == ["tg-node-b"]


def test_that_a_run_without_a_journal_is_refused_with_one_finished_event(it: Rig) -> None:
    # A journal path that is a folder: SQLite cannot open it, and the run is refused before anything is written.
    it.services.journal_file(it.setup).mkdir(parents=True)
    answered = Shell(it)(*GRACEFUL, "--yes", "--json")
    assert answered.code == 2
    assert [line["event"] for line in answered.lines] == ["finished"]
    assert it.puts() == []


def test_that_a_run_nobody_saw_the_end_of_is_unknown_and_resume_brings_it_to_its_end(it: Rig) -> None:
    # The first PUT to the gaining interface is the probe, the second the attach.
    it.lab.faults.add(Fault("PUT", "tg-node-b-inside", OperationTakes(7200), nth=2))
    answered = Shell(it)(*GRACEFUL, "--yes", "--json", "--lab-dir", "/a b")
    assert answered.code == 5
    last = answered.lines[-1]
    fits(last, "event")
    assert (last["outcome"], last["address"], last["place"]) == ("unknown", None, "attaching")
    assert last["left"]
    assert last["resume"] == "tgwizard resume edge-dallas --lab-dir '/a b'"
    it.clock.sleep(7200)
    resumed = Shell(it)("resume", "--json")
    assert resumed.code == 0
    for line in resumed.lines:
        fits(line, "event")
    assert (resumed.lines[-1]["outcome"], resumed.lines[-1]["address"]) == ("done", "tg-node-b")
    assert it.holders() == ["tg-node-b"]


@pytest.mark.parametrize("to", ["tg-node-a", "tg-node-b"])
def test_that_the_exit_code_of_a_resume_says_whether_the_address_is_where_it_was_asked_for(it: Rig, to: str) -> None:
    it.lab.faults.add(Fault("PUT", "tg-node-b-inside", OperationTakes(7200), nth=2))
    assert Shell(it)(*GRACEFUL, "--yes").code == 5
    it.clock.sleep(7200)
    resumed = Shell(it)("resume", "--to", to, "--json")
    for line in resumed.lines:
        fits(line, "event")
    last, there = resumed.lines[-1], to == "tg-node-b"
    assert (resumed.code, last["outcome"]) == ((0, "done") if there else (4, "failed"))
    assert last["address"] == "tg-node-b"
    assert ("Start a failover to tg-node-a" in last["reason"]) is not there
    assert Shell(it)("resume").code == 3  # nothing is left to resume


def test_that_a_resume_that_takes_the_address_back_as_asked_ends_with_0(tmp_path: Path) -> None:
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path, nth=2)
    answered = Shell(made)("resume", "--to", "tg-node-a")
    assert (answered.code, made.holders()) == (0, ["tg-node-a"])
    assert "Done: tg-node-a holds 10.20.2.50 again." in answered.out + answered.err
    (run,) = Shell(made)("history", "--json").lines[0]["clusters"][0]["runs"]
    assert (run["outcome"], run["holder"]) == ("cancelled", "tg-node-a")


def test_that_a_change_by_someone_else_during_the_run_is_kept_and_listed(it: Rig) -> None:
    done = False

    def tag() -> None:
        nonlocal done
        if not done and len(it.puts()) == 2:
            done = True
            it.edit(it.a, lambda body: body.update(tags={"by": "someone"}))

    it.lab.on_change = tag
    answered = Shell(it)(*GRACEFUL, "--yes", "--json")
    last = answered.lines[-1]
    fits(last, "event")
    assert answered.code == 0
    assert any(other["path"].startswith("tags") for other in last["by_other"])
    assert it.nic(it.a).body["tags"] == {"by": "someone"}


def test_that_yes_is_no_consent_to_a_dead_machine(it: Rig) -> None:
    it.lab.switch(it.b.vm.text, on=False)
    forced = ("failover", "--to", "tg-node-b", "--forced", "--yes")
    refused = Shell(it)(*forced)
    assert refused.code == 3
    assert "tg-node-b is stopped" in refused.out
    assert "--to-dead-machine" in refused.out
    assert it.holders() == ["tg-node-a"]
    assert Shell(it)(*forced[:-1], "--dry-run").code == 3
    assert Shell(it)(*forced, "--to-dead-machine").code == 0
    assert it.holders() == ["tg-node-b"]
    document = Shell(it)("status", "--json").lines[0]
    fits(document, "status")
    assert (document["verdict"], document["state"]) == ("member_down", "member_down")
    assert document["readiness"]["forced"]["recommended"] is True
    assert document["readiness"]["graceful"]["recommended"] is False


def test_that_status_tells_the_worse_of_verdict_and_readiness(it: Rig) -> None:
    it.lab.switch(it.b.vm.text, on=False)
    document = Shell(it)("status", "--json").lines[0]
    fits(document, "status")
    assert (document["verdict"], document["state"]) == ("in_sync", "blocked")
    assert {verb["state"] for verb in document["readiness"].values()} == {"blocked"}
    words = Shell(it)("status").out
    assert "tg-node-a holds 10.20.2.50. No failover is possible: tg-node-b is stopped" in words
    assert "Force failover to tg-node-b: blocked" in words


def test_that_status_does_not_call_ready_what_the_members_cannot_do() -> None:
    it = changed(no_assignment)
    words = Shell(it)("status").out
    assert "Fail over to tg-node-b: at risk" in words
    assert "tg-node-b" in words.split("Fail over to tg-node-b: at risk")[1]
    document = Shell(it)("status", "--json").lines[0]
    fits(document, "status")
    assert (document["verdict"], document["state"]) == ("in_sync", "at_risk")


def test_that_an_interface_that_is_gone_is_said_to_be_gone_and_has_no_state(it: Rig) -> None:
    for thing in (it.b.vm, it.b.nic):
        it.call("DELETE", thing.text).raise_for_status()
        it.clock.sleep(60)
    shown = Shell(it)("status")
    assert f"{it.b.nic.name} does not exist" in shown.out
    assert f"{it.b.nic.name} Succeeded" not in shown.out
    assert "refused to read" not in shown.out + shown.err
    (member,) = (item for item in Shell(it)("status", "--json").lines[0]["members"] if item["name"] == "tg-node-b")
    assert (member["own_address"], member["provisioning"]) == (None, None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("status",), 4),
        (("status", "--json"), 4),
        (("history",), 4),
        (("failover", "--to", "tg-node-b", "--graceful", "--dry-run"), 4),
        (("failover", "--to", "tg-node-b", "--graceful", "--yes"), 0),
        (("status", "nope"), 2),
    ],
)
def test_that_an_answer_that_could_not_be_written_is_no_success(
    tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    """A run that was done is done all the same: only what was to be read is lost."""
    it, err = rig(state=tmp_path), io.StringIO()
    program = AppPorts(Shell(it)._connect, no_lab, paths.lab_dir)
    with Path("/dev/full").open("w") as full:
        console = Console(full, err, as_json="--json" in words)
        assert run(parse(words, program.default_lab, program.latencies), program, console) == code
    assert ("could not be written in full: No space left on device" in err.getvalue()) is (code != 2)


def test_that_a_reader_who_goes_away_is_no_failure(tmp_path: Path) -> None:
    it, err = rig(state=tmp_path), io.StringIO()
    program = AppPorts(Shell(it)._connect, no_lab, paths.lab_dir)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        assert run(parse(("status",), program.default_lab, program.latencies), program, Console(gone, err)) == 0
    assert err.getvalue() == ""
