"""``ArmDirectory``: who asks, which directories, subscriptions and groups they see, and who still exists.

Who still exists is asked of Microsoft Graph: stale assignments belong to nobody (azure/README.md 3.2). Graph wants a
right of its own, which a service principal often lacks; then who is stale is not known, and that is an AzureCallError.
The lists of tenants and subscriptions are written after azure/README.md 1.1. Nothing was run against the real Azure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from azure.core.rest import HttpRequest

from tgwizard.azure.clients import Clients, silence_sdk_loggers
from tgwizard.azure.error_translation import Operation, translate_errors, unreadable
from tgwizard.azure.rest import GROUPS_API, SUBSCRIPTIONS_API, ArmPath, items, objects, send, text
from tgwizard.engine.ports import Page
from tgwizard.model.inventory import Caller, GroupSeen, SubscriptionSeen, TenantSeen

MOST_AT_ONCE = 1000
"""Graph's limit of ids in one getByIds."""

_WRITABLE = frozenset({"enabled", "pastdue"})
"""The states of a subscription in which Azure takes writes; Warned, Disabled and Deleted ones can only be read."""


class ArmDirectory:
    """The engine's ``Directory`` port. Usable from several threads; each call raises AzureCallError alone."""

    def __init__(self, clients: Clients) -> None:
        """Nothing is connected before the first call."""
        self._clients = clients

    def caller(self) -> Caller:
        """Who is signed in now; AzureCallError when nobody is."""
        silence_sdk_loggers()
        return translate_errors(Operation("check", "the sign-in"), self._clients.session.credential.caller)

    def token_life_s(self) -> float:
        """How many real seconds the access token is still good for, after renewing it when it is old."""
        return translate_errors(Operation("check", "the sign-in"), self._clients.session.credential.life_s)

    def tenants(self) -> tuple[TenantSeen, ...]:
        """The directories of the account."""
        found = items(self._clients, Operation("list", "your directories"), ArmPath("/tenants", SUBSCRIPTIONS_API))
        return tuple(
            TenantSeen(text(item, "tenantId"), text(item, "displayName")) for item in found if text(item, "tenantId")
        )

    def subscriptions(self) -> tuple[SubscriptionSeen, ...]:
        """The subscriptions that the account can see in its directory."""
        where = ArmPath("/subscriptions", SUBSCRIPTIONS_API)
        return tuple(
            SubscriptionSeen(
                text(item, "subscriptionId"),
                text(item, "displayName"),
                text(item, "tenantId"),
                text(item, "state").lower() in _WRITABLE,
            )
            for item in items(self._clients, Operation("list", "your subscriptions"), where)
            if text(item, "subscriptionId")
        )

    def groups(self, subscription: str, page: Page) -> tuple[GroupSeen, ...]:
        """Resource groups."""
        where = ArmPath(f"/subscriptions/{subscription}/resourcegroups", GROUPS_API)
        found = items(self._clients, Operation("list", "the resource groups"), where, page)
        return tuple(GroupSeen(text(item, "name"), text(item, "location")) for item in found if text(item, "name"))

    def known_principals(self, principals: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Object id (lower case) and display name of those that exist. Graph leaves out the ids that nobody has."""
        wanted = tuple(dict.fromkeys(oid.lower() for oid in principals))
        found: list[tuple[str, str]] = []
        for start in range(0, len(wanted), MOST_AT_ONCE):
            found += _by_ids(self._clients, wanted[start : start + MOST_AT_ONCE])
        return tuple(found)


def group_names(clients: Clients, subscription: str) -> Callable[[], tuple[str, ...]]:
    """Asks for the names of a subscription's groups when it is called."""
    return lambda: tuple(one.name for one in ArmDirectory(clients).groups(subscription, lambda _count: None))


def _by_ids(clients: Clients, ids: tuple[str, ...]) -> list[tuple[str, str]]:
    doing = Operation("look up", "the identities in the directory")
    request = HttpRequest("POST", f"{clients.session.graph}/v1.0/directoryObjects/getByIds", json={"ids": ids})
    body, _status = send(clients.graph(), doing, request, clients.limits.read())
    if not isinstance(body, Mapping) or not isinstance(body.get("value"), list):
        raise unreadable(doing, "It is no list.")
    return [
        (text(item, "id").lower(), text(item, "displayName")) for item in objects(body, "value") if text(item, "id")
    ]
