"""``moveIpConfigurations``: secondary configurations change their interface in one operation (azure/README.md 2.7).

The address has one holder at every moment: the ledger changes at the end of the operation. What is not known of
Azure's own is a switch in `move_options`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from tgwizard.lab import ids, operations
from tgwizard.lab.address_ledger import Allocation, Binding
from tgwizard.lab.arm import compute, nic, nic_put, nic_rules, request_bodies
from tgwizard.lab.arm.responses import existing
from tgwizard.lab.faults.fault_rules import OperationFate
from tgwizard.lab.move_options import FEATURE
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Detail, Json, Refusal, Response, json_response, network_refusal
from tgwizard.lab.world import (
    VNET_TYPE,
    LabPower,
    LongOperation,
    Moved,
    OperationEnding,
    OperationKind,
    OperationStatus,
    World,
)

_TRAVELLING = ("publicIPAddress", "loadBalancerBackendAddressPools", "loadBalancerInboundNatRules")


def move(call: HandlerCall) -> Response:
    """Accept a move of one configuration: 202 with both poll URLs; a refused one changes nothing."""
    existing(call, VNET_TYPE)
    world = call.world
    if not world.move.registered:
        raise network_refusal(
            400,
            "SubscriptionNotRegisteredForFeature",
            f"Subscription {world.subscription.id} is not registered for feature Microsoft.Network/{FEATURE} required "
            "to carry out the requested operation.",
        )
    moved = _wanted(call)
    for nic_id in (moved.source, moved.target):
        running = world.running(nic_id, operations.NETWORK)
        if running is not None:
            raise nic.busy(nic_id, running)
    _check(world, moved)
    fate = _fate(world, moved, call.fate)
    operation = operations.begin(world, OperationKind.MOVE_CONFIGURATIONS, moved.source, call.now, fate)
    operation.moved = moved
    for nic_id in (moved.source, moved.target):
        world.remember(nic_id, call.now)
    if world.move.shows_at_once:
        _shift(world, moved)
    _stamp(world, moved, nic_put.UPDATING)
    url = nic.poll_url(call, operation)
    headers = (
        ("x-ms-request-id", operation.id),
        ("Azure-AsyncOperation", url),
        ("Location", url.replace("/operations/", "/operationResults/")),
        ("Retry-After", str(operations.RETRY_AFTER_S)),
    )
    return Response(202, headers)


def finish(world: World, operation: LongOperation, when: datetime) -> None:
    """End a move: the address changes hands, or, if it failed, both interfaces are as before and `Failed` [?]."""
    moved = operation.moved
    if moved is None or world.find(moved.source) is None or world.find(moved.target) is None:
        return
    for nic_id in (moved.source, moved.target):
        world.remember(nic_id, when)
    if operation.status is not OperationStatus.SUCCEEDED:
        if world.move.shows_at_once:
            _shift_back(world, moved)
        _stamp(world, moved, nic_put.FAILED)
        return
    if not world.move.shows_at_once:
        _shift(world, moved)
    _change_hands(world, moved, when)
    _stamp(world, moved, nic_put.SUCCEEDED)


def linked(call: HandlerCall) -> Iterator[tuple[str, str]]:
    """Yield the permissions needed besides the move's own: those of a PUT of both interfaces, if the lab says so."""
    if not call.world.move.needs_nic_write:
        return
    try:
        moved = _wanted(call)
    except Refusal:
        return  # an unreadable body is refused later, as itself
    for nic_id in (moved.source, moved.target):
        document = call.world.find(nic_id)
        yield "Microsoft.Network/networkInterfaces/write", nic_id
        if document is not None:
            yield from nic.linked_of(document["properties"])


def _wanted(call: HandlerCall) -> Moved:
    try:
        document = request_bodies.read(call.request.body)
        if not isinstance(document, dict):
            raise TypeError("the body is no object")  # noqa: TRY301 - one way out for every wrong body
        (item,) = document["moveIpConfigurationItems"]
        source, target = str(item["sourceIpConfiguration"]["id"]), str(item["targetIpConfiguration"]["id"])
    except (ValueError, KeyError, TypeError) as error:
        # Several pairs at once are Azure's as well; a lab moves one floating IP.
        raise network_refusal(
            400,
            "InvalidRequestFormat",
            "Cannot parse the request.",
            Detail("InvalidJson", f"Error converting moveIpConfigurationItems: {error}."),
        ) from error
    from_nic, _, name = source.partition("/ipConfigurations/")
    to_nic, _, new_name = target.partition("/ipConfigurations/")
    document = call.world.find(from_nic)
    found = _named(document, name)
    if found is None:
        raise _reference(source)
    if call.world.find(to_nic) is None:
        raise _reference(to_nic)
    return Moved(document["id"] if document else from_nic, to_nic, copy.deepcopy(found), new_name)


def _check(world: World, moved: Moved) -> None:
    source, target = world.find(moved.source), world.find(moved.target)
    if source is None or target is None:
        raise _reference(moved.source)
    name = moved.name
    if moved.configuration["properties"].get("primary"):
        raise network_refusal(  # code and wording [?]
            400,
            "PrimaryIPConfigurationCannotBeMoved",
            f"IP configuration {moved.configuration['id']} is primary and cannot be moved.",
        )
    if _named(target, name) is not None:
        raise network_refusal(  # code and wording [?]
            400, "IPConfigurationAlreadyExists", f"IP configuration {target['id']}/ipConfigurations/{name} exists."
        )
    nic_rules.check_name(name)
    after = copy.deepcopy(target)
    after["properties"]["ipConfigurations"].append(_arriving(world, moved, target))
    nic_rules.check_shape(world, after, leaving=moved.source)


