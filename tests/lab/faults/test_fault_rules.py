"""Fault rules: what they count and strike, how they are spelled, and what each effect is to a client."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
import requests

from tests.lab.bench import FLOATING, HOST, VERSION, Bench, error_of
from tgwizard.lab.faults import fault_format
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import (
    AzureAnswer,
    Fault,
    FaultAnswer,
    Moment,
    OperationCanceled,
    OperationSuperseded,
    StaleRead,
)
from tgwizard.lab.fronts.in_process import lab_session

A, B = "tg-node-a-inside", "tg-node-b-inside"


def reads(bench: Bench, count: int, name: str = A) -> str:
    """Read a NIC so often; a dot for an answer, an x for a struck one."""
    return "".join(".x"[bench.call("GET", bench.nic_id(name)).status != 200] for _ in range(count))


def rule(**match: Any) -> Fault:
    return fault_format.read({"match": match, "effect": {"kind": "answer", "status": 500, "body": "{}"}})


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({}, "x........."),
        ({"nth": 3}, "..x......."),
        ({"nth": 2, "times": 3}, ".xxx......"),
        ({"every": 3}, "x..x..x..x"),
        ({"every": 4, "nth": 2}, ".x...x...x"),
        ({"every": 2, "times": 2}, "x.x......."),
        ({"times": "always", "nth": 9}, "........xx"),
        ({"probability": 1.0}, "xxxxxxxxxx"),
        ({"probability": 0}, ".........."),
    ],
)
def test_that_a_rule_strikes_the_requests_it_names(bench: Bench, match: dict[str, Any], struck: str) -> None:
    bench.lab.faults.add(rule(**match))
    assert reads(bench, 10) == struck


def test_that_dice_fall_alike_for_one_seed(bench: Bench) -> None:
    def thrown(seed: int) -> str:
        bench.lab.faults.clear()
        bench.lab.faults.add(rule(probability=0.4, seed=seed))
        return reads(bench, 60)

    assert thrown(1) == thrown(1) != thrown(2)
    assert 12 <= thrown(1).count("x") <= 36


def test_that_a_window_opens_and_closes_on_the_labs_clock(bench: Bench) -> None:
    bench.lab.faults.add(rule(from_s=10, until_s=20))
    seen = ""
    for _ in range(6):
        seen += reads(bench, 1)
        bench.clock.advance(5)
    assert seen == "..xx.."


def test_that_a_rule_can_name_the_permission_the_resource_and_the_caller(bench: Bench) -> None:
    bench.lab.faults.add(rule(operation="microsoft.network/networkInterfaces/*", times="always", caller="tg-node-a"))
    assert reads(bench, 1) == ".", "the operator is somebody else"
    (member,) = [item for item in bench.lab.principals if item.name == "tg-node-a"]
    bench.token = bench.lab.issue_token_for(member)
    assert reads(bench, 1) == "x"
    assert bench.call("GET", bench.vnet_id).status == 200
    bench.lab.faults.clear()
    bench.lab.faults.add(rule(resource=A.upper(), times="always"))
    assert (reads(bench, 1), reads(bench, 1, B)) == ("x", ".")


def test_that_counts_and_ids_are_kept_and_one_rule_can_go(bench: Bench) -> None:
    first = bench.lab.faults.add(rule(nth=2))
    named = bench.lab.faults.add(fault_format.read({"name": "mine", "effect": {"kind": "slow-body", "seconds": 0}}))
    reads(bench, 3)
    assert [(item.id, item.seen, item.struck) for item in bench.lab.faults.rules] == [("1", 3, 1), ("2", 3, 1)]
    assert bench.lab.faults.remove(first.id)
    assert bench.lab.faults.remove("mine")
    assert not bench.lab.faults.remove(named.id)


EFFECTS: list[dict[str, Any]] = [
    {
        "kind": "answer",
        "status": 503,
        "body": '{"error":{}}',
        "headers": {"Content-Type": "x"},
        "moment": "after-commit",
    },
    *({"kind": "azure", "answer": known.value, "moment": "before-commit"} for known in CannedError),
    {"kind": "reset", "moment": "after-commit"},
    {"kind": "timeout", "moment": "before-commit"},
    {"kind": "truncated-body", "after_bytes": 7},
    {"kind": "slow-body", "seconds": 2.5},
    {"kind": "stale-read", "seconds": 30},
    {"kind": "operation-fails", "code": "A", "message": "B"},
    {"kind": "operation-canceled"},
    {"kind": "operation-superseded"},
    {"kind": "operation-never-ends"},
    {"kind": "operation-takes", "seconds": 60},
    {"kind": "stranger-takes-address", "nic": "/subscriptions/x"},
]


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda item: "-".join(map(str, list(item.values())[:2])))
def test_that_every_effect_is_written_as_it_was_read(bench: Bench, effect: dict[str, Any]) -> None:
    match = {
        "method": "PUT",
        "operation": "a/b",
        "resource": "c",
        "body": "e",
        "caller": "d",
        "nth": 2,
        "times": 3,
        "every": 4,
    }
    more = {"probability": 0.5, "seed": 6, "from_s": 7.0, "until_s": 8.0}
    written = fault_format.write(
        bench.lab.faults.add(fault_format.read({"name": "n", "match": match | more, "effect": effect}))
    )
    assert (written["name"], written["match"], written["effect"]) == ("n", match | more, effect)


def test_that_every_kind_is_tried_here() -> None:
    assert {item["kind"] for item in EFFECTS} == set(fault_format.KINDS)


def test_that_a_rule_is_spelled_the_same_in_toml() -> None:
    text = """
        [[fault]]
        name = "lost-put"
        match = { method = "PUT", operation = "Microsoft.Network/networkInterfaces/write", nth = 2 }
        effect = { kind = "reset", moment = "after-commit" }
    """
    (item,) = tomllib.loads(text)["fault"]
    fault = fault_format.read(item)
    assert (fault.method, fault.nth, fault.times, fault.name) == ("PUT", 2, 1, "lost-put")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "the rule is not a table"),
        ({}, "effect is not a table"),
        ({"effect": {}}, "effect.kind is missing"),
        ({"effect": {"kind": "explode"}}, "effect.kind is 'explode'; there are: answer, azure, reset"),
        ({"effect": {"kind": "reset", "moment": "later"}}, "effect.moment is 'later'; there are: before-commit"),
        ({"effect": {"kind": "reset", "when": 1}}, "effect has no when"),
        ({"effect": {"kind": "slow-body"}}, "effect.seconds is missing"),
        ({"effect": {"kind": "slow-body", "seconds": -1}}, "effect.seconds is not a number from 0 on"),
        ({"effect": {"kind": "slow-body", "seconds": True}}, "effect.seconds is not a number from 0 on"),
        ({"effect": {"kind": "slow-body", "seconds": "long"}}, "effect.seconds is not a number"),
        ({"effect": {"kind": "answer", "status": 99}}, "effect.status is not a whole number from 200 on"),
        ({"effect": {"kind": "answer", "status": 600}}, "effect.status is more than 599"),
        ({"effect": {"kind": "answer", "headers": {"a": "b\r\nc: d"}}}, "effect.headers has a line break"),
        ({"effect": {"kind": "reset"}, "match": {"nth": 0}}, "match.nth is not a whole number from 1 on"),
        ({"effect": {"kind": "reset"}, "match": {"nth": 1.5}}, "match.nth is not a whole number from 1 on"),
        ({"effect": {"kind": "reset"}, "match": {"times": "often"}}, "match.times is neither"),
        ({"effect": {"kind": "reset"}, "match": {"probability": 2}}, "match.probability is more than 1"),
        ({"effect": {"kind": "reset"}, "match": {"colour": "red"}}, "match has no colour"),
        ({"effect": {"kind": "reset"}, "strength": 5}, "the rule has no strength"),
    ],
)
def test_that_a_rule_that_cannot_be_understood_says_what_is_wrong(document: object, said: str) -> None:
    with pytest.raises(fault_format.InvalidFaultRule, match=re.escape(said)):
        fault_format.read(document)


def request(bench: Bench, name: str = A, timeout: float = 30) -> requests.Response:
    with lab_session(bench.lab) as session:
        return session.get(
            f"{HOST}{bench.nic_id(name)}?api-version={VERSION}",
            headers={"Authorization": f"Bearer {bench.token}"},
            timeout=(5, timeout),
        )


def test_that_a_truncated_body_is_a_broken_connection_to_the_client(bench: Bench) -> None:
    bench.lab.faults.add(fault_format.read({"effect": {"kind": "truncated-body", "after_bytes": 40}}))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="40 bytes read"):
        request(bench)
    assert request(bench).json()["name"] == A


def test_that_a_slow_body_takes_its_time_on_the_labs_clock(bench: Bench) -> None:
    bench.lab.faults.add(fault_format.read({"effect": {"kind": "slow-body", "seconds": 20}}))
    assert request(bench).json()["name"] == A
    assert bench.clock.monotonic() == 20


def test_that_a_body_too_slow_for_the_client_is_a_read_timeout(bench: Bench) -> None:
    bench.lab.faults.add(fault_format.read({"effect": {"kind": "slow-body", "seconds": 100}}))
    with pytest.raises(requests.ReadTimeout):
        request(bench, timeout=3)
    assert bench.clock.monotonic() == 3


def test_that_a_stale_read_shows_what_was(bench: Bench) -> None:
    before = bench.nic(A)
    bench.clock.advance(60)
    updating = bench.detach().json()
    bench.clock.advance(4)
    bench.clock.advance(10)
    bench.lab.faults.add(Fault("GET", A, StaleRead(12), times=1))
    assert bench.nic(A) == updating, "12 s ago the detach was still running"
    bench.lab.faults.add(Fault("GET", A, StaleRead(20), times=1))
    assert bench.nic(A) == before
    assert FLOATING not in str(bench.nic(A))


def test_that_a_stale_list_does_not_know_what_is_new_and_still_knows_what_is_gone(bench: Bench) -> None:
    one = {"name": "one", "properties": {"subnet": {"id": f"{bench.vnet_id}/subnets/snet-inside"}}}
    bench.put("spare", {"location": "southcentralus", "properties": {"ipConfigurations": [one]}})
    bench.clock.advance(100)
    listing = f"{bench.group}/providers/Microsoft.Network/networkInterfaces"

    def names(seconds: float) -> set[str]:
        bench.lab.faults.add(Fault("GET", "networkInterfaces", StaleRead(seconds)))
        return {item["name"] for item in bench.get(listing)["value"]}

    assert "spare" in names(50)
    assert "spare" not in names(150)
    bench.call("DELETE", bench.nic_id("spare"))
    bench.clock.advance(30)
    assert "spare" not in names(0.5)
    assert "spare" in names(28)


def test_that_a_canceled_operation_leaves_the_nic_failed(bench: Bench) -> None:
    bench.lab.faults.add(Fault("PUT", A, OperationCanceled()))
    answer = bench.detach()
    bench.clock.advance(4)
    poll = bench.poll(answer).json()
    assert (poll["status"], poll["error"]["code"]) == ("Canceled", "Canceled")
    assert bench.nic(A)["properties"]["provisioningState"] == "Failed"
    assert bench.lab.holder(FLOATING) == bench.nic_id(A), "a change that did not come through frees nothing"
    bench.detach()
    bench.clock.advance(4)
    assert bench.lab.holder(FLOATING) is None, "a new PUT cures it"


def test_that_a_superseded_operation_is_never_said_to_succeed_and_its_content_arrives(bench: Bench) -> None:
    bench.lab.faults.add(Fault("PUT", A, OperationSuperseded()))
    answer = bench.detach()
    bench.clock.advance(5)
    error = bench.poll(answer).json()["error"]
    assert error["details"][0]["code"] == "CanceledAndSupersededDueToAnotherOperation"
    assert bench.nic(A)["properties"]["provisioningState"] == "Updating"
    assert bench.lab.holder(FLOATING) == bench.nic_id(A)
    bench.clock.advance(3)
    assert bench.nic(A)["properties"]["provisioningState"] == "Succeeded"
    assert bench.lab.holder(FLOATING) is None
    assert bench.poll(answer).json()["status"] == "Canceled"


def test_that_the_four_kinds_of_429_are_told_apart_by_code_and_details(bench: Bench) -> None:
    def kind(known: CannedError) -> tuple[int, str, str | None, str | None, str | None]:
        bench.lab.faults.add(Fault("GET", A, AzureAnswer(known)))
        answer = bench.call("GET", bench.nic_id(A))
        error = answer.json()["error"]
        details = error.get("details") or [{}]
        return (
            answer.status,
            error["code"],
            details[0].get("code"),
            answer.header("Retry-After"),
            answer.header("x-ms-failure-cause"),
        )

    assert kind(CannedError.THROTTLED_BY_ARM) == (429, "SubscriptionRequestsThrottled", None, "6", "gateway")
    assert kind(CannedError.THROTTLED_BY_NETWORK) == (
        429,
        "RetryableError",
        "RetryableErrorDueToTooManyCalls",
        "64",
        "service",
    )
    assert kind(CannedError.THROTTLED_BY_COMPUTE) == (429, "OperationNotAllowed", "TooManyRequests", "1200", "service")
    assert kind(CannedError.NETWORK_BUSY) == (
        429,
        "RetryableError",
        "RetryableErrorDueToAnotherOperation",
        "12",
        "service",
    )


def test_that_a_compute_throttle_says_which_quota_is_used_up(bench: Bench) -> None:
    bench.lab.faults.add(Fault("GET", "", AzureAnswer(CannedError.THROTTLED_BY_COMPUTE)))
    answer = bench.call("GET", bench.vm_id("tg-node-a"))
    assert (answer.header("x-ms-ratelimit-remaining-resource") or "").endswith("HighCostGet30Min;0")
    detail = answer.json()["error"]["details"][0]
    assert detail["target"] == "HighCostGet30Min"
    assert json.loads(detail["message"])["allowedRequestCount"] < json.loads(detail["message"])["measuredRequestCount"]
    assert answer.json()["error"]["innererror"] == {"internalErrorCode": "TooManyRequestsReceived"}


def test_that_a_server_timeout_after_the_commit_hides_the_change(bench: Bench) -> None:
    bench.lab.faults.add(Fault("PUT", A, AzureAnswer(CannedError.SERVER_TIMEOUT, Moment.AFTER_COMMIT)))
    answer = bench.put(A, bench.without_floating(A))
    assert error_of(answer)[:2] == (503, "ServerTimeout")
    assert bench.lab.subscription.id in error_of(answer)[2]
    assert FLOATING not in str(bench.nic(A))


def test_that_a_fault_before_authentication_is_impossible(bench: Bench) -> None:
    bench.lab.faults.add(Fault("", "", FaultAnswer(500, "{}"), times=None))
    bench.token = None
    assert bench.call("GET", bench.nic_id(A)).status == 401
    assert bench.call("GET", "/metadata/endpoints").status == 200
