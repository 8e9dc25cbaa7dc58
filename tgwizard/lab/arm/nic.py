"""Network interfaces: reading, and the PUT that moves a floating IP (azure/README.md 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tgwizard.lab import ids, operations
from tgwizard.lab.arm import compute, in_use_checks, nic_parse, nic_put, nic_rules, nic_state, settled_checks, tags
from tgwizard.lab.arm.responses import existing, get_one, list_of, location_of, not_found, paged, require_etag
from tgwizard.lab.faults.fault_rules import OperationFate
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Detail, Headers, Json, Refusal, Response, json_response, network_refusal
from tgwizard.lab.world import NIC_TYPE, LongOperation, OperationEnding, OperationKind, OperationStatus, Overlap

PROVIDER = "Microsoft.Network"
_ONE = "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network/networkInterfaces/{name}"
_KINDS = operations.NETWORK
_POLL = "/subscriptions/{sub}/providers/Microsoft.Network/locations/{location}"
_POLLED_UNTIL = "2022-01-01"
"""The last api-version in which the PUT of an unattached NIC is known to have a poll URL (azure/README.md 2.1); it is
gone in 2025-05-01, and nobody has seen when it went [?]."""
_LINKED = (
    ("publicIPAddress", "Microsoft.Network/publicIPAddresses/join/action"),
    ("applicationSecurityGroups", "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"),
    ("loadBalancerBackendAddressPools", "Microsoft.Network/loadBalancers/backendAddressPools/join/action"),
    ("loadBalancerInboundNatRules", "Microsoft.Network/loadBalancers/inboundNatRules/join/action"),
    ("gatewayLoadBalancer", "Microsoft.Network/loadBalancers/frontendIPConfigurations/join/action"),  # checked [?]
    (
        "applicationGatewayBackendAddressPools",
        "Microsoft.Network/applicationGateways/backendAddressPools/join/action",
    ),
)


def get(call: HandlerCall) -> Response:
    """Answer a NIC with the ETag header equal to the etag in the body."""
    return get_one(call, NIC_TYPE)


def listing(call: HandlerCall) -> Response:
    """Answer the NICs of a group or of the subscription."""
    return list_of(call, NIC_TYPE)


def put(call: HandlerCall) -> Response:
    """Create or wholly replace a NIC: 201 or 200, never 202. Attached ones answer `Updating` and finish later."""
    nic_id = ids.resource_id(call.subscription.id, call.parameters["group"], NIC_TYPE, call.parameters["name"])
    current = call.world.find(nic_id)
    require_etag(call, nic_id, current)
    sent = nic_parse.parse(call.request.body)
    tags.checked(sent)
    if current is None:
        nic_rules.check_name(call.parameters["name"])
    _check_location(nic_id, sent, current)
    stored_id = current["id"] if current else nic_id
    name = current["name"] if current else call.parameters["name"]
    nic = nic_put.replaced(call.world, stored_id, name, sent, current)
    nic_rules.check_shape(call.world, nic)
    settled_checks.require_settled_subnets(call.world, nic)
    running = call.world.running(nic_id, _KINDS)
    if running is not None:
        _check_overlap(call, nic, running)
    nic_rules.assign_addresses(call.world, nic, current)
    return _accept(call, nic, current, running)


def delete(call: HandlerCall) -> Response:
    """Begin to delete a NIC that no VM uses: 202 with both poll URLs, 204 when it is absent (azure/README.md 2.1)."""
    nic = call.world.find(call.path)
    if nic is None:
        return Response(204)
    require_etag(call, nic["id"], nic)
    refusal = in_use_checks.nic_in_use(nic)
    if refusal is not None:
        raise refusal
    call.world.remember(nic["id"], call.now)
    nic_put.stamp(nic, nic_put.DELETING, call.world.etag())
    running = call.world.running(nic["id"], _KINDS)
    operation = operations.begin(call.world, OperationKind.DELETE_NIC, nic["id"], call.now, call.fate)
    if running is not None:
        operations.supersede(running, operation, call.now)
    return Response(202, deletion_headers(call, operation))


def deletion_headers(call: HandlerCall, operation: LongOperation) -> Headers:
    """Return the headers of an accepted deletion: it can be polled in both forms."""
    url = poll_url(call, operation)
    return (
        ("x-ms-request-id", operation.id),
        ("Azure-AsyncOperation", url),
        ("Location", url.replace("/operations/", "/operationResults/")),
        ("Retry-After", str(operations.RETRY_AFTER_S)),
    )


def get_configuration(call: HandlerCall) -> Response:
    """Answer one ipConfiguration of a NIC."""
    for configuration in _configurations(call):
        if configuration["name"].lower() == call.parameters["configuration"].lower():
            return json_response(200, configuration, (("ETag", configuration["etag"]),))
    raise not_found(f"{call.path}")


def list_configurations(call: HandlerCall) -> Response:
    """Answer the ipConfigurations of a NIC."""
    return paged(call, _configurations(call))


def _configurations(call: HandlerCall) -> list[Json]:
    found: list[Json] = existing(call, NIC_TYPE)["properties"]["ipConfigurations"]
    return found


def linked(call: HandlerCall) -> Iterator[tuple[str, str]]:
    """Yield the linked permission checks of a NIC's body, one for each reference in it (azure/README.md 2.6)."""
    try:
        properties = nic_parse.parse(call.request.body).get("properties") or {}
    except Refusal:
        return  # an unreadable body is refused later, as itself
    yield from linked_of(properties)


