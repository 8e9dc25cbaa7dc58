"""Virtual machines: instance view and power (azure/README.md 1.1, 1.3)."""

from __future__ import annotations

import pytest

from tests.lab.bench import HOST, Bench, error_of

VM = "tg-node-b"


def codes(bench: Bench) -> list[str]:
    view = bench.get(f"{bench.vm_id(VM)}/instanceView")
    return [item["code"] for item in view["statuses"]]


def test_that_a_vm_shows_its_identity_and_only_on_request_its_state(bench: Bench) -> None:
    vm = bench.get(bench.vm_id(VM))
    assert vm["identity"]["type"] == "SystemAssigned"
    assert vm["identity"]["principalId"] in {item.oid for item in bench.lab.principals}
    assert "instanceView" not in vm["properties"]
    expanded = bench.get(f"{bench.vm_id(VM)}?$expand=instanceView")
    assert expanded["properties"]["instanceView"] == bench.get(f"{bench.vm_id(VM)}/instanceView")
    assert bench.call("GET", bench.vm_id(VM)).header("ETag") == '"1"'
    listed = bench.get(f"{bench.group}/providers/Microsoft.Compute/virtualMachines")["value"]
    assert [item["name"] for item in listed] == ["tg-node-a", "tg-node-b", "vm-app-01"]
    assert all("instanceView" not in item["properties"] for item in listed)


@pytest.mark.parametrize(
    ("verb", "during", "after"),
    [
        ("powerOff", "stopping", "stopped"),
        ("deallocate", "deallocating", "deallocated"),
        ("restart", "starting", "running"),
        ("start", "starting", "running"),
    ],
)
def test_that_a_power_verb_is_accepted_and_takes_its_time(bench: Bench, verb: str, during: str, after: str) -> None:
    assert codes(bench) == ["ProvisioningState/succeeded", "PowerState/running"]
    answer = bench.call("POST", f"{bench.vm_id(VM)}/{verb}")
    url, location = answer.header("Azure-AsyncOperation"), answer.header("Location")
    assert url is not None
    assert (answer.status, answer.body, location) == (202, b"", f"{url}&monitor=true")
    assert url.startswith(
        f"{HOST}{bench.subscription}/providers/Microsoft.Compute/locations/southcentralus/operations/"
    )
    assert f"/operations/{answer.header('x-ms-request-id')}?" in url
    assert [item.partition("=")[0] for item in url.partition("?")[2].split("&")] == ["p", "api-version", *"tcsh"]
    assert codes(bench)[1] == f"PowerState/{during}"
    poll = bench.send("GET", url).json()
    assert (set(poll), poll["status"]) == ({"startTime", "status", "name"}, "InProgress")
    assert bench.send("GET", f"{url}&monitor=true").status == 202
    bench.clock.advance(4)
    over = bench.send("GET", url).json()
    assert over == {
        "startTime": "2026-03-02T09:00:00.0000000+00:00",
        "status": "Succeeded",
        "endTime": "2026-03-02T09:00:04.0000000+00:00",
        "name": answer.header("x-ms-request-id"),
    }
    assert bench.send("GET", f"{url}&monitor=true").status == 200
    assert codes(bench)[1] == f"PowerState/{after}"


def test_that_a_later_power_verb_preempts_the_running_one(bench: Bench) -> None:
    first = bench.call("POST", f"{bench.vm_id(VM)}/powerOff")
    bench.clock.advance(1)
    bench.call("POST", f"{bench.vm_id(VM)}/start")
    assert bench.poll(first).json()["error"]["code"] == "OperationPreempted"
    bench.clock.advance(4)
    assert codes(bench)[1] == "PowerState/running"


def test_that_a_missing_vm_is_not_found(bench: Bench) -> None:
    assert error_of(bench.call("POST", f"{bench.vm_id('absent')}/start"))[:2] == (404, "ResourceNotFound")


def test_that_a_network_poll_does_not_answer_for_compute(bench: Bench) -> None:
    answer = bench.call("POST", f"{bench.vm_id(VM)}/start")
    wrong = (
        f"{bench.subscription}/providers/Microsoft.Network/locations/x/operations/{answer.header('x-ms-request-id')}"
    )
    assert bench.call("GET", wrong).status == 404


def test_that_a_restart_of_a_deallocated_vm_is_a_conflict(bench: Bench) -> None:
    bench.call("POST", f"{bench.vm_id(VM)}/deallocate")
    bench.clock.advance(4)
    assert error_of(bench.call("POST", f"{bench.vm_id(VM)}/restart"))[:2] == (409, "OperationNotAllowed")
    assert bench.call("POST", f"{bench.vm_id(VM)}/start").status == 202


def test_that_a_failed_power_operation_answers_through_both_urls(bench: Bench) -> None:
    bench.send("POST", "https://x/lab/faults", {"effect": {"kind": "operation-fails", "code": "AllocationFailed"}})
    answer = bench.call("POST", f"{bench.vm_id(VM)}/start")
    bench.clock.advance(4)
    assert bench.poll(answer).json()["error"]["code"] == "AllocationFailed"
    assert error_of(bench.send("GET", answer.header("Location") or ""))[:2] == (409, "AllocationFailed")


def marked(name: str, what: str) -> str:
    return (
        f"Operation '{what}' is not allowed on VM '{name}' since the VM is marked for deletion. You can only retry the "
        "Delete operation (or wait for an ongoing one to complete)."
    )


def test_that_a_vm_marked_for_deletion_allows_nothing_else(bench: Bench) -> None:
    answer = bench.call("DELETE", bench.vm_id(VM))
    assert answer.status == 202
    assert error_of(bench.call("POST", f"{bench.vm_id(VM)}/restart")) == (
        409,
        "OperationNotAllowed",
        marked(VM, "restart"),
    )
    bench.clock.advance(4)
    assert bench.poll(answer).json()["status"] == "Succeeded"
    assert bench.call("GET", bench.vm_id(VM)).status == 404
    assert bench.call("DELETE", bench.vm_id(VM)).status == 204
    nic = bench.nic("tg-node-b-inside")
    assert "virtualMachine" not in nic["properties"]
    assert VM not in {item.name for item in bench.lab.principals}


def test_that_a_nic_cannot_be_updated_while_its_vm_is_deleted(bench: Bench) -> None:
    bench.call("DELETE", bench.vm_id("tg-node-a"))
    answer = bench.detach()
    bench.clock.advance(4)
    assert bench.poll(answer).json() == {
        "status": "Failed",
        "error": {
            "code": "OperationNotAllowed",
            "message": marked("tg-node-a", "startTenantUpdate"),
            "details": [],
        },
    }


def test_that_an_identity_patch_takes_an_operation_without_location(bench: Bench) -> None:
    answer = bench.call("PATCH", bench.vm_id("vm-app-01"), {"identity": {"type": "SystemAssigned"}})
    assert (answer.status, answer.header("Location")) == (200, None)
    assert answer.json()["properties"]["provisioningState"] == "Updating"
    assert answer.json()["identity"]["principalId"]
    assert bench.poll(answer).json()["status"] == "InProgress"
    bench.clock.advance(4)
    assert bench.poll(answer).json()["status"] == "Succeeded"
    vm = bench.call("GET", bench.vm_id("vm-app-01"))
    assert vm.json()["properties"]["provisioningState"] == "Succeeded"
    assert vm.header("ETag") == '"2"'
