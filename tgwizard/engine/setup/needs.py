"""Which action the members need on which thing of this topology, each with its reason (DESIGN 4b, 4e).

The brief names ten actions; a NIC write is checked against everything its body names, each at its own scope
(azure-wire.md 2.6). What goes beyond the ten is offered, never added silently.
"""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.engine.setup.topology import Topology
from tgwizard.model.cluster import ResourceId
from tgwizard.model.role import TEN_ACTIONS, NeededAction, linked_action

_NETWORK = "Microsoft.Network"
_NIC = f"{_NETWORK}/networkInterfaces"
_ON_NICS = (
    f"{_NIC}/read",
    f"{_NIC}/write",
    f"{_NIC}/ipconfigurations/read",
    f"{_NIC}/ipconfigurations/join/action",
)
NETWORK_READ = f"{_NETWORK}/virtualNetworks/read"
SUBNET_READ = f"{_NETWORK}/virtualNetworks/subnets/read"
SUBNET_JOIN = f"{_NETWORK}/virtualNetworks/subnets/join/action"
VM_READ = "Microsoft.Compute/virtualMachines/read"
NIC_WRITE = f"{_NIC}/write"

BRIEF = {item.action.lower(): item.why for item in TEN_ACTIONS}
"""The brief's ten actions in lower case, with their reasons."""

_EXTRA_WHY = {
    "microsoft.network/publicipaddresses/join/action": "keep the public IP on the interface",
    "microsoft.network/loadbalancers/backendaddresspools/join/action": "keep the interface in its load balancer pool",
    "microsoft.network/loadbalancers/inboundnatrules/join/action": "keep the load balancer's NAT rule",
    "microsoft.network/applicationgateways/backendaddresspools/join/action": (
        "keep the interface in its application gateway pool"
    ),
}

NOT_NEEDED = (
    NeededAction(
        f"{_NETWORK}/virtualNetworks/checkIpAddressAvailability/read",
        "asked once, by you, when the address is chosen; the machines never ask",
    ),
    NeededAction(
        f"{_NETWORK}/locations/operations/read",
        "follows an operation's progress; the machines read the interface itself instead",
    ),
)
"""Actions that are often added without being needed, and why not (azure-wire.md 1.4 and 2.6)."""


@dataclass(frozen=True, slots=True)
class Need:
    """Both members need ``action`` on ``on``. ``in_brief``: it is one of the ten."""

    action: str
    on: ResourceId
    why: str
    in_brief: bool


def needs_of(topology: Topology) -> tuple[Need, ...]:
    """Every need of a failover in either direction, each once, in the order of the brief's actions."""
    found: dict[tuple[str, ResourceId], Need] = {}

    def need(action: str, on: ResourceId) -> None:
        why = BRIEF.get(action.lower()) or _EXTRA_WHY.get(action.lower(), "keep what the interface names")
        found.setdefault((action.lower(), on), Need(action, on, why, action.lower() in BRIEF))

    for nic in topology.nics:
        for action in _ON_NICS:
            need(action, nic.id)
    for vm in topology.vms:
        need(VM_READ, vm.id)
    need(NETWORK_READ, topology.network)
    need(SUBNET_READ, topology.subnet)
    need(SUBNET_JOIN, topology.subnet)
    for nic in topology.nics:
        for thing in nic.references:
            linked = linked_action(thing)
            if linked is not None:
                need(linked, thing)
    order = {action: place for place, action in enumerate(BRIEF)}
    return tuple(sorted(found.values(), key=lambda item: order.get(item.action.lower(), len(order))))


def needed_actions(needs: tuple[Need, ...]) -> tuple[NeededAction, ...]:
    """The actions alone, each once, with the reason."""
    return tuple({need.action.lower(): NeededAction(need.action, need.why) for need in needs}.values())


def extra_actions(needs: tuple[Need, ...]) -> tuple[NeededAction, ...]:
    """What this topology needs beyond the brief's ten: offered, never added silently."""
    return needed_actions(tuple(need for need in needs if not need.in_brief))


def things_of(needs: tuple[Need, ...], action: str) -> tuple[ResourceId, ...]:
    """What an action is needed on; empty means that it is not needed here."""
    return tuple(need.on for need in needs if need.action.lower() == action.lower())
