"""What the lab keeps and takes as Azure does: IPv6 without a subnet, read-only fields, versions that can be ignored."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.lab.bench import Bench, error_of
from tests.rig import rig
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.nic_options import NicOptions
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_options import Strategy

A, B = "tg-node-a-inside", "tg-node-b-inside"
IPV6: dict[str, Any] = {
    "name": "ipv6",
    "properties": {"primary": False, "privateIPAddressVersion": "IPv6", "privateIPAllocationMethod": "Dynamic"},
}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def with_ipv6(nic: dict[str, Any]) -> dict[str, Any]:
    nic = copy.deepcopy(nic)
    nic["properties"]["ipConfigurations"].append(copy.deepcopy(IPV6))
    return nic


def test_that_an_ipv6_configuration_needs_no_subnet_and_an_ipv4_one_does(bench: Bench) -> None:
    answer = bench.put(B, with_ipv6(bench.nic(B)))
    assert answer.status == 200
    bench.clock.advance(5)
    found = bench.nic(B)["properties"]["ipConfigurations"][1]["properties"]
    assert found == {**IPV6["properties"], "provisioningState": "Succeeded"}
    assert bench.put(B, bench.with_floating(B, "10.20.2.90")).status == 200
    bench.clock.advance(5)
    bare = bench.with_floating(B, "10.20.2.91")
    del bare["properties"]["ipConfigurations"][-1]["properties"]["subnet"]
    bare["properties"]["ipConfigurations"][-1]["name"] = "bare"
    assert error_of(bench.put(B, bare))[2].startswith("Subnet reference is required for ipconfiguration ")


@pytest.mark.parametrize("strategy", [Strategy.DETACH_ATTACH, Strategy.ATOMIC], ids=lambda item: item.value)
@pytest.mark.parametrize("side", ["a", "b"])
def test_that_an_interface_with_an_ipv6_configuration_gains_and_loses_the_address(
    strategy: Strategy, side: str
) -> None:
    made = rig(Latency.INSTANT)
    member = made.a if side == "a" else made.b
    made.edit(member, lambda nic: nic["properties"]["ipConfigurations"].append(copy.deepcopy(IPV6)))
    there = made.fail_over(made.b, strategy=strategy)
    assert (there.outcome, there.by_other) == (Outcome.DONE, ())
    assert made.fail_over(made.a, strategy=strategy).outcome is Outcome.DONE
    names = [item["name"] for item in made.nic(member).configurations]
    assert "ipv6" in names


def test_that_properties_of_a_private_link_stay_whatever_a_client_sends(bench: Bench) -> None:
    kept = {"groupId": "sites", "requiredMemberName": "sites", "fqdns": ["a.example"]}
    world = json.loads(bench.lab.dump())
    stored = world["resources"][bench.nic_id(B).lower()]["properties"]["ipConfigurations"][0]["properties"]
    stored["privateLinkConnectionProperties"] = kept
    bench.lab = Lab.load(json.dumps(world), bench.clock)
    bench.token = bench.lab.issue_token()
    for sent in ({}, {"privateLinkConnectionProperties": {"fqdns": ["b.example"]}}):
        nic = bench.nic(B)
        inner = nic["properties"]["ipConfigurations"][0]["properties"]
        del inner["privateLinkConnectionProperties"]
        inner |= sent
        assert bench.put(B, nic).status == 200
        bench.clock.advance(5)
        found = bench.nic(B)["properties"]["ipConfigurations"][0]["properties"]
        assert found["privateLinkConnectionProperties"] == kept
    fresh = bench.with_floating(B, "10.20.2.90")
    fresh["properties"]["ipConfigurations"][1]["properties"]["privateLinkConnectionProperties"] = kept
    assert bench.put(B, fresh).status == 200
    assert "privateLinkConnectionProperties" not in bench.nic(B)["properties"]["ipConfigurations"][1]["properties"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_that_versions_are_ignored_when_the_lab_is_told_to(bench: Bench, method: str) -> None:
    headers = {"If-Match": 'W/"never"'}
    nic = bench.nic(B)
    assert bench.call(method, bench.nic_id(B), nic, headers=headers).status == 412
    answer = bench.send("PATCH", "https://x/lab", {"nic": {"heeds_if_match": False}})
    assert answer.status == 200
    assert answer.json()["nic"] == {
        "heeds_if_match": False,
        "regional_fits_zone": True,
        "several_balancers": False,
    }
    wanted = 200 if method == "PUT" else 400
    assert bench.call(method, bench.nic_id(B), nic, headers=headers).status == wanted
    assert bench.lab.nic_options == NicOptions(heeds_if_match=False)


def test_that_a_switch_that_is_none_is_refused(bench: Bench) -> None:
    for wish in ({"fast": True}, {"heeds_if_match": 1}, 5):
        assert bench.send("PATCH", "https://x/lab", {"nic": wish}).status == 400


def test_that_a_rule_can_strike_by_a_part_of_the_body(bench: Bench) -> None:
    bench.lab.faults.add(Fault("PUT", B, FaultAnswer(403, "{}"), times=None, body="PIP-tg"))
    assert bench.put(B, bench.nic(B)).status == 200
    bench.clock.advance(5)
    nic = bench.nic(B)
    public = f"{bench.group}/providers/Microsoft.Network/publicIPAddresses/pip-tg-node-b"
    nic["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = {"id": public}
    assert bench.put(B, nic).status == 403


def new_nic(bench: Bench, location: str) -> dict[str, Any]:
    """An interface as a client makes one, in the subnet of tg-node-b's."""
    (configuration,) = bench.nic(B)["properties"]["ipConfigurations"]
    properties = {"subnet": {"id": configuration["properties"]["subnet"]["id"]}, "privateIPAllocationMethod": "Dynamic"}
    return {"location": location, "properties": {"ipConfigurations": [{"name": "ipconfig1", "properties": properties}]}}


def test_that_an_interface_lies_in_the_region_of_its_subnet(bench: Bench) -> None:
    here = bench.nic(B)["location"]
    elsewhere = "westeurope" if here != "westeurope" else "northeurope"
    refused = error_of(bench.put("new", new_nic(bench, elsewhere)))
    assert refused[:2] == (400, "InvalidResourceReference")
    assert refused[2].endswith("that both resources are in the same region.")
    assert bench.put("new", new_nic(bench, here)).status == 201


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"privateIPAllocationMethod": "Dynamic"}, "SubnetHasNoIPv6AddressPrefix"),
        ({"privateIPAllocationMethod": "Static", "privateIPAddress": "fd00::7"}, "PrivateIPAddressNotInSubnet"),
    ],
    ids=["dynamic", "static"],
)
def test_that_an_ipv6_configuration_in_a_subnet_needs_a_range_of_ipv6_there(
    bench: Bench, more: dict[str, str], code: str
) -> None:
    nic = with_ipv6(bench.nic(B))
    subnet = nic["properties"]["ipConfigurations"][0]["properties"]["subnet"]
    nic["properties"]["ipConfigurations"][1]["properties"] |= {"subnet": {"id": subnet["id"]}, **more}
    assert error_of(bench.put(B, nic))[:2] == (400, code)
    assert len(bench.nic(B)["properties"]["ipConfigurations"]) == 1
