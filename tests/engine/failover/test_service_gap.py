"""The gap that a run tells, against the lab's truth: from the last moment of service to the first."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.engine.failover.crash import Boundary, Kind, Recorder, again, run_of
from tests.engine.failover.test_dead_target import go, stop
from tests.engine.failover.test_failover import denied, put
from tests.engine.failover.test_guided import _attach, _detach, live
from tests.rig import Rig, rig
from tgwizard.engine.failover.failover_plan import plan
from tgwizard.engine.history.run_history import cluster_history
from tgwizard.engine.observe import Observer
from tgwizard.lab.clock import VirtualClock
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Finished
from tgwizard.model.failover_options import NO_FENCE, Fence, FenceRequest, RunIntent, Strategy
from tgwizard.model.service_gap import NO_SERVICE_GAP, ServiceGap
from tgwizard.model.snapshot import LocationKind

FORCED = Verb.FORCED
STOP = FenceRequest(Fence.STOP)
READS_S = 2.1
"""Between a moment and the reading that shows it: what is read is that much later."""


def truth(made: Rig) -> float | None:
    """Seconds from the last moment of service to the first, by the lab's own ledger; None: it never stopped."""
    holdings = [item for item in made.lab.holdings if item.address == made.address]
    last = holdings[-1]
    stopped = [item.when for item in made.lab.requests if item.path.endswith("/powerOff") and item.status == 202]
    ends: list[datetime] = stopped + [item.until for item in holdings[:-1] if item.until is not None]
    return (last.since - min(ends)).total_seconds() if ends and last.since > min(ends) else None


def told(made: Rig) -> ServiceGap:
    """What history tells of the last run."""
    (cluster,) = [cluster_history(made.services, made.setup)]
    ended = cluster.runs[0].ended
    return NO_SERVICE_GAP if ended is None else ended.gap


def off(made: Rig) -> None:
    """The address is on no interface."""
    made.edit(made.a, lambda body: body["properties"]["ipConfigurations"].pop())
    made.clock.sleep(30)


def test_that_a_failover_tells_its_gap_as_read() -> None:
    made = rig()
    finished = made.fail_over(verb=FORCED)
    assert finished.gap.seconds == pytest.approx(truth(made), abs=READS_S)
    assert (finished.gap_at_least, finished.gap_at_most_s) == (False, None)
    assert told(made) == finished.gap


def test_that_a_stopped_vm_counts() -> None:
    made = rig()
    finished = made.fail_over(verb=FORCED, fence=STOP)
    whole = truth(made)
    assert whole is not None
    assert whole > 10
    assert finished.gap.seconds == pytest.approx(whole, abs=READS_S)
    assert not finished.gap.at_least
    assert told(made) == finished.gap


def test_that_the_predicted_gap_counts_the_stop_and_the_detach_too() -> None:
    made = rig()
    snapshot = Observer(made.services.azure, made.services.clock, made.setup).look()
    plain, fenced = plan(snapshot, RunIntent(made.b, FORCED)), plan(snapshot, RunIntent(made.b, FORCED, fence=STOP))
    steps = {step.step.value: step.predicted_s for step in fenced.steps}
    assert fenced.gap.usual_s == steps["fence"] + steps["detach"] + steps["attach"]
    assert plain.gap.usual_s == steps["attach"]
    assert "stop" in fenced.gap.basis
    at_once = plan(snapshot, RunIntent(made.b, FORCED, Strategy.ATOMIC, STOP))
    assert at_once.gap.usual_s >= steps["fence"]


def test_that_a_holder_that_was_down_leaves_only_a_lower_bound() -> None:
    made = rig()
    stop(made, made.a)
    made.clock.sleep(100)
    snapshot = Observer(made.services.azure, made.services.clock, made.setup).look()
    intended = plan(snapshot, RunIntent(made.b, FORCED))
    assert "nobody is served" in intended.gap.basis
    finished = made.fail_over(verb=FORCED)
    assert finished.outcome is Outcome.DONE
    assert finished.gap.at_least
    assert finished.gap.words.startswith("at least ")
    assert 7 < (finished.gap.seconds or 0) < 100


