"""What one failover cost, worked out from the lab's truth: its holdings, its operations and its log of requests.

Nothing here comes from the program that is measured. The floor is what the lab drew: no client can be quicker.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from tests.bench.measured.stage import Stage
from tgwizard.lab.lab import Lab
from tgwizard.lab.lab_state import LOGGED
from tgwizard.lab.storage import world_document
from tgwizard.lab.world import LongOperation, OperationKind, OperationStatus
from tgwizard.model.cluster import Member


class OtherThanExpected(Exception):
    """The lab's truth is not that of one failover by two updates; measuring it would mean nothing."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a program worked on a failover to ``to``, on the lab's clock."""

    to: Member
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """The lab's truth: an interface (its id in lower case) held the floating IP, to this day if `until` is None."""

    nic: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the lab met; `path` in lower case."""

    method: str
    path: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Drawn:
    """The two durations that the lab drew, in seconds."""

    detach_s: float
    attach_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One failover. Seconds above the floor: ``gap_s`` above the attach, ``wall_s`` above both operations.

    ``polls`` are reads of a running update, up to the first that can see its end; ``calls`` are all other requests;
    ``polls_per_s`` is the most polls that fell into any one second.
    """

    drawn: Drawn
    gap_s: float
    wall_s: float
    calls: int
    polls: int
    polls_per_s: int


def measure(stage: Stage, spans: Sequence[Span]) -> list[Measured]:
    """Measure each of these failovers. OtherThanExpected names the first that is not one."""
    world = world_document.load(stage.lab.dump())
    updates = [item for item in world.operations.values() if item.kind is OperationKind.PUT_NIC]
    updates.sort(key=lambda item: item.number)
    address = str(stage.setup.address)
    holdings = [
        Held(item.nic.lower(), item.since, item.until) for item in stage.lab.holdings if item.address == address
    ]
    _never_two(holdings)
    log = _whole_log(stage.lab)
    return [_one(stage, span, updates, holdings, log) for span in spans]


def _one(
    stage: Stage,
    span: Span,
    updates: Sequence[LongOperation],
    holdings: Sequence[Held],
    log: Sequence[Asked],
) -> Measured:
    losing, gaining = stage.setup.other(span.to).nic.key, span.to.nic.key
    within = [item for item in updates if span.began <= item.started <= span.ended]
    if [item.target.lower() for item in within] != [losing, gaining] or any(
        item.status is not OperationStatus.SUCCEEDED for item in within
    ):
        raise OtherThanExpected(f"to {span.to.name}: {[(item.target, item.status.value) for item in within]}")
    drawn = Drawn(_seconds(within[0]), _seconds(within[1]))
    released = _only(item.until for item in holdings if item.nic == losing and _in(item.until, span))
    held = _only(item.since for item in holdings if item.nic == gaining and _in(item.since, span))
    requests = [item for item in log if span.began <= item.when <= span.ended]
    polls = [item.when for item in requests if _is_poll(item, within, requests)]
    return Measured(
        drawn=drawn,
        gap_s=(held - released).total_seconds() - drawn.attach_s,
        wall_s=(span.ended - span.began).total_seconds() - drawn.detach_s - drawn.attach_s,
        calls=len(requests) - len(polls),
        polls=len(polls),
        polls_per_s=_most_in_a_second(polls),
    )


def _is_poll(record: Asked, updates: Sequence[LongOperation], requests: Sequence[Asked]) -> bool:
    """Whether a request only asks how an update is getting on.

    A GET of an operation; or one of the interface from the accepted PUT up to the first one after its update's end. A
    further GET of the interface is a call like any other, so that reading twice does not pass for waiting.
    """
    if record.method != "GET":
        return False
    if "/operations/" in record.path:
        return True
    for update in updates:
        if record.path != update.target.lower() or record.when < update.started or update.ended is None:
            continue
        first = next(item for item in requests if item.when >= update.ended and _same(item, record))
        if record.when < update.ended or record is first:
            return True
    return False


def _same(one: Asked, other: Asked) -> bool:
    return one.method == other.method and one.path == other.path


def _most_in_a_second(moments: Sequence[datetime]) -> int:
    """The most moments that any one second holds, its end excluded."""
    stamps = sorted(moment.timestamp() for moment in moments)
    return max((bisect_left(stamps, start + 1.0) - index for index, start in enumerate(stamps)), default=0)


def _never_two(holdings: Sequence[Held]) -> None:
    ordered = sorted(holdings, key=lambda item: item.since)
    for first, second in pairwise(ordered):
        if first.until is None or first.until > second.since:
            raise OtherThanExpected(f"{first.nic} and {second.nic} held the address at once")


def _whole_log(lab: Lab) -> list[Asked]:
    """The log from the lab's first request on: a log that had dropped its beginning would count too few."""
    log = lab.requests
    if len(log) >= LOGGED:
        raise OtherThanExpected("the lab's log was full")
    return [Asked(item.method, item.path.lower(), item.when) for item in log]


def _seconds(operation: LongOperation) -> float:
    if operation.ended is None:
        raise OtherThanExpected(f"the update of {operation.target} has not ended")
    return (operation.ended - operation.started).total_seconds()


def _in(moment: datetime | None, span: Span) -> bool:
    return moment is not None and span.began <= moment <= span.ended


def _only(moments: Iterable[datetime | None]) -> datetime:
    found = [moment for moment in moments if moment is not None]
    if len(found) != 1:
        raise OtherThanExpected(f"the address changed hands at {found}")
    return found[0]
