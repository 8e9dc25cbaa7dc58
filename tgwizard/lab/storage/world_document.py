"""The world as one JSON document with `"schema": 1`, and back. A bad document is a ValueError."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from tgwizard.lab.address_ledger import Allocation, Allocations, Binding, Holding, Holdings
from tgwizard.lab.gc_pause import without_gc
from tgwizard.lab.latency import Latency
from tgwizard.lab.move_options import MoveOptions
from tgwizard.lab.nic_options import NicOptions
from tgwizard.lab.rbac.role_records import (
    Authorization,
    LabDenyAssignment,
    LabRoleAssignment,
    LabRoleDefinition,
    LabRoleKind,
    PermissionRecord,
    Propagation,
    RoleHistory,
)
from tgwizard.lab.wire import Json
from tgwizard.lab.world import (
    ClusterMember,
    ClusterSpec,
    FailedNic,
    Group,
    KnownGroups,
    LabLockLevel,
    LabPower,
    LabPrincipalKind,
    Lock,
    LongOperation,
    Moved,
    OperationEnding,
    OperationKind,
    OperationStatus,
    Overlap,
    PastResource,
    Principal,
    Subscription,
    Tenant,
    World,
)

SCHEMA = 1
_T = TypeVar("_T")


class UnknownSchema(ValueError):
    """The document is of another version of the program."""

    def __init__(self, found: object) -> None:
        super().__init__(f"schema {found!r} is not {SCHEMA}")
        self.found = found


def dump(world: World) -> str:
    """Return the world as JSON text: a line for each resource, so that two worlds can be compared by eye."""
    return "".join(pieces(world))


def pieces(world: World, base: str = "") -> Iterator[str]:
    """Yield that text piece by piece, so that the text of a big lab need never be in memory as a whole.

    `base` names what is saved, so that later changes can say what they belong to.
    """
    yield f'{{\n"schema": {SCHEMA}'
    if base:
        yield f',\n"base": {json.dumps(base)}'
    for item in fields(world):
        if not item.metadata.get("saved", True):
            continue
        yield f',\n"{item.name}": '
        if item.name == "resources":
            # They are JSON already; walking through them would take most of the time of a big lab's dump.
            mark = "{"
            for key, value in world.resources.items():
                yield f"{mark}\n{json.dumps(key)}: {json.dumps(value)}"
                mark = ","
            yield "{}" if mark == "{" else "\n}"
        else:
            yield json.dumps(plain(getattr(world, item.name)))
    yield "\n}\n"


def load(text: str) -> World:
    """Return the world of a JSON text. Raises UnknownSchema, or ValueError naming what is missing or wrong."""
    with without_gc():
        return world_of(json.loads(text))


def read(lines: Iterable[str]) -> Json:
    """Return the document of the lines that `pieces` made, without their text ever being in memory as a whole.

    Raises ValueError for lines that are not like those, even if they are JSON.
    """
    document: Json = {}
    rest = (line.rstrip("\n") for line in lines)
    if next(rest, "") != "{":
        raise ValueError("not written by this program")
    for line in rest:
        if line == "}":
            return document
        if line.endswith(": {"):
            document[json.loads(line.removesuffix(": {"))] = _entries(rest)
        else:
            document.update(_object(line))
    raise ValueError("the end is missing")


_TOGETHER = 500
"""How many entries are parsed at once: equal texts of theirs are one text in memory, a fifth less for a fleet."""
_SHARED_BELOW = 50
"""Longer texts (ids) are hardly ever equal."""


def _entries(lines: Iterator[str]) -> Json:
    found: Json = {}
    waiting: list[str] = []
    for line in lines:
        over = line in {"}", "},"}
        if not over:
            waiting.append(line)
        if over or len(waiting) >= _TOGETHER:
            some = _object("\n".join(waiting))
            _share(some, {})
            found.update(some)
            waiting.clear()
        if over:
            return found
    raise ValueError("the end is missing")


def _share(value: Any, known: dict[str, str]) -> None:
    """Let equal texts in an object or a list be the same one."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, str):
            if len(item) < _SHARED_BELOW:
                value[key] = known.setdefault(item, item)
        elif isinstance(item, (dict, list)):
            _share(item, known)


def _object(inside: str) -> Json:
    found: Json = json.loads("{" + inside.removesuffix(",") + "}")
    return found


