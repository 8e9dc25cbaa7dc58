"""Which right is needed on what, why, who asks for it, and in which scopes that lies.

The one source of preflight, plan and verifying.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.role import LINKED_ACTIONS, TEN_ACTIONS, NeededAction, linked_action
from tgwizard.model.setup_plan import ScopeReason
from tgwizard.model.text import join_words, sanitize

_NETWORK = "Microsoft.Network"
_NIC = f"{_NETWORK}/networkInterfaces"
NIC_READ = f"{_NIC}/read"
NIC_WRITE = f"{_NIC}/write"
CONFIGURATION_READ = f"{_NIC}/ipconfigurations/read"
CONFIGURATION_JOIN = f"{_NIC}/ipconfigurations/join/action"
NETWORK_READ = f"{_NETWORK}/virtualNetworks/read"
SUBNET_READ = f"{_NETWORK}/virtualNetworks/subnets/read"
SUBNET_JOIN = f"{_NETWORK}/virtualNetworks/subnets/join/action"
VM_READ = "Microsoft.Compute/virtualMachines/read"

BRIEF = {item.action.lower(): item.why for item in TEN_ACTIONS}
"""Trustgrid's ten actions in lower case, with their reasons."""


class AskedBy(Enum):
    """Who asks for an action when an address moves: only without what AZURE asks for is a failover refused."""

    AZURE = "azure"
    MACHINE = "machine"
    NOBODY = "nobody"


_BY_AZURE = frozenset(action.lower() for action in (NIC_READ, NIC_WRITE, *LINKED_ACTIONS.values()))

NOT_ASKED = "in the brief's role, not asked by Azure"
"""The word for an action that may be missing without a failover being refused."""


def asked_by(action: str) -> AskedBy:
    """Who asks for the action, on a thing that the move touches."""
    if action.lower() in _BY_AZURE:
        return AskedBy.AZURE
    return AskedBy.MACHINE if action.lower() == VM_READ.lower() else AskedBy.NOBODY


def not_asked(used: Iterable[str]) -> tuple[str, ...]:
    """The actions of Trustgrid's role that Azure does not ask for, in its order; the machine's own among them.

    ``used``: those for which this topology has a thing at all: nothing is joined where there is nothing to join.
    """
    things = {action.lower() for action in used}
    return tuple(
        item.action
        for item in TEN_ACTIONS
        if asked_by(item.action) is not AskedBy.AZURE or item.action.lower() not in things
    )


def linked_rights(references: Iterable[ResourceId]) -> tuple[tuple[str, ResourceId], ...]:
    """What the write of an interface needs on the things that its body names, each once: the action, and on what."""
    return tuple((action, thing) for thing in dict.fromkeys(references) if (action := linked_action(thing)) is not None)


