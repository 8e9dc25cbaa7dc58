"""Management locks and the caller's own permissions. Roles and assignments as resources have their place here."""

from __future__ import annotations

from tgwizard.lab import ids
from tgwizard.lab.rbac import grants_of
from tgwizard.lab.routing import Call, Route
from tgwizard.lab.wire import Json, Refusal, Response, json_response
from tgwizard.lab.world import Lock, LockLevel, World


def list_locks(call: Call) -> Response:
    """Answer the locks at a scope and below it; those above it count as well, as Azure lists them."""
    scope = _scope(call)
    found = [item for item in call.world.locks if ids.under(scope, item.scope) or ids.under(item.scope, scope)]
    return json_response(200, {"value": [_lock(item) for item in found]})


def list_permissions(call: Call) -> Response:
    """Answer one entry for each role the caller holds at or above a scope (`azure-wire.md` 3.3).

    A resource group that does not exist answers 200 with what is inherited.
    """
    value = [
        {
            "actions": list(grant.actions),
            "notActions": list(grant.not_actions),
            "dataActions": [],
            "notDataActions": [],
        }
        for grant in grants_of(call.world, call.principal, _scope(call))
    ]
    return json_response(200, {"value": value})


def require_unlocked(world: World, scope: str) -> None:
    """Refuse a write under a ReadOnly lock with 409 `ScopeLocked` (`azure-wire.md` 1.2)."""
    locks = [item for item in world.locks if item.level is LockLevel.READ_ONLY and ids.under(item.scope, scope)]
    if locks:
        raise Refusal(
            409,
            "ScopeLocked",
            f"The scope '{scope}' cannot perform write operation because following scope(s) are locked: "
            f"'{','.join(item.scope for item in locks)}'. Please remove the lock and try again.",
        )


def _scope(call: Call) -> str:
    return "/" + call.parameters["scope"].strip("/")


def _lock(lock: Lock) -> Json:
    properties: Json = {"level": lock.level.value}
    if lock.notes:
        properties["notes"] = lock.notes
    return {
        "id": f"{lock.scope}/providers/Microsoft.Authorization/locks/{lock.name}",
        "type": "Microsoft.Authorization/locks",
        "name": lock.name,
        "properties": properties,
    }


_AT = "/{scope*}/providers/Microsoft.Authorization"

ROUTES = (
    Route("GET", f"{_AT}/locks", list_locks, action="Microsoft.Authorization/locks/read", scope="/{scope*}"),
    Route("GET", f"{_AT}/permissions", list_permissions, group_may_be_missing=True),
)