def test_that_a_repair_from_no_interface_tells_a_lower_bound_and_never_zero() -> None:
    made = rig()
    off(made)
    finished = made.fail_over(verb=FORCED)
    assert finished.outcome is Outcome.DONE
    assert finished.gap.at_least
    assert 3.9 <= (finished.gap.seconds or 0) <= (truth(made) or 0)
    assert told(made) == finished.gap


def test_that_an_address_that_ends_on_a_dead_member_has_no_end_of_its_gap() -> None:
    made = rig()
    stop(made, made.b)
    finished = made.fail_over(verb=FORCED, to_dead_machine=True)
    assert finished.gap == NO_SERVICE_GAP
    assert "Nobody answers at 10.20.2.50: tg-node-b is stopped." in finished.left


def test_that_a_put_back_to_the_vm_that_the_run_stopped_has_no_end_of_its_gap_either() -> None:
    made = rig()
    made.lab.faults.add(put(made.b, denied("Microsoft.Network/virtualNetworks/subnets/join/action"), nth=3))
    finished = made.fail_over(verb=FORCED, fence=STOP)
    assert finished.rolled_back
    assert finished.gap == NO_SERVICE_GAP
    assert "Nobody answers at 10.20.2.50: tg-node-a is stopped." in finished.left


def test_that_guided_tells_a_lower_bound_when_the_holder_was_down() -> None:
    made, clock = live()
    stop(made, made.a)

    def move() -> None:
        _detach(made)
        VirtualClock.sleep(clock, 10)
        _attach(made)

    clock.acts[3] = move
    finished = made.fail_over(verb=Verb.GRACEFUL)
    assert finished.outcome is Outcome.DONE
    assert finished.gap.at_least
    assert (finished.gap.seconds or 0) > 10


# -- resumed -----------------------------------------------------------------------------------------------------------


def boundaries(fence: FenceRequest) -> list[Boundary]:
    """Every place where a forced run can be interrupted, save where a write is on its way: that may land or not."""
    recorder = Recorder()
    recorder.record(run_of(FORCED, fence))
    return [item for item in recorder.boundaries if item.on_its_way is None]


@pytest.mark.parametrize("fence", [NO_FENCE, STOP], ids=["no fence", "stop"])
def test_that_a_resumed_run_tells_bounds_that_hold_wherever_it_was_interrupted(
    fence: FenceRequest, tmp_path: Path
) -> None:
    bounds = 0
    for number, boundary in enumerate(boundaries(fence)):
        made = again(boundary, tmp_path / str(number), journal=True)
        made.clock.sleep(12)
        finished, _ = go(made)
        if finished.outcome is not Outcome.DONE:
            continue
        _holds(made, finished)
        bounds += finished.gap.at_least
    assert bounds >= 12


def _holds(made: Rig, finished: Finished) -> None:
    gap, whole = finished.gap, truth(made)
    assert whole is not None
    assert gap.words, "a gap that was is told"
    assert gap.seconds is None or gap.seconds > 0
    if gap.at_least:
        assert (gap.seconds or 0) <= whole + READS_S
        assert gap.at_most_s is None or gap.at_most_s >= whole - READS_S
    else:
        assert gap.seconds == pytest.approx(whole, abs=READS_S)
    assert told(made) == gap


def test_that_a_run_that_had_arrived_before_it_was_resumed_does_not_say_zero(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.record(run_of(Verb.GRACEFUL))
    found = [item for item in recorder.boundaries if item.kind is Kind.ANSWERED and item.what == "PUT tg-node-b-inside"]
    made = again(found[-1], tmp_path, journal=True)
    made.clock.sleep(60)
    finished, _ = go(made)
    assert (finished.outcome, finished.place.kind) == (Outcome.DONE, LocationKind.MEMBER)
    assert finished.gap.words.startswith("at most ")
    assert (finished.gap.at_most_s or 0) >= (truth(made) or 0)
    assert "0.0 s" not in finished.gap.words


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (NO_SERVICE_GAP, ""),
        (ServiceGap(4.21), "4.2 s"),
        (ServiceGap(4.21, at_least=True), "at least 4.2 s"),
        (ServiceGap(4.21, at_least=True, at_most_s=19.1), "at least 4.2 s, at most 19.1 s"),
        (ServiceGap(None, at_least=True, at_most_s=64.0), "at most 64.0 s"),
    ],
)
def test_that_a_gap_says_how_sure_it_is(gap: ServiceGap, words: str) -> None:
    assert gap.words == words
