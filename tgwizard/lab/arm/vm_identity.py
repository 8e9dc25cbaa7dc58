"""PATCH of a VM: its system-assigned identity and its tags (azure/README.md 1.3).

The answer carries the new principal at once, 15 of 15 recorded; taking the identity away and giving it back makes
another principal, and the old one's assignments are left without anybody.
"""

from __future__ import annotations

import uuid

from tgwizard.lab import ids
from tgwizard.lab.arm import compute, tags
from tgwizard.lab.arm.request_bodies import json_object, object_of, text_of
from tgwizard.lab.arm.responses import existing
from tgwizard.lab.entra import identity_endpoint
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Json, Refusal, RefusalCause, Response, json_response
from tgwizard.lab.world import VM_TYPE, LabPrincipalKind, Principal, World

_NONE, _SYSTEM, _USER, _BOTH = "None", "SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"
_USERS = uuid.UUID("b7d4c2a0-1c4e-4b4b-9d0f-0d3a7a0c5e21")
_CHANGEABLE = frozenset({"identity", "tags"})


def patch(call: HandlerCall) -> Response:
    """Change identity and tags: 200 with the VM as it will be, `Updating` until the operation is over."""
    vm = existing(call, VM_TYPE)
    compute.require_match(call, vm)
    body = json_object(call.request.body)
    identity, wanted_tags = object_of(body, "identity"), tags.checked(body)
    unknown = sorted(set(body) - _CHANGEABLE)
    if unknown:
        raise Refusal(
            409,
            "PropertyChangeNotAllowed",
            f"Changing property '{unknown[0]}' is not allowed.",
            cause=RefusalCause.SERVICE,
        )
    wanted = _wanted(vm, identity) if body.get("identity") is not None else None
    headers = compute.begin_update(call, vm)
    if wanted is not None:
        _apply(call, vm, wanted, identity)
    if wanted_tags is not None:
        vm["tags"] = wanted_tags
    return json_response(200, vm, headers)


def _wanted(vm: Json, identity: Json) -> str:
    """Return the identity type to have. Raises Refusal for one that Azure does not know or cannot do."""
    kind = text_of(identity, "type")
    object_of(identity, "userAssignedIdentities")  # refused here if it is none, before anything has changed
    if kind is None:
        present: str = vm.get("identity", {}).get("type", _NONE)
        return present
    if kind not in {_NONE, _SYSTEM, _USER, _BOTH}:
        raise Refusal(
            400,
            "InvalidParameter",
            f"The value '{kind}' provided for identity type is invalid. Expected values are "
            f"'{_SYSTEM}', '{_USER}', '{_BOTH}' and '{_NONE}'.",  # wording [?]
            cause=RefusalCause.SERVICE,
        )
    if kind in {_USER, _BOTH} and not _wanted_users(vm, identity):
        raise Refusal(
            400,
            "InvalidParameter",
            f"The identity type '{kind}' needs at least one user-assigned identity.",  # wording [?]
            cause=RefusalCause.SERVICE,
        )
    return kind


def _apply(call: HandlerCall, vm: Json, wanted: str, sent: Json) -> None:
    world = call.world
    present = identity_endpoint.identity_of(world, vm["id"])
    result: Json = {"type": wanted}
    if wanted in {_SYSTEM, _BOTH}:
        if present is None:
            present = Principal(
                world.guid(), world.guid(), vm["name"], vm["id"], LabPrincipalKind.SERVICE_PRINCIPAL, call.now
            )
            world.principals.append(present)
        result |= {"principalId": present.oid, "tenantId": call.subscription.tenant}
    elif present is not None:
        world.principals.remove(present)
    if wanted in {_USER, _BOTH}:
        result["userAssignedIdentities"] = _users(world, vm, sent)
    if wanted == _NONE:
        vm.pop("identity", None)
    else:
        vm["identity"] = result


def user_assigned(world: World, reference: str) -> Json:
    """Return what a VM shows of a user-assigned identity: the ids it has, which follow from its own id in the lab."""
    about = f"{world.lab_id}:{ids.key(reference)}"
    return {name: str(uuid.uuid5(_USERS, f"{about}:{name}")) for name in ("principalId", "clientId")}


def _wanted_users(vm: Json, sent: Json) -> list[str]:
    """Return the user-assigned identities a VM will have: what it has and what is sent, null taking one away."""
    wanted = {ids.key(item): item for item in vm.get("identity", {}).get("userAssignedIdentities", {})}
    for reference, value in (sent.get("userAssignedIdentities") or {}).items():
        if value is None:
            wanted.pop(ids.key(reference), None)
        else:
            wanted.setdefault(ids.key(reference), reference)
    return list(wanted.values())


def _users(world: World, vm: Json, sent: Json) -> Json:
    return {reference: user_assigned(world, reference) for reference in _wanted_users(vm, sent)}


def linked(call: HandlerCall) -> list[tuple[str, str]]:
    """Return the linked permission checks of a VM's body: the user-assigned identities it names."""
    try:
        named = object_of(object_of(json_object(call.request.body), "identity"), "userAssignedIdentities")
    except Refusal:
        return []  # an unreadable body is refused later, as itself
    return [
        ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", ids.key(item))
        for item, value in named.items()
        if value is not None
    ]


ROUTES = (
    Route(
        "PATCH",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}",
        patch,
        action=f"{VM_TYPE}/write",
        linked=linked,
        writes=True,
    ),
)
