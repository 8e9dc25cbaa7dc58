"""Saving a lab's world a moment after it changed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

SAVE_AFTER_S = 1.0
REFRESH_EVERY_S = 1800.0

_log = logging.getLogger(__name__)


class Saver:
    """Calls `save` one second after the first change since, and `refresh` every half hour, on a thread of its own.

    A save that fails is logged and tried again at the next change and at `close`, where the error is raised.
    """

    def __init__(self, save: Callable[[], None], refresh: Callable[[], None]) -> None:
        self._save = save
        self._refresh = refresh
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lab-saver", daemon=True)
        self._thread.start()

    def note_change(self) -> None:
        """Say that there is something to save. Quick, from any thread."""
        self._changed.set()

    def close(self) -> None:
        """Stop the thread and save a last time. Raises OSError if that fails."""
        self._closing.set()
        self._changed.set()
        self._thread.join()
        self._save()

    def _run(self) -> None:
        refreshed = time.monotonic()
        while True:
            changed = self._changed.wait(max(0.0, refreshed + REFRESH_EVERY_S - time.monotonic()))
            if changed and self._closing.wait(SAVE_AFTER_S):
                return
            if changed:
                self._changed.clear()
                self._attempt(self._save, "save its world")
            if time.monotonic() - refreshed >= REFRESH_EVERY_S:
                refreshed = time.monotonic()
                self._attempt(self._refresh, "publish a fresh token")

    def _attempt(self, action: Callable[[], None], purpose: str) -> None:
        try:
            action()
        except OSError as error:
            _log.error("The lab could not %s: %s. It goes on and tries again.", purpose, error)
