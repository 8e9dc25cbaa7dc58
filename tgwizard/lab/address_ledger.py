"""The ledger of a lab's addresses: who has which address allocated, and the truth about who held it when.

Both are indexed, so that a lab of thousands of clusters answers as fast as a lab of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tgwizard.lab import ids


class Binding(Enum):
    """What an address is to the NIC that it is allocated to."""

    ATTACHING = "attaching"
    HELD = "held"
    RELEASING = "releasing"


@dataclass(slots=True)
class Allocation:
    """One private address allocated in a subnet. An address whose removal has not finished is still here."""

    address: str
    subnet: str
    nic: str
    configuration: str
    binding: Binding


@dataclass(frozen=True, slots=True)
class Holding:
    """The truth about an address: which NIC held it from when to when (None: it still does).

    A NIC holds an address from the end of the operation that attaches it to the end of the one that removes it.
    """

    address: str
    nic: str
    since: datetime
    until: datetime | None = None


class Allocations:
    """The allocated addresses. One address exists once in a virtual network."""

    def __init__(self, items: Iterable[Allocation] = ()) -> None:
        self._by_vnet: dict[str, dict[str, Allocation]] = {}
        self._by_nic: dict[str, dict[str, Allocation]] = {}
        self.touched: set[str] = set()
        """The keys of the NICs whose allocations came or went since the world was last saved."""
        for item in items:
            self.add(item)

    def __iter__(self) -> Iterator[Allocation]:
        """Yield every allocation."""
        return (item for addresses in self._by_vnet.values() for item in addresses.values())

    def add(self, allocation: Allocation) -> None:
        self._by_vnet.setdefault(_vnet_of(allocation.subnet), {})[allocation.address] = allocation
        self._by_nic.setdefault(ids.key(allocation.nic), {})[allocation.address] = allocation
        self.touched.add(ids.key(allocation.nic))

    def remove(self, allocation: Allocation) -> None:
        """Free an address. Raises KeyError when it is not allocated."""
        del self._by_vnet[_vnet_of(allocation.subnet)][allocation.address]
        del self._by_nic[ids.key(allocation.nic)][allocation.address]
        self.touched.add(ids.key(allocation.nic))

    def at(self, subnet_id: str, address: str) -> Allocation | None:
        """Return who has an address of the subnet's virtual network, or None."""
        return self._by_vnet.get(_vnet_of(subnet_id), {}).get(address)

    def of_nic(self, nic_id: str) -> tuple[Allocation, ...]:
        return tuple(self._by_nic.get(ids.key(nic_id), {}).values())

    def in_vnet(self, vnet_id: str) -> tuple[Allocation, ...]:
        """Return what is allocated in a virtual network."""
        return tuple(self._by_vnet.get(ids.key(vnet_id), {}).values())

    def in_subnet(self, subnet_id: str) -> tuple[Allocation, ...]:
        wanted = ids.key(subnet_id)
        return tuple(item for item in self.in_vnet(ids.parent_of(subnet_id)) if ids.key(item.subnet) == wanted)


class Holdings:
    """Every holding there was, in the order they began."""

    def __init__(self, items: Iterable[Holding] = ()) -> None:
        self._items: list[Holding] = []
        self._open: dict[tuple[str, str], int] = {}
        self.changed: set[int] = set()
        """The places of the holdings that began or ended since the world was last saved."""
        for item in items:
            self._enter(item)

    def __iter__(self) -> Iterator[Holding]:
        """Yield every holding."""
        return iter(self._items)

    def at(self, places: Iterable[int]) -> Iterator[tuple[int, Holding]]:
        """Yield the holdings of these places, with the places."""
        return ((index, self._items[index]) for index in sorted(places))

    def begin(self, address: str, nic_id: str, when: datetime) -> None:
        """Record that a NIC holds an address from now on."""
        self._enter(Holding(address, nic_id, when))

    def end(self, address: str, nic_id: str, when: datetime) -> None:
        """Record that a NIC stopped holding an address; one that did not hold it changes nothing."""
        index = self._open.pop((address, ids.key(nic_id)), None)
        if index is not None:
            held = self._items[index]
            self._items[index] = Holding(held.address, held.nic, held.since, when)
            self.changed.add(index)

    def is_open(self, address: str, nic_id: str) -> bool:
        """Return whether a NIC holds an address now."""
        return (address, ids.key(nic_id)) in self._open

    def _enter(self, item: Holding) -> None:
        if item.until is None:
            self._open[item.address, ids.key(item.nic)] = len(self._items)
        self.changed.add(len(self._items))
        self._items.append(item)


def _vnet_of(subnet_id: str) -> str:
    return ids.key(ids.parent_of(subnet_id))
