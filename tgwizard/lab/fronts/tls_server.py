"""The TLS front: HTTP/1.1 with keep-alive on 127.0.0.1, for az, scripts and a second program. No other address.

Whoever is on this computer can connect, so every wait for a client has an end (`ServerLimits`), and so has their
number.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import re
import socket
import ssl
import struct
import threading
import time
import traceback
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from tgwizard.lab.lab import Lab
from tgwizard.lab.wire import PIECES, AnswerLost, Loss, Request, Response, error_document, json_response
from tgwizard.model.problem import Problem, UserError

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 4 * 1024 * 1024
"""ARM's own limit for a request body, in bytes."""

_HOST = re.compile(r"(localhost|127\.0\.0\.1)(:\d{1,5})?", re.IGNORECASE | re.ASCII)
_NOT_ON_LOOPBACK = frozenset({"Strict-Transport-Security"})
"""A browser would apply it to every port of localhost, and so break the http:// address that a sign-in returns to."""
_JOIN_TIMEOUT_S = 5.0
_LONGEST_NUMBER = 19
"""No number that means anything here has more digits; Python itself gives up at some thousands."""
_LOOK_EVERY_S = 0.5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """How long the lab waits for a client, in seconds, and how many connections it holds."""

    connections: int = 256
    """One more, and the one that has waited longest for its client is closed."""
    handshake_s: float = 10.0
    request_s: float = 30.0
    """For all of a request, however slowly it drips."""
    idle_s: float = 240.0
    """Between two requests."""
    answer_s: float = 600.0
    """For all of an answer; faults let some come slowly, or not at all."""


class _Phase(Enum):
    """What a connection is about."""

    HANDSHAKE = "handshake"
    IDLE = "idle"
    REQUEST = "request"
    ANSWER = "answer"


class _Peer:
    """A connection as its listener sees it."""

    def __init__(self, plain: socket.socket, limits: ServerLimits) -> None:
        self.connection = plain
        self._limits = limits
        self.enter(_Phase.HANDSHAKE)

    def enter(self, phase: _Phase) -> None:
        """Begin another phase, which has an end of its own."""
        seconds = {
            _Phase.HANDSHAKE: self._limits.handshake_s,
            _Phase.IDLE: self._limits.idle_s,
            _Phase.REQUEST: self._limits.request_s,
            _Phase.ANSWER: self._limits.answer_s,
        }[phase]
        self.since = time.monotonic()
        self.phase, self.ends = phase, self.since + seconds

    def hang_up(self) -> None:
        """End what the connection's thread is waiting for, past the TLS layer, which it may be using at this moment."""
        with contextlib.suppress(OSError):  # the client may have closed it already
            socket.socket.shutdown(self.connection, socket.SHUT_RDWR)


