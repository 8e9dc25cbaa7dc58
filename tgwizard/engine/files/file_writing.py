"""Writing files whole.

What is written is either the old text or the new one, never a part. State is private; documents get the mode that
the person's umask says.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeAlias

PRIVATE = 0o600
"""For settings, journals, locks, logs: nobody else's business."""
DOCUMENT = 0o666
"""For what is meant to be passed on; the umask takes away what the person does not want others to have."""
PRIVATE_FOLDER = 0o700


Content: TypeAlias = str | Callable[[Callable[[str], object]], None]
"""A file's text, or something that writes it piece by piece with the function it is given."""


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner may look into, and those above it that are missing. OSError as it comes.

    One that is there is left as it is.
    """
    if not path.is_dir():
        make_private_folder(path.parent)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def make_private(path: Path) -> None:
    """See to it that the file is there and that only its owner may read it, before anything is put into it.

    An older one that is open to others is closed to them where that is allowed. OSError: it cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    try:
        found = os.fstat(descriptor)
        if sys.platform != "win32" and stat.S_IMODE(found.st_mode) & 0o077 and found.st_uid == os.geteuid():
            os.fchmod(descriptor, PRIVATE)
    finally:
        os.close(descriptor)


def open_private(name: str, flags: int) -> int:
    """What ``open(opener=...)`` asks: files that it makes are their owner's alone."""
    return os.open(name, flags, PRIVATE)


def write_atomically(path: Path, text: Content, mode: int = DOCUMENT, *, durable: bool = True) -> None:
    """Replace the file atomically. A document that is there keeps its mode, a link stays a link. OSError as it comes.

    ``durable``: flushed to the disk, so that not even a power cut leaves less than the old or the new text. A device or
    a pipe is written to and never replaced.
    """
    path = _target(path)
    if path.exists() and not path.is_file():
        _write_into(path, text)
        return
    draft = path.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            _fill(file, text)
            file.flush()
            if mode != PRIVATE and path.exists():
                draft.chmod(path.stat().st_mode & 0o777)
            if durable:
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if durable and sys.platform != "win32":
        _flush_folder(path.parent)


def _target(path: Path) -> Path:
    """Where a link leads; the path itself when it is none, or leads nowhere that can be known."""
    try:
        return path.resolve() if path.is_symlink() else path
    except (RuntimeError, ValueError) as error:
        raise OSError(errno.ELOOP, "Its links lead round in a circle", str(path)) from error


def _write_into(path: Path, text: Content) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        _fill(file, text)


def _fill(file: IO[str], text: Content) -> None:
    if isinstance(text, str):
        file.write(text)
    else:
        text(file.write)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot flush a folder; the file itself is safe.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
