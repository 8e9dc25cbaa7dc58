"""What authorization is made of: role definitions, role assignments, deny assignments. Values without behaviour.

Shapes after azure/README.md 3.1 to 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

EVERYONE = "00000000-0000-0000-0000-000000000000"
"""The principal of a deny assignment that stands for all of them."""


class LabRoleKind(Enum):
    """Whether Azure made a role or somebody in the tenant; the values are the wire's."""

    BUILT_IN = "BuiltInRole"
    CUSTOM = "CustomRole"


class Propagation(Enum):
    """How long new rights take to arrive; the values are the words of settings. The figures are in `propagation`."""

    INSTANT = "instant"
    FAST = "fast"
    """Seconds, so that a rehearsal shows the wait without being one."""
    AZURE = "azure"
    """Minutes, as documented and measured (azure/README.md 3.2, 3.4)."""


@dataclass(frozen=True, slots=True)
class PermissionRecord:
    """One entry of a role's `permissions`."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabRoleDefinition:
    """One version of a role. `guid` is the last part of its id, in lower case."""

    guid: str
    name: str
    kind: LabRoleKind
    description: str
    scopes: tuple[str, ...]
    permissions: tuple[PermissionRecord, ...]
    created_on: datetime
    updated_on: datetime
    created_by: str = ""
    updated_by: str = ""


@dataclass(slots=True)
class RoleHistory:
    """A custom role with its earlier versions, which stay in force where the news has not arrived."""

    versions: list[LabRoleDefinition]
    """Oldest first; the last one is the role as it is."""
    deleted: datetime | None = None

    @property
    def current(self) -> LabRoleDefinition:
        """The newest version."""
        return self.versions[-1]


@dataclass(slots=True)
class LabRoleAssignment:
    """A role held by a principal at a scope. A removed one stays as long as its rights may linger."""

    guid: str
    scope: str
    role: str
    """The guid of the role definition."""
    principal: str
    principal_type: str
    created_on: datetime
    updated_on: datetime
    created_by: str = ""
    updated_by: str = ""
    description: str | None = None
    condition: str | None = None
    condition_version: str | None = None
    delegated_identity: str | None = None
    removed: datetime | None = None


@dataclass(frozen=True, slots=True)
class LabDenyAssignment:
    """Actions that are refused to principals at a scope whatever their roles say. Only Azure makes them."""

    guid: str
    name: str
    scope: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    principals: tuple[str, ...] = (EVERYONE,)
    excluded: tuple[str, ...] = ()
    description: str = ""
    this_scope_only: bool = False


@dataclass(slots=True)
class Authorization:
    """Everything that decides who may do what, as it is saved with the world."""

    roles: dict[str, RoleHistory] = field(default_factory=dict)
    """Custom roles by guid."""
    assignments: dict[str, dict[str, LabRoleAssignment]] = field(default_factory=dict)
    """By the principal's object id, then by guid; removed ones under a key of their own."""
    deny: list[LabDenyAssignment] = field(default_factory=list)
    propagation: Propagation = Propagation.INSTANT
    flicker: bool = False
    """Whether lists of roles and assignments go back and forth for a while after a change (azure/README.md 3.1)."""
    list_reads: int = 0
    """How many lists were read; what a flickering list shows follows from it and the lab's seed."""
    assigned_role_status: int = 400
    """The status of `RoleDefinitionHasAssignments`: 400 or 409 [?]."""
    missing_role_status: int = 400
    """The status of `RoleDefinitionDoesNotExist` when an assignment is PUT: 400 or 404 [?]."""
    repeated_put_status: int = 201
    """The status of a role assignment that is PUT again unchanged: 200 or 201 [?]."""


UNSETTLED: dict[str, frozenset[int]] = {
    "assigned_role_status": frozenset({400, 409}),
    "missing_role_status": frozenset({400, 404}),
    "repeated_put_status": frozenset({200, 201}),
}
"""What `Authorization` answers where the reference is not settled, with the values each may have."""
