"""The saved world of a lab folder: ``world.json``, and ``world.changes`` beside it, a line for each change since.

A change is in the folder before its answer goes out (``note``): a lab that is killed has forgotten nothing that it
has answered, as no Azure would. A moment later ``save`` makes it safe from a power cut too, and gathers the lines
of a small world in a whole one; those of a big world only when there are so many that reading them takes long. The
last line of a killed program may be torn: it is left out, and nobody has got an answer to it.
"""

from __future__ import annotations

import io
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from tgwizard.engine.files.file_reading import open_regular
from tgwizard.engine.files.file_writing import PRIVATE, write_atomically
from tgwizard.lab.clock import LabTime
from tgwizard.lab.gc_pause import without_gc
from tgwizard.lab.lab import Lab
from tgwizard.lab.storage import world_changes, world_document
from tgwizard.lab.storage.folder_problems import LabFolderDamaged
from tgwizard.lab.wire import Json

WHOLE_BELOW_BYTES = 1_000_000
"""A world smaller than this takes some milliseconds to write."""
CHANGES_SHARE = 0.25
"""How big the changes may become beside the world that they belong to."""


class WorldFile:
    """Where one lab's world is kept. Safe between threads, none of which may hold the lab's lock."""

    def __init__(
        self, directory: Path, *, whole_below: int = WHOLE_BELOW_BYTES, changes_share: float = CHANGES_SHARE
    ) -> None:
        """Read and write nothing yet."""
        self.path = directory / "world.json"
        self.changes_path = directory / "world.changes"
        self._whole_below = whole_below
        self._share = changes_share
        self._guard = threading.Lock()
        self._base = ""
        self._sound = False
        """Whether the folder holds all that was saved, so that a line may follow."""
        self._size = 0
        self._appended = 0

    def load(self, clock: LabTime) -> Lab | None:
        """Return the lab that was saved, or None. Raises LabFolderDamaged, and OSError."""
        if not self.path.exists():
            return None
        try:
            with without_gc():
                found = self._document()
                base = found.get("base")
                if isinstance(base, str):
                    world_changes.apply(found, base, self._lines())
                return Lab(world_document.world_of(found), clock)
        except world_document.UnknownSchema as error:
            raise LabFolderDamaged.other_schema(self.path, error.found, world_document.SCHEMA) from error
        except world_changes.InvalidChanges as error:
            raise LabFolderDamaged(self.changes_path, str(error)) from error
        except UnicodeDecodeError as error:
            raise LabFolderDamaged(self.path, f"it is not text ({error.reason})") from error
        except RecursionError as error:
            raise LabFolderDamaged(self.path, "its brackets are nested too deeply") from error
        except ValueError as error:
            raise LabFolderDamaged(self.path, str(error)) from error
        except (TypeError, KeyError, AttributeError, OverflowError) as error:
            raise LabFolderDamaged(self.path, f"wrong structure: {error}") from error

    def note(self, lab: Lab) -> None:
        """Write down what changed since the last time, so that not even the end of this process can lose it.

        Raises OSError; then the next call saves the whole world.
        """
        with self._guard:
            self._note(lab)

    def save(self, lab: Lab) -> None:
        """Write down what changed, and see to it that no power cut loses it. Raises OSError, as `note` does."""
        with self._guard:
            self._note(lab)
            if self._appended and not self._is_lasting():
                self._save_whole(lab)
            elif self._appended:
                self._make_durable()

    def _document(self) -> Json:
        try:
            with io.TextIOWrapper(open_regular(self.path), encoding="utf-8") as file:
                return world_document.read(file)
        except UnicodeDecodeError:
            raise
        except ValueError:
            # Edited or formatted by somebody, or damaged: then this says where.
            found = json.loads(self.path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise ValueError("not a JSON object") from None  # noqa: TRY004 - one error type for bad content
            return found

    def _lines(self) -> list[str]:
        try:
            with io.TextIOWrapper(open_regular(self.changes_path), encoding="utf-8", errors="replace") as file:
                text = file.read()
        except FileNotFoundError:
            return []
        return text.split("\n")[:-1]

    def _is_lasting(self) -> bool:
        """Whether the lines may stay beside the world, or are better gathered in it."""
        return self._size >= self._whole_below and self._appended < self._size * self._share

    def _note(self, lab: Lab) -> None:
        line = lab.changes(self._base) if self._sound else None
        if line is None:
            self._save_whole(lab)
        elif line:
            self._append(line)

    def _save_whole(self, lab: Lab) -> None:
        base, self._sound = uuid.uuid4().hex, False  # nothing may be appended unless all of this succeeds
        write_atomically(self.path, lambda write: lab.dump_into(write, base), PRIVATE)
        self.changes_path.unlink(missing_ok=True)
        self._base, self._appended, self._size = base, 0, self.path.stat().st_size
        self._sound = True

    def _append(self, line: str) -> None:
        self._sound = False  # a torn line must be the last one: an error leads to a whole save
        descriptor = os.open(self.changes_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(line)
        self._appended += len(line)
        self._sound = True

    def _make_durable(self) -> None:
        self._sound = False
        descriptor = os.open(self.changes_path, os.O_WRONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._sound = True


SAVE_AFTER_S = 1.0
REFRESH_EVERY_S = 1800.0

_log = logging.getLogger(__name__)


class WorldSaver:
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
