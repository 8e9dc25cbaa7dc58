"""Notices that reading has stopped, says so with the reason, and begins it again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Slot

from tgwizard.engine.jobs import AnyJob
from tgwizard.gui.cluster.watch_loop import WatchLoop
from tgwizard.model.problem import Problem

TICK_MS = 5_000

SILENT_S = 150.0
"""Longer than any one round of readings with its pause may take: four interfaces and machines, one list of interfaces
at 30 s a page, and half a minute of rest while Azure is silent."""

AGAIN_S = 30.0
"""What stops again and again is not begun again sooner than this after the last time."""


class Watchdog(QObject):
    """Looks after the loops that `keep` was told of, and after the fleet's workers."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._loops: dict[str, tuple[WatchLoop, Callable[[Problem], None]]] = {}
        self._workers: list[AnyJob] = []
        self._renew: Callable[[AnyJob], AnyJob | None] | None = None
        self._begun: dict[str, float] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.look)

    def keep(self, name: str, loop: WatchLoop, tell: Callable[[Problem], None]) -> None:
        """Look after the loop of a cluster; `tell` says why it had stopped."""
        self._loops[name] = (loop, tell)
        loop.broke = partial(self._on_broke, name)
        self._timer.start()

    def keep_workers(self, workers: tuple[AnyJob, ...], renew: Callable[[AnyJob], AnyJob | None]) -> None:
        """Look after these too; `renew` begins another one for one that has ended by an error."""
        self._workers, self._renew = list(workers), renew
        self._timer.start()

    def drop(self) -> None:
        """Look after nobody any more: the clusters go, or the window closes."""
        self._timer.stop()
        self._loops.clear()
        self._workers.clear()
        self._begun.clear()

    def _on_broke(self, name: str, error: BaseException) -> None:
        if name in self._loops:
            why = f"tgwizard ended it by an error of its own ({type(error).__name__}); see the log."
            self._begin_again(name, why)

    @Slot()
    def look(self) -> None:
        """See whether everything that should read does."""
        for name, (loop, _tell) in tuple(self._loops.items()):
            if loop.dead:
                self._begin_again(name, "tgwizard ended it by an error of its own; see the log.")
            elif loop.silent_s > SILENT_S:
                self._begin_again(name, f"No reading has ended for {round(loop.silent_s / 60)} min.")
        for place, job in enumerate(self._workers):
            if not job.running and not job.token.is_cancelled and self._renew is not None:
                self._workers[place] = self._renew(job) or job

    def _begin_again(self, name: str, why: str) -> None:
        loop, tell = self._loops[name]
        now = loop.now()
        if now - self._begun.get(name, -AGAIN_S) < AGAIN_S:
            return
        self._begun[name] = now
        loop.restart()
        tell(Problem("reading-stopped", "Reading Azure had stopped. It was begun again.", why))
