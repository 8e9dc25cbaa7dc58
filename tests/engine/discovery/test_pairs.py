from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engine.setup.hand_made import (
    IMAGE,
    PRINCIPALS,
    SUBSCRIPTION,
    TENANT,
    nic,
    public_ip,
    subnet_id,
    vm,
    world,
)
from tgwizard.engine.access.matching_roles import AccessSeen
from tgwizard.engine.discovery.lan_interface import LanConfidence, choose_lan_interface
from tgwizard.engine.discovery.pairs import (
    PairState,
    cluster_name,
    judge_machine,
    pair_of,
    pairs_to_judge,
    suggest_pairs,
)
from tgwizard.model.inventory import Inventory, SubscriptionSeen, VmFound
from tgwizard.model.role import TEN_ACTIONS, RoleAssignment, RoleDefinition, RoleKind, RolePermission

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-tg-prod"
TEN = tuple(item.action for item in TEN_ACTIONS)


def inventory_of(*machines: tuple[VmFound, list]) -> Inventory:  # type: ignore[type-arg]
    return Inventory(
        SubscriptionSeen(SUBSCRIPTION, "s", TENANT),
        0.0,
        vms=tuple(machine for machine, _ in machines),
        nics=tuple(item for _, nics in machines for item in nics),
    )


def appliance(name: str, last: int, **more: object):  # type: ignore[no-untyped-def]
    lan_subnet = more.pop("subnet", None)
    out = nic(f"{name}-outside", f"10.20.1.{last}", subnet=subnet_id(name="snet-outside"), forwarding=False)
    lan = nic(f"{name}-inside", f"10.20.2.{last}", subnet=lan_subnet)  # type: ignore[arg-type]
    return vm(name, (out, lan), **more), [out, lan]  # type: ignore[arg-type]


def test_that_the_two_appliances_are_suggested_with_their_inside_interfaces_and_the_reasons() -> None:
    found = suggest_pairs(world())
    assert found.suggested is not None
    assert [item.id.name for item in found.suggested.vms] == ["tg-node-a", "tg-node-b"]
    assert [choice.nic.id.name for choice in found.suggested.lan if choice.nic] == [
        "tg-node-a-inside",
        "tg-node-b-inside",
    ]
    assert {choice.kind for choice in found.suggested.lan} == {LanConfidence.CLEAR}
    assert found.suggested.name == "edge-dallas"
    assert {"same subnet", "same cluster tag", "names differ only at the end"} <= set(found.suggested.reasons)


def test_that_others_are_not_offered_and_the_reason_is_said() -> None:
    found = suggest_pairs(world())
    assert [([item.id.name for item in row.vms], row.why) for row in found.not_offered] == [
        (["vm-app-01"], "one interface, IP forwarding off and not a Trustgrid image or name")
    ]


def test_that_the_image_alone_is_enough() -> None:
    first, second = appliance("edge-one", 5, image=IMAGE), appliance("edge-two", 6, image=IMAGE)
    found = suggest_pairs(inventory_of(first, second))
    assert found.suggested is not None
    assert "same Trustgrid image" in found.suggested.reasons


def test_that_another_makers_appliances_are_offered_and_never_suggested() -> None:
    other = [appliance(f"fw-{letter}", 5, image="f5:big-ip") for letter in "ab"]
    found = suggest_pairs(inventory_of(*other))
    assert found.suggested is None
    assert [pair.reasons[-1] for pair in found.pairs] == ["but nothing says that they are Trustgrid nodes"]
    both = suggest_pairs(inventory_of(*other, appliance("tg-a", 7), appliance("tg-b", 8)))
    assert both.suggested is both.pairs[0]
    assert both.suggested.vms[0].id.name == "tg-a"


def test_that_a_lone_appliance_has_no_partner_and_two_in_two_subnets_are_named_together() -> None:
    lone = appliance("tg-lab-1", 5, subnet=subnet_id(name="elsewhere"))
    lone[1][0] = replace(lone[1][0], configurations=())
    apart = [appliance(f"tg-old-{letter}", 6, subnet=subnet_id(name=f"snet-{letter}")) for letter in "ab"]
    for machine in apart:
        machine[1][0] = replace(machine[1][0], configurations=())
    found = suggest_pairs(inventory_of(lone, *apart))
    assert found.pairs == ()
    assert [([item.id.name for item in row.vms], row.why) for row in found.not_offered] == [
        (["tg-lab-1"], "no partner in the same subnet"),
        (["tg-old-a", "tg-old-b"], "their interfaces are in different subnets"),
    ]


