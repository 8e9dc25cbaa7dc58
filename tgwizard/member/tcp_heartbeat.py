"""The heartbeat over TCP: one thread that listens, connects, and never waits for anything else.

It does not wait for Azure, for the journal or for the log, so that a member that is busy is not taken for a dead one.
Only the partner's address may connect.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass, field, replace
from typing import Any

from tgwizard.engine.members.member_ports import HeardPeer
from tgwizard.engine.members.member_report import MemberReport
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.engine.ports import Clock
from tgwizard.member.heartbeat_keys import HeartbeatKeys
from tgwizard.member.peer_heartbeat import PeerHeartbeat
from tgwizard.model.problem import Problem, UserError

LONGEST_TURN_S = 0.2
LARGEST_READ = 4096
LARGEST_BACKLOG = 8192
"""Bytes that wait to be sent on one connection. A peer that takes none is silent; keeping them helps nobody."""


@dataclass(frozen=True, slots=True)
class HeartbeatAddress:
    """Where a member listens: an IP address of one of its interfaces, and a TCP port (9000 as a rule)."""

    host: str
    port: int = 9000


@dataclass(eq=False)
class _TcpConnection:
    """One socket; fulfils ``peer_heartbeat.Connection``."""

    socket: socket.socket
    connected: bool
    backlog: bytearray = field(default_factory=bytearray)
    ended: bool = False

    def send(self, data: bytes) -> None:
        self.backlog += data
        self.flush()

    def flush(self) -> None:
        if not self.connected or self.ended or not self.backlog:
            return
        try:
            sent = self.socket.send(self.backlog)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.ended = True
            return
        del self.backlog[:sent]
        if len(self.backlog) > LARGEST_BACKLOG:
            self.ended = True

    def close(self) -> None:
        self.ended = True


class TcpHeartbeat:
    """The heartbeat of one member on real sockets.

    ``listen``: its own address. ``peer``: its partner's. `start` raises UserError when the port cannot be had; a peer
    that cannot be reached is silence, and no error.
    """

    def __init__(
        self,
        member: str,
        cluster: str,
        keys: HeartbeatKeys,
        timing: MemberTiming,
        clock: Clock,
        listen: HeartbeatAddress,
        peer: HeartbeatAddress,
    ) -> None:
        """Nothing is opened yet."""
        self._clock, self._timing = clock, timing
        self._listen, self._peer = listen, peer
        self._core = PeerHeartbeat(member, cluster, keys, timing, self._connect)
        self._selector = selectors.DefaultSelector()
        self._connections: list[_TcpConnection] = []
        self._listener: socket.socket | None = None
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        self._woken.setblocking(False)  # noqa: FBT003
        self._lock = threading.Lock()
        self._report: MemberReport | None = None
        self._keys: HeartbeatKeys | None = None
        self._farewell = ""
        self._thread: threading.Thread | None = None

    # -- any thread -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen, and begin. UserError: the address is in use, or is none of this machine's."""
        try:
            self._listener = self._bound()
        except UserError:
            self._close()
            raise
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    @property
    def listens_on(self) -> HeartbeatAddress:
        """Where it listens, with the port that the system chose for port 0."""
        return self._listen if self._listener is None else replace(self._listen, port=self._listener.getsockname()[1])

    @property
    def heard(self) -> HeardPeer:
        """What was heard up to the last turn."""
        return self._core.heard

    def tell(self, report: MemberReport) -> None:
        """What the peer is to hear from now on."""
        with self._lock:
            self._report = report
        self._rouse()

    def change_keys(self, keys: HeartbeatKeys) -> None:
        """From now on these keys count."""
        with self._lock:
            self._keys = keys
        self._rouse()

    @property
    def runs(self) -> bool:
        """Whether its thread goes on: without it this member is silent, and hears nobody."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self, why: str) -> None:
        """Say farewell and end the thread. It may be called twice."""
        with self._lock:
            self._farewell = self._farewell or why or "stop"
        self._rouse()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _rouse(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake in any case; closed: it has ended
            self._wake.send(b"\0")

    # -- the heartbeat's own thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        wait = 0.0
        try:
            while True:
                for key, _ in self._selector.select(min(wait, LONGEST_TURN_S)):
                    self._ready(key)
                with self._lock:
                    report, farewell = self._report, self._farewell
                    keys, self._keys = self._keys, None
                now = self._clock.monotonic()
                if farewell:
                    self._core.stop(farewell, now)
                    break
                if keys is not None:
                    self._core.change_keys(keys)
                if report is not None:
                    self._core.tell(report)
                wait = self._core.turn(now)
                self._sweep(now)
        finally:
            self._close()

    def _ready(self, key: selectors.SelectorKey) -> None:
        if key.fileobj is self._listener:
            self._accept()
        elif key.fileobj is self._woken:
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(LARGEST_READ)
        else:
            self._serve(key.data)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            accepted, (host, *_) = self._listener.accept()
        except OSError:
            return
        try:
            connection = _TcpConnection(_tuned(accepted, self._timing), connected=True)
        except OSError:  # its other end has left already
            accepted.close()
            return
        if host != self._peer.host or not self._core.accepted(connection, self._clock.monotonic()):
            accepted.close()
            return
        self._watch(connection)

    def _connect(self) -> _TcpConnection | None:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            _tuned(found, self._timing)
            found.bind((self._listen.host, 0))
            found.connect_ex((self._peer.host, self._peer.port))
        except OSError:
            found.close()
            return None
        connection = _TcpConnection(found, connected=False)
        self._watch(connection)
        return connection

    def _watch(self, connection: _TcpConnection) -> None:
        self._connections.append(connection)
        events = selectors.EVENT_READ if connection.connected else selectors.EVENT_READ | selectors.EVENT_WRITE
        self._selector.register(connection.socket, events, connection)

    def _serve(self, connection: _TcpConnection) -> None:
        if connection.ended:
            return
        if not connection.connected:
            if connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                connection.ended = True
                return
            connection.connected = True
            self._selector.modify(connection.socket, selectors.EVENT_READ, connection)
            connection.flush()
        try:
            data = connection.socket.recv(LARGEST_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._core.received(connection, data, self._clock.monotonic())
        else:
            connection.ended = True

    def _sweep(self, now: float) -> None:
        for connection in self._connections:
            connection.flush()
        for connection in [item for item in self._connections if item.ended]:
            self._connections.remove(connection)
            self._selector.unregister(connection.socket)
            connection.socket.close()
            self._core.closed(connection, now)

    def _close(self) -> None:
        for connection in self._connections:
            connection.flush()
            connection.socket.close()
        self._selector.close()
        for found in (self._listener, self._wake, self._woken):
            if found is not None:
                found.close()

    def _bound(self) -> socket.socket:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if hasattr(socket, "SO_REUSEADDR"):
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((self._listen.host, self._listen.port))
            found.listen(4)
        except OSError as error:
            found.close()
            raise UserError(_cannot_listen(self._listen, error)) from error
        found.setblocking(False)  # noqa: FBT003
        return found


def _tuned(found: socket.socket, timing: MemberTiming) -> socket.socket:
    """Without delay, and given up by the system as soon as three intervals pass without an acknowledgement."""
    found.setblocking(False)  # noqa: FBT003
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    option: Any = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        found.setsockopt(socket.IPPROTO_TCP, option, int(timing.fresh_s * 1000))
    return found


def _cannot_listen(address: HeartbeatAddress, error: OSError) -> Problem:
    return Problem(
        "heartbeat-cannot-listen",
        f"The heartbeat cannot listen on {address.host}, port {address.port}.",
        f"{error.strerror or error}.",
        "Check that the address belongs to an interface of this machine and that no other program uses the port; both "
        "stand in the cluster file, under member.heartbeat.",
    )
