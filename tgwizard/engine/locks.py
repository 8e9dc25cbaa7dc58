"""Locks per cluster identity: OS file locks, never pid files, so that a killed program leaves none behind."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tgwizard.model.problem import Problem, UserError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextlib.contextmanager
def held(path: Path, busy: Problem) -> Iterator[None]:
    """Hold the lock file for the block.

    UserError with ``busy`` when another program (or run) has it, ``lock-not-made`` when the file cannot be opened.
    """
    with _opened(path) as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            raise UserError(busy) from error
        try:
            yield
        finally:
            _unlock(file.fileno())


def _opened(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+b")
    except OSError as error:
        why = f"The lock that keeps two runs apart, {path}, could not be made: {error.strerror or error}."
        fix = "Make that folder writable. Nothing was written to Azure."
        raise UserError(Problem("lock-not-made", "The run was not started.", why, fix)) from error


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
