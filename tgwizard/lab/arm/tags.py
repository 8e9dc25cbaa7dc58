"""Tags: what names and values may be, the PATCH that changes a resource's tags, and the tags API over every scope.

The rules are documented: at most 50 tags, names of 512 and values of 256 characters, and some characters that a name
must not have. `Merge`, `Replace` and `Delete` of the tags API are documented too. The codes are Azure's where a live
error has shown them; the others are marked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from tgwizard.lab import ids
from tgwizard.lab.arm.request_bodies import json_object, object_of, text_of
from tgwizard.lab.arm.responses import existing, require_etag, resource_not_found, restamp
from tgwizard.lab.routing import Handler, HandlerCall, Route
from tgwizard.lab.wire import Json, Refusal, Response, json_response, network_refusal

MOST, LONGEST_NAME, LONGEST_VALUE = 50, 512, 256
_RESERVED = re.compile(r"[<>%&\\?/\x00-\x1f\x7f]")
_TAGS_TYPE = "Microsoft.Resources/tags"


def checked(body: Json) -> dict[str, str] | None:
    """Return the tags of a body; None if it names none. Raises Refusal 400 for what are no tags of Azure."""
    if body.get("tags") is None:
        return None
    tags = {name: text_of(object_of(body, "tags"), name) or "" for name in object_of(body, "tags")}
    bad = [name for name in tags if _RESERVED.search(name)]
    if bad:
        raise Refusal(
            400,
            "InvalidTagNameCharacters",
            f"The tag names '{','.join(bad)}' have reserved characters '<,>,%,&,\\,?,/' or control characters.",
        )
    if len(tags) > MOST:
        raise _wrong("TagsLimitExceeded", f"There are {len(tags)} tags, and no more than {MOST} are allowed.")  # [?]
    for name, value in tags.items():
        if not name or len(name) > LONGEST_NAME:
            raise _wrong("InvalidTagNameLength", f"The tag name '{name[:80]}' has a length from 1 to {LONGEST_NAME}.")
        if len(value) > LONGEST_VALUE:
            raise _wrong(  # code and wording [?]
                "InvalidTagValueLength", f"The value of the tag '{name}' is longer than {LONGEST_VALUE} characters."
            )
    if len({name.lower() for name in tags}) < len(tags):
        # The case of a tag's name does not count.
        raise _wrong("DuplicateTagNames", "Two tags have names that differ in nothing but their case.")  # [?]
    return tags


def update(call: HandlerCall, kind: str, answer: Handler) -> Response:
    """Change the tags of a network resource, all of them at once: 200 with the resource as `answer` shows it."""
    found = existing(call, kind)
    require_etag(call, found["id"], found)
    body = json_object(call.request.body)
    if set(body) - {"tags"}:
        # The code is Azure's, the wording [?].
        raise network_refusal(400, "OnlyTagsSupportedForPatch", "Patch only supports changes of the tags.")
    tags = checked(body)
    if tags is not None:
        store(call, found, tags)
    return answer(call)


def store(call: HandlerCall, document: Json, tags: dict[str, str]) -> None:
    """Give a resource other tags; it is another version of itself then."""
    call.world.remember(document["id"], call.now)
    document["tags"] = tags
    restamp(call.world, document)


def routes(kind: str, answer: Handler) -> tuple[Route, ...]:
    """Return the route of a network type's PATCH."""
    leaf = kind.rsplit("/", 1)[-1]
    path = f"/subscriptions/{{sub}}/resourceGroups/{{group}}/providers/Microsoft.Network/{leaf}/{{name}}"
    return (Route("PATCH", path, partial(update, kind=kind, answer=answer), action=f"{kind}/write", writes=True),)


# --- the tags API ---


def get(call: HandlerCall) -> Response:
    """Answer the tags of a scope."""
    return _answer(call, _tags_at(call))


def put(call: HandlerCall) -> Response:
    """Replace all tags of a scope."""
    return _changed(call, _sent(json_object(call.request.body)))


def patch(call: HandlerCall) -> Response:
    """Merge the sent tags with those of a scope, replace them, or take them away where name and value are the same."""
    body = json_object(call.request.body)
    operation, sent = text_of(body, "operation") or "", _sent(body)
    present = _tags_at(call)
    own = {name.lower(): name for name in present}
    match operation.lower():
        case "replace":
            return _changed(call, sent)
        case "merge":
            merged = dict(present)
            for name, value in sent.items():
                merged[own.get(name.lower(), name)] = value
            checked({"tags": merged})
            return _changed(call, merged)
        case "delete":
            gone = {own.get(name.lower(), name): value for name, value in sent.items()}
            return _changed(call, {name: value for name, value in present.items() if gone.get(name) != value})
        case _:
            raise _wrong(
                "InvalidTagsOperation",  # code and wording [?]
                f"The tags operation '{operation}' is invalid. It is one of 'Merge', 'Replace' and 'Delete'.",
            )


