"""Security rules, written by hand and by the SDK (azure/README.md 2.1; the wording of refusals is modelled)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.network.models import SecurityRule

from tests.lab.bench import Bench, JumpingTransport, OperatorCredential, error_of
from tests.lab.rights import give, sign_in
from tgwizard.lab.lab import Lab
from tgwizard.lab.wire import Response

NSG = "nsg-tg-inside"
RULE: dict[str, Any] = {
    "protocol": "tcp",
    "access": "Allow",
    "direction": "Inbound",
    "priority": 200,
    "sourcePortRange": "*",
    "destinationPortRange": "9000",
    "sourceAddressPrefix": "10.20.2.0/24",
    "destinationAddressPrefix": "10.20.2.0/24",
}


def path(bench: Bench, name: str = "heartbeat") -> str:
    return f"{bench.group}/providers/Microsoft.Network/networkSecurityGroups/{NSG}/securityRules/{name}"


def put(bench: Bench, name: str = "heartbeat", **changes: Any) -> Response:
    sent = {key: value for key, value in {**RULE, **changes}.items() if value is not None}
    return bench.call("PUT", path(bench, name), {"properties": sent})


def names(bench: Bench) -> list[str]:
    return [item["name"] for item in bench.get(path(bench, "")[:-1])["value"]]


def test_that_a_rule_is_created_replaced_and_deleted_each_by_an_operation(bench: Bench) -> None:
    created = put(bench)
    assert (created.status, created.json()["properties"]["provisioningState"]) == (201, "Updating")
    assert created.json()["properties"]["protocol"] == "Tcp"
    assert created.header("Retry-After") == "10"
    assert bench.poll(created).json() == {"status": "InProgress"}
    before = bench.get(path(bench))
    bench.clock.advance(4)
    assert bench.poll(created).json() == {"status": "Succeeded"}
    after = bench.get(path(bench))
    assert after["properties"]["provisioningState"] == "Succeeded"
    assert after["etag"] != before["etag"], "one etag for the group and all its rules, and it moves twice"
    replaced = put(bench, destinationPortRange=None, destinationPortRanges=["9000", "1975"])
    assert replaced.status == 200
    bench.clock.advance(4)
    assert "destinationPortRange" not in bench.get(path(bench))["properties"]
    gone = bench.call("DELETE", path(bench))
    assert (gone.status, gone.header("Location") is not None) == (202, True)
    assert "heartbeat" in names(bench)
    bench.clock.advance(4)
    assert "heartbeat" not in names(bench)
    assert bench.call("DELETE", path(bench)).status == 204


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"priority": 4097}, "SecurityRuleInvalidPriority"),
        ({"priority": None}, "SecurityRuleInvalidPriority"),
        ({"priority": True}, "SecurityRuleInvalidPriority"),
        ({"priority": 100}, "SecurityRuleConflict"),
        ({"access": "Perhaps"}, "InvalidRequestFormat"),
        ({"direction": None}, "InvalidRequestFormat"),
        ({"destinationPortRange": None}, "InvalidRequestFormat"),
        ({"destinationPortRanges": ["1"]}, "InvalidRequestFormat"),
        ({"sourceAddressPrefix": None, "sourceAddressPrefixes": [1]}, "InvalidRequestFormat"),
        ({"protocol": 6}, "InvalidRequestContent"),
    ],
)
def test_that_a_rule_azure_does_not_take_is_refused_and_changes_nothing(
    bench: Bench, changes: dict[str, Any], code: str
) -> None:
    before = bench.get(path(bench, "").removesuffix("/securityRules/"))
    assert error_of(put(bench, **changes))[:2] == (400, code)
    assert bench.get(path(bench, "").removesuffix("/securityRules/")) == before


def test_that_a_conflict_names_both_rules(bench: Bench) -> None:
    assert error_of(put(bench, priority=100))[2] == (
        "Security rule heartbeat conflicts with rule AllowHeartbeatIn. Rules cannot have the same Priority and "
        "Direction. To learn more, see aka.ms/nsgrules."
    )
    assert put(bench, "AllowHeartbeatIn", priority=100).status == 200, "a rule does not conflict with itself"


def test_that_a_second_write_on_a_rule_waits_for_the_first(bench: Bench) -> None:
    assert put(bench).status == 201
    assert error_of(put(bench))[:2] == (429, "RetryableError")
    bench.clock.advance(4)
    assert put(bench).status == 200


def test_that_rules_need_their_own_right_and_respect_locks(bench: Bench) -> None:
    lock = f"{bench.group}/providers/Microsoft.Authorization/locks/l"
    assert bench.call("PUT", lock, {"properties": {"level": "ReadOnly"}}, version="2016-09-01").status == 201
    assert error_of(put(bench))[:2] == (409, "ScopeLocked")
    who = give_reader(bench)
    assert error_of(put(bench))[2].count(f"'{who}'") >= 1


def give_reader(bench: Bench) -> str:
    assert (
        bench.call("DELETE", f"{bench.group}/providers/Microsoft.Authorization/locks/l", version="2016-09-01").status
        == 200
    )
    sign_in(bench, give(bench, "reader@lab.example", "Virtual Machine Contributor", bench.group))
    return "Microsoft.Network/networkSecurityGroups/securityRules/write"


def test_that_the_sdk_writes_rules_and_a_restart_in_between_loses_nothing(bench: Bench) -> None:
    with NetworkManagementClient(
        OperatorCredential(bench.lab), bench.lab.subscription.id, transport=JumpingTransport(bench)
    ) as network:
        made = network.security_rules.begin_create_or_update(
            "rg-tg-prod", NSG, "sdk", SecurityRule({"properties": {**RULE, "priority": 201}})
        ).result()
        assert (made.name, made.provisioning_state) == ("sdk", "Succeeded")
    assert put(bench).status == 201
    bench.lab = Lab.load(json.dumps(json.loads(bench.lab.dump())), bench.clock)
    bench.clock.advance(4)
    assert bench.get(path(bench))["properties"]["provisioningState"] == "Succeeded"
    with NetworkManagementClient(
        OperatorCredential(bench.lab), bench.lab.subscription.id, transport=JumpingTransport(bench)
    ) as network:
        network.security_rules.begin_delete("rg-tg-prod", NSG, "sdk").result()
    assert "sdk" not in names(bench)
