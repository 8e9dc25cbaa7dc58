"""Whether a cloud refuses a write that is bound to an outdated version: what was seen, per cloud and subscription.

Kept beside the journals, with its date. It decides how far a probe may go: where such a write was seen to be applied,
no probe is sent at all.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tgwizard.engine.files.file_reading import read_text
from tgwizard.engine.files.file_writing import PRIVATE, make_private_folder, write_atomically
from tgwizard.model.text import format_utc

FILE_NAME = "outdated-writes.json"
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class OutdatedWriteSighting:
    """What came of an outdated write: it was refused, or applied; when (UTC)."""

    refused: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class OutdatedWrites:
    """What was seen in one cloud, kept in ``folder``."""

    folder: Path
    cloud: str

    def seen(self, subscription: str) -> OutdatedWriteSighting | None:
        """The last sighting in a subscription; None: never, or the file cannot be read."""
        found = self._read().get(self._key(subscription))
        if not isinstance(found, dict) or not isinstance(found.get("refused"), bool):
            return None
        with contextlib.suppress(ValueError, TypeError):
            return OutdatedWriteSighting(found["refused"], datetime.fromisoformat(str(found.get("at"))))
        return None

    def keep(self, subscription: str, sighting: OutdatedWriteSighting) -> None:
        """Keep what was seen; a folder that cannot be written only means that it is seen again."""
        kept = self._read()
        before = self.seen(subscription)
        if before is not None and before.refused and sighting.refused and before.at.date() == sighting.at.date():
            return
        kept[self._key(subscription)] = {"refused": sighting.refused, "at": format_utc(sighting.at)}
        with contextlib.suppress(OSError):
            make_private_folder(self.folder)
            text = json.dumps({"schema": _SCHEMA, "seen": kept}, indent=1)
            write_atomically(self.folder / FILE_NAME, text + "\n", PRIVATE)

    def _key(self, subscription: str) -> str:
        return f"{self.cloud} {subscription.lower()}"

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(read_text(self.folder / FILE_NAME))
        except (OSError, ValueError, RecursionError):
            return {}
        seen = document.get("seen") if isinstance(document, dict) and document.get("schema") == _SCHEMA else None
        return dict(seen) if isinstance(seen, dict) else {}
