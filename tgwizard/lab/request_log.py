"""The lab's log of requests: who asked for what, what was decided, and how long it took. Never a token or a body."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tgwizard.lab.wire import Refusal


class RequestDecision(Enum):
    """What the way through the lab decided about a request, apart from what the provider then answered."""

    ANONYMOUS = "anonymous"
    """The call needs no token."""
    CONTROL = "control"
    """A call of the lab's own control surface."""
    UNAUTHENTICATED = "unauthenticated"
    ALLOWED = "allowed"
    DENIED = "denied"
    DENIED_LINKED = "denied-linked"
    LOCKED = "locked"
    REFUSED = "refused"
    """Turned down for another reason: not there, not usable, in conflict."""
    FAULT = "fault"
    """A fault's rule answered, or ate the answer."""

    @classmethod
    def of(cls, refusal: Refusal) -> RequestDecision:
        """Return the decision that a refusal stands for."""
        if refusal.status == 401:
            return cls.UNAUTHENTICATED
        if refusal.code == "LinkedAuthorizationFailed":
            return cls.DENIED_LINKED
        if refusal.status == 403:
            return cls.DENIED
        return cls.LOCKED if refusal.code == "ScopeLocked" else cls.REFUSED


@dataclass(slots=True)
class RequestTrace:
    """What one request met, filled in on its way."""

    caller: str = ""
    action: str = ""
    decision: RequestDecision = RequestDecision.REFUSED
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request the lab has met. `status` is None when the client got no answer."""

    method: str
    path: str
    status: int | None
    when: datetime
    client_request_id: str = ""
    caller: str = ""
    """The principal's name, or its object id where it has none."""
    action: str = ""
    """The permission that the call needs."""
    decision: RequestDecision = RequestDecision.ALLOWED
    rules: tuple[str, ...] = ()
    """The ids of the fault rules that struck it."""
    took_s: float = 0.0
    """The real seconds the lab worked on it."""
