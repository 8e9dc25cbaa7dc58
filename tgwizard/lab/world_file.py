"""The saved world of a lab folder: `world.json`, and for a big one `world.changes` beside it, a line for each save.

A small world is written whole each time. Of a big one only changes are appended, until there are so many that reading
them takes long. The last line of a killed program may be torn: it is left out, as if it had never been written.
"""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

from tgwizard.lab import changes, document
from tgwizard.lab.clock import Clock
from tgwizard.lab.collector import uncollected
from tgwizard.lab.lab import Lab
from tgwizard.lab.problems import LabFolderDamaged
from tgwizard.lab.saver import write_whole
from tgwizard.lab.wire import Json

WHOLE_BELOW_BYTES = 1_000_000
"""A world smaller than this takes some milliseconds to write."""
CHANGES_SHARE = 0.25
"""How big the changes may become beside the world that they belong to."""


class WorldFile:
    """Where one lab's world is kept. Used by one thread at a time."""

    def __init__(
        self, directory: Path, *, whole_below: int = WHOLE_BELOW_BYTES, changes_share: float = CHANGES_SHARE
    ) -> None:
        """Read and write nothing yet."""
        self.path = directory / "world.json"
        self.changes_path = directory / "world.changes"
        self._whole_below = whole_below
        self._share = changes_share
        self._base = ""
        self._size = 0
        self._appended = 0

    def load(self, clock: Clock) -> Lab | None:
        """Return the lab that was saved, or None. Raises LabFolderDamaged, and OSError."""
        if not self.path.exists():
            return None
        try:
            with uncollected():
                found = self._document()
                base = found.get("base")
                if isinstance(base, str):
                    changes.apply(found, base, self._lines())
                return Lab(document.world_of(found), clock)
        except document.SchemaUnknown as error:
            raise LabFolderDamaged.other_schema(self.path, error.found, document.SCHEMA) from error
        except changes.ChangesWrong as error:
            raise LabFolderDamaged(self.changes_path, str(error)) from error
        except UnicodeDecodeError as error:
            raise LabFolderDamaged(self.path, f"it is not text ({error.reason})") from error
        except ValueError as error:
            raise LabFolderDamaged(self.path, str(error)) from error

    def save(self, lab: Lab) -> None:
        """Save what changed since the last time. Raises OSError; then the next call saves the whole world."""
        line = lab.changes(self._base) if self._may_append() else None
        if line is None:
            self._save_whole(lab)
        elif line:
            self._append(line)

    def _document(self) -> Json:
        try:
            with self.path.open(encoding="utf-8") as file:
                return document.read(file)
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
            text = self.changes_path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return text.split("\n")[:-1]

    def _may_append(self) -> bool:
        return self._size >= self._whole_below and self._appended < self._size * self._share

    def _save_whole(self, lab: Lab) -> None:
        base, self._size = uuid.uuid4().hex, 0  # nothing may be appended unless all of this succeeds
        write_whole(self.path, lambda write: lab.dump_into(write, base))
        self.changes_path.unlink(missing_ok=True)
        self._base, self._appended, self._size = base, 0, self.path.stat().st_size

    def _append(self, line: str) -> None:
        size, self._size = self._size, 0  # a torn line must be the last one: an error leads to a whole save
        descriptor = os.open(self.changes_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._appended += len(line)
        self._size = size
