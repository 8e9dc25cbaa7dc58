"""The PUT of a network interface: shape, etags, replace, overlap (azure/README.md 2.1, 2.3, 2.4)."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from tests.lab.bench import FLOATING, HOST, Bench, error_of
from tgwizard.lab.faults.fault_rules import (
    Fault,
    ForeignNicTakesAddress,
    OperationFails,
    OperationNeverEnds,
    OperationTakes,
)
from tgwizard.lab.latency import Latency
from tgwizard.lab.world import Overlap

A, B, FOREIGN_NIC = "tg-node-a-inside", "tg-node-b-inside", "vm-app-01-nic"


def states(nic: dict[str, Any]) -> set[str]:
    properties = nic["properties"]
    inner = {item["properties"]["provisioningState"] for item in properties["ipConfigurations"]}
    return {properties["provisioningState"], *inner}


def etags(nic: dict[str, Any]) -> set[str]:
    return {nic["etag"], *(item["etag"] for item in nic["properties"]["ipConfigurations"])}


def test_that_an_attached_nic_answers_updating_with_an_operation_and_no_etag_header(bench: Bench) -> None:
    answer = bench.put(A, bench.without_floating(A))
    operation = answer.header("x-ms-request-id")
    assert answer.status == 200
    assert states(answer.json()) == {"Updating"}
    assert answer.header("Retry-After") == "10"
    assert answer.header("ETag") is None
    assert answer.header("Location") is None
    assert answer.header("Azure-AsyncOperation") == (
        f"{HOST}{bench.subscription}/providers/Microsoft.Network/locations/southcentralus/operations/{operation}"
        "?api-version=2025-05-01"
    )


def test_that_the_etag_moves_when_accepted_and_again_when_finished(bench: Bench) -> None:
    before = bench.nic(A)["etag"]
    accepted = bench.detach().json()
    assert len(etags(accepted)) == 1
    bench.clock.advance(3.9)
    assert bench.nic(A) == accepted
    bench.clock.advance(0.1)
    finished = bench.call("GET", bench.nic_id(A))
    assert states(finished.json()) == {"Succeeded"}
    assert finished.header("ETag") == finished.json()["etag"]
    assert len({before, accepted["etag"], finished.json()["etag"]}) == 3
    assert re.fullmatch(r'W/"[0-9a-f-]{36}"', before)


def test_that_the_poll_body_is_exactly_the_status(bench: Bench) -> None:
    answer = bench.detach()
    running = bench.poll(answer)
    assert (running.status, running.json(), running.header("Retry-After")) == (200, {"status": "InProgress"}, "10")
    bench.clock.advance(4)
    over = bench.poll(answer)
    assert (over.status, over.json(), over.header("Retry-After")) == (200, {"status": "Succeeded"}, None)


def test_that_the_poll_url_is_on_the_host_the_request_came_to(bench: Bench) -> None:
    nic = bench.without_floating(A)
    answer = bench.call("PUT", f"https://localhost:4711{bench.nic_id(A)}", nic)
    assert (answer.header("Azure-AsyncOperation") or "").startswith("https://localhost:4711/subscriptions/")


def test_that_an_instant_lab_still_says_updating_first(bench: Bench) -> None:
    bench.lab.latency = Latency.INSTANT
    answer = bench.detach()
    assert states(answer.json()) == {"Updating"}
    assert bench.poll(answer).json() == {"status": "Succeeded"}


def test_that_drawn_latencies_lie_between_2_and_9_s_and_repeat_with_the_seed() -> None:
    def drawn(seed: int) -> list[float]:
        bench = Bench(latency=Latency.DRAWN, seed=seed)
        seconds = []
        for _ in range(4):
            sent = bench.clock.wall()
            bench.detach()
            bench.clock.advance(9)
            (until,) = [item.until for item in bench.lab.holdings if item.address == FLOATING]
            assert until is not None
            seconds.append(until - sent)
            bench = Bench(latency=Latency.DRAWN, seed=seed + 100 * len(seconds))
        return [item.total_seconds() for item in seconds]

    assert drawn(1) == drawn(1) != drawn(2)
    assert all(2 <= seconds <= 9 for seconds in drawn(1))


def test_that_an_unattached_nic_is_done_at_once(bench: Bench) -> None:
    body = {
        "location": "southcentralus",
        "properties": {
            "ipConfigurations": [
                {"name": "one", "properties": {"subnet": {"id": f"{bench.vnet_id}/subnets/snet-inside"}}}
            ]
        },
    }
    created = bench.put("spare", body)
    assert (created.status, states(created.json())) == (201, {"Succeeded"})
    assert created.header("Azure-AsyncOperation") is None
    assert created.header("Retry-After") is None
    assert created.json()["properties"]["ipConfigurations"][0]["properties"]["primary"] is True
    again = bench.put("spare", created.json())
    assert (again.status, states(again.json())) == (200, {"Succeeded"})
    assert bench.lab.holder("10.20.2.5") == bench.nic_id("spare")


@pytest.mark.parametrize("version", ["2018-08-01", "2022-01-01"])
def test_that_an_old_api_version_polls_even_what_was_done_at_once(bench: Bench, version: str) -> None:
    subnet = {"id": f"{bench.vnet_id}/subnets/snet-inside"}
    properties = {"ipConfigurations": [{"name": "one", "properties": {"subnet": subnet}}]}
    body = {"location": "southcentralus", "properties": properties}
    created = bench.call("PUT", bench.nic_id("spare"), body, version=version)
    assert (created.status, states(created.json())) == (201, {"Succeeded"})
    assert created.header("Retry-After") is None
    assert bench.poll(created).json() == {"status": "Succeeded"}
    assert bench.nic("spare")["etag"] == created.json()["etag"], "what was done at once has one etag"


def test_that_without_if_match_the_last_writer_wins_whatever_etag_its_body_has(bench: Bench) -> None:
    mine, theirs = bench.nic(A), bench.nic(A)
    theirs["tags"] = {"by": "them"}
    assert bench.put(A, theirs).status == 200
    bench.clock.advance(4)
    mine["tags"] = {"by": "me"}
    assert mine["etag"] != bench.nic(A)["etag"]
    assert bench.put(A, mine).status == 200
    bench.clock.advance(4)
    assert bench.nic(A)["tags"] == {"by": "me"}


def test_that_a_put_replaces_the_whole_resource(bench: Bench) -> None:
    before = bench.nic(A)
    bare = {
        "location": before["location"],
        "properties": {
            "ipConfigurations": [
                {
                    "name": "ipconfig1",
                    "properties": {
                        "privateIPAddress": "10.20.2.11",
                        "privateIPAllocationMethod": "Static",
                        "subnet": {"id": f"{bench.vnet_id}/subnets/snet-inside"},
                    },
                }
            ]
        },
    }
    after = bench.put(A, bare).json()
    assert "tags" in before
    assert "tags" not in after
    properties = after["properties"]
    assert "networkSecurityGroup" not in properties
    assert properties["enableIPForwarding"] is False
    assert properties["enableAcceleratedNetworking"] is False
    assert properties["dnsSettings"]["dnsServers"] == []
    assert "applicationSecurityGroups" not in properties["ipConfigurations"][0]["properties"]


def test_that_read_only_fields_come_from_the_server_whatever_is_sent(bench: Bench) -> None:
    before = bench.nic(A)
    lying = copy.deepcopy(before)
    lying.update(etag='W/"made-up"', name="other", id="/other", type="other", kind="other")
    lying["properties"].update(
        provisioningState="Failed",
        resourceGuid="made-up",
        macAddress="00-00-00-00-00-00",
        virtualMachine={"id": bench.vm_id("vm-app-01")},
        primary=True,
    )
    lying["properties"]["dnsSettings"]["internalDomainNameSuffix"] = "made.up"
    lying["properties"]["ipConfigurations"][0].update(id="/other", etag="other", type="other")
    assert bench.put(A, lying).status == 200
    bench.clock.advance(4)
    after = bench.nic(A)
    assert without_etags(after) == without_etags(before)


def test_that_unknown_fields_stay_as_they_were_sent(bench: Bench) -> None:
    nic = bench.nic(A)
    nic["extendedLocation"] = {"name": "edge", "type": "EdgeZone"}
    nic["properties"]["futureField"] = {"deep": [1, {"x": None}], "Ünïcode": "ß"}
    nic["properties"]["dnsSettings"]["dnsServers"] = ["10.20.0.4"]
    nic["properties"]["ipConfigurations"][1]["properties"]["futureFlag"] = True
    nic["properties"]["ipConfigurations"][1]["zones"] = ["1"]
    answer = bench.put(A, nic)
    bench.clock.advance(4)
    assert answer.status == 200
    assert without_etags(bench.nic(A)) == without_etags(nic)


def without_etags(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: without_etags(value) for key, value in document.items() if key != "etag"}
    return [without_etags(item) for item in document] if isinstance(document, list) else document


def test_that_a_stale_if_match_is_refused_with_the_words_of_azure(bench: Bench) -> None:
    nic = bench.without_floating(A)
    etag = bench.nic(A)["etag"]
    answer = bench.put(A, nic, If_Match='W/"stale"')
    assert error_of(answer) == (412, "PreconditionFailed", "Precondition failed.")
    assert answer.json()["error"]["details"] == [
        {
            "code": "PreconditionFailedEtagMismatch",
            "message": f'Etag provided in if-match header W/"stale" does not match etag {etag} of resource '
            f"{bench.nic_id(A)} in NRP data store.",
        }
    ]
    assert bench.nic(A)["etag"] == etag


def test_that_an_if_match_taken_while_updating_fails_once_the_update_is_over(bench: Bench) -> None:
    etag = bench.detach().json()["etag"]
    bench.clock.advance(4)
    assert bench.put(A, bench.with_floating(A), If_Match=etag).status == 412
    assert bench.put(A, bench.with_floating(A), If_Match=bench.nic(A)["etag"]).status == 200


def test_that_if_match_comes_before_the_body_is_looked_at(bench: Bench) -> None:
    assert bench.call("PUT", bench.nic_id(A), b"{", headers={"If-Match": 'W/"x"'}).status == 412


def test_that_a_star_matches_what_exists_and_nothing_else(bench: Bench) -> None:
    assert bench.put(A, bench.nic(A), If_Match="*").status == 200
    assert bench.put("absent", bench.nic(A), If_Match="*").status == 412


def test_that_a_second_put_supersedes_the_first(bench: Bench) -> None:
    first = bench.detach()
    bench.clock.advance(2)
    second = bench.put(A, bench.nic(A))
    one, two = (answer.header("x-ms-request-id") for answer in (first, second))
    assert bench.poll(first).json() == {
        "status": "Canceled",
        "error": {
            "code": "Canceled",
            "message": "Operation was canceled.",
            "details": [
                {
                    "code": "CanceledAndSupersededDueToAnotherOperation",
                    "message": f"Operation PutNicOperation ({one}) was canceled and superseded by operation "
                    f"PutNicOperation ({two}).",
                }
            ],
        },
    }
    bench.clock.advance(3)
    assert bench.lab.holder(FLOATING) == bench.nic_id(A), "the release belongs to the second operation now"
    bench.clock.advance(1)
    assert bench.poll(second).json() == {"status": "Succeeded"}
    assert bench.lab.holder(FLOATING) is None


def test_that_putting_back_during_the_release_leaves_the_holding_unbroken(bench: Bench) -> None:
    bench.detach()
    bench.clock.advance(2)
    bench.attach(A)
    bench.clock.advance(10)
    held = [item for item in bench.lab.holdings if item.address == FLOATING]
    assert [(item.nic, item.until) for item in held] == [(bench.nic_id(A), None)]


def test_that_the_overlap_can_be_a_retryable_429(bench: Bench) -> None:
    bench.lab.overlap = Overlap.RETRY_LATER
    first = bench.detach()
    answer = bench.put(A, bench.nic(A))
    assert error_of(answer) == (429, "RetryableError", "A retryable error occurred.")
    assert answer.json()["error"]["details"] == [
        {
            "code": "RetryableErrorDueToAnotherOperation",
            "message": f"Operation PutNicOperation ({first.header('x-ms-request-id')}) is updating resource "
            f"{bench.nic_id(A)}. The call can be retried in 10 seconds.",
        }
    ]
    assert answer.header("Retry-After") == "10"


def test_that_the_overlap_can_be_a_conflict(bench: Bench) -> None:
    bench.lab.overlap = Overlap.CONFLICT
    first = bench.detach()
    assert error_of(bench.put(A, bench.nic(A))) == (
        409,
        "AnotherOperationInProgress",
        (
            "Another operation on this or dependent resource is in progress. To retrieve status of the operation use "
            f"uri: {first.header('Azure-AsyncOperation')}."
        ),
    )


def test_that_a_failed_operation_keeps_the_content_and_needs_a_new_put(bench: Bench) -> None:
    bench.detach()
    bench.clock.advance(4)
    bench.lab.faults.add(Fault("PUT", B, OperationFails("InternalServerError", "An error occurred.")))
    answer = bench.attach(B)
    bench.clock.advance(4)
    assert bench.poll(answer).json() == {
        "status": "Failed",
        "error": {"code": "InternalServerError", "message": "An error occurred.", "details": []},
    }
    nic = bench.nic(B)
    assert states(nic) == {"Failed"}
    assert etags(nic) != etags(answer.json())
    assert FLOATING in str(nic)
    assert bench.lab.holder(FLOATING) is None
    assert error_of(bench.put(A, bench.with_floating(A)))[1] == "PrivateIPAddressIsAllocated"
    bench.put(B, nic)
    bench.clock.advance(4)
    assert bench.lab.holder(FLOATING) == bench.nic_id(B)


def test_that_an_operation_may_never_end_or_take_its_time(bench: Bench) -> None:
    bench.lab.faults.add(Fault("PUT", A, OperationNeverEnds()))
    bench.lab.faults.add(Fault("PUT", B, OperationTakes(60)))
    endless = bench.detach()
    slow = bench.put(B, bench.nic(B))
    bench.clock.advance(59)
    assert bench.poll(slow).json() == {"status": "InProgress"}
    bench.clock.advance(3600)
    assert bench.poll(slow).json() == {"status": "Succeeded"}
    assert bench.poll(endless).json() == {"status": "InProgress"}
    assert bench.lab.holder(FLOATING) == bench.nic_id(A)


def test_that_a_stranger_can_take_the_freed_address(bench: Bench) -> None:
    bench.lab.faults.add(Fault("PUT", A, ForeignNicTakesAddress(bench.nic_id(FOREIGN_NIC))))
    bench.detach()
    bench.clock.advance(4)
    assert bench.lab.holder(FLOATING) == bench.nic_id(FOREIGN_NIC)
    nic = bench.nic(FOREIGN_NIC)
    assert states(nic) == {"Succeeded"}
    assert [item["properties"]["privateIPAddress"] for item in nic["properties"]["ipConfigurations"]] == [
        "10.20.2.4",
        FLOATING,
    ]
    answer = bench.put(B, bench.with_floating(B))
    assert error_of(answer)[1] == "PrivateIPAddressIsAllocated"
    assert f"{bench.nic_id(FOREIGN_NIC)}/ipConfigurations/taken-10-20-2-50" in error_of(answer)[2]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "InvalidRequestFormat"),
        (b"\xff\xfe", "InvalidRequestFormat"),
        (b"[]", "InvalidRequestFormat"),
        (b'{"location": "southcentralus", "properties": {"ipConfigurations": {}}}', "InvalidRequestFormat"),
        (b'{"location": "southcentralus", "properties": {"ipConfigurations": [1]}}', "InvalidRequestFormat"),
        (b'{"location": "southcentralus", "properties": {"enableIPForwarding": "yes"}}', "InvalidRequestFormat"),
        (b'{"properties": {}}', "LocationRequired"),
    ],
)
def test_that_a_bad_body_is_refused_and_changes_nothing(bench: Bench, body: bytes, code: str) -> None:
    before = bench.nic(A)
    answer = bench.call("PUT", bench.nic_id(A), body)
    assert error_of(answer)[:2] == (400, code)
    if code == "InvalidRequestFormat":
        assert answer.json()["error"]["details"][0]["code"] == "InvalidJson"
    assert bench.nic(A) == before


def test_that_a_nic_does_not_change_its_region(bench: Bench) -> None:
    nic = bench.nic(A)
    nic["location"] = "westeurope"
    assert error_of(bench.put(A, nic))[:2] == (409, "InvalidResourceLocation")
