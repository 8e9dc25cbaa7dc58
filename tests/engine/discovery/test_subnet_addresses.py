from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.setup.hand_made import answers, rid, subnet_id, world
from tgwizard.engine.discovery.subnet_addresses import (
    AddressKind,
    Occupancy,
    judge_address,
    occupancy,
    suggested_addresses,
    worth_asking,
)
from tgwizard.model.chosen_machines import ChosenMachines, chosen_machines
from tgwizard.model.finding import Level
from tgwizard.model.inventory import AddressAnswer, FrontendFound, Inventory
from tgwizard.model.problem import Problem

FREE = AddressAnswer(free=True)


def mapped(inventory: Inventory) -> tuple[Occupancy, ChosenMachines]:
    chosen = chosen_machines(answers(inventory), inventory)
    subnet = inventory.subnet(chosen.subnet)
    assert subnet is not None
    return occupancy(subnet, inventory, chosen), chosen


def codes(address: str, taken: Occupancy, answer: AddressAnswer | None = FREE) -> list[str]:
    found = judge_address(IPv4Address(address), taken, answer)
    return [item.problem.code for item in found if item.level is Level.BLOCKS and item.problem]


def test_that_the_map_tells_who_has_each_address() -> None:
    inventory = world(floating="10.20.2.50")
    balancer = rid("rg-data", "Microsoft.Network/loadBalancers/lb-sql")
    inventory = Inventory(
        inventory.subscription,
        0.0,
        vms=inventory.vms,
        nics=inventory.nics,
        networks=inventory.networks,
        frontends=(FrontendFound(balancer, "10.20.2.60", subnet_id()),),
    )
    taken, _ = mapped(inventory)
    words = {last: taken.square(IPv4Address(f"10.20.2.{last}")) for last in (0, 3, 4, 11, 50, 60, 99, 255)}
    assert {last: square.use for last, square in words.items()} == {
        0: AddressKind.RESERVED,
        3: AddressKind.RESERVED,
        4: AddressKind.IN_USE,
        11: AddressKind.OWN,
        50: AddressKind.FLOATING,
        60: AddressKind.BALANCER,
        99: AddressKind.FREE,
        255: AddressKind.RESERVED,
    }
    assert words[4].words == "in use by vm-app-01-nic, rg-tg-prod"
    assert words[60].words == "in use by the load balancer lb-sql, rg-data"
    assert (taken.free, taken.in_use, taken.reserved) == (246, 5, 5)


def test_that_suggestions_come_from_the_top_of_the_subnet() -> None:
    taken, chosen = mapped(world())
    assert suggested_addresses(taken, chosen) == ("10.20.2.254", "10.20.2.253", "10.20.2.252")


def test_that_an_address_that_floats_already_is_suggested_first() -> None:
    taken, chosen = mapped(world(floating="10.20.2.50"))
    assert suggested_addresses(taken, chosen) == ("10.20.2.50", "10.20.2.254", "10.20.2.253")


def test_that_a_small_subnet_offers_what_it_has_and_a_full_one_nothing() -> None:
    taken, chosen = mapped(world(prefixes=("10.20.2.8/29",)))
    assert suggested_addresses(taken, chosen) == ("10.20.2.14", "10.20.2.13")
    none, _ = mapped(world(prefixes=("10.20.2.10/31",)))
    assert suggested_addresses(none) == ()


def test_that_a_subnet_above_a_24_is_shown_in_blocks() -> None:
    taken, _ = mapped(world(prefixes=("10.20.0.0/22", "2001:db8::/64", "10.21.0.0/25")))
    assert taken.large
    blocks = taken.blocks()
    assert [str(block.network) for block in blocks] == [
        "10.20.0.0/24",
        "10.20.1.0/24",
        "10.20.2.0/24",
        "10.20.3.0/24",
        "10.21.0.0/25",
    ]
    assert [(block.free, block.in_use, block.reserved) for block in blocks] == [
        (252, 0, 4),
        (256, 0, 0),
        (253, 3, 0),
        (255, 0, 1),
        (123, 0, 5),
    ]
    assert taken.ignored == ("2001:db8::/64 is left out: tgwizard moves one IPv4 address.",)


def test_that_every_reason_against_an_address_has_its_sentence() -> None:
    taken, _ = mapped(world(floating="10.20.2.50"))
    assert codes("10.20.2.99", taken) == []
    assert codes("10.20.2.50", taken, AddressAnswer(free=False)) == []
    assert codes("10.20.3.1", taken) == ["address-outside-subnet"]
    assert codes("10.20.2.2", taken) == ["address-reserved"]
    assert codes("10.20.2.255", taken) == ["address-reserved"]
    assert codes("10.20.2.4", taken) == ["address-in-use"]
    assert codes("10.20.2.12", taken) == ["address-of-member"]
    assert codes("10.20.2.99", taken, AddressAnswer(free=False, others=("10.20.2.5",))) == ["address-not-free"]


def test_that_the_appliances_own_range_is_refused_and_never_suggested() -> None:
    taken, _ = mapped(world(prefixes=("172.18.0.0/24", "10.20.2.0/28")))
    assert codes("172.18.0.9", taken) == ["address-in-appliance-bridge"]
    assert all(not address.startswith("172.18.") for address in suggested_addresses(taken))
    assert suggested_addresses(taken)


def test_that_a_delegated_subnet_is_refused() -> None:
    taken, _ = mapped(world(delegations=("Microsoft.Sql/managedInstances",)))
    assert codes("10.20.2.99", taken) == ["subnet-delegated"]


def test_that_silence_of_azure_is_not_known_and_its_reason_is_kept() -> None:
    taken, _ = mapped(world())
    asked = Problem("not-allowed", "You may not ask.")
    found = judge_address(IPv4Address("10.20.2.99"), taken, None, asked)
    unsure = [item for item in found if item.level is Level.NOT_KNOWN]
    assert [item.evidence for item in unsure] == ["You may not ask."]


def test_that_azure_is_not_asked_about_what_it_would_refuse() -> None:
    taken, _ = mapped(world())
    assert worth_asking(IPv4Address("10.20.2.99"), taken)
    assert not worth_asking(IPv4Address("10.20.3.99"), taken)
    assert not worth_asking(IPv4Address("10.20.2.1"), taken)


@given(st.integers(8, 29), st.integers(0, 2**24))
def test_that_free_used_and_reserved_make_the_whole_subnet_and_every_suggestion_is_free(bits: int, base: int) -> None:
    network = IPv4Network((int(IPv4Address("10.0.0.0")) + base, max(bits, 16)), strict=False)
    taken, chosen = mapped(world(prefixes=(str(network),)))
    assert taken.free + taken.in_use + taken.reserved == network.num_addresses
    blocks = taken.blocks()
    assert sum(block.free for block in blocks) == taken.free
    assert sum(block.in_use for block in blocks) == taken.in_use
    for address in suggested_addresses(taken, chosen):
        assert codes(address, taken) == []
