"""Who still exists in the directory, by Microsoft Graph: stale assignments belong to nobody (azure/README.md 3.2).

Graph wants a right of its own, which a service principal often lacks; then who is stale is not known, and that is an
AzureCallError. Not run against the real Graph.
"""

from __future__ import annotations

from collections.abc import Mapping

from azure.core.rest import HttpRequest

from tgwizard.azure.clients import Clients
from tgwizard.azure.error_translation import Operation, unreadable
from tgwizard.azure.rest import objects, send, text

MOST_AT_ONCE = 1000
"""Graph's limit of ids in one getByIds."""


def known_principals(clients: Clients, principals: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Object id (lower case) and display name of those that exist. Graph leaves out the ids that nobody has."""
    wanted = tuple(dict.fromkeys(oid.lower() for oid in principals))
    found: list[tuple[str, str]] = []
    for start in range(0, len(wanted), MOST_AT_ONCE):
        found += _by_ids(clients, wanted[start : start + MOST_AT_ONCE])
    return tuple(found)


def _by_ids(clients: Clients, ids: tuple[str, ...]) -> list[tuple[str, str]]:
    doing = Operation("look up", "the identities in the directory")

    request = HttpRequest("POST", f"{clients.session.graph}/v1.0/directoryObjects/getByIds", json={"ids": ids})
    body, _status = send(clients.graph(), doing, request, clients.limits.read())
    if not isinstance(body, Mapping) or not isinstance(body.get("value"), list):
        raise unreadable(doing, "It is no list.")
    return [
        (text(item, "id").lower(), text(item, "displayName")) for item in objects(body, "value") if text(item, "id")
    ]
