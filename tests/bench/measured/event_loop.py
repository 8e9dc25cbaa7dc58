"""How regularly an event loop comes round: a 5 ms timer, the gaps between its ticks, and what else may explain them."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

from tests.bench.measured.event_costs import Costs

PERIOD_MS = 5
DEAR_S = 0.020
"""From how much computing in a gap on it is kept what it went to."""

BLOCKED_S = 0.025
"""From how long a gap on `Sampler` looks at what the thread of the window is doing."""

CALLS = 7


class Phase(Enum):
    """What the window is doing. The values are printed."""

    OPENING = "opening, with the SDK's import"
    WATCHING = "watching, nothing asked"
    ASKING = "the question, with its checks"
    RUNNING = "the failover, to its result"
    ENDING = "the way back"


@dataclass(slots=True)
class Gaps:
    """The gaps between two ticks in one phase, all in seconds.

    ``own`` is the most that the window's thread itself computed in any gap: the rest of a gap it waited, for Python's
    lock or for a processor. ``alone`` is the longest gap less what that thread, ready to run, waited for a processor:
    what is left of it on a computer that does nothing else. ``collection`` is the longest collection of garbage.
    """

    gaps: list[float] = field(default_factory=list)
    own: float = 0.0
    alone: float = 0.0
    collection: float = 0.0


class LoopWatch(QObject):
    """Ticks every 5 ms in the thread that made it and keeps each gap under the present phase.

    With ``costs``, `dear` has the gaps in which the thread computed long: phase, seconds, and what they went to.
    """

    def __init__(
        self, parent: QObject | None = None, phase: Enum = Phase.OPENING, *, costs: Costs | None = None
    ) -> None:
        """Start ticking with the event loop."""
        super().__init__(parent)
        self.phase = phase
        self.dear: list[tuple[str, float, list[str]]] = []
        self._costs = costs
        self.seen: dict[Enum, Gaps] = {}
        self.last = time.perf_counter()
        self._own = time.thread_time()
        self._schedule = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._denied = self._waited()
        self._collecting = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        gc.callbacks.append(self._on_collection)

    def leave_out(self, seconds: float, own: float) -> None:
        """Do not count what the benchmark itself has just spent in this thread, and computed in it."""
        self.last += seconds
        self._own += own

    def stop(self) -> None:
        """Tick no more."""
        self._timer.stop()
        gc.callbacks.remove(self._on_collection)

    def _tick(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        here = self._here()
        here.gaps.append(now - self.last)
        here.own = max(here.own, own - self._own)
        denied = self._waited()
        here.alone = max(here.alone, now - self.last - (denied - self._denied))
        self._denied = denied
        if self._costs is not None:
            lines = self._costs.taken()
            if own - self._own > DEAR_S:
                told = [f"{1000 * cost.own:6.1f} ms {cost.count:>4} x {label}" for label, cost in lines]
                self.dear.append((str(self.phase.value), own - self._own, told))
        self.last, self._own = now, own

    def _waited(self) -> float:
        """Seconds this thread was ready to run and had no processor, since it began."""
        return int(self._schedule.read_text(encoding="ascii").split()[1]) / 1e9

    def _here(self) -> Gaps:
        return self.seen.setdefault(self.phase, Gaps())

    def _on_collection(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._collecting = time.perf_counter()
        else:
            here = self._here()
            here.collection = max(here.collection, time.perf_counter() - self._collecting)


class Sampler:
    """Looks, from a thread of its own, at what the window's thread is doing whenever its loop has not come round.

    It costs time itself, so it is not used for figures, only to find out where a stall comes from.
    """

    def __init__(self, watch: LoopWatch) -> None:
        """Look until the process ends; made in the window's thread."""
        self.stacks: Counter[str] = Counter()
        self._watch = watch
        self._thread = threading.get_ident()
        threading.Thread(target=self._look, name="bench-sampler", daemon=True).start()

    def _look(self) -> None:
        while True:
            time.sleep(0.004)
            if time.perf_counter() - self._watch.last > BLOCKED_S:
                self.stacks[f"[{self._watch.phase.value}] {' > '.join(self._walk())}"] += 1

    def _walk(self) -> list[str]:
        """The innermost calls, outermost first.

        No frame is kept and nothing is read from a file meanwhile: a frame that outlives its paintEvent keeps the
        QPainter in it alive, and Qt then dies.
        """
        frame = sys._current_frames().get(self._thread)
        calls: list[tuple[str, int, str]] = []
        while frame is not None and len(calls) < CALLS:
            calls.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
            frame = frame.f_back
        return [f"{Path(file).name}:{line} {name}" for file, line, name in reversed(calls)]
