"""Virtual machines: reading, the instance view, and the four power verbs (azure/README.md 1.3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote, urlencode

from tgwizard.lab import ids, operations
from tgwizard.lab.arm import not_served, settled_checks
from tgwizard.lab.arm.responses import existing, in_scope, paged, with_etag
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Headers, Json, Refusal, RefusalCause, Response, json_response
from tgwizard.lab.world import VM_TYPE, LabPower, LongOperation, OperationKind, OperationStatus, World

PROVIDER = "Microsoft.Compute"
_ONE = "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
_POLL = "/subscriptions/{sub}/providers/Microsoft.Compute/locations/{location}/operations/{operation}"


@dataclass(frozen=True, slots=True)
class _Verb:
    """A power verb: the state of the VM while it runs, and afterwards."""

    path: str
    during: LabPower
    after: LabPower


_VERBS = {
    OperationKind.POWER_OFF: _Verb("powerOff", LabPower.STOPPING, LabPower.STOPPED),
    OperationKind.START: _Verb("start", LabPower.STARTING, LabPower.RUNNING),
    OperationKind.DEALLOCATE: _Verb("deallocate", LabPower.DEALLOCATING, LabPower.DEALLOCATED),
    OperationKind.RESTART: _Verb("restart", LabPower.STARTING, LabPower.RUNNING),
}
_SIGNED_SINCE = "2025"
"""From then on poll URLs carry items like a signature: a client uses them exactly as given (azure/README.md 1.3)."""
_KINDS = frozenset({*_VERBS, OperationKind.UPDATE_VM, OperationKind.DELETE_VM})
_SETTLING = {
    OperationStatus.SUCCEEDED: "Succeeded",
    OperationStatus.FAILED: "Failed",
    OperationStatus.CANCELED: "Canceled",
}
_EXPANDS = frozenset({"instanceview", "userdata"})
"""No VM of the lab has user data, so there is nothing to add for the second."""
UPDATING, DELETING = "Updating", "Deleting"
_SETTLED = {
    LabPower.RUNNING: "VM running",
    LabPower.STARTING: "VM starting",
    LabPower.STOPPING: "VM stopping",
    LabPower.STOPPED: "VM stopped",
    LabPower.DEALLOCATING: "VM deallocating",
    LabPower.DEALLOCATED: "VM deallocated",
}


def get_vm(call: HandlerCall) -> Response:
    """Answer a VM, with its instance view if the client asks for it."""
    vm = existing(call, VM_TYPE)
    expand = {item.strip().lower() for item in call.query.get("$expand", "").split(",") if item.strip()}
    if not expand <= _EXPANDS:
        raise not_served.refusal(f"$expand={call.query['$expand']} of virtual machines")
    if "instanceview" in expand:
        properties = {**vm["properties"], "instanceView": _instance_view(call.world, vm, call.now)}
        vm = {**vm, "properties": properties}
    return with_etag(vm)


def list_vms(call: HandlerCall) -> Response:
    """Answer the VMs of a group or subscription; there `statusOnly=true` adds how they run (not recorded [?])."""
    vms = in_scope(call, VM_TYPE)
    if "group" not in call.parameters and call.query.get("statusonly", "").lower() == "true":
        vms = [
            {**vm, "properties": {**vm["properties"], "instanceView": _instance_view(call.world, vm, call.now)}}
            for vm in vms
        ]
    return paged(call, vms)


def get_instance_view(call: HandlerCall) -> Response:
    """Answer the instance view as the root object."""
    return json_response(200, _instance_view(call.world, existing(call, VM_TYPE), call.now))


def change_power(call: HandlerCall, kind: OperationKind) -> Response:
    """Accept a power verb: 202, no body, both poll URLs."""
    vm = existing(call, VM_TYPE)
    require_not_deleting(vm, kind.value)
    if kind is OperationKind.RESTART and call.world.power[ids.key(vm["id"])] is LabPower.DEALLOCATED:
        raise Refusal(
            409,
            "OperationNotAllowed",
            f"Cannot restart VM '{vm['name']}' because it is deallocated.",  # wording [?]
            cause=RefusalCause.SERVICE,
        )
    settled_checks.require_settled_nics(call, vm, kind)
    operation = _begin(call, kind, vm)
    call.world.power[ids.key(vm["id"])] = _VERBS[kind].during
    return Response(202, (*operation_headers(call, operation), _monitor(call, operation)))


def delete_vm(call: HandlerCall) -> Response:
    """Accept the deletion of a VM; until it is over nothing but another deletion is allowed. 204 when absent."""
    vm = call.world.find(call.path)
    if vm is None:
        return Response(204)
    operation = _begin(call, OperationKind.DELETE_VM, vm)
    vm["properties"]["provisioningState"] = DELETING
    return Response(202, (*operation_headers(call, operation), _monitor(call, operation)))


def begin_update(call: HandlerCall, vm: Json) -> Headers:
    """Start the operation of a PATCH that has been accepted, and return its headers: no `Location` here.

    The VM says `Updating` from now to the operation's end. Raises Refusal 409 for a VM that is being deleted, and 400
    for one with an interface that is `Failed`.
    """
    require_not_deleting(vm, "update")
    settled_checks.require_settled_nics(call, vm, OperationKind.UPDATE_VM)
    call.world.remember(vm["id"], call.now)
    vm["properties"]["provisioningState"] = UPDATING
    version = int(vm["etag"].strip('"')) + 1
    vm["etag"] = f'"{version}"'
    return operation_headers(call, _begin(call, OperationKind.UPDATE_VM, vm))


def require_match(call: HandlerCall, vm: Json) -> None:
    """Refuse with 412 a change of another version of a VM than the one there is (azure/README.md 1.3)."""
    wanted = call.request.header("If-Match")
    if wanted is not None and wanted not in {"*", vm["etag"]}:
        raise Refusal(
            412,
            "PreconditionFailed",
            f"Etag provided in if-match header {wanted} does not match etag {vm['etag']} of resource.",
            cause=RefusalCause.SERVICE,
        )


def require_not_deleting(vm: Json, what: str) -> None:
    """Refuse with 409 what a VM that is being deleted does not allow (azure/README.md 1.3)."""
    if vm["properties"]["provisioningState"] == DELETING:
        raise Refusal(409, "OperationNotAllowed", _marked(vm["name"], what), cause=RefusalCause.SERVICE)


def tenant_update_failure(world: World, nic: Json) -> Json | None:
    """Return the error that ends a NIC's operation because its VM is being deleted, or None (azure/README.md 2.4)."""
    vm = world.find(nic["properties"].get("virtualMachine", {}).get("id", ""))
    if vm is None or vm["properties"]["provisioningState"] != DELETING:
        return None
    return {"code": "OperationNotAllowed", "message": _marked(vm["name"], "startTenantUpdate"), "details": []}


