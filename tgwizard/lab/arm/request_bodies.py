"""Reading JSON bodies. One that is not JSON, nests too deeply, or has impossible numbers or texts is refused.

The helpers below are for the providers whose bodies are taken apart field by field: anything but the expected shape is
refused.
"""

from __future__ import annotations

import json
import math
import re
from itertools import chain

from tgwizard.lab.wire import Json, Refusal

DEEPEST = 64
"""How deeply a document may nest."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class BodyUnreadable(ValueError):
    """A body that is not JSON, or JSON that nobody should store."""


def read(content: bytes) -> object:
    """Return what a body holds. Raises BodyUnreadable with the reason."""
    try:
        body = json.loads(content, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise BodyUnreadable(f"Unexpected character encountered while parsing value: {error}.") from error
    if _depth(body) > DEEPEST:
        raise _too_deep()
    if _SURROGATE.search(content):
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise BodyUnreadable("A text holds half of a character.") from error
    return body


def json_object(content: bytes) -> Json:
    """Return a body. Raises Refusal 400 `InvalidRequestContent` for anything but a JSON object."""
    try:
        body = read(content)
    except BodyUnreadable as error:
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


def _depth(value: object) -> int:
    """Return how deeply a document nests, without recursion, and no further than matters."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        containers = [item for item in level if isinstance(item, dict | list)]
        depth += bool(containers)
        level = list(chain.from_iterable(i.values() if isinstance(i, dict) else i for i in containers))
    return depth


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too great")
    return number


def _too_deep() -> BodyUnreadable:
    return BodyUnreadable(f"The reader's MaxDepth of {DEEPEST} has been exceeded.")
