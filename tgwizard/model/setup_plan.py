"""``SetupPlan``: every intended write of a set-up as data, shown before anything is written (engine/README.md 2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tgwizard.model.change import Prediction
from tgwizard.model.cluster import ResourceId
from tgwizard.model.problem import Problem
from tgwizard.model.role import RoleAssignment, RoleDefinition


class ChangeKind(Enum):
    """What a row of the plan does; window and command line mark it by this."""

    ADD = "add"
    CHANGE = "change"
    RIGHT = "right"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class EnableIdentity:
    """Turn on a machine's system-assigned identity, beside its user-assigned ones, which are named for exports."""

    vm: ResourceId
    user_assigned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PutRole:
    """Create (``before`` None) or update a custom role. ``scope``: where it is put, one of its assignable scopes.

    Azure checks the right to write roles at the scope of the call too, and keeps the role at its subscription.
    """

    role: RoleDefinition
    before: RoleDefinition | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Assign:
    """Give the role to a machine's identity at a scope.

    The principal is read from the machine when the change is carried out: its identity may be turned on by this plan.
    """

    vm: ResourceId
    scope: str
    role_guid: str
    existing: RoleAssignment | None = None


@dataclass(frozen=True, slots=True)
class RemoveStale:
    """Remove an assignment to an identity that no longer exists (a rebuilt machine's, engine/README.md 5.8)."""

    assignment: RoleAssignment


@dataclass(frozen=True, slots=True)
class PlaceAddress:
    """Create the first Azure IP Configuration on the active member's interface."""

    nic: ResourceId
    address: str
    configuration: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Restart a machine afterwards; only when the user says so, never by apply."""

    vm: ResourceId


PlannedWrite = EnableIdentity | PutRole | Assign | RemoveStale | PlaceAddress | Restart


class WhoMay(Enum):
    """Whether the signed-in user may carry out a change."""

    YOU = "you"
    OTHERS = "others"
    NOT_KNOWN = "not_known"


class Obstacle(Enum):
    """What keeps a change from the signed-in user: against the first two no role helps."""

    LOCK = "lock"
    DENIAL = "denial"
    CONDITION = "condition"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class Right:
    """Who may do it. ``missing``: actions the user lacks at ``scope``; ``roles``: built-in roles that would do."""

    who: WhoMay
    scope: str = ""
    missing: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    problem: Problem | None = None
    obstacle: Obstacle | None = None


@dataclass(frozen=True, slots=True)
class SetupChange:
    """One row of the plan, complete enough to be read, confirmed, journalled, carried out and undone.

    ``key`` names the change across readings and resumed runs; ``after_keys`` are the changes that must come first.
    ``not_if_failed``: those of the same run that come first too, and without which it is not written; it does not wait
    for any of them that is left to others.
    ``sentence`` is the row's title, ``note`` its second line; ``before`` and ``after`` are words, not bodies.
    """

    key: str
    kind: ChangeKind
    write: PlannedWrite
    target: str
    sentence: str
    note: str
    before: str
    after: str
    method: str
    path: str
    permissions: tuple[str, ...]
    predicted: Prediction
    right: Right = Right(WhoMay.NOT_KNOWN)
    after_keys: tuple[str, ...] = ()
    not_if_failed: tuple[str, ...] = ()
    undo: str = ""

    @property
    def follows(self) -> tuple[str, ...]:
        """Every change that it comes after."""
        return (*self.after_keys, *self.not_if_failed)

    @property
    def writes(self) -> bool:
        """Whether apply sends anything for it."""
        return self.kind in (ChangeKind.ADD, ChangeKind.CHANGE)


@dataclass(frozen=True, slots=True)
class ScopeReason:
    """A scope of the role, computed from real ids, and what of the cluster lives there."""

    scope: str
    holds: tuple[ResourceId, ...]
    sentence: str


def usual_s(changes: Iterable[SetupChange]) -> float:
    """How long they usually take, in seconds: changes that need not wait for each other run side by side."""
    ends: dict[str, float] = {}
    for change in changes:
        begun = max((ends.get(key, 0.0) for key in change.follows), default=0.0)
        ends[change.key] = begun + change.predicted.usual_s
    return max(ends.values(), default=0.0)


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """The whole plan, in the order in which it is carried out.

    ``problems`` forbid it: nothing may be written while there is one. ``warnings`` qualify it: it may be applied, and
    what then does not work, or is not known, stands there.
    """

    changes: tuple[SetupChange, ...]
    scopes: tuple[ScopeReason, ...]
    role: RoleDefinition
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def writing(self) -> tuple[SetupChange, ...]:
        """What apply would send; empty on a second run (engine/README.md 2.3)."""
        return tuple(change for change in self.changes if change.writes)

    @property
    def usual_s(self) -> float:
        """How long applying all of it usually takes, in seconds."""
        return usual_s(self.writing)

    @property
    def mine(self) -> tuple[SetupChange, ...]:
        """The writes that the signed-in user may carry out, as far as known."""
        return tuple(change for change in self.writing if change.right.who is not WhoMay.OTHERS)

    @property
    def mine_now(self) -> tuple[SetupChange, ...]:
        """Those of ``mine`` that need not wait for a change of others."""
        found: list[SetupChange] = []
        waiting: set[str] = set()
        for change in self.writing:
            if change.right.who is WhoMay.OTHERS or waiting & set(change.after_keys):
                waiting.add(change.key)
            else:
                found.append(change)
        return tuple(found)
