"""A lock of the operating system on a lab folder: held by the process that hosts the lab, gone when it dies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from tgwizard.engine.files.file_writing import open_private

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FolderLock:
    """An exclusive lock on a file. Two in one process exclude each other as well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free and return whether it was."""
        if self._file is not None:
            raise RuntimeError(f"{self._path} is locked by this object already")
        file = open(self._path, "a+b", opener=open_private)  # noqa: SIM115 - Path.open takes no opener
        try:
            if sys.platform == "win32":
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back; without effect when it is not held."""
        if self._file is not None:
            file, self._file = self._file, None
            if sys.platform == "win32":
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
            file.close()
