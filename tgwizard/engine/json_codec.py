"""Frozen dataclasses to JSON and back, for what this program keeps and reads again.

What comes back may have been damaged or written by somebody else, so every value is held against its declared type: a
record that comes out of here can be used without a second look.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import Enum
from functools import cache
from ipaddress import IPv4Address
from typing import Any, Generic, TypeVar

from tgwizard.model.cluster import ResourceId

T = TypeVar("T")
R = TypeVar("R")

_MOMENT = "at"
"""A field of this name holds a time in ISO 8601 with its zone."""
_FROM_TEXT: dict[type, Callable[[str], Any]] = {ResourceId: ResourceId.parse, IPv4Address: IPv4Address}
"""Values that are kept as their text, and how they are read again; ValueError for a text that is none."""


@dataclasses.dataclass(frozen=True)
class RecordKinds(Generic[R]):
    """Records that stand in one file, each beside its kind; ``by_name``: what each kind is called there."""

    by_name: Mapping[str, type[R]]

    @property
    def names(self) -> AbstractSet[str]:
        """What the records are called."""
        return self.by_name.keys()

    def to_document(self, record: R) -> tuple[str, dict[str, Any]]:
        """A record's kind and JSON object."""
        (name,) = (name for name, kind in self.by_name.items() if kind is type(record))
        return name, to_document(record)

    def from_document(self, name: str, document: object) -> R:
        """The record again, as `from_document` reads it. ValueError: it is none of these."""
        if name not in self.by_name:
            raise ValueError(f"a record of the unknown kind {name!r}")
        return from_document(self.by_name[name], document)


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text. ValueError for anything else, brackets without end included."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("its brackets are nested too deeply") from error


def to_document(record: Any) -> dict[str, Any]:
    """A dataclass as a JSON object, its fields in order: enumerations by their values, tuples as lists."""
    return {item.name: _plain(getattr(record, item.name)) for item in dataclasses.fields(record)}


def from_document(kind: type[T], document: object) -> T:
    """The dataclass again. Unknown keys are ignored, so that an older program reads what a newer one wrote.

    A key that is not there leaves its field at the default. ValueError: a value is missing or not of its type; the
    message names the field, one inside another object with its path.
    """
    return _record(kind, document, "")


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if type(value) in _FROM_TEXT:
        return str(value)
    return to_document(value) if dataclasses.is_dataclass(value) else value


def _record(kind: Callable[..., T], document: object, path: str) -> T:
    if not isinstance(document, Mapping):
        raise ValueError(f"{path or 'it'} is no object")  # noqa: TRY004 - one error type for all that is wrong here
    within = f"{path}." if path else ""
    hints = _hints(kind)
    values = {name: _typed(within + name, hint, document[name]) for name, hint in hints.items() if name in document}
    missing = [name for name in _needed(kind) if name not in values]
    if missing:
        raise ValueError(f"a value is missing: {within}{missing[0]}")
    return kind(**values)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@cache
def _needed(kind: Any) -> tuple[str, ...]:
    """The fields without a default."""
    nothing = dataclasses.MISSING
    found = dataclasses.fields(kind)
    return tuple(item.name for item in found if item.default is nothing and item.default_factory is nothing)


def _typed(name: str, hint: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (kind,) = (arg for arg in inner if arg is not type(None))
        return None if value is None else _typed(name, kind, value)
    if origin is tuple:
        return _tuple(name, inner, value)
    if origin is not None:  # Mapping[str, ...]: an object whose inside belongs to somebody else
        return _of(name, dict, value)
    if hint is datetime:
        return _moment(name, _of(name, str, value))
    if hint in _FROM_TEXT:
        return _from_text(name, hint, value)
    if dataclasses.is_dataclass(hint):
        return _record(typing.cast("type", hint), value, name)
    if issubclass(hint, Enum):
        return _enumerated(name, hint, value)
    if hint is float:
        return _number(name, value)
    found = _of(name, hint, value)
    return _text(name, found) if isinstance(found, str) else found


def _tuple(name: str, inner: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    items = _of(name, list, value)
    if inner[-1] is not Ellipsis and len(items) != len(inner):
        raise ValueError(f"{name} has {len(items)} items")
    return tuple(_typed(name, inner[0], item) for item in items)


def _of(name: str, kind: type[T], value: Any) -> T:
    # True is an int to Python and none to JSON.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{name} is of the wrong type ({type(value).__name__})")
    return value


def _from_text(name: str, kind: type, value: Any) -> Any:
    found = _text(name, _of(name, str, value))
    try:
        return _FROM_TEXT[kind](found)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _enumerated(name: str, kind: type[Enum], value: Any) -> Enum:
    try:
        return kind(value)
    except ValueError as error:
        raise ValueError(f"{name} has an unknown value") from error


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is no number")  # noqa: TRY004 - see from_document
    try:
        found = float(value)
    except OverflowError as error:
        raise ValueError(f"{name} is too large") from error
    if not math.isfinite(found):
        raise ValueError(f"{name} is no number")
    return found


def _text(name: str, value: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError(f"{name} holds half a character")
    if name.rpartition(".")[2] == _MOMENT:
        _moment(name, value)
    return value


def _moment(name: str, value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{name} is no time") from error
    if found.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    return found
