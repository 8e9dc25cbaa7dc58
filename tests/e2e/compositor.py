"""As little of a Wayland compositor as a Qt program needs to run its event loop; it shows nothing, and can go away.

The wire is that of the Wayland protocol's specification: words of 32 bits in the machine's own order; a header of
object, then size and opcode; object 1 is the display.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

_GLOBALS = (("wl_compositor", 4), ("wl_subcompositor", 1), ("wl_shm", 1), ("xdg_wm_base", 1))
_DISPLAY, _SYNC, _DELETE_ID, _DONE, _GLOBAL = 1, 0, 1, 0, 0
_HEADER = 8


class Compositor:
    """Answers one client on the socket `path`, until it is ended."""

    def __init__(self, path: Path) -> None:
        self.environment = {
            "WAYLAND_DISPLAY": str(path),
            "XDG_RUNTIME_DIR": str(path.parent),
            "QT_QPA_PLATFORM": "wayland",
        }
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._client: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name="compositor", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Go away as a compositor does that crashed."""
        for line in (self._client, self._listening):
            if line is not None:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        if self._client is not None:
            self._client.close()
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            self._client, _ = self._listening.accept()
            said = b""
            while more := self._received(self._client):
                said += more
                while len(said) >= _HEADER:
                    target, size_and_opcode = struct.unpack_from("II", said)
                    size = size_and_opcode >> 16
                    if len(said) < size:
                        break
                    if target == _DISPLAY:
                        (new,) = struct.unpack_from("I", said, _HEADER)
                        self._answer(size_and_opcode & 0xFFFF, new)
                    said = said[size:]

    @staticmethod
    def _received(client: socket.socket) -> bytes:
        more, beside, _flags, _from = client.recvmsg(65536, socket.CMSG_SPACE(64 * 4))
        for _level, _type, data in beside:
            for number in struct.unpack(f"{len(data) // 4}i", data):
                os.close(number)  # shared memory to paint in: nobody looks
        return more

    def _answer(self, opcode: int, new: int) -> None:
        if opcode == _SYNC:
            self._send(new, _DONE, struct.pack("I", 0))
            self._send(_DISPLAY, _DELETE_ID, struct.pack("I", new))
            return
        for number, (name, version) in enumerate(_GLOBALS, 1):
            text = name.encode() + b"\0"
            padded = text + b"\0" * (-len(text) % 4)
            self._send(new, _GLOBAL, struct.pack("II", number, len(text)) + padded + struct.pack("I", version))

    def _send(self, target: int, opcode: int, body: bytes) -> None:
        assert self._client is not None
        self._client.sendall(struct.pack("II", target, (_HEADER + len(body)) << 16 | opcode) + body)
