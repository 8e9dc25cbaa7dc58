"""The event loop of the real window while its pages are opened, its theme and its size changed; real time, on a lab.

    python -m tests.bench.pages [--clusters N] [--where]

`own` is what the window's thread itself computed between two ticks of 5 ms: how long it cannot have answered on a
computer that does nothing else. `--where` tells what the dearest gaps went to, which costs time itself.
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

from tests.bench.measured.figures import Promise, judged, machine
from tests.bench.measured.places import own_places, platform
from tests.bench.stalls import DEAREST, STALL_S


def measure(clusters: int, *, where: bool) -> dict[str, Any]:
    """Run the window; what it told."""
    with TemporaryDirectory(prefix="tgwizard-bench-") as folder:
        module = [sys.executable, "-m", "tests.bench.measured.pages_run", str(Path(folder) / "lab"), str(clusters)]
        done = subprocess.run(
            [*module, *(["--where"] if where else [])],
            env=own_places(Path(folder)),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        lines = done.stdout.splitlines()
        told: dict[str, Any] = json.loads(lines[0]) if lines else {"trouble": "the window told nothing"}
        if told["trouble"] or done.returncode != 0:
            sys.exit(f"not measured: {told['trouble']}, exit code {done.returncode}\n{done.stderr}")
    return told


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description="Gaps in the window's event loop while its pages are opened.")
    parser.add_argument("--clusters", type=int, default=1, help="how many clusters the lab has")
    parser.add_argument("--where", action="store_true", help="tell what the dearest gaps went to")
    given = parser.parse_args()
    told = measure(given.clusters, where=given.where)
    print(f"{given.clusters} clusters, Qt's platform {platform(os.environ)}; {machine()}")
    print(f"  {'ms, the most in one gap':<32}{'gap':>9}{'alone':>9}{'own':>9}")
    for name, seen in told["moments"].items():
        print(f"  {name:<32}" + "".join(f"{1000 * seen[key]:>9.1f}" for key in ("most", "alone", "own")))
    for moment, own, costs in sorted(told["dear"], key=lambda gap: -gap[1])[:DEAREST]:
        print("\n".join([f"  {1000 * own:.1f} ms computed in one gap [{moment}]", *(f"    {cost}" for cost in costs)]))
    if given.where:
        return 0
    dearest = max(told["moments"], key=lambda name: told["moments"][name]["own"])
    most = 1000 * told["moments"][dearest]["own"]
    return judged([Promise(f"computed in one gap, the dearest: {dearest}", most, 1000 * STALL_S, "ms")])


if __name__ == "__main__":
    sys.exit(main())
