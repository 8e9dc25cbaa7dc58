"""Resource groups: made, changed, deleted with all that is in them, or refused as Azure does; and subnets likewise."""

from __future__ import annotations

import json

import pytest

from tests.lab.bench import FLOATING, Bench, error_of
from tests.lab.rights import READER_ACCOUNT, edit, member, sign_in
from tgwizard.lab.lab import Lab

A = "tg-node-a-inside"
LOCATION = "southcentralus"


def group_url(bench: Bench, name: str) -> str:
    return f"{bench.subscription}/resourceGroups/{name}"


def elsewhere() -> Bench:
    """A lab whose network is in another group than its machines."""
    bench = Bench()
    bench.lab.use_scenario("vnet-elsewhere")
    return bench


def of_type(bench: Bench, kind: str) -> list[str]:
    return [
        item["id"] for item in bench.get(f"{bench.subscription}/resources?$filter=resourceType eq '{kind}'")["value"]
    ]


def test_that_a_group_is_made_and_made_again(bench: Bench) -> None:
    url = group_url(bench, "rg-New_(1).x")
    made = bench.call("PUT", url, {"location": "West Europe", "tags": {"a": "b"}, "managedBy": "/subscriptions/x"})
    assert made.status == 201
    assert made.json() == {
        "id": url,
        "name": "rg-New_(1).x",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope",
        "managedBy": "/subscriptions/x",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }
    again = bench.call("PUT", group_url(bench, "RG-NEW_(1).X"), {"location": "westeurope"})
    assert again.status == 200
    assert (again.json()["name"], again.json()["id"]) == ("rg-New_(1).x", url), "in the case it was made in"
    assert "tags" not in again.json(), "what is left out is gone"
    assert bench.call("HEAD", url).status == 204
    assert url in [item["id"] for item in bench.get(f"{bench.subscription}/resourceGroups")["value"]]
    assert Lab.load(bench.lab.dump(), bench.clock).dump() == bench.lab.dump()


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("rg-x", {}, 400, "LocationRequired"),
        ("rg-x", {"location": "atlantis"}, 400, "LocationNotAvailableForResourceGroup"),
        ("rg-x", {"location": 1}, 400, "InvalidRequestContent"),
        ("rg-x", b"[", 400, "InvalidRequestContent"),
        ("rg-x", b"[]", 400, "InvalidRequestContent"),
        ("rg-tg-prod", {"location": "eastus"}, 409, "InvalidResourceGroupLocation"),
        ("x" * 91, {"location": LOCATION}, 400, "InvalidResourceGroup"),
        ("rg%20x", {"location": LOCATION}, 400, "InvalidResourceGroup"),
        ("rg-x.", {"location": LOCATION}, 400, "InvalidResourceGroup"),
        ("rg%00x", {"location": LOCATION}, 400, "InvalidResourceGroup"),
    ],
)
def test_that_a_group_that_azure_refuses_is_not_made(
    bench: Bench, name: str, body: object, status: int, code: str
) -> None:
    before = bench.lab.dump()
    assert error_of(bench.call("PUT", group_url(bench, name), body))[:2] == (status, code)
    assert bench.lab.dump() == before


def test_that_a_patch_changes_the_tags_of_a_group_and_keeps_the_rest(bench: Bench) -> None:
    before = bench.get(bench.group)
    answer = bench.call("PATCH", bench.group, {"tags": {"a": "b"}})
    assert answer.json() == {**before, "tags": {"a": "b"}}
    assert error_of(bench.call("PATCH", bench.group, {"colour": "red"}))[:2] == (400, "InvalidRequestContent")
    assert error_of(bench.call("PATCH", group_url(bench, "absent"), {}))[:2] == (404, "ResourceGroupNotFound")


def test_that_writing_a_group_needs_the_right(bench: Bench) -> None:
    sign_in(bench, bench.lab.directory.account(READER_ACCOUNT))
    for method, verb in (("PUT", "write"), ("PATCH", "write"), ("DELETE", "delete")):
        status, code, message = error_of(bench.call(method, bench.group, {"location": LOCATION}))
        assert (status, code) == (403, "AuthorizationFailed")
        assert f"'Microsoft.Resources/subscriptions/resourceGroups/{verb}' over scope '{bench.group}'" in message


def test_that_a_group_goes_with_all_that_is_in_it(bench: Bench) -> None:
    answer = bench.call("DELETE", bench.group)
    assert (answer.status, answer.body) == (202, b"")
    assert answer.header("Retry-After") == "15"
    location = answer.header("Location") or ""
    assert f"{bench.subscription}/operationresults/" in location
    assert bench.get(bench.group)["properties"]["provisioningState"] == "Deleting"
    waiting = bench.send("GET", location)
    assert (waiting.status, waiting.header("Location")) == (202, location)
    refused = bench.call("PUT", bench.nic_id("new"), bench.nic(A))
    assert error_of(refused)[:2] == (409, "ResourceGroupBeingDeleted")
    assert error_of(bench.call("PUT", bench.group, {"location": LOCATION}))[:2] == (409, "ResourceGroupBeingDeleted")
    again = bench.call("DELETE", bench.group)
    assert (again.status, again.header("Location")) == (202, location), "one deletion goes on"
    bench.clock.advance(700)
    assert bench.send("GET", location).status == 200
    assert bench.call("HEAD", bench.group).status == 404
    assert bench.get(f"{bench.subscription}/resources")["value"] == []
    assert bench.lab.holder(FLOATING) is None
    assert bench.lab.principals == ()
    assigned = bench.get(f"{bench.subscription}/providers/Microsoft.Authorization/roleAssignments")["value"]
    assert not [item for item in assigned if item["properties"]["scope"].startswith(bench.group)]
    assert Lab.load(bench.lab.dump(), bench.clock).dump() == bench.lab.dump()
    assert bench.call("PUT", bench.group, {"location": LOCATION}).status == 201


