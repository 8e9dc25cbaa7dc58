"""Which addresses of a subnet are taken and by what, which to suggest, and whether a chosen one can float."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from types import MappingProxyType

from tgwizard.model.address_range import is_reserved
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.finding import Finding, Level
from tgwizard.model.inventory import AddressAnswer, Inventory, NicFound, SubnetFound
from tgwizard.model.problem import Problem
from tgwizard.model.text import join_words, sanitize

APPLIANCE_BRIDGE = IPv4Network("172.18.0.0/16")
"""The appliance's own container bridge: an address in it never reaches the network (engine/README.md 5.5)."""

SUGGESTED = 3
_LOW = 64
"""Azure gives new interfaces the lowest free address (azure/README.md 2.5); suggestions stay clear of the first 64."""

_BLOCK = 24


class AddressKind(Enum):
    """What an address of the subnet is to the cluster (gui/README.md 6, Occupancy map)."""

    RESERVED = "reserved"
    IN_USE = "in_use"
    OWN = "own"
    FLOATING = "floating"
    BALANCER = "balancer"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class TakenAddress:
    """Who has an address. ``by``: an interface or a load balancer."""

    use: AddressKind
    by: ResourceId


@dataclass(frozen=True, slots=True)
class AddressUse:
    """One address of the map and its words."""

    address: IPv4Address
    use: AddressKind
    words: str
    by: ResourceId | None = None


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """A piece of the subnet, at most a /24: shown as one block first when the subnet is larger."""

    network: IPv4Network
    free: int
    in_use: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The map of a subnet. ``ignored``: ranges that cannot hold the address, in words."""

    subnet: SubnetFound
    ranges: tuple[IPv4Network, ...]
    taken: Mapping[IPv4Address, TakenAddress]
    ignored: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many addresses the subnet's IPv4 ranges have."""
        return sum(network.num_addresses for network in self.ranges)

    @property
    def reserved(self) -> int:
        """How many of them Azure keeps."""
        return sum(min(5, network.num_addresses) for network in self.ranges)

    @property
    def in_use(self) -> int:
        """How many are on an interface or a load balancer."""
        return sum(1 for address in self.taken if self.home(address) and not self.is_reserved(address))

    @property
    def free(self) -> int:
        """How many are left."""
        return max(0, self.size - self.reserved - self.in_use)

    @property
    def large(self) -> bool:
        """Whether blocks are shown before addresses."""
        return any(network.prefixlen < _BLOCK for network in self.ranges)

    def home(self, address: IPv4Address) -> IPv4Network | None:
        """The range an address lies in, or None."""
        return next((network for network in self.ranges if address in network), None)

    def is_reserved(self, address: IPv4Address) -> bool:
        """Whether Azure keeps it; False for one outside the subnet."""
        home = self.home(address)
        return home is not None and is_reserved(address, home)

    def square(self, address: IPv4Address) -> AddressUse:
        """One address in words; addresses outside the subnet are nobody's and count as free of use."""
        if self.is_reserved(address):
            return AddressUse(address, AddressKind.RESERVED, "reserved by Azure")
        taken = self.taken.get(address)
        if taken is None:
            return AddressUse(address, AddressKind.FREE, "free")
        return AddressUse(address, taken.use, _words(taken), taken.by)

    def squares(self, network: IPv4Network) -> Iterator[AddressUse]:
        """Every address of a block, in order."""
        return (self.square(address) for address in network)

    def blocks(self) -> tuple[AddressBlock, ...]:
        """The subnet in blocks of at most a /24, in order."""
        used: dict[IPv4Network, int] = {}
        for address in self.taken:
            home = self.home(address)
            if home is not None and not self.is_reserved(address):
                piece = _block_of(address, home)
                used[piece] = used.get(piece, 0) + 1
        return tuple(self._block(piece, home, used.get(piece, 0)) for home in self.ranges for piece in _pieces(home))

    def _block(self, piece: IPv4Network, home: IPv4Network, used: int) -> AddressBlock:
        ends = {IPv4Address(int(home.network_address) + step) for step in range(min(4, home.num_addresses))}
        kept = sum(1 for address in ends | {home.broadcast_address} if address in piece)
        return AddressBlock(piece, max(0, piece.num_addresses - kept - used), used, kept)


