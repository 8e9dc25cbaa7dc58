"""Answers that many resource types share: one resource, a list, not found."""

from __future__ import annotations

from tgwizard.lab import ids
from tgwizard.lab.routing import Call
from tgwizard.lab.wire import Headers, Json, Refusal, Response, json_response, network_refusal


def location_of(text: str) -> str:
    """Return a region's name in its plain form: "South Central US" is "southcentralus"."""
    return text.replace(" ", "").lower()


def resource_not_found(kind: str, name: str, group: str) -> Refusal:
    """Return the gateway's 404 for a missing resource (`azure-wire.md` 1.2)."""
    return Refusal(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
    )


def not_found(resource_id: str) -> Refusal:
    """Return the network provider's own 404, used for children and operations."""
    return network_refusal(404, "NotFound", f"Resource {resource_id} not found.")


def existing(call: Call, kind: str) -> Json:
    """Return the resource a path names. Raises Refusal 404 `ResourceNotFound`."""
    group, name = call.parameters["group"], call.parameters["name"]
    found = call.world.find(ids.resource_id(call.world.subscription.id, group, kind, name))
    if found is None:
        raise resource_not_found(kind, name, group)
    return found


def with_etag(document: Json) -> Response:
    """Answer a document; the ETag header equals the etag in the body where there is one."""
    headers: Headers = (("ETag", document["etag"]),) if "etag" in document else ()
    return json_response(200, document, headers)


def get_one(call: Call, kind: str) -> Response:
    """Answer one stored resource."""
    return with_etag(existing(call, kind))


def in_scope(call: Call, kind: str) -> list[Json]:
    """Return the resources of a type in the path's group, or in the whole subscription."""
    group = call.parameters.get("group")
    scope = ids.group_id(call.world.subscription.id, group) if group else ""
    return [document for document in call.world.of_type(kind) if ids.under(scope, document["id"])]


def list_of(call: Call, kind: str) -> Response:
    """Answer the stored resources of a type in the path's group or subscription."""
    return json_response(200, {"value": in_scope(call, kind)})
