"""``ArmInventories``: what is in a subscription, each kind of thing from one list of the whole subscription.

Parsing is plain and cheap, because a subscription may hold thousands of machines. An item without a readable id is no
resource and is left out. The lists of tenants and subscriptions, and ``statusOnly``, are written after
azure/README.md 1.1; nothing here was run against the real Azure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from tgwizard.azure import compute, network_documents
from tgwizard.azure.clients import Clients
from tgwizard.azure.error_translation import Operation, unreadable
from tgwizard.azure.rest import (
    COMPUTE_API,
    GROUPS_API,
    NETWORK_API,
    SUBSCRIPTIONS_API,
    ArmPath,
    Json,
    Page,
    items,
    read,
    text,
    texts,
)
from tgwizard.engine.errors import AzureCallError, Cause
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import (
    AddressAnswer,
    FrontendFound,
    GroupSeen,
    NetworkFound,
    NicFound,
    SecurityGroupFound,
    SubscriptionSeen,
    TenantSeen,
    VmFound,
)
from tgwizard.model.snapshot import Power

T = TypeVar("T")

_WRITABLE = frozenset({"enabled", "pastdue"})
"""The states of a subscription in which Azure takes writes; Warned, Disabled and Deleted ones can only be read."""


class ArmInventories:
    """The engine's ``Inventories`` port. Usable from several threads; each call raises AzureCallError alone."""

    def __init__(self, clients: Clients) -> None:
        """Nothing is connected before the first call."""
        self._clients = clients

    def tenants(self) -> tuple[TenantSeen, ...]:
        """The directories of the account."""
        found = items(self._clients, Operation("list", "your directories"), ArmPath("/tenants", SUBSCRIPTIONS_API))
        return tuple(
            TenantSeen(text(item, "tenantId"), text(item, "displayName")) for item in found if text(item, "tenantId")
        )

    def subscriptions(self) -> tuple[SubscriptionSeen, ...]:
        """The subscriptions that the account can see in its directory."""
        found = items(
            self._clients, Operation("list", "your subscriptions"), ArmPath("/subscriptions", SUBSCRIPTIONS_API)
        )
        return tuple(
            SubscriptionSeen(
                text(item, "subscriptionId"),
                text(item, "displayName"),
                text(item, "tenantId"),
                text(item, "state").lower() in _WRITABLE,
            )
            for item in found
            if text(item, "subscriptionId")
        )

    def groups(self, subscription: str, page: Page) -> tuple[GroupSeen, ...]:
        where = ArmPath(f"/subscriptions/{subscription}/resourcegroups", GROUPS_API)
        found = items(self._clients, Operation("list", "the resource groups"), where, page)
        return tuple(GroupSeen(text(item, "name"), text(item, "location")) for item in found if text(item, "name"))

    def vms(self, subscription: str, page: Page) -> tuple[VmFound, ...]:
        """Machines, without power."""
        return _each(compute.found_vm, self._list(subscription, "virtualMachines", "virtual machines", page))

    def powers(self, subscription: str, page: Page) -> tuple[tuple[ResourceId, Power], ...]:
        """Power of every machine, from one list (``statusOnly``, documented and not recorded)."""
        found = self._list(subscription, "virtualMachines", "states of the virtual machines", page, status=True)
        return _each(compute.found_power, found)

    def vm(self, vm: ResourceId) -> VmFound:
        """One machine, with power, zone and identity as of now."""
        return compute.read_found_vm(self._clients, vm)

    def nics(self, subscription: str, page: Page) -> tuple[NicFound, ...]:
        found = self._list(subscription, "networkInterfaces", "network interfaces", page)
        return _each(network_documents.nic, found)

    def nic(self, nic: ResourceId) -> NicFound:
        """One interface as of now."""
        doing = Operation("read", nic.name)
        found = network_documents.nic(read(self._clients, doing, ArmPath(nic.text, NETWORK_API)))
        if found is None:
            raise unreadable(doing, "It is not a network interface.")
        return found

    def networks(self, subscription: str, page: Page) -> tuple[NetworkFound, ...]:
        """Virtual networks with their subnets."""
        return _each(network_documents.network, self._list(subscription, "virtualNetworks", "virtual networks", page))

    def security_groups(self, subscription: str, page: Page) -> tuple[SecurityGroupFound, ...]:
        """Network security groups with their rules."""
        found = self._list(subscription, "networkSecurityGroups", "network security groups", page)
        return _each(network_documents.security_group, found)

    def frontends(self, subscription: str, page: Page) -> tuple[FrontendFound, ...]:
        """Private frontends of load balancers."""
        found = self._list(subscription, "loadBalancers", "load balancers", page)
        return tuple(frontend for item in found for frontend in network_documents.frontends(item))

    def address_free(self, subnet: ResourceId, address: str) -> AddressAnswer:
        """Ask the subnet's network; a refusal for an address outside every subnet is an AzureCallError."""
        path = f"{subnet.text.rsplit('/subnets/', 1)[0]}/CheckIPAddressAvailability"
        doing = Operation("check", f"the address {address}")
        body = read(self._clients, doing, ArmPath(path, NETWORK_API, (("ipAddress", address),)))
        others = texts(body, "availableIPAddresses")
        return AddressAnswer(body.get("available") is True, others, body.get("isPlatformReserved") is True)

    def _list(self, subscription: str, kind: str, words: str, page: Page, *, status: bool = False) -> list[Json]:
        compute = kind == "virtualMachines"
        provider, api = ("Microsoft.Compute", COMPUTE_API) if compute else ("Microsoft.Network", NETWORK_API)
        query = (("statusOnly", "true"),) if status else ()
        home, doing = f"/subscriptions/{subscription}", Operation("list", f"the {words}")
        try:
            return items(self._clients, doing, ArmPath(f"{home}/providers/{provider}/{kind}", api, query), page)
        except AzureCallError as refusal:
            if refusal.cause is not Cause.NOT_ALLOWED:
                raise
            # Azure refuses the list of a subscription to who has rights in some of its groups only.
            found = self._group_by_group(home, doing, f"providers/{provider}/{kind}", api, page)
            if found is None:
                raise
            return found

    def _group_by_group(self, home: str, doing: Operation, rest: str, api: str, page: Page) -> list[Json] | None:
        """The items of every group that may be read; None when there is none. ``page`` hears after each group."""
        found: list[Json] = []
        read_one = False
        try:
            groups = self.groups(home.rsplit("/", 1)[-1], lambda _count: None)
        except AzureCallError:
            return None  # the refusal of the list itself says more
        for group in groups:
            page(len(found))
            try:
                where = ArmPath(f"{home}/resourceGroups/{group.name}/{rest}", api)
                found += items(self._clients, doing, where)
            except AzureCallError as refusal:
                if refusal.cause is not Cause.NOT_ALLOWED:
                    raise
                continue
            read_one = True
        return found if read_one else None


def _each(parse: Callable[[Json], T | None], found: Iterable[Json]) -> tuple[T, ...]:
    return tuple(parsed for item in found if (parsed := parse(item)) is not None)
