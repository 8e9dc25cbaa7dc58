"""What of the network is there to be read, and the deletion of an interface (azure/README.md 1.1, 1.2, 1.4, 2.1)."""

from __future__ import annotations

import functools
import operator
from typing import Any

import pytest

from tests.lab.bench import FLOATING, Bench, error_of

A, B = "tg-node-a-inside", "tg-node-b-inside"


@pytest.fixture
def busy(bench: Bench) -> Bench:
    bench.lab.use_scenario("busy-nic")
    return bench


def network(bench: Bench, rest: str) -> str:
    return f"{bench.group}/providers/Microsoft.Network/{rest}"


def spare(bench: Bench, **inner: Any) -> dict[str, Any]:
    properties = {"subnet": {"id": f"{bench.vnet_id}/subnets/snet-inside"}, **inner}
    return {
        "location": "southcentralus",
        "properties": {"ipConfigurations": [{"name": "one", "properties": properties}]},
    }


def test_that_a_security_group_has_azures_six_default_rules(bench: Bench) -> None:
    nsg = network(bench, "networkSecurityGroups/nsg-tg-inside")
    rules = bench.get(nsg)["properties"]["defaultSecurityRules"]
    assert [(item["name"], item["properties"]["priority"]) for item in rules] == [
        ("AllowVnetInBound", 65000),
        ("AllowAzureLoadBalancerInBound", 65001),
        ("DenyAllInBound", 65500),
        ("AllowVnetOutBound", 65000),
        ("AllowInternetOutBound", 65001),
        ("DenyAllOutBound", 65500),
    ]
    assert bench.get(f"{nsg}/defaultSecurityRules")["value"] == rules
    assert bench.get(f"{nsg}/defaultSecurityRules/denyallinbound") == rules[2]
    own = bench.get(f"{nsg}/securityRules")["value"]
    assert [item["name"] for item in own] == ["AllowHeartbeatIn", "AllowHeartbeatOut"]
    absent = bench.call("GET", f"{nsg}/securityRules/absent")
    assert error_of(absent) == (404, "NotFound", f"Resource {nsg}/securityRules/absent not found.")


def test_that_a_balancer_shows_what_is_behind_it(busy: Bench) -> None:
    balancer = busy.get(network(busy, "loadBalancers/lb-tg-inside"))
    nodes, floating = balancer["properties"]["backendAddressPools"]
    assert [item["id"].split("/")[-3] for item in nodes["properties"]["backendIPConfigurations"]] == [A, B]
    assert floating["properties"]["backendIPConfigurations"] == [
        {"id": f"{busy.nic_id(A)}/ipConfigurations/tg-floating"}
    ]
    (rule,) = balancer["properties"]["inboundNatRules"]
    assert rule["properties"]["backendIPConfiguration"] == {"id": f"{busy.nic_id(A)}/ipConfigurations/ipconfig1"}
    assert busy.get(network(busy, "loadBalancers"))["value"] == [balancer]
    assert busy.get(f"{busy.subscription}/providers/Microsoft.Network/loadBalancers")["value"] == [balancer]
    pools = busy.get(network(busy, "loadBalancers/lb-tg-inside/backendAddressPools"))["value"]
    assert [item["name"] for item in pools] == ["pool-nodes", "pool-floating"]


def test_that_a_pool_that_is_not_there_cannot_be_referred_to(busy: Bench) -> None:
    nic = busy.nic(A)
    absent = network(busy, "loadBalancers/lb-tg-inside/backendAddressPools/absent")
    nic["properties"]["ipConfigurations"][0]["properties"]["loadBalancerBackendAddressPools"] = [{"id": absent}]
    assert error_of(busy.put(A, nic))[:2] == (400, "InvalidResourceReference")


def test_that_the_members_of_a_busy_nic_may_not_write_it(busy: Bench) -> None:
    nic = busy.nic(A)
    member = next(item for item in busy.lab.principals if item.name == "tg-node-a")
    busy.token = busy.lab.issue_token_for(member)
    answer = busy.put(A, nic)
    assert error_of(answer)[:2] == (403, "LinkedAuthorizationFailed")
    assert "Microsoft.Network/loadBalancers/backendAddressPools/join/action" in error_of(answer)[2]