_EXTRA_WHY = {
    "microsoft.network/publicipaddresses/join/action": "keep the public IP on the interface",
    "microsoft.network/loadbalancers/backendaddresspools/join/action": "keep the interface in its load balancer pool",
    "microsoft.network/loadbalancers/inboundnatrules/join/action": "keep the load balancer's NAT rule",
    "microsoft.network/applicationgateways/backendaddresspools/join/action": (
        "keep the interface in its application gateway pool"
    ),
    "microsoft.network/loadbalancers/frontendipconfigurations/join/action": "keep the gateway load balancer",
    "microsoft.network/virtualnetworktaps/join/action": "keep the virtual network taps",
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
"""Actions that are often added without being needed, and why not."""


@dataclass(frozen=True, slots=True)
class RequiredRight:
    """Both members need ``action`` on ``on``. ``in_brief``: it is one of the ten."""

    action: str
    on: ResourceId
    why: str
    in_brief: bool

    @property
    def asked(self) -> bool:
        """Whether Azure refuses a failover without it."""
        return asked_by(self.action) is AskedBy.AZURE


def required_rights(chosen: ChosenMachines) -> tuple[RequiredRight, ...]:
    """All that Trustgrid's role gives here and what this topology needs beyond it, for a failover in either direction.

    Each once, in the order of Trustgrid's actions.
    """
    found: dict[tuple[str, ResourceId], RequiredRight] = {}

    def need(action: str, on: ResourceId) -> None:
        why = BRIEF.get(action.lower()) or _EXTRA_WHY.get(action.lower(), "keep what the interface names")
        found.setdefault((action.lower(), on), RequiredRight(action, on, why, action.lower() in BRIEF))

    for nic in chosen.nics:
        for action in (NIC_READ, NIC_WRITE, CONFIGURATION_READ, CONFIGURATION_JOIN):
            need(action, nic.id)
    for vm in chosen.vms:
        need(VM_READ, vm.id)
    need(NETWORK_READ, chosen.network)
    need(SUBNET_READ, chosen.subnet)
    need(SUBNET_JOIN, chosen.subnet)
    for nic in chosen.nics:
        for action, thing in linked_rights(nic.references):
            need(action, thing)
    order = {action: place for place, action in enumerate(BRIEF)}
    return tuple(sorted(found.values(), key=lambda item: order.get(item.action.lower(), len(order))))


def needed_actions(needs: tuple[RequiredRight, ...]) -> tuple[NeededAction, ...]:
    """The actions alone, each once, with the reason."""
    return tuple({need.action.lower(): NeededAction(need.action, need.why) for need in needs}.values())


def extra_actions(needs: tuple[RequiredRight, ...]) -> tuple[NeededAction, ...]:
    """What this topology needs beyond Trustgrid's ten: offered, never added silently."""
    return needed_actions(tuple(need for need in needs if not need.in_brief))


def things_of(needs: tuple[RequiredRight, ...], action: str) -> tuple[ResourceId, ...]:
    """What an action is needed on; empty means that there is nothing here for it."""
    return tuple(need.on for need in needs if need.action.lower() == action.lower())


_RESOURCE_WORDS = {
    "microsoft.compute/virtualmachines": ("machine", "machines"),
    "microsoft.network/networkinterfaces": ("interface", "interfaces"),
    "microsoft.network/virtualnetworks": ("network", "networks"),
    "microsoft.network/virtualnetworks/subnets": ("subnet", "subnets"),
    "microsoft.network/networksecuritygroups": ("network security group", "network security groups"),
    "microsoft.network/applicationsecuritygroups": ("application security group", "application security groups"),
    "microsoft.network/publicipaddresses": ("public IP", "public IPs"),
    "microsoft.network/loadbalancers/backendaddresspools": ("load balancer pool", "load balancer pools"),
    "microsoft.network/loadbalancers/inboundnatrules": ("NAT rule", "NAT rules"),
    "microsoft.network/applicationgateways/backendaddresspools": (
        "application gateway pool",
        "application gateway pools",
    ),
    "microsoft.network/loadbalancers/frontendipconfigurations": ("gateway load balancer", "gateway load balancers"),
    "microsoft.network/virtualnetworktaps": ("virtual network tap", "virtual network taps"),
}


def computed_scopes(chosen: ChosenMachines) -> tuple[ScopeReason, ...]:
    """The resource groups that hold something a failover touches, the machines' group first."""
    held: dict[str, list[ResourceId]] = {}
    spelled: dict[str, str] = {}
    things = [*(vm.id for vm in chosen.vms), *(need.on for need in required_rights(chosen))]
    for thing in dict.fromkeys(things):
        scope = thing.group_scope
        spelled.setdefault(scope.lower(), scope)
        held.setdefault(scope.lower(), []).append(thing)
    return tuple(ScopeReason(spelled[key], tuple(things), _what_it_holds(things)) for key, things in held.items())


def scope_name(scope: str) -> str:
    """A scope for people: the group's name, or "the subscription". Untrusted text, sanitized."""
    parts = [part for part in scope.split("/") if part]
    if len(parts) == 2 and parts[0].lower() == "subscriptions":
        return "the subscription"
    return sanitize(parts[-1], 90) if parts else "everything"


def _what_it_holds(things: list[ResourceId]) -> str:
    kinds: dict[str, list[str]] = {}
    for thing in things:
        kinds.setdefault(thing.type.lower(), []).append(sanitize(thing.name, 90))
    parts = []
    for kind, names in kinds.items():
        one, many = _RESOURCE_WORDS.get(kind, ("resource", "resources"))
        parts.append(f"the {one if len(names) == 1 else many} {join_words(names)}")
    return f"Holds {join_words(parts)}."
