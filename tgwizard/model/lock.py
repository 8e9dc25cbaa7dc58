"""Management locks: what lies on a scope, and what it stops (azure-wire.md 1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.permission import reaches


class LockLevel(Enum):
    """CAN_NOT_DELETE stops deletions of whole resources only; READ_ONLY every write and every action (POST)."""

    CAN_NOT_DELETE = "CanNotDelete"
    READ_ONLY = "ReadOnly"


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock and where it lies. It counts there and everywhere below."""

    name: str
    scope: str
    level: LockLevel
    notes: str = ""

    def over(self, scope: str) -> bool:
        """Whether it counts at this scope."""
        return reaches(self.scope, scope)

    @property
    def place(self) -> str:
        """Where it lies, for people: the resource, the group or the subscription."""
        pieces = self.scope.strip("/").split("/")
        kind = {"subscriptions": "the subscription", "resourcegroups": "resource group"}.get(pieces[-2].lower(), "")
        return kind if kind == "the subscription" else f"{kind} {pieces[-1]}".strip()