def linked_of(properties: Json) -> Iterator[tuple[str, str]]:
    """Yield the linked permission checks of a NIC's properties."""
    group = properties.get("networkSecurityGroup")
    if group and group.get("id"):
        yield "Microsoft.Network/networkSecurityGroups/join/action", group["id"]
    for configuration in properties.get("ipConfigurations") or []:
        inner = configuration.get("properties") or {}
        subnet = inner.get("subnet")
        if subnet and subnet.get("id"):
            yield "Microsoft.Network/virtualNetworks/subnets/join/action", subnet["id"]
        for key, action in _LINKED:
            value = inner.get(key) or []
            for item in [value] if isinstance(value, dict) else value:
                if item.get("id"):
                    yield action, item["id"]


def _check_location(nic_id: str, sent: Json, current: Json | None) -> None:
    location = sent.get("location")
    if not location:
        raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
    if current is not None and location_of(str(location)) != location_of(str(current["location"])):
        raise Refusal(
            409,
            "InvalidResourceLocation",
            f"The resource '{current['name']}' already exists in location '{current['location']}' in resource group "
            f"'{ids.group_of(nic_id)}'. A resource with the same name cannot be created in location '{location}'. "
            "Please select a new resource name.",
        )


def busy(nic_id: str, running: LongOperation) -> Refusal:
    """Return the 429 that is no throttle: another operation holds the resource (azure/README.md 2.4)."""
    return network_refusal(
        429,
        "RetryableError",
        "A retryable error occurred.",
        Detail(
            "RetryableErrorDueToAnotherOperation",
            f"Operation {running.kind.value} ({running.id}) is updating resource {nic_id}. The call can be retried in "
            f"{operations.RETRY_AFTER_S} seconds.",
        ),
        headers=(("Retry-After", str(operations.RETRY_AFTER_S)),),
    )


def _check_overlap(call: HandlerCall, nic: Json, running: LongOperation) -> None:
    if running.kind is OperationKind.MOVE_CONFIGURATIONS:
        raise busy(nic["id"], running)  # whether a PUT supersedes a move is not known [?]
    match call.world.overlap:
        case Overlap.SUPERSEDE | Overlap.CONFLICT_LATER:
            return
        case Overlap.NOT_PROVISIONED:
            raise network_refusal(
                429,
                "RetryableError",
                "A retryable error occurred.",
                Detail(
                    "ReferencedResourceNotProvisioned",
                    f"Cannot proceed with operation because resource {nic['id']} used by resource {nic['name']} is not "
                    "in Succeeded state. Resource is in Updating state and the last operation that updated/is updating "
                    f"the resource is {running.kind.value}.",
                ),
                headers=(("Retry-After", str(operations.RETRY_AFTER_S)),),
            )
        case Overlap.RETRY_LATER:
            raise busy(nic["id"], running)
        case Overlap.CONFLICT:
            raise network_refusal(409, "AnotherOperationInProgress", _in_progress(call, running))


def _accept(call: HandlerCall, nic: Json, current: Json | None, running: LongOperation | None) -> Response:
    world = call.world
    attached = "virtualMachine" in nic["properties"]
    state = nic_put.UPDATING if attached else nic_put.SUCCEEDED
    operation_id = world.guid()
    nic_put.stamp(nic, state, world.etag())
    world.remember(nic["id"], call.now)
    nic["location"] = location_of(str(nic["location"]))
    world.resources[ids.key(nic["id"])] = nic
    nic_state.reserve(world, nic)
    headers: Headers = (("x-ms-request-id", operation_id),)
    if attached:
        fate = _fate(call, nic, running)
        operation = operations.begin(world, OperationKind.PUT_NIC, nic["id"], call.now, fate, identity=operation_id)
        if running is not None:
            operations.supersede(running, operation, call.now)
        headers += (
            ("Azure-AsyncOperation", poll_url(call, operation)),
            ("Retry-After", str(operations.RETRY_AFTER_S)),
        )
    else:
        nic_state.take_effect(world, nic, call.now)
        if call.api_version <= _POLLED_UNTIL:
            headers += (("Azure-AsyncOperation", poll_url(call, _over(call, nic, operation_id))),)
    return json_response(200 if current else 201, nic, headers)


