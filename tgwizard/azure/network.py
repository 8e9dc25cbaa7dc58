"""Network interfaces, their operations and their subnets, through NetworkManagementClient.

With the move of a configuration from one interface to another in one operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from azure.core.rest import HttpRequest

from tgwizard.azure.arm_json import parsed
from tgwizard.azure.clients import Clients
from tgwizard.azure.error_document import ArmError
from tgwizard.azure.error_translation import Operation, from_document, translate_errors, unreadable
from tgwizard.azure.http_pipeline import elsewhere, same_place
from tgwizard.azure.rest import (
    AS_IT_IS,
    NETWORK_API,
    ArmPath,
    Json,
    WriteOptions,
    headers_of,
    inner,
    items,
    objects,
    read,
    resource,
    send,
    text,
    texts,
)
from tgwizard.engine.errors import AzureCallError, Cause
from tgwizard.engine.ports import Accepted, ConfigurationId, MoveAccepted, OperationSeen, OperationState, Precondition
from tgwizard.model.cluster import ResourceId
from tgwizard.model.nic import NicDocument, NicDocumentError

LONGEST_SEARCH_S = 60.0
"""A failover waits no longer for the list of interfaces in which an address is looked for."""

_SETTLED_WORDS = {state.value.lower(): state for state in OperationState}


def read_nic(clients: Clients, nic: ResourceId) -> NicDocument:
    """The whole interface."""
    doing = Operation("read", nic.name)
    operations = clients.network(nic.subscription).network_interfaces
    body: object = translate_errors(
        doing, lambda: operations.get(nic.group, nic.name, **AS_IT_IS, **clients.limits.read())
    )
    return _document(doing, body)


def write_nic(
    clients: Clients, nic: ResourceId, document: NicDocument, *, if_match: str, sending: WriteOptions
) -> Accepted:
    """One conditional PUT of the whole interface."""
    doing = Operation("change", nic.name, writes=True)
    operations = clients.network(nic.subscription).network_interfaces
    headers = {"If-Match": if_match, "x-ms-client-request-id": sending.request_id}

    def put() -> tuple[object, Mapping[str, str]]:
        poller = operations.begin_create_or_update(
            nic.group,
            nic.name,
            cast("Any", document.to_bytes()),
            headers=headers,
            polling=False,
            cls=_raw_answer,
            **sending.options(clients),
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


def read_operation(clients: Clients, url: str) -> OperationSeen:
    """GET of the operation's URL exactly as given; a URL of another host is refused, so that no token goes astray."""
    doing = Operation("read the progress of", "the update")
    if not same_place(url, clients.session.base_url):
        raise elsewhere(url, clients.session.base_url)
    body, status = send(clients.arm(), doing, HttpRequest("GET", url), clients.limits.read())
    word = str(body.get("status", "")).lower() if isinstance(body, Mapping) else ""
    state = _SETTLED_WORDS.get(word)
    if state is None:
        # 202 with an empty body is what a Location URL answers while it runs; an unknown word is no end either.
        if word or status == 202:
            return OperationSeen(OperationState.IN_PROGRESS)
        raise unreadable(doing, "It holds no status.")
    if state in (OperationState.FAILED, OperationState.CANCELED):
        error = ArmError.parse(body)
        return OperationSeen(state, from_document(Operation("finish", "the update"), None, error))
    return OperationSeen(state)


def nics_listing(clients: Clients, address: str, subnet: ResourceId, groups: tuple[str, ...]) -> tuple[ResourceId, ...]:
    """Every interface in the subnet's virtual network that names the address.

    The whole subscription is listed; when that is refused, the ``groups`` (names) that can be read. AzureCallError when
    none can.
    """
    doing = Operation("list", "the network interfaces")
    home, kind = f"/subscriptions/{subnet.subscription}", "providers/Microsoft.Network/networkInterfaces"
    try:
        nics = items(clients, doing, ArmPath(f"{home}/{kind}", NETWORK_API), longest_s=LONGEST_SEARCH_S)
    except AzureCallError as refused:
        if refused.cause is not Cause.NOT_ALLOWED:
            raise
        nics = []
        readable = 0
        for group in groups:
            where = ArmPath(f"{home}/resourceGroups/{group}/{kind}", NETWORK_API)
            try:
                nics += items(clients, doing, where, longest_s=LONGEST_SEARCH_S)
                readable += 1
            except AzureCallError as failure:
                if failure.cause not in (Cause.NOT_ALLOWED, Cause.NOT_FOUND):
                    raise
        if not readable:
            raise
    found = (_match(doing, nic, address, _network_of(subnet.key)) for nic in nics)
    return tuple(dict.fromkeys(nic for nic in found if nic is not None))


def subnet_prefixes(clients: Clients, subnet: ResourceId) -> tuple[str, ...]:
    """The address ranges of a subnet, as Azure spells them."""
    doing = Operation("read", subnet.name)
    operations = clients.network(subnet.subscription).subnets
    body: object = translate_errors(
        doing,
        lambda: operations.get(subnet.group, subnet.parent_name, subnet.name, **AS_IT_IS, **clients.limits.read()),
    )
    if not isinstance(body, Mapping) or not isinstance(body.get("properties"), Mapping):
        raise unreadable(doing, "It is not a subnet.")
    one = text(inner(body), "addressPrefix")
    return (one,) if one else texts(inner(body), "addressPrefixes")


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


FEATURE = "AllowMoveIpConfigurations"
_FEATURES_API = "2021-07-01"


def move_configuration(
    clients: Clients,
    source: ConfigurationId,
    target: ConfigurationId,
    subnet: ResourceId,
    request_id: str,
    precondition: Precondition,
) -> MoveAccepted:
    """Ask for one move; the answer says only that Azure took it."""
    doing = Operation("move", f"{source.name} of {source.nic.name}", writes=True)
    operations = clients.network(subnet.subscription).virtual_networks
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
            **WriteOptions(request_id, precondition).options(clients),
        )
        return cast("Mapping[str, str]", poller.result())

    answered = translate_errors(doing, post)
    return MoveAccepted(str(answered.get("Azure-AsyncOperation", "")), str(answered.get("x-ms-request-id", "")))


def moves_registered(clients: Clients, subscription: str) -> bool:
    """Whether the subscription has the preview feature; AzureCallError when it cannot be read."""
    path = f"/subscriptions/{subscription}/providers/Microsoft.Features/providers/Microsoft.Network/features/{FEATURE}"
    body = read(clients, Operation("read", f"the feature {FEATURE}"), ArmPath(path, _FEATURES_API))
    return text(inner(body), "state").lower() == "registered"
