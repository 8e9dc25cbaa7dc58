"""Setting up from the command line, in process: what is found, planned, applied, verified, undone and handed over."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cli.bench import Shell, every_parser, fits
from tests.engine.setup.apply.plans import answers_for, plan_for
from tests.engine.setup.hand_made import GROUP
from tests.rig import SetupRig, setup_rig
from tgwizard.cli.arguments import command_parser, parse
from tgwizard.cli.setup_arguments import Plan
from tgwizard.cli.setup_text import planned
from tgwizard.engine.files.cluster_file import load_cluster
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import AzureAnswer, Fault
from tgwizard.lab.fronts.in_process import LabAdapter, lab_session
from tgwizard.lab.lab import Lab
from tgwizard.model import fields
from tgwizard.model.problem import UserError
from tgwizard.model.setup_plan import PutRole, Right, WhoMay, usual_s
from tgwizard.model.text import format_estimate


@pytest.fixture
def it(tmp_path: Path) -> SetupRig:
    return setup_rig(state=tmp_path / "state")


def in_scenario(name: str, folder: Path) -> SetupRig:
    return setup_rig(name, state=folder / name)


def writes(it: SetupRig) -> list[str]:
    methods = ("PUT", "PATCH", "DELETE")
    return [item.path for item in it.lab.requests if item.method in methods and item.status != 412]


def test_that_discover_names_the_pair_and_fits_its_schema(it: SetupRig) -> None:
    answered = Shell(it)("discover", "--json")
    assert answered.code == 0, answered.err
    (document,) = answered.lines
    fits(document, "discover")
    (pair,) = document["pairs"]
    assert [text.rsplit("/", 1)[-1] for text in pair["machines"]] == ["tg-node-a", "tg-node-b"]
    words = Shell(it)("discover").out
    assert "1. tg-node-a and tg-node-b" in words
    assert writes(it) == []


def test_that_a_plan_needs_no_answer_on_fresh_and_writes_nothing(it: SetupRig) -> None:
    answered = Shell(it)("setup", "plan", "--json")
    assert answered.code == 0, answered.err
    (document,) = answered.lines
    fits(document, "setup-plan")
    assert document["allowed"] is True
    assert document["writes"] == document["mine"] == 5
    assert document["answers"]["floating_ip"] is not None
    words = Shell(it)("setup", "plan").out
    assert "5 changes would be written" in words
    assert "Turn on the identity of tg-node-b" in words
    assert writes(it) == []


def test_that_nothing_is_said_not_to_be_written_before_it_is_written(it: SetupRig) -> None:
    plan = Shell(it)("setup", "plan")
    assert re.search(r"^5 changes would be written, about \d+ s\. Nothing was written\.$", plan.out, re.MULTILINE)
    refused = Shell(it, answers=["n"])("setup", "apply")
    assert re.search(r"^5 changes will be made, about \d+ s\.$", refused.out, re.MULTILINE)
    assert refused.out.count("Nothing was written") == refused.out.count("Cancelled. Nothing was written.") == 1
    assert writes(it) == []
    assert "Nothing was written" not in Shell(it)("setup", "apply", "--yes").out
    taken = Shell(it, answers=["y"])("setup", "undo")
    assert taken.code == 0, taken.err
    assert "What others use or changed since is kept." in taken.out
    assert "Nothing was written" not in taken.out


def test_that_a_part_of_the_changes_is_told_as_a_part_before_it_is_made() -> None:
    plan = plan_for(GROUP)
    others = Right(WhoMay.OTHERS, GROUP)
    changes = tuple(replace(one, right=others) if isinstance(one.write, PutRole) else one for one in plan.changes)
    plan = replace(plan, changes=changes)
    lines = [str(line) for line in planned(answers_for(GROUP), plan, making=plan.mine)]
    assert lines[-1] == (
        f"{len(plan.mine)} of {len(plan.writing)} changes will be made, {format_estimate(usual_s(plan.mine))}. "
        "The others are not yours to make."
    )
    assert 0 < usual_s(plan.mine) <= plan.usual_s
    assert 0 < len(plan.mine) < len(plan.writing)


def test_that_every_field_of_the_answers_is_an_option() -> None:
    for item in fields.OF_SETUP:
        twice = item in (fields.MEMBER_VM, fields.MEMBER_NIC)
        words = ["setup", "plan", *[item.flag, item.example] * (2 if twice else 1)]
        command = parse(words, Path.cwd, ("fast",)).command
        assert isinstance(command, Plan)
        assert command.given.values == {item.key: (item.example,) * (2 if twice else 1)}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--floating-ip", "10.20.2.5/24"), "--floating-ip 10.20.2.5/24 cannot be used."),
        (("--vm", "tg-node-a"), "--vm is given once."),
        (("--ip-configuration", "-x"), "needs a value"),
        (("--role-name", "x" * 513), "It has 513 characters. Azure takes 512 at most. Shorten it."),
        (("--drop-scope", "rg?"), "--drop-scope rg? cannot be used."),
    ],
)
def test_that_an_option_that_cannot_be_used_is_exit_2_with_an_example(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(("setup", "plan", *words), Path.cwd, ("fast",))
    assert said in caught.value.problem.sentence()


def test_that_the_answers_given_are_the_ones_that_are_planned(it: SetupRig) -> None:
    words = ("--floating-ip", "10.20.2.99", "--vm", "tg-node-b", "--vm", "tg-node-a", "--name", "edge-x")
    more = ("--ip-configuration", "vip", "--role-name", "tg-own", "--whole-subscription", "--placement", "by_appliance")
    (document,) = Shell(it)("setup", "plan", "--json", *words, *more).lines
    answers = document["answers"]
    assert answers["floating_ip"] == "10.20.2.99"
    assert [text.rsplit("/", 1)[-1] for text in answers["machines"]] == ["tg-node-b", "tg-node-a"]
    assert (answers["name"], answers["ip_configuration"], answers["placement"]) == ("edge-x", "vip", "by_appliance")
    assert document["role"]["name"] == "tg-own"
    assert [one["scope"] for one in document["scopes"]] == [it.scope]


def test_that_a_taken_address_is_refused_with_the_reason(it: SetupRig) -> None:
    answered = Shell(it)("setup", "plan", "--floating-ip", "10.20.2.1", "--json")
    assert answered.code == 3
    fits(answered.lines[0], "setup-plan")
    assert answered.lines[0]["allowed"] is False
    assert answered.lines[0]["problems"]
    applied = Shell(it)("setup", "apply", "--floating-ip", "10.20.2.1", "--yes", "--json")
    assert applied.code == 3
    fits(applied.lines[-1], "setup-event")
    assert applied.lines[-1]["outcome"] == "refused"
    assert writes(it) == []


def test_that_a_machine_of_no_such_name_is_told(it: SetupRig) -> None:
    answered = Shell(it)("setup", "plan", "--vm", "nobody", "--vm", "tg-node-a")
    assert answered.code == 2
    assert "There is no virtual machine named nobody" in answered.err


def test_that_apply_saves_a_cluster_that_every_other_command_knows(it: SetupRig) -> None:
    shell = Shell(it)
    answered = shell("setup", "apply", "--yes", "--json")
    assert answered.code == 0, answered.err
    for line in answered.lines:
        fits(line, "setup-event")
    assert [line["event"] for line in answered.lines].count("finished") == 1
    assert answered.lines[-1]["outcome"] == "done"
    assert len(answered.lines[-1]["done"]) == 5
    file = it.services.state_dir / "edge-dallas.toml"
    setup = load_cluster(file, it.services.cloud)
    assert setup.role is not None
    assert setup.role.scopes == (it.group(),)
    assert "[role]" in file.read_text()
    it.clock.sleep(60)
    status = shell("status", "--json")
    assert status.code == 0
    assert status.lines[0]["holder"] == "tg-node-a"
    again = shell("setup", "plan", "edge-dallas", "--json").lines[0]
    assert again["writes"] == 0
    before = len(writes(it))
    assert shell("setup", "apply", "edge-dallas", "--yes").code == 0
    assert len(writes(it)) == before


def test_that_a_second_plan_without_a_name_is_of_the_only_cluster_and_writes_nothing(it: SetupRig) -> None:
    assert Shell(it)("setup", "apply", "--yes").code == 0
    answered = Shell(it)("setup", "plan")
    assert answered.code == 0
    assert "Nothing would be written: everything is there." in answered.out
    assert "this is the saved cluster edge-dallas" in answered.err


def test_that_apply_asks_and_a_no_writes_nothing(it: SetupRig) -> None:
    shell = Shell(it, answers=["n"])
    answered = shell("setup", "apply")
    assert answered.code == 6
    assert shell.asked == ["Write this? [y/N] "]
    assert "Put " in answered.out
    assert writes(it) == []
    assert Shell(it)("setup", "apply").code == 2


def test_that_the_whole_life_of_a_set_up_can_be_commanded(it: SetupRig) -> None:
    shell = Shell(it)
    assert shell("setup", "apply", "--yes").code == 0
    one_look = shell("setup", "verify", "--no-wait", "--json")
    assert one_look.code == 5
    assert one_look.lines[-2]["standing"] == "waits"
    for member in ("tg-node-b", "tg-node-a"):
        restarted = shell("setup", "verify", "--restart", member, "--yes", "--no-wait", "--json")
        assert restarted.lines[-1]["event"] == "finished"
    page = it.services.state_dir / "report.html"
    verified = shell("setup", "verify", "--prove", "--yes", "--report", str(page), "--json")
    assert verified.code == 0, verified.lines[-2]["sentence"]
    result = verified.lines[-2]
    fits(result, "setup-event")
    fits(verified.lines[-1], "setup-event")
    assert (result["event"], result["standing"]) == ("verified", "ready")
    assert [run["to"] for run in result["proof"]] == ["tg-node-b", "tg-node-a"]
    assert all(run["done"] for run in result["proof"])
    assert "<h2>Proof</h2>" in page.read_text()
    words = shell("setup", "verify", "--no-wait").out
    assert "Ready: all" in words
    undone = shell("setup", "undo", "--yes", "--json")
    assert undone.code == 0
    for line in undone.lines:
        fits(line, "setup-event")
    assert any("has moved" in line.get("reason", "") for line in undone.lines) or undone.lines[-1]["outcome"] == "done"


def test_that_undo_shows_what_it_would_take_back_before_it_asks(it: SetupRig) -> None:
    Shell(it)("setup", "apply", "--yes")
    before = len(writes(it))
    shell = Shell(it, answers=["n"])
    answered = shell("setup", "undo")
    assert answered.code == 6
    assert "Delete the role tg-cluster-ip-failover" in answered.out
    assert "Turn off the identity" not in answered.out
    assert len(writes(it)) == before


def test_that_a_failed_change_is_exit_4_and_its_reason_is_told(it: SetupRig) -> None:
    it.lab.faults.add(Fault("PUT", "roleDefinitions", AzureAnswer(CannedError.INTERNAL_ERROR), times=None))
    answered = Shell(it)("setup", "apply", "--yes")
    assert answered.code in (4, 5)
    assert "not done" in answered.out


@pytest.mark.parametrize("kind", ["az", "terraform", "portal", "portal-html", "request"])
def test_that_each_export_can_be_had_on_standard_output_and_in_a_file(it: SetupRig, kind: str) -> None:
    printed = Shell(it)("export", "--as", kind)
    assert printed.code == 0, printed.err
    assert "tg-node-b" in printed.out
    file = it.services.state_dir / "export.txt"
    answered = Shell(it)("export", "--as", kind, "--out", str(file), "--json")
    (document,) = answered.lines
    fits(document, "export")
    assert file.read_text(encoding="utf-8") == document["text"]
    assert writes(it) == []


def test_that_the_exported_script_is_bash(it: SetupRig, tmp_path: Path) -> None:
    file = tmp_path / "setup.sh"
    file.write_text(Shell(it)("export", "--as", "az").out, encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(file)], check=False).returncode == 0


def test_that_a_reader_is_refused_before_the_first_write_and_gets_an_export(tmp_path: Path) -> None:
    it = in_scenario("reader", tmp_path)
    words = ("--vm", "tg-node-a", "--vm", "tg-node-b", "--role-name", "tg-own")
    answered = Shell(it)("setup", "apply", "--yes", "--json", *words)
    assert answered.code == 3
    assert answered.lines[-1]["outcome"] == "refused"
    assert "Hand the plan over" in answered.lines[-1]["reason"]
    part = Shell(it)("setup", "apply", "--yes", "--only-mine", "--json", *words)
    assert part.code == 3
    assert "Export it for someone who may" in part.lines[-1]["reason"]
    assert [item for item in it.lab.requests if item.method in ("PUT", "PATCH", "DELETE")] == []
    letter = Shell(it)("export", "--as", "request", *words)
    assert letter.code == 0
    assert "Whoever does this needs" in letter.out


def test_that_what_a_topology_needs_more_is_offered_and_added_only_when_asked_for(tmp_path: Path) -> None:
    it = in_scenario("busy-nic", tmp_path)
    pair = ("--vm", "tg-node-a", "--vm", "tg-node-b")
    added = Shell(it)("setup", "plan", "--json", "--add-actions", *pair)
    assert added.code == 0, added.lines
    actions = added.lines[0]["role"]["actions"]
    assert any(re.search("publicIPAddresses/join", action) for action in actions)
    left = Shell(it)("setup", "plan", "--json", *pair).lines[0]
    assert not any(re.search("publicIPAddresses/join", action) for action in left["role"]["actions"])
    assert left["problems"] or left["warnings"]


def test_that_hostile_names_of_azure_cannot_leave_their_place(tmp_path: Path) -> None:
    it = in_scenario("two-tenants", tmp_path)
    listed = Shell(it)("discover", "--json")
    if listed.code == 0:
        fits(listed.lines[0], "discover")
    else:
        assert "subscription" in listed.err
    name = next(one.name for one in it.services.azure.directory.subscriptions())
    words = Shell(it)("discover", "--subscription", name)
    assert words.code == 0, words.err
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", words.out)


def test_that_usage_errors_are_documents_too(it: SetupRig) -> None:
    answered = Shell(it)("setup", "verify", "nobody", "--json")
    assert answered.code == 2
    fits(json.loads(answered.err), "error")


def shown_plans(text: str) -> int:
    return text.count("will be made,")


def test_that_a_plan_that_grew_old_unchanged_is_read_again_and_written(it: SetupRig) -> None:
    shell = Shell(it, answers=["y"], thinking=lambda: it.clock.sleep(301))
    answered = shell("setup", "apply")
    assert answered.code == 0, answered.err
    assert "The plan is older than 5 minutes. Azure is read again" in answered.err
    assert shell.asked == ["Write this? [y/N] "]
    assert len(writes(it)) == 5


def test_that_a_plan_that_is_young_is_not_read_again(it: SetupRig) -> None:
    answered = Shell(it, answers=["y"], thinking=lambda: it.clock.sleep(290))("setup", "apply")
    assert answered.code == 0, answered.err
    assert "older than 5 minutes" not in answered.err


def test_that_a_plan_that_changed_while_it_was_read_is_shown_again_and_asked_for_again(it: SetupRig) -> None:
    def someone_turns_it_on() -> None:
        it.clock.sleep(301)
        it.services.azure.compute.enable_identity(it.vm("tg-node-b"), request_id=str(uuid.uuid4()))

    shell = Shell(it, answers=["y", "n"], thinking=someone_turns_it_on)
    answered = shell("setup", "apply")
    assert answered.code == 6, answered.err
    assert shell.asked == ["Write this? [y/N] "] * 2
    assert shown_plans(answered.out) == 2
    assert "5 changes will be made" in answered.out
    assert "4 changes will be made" in answered.out
    assert "The plan has changed since it was shown, so nothing was written." in answered.err
    assert "Turn on the identity of tg-node-b" in answered.err
    assert [path for path in writes(it) if "virtualMachines" not in path] == []


def test_that_a_yes_given_beforehand_does_not_cover_a_plan_that_changed(tmp_path: Path) -> None:
    made: list[SetupRig] = []

    class Slow(LabAdapter):
        """A line on which the last question takes five minutes, while someone else turns an identity on."""

        def send(self, request: requests.PreparedRequest, *arguments: object, **options: object) -> requests.Response:
            if "checkipaddressavailability" in str(request.url).lower() and made[1:] == []:
                made.append(made[0])
                made[0].clock.sleep(301)
                made[0].services.azure.compute.enable_identity(made[0].vm("tg-node-b"), request_id=str(uuid.uuid4()))
            return super().send(request, *arguments, **options)  # type: ignore[arg-type]

    def session(lab: Lab) -> requests.Session:
        found = lab_session(lab)
        found.mount("https://", Slow(lab))
        return found

    it = setup_rig(state=tmp_path / "state", session=session)
    made.append(it)
    answered = Shell(it)("setup", "apply", "--yes", "--json")
    assert answered.code == 3, answered.err
    fits(answered.lines[-1], "setup-event")
    assert answered.lines[-1]["outcome"] == "refused"
    assert answered.lines[-1]["problem"]["code"] == "plan-changed"
    assert "Turn on the identity of tg-node-b" in answered.lines[-1]["reason"]
    assert [path for path in writes(it) if "virtualMachines" not in path] == []
    assert Shell(it)("setup", "apply", "--yes", "--json").code == 0


# --- scopes ---


def planned_at(it: SetupRig, *scopes: str) -> dict[str, Any]:
    words = [word for scope in scopes for word in ("--scope", scope)]
    answered = Shell(it)("setup", "plan", *words, "--json")
    (document,) = answered.lines
    fits(document, "setup-plan")
    return document


def test_that_the_role_is_assigned_on_the_scopes_given_alone_and_what_then_fails_is_said(tmp_path: Path) -> None:
    it = in_scenario("vnet-elsewhere", tmp_path)
    every = [one["scope"] for one in planned_at(it)["scopes"]]
    assert len(every) > 1
    assert [one["scope"] for one in planned_at(it, *every)["scopes"]] == every
    narrow = planned_at(it, every[0])
    assert [one["scope"] for one in narrow["scopes"]] == [every[0]]
    warned = " ".join(problem["what"] for problem in narrow["warnings"])
    assert all(f"Without {scope.rsplit('/', 1)[-1]}" in warned for scope in every[1:])
    words = Shell(it)("setup", "plan", "--scope", every[0].upper().replace("/SUBSCRIPTIONS", "/subscriptions")).out
    assert "Without " in words
    assert writes(it) == []


def test_that_the_whole_subscription_is_a_scope_too(it: SetupRig) -> None:
    subscription = f"/subscriptions/{planned_at(it)['answers']['subscription']}"
    wide = planned_at(it, subscription)
    assert wide["answers"]["whole_subscription"] is True
    assert [one["scope"] for one in wide["scopes"]] == [subscription]


OTHER_SUBSCRIPTION = "/subscriptions/99999999-2222-4333-8444-555555555555"


def test_that_a_subscription_that_is_not_the_chosen_one_is_refused_before_anything_is_written(it: SetupRig) -> None:
    own = f"/subscriptions/{planned_at(it)['answers']['subscription']}"
    for words in (("setup", "plan"), ("setup", "apply", "--yes"), ("export", "--as", "az")):
        answered = Shell(it)(*words, "--scope", OTHER_SUBSCRIPTION)
        assert answered.code == 2
        assert f"The role is not needed on {OTHER_SUBSCRIPTION}." in answered.err
        assert own in answered.err
    assert writes(it) == []
    spelled = planned_at(it, f"/subscriptions/{own.rsplit('/', 1)[1].upper()}/", own)
    assert [one["scope"] for one in spelled["scopes"]] == [own], "the same one, spelled otherwise"


@pytest.mark.parametrize("whole", ["own", "other"])
@pytest.mark.parametrize("first", ["group", "subscription"])
def test_that_a_subscription_beside_another_scope_is_refused_and_widens_nothing(
    it: SetupRig, whole: str, first: str
) -> None:
    document = planned_at(it)
    subscription = f"/subscriptions/{document['answers']['subscription']}" if whole == "own" else OTHER_SUBSCRIPTION
    scopes = [document["scopes"][0]["scope"], subscription]
    words = [word for one in (scopes if first == "group" else scopes[::-1]) for word in ("--scope", one)]
    with pytest.raises(UserError) as caught:
        Shell(it)("setup", "apply", "--yes", *words)
    assert caught.value.problem.what == f"--scope {subscription} cannot be used together with another scope."
    with pytest.raises(UserError):
        Shell(it)("setup", "apply", "--yes", "--scope", OTHER_SUBSCRIPTION, "--scope", subscription[:-1] + "0")
    assert writes(it) == []


def test_that_the_help_of_scope_says_that_it_takes_a_subscription() -> None:
    told = {one.prog: " ".join(one.format_help().split()) for one in every_parser(command_parser(("fast",)))}
    for command in ("setup plan", "setup apply", "export"):
        assert "the id of a resource group, once for each, or of the subscription;" in told[f"tgwizard {command}"]


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("rg-tg-prod", "It must be the full id of a subscription, a resource group or a resource."),
        ("/subscriptions/1/resourceGroups/x", "It must be the full id"),
        ("", "It is empty."),
        ("/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/other", "The role is not needed on"),
    ],
)
def test_that_a_scope_that_cannot_be_one_is_refused_as_in_the_file_and_the_wizard(
    it: SetupRig, scope: str, said: str
) -> None:
    try:
        answered = Shell(it)("setup", "plan", "--scope", scope)
        assert answered.code == 2
        told = answered.err
    except UserError as error:
        told = error.problem.sentence()
        assert fields.SCOPE.check(scope) is not None
    assert said in told
    assert writes(it) == []


def test_that_scope_and_the_whole_subscription_exclude_each_other() -> None:
    with pytest.raises(UserError, match="cannot be used together"):
        parse(("setup", "plan", "--whole-subscription", "--scope", "/subscriptions/1"), Path.cwd, ("fast",))


def test_that_a_narrowed_set_up_is_applied_as_narrowed_and_a_second_run_writes_nothing(tmp_path: Path) -> None:
    it = in_scenario("vnet-elsewhere", tmp_path)
    first, *_ = [one["scope"] for one in planned_at(it)["scopes"]]
    members, access = {principal.oid for principal in it.lab.principals}, it.services.azure.access
    for held in access.role_assignments(it.scope):
        if held.principal_id in members:
            access.delete_assignment(held, request_id=str(uuid.uuid4()))
    it.clock.sleep(900)
    applied = Shell(it)("setup", "apply", "--scope", first, "--yes")
    assert applied.code == 0, applied.err
    assigned = [item.path for item in it.lab.requests if item.method == "PUT" and "roleAssignments" in item.path]
    assert assigned
    assert all(path.lower().startswith(f"{first}/providers".lower()) for path in assigned)
    again = Shell(it)("setup", "plan", "edge-dallas", "--scope", first, "--json").lines[0]
    assert again["writes"] == 0


# --- exports ---


def test_that_a_refused_export_leaves_its_file_empty(it: SetupRig) -> None:
    for kind in ("az", "role", "request"):
        answered = Shell(it)("export", "--as", kind, "--floating-ip", "10.20.2.1")
        assert answered.code == 3
        assert answered.out == ""
        assert "10.20.2.1" in answered.err
        assert answered.err.endswith("Nothing was exported.\n")


def test_that_an_export_that_is_written_to_a_file_tells_only_where(it: SetupRig, tmp_path: Path) -> None:
    answered = Shell(it)("export", "--as", "role", "--out", str(tmp_path / "role.json"))
    assert answered.code == 0
    assert answered.out == ""
    assert list(json.loads((tmp_path / "role.json").read_text())) == ["properties"]


def test_that_exports_of_a_cluster_that_is_finished_order_nothing(it: SetupRig) -> None:
    assert Shell(it)("setup", "apply", "--yes").code == 0
    for kind in ("az", "terraform", "portal", "portal-html", "request"):
        answered = Shell(it)("export", "edge-dallas", "--as", kind)
        assert answered.code == 0, answered.err
        assert "estart" not in answered.out
        assert "0 changes" not in answered.out
    assert "nothing has to be changed" in Shell(it)("export", "edge-dallas", "--as", "request").out


# --- several subscriptions, and undo ---


def test_that_several_subscriptions_are_listed_by_name_and_guid(tmp_path: Path) -> None:
    it = in_scenario("two-tenants", tmp_path)
    seen = it.services.azure.directory.subscriptions()
    assert len(seen) > 1
    discovered = Shell(it)("discover")
    planned = Shell(it)("setup", "plan")
    assert (discovered.code, planned.code) == (2, 3)
    for text in (discovered.err, planned.out):
        assert f"{seen[0].name} ({seen[0].id})" in text
        assert all(f"({one.id})" in text for one in seen)
        assert "--subscription" in text
    assert len(planned.out.splitlines()) == 1, "without a subscription nothing else is known"
    chosen = Shell(it)("discover", "--subscription", seen[0].id)
    assert chosen.code == 0, chosen.err


def test_that_the_question_before_undo_says_that_traffic_stops(it: SetupRig) -> None:
    assert Shell(it)("setup", "apply", "--yes").code == 0
    asked = Shell(it, answers=["n"])("setup", "undo")
    assert asked.code == 6
    assert "Traffic to the floating IP stops when it is taken off its interface." in asked.out


def test_that_nobody_is_told_to_update_a_built_in_role(it: SetupRig) -> None:
    answered = Shell(it)("setup", "plan", "--role-name", "Network Contributor")
    assert answered.code == 3
    assert "It is a built-in role, which nobody can change." in answered.out
    assert "update that role" not in answered.out


def test_that_a_machine_that_is_no_appliance_is_named_before_it_is_set_up(it: SetupRig) -> None:
    answered = Shell(it)("setup", "plan", "--vm", "tg-node-a", "--vm", "vm-app-01")
    assert "vm-app-01 does not look like a Trustgrid appliance." in answered.out + answered.err
    assert "tg-node-a does not look" not in answered.out + answered.err
    assert "does not look like" not in Shell(it)("setup", "plan").out
