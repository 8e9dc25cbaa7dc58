"""Faults for tests and rehearsals: rules that change what some requests meet, behind authentication. Values only.

A rule's effect is carried out by the gateway, by the operations and by the state of an interface. Which rules a lab
has: `fault_registry`. How a rule is spelled in TOML and JSON: `fault_format`. Ready-made answers of Azure, by name:
`canned_errors`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from enum import Enum
from fnmatch import fnmatchcase
from typing import TypeAlias

from tgwizard.lab.faults.canned_errors import CannedError, RequestInfo, canned_response
from tgwizard.lab.wire import AnswerLost, Headers, Json, Loss, Response
from tgwizard.lab.world import OperationEnding


class Moment(Enum):
    """On which side of the change a fault strikes."""

    BEFORE_COMMIT = "before-commit"
    AFTER_COMMIT = "after-commit"


@dataclass(frozen=True, slots=True)
class FaultAnswer:
    """The client gets this answer instead of the lab's own. After the commit it hides a change that was made."""

    status: int
    body: str
    headers: Headers = (("Content-Type", "application/json; charset=utf-8"),)
    moment: Moment = Moment.BEFORE_COMMIT


@dataclass(frozen=True, slots=True)
class AzureAnswer:
    """The client gets one of Azure's own error answers, filled in for the request it meets."""

    known: CannedError
    moment: Moment = Moment.BEFORE_COMMIT


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection breaks."""

    moment: Moment


@dataclass(frozen=True, slots=True)
class Timeout:
    """No answer ever comes; the client gives up after its own read timeout."""

    moment: Moment


@dataclass(frozen=True, slots=True)
class TruncatedBody:
    """The answer's head is whole, its body ends after this many bytes, and the connection with it."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class SlowBody:
    """The answer's body takes this many seconds to arrive, in pieces."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StaleRead:
    """A GET shows its resources as they were this many seconds ago, as far back as the lab remembers."""

    seconds: float


@dataclass(frozen=True, slots=True)
class OperationFails:
    """The operation started by the request ends `Failed`; a NIC keeps the new content in state `Failed`."""

    code: str = "InternalServerError"
    message: str = "An error occurred."


@dataclass(frozen=True, slots=True)
class OperationCanceled:
    """The operation started by the request ends `Canceled`; a NIC keeps the new content in state `Failed` [?]."""


@dataclass(frozen=True, slots=True)
class OperationSuperseded:
    """At its end the operation is `Canceled` in favour of another one, which brings the same content to its end.

    A VM operation that touches a NIC does this (azure/README.md 2.4); the client's poll URL never says `Succeeded`.
    """


@dataclass(frozen=True, slots=True)
class OperationNeverEnds:
    """The operation started by the request stays `InProgress`."""


@dataclass(frozen=True, slots=True)
class OperationTakes:
    """The operation started by the request takes this many seconds, whatever the latency model says."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ForeignNicTakesAddress:
    """When the operation started by the request ends, another NIC gets the addresses that it freed."""

    nic: str
    """The full id of the NIC that takes them."""


