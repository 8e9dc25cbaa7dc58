"""Memory over an hour of the window's life, on a clock that skips waiting: readings every second, a failover every ten
minutes.

    python -m tests.bench.hour [--minutes N]

What grows with time shows after the first ten minutes, when everything that is kept on purpose is full.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtWidgets import QApplication

from tests.bench.measured.figures import Promise, judged, machine
from tests.bench.measured.places import OFFSCREEN, platform
from tests.bench.measured.window_run import memory
from tests.rig import rig
from tgwizard.engine.journal import Journal
from tgwizard.gui.bridge import Bridge
from tgwizard.gui.gc_guard import GcGuard
from tgwizard.gui.main_window import MainWindow
from tgwizard.gui.opened import Opened, Surroundings
from tgwizard.gui.start import make_app
from tgwizard.gui.theme import Theme
from tgwizard.lab.clock import HybridClock
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Verb
from tgwizard.model.event import Outcome
from tgwizard.model.settings import NICS_S

GROWTH_KB = 4096.0
"""The promise. A reading that were kept would come to some 15 MB in an hour."""

FULL_S = 600.0
EVERY_S = 600.0
SAMPLE_S = 300.0
PATIENCE_S = 600.0


class Hour:
    """One window on one lab, driven through its time."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        """Open it."""
        self.app = app
        self.clock = HybridClock()
        self._rig = rig(Latency.FAST, clock=self.clock, state=folder, open_journal=Journal.open)
        self.bridge = Bridge()
        self.guard = GcGuard(app)
        self.window = MainWindow(Theme(app), self.bridge, Surroundings("Embedded in this window", is_lab=True))
        self.window.preferences.set(NICS_S, 1.0)
        self.guard.start()
        self.guard.settle()
        self.bridge.start()
        self.window.show()
        self.window.show_opened(Opened(self._rig.services, (self._rig.setup,)))
        self.session = next(iter(self.window.sessions.values()))
        self.moves = 0

    def _live(self) -> None:
        """One turn. The monitor waits for nothing here: the window must hear all of it, or what it missed piles up."""
        self.app.processEvents()
        self.bridge.finish()
        time.sleep(0.002)

    def until(self, virtual_s: float) -> None:
        """Let the window live until its clock says so."""
        give_up = time.monotonic() + PATIENCE_S
        while self.clock.monotonic() < virtual_s:
            self._live()
            if time.monotonic() > give_up:
                sys.exit("not measured: the window's clock stands still")

    def fail_over(self) -> None:
        """Move the address and go back to the cluster's page."""
        target = self.session.target
        if target is None or self.session.reason_against(Verb.GRACEFUL) is not None:
            return
        self.session.fail_over(target, Verb.GRACEFUL)
        give_up = time.monotonic() + PATIENCE_S
        while self.session.running and time.monotonic() < give_up:
            self._live()
        run = self.session.run
        if run is None or run.finished is None or run.finished.outcome is not Outcome.DONE:
            sys.exit("not measured: a failover did not end as done")
        self.moves += 1
        self.window.open_cluster(self.session.setup.name)

    def close(self) -> None:
        """Close everything in order."""
        self.window.watching.stop()
        self._rig.services.jobs.close(10.0)
        self.bridge.stop()
        self.guard.stop()
        self.window.hide()
        self.window.deleteLater()
        self.app.processEvents()


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description="Memory of the window over an hour of its own time.")
    parser.add_argument("--minutes", type=float, default=60.0, help="of the window's own time, after the first ten")
    given = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", OFFSCREEN)
    app = make_app(["tgwizard-bench"])
    with TemporaryDirectory(prefix="tgwizard-bench-") as folder:
        hour = Hour(app, Path(folder))
        samples: list[tuple[float, int, int]] = []
        end_s, now_s, move_s = FULL_S + 60 * given.minutes, 0.0, EVERY_S / 2
        while now_s < end_s:
            now_s += SAMPLE_S
            hour.until(now_s - SAMPLE_S / 2)
            if now_s >= move_s:
                hour.fail_over()
                move_s += EVERY_S
            hour.until(now_s)
            samples.append((now_s, memory()["VmRSS"], len(app.allWidgets())))
        hour.close()
    print(f"{given.minutes:g} min after the first ten, {hour.moves} failovers, on Qt's platform {platform(os.environ)}")
    print(f"  {machine()}")
    print(f"  {'min':>5}{'RSS, MB':>10}{'widgets':>10}")
    for at, size, widgets in samples:
        print(f"  {at / 60:>5.0f}{size / 1024:>10.1f}{widgets:>10}")
    start = next(item for item in samples if item[0] >= FULL_S)
    growth = samples[-1][1] - start[1]
    return judged([Promise("growth of the memory after the first ten minutes", growth, GROWTH_KB, "kB")])


if __name__ == "__main__":
    sys.exit(main())
