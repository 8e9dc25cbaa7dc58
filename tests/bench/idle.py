"""What an idle window costs: its process's share of one core while it reads one cluster once a second.

    python -m tests.bench.idle [--seconds N]

The lab runs in a process of its own, as Azure does elsewhere: what is measured is the window with the SDK's requests.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measured.figures import Promise, judged, machine
from tests.bench.measured.places import own_places, platform

SHARE = 2.0
"""The promise, in percent of one core."""

SETTLE_S = 12.0
"""After its start the window still imports, lays out and collects; that is no idling."""


def computed_s(process: int) -> float:
    """Seconds of processor time the process has used, in all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description="Processor time of an idle window at a reading a second.")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure, after the window has settled")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="tgwizard-bench-") as folder:
        environment = own_places(Path(folder))
        settings = Path(environment["TGWIZARD_CONFIG_DIR"]) / "settings.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text("[watch]\nnics_s = 1\n", encoding="utf-8")
        program = [sys.executable, "-m", "tgwizard"]
        lab = str(Path(folder) / "lab")
        with subprocess.Popen(
            [*program, "lab", "run", "--lab-dir", lab], env=environment, stdout=subprocess.PIPE, text=True
        ) as held:
            assert held.stdout is not None
            ready = json.loads(held.stdout.readline())
            with subprocess.Popen([*program, "--lab-dir", lab], env=environment) as window:
                time.sleep(SETTLE_S)
                before, began = computed_s(window.pid), time.monotonic()
                time.sleep(given.seconds)
                share = 100 * (computed_s(window.pid) - before) / (time.monotonic() - began)
                window.terminate()
                ended = window.wait(30)
            held.terminate()
            held.wait(30)
    print(f"{given.seconds:g} s of an idle window on Qt's platform {platform(os.environ)}, lab at {ready['arm']}")
    print(f"  {machine()}")
    if ended != 0:
        sys.exit(f"not measured: the window ended with {ended}")
    return judged([Promise("processor time of the window, of one core", share, SHARE, "%")])


if __name__ == "__main__":
    sys.exit(main())
