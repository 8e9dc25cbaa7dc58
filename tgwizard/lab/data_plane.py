"""Traffic to the lab's floating IPs, real enough to measure: one TCP port on loopback for each of them.

A port is listened on exactly while a running VM holds the address; else a connection to it is refused, as nothing is
there. Whoever hosts the lab makes the ports, each when somebody first asks for it.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import selectors
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tgwizard.lab.fronts.tls_server import LOOPBACK
from tgwizard.lab.lab_state import LabState

_PORTS = range(21_000, 29_000)
"""Below what any system gives to clients: a try of a port that nobody listens on could else meet its own socket."""
_TRIES = 50
_BACKLOG = 64
_AGAIN_S = 0.2
"""When to try again to listen on a port that somebody else has taken meanwhile."""
_JOIN_TIMEOUT_S = 5.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Port:
    """One floating IP's port; ``listener`` while it is listened on."""

    subnet: str
    address: str
    number: int
    listener: socket.socket | None = field(default=None)


class DataPlane:
    """Follows a lab's truth without polling it: it looks after each change, and when an operation is due to end."""

    def __init__(
        self, lab: LabState, draw: Callable[[], int] = lambda: secrets.choice(_PORTS), host: str = LOOPBACK
    ) -> None:
        """Nothing is open, and no thread runs, before `port` is asked.

        `draw`: a port to be tried for an address, on `host`.
        """
        self._lab = lab
        self._host = host
        self._draw = draw
        self._ports: dict[tuple[str, str], _Port] = {}
        # Held for the fields alone, never while the lab is asked: who asks `port` may hold the lab's own lock.
        self._guard = threading.Lock()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._selector = selectors.DefaultSelector()
        self._bell, self._button = socket.socketpair()
        for end in (self._bell, self._button):
            end.settimeout(0.0)
        self._selector.register(self._bell, selectors.EVENT_READ)

    def port(self, subnet_id: str, address: str) -> int:
        """Return the port on loopback that stands for an address of a subnet. OSError when there is none to be had."""
        alive = self._lab.answers(subnet_id, address)
        with self._guard:
            found = self._ports.get((subnet_id.lower(), address))
            if found is not None:
                return found.number
            if self._closing:
                raise OSError(errno.ESHUTDOWN, "the lab is closing")
            one = _any_port(self._host, self._draw)
            found = _Port(subnet_id, address, one.getsockname()[1])
            if alive:
                # At once: whoever asks tries it next.
                found.listener = _listening(one)
            else:
                one.close()
            self._ports[subnet_id.lower(), address] = found
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lab-data-plane", daemon=True)
                self._thread.start()
        self.look()
        return found.number

    def look(self) -> None:
        """Something has changed: look soon."""
        # A full pipe has rung enough, a closed one rings for nobody.
        with contextlib.suppress(OSError):
            self._button.send(b"!")

    def close(self) -> None:
        """Close every port and wait for the thread. A second call does nothing."""
        with self._guard:
            self._closing = True
            thread = self._thread
        self.look()
        if thread is not None:
            thread.join(_JOIN_TIMEOUT_S)
        self._selector.close()
        for one in (self._bell, self._button, *(port.listener for port in self._ports.values())):
            if one is not None:
                one.close()

    def _run(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select(self._follow()):
                if key.fileobj is self._bell:
                    with contextlib.suppress(BlockingIOError):
                        self._bell.recv(4096)
                elif isinstance(key.fileobj, socket.socket):
                    # Who has connected has met somebody, which is all that a probe asks.
                    with contextlib.suppress(OSError):
                        key.fileobj.accept()[0].close()

    def _follow(self) -> float | None:
        """Listen where a running VM holds the address and nowhere else; the seconds until it may be otherwise."""
        due = self._lab.next_end_s()
        with self._guard:
            ports = tuple(self._ports.values())
        for port in ports:
            if not self._lab.answers(port.subnet, port.address):
                self._hang_up(port)
            elif not self._listen(port):
                due = _AGAIN_S if due is None else min(due, _AGAIN_S)
        return due

    def _listen(self, port: _Port) -> bool:
        """Listen, if nobody does yet; whether that is so now."""
        if port.listener is None:
            try:
                port.listener = _listening(_bound(self._host, port.number))
            except OSError as error:
                _log.info("Nothing can listen on port %d for %s: %s.", port.number, port.address, error.strerror)
                return False
        if port.listener not in self._selector.get_map():
            self._selector.register(port.listener, selectors.EVENT_READ)
        return True

    def _hang_up(self, port: _Port) -> None:
        if port.listener is not None:
            if port.listener in self._selector.get_map():
                self._selector.unregister(port.listener)
            port.listener.close()
            port.listener = None


def _listening(one: socket.socket) -> socket.socket:
    try:
        one.listen(_BACKLOG)
        one.settimeout(0.0)
    except OSError:
        one.close()
        raise
    return one


def _any_port(host: str, draw: Callable[[], int]) -> socket.socket:
    for _ in range(_TRIES - 1):
        with contextlib.suppress(OSError):
            return _bound(host, draw())
    return _bound(host, draw())


def _bound(host: str, number: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Connections that were served a moment ago must not keep the port; on Windows this would share it.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host, number))
    except OSError:
        one.close()
        raise
    return one