Effect: TypeAlias = (
    FaultAnswer
    | AzureAnswer
    | Reset
    | Timeout
    | TruncatedBody
    | SlowBody
    | StaleRead
    | OperationFails
    | OperationCanceled
    | OperationSuperseded
    | OperationNeverEnds
    | OperationTakes
    | ForeignNicTakesAddress
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule: which requests it counts, which of those it strikes, and what they meet.

    It counts requests with this method and this part in their path. Of these it strikes the `nth`, and from there
    every `every`-th, with this probability, until it has struck `times` times (None: always).
    """

    method: str
    """Empty for any."""
    path: str
    """A part of the path, case ignored; empty for any."""
    effect: Effect
    nth: int = 1
    times: int | None = 1
    every: int = 1
    probability: float = 1.0
    seed: int = 0
    operation: str = ""
    """The permission that the request needs, such as `Microsoft.Network/networkInterfaces/write`; `*` as in roles."""
    body: str = ""
    """A part of the request's body, case ignored; empty for any."""
    caller: str = ""
    """The name or object id of the principal; empty for any."""
    from_s: float = 0.0
    """The window in which it counts, in seconds of the lab's clock since the rule was added."""
    until_s: float | None = None
    name: str = ""

    def concerns(self, met: RequestInfo, age_s: float) -> bool:
        """Return whether a request is one of those that are counted; case does not matter."""
        return (
            self.method.upper() in ("", met.method.upper())
            and self.path.lower() in met.path.lower()
            and self.body.lower() in met.body.lower()
            and (not self.operation or fnmatchcase(met.action.lower(), self.operation.lower()))
            and self.caller.lower() in ("", met.caller.lower(), met.caller_oid.lower())
            and self.from_s <= age_s
            and (self.until_s is None or age_s < self.until_s)
        )

    def strikes(self, count: int, struck: int) -> bool:
        """Return whether the request with this running number is struck; the same in every copy of a lab."""
        if count < self.nth or (count - self.nth) % self.every or (self.times is not None and struck >= self.times):
            return False
        return self.probability >= 1.0 or random.Random(f"{self.seed}:{count}").random() < self.probability  # noqa: S311 - a share of requests, no secret


@dataclass(frozen=True, slots=True)
class OperationFate:
    """What faults decided about the operation that a request will start."""

    failure: Json | None = None
    endless: bool = False
    seconds: float | None = None
    stranger: str | None = None
    ending: OperationEnding = OperationEnding.SUCCEED


@dataclass(frozen=True, slots=True)
class FaultVerdict:
    """All that faults decided about one request."""

    effects: tuple[Effect, ...] = ()
    rules: tuple[str, ...] = ()
    """The ids of the rules that struck."""
    met: RequestInfo = field(default_factory=RequestInfo)

    def strike(self, moment: Moment) -> Response | None:
        """Return the forced answer of this moment, or None. Raises AnswerLost for a lost one."""
        for effect in self.effects:
            match effect:
                case FaultAnswer() if effect.moment is moment:
                    return Response(effect.status, effect.headers, effect.body.encode())
                case AzureAnswer() if effect.moment is moment:
                    return canned_response(effect.known, self.met)
                case Reset() if effect.moment is moment:
                    raise AnswerLost(Loss.RESET)
                case Timeout() if effect.moment is moment:
                    raise AnswerLost(Loss.TIMEOUT)
                case _:
                    continue
        return None

    def delivered(self, response: Response) -> Response:
        """Return an answer with the way its body will travel."""
        for effect in self.effects:
            match effect:
                case TruncatedBody():
                    response = replace(response, cut=effect.after_bytes)
                case SlowBody():
                    response = replace(response, over_s=effect.seconds)
                case _:
                    continue
        return response

    @property
    def stale_s(self) -> float:
        """How old the resources are that a GET shows, in seconds; 0 for the present."""
        return max((effect.seconds for effect in self.effects if isinstance(effect, StaleRead)), default=0.0)

    def fate(self) -> OperationFate:
        """Return what happens to the operation that the request starts, if it starts one."""
        fate = OperationFate()
        for effect in self.effects:
            match effect:
                case OperationFails():
                    error = {"code": effect.code, "message": effect.message, "details": []}
                    fate = replace(fate, failure=error, ending=OperationEnding.FAIL)
                case OperationCanceled():
                    error = {"code": "Canceled", "message": "Operation was canceled.", "details": []}
                    fate = replace(fate, failure=error, ending=OperationEnding.CANCEL)
                case OperationSuperseded():
                    fate = replace(fate, ending=OperationEnding.SUPERSEDE)
                case OperationNeverEnds():
                    fate = replace(fate, endless=True)
                case OperationTakes():
                    fate = replace(fate, seconds=effect.seconds)
                case ForeignNicTakesAddress():
                    fate = replace(fate, stranger=effect.nic)
                case _:
                    continue
        return fate