def occupancy(subnet: SubnetFound, inventory: Inventory, chosen: ChosenMachines | None = None) -> Occupancy:
    """The map, from everything the account could read. ``chosen``: whose addresses are the cluster's own."""
    own = {nic.id for nic in chosen.nics} if chosen else set()
    taken: dict[IPv4Address, TakenAddress] = {}
    later = {nic.id: nic for nic in chosen.nics} if chosen else {}
    for nic in (*(nic for nic in inventory.nics_in(subnet.id) if nic.id not in later), *later.values()):
        for configuration in nic.configurations:
            address = _ipv4(configuration.address)
            if address is None or configuration.subnet != subnet.id:
                continue
            use = AddressKind.IN_USE
            if nic.id in own:
                use = AddressKind.OWN if configuration is nic.primary else AddressKind.FLOATING
            taken[address] = TakenAddress(use, nic.id)
    for frontend in inventory.frontends:
        address = _ipv4(frontend.address)
        if address is not None and frontend.subnet == subnet.id:
            taken.setdefault(address, TakenAddress(AddressKind.BALANCER, frontend.balancer))
    ranges, ignored = _ranges(subnet.prefixes)
    return Occupancy(subnet, ranges, MappingProxyType(taken), ignored)


def floating_now(chosen: ChosenMachines) -> tuple[tuple[IPv4Address, NicFound], ...]:
    """Addresses that a LAN interface has beside its own, in the shared subnet: a floating IP that is there already."""
    found = []
    for nic in chosen.nics:
        for configuration in nic.configurations:
            address = _ipv4(configuration.address)
            if address is not None and configuration is not nic.primary and configuration.subnet == chosen.subnet:
                found.append((address, nic))
    return tuple(found)


def suggested_addresses(
    taken: Occupancy, chosen: ChosenMachines | None = None, count: int = SUGGESTED
) -> tuple[str, ...]:
    """Addresses to offer: one that floats already, then free ones from the top of the subnet downwards.

    The lowest ones are offered only when a small subnet leaves nothing else.
    """
    found = [str(address) for address, _ in floating_now(chosen)] if chosen else []
    for keep_clear in (_LOW, 4):
        for network in taken.ranges:
            for position in range(network.num_addresses - 2, keep_clear - 1, -1):
                address = network[position]
                if len(found) >= count:
                    return tuple(found[:count])
                if address in APPLIANCE_BRIDGE:
                    break
                if address not in taken.taken and str(address) not in found:
                    found.append(str(address))
    return tuple(found[:count])


def _ranges(prefixes: tuple[str, ...]) -> tuple[tuple[IPv4Network, ...], tuple[str, ...]]:
    ranges: list[IPv4Network] = []
    ignored: list[str] = []
    six = [prefix for prefix in prefixes if ":" in prefix]
    if six:
        shown = join_words(sanitize(prefix, 60) for prefix in six)
        ignored.append(f"{shown} is left out: tgwizard moves one IPv4 address.")
    for prefix in prefixes:
        if ":" in prefix:
            continue
        try:
            ranges.append(IPv4Network(prefix, strict=False))
        except (AddressValueError, NetmaskValueError, ValueError):
            ignored.append(f"{sanitize(prefix, 60)} is left out: it is not an IPv4 range.")
    return tuple(ranges), tuple(ignored)


def _pieces(home: IPv4Network) -> Iterator[IPv4Network]:
    return home.subnets(new_prefix=_BLOCK) if home.prefixlen < _BLOCK else iter((home,))


def _block_of(address: IPv4Address, home: IPv4Network) -> IPv4Network:
    return home if home.prefixlen >= _BLOCK else IPv4Network((int(address) & 0xFFFFFF00, _BLOCK))