def test_that_a_gateways_pool_belongs_to_the_primary_configuration_only(bench: Bench) -> None:
    nic = bench.nic(A)
    pool = network(bench, "applicationGateways/gw/backendAddressPools/p")
    nic["properties"]["ipConfigurations"][1]["properties"]["applicationGatewayBackendAddressPools"] = [{"id": pool}]
    code = "ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations"
    assert error_of(bench.put(A, nic))[:2] == (400, code)


def test_that_a_child_of_nothing_names_the_missing_parent(bench: Bench) -> None:
    for rest, kind in (
        ("virtualNetworks/absent/subnets/x", "virtualNetworks/subnets"),
        ("virtualNetworks/absent/subnets", "virtualNetworks/subnets"),
        ("networkSecurityGroups/absent/securityRules/x", "networkSecurityGroups/securityRules"),
    ):
        parent = network(bench, "/".join(rest.split("/")[:2]))
        assert error_of(bench.call("GET", network(bench, rest))) == (
            404,
            "ParentResourceNotFound",
            (
                f"Failed to perform 'read' on resource(s) of type '{kind}', because the parent resource '{parent}' "
                "could not be found."
            ),
        )


def test_that_usages_count_what_is_allocated_of_a_subnets_251(bench: Bench) -> None:
    _, inside = bench.get(f"{bench.vnet_id}/usages")["value"]
    assert (inside["currentValue"], inside["limit"], inside["unit"]) == (4, 251, "Count")
    assert inside["name"]["value"] == "SubnetSpace"


def test_that_routes_are_promised_and_told_of_a_running_vm_only(bench: Bench) -> None:
    path = f"{bench.nic_id(A)}/effectiveRouteTable"
    promised = bench.call("POST", path)
    assert (promised.status, promised.body) == (202, b"null")
    location = promised.header("Location") or ""
    assert "/providers/Microsoft.Network/locations/southcentralus/operationResults/" in location
    told = bench.send("GET", location).json()["value"]
    assert (told[0]["addressPrefix"], told[0]["nextHopType"]) == (["10.20.0.0/16"], "VnetLocal")
    bench.lab.switch(bench.vm_id("tg-node-a"), on=False)
    assert bench.call("POST", path).status == 400


@pytest.mark.parametrize(("version", "known"), [("2018-12-01", False), ("2019-09-01", True), ("2022-01-01", True)])
def test_that_the_reserved_flag_came_with_2019_09_01(bench: Bench, version: str, *, known: bool) -> None:
    for address in ("10.20.2.0", "10.20.2.60", FLOATING):
        answer = bench.call("GET", f"{bench.vnet_id}/CheckIPAddressAvailability?ipAddress={address}", version=version)
        assert ("isPlatformReserved" in answer.json()) is known


def test_that_configurations_can_be_read_by_themselves(bench: Bench) -> None:
    nic = bench.nic(A)
    listed = bench.get(f"{bench.nic_id(A)}/ipConfigurations")["value"]
    assert listed == nic["properties"]["ipConfigurations"]
    assert bench.get(f"{bench.nic_id(A)}/ipConfigurations/TG-floating") == listed[1]
    assert bench.call("GET", f"{bench.nic_id(A)}/ipConfigurations/absent").status == 404


def test_that_an_attached_nic_is_not_deleted(bench: Bench) -> None:
    assert error_of(bench.call("DELETE", bench.nic_id(A))) == (
        400,
        "NicInUse",
        (
            f"Network Interface {bench.nic_id(A)} is used by existing resource {bench.vm_id('tg-node-a')}. In order to "
            "delete the network interface, it must be dissociated from the resource. To learn more, see "
            "aka.ms/deletenic."
        ),
    )


