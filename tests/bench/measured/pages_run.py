"""What users do in the real window: `python -m tests.bench.measured.pages_run DIR CLUSTERS [--where]`.

The program is started by its own entry on a lab in DIR, in this process, with the real clock: on the scenario `ready`,
or on a fleet when there is to be more than one cluster. Every page is opened twice, the palette, the theme, the size.
Prints one JSON line before the window is closed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from tests.bench.measured.event_costs import Costs
from tests.bench.measured.event_loop import LoopWatch
from tests.bench.measured.watched import complete_window, watch
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.storage.world_store import WorldFile
from tgwizard.model.appearance import ThemeChoice

LOOK_MS = 50
SETTLE_S = 4.0
REST_S = 1.5
PATIENCE_S = 90.0


class Moment(Enum):
    """What was just done. The values are printed."""

    OPENING = "opening"
    RESTING = "at rest"
    CLUSTERS = "Clusters"
    SET_UP = "Set up"
    LAB = "Lab"
    HISTORY = "History"
    REPORTS = "Reports"
    SETTINGS = "Settings"
    CLUSTERS_AGAIN = "Clusters, again"
    SET_UP_AGAIN = "Set up, again"
    LAB_AGAIN = "Lab, again"
    HISTORY_AGAIN = "History, again"
    REPORTS_AGAIN = "Reports, again"
    SETTINGS_AGAIN = "Settings, again"
    CLUSTER = "the first cluster"
    PALETTE = "Find or run"
    PALETTE_LEFT = "Find or run, left"
    NARROW = "1024 x 700"
    WIDE = "1920 x 1080"
    DARK = "the dark theme"
    LIGHT = "the light theme"


Act = Callable[[], object]


def acts(window: MainWindow) -> dict[Moment, Act]:
    """What is done, in this order."""
    top = window.window()

    def leave() -> None:
        if window.dialog is not None:
            window.dialog.reject()

    found: dict[Moment, Act] = {Moment[place.name]: partial(window.go_to, place) for place in NavPage}
    found |= {Moment[f"{place.name}_AGAIN"]: partial(window.go_to, place) for place in NavPage}
    found |= {
        Moment.CLUSTER: lambda: window.visit_cluster(next(iter(window.sessions))),
        Moment.PALETTE: window.find_or_run,
        Moment.PALETTE_LEFT: leave,
        Moment.NARROW: lambda: top.resize(1024, 700),
        Moment.WIDE: lambda: top.resize(1920, 1080),
        Moment.DARK: lambda: window.theme.choose(ThemeChoice.DARK),
        Moment.LIGHT: lambda: window.theme.choose(ThemeChoice.LIGHT),
    }
    return found


class Driver(QObject):
    """Does one thing after the other, with a rest after each."""

    def __init__(self, app: QApplication, clusters: int, costs: Costs | None) -> None:
        """Begin with the opening of the program."""
        super().__init__(app)
        self._clusters = clusters
        self._acts: dict[Moment, Act] | None = None
        self._began = self._since = time.monotonic()
        self.watch = LoopWatch(self, Moment.OPENING, costs=costs)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        began, own = time.perf_counter(), time.thread_time()
        self._step()
        self.watch.leave_out(time.perf_counter() - began, time.thread_time() - own)

    def _step(self) -> None:
        window = complete_window()
        rested = time.monotonic() - self._since
        if window is None or len(window.sessions) < self._clusters:
            if rested > PATIENCE_S:
                self._tell("the clusters were not opened")
                os._exit(1)
            self._since = max(self._since, time.monotonic() - rested)
            return
        if self._acts is None:
            self._acts = acts(window)
            self._enter(Moment.RESTING)
        elif rested > (SETTLE_S if self.watch.phase is Moment.RESTING else REST_S):
            if not self._acts:
                self._timer.stop()
                self._tell("")
                window.close()
                return
            moment = next(iter(self._acts))
            self._enter(moment)
            QTimer.singleShot(1, window, self._acts.pop(moment))

    def _enter(self, moment: Moment) -> None:
        self.watch.phase, self._since = moment, time.monotonic()

    def _tell(self, trouble: str) -> None:
        self.watch.stop()
        seen = {
            phase.value: {"most": max(one.gaps), "alone": one.alone, "own": one.own}
            for phase, one in self.watch.seen.items()
        }
        print(json.dumps({"trouble": trouble, "moments": seen, "dear": self.watch.dear}), flush=True)


def main() -> int:
    """Start the program under watch; its own exit code."""
    folder, clusters = Path(sys.argv[1]), int(sys.argv[2])
    costs = Costs() if "--where" in sys.argv else None
    if clusters > 1:
        folder.mkdir(parents=True, exist_ok=True)
        WorldFile(folder).save(Lab.from_scenario("fleet", clock=VirtualClock(), clusters=clusters))

    def about_to_run(app: QApplication) -> None:
        Driver(app, clusters, costs)

    watch(about_to_run, costs)
    from tgwizard.__main__ import main as program

    sys.argv[1:] = ["--lab-dir", str(folder)]
    return program()


if __name__ == "__main__":
    sys.exit(main())
