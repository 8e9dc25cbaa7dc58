"""Faults for tests and rehearsals: rules that change what one request meets, behind authentication. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from tgwizard.lab.wire import AnswerLost, Headers, Json, Loss, Response


class Moment(Enum):
    """On which side of the change a fault strikes."""

    BEFORE_COMMIT = "before-commit"
    AFTER_COMMIT = "after-commit"


@dataclass(frozen=True, slots=True)
class Answer:
    """The client gets this answer instead of the lab's own. After the commit it hides a change that was made."""

    status: int
    body: str
    headers: Headers = (("Content-Type", "application/json; charset=utf-8"),)
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
class OperationFails:
    """The operation started by the request ends `Failed`; a NIC keeps the new content in state `Failed`."""

    code: str = "InternalServerError"
    message: str = "An error occurred."


@dataclass(frozen=True, slots=True)
class OperationNeverEnds:
    """The operation started by the request stays `InProgress`."""


@dataclass(frozen=True, slots=True)
class OperationTakes:
    """The operation started by the request takes this many seconds, whatever the latency model says."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StrangerTakesAddress:
    """When the operation started by the request ends, another NIC gets the addresses that it freed."""

    nic: str
    """The full id of the NIC that takes them."""


Effect: TypeAlias = (
    Answer | Reset | Timeout | OperationFails | OperationNeverEnds | OperationTakes | StrangerTakesAddress
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule. It strikes the `nth` request with this method and this part in its path, and the next `times - 1`."""

    method: str
    path: str
    effect: Effect
    nth: int = 1
    times: int = 1

    def concerns(self, method: str, path: str) -> bool:
        """Return whether a request is one of those that are counted; case does not matter."""
        return self.method.upper() == method.upper() and self.path.lower() in path.lower()


@dataclass(frozen=True, slots=True)
class OperationFate:
    """What faults decided about the operation that a request will start."""

    failure: Json | None = None
    endless: bool = False
    seconds: float | None = None
    stranger: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that faults decided about one request."""

    effects: tuple[Effect, ...] = ()

    def strike(self, moment: Moment) -> Response | None:
        """Return the forced answer of this moment, or None. Raises AnswerLost for a lost one."""
        for effect in self.effects:
            match effect:
                case Answer() if effect.moment is moment:
                    return Response(effect.status, effect.headers, effect.body.encode())
                case Reset() if effect.moment is moment:
                    raise AnswerLost(Loss.RESET)
                case Timeout() if effect.moment is moment:
                    raise AnswerLost(Loss.TIMEOUT)
                case _:
                    continue
        return None

    def fate(self) -> OperationFate:
        """Return what happens to the operation that the request starts, if it starts one."""
        failure: Json | None = None
        endless = False
        seconds: float | None = None
        stranger: str | None = None
        for effect in self.effects:
            match effect:
                case OperationFails():
                    failure = {"code": effect.code, "message": effect.message, "details": []}
                case OperationNeverEnds():
                    endless = True
                case OperationTakes():
                    seconds = effect.seconds
                case StrangerTakesAddress():
                    stranger = effect.nic
                case _:
                    continue
        return OperationFate(failure, endless, seconds, stranger)


class Faults:
    """The rules of a lab in their order, each with the number of matching requests it has seen.

    They belong to a running lab and its copies and are not saved with the world. Guarded by the lab's lock.
    """

    def __init__(self) -> None:
        self._rules: list[tuple[Fault, int]] = []

    def add(self, fault: Fault) -> None:
        """Add a rule; it counts the requests from now on."""
        self._rules = [*self._rules, (fault, 0)]

    def clear(self) -> None:
        """Forget all rules."""
        self._rules = []

    def copy(self) -> Faults:
        """Return independent rules with the same counts."""
        twin = Faults()
        twin._rules = list(self._rules)
        return twin

    def judge(self, method: str, path: str) -> Verdict:
        """Count a request and return what strikes it."""
        effects: list[Effect] = []
        rules: list[tuple[Fault, int]] = []
        for fault, seen in self._rules:
            count = seen + fault.concerns(method, path)
            if count != seen and fault.nth <= count < fault.nth + fault.times:
                effects.append(fault.effect)
            rules.append((fault, count))
        self._rules = rules
        return Verdict(tuple(effects))
