"""Security rules of a network security group, to write: what a network check finds missing can be put right.

Long-running as other network writes (azure/README.md 2.1: `Retry-After` 10 or 3 for security groups). Of the refusals
the codes are Azure's, their wording is modelled [?].
"""

from __future__ import annotations

from datetime import datetime

from tgwizard.lab import ids, operations
from tgwizard.lab.arm import nic
from tgwizard.lab.arm.network_parts import parent
from tgwizard.lab.arm.nic_rules import check_name
from tgwizard.lab.arm.request_bodies import json_object, object_of, text_of
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Headers, Json, Refusal, Response, json_response, network_refusal
from tgwizard.lab.world import NSG_TYPE, LongOperation, OperationKind, OperationStatus, World

LOWEST, HIGHEST = 100, 4096
"""The priorities that rules of one's own may have."""

_KINDS = frozenset({OperationKind.PUT_RULE, OperationKind.DELETE_RULE})
_WORDS = {
    "protocol": ("*", "Tcp", "Udp", "Icmp", "Esp", "Ah"),
    "access": ("Allow", "Deny"),
    "direction": ("Inbound", "Outbound"),
}
_PLACES = (
    ("sourcePortRange", "sourcePortRanges"),
    ("destinationPortRange", "destinationPortRanges"),
    ("sourceAddressPrefix", "sourceAddressPrefixes"),
    ("destinationAddressPrefix", "destinationAddressPrefixes"),
)


def put(call: HandlerCall) -> Response:
    """Create a rule, 201, or replace it, 200; both are `Updating` until the operation is over."""
    group = parent(call, NSG_TYPE)
    name = call.parameters["child"]
    old = _find(group, name)
    if old is None:
        check_name(name)
    rule_id = f"{group['id']}/securityRules/{old['name'] if old else name}"
    rule: Json = {
        "name": old["name"] if old else name,
        "id": rule_id,
        "type": f"{NSG_TYPE}/securityRules",
        "properties": {
            "provisioningState": "Updating",
            **_properties(rule_id, object_of(json_object(call.request.body), "properties")),
        },
    }
    _check_free(group, rule)
    _check_idle(call, rule_id)
    world = call.world
    world.remember(group["id"], call.now)
    rules: list[Json] = group["properties"]["securityRules"]
    if old is None:
        rules.append(rule)
    else:
        rules[rules.index(old)] = rule
    _stamp(world, group)
    return json_response(200 if old else 201, rule, _begin(call, OperationKind.PUT_RULE, rule_id))


def delete(call: HandlerCall) -> Response:
    """Begin to delete a rule: 202 with both poll URLs, or 204 if there is none."""
    group = parent(call, NSG_TYPE)
    rule = _find(group, call.parameters["child"])
    if rule is None:
        return Response(204)
    _check_idle(call, rule["id"])
    call.world.remember(group["id"], call.now)
    rule["properties"]["provisioningState"] = "Deleting"
    _stamp(call.world, group)
    headers = _begin(call, OperationKind.DELETE_RULE, rule["id"])
    location = next(value for name, value in headers if name == "Azure-AsyncOperation")
    return Response(202, (*headers, ("Location", location.replace("/operations/", "/operationResults/"))))


def finish(world: World, operation: LongOperation, when: datetime) -> None:
    """End a rule's operation: it is there, or gone; if the operation failed, it is as it was left."""
    group = world.find(operation.target.rpartition("/securityRules/")[0])
    rule = _find(group, ids.name_of(operation.target)) if group is not None else None
    if group is None or rule is None:
        return
    world.remember(group["id"], when)
    if operation.status is not OperationStatus.SUCCEEDED:
        rule["properties"]["provisioningState"] = "Failed"
    elif operation.kind is OperationKind.DELETE_RULE:
        group["properties"]["securityRules"].remove(rule)
    else:
        rule["properties"]["provisioningState"] = "Succeeded"
    _stamp(world, group)


def _properties(rule_id: str, sent: Json) -> Json:
    """Return a rule's properties as they will be stored. Raises Refusal 400 for what Azure does not take."""
    found: Json = {}
    if text_of(sent, "description"):
        found["description"] = sent["description"]
    for name, words in _WORDS.items():
        value = text_of(sent, name) or ""
        known = {word.lower(): word for word in words}
        if value.lower() not in known:
            raise _invalid(rule_id, f"Value '{value}' of {name} is not supported. Supported are {', '.join(words)}.")
        found[name] = known[value.lower()]
    priority = sent.get("priority")
    if not isinstance(priority, int) or isinstance(priority, bool) or not LOWEST <= priority <= HIGHEST:
        raise network_refusal(
            400,
            "SecurityRuleInvalidPriority",
            f"Security rule has invalid priority. Value provided: {priority} Allowed range {LOWEST}-{HIGHEST}.",
        )
    found["priority"] = priority
    for one, many in _PLACES:
        several = sent.get(many) or []
        if not isinstance(several, list) or not all(isinstance(item, str) for item in several):
            raise _invalid(rule_id, f"{many} is not a list of texts.")
        single = text_of(sent, one)
        if bool(single) == bool(several):
            raise _invalid(rule_id, f"Either {one} or {many} must be given, and not both.")
        found[many] = several
        if single:
            found[one] = single
    return found


def _check_free(group: Json, rule: Json) -> None:
    """Refuse a priority that another rule of the same direction has."""
    wanted = rule["properties"]
    for item in group["properties"]["securityRules"]:
        present = item["properties"]
        same = (present["priority"], present["direction"]) == (wanted["priority"], wanted["direction"])
        if same and item["name"].lower() != rule["name"].lower():
            raise network_refusal(
                400,
                "SecurityRuleConflict",
                f"Security rule {rule['name']} conflicts with rule {item['name']}. Rules cannot have the same Priority "
                "and Direction. To learn more, see aka.ms/nsgrules.",
            )


def _check_idle(call: HandlerCall, rule_id: str) -> None:
    running = call.world.running(rule_id, _KINDS)
    if running is not None:
        raise nic.busy(rule_id, running)


def _find(group: Json, name: str) -> Json | None:
    found: list[Json] = group["properties"]["securityRules"]
    return next((item for item in found if item["name"].lower() == name.lower()), None)


def _stamp(world: World, group: Json) -> None:
    """Give a security group and all its rules one new etag."""
    group["etag"] = world.etag()
    for name in ("securityRules", "defaultSecurityRules"):
        for rule in group["properties"][name]:
            rule["etag"] = group["etag"]


def _begin(call: HandlerCall, kind: OperationKind, rule_id: str) -> Headers:
    operation = operations.begin(call.world, kind, rule_id, call.now, call.fate)
    return (
        ("x-ms-request-id", operation.id),
        ("Azure-AsyncOperation", nic.poll_url(call, operation)),
        ("Retry-After", str(operations.RETRY_AFTER_S)),
    )


def _invalid(rule_id: str, why: str) -> Refusal:
    return network_refusal(400, "InvalidRequestFormat", f"Cannot parse the request for {rule_id}. {why}")


_ONE = (
    "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network/networkSecurityGroups/{name}/securityRules"
    "/{child}"
)
_ACTION = f"{NSG_TYPE}/securityRules"

ROUTES = (
    Route("PUT", _ONE, put, action=f"{_ACTION}/write", writes=True),
    Route("DELETE", _ONE, delete, action=f"{_ACTION}/delete", writes=True),
)
