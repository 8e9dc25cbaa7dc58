"""How much applying a plan adds to what Azure takes, and the exported az script beside it when az is there.

    python -m tests.bench.setup [--seeds N]

Each lab is a `fresh` one under `azure` latency with Azure's replication, flicker and propagation. Waiting is skipped,
computing lasts. The floor is what the lab drew for the identity and for the interface; the script runs in real time
against a lab in a process of its own, and its floor is drawn alike but waited for.
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
from pathlib import Path

from tests.bench.measured.figures import Promise, Spread, judged, machine
from tests.engine.apply.scenarios import prepared
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.setup.apply import apply_at
from tgwizard.engine.setup.driving import Desk
from tgwizard.engine.setup.export.formats import ExportKind, export
from tgwizard.engine.setup.setup_journal import SetupJournal
from tgwizard.engine.setup.suggest import proposed
from tgwizard.engine.setup.walk import plan_of
from tgwizard.lab import document
from tgwizard.lab.clock import HybridClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.rbac_records import Propagation
from tgwizard.model.event import Outcome
from tgwizard.model.setup_event import SetupEvent
from tgwizard.model.setup_plan import SetupPlan

ABOVE_S = 5.0
"""The promise: seconds above the sum of Azure's own waits."""


@dataclass(frozen=True, slots=True)
class Applied:
    """One set-up. ``waits_s``: what each operation of the lab took; ``calls``: requests of applying alone."""

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
    desk = Desk(services.setup, services.azure, services.clock, journal, events.append, CancelToken())
    before, began = len(lab.requests), clock.monotonic()
    finished = apply_at(desk, plan)
    seconds = clock.monotonic() - began
    journal.close()
    if finished.outcome is not Outcome.DONE:
        raise RuntimeError(f"seed {seed}: {finished.reason}")
    operations = document.load(lab.dump()).operations.values()
    waits = tuple((item.ends - item.started).total_seconds() for item in operations if item.ends is not None)
    return Applied(seconds, waits, len(lab.requests) - before)


def script_once(az: str, folder: Path) -> float:
    """Run the exported script with the real az against a lab in a process of its own; real seconds."""
    from tests.e2e.test_az_cli import clean_environment, lab_env, tgwizard

    command = tgwizard("lab", "run", "--scenario", "fresh", "--latency", "azure", "--lab-dir", str(folder / "lab"))
    with subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, text=True) as lab:
        try:
            if lab.stdout is None or not lab.stdout.readline():
                raise RuntimeError("the lab did not start")
            export_it = tgwizard("export", "--as", "az", "--lab-dir", str(folder / "lab"))
            done = subprocess.run(export_it, env=clean_environment(), capture_output=True, text=True, check=True)
            environment = lab_env(folder / "lab")
            environment["PATH"] = f"{Path(az).parent}:{environment['PATH']}"
            began = time.monotonic()
            subprocess.run(["bash", "-s"], input=done.stdout, env=environment, text=True, check=True)
            return time.monotonic() - began
        finally:
            lab.terminate()
            lab.wait(30)


def main(argv: Sequence[str]) -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, metavar="N")
    parser.add_argument("--without-az", action="store_true", help="leave the script out")
    wish = parser.parse_args(argv)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="tgwizard-bench-") as place:
        folder = Path(place)
        found = [apply_once(seed, folder / str(seed)) for seed in range(wish.seeds)]
        _table("apply", found)
        az = os.environ.get("TGWIZARD_AZ") or shutil.which("az")
        if wish.without_az or az is None:
            print("the az script: not run, there is no az")
        else:
            print(f"the az script, real az, one lab under azure latency: {script_once(az, folder):.1f} s in all")
    spread = Spread.of([item.above_sum for item in found])
    longest = Spread.of([item.above_longest for item in found])
    return judged(
        [
            Promise("apply, above the sum of Azure's own waits, p95", spread.p95, ABOVE_S, "s"),
            Promise("apply, above the longest of them, p95", longest.p95, ABOVE_S, "s"),
        ]
    )


def _plan(it: SetupRig) -> SetupPlan:
    flow = prepared(it)
    plan = plan_of(flow)
    if plan is None or not export(ExportKind.AZ, plan, proposed(flow)):
        raise RuntimeError("there is no plan")
    return plan


def _table(name: str, found: list[Applied]) -> None:
    print(f"{name:<8} {'p50':>8} {'p95':>8} {'most':>8}")
    for words, values in (
        ("seconds", [item.seconds for item in found]),
        ("waits", [sum(item.waits_s) for item in found]),
        ("+ sum", [item.above_sum for item in found]),
        ("+ longest", [item.above_longest for item in found]),
        ("calls", [float(item.calls) for item in found]),
    ):
        spread = Spread.of(values)
        print(f"  {words:<10} {spread.p50:>8.2f} {spread.p95:>8.2f} {spread.most:>8.2f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
