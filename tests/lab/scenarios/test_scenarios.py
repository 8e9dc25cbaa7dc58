"""Every scenario of lab/README.md 4.1 is what it says, seen through the lab's own answers."""

from __future__ import annotations

import json
import time

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.documents import table
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.scenarios import scenario_builder
from tgwizard.lab.scenarios.scenario_fleet import MOST
from tgwizard.model.problem import UserError

A, B = "tg-node-a-inside", "tg-node-b-inside"


def bench_of(name: str, clusters: int | None = None, seed: int = 0) -> Bench:
    bench = Bench()
    bench.lab = Lab.from_scenario(name, clock=bench.clock, seed=seed, clusters=clusters)
    bench.token = bench.lab.issue_token()
    return bench


def become(bench: Bench, name: str) -> None:
    member = next(item for item in bench.lab.principals if item.name == name)
    bench.token = bench.lab.issue_token_for(member)


def test_that_the_scenarios_of_the_document_are_all_there() -> None:
    assert scenario_builder.names() == (
        *("busy-nic", "fleet", "fresh", "old-role", "reader", "ready", "two-tenants", "vnet-elsewhere"),
    )
    assert set(table("lab", "4.1")) == set(scenario_builder.names())


@pytest.mark.parametrize("name", scenario_builder.names())
def test_that_a_scenario_survives_saving_and_keeps_its_books(name: str) -> None:
    lab = bench_of(name).lab
    text = lab.dump()
    assert Lab.load(text, lab.clock).dump() == text
    for item in lab.holdings:
        nic = lab.resource(item.nic)
        assert nic is not None
        listed = [entry["properties"]["privateIPAddress"] for entry in nic["properties"]["ipConfigurations"]]
        assert item.address in listed


def test_that_fresh_has_no_role_no_floating_address_and_one_vm_without_identity() -> None:
    bench = bench_of("fresh")
    assert [item.name for item in bench.lab.principals] == ["tg-node-a"]
    assert "identity" not in bench.get(bench.vm_id("tg-node-b"))
    assert bench.lab.cluster_tomls() == {}
    assert bench.lab.holder("10.20.2.50") is None
    assert bench.get(f"{bench.vnet_id}/CheckIPAddressAvailability?ipAddress=10.20.2.50")["available"] is True
    become(bench, "tg-node-a")
    assert error_of(bench.call("GET", bench.nic_id(A)))[:2] == (403, "AuthorizationFailed")


def test_that_vnet_elsewhere_spreads_over_three_groups_and_works() -> None:
    bench = bench_of("vnet-elsewhere")
    become(bench, "tg-node-a")
    nic = bench.nic(A)
    inner = nic["properties"]["ipConfigurations"][0]["properties"]
    assert "/resourceGroups/rg-network/" in inner["subnet"]["id"]
    assert "/resourceGroups/rg-security/" in inner["applicationSecurityGroups"][0]["id"]
    assert "/resourceGroups/rg-security/" in nic["properties"]["networkSecurityGroup"]["id"]
    assert bench.put(A, nic).status == 200
    assert 'subnet = "/subscriptions/' in bench.lab.cluster_tomls()["edge-dallas"]


def test_that_the_old_role_lacks_the_tenth_action_and_so_every_write() -> None:
    bench = bench_of("old-role")
    become(bench, "tg-node-a")
    (entry,) = bench.get(f"{bench.group}/providers/Microsoft.Authorization/permissions")["value"]
    assert len(entry["actions"]) == 9
    answer = bench.put(A, bench.nic(A))
    assert error_of(answer)[:2] == (403, "LinkedAuthorizationFailed")
    assert "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action" in error_of(answer)[2]


