"""What the journal of setting up keeps: what was meant, tried, answered and read back. No secrets are among it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tgwizard.engine import json_codec
from tgwizard.engine.records import Answer
from tgwizard.model.event_base import Outcome
from tgwizard.model.role import RoleDefinition, RoleKind, RolePermission


class Deed(Enum):
    """The kinds of writes that setting up and undoing make."""

    ENABLE_IDENTITY = "enable_identity"
    PUT_ROLE = "put_role"
    ASSIGN = "assign"
    REMOVE_STALE = "remove_stale"
    PLACE_ADDRESS = "place_address"
    RESTART = "restart"
    DISABLE_IDENTITY = "disable_identity"
    RESTORE_ROLE = "restore_role"
    DELETE_ROLE = "delete_role"
    UNASSIGN = "unassign"
    REMOVE_ADDRESS = "remove_address"


UNDOES = {
    Deed.DISABLE_IDENTITY: Deed.ENABLE_IDENTITY,
    Deed.RESTORE_ROLE: Deed.PUT_ROLE,
    Deed.DELETE_ROLE: Deed.PUT_ROLE,
    Deed.UNASSIGN: Deed.ASSIGN,
    Deed.REMOVE_ADDRESS: Deed.PLACE_ADDRESS,
}
"""Which kind of write each undoing takes back."""


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A job began; ``keys`` are the changes it means to carry out, ``nics`` and ``address`` whose cluster it is."""

    run: str
    at: str
    job: str
    keys: tuple[str, ...]
    nics: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Intended:
    """A write goes out next: on what, what it sends and what was there before (None: nothing).

    ``sentence`` is what people were shown. It is on the disk before the write is sent, so that undo knows what is ours
    even when the program stopped before the answer came.
    """

    run: str
    at: str
    key: str
    deed: Deed
    target: str
    request: str
    sentence: str
    sent: Mapping[str, Any]
    before: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Replied:
    """What came back for a write."""

    run: str
    at: str
    request: str
    answer: Answer
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A change that we wrote was read back as done, ``seconds`` after its first write."""

    run: str
    at: str
    key: str
    deed: Deed
    target: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RunEnded:
    """How the job ended."""

    run: str
    at: str
    outcome: Outcome
    reason: str


SetupRecord = RunBegan | Intended | Replied | Confirmed | RunEnded

_KINDS: dict[str, type[SetupRecord]] = {
    "run_began": RunBegan,
    "intended": Intended,
    "replied": Replied,
    "confirmed": Confirmed,
    "run_ended": RunEnded,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def undo_key(made: Intended) -> str:
    """What taking a thing back is called, in plans and in the record that says it is gone.

    An interface may hold several addresses that were put there from here, so the address is a part of the name.
    """
    address = f":{made.sent.get('address', '')}" if made.deed is Deed.PLACE_ADDRESS else ""
    return f"undo:{made.deed.value}:{made.target.lower()}{address}"


def to_document(record: SetupRecord) -> tuple[str, dict[str, Any]]:
    """A record's kind and JSON object."""
    return _NAMES[type(record)], json_codec.to_document(record)


def from_document(kind: str, document: object) -> SetupRecord:
    """The record again; unknown keys are ignored. ValueError: it is none of ours."""
    if kind not in _KINDS:
        raise ValueError(f"a record of the unknown kind {kind!r}")
    return json_codec.from_document(_KINDS[kind], document)


KINDS = frozenset(_KINDS)
"""What the records are called in the journal."""


def role_document(role: RoleDefinition) -> dict[str, Any]:
    """A role as it is kept: what Azure stores of it, and nothing that Azure moves by itself."""
    return {
        "guid": role.guid,
        "name": role.name,
        "description": role.description,
        "permissions": [json_codec.to_document(block) for block in role.permissions],
        "assignable_scopes": list(role.assignable_scopes),
        "id": role.id,
    }


def role_of(document: Mapping[str, Any]) -> RoleDefinition:
    """The role again."""
    blocks = tuple(
        RolePermission(**{name: tuple(actions) for name, actions in block.items()}) for block in document["permissions"]
    )
    return RoleDefinition(
        document["guid"],
        document["name"],
        document["description"],
        RoleKind.CUSTOM,
        blocks,
        tuple(document["assignable_scopes"]),
        document.get("id", ""),
    )


def same_role(first: RoleDefinition, second: RoleDefinition) -> bool:
    """Whether two roles say the same: name, description, actions and scopes, whatever their order and case."""
    return _meaning(first) == _meaning(second)


def _meaning(role: RoleDefinition) -> tuple[object, ...]:
    blocks = sorted(
        tuple(tuple(sorted({item.lower() for item in part})) for part in dataclasses.astuple(block))
        for block in role.permissions
    )
    scopes = sorted({scope.lower().rstrip("/") for scope in role.assignable_scopes})
    return role.name, role.description, tuple(blocks), tuple(scopes)
