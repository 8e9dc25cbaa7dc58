"""The control surface: the control token opens it and no token of Azure does, and what it says is true."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.lab.bench import FLOATING, HOST, Bench, error_of
from tests.lab.documents import sections, table
from tests.lab.rights import deleted_while_assigned
from tgwizard.lab.latency import Latency
from tgwizard.lab.wire import Response
from tgwizard.lab.world import Overlap

A = "tg-node-a-inside"
RULE = {"name": "no", "match": {"method": "GET"}, "effect": {"kind": "answer", "status": 500, "body": "{}"}}
CALLS = [
    ("GET", "/lab"),
    ("PATCH", "/lab"),
    ("POST", "/lab/scenario"),
    ("GET", "/lab/faults"),
    ("POST", "/lab/faults"),
    ("DELETE", "/lab/faults"),
    ("DELETE", "/lab/faults/1"),
    ("GET", "/lab/requests"),
    ("GET", "/lab/dataplane"),
    ("POST", "/lab/dataplane/port"),
    ("GET", "/lab/clients"),
    ("POST", "/lab/clients/certificate"),
    ("GET", "/lab/vms"),
    ("POST", "/lab/vms/start"),
    ("POST", "/lab/vms/stop"),
]


def ask(bench: Bench, method: str, path: str, body: object = None) -> Response:
    return bench.send(method, f"{HOST}{path}", body)


def value(bench: Bench, path: str) -> list[dict[str, Any]]:
    answer = ask(bench, "GET", path)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_that_every_call_needs_the_control_token_and_takes_no_token_of_azure(
    bench: Bench, method: str, path: str
) -> None:
    bench.token = None
    assert ask(bench, method, path, {}).status == 401
    member = next(item for item in bench.lab.principals if item.name == "tg-node-a")
    lab = bench.lab
    others = (lab.issue_token(), lab.issue_graph_token(), lab.issue_token_for(member), "nonsense", "", "\u00e9")
    for token in others:
        answer = bench.send(method, f"{HOST}{path}", {}, headers={"Authorization": f"Bearer {token}"})
        assert error_of(answer)[:2] == (403, "LabControlTokenOnly")
    for scheme in ("Basic", "Bearer2", ""):
        answer = bench.send(method, f"{HOST}{path}", {}, headers={"Authorization": f"{scheme} {lab.control_token}"})
        assert answer.status == 403
    assert bench.lab.faults.rules == ()
    assert bench.lab.scenario == "ready"


def test_that_settings_are_told_and_changed(bench: Bench) -> None:
    before = ask(bench, "GET", "/lab").json()
    assert (before["scenario"], before["latency"], before["overlap"]) == ("ready", "fast", "supersede")
    assert before["latencies"] == ["instant", "fast", "drawn", "azure"]
    after = ask(bench, "PATCH", "/lab", {"latency": "azure", "overlap": "conflict", "page_size": 2}).json()
    assert (after["latency"], after["overlap"], after["page_size"]) == ("azure", "conflict", 2)
    assert (bench.lab.latency, bench.lab.overlap) == (Latency.AZURE, Overlap.CONFLICT)


WORDS = {"latency": "latencies", "overlap": "overlaps", "failed_nic": "failed_nics", "propagation": "propagations"}
"""The settings that are words, and where the lab tells which there are."""


def test_that_the_document_tells_every_setting_with_its_values_the_default_first(bench: Bench) -> None:
    told, now = table("lab", "4.2"), ask(bench, "GET", "/lab").json()
    assert ask(bench, "PATCH", "/lab", {name: now[name] for name in told}).status == 200
    assert set(told) == set(WORDS) | {"flicker", "move", "nic", "statuses", "page_size"}
    values = {name: cells[1] for name, cells in told.items()}
    for name, all_of_them in WORDS.items():
        words = re.findall(r"`([\w-]+)`", values[name])
        assert (words[0], set(words)) == (now[name], set(now[all_of_them]))
    assert values["flicker"] == f"`{json.dumps(now['flicker'])}`"
    assert values["page_size"].startswith(f"{now['page_size']}:")
    for name in ("move", "nic"):
        switches = {
            switch: json.loads(value)
            for group in values[name].split("; ")
            for names, value in [group.split(": ")]
            for switch in re.findall(r"`(\w+)`", names)
        }
        assert switches == now[name]
    statuses = re.findall(r"`(\w+)` (\d+) or (\d+)", values["statuses"])
    assert {name: int(first) for name, first, _ in statuses} == now["statuses"]


def test_that_the_document_tells_every_latency_and_every_call() -> None:
    assert set(table("lab", "4.3")) == {item.value for item in Latency}
    told = set(re.findall(r"/lab(?:/[\w|]+)*", sections("lab")["4.4"]))
    paths = {path.replace("/1", "/ID") for _, path in CALLS}
    assert told == paths - {"/lab/vms/start", "/lab/vms/stop"} | {"/lab/vms/start|stop"}


def test_that_statuses_the_reference_leaves_open_are_chosen_and_answered(bench: Bench) -> None:
    chosen = {"assigned_role_status": 409, "repeated_put_status": 200}
    assert ask(bench, "GET", "/lab").json()["statuses"]["assigned_role_status"] == 400
    after = ask(bench, "PATCH", "/lab", {"statuses": chosen}).json()["statuses"]
    assert after == {"assigned_role_status": 409, "missing_role_status": 400, "repeated_put_status": 200}
    assert error_of(deleted_while_assigned(bench))[:2] == (409, "RoleDefinitionHasAssignments")
    refused: tuple[object, ...] = (
        {"assigned_role_status": 418},
        {"colour": 1},
        {"missing_role_status": True},
        {"missing_role_status": []},
        7,
    )
    for wrong in refused:
        assert ask(bench, "PATCH", "/lab", {"statuses": wrong, "page_size": 9}).status == 400
    assert bench.lab.page_size == 0, "a wish that is half wrong changes nothing"


@pytest.mark.parametrize(
    "wish", [{"latency": "slow"}, {"overlap": 5}, {"page_size": -1}, {"colour": "red"}, {"latency": "drawn", "x": 1}]
)
def test_that_a_wrong_setting_changes_nothing(bench: Bench, wish: dict[str, Any]) -> None:
    assert error_of(ask(bench, "PATCH", "/lab", wish))[0] == 400
    assert (bench.lab.latency, bench.lab.overlap, bench.lab.page_size) == (Latency.FAST, Overlap.SUPERSEDE, 0)


def test_that_a_change_of_settings_is_saved(bench: Bench) -> None:
    told: list[int] = []
    bench.lab.on_change = lambda: told.append(1)
    ask(bench, "GET", "/lab")
    assert told == []
    ask(bench, "PATCH", "/lab", {"latency": "instant"})
    assert told == [1]


def test_that_rules_are_added_listed_and_removed(bench: Bench) -> None:
    added = ask(bench, "POST", "/lab/faults", RULE)
    assert (added.status, added.json()["id"], added.json()["seen"]) == (201, "1", 0)
    assert bench.call("GET", bench.nic_id(A)).status == 500
    assert [(item["name"], item["seen"], item["struck"]) for item in value(bench, "/lab/faults")] == [("no", 1, 1)]
    assert ask(bench, "DELETE", "/lab/faults/1").status == 204
    assert ask(bench, "DELETE", "/lab/faults/1").status == 404
    ask(bench, "POST", "/lab/faults", RULE)
    assert ask(bench, "DELETE", "/lab/faults").status == 204
    assert value(bench, "/lab/faults") == []


def test_that_the_surface_itself_is_never_struck(bench: Bench) -> None:
    ask(bench, "POST", "/lab/faults", {**RULE, "match": {"times": "always"}})
    assert len(value(bench, "/lab/faults")) == 1


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"", b'{"effect": 5}', b'{"effect": {"kind": "stranger-takes-address", "nic": "/nowhere"}}']
)
def test_that_a_wrong_rule_is_not_added(bench: Bench, body: bytes) -> None:
    assert error_of(ask(bench, "POST", "/lab/faults", body))[0] == 400
    assert value(bench, "/lab/faults") == []


def test_that_the_log_tells_caller_permission_and_decision(bench: Bench) -> None:
    bench.nic(A)
    operator, bench.token = bench.token, None
    bench.call("GET", bench.nic_id(A))
    member = next(item for item in bench.lab.principals if item.name == "tg-node-a")
    bench.token = bench.lab.issue_token_for(member)
    bench.call("DELETE", bench.nic_id(A))
    outside = "tg-node-a-outside"
    bench.put(outside, bench.nic(outside))
    bench.token = operator
    bench.put("absent", {}, If_Match="*")
    ask(bench, "POST", "/lab/faults", RULE)
    bench.call("GET", bench.nic_id(A))
    records = [item for item in value(bench, "/lab/requests") if not item["path"].startswith("/lab")]
    told = [(item["method"], item["status"], item["caller"], item["decision"], item["rules"]) for item in records]
    assert told == [
        ("GET", 200, "operator@lab.example", "allowed", []),
        ("GET", 401, "", "unauthenticated", []),
        ("DELETE", 403, "tg-node-a", "denied", []),
        ("GET", 200, "tg-node-a", "allowed", []),
        ("PUT", 403, "tg-node-a", "denied-linked", []),
        ("PUT", 412, "operator@lab.example", "refused", []),
        ("GET", 500, "operator@lab.example", "fault", ["1"]),
    ]
    assert records[0]["action"] == "Microsoft.Network/networkInterfaces/read"
    assert all(0 <= item["took_s"] < 60 for item in records)
    assert operator is not None
    assert operator not in json.dumps(records)


def test_that_the_log_is_as_long_as_asked(bench: Bench) -> None:
    for _ in range(5):
        bench.nic(A)
    assert len(value(bench, "/lab/requests?limit=3")) == 3
    assert error_of(ask(bench, "GET", "/lab/requests?limit=many"))[0] == 400


def test_that_the_data_plane_tells_who_held_the_address_when(bench: Bench) -> None:
    bench.clock.advance(10)
    bench.detach()
    bench.clock.advance(5)
    bench.attach()
    bench.clock.advance(5)
    told = [
        (item["nic"].rsplit("/")[-1], item["since"][11:], item["until"] and item["until"][11:])
        for item in value(bench, f"/lab/dataplane?address={FLOATING}")
    ]
    assert told == [
        ("tg-node-a-inside", "09:00:00.000Z", "09:00:14.000Z"),
        ("tg-node-b-inside", "09:00:19.000Z", None),
    ]
    assert len(value(bench, "/lab/dataplane")) > 2


def test_that_a_plug_is_pulled_at_once_and_put_in_again(bench: Bench) -> None:
    stopped = ask(bench, "POST", "/lab/vms/stop", {"vm": "TG-node-b"}).json()["value"]
    assert [(item["name"], item["power"]) for item in stopped] == [("tg-node-b", "stopped")]
    view = bench.get(f"{bench.vm_id('tg-node-b')}/instanceView")
    assert view["statuses"][1]["code"] == "PowerState/stopped"
    assert {item["name"]: item["power"] for item in value(bench, "/lab/vms")} == {
        "tg-node-a": "running",
        "tg-node-b": "stopped",
        "vm-app-01": "running",
    }
    ask(bench, "POST", "/lab/vms/start", {"vm": bench.vm_id("tg-node-b")})
    assert {item["power"] for item in value(bench, "/lab/vms")} == {"running"}


@pytest.mark.parametrize(("body", "status"), [({"vm": "absent"}, 404), ({}, 400), ({"vm": 5}, 400)])
def test_that_a_vm_must_be_named(bench: Bench, body: dict[str, Any], status: int) -> None:
    assert error_of(ask(bench, "POST", "/lab/vms/stop", body))[0] == status


def test_that_a_name_of_two_vms_is_not_guessed() -> None:
    bench = Bench()
    bench.lab.use_scenario("fleet", clusters=2)
    twin = json.loads(bench.lab.dump())
    key = next(item for item in twin["resources"] if item.endswith("/virtualmachines/site-0002-a"))
    other = json.loads(json.dumps(twin["resources"][key]).replace("rg-fleet-001", "rg-else"))
    twin["resources"][key.replace("rg-fleet-001", "rg-else")] = other
    twin["power"][key.replace("rg-fleet-001", "rg-else")] = "running"
    lab = type(bench.lab).load(json.dumps(twin), bench.clock)
    answer = bench.send("POST", f"{HOST}/lab/vms/stop", {"vm": "site-0002-a"}, lab=lab)
    assert error_of(answer)[:2] == (409, "VmAmbiguous")


def test_that_another_scenario_replaces_the_world_and_keeps_the_lab(bench: Bench) -> None:
    ask(bench, "POST", "/lab/faults", RULE)
    told: list[str] = []
    bench.lab.on_scenario = lambda: told.append("scenario")
    bench.lab.on_change = lambda: told.append("change")
    before = bench.lab.lab_id, bench.lab.cloud, bench.lab.subscription
    answer = ask(bench, "POST", "/lab/scenario", {"name": "fleet", "clusters": 3})
    assert (answer.json()["scenario"], answer.json()["clusters"], answer.json()["faults"]) == ("fleet", 3, 0)
    assert told[:2] == ["scenario", "change"]
    assert (bench.lab.lab_id, bench.lab.cloud, bench.lab.subscription) == before
    assert sorted(bench.lab.cluster_tomls()) == ["site-0001", "site-0002", "site-0003"]
    assert bench.call("GET", bench.nic_id(A)).status == 404, "the old token is still good, the old world is gone"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"name": "moon"}, "lab-scenario-unknown"),
        ({"name": "ready", "clusters": 3}, "lab-clusters-fixed"),
        ({"name": "fleet", "clusters": 5001}, "lab-clusters-number"),
        ({"name": "fleet", "clusters": 0}, "BadRequest"),
        ({}, "BadRequest"),
    ],
)
def test_that_an_impossible_scenario_changes_nothing(bench: Bench, wish: dict[str, Any], code: str) -> None:
    before = bench.lab.dump()
    assert error_of(ask(bench, "POST", "/lab/scenario", wish))[:2] == (400, code)
    assert bench.lab.dump() == before


def test_that_clients_are_told_whom_they_may_be(bench: Bench) -> None:
    access = ask(bench, "GET", "/lab/clients").json()
    assert access["url"] == HOST
    assert access["client_secret"]
    assert access["vm"] == ""
    member = ask(bench, "GET", "/lab/clients?vm=tg-node-a").json()
    assert member["identity_endpoint"].startswith(f"{HOST}/identity/rg-tg-prod/tg-node-a")
    assert error_of(ask(bench, "GET", "/lab/clients?vm=absent"))[:2] == (404, "VmNotFound")


def test_that_no_secret_of_the_clients_is_in_log_or_world(bench: Bench) -> None:
    access = ask(bench, "GET", "/lab/clients?vm=tg-node-a").json()
    for secret in (access["client_secret"], access["identity_header"]):
        assert secret not in bench.lab.dump()
        assert secret not in repr(bench.lab.requests)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/lab/moon", 404), ("PUT", "/lab/faults", 405)])
def test_that_what_is_not_there_is_said_so(bench: Bench, method: str, path: str, status: int) -> None:
    assert error_of(ask(bench, method, path))[0] == status