def test_that_the_reader_reads_and_writes_nothing() -> None:
    bench = bench_of("reader")
    nic = bench.nic(A)
    assert error_of(bench.put(A, nic))[:2] == (403, "AuthorizationFailed")
    assert error_of(bench.call("POST", f"{bench.vm_id('tg-node-a')}/restart"))[:2] == (403, "AuthorizationFailed")
    assert bench.send("GET", "https://x/lab").status == 200, "the lab's controls are not Azure's rights"
    become(bench, "tg-node-a")
    assert bench.put(A, nic).status == 200


def test_that_a_busy_nic_carries_a_public_address_pools_and_a_nat_rule() -> None:
    first, floating = bench_of("busy-nic").nic(A)["properties"]["ipConfigurations"]
    assert {"loadBalancerBackendAddressPools", "loadBalancerInboundNatRules"} <= set(first["properties"])
    assert {"publicIPAddress", "loadBalancerBackendAddressPools"} <= set(floating["properties"])


def test_that_a_fleet_has_as_many_clusters_as_wished_and_each_is_its_own() -> None:
    lab = bench_of("fleet", 120).lab
    world = json.loads(lab.dump())
    assert len(world["clusters"]) == 120
    assert len(world["resources"]) == 120 * 6 + 3 * 4, "two VMs, four NICs; three groups with VNet, NSG and ASG"
    for name in ("vmId", "resourceGuid", "macAddress", "principalId"):
        values = [
            document["properties"].get(name) or document.get("identity", {}).get(name)
            for document in world["resources"].values()
        ]
        given = [item for item in values if item]
        assert len(given) == len(set(given)) > 100
    assert len({item["id"] for item in world["clusters"]}) == 120
    ids = {document["id"].lower(): key for key, document in world["resources"].items()}
    assert all(key == lowered for lowered, key in ids.items())


def test_that_every_cluster_of_a_fleet_can_be_read_and_moved_by_its_own_members() -> None:
    bench = bench_of("fleet", 60)
    for number in (1, 2, 51, 60):
        name, group = f"site-{number:04d}", f"rg-fleet-{(number - 1) // 50 + 1:03d}"
        nic_id = f"{bench.subscription}/resourceGroups/{group}/providers/Microsoft.Network/networkInterfaces"
        become(bench, f"{name}-a")
        nic = bench.get(f"{nic_id}/{name}-a-inside")
        assert bench.call("PUT", f"{nic_id}/{name}-a-inside", nic).status == 200
        other = "site-0003" if number != 3 else "site-0004"
        elsewhere = nic_id.replace(group, "rg-fleet-002" if group.endswith("1") else "rg-fleet-001")
        assert bench.call("GET", f"{elsewhere}/{other}-a-inside").status == 403


def test_that_a_fleet_is_not_all_well_and_is_the_same_for_one_seed() -> None:
    def holders(seed: int) -> list[str]:
        lab = bench_of("fleet", 300, seed).lab
        world = json.loads(lab.dump())
        floating = {item["address"]: item["nic"][-8:] for item in world["holdings"]}
        return [floating.get(item["address"], "none") for item in world["clusters"]]

    found = holders(1)
    assert found == holders(1) != holders(2)
    assert 60 < found.count("b-inside") < 130
    assert found.count("a-inside") > 150
    off = [power for _, power in bench_of("fleet", 300).lab.vms() if power.value == "deallocated"]
    assert 1 <= len(off) <= 20


def test_that_an_impossible_number_of_clusters_is_refused() -> None:
    for name, clusters, code in (
        ("fleet", MOST + 1, "lab-clusters-number"),
        ("ready", 2, "lab-clusters-fixed"),
    ):
        with pytest.raises(UserError) as caught:
            Lab.from_scenario(name, clock=VirtualClock(), clusters=clusters)
        assert caught.value.problem.code == code


@pytest.mark.full
def test_that_a_fleet_of_5000_clusters_is_there_soon() -> None:
    began = time.process_time()
    lab = Lab.from_scenario("fleet", clock=VirtualClock(), clusters=MOST)
    assert lab.cluster_count == MOST
    assert time.process_time() - began < 20, "a bound that only a wrong algorithm breaks; the bench has the figure"
