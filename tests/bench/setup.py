"""How much applying a plan adds to what Azure takes, and the exported az script beside it when az is there.

    TGWIZARD_AZ=/path/to/az python -m tests.bench.setup [--seeds N] [--pairs N]

Each lab is a `fresh` one under `azure` latency; the floor is what the lab drew for the identity and for the interface.
In process, with Azure's replication, flicker and propagation, waiting is skipped and computing lasts. Beside az, each
set-up has a lab in a process of its own and waits in real time, with rights that arrive at once; a pair has one seed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import cast

from tests.bench.measured.figures import Promise, Spread, judged, machine
from tests.bench.measured.hybrid_clock import HybridClock
from tests.e2e.test_az_cli import clean_environment, lab_env, tgwizard
from tests.engine.setup.apply.scenarios import prepared
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.runs.setup_journal import SetupJournal
from tgwizard.engine.setup.apply import apply_in_context
from tgwizard.engine.setup.apply_loop import ApplyContext
from tgwizard.engine.setup.export.formats import ExportKind, export
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.wizard_steps import plan_of
from tgwizard.lab.clock import LabTime
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.rbac.role_records import Propagation
from tgwizard.lab.storage import world_document
from tgwizard.lab.storage.world_store import WorldFile
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_events import SetupEvent
from tgwizard.model.setup_plan import SetupPlan

ABOVE_S = 5.0
"""The promise: seconds above the sum of Azure's own waits."""


@dataclass(frozen=True, slots=True)
class Applied:
    """One set-up. ``waits_s``: what each operation of the lab took.

    ``calls``: requests of applying alone; 0 where the lab was another process's, which keeps no log of them.
    """

    seconds: float
    waits_s: tuple[float, ...]
    calls: int

    @property
    def above_sum(self) -> float:
        """Above all waits, one after the other: what was promised. Negative where they ran side by side."""
        return self.seconds - sum(self.waits_s)

    @property
    def above_longest(self) -> float:
        """Above the longest wait: nothing could be quicker."""
        return self.seconds - max(self.waits_s, default=0.0)


def apply_once(seed: int, folder: Path) -> Applied:
    """Set one lab up and measure applying alone."""
    clock = HybridClock()
    lab = Lab.from_scenario("fresh", clock=clock, latency=Latency.AZURE, seed=seed)
    lab.directory.propagation, lab.directory.flicker = Propagation.AZURE, True
    it = setup_rig(lab=lab, clock=clock, state=folder)
    plan = _plan(it)
    services = it.services
    journal = SetupJournal.open(folder / "setup.sqlite")
    events: list[SetupEvent] = []
    desk = ApplyContext(services.azure, services.clock, journal, events.append, CancelToken())
    before, began = len(lab.requests), clock.monotonic()
    finished = apply_in_context(desk, plan)
    seconds = clock.monotonic() - began
    journal.close()
    if finished.outcome is not Outcome.DONE:
        raise RuntimeError(f"seed {seed}: {finished.reason}")
    return Applied(seconds, _waits(lab), len(lab.requests) - before)


class By(Enum):
    """Who sets the lab up; the value is how the row is called."""

    OURS = "tgwizard setup apply"
    AZ = "the exported script, az"


def beside_once(by: By, seed: int, folder: Path, az: str) -> Applied:
    """Set up a lab in a process of its own, in real time; the same seed draws the same durations for both.

    Ours counts from the start of the command, reading and planning included; the script was exported before.
    """
    home = folder / by.name / str(seed)
    home.mkdir(parents=True)
    kept = WorldFile(home)
    kept.save(Lab.from_scenario("fresh", clock=cast("LabTime", SystemClock()), latency=Latency.AZURE, seed=seed))
    command = tgwizard("lab", "run", "--latency", "azure", "--lab-dir", str(home))
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, stderr=quiet, text=True) as lab:
        try:
            if lab.stdout is None or not lab.stdout.readline():
                raise RuntimeError("the lab did not start")
            seconds = _applied_by(by, home, az)
        finally:
            lab.terminate()
            lab.wait(30)
    after = WorldFile(home).load(cast("LabTime", SystemClock()))
    if after is None:
        raise RuntimeError("the lab kept nothing")
    return Applied(seconds, _waits(after), 0)


