"""From process start to the first frame: tgwizard against a bare PySide6 window, and what is imported by then.

    python -m tests.bench.start [--starts N]

Starts alternate, so that what else the computer does meets both alike. The files are warm in the page cache.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.measured.figures import Promise, judged, machine
from tests.bench.measured.places import own_places, platform
from tgwizard.app.open_window import WindowOptions, open_program

RATIO = 1.6
"""The promise: process start to the first paint of the real window with the cluster's name, against a bare window."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds to the first frame, and what should not have been imported by then but was.

    ``computed``: seconds of a processor that the process took until then. On a busy computer they say more.
    """

    seconds: float
    computed: float
    at_painting: tuple[str, ...]
    at_painted: tuple[str, ...]
    modules: int
    shows: tuple[str, ...]


def start(arguments: Sequence[str], environment: dict[str, str]) -> Start:
    """Start a process and wait for its first frame. CLOCK_MONOTONIC is the same in both processes."""
    command = [sys.executable, "-m", "tests.bench.measured.first_paint", *arguments]
    began = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0 or not done.stdout:
        sys.exit(f"{' '.join(arguments)} painted nothing, exit code {done.returncode}\n{done.stderr}")
    told = json.loads(done.stdout)
    late = tuple(told["at_painting"]), tuple(told["at_painted"])
    return Start(told["painted_s"] - began, told["computed_s"], *late, told["modules"], tuple(told["shows"]))


def line(name: str, starts: Sequence[Start]) -> str:
    """One line of the table, in milliseconds."""
    times = sorted(1000 * item.seconds for item in starts)
    computed = 1000 * median(item.computed for item in starts)
    return f"  {name:<22}{times[0]:>8.0f}{median(times):>8.0f}{times[-1]:>8.0f}{computed:>10.0f}{starts[0].modules:>10}"


def ratio_of(ours: Sequence[float], bare: Sequence[float]) -> float:
    """How many times as long, by the medians."""
    return median(ours) / median(bare)


def _counted(starts: Sequence[tuple[str, ...]]) -> str:
    names = Counter(name for found in starts for name in found)
    return ", ".join(f"{name} {count}" for name, count in names.items()) or "nothing"


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description="Process start to first frame, against a bare window.")
    parser.add_argument("--starts", type=int, default=9, help="starts of each, after one that is not counted")
    given = parser.parse_args()
    bare: list[Start] = []
    ours: list[Start] = []
    with TemporaryDirectory(prefix="tgwizard-bench-") as folder:
        environment = own_places(Path(folder))
        # The lab's cluster file is there from an earlier day.
        lab = str(Path(folder) / "lab")
        with_cluster = open_program(WindowOptions(Path(lab)))
        with_cluster.services.jobs.close(5.0)
        with_cluster.close()
        name, address = with_cluster.clusters[0].name, str(with_cluster.clusters[0].address)
        for _ in range(given.starts + 1):
            bare.append(start(["bare"], environment))
            ours.append(start(["tgwizard", lab], environment))
    bare, ours = bare[1:], ours[1:]
    ratio = ratio_of([item.seconds for item in ours], [item.seconds for item in bare])
    computed = ratio_of([item.computed for item in ours], [item.computed for item in bare])
    print(f"{given.starts} starts each on Qt's platform {platform(os.environ)}; {machine()}")
    print(f"  {'ms to the first frame':<22}{'least':>8}{'median':>8}{'most':>8}{'computed':>10}{'modules':>10}")
    print(line("bare PySide6 window", bare))
    print(line("tgwizard --lab-dir DIR", ours))
    print(f"  ratio of the medians: {ratio:.2f}, of what was computed: {computed:.2f}")
    print("  what only a job may import, and in how many starts it was there all the same")
    print(f"    when the first paint began: {_counted([item.at_painting for item in ours])}")
    print(f"    when the first frame was out: {_counted([item.at_painted for item in ours])}")
    early = [item for item in ours if "azure" in (*item.at_painting, *item.at_painted)]
    blank = [item for item in ours if not all(word in " ".join(item.shows) for word in (name, address))]
    print("promises")
    print(f"  no azure module before the first paint: {'NOT KEPT' if early else 'kept'}")
    print(f"  the first paint shows {name} and {address}: {'NOT KEPT' if blank else 'kept'}")
    return judged([Promise("ratio to a bare window", ratio, RATIO, "times")]) or (1 if early or blank else 0)


if __name__ == "__main__":
    sys.exit(main())
