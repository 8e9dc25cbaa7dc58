"""How long the plan says that applying takes, against how long it takes under Azure's recorded latencies."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.setup.apply.plans import Applying, change, plan_for
from tests.engine.setup.apply.scenarios import prepared
from tests.rig import setup_rig
from tgwizard.engine.setup.wizard_steps import plan_of
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.rbac.role_records import Propagation
from tgwizard.model.change import Prediction
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_plan import SetupChange, SetupPlan

SEEDS = 11


def applied(seed: int, folder: Path) -> tuple[float, SetupPlan]:
    """Seconds that one run of `fresh` took, and its plan."""
    clock = VirtualClock()
    lab = Lab.from_scenario("fresh", clock=clock, latency=Latency.AZURE, seed=seed)
    lab.directory.propagation, lab.directory.flicker = Propagation.AZURE, True
    on = Applying.on(setup_rig(lab=lab, clock=clock, state=folder), folder / "setup.sqlite")
    plan = plan_of(prepared(on.it))
    assert plan is not None
    begun = clock.monotonic()
    assert on.apply(plan).outcome is Outcome.DONE
    on.journal.close()
    return clock.monotonic() - begun, plan


def test_that_the_plan_takes_about_as_long_as_it_says(tmp_path: Path) -> None:
    runs = [applied(seed, tmp_path / str(seed)) for seed in range(SEEDS)]
    took = statistics.median(seconds for seconds, _ in runs)
    for _, plan in runs:
        assert 0.67 * took <= plan.usual_s <= 1.5 * took
        assert plan.usual_s < sum(item.predicted.usual_s for item in plan.writing)


def timed(plan: SetupPlan, *seconds: float) -> SetupPlan:
    changes = tuple(
        replace(item, predicted=Prediction(usual, usual)) for item, usual in zip(plan.changes, seconds, strict=True)
    )
    return replace(plan, changes=changes)


@pytest.mark.parametrize(
    ("seconds", "longest"),
    [
        ((5, 2, 1, 16, 42, 4), 42.0),
        ((5, 2, 1, 16, 8, 4), 21.0),
        ((1, 9, 1, 16, 8, 99), 25.0),
        ((0, 0, 0, 0, 0, 99), 0.0),
    ],
)
def test_that_what_runs_side_by_side_is_not_added_up(seconds: tuple[float, ...], longest: float) -> None:
    # identity, role, assign-a after the role, assign-b after both, place, and a restart that apply never sends.
    plan = timed(plan_for("/subscriptions/s/resourceGroups/g"), *seconds)
    assert plan.usual_s == longest


def test_that_what_is_right_already_takes_no_time() -> None:
    plan = plan_for("/subscriptions/s/resourceGroups/g")
    assert isinstance(plan.changes[0], SetupChange)
    assert replace(plan, changes=plan.changes[-1:]).usual_s == 0.0
    later = change("x", plan.changes[0].write, "t", "Later", after=("gone",))
    assert replace(plan, changes=(later,)).usual_s == 1.0
