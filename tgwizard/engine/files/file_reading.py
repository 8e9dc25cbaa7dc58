"""Reading files that anybody may have written.

What is read may be hostile by accident: a device without an end, a pipe that nobody fills, an image of a disk. So a
reader says how much it takes, and nothing but a regular file is opened.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

LARGEST_BYTES = 200_000
"""Bytes of a file that people write by hand. Theirs have some thousand."""


def read_bytes(path: Path, most: int = LARGEST_BYTES) -> bytes:
    """The content of a regular file of at most ``most`` bytes. OSError otherwise, whose ``strerror`` says why."""
    with open_regular(path) as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise OSError(errno.EFBIG, f"It is larger than {most:,} bytes", str(path))
    return found


def read_text(path: Path, most: int = LARGEST_BYTES) -> str:
    """The same as UTF-8 text, without a byte order mark. OSError also when it is none."""
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"It is not UTF-8 text (byte {error.start} is none)"
        raise OSError(errno.EILSEQ, why, str(path)) from error


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file for reading. OSError for a pipe, a device or a folder, without waiting for anybody."""
    try:
        # Not waiting: opening a pipe that nobody writes to would never come back.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:
        raise OSError(errno.EINVAL, "Its name holds a character that no file name has", str(path)) from error
    kind = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(kind):
        os.close(descriptor)
        raise OSError(errno.EINVAL, f"It is {_kind(kind)}, not a file", str(path))
    return os.fdopen(descriptor, "rb")


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a pipe" if stat.S_ISFIFO(mode) else "a device"


def is_file(path: Path) -> bool:
    """Whether it is a file; a name that no file can have, or that may not be looked at, is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
