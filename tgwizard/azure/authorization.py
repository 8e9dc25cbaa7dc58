"""Rights, deny assignments and locks: the signed-in identity's own, and those of another (azure-wire.md 3.3, 1.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from azure.core.rest import HttpRequest

from tgwizard.azure.failures import Doing, attempt, unreadable
from tgwizard.azure.network import READ
from tgwizard.azure.session import Clients
from tgwizard.engine.ports import CallFailed, Cause
from tgwizard.model.cluster import ResourceId
from tgwizard.model.lock import Lock, LockLevel
from tgwizard.model.permission import Denial, HeldRole, PermissionSet

EVERYONE = "00000000-0000-0000-0000-000000000000"
"""The principal of a deny assignment that concerns all."""

_PERMISSIONS_VERSION = "2022-04-01"
_LOCKS_VERSION = "2016-09-01"
"""The version of the recorded answers. Locks have an SDK package of their own, which is not worth one GET."""

_LEVELS = {level.value.lower(): level for level in LockLevel}
_MOST_PAGES = 50


def permissions_at(clients: Clients, scope: ResourceId) -> tuple[PermissionSet, ...]:
    """The permission sets that apply at the resource. Deny assignments are not part of them."""
    namespace, *types = scope.type.split("/")
    names = scope.text.split("/")[-2 * len(types) :][1::2]
    parent = "/".join(f"{kind}/{name}" for kind, name in zip(types[:-1], names[:-1], strict=True))
    operations = clients.authorization(scope.subscription).permissions
    doing = Doing("read your rights on", scope.name)
    held = attempt(
        doing,
        lambda: list(operations.list_for_resource(scope.group, namespace, parent, types[-1], scope.name, **READ)),
    )
    return tuple(PermissionSet(tuple(item.actions or ()), tuple(item.not_actions or ())) for item in held)


def permissions_in_subscription(clients: Clients, subscription: str) -> tuple[PermissionSet, ...]:
    """The permission sets of the signed-in identity on the whole subscription; the SDK has no call for that scope."""
    path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions"
    doing = Doing("read your rights on", "the subscription")
    found = _pages(clients, subscription, path, _PERMISSIONS_VERSION, doing)
    return tuple(
        PermissionSet(tuple(map(str, item.get("actions") or ())), tuple(map(str, item.get("notActions") or ())))
        for item in found
    )


def roles_of(clients: Clients, principal: str, subscription: str) -> tuple[HeldRole, ...]:
    """Every role that the identity holds at, above or below the subscription, through groups too, defined.

    An assignment whose role was deleted meanwhile grants nothing and is left out.
    """
    client = clients.authorization(subscription)
    doing = Doing("read the role assignments in", "the subscription")
    assigned = attempt(
        doing,
        lambda: list(client.role_assignments.list_for_subscription(filter=f"assignedTo('{principal}')", **READ)),
    )
    held: list[HeldRole] = []
    known: dict[str, tuple[PermissionSet, ...]] = {}
    for item in assigned:
        role = str(item.role_definition_id or "")
        if role not in known:
            known[role] = _definition(clients, subscription, role)
        held += [HeldRole(str(item.scope or ""), grants) for grants in known[role]]
    return tuple(held)


def denials_of(clients: Clients, principal: str, subscription: str) -> tuple[Denial, ...]:
    """The deny assignments that concern the identity: by name, as everyone, or through a group."""
    client = clients.authorization(subscription)
    doing = Doing("read the deny assignments in", "the subscription")
    every = attempt(doing, lambda: list(client.deny_assignments.list(**READ)))
    through = attempt(doing, lambda: list(client.deny_assignments.list(filter=f"assignedTo('{principal}')", **READ)))
    named = {str(item.id).lower() for item in through}
    found = []
    for item in every:
        out = {str(one.id).lower() for one in item.exclude_principals or ()}
        of = {str(one.id).lower() for one in item.principals or ()}
        concerns = bool({principal.lower(), EVERYONE} & of) or str(item.id).lower() in named
        if concerns and principal.lower() not in out:
            found += [
                Denial(
                    str(item.scope or ""),
                    PermissionSet(tuple(entry.actions or ()), tuple(entry.not_actions or ())),
                    bool(item.do_not_apply_to_child_scopes),
                )
                for entry in item.permissions or ()
            ]
    return tuple(found)


def locks_over(clients: Clients, resources: tuple[ResourceId, ...]) -> tuple[Lock, ...]:
    """The locks of the subscription that count at one of the resources; of their groups when only those may be read."""
    doing = Doing("read the locks in", "the subscription")
    subscriptions = dict.fromkeys(item.subscription for item in resources)
    groups = dict.fromkeys((item.subscription, item.group) for item in resources)
    found: list[Lock] = []
    for subscription in subscriptions:
        base = f"/subscriptions/{subscription}"
        try:
            found += _locks(clients, subscription, base, doing)
        except CallFailed as refused:
            if refused.cause is not Cause.NOT_ALLOWED:
                raise
            for owner, group in groups:
                if owner == subscription:
                    named = Doing("read the locks in", group)
                    found += _locks(clients, subscription, f"{base}/resourceGroups/{group}", named)
    return tuple(lock for lock in dict.fromkeys(found) if any(lock.over(item.text) for item in resources))


def _locks(clients: Clients, subscription: str, scope: str, doing: Doing) -> Iterator[Lock]:
    path = f"{scope}/providers/Microsoft.Authorization/locks"
    for item in _pages(clients, subscription, path, _LOCKS_VERSION, doing):
        inner = item.get("properties") or {}
        level = _LEVELS.get(str(inner.get("level", "")).lower())
        where = str(item.get("id", "")).lower().rfind("/providers/microsoft.authorization/locks/")
        if level is not None and where >= 0:
            yield Lock(str(item.get("name", "")), str(item["id"])[:where], level, str(inner.get("notes") or ""))


def _definition(clients: Clients, subscription: str, role: str) -> tuple[PermissionSet, ...]:
    operations = clients.authorization(subscription).role_definitions
    try:
        found: Any = attempt(Doing("read", "a role definition"), lambda: operations.get_by_id(role, **READ))
    except CallFailed as failure:
        if failure.cause is Cause.NOT_FOUND:
            return ()
        raise
    return tuple(
        PermissionSet(tuple(entry.actions or ()), tuple(entry.not_actions or ())) for entry in found.permissions or ()
    )


def _pages(clients: Clients, subscription: str, path: str, version: str, doing: Doing) -> Iterator[Mapping[str, Any]]:
    client = clients.network(subscription)
    base = clients.session.base_url.rstrip("/")
    url = f"{base}{path}?api-version={version}"
    for _ in range(_MOST_PAGES):
        body = attempt(doing, lambda url=url: _get(client, url))  # type: ignore[misc]
        if not isinstance(body, Mapping) or not isinstance(body.get("value"), list):
            raise unreadable(doing, "It is not a list.")
        yield from (item for item in body["value"] if isinstance(item, Mapping))
        url = str(body.get("nextLink") or "")
        if not url:
            return
        if not url.lower().startswith(f"{base.lower()}/"):
            raise unreadable(doing, "Its next page lies elsewhere.")
    raise unreadable(doing, "It does not end.")


def _get(client: Any, url: str) -> object:
    answer = client.send_request(HttpRequest("GET", url), **READ)
    answer.raise_for_status()
    return json.loads(answer.text())
