"""How much a failover adds to what Azure takes: ours and the peer, on labs that draw the same durations.

    python -m tests.bench.failover [--moves N] [--seeds N] [--profile]

Every lab moves its floating IP back and forth under `drawn` latency. Waiting is skipped, computing lasts: measured are
the polling and the work of the program, of the SDK, and of the lab itself, which computes in the same process.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.measured.figures import Promise, Spread, judged, machine
from tests.bench.measured.moves import Measured, OtherThanExpected, Span, measure
from tests.bench.measured.stage import Stage, Way, stage
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import fail_over
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event

GAP_S, WALL_S, CALLS, POLLS_PER_S = 0.3, 0.6, 12, 4
"""The promises: seconds above the drawn floor at p95, requests besides polls, polls in any second."""

Series = Callable[[Stage, int], list[Span]]


@dataclass(frozen=True, slots=True)
class Result:
    """All failovers of one program on one way, in the order they were made."""

    name: str
    way: Way
    moves: tuple[Measured, ...]

    def gap(self) -> Spread:
        """Seconds above the floor."""
        return Spread.of([item.gap_s for item in self.moves])

    def wall(self) -> Spread:
        """Seconds above the floor."""
        return Spread.of([item.wall_s for item in self.moves])


def ours(stage: Stage, moves: int) -> list[Span]:
    """Graceful failovers by the engine, from the call of ``fail_over`` to the ``Finished`` it reports."""
    spans = []
    for to in _targets(stage, moves):
        events: list[Event] = []
        began = stage.clock.wall()
        finished = fail_over(stage.services, stage.setup, to, Verb.GRACEFUL, events.append, CancelToken())
        if finished.outcome is not Outcome.DONE or events[-1] is not finished:
            raise OtherThanExpected(f"a failover ended as {finished.outcome.value}: {finished.reason}")
        spans.append(Span(to, began, finished.stamp.at))
    return spans


def peers(stage: Stage, moves: int) -> list[Span]:
    """The two-PUT script, from its first read to the end of its second poller."""
    from tests.bench.measured import peer  # not before ours has begun: its first failover is to meet a cold SDK

    spans = []
    with peer.client(stage) as client:
        for to in _targets(stage, moves):
            began = stage.clock.wall()
            peer.move(client, stage, to)
            spans.append(Span(to, began, stage.clock.wall()))
    return spans


def _targets(stage: Stage, moves: int) -> list[Member]:
    first, second = stage.setup.members
    return [first if index % 2 else second for index in range(moves)]


def run(name: str, series: Series, way: Way, seeds: Sequence[int], moves: int) -> Result:
    """The same number of failovers on a lab for each seed."""
    found: list[Measured] = []
    for seed in seeds:
        with stage(way, seed) as place:
            found += measure(place, series(place, moves))
    return Result(name, way, tuple(found))


def table(results: Sequence[Result]) -> None:
    """One line for each program; seconds are above the floor."""
    print(f"{results[0].way.value}")
    print(f"  {'':<20}{'gap above the attach, s':^26}{'wall above both, s':^26}{'polls':>7}{'calls':>7}{'polls':>8}")
    columns = f"{'p50':>8}{'p95':>8}{'max':>8}  " * 2
    print(f"  {'':<20}{columns}{'p50':>7}{'most':>7}{'in 1 s':>8}")
    for result in results:
        polls = sorted(item.polls for item in result.moves)[len(result.moves) // 2]
        calls = max(item.calls for item in result.moves)
        rate = max(item.polls_per_s for item in result.moves)
        spread = "".join(
            f"{item.p50:>8.3f}{item.p95:>8.3f}{item.most:>8.3f}  " for item in (result.gap(), result.wall())
        )
        print(f"  {result.name:<20}{spread}{polls:>7}{calls:>7}{rate:>8}")


def ratios(mine: Result, other: Result) -> None:
    """How many times as much the peer adds, and how the whole gaps compare."""
    for what, most, least in (("gap", other.gap(), mine.gap()), ("wall", other.wall(), mine.wall())):
        print(
            f"  to the {what} the script adds {_times(most.p50, least.p50)} (p50), {_times(most.p95, least.p95)} (p95)"
        )
    whole = [
        sum(item.gap_s + item.drawn.attach_s for item in result.moves) / len(result.moves) for result in (mine, other)
    ]
    print(f"  mean gap, floor included: ours {whole[0]:.2f} s, the script's {whole[1]:.2f} s, {_times(*whole[::-1])}")


def _times(one: float, other: float) -> str:
    return f"{one / other:.1f} times as much" if other > 0 else "not comparable"


def promises(results: Sequence[Result]) -> list[Promise]:
    """What the issue promises of ours, on each way."""
    found = []
    for result in results:
        way = result.way.value
        found += [
            Promise(f"gap above the floor, p95, {way}", result.gap().p95, GAP_S, "s"),
            Promise(f"wall above the floor, p95, {way}", result.wall().p95, WALL_S, "s"),
            Promise(f"calls besides polls, most, {way}", max(item.calls for item in result.moves), CALLS),
            Promise(f"polls in any second, most, {way}", max(item.polls_per_s for item in result.moves), POLLS_PER_S),
        ]
    return found


def profile(way: Way, moves: int) -> None:
    """Where the computing of our failovers goes, the dearest first."""
    profiler = cProfile.Profile()
    with stage(way, 1) as place:
        ours(place, 2)  # there and back: what is imported once is not what is looked for
        profiler.enable()
        ours(place, moves)
        profiler.disable()
    print(f"{moves} failovers {way.value}")
    pstats.Stats(profiler, stream=sys.stdout).sort_stats("cumulative").print_stats(45)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(
        description="Failovers against the floor that Azure sets, and against a plain script."
    )
    parser.add_argument("--moves", type=int, default=20, help="failovers for each seed, program and way")
    parser.add_argument("--seeds", type=int, default=3, help="labs for each program and way")
    parser.add_argument("--profile", action="store_true", help="profile our failovers instead of measuring them")
    given = parser.parse_args()
    if given.profile:
        profile(Way.IN_PROCESS, given.moves)
        return 0
    seeds = range(1, given.seeds + 1)
    mine, others = [], []
    for way in Way:
        mine.append(run("ours", ours, way, seeds, given.moves))
        others.append(run("two-PUT SDK script", peers, way, seeds, given.moves))
    print(f"{given.seeds * given.moves} failovers each, latency drawn, 2 to 9 s per update; {machine()}")
    print(f"our first failover also imports the SDK: wall {mine[0].moves[0].wall_s:.3f} s above the floor")
    for own, other in zip(mine, others, strict=True):
        table([own, other])
        if [item.drawn for item in own.moves] != [item.drawn for item in other.moves]:
            raise OtherThanExpected(f"{own.way.value}: the two programs did not meet the same durations")
        ratios(own, other)
    return judged(promises(mine))


if __name__ == "__main__":
    sys.exit(main())
