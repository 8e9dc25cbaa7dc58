"""The clock that a program's jobs go by: what only the time of day shows counts as time that passed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import pytest

from tests.engine.failover.test_control_loop import when
from tests.rig import Rig, rig
from tgwizard.engine.clock import JUMP_S, JumpCountingClock, SystemClock
from tgwizard.lab.clock import LabTime, VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Step, WarningRaised
from tgwizard.model.snapshot import LocationKind


class SetTimeOfDay(VirtualClock):
    """A computer whose time of day is put right after it was paused."""

    put_right_s = 0.0

    def wall(self) -> datetime:
        """The time of day, with its correction."""
        return super().wall() + timedelta(seconds=self.put_right_s)


@pytest.mark.parametrize(
    ("put_right_s", "counted_s"),
    [(0.0, 0.0), (JUMP_S - 0.1, 0.0), (JUMP_S, JUMP_S), (3600.0, 3600.0), (-3600.0, 0.0)],
)
def test_that_a_jump_ahead_of_the_time_of_day_counts_as_time_and_nothing_else_does(
    put_right_s: float, counted_s: float
) -> None:
    computer = SetTimeOfDay()
    clock = JumpCountingClock(computer)
    computer.advance(5.0)
    assert clock.monotonic() == pytest.approx(5.0)
    computer.put_right_s = put_right_s
    assert clock.monotonic() == pytest.approx(5.0 + counted_s, abs=1e-3)
    computer.advance(2.0)
    assert clock.monotonic() == pytest.approx(7.0 + counted_s, abs=1e-3), "it counts once"


def test_that_a_clock_set_back_and_put_right_again_never_goes_back() -> None:
    computer = SetTimeOfDay()
    clock, seen = JumpCountingClock(computer), [0.0]
    for computer.put_right_s in (-7200.0, 0.0, -1.0, 50.0, 49.0, 100.0):
        computer.advance(1.0)
        seen.append(clock.monotonic())
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(6.0 + 7200.0 + 51.0 + 51.0, abs=1e-3)


def test_that_the_system_clock_does_not_stand_still() -> None:
    clock = JumpCountingClock(SystemClock())
    before = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() > before
    assert clock.wall().utcoffset() == timedelta(0)


def on_a_machine_that_can_pause() -> tuple[Rig, SetTimeOfDay]:
    computer = SetTimeOfDay()
    lab = Lab.from_scenario("ready", clock=computer, latency=Latency.FAST, seed=0)
    return rig(lab=lab, clock=cast("LabTime", JumpCountingClock(computer))), computer


def test_that_a_run_whose_machine_was_paused_after_its_checks_is_dropped_before_its_first_write() -> None:
    made, computer = on_a_machine_that_can_pause()
    when(made, Step.DETACH, lambda: setattr(computer, "put_right_s", 3600.0))
    finished = made.fail_over()
    assert computer.put_right_s
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "run-too-late"
    assert made.holders() == ["tg-node-a"]


def test_that_a_run_whose_machine_was_paused_in_the_gap_reads_anew_and_arrives() -> None:
    made, computer = on_a_machine_that_can_pause()
    when(made, LocationKind.NO_NIC, lambda: setattr(computer, "put_right_s", 3600.0))
    finished = made.fail_over()
    assert computer.put_right_s
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert any(isinstance(event, WarningRaised) and event.problem.code == "slept" for event in made.events)
