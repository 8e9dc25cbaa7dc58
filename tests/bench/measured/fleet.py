"""What a fleet costs, each step in a process of its own, since the peak of one step would hide that of the next.

    python -m tests.bench.measured.fleet build DIR CLUSTERS
    python -m tests.bench.measured.fleet load DIR

prints the figures as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.storage.world_store import WorldFile
from tgwizard.lab.wire import Request

HOST = "https://management.azure.com"


def peak_mb() -> float:
    """The most memory this process has had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024 if sys.platform != "darwin" else most / 1024 / 1024


def move(lab: Lab) -> None:
    """Write the first cluster's interface, as every failover does."""
    token = lab.issue_token()
    group = f"/subscriptions/{lab.subscription.id}/resourceGroups/rg-fleet-001"
    url = f"{HOST}{group}/providers/Microsoft.Network/networkInterfaces/site-0001-a-inside?api-version=2026-03-01"
    headers = {"Authorization": f"Bearer {token}"}
    nic = lab.handle(Request("GET", url, headers))
    answer = lab.handle(Request("PUT", url, headers, nic.body))
    if answer.status != 200:
        sys.exit(f"the interface was not written: {answer.body!r}")


def build(clusters: int, folder: Path) -> dict[str, float]:
    """Build and save a fleet."""
    began = time.perf_counter()
    lab = Lab.from_scenario("fleet", clock=VirtualClock(), clusters=clusters)
    built = time.perf_counter()
    most = peak_mb()
    # Any size is treated as a big one, so that small counts measure the same way.
    file = WorldFile(folder, whole_below=0)
    file.save(lab)
    whole = time.perf_counter()
    move(lab)
    moved = time.perf_counter()
    file.note(lab)
    noted = time.perf_counter()
    size = file.changes_path.stat().st_size
    move(lab)
    changed = time.perf_counter()
    file.save(lab)
    saved = time.perf_counter()
    return {
        "built_s": built - began,
        "whole_s": whole - built,
        "note_s": noted - moved,
        "change_s": saved - changed,
        "change_kb": size / 1000,
        "peak_mb": most,
    }


def load(folder: Path) -> dict[str, float]:
    """Load the saved fleet."""
    began = time.perf_counter()
    if WorldFile(folder).load(VirtualClock()) is None:
        sys.exit("nothing was saved")
    return {"loaded_s": time.perf_counter() - began, "loaded_mb": peak_mb()}


def main() -> None:
    """Print the figures of one step."""
    step, folder, *more = sys.argv[1:]
    print(json.dumps(build(int(more[0]), Path(folder)) if step == "build" else load(Path(folder))))


if __name__ == "__main__":
    main()
