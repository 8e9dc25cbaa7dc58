"""Which two machines are likely a cluster: pairs with reasons, and the others with why they are not offered.

Fast on purpose: a subscription may hold thousands of machines, so everything is indexed once and only machines that
look like an appliance are compared with each other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from tgwizard.engine.access.matching_roles import AccessSeen
from tgwizard.engine.discovery.lan_interface import LanChoice, LanConfidence, choose_lan_interface
from tgwizard.model.chosen_machines import normalized_region
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.inventory import Inventory, NicFound, VmFound
from tgwizard.model.problem import Problem
from tgwizard.model.text import counted, join_words, sanitize

GALLERY = "trustgrid-45680719-9aa7-43b9-a376-dc03bcfdb0ac"
IMAGE = "trustgrid-node-2204-prod"
"""The community gallery and image definition of the appliance (engine/README.md 5.3)."""

_NAMED = re.compile(r"(^|[-_. ])(tg|trustgrid)([-_. ]|\d|$)", re.IGNORECASE)
_COUNTER = re.compile(r"(\d+|(?<![a-z])[a-z])$", re.IGNORECASE)
_CLUSTER_TAGS = ("cluster", "tg-cluster", "tgcluster", "trustgrid-cluster", "trustgrid_cluster")
_MOST_PARTNERS = 12
"""How many machines of one subnet are compared with each other; beyond that, names decide (a subnet of hundreds)."""


class PairState(Enum):
    """Whether the pair is a cluster already, as far as it can be told."""

    NEW = "new"
    SAVED = "saved"
    HAS_RIGHTS = "has_rights"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two machines that may form a cluster. ``reasons``: why; ``name``: a name for the cluster, from tag or prefix.

    ``state_words`` says what is there already: the saved cluster's name, or who holds which role.
    """

    vms: tuple[VmFound, VmFound]
    lan: tuple[LanChoice, LanChoice]
    reasons: tuple[str, ...]
    points: int
    name: str
    state: PairState = PairState.NEW
    state_words: str = ""
    evident: bool = True
    """Whether image, names or a tag speak of Trustgrid. Another maker's appliances forward too: those are offered, and
    never suggested."""

    @property
    def nics(self) -> tuple[NicFound, NicFound] | None:
        """The LAN interface of each, or None when one could not be told."""
        first, second = self.lan[0].nic, self.lan[1].nic
        return (first, second) if first and second else None


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Machines that are not offered, and why, in one line."""

    vms: tuple[VmFound, ...]
    why: str


@dataclass(frozen=True, slots=True)
class PairsFound:
    """The pairs, likeliest first, those that are set up already last; the rest with the reason."""

    pairs: tuple[Pair, ...]
    not_offered: tuple[NotOffered, ...]

    @property
    def suggested(self) -> Pair | None:
        """The pair to begin with: the likeliest one that is not set up yet, else one that was set up without us."""
        order = (PairState.NEW, PairState.HAS_RIGHTS)
        evident = [pair for pair in self.pairs if pair.evident]
        return next((pair for state in order for pair in evident if pair.state is state), None)


@dataclass(frozen=True, slots=True)
class JudgedMachine:
    """A machine with what makes it look like an appliance: its image, its name, an interface that forwards."""

    vm: VmFound
    nics: tuple[NicFound, ...]
    subnets: frozenset[ResourceId]
    image: bool
    named: bool
    forwards: bool

    @property
    def marked(self) -> bool:
        """Whether anything speaks for an appliance."""
        return self.image or self.named or (self.forwards and len(self.vm.nics) > 1)


def appliance_doubts(vms: Iterable[VmFound], inventory: Inventory) -> tuple[Problem, ...]:
    """One warning for each machine that nothing shows to be a Trustgrid appliance: neither its image nor its name."""
    index = {nic.id: nic for nic in inventory.nics}
    looked = (judge_machine(vm, index) for vm in vms)
    return tuple(
        Problem(
            "no-appliance",
            f"{sanitize(item.vm.id.name, 90)} does not look like a Trustgrid appliance.",
            f"It has {_why_not(item)}.",
            "Go on only if it is one: its identity will be allowed to move the floating IP.",
        )
        for item in looked
        if not (item.image or item.named)
    )


def suggest_pairs(
    inventory: Inventory, saved: Iterable[ClusterSetup] = (), access: AccessSeen | None = None
) -> PairsFound:
    """Find the pairs. ``saved``: the cluster files here; ``access``: roles and assignments when they were read."""
    index = {nic.id: nic for nic in inventory.nics}
    looked = [judge_machine(vm, index) for vm in inventory.vms]
    marked = [item for item in looked if item.marked]
    saved_pairs = {frozenset(member.vm for member in setup.members): setup for setup in saved}
    pairs = _chosen(pairs_to_judge(marked), index, inventory, saved_pairs, access)
    paired = {vm.id for pair in pairs for vm in pair.vms}
    rest = [item for item in looked if item.vm.id not in paired]
    order = sorted(
        pairs, key=lambda pair: (pair.state is not PairState.NEW, not pair.evident, -pair.points, pair.vms[0].id.key)
    )
    return PairsFound(tuple(order), _not_offered(rest, marked))


def pair_of(first: VmFound, second: VmFound, inventory: Inventory) -> Pair:
    """A pair that the user chose, across groups if need be, with the LAN interfaces that fit it best."""
    index = {nic.id: nic for vm in (first, second) for nic in map(inventory.nic, vm.nics) if nic is not None}
    return _pair(judge_machine(first, index), judge_machine(second, index), index, inventory)


def cluster_name(first: VmFound, second: VmFound) -> str:
    """A name for the cluster: a tag that both carry, or what their names share; fit for a file name."""
    tags = [{key.lower(): value for key, value in vm.tags} for vm in (first, second)]
    for key in _CLUSTER_TAGS:
        if tags[0].get(key) and tags[0].get(key) == tags[1].get(key) and _clean(tags[0][key]):
            return _clean(tags[0][key])
    names = (first.id.name, second.id.name)
    shared = ""
    for left, right in zip(*names, strict=False):
        if left.lower() != right.lower():
            break
        shared += left
    return _clean(shared) if len(_clean(shared)) > 2 else _clean(names[0]) or "cluster"


def judge_machine(vm: VmFound, index: dict[ResourceId, NicFound]) -> JudgedMachine:
    """A machine with what its interfaces and its names tell."""
    nics = tuple(nic for nic in map(index.get, vm.nics) if nic is not None)
    subnets = frozenset(nic.subnet for nic in nics if nic.subnet is not None)
    image = GALLERY in vm.image.lower() or IMAGE in vm.image.lower()
    named = bool(_NAMED.search(vm.id.name)) or any("trustgrid" in f"{key}={value}".lower() for key, value in vm.tags)
    return JudgedMachine(vm, nics, subnets, image, named, any(nic.ip_forwarding for nic in nics))


def pairs_to_judge(marked: list[JudgedMachine]) -> list[tuple[JudgedMachine, JudgedMachine]]:
    """The pairs worth judging: machines that share a subnet; in a crowded subnet only those of like names."""
    by_subnet: dict[ResourceId, list[JudgedMachine]] = defaultdict(list)
    for item in marked:
        for subnet in item.subnets:
            by_subnet[subnet].append(item)
    found: dict[frozenset[ResourceId], tuple[JudgedMachine, JudgedMachine]] = {}
    for members in by_subnet.values():
        groups = [members]
        if len(members) > _MOST_PARTNERS:
            alike: dict[str, list[JudgedMachine]] = defaultdict(list)
            for item in members:
                alike[_stem(item.vm)].append(item)
            groups = [group[:_MOST_PARTNERS] for group in alike.values()]
        for group in groups:
            for place_, first in enumerate(group):
                for second in group[place_ + 1 :]:
                    found.setdefault(frozenset((first.vm.id, second.vm.id)), (first, second))
    return [
        pair
        for pair in found.values()
        if normalized_region(pair[0].vm.location) == normalized_region(pair[1].vm.location)
    ]


def _chosen(
    compared: list[tuple[JudgedMachine, JudgedMachine]],
    index: dict[ResourceId, NicFound],
    inventory: Inventory,
    saved: dict[frozenset[ResourceId], ClusterSetup],
    access: AccessSeen | None,
) -> list[Pair]:
    """The best pairs, each machine in one of them: what is set up already first, then by points."""
    judged = []
    for first, second in compared:
        pair = _pair(first, second, index, inventory)
        if pair.nics is not None and pair.nics[0].subnet == pair.nics[1].subnet:
            setup = saved.get(frozenset((first.vm.id, second.vm.id)))
            judged.append((setup is None, -pair.points, pair.vms[0].id.key, pair.vms[1].id.key, pair, setup))
    taken: set[ResourceId] = set()
    chosen = []
    for *_, pair, setup in sorted(judged, key=lambda item: item[:4]):
        if taken.isdisjoint(vm.id for vm in pair.vms):
            taken.update(vm.id for vm in pair.vms)
            chosen.append(_with_state(pair, setup, access))
    return chosen


def _pair(first: JudgedMachine, second: JudgedMachine, index: dict[ResourceId, NicFound], inventory: Inventory) -> Pair:
    if second.vm.id.key < first.vm.id.key:
        first, second = second, first
    lan = (
        choose_lan_interface(first.vm, inventory, second.subnets, index),
        choose_lan_interface(second.vm, inventory, first.subnets, index),
    )
    reasons: list[str] = []
    points = 0

    def reason(holds: object, weight: int, words: str) -> None:
        nonlocal points
        if holds:
            points += weight
            reasons.append(words)

    left, right = lan[0].nic, lan[1].nic
    reason(first.image and second.image, 8, "same Trustgrid image")
    reason(first.vm.size and first.vm.size == second.vm.size, 1, "same size")
    reason(left and right and left.subnet and left.subnet == right.subnet, 4, "same subnet")
    reason(left and right and left.ip_forwarding and right.ip_forwarding, 4, "IP forwarding on")
    reason(_stem(first.vm) == _stem(second.vm), 4, "names differ only at the end")
    reason(_tag(first.vm) and _tag(first.vm) == _tag(second.vm), 6, "same cluster tag")
    reason(first.vm.id.group.lower() == second.vm.id.group.lower(), 1, "same resource group")
    reason(first.vm.zone and second.vm.zone and first.vm.zone != second.vm.zone, 1, "two zones")
    reason(first.named and second.named and not (first.image and second.image), 2, "named like Trustgrid nodes")
    evident = (first.image or first.named) and (second.image or second.named)
    reason(not evident, -4, "but nothing says that they are Trustgrid nodes")
    points -= 3 if LanConfidence.SINGLE in (lan[0].kind, lan[1].kind) else 0
    name = cluster_name(first.vm, second.vm)
    return Pair((first.vm, second.vm), lan, tuple(reasons), points, name, evident=evident)


def _with_state(pair: Pair, setup: ClusterSetup | None, access: AccessSeen | None) -> Pair:
    state, words = PairState.NEW, ""
    if setup is not None:
        state, words = PairState.SAVED, f"saved here as {sanitize(setup.name, 80)}"
    elif access is not None and pair.nics is not None:
        role = access.role_of_both(pair.vms, pair.nics)
        if role is not None:
            state, words = PairState.HAS_RIGHTS, f"both machines hold {sanitize(role.name, 128)}"
            floating = [
                item.address
                for nic in pair.nics
                for item in nic.configurations
                if item is not nic.primary and item.address
            ]
            words += f"; {sanitize(join_words(floating), 120)} floats already" if floating else ""
    return replace(pair, state=state, state_words=words)


def _not_offered(rest: list[JudgedMachine], marked: list[JudgedMachine]) -> tuple[NotOffered, ...]:
    by_subnet: dict[ResourceId, int] = defaultdict(int)
    for item in marked:
        for subnet in item.subnets:
            by_subnet[subnet] += 1
    known = {item.vm.id for item in marked}
    stems: dict[str, list[JudgedMachine]] = defaultdict(list)
    for item in rest:
        if item.vm.id in known:
            stems[_stem(item.vm)].append(item)
    groups: dict[tuple[bool, str, str], list[VmFound]] = defaultdict(list)
    for item in rest:
        if item.vm.id not in known:
            groups[True, "", _why_not(item)].append(item.vm)
            continue
        alike = stems[_stem(item.vm)]
        why, key = _why_unpaired(item, alike, by_subnet), item.vm.id.key
        groups[False, _stem(item.vm) if len(alike) == 2 else key, why].append(item.vm)
    order = sorted(groups.items(), key=lambda entry: (entry[0][0], entry[0][1], -len(entry[1])))
    return tuple(NotOffered(tuple(vms), why) for (_, _, why), vms in order)


def _why_unpaired(item: JudgedMachine, alike: list[JudgedMachine], by_subnet: dict[ResourceId, int]) -> str:
    if not item.nics:
        return "none of its interfaces can be read"
    if len(alike) == 2:
        first, second = alike
        if normalized_region(first.vm.location) != normalized_region(second.vm.location):
            return "in two different regions"
        if not first.subnets & second.subnets:
            return "their interfaces are in different subnets"
    if all(by_subnet[subnet] < 2 for subnet in item.subnets):
        return "no partner in the same subnet"
    return "every likely partner is in another pair"


def _why_not(item: JudgedMachine) -> str:
    parts = ["one interface" if len(item.vm.nics) == 1 else counted(len(item.vm.nics), "interface")]
    if not item.forwards:
        parts.append("IP forwarding off")
    return join_words([*parts, "not a Trustgrid image or name"])


def _tag(vm: VmFound) -> str:
    tags = {key.lower(): value for key, value in vm.tags}
    return next((tags[key] for key in _CLUSTER_TAGS if tags.get(key)), "")


def _stem(vm: VmFound) -> str:
    """The name without its counter: what two members of one cluster have in common."""
    return _COUNTER.sub("", vm.id.name.lower()).rstrip("-_. ") or vm.id.name.lower()


def _clean(text: str) -> str:
    """Fit for a cluster's name (``model.fields.NAME``): letters, digits, dots, dashes, underscores, at most 63."""
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:63]
    return kept.strip("-_.")
