"""Answers that many resource types share: one resource, a list, not found."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from tgwizard.lab import ids
from tgwizard.lab.routing import HandlerCall
from tgwizard.lab.wire import Detail, Headers, Json, Refusal, Response, json_response, network_refusal
from tgwizard.lab.world import World


def location_of(text: str) -> str:
    """Return a region's name in its plain form: "South Central US" is "southcentralus"."""
    return text.replace(" ", "").lower()


def resource_not_found(kind: str, name: str, group: str) -> Refusal:
    """Return the gateway's 404 for a missing resource (azure/README.md 1.2)."""
    return Refusal(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
    )


def not_found(resource_id: str) -> Refusal:
    """Return the network provider's own 404, used for children and operations."""
    return network_refusal(404, "NotFound", f"Resource {resource_id} not found.")


def existing(call: HandlerCall, kind: str) -> Json:
    """Return the resource a path names. Raises Refusal 404 `ResourceNotFound`."""
    group, name = call.parameters["group"], call.parameters["name"]
    found = call.world.find(ids.resource_id(call.subscription.id, group, kind, name))
    if found is None:
        raise resource_not_found(kind, name, group)
    return found


def with_etag(document: Json) -> Response:
    """Answer a document; the ETag header equals the etag in the body where there is one."""
    headers: Headers = (("ETag", document["etag"]),) if "etag" in document else ()
    return json_response(200, document, headers)


def require_etag(call: HandlerCall, resource_id: str, current: Json | None) -> None:
    """Refuse with the network provider's 412 a change of another version of a resource than the one there is."""
    wanted = call.request.header("If-Match")
    if wanted is None or not call.world.nic.heeds_if_match or (wanted.strip() == "*" and current is not None):
        return
    if current is not None and wanted == current["etag"]:
        return
    actual = current["etag"] if current else "null"
    resource = current["id"] if current else resource_id
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


def restamp(world: World, document: Json) -> None:
    """Give a changed resource a new etag: one that its children share, or the next number of a VM's."""
    old = document.get("etag")
    if old is None:
        world.serial += 1
    elif old.startswith("W/"):
        _replace_etag(document, old, world.etag())
    else:
        document["etag"] = f'"{int(old.strip(chr(34))) + 1}"'
        world.serial += 1


def _replace_etag(value: object, old: str, new: str) -> None:
    if isinstance(value, dict):
        if value.get("etag") == old:
            value["etag"] = new
        for item in value.values():
            _replace_etag(item, old, new)
    elif isinstance(value, list):
        for item in value:
            _replace_etag(item, old, new)


def get_one(call: HandlerCall, kind: str) -> Response:
    """Answer one stored resource."""
    return with_etag(existing(call, kind))


def in_scope(call: HandlerCall, kind: str) -> list[Json]:
    """Return the resources of a type in the path's group, or in the whole subscription."""
    group = call.parameters.get("group")
    guid = call.subscription.id
    scope = ids.group_id(guid, group) if group else ids.subscription_id(guid)
    return [document for document in call.world.of_type(kind) if ids.under(scope, document["id"])]


def list_of(call: HandlerCall, kind: str) -> Response:
    """Answer the stored resources of a type in the path's group or subscription."""
    return paged(call, in_scope(call, kind))


def paged(call: HandlerCall, items: Sequence[Json], more: Json | None = None) -> Response:
    """Answer a list, or its page: `$top` or the lab's page size decides how long, `nextLink` leads to the rest.

    `more` stands beside the list on every page. Raises Refusal 400 for a page that there is not.
    """
    start = _whole(call, "$skiptoken", 0)
    size = _whole(call, "$top", call.world.page_size)
    if size == 0:
        return json_response(200, {"value": items[start:] if start else items, **(more or {})})
    document: Json = {"value": items[start : start + size], **(more or {})}
    if start + size < len(items):
        query = {**call.query, "$skiptoken": str(start + size)}
        document["nextLink"] = f"{call.host}{call.path}?{urlencode(query, safe='$')}"
    return json_response(200, document)


def _whole(call: HandlerCall, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or (name == "$top" and int(text) == 0):
        raise Refusal(
            400,
            "InvalidQueryParameterValue",  # code and wording [?]
            f"The value '{text}' of the query parameter '{name}' is invalid.",
        )
    return int(text)
