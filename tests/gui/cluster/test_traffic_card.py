"""Traffic during a run: the strip round it, its steps as flags, the gap so far, and what is still ahead."""

from __future__ import annotations

from tests.gui.cluster.test_run_model import states
from tests.rig import Rig
from tgwizard.engine.watch.traffic_probe import BarKind, Sample
from tgwizard.gui.cluster.run_model import RunModel
from tgwizard.gui.cluster.traffic_strip import Lane
from tgwizard.gui.failover.run_traffic_card import BEFORE_S, LEAST_S, strip_of_run
from tgwizard.model.failover_events import Step


def tries(start: float, end: float, *, silent: tuple[float, float]) -> list[Sample]:
    """A try each 0.1 s, without an answer between the two moments of `silent`."""
    moments = [start + 0.1 * number for number in range(round((end - start) / 0.1))]
    return [Sample(at, None if silent[0] <= at < silent[1] else 0.01) for at in moments]


def begun(run: RunModel) -> float:
    assert run.started is not None
    return run.started.stamp.clock_s


def test_that_before_its_start_a_run_has_no_strip() -> None:
    assert strip_of_run(RunModel(), [], 1.0) is None


def test_that_the_strip_begins_before_the_run_and_says_nothing_of_what_is_ahead(lab: Rig) -> None:
    run = next(state for state in states(lab) if state.started is not None)
    start = begun(run)
    shown = strip_of_run(run, tries(start - 10, start + 2, silent=(start + 1, start + 2)), start + 2)
    assert shown is not None
    assert (shown.start, shown.end) == (start - BEFORE_S, start + LEAST_S)
    assert shown.ticks == ("4 s before", "start", "4 s", "8 s")
    share = shown.known / len(shown.bars)
    assert abs(share - (BEFORE_S + 2) / (BEFORE_S + LEAST_S)) < 0.01
    assert all(bar.kind is not BarKind.NOT_MEASURED for bar in shown.bars[: shown.known - 1])
    assert all(bar.kind is BarKind.NOT_MEASURED for bar in shown.bars[shown.known + 1 :])
    assert shown.gaps[-1].open
    assert abs(shown.longest_s - 1.0) < 0.11


def test_that_every_step_that_began_has_its_flag_and_a_long_run_its_room(lab: Rig) -> None:
    run = states(lab)[-1]
    start = begun(run)
    assert run.finished is not None
    shown = strip_of_run(run, [], run.finished.stamp.clock_s + 100)
    assert shown is not None
    assert next(step.plan.step for step in run.steps if step.since is not None) is Step.CHECK
    moments = {flag.mark: flag.at for flag in shown.flags}
    for number, step in enumerate(run.steps, start=1):
        if step.since is not None and step.since - start > 0.1:
            assert moments[str(number)] == step.since
    # After the end the strip goes on for as long as it began before the start, and no further.
    assert shown.end >= min(run.finished.stamp.clock_s + BEFORE_S, start + LEAST_S)
    assert not shown.measured


def test_that_however_long_a_run_takes_its_times_are_whole_seconds(lab: Rig) -> None:
    run = next(state for state in states(lab) if state.started is not None)
    for taken in (1.0, 8.1, 12.9, 27.0, 101.0, 905.0):
        shown = strip_of_run(run, [], begun(run) + taken)
        assert shown is not None
        assert shown.end >= begun(run) + taken
        assert shown.end - shown.start <= 2 * max(taken + BEFORE_S, BEFORE_S + LEAST_S)
        assert not [tick for tick in shown.ticks if "." in tick], shown.ticks


def test_that_what_is_written_above_the_strip_makes_way_for_what_stands_there() -> None:
    lane = Lane(100.0)
    assert lane.place(40.0, 10.0, slack=50) == 40.0
    # To the nearer side of it.
    assert lane.place(44.0, 10.0, slack=50) == 50.0
    assert lane.place(36.0, 10.0, slack=50) == 30.0
    # Words too far from what they speak of would be taken for another's.
    assert lane.place(40.0, 10.0, slack=5) is None
    assert lane.place(95.0, 10.0, slack=2) is None
    assert sorted(lane.taken) == [(30.0, 40.0), (40.0, 50.0), (50.0, 60.0)]


def test_that_nothing_that_is_written_above_the_strip_touches_what_stands_beside_it() -> None:
    lane = Lane(100.0, air=5.0)
    assert lane.place(40.0, 10.0, slack=50) == 40.0
    assert lane.place(44.0, 10.0, slack=50) == 55.0
    assert lane.place(36.0, 10.0, slack=50) == 25.0
    assert lane.place(16.0, 10.0, slack=50) == 10.0
