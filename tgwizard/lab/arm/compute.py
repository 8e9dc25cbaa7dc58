"""Virtual machines: reading, the instance view, and the four power verbs (`azure-wire.md` 1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from tgwizard.lab import ids, operations
from tgwizard.lab.arm.answers import existing, list_of, with_etag
from tgwizard.lab.routing import Call, Route
from tgwizard.lab.wire import Cause, Json, Refusal, Response, json_response
from tgwizard.lab.world import VM_TYPE, Operation, OperationKind, OperationStatus, Power, World

PROVIDER = "Microsoft.Compute"
_ONE = "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
_POLL = "/subscriptions/{sub}/providers/Microsoft.Compute/locations/{location}/operations/{operation}"


@dataclass(frozen=True, slots=True)
class _Verb:
    """A power verb: the state of the VM while it runs, and afterwards."""

    path: str
    during: Power
    after: Power


_VERBS = {
    OperationKind.POWER_OFF: _Verb("powerOff", Power.STOPPING, Power.STOPPED),
    OperationKind.START: _Verb("start", Power.STARTING, Power.RUNNING),
    OperationKind.DEALLOCATE: _Verb("deallocate", Power.DEALLOCATING, Power.DEALLOCATED),
    OperationKind.RESTART: _Verb("restart", Power.STARTING, Power.RUNNING),
}
_KINDS = frozenset(_VERBS)
_SETTLED = {
    Power.RUNNING: "VM running",
    Power.STARTING: "VM starting",
    Power.STOPPING: "VM stopping",
    Power.STOPPED: "VM stopped",
    Power.DEALLOCATING: "VM deallocating",
    Power.DEALLOCATED: "VM deallocated",
}


def get_vm(call: Call) -> Response:
    """Answer a VM, with its instance view if the client asks for it."""
    vm = existing(call, VM_TYPE)
    expand = call.query.get("$expand", "").lower()
    if "instanceview" in expand:
        properties = {**vm["properties"], "instanceView": _instance_view(call.world, vm, call.now)}
        vm = {**vm, "properties": properties}
    return with_etag(vm)


def get_instance_view(call: Call) -> Response:
    """Answer the instance view as the root object."""
    return json_response(200, _instance_view(call.world, existing(call, VM_TYPE), call.now))


def change_power(call: Call, kind: OperationKind) -> Response:
    """Accept a power verb: 202, no body, both poll URLs."""
    vm = existing(call, VM_TYPE)
    if kind is OperationKind.RESTART and call.world.power[ids.key(vm["id"])] is Power.DEALLOCATED:
        raise Refusal(
            409,
            "OperationNotAllowed",
            f"Cannot restart VM '{vm['name']}' because it is deallocated.",  # wording [?]
            cause=Cause.SERVICE,
        )
    running = call.world.running(vm["id"], _KINDS)
    if running is not None:
        operations.preempt(running, call.now)
    operation = operations.begin(call.world, kind, vm["id"], call.now, call.fate)
    call.world.power[ids.key(vm["id"])] = _VERBS[kind].during
    path = operations.poll_path(call.world, PROVIDER, operation)
    url = f"{call.host}{path}?p={operation.id}&api-version={call.api_version}"
    return Response(
        202,
        (
            ("x-ms-request-id", operation.id),
            ("Azure-AsyncOperation", url),
            ("Location", f"{url}&monitor=true"),
            ("azure-asyncnotification", "Enabled"),
        ),
    )


def poll(call: Call) -> Response:
    """Answer the state of a compute operation; the `monitor=true` form is 202 until it is over."""
    operation = call.world.operations.get(call.parameters["operation"].lower())
    if operation is None or operation.kind not in _KINDS:
        raise Refusal(
            404,
            "NotFound",
            f"The entity was not found in this Azure location. Operation {call.parameters['operation']}.",  # [?]
            cause=Cause.SERVICE,
        )
    answer = operations.compute_poll(operation)
    if call.query.get("monitor", "").lower() != "true":
        return answer
    if operation.status is OperationStatus.IN_PROGRESS:
        wait = (("Retry-After", str(operations.RETRY_AFTER_S)), ("Location", f"{call.host}{_path_and_query(call)}"))
        return Response(202, wait)
    if operation.error is not None:
        return json_response(409, {"error": operation.error})
    return Response(200)


def finish(world: World, operation: Operation, when: datetime) -> None:  # noqa: ARG001 - the shape of a finisher
    """End a power operation: the VM is in its new state, or, if it failed, runs on as it was left."""
    if operation.status is OperationStatus.SUCCEEDED:
        world.power[ids.key(operation.target)] = _VERBS[operation.kind].after


def _path_and_query(call: Call) -> str:
    query = "&".join(f"{key}={value}" for key, value in call.query.items())
    return f"{call.path}?{query}"


def _instance_view(world: World, vm: Json, now: datetime) -> Json:
    power = world.power[ids.key(vm["id"])]
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    ready = power is Power.RUNNING
    state = vm["properties"]["provisioningState"].lower()
    view: Json = {
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
    if power not in {Power.STOPPED, Power.DEALLOCATED, Power.DEALLOCATING}:
        status = {
            "code": "ProvisioningState/succeeded" if ready else "ProvisioningState/Unavailable",
            "level": "Info" if ready else "Warning",
            "displayStatus": "Ready" if ready else "Not Ready",
            "message": "Guest Agent is running" if ready else "VM status blob is found but not yet populated.",
            "time": stamp,
        }
        version = "2.11.1.4" if ready else "Unknown"
        view["vmAgent"] = {"vmAgentVersion": version, "statuses": [status]}
    return view


ROUTES = (
    Route("GET", _ONE, get_vm, action=f"{VM_TYPE}/read"),
    Route("GET", f"{_ONE}/instanceView", get_instance_view, action=f"{VM_TYPE}/instanceView/read", scope=_ONE),
    Route(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines",
        partial(list_of, kind=VM_TYPE),
        action=f"{VM_TYPE}/read",
        scope="/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Compute",
    ),
    Route(
        "GET",
        "/subscriptions/{sub}/providers/Microsoft.Compute/virtualMachines",
        partial(list_of, kind=VM_TYPE),
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
