"""Writing a file whole: either the old text is there or the new one, never a part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PRIVATE = 0o600
SHARED = 0o644
"""For what holds no secret and is meant to be passed on."""


def write_whole(path: Path, text: str, mode: int = SHARED) -> None:
    """Replace the file atomically, flushed to the disk. A file that is there keeps its mode. OSError as it comes."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(path.stat().st_mode & 0o777 if path.exists() else mode)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
