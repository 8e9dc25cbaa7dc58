"""Requests to Azure Resource Manager as raw JSON, through the SDK's own pipeline of sign-in, challenges and retries.

Whole lists are read page by page without the SDK's models: they cost ten times as much, and the older ones lose fields
(qt-and-sdk.md 2 and 3). A ``nextLink`` is followed to the ARM endpoint only, so that no token goes astray. A write is
sent once: no SDK retry, no SDK polling (DESIGN 3e).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from azure.core.rest import HttpRequest

from tgwizard.azure.failures import Doing, attempt, unreadable
from tgwizard.azure.network import READ, WRITE
from tgwizard.azure.session import Clients
from tgwizard.engine.ports import CallFailed, Certainty
from tgwizard.model.cluster import ResourceId
from tgwizard.model.problem import Problem

if TYPE_CHECKING:
    from azure.mgmt.resource.subscriptions import SubscriptionClient

Json = Mapping[str, Any]
Page = Callable[[int], None]

LIST: dict[str, Any] = READ | {"read_timeout": 30}
"""A page of a list may hold megabytes; seconds and repeats as for any read."""

NETWORK_API = "2026-03-01"
COMPUTE_API = "2026-04-01"
GROUPS_API = "2025-04-01"
SUBSCRIPTIONS_API = "2022-12-01"
AUTHORIZATION_API = "2022-04-01"
LOCKS_API = "2016-09-01"
"""What the SDK of this version sends itself (a test compares them); that of locks is the one recorded
(azure-wire.md 1.1), because their client is a package of its own."""

MOST_PAGES = 10_000
"""A list that never ends is broken off; the largest lists of Azure have some hundred pages."""


@dataclass(frozen=True, slots=True)
class Where:
    """A path below the ARM endpoint with its api-version and other query items."""

    path: str
    api: str
    query: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The path and query, quoted: a name may hold anything."""
        items = urlencode((*self.query, ("api-version", self.api)), quote_via=quote, safe="$'(),")
        return f"{quote(self.path, safe='/:@!$&()*+,;=')}?{items}"


def read(clients: Clients, doing: Doing, where: Where) -> Json:
    """One document."""
    return _mapping(doing, _get(clients.arm(), doing, where.text, READ))


def items(clients: Clients, doing: Doing, where: Where, page: Page = lambda _count: None) -> list[Json]:
    """Every item of a list, following its pages; ``page`` hears how many there are so far and may raise Cancelled.

    The whole list is read as who began it, whoever signs in meanwhile.
    """
    found: list[Json] = []
    host, client, link = clients.session.host, clients.arm(), where.text
    for _ in range(MOST_PAGES):
        body = _mapping(doing, _get(client, doing, link, LIST))
        value = body.get("value")
        if not isinstance(value, list):
            raise unreadable(doing, "It is no list.")
        found += [item for item in value if isinstance(item, Mapping)]
        page(len(found))
        following = body.get("nextLink")
        if not following:
            return found
        link = _of_arm(host, doing, str(following))
    raise unreadable(doing, "The list does not end.")


def write(
    clients: Clients, doing: Doing, method: str, where: Where, body: Json | None, request_id: str
) -> Mapping[str, Any] | None:
    """One request that changes something, sent once; the answer's document, or None when it has none."""
    headers = {"x-ms-client-request-id": request_id}

    def send() -> object:
        request = HttpRequest(method, where.text, headers=headers, json=body)
        answer = clients.arm().send_request(request, **WRITE)
        answer.raise_for_status()
        return _parsed(answer.content)

    answered = attempt(doing, send)
    return answered if isinstance(answered, Mapping) else None


def inner(item: Json, name: str = "properties") -> Json:
    """An object inside another; an empty one when it is missing or something else."""
    value = item.get(name)
    return value if isinstance(value, Mapping) else {}


def objects(item: Json, name: str) -> Iterator[Json]:
    """The objects of a list inside an object."""
    value = item.get(name)
    return (entry for entry in value if isinstance(entry, Mapping)) if isinstance(value, list) else iter(())


def texts(item: Json, name: str) -> tuple[str, ...]:
    """The texts of a list inside an object."""
    value = item.get(name)
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


def text(item: Json, name: str) -> str:
    """A text inside an object; empty when it is missing or something else."""
    value = item.get(name)
    return value if isinstance(value, str) else ""


def reference(item: Json, name: str) -> ResourceId | None:
    """What ``{"id": ...}`` under a name refers to; None when it is missing or no id of a resource."""
    return resource(inner(item, name))


def references(item: Json, name: str) -> tuple[ResourceId, ...]:
    """What a list of ``{"id": ...}`` refers to."""
    return tuple(found for entry in objects(item, name) if (found := resource(entry)) is not None)


def resource(item: Json) -> ResourceId | None:
    """The id of a document; None when it has none, or one that is no resource's."""
    try:
        return ResourceId.parse(text(item, "id"))
    except ValueError:
        return None


def _get(client: SubscriptionClient, doing: Doing, link: str, options: Mapping[str, Any]) -> object:
    def get() -> object:
        answer = client.send_request(HttpRequest("GET", link), **options)
        answer.raise_for_status()
        return _parsed(answer.content)

    return attempt(doing, get)


def _of_arm(host: str, doing: Doing, link: str) -> str:
    parts = urlsplit(link)
    if parts.scheme == "https" and parts.netloc.lower() == host:
        # The SDK's client fills in what stands in braces.
        return link.replace("{", "%7B").replace("}", "%7D")
    what = f"The request to {doing} was not finished."
    why = f"The rest of the list is said to be at {parts.netloc or 'no host'}, not at {host}."
    raise CallFailed(Problem("list-elsewhere", what, why, "Read again."), Certainty.NOT_SENT)


def _mapping(doing: Doing, body: object) -> Json:
    if not isinstance(body, Mapping):
        raise unreadable(doing, "It is no JSON document.")
    return body


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
