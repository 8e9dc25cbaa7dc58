"""Writing files that survive a crash whole, and saving a lab's world a moment after it changed."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

SAVE_AFTER_S = 1.0
REFRESH_EVERY_S = 1800.0

_log = logging.getLogger(__name__)


Content: TypeAlias = str | Callable[[Callable[[str], object]], None]
"""A file's text, or something that writes it piece by piece with the function it is given."""


def write_whole(path: Path, text: Content, *, mode: int = 0o600, durable: bool = True) -> None:
    """Write a file so that a reader sees the old or the new content and nothing between, whatever happens.

    Raises OSError; then the old file is untouched. `durable`: not even a power cut loses it, for files that could not
    be made again; it costs a few milliseconds.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            if isinstance(text, str):
                file.write(text)
            else:
                text(file.write)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    if durable and sys.platform != "win32":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


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