def test_that_machines_of_two_regions_are_no_pair() -> None:
    machines = appliance("tg-node-a", 5), appliance("tg-node-b", 6, location="eastus")
    found = suggest_pairs(inventory_of(*machines))
    assert found.pairs == ()
    assert [row.why for row in found.not_offered] == ["in two different regions"]


def test_that_a_region_is_the_same_however_azure_spells_it() -> None:
    machines = appliance("tg-node-a", 5, location="South Central US"), appliance("tg-node-b", 6)
    assert len(suggest_pairs(inventory_of(*machines)).pairs) == 1


def test_that_a_pair_whose_identities_hold_a_fitting_role_is_set_up_already_whatever_the_role_is_called() -> None:
    inventory = world(principals=PRINCIPALS)
    role = RoleDefinition("r", "Some <b>name</b>", "", RoleKind.CUSTOM, (RolePermission(TEN),), (GROUP,))
    held = tuple(RoleAssignment(f"g{n}", GROUP, "R", principal) for n, principal in enumerate(PRINCIPALS))
    found = suggest_pairs(inventory, access=AccessSeen((role,), held))
    assert found.pairs[0].state is PairState.HAS_RIGHTS
    assert found.suggested is found.pairs[0]
    assert "Some <b>name</b>" in found.pairs[0].state_words
    one = suggest_pairs(inventory, access=AccessSeen((role,), held[:1]))
    assert one.pairs[0].state is PairState.NEW


def test_that_the_lan_interface_is_not_the_primary_one_and_says_why() -> None:
    inventory = world()
    choice = choose_lan_interface(inventory.vms[0], inventory)
    assert choice.nic is not None
    assert choice.nic.id.name == "tg-node-a-inside"
    assert choice.why == (
        "IP forwarding is on, it is not the primary interface, it has no public IP, its name says so."
    )
    assert choice.judged[-1].speaks_against == (
        "IP forwarding is off",
        "it is the primary interface",
        "it has a public IP",
        "its name says outside",
    )


def test_that_a_single_interface_is_a_case_of_its_own() -> None:
    only = nic("tg-solo-nic", "10.20.2.9", public=public_ip())
    machine = vm("tg-solo", (only,))
    choice = choose_lan_interface(machine, inventory_of((machine, [only])))
    assert choice.kind is LanConfidence.SINGLE
    assert choice.nic is only
    assert "control plane" in choice.why


def test_that_interfaces_that_cannot_be_read_leave_the_choice_open() -> None:
    machine = vm("tg-node-a", (nic("hidden", "10.0.0.4"),))
    choice = choose_lan_interface(machine, inventory_of((machine, [])))
    assert (choice.nic, choice.kind) == (None, LanConfidence.NONE)


def test_that_a_pair_across_groups_can_be_chosen() -> None:
    inventory = world(groups=("rg-east", "rg-west"))
    pair = pair_of(inventory.vms[1], inventory.vms[0], inventory)
    assert pair.nics is not None
    assert {item.id.group for item in pair.nics} == {"rg-east", "rg-west"}


def test_that_a_hostile_tag_makes_no_hostile_name() -> None:
    first = vm("tg-node-a", (), tags=(("Cluster", "ed\u202ege <b>$(x)</b>\n"),))
    second = vm("tg-node-b", (), tags=(("cluster", "ed\u202ege <b>$(x)</b>\n"),))
    assert cluster_name(first, second) == "ed-ge-b-x-b"
    assert cluster_name(vm("tg-node-a", ()), vm("tg-node-b", ())) == "tg-node"
    assert cluster_name(vm("a", ()), vm("b", ())) == "a"


def crowd(pairs: int, others: int, *, one_subnet: bool) -> Inventory:
    machines = []
    for number in range(others):
        only = nic(f"vm-{number}-nic", f"10.{number // 250}.3.{number % 250 + 4}", forwarding=False)
        machines.append((vm(f"vm-web-{number}", (only,)), [only]))
    for number in range(pairs):
        home = subnet_id(name="snet-all" if one_subnet else f"snet-{number}")
        machines += [appliance(f"tg-{number}-{letter}", 5, subnet=home) for letter in "ab"]
    return inventory_of(*machines)


@pytest.mark.parametrize("one_subnet", [False, True])
def test_that_of_five_thousand_machines_only_likely_ones_are_compared(one_subnet: bool) -> None:
    inventory = crowd(1300, 2400, one_subnet=one_subnet)
    assert len(inventory.vms) == 5000
    index = {item.id: item for item in inventory.nics}
    looked = [judge_machine(machine, index) for machine in inventory.vms]
    assert len(pairs_to_judge([item for item in looked if item.marked])) == 1300
    found = suggest_pairs(inventory)
    assert [len(found.pairs), sum(len(row.vms) for row in found.not_offered)] == [1300, 2400]
