"""The event loop of the real window while it fails over on a lab in its own process, `fast` latency, real time.

    python -m tests.bench.stalls [--moves N] [--minutes M] [--where]

A 5 ms timer in the window's thread measures the gaps between its ticks: one gap is how long the window could not have
answered. The control is the same timer in a bare window beside it. `--where` samples the thread's stack during gaps and
looks on at every event that Qt delivers; that costs time itself, so it prints where gaps come from and judges nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.measured.event_loop import Phase
from tests.bench.measured.figures import Promise, Spread, judged, machine
from tests.bench.measured.places import own_places, platform

STALL_S = 0.050
USUAL_STALL_S = 0.016
"""The promises, from the moment the program is usable on: the longest gap, and that of ninety-nine in a hundred."""

DEAREST = 20
"""How many of the dearest gaps `--where` tells of."""


def line(name: str, gaps: list[float], *others: float) -> str:
    """One line of the table, in milliseconds."""
    spread = Spread.of(gaps)
    slow = sum(gap > 0.016 for gap in gaps)
    figures = "".join(f"{1000 * value:>8.1f}" for value in (spread.p50, spread.p99, spread.most))
    return f"  {name:<32}{len(gaps):>8}{figures}{slow:>9}{''.join(f'{1000 * value:>9.1f}' for value in others)}"


def measure(moves: int, minutes: float, *, where: bool) -> tuple[dict[str, Any], list[float]]:
    """Run the window, and the control beside it; what both told."""
    with TemporaryDirectory(prefix="tgwizard-bench-") as folder:
        environment = own_places(Path(folder))
        module = [sys.executable, "-m", "tests.bench.measured.idle_window"]
        with subprocess.Popen(
            module, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as control:
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "tests.bench.measured.window_run", str(Path(folder) / "lab")),
                    *(str(moves), str(minutes)),
                    *(["--where"] if where else []),
                ],
                env=environment,
                capture_output=True,
                text=True,
                timeout=120 + 60 * (moves + minutes),
                check=False,
            )
            idle, _ = control.communicate()
        lines = done.stdout.splitlines()
        told: dict[str, Any] = json.loads(lines[0]) if lines else {"trouble": "the window told nothing"}
        if told["trouble"] or done.returncode != 0:
            log = Path(environment["TGWIZARD_LOG_DIR"]) / "tgwizard.log"
            words = log.read_text("utf-8").splitlines()[-12:] if log.exists() else []
            trouble = told["trouble"] or "the window was not closed cleanly"
            sys.exit("\n".join([f"not measured: {trouble}, exit code {done.returncode}", done.stderr, *words]))
    return told, json.loads(idle)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description="Gaps in the window's event loop during failovers on the lab.")
    parser.add_argument("--moves", type=int, default=3, help="failovers, by clicks")
    parser.add_argument("--minutes", type=float, default=0.0, help="go on with failovers for so long; the promise: 10")
    parser.add_argument("--where", action="store_true", help="find out where gaps come from")
    given = parser.parse_args()
    told, idle = measure(given.moves, given.minutes, where=given.where)
    print(f"{told['failovers']} failovers in the window on Qt's platform {platform(os.environ)}; {machine()}")
    heads = "".join(f"{head:>8}" for head in ("ticks", "p50", "p99", "most"))
    print(f"  {'ms between ticks of 5 ms':<32}{heads}{'> 16 ms':>9}{'alone':>9}{'own':>9}{'garbage':>9}")
    phases = {Phase[name]: seen for name, seen in told["phases"].items()}
    for phase, seen in phases.items():
        print(line(phase.value, seen["gaps"], seen["alone"], seen["own"], seen["collection"]))
    print(line("control: a bare window beside it", idle))
    print("  alone: the longest gap less the time the ready thread was denied a processor by all that runs here")
    print("  own: the most that the window's thread computed in one gap; garbage: the longest collection in the phase")
    print(f"  usable {told['opened_s']:.2f} s after the window began")
    for moment, size in told["memory"].items():
        print(f"  memory {moment:<20}{size['VmRSS'] / 1024:>7.0f} MB, at most so far {size['VmHWM'] / 1024:.0f} MB")
    for stack, count in told["stacks"]:
        print(f"  {count:>4} x {stack}")
    for phase_name, own, costs in sorted(told["dear"], key=lambda gap: -gap[1])[:DEAREST]:
        print(
            "\n".join([f"  {1000 * own:.1f} ms computed in one gap [{phase_name}]", *(f"    {cost}" for cost in costs)])
        )
    if given.where:
        return 0
    gaps = [gap for phase, seen in phases.items() if phase is not Phase.OPENING for gap in seen["gaps"]]
    every = Spread.of(gaps)
    running, opening = (max(phases[phase]["gaps"]) for phase in (Phase.RUNNING, Phase.OPENING))
    promises = [
        Promise("longest gap while opening", 1000 * opening, 1000 * STALL_S, "ms"),
        Promise("longest gap during a failover", 1000 * running, 1000 * STALL_S, "ms"),
        Promise("longest gap once usable", 1000 * every.most, 1000 * STALL_S, "ms"),
        Promise("99 in 100 of them", 1000 * every.p99, 1000 * USUAL_STALL_S, "ms"),
    ]
    return judged(promises)


if __name__ == "__main__":
    sys.exit(main())
