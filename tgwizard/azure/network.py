"""``ArmNetwork``: interfaces, virtual networks and what else Microsoft.Network has, with the writes of a failover.

What is watched and written goes through NetworkManagementClient. Lists of a subscription are raw JSON: parsing is plain
and cheap, because there may be thousands of interfaces. An item without a readable id is no resource and is left out.
Nothing here was run against the real Azure.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from tgwizard.azure import network_documents as documents
from tgwizard.azure.arm_json import parsed
from tgwizard.azure.clients import Clients
from tgwizard.azure.directory import group_names
from tgwizard.azure.error_translation import Operation, translate_errors, unreadable
from tgwizard.azure.rest import (
    AS_IT_IS,
    NETWORK_API,
    ArmPath,
    Json,
    WriteOptions,
    headers_of,
    inner,
    items_of_subscription,
    objects,
    parse_each,
    read,
    resource,
    text,
    texts,
)
from tgwizard.engine.ports import Accepted, ConfigurationId, MoveAccepted, Page, Precondition
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import (
    AddressAnswer,
    BalancerSeen,
    FrontendFound,
    NetworkFound,
    NicFound,
    PublicIpSeen,
    SecurityGroupFound,
)
from tgwizard.model.nic import NicDocument, NicDocumentError

T = TypeVar("T")

LONGEST_SEARCH_S = 60.0
"""A failover waits no longer for the list of interfaces in which an address is looked for."""

FEATURE = "AllowMoveIpConfigurations"
_FEATURES_API = "2021-07-01"


class ArmNetwork:
    """The engine's ``Network`` port. Usable from several threads; each call raises AzureCallError alone.

    It remembers the resource groups of the interfaces it was asked for: they are what is searched for the floating IP
    when the subscription as a whole may not be listed.
    """

    def __init__(self, clients: Clients) -> None:
        """Nothing is connected before the first call."""
        self._clients = clients
        self._mutex = threading.Lock()
        self._groups: dict[str, str] = {}

    def read_nic(self, nic: ResourceId) -> NicDocument:
        """The whole interface, unknown fields included."""
        with self._mutex:
            self._groups.setdefault(nic.group.lower(), nic.group)
        doing = Operation("read", nic.name)
        operations = self._clients.network(nic.subscription).network_interfaces
        body: object = translate_errors(
            doing, lambda: operations.get(nic.group, nic.name, **AS_IT_IS, **self._clients.limits.read())
        )
        return _document(doing, body)

    def write_nic(
        self,
        nic: ResourceId,
        document: NicDocument,
        *,
        if_match: str,
        request_id: str,
        precondition: Precondition | None = None,
    ) -> Accepted:
        """One conditional PUT of the whole interface, sent once."""
        doing = Operation("change", nic.name, writes=True)
        operations = self._clients.network(nic.subscription).network_interfaces
        headers = {"If-Match": if_match, "x-ms-client-request-id": request_id}

        def put() -> tuple[object, Mapping[str, str]]:
            poller = operations.begin_create_or_update(
                nic.group,
                nic.name,
                cast("Any", document.to_bytes()),
                headers=headers,
                polling=False,
                cls=_raw_answer,
                **WriteOptions(request_id, precondition).options(self._clients),
            )
            return cast("tuple[object, Mapping[str, str]]", poller.result())

        body, answered = translate_errors(doing, put)
        accepted = _document(doing, body)
        return Accepted(
            accepted.etag,
            accepted.provisioning,
            str(answered.get("Azure-AsyncOperation", "")),
            str(answered.get("x-ms-request-id", "")),
        )

    def move_configuration(
        self,
        source: ConfigurationId,
        target: ConfigurationId,
        subnet: ResourceId,
        *,
        request_id: str,
        precondition: Precondition,
    ) -> MoveAccepted:
        """Ask for one move; the answer says only that Azure took it."""
        doing = Operation("move", f"{source.name} of {source.nic.name}", writes=True)
        operations = self._clients.network(subnet.subscription).virtual_networks
        body = {
            "moveIpConfigurationItems": [
                {"sourceIpConfiguration": {"id": source.text}, "targetIpConfiguration": {"id": target.text}}
            ]
        }

        def post() -> Mapping[str, str]:
            poller = operations.begin_move_ip_configurations(
                subnet.group,
                subnet.parent_name,
                cast("Any", body),
                headers={"x-ms-client-request-id": request_id},
                polling=False,
                cls=headers_of,
                **WriteOptions(request_id, precondition).options(self._clients),
            )
            return cast("Mapping[str, str]", poller.result())

        answered = translate_errors(doing, post)
        return MoveAccepted(str(answered.get("Azure-AsyncOperation", "")), str(answered.get("x-ms-request-id", "")))

    def moves_registered(self, subscription: str) -> bool:
        """Whether the subscription has the preview feature; AzureCallError when it cannot be read."""
        features = f"/subscriptions/{subscription}/providers/Microsoft.Features"
        where = ArmPath(f"{features}/providers/Microsoft.Network/features/{FEATURE}", _FEATURES_API)
        body = read(self._clients, Operation("read", f"the feature {FEATURE}"), where)
        return text(inner(body), "state").lower() == "registered"

    def nics(self, subscription: str, page: Page) -> tuple[NicFound, ...]:
        """Interfaces."""
        return parse_each(documents.nic, self._list(subscription, "networkInterfaces", "the network interfaces", page))

    def nic(self, nic: ResourceId) -> NicFound:
        """One interface as of now, as the lists have it."""
        return self._one(nic, documents.nic, "It is not a network interface.")

    def nics_listing(self, address: str, subnet: ResourceId) -> tuple[ResourceId, ...]:
        """Every interface in the subnet's virtual network that names the address.

        The whole subscription is listed; when that is refused, the groups of the interfaces asked for and the subnet's.
        AzureCallError when none can be read.
        """
        doing = Operation("list", "the network interfaces")
        with self._mutex:
            groups = dict(self._groups)
        groups.setdefault(subnet.group.lower(), subnet.group)
        nics = items_of_subscription(
            self._clients,
            doing,
            subnet.subscription,
            ArmPath("Microsoft.Network/networkInterfaces", NETWORK_API),
            groups.values,
            longest_s=LONGEST_SEARCH_S,
        )
        found = (_match(doing, nic, address, _network_of(subnet.key)) for nic in nics)
        return tuple(dict.fromkeys(nic for nic in found if nic is not None))

    def networks(self, subscription: str, page: Page) -> tuple[NetworkFound, ...]:
        """Virtual networks with their subnets."""
        return parse_each(documents.network, self._list(subscription, "virtualNetworks", "the virtual networks", page))

    def subnet_prefixes(self, subnet: ResourceId) -> tuple[str, ...]:
        """The address ranges of a subnet, as Azure spells them."""
        doing = Operation("read", subnet.name)
        operations = self._clients.network(subnet.subscription).subnets
        limits = self._clients.limits.read()
        body: object = translate_errors(
            doing, lambda: operations.get(subnet.group, subnet.parent_name, subnet.name, **AS_IT_IS, **limits)
        )
        if not isinstance(body, Mapping) or not isinstance(body.get("properties"), Mapping):
            raise unreadable(doing, "It is not a subnet.")
        one = text(inner(body), "addressPrefix")
        return (one,) if one else texts(inner(body), "addressPrefixes")

    def security_groups(self, subscription: str, page: Page) -> tuple[SecurityGroupFound, ...]:
        """Network security groups with their rules."""
        found = self._list(subscription, "networkSecurityGroups", "the network security groups", page)
        return parse_each(documents.security_group, found)

    def frontends(self, subscription: str, page: Page) -> tuple[FrontendFound, ...]:
        """Private frontends of load balancers."""
        found = self._list(subscription, "loadBalancers", "the load balancers", page)
        return tuple(frontend for item in found for frontend in documents.frontends(item))

    def read_public_ip(self, public_ip: ResourceId) -> PublicIpSeen:
        """A public IP: its zones, SKU and family, and what has it."""
        return self._one(public_ip, documents.public_ip, "It has no id.")

    def read_balancer(self, balancer: ResourceId) -> BalancerSeen:
        """A load balancer: its kind, and what is behind it."""
        return self._one(balancer, documents.balancer, "It has no id.")

    def check_address(self, subnet: ResourceId, address: str) -> AddressAnswer:
        """Ask the subnet's network; a refusal for an address outside every subnet is an AzureCallError."""
        path = f"{subnet.text.rsplit('/subnets/', 1)[0]}/CheckIPAddressAvailability"
        doing = Operation("check", f"the address {address}")
        body = read(self._clients, doing, ArmPath(path, NETWORK_API, (("ipAddress", address),)))
        others = texts(body, "availableIPAddresses")
        return AddressAnswer(body.get("available") is True, others, body.get("isPlatformReserved") is True)

    def _list(self, subscription: str, kind: str, words: str, page: Page) -> list[Json]:
        where = ArmPath(f"Microsoft.Network/{kind}", NETWORK_API)
        groups = group_names(self._clients, subscription)
        return items_of_subscription(self._clients, Operation("list", words), subscription, where, groups, page)

    def _one(self, thing: ResourceId, parse: Callable[[Json], T | None], otherwise: str) -> T:
        doing = Operation("read", thing.name)
        found = parse(read(self._clients, doing, ArmPath(thing.text, NETWORK_API)))
        if found is None:
            raise unreadable(doing, otherwise)
        return found


def _document(doing: Operation, body: object) -> NicDocument:
    try:
        return NicDocument.parse(body)
    except NicDocumentError as error:
        raise unreadable(doing, "It is not a network interface.", str(error)) from error


def _raw_answer(response: Any, _model: object, _headers: object) -> Any:
    return parsed(response.http_response.content), response.http_response.headers


def _match(doing: Operation, nic: Json, address: str, network: str) -> ResourceId | None:
    for item in objects(inner(nic), "ipConfigurations"):
        subnet = text(inner(inner(item), "subnet"), "id").lower()
        if text(inner(item), "privateIPAddress") == address and _network_of(subnet) == network:
            found = resource(nic)
            if found is None:
                raise unreadable(doing, f"What has {address} is named in no way that can be read.")
            return found
    return None


def _network_of(subnet_key: str) -> str:
    return subnet_key.split("/subnets/", maxsplit=1)[0]
