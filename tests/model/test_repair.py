"""Repair: a move in Azure alone is called for only where no member that could be active has the address."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from tests.model.seen import FOREIGN_NIC, FREE, HOLDS, NOW, UNREAD, A, B, but, nic, snapshot
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.repair import repair
from tgwizard.model.snapshot import LocationKind, Power, Reading, Snapshot

UPDATING = Provisioning.UPDATING


def loose(own: str, *, floating: bool = False) -> NicDocument:
    """An interface that belongs to no VM."""
    body: dict[str, Any] = dict(nic(own, floating=floating).body)
    body["properties"] = {key: value for key, value in body["properties"].items() if key != "virtualMachine"}
    return NicDocument.parse(body)


def test_that_an_address_on_no_interface_is_a_repair_and_a_person_says_who_is_active() -> None:
    found = repair(snapshot(FREE, FREE))
    assert found is not None
    assert (found.to, found.either) == (A, True)
    assert found.sentence == "10.20.2.50 is on no NIC: whichever member is active, it does not have the address."


@pytest.mark.parametrize("power", [Power.STOPPED, Power.DEALLOCATED])
def test_that_of_two_members_only_the_running_one_can_be_active(power: Power) -> None:
    found = repair(snapshot(but(FREE, power=power), FREE))
    assert found is not None
    assert (found.to, found.either) == (B, False)
    assert f"tg-node-a is {power.value}, so only tg-node-b can be active" in found.why


@pytest.mark.parametrize("power", [Power.STOPPED, Power.DEALLOCATED])
def test_that_a_holder_whose_machine_is_down_is_repaired_towards_the_other(power: Power) -> None:
    found = repair(snapshot(but(HOLDS, power=power), FREE))
    assert found is not None
    assert (found.to, found.either) == (B, False)
    assert found.fact == "10.20.2.50 is on a member that cannot serve it"


def test_that_a_holder_whose_interface_belongs_to_no_machine_is_repaired_towards_the_other() -> None:
    found = repair(snapshot(but(HOLDS, document=loose("10.20.2.11", floating=True)), FREE))
    assert found is not None
    assert found.to == B
    assert "tg-node-a-inside belongs to no virtual machine" in found.why


@pytest.mark.parametrize(
    "world",
    [
        snapshot(),
        snapshot(HOLDS, HOLDS),
        snapshot(FREE, FREE, elsewhere=(FOREIGN_NIC,)),
        snapshot(FREE, FREE, elsewhere=None),
        snapshot(but(FREE, state=UPDATING), FREE),
        snapshot(but(FREE, state=Provisioning.UNKNOWN), FREE),
        snapshot(but(HOLDS, power=Power.STOPPED), but(FREE, state=UPDATING)),
        snapshot(but(HOLDS, power=Power.STOPPING), FREE),
        snapshot(but(HOLDS, power=None), FREE),
        snapshot(but(HOLDS, power=Power.STOPPED), but(FREE, power=Power.STOPPED)),
        snapshot(but(HOLDS, power=Power.STOPPED), but(FREE, power=None)),
        snapshot(but(FREE, power=Power.STOPPED), but(FREE, power=Power.DEALLOCATED)),
        snapshot(UNREAD, FREE),
        replace(snapshot(FREE, FREE), ranges=Reading(("10.99.0.0/24",), NOW)),
    ],
    ids=[
        "in order",
        "both interfaces name it: one reading is old",
        "a stranger has it",
        "not known whether a stranger has it",
        "on its way",
        "an interface is in a state that nobody here knows",
        "the other interface is being written",
        "holder on its way down",
        "holder's power not known",
        "both machines down",
        "the other's power not known",
        "on no interface, nobody runs",
        "not read",
        "an address that the subnet cannot hold",
    ],
)
def test_that_what_is_in_order_moving_or_not_known_calls_for_no_repair(world: Snapshot) -> None:
    assert repair(world) is None


def test_that_a_repair_takes_from_no_member_that_runs_and_gives_to_none_that_does_not() -> None:
    powers = (Power.RUNNING, Power.STOPPED, Power.DEALLOCATED, Power.STOPPING, Power.STARTING, None)
    found = 0
    for first, second, power, other in itertools.product((HOLDS, FREE), (HOLDS, FREE), powers, powers):
        world = snapshot(but(first, power=power), but(second, power=other))
        fix = repair(world)
        if fix is None:
            continue
        found += 1
        assert world.seen(fix.to).power is Power.RUNNING
        holder = world.place.member
        assert holder != fix.to
        assert world.place.kind in (LocationKind.NO_NIC, LocationKind.MEMBER)
        assert holder is None or world.seen(holder).power in (Power.STOPPED, Power.DEALLOCATED)
    assert found > 10
