"""The list of all resources of a subscription or a group, whatever their type: `az resource list`."""

from __future__ import annotations

from tgwizard.lab import ids
from tgwizard.lab.arm import not_served, resource_filter
from tgwizard.lab.arm.responses import paged
from tgwizard.lab.rbac import rbac_evaluation
from tgwizard.lab.routing import FILTERED, HandlerCall, Route
from tgwizard.lab.wire import Json, Response
from tgwizard.lab.world import GROUP_TYPE

_SHOWN = ("id", "name", "type", "kind", "managedBy", "location", "zones", "sku", "plan", "identity", "tags")
"""What the list shows of a resource; its properties are for who asks for the resource itself."""
_EXPANDS = frozenset({"createdtime", "changedtime", "provisioningstate"})


def listing(call: HandlerCall) -> Response:
    """Answer the resources at a scope that the caller may read; some right at the scope is enough to ask [?]."""
    world, group = call.world, call.parameters.get("group")
    guid = call.subscription.id
    scope = ids.group_id(guid, group) if group else ids.subscription_id(guid)
    if not rbac_evaluation.holds_any(world, call.principal, scope, call.now):
        rbac_evaluation.require(world, call.principal, _GROUP_READ if group else _READ, scope, call.now)
    wanted = resource_filter.parse(call.query.get("$filter", ""), resource_filter.OF_RESOURCES)
    expanded = _expanded(call)
    # Documented: who asks for a tag's value gets the resources without their tags.
    left_out = frozenset({"tags"}) if wanted.by_tag_value else frozenset()
    value = [
        _item(document, expanded, left_out)
        for document in world.resources.values()
        if document["type"] != GROUP_TYPE
        and ids.under(scope, document["id"])
        and wanted(document)
        and rbac_evaluation.allowed(world, call.principal, f"{document['type']}/read", document["id"], call.now)
    ]
    return paged(call, value)


def _expanded(call: HandlerCall) -> frozenset[str]:
    asked = frozenset(item.strip().lower() for item in call.query.get("$expand", "").split(",") if item.strip())
    if not asked <= _EXPANDS:
        raise not_served.refusal(f"$expand={call.query['$expand']} of resources")
    return asked


def _item(document: Json, expanded: frozenset[str], left_out: frozenset[str]) -> Json:
    """Return a resource as a row of the list. The lab knows when VMs were made, and nothing more of that sort."""
    properties = document["properties"]
    found = {name: document[name] for name in _SHOWN if name in document and name not in left_out}
    if "provisioningstate" in expanded and "provisioningState" in properties:
        found["provisioningState"] = properties["provisioningState"]
    if "createdtime" in expanded and "timeCreated" in properties:
        found["createdTime"] = properties["timeCreated"]
    return found


_READ = "Microsoft.Resources/subscriptions/resources/read"
_GROUP_READ = "Microsoft.Resources/subscriptions/resourcegroups/resources/read"
_OPTIONS = FILTERED | {"$expand"}

ROUTES = (
    Route("GET", "/subscriptions/{sub}/resources", listing, options=_OPTIONS),
    Route("GET", "/subscriptions/{sub}/resourceGroups/{group}/resources", listing, options=_OPTIONS),
)
