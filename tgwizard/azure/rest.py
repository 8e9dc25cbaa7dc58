"""Requests to Azure Resource Manager as raw JSON, through the SDK's own pipeline of sign-in and challenges.

Whole lists are read page by page without the SDK's models: they cost ten times as much, and the older ones lose fields
(azure/README.md 6.1); the SDK would also follow a ``nextLink`` to wherever it leads, and for ever. A write is sent
once: no repeats, no SDK polling (engine/README.md 1.5). A read whose connection broke is sent once more, never slept
over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from azure.core.rest import HttpRequest

from tgwizard.azure.arm_json import parsed
from tgwizard.azure.clients import Clients
from tgwizard.azure.error_translation import Operation, translate_errors, unreadable
from tgwizard.azure.http_pipeline import elsewhere, same_place
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.ports import Page, Precondition
from tgwizard.model.cluster import ResourceId
from tgwizard.model.problem import Problem

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.mgmt.resource.subscriptions import SubscriptionClient

T = TypeVar("T")

Json = Mapping[str, Any]

NETWORK_API = "2026-03-01"
COMPUTE_API = "2026-04-01"
GROUPS_API = "2025-04-01"
SUBSCRIPTIONS_API = "2022-12-01"
AUTHORIZATION_API = "2022-04-01"
LOCKS_API = "2016-09-01"
"""What the SDK of this version sends itself (a test compares them); that of locks is the one recorded
(azure/README.md 1.1), because their client is a package of its own."""

MOST_PAGES = 2_000
LONGEST_LIST_S = 600.0
"""A list that never ends is broken off; the largest lists of Azure have some hundred pages."""


@dataclass(frozen=True, slots=True)
class ArmPath:
    """A path below the ARM endpoint with its api-version and other query items."""

    path: str
    api: str
    query: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The path and query, quoted: a name may hold anything, and what is no character at all names nothing."""
        items = urlencode((*self.query, ("api-version", self.api)), quote_via=quote, safe="$'(),", errors="replace")
        return f"{quote(self.path, safe='/:@!$&()*+,;=', errors='replace')}?{items}"


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How one write leaves: its id in the activity log, and who is asked in the last moment."""

    request_id: str
    precondition: Precondition | None

    def options(self, clients: Clients) -> dict[str, Any]:
        """What the SDK is called with. The hook runs after the token was fetched, right before the connection."""
        return {**clients.limits.write(), "raw_request_hook": self._last_look}

    def _last_look(self, _request: object) -> None:
        if self.precondition is not None and not self.precondition():
            problem = Problem(
                "write-too-late",
                "The write was not sent.",
                "What it rests on was read too long ago; the computer slept, or the sign-in took long.",
                "It is read again.",
            )
            raise AzureCallError(problem, Certainty.NOT_SENT, Cause.STALE)


def read(clients: Clients, doing: Operation, where: ArmPath) -> Json:
    """One document."""
    return _mapping(doing, send(clients.arm(), doing, HttpRequest("GET", where.text), clients.limits.read())[0])


def items(
    clients: Clients,
    doing: Operation,
    where: ArmPath,
    page: Page = lambda _count: None,
    *,
    each: Json | None = None,
    longest_s: float = LONGEST_LIST_S,
) -> list[Json]:
    """Every item of a list, following its pages; ``page`` hears how many there are so far and may raise Cancelled.

    Pages are read at the ARM endpoint only, each of them once, and no longer than ``longest_s`` in all. The whole list
    is read as who began it, whoever signs in meanwhile.
    """
    found: list[Json] = []
    limits = clients.limits.page() if each is None else each
    own, client, link = clients.session.base_url, clients.arm(), where.text
    followed: set[str] = set()
    until = time.monotonic() + longest_s
    while len(followed) < MOST_PAGES and time.monotonic() < until:
        body = _mapping(doing, send(client, doing, HttpRequest("GET", link), limits)[0])
        value = body.get("value")
        if not isinstance(value, list):
            raise unreadable(doing, "It is no list.")
        if not all(isinstance(item, Mapping) for item in value):
            raise unreadable(doing, "It lists what is no object.")
        found += value
        page(len(found))
        following = body.get("nextLink")
        if not following:
            return found
        if str(following) in followed:
            raise unreadable(doing, "The list leads back to a page that was read already.")
        if not same_place(str(following), own):
            raise elsewhere(str(following), own)
        followed.add(str(following))
        # The SDK's client fills in what stands in braces.
        link = str(following).replace("{", "%7B").replace("}", "%7D")
    raise unreadable(doing, "The list does not end.")


def items_of_subscription(
    clients: Clients,
    doing: Operation,
    subscription: str,
    kind: ArmPath,
    groups: Callable[[], Iterable[str]],
    page: Page = lambda _count: None,
    *,
    longest_s: float = LONGEST_LIST_S,
) -> list[Json]:
    """Every thing of a kind in a subscription; ``kind``: such as Microsoft.Compute/virtualMachines.

    Azure refuses the list of a subscription to who has rights in some of its groups only. Then it is read in those of
    ``groups`` (names) that may be read and are still there; ``page`` hears before each. The refusal stands where none
    can be read or even be named.
    """
    home, below = f"/subscriptions/{subscription}", f"providers/{kind.path}"
    try:
        return items(clients, doing, replace(kind, path=f"{home}/{below}"), page, longest_s=longest_s)
    except AzureCallError as refusal:
        if refusal.cause is not Cause.NOT_ALLOWED:
            raise
        try:
            names = tuple(groups())
        except AzureCallError:
            raise refusal from None  # it says more
        found: list[Json] = []
        read_one = False
        for name in names:
            page(len(found))
            try:
                where = replace(kind, path=f"{home}/resourceGroups/{name}/{below}")
                found += items(clients, doing, where, longest_s=longest_s)
                read_one = True
            except AzureCallError as failure:
                if failure.cause not in (Cause.NOT_ALLOWED, Cause.NOT_FOUND):
                    raise
        if not read_one:
            raise
        return found


def parse_each(parse: Callable[[Json], T | None], found: Iterable[Json]) -> tuple[T, ...]:
    """What can be parsed of a list; what has no id of a resource is none and is left out."""
    return tuple(parsed for item in found if (parsed := parse(item)) is not None)


def write(
    clients: Clients, doing: Operation, method: str, where: ArmPath, body: Json | None, request_id: str
) -> Mapping[str, Any] | None:
    """One request that changes something, sent once; the answer's document, or None when it has none."""
    request = HttpRequest(method, where.text, headers={"x-ms-client-request-id": request_id}, json=body)
    answered, _status = send(clients.arm(), doing, request, clients.limits.write())
    return None if answered is None else _mapping(doing, answered)


