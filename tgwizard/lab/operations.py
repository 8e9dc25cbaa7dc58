"""Long-running operations: starting, superseding, and finishing them once their time has come.

There are no threads: an operation is over when the lab's clock has reached its end, and whoever looks next settles
it, with the end time it was due at. Bodies and headers after azure/README.md 1.3 and 2.1.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from tgwizard.lab import ids
from tgwizard.lab.faults.fault_rules import OperationFate
from tgwizard.lab.latency import Recorded
from tgwizard.lab.wire import Headers, Json, Response, json_response
from tgwizard.lab.world import LongOperation, OperationEnding, OperationKind, OperationStatus, World

RETRY_AFTER_S = 10
"""What Azure suggests on an attached NIC's PUT and on nearly every network poll."""

KEPT = 400
"""How many operations are remembered for polling; older finished ones are forgotten, as Azure does after a time."""

NETWORK = frozenset(
    {
        OperationKind.PUT_NIC,
        OperationKind.DELETE_NIC,
        OperationKind.MOVE_CONFIGURATIONS,
        OperationKind.PUT_SUBNET,
        OperationKind.DELETE_SUBNET,
        OperationKind.PUT_RULE,
        OperationKind.DELETE_RULE,
    }
)
"""The kinds whose operations belong to the network provider; the others are the compute provider's, one is ARM's."""

RECORDED = {
    OperationKind.PUT_NIC: Recorded(4, 42, 198, 0.42, tail=0.02, tail_most=600),
    OperationKind.DELETE_NIC: Recorded(4, 10, 40, 0.4),
    OperationKind.MOVE_CONFIGURATIONS: Recorded(4, 42, 198, 0.42, tail=0.02, tail_most=600),
    OperationKind.PUT_SUBNET: Recorded(1, 4, 15, 0.5),
    OperationKind.DELETE_SUBNET: Recorded(1, 4, 15, 0.5),
    OperationKind.PUT_RULE: Recorded(1, 4, 15, 0.5),
    OperationKind.DELETE_RULE: Recorded(1, 4, 15, 0.5),
    OperationKind.RESTART: Recorded(0, 4, 42, 1.1),
    OperationKind.START: Recorded(0, 10, 35, 0.6),
    OperationKind.POWER_OFF: Recorded(4, 10, 36, 0.5),
    OperationKind.DEALLOCATE: Recorded(16, 41, 180, 0.5, tail=0.01, tail_most=1406),
    OperationKind.UPDATE_VM: Recorded(3, 5, 9, 0.3),
    OperationKind.DELETE_VM: Recorded(16, 41, 180, 0.5),
    OperationKind.DELETE_GROUP: Recorded(16, 90, 600, 0.6),
}
"""From azure/README.md 1.3 and 2.2: least, median and most as recorded there; the spreads give its 90th percentiles.
The deletions, the move, subnets, rules and groups were not recorded and are modelled on their neighbours [?]."""

Finisher: TypeAlias = Callable[[World, LongOperation, datetime], None]
"""Applies an operation's outcome (its `status` is already set) to the world, at the given time."""


def begin(
    world: World,
    kind: OperationKind,
    target: str,
    now: datetime,
    fate: OperationFate,
    *,
    identity: str | None = None,
) -> LongOperation:
    """Start an operation on a resource and return it; its duration comes from the latency model or a fault."""
    world.operation_count += 1
    drawn = world.latency.seconds(world.seed, world.operation_count, RECORDED[kind])
    seconds = drawn if fate.seconds is None else fate.seconds
    operation = LongOperation(
        id=identity or world.guid(),
        kind=kind,
        target=target,
        number=world.operation_count,
        started=now,
        ends=None if fate.endless else now + timedelta(seconds=seconds),
        failure=fate.failure,
        ending=fate.ending,
        stranger=fate.stranger,
    )
    world.operations[operation.id] = operation
    if len(world.operations) > KEPT:
        _forget_oldest(world)
    return operation


def supersede(old: LongOperation, new: LongOperation, now: datetime) -> None:
    """End a running network operation as `Canceled` because another PUT took over (azure/README.md 2.4)."""
    old.status = OperationStatus.CANCELED
    old.ended = now
    old.error = {
        "code": "Canceled",
        "message": "Operation was canceled.",
        "details": [
            {
                "code": "CanceledAndSupersededDueToAnotherOperation",
                "message": f"Operation {old.kind.value} ({old.id}) was canceled and superseded by operation "
                f"{new.kind.value} ({new.id}).",
            }
        ],
    }