def world_of(document: object) -> World:
    """Return the world of a document. Raises as `load` does."""
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one error type for a bad document
    schema = document.get("schema")
    if schema != SCHEMA:
        raise UnknownSchema(schema)
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
        operator=_principal(document["operator"]),
        latency=Latency(document["latency"]),
        overlap=Overlap(document["overlap"]),
        failed_nic=FailedNic(document.get("failed_nic", FailedNic.ALL.value)),
        epoch=int(document.get("epoch", 1)),
        move=MoveOptions(**document.get("move", {})),
        nic=NicOptions(**document.get("nic", {})),
        serial=int(document["serial"]),
        operation_count=int(document["operation_count"]),
        resources={key: _resource(key, value) for key, value in document["resources"].items()},
        power={key: LabPower(value) for key, value in document["power"].items()},
        operations={key: _operation(value) for key, value in document["operations"].items()},
        allocations=Allocations(_each(document, "allocations", _allocation)),
        holdings=Holdings(_each(document, "holdings", _holding)),
        locks=_each(document, "locks", _lock),
        principals=_each(document, "principals", _principal),
        accounts=_each(document, "accounts", _principal),
        groups=[Group(_principal(item["principal"]), list(item["members"])) for item in document.get("groups", [])],
        known_groups={
            key: KnownGroups(_moment(item["since"]), tuple(item["groups"]))
            for key, item in document.get("known_groups", {}).items()
        },
        sessions={key: int(value) for key, value in document["sessions"].items()},
        certificates={key: list(value) for key, value in document.get("certificates", {}).items()},
        authorization=_authorization(document["authorization"]),
        clusters=_each(document, "clusters", _cluster),
        page_size=int(document.get("page_size", 0)),
        tenant_name=document.get("tenant_name", "Lab"),
        tenant_domain=document.get("tenant_domain", "lab.example"),
        more_tenants=[Tenant(**item) for item in document.get("more_tenants", [])],
        more_subscriptions=[Subscription(**item) for item in document.get("more_subscriptions", [])],
        subscription_tags={key: dict(value) for key, value in document.get("subscription_tags", {}).items()},
        management_groups=dict(document.get("management_groups", {})),
        unregistered=list(document.get("unregistered", [])),
        past={key: [_past(item) for item in value] for key, value in document.get("past", {}).items()},
    )


def _each(document: Json, key: str, make: Callable[[Json], _T]) -> list[_T]:
    items = document.pop(key)  # so that a big one is gone before the next is made
    return [make(item) for item in items]


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


def _operation(item: Json) -> LongOperation:
    return LongOperation(
        **{
            **item,
            "kind": OperationKind(item["kind"]),
            "status": OperationStatus(item["status"]),
            "ending": OperationEnding(item.get("ending", OperationEnding.SUCCEED.value)),
            "started": _moment(item["started"]),
            "ends": _moment_or_none(item["ends"]),
            "ended": _moment_or_none(item["ended"]),
            "moved": Moved(**item["moved"]) if item.get("moved") else None,
        }
    )


def _allocation(item: Json) -> Allocation:
    return Allocation(**{**item, "binding": Binding(item["binding"])})


def _holding(item: Json) -> Holding:
    return Holding(item["address"], item["nic"], _moment(item["since"]), _moment_or_none(item["until"]))


def _past(item: Json) -> PastResource:
    return PastResource(_moment(item["until"]), item["document"])


def _lock(item: Json) -> Lock:
    return Lock(**{**item, "level": LabLockLevel(item["level"])})


def _principal(item: Json) -> Principal:
    return Principal(
        **{
            **item,
            "kind": LabPrincipalKind(item["kind"]),
            "created": _moment_or_none(item["created"]),
            "groups": tuple(item.get("groups", [])),
        }
    )


def _authorization(item: Json) -> Authorization:
    return Authorization(
        **{
            **item,
            "roles": {key: _role(value) for key, value in item["roles"].items()},
            "assignments": {
                oid: {key: _assignment(value) for key, value in held.items()}
                for oid, held in item["assignments"].items()
            },
            "deny": _each(item, "deny", _deny),
            "propagation": Propagation(item["propagation"]),
        }
    )


def _role(item: Json) -> RoleHistory:
    if not item["versions"]:
        raise ValueError("a role has no version")
    return RoleHistory(_each(item, "versions", _role_version), _moment_or_none(item["deleted"]))


def _role_version(item: Json) -> LabRoleDefinition:
    return LabRoleDefinition(
        **{
            **item,
            "kind": LabRoleKind(item["kind"]),
            "scopes": tuple(item["scopes"]),
            "permissions": tuple(
                PermissionRecord(**{key: tuple(value) for key, value in entry.items()}) for entry in item["permissions"]
            ),
            "created_on": _moment(item["created_on"]),
            "updated_on": _moment(item["updated_on"]),
        }
    )


def _assignment(item: Json) -> LabRoleAssignment:
    return LabRoleAssignment(
        **{
            **item,
            "created_on": _moment(item["created_on"]),
            "updated_on": _moment(item["updated_on"]),
            "removed": _moment_or_none(item["removed"]),
        }
    )


def _deny(item: Json) -> LabDenyAssignment:
    lists = ("actions", "not_actions", "principals", "excluded")
    return LabDenyAssignment(**{**item, **{key: tuple(item[key]) for key in lists}})


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


def plain(value: Any) -> Any:
    """Return what is ready for JSON: dataclasses as objects, enums as their values and times as ISO 8601 text."""
    match value:
        case None | str() | int() | float():
            return value
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple() | Allocations() | Holdings():
            return [plain(item) for item in value]
        case datetime():
            return value.isoformat()
        case Enum():
            return value.value
        case _:
            return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
