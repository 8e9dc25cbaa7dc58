"""The world as one JSON document with `"schema": 1`, and back. A bad document is a ValueError."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from tgwizard.lab.latency import Latency
from tgwizard.lab.wire import Json
from tgwizard.lab.world import (
    Allocation,
    Binding,
    ClusterMember,
    ClusterSpec,
    Grant,
    Holding,
    Lock,
    LockLevel,
    Operation,
    OperationKind,
    OperationStatus,
    Overlap,
    Power,
    Principal,
    Subscription,
    World,
)

SCHEMA = 1
_T = TypeVar("_T")


class SchemaUnknown(ValueError):
    """The document is of another version of the program."""

    def __init__(self, found: object) -> None:
        super().__init__(f"schema {found!r} is not {SCHEMA}")
        self.found = found


def dump(world: World) -> str:
    """Return the world as JSON text."""
    return json.dumps({"schema": SCHEMA, **_plain(asdict(world))}, indent=1)


def load(text: str) -> World:
    """Return the world of a JSON text. Raises SchemaUnknown, or ValueError naming what is missing or wrong."""
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one error type for a bad document
    schema = document.get("schema")
    if schema != SCHEMA:
        raise SchemaUnknown(schema)
    try:
        return _world(document)
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is missing") from error
    except (TypeError, AttributeError) as error:
        raise ValueError(f"wrong structure: {error}") from error


def _world(document: Json) -> World:
    return World(
        lab_id=_text(document, "lab_id"),
        scenario=_text(document, "scenario"),
        seed=int(document["seed"]),
        signing_key=_hex(document, "signing_key"),
        subscription=Subscription(**document["subscription"]),
        operator=Principal(**document["operator"]),
        latency=Latency(document["latency"]),
        overlap=Overlap(document["overlap"]),
        serial=int(document["serial"]),
        operation_count=int(document["operation_count"]),
        resources={key: _resource(key, value) for key, value in document["resources"].items()},
        power={key: Power(value) for key, value in document["power"].items()},
        operations={key: _operation(value) for key, value in document["operations"].items()},
        allocations=_each(document, "allocations", _allocation),
        holdings=_each(document, "holdings", _holding),
        locks=_each(document, "locks", _lock),
        principals=_each(document, "principals", lambda item: Principal(**item)),
        grants=_each(document, "grants", _grant),
        clusters=_each(document, "clusters", _cluster),
    )


def _each(document: Json, key: str, make: Callable[[Json], _T]) -> list[_T]:
    return [make(item) for item in document[key]]


def _text(document: Json, key: str) -> str:
    value = document[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is not a text")
    return value


def _hex(document: Json, key: str) -> str:
    bytes.fromhex(_text(document, key))
    return _text(document, key)


def _resource(key: str, document: Json) -> Json:
    for name in ("id", "name", "type", "properties"):
        if name not in document:
            raise ValueError(f"{name!r} is missing in the resource {key}")
    return document


def _operation(item: Json) -> Operation:
    return Operation(
        **{
            **item,
            "kind": OperationKind(item["kind"]),
            "status": OperationStatus(item["status"]),
            "started": _moment(item["started"]),
            "ends": _moment_or_none(item["ends"]),
            "ended": _moment_or_none(item["ended"]),
        }
    )


def _allocation(item: Json) -> Allocation:
    return Allocation(**{**item, "binding": Binding(item["binding"])})


def _holding(item: Json) -> Holding:
    return Holding(item["address"], item["nic"], _moment(item["since"]), _moment_or_none(item["until"]))


def _lock(item: Json) -> Lock:
    return Lock(**{**item, "level": LockLevel(item["level"])})


def _grant(item: Json) -> Grant:
    return Grant(**{**item, "actions": tuple(item["actions"]), "not_actions": tuple(item["not_actions"])})


def _cluster(item: Json) -> ClusterSpec:
    first, second = item["members"]
    return ClusterSpec(**{**item, "members": (ClusterMember(**first), ClusterMember(**second))})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no zone")
    return moment


def _moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


def _plain(value: Any) -> Any:
    """Return enums as their values and times as ISO 8601 text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return getattr(value, "value", value)