def test_that_a_deletion_is_accepted_polled_both_ways_and_frees_the_address(bench: Bench) -> None:
    given = bench.put("spare", spare(bench)).json()["properties"]["ipConfigurations"][0]["properties"]
    answer = bench.call("DELETE", bench.nic_id("spare"))
    location = answer.header("Location") or ""
    assert (answer.status, answer.body) == (202, b"")
    assert "/operationResults/" in location
    assert bench.nic("spare")["properties"]["provisioningState"] == "Deleting"
    assert bench.poll(answer).json() == {"status": "InProgress"}
    assert bench.send("GET", location).status == 202
    assert bench.lab.holder(given["privateIPAddress"]) == bench.nic_id("spare")
    bench.clock.advance(4)
    assert bench.poll(answer).json() == {"status": "Succeeded"}
    assert bench.send("GET", location).status == 204
    assert error_of(bench.call("GET", bench.nic_id("spare")))[:2] == (404, "ResourceNotFound")
    assert bench.lab.holder(given["privateIPAddress"]) is None
    again = bench.put("other", spare(bench)).json()["properties"]["ipConfigurations"][0]["properties"]
    assert again["privateIPAddress"] == given["privateIPAddress"]


def test_that_deleting_what_is_absent_is_204(bench: Bench) -> None:
    assert bench.call("DELETE", bench.nic_id("absent")).status == 204


def test_that_a_failed_deletion_leaves_the_nic_failed_and_a_put_cures_it(bench: Bench) -> None:
    bench.put("spare", spare(bench))
    bench.send("POST", "https://x/lab/faults", {"match": {"method": "DELETE"}, "effect": {"kind": "operation-fails"}})
    bench.call("DELETE", bench.nic_id("spare"))
    bench.clock.advance(4)
    assert bench.nic("spare")["properties"]["provisioningState"] == "Failed"
    assert bench.put("spare", spare(bench)).json()["properties"]["provisioningState"] == "Succeeded"


def pages(bench: Bench, path: str) -> list[list[str]]:
    """Follow a list to its end; the names on each page."""
    answer = bench.call("GET", path).json()
    found = [[item["name"] for item in answer["value"]]]
    while "nextLink" in answer:
        answer = bench.send("GET", answer["nextLink"]).json()
        found.append([item["name"] for item in answer["value"]])
    return found


@pytest.mark.parametrize("kind", ["Microsoft.Network/networkInterfaces", "Microsoft.Compute/virtualMachines"])
def test_that_a_list_comes_in_pages_that_add_up_to_all(bench: Bench, kind: str) -> None:
    path = f"{bench.group}/providers/{kind}"
    (whole,) = pages(bench, path)
    by_client = pages(bench, f"{path}?$top=2")
    assert [len(item) for item in by_client[:-1]] == [2] * (len(by_client) - 1)
    assert functools.reduce(operator.iadd, by_client, []) == whole
    bench.lab.page_size = 1
    assert pages(bench, path) == [[name] for name in whole]


@pytest.mark.parametrize("query", ["$top=0", "$top=x", "$top=-1", "$skiptoken=x"])
def test_that_an_impossible_page_is_refused(bench: Bench, query: str) -> None:
    path = f"{bench.group}/providers/Microsoft.Network/networkInterfaces?{query}"
    assert error_of(bench.call("GET", path))[:2] == (400, "InvalidQueryParameterValue")


def test_that_a_provider_must_be_registered_before_it_is_used(bench: Bench) -> None:
    bench.lab._world.unregistered.append("microsoft.network")
    answer = bench.call("GET", bench.nic_id(A))
    assert error_of(answer) == (
        409,
        "MissingSubscriptionRegistration",
        (
            "The subscription is not registered to use namespace 'Microsoft.Network'. See "
            "https://aka.ms/rps-not-found for how to register subscriptions."
        ),
    )
    assert answer.json()["error"]["details"][0]["target"] == "Microsoft.Network"
    assert answer.header("x-ms-failure-cause") == "gateway"
    provider = f"{bench.subscription}/providers/Microsoft.Network"
    assert bench.get(provider)["registrationState"] == "NotRegistered"
    assert bench.call("POST", f"{provider}/register").json()["registrationState"] == "Registering"
    assert bench.get(provider)["registrationState"] == "Registered"
    assert bench.call("POST", f"{provider}/register").json()["registrationState"] == "Registered"
    assert bench.call("GET", bench.nic_id(A)).status == 200
