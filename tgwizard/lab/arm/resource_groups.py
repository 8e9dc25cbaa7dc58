"""Resource groups: reading, making, changing, and deleting them with all that is in them.

A deletion is a long-running operation of ARM itself: 202 with a `Location` that answers 202 until it is over, then 200,
or 409 `ResourceGroupDeletionBlocked` with the reason of every resource that something outside the group still uses;
the others are gone then all the same. Codes and sentences are those of public logs; the durations are modelled [?].
"""

from __future__ import annotations

import json
import re
from datetime import datetime

from tgwizard.lab import ids, operations
from tgwizard.lab.arm import compute, in_use_checks, nic_state, not_served, regions, resource_filter, tags
from tgwizard.lab.arm.request_bodies import json_object, text_of
from tgwizard.lab.arm.responses import in_scope, location_of, paged
from tgwizard.lab.rbac import rbac_evaluation, role_store
from tgwizard.lab.routing import FILTERED, HandlerCall, Route
from tgwizard.lab.wire import Json, Refusal, Response, json_response
from tgwizard.lab.world import (
    ASG_TYPE,
    GROUP_TYPE,
    LOAD_BALANCER_TYPE,
    NIC_TYPE,
    NSG_TYPE,
    PUBLIC_IP_TYPE,
    VM_TYPE,
    VNET_TYPE,
    LongOperation,
    OperationKind,
    OperationStatus,
    World,
)

DELETING = "Deleting"
_RETRY_AFTER_S = 15
_ORDER = (VM_TYPE, NIC_TYPE, LOAD_BALANCER_TYPE, PUBLIC_IP_TYPE, VNET_TYPE, NSG_TYPE, ASG_TYPE)
"""In which order ARM deletes: what uses others first."""
_NAME = re.compile(r"[\w()-](?:[\w().-]{0,88}[\w()-])?")
_ALLOWED = re.compile(r"[\w().-]")
_CHANGEABLE = frozenset({"tags", "managedBy", "properties", "name", "id", "type"})


def listing(call: HandlerCall) -> Response:
    """Answer the resource groups the caller may read; some right below the subscription is enough to ask [?]."""
    world, scope = call.world, ids.subscription_id(call.subscription.id)
    if not rbac_evaluation.holds_any(world, call.principal, scope, call.now):
        rbac_evaluation.require(world, call.principal, _READ, scope, call.now)
    wanted = resource_filter.parse(call.query.get("$filter", ""), resource_filter.OF_GROUPS)
    value = [
        item
        for item in in_scope(call, GROUP_TYPE)
        if wanted(item) and rbac_evaluation.allowed(world, call.principal, _READ, item["id"], call.now)
    ]
    return paged(call, value)


def get(call: HandlerCall) -> Response:
    """Answer one resource group."""
    return json_response(200, _existing(call))


def exists(call: HandlerCall) -> Response:
    """Answer a HEAD: 204 when the group exists, 404 when not."""
    return Response(204 if call.world.group(call.parameters["group"], call.subscription.id) else 404)


def put(call: HandlerCall) -> Response:
    """Create a resource group, 201, or replace what can be changed of it, 200."""
    name, body = call.parameters["group"], json_object(call.request.body)
    group = call.world.group(name, call.subscription.id)
    location, managed_by = text_of(body, "location"), text_of(body, "managedBy")
    if not location:
        raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
    sent = tags.checked(body)
    if group is None:
        _check_name(name)
        if not regions.is_known(location):
            raise Refusal(
                400,
                "LocationNotAvailableForResourceGroup",
                f"The provided location '{location}' is not available for resource group. List of available regions "
                f"is '{','.join(sorted(regions.NAMES))}'.",
            )
    elif location_of(location) != group["location"]:
        raise Refusal(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{group['location']}'.",
        )
    group_id = group["id"] if group else ids.group_id(call.subscription.id, name)
    call.world.remember(group_id, call.now)
    document: Json = {
        "id": group_id,
        "name": group["name"] if group else name,
        "type": GROUP_TYPE,
        "location": location_of(location),
        **({"managedBy": managed_by} if managed_by else {}),
        **({"tags": sent} if sent is not None else {}),
        "properties": {"provisioningState": "Succeeded"},
    }
    call.world.resources[ids.key(group_id)] = document
    call.world.serial += 1
    return json_response(200 if group else 201, document)


def patch(call: HandlerCall) -> Response:
    """Change the tags of a resource group, or who manages it."""
    group, body = _existing(call), json_object(call.request.body)
    unknown = sorted(set(body) - _CHANGEABLE)
    if unknown:
        raise Refusal(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: 'Could not find member "
            f"'{unknown[0]}' on object of type 'ResourceGroupDefinition'.'.",
        )
    sent, managed_by = tags.checked(body), text_of(body, "managedBy")
    call.world.remember(group["id"], call.now)
    if sent is not None:
        group["tags"] = sent
    if managed_by is not None:
        group["managedBy"] = managed_by
    call.world.serial += 1
    return json_response(200, group)


def delete(call: HandlerCall) -> Response:
    """Accept the deletion of a resource group with all that is in it."""
    world, group = call.world, _existing(call)
    if "forcedeletiontypes" in call.query:
        raise not_served.refusal("forceDeletionTypes")
    running = world.running(group["id"], frozenset({OperationKind.DELETE_GROUP}))
    if running is None:
        world.remember(group["id"], call.now)
        group["properties"]["provisioningState"] = DELETING
        running = operations.begin(world, OperationKind.DELETE_GROUP, group["id"], call.now, call.fate)
    return Response(202, (_location(call, running), ("Retry-After", str(_RETRY_AFTER_S))))


