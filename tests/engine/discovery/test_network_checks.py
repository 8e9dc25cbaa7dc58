"""The network checks: what a rule means is Azure's; what cannot be decided from here is said to be not known."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from tests.engine.setup.hand_made import asg_id, nsg_id, pool_id, public_ip, world
from tgwizard.engine.discovery.network_checks import network_checks
from tgwizard.engine.discovery.nsg_rules import ArmEndpoint, FlowAnswer, FlowEnd, TrafficFlow, judge_flow
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.finding import Finding, Level
from tgwizard.model.inventory import (
    Inventory,
    NicFound,
    RuleAccess,
    RuleDirection,
    SecurityGroupFound,
    SecurityRule,
)

A, B = FlowEnd(IPv4Address("10.20.2.11"), (asg_id(),)), FlowEnd(IPv4Address("10.20.2.12"), (asg_id(),))
NETWORK = (IPv4Network("10.20.0.0/16"),)
HEARTBEAT = TrafficFlow(A, B, 9000, NETWORK)
TO_ARM = TrafficFlow(A, ArmEndpoint(), 443, NETWORK)
IN, OUT = RuleDirection.INBOUND, RuleDirection.OUTBOUND


def rule(
    access: RuleAccess,
    source: str = "*",
    to: str = "*",
    port: str = "*",
    *,
    priority: int = 200,
    protocol: str = "Tcp",
    direction: RuleDirection = IN,
    name: str = "",
) -> SecurityRule:
    name = name or f"{access.value}-{priority}"
    return SecurityRule(name, priority, direction, access, protocol, (source,), (to,), ("*",), (port,))


ALLOW, DENY = RuleAccess.ALLOW, RuleAccess.DENY
DEFAULTS = (
    rule(ALLOW, "VirtualNetwork", "VirtualNetwork", priority=65000, protocol="*", name="AllowVnetInBound"),
    rule(ALLOW, "AzureLoadBalancer", priority=65001, protocol="*"),
    rule(DENY, priority=65500, protocol="*", name="DenyAllInBound"),
    rule(ALLOW, "VirtualNetwork", "VirtualNetwork", priority=65000, protocol="*", direction=OUT),
    rule(ALLOW, "*", "Internet", priority=65001, protocol="*", direction=OUT, name="AllowInternetOutBound"),
    rule(DENY, priority=65500, protocol="*", direction=OUT, name="DenyAllOutBound"),
)


def group(*rules: SecurityRule) -> SecurityGroupFound:
    return SecurityGroupFound(nsg_id(), (*rules, *DEFAULTS))


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ((), FlowAnswer.YES),
        ((rule(DENY, port="9000"),), FlowAnswer.NO),
        ((rule(DENY, port="8000-9100"),), FlowAnswer.NO),
        ((rule(DENY, port="9001"),), FlowAnswer.YES),
        ((rule(DENY, protocol="Udp"),), FlowAnswer.YES),
        ((rule(DENY, "10.20.2.12"),), FlowAnswer.YES),
        ((rule(DENY, "10.20.2.0/24"),), FlowAnswer.NO),
        ((rule(DENY, "Internet"),), FlowAnswer.YES),
        ((rule(DENY, "VirtualNetwork"),), FlowAnswer.NO),
        ((rule(DENY, "Storage.WestEurope"),), FlowAnswer.YES),
        ((rule(ALLOW, priority=100), rule(DENY, priority=200)), FlowAnswer.YES),
        ((rule(DENY, priority=100), rule(ALLOW, priority=200)), FlowAnswer.NO),
        ((rule(DENY, port="odd"),), FlowAnswer.NOT_KNOWN),
        ((rule(ALLOW, port="odd"),), FlowAnswer.YES),
        ((rule(DENY, direction=OUT),), FlowAnswer.YES),
    ],
)
def test_that_the_first_matching_rule_decides_an_inbound_heartbeat(
    rules: tuple[SecurityRule, ...], wanted: FlowAnswer
) -> None:
    assert judge_flow(group(*rules), HEARTBEAT, IN).passes is wanted


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ((), FlowAnswer.YES),
        ((rule(DENY, to="Internet", direction=OUT),), FlowAnswer.NO),
        (
            (rule(DENY, to="Internet", direction=OUT), rule(ALLOW, to="ApiManagement", priority=100, direction=OUT)),
            FlowAnswer.NO,
        ),
        (
            (
                rule(DENY, to="Internet", direction=OUT),
                rule(ALLOW, to="AzureResourceManager", port="443", priority=100, direction=OUT),
            ),
            FlowAnswer.YES,
        ),
        ((rule(DENY, direction=OUT), rule(ALLOW, to="AzureCloud", priority=100, direction=OUT)), FlowAnswer.YES),
        (
            (rule(DENY, direction=OUT), rule(ALLOW, to="AzureCloud.WestUS", priority=100, direction=OUT)),
            FlowAnswer.NOT_KNOWN,
        ),
        ((rule(DENY, direction=OUT), rule(ALLOW, to="20.0.0.0/8", priority=100, direction=OUT)), FlowAnswer.NOT_KNOWN),
        ((rule(DENY, direction=OUT), rule(ALLOW, to="VirtualNetwork", priority=100, direction=OUT)), FlowAnswer.NO),
    ],
)
def test_that_resource_manager_is_reached_by_its_own_tag_only(
    rules: tuple[SecurityRule, ...], wanted: FlowAnswer
) -> None:
    assert judge_flow(group(*rules), TO_ARM, OUT).passes is wanted


def test_that_a_rule_for_application_security_groups_matches_their_members() -> None:
    named = replace(rule(DENY), sources=(), source_asgs=(asg_id(),))
    assert judge_flow(group(named), HEARTBEAT, IN).passes is FlowAnswer.NO
    other = replace(named, source_asgs=(asg_id(name="asg-other"),))
    assert judge_flow(group(other), HEARTBEAT, IN).passes is FlowAnswer.YES


def test_that_peered_addresses_may_belong_to_the_virtual_network_or_not() -> None:
    peered = replace(HEARTBEAT, source=FlowEnd(IPv4Address("10.99.0.4")))
    assert judge_flow(group(), peered, IN).passes is FlowAnswer.NOT_KNOWN


def test_that_a_group_whose_default_rules_were_not_shown_still_denies() -> None:
    assert judge_flow(SecurityGroupFound(nsg_id(), ()), HEARTBEAT, IN).passes is FlowAnswer.NO


def chosen(inventory: Inventory) -> ChosenMachines:
    vms = inventory.vms[:2]
    nics = [nic for nic in inventory.nics if nic.id.name.endswith("-inside")][:2]
    subnet = nics[0].subnet
    assert subnet is not None
    return ChosenMachines((vms[0], vms[1]), (nics[0], nics[1]), subnet)


def found(inventory: Inventory, start: str) -> list[Finding]:
    return [item.finding for item in network_checks(chosen(inventory), inventory) if item.key.startswith(start)]


def with_rules(*rules: SecurityRule) -> Inventory:
    inventory = world(nsg=nsg_id())
    return replace(inventory, security_groups=(group(*rules),))


def test_that_all_is_in_order_with_azures_default_rules() -> None:
    inventory = with_rules()
    levels = {item.key: item.finding.level for item in network_checks(chosen(inventory), inventory)}
    assert set(levels.values()) == {Level.PASSED}, levels
    assert len([key for key in levels if key.startswith("heartbeat:")]) == 2


def test_that_a_heartbeat_blocked_one_way_is_found_with_rule_and_cure() -> None:
    both = with_rules(rule(DENY, "10.20.2.11", port="9000", name="no-heartbeat"))
    (one, other) = found(both, "heartbeat:")
    assert (one.level, other.level) == (Level.BLOCKS, Level.PASSED)
    assert one.problem is not None
    assert "rule no-heartbeat, priority 200" in one.evidence
    assert "Allow TCP 9000" in one.problem.fix


def test_that_the_api_management_trap_is_named() -> None:
    inventory = with_rules(
        rule(ALLOW, to="ApiManagement", port="443", priority=100, direction=OUT),
        rule(DENY, to="*", priority=300, direction=OUT),
        rule(ALLOW, to="VirtualNetwork", priority=150, direction=OUT),
    )
    outside = replace_outside_nsg(inventory)
    blocked = found(outside, "resource-manager:")
    assert {item.level for item in blocked} == {Level.BLOCKS}
    problem = blocked[0].problem
    assert problem is not None
    assert "AzureResourceManager" in problem.fix
    assert "ApiManagement, which a rule there names, is another service" in problem.fix


def replace_outside_nsg(inventory: Inventory) -> Inventory:
    """The security group stands on the outside interfaces as well."""
    nics: list[NicFound] = [
        replace(nic, nsg=nsg_id()) if nic.id.name.endswith("-outside") else nic for nic in inventory.nics
    ]
    return replace(inventory, nics=tuple(nics))


def test_that_a_security_group_that_was_not_read_is_not_taken_for_open() -> None:
    inventory = world(nsg=nsg_id())
    assert {item.level for item in found(inventory, "heartbeat:")} == {Level.NOT_KNOWN}


def test_that_forwarding_pools_and_public_addresses_are_told() -> None:
    inventory = world(public=public_ip(), pools=(pool_id(),))
    nics = tuple(replace(nic, ip_forwarding=False) for nic in inventory.nics)
    off = replace(inventory, nics=nics)
    assert {item.level for item in found(off, "forwarding:")} == {Level.BLOCKS}
    notes = found(inventory, "pools:")
    assert {item.level for item in notes} == {Level.NOTE}
    assert "a public IP and load balancer pools" in notes[0].fact


def test_that_a_single_interface_is_told() -> None:
    inventory = world()
    shape = chosen(inventory)
    alone = replace(shape.vms[0], nics=shape.vms[0].nics[1:])
    told = network_checks(replace(shape, vms=(alone, shape.vms[1])), inventory)
    assert [item.finding.level for item in told if item.key.startswith("single-nic:")] == [Level.WARNS]
