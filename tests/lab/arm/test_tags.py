"""Tags: the PATCH of every type that has one, the tags API over every scope, and what Azure takes for tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.rights import edit, member, sign_in
from tgwizard.lab.lab import Lab

A = "tg-node-a-inside"
NETWORK = {
    "networkInterfaces": A,
    "virtualNetworks": "vnet-dal-prod",
    "networkSecurityGroups": "nsg-tg-inside",
    "applicationSecurityGroups": "asg-tg-nodes",
    "publicIPAddresses": "pip-tg-node-a",
}
SCOPES = ["{sub}", "{group}", "{a}", "{vm}", "{vnet}"]


def network(bench: Bench, kind: str, name: str) -> str:
    return f"{bench.group}/providers/Microsoft.Network/{kind}/{name}"


def scope_of(bench: Bench, text: str) -> str:
    return text.format(
        sub=bench.subscription,
        group=bench.group,
        a=bench.nic_id(A),
        vm=bench.vm_id("tg-node-a"),
        vnet=bench.vnet_id,
    )


def tags_url(bench: Bench, text: str) -> str:
    return f"{scope_of(bench, text)}/providers/Microsoft.Resources/tags/default"


@pytest.mark.parametrize(("kind", "name"), NETWORK.items())
def test_that_a_patch_changes_the_tags_of_a_network_resource_and_nothing_else(
    bench: Bench, kind: str, name: str
) -> None:
    url = network(bench, kind, name)
    before = bench.get(url)
    answer = bench.call("PATCH", url, {"tags": {"Cost": "7"}}, headers={"If-Match": before["etag"]})
    after = answer.json()
    assert answer.status == 200
    assert after["tags"] == {"Cost": "7"}
    assert after == bench.get(url)
    assert after["etag"] != before["etag"]
    same = {key: value for key, value in after.items() if key not in {"tags", "etag"}}
    assert repr(same).replace(after["etag"], before["etag"]) == repr(
        {key: value for key, value in before.items() if key not in {"tags", "etag"}}
    ), "and the etags of its parts move with its own"
    stale = bench.call("PATCH", url, {"tags": {}}, headers={"If-Match": before["etag"]})
    assert error_of(stale)[:2] == (412, "PreconditionFailed")
    assert bench.call("PATCH", url, {"tags": {}}).json()["tags"] == {}
    assert bench.call("PATCH", url, {}).status == 200


def test_that_a_patch_of_a_load_balancer_changes_its_tags() -> None:
    bench = Bench()
    bench.lab.use_scenario("busy-nic")
    (balancer,) = bench.get(f"{bench.group}/providers/Microsoft.Network/loadBalancers")["value"][:1]
    answer = bench.call("PATCH", balancer["id"], {"tags": {"a": "b"}}).json()
    assert answer["tags"] == {"a": "b"}
    assert answer["properties"] == {**bench.get(balancer["id"])["properties"]}


def test_that_a_patch_takes_tags_alone(bench: Bench) -> None:
    body = {"tags": {}, "properties": {"enableIPForwarding": True}}
    assert error_of(bench.call("PATCH", bench.nic_id(A), body))[:2] == (400, "OnlyTagsSupportedForPatch")
    assert error_of(bench.call("PATCH", bench.nic_id("absent"), {"tags": {}}))[:2] == (404, "ResourceNotFound")


def test_that_a_patch_needs_the_right_to_write_and_no_read_only_lock(bench: Bench) -> None:
    edit(
        bench,
        lambda world: world["locks"].append({"name": "stop", "scope": bench.group, "level": "ReadOnly", "notes": ""}),
    )
    assert error_of(bench.call("PATCH", bench.nic_id(A), {"tags": {}}))[:2] == (409, "ScopeLocked")
    assert error_of(bench.call("PUT", tags_url(bench, "{a}"), {"properties": {"tags": {}}}))[:2] == (409, "ScopeLocked")
    sign_in(bench, member(bench))
    assert error_of(bench.call("PATCH", bench.vnet_id, {"tags": {}}))[:2] == (403, "AuthorizationFailed")


BAD = [
    ({"a<b": ""}, "InvalidTagNameCharacters"),
    ({"a/b": ""}, "InvalidTagNameCharacters"),
    ({"a\n": ""}, "InvalidTagNameCharacters"),
    ({f"n{number}": "" for number in range(51)}, "TagsLimitExceeded"),
    ({"n" * 513: ""}, "InvalidTagNameLength"),
    ({"": ""}, "InvalidTagNameLength"),
    ({"n": "v" * 257}, "InvalidTagValueLength"),
    ({"Name": "", "name": ""}, "DuplicateTagNames"),
    ({"n": 1}, "InvalidRequestContent"),
    ({"n": {"deep": []}}, "InvalidRequestContent"),
    (["n"], "InvalidRequestContent"),
    ("n", "InvalidRequestContent"),
]


@pytest.mark.parametrize(("tags", "code"), BAD)
def test_that_what_are_no_tags_of_azure_is_refused_everywhere_and_changes_nothing(
    bench: Bench, tags: Any, code: str
) -> None:
    before = bench.lab.dump()
    nic = bench.nic(A)
    asks = [
        ("PATCH", bench.nic_id(A), {"tags": tags}),
        ("PATCH", bench.vm_id("tg-node-a"), {"tags": tags}),
        ("PUT", bench.group, {"location": "southcentralus", "tags": tags}),
        ("PATCH", bench.group, {"tags": tags}),
        ("PUT", tags_url(bench, "{sub}"), {"properties": {"tags": tags}}),
        ("PATCH", tags_url(bench, "{a}"), {"operation": "Merge", "properties": {"tags": tags}}),
    ]
    assert {error_of(bench.call(method, url, body))[:2] for method, url, body in asks} == {(400, code)}
    put = bench.call("PUT", bench.nic_id(A), {**nic, "tags": tags})
    assert put.status == 400
    assert bench.lab.dump() == before


@pytest.mark.parametrize("scope", SCOPES)
def test_that_the_tags_of_a_scope_are_read_replaced_merged_and_taken_away(bench: Bench, scope: str) -> None:
    url = tags_url(bench, scope)
    shape = {"id": url, "name": "default", "type": "Microsoft.Resources/tags"}

    def tags_after(method: str, body: object = None) -> dict[str, str]:
        answer = bench.call(method, url, body)
        assert answer.status == 200, answer.body
        assert answer.json() == {**shape, "properties": {"tags": bench.get(url)["properties"]["tags"]}}
        found: dict[str, str] = answer.json()["properties"]["tags"]
        return found

    def patch(operation: str, **tags: str) -> dict[str, str]:
        return tags_after("PATCH", {"operation": operation, "properties": {"tags": tags}})

    assert tags_after("PUT", {"properties": {"tags": {"Env": "prod", "Team": "net"}}}) == {"Env": "prod", "Team": "net"}
    assert patch("Merge", env="test", Cost="7") == {"Env": "test", "Team": "net", "Cost": "7"}
    assert patch("Delete", Env="prod", Team="net", Absent="x") == {"Env": "test", "Cost": "7"}, "value and all"
    assert patch("Replace", Only="this") == {"Only": "this"}
    shown = scope_of(bench, scope)
    assert bench.get(shown)["tags"] == {"Only": "this"}
    assert Lab.load(bench.lab.dump(), bench.clock).dump() == bench.lab.dump(), "and they are saved"
    deleted = bench.call("DELETE", url)
    assert (deleted.status, deleted.body) == (200, b"")
    assert bench.get(url)["properties"]["tags"] == {}
    assert error_of(bench.call("PATCH", url, {"operation": "Add", "properties": {"tags": {}}}))[0] == 400
    assert error_of(bench.call("PUT", url, {"properties": {}}))[:2] == (400, "InvalidRequestContent")


def test_that_more_than_fifty_tags_are_not_reached_by_merging(bench: Bench) -> None:
    url = tags_url(bench, "{a}")
    bench.call("PUT", url, {"properties": {"tags": {f"n{number}": "" for number in range(50)}}})
    answer = bench.call("PATCH", url, {"operation": "Merge", "properties": {"tags": {"more": ""}}})
    assert error_of(answer)[:2] == (400, "TagsLimitExceeded")
    assert len(bench.nic(A)["tags"]) == 50


def test_that_tags_of_what_is_not_there_are_not_found(bench: Bench) -> None:
    for scope, code in (
        (bench.nic_id("absent"), "ResourceNotFound"),
        (f"{bench.vnet_id}/subnets/absent", "ResourceNotFound"),
        (f"{bench.subscription}/resourceGroups/absent", "ResourceGroupNotFound"),
    ):
        answer = bench.call("GET", f"{scope}/providers/Microsoft.Resources/tags/default")
        assert error_of(answer)[:2] == (404, code)


def test_that_tags_need_rights_of_their_own(bench: Bench) -> None:
    sign_in(bench, member(bench))
    url = tags_url(bench, "{a}")
    for method, verb in (("GET", "read"), ("PUT", "write"), ("PATCH", "write"), ("DELETE", "delete")):
        status, code, message = error_of(bench.call(method, url, {"properties": {"tags": {}}}))
        assert (status, code) == (403, "AuthorizationFailed")
        assert f"'Microsoft.Resources/tags/{verb}' over scope '{bench.nic_id(A)}'" in message


def test_that_the_names_of_tags_are_counted_over_a_subscription(bench: Bench) -> None:
    for scope, value in (("{sub}", "x"), ("{group}", "x"), ("{a}", "y")):
        bench.call("PUT", tags_url(bench, scope), {"properties": {"tags": {"Cost": value}}})
    found = {item["tagName"]: item for item in bench.get(f"{bench.subscription}/tagNames")["value"]}
    assert found["Cost"]["count"] == {"type": "Total", "value": 3}
    counted = [(item["tagValue"], item["count"]["value"]) for item in found["Cost"]["values"]]
    assert counted == [("x", 2), ("y", 1)]


def test_that_a_vm_keeps_its_own_kind_of_etag(bench: Bench) -> None:
    vm = bench.vm_id("tg-node-a")
    before = int(bench.get(vm)["etag"].strip('"'))
    bench.call("PUT", tags_url(bench, "{vm}"), {"properties": {"tags": {"a": "b"}}})
    after = bench.get(vm)
    assert after["etag"] == f'"{before + 1}"'
    assert after["tags"] == {"a": "b"}
    assert after["properties"]["provisioningState"] == "Succeeded"