def _over(call: HandlerCall, nic: Json, operation_id: str) -> LongOperation:
    """Return an operation that has succeeded already: old api-versions poll even what was done at once."""
    begun = operations.begin(
        call.world, OperationKind.PUT_NIC, nic["id"], call.now, OperationFate(), identity=operation_id
    )
    begun.status, begun.ended = OperationStatus.SUCCEEDED, call.now
    return begun


def _fate(call: HandlerCall, nic: Json, running: LongOperation | None) -> OperationFate:
    """Return how the operation will go: as faults say, unless the VM or a running operation says otherwise."""
    failure = compute.tenant_update_failure(call.world, nic)
    if running is not None and call.world.overlap is Overlap.CONFLICT_LATER:
        failure = {"code": "AnotherOperationInProgress", "message": _in_progress(call, running), "details": []}
    return call.fate if failure is None else replace(call.fate, failure=failure, ending=OperationEnding.FAIL)


def _in_progress(call: HandlerCall, running: LongOperation) -> str:
    return (
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use "
        f"uri: {poll_url(call, running)}."
    )


def poll_url(call: HandlerCall, operation: LongOperation) -> str:
    """Return the URL at which the operation is polled."""
    path = operations.poll_path(call.world, PROVIDER, operation)
    return f"{call.host}{path}?api-version={call.api_version}"


def poll(call: HandlerCall) -> Response:
    """Answer the state of a network operation: always 200, the body says which (azure/README.md 2.1)."""
    return operations.network_poll(_operation(call))


def poll_result(call: HandlerCall) -> Response:
    """Answer the `Location` form of a poll: 202 until the operation is over, then 204, or its error."""
    operation = _operation(call)
    if operation.status is OperationStatus.IN_PROGRESS:
        wait = ("Retry-After", str(operations.RETRY_AFTER_S))
        return Response(202, (("Location", f"{call.host}{call.path}?api-version={call.api_version}"), wait))
    if operation.error is not None:
        return json_response(409, {"error": operation.error})
    return Response(204)


def _operation(call: HandlerCall) -> LongOperation:
    operation = call.world.operations.get(call.parameters["operation"].lower())
    if operation is None or operation.kind not in _KINDS:
        raise not_found(call.path)
    return operation


ROUTES = (
    Route("GET", _ONE, get, action="Microsoft.Network/networkInterfaces/read"),
    Route("PUT", _ONE, put, action="Microsoft.Network/networkInterfaces/write", linked=linked, writes=True),
    Route(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network/networkInterfaces",
        listing,
        action="Microsoft.Network/networkInterfaces/read",
        scope="/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network",
    ),
    Route(
        "GET",
        "/subscriptions/{sub}/providers/Microsoft.Network/networkInterfaces",
        listing,
        action="Microsoft.Network/networkInterfaces/read",
        scope="/subscriptions/{sub}/providers/Microsoft.Network",
    ),
    Route("DELETE", _ONE, delete, action="Microsoft.Network/networkInterfaces/delete", writes=True),
    *tags.routes(NIC_TYPE, get),
    Route(
        "GET",
        f"{_ONE}/ipConfigurations",
        list_configurations,
        action="Microsoft.Network/networkInterfaces/ipconfigurations/read",
        scope=_ONE,
    ),
    Route(
        "GET",
        f"{_ONE}/ipConfigurations/{{configuration}}",
        get_configuration,
        action="Microsoft.Network/networkInterfaces/ipconfigurations/read",
    ),
    Route(
        "GET",
        f"{_POLL}/operations/{{operation}}",
        poll,
        action="Microsoft.Network/locations/operations/read",
        scope="/subscriptions/{sub}",
    ),
)

RESULT_ROUTES = (
    Route(
        "GET",
        f"{_POLL}/operationResults/{{operation}}",
        poll_result,
        action="Microsoft.Network/locations/operationResults/read",
        scope="/subscriptions/{sub}",
    ),
)
"""Tried after those of other operations, whose results have longer names at the same place."""
