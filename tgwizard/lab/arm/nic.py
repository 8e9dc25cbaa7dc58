"""Network interfaces: reading, and the PUT that moves a floating IP (`azure-wire.md` 2)."""

from __future__ import annotations

from collections.abc import Iterator

from tgwizard.lab import ids, operations
from tgwizard.lab.arm import nic_body, nic_parse, nic_rules, nic_state
from tgwizard.lab.arm.answers import get_one, list_of, location_of, not_found
from tgwizard.lab.routing import Call, Route
from tgwizard.lab.wire import Detail, Headers, Json, Refusal, Response, json_response, network_refusal
from tgwizard.lab.world import NIC_TYPE, Operation, OperationKind, Overlap

PROVIDER = "Microsoft.Network"
_ONE = "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network/networkInterfaces/{name}"
_KINDS = frozenset({OperationKind.PUT_NIC})
_LINKED = (
    ("publicIPAddress", "Microsoft.Network/publicIPAddresses/join/action"),
    ("applicationSecurityGroups", "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"),
    ("loadBalancerBackendAddressPools", "Microsoft.Network/loadBalancers/backendAddressPools/join/action"),
    ("loadBalancerInboundNatRules", "Microsoft.Network/loadBalancers/inboundNatRules/join/action"),
    (
        "applicationGatewayBackendAddressPools",
        "Microsoft.Network/applicationGateways/backendAddressPools/join/action",
    ),
)


def get(call: Call) -> Response:
    """Answer a NIC with the ETag header equal to the etag in the body."""
    return get_one(call, NIC_TYPE)


def listing(call: Call) -> Response:
    """Answer the NICs of a group or of the subscription."""
    return list_of(call, NIC_TYPE)


def put(call: Call) -> Response:
    """Create or wholly replace a NIC: 201 or 200, never 202. Attached ones answer `Updating` and finish later."""
    nic_id = ids.resource_id(call.world.subscription.id, call.parameters["group"], NIC_TYPE, call.parameters["name"])
    current = call.world.find(nic_id)
    _check_if_match(call, nic_id, current)
    sent = nic_parse.parse(call.request.body)
    if current is None:
        nic_rules.check_name(call.parameters["name"])
    _check_location(nic_id, sent, current)
    stored_id = current["id"] if current else nic_id
    name = current["name"] if current else call.parameters["name"]
    nic = nic_body.replaced(call.world, stored_id, name, sent, current)
    nic_rules.check_shape(call.world, nic)
    running = call.world.running(nic_id, _KINDS)
    if running is not None:
        _check_overlap(call, nic, running)
    nic_rules.assign_addresses(call.world, nic, current)
    return _accept(call, nic, current, running)


def linked(call: Call) -> Iterator[tuple[str, str]]:
    """Yield the linked permission checks of a NIC's body, one for each reference in it (`azure-wire.md` 2.6)."""
    try:
        properties = nic_parse.parse(call.request.body).get("properties") or {}
    except Refusal:
        return  # an unreadable body is refused later, as itself
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


def _check_if_match(call: Call, nic_id: str, current: Json | None) -> None:
    wanted = call.request.header("If-Match")
    if wanted is None or (wanted.strip() == "*" and current is not None):
        return
    if current is not None and wanted == current["etag"]:
        return
    actual = current["etag"] if current else "null"
    resource = current["id"] if current else nic_id
    raise network_refusal(
        412,
        "PreconditionFailed",
        "Precondition failed.",
        Detail(
            "PreconditionFailedEtagMismatch",
            f"Etag provided in if-match header {wanted} does not match etag {actual} of resource {resource} in NRP "
            "data store.",
        ),
    )


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


def _check_overlap(call: Call, nic: Json, running: Operation) -> None:
    match call.world.overlap:
        case Overlap.SUPERSEDE:
            return
        case Overlap.RETRY_LATER:
            raise network_refusal(
                429,
                "RetryableError",
                "A retryable error occurred.",
                Detail(
                    "RetryableErrorDueToAnotherOperation",
                    f"Operation {running.kind.value} ({running.id}) is updating resource {nic['id']}. The call can be "
                    f"retried in {operations.RETRY_AFTER_S} seconds.",
                ),
                headers=(("Retry-After", str(operations.RETRY_AFTER_S)),),
            )
        case Overlap.CONFLICT:
            raise network_refusal(
                409,
                "AnotherOperationInProgress",
                "Another operation on this or dependent resource is in progress. To retrieve status of the operation "
                f"use uri: {_poll_url(call, running)}.",
            )


def _accept(call: Call, nic: Json, current: Json | None, running: Operation | None) -> Response:
    world = call.world
    attached = "virtualMachine" in nic["properties"]
    state = nic_body.UPDATING if attached else nic_body.SUCCEEDED
    operation_id = world.guid()
    nic_body.stamp(nic, state, world.etag())
    nic["location"] = location_of(str(nic["location"]))
    world.resources[ids.key(nic["id"])] = nic
    nic_state.reserve(world, nic)
    headers: Headers = (("x-ms-request-id", operation_id),)
    if attached:
        operation = operations.begin(
            world, OperationKind.PUT_NIC, nic["id"], call.now, call.fate, identity=operation_id
        )
        if running is not None:
            operations.supersede(running, operation, call.now)
        headers += (
            ("Azure-AsyncOperation", _poll_url(call, operation)),
            ("Retry-After", str(operations.RETRY_AFTER_S)),
        )
    else:
        nic_state.take_effect(world, nic, call.now)
    return json_response(200 if current else 201, nic, headers)


def _poll_url(call: Call, operation: Operation) -> str:
    path = operations.poll_path(call.world, PROVIDER, operation)
    return f"{call.host}{path}?api-version={call.api_version}"


def poll(call: Call) -> Response:
    """Answer the state of a network operation: always 200, the body says which (`azure-wire.md` 2.1)."""
    operation = call.world.operations.get(call.parameters["operation"].lower())
    if operation is None or operation.kind not in _KINDS:
        raise not_found(call.path)
    return operations.network_poll(operation)


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
    Route(
        "GET",
        "/subscriptions/{sub}/providers/Microsoft.Network/locations/{location}/operations/{operation}",
        poll,
        action="Microsoft.Network/locations/operations/read",
        scope="/subscriptions/{sub}",
    ),
)
