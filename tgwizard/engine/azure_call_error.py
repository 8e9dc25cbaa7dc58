"""What a call to Azure can fail with: whether it took effect, why it failed, and which right is missing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.cluster import ResourceId
from tgwizard.model.problem import Problem


class Certainty(Enum):
    """What a failed call says about its effect."""

    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Cause(Enum):
    """The causes the engine acts on.

    All others are OTHER. The adapter tells them apart by code and details, not by status.
    """

    ETAG_MOVED = "etag_moved"
    ADDRESS_ALLOCATED = "address_allocated"
    NOT_ALLOWED = "not_allowed"
    LOCKED = "locked"
    BUSY = "busy"
    THROTTLED = "throttled"
    NOT_FOUND = "not_found"
    SIGN_IN = "sign_in"
    STALE = "late"
    ALREADY_ASSIGNED = "already_assigned"
    PRINCIPAL_UNKNOWN = "principal_unknown"
    ROLE_UNKNOWN = "role_unknown"
    UNREADABLE = "unreadable"
    NOT_REACHED = "not_reached"
    NAME_TAKEN = "name_taken"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class MissingRight:
    """The action that a refusal names, and the scope on which it is missing.

    ``denied``: no role lacks it, a deny assignment takes it away; ``by`` and ``by_scope`` are that one's name and
    scope, where Azure told them.
    """

    action: str
    scope: str
    denied: bool = False
    by: str = ""
    by_scope: str = ""


class AzureCallError(Exception):
    """A call to Azure that did not end well, explained.

    ``allocated_to`` is the NIC (or other resource) that has the address, when Azure named it; ``retry_after_s`` what
    Azure asked; ``refused`` every right that Azure said is missing or denied, each with its own scope. ``request_id``
    is Azure's id of the request.
    """

    def __init__(
        self,
        problem: Problem,
        certainty: Certainty,
        cause: Cause = Cause.OTHER,
        *,
        status: int | None = None,
        allocated_to: ResourceId | None = None,
        retry_after_s: float | None = None,
        refused: tuple[MissingRight, ...] = (),
        request_id: str = "",
    ) -> None:
        """All that the engine may want to know; nothing that must not be logged."""
        super().__init__(problem.sentence())
        self.problem = problem
        self.certainty = certainty
        self.cause = cause
        self.status = status
        self.allocated_to = allocated_to
        self.retry_after_s = retry_after_s
        self.refused = refused
        self.request_id = request_id

    @property
    def says_gone(self) -> bool:
        """Whether it says that the resource does not exist; momentarily wrong at times, so ask twice.

        A subscription that is not found may only belong to another sign-in, so it does not count.
        """
        return self.cause is Cause.NOT_FOUND and self.problem.code in ("not-found", "group-not-found")

    @property
    def missing(self) -> MissingRight | None:
        """The first of the rights that a role could give; against a denial none helps."""
        return next((one for one in self.refused if not one.denied), None)

    @property
    def may_pass(self) -> bool:
        """Whether the same question may well be answered in a moment. What came of a write it does not say."""
        if self.certainty is Certainty.UNKNOWN or self.cause in _PASSING:
            return True
        return self.cause is Cause.OTHER and self.status == 409  # a read meets it while something is being changed


_PASSING = frozenset({Cause.BUSY, Cause.THROTTLED, Cause.UNREADABLE, Cause.NOT_REACHED})
