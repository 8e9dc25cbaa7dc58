"""Network interfaces, their operations and their subnets, through NetworkManagementClient.

Raw JSON both ways: a NIC PUT replaces the whole resource, so the bytes that go out are the document that came in,
unknown fields included, and nothing passes through the SDK's models (azure-wire.md 2.1). A write is sent once: no SDK
retry, no SDK polling (DESIGN 3e). Reads are repeated once when a connection broke, never slept over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from azure.core.rest import HttpRequest

from tgwizard.azure.failures import ArmError, Doing, attempt, from_document, unreadable
from tgwizard.azure.session import Clients
from tgwizard.engine.ports import Accepted, CallFailed, Cause, Certainty, InTime, OperationSeen, OperationState
from tgwizard.model.cluster import ResourceId
from tgwizard.model.nic import NicDocument, NicDocumentError
from tgwizard.model.problem import Problem

READ: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 10,
    "retry_total": 1,
    "retry_connect": 1,
    "retry_read": 1,
    "retry_status": 0,
}
"""Seconds and repeats of a read. ``retry_status`` 0: an answer is an answer, its Retry-After is not slept out here."""

WRITE: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 30, "retry_total": 0}

_SETTLED_WORDS = {state.value.lower(): state for state in OperationState}


def read_nic(clients: Clients, nic: ResourceId) -> NicDocument:
    """The whole interface."""
    doing = Doing("read", nic.name)
    operations = clients.network(nic.subscription).network_interfaces
    body: object = attempt(doing, lambda: operations.get(nic.group, nic.name, cls=_raw_json, **READ))
    return _document(doing, body)


@dataclass(frozen=True, slots=True)
class Sending:
    """How one write leaves: its id in the activity log, and who is asked in the last moment."""

    request_id: str
    in_time: InTime | None

    def options(self) -> dict[str, Any]:
        """What the SDK is called with. The hook runs after the token was fetched, right before the connection."""
        return {**WRITE, "raw_request_hook": self._last_look}

    def _last_look(self, _request: object) -> None:
        if self.in_time is not None and not self.in_time():
            problem = Problem(
                "write-too-late",
                "The write was not sent.",
                "What it rests on was read too long ago; the computer slept, or the sign-in took long.",
                "It is read anew.",
            )
            raise CallFailed(problem, Certainty.NOT_SENT, Cause.LATE)


def write_nic(clients: Clients, nic: ResourceId, document: NicDocument, *, if_match: str, sending: Sending) -> Accepted:
    """One conditional PUT of the whole interface."""
    doing = Doing("change", nic.name, writes=True)
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
            **sending.options(),
        )
        return cast("tuple[object, Mapping[str, str]]", poller.result())

    body, answered = attempt(doing, put)
    accepted = _document(doing, body)
    return Accepted(
        accepted.etag,
        accepted.provisioning,
        str(answered.get("Azure-AsyncOperation", "")),
        str(answered.get("x-ms-request-id", "")),
    )


def read_operation(clients: Clients, url: str, subscription: str) -> OperationSeen:
    """GET of the operation's URL exactly as given; a URL of another host is refused, so that no token goes astray."""
    doing = Doing("read the progress of", "the update")
    if urlsplit(url).scheme != "https" or urlsplit(url).netloc.lower() != clients.session.host:
        why = f"It points to {urlsplit(url).netloc or 'no host'}, not to {clients.session.host}."
        problem = Problem(
            "operation-elsewhere", "The address of the operation was not asked.", why, "Read the interface."
        )
        raise CallFailed(problem, Certainty.NOT_SENT)
    client = clients.network(subscription)

    def get() -> tuple[object, int]:
        answer = client.send_request(HttpRequest("GET", url), **READ)
        answer.raise_for_status()
        return _parsed(answer.text()), answer.status_code

    body, status = attempt(doing, get)
    word = str(body.get("status", "")).lower() if isinstance(body, Mapping) else ""
    state = _SETTLED_WORDS.get(word)
    if state is None:
        # 202 with an empty body is what a Location URL answers while it runs; an unknown word is no end either.
        if word or status == 202:
            return OperationSeen(OperationState.IN_PROGRESS)
        raise unreadable(doing, "It holds no status.")
    if state in (OperationState.FAILED, OperationState.CANCELED):
        error = ArmError.parse(body)
        return OperationSeen(state, from_document(Doing("finish", "the update"), None, error))
    return OperationSeen(state)


def nics_listing(clients: Clients, address: str, subnet: ResourceId, groups: tuple[str, ...]) -> tuple[ResourceId, ...]:
    """Every interface in the subnet's virtual network that names the address.

    The whole subscription is listed; when that is refused, the ``groups`` (names) that can be read. CallFailed when
    none can.
    """
    doing = Doing("list", "the network interfaces")
    operations = clients.network(subnet.subscription).network_interfaces
    try:
        nics = attempt(doing, lambda: list(operations.list_all(**READ)))
    except CallFailed as refused:
        if refused.cause is not Cause.NOT_ALLOWED:
            raise
        nics = []
        readable = 0
        for group in groups:
            try:
                nics += attempt(doing, lambda group=group: list(operations.list(group, **READ)))  # type: ignore[misc]
                readable += 1
            except CallFailed as failure:
                if failure.cause not in (Cause.NOT_ALLOWED, Cause.NOT_FOUND):
                    raise
        if not readable:
            raise
    found = (_match(nic, address, _network_of(subnet.key)) for nic in nics)
    return tuple(dict.fromkeys(nic for nic in found if nic is not None))


def subnet_prefixes(clients: Clients, subnet: ResourceId) -> tuple[str, ...]:
    """The address ranges of a subnet, as Azure spells them."""
    doing = Doing("read", subnet.name)
    operations = clients.network(subnet.subscription).subnets
    body: object = attempt(
        doing, lambda: operations.get(subnet.group, subnet.parent_name, subnet.name, cls=_raw_json, **READ)
    )
    inner = body.get("properties") if isinstance(body, Mapping) else None
    if not isinstance(inner, Mapping):
        raise unreadable(doing, "It is not a subnet.")
    one = inner.get("addressPrefix")
    return (str(one),) if one else tuple(str(prefix) for prefix in inner.get("addressPrefixes") or ())


def _document(doing: Doing, body: object) -> NicDocument:
    try:
        return NicDocument.parse(body)
    except NicDocumentError as error:
        raise unreadable(doing, "It is not a network interface.", str(error)) from error


def _raw_json(response: Any, _model: object, _headers: object) -> Any:
    return _parsed(response.http_response.text())


def _raw_answer(response: Any, _model: object, _headers: object) -> Any:
    return _parsed(response.http_response.text()), response.http_response.headers


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _match(nic: Mapping[str, Any], address: str, network: str) -> ResourceId | None:
    for inner in _configurations(nic):
        subnet = inner.get("subnet") or {}
        if inner.get("privateIPAddress") == address and _network_of(str(subnet.get("id", "")).lower()) == network:
            return ResourceId(str(nic.get("id", "")))
    return None


def _configurations(nic: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in (nic.get("properties") or {}).get("ipConfigurations") or ():
        yield item.get("properties") or {}


def _network_of(subnet_key: str) -> str:
    return subnet_key.split("/subnets/", maxsplit=1)[0]
