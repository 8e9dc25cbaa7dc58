"""The LAN interface of a machine: which one the floating IP belongs on, and why (engine/README.md 5.3).

It is the interface that is not the primary one, has IP forwarding on and no public IP, in the subnet of the peer's.
A machine with a single interface is a case of its own: the address then shares it with the control plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Inventory, NicFound, VmFound
from tgwizard.model.text import sanitize

_INSIDE = ("inside", "private", "lan", "internal")
_OUTSIDE = ("outside", "public", "wan", "external")


class LanConfidence(Enum):
    """How sure the choice is."""

    CLEAR = "clear"
    LIKELY = "likely"
    SINGLE = "single"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class JudgedInterface:
    """One interface of a machine with what speaks for and against it as the LAN one."""

    nic: NicFound
    points: int
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LanChoice:
    """The interface chosen, or None, with the reason in one sentence; ``judged`` are all of them, best first."""

    vm: ResourceId
    nic: NicFound | None
    kind: LanConfidence
    why: str
    judged: tuple[JudgedInterface, ...]


def choose_lan_interface(
    vm: VmFound,
    inventory: Inventory,
    peer_subnets: frozenset[ResourceId] | None = None,
    index: dict[ResourceId, NicFound] | None = None,
) -> LanChoice:
    """Choose the LAN interface of a machine.

    ``peer_subnets``: the subnets of the peer's interfaces, None while there is no peer. ``index``: the inventory's
    interfaces by id, for callers that ask for thousands of machines.
    """
    found = [nic for nic in ((index or {}).get(nic) or inventory.nic(nic) for nic in vm.nics) if nic is not None]
    if not found:
        return LanChoice(vm.id, None, LanConfidence.NONE, "None of its interfaces can be read.", ())
    judged = tuple(sorted((_judge(vm, nic, peer_subnets) for nic in found), key=lambda item: -item.points))
    best = judged[0]
    if len(vm.nics) == 1:
        why = "Its only interface: the floating IP shares it with the connection to the control plane."
        return LanChoice(vm.id, best.nic, LanConfidence.SINGLE, why, judged)
    why = f"{_first_upper(', '.join(best.speaks_for))}." if best.speaks_for else "No other interface fits better."
    rivals = [item for item in judged[1:] if item.points == best.points]
    sure = not rivals and best.nic.ip_forwarding and not _is_primary(vm, best.nic)
    return LanChoice(vm.id, best.nic, LanConfidence.CLEAR if sure else LanConfidence.LIKELY, why, judged)


def has_public_ip(nic: NicFound) -> bool:
    """Whether a public IP is on the interface's primary configuration. One on the floating address travels with it."""
    return nic.primary is not None and nic.primary.public_ip is not None


def _judge(vm: VmFound, nic: NicFound, peer_subnets: frozenset[ResourceId] | None) -> JudgedInterface:
    good: list[str] = []
    bad: list[str] = []
    points = 0

    def point(holds: bool, weight: int, yes: str, no: str) -> None:  # noqa: FBT001 - a column of a small table
        nonlocal points
        points += weight if holds else 0
        (good if holds else bad).append(yes if holds else no)

    point(nic.ip_forwarding, 4, "IP forwarding is on", "IP forwarding is off")
    point(not _is_primary(vm, nic), 3, "it is not the primary interface", "it is the primary interface")
    point(not has_public_ip(nic), 2, "it has no public IP", "it has a public IP")
    if peer_subnets is not None:
        shares = nic.subnet is not None and nic.subnet in peer_subnets
        name = sanitize(nic.subnet.name, 90) if nic.subnet else "no subnet"
        point(shares, 8, f"it shares {name} with the other machine", "the other machine is not in its subnet")
    name = nic.id.name.lower()
    if any(word in name for word in _INSIDE):
        points += 1
        good.append("its name says so")
    elif any(word in name for word in _OUTSIDE):
        points -= 1
        bad.append("its name says outside")
    return JudgedInterface(nic, points, tuple(good), tuple(bad))


def _is_primary(vm: VmFound, nic: NicFound) -> bool:
    return nic.id == vm.primary_nic or (vm.primary_nic is None and bool(vm.nics) and nic.id == vm.nics[0])


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