def test_that_a_deletion_stays_accepted_however_the_lab_is_saved(bench: Bench) -> None:
    location = bench.call("DELETE", bench.group).header("Location") or ""
    bench.lab = Lab.load(bench.lab.dump(), bench.clock)
    bench.token = bench.lab.issue_token()
    bench.clock.advance(700)
    assert bench.send("GET", location).status == 200


def test_that_what_another_group_uses_stays_and_is_named() -> None:
    bench = elsewhere()
    (vnet,) = of_type(bench, "Microsoft.Network/virtualNetworks")
    group = vnet.partition("/providers/")[0]
    location = bench.call("DELETE", group).header("Location") or ""
    bench.clock.advance(700)
    answer = bench.send("GET", location)
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (409, "ResourceGroupDeletionBlocked")
    assert (
        f"Deletion of resource group '{group.rpartition('/')[2]}' failed as resources with identifiers"
        in error["message"]
    )
    told = {item["target"]: json.loads(item["message"])["error"]["code"] for item in error["details"]}
    assert told[vnet] == "InUseSubnetCannotBeDeleted"
    assert bench.get(group)["properties"]["provisioningState"] == "Succeeded", "rolled back"
    assert bench.get(vnet)["name"]
    for nic in of_type(bench, "Microsoft.Network/networkInterfaces"):
        assert bench.get(nic)["properties"]["provisioningState"] == "Succeeded"


def test_that_groups_are_deleted_in_the_order_that_azure_can() -> None:
    bench = elsewhere()
    machines = {item.partition("/providers/")[0] for item in of_type(bench, "Microsoft.Compute/virtualMachines")}
    others = {item["id"] for item in bench.get(f"{bench.subscription}/resourceGroups")["value"]} - machines
    for group in (*sorted(machines), *sorted(others)):
        location = bench.call("DELETE", group).header("Location") or ""
        bench.clock.advance(700)
        assert bench.send("GET", location).status == 200, group


@pytest.mark.parametrize("scope", ["group", "nic"])
def test_that_a_lock_on_a_group_or_in_it_keeps_it(bench: Bench, scope: str) -> None:
    locked = bench.group if scope == "group" else bench.nic_id(A)
    lock = {"name": "keep", "scope": locked, "level": "CanNotDelete", "notes": ""}
    edit(bench, lambda world: world["locks"].append(lock))
    status, code, message = error_of(bench.call("DELETE", bench.group))
    assert (status, code) == (409, "ScopeLocked")
    assert (
        f"'{bench.group}' cannot perform delete operation because following scope(s) are locked: '{locked}'" in message
    )


def test_that_the_operation_of_nobody_is_not_found(bench: Bench) -> None:
    assert error_of(bench.call("GET", f"{bench.subscription}/operationresults/absent"))[:2] == (404, "NotFound")
    assert error_of(bench.call("DELETE", f"{bench.group}?forceDeletionTypes=x"))[:2] == (501, "LabDoesNotServe")


# --- subnets ---


def subnet_of(bench: Bench, nic: str) -> str:
    found: str = bench.nic(nic)["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"]
    return found


def test_that_a_subnet_in_use_is_not_deleted(bench: Bench) -> None:
    subnet = subnet_of(bench, A)
    status, code, message = error_of(bench.call("DELETE", subnet))
    assert (status, code) == (400, "InUseSubnetCannotBeDeleted")
    assert message.startswith(f"Subnet {subnet.rpartition('/')[2]} is in use by {bench.subscription}")
    assert message.endswith("delete all the resources within the subnet. See aka.ms/deletesubnet.")
    assert bench.get(subnet)["properties"]["provisioningState"] == "Succeeded"


def test_that_a_subnet_that_nothing_uses_is_deleted_and_polled_both_ways(bench: Bench) -> None:
    new = f"{bench.vnet_id}/subnets/new"
    made = bench.call("PUT", new, {"properties": {"addressPrefix": "10.20.9.0/24"}})
    bench.clock.advance(60)
    assert error_of(bench.call("DELETE", new, headers={"If-Match": made.json()["etag"]}))[0] == 412, "it has moved on"
    answer = bench.call("DELETE", new)
    poll, location = answer.header("Azure-AsyncOperation") or "", answer.header("Location") or ""
    assert (answer.status, answer.header("Retry-After")) == (202, "10")
    assert bench.send("GET", poll).json() == {"status": "InProgress"}
    assert bench.send("GET", location).status == 202
    assert bench.get(new)["properties"]["provisioningState"] == "Deleting"
    bench.clock.advance(60)
    assert bench.send("GET", poll).json() == {"status": "Succeeded"}
    assert bench.send("GET", location).status == 204
    assert bench.call("GET", new).status == 404
    assert bench.call("DELETE", new).status == 204
    sign_in(bench, member(bench))
    assert error_of(bench.call("DELETE", subnet_of_vnet(bench)))[:2] == (403, "AuthorizationFailed")


def subnet_of_vnet(bench: Bench) -> str:
    return f"{bench.vnet_id}/subnets/any"