def _arriving(world: World, moved: Moved, target: Json) -> Json:
    configuration = copy.deepcopy(moved.configuration)
    configuration |= {"name": moved.name, "id": f"{target['id']}/ipConfigurations/{moved.name}"}
    inner = configuration["properties"]
    if not world.move.carries:
        for key in _TRAVELLING:
            inner.pop(key, None)
    if world.move.target_groups:
        inner.pop("applicationSecurityGroups", None)
        groups = _primary(target)["properties"].get("applicationSecurityGroups")
        if groups:
            inner["applicationSecurityGroups"] = [dict(item) for item in groups]
    return configuration


def _shift(world: World, moved: Moved) -> None:
    source, target = world.find(moved.source), world.find(moved.target)
    if source is not None and target is not None:
        _take_out(source, str(moved.configuration["name"]))
        target["properties"]["ipConfigurations"].append(_arriving(world, moved, target))


def _shift_back(world: World, moved: Moved) -> None:
    source, target = world.find(moved.source), world.find(moved.target)
    if source is not None and target is not None:
        _take_out(target, moved.name)
        source["properties"]["ipConfigurations"].append(copy.deepcopy(moved.configuration))


def _take_out(document: Json, name: str) -> None:
    inner = document["properties"]
    inner["ipConfigurations"] = [item for item in inner["ipConfigurations"] if item["name"].lower() != name.lower()]


def _change_hands(world: World, moved: Moved, when: datetime) -> None:
    target = world.find(moved.target)
    arrived = _named(target, moved.name)
    if target is None or arrived is None:
        return
    address, subnet = arrived["properties"]["privateIPAddress"], arrived["properties"]["subnet"]["id"]
    old = world.allocations.at(subnet, address)
    if old is not None:
        world.allocations.remove(old)
    world.holdings.end(address, moved.source, when)
    world.allocations.add(Allocation(address, subnet, target["id"], arrived["id"], Binding.HELD))
    world.holdings.begin(address, target["id"], when)
    public = world.find(moved.configuration["properties"].get("publicIPAddress", {}).get("id", ""))
    if public is not None:
        public["properties"].pop("ipConfiguration", None)
        if "publicIPAddress" in arrived["properties"]:
            public["properties"]["ipConfiguration"] = {"id": arrived["id"]}


def _stamp(world: World, moved: Moved, state: str) -> None:
    for nic_id in (moved.source, moved.target):
        document = world.find(nic_id)
        if document is not None:
            nic_put.stamp(document, state, world.etag())


def _fate(world: World, moved: Moved, fate: OperationFate) -> OperationFate:
    failure: Json | None = None
    for nic_id in (moved.source, moved.target):
        document = world.find(nic_id)
        failure = failure or (compute.tenant_update_failure(world, document) if document else None)
    source = world.find(moved.source)
    vm = ids.key(source["properties"].get("virtualMachine", {}).get("id", "")) if source else ""
    if not world.move.dead_source and world.power.get(vm) is not LabPower.RUNNING:
        failure = {"code": "OperationNotAllowed", "message": "The virtual machine of the source does not run."}
    return fate if failure is None else replace(fate, failure=failure, ending=OperationEnding.FAIL)


def _named(document: Json | None, name: str) -> Json | None:
    items = document["properties"]["ipConfigurations"] if document else []
    return next((item for item in items if item["name"].lower() == name.lower()), None)


def _primary(document: Json) -> Json:
    found: Json = next(item for item in document["properties"]["ipConfigurations"] if item["properties"]["primary"])
    return found


def _reference(resource: str) -> Refusal:
    return network_refusal(
        400,
        "InvalidResourceReference",
        f"Resource {resource} referenced by the move was not found.",  # wording [?]
    )


def feature(call: HandlerCall) -> Response:
    """Answer whether the subscription has the feature that moves need; no other feature is known here."""
    if call.parameters["feature"].lower() != FEATURE.lower():
        raise Refusal(404, "FeatureNotFound", f"The feature '{call.parameters['feature']}' could not be found.")
    state = "Registered" if call.world.move.registered else "NotRegistered"
    return json_response(200, _feature_document(call, state))


def register_feature(call: HandlerCall) -> Response:
    """Register it: `Registering` at once, `Registered` to whoever asks next."""
    already = feature(call)
    if call.world.move.registered:
        return already
    call.world.move = replace(call.world.move, registered=True)
    return json_response(200, _feature_document(call, "Registering"))


def _feature_document(call: HandlerCall, state: str) -> Json:
    scope = f"/subscriptions/{call.world.subscription.id}/providers/Microsoft.Features/providers/Microsoft.Network"
    return {
        "properties": {"state": state},
        "id": f"{scope}/features/{FEATURE}",
        "type": "Microsoft.Features/providers/features",
        "name": f"Microsoft.Network/{FEATURE}",
    }


_VNET = "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{name}"
_FEATURE = "/subscriptions/{sub}/providers/Microsoft.Features/providers/Microsoft.Network/features/{feature}"

ROUTES = (
    Route(
        "POST",
        f"{_VNET}/moveIpConfigurations",
        move,
        action="Microsoft.Network/virtualNetworks/moveIpConfigurations/action",
        scope=_VNET,
        linked=linked,
        writes=True,
    ),
    Route("GET", _FEATURE, feature, action="Microsoft.Features/providers/features/read", scope="/subscriptions/{sub}"),
    Route(
        "POST",
        f"{_FEATURE}/register",
        register_feature,
        action="Microsoft.Features/providers/features/register/action",
        scope="/subscriptions/{sub}",
    ),
)