def switch(world: World, vm_id: str, *, on: bool, now: datetime) -> None:
    """Pull the plug of a VM or put it in, at once. Raises KeyError for an unknown id."""
    key = ids.key(vm_id)
    if key not in world.power:
        raise KeyError(vm_id)
    running = world.running(vm_id, frozenset(_VERBS))
    if running is not None:
        operations.preempt(running, now)
    world.touched.add(key)
    world.power[key] = LabPower.RUNNING if on else LabPower.STOPPED


def operation_headers(call: HandlerCall, operation: LongOperation) -> Headers:
    """Return the headers of an accepted operation; `Retry-After` is there on some and absent on others."""
    wait: Headers = (("Retry-After", str(operations.RETRY_AFTER_S)),) if operation.number % 2 else ()
    return (
        ("x-ms-request-id", operation.id),
        ("Azure-AsyncOperation", _url(call, operation)),
        ("azure-asyncnotification", "Enabled"),
        *wait,
    )


def _begin(call: HandlerCall, kind: OperationKind, vm: Json) -> LongOperation:
    running = call.world.running(vm["id"], _KINDS)
    if running is not None:
        operations.preempt(running, call.now)
    return operations.begin(call.world, kind, vm["id"], call.now, call.fate)


def _monitor(call: HandlerCall, operation: LongOperation) -> tuple[str, str]:
    return "Location", f"{_url(call, operation)}&monitor=true"


def _url(call: HandlerCall, operation: LongOperation) -> str:
    path = operations.poll_path(call.world, PROVIDER, operation)
    url = f"{call.host}{path}?p={operation.id}&api-version={call.api_version}"
    if call.api_version < _SIGNED_SINCE:
        return url
    parts = (f"{name}={hashlib.sha256(f'{operation.id}{name}'.encode()).hexdigest()}" for name in "tcsh")
    return f"{url}&{'&'.join(parts)}"


def _marked(name: str, what: str) -> str:
    return (
        f"Operation '{what}' is not allowed on VM '{name}' since the VM is marked for deletion. You can only retry the "
        "Delete operation (or wait for an ongoing one to complete)."
    )


def poll(call: HandlerCall) -> Response:
    """Answer the state of a compute operation; the `monitor=true` form is 202 until it is over."""
    operation = call.world.operations.get(call.parameters["operation"].lower())
    if operation is None or operation.kind not in _KINDS:
        raise Refusal(
            404,
            "NotFound",
            f"The entity was not found in this Azure location. Operation {call.parameters['operation']}.",  # [?]
            cause=RefusalCause.SERVICE,
        )
    answer = operations.compute_poll(operation, call.world.seed, call.now)
    if call.query.get("monitor", "").lower() != "true":
        return answer
    if operation.status is OperationStatus.IN_PROGRESS:
        wait = operations.estimate(operation, call.world.seed, call.now)
        return Response(202, (*wait, ("Location", f"{call.host}{_path_and_query(call)}")))
    if operation.error is not None:
        return json_response(409, {"error": operation.error})
    return Response(200)


