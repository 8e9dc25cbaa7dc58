"""Reading JSON bodies of the authorization and compute providers: anything but the expected shape is refused."""

from __future__ import annotations

import json

from tgwizard.lab.wire import Json, Refusal


def json_object(content: bytes) -> Json:
    """Return a body. Raises Refusal 400 `InvalidRequestContent` for anything but a JSON object."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _unreadable(str(error)) from error
    if not isinstance(body, dict):
        raise _unreadable("Error converting the value to an object. Path ''.")
    return body


def object_of(body: Json, key: str) -> Json:
    """Return an object in a body, empty if it is left out. Raises Refusal for another type."""
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _unreadable(f"Error converting the value of '{key}' to an object.")
    return value


def names(value: object) -> list[str]:
    """Return a list of texts, empty if it is left out; null is an empty text. Raises Refusal for another type."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(item is None or isinstance(item, str) for item in value):
        raise _unreadable("Error converting the value to a list of strings.")
    return [item or "" for item in value]


def objects(value: object) -> list[Json]:
    """Return a list of objects, empty if it is left out. Raises Refusal for another type."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _unreadable("Error converting the value to a list of objects.")
    return value


def text_of(body: Json, key: str) -> str | None:
    """Return a text in a body, or None. Raises Refusal for another type."""
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise _unreadable(f"Error converting the value of '{key}' to a string.")
    return value


def _unreadable(why: str) -> Refusal:
    return Refusal(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{why}'.",
    )
