"""The lab's moveIpConfigurations: one operation, one holder at every moment, and the switches for what is not known."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
import requests

from tests.engine.worlds import give_public_ip, public_ip_of, without
from tests.rig import Rig, rig
from tgwizard.lab.faults.fault_rules import Fault, OperationFails
from tgwizard.lab.lab import Lab

FEATURE = "/providers/Microsoft.Features/providers/Microsoft.Network/features/AllowMoveIpConfigurations"


def post(made: Rig, name: str = "tg-floating-1", source: str | None = None) -> requests.Response:
    """Ask for the floating configuration of tg-node-a to be moved to tg-node-b."""
    body = {
        "moveIpConfigurationItems": [
            {
                "sourceIpConfiguration": {"id": source or f"{made.a.nic.text}/ipConfigurations/tg-floating"},
                "targetIpConfiguration": {"id": f"{made.b.nic.text}/ipConfigurations/{name}"},
            }
        ]
    }
    return made.call("POST", f"{vnet(made)}/moveIpConfigurations", body)


def vnet(made: Rig) -> str:
    return made.setup.subnet.text.rsplit("/subnets/", 1)[0]


def code(answer: requests.Response) -> str:
    return str(answer.json()["error"]["code"])


def switch(made: Rig, **rules: bool) -> None:
    answer = made.call("PATCH", "/lab", {"move": rules})
    assert answer.status_code == 200, answer.text
    assert all(answer.json()["move"][name] is value for name, value in rules.items())


def test_that_a_move_is_one_operation_with_one_holder_at_every_moment() -> None:
    made = rig()
    answer = post(made)
    assert answer.status_code == 202
    assert answer.headers["Retry-After"] == "10"
    url = answer.headers["Azure-AsyncOperation"].split("?")[0].removeprefix("https://management.azure.com")
    assert made.call("GET", url).json() == {"status": "InProgress"}
    assert {made.nic(member).provisioning.value for member in made.setup.members} == {"Updating"}
    made.clock.sleep(4)
    assert made.call("GET", url).json() == {"status": "Succeeded"}
    assert made.holders() == ["tg-node-b"]
    moved = made.nic(made.b).find(made.address)
    assert moved is not None
    assert moved["name"] == "tg-floating-1"
    held = [item for item in made.lab.holdings if item.address == made.address]
    assert [item.nic.rsplit("/", 1)[-1] for item in held] == ["tg-node-a-inside", "tg-node-b-inside"]
    assert held[0].until == held[1].since, "nobody else, and never two"


def test_that_a_failed_move_leaves_the_address_where_it_was() -> None:
    for at_once in (False, True):
        made = rig()
        switch(made, shows_at_once=at_once)
        made.lab.faults.add(Fault("POST", "moveIpConfigurations", OperationFails()))
        before = made.nic(made.a).find(made.address)
        assert post(made).status_code == 202
        assert made.nic(made.b).lists(made.address) is at_once
        made.clock.sleep(4)
        assert [made.nic(member).provisioning.value for member in made.setup.members] == ["Failed", "Failed"]
        after = made.nic(made.a).find(made.address)
        assert after is not None
        assert before is not None
        assert after["name"] == before["name"]
        assert not made.nic(made.b).lists(made.address)
        assert made.lab.holder(made.address) == made.a.nic.text


def test_that_without_the_feature_the_move_is_refused_until_it_is_registered() -> None:
    made = rig()
    switch(made, registered=False)
    feature = f"/subscriptions/{made.setup.subscription}{FEATURE}"
    assert made.call("GET", feature).json()["properties"]["state"] == "NotRegistered"
    refused = post(made)
    assert (refused.status_code, code(refused)) == (400, "SubscriptionNotRegisteredForFeature")
    assert made.call("POST", f"{feature}/register").json()["properties"]["state"] == "Registering"
    assert made.call("GET", feature).json()["properties"]["state"] == "Registered"
    assert post(made).status_code == 202


@pytest.mark.parametrize(
    ("action", "needs_nic_write", "status"),
    [
        ("Microsoft.Network/virtualNetworks/moveIpConfigurations/action", True, 403),
        ("Microsoft.Network/networkInterfaces/write", True, 403),
        ("Microsoft.Network/networkInterfaces/write", False, 202),
        ("Microsoft.Network/virtualNetworks/subnets/join/action", True, 403),
    ],
)
def test_that_rights_are_checked_as_the_switch_says(action: str, needs_nic_write: bool, status: int) -> None:
    made = without(action)
    switch(made, needs_nic_write=needs_nic_write)
    answer = post(made)
    assert answer.status_code == status
    if status == 403:
        assert action in answer.text
        assert made.holders() == ["tg-node-a"]


def test_that_what_travels_and_which_groups_follow_the_switches() -> None:
    for carries, target_groups in itertools.product((True, False), repeat=2):
        made = rig()
        public = give_public_ip(made)
        switch(made, carries=carries, target_groups=target_groups)
        assert post(made).status_code == 202
        made.clock.sleep(4)
        assert made.holders() == ["tg-node-b"]
        assert public_ip_of(made, made.address) == (public if carries else None)
        user = made.call("GET", public.text).json()["properties"].get("ipConfiguration")
        assert (user is not None) is carries
        found = made.nic(made.b).find(made.address)
        assert found is not None
        primary = made.nic(made.b).primary
        assert primary is not None
        same = found["properties"].get("applicationSecurityGroups") == primary["properties"].get(
            "applicationSecurityGroups"
        )
        assert same, "scenario ready has one set of groups on both"


def test_that_a_dead_source_fails_the_operation_only_where_the_switch_says_so() -> None:
    for works in (True, False):
        made = rig()
        switch(made, dead_source=works)
        made.call("POST", f"{made.a.vm.text}/powerOff")
        made.clock.sleep(10)
        assert post(made).status_code == 202
        made.clock.sleep(4)
        assert made.holders() == (["tg-node-b"] if works else [])
        assert made.lab.holder(made.address) == (made.b if works else made.a).nic.text


def test_that_a_running_move_keeps_writes_of_both_interfaces_out() -> None:
    made = rig()
    body: Any = made.call("GET", made.b.nic.text).json()
    assert post(made).status_code == 202
    for member in made.setup.members:
        answer = made.call("PUT", member.nic.text, body)
        assert (answer.status_code, code(answer)) == (429, "RetryableError")
    again = post(made, "tg-floating-2")
    assert (again.status_code, code(again)) == (429, "RetryableError")


def test_that_a_move_of_nothing_to_an_existing_name_or_of_the_primary_is_refused() -> None:
    made = rig()
    primary = made.nic(made.b).primary
    assert primary is not None
    assert post(made, str(primary["name"])).status_code == 400
    assert post(made, source=f"{made.a.nic.text}/ipConfigurations/none").status_code == 400
    own = made.nic(made.a).primary
    assert own is not None
    assert post(made, source=f"{made.a.nic.text}/ipConfigurations/{own['name']}").status_code == 400
    assert made.holders() == ["tg-node-a"]


def test_that_a_move_under_way_survives_saving_and_copying() -> None:
    made = rig()
    made.lab.move_rules = replace(made.lab.move_rules, carries=False)
    post(made)
    twin = Lab.load(made.lab.dump(), made.lab.clock)
    assert twin.move_rules == made.lab.move_rules
    made.clock.sleep(4)
    assert twin.holder(made.address) == made.b.nic.text


def test_that_unknown_switches_are_refused() -> None:
    made = rig()
    assert made.call("PATCH", "/lab", {"move": {"fast": True}}).status_code == 400
    assert made.call("PATCH", "/lab", {"move": {"carries": "yes"}}).status_code == 400