def send(
    client: SubscriptionClient | PipelineClient[Any, Any], doing: Operation, request: HttpRequest, options: Json
) -> tuple[object, int]:
    """One exchange: the document of a good answer, None when it has no body, and the status. AzureCallError alone."""

    def send() -> tuple[object, int]:
        answer: Any = client.send_request(request, **options)
        answer.raise_for_status()
        return good_document(doing, answer), answer.status_code

    return translate_errors(doing, send)


def good_document(doing: Operation, answer: Any) -> object:
    """The document of an answer; what is none, and what redirects instead of answering, is unreadable."""
    if not 200 <= answer.status_code < 300:
        raise unreadable(doing, f"It has the status {answer.status_code}, and Azure answers with no such.")
    try:
        return parsed(answer.content)
    except ValueError as error:
        raise unreadable(doing, str(error), _glance(answer)) from error


def _document(response: Any, _model: object, _headers: object) -> Any:
    return parsed(response.http_response.read())


AS_IT_IS: Json = {"cls": _document, "stream": True}
"""For the SDK's operations that read: the document as it came. Told not to read it (``stream``; the bytes are at hand
all the same), the SDK does not parse it and build its model of it first, which takes longer than our own reading."""


def headers_of(response: Any, _model: object, _headers: object) -> Mapping[str, str]:
    """The headers of what the SDK took for a good answer; ValueError when its body is no document of Azure's."""
    parsed(response.http_response.content)
    found: Mapping[str, str] = response.http_response.headers
    return found


def _glance(answer: Any) -> str:
    """How an answer begins that is no document of Azure's."""
    return f"{answer.headers.get('Content-Type', 'no type')}: {bytes(answer.content[:200]).decode('utf-8', 'replace')}"


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


def _mapping(doing: Operation, body: object) -> Json:
    if not isinstance(body, Mapping):
        raise unreadable(doing, "It is no JSON object." if body is not None else "It is empty.")
    return body
