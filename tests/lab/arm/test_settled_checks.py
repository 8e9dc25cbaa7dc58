"""What is `Failed` or `Updating` blocks what depends on it: interface, VM and subnet (azure/README.md 2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.rights import READER_ACCOUNT, assign, define, fresh_guid, sign_in
from tgwizard.lab.faults.fault_rules import Fault, OperationFails
from tgwizard.lab.wire import Response
from tgwizard.lab.world import FailedNic

A = "tg-node-a-inside"
ONE = fresh_guid("subnet-writer")
VERBS = ("start", "restart", "powerOff", "deallocate")


def fail(bench: Bench, name: str = A) -> None:
    """Leave an interface `Failed`, as an update whose operation failed does."""
    bench.lab.faults.add(Fault("PUT", name, OperationFails()))
    assert bench.put(name, bench.nic(name)).status == 200
    bench.clock.advance(4)
    assert bench.nic(name)["properties"]["provisioningState"] == "Failed"


def put_subnet(bench: Bench, name: str = "snet-inside", **properties: Any) -> Response:
    kept = bench.call("GET", f"{bench.vnet_id}/subnets/{name}").json().get("properties", {})
    return bench.call("PUT", f"{bench.vnet_id}/subnets/{name}", {"properties": {**kept, **properties}})


def change(bench: Bench) -> Response:
    return bench.call("PATCH", bench.vm_id("tg-node-a"), {"tags": {"seen": "yes"}})


def power(bench: Bench, verb: str) -> Response:
    return bench.call("POST", f"{bench.vm_id('tg-node-a')}/{verb}")


@pytest.mark.parametrize("verb", VERBS)
def test_that_a_failed_interface_blocks_every_operation_on_its_vm(bench: Bench, verb: str) -> None:
    fail(bench)
    answer = power(bench, verb)
    assert error_of(answer) == (
        400,
        "ParentResourceIsInFailedState",
        (
            f"Cannot proceed with operation because resource {bench.nic_id(A)} used by resource "
            f"{bench.vm_id('tg-node-a')} is not in Succeeded state. Resource is in Failed state and the last operation "
            "that updated/is updating the resource is PutNicOperation."
        ),
    )
    assert error_of(change(bench))[:2] == (400, "ParentResourceIsInFailedState")
    assert bench.call("POST", f"{bench.vm_id('tg-node-b')}/{verb}").status == 202, "the other VM has no part in it"


@pytest.mark.parametrize("verb", VERBS)
def test_that_a_new_put_of_the_interface_as_it_is_unblocks_its_vm(bench: Bench, verb: str) -> None:
    fail(bench)
    assert bench.put(A, bench.nic(A)).status == 200
    bench.clock.advance(4)
    assert power(bench, verb).status == 202
    assert change(bench).status == 200


def test_that_a_lab_can_let_a_vm_be_stopped_whose_interface_is_failed(bench: Bench) -> None:
    fail(bench)
    bench.lab.failed_nic = FailedNic.STARTS
    assert [power(bench, verb).status for verb in ("start", "restart", "powerOff")] == [400, 400, 202]
    assert change(bench).status == 200
    bench.lab.failed_nic = FailedNic.NOTHING
    assert power(bench, "start").status == 202


def test_that_a_failed_interface_blocks_its_subnet_until_it_is_written_anew(bench: Bench) -> None:
    fail(bench)
    status, code, message = error_of(put_subnet(bench))
    assert (status, code) == (400, "ReferencedResourceNotProvisioned")
    assert message.startswith(f"Cannot proceed with operation because resource {bench.nic_id(A)}/ipConfigurations/")
    assert message.endswith(
        f" used by resource {bench.vnet_id}/subnets/snet-inside is not in Succeeded state. Resource is in Failed state "
        "and the last operation that updated/is updating the resource is PutNicOperation."
    )
    assert put_subnet(bench, "snet-outside").status == 200, "no other subnet has a part in it"
    assert bench.put(A, bench.nic(A)).status == 200
    answer = put_subnet(bench)
    assert error_of(answer)[:2] == (429, "RetryableError"), "the interface is still being written"
    assert answer.header("Retry-After") == "10"
    bench.clock.advance(4)
    assert put_subnet(bench).status == 200


def test_that_a_subnet_being_updated_holds_up_its_interfaces_and_a_failed_one_blocks_them(bench: Bench) -> None:
    assert put_subnet(bench).status == 200
    answer = bench.put(A, bench.nic(A))
    assert error_of(answer)[:2] == (429, "RetryableError")
    (detail,) = answer.json()["error"]["details"]
    assert detail == {
        "code": "ReferencedResourceNotProvisioned",
        "message": f"Cannot proceed with operation because resource {bench.vnet_id}/subnets/snet-inside used by "
        f"resource {bench.nic_id(A)} is not in Succeeded state. Resource is in Updating state and the last operation "
        "that updated/is updating the resource is PutSubnetOperation.",
    }
    bench.clock.advance(4)
    bench.lab.faults.add(Fault("PUT", "snet-inside", OperationFails()))
    assert put_subnet(bench).status == 200
    bench.clock.advance(4)
    status, code, message = error_of(bench.put(A, bench.nic(A)))
    assert (status, code) == (400, "ReferencedResourceNotProvisioned")
    assert "Resource is in Failed state" in message
    assert bench.put("tg-node-a-outside", bench.nic("tg-node-a-outside")).status == 200
    assert put_subnet(bench).status == 200
    bench.clock.advance(4)
    assert bench.put(A, bench.nic(A)).status == 200


def test_that_a_subnet_is_updating_until_its_operation_is_over(bench: Bench) -> None:
    answer = put_subnet(bench, serviceEndpoints=[{"service": "Microsoft.Storage"}])
    subnet = answer.json()
    assert (answer.status, subnet["properties"]["provisioningState"]) == (200, "Updating")
    assert answer.header("Retry-After") == "3"
    assert bench.poll(answer).json() == {"status": "InProgress"}
    bench.clock.advance(4)
    assert bench.poll(answer).json() == {"status": "Succeeded"}
    after = bench.get(f"{bench.vnet_id}/subnets/snet-inside")
    assert after["properties"]["provisioningState"] == "Succeeded"
    assert after["properties"]["serviceEndpoints"] == [{"service": "Microsoft.Storage"}]
    assert after["etag"] != subnet["etag"]


def test_that_a_second_put_of_a_subnet_supersedes_the_first(bench: Bench) -> None:
    first, second = put_subnet(bench), put_subnet(bench)
    (detail,) = bench.poll(first).json()["error"]["details"]
    assert detail["code"] == "CanceledAndSupersededDueToAnotherOperation"
    assert detail["message"].startswith("Operation PutSubnetOperation (")
    bench.clock.advance(4)
    assert bench.poll(second).json() == {"status": "Succeeded"}


def test_that_a_new_subnet_takes_its_place_beside_the_others(bench: Bench) -> None:
    made = bench.call("PUT", f"{bench.vnet_id}/subnets/extra", {"properties": {"addressPrefix": "10.20.77.0/24"}})
    assert made.status == 201
    bench.clock.advance(4)
    names = [item["name"] for item in bench.get(f"{bench.vnet_id}/subnets")["value"]]
    assert names[-1] == "extra"
    free = bench.get(f"{bench.vnet_id}/CheckIPAddressAvailability?ipAddress=10.20.77.4")
    assert free["available"] is True


@pytest.mark.parametrize(
    ("name", "properties", "code"),
    [
        ("extra", {}, "MissingAddressPrefix"),
        ("extra", {"addressPrefix": "10.20.2.0/33"}, "InvalidAddressPrefixFormat"),
        ("extra", {"addressPrefix": "10.20.77.0/30"}, "InvalidAddressPrefixFormat"),
        ("extra", {"addressPrefix": "10.99.0.0/24"}, "NetcfgInvalidSubnet"),
        ("extra", {"addressPrefix": "10.20.2.128/25"}, "NetcfgSubnetRangesOverlap"),
        ("snet-inside", {"addressPrefix": "10.20.2.128/25"}, "InUsePrefixCannotBeDeleted"),
        ("-extra", {"addressPrefix": "10.20.77.0/24"}, "InvalidResourceName"),
    ],
)
def test_that_a_subnet_azure_would_not_take_is_refused(
    bench: Bench, name: str, properties: dict[str, Any], code: str
) -> None:
    before = bench.get(bench.vnet_id)
    answer = bench.call("PUT", f"{bench.vnet_id}/subnets/{name}", {"properties": properties})
    assert error_of(answer)[:2] == (400, code)
    assert bench.get(bench.vnet_id) == before


def test_that_a_subnet_cannot_refer_to_a_group_that_is_not_there(bench: Bench) -> None:
    group = {"id": f"{bench.group}/providers/Microsoft.Network/networkSecurityGroups/absent"}
    assert error_of(put_subnet(bench, networkSecurityGroup=group))[:2] == (400, "InvalidResourceReference")


def test_that_a_subnet_joins_its_security_group_with_a_right_of_its_own(bench: Bench) -> None:
    subnet = bench.get(f"{bench.vnet_id}/subnets/snet-inside")
    account = bench.lab.directory.account(READER_ACCOUNT)
    rights = [{"actions": ["Microsoft.Network/virtualNetworks/subnets/write"]}]
    assert define(bench, ONE, permissions=rights).status == 201
    assert assign(bench, account.oid, ONE, bench.group).status == 201
    sign_in(bench, account)
    group = {"id": f"{bench.group}/providers/Microsoft.Network/networkSecurityGroups/nsg"}
    properties = {**subnet["properties"], "networkSecurityGroup": group}
    answer = bench.call("PUT", f"{bench.vnet_id}/subnets/snet-inside", {"properties": properties})
    assert error_of(answer)[:2] == (403, "LinkedAuthorizationFailed")
    assert "Microsoft.Network/networkSecurityGroups/join/action" in error_of(answer)[2]
