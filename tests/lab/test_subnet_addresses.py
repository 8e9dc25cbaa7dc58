"""Address bookkeeping: what Azure refuses, and the truth about who held what (azure/README.md 1.4, 2.5)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.lab.bench import FLOATING, Bench, error_of

A, B = "tg-node-a-inside", "tg-node-b-inside"


def floating_of(bench: Bench, name: str) -> str:
    return f"{bench.nic_id(name)}/ipConfigurations/tg-floating"


def test_that_an_address_of_another_nic_is_refused(bench: Bench) -> None:
    assert error_of(bench.put(B, bench.with_floating(B))) == (
        400,
        "PrivateIPAddressIsAllocated",
        (
            f"IP configuration {floating_of(bench, B)} is using the private IP address {FLOATING} which is already "
            f"allocated to resource {floating_of(bench, A)}."
        ),
    )


def test_that_an_address_stays_allocated_until_its_removal_has_finished(bench: Bench) -> None:
    bench.detach()
    bench.clock.advance(3.999)
    refused = bench.put(B, bench.with_floating(B))
    assert error_of(refused)[:2] == (400, "PrivateIPAddressIsAllocated")
    assert refused.json()["error"]["details"] == []
    bench.clock.advance(0.001)
    assert bench.put(B, bench.with_floating(B)).status == 200


def test_that_a_nic_holds_from_the_end_of_attaching_to_the_end_of_removing(bench: Bench) -> None:
    start = bench.clock.wall()
    bench.clock.advance(10)
    bench.detach()
    bench.clock.advance(5)
    bench.attach()
    bench.clock.advance(100)
    held = [item for item in bench.lab.holdings if item.address == FLOATING]
    assert [
        (item.nic, (item.since - start).total_seconds(), item.until and (item.until - start).total_seconds())
        for item in held
    ] == [(bench.nic_id(A), 0, 14), (bench.nic_id(B), 19, None)]


REFUSED: list[tuple[str, str, str]] = [
    (
        "10.20.3.9",
        "PrivateIPAddressNotInSubnet",
        "Private static IP address 10.20.3.9 does not belong to the range of subnet prefix 10.20.2.0/24.",
    ),
    *(
        (
            f"10.20.2.{last}",
            "PrivateIPAddressInReservedRange",
            f"Private static IP address 10.20.2.{last} falls within reserved IP range of subnet prefix 10.20.2.0/24.",
        )
        for last in (0, 1, 2, 3, 255)
    ),
]


@pytest.mark.parametrize(("address", "code", "message"), REFUSED)
def test_that_unusable_addresses_are_refused(bench: Bench, address: str, code: str, message: str) -> None:
    before = bench.nic(B)
    assert error_of(bench.put(B, bench.with_floating(B, address))) == (400, code, message)
    assert bench.nic(B) == before


def test_that_text_which_is_no_address_is_refused(bench: Bench) -> None:
    answer = bench.put(B, bench.with_floating(B, "10.20.2"))
    assert error_of(answer)[:2] == (400, "InvalidRequestFormat")


def test_that_static_needs_an_address(bench: Bench) -> None:
    nic = bench.with_floating(B)
    del nic["properties"]["ipConfigurations"][1]["properties"]["privateIPAddress"]
    assert error_of(bench.put(B, nic)) == (
        400,
        "PrivateIPAddressMissing",
        (
            "Private IP address is required when privateIPAllocationMethod is Static in IP configuration "
            f"{floating_of(bench, B)}."
        ),
    )


def test_that_a_full_subnet_says_so(bench: Bench) -> None:
    subnet = f"{bench.vnet_id}/subnets/snet-inside"
    configurations = [
        {
            "name": f"c{index}",
            "properties": {"subnet": {"id": subnet}, "primary": index == 0, "privateIPAllocationMethod": "Dynamic"},
        }
        for index in range(247)
    ]
    body = {"location": "southcentralus", "properties": {"ipConfigurations": configurations}}
    taken = bench.put("big", body)
    assert taken.status == 201
    given = [item["properties"]["privateIPAddress"] for item in taken.json()["properties"]["ipConfigurations"]]
    assert given[:5] == ["10.20.2.5", "10.20.2.6", "10.20.2.7", "10.20.2.8", "10.20.2.9"]
    assert len(set(given)) == 247
    assert set(given).isdisjoint({"10.20.2.4", "10.20.2.11", "10.20.2.12", FLOATING})
    one = {"location": "southcentralus", "properties": {"ipConfigurations": configurations[:1]}}
    assert error_of(bench.put("late", one)) == (
        400,
        "SubnetIsFull",
        f"Subnet {subnet} with address prefix 10.20.2.0/24 does not have enough capacity for 1 IP addresses.",
    )


def test_that_a_dynamic_address_is_kept_when_the_nic_is_put_again(bench: Bench) -> None:
    nic = bench.nic("vm-app-01-nic")
    del nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
    answer = bench.put("vm-app-01-nic", nic)
    assert answer.json()["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.20.2.4"


def change(nic: dict[str, Any], **properties: object) -> dict[str, Any]:
    changed = copy.deepcopy(nic)
    changed["properties"]["ipConfigurations"][1]["properties"].update(properties)
    return changed


def test_that_configurations_of_a_nic_must_share_the_subnet(bench: Bench) -> None:
    outside, inside = f"{bench.vnet_id}/subnets/snet-outside", f"{bench.vnet_id}/subnets/snet-inside"
    nic = change(bench.with_floating(B), subnet={"id": outside})
    assert error_of(bench.put(B, nic)) == (
        400,
        "IpConfigurationsOnSameNicCannotUseDifferentSubnets",
        (
            f"IPConfigurations on a Nic {bench.nic_id(B)} cannot belong to different subnets. Subnets referred: "
            f"{inside};{outside}"
        ),
    )


def test_that_one_of_several_configurations_must_be_primary(bench: Bench) -> None:
    nic = bench.nic(A)
    nic["properties"]["ipConfigurations"][0]["properties"]["primary"] = False
    assert error_of(bench.put(A, nic)) == (
        400,
        "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary",
        (
            f"Network Interface {A} specifies multiple IPConfigurations but none of the IPConfigurations is specified "
            "as Primary."
        ),
    )
    assert error_of(bench.put(A, change(bench.nic(A), primary=True)))[0] == 400


@pytest.mark.parametrize("configurations", [[], None])
def test_that_a_nic_needs_a_configuration(bench: Bench, configurations: list[object] | None) -> None:
    nic = bench.nic(A)
    nic["properties"]["ipConfigurations"] = configurations
    assert error_of(bench.put(A, nic)) == (
        400,
        "InvalidIPConfigCount",
        f"Network interface {A} must have one or more IP configurations.",
    )


def test_that_a_configuration_needs_a_subnet(bench: Bench) -> None:
    nic = bench.with_floating(B)
    del nic["properties"]["ipConfigurations"][1]["properties"]["subnet"]
    assert error_of(bench.put(B, nic))[2] == (
        f"Subnet reference is required for ipconfiguration {floating_of(bench, B)}."
    )


def test_that_all_configurations_carry_one_set_of_security_groups(bench: Bench) -> None:
    nic = bench.nic(A)
    group = nic["properties"]["ipConfigurations"][0]["properties"]["applicationSecurityGroups"][0]["id"]
    del nic["properties"]["ipConfigurations"][1]["properties"]["applicationSecurityGroups"]
    answer = bench.put(A, nic)
    assert error_of(answer) == (
        400,
        "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups",
        (
            "All IPConfigurations on a Network Interface should reference the same set of Application Security Groups. "
            f"IPConfiguration {bench.nic_id(A)}/ipConfigurations/ipconfig1 references ASG(s) {group}, wheras "
            f"IPConfiguration {floating_of(bench, A)} references ASG(s) ."
        ),
    )


def test_that_two_configurations_of_one_name_or_one_address_are_refused(bench: Bench) -> None:
    nic = bench.nic(A)
    nic["properties"]["ipConfigurations"][1]["name"] = "IPCONFIG1"
    answer = bench.put(A, nic)
    assert answer.json()["error"]["details"][0]["code"] == "DuplicateResourceName"
    same = change(bench.nic(A), privateIPAddress="10.20.2.11")
    assert error_of(bench.put(A, same))[1] == "PrivateIPAddressIsAllocated"


@pytest.mark.parametrize("name", ["-a", "a b", "a" * 81, "a.", "ä"])
def test_that_names_azure_rejects_are_rejected(bench: Bench, name: str) -> None:
    nic = bench.nic(A)
    nic["properties"]["ipConfigurations"][1]["name"] = name
    assert error_of(bench.put(A, nic))[:2] == (400, "InvalidResourceName")


def test_that_a_reference_to_nothing_is_refused(bench: Bench) -> None:
    nic = bench.nic(A)
    absent = f"{bench.group}/providers/Microsoft.Network/networkSecurityGroups/absent"
    nic["properties"]["networkSecurityGroup"] = {"id": absent}
    assert error_of(bench.put(A, nic)) == (
        400,
        "InvalidResourceReference",
        (
            f"Resource {absent} referenced by resource {bench.nic_id(A)} was not found. Please make sure that the "
            "referenced resource exists, and that both resources are in the same region."
        ),
    )


def test_that_a_public_address_belongs_to_one_configuration(bench: Bench) -> None:
    public = f"{bench.group}/providers/Microsoft.Network/publicIPAddresses/pip-tg-node-a"
    owner = f"{bench.nic_id('tg-node-a-outside')}/ipConfigurations/ipconfig1"
    nic = change(bench.nic(A), publicIPAddress={"id": public})
    assert error_of(bench.put(A, nic)) == (
        400,
        "PublicIPAddressInUse",
        (
            f"Resource {floating_of(bench, A)} is referencing public IP address {public} that is already allocated to "
            f"resource {owner}."
        ),
    )
    assert bench.get(public)["properties"]["ipConfiguration"] == {"id": owner}
    outside = bench.nic("tg-node-a-outside")
    del outside["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]
    assert bench.put("tg-node-a-outside", outside).status == 200
    assert error_of(bench.put(A, nic))[1] == "PublicIPAddressInUse", "not before the removal has finished"
    bench.clock.advance(4)
    assert bench.put(A, nic).status == 200
    assert bench.get(public)["properties"]["ipConfiguration"] == {"id": floating_of(bench, A)}


def availability(bench: Bench, address: str) -> dict[str, Any]:
    return bench.get(f"{bench.vnet_id}/CheckIPAddressAvailability?ipAddress={address}")


def test_that_a_free_address_is_answered_without_suggestions(bench: Bench) -> None:
    assert availability(bench, "10.20.2.60") == {"available": True, "isPlatformReserved": False}


def test_that_a_taken_address_comes_with_five_free_ones_of_its_subnet(bench: Bench) -> None:
    free = ["10.20.2.5", "10.20.2.6", "10.20.2.7", "10.20.2.8", "10.20.2.9"]
    taken = {"available": False, "availableIPAddresses": free, "isPlatformReserved": False}
    assert availability(bench, FLOATING) == taken
    assert availability(bench, "10.20.2.0") == {**taken, "isPlatformReserved": True}
    bench.detach()
    assert availability(bench, FLOATING) == taken, "the removal has not finished"
    bench.clock.advance(4)
    assert availability(bench, FLOATING)["available"] is True


def test_that_an_address_outside_every_subnet_is_an_error(bench: Bench) -> None:
    answer = bench.call("GET", f"{bench.vnet_id}/CheckIPAddressAvailability?ipAddress=10.9.0.4")
    assert error_of(answer) == (
        400,
        "PrivateIPAddressNotInAnySubnet",
        (
            "Private static IP address 10.9.0.4 does not belong to the range of any subnet in the virtual network "
            f"{bench.vnet_id}."
        ),
    )


def test_that_a_subnet_lists_the_configurations_in_it(bench: Bench) -> None:
    def users() -> set[str]:
        subnet = bench.get(f"{bench.vnet_id}/subnets/snet-inside")
        return {item["id"].rsplit("/networkInterfaces/")[1] for item in subnet["properties"]["ipConfigurations"]}

    assert f"{A}/ipConfigurations/tg-floating" in users()
    bench.detach()
    bench.clock.advance(4)
    bench.attach()
    assert f"{A}/ipConfigurations/tg-floating" not in users()
    assert f"{B}/ipConfigurations/tg-floating" in users()