def _applied_by(by: By, home: Path, az: str) -> float:
    if by is By.OURS:
        command, text, environment = (
            tgwizard("setup", "apply", "--yes", "--lab-dir", str(home)),
            "",
            clean_environment(),
        )
    else:
        export_it = tgwizard("export", "--as", "az", "--lab-dir", str(home))
        done = subprocess.run(export_it, env=clean_environment(), capture_output=True, text=True, check=True)
        command, text, environment = ["bash", "-s"], done.stdout, lab_env(home)
        environment["PATH"] = f"{Path(az).parent}:{environment['PATH']}"
    began = time.monotonic()
    ended = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if ended.returncode != 0:
        raise RuntimeError(f"{by.value}: {ended.stderr[-2000:]}")
    return seconds


def _waits(lab: Lab) -> tuple[float, ...]:
    operations = world_document.load(lab.dump()).operations.values()
    return tuple((item.ends - item.started).total_seconds() for item in operations if item.ends is not None)


def main(argv: Sequence[str]) -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, metavar="N")
    parser.add_argument(
        "--pairs", type=int, default=1, metavar="N", help="real runs of ours and of az, one beside the other"
    )
    parser.add_argument("--without-az", action="store_true", help="leave the real runs out")
    wish = parser.parse_args(argv)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="tgwizard-bench-") as place:
        folder = Path(place)
        found = [apply_once(seed, folder / str(seed)) for seed in range(wish.seeds)]
        _table("apply in process, waiting skipped", found)
        promises = [
            Promise("apply, above the sum of Azure's own waits, p95", _p95(found), ABOVE_S, "s"),
            Promise(
                "apply, above the longest of them, p95", Spread.of([i.above_longest for i in found]).p95, ABOVE_S, "s"
            ),
        ]
        az = os.environ.get("TGWIZARD_AZ") or shutil.which("az")
        if wish.without_az or az is None or wish.pairs < 1:
            print(f"real runs beside az: left out{'' if az else ', there is no az'}")
        else:
            pairs = {by: [beside_once(by, seed, folder, az) for seed in range(wish.pairs)] for by in By}
            for by, real in pairs.items():
                _table(f"{by.value}, real time", real)
            ours = pairs[By.OURS]
            promises.append(Promise("the command in real time, above the sum, p95", _p95(ours), ABOVE_S, "s"))
            slower = Spread.of([i.seconds for i in pairs[By.AZ]]).p50 - Spread.of([i.seconds for i in ours]).p50
            print(f"at the same durations of Azure the script takes {slower:+.1f} s beside the command (p50)")
    return judged(promises)


def _p95(found: list[Applied]) -> float:
    return Spread.of([item.above_sum for item in found]).p95


def _plan(it: SetupRig) -> SetupPlan:
    state = prepared(it)
    plan = plan_of(state)
    if plan is None or not export(ExportKind.AZ, plan, proposed_answers(state)):
        raise RuntimeError("there is no plan")
    return plan


def _table(name: str, found: list[Applied]) -> None:
    print(f"{name}\n  {'':<10} {'p50':>8} {'p95':>8} {'most':>8}")
    for words, values in (
        ("seconds", [item.seconds for item in found]),
        ("waits", [sum(item.waits_s) for item in found]),
        ("+ sum", [item.above_sum for item in found]),
        ("+ longest", [item.above_longest for item in found]),
        ("calls", [float(item.calls) for item in found]),
    ):
        if words == "calls" and not any(values):
            continue
        spread = Spread.of(values)
        print(f"  {words:<10} {spread.p50:>8.2f} {spread.p95:>8.2f} {spread.most:>8.2f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
