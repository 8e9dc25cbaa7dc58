"""Which right is needed on what, why, who asks for it, and in which scopes that lies. Pure.

Worked out from the interfaces and what they refer to. The one source of role, plan, preflight and verifying:
``required_rights`` for a cluster in both directions, ``failover_rights`` for one failover.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.nic import carried_of
from tgwizard.model.role import LINKED_ACTIONS, TEN_ACTIONS, NeededAction, linked_action
from tgwizard.model.setup_plan import ScopeReason
from tgwizard.model.snapshot import LocationKind, Snapshot
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
READ_OPERATION = f"{_NETWORK}/locations/operations/read"
CHECK_ADDRESS = f"{_NETWORK}/virtualNetworks/checkIpAddressAvailability/read"

PUBLIC_IP = "microsoft.network/publicipaddresses"
LOAD_BALANCER = "microsoft.network/loadbalancers"
"""Types in lower case."""

REASONS = {item.action.lower(): item.why for item in TEN_ACTIONS}
"""Trustgrid's ten actions in lower case, with their reasons."""


class AskedBy(Enum):
    """Who asks for an action when an address moves: only without what AZURE asks for is a failover refused."""

    AZURE = "azure"
    MACHINE = "machine"
    NOBODY = "nobody"


_BY_AZURE = frozenset(action.lower() for action in (NIC_READ, NIC_WRITE, *LINKED_ACTIONS.values()))

NOT_ASKED = "in Trustgrid's role, not asked by Azure"
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
        CHECK_ADDRESS,
        "asked once, by you, when the address is chosen; the machines never ask",
    ),
    NeededAction(
        READ_OPERATION,
        "follows an operation's progress; the machines read the interface itself instead",
    ),
)
"""Actions that are often added without being needed, and why not."""


@dataclass(frozen=True, slots=True)
class RequiredRight:
    """Both members need ``action`` on ``on``. ``in_role``: it is one of the ten."""

    action: str
    on: ResourceId
    why: str
    in_role: bool

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
        why = REASONS.get(action.lower()) or _EXTRA_WHY.get(action.lower(), "keep what the interface names")
        found.setdefault((action.lower(), on), RequiredRight(action, on, why, action.lower() in REASONS))

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
    order = {action: place for place, action in enumerate(REASONS)}
    return tuple(sorted(found.values(), key=lambda item: order.get(item.action.lower(), len(order))))


def needed_actions(needs: tuple[RequiredRight, ...]) -> tuple[NeededAction, ...]:
    """The actions alone, each once, with the reason."""
    return tuple({need.action.lower(): NeededAction(need.action, need.why) for need in needs}.values())


def extra_actions(needs: tuple[RequiredRight, ...]) -> tuple[NeededAction, ...]:
    """What this topology needs beyond Trustgrid's ten: offered, never added silently."""
    return needed_actions(tuple(need for need in needs if not need.in_role))


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


# -- one failover -----------------------------------------------------------------------------------------------------


class Writer(Enum):
    """Who will write: the signed-in identity, or the members by themselves with their managed identities."""

    OPERATOR = "operator"
    MEMBERS = "members"


class WriteSide(Enum):
    """Which write a right is for."""

    ATTACH = "attach"
    DETACH = "detach"


@dataclass(frozen=True, slots=True)
class FailoverRight:
    """One right that a write depends on: the action, on what, for which interface's write, by which member."""

    action: str
    on: ResourceId
    side: WriteSide
    nic: ResourceId
    by: Member


def carried_with(snapshot: Snapshot, to: Member) -> CarriedConfiguration:
    """What travels with the address: what is on it now, else what the cluster file says."""
    losing = snapshot.seen(snapshot.setup.other(to)).nic.value
    found = losing.find(snapshot.address) if losing else None
    return carried_of(found) if found else snapshot.setup.carried


def carried_resources(carried: CarriedConfiguration) -> tuple[ResourceId, ...]:
    """Every resource that travels: public IP, pools, NAT rules and whatever else a field names."""
    return carried.references


def write_sides(snapshot: Snapshot, to: Member) -> tuple[tuple[WriteSide, Member], ...]:
    """Whose interfaces are written, the attach side first; the address on no NIC leaves nothing to detach."""
    attach = (WriteSide.ATTACH, to)
    if snapshot.place.kind is LocationKind.NO_NIC:
        return (attach,)
    return attach, (WriteSide.DETACH, snapshot.setup.other(to))


def write_rights(snapshot: Snapshot, member: Member, *, gains: bool) -> tuple[tuple[str, ResourceId], ...]:
    """What the write of a member's interface needs: the action, and on what, the interface itself first.

    Azure checks every reference in the body, and with ``gains`` the body names what travels too.
    """
    document = snapshot.seen(member).nic.value
    named = list(document.references()) if document is not None else []
    if gains:
        named += carried_resources(carried_with(snapshot, member))
    return (NIC_WRITE, member.nic), *linked_rights(named)


def failover_rights(snapshot: Snapshot, to: Member, verb: Verb, by: Writer) -> tuple[FailoverRight, ...]:
    """Every right that the writes of this failover depend on, the attach side first.

    The members by themselves: graceful, each writes its own interface; forced, the taker writes both.
    """
    found: list[FailoverRight] = []
    for side, member in write_sides(snapshot, to):
        if snapshot.seen(member).nic.value is None:
            continue
        writer = to if by is Writer.MEMBERS and verb is Verb.FORCED else member
        needed = write_rights(snapshot, member, gains=side is WriteSide.ATTACH)
        found += [FailoverRight(action, on, side, member.nic, writer) for action, on in needed]
    return tuple(found)


def unneeded_actions(snapshot: Snapshot, needed: Iterable[FailoverRight]) -> tuple[str, ...]:
    """The actions of Trustgrid's role that a failover with these needs does not use, in its order.

    The subnet is read only to see that the address lies in it; an address that an interface in it holds is proof.
    """
    used = {NIC_READ, *(need.action for need in needed)}
    looked_at = () if holds_it_there(snapshot) else (SUBNET_READ,)
    return tuple(action for action in not_asked(used) if action not in looked_at)


def holds_it_there(snapshot: Snapshot) -> bool:
    """Whether a member's interface in the cluster's subnet has the address: Azure itself found it in range."""
    return any(
        seen.nic.value is not None
        and seen.nic.value.lists(snapshot.address)
        and seen.nic.value.subnet.lower() == snapshot.setup.subnet.key
        for seen in snapshot.members
    )
