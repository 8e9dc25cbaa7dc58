"""Work that the first paint did not wait for, imports above all, on one thread, one step after the other.

What a step gives is handed over in the window's thread. Modules are named by whoever needs them, by importing them in
a step: no list of them is kept.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Slot

T = TypeVar("T")

LOOK_MS = 10
"""How often it is looked whether a step has ended. No thread tells Qt (gui/README.md 15.3)."""


def _nothing(_given: object) -> None:
    """Nobody wants what the step gave."""


def _raise(error: BaseException) -> None:
    raise error


class WarmUp(QObject):
    """Does steps in their order. An error of a step is told in the window's thread; the steps after it are done."""

    def __init__(self, parent: QObject) -> None:
        """Nothing to do yet, and no thread."""
        super().__init__(parent)
        self._waiting: deque[tuple[int, Callable[[], Callable[[], object]], Callable[[BaseException], object]]] = (
            deque()
        )
        self._given: deque[tuple[int, Callable[[], object]]] = deque()
        self._dropped = 0
        """How often everything was dropped; what was added before the last time is of no use any more."""
        self._thread: threading.Thread | None = None
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._hand_over)

    def add(
        self,
        step: Callable[[], T],
        then: Callable[[T], object] = _nothing,
        broke: Callable[[BaseException], object] = _raise,
    ) -> None:
        """Do `step` on the thread after those before it, and `then`, with what it gave, in the window's.

        `broke` gets its error there instead; usually it is raised.
        """
        self._waiting.append((self._dropped, lambda: partial(then, step()), broke))
        self._go_on()

    def drop(self) -> None:
        """Forget what was added so far: begin nothing of it, and hand nothing over of the step under way."""
        self._dropped += 1
        self._waiting.clear()

    def stop(self, seconds: float) -> bool:
        """Begin no further step, hand nothing over any more, and wait for the step under way; True when it ended."""
        self._waiting.clear()
        self._look.stop()
        if self._thread is not None:
            self._thread.join(seconds)
        return not self._working

    @property
    def _working(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _go_on(self) -> None:
        self._look.start()
        if not self._working:
            self._thread = threading.Thread(target=self._work, name="tgwizard-warm-up", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            try:
                added, step, broke = self._waiting.popleft()
            except IndexError:
                return
            try:
                self._given.append((added, step()))
            except BaseException as error:  # noqa: BLE001 - told in the window's thread
                self._given.append((added, partial(broke, error)))

    @Slot()
    def _hand_over(self) -> None:
        working = self._working
        if self._given:
            added, hand_over = self._given.popleft()
            if added == self._dropped:
                hand_over()
        elif working:
            return
        elif self._waiting:
            self._go_on()  # it was added when the thread had just looked for the last time
        else:
            self._look.stop()
