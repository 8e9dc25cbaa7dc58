"""Failovers by clicks in the real window: `python -m tests.bench.measured.window_run DIR MOVES MINUTES [--where]`.

The program is started by its own entry on a lab in DIR, in this process, with the real clock. Buttons are found by
their accessible names and pressed as a user would. Prints one JSON line before the window is closed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QPushButton

from tests.bench.measured.event_costs import Costs
from tests.bench.measured.event_loop import LoopWatch, Phase, Sampler
from tests.bench.measured.watched import complete_window, find, watch
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.model.event_base import Outcome
from tgwizard.model.verdict import VerdictName

LOOK_MS = 50
WATCH_S = 6.0
READING_S = 2.0
RESULT_S = 1.0
REST_S = 2.0
PATIENCE_S = 60.0
"""No phase of a failover under `fast` latency lasts longer."""


def memory() -> dict[str, int]:
    """What the process takes now and took at most, in kB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return {name: int(found[name].split()[0]) for name in ("VmRSS", "VmHWM")}


class Driver(QObject):
    """Takes the window through its phases, one step at a time."""

    def __init__(self, app: QApplication, moves: int, minutes: float, costs: Costs | None) -> None:
        """Begin with the program's opening; end after so many moves, and not before so many minutes."""
        super().__init__(app)
        self._moves = moves
        self._seconds = 60 * minutes
        self._done = 0
        self._memory = {"before opening": memory()}
        self._began = self._since = time.monotonic()
        self._clicked = ""
        self._finished_at: float | None = None
        self._opened_s = 0.0
        self.watch = LoopWatch(self, costs=costs)
        self._sampler = Sampler(self.watch) if costs is not None else None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        began, own = time.perf_counter(), time.thread_time()
        self._step()
        self.watch.leave_out(time.perf_counter() - began, time.thread_time() - own)

    def _step(self) -> None:
        if time.monotonic() - self._since > PATIENCE_S:
            self._tell(f"the window did not come out of the phase: {self.watch.phase.value}")
            os._exit(1)
        window = complete_window()
        session = next(iter(window.sessions.values()), None) if window is not None else None
        if window is None or session is None:
            return
        match self.watch.phase:
            case Phase.OPENING:
                self._opening(window, session)
            case Phase.WATCHING:
                self._watching(window, session)
            case Phase.ASKING:
                self._asking(window, session)
            case Phase.RUNNING:
                self._running(session)
            case Phase.ENDING:
                self._ending(window, session)
            case _:
                self._tell(f"no phase of this benchmark: {self.watch.phase}")

    def _opening(self, window: MainWindow, session: ClusterSession) -> None:
        if self._question(window, session) is not None:
            self._opened_s = time.monotonic() - self._began
            self._memory["open"] = memory()
            self._enter(Phase.WATCHING)

    def _watching(self, window: MainWindow, session: ClusterSession) -> None:
        button = self._question(window, session)
        settled = session.verdict is not None and session.verdict.name is VerdictName.IN_SYNC
        if self._rested(WATCH_S) and settled and button is not None:
            self._enter(Phase.ASKING)
            self._click(button)

    def _asking(self, window: MainWindow, session: ClusterSession) -> None:
        target = session.target
        start = self._enabled(window, f"Fail over to {target.name}") if target is not None else None
        if start is not None and self._rested(READING_S):
            self._enter(Phase.RUNNING)
            self._click(start)

    def _running(self, session: ClusterSession) -> None:
        finished = session.run.finished if session.run is not None else None
        if finished is None:
            return
        if finished.outcome is not Outcome.DONE:
            self._tell(f"a failover ended as {finished.outcome.value}: {finished.reason}")
            os._exit(1)
        if self._finished_at is None:
            self._finished_at = time.monotonic()
        elif time.monotonic() - self._finished_at > RESULT_S:
            self._finished_at = None
            self._done += 1
            self._enter(Phase.ENDING)

    def _ending(self, window: MainWindow, session: ClusterSession) -> None:
        if not self._rested(REST_S):
            return
        if self._question(window, session) is not None or find(QPushButton, "Read again", [window]) is not None:
            self._memory[f"after failover {self._done}"] = memory()
            if self._done < self._moves or time.monotonic() - self._began < self._seconds:
                self._enter(Phase.WATCHING)
                return
            self._timer.stop()
            self._tell("")
            window.close()
            return
        back = self._enabled(window, f"Back to {session.setup.name}")
        if back is not None:
            self._click(back)

    def _question(self, window: MainWindow, session: ClusterSession) -> QPushButton | None:
        target = session.target
        return None if target is None else self._enabled(window, f"Fail over to {target.name}…")

    def _enabled(self, window: MainWindow, name: str) -> QPushButton | None:
        found = find(QPushButton, name, [window])
        return found if isinstance(found, QPushButton) and found.isEnabled() else None

    def _click(self, button: QPushButton) -> None:
        """Press it from the event loop, once, so that what it sets off is measured."""
        name = button.accessibleName()
        if self._clicked != name:
            self._clicked = name
            QTimer.singleShot(0, button, button.click)

    def _rested(self, seconds: float) -> bool:
        return time.monotonic() - self._since >= seconds

    def _enter(self, phase: Phase) -> None:
        self.watch.phase, self._since, self._clicked = phase, time.monotonic(), ""

    def _tell(self, trouble: str) -> None:
        self.watch.stop()
        told = {
            "trouble": trouble,
            "failovers": self._done,
            "opened_s": self._opened_s,
            "phases": {
                phase.name: {"gaps": seen.gaps, "own": seen.own, "alone": seen.alone, "collection": seen.collection}
                for phase, seen in self.watch.seen.items()
            },
            "memory": self._memory,
            "stacks": self._sampler.stacks.most_common(12) if self._sampler is not None else [],
            "dear": self.watch.dear,
        }
        print(json.dumps(told), flush=True)


def main() -> int:
    """Start the program under watch; its own exit code."""
    folder, moves, minutes = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    costs = Costs() if "--where" in sys.argv else None

    def about_to_run(app: QApplication) -> None:
        Driver(app, moves, minutes, costs)

    watch(about_to_run, costs)
    from tgwizard.__main__ import main as program

    sys.argv[1:] = ["--lab-dir", folder]
    return program()


if __name__ == "__main__":
    sys.exit(main())
