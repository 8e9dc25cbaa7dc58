"""Which addresses of the subnet are taken, by what, and which to suggest for the floating IP.

Pure: all comes from the inventory. Whether Azure agrees is asked apart and judged in ``address_check``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from types import MappingProxyType

from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Inventory, NicFound, SubnetFound
from tgwizard.model.text import listed, tame
from tgwizard.model.topology import Topology

APPLIANCE_BRIDGE = IPv4Network("172.18.0.0/16")
"""The appliance's own container bridge: an address in it never reaches the network (engine/README.md 5.5)."""

SUGGESTED = 3
_LOW = 64
"""Azure gives new interfaces the lowest free address (azure/README.md 2.5); suggestions stay clear of the first 64."""

_BLOCK = 24


class Use(Enum):
    """What an address of the subnet is to the cluster (gui/README.md 6, Occupancy map)."""

    RESERVED = "reserved"
    IN_USE = "in_use"
    OWN = "own"
    FLOATING = "floating"
    BALANCER = "balancer"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Taken:
    """Who has an address. ``by``: an interface or a load balancer."""

    use: Use
    by: ResourceId


@dataclass(frozen=True, slots=True)
class Square:
    """One address of the map and its words."""

    address: IPv4Address
    use: Use
    words: str
    by: ResourceId | None = None


@dataclass(frozen=True, slots=True)
class Block:
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
    taken: Mapping[IPv4Address, Taken]
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
        """Whether Azure keeps it: the first four and the last of a range (azure/README.md 2.5)."""
        home = self.home(address)
        if home is None:
            return False
        return int(address) - int(home.network_address) < 4 or address == home.broadcast_address

    def square(self, address: IPv4Address) -> Square:
        """One address in words; addresses outside the subnet are nobody's and count as free of use."""
        if self.is_reserved(address):
            return Square(address, Use.RESERVED, "reserved by Azure")
        taken = self.taken.get(address)
        if taken is None:
            return Square(address, Use.FREE, "free")
        return Square(address, taken.use, _words(taken), taken.by)

    def squares(self, network: IPv4Network) -> Iterator[Square]:
        """Every address of a block, in order."""
        return (self.square(address) for address in network)

    def blocks(self) -> tuple[Block, ...]:
        """The subnet in blocks of at most a /24, in order."""
        used: dict[IPv4Network, int] = {}
        for address in self.taken:
            home = self.home(address)
            if home is not None and not self.is_reserved(address):
                piece = _block_of(address, home)
                used[piece] = used.get(piece, 0) + 1
        return tuple(self._block(piece, home, used.get(piece, 0)) for home in self.ranges for piece in _pieces(home))

    def _block(self, piece: IPv4Network, home: IPv4Network, used: int) -> Block:
        ends = {IPv4Address(int(home.network_address) + step) for step in range(min(4, home.num_addresses))}
        kept = sum(1 for address in ends | {home.broadcast_address} if address in piece)
        return Block(piece, max(0, piece.num_addresses - kept - used), used, kept)


def occupancy(subnet: SubnetFound, inventory: Inventory, topology: Topology | None = None) -> Occupancy:
    """The map, from everything the account could read. ``topology``: whose addresses are the cluster's own."""
    own = {nic.id for nic in topology.nics} if topology else set()
    taken: dict[IPv4Address, Taken] = {}
    later = {nic.id: nic for nic in topology.nics} if topology else {}
    for nic in (*(nic for nic in inventory.nics_in(subnet.id) if nic.id not in later), *later.values()):
        for configuration in nic.configurations:
            address = _ipv4(configuration.address)
            if address is None or configuration.subnet != subnet.id:
                continue
            use = Use.IN_USE
            if nic.id in own:
                use = Use.OWN if configuration is nic.primary else Use.FLOATING
            taken[address] = Taken(use, nic.id)
    for frontend in inventory.frontends:
        address = _ipv4(frontend.address)
        if address is not None and frontend.subnet == subnet.id:
            taken.setdefault(address, Taken(Use.BALANCER, frontend.balancer))
    ranges, ignored = _ranges(subnet.prefixes)
    return Occupancy(subnet, ranges, MappingProxyType(taken), ignored)


def floating_now(topology: Topology) -> tuple[tuple[IPv4Address, NicFound], ...]:
    """Addresses that a LAN interface has beside its own, in the shared subnet: a floating IP that is there already."""
    found = []
    for nic in topology.nics:
        for configuration in nic.configurations:
            address = _ipv4(configuration.address)
            if address is not None and configuration is not nic.primary and configuration.subnet == topology.subnet:
                found.append((address, nic))
    return tuple(found)


def suggested_addresses(taken: Occupancy, topology: Topology | None = None, count: int = SUGGESTED) -> tuple[str, ...]:
    """Addresses to offer: one that floats already, then free ones from the top of the subnet downwards.

    The lowest ones are offered only when a small subnet leaves nothing else.
    """
    found = [str(address) for address, _ in floating_now(topology)] if topology else []
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
        shown = listed(tame(prefix, 60) for prefix in six)
        ignored.append(f"{shown} is left out: tgwizard moves one IPv4 address.")
    for prefix in prefixes:
        if ":" in prefix:
            continue
        try:
            ranges.append(IPv4Network(prefix, strict=False))
        except (AddressValueError, NetmaskValueError, ValueError):
            ignored.append(f"{tame(prefix, 60)} is left out: it is not an IPv4 range.")
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


def _words(taken: Taken) -> str:
    name = tame(taken.by.name, 90)
    if taken.use is Use.OWN:
        return f"the own address of {name}"
    if taken.use is Use.FLOATING:
        return f"floats already, on {name}"
    if taken.use is Use.BALANCER:
        return f"in use by the load balancer {name}, {tame(taken.by.group, 90)}"
    return f"in use by {name}, {tame(taken.by.group, 90)}"
