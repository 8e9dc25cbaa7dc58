"""Memory over an hour of the window's life, on a clock that goes on as soon as the window has heard of everything:
readings every second, a failover every ten minutes.

    python -m tests.bench.hour [--minutes N]

What grows with time shows after the first ten minutes, when everything that is kept on purpose is full.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from tests.bench.measured.figures import Promise, judged, machine
from tests.bench.measured.places import OFFSCREEN, platform
from tests.bench.measured.window_run import memory
from tests.gui.application import make_app
from tests.gui.desk import whole_window
from tests.gui.held_clock import HeldClock
from tests.rig import API, ARM, rig
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.gui.app.app_context import AppContext, OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.gc_guard import GcGuard
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.clock import Cancellable
from tgwizard.lab.lab_state import LOGGED
from tgwizard.lab.latency import Latency
from tgwizard.lab.wire import Request
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.settings import NICS_S

GROWTH_KB = 4096.0
"""The promise. A reading that were kept would come to some 15 MB in an hour."""

FULL_S = 600.0
EVERY_S = 600.0
SAMPLE_S = 300.0
PATIENCE_S = 600.0

STEP_S = 0.25
"""How far the clock goes in a turn of the window."""

REST_S, LOOK_S = 0.05, 0.0005
"""How long a worker may really compute before the clock goes on without it, and how often that is looked at."""

DEFERRED_DELETE = int(QEvent.Type.DeferredDelete)


class PacedClock(HeldClock):
    """Knows whether all who compute on it have come to wait: then the window may hear them, and time may go on."""

    def __init__(self) -> None:
        """Nobody waits."""
        super().__init__()
        self._due: dict[int, float] = {}
        self._counting = threading.Lock()

    @property
    def all_wait(self) -> bool:
        """Whether someone waits, and nobody whose time has come has still to wake."""
        now = self.monotonic()
        with self._counting:
            return bool(self._due) and all(due > now for due in self._due.values())

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        """Wait, and be known to."""
        me = threading.get_ident()
        with self._counting:
            self._due[me] = self.monotonic() + seconds
        try:
            super().sleep(seconds, cancel)
        finally:
            with self._counting:
                del self._due[me]


class Hour:
    """One window on one lab, driven through its time."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        """Open it."""
        self.app = app
        self.clock = PacedClock()
        self._rig = rig(Latency.FAST, clock=self.clock, state=folder, open_journal=FailoverJournal.open)
        self.bridge = Bridge()
        self.guard = GcGuard(app)
        self.window = whole_window(Theme(app), self.bridge, AppContext("Embedded in this window", is_lab=True))
        self.window.settings_store.set(NICS_S, 1.0)
        self.guard.start()
        self.guard.settle()
        self.bridge.start()
        self.window.show()
        self.window.show_opened(OpenedProgram(self._rig.services, (self._rig.setup,)))
        self.session = next(iter(self.window.sessions.values()))
        self.moves = 0
        self._fill_log()
        self.clock.hold()

    def _fill_log(self) -> None:
        """The lab's log keeps so many requests on purpose: they are there from the start."""
        made = self._rig
        read = Request("GET", f"{ARM}{made.a.nic}?{API}", {"Authorization": f"Bearer {made.lab.issue_token()}"})
        for _ in range(LOGGED):
            made.lab.handle(read)

    def _live(self) -> None:
        """One turn: the window hears all that there is, paints it, and only then does time go on."""
        self.bridge.finish()
        self.app.processEvents()
        # Without `exec` nothing else deletes what was told `deleteLater`.
        self.app.sendPostedEvents(None, DEFERRED_DELETE)
        give_up = time.monotonic() + REST_S
        while not self.clock.all_wait and time.monotonic() < give_up:
            time.sleep(LOOK_S)
        self.clock.advance(STEP_S)

    def until(self, virtual_s: float) -> None:
        """Let the window live until its clock says so."""
        give_up = time.monotonic() + PATIENCE_S
        while self.clock.monotonic() < virtual_s:
            self._live()
            if time.monotonic() > give_up:
                sys.exit("not measured: the window's clock stands still")

    def fail_over(self) -> None:
        """Move the address and go back to the cluster's page."""
        give_up = time.monotonic() + PATIENCE_S
        while (against := self.session.reason_against(Verb.GRACEFUL)) is not None:
            self._live()
            if time.monotonic() > give_up:
                sys.exit(f"not measured: {against.sentence()}")
        target = self.session.target
        if target is None:
            sys.exit("not measured: it is not known where the address is")
        self.session.fail_over(target, Verb.GRACEFUL)
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