def preempt(old: LongOperation, now: datetime) -> None:
    """End a running compute operation as `Canceled` because a later one on the same VM took over [?]."""
    old.status = OperationStatus.CANCELED
    old.ended = now
    old.error = {
        "code": "OperationPreempted",
        "message": "Operation execution has been preempted by a more recent operation.",
    }


def settle(world: World, now: datetime, finishers: Mapping[OperationKind, Finisher]) -> bool:
    """Finish what is due, in the order of the end times. Return whether anything changed."""
    changed = False
    while due := _next_due(world, now):
        operation, ends = due
        changed = True
        if operation.ending is OperationEnding.SUPERSEDE:
            _hand_over(world, operation, ends)
            continue
        operation.ended = ends
        operation.error = operation.failure
        operation.status = _LAST_STATUS[operation.ending]
        finishers[operation.kind](world, operation, ends)
    return changed


_LAST_STATUS = {
    OperationEnding.SUCCEED: OperationStatus.SUCCEEDED,
    OperationEnding.FAIL: OperationStatus.FAILED,
    OperationEnding.CANCEL: OperationStatus.CANCELED,
}


def _hand_over(world: World, operation: LongOperation, ends: datetime) -> None:
    """Cancel an operation in favour of one that nobody asked for, which brings the same content to its end."""
    successor = begin(world, operation.kind, operation.target, ends, OperationFate(stranger=operation.stranger))
    successor.moved = operation.moved
    if operation.kind in NETWORK:
        supersede(operation, successor, ends)
    else:
        preempt(operation, ends)


def poll_path(world: World, provider: str, operation: LongOperation) -> str:
    """Return the path of an operation's poll URL."""
    place = world.subscription_with(ids.subscription_of(operation.target)) or world.subscription
    return f"{ids.subscription_id(place.id)}/providers/{provider}/locations/{place.location}/operations/{operation.id}"


def _next_due(world: World, now: datetime) -> tuple[LongOperation, datetime] | None:
    due = [
        (operation, operation.ends)
        for operation in world.operations.values()
        if operation.status is OperationStatus.IN_PROGRESS and operation.ends is not None and operation.ends <= now
    ]
    return min(due, key=lambda item: (item[1], item[0].number), default=None)


def _forget_oldest(world: World) -> None:
    for key, operation in world.operations.items():
        if operation.status is not OperationStatus.IN_PROGRESS:
            del world.operations[key]
            return


def network_poll(operation: LongOperation) -> Response:
    """Answer a poll as the network provider does: the status and, if it ended badly, the error; nothing else."""
    document: Json = {"status": operation.status.value}
    if operation.error is not None:
        document["error"] = operation.error
    return json_response(200, document, _retry_after(operation))


def compute_poll(operation: LongOperation, seed: int, now: datetime) -> Response:
    """Answer a poll as the compute provider does: with start, end and the operation's id as its name."""
    document: Json = {"startTime": _stamp(operation.started), "status": operation.status.value}
    if operation.ended is not None:
        document["endTime"] = _stamp(operation.ended)
    if operation.error is not None:
        document["error"] = operation.error
    document["name"] = operation.id
    return json_response(200, document, estimate(operation, seed, now))


def estimate(operation: LongOperation, seed: int, now: datetime) -> Headers:
    """Return the `Retry-After` of the compute provider: what it believes is left, uneven and never quite right."""
    if operation.status is not OperationStatus.IN_PROGRESS:
        return ()
    if operation.ends is None:
        return (("Retry-After", str(RETRY_AFTER_S)),)
    left = (operation.ends - now) / timedelta(seconds=1)
    dice = random.Random(f"{seed}:{operation.number}:{left:.3f}")  # noqa: S311 - an estimate, no secret
    return (("Retry-After", str(max(1, math.ceil(left * dice.uniform(0.6, 1.3))))),)


def _retry_after(operation: LongOperation) -> Headers:
    running = operation.status is OperationStatus.IN_PROGRESS
    return (("Retry-After", str(RETRY_AFTER_S)),) if running else ()


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0+00:00"
