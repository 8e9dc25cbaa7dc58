"""Whether network security groups let a flow through, as far as that can be told from their rules.

Rules count by priority, the first that matches decides. What a rule names but we cannot resolve (a foreign security
group, a tag over a range that Azure keeps to itself) makes it *perhaps* match: when the answer hangs on such a rule, it
is not known, and the rule is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network

from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import RuleAccess, RuleDirection, SecurityGroupFound, SecurityRule

_ARM_TAGS = ("azureresourcemanager", "azurecloud", "internet")
"""Tags that hold Azure Resource Manager's addresses. ApiManagement is not among them (engine/README.md 5.4)."""


class FlowAnswer(Enum):
    """The answer."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class FlowEnd:
    """One end of a flow: an interface's address, its security groups and its network's ranges."""

    address: IPv4Address
    asgs: tuple[ResourceId, ...] = ()


@dataclass(frozen=True, slots=True)
class ArmEndpoint:
    """The other end is Azure Resource Manager, known by its service tag only."""


@dataclass(frozen=True, slots=True)
class TrafficFlow:
    """A flow to be judged. ``network``: the ranges of the virtual network that both interfaces are in."""

    source: FlowEnd
    destination: FlowEnd | ArmEndpoint
    port: int
    network: tuple[IPv4Network, ...]
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class FlowJudgement:
    """The answer, and the rule that decides it or that it hangs on."""

    passes: FlowAnswer
    rule: SecurityRule | None = None


def judge_flow(group: SecurityGroupFound, flow: TrafficFlow, direction: RuleDirection) -> FlowJudgement:
    """Judge one security group in one direction. Azure's default rules are among its rules."""
    unsure: list[SecurityRule] = []
    for rule in sorted(group.rules, key=lambda item: item.priority):
        if rule.direction is not direction:
            continue
        matched = _rule(rule, flow)
        if matched is False:
            continue
        if matched is None:
            unsure.append(rule)
            continue
        other = next((item for item in unsure if item.access is not rule.access), None)
        if other is not None:
            return FlowJudgement(FlowAnswer.NOT_KNOWN, other)
        return FlowJudgement(FlowAnswer.YES if rule.access is RuleAccess.ALLOW else FlowAnswer.NO, rule)
    if unsure:
        return FlowJudgement(FlowAnswer.NOT_KNOWN, unsure[0])
    # Every security group ends with Azure's own DenyAll rules; where they were not shown, they deny all the same.
    return FlowJudgement(FlowAnswer.NO)


def _rule(rule: SecurityRule, flow: TrafficFlow) -> bool | None:
    """Whether a rule matches; None: perhaps."""
    return _all(
        (
            rule.protocol.lower() in ("*", "any", flow.protocol),
            _ports(rule.ports, flow.port),
            # The source port is chosen by the sender's system, so a rule that names some matches perhaps.
            True if not rule.source_ports or "*" in rule.source_ports else None,
            _end(rule.sources, rule.source_asgs, flow.source, flow),
            _end(rule.destinations, rule.destination_asgs, flow.destination, flow),
        )
    )


def _ports(ranges: tuple[str, ...], port: int) -> bool | None:
    return _any(_in_range(item, port) for item in ranges)


def _in_range(text: str, port: int) -> bool | None:
    if text.strip() == "*":
        return True
    low, _, high = text.partition("-")
    try:
        return int(low) <= port <= int(high or low)
    except ValueError:
        return None


def _end(
    prefixes: tuple[str, ...], asgs: tuple[ResourceId, ...], end: FlowEnd | ArmEndpoint, flow: TrafficFlow
) -> bool | None:
    if asgs:
        return not isinstance(end, ArmEndpoint) and bool(set(asgs) & set(end.asgs))
    return _any(_prefix(item.strip(), end, flow) for item in prefixes)


def _prefix(text: str, end: FlowEnd | ArmEndpoint, flow: TrafficFlow) -> bool | None:
    lower = text.lower()
    if lower in ("*", "any", "0.0.0.0/0"):
        return True
    try:
        network = IPv4Network(text, strict=False)
    except ValueError:
        return _tag(lower, end, flow)
    return None if isinstance(end, ArmEndpoint) else end.address in network


def _tag(tag: str, end: FlowEnd | ArmEndpoint, flow: TrafficFlow) -> bool | None:
    if ":" in tag:
        return False  # IPv6
    name, _, region = tag.partition(".")
    if isinstance(end, ArmEndpoint):
        # A tag of one region holds ARM's address perhaps: which one answers is decided by its name service.
        return None if region and name in _ARM_TAGS else name in _ARM_TAGS
    inside = any(end.address in network for network in flow.network)
    if name == "virtualnetwork":
        # Peered networks, gateways and routes belong to the tag as well, and they are not read.
        return True if inside else None
    if name == "internet":
        return not inside and not end.address.is_private
    # Every other tag names services of Azure, which have no address in a virtual network.
    return False if inside or end.address.is_private else None


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    if True in found:
        return True
    return None if None in found else False


def _all(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    if False in found:
        return False
    return None if None in found else True