def _ipv4(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None


def _words(taken: TakenAddress) -> str:
    name = sanitize(taken.by.name, 90)
    if taken.use is AddressKind.OWN:
        return f"{name}'s own address"
    if taken.use is AddressKind.FLOATING:
        return f"floats already, on {name}"
    if taken.use is AddressKind.BALANCER:
        return f"in use by the load balancer {name}, {sanitize(taken.by.group, 90)}"
    return f"in use by {name}, {sanitize(taken.by.group, 90)}"


_OTHER = "Choose a free address of the subnet."


def judge_address(
    address: IPv4Address, taken: Occupancy, answer: AddressAnswer | None, asked: Problem | None = None
) -> tuple[Finding, ...]:
    """The findings, in the order in which they are shown.

    ``answer``: what Azure said about this very address; None: not asked, or ``asked`` says why it did not answer.
    An address that one of the two LAN interfaces has beside its own is the cluster's already: that is fine.
    """
    findings = [*_service_owned(taken), _inside(address, taken)]
    if findings[-1].level is Level.BLOCKS:
        return (*findings, _bridge(address))
    square = taken.square(address)
    findings += [_not_reserved(address, taken), _on_no_nic(address, taken), _free(address, square.use, answer, asked)]
    return (*findings, _bridge(address))


def worth_asking(address: IPv4Address, taken: Occupancy) -> bool:
    """Whether Azure is to be asked: not outside every subnet, where it answers 400, and not what floats already."""
    if taken.home(address) is None or taken.is_reserved(address):
        return False
    return taken.square(address).use is not AddressKind.FLOATING


def _service_owned(taken: Occupancy) -> tuple[Finding, ...]:
    if not taken.subnet.delegations:
        return ()
    owner = join_words(sanitize(name, 120) for name in taken.subnet.delegations)
    name = sanitize(taken.subnet.id.name, 90)
    problem = Problem(
        "subnet-delegated",
        f"{name} belongs to a service: {owner}.",
        "Azure lets that service alone put addresses into a delegated subnet.",
        "Choose machines whose LAN interfaces are in another subnet.",
    )
    return (Finding(Level.BLOCKS, f"{name} is delegated", owner, problem),)


def _inside(address: IPv4Address, taken: Occupancy) -> Finding:
    name = sanitize(taken.subnet.id.name, 90)
    home = taken.home(address)
    if home is not None:
        return Finding(Level.PASSED, f"Inside {name}", str(home))
    spans = join_words(str(network) for network in taken.ranges) or "no IPv4 range"
    problem = Problem(
        "address-outside-subnet",
        f"{address} is not in {name}.",
        f"That subnet, which both LAN interfaces share, has {spans}.",
        _OTHER,
    )
    return Finding(Level.BLOCKS, f"Not inside {name}", spans, problem)


def _not_reserved(address: IPv4Address, taken: Occupancy) -> Finding:
    home = taken.home(address)
    kept = f"{home[0]} to {home[3]} and {home[-1]}" if home and home.num_addresses > 4 else "all of it"
    if not taken.is_reserved(address):
        return Finding(Level.PASSED, "Not reserved by Azure", kept)
    problem = Problem(
        "address-reserved",
        f"{address} is reserved by Azure.",
        f"Azure keeps the first four and the last address of {home} for itself.",
        _OTHER,
    )
    return Finding(Level.BLOCKS, "Reserved by Azure", kept, problem)


def _on_no_nic(address: IPv4Address, taken: Occupancy) -> Finding:
    square = taken.square(address)
    if square.use is AddressKind.FLOATING:
        return Finding(Level.PASSED, "Already the cluster's own", square.words)
    if square.use in (AddressKind.FREE, AddressKind.RESERVED):
        return Finding(Level.PASSED, "On no interface here", f"{taken.in_use} addresses in use")
    if square.use is AddressKind.OWN:
        problem = Problem(
            "address-of-member",
            f"{address} is {square.words}.",
            "A machine's own address never moves: it would cut the machine off.",
            _OTHER,
        )
        return Finding(Level.BLOCKS, "A machine's own address", square.words, problem)
    problem = Problem("address-in-use", f"{address} is {square.words}.", "Azure gives an address out once.", _OTHER)
    return Finding(Level.BLOCKS, "In use", square.words, problem)


def _free(address: IPv4Address, use: AddressKind, answer: AddressAnswer | None, asked: Problem | None) -> Finding:
    if use is AddressKind.FLOATING:
        return Finding(Level.PASSED, "Azure holds it for this cluster", "so it need not be free")
    if answer is None:
        if asked is None:
            return Finding(Level.NOT_KNOWN, "Azure was not asked yet", "It will say whether the address is free.")
        return Finding(Level.NOT_KNOWN, "Azure did not say whether it is free", asked.what, asked)
    if answer.free:
        return Finding(Level.PASSED, "Azure says it is free")
    others = join_words(sanitize(one, 60) for one in answer.others[:3])
    problem = Problem(
        "address-not-free",
        f"Azure says that {address} is {'reserved' if answer.reserved else 'not free'}.",
        "Something that your account cannot read may have it, for example a private endpoint or a gateway.",
        f"Choose another address, for example {others}." if others else _OTHER,
    )
    return Finding(Level.BLOCKS, "Azure says it is not free", others, problem)


def _bridge(address: IPv4Address) -> Finding:
    if address not in APPLIANCE_BRIDGE:
        return Finding(Level.PASSED, f"Outside {APPLIANCE_BRIDGE}", "the appliance uses it")
    problem = Problem(
        "address-in-appliance-bridge",
        f"{address} is in {APPLIANCE_BRIDGE}.",
        "The appliance uses that range inside itself, so the address would never be reached.",
        "Choose a subnet and an address outside it.",
    )
    return Finding(Level.BLOCKS, f"Inside {APPLIANCE_BRIDGE}", "the appliance uses it", problem)