def delete(call: HandlerCall) -> Response:
    """Take all tags of a scope away."""
    _store_at(call, {})
    return Response(200)


def names(call: HandlerCall) -> Response:
    """Answer the names and values of the tags in a subscription, with how often each is used."""
    used: dict[str, dict[str, int]] = {}
    spelled: dict[str, str] = {}
    for tags in _used(call):
        for name, value in tags.items():
            values = used.setdefault(name.lower(), {})
            spelled.setdefault(name.lower(), name)
            values[value] = values.get(value, 0) + 1
    base = f"/subscriptions/{call.subscription.id}/tagNames"
    found = [
        {
            "id": f"{base}/{spelled[name]}",
            "tagName": spelled[name],
            "count": {"type": "Total", "value": sum(values.values())},
            "values": [
                {
                    "id": f"{base}/{spelled[name]}/tagValues/{text}",
                    "tagValue": text,
                    "count": {"type": "Total", "value": count},
                }
                for text, count in sorted(values.items())
            ],
        }
        for name, values in sorted(used.items())
    ]
    return json_response(200, {"value": found})


def _used(call: HandlerCall) -> Iterator[dict[str, str]]:
    world, scope = call.world, f"/subscriptions/{call.subscription.id}"
    yield world.subscription_tags.get(call.subscription.id.lower(), {})
    for document in world.resources.values():
        if ids.under(scope, document["id"]):
            yield document.get("tags", {})


def _sent(body: Json) -> dict[str, str]:
    tags = checked(object_of(body, "properties"))
    if tags is None:
        raise Refusal(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: 'Required property 'tags' not found in "
            "JSON. Path 'properties'.'.",
        )
    return tags


def _tags_at(call: HandlerCall) -> dict[str, str]:
    document = _document(call)
    if document is None:
        return call.world.subscription_tags.get(call.subscription.id.lower(), {})
    tags: dict[str, str] = document.get("tags", {})
    return tags


def _changed(call: HandlerCall, tags: dict[str, str]) -> Response:
    _store_at(call, tags)
    return _answer(call, tags)


def _store_at(call: HandlerCall, tags: dict[str, str]) -> None:
    document = _document(call)
    call.world.serial += 1
    if document is None:
        call.world.subscription_tags[call.subscription.id.lower()] = tags
    else:
        store(call, document, tags)


def _scope(call: HandlerCall) -> str:
    return call.path[: call.path.lower().rindex("/providers/microsoft.resources/tags/")]


def _document(call: HandlerCall) -> Json | None:
    """Return what the scope is, None for the subscription. Raises Refusal 404."""
    scope = _scope(call)
    if "group" not in call.parameters:
        return None
    found = call.world.find(scope)
    if found is not None:
        return found
    kind, _, name = call.parameters.get("resource", "").rpartition("/")
    raise resource_not_found(kind, name, call.parameters["group"])


def _answer(call: HandlerCall, tags: dict[str, str]) -> Response:
    document = _document(call)
    scope = f"/subscriptions/{call.subscription.id}" if document is None else document["id"]
    return json_response(
        200,
        {
            "id": f"{scope}/providers/{_TAGS_TYPE}/default",
            "name": "default",
            "type": _TAGS_TYPE,
            "properties": {"tags": tags},
        },
    )


def _wrong(code: str, message: str) -> Refusal:
    return Refusal(400, code, message)


def _at(scope: str) -> tuple[Route, ...]:
    path = f"{scope}/providers/{_TAGS_TYPE}/default"
    handlers: tuple[tuple[str, Callable[[HandlerCall], Response], str], ...] = (
        ("GET", get, "read"),
        ("PUT", put, "write"),
        ("PATCH", patch, "write"),
        ("DELETE", delete, "delete"),
    )
    return tuple(
        Route(method, path, handler, action=f"{_TAGS_TYPE}/{verb}", scope=scope, writes=method != "GET")
        for method, handler, verb in handlers
    )


_SUBSCRIPTION = "/subscriptions/{sub}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group}}"

ROUTES = (
    *_at(_SUBSCRIPTION),
    *_at(_GROUP),
    *_at(f"{_GROUP}/providers/{{resource*}}"),
    Route(
        "GET",
        f"{_SUBSCRIPTION}/tagNames",
        names,
        action="Microsoft.Resources/subscriptions/tagNames/read",
        scope=_SUBSCRIPTION,
    ),
)
