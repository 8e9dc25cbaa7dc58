"""Locks per cluster identity: OS file locks, never pid files, so that a killed program leaves none behind."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tgwizard.engine.files.file_writing import make_private_folder, open_private
from tgwizard.model.problem import Problem, UserError

ATTEMPTS = 4
LOOK_S = 0.01
"""Whoever only looks has a lock for some microseconds: so often, and after so many seconds, it is tried again."""

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextlib.contextmanager
def hold_lock(path: Path, busy: Problem) -> Iterator[None]:
    """Hold the lock file for the block.

    UserError with ``busy`` when another program (or run) has it, ``lock-not-made`` when the file cannot be opened.
    """
    with _opened(path) as file:
        for attempt in range(ATTEMPTS):
            try:
                _lock(file.fileno())
                break
            except OSError as error:
                if attempt == ATTEMPTS - 1:
                    raise UserError(busy) from error
                time.sleep(LOOK_S)
        try:
            yield
        finally:
            _unlock(file.fileno())


def is_locked(path: Path) -> bool:
    """Whether another program, or run, holds the lock file now.

    Looking takes it for a moment, and does not keep it from one another; `hold_lock` tries again for that reason.
    """
    try:
        file = path.open("rb")
    except OSError:
        return False  # not there, or not to be opened: the concern of who wants to hold it
    with file:
        try:
            _look(file.fileno())
        except OSError as error:
            return error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return False


def _opened(path: Path) -> IO[bytes]:
    try:
        make_private_folder(path.parent)
        return open(path, "a+b", opener=open_private)
    except OSError as error:
        why = f"The lock that keeps two runs apart, {path}, could not be made: {error.strerror or error}."
        fix = "Make that folder writable. Nothing was written to Azure."
        raise UserError(Problem("lock-not-made", "The run was not started.", why, fix, file=True)) from error


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

    def _look(descriptor: int) -> None:
        _lock(descriptor)
        _unlock(descriptor)
else:

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _look(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        _unlock(descriptor)
