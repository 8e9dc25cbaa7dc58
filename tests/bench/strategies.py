"""The same move by five programs, in real time, on the same lab: gap, wall and calls, as excess over the floor.

    TGWIZARD_AZ=/path/to/az python -m tests.bench.strategies [--moves N] [--latency fast|drawn]

Every program gets a lab of its own with the same seed, behind TLS on loopback, and so meets the same durations. The
floor is what the lab drew: with detach and attach the gap cannot be shorter than the attach; with one call it is 0.
The lab runs in this process, beside our engine and the script; az has processes of its own. A program that is not
there, or that failed, keeps its line, which says so.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.bench.measured import az_moves
from tests.bench.measured.figures import Promise, Spread, judged, machine
from tests.bench.measured.moves import OtherThanExpected
from tests.bench.measured.stage import Stage, Way, stage
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.lab.clock import Cancellable
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage import world_document
from tgwizard.lab.world import OperationKind
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event
from tgwizard.model.failover_options import Strategy

GAP_S, WALL_S = 0.3, 0.6
"""The promises of ours: seconds above the floor, p95."""

Move = Callable[[Member], None]


class RealTime:
    """The computer's own clock, for lab and programs alike."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return time.monotonic()

    def wall(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        """Really wait; nobody cancels in a benchmark."""
        if cancel is None or not cancel.is_cancelled:
            time.sleep(max(0.0, seconds))


@dataclass(frozen=True, slots=True)
class Contender:
    """A program: ``begin`` makes its move function on a stage, warmed up. ``usual_s``: what a move of it takes."""

    name: str
    begin: Callable[[Stage], Move]
    usual_s: float
    ours: bool = False
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One move by the lab's truth. Seconds: the gap, the wall, and each above its floor."""

    gap_s: float
    wall_s: float
    gap_above_s: float
    wall_above_s: float
    calls: int
    writes: int


@dataclass(frozen=True, slots=True)
class Raced:
    """A program's moves, or why there are none."""

    contender: Contender
    seen: tuple[Seen, ...] = ()
    missing: str = ""


def ours(strategy: Strategy) -> Callable[[Stage], Move]:
    """Our engine, having read both interfaces before, as it does while it watches."""

    def begin(place: Stage) -> Move:
        for member in place.setup.members:
            place.services.azure.network.read_nic(member.nic)
            place.services.azure.compute.vm(member.vm)
            place.services.azure.access.own_permissions(member.nic.text)

        def move(to: Member) -> None:
            events: list[Event] = []
            options = RunOptions(strategy=strategy)
            finished = fail_over(place.services, place.setup, to, Verb.GRACEFUL, events.append, CancelToken(), options)
            if finished.outcome is not Outcome.DONE:
                raise OtherThanExpected(f"a failover ended as {finished.outcome.value}: {finished.reason}")

        return move

    return begin


def script(place: Stage) -> Move:
    """The two-PUT script with the SDK's own poller."""
    from tests.bench.measured import peer

    client = peer.client(place)
    for member in place.setup.members:
        client.network_interfaces.get(member.nic.group, member.nic.name)
    return lambda to: peer.move(client, place, to)


def az_contenders() -> list[Contender]:
    """What az can do, where there is one."""
    path = az_moves.program()
    absent = "" if path else f"absent: there is no az on the PATH, and none in {az_moves.VARIABLE}"

    def begin(pick: Callable[[az_moves.Az], Move]) -> Callable[[Stage], Move]:
        def made(place: Stage) -> Move:
            az = az_moves.Az(path or "az", place)
            az.warm_up()
            return pick(az)

        return made

    return [
        Contender("az delete + create", begin(lambda az: az.delete_and_create), 25.0, absent=absent),
        Contender("az move (preview)", begin(lambda az: az.move), 13.0, absent=absent),
    ]


def raced(contender: Contender, latency: Latency, seed: int, moves: int) -> Raced:
    """The race of one program. Ours must arrive; what a foreign program died of is its line in the table."""
    if contender.absent:
        return Raced(contender, missing=contender.absent)
    try:
        return Raced(contender, tuple(race(contender, latency, seed, moves)))
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        if contender.ours:
            raise
        return Raced(contender, missing=f"failed: {' '.join(str(error).split())[:160]}")


def race(contender: Contender, latency: Latency, seed: int, moves: int) -> list[Seen]:
    """That many moves, there and back, on a fresh lab."""
    found = []
    with stage(Way.TLS, seed, latency, RealTime()) as place:
        move = contender.begin(place)
        for number in range(moves):
            to = place.setup.members[(number + 1) % 2]
            began, asked = place.clock.wall(), len(place.lab.requests)
            move(to)
            found.append(_seen(place, to, began, place.clock.wall(), asked))
    return found


def _seen(place: Stage, to: Member, began: datetime, ended: datetime, asked: int) -> Seen:
    kinds = (OperationKind.PUT_NIC, OperationKind.MOVE_CONFIGURATIONS)
    world = world_document.load(place.lab.dump())
    within = [item for item in world.operations.values() if item.kind in kinds and item.started >= began]
    within.sort(key=lambda item: item.number)
    drawn = [(item.ended - item.started).total_seconds() for item in within if item.ended is not None]
    address, losing = str(place.setup.address), place.setup.other(to).nic.key
    held = [item for item in place.lab.holdings if item.address == address]
    since = [item.since for item in held if item.nic.lower() == to.nic.key and item.since >= began]
    until = [item.until for item in held if item.nic.lower() == losing and item.until and item.until >= began]
    if len(since) != 1 or len(until) != 1 or len(drawn) != len(within):
        raise OtherThanExpected(f"to {to.name}: {len(within)} operations, held {since}, released {until}")
    gap, wall = (since[0] - until[0]).total_seconds(), (ended - began).total_seconds()
    floor = drawn[-1] if len(drawn) > 1 else 0.0
    requests = place.lab.requests[asked:]
    to_arm = [item for item in requests if item.path.lower().startswith("/subscriptions/")]
    writes = sum(item.method in ("PUT", "POST") and item.status in (200, 201, 202) for item in to_arm)
    return Seen(gap, wall, gap - floor, wall - sum(drawn), len(requests), writes)


def table(latency: Latency, results: Sequence[Raced]) -> None:
    """One line for each program."""
    print(f"latency {latency.value}")
    heads = f"{'gap, s':>9}{'wall, s':>9}{'gap above floor, s':>22}{'wall above floor, s':>22}{'calls':>7}{'writes':>8}"
    print(f"  {'':<22}{heads}")
    print(f"  {'':<22}{'p50':>9}{'p50':>9}{'p50':>11}{'p95':>11}{'p50':>11}{'p95':>11}{'most':>7}{'most':>8}")
    for result in results:
        name, seen = result.contender.name, result.seen
        if result.missing:
            print(f"  {name:<22}  {result.missing}")
            continue
        gap, wall = Spread.of([item.gap_s for item in seen]), Spread.of([item.wall_s for item in seen])
        above = Spread.of([item.gap_above_s for item in seen]), Spread.of([item.wall_above_s for item in seen])
        figures = (gap.p50, wall.p50), (above[0].p50, above[0].p95, above[1].p50, above[1].p95)
        line = "".join(f"{value:>9.2f}" for value in figures[0]) + "".join(f"{value:>11.3f}" for value in figures[1])
        print(f"  {name:<22}{line}{max(item.calls for item in seen):>7}{max(item.writes for item in seen):>8}")


def main() -> int:
    """Race, print, judge."""
    parser = argparse.ArgumentParser(description="The same move by ours, az and a script, in real time.")
    parser.add_argument("--moves", type=int, default=4, help="moves of each program under each latency")
    parser.add_argument("--latency", choices=["fast", "drawn"], help="only this one")
    parser.add_argument("--seed", type=int, default=1, help="of the labs")
    given = parser.parse_args()
    contenders = [
        Contender("ours, detach-attach", ours(Strategy.DETACH_ATTACH), 8.5, ours=True),
        Contender("ours, atomic", ours(Strategy.ATOMIC), 4.5, ours=True),
        *az_contenders(),
        Contender("SDK script, two PUTs", script, 22.0),
    ]
    print(f"{given.moves} moves of each program, in real time; {machine()}")
    latencies = [item for item in (Latency.FAST, Latency.DRAWN) if given.latency in (None, item.value)]
    usual = sum(item.usual_s for item in contenders if not item.absent) * given.moves * len(latencies)
    print(f"this takes about {max(1.0, usual / 60):.0f} min")
    promises = []
    missing = []
    for latency in latencies:
        results = [raced(contender, latency, given.seed, given.moves) for contender in contenders]
        table(latency, results)
        missing += [f"{item.contender.name}, {latency.value}: {item.missing}" for item in results if item.missing]
        for result in results:
            if result.contender.ours:
                gap = Spread.of([item.gap_above_s for item in result.seen]).p95
                wall = Spread.of([item.wall_above_s for item in result.seen]).p95
                what = f"{result.contender.name}, {latency.value}"
                promises += [
                    Promise(f"gap above the floor, p95, {what}", gap, GAP_S, "s"),
                    Promise(f"wall above the floor, p95, {what}", wall, WALL_S, "s"),
                ]
    for line in missing:
        print(f"not measured: {line}")
    return judged(promises)


if __name__ == "__main__":
    sys.exit(main())