class LabServer:
    """Serves a lab on loopback from `start` to `stop`; afterwards none of its threads is left.

    Raises ValueError for any other bind address and UserError `lab-port-taken` when the port is in use.
    """

    def __init__(
        self, lab: Lab, certificate: Path, *, host: str = LOOPBACK, port: int = 0, limits: ServerLimits | None = None
    ) -> None:
        if host != LOOPBACK:
            raise ValueError(f"the lab binds {LOOPBACK} only, not {host!r}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate)
        try:
            self._listener = _Listener(lab, context, port, limits or ServerLimits())
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            raise UserError(_port_taken(port, error)) from error
        except OverflowError as error:
            raise UserError(_port_taken(port, error)) from error
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, name="lab-server", daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._listener.server_address[1]
        return port

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"https://localhost:{self.port}"

    def start(self) -> None:
        """Begin to serve on a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, close every connection, and wait for the threads. A second call does nothing."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join(_JOIN_TIMEOUT_S)
        self._listener.server_close()
        self._listener.close_connections()


def _port_taken(port: int, error: Exception) -> Problem:
    return Problem(
        code="lab-port-taken",
        what=f"The lab cannot listen on port {port} of {LOOPBACK}.",
        why=f"The system says: {error.strerror if isinstance(error, OSError) else error}.",
        fix="Choose another port with --port, or leave it out and the lab takes a free one.",
    )


class _Listener(TCPServer):
    """Accepts connections and gives each a thread that it can end again."""

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, lab: Lab, context: ssl.SSLContext, port: int, limits: ServerLimits) -> None:
        self.lab = lab
        self.stopping = threading.Event()
        self._context = context
        self._limits = limits
        self._peers: dict[threading.Thread, _Peer] = {}
        self._guard = threading.Lock()
        self._looked = time.monotonic()
        super().__init__((LOOPBACK, port), _Connection)

    def peer(self) -> _Peer:
        """Return the connection of the calling thread."""
        with self._guard:
            return self._peers[threading.current_thread()]

    def service_actions(self) -> None:
        """Hang up on clients that have been waited for long enough; called again and again while it serves."""
        now = time.monotonic()
        if now - self._looked < min(_LOOK_EVERY_S, self._limits.handshake_s / 4):
            return
        self._looked = now
        with self._guard:
            late = [peer for peer in self._peers.values() if peer.ends <= now]
        for peer in late:
            peer.hang_up()

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._make_room():
            self.shutdown_request(request)
            return
        thread = threading.Thread(
            target=self._converse, args=(request, client_address), name="lab-connection", daemon=True
        )
        with self._guard:
            self._peers[thread] = _Peer(request, self._limits)
        thread.start()

    def _make_room(self) -> bool:
        """Return whether one more connection may be held; the one that waits longest for its client makes room."""
        with self._guard:
            if len(self._peers) < self._limits.connections:
                return True
            waiting = [item for item in self._peers.items() if item[1].phase is not _Phase.ANSWER]
            if not waiting:
                return False
            thread, peer = min(waiting, key=lambda item: item[1].since)
        peer.hang_up()
        thread.join(_JOIN_TIMEOUT_S)
        return True

    def close_connections(self) -> None:
        self.stopping.set()
        with self._guard:
            open_now = dict(self._peers)
        for peer in open_now.values():
            peer.hang_up()
        for thread in open_now:
            thread.join(_JOIN_TIMEOUT_S)

    def _converse(self, plain: socket.socket, client_address: Any) -> None:
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secure = self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            self.peer().connection = secure
            with secure:
                if self.stopping.is_set():
                    return  # `close_connections` may have seen only the plain socket, which TLS has taken over
                secure.do_handshake()
                _Connection(secure, client_address, self)
        except OSError:
            # A client that breaks off, or does not trust the lab's CA, ends its own connection and nothing else.
            pass
        finally:
            with contextlib.suppress(OSError):
                plain.close()
            with self._guard:
                self._peers.pop(threading.current_thread(), None)


class _Connection(BaseHTTPRequestHandler):
    """Reads requests from one connection and writes the lab's answers, each in one piece."""

    protocol_version = "HTTP/1.1"
    server: _Listener

    def handle_one_request(self) -> None:
        """Wait for a request and answer it; the wait and the request have each an end of their own."""
        peer = self.server.peer()
        peer.enter(_Phase.IDLE)
        if not self.rfile.peek(1):  # type: ignore[attr-defined]  # a BufferedReader
            self.close_connection = True
            return
        peer.enter(_Phase.REQUEST)
        super().handle_one_request()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what is no request of HTTP as the lab answers everything else."""
        self.close_connection = True
        self._send(_refuse(HTTPStatus(code), "BadRequest", message or HTTPStatus(code).phrase))

    def _serve(self) -> None:
        body = self._body()
        self.server.peer().enter(_Phase.ANSWER)
        if isinstance(body, Response):
            self.close_connection = True
            self._send(body)
            return
        host = self.headers.get("Host", "")
        if not _HOST.fullmatch(host) or not self.path.startswith("/"):
            # A name other than our own can only come through a redirected name (DNS rebinding).
            self.close_connection = True
            self._send(_refuse(HTTPStatus.BAD_REQUEST, "BadRequest", "Bad Request - Invalid Hostname"))
            return
        request = Request(self.command, f"https://{host}{self.path}", dict(self.headers.items()), body)
        try:
            answer = self.server.lab.handle(request)
        except AnswerLost as lost:
            self.close_connection = True
            self._lose(lost.loss)
            return
        except Exception as error:  # noqa: BLE001 - one request must not end the service of the others
            # No URL and no words of the error: they may hold a secret.
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).name}:{where.lineno}"
            _log.error("The lab could not answer a %s: %s at %s", self.command, type(error).__name__, place)
            answer = _refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalServerError", "The lab failed. See its log.")
        self._send(answer)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        """Say nothing: the lab keeps its own log, and a request line may carry what a log must not."""

    def _body(self) -> bytes | Response:
        """Return the request's body, or the answer to one that cannot be read."""
        if "Transfer-Encoding" in self.headers:
            return _refuse(HTTPStatus.LENGTH_REQUIRED, "LengthRequired", "The request must have a Content-Length.")
        texts = set(self.headers.get_all("Content-Length", ["0"]))
        text = texts.pop()
        if texts or not text.isascii() or not text.isdigit():
            return _refuse(HTTPStatus.BAD_REQUEST, "InvalidHeaderValue", "The Content-Length is not a number.")
        length = int(text) if len(text) <= _LONGEST_NUMBER else LARGEST_BODY + 1
        if length > LARGEST_BODY:
            message = f"The request content size exceeds the maximum size of '{LARGEST_BODY // 1024 // 1024} MB'."
            return _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestContentTooLarge", message)
        content = self.rfile.read(length)
        if len(content) < length:
            raise ConnectionAbortedError("the client closed the connection within a request")
        return content

    def _send(self, answer: Response) -> None:
        try:
            phrase = HTTPStatus(answer.status).phrase
        except ValueError:
            phrase = ""
        lines = [f"HTTP/1.1 {answer.status} {phrase}"]
        lines += [f"{name}: {_one_line(value)}" for name, value in answer.headers if name not in _NOT_ON_LOOPBACK]
        if answer.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(answer.body)}")
        if answer.cut is not None and answer.cut < len(answer.body):
            self.close_connection = True
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        body = b"" if self.command == "HEAD" else answer.body[: answer.cut]
        if answer.over_s > 0:
            self._trickle(head, body, answer.over_s)
        else:
            self.wfile.write(head + body)

    def _trickle(self, head: bytes, body: bytes, seconds: float) -> None:
        """Send a body in pieces with pauses; the lab's end cuts it short."""
        self.wfile.write(head)
        size = -(-len(body) // PIECES) or 1
        for start in range(0, len(body), size):
            if self.server.stopping.wait(seconds / PIECES):
                self.close_connection = True
                return
            self.wfile.write(body[start : start + size])

    def _lose(self, loss: Loss) -> None:
        """Leave the client without its answer: with a reset, or in silence until it or the lab ends."""
        match loss:
            case Loss.RESET:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            case Loss.TIMEOUT:
                # One more byte can only be the client giving up, or the lab closing the connection.
                self.rfile.read(1)


def _one_line(value: str) -> str:
    """Return a header's value without line breaks, whatever names and queries it was made of."""
    return "".join(letter for letter in value if letter.isprintable())


def _refuse(status: HTTPStatus, code: str, message: str) -> Response:
    return json_response(status.value, error_document(code, message))
