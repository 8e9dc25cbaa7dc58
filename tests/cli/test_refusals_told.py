"""What Azure refused, with code, request id and its own words: in commands, JSON, history and report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.bench import Shell, fits
from tests.rig import ARM, Rig, SetupRig, rig, setup_rig
from tgwizard.engine.history.run_history import runs
from tgwizard.engine.history.run_report import run_report_page
from tgwizard.engine.runs.records import WriteAnswer as Answered
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer

GRACEFUL = ("failover", "--to", "tg-node-b", "--graceful")
WORDS = "A very own reason of Azure, with a \\u202e turn and an \\u001b[31m escape."
REFUSED = f'{{"error":{{"code":"SomethingNew","message":"{WORDS}"}}}}'
TAMED = "A very own reason of Azure, with a turn and an [31m escape."
REQUEST = "11112222-3333-4444-5555-666677778888"


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    return rig(state=tmp_path)


def refusing(it: Rig, nth: int, times: int | None = 1) -> None:
    headers = (("Content-Type", "application/json"), ("x-ms-request-id", REQUEST))
    it.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(400, REFUSED, headers), nth=nth, times=times))


def told(text: str) -> None:
    assert "SomethingNew" in text
    assert REQUEST in text
    assert TAMED in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)


def test_that_a_refused_attach_is_told_with_azures_words_wherever_the_run_is_shown(it: Rig) -> None:
    refusing(it, nth=2)  # the first is the probe
    answered = Shell(it)(*GRACEFUL, "--yes")
    assert answered.code == 4
    assert it.holders() == ["tg-node-a"]
    told(answered.out)
    end = answered.out[answered.out.index("Failed: ") :]
    assert "The address was put back." in end
    told(end)
    journal = it.services.journal(it.setup)
    (run,) = runs(journal)
    journal.close()
    refused = next(attempt for attempt in run.attempts if attempt.answer is Answered.REFUSED)
    assert refused.arm_request == REQUEST
    told(refused.problem)
    assert run.ended is not None
    told(run.ended.detail)
    told(run_report_page(run, it.setup))


def test_that_a_refused_probe_is_told_with_azures_words_in_a_dry_run(it: Rig) -> None:
    refusing(it, nth=1, times=None)
    told(Shell(it)(*GRACEFUL, "--dry-run").out)
    told(Shell(it)("status", "--check").out)
    answered = Shell(it)(*GRACEFUL, "--yes", "--json")
    fits(answered.lines[-1], "event")
    assert REQUEST in json.dumps(answered.lines)


def test_that_history_and_report_carry_the_details(it: Rig, tmp_path: Path) -> None:
    refusing(it, nth=2)
    shell = Shell(it)
    run = shell(*GRACEFUL, "--yes", "--json").lines[-1]["run"]
    (history,) = shell("history", "--json").lines
    fits(history, "history")
    told(history["clusters"][0]["runs"][0]["detail"])
    (report,) = shell("report", run, "--json").lines
    fits(report, "report")
    told(report["detail"])
    assert next(item for item in report["writes"] if item["answer"] == "refused")["arm_request_id"] == REQUEST
    told(shell("report", run).out)
    for ending in ("html", "json"):
        shell("report", run, "--out", str(tmp_path / f"r.{ending}"))
        told((tmp_path / f"r.{ending}").read_text("utf-8"))


def test_that_each_right_that_a_refusal_names_is_a_finding_of_its_own(it: Rig) -> None:
    subnet, nsg = (
        it.setup.subnet.text,
        next(item.text for item in it.nic(it.b).references() if "networkSecurityGroups" in item.text),
    )
    joins = "Microsoft.Network/virtualNetworks/subnets/join/action,Microsoft.Network/networkSecurityGroups/join/action"
    message = (
        "The client 'x' has permission to perform action 'Microsoft.Network/networkInterfaces/write' on scope "
        f"'{it.b.nic}'; however, it does not have permission to perform action(s) '{joins}' on the linked "
        f"scope(s) '{subnet},{nsg}' (respectively) or the linked scope(s) are invalid."
    )
    body = json.dumps({"error": {"code": "LinkedAuthorizationFailed", "message": message}})
    it.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(403, body), times=None))
    (document,) = Shell(it)(*GRACEFUL, "--dry-run", "--json").lines
    blocking = [finding for finding in document["findings"] if finding["level"] == "blocks"]
    first, second = (finding["evidence"] for finding in blocking)
    assert joins.split(",", maxsplit=1)[0] in first
    assert "snet-inside" in first
    assert joins.split(",")[1] in second
    assert "nsg-tg-inside" in second
    assert "networkInterfaces/write" not in first


def test_that_a_denial_behind_a_link_is_told_as_one(it: Rig) -> None:
    nsg = next(item.text for item in it.nic(it.b).references() if "networkSecurityGroups" in item.text)
    join = "Microsoft.Network/networkSecurityGroups/join/action"
    message = (
        "The client 'x' has permission to perform action 'Microsoft.Network/networkInterfaces/write' on scope "
        f"'{it.b.nic}'; however, it does not have permission to perform action '{join}' on the '0' linked "
        "scope(s) '' or the linked scope(s) are invalid and is blocked by deny assignments on the '1' linked scope(s) "
        f"'{nsg}'."
    )
    body = json.dumps({"error": {"code": "LinkedAuthorizationFailed", "message": message}})
    it.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(403, body), times=None))
    out = Shell(it)(*GRACEFUL, "--dry-run").out
    assert f"A deny assignment forbids {join} on nsg-tg-inside" in out
    assert "networkInterfaces/write is missing" not in out
    assert "Your role lacks" not in out


def test_that_a_scope_of_the_role_that_azure_refuses_is_named_and_can_be_dropped(tmp_path: Path) -> None:
    it = setup_rig("old-role", state=tmp_path)
    bearer = {"Authorization": f"Bearer {it.lab.issue_token()}"}
    version = "api-version=2022-04-01"
    home = f"{ARM}{it.group()}/providers/Microsoft.Authorization/roleDefinitions"
    found = it.session.get(f"{home}?{version}", headers=bearer, timeout=30).json()["value"]
    (role,) = [item for item in found if item["properties"]["type"] == "CustomRole"]
    gone = it.group("rg-tg-gone")
    role["properties"]["assignableScopes"].append(gone)
    it.session.put(f"{ARM}{role['id']}?{version}", json=role, headers=bearer, timeout=30).raise_for_status()
    it.clock.sleep(900)
    words = (
        f"Property id '{gone}' at path 'properties.assignableScopes[1]' is invalid. Expect fully qualified resource "
        "Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'."
    )
    body = json.dumps({"error": {"code": "LinkedInvalidPropertyId", "message": words}})
    it.lab.faults.add(Fault("PUT", "roleDefinitions", FaultAnswer(400, body)))
    shell = Shell(it)
    update = ("setup", "apply", "--yes", "--update-role", "--role-id", str(role["id"]))
    refused = shell(*update)
    assert refused.code == 4, refused.out + refused.err
    assert f"Azure does not accept {gone} as an assignable scope of the role" in refused.out
    assert f"--drop-scope {gone}" in refused.out
    done = shell(*update, "--drop-scope", gone)
    assert done.code == 0, done.out + done.err
    assert f"no longer assignable on {gone.rsplit('/', 1)[-1]}" in done.out
    now = it.session.get(f"{ARM}{role['id']}?{version}", headers=bearer, timeout=30).json()
    assert gone not in now["properties"]["assignableScopes"]
    assert now["properties"]["assignableScopes"]
    again = shell(*update, "--drop-scope", gone)
    assert again.code == 0, again.out + again.err
    assert f"is not assignable on {gone}, so nothing is dropped there." in again.out


def _custom_role(it: SetupRig) -> str:
    bearer = {"Authorization": f"Bearer {it.lab.issue_token()}"}
    home = f"{ARM}{it.group()}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01"
    found = it.session.get(home, headers=bearer, timeout=30).json()["value"]
    (role,) = [item for item in found if item["properties"]["type"] == "CustomRole"]
    return str(role["id"])


def test_that_a_scope_that_cannot_be_dropped_from_the_role_is_told(tmp_path: Path) -> None:
    it = setup_rig("old-role", state=tmp_path)
    role, shell = _custom_role(it), Shell(it)
    update = ("setup", "plan", "--update-role", "--role-id", role, "--drop-scope")
    missed = shell(*update, it.group("rg-tg-typo"))
    assert missed.code == 0, missed.out
    assert f"is not assignable on {it.group('rg-tg-typo')}, so nothing is dropped there." in missed.out
    needed = shell(*update, it.group())
    assert needed.code == 3
    assert f"{it.group()} cannot be dropped from" in needed.out
    assert "The role is to be assigned there." in needed.out


def test_that_a_scope_is_dropped_only_from_a_role_that_is_updated(tmp_path: Path) -> None:
    it = setup_rig("old-role", state=tmp_path)
    role = _custom_role(it)
    as_it_is = Shell(it)("setup", "plan", "--role-id", role, "--drop-scope", it.group("rg-tg-gone"))
    assert as_it_is.code == 3
    assert ": the role is used as it is." in as_it_is.out
    assert f"Add --update-role --role-id {role}" in as_it_is.out
    built_in = f"{role.rsplit('/', 1)[0]}/4d97b98b-1d4f-4787-a291-c67834d212e7"
    azures = Shell(it)("setup", "plan", "--role-id", built_in, "--drop-scope", it.group("rg-tg-gone"))
    assert azures.code == 3
    assert "It is one of Azure's own roles, which cannot be changed. Leave --drop-scope out." in azures.out