def finish(world: World, operation: LongOperation, when: datetime) -> None:
    """End a VM's operation: it is in its new state, or, if the operation failed, runs on as it was left."""
    vm = world.find(operation.target)
    if vm is None:
        return
    world.remember(vm["id"], when)
    if operation.kind in _VERBS:
        if operation.status is OperationStatus.SUCCEEDED:
            world.power[ids.key(operation.target)] = _VERBS[operation.kind].after
        if vm["properties"]["provisioningState"] == UPDATING:
            # The verb took the place of an update that was still running, which nothing else will end.
            vm["properties"]["provisioningState"] = _SETTLING[operation.status]
        return
    if operation.kind is OperationKind.DELETE_VM and operation.status is OperationStatus.SUCCEEDED:
        remove(world, vm)
    else:
        vm["properties"]["provisioningState"] = _SETTLING[operation.status]


def remove(world: World, vm: Json) -> None:
    """Take a VM out of the world; its NICs stay, attached to nothing, and its identity is gone."""
    del world.resources[ids.key(vm["id"])]
    del world.power[ids.key(vm["id"])]
    world.principals[:] = [item for item in world.principals if ids.key(item.resource) != ids.key(vm["id"])]
    for reference in vm["properties"]["networkProfile"]["networkInterfaces"]:
        nic = world.find(reference["id"])
        if nic is not None:
            for name in ("virtualMachine", "primary", "macAddress"):
                nic["properties"].pop(name, None)
            nic["etag"] = world.etag()
            for configuration in nic["properties"]["ipConfigurations"]:
                configuration["etag"] = nic["etag"]


def _path_and_query(call: HandlerCall) -> str:
    return f"{quote(call.path)}?{urlencode(call.query)}"


def _instance_view(world: World, vm: Json, now: datetime) -> Json:
    power = world.power[ids.key(vm["id"])]
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    ready = power is LabPower.RUNNING
    state = vm["properties"]["provisioningState"].lower()
    storage = vm["properties"]["storageProfile"]
    disks = [storage["osDisk"]["name"], *(item["name"] for item in storage.get("dataDisks", []) if "name" in item)]
    attached = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "time": stamp,
    }
    view: Json = {
        "hyperVGeneration": "V2",
        "disks": [{"name": name, "statuses": [dict(attached)]} for name in disks],
        "statuses": [
            {
                "code": f"ProvisioningState/{state}",
                "level": "Info",
                "displayStatus": f"Provisioning {state}",
                "time": stamp,
            },
            {"code": f"PowerState/{power.value}", "level": "Info", "displayStatus": _SETTLED[power]},
        ],
    }
    if power not in {LabPower.STOPPED, LabPower.DEALLOCATED, LabPower.DEALLOCATING}:
        status = {
            "code": "ProvisioningState/succeeded" if ready else "ProvisioningState/Unavailable",
            "level": "Info" if ready else "Warning",
            "displayStatus": "Ready" if ready else "Not Ready",
            "message": "Guest Agent is running" if ready else "VM status blob is found but not yet populated.",
            "time": stamp,
        }
        version = "2.11.1.4" if ready else "Unknown"
        view["vmAgent"] = {"vmAgentVersion": version, "statuses": [status], "extensionHandlers": []}
    if ready:
        # What the guest agent tells, so that it is there while the agent is.
        named = vm["properties"].get("osProfile", {}).get("computerName", vm["name"])
        view |= {"computerName": named, "osName": "ubuntu", "osVersion": "22.04"}
    if vm["properties"].get("diagnosticsProfile", {}).get("bootDiagnostics", {}).get("enabled"):
        view["bootDiagnostics"] = {}  # kept in storage that Azure manages, which has no addresses
    return view


ROUTES = (
    Route("GET", _ONE, get_vm, action=f"{VM_TYPE}/read", options=frozenset({"$expand"})),
    Route("DELETE", _ONE, delete_vm, action=f"{VM_TYPE}/delete", writes=True),
    Route("GET", f"{_ONE}/instanceView", get_instance_view, action=f"{VM_TYPE}/instanceView/read", scope=_ONE),
    Route(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines",
        list_vms,
        action=f"{VM_TYPE}/read",
        scope="/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Compute",
    ),
    Route(
        "GET",
        "/subscriptions/{sub}/providers/Microsoft.Compute/virtualMachines",
        list_vms,
        action=f"{VM_TYPE}/read",
        scope="/subscriptions/{sub}/providers/Microsoft.Compute",
    ),
    *(
        Route(
            "POST",
            f"{_ONE}/{verb.path}",
            partial(change_power, kind=kind),
            action=f"{VM_TYPE}/{verb.path}/action",
            scope=_ONE,
            writes=True,
        )
        for kind, verb in _VERBS.items()
    ),
    Route("GET", _POLL, poll, action="Microsoft.Compute/locations/operations/read", scope="/subscriptions/{sub}"),
)
