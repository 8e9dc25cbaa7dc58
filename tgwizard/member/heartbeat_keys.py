"""The key that two members share: a file of one or two lines, readable by its owner alone.

The first line signs, both verify, so that it can be changed while both members run: add the new one as the second line
on both, make it the first on both, take the old one away on both. Azure's ten actions give no vault: the key is carried
by the operator.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from tgwizard.engine.files.file_reading import open_regular
from tgwizard.engine.files.file_writing import open_private
from tgwizard.model.problem import Problem, UserError

KEY_BYTES = 32
MOST_KEYS = 2
LARGEST_FILE = 4096


@dataclass(frozen=True, slots=True, repr=False)
class HeartbeatKeys:
    """One or two keys of 32 bytes. They are never shown: people compare the ids."""

    keys: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Refuse what is no key."""
        if not 1 <= len(self.keys) <= MOST_KEYS or any(len(key) != KEY_BYTES for key in self.keys):
            raise ValueError("one or two keys of 32 bytes")

    @property
    def ids(self) -> tuple[str, ...]:
        """Eight hexadecimal digits for each key, which tell two keys apart and give none away."""
        return tuple(key_id(key) for key in self.keys)

    def shared_with(self, ids: tuple[str, ...]) -> bytes | None:
        """The key to use with a peer that has the keys ``ids``: what both have and one of them signs with."""
        for key in self.keys:
            if key_id(key) in ids:
                return key
        return None

    def __repr__(self) -> str:
        """Names no key."""
        return f"HeartbeatKeys({', '.join(self.ids)})"


def key_id(key: bytes) -> str:
    """What a key is called."""
    return hashlib.sha256(b"tgwizard heartbeat key" + key).hexdigest()[:8]


def new_key_file(path: Path) -> HeartbeatKeys:
    """Draw a key and write it to a new file of its owner alone. UserError: it is there already, or cannot be made."""
    key = secrets.token_bytes(KEY_BYTES)
    try:
        with open(path, "x", encoding="ascii", opener=open_private) as file:
            file.write(base64.b64encode(key).decode("ascii") + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise UserError(
            Problem(
                "heartbeat-key-exists",
                f"{path} is there already.",
                "A key that members use is never written over.",
                "Name another file, or move this one away.",
                file=True,
            )
        ) from error
    except OSError as error:
        raise UserError(_unusable(path, f"It cannot be made: {error.strerror or error}.")) from error
    return HeartbeatKeys((key,))


def read_keys(path: Path) -> HeartbeatKeys:
    """The keys of a file. UserError: missing, readable by others, no key, too short, too many, twice the same."""
    try:
        with open_regular(path) as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UserError(_unusable(path, f"It cannot be read: {error.strerror or error}.")) from error
    if sys.platform != "win32" and stat.S_IMODE(mode) & 0o077:
        others = Problem(
            "heartbeat-key-open",
            f"Others than its owner may read {path}.",
            "Whoever has the key can make a member believe anything.",
            f"Draw a new key for both members: tgwizard member key new --out FILE. "
            f"If nobody else has read this one: chmod 600 {path}",
            file=True,
        )
        raise UserError(others)
    lines = content.decode("ascii", "replace").split()
    if len(content) > LARGEST_FILE or not 1 <= len(lines) <= MOST_KEYS:
        raise UserError(_unusable(path, f"It holds {len(lines)} keys; it has to hold one, or two while it is changed."))
    keys = tuple(_key(path, number, line) for number, line in enumerate(lines, 1))
    if len(set(keys)) != len(keys):
        raise UserError(_unusable(path, "Both lines hold the same key."))
    return HeartbeatKeys(keys)


def _key(path: Path, number: int, line: str) -> bytes:
    try:
        key = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise UserError(_unusable(path, f"Line {number} is not a key of 32 bytes in base64."))
    return key


def _unusable(path: Path, why: str) -> Problem:
    fix = "Copy the key file of the other member here, or draw a new one for both: tgwizard member key new --out FILE"
    return Problem("heartbeat-key-unusable", f"The heartbeat key {path} cannot be used.", why, fix, file=True)