def poll(call: HandlerCall) -> Response:
    """Answer the `Location` of a deletion: 202 until it is over, then 200, or its error."""
    operation = call.world.operations.get(call.parameters["operation"].lower())
    if operation is None or operation.kind is not OperationKind.DELETE_GROUP:
        # Code and wording [?].
        raise Refusal(404, "NotFound", f"The operation '{call.parameters['operation']}' could not be found.")
    if operation.status is OperationStatus.IN_PROGRESS:
        return Response(202, (_location(call, operation), ("Retry-After", str(_RETRY_AFTER_S))))
    if operation.error is not None:
        return json_response(409, {"error": operation.error})
    return Response(200)


def require_not_deleting(group: Json | None) -> None:
    """Refuse with 409 to write in a resource group that is being deleted."""
    if group is not None and group["properties"]["provisioningState"] == DELETING:
        raise Refusal(
            409,
            "ResourceGroupBeingDeleted",
            f"The resource group '{group['name']}' is in deprovisioning state and cannot perform this operation.",
        )


def finish(world: World, operation: LongOperation, when: datetime) -> None:
    """End a deletion: the group is gone with all that was in it, or what is still used elsewhere keeps it there."""
    group = world.find(operation.target)
    if group is None:
        return
    world.remember(group["id"], when)
    kept = _delete_contents(world, group["id"], when) if operation.status is OperationStatus.SUCCEEDED else {}
    if operation.status is not OperationStatus.SUCCEEDED or kept:
        group["properties"]["provisioningState"] = "Succeeded"
        if kept:
            operation.status, operation.error = OperationStatus.FAILED, _blocked(group, operation, kept)
        return
    for assignment in [item for item in role_store.assignments(world) if ids.under(group["id"], item.scope)]:
        role_store.remove_assignment(world, assignment, when)
    del world.resources[ids.key(group["id"])]
    world.serial += 1


def _delete_contents(world: World, group_id: str, when: datetime) -> dict[str, Refusal]:
    """Delete what is in a group; return why what is left could not be, by id."""
    kept: dict[str, Refusal] = {}
    for kind in _ORDER:
        for document in [item for item in world.of_type(kind) if ids.under(group_id, item["id"])]:
            refusal = in_use_checks.in_use(world, document)
            if refusal is not None:
                kept[document["id"]] = refusal
                continue
            world.remember(document["id"], when)
            if kind == VM_TYPE:
                compute.remove(world, document)
            elif kind == NIC_TYPE:
                nic_state.remove(world, document, when)
            else:
                in_use_checks.forget(world, document)
                del world.resources[ids.key(document["id"])]
    return kept


def _blocked(group: Json, operation: LongOperation, kept: dict[str, Refusal]) -> Json:
    named = ",".join(resource_id.rpartition("/providers/")[2] for resource_id in kept)
    return {
        "code": "ResourceGroupDeletionBlocked",
        "message": f"Deletion of resource group '{group['name']}' failed as resources with identifiers '{named}' could "
        "not be deleted. The provisioning state of the resource group will be rolled back. The tracking Id is "
        f"'{operation.id}'. Please check audit logs for more details.",
        "details": [
            {"code": None, "target": resource_id, "message": json.dumps(refusal.response().json())}
            for resource_id, refusal in kept.items()
        ],
    }


def _existing(call: HandlerCall) -> Json:
    name = call.parameters["group"]
    group = call.world.group(name, call.subscription.id)
    if group is None:
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return group


def _check_name(name: str) -> None:
    if len(name) > 90:
        raise Refusal(
            400,
            "InvalidResourceGroup",  # code and wording [?]
            f"The provided resource group name has the length '{len(name)}' which exceeds the maximum length of '90'.",
        )
    if not _NAME.fullmatch(name):
        bad = "".join(sorted(set(_ALLOWED.sub("", name))))
        raise Refusal(
            400,
            "InvalidResourceGroup",
            f"The provided resource group name '{name}' has these invalid characters: '{bad}'. The name can only be a "
            "letter, digit, '-', '.', '(', ')' or '_'.",
        )


def _location(call: HandlerCall, operation: LongOperation) -> tuple[str, str]:
    path = f"{ids.subscription_id(call.subscription.id)}/operationresults/{operation.id}"
    return "Location", f"{call.host}{path}?api-version={call.api_version}"


_READ = "Microsoft.Resources/subscriptions/resourceGroups/read"
_WRITE = "Microsoft.Resources/subscriptions/resourceGroups/write"
_DELETE = "Microsoft.Resources/subscriptions/resourceGroups/delete"
_ALL = "/subscriptions/{sub}/resourceGroups"
_ONE = f"{_ALL}/{{group}}"

ROUTES = (
    Route("GET", _ALL, listing, options=FILTERED),
    Route("GET", _ONE, get, action=_READ),
    Route("HEAD", _ONE, exists, action=_READ, group_may_be_missing=True),
    Route("PUT", _ONE, put, action=_WRITE, writes=True, group_may_be_missing=True),
    Route("PATCH", _ONE, patch, action=_WRITE, writes=True),
    Route("DELETE", _ONE, delete, action=_DELETE, writes=True),
    Route("GET", "/subscriptions/{sub}/operationresults/{operation}", poll),
)
