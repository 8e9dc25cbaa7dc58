"""A TLS front on loopback that does to answers what networks do: between real sockets of the program and a lab.

A ``Front`` reads each request whole, asks its ``treat`` what to do with it, and otherwise hands it to the lab. What a
treatment does is a function of the ``Exchange``; the common ones are below. Every request is kept, so that a test can
say what was sent, how often, and where a token went.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tgwizard.lab.lab import Lab
from tgwizard.lab.wire import Request

EMPTY = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Came:
    """A request that came in. ``at``: seconds, real."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def path(self) -> str:
        """Without the query, lower case."""
        return self.target.split("?", maxsplit=1)[0].lower()

    def header(self, name: str) -> str:
        """A header's value, empty when it is missing."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


@dataclass(slots=True)
class Exchange:
    """One request and the socket that its answer goes to."""

    front: Front
    came: Came
    socket: socket.socket

    def honest(self) -> bytes:
        """The lab's own answer; from here on the request has had its effect."""
        if self.front.lab is None:
            return EMPTY
        url = f"https://{self.came.header('Host')}{self.came.target}"
        answer = self.front.lab.handle(Request(self.came.method, url, dict(self.came.headers), self.came.body))
        headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        length = "" if answer.status == 204 else f"Content-Length: {len(answer.body)}\r\n"
        return f"HTTP/1.1 {answer.status} Said\r\n{headers}{length}\r\n".encode() + answer.body

    def send(self, content: bytes) -> None:
        """Send it in one piece."""
        self.socket.sendall(content)

    def drip(self, content: bytes, every_s: float) -> None:
        """Send it byte by byte."""
        for place in range(len(content)):
            self.socket.sendall(content[place : place + 1])
            if self.front.stopping.wait(every_s):
                return

    def reset(self) -> None:
        """Break the connection with an RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionAbortedError

    def stall(self) -> None:
        """Say nothing more until the client or the front ends."""
        self.socket.settimeout(0.1)
        while not self.front.stopping.is_set():
            try:
                if not self.socket.recv(1):
                    break
            except TimeoutError:
                continue
        raise ConnectionAbortedError


Treatment = Callable[[Exchange], None]
Treat = Callable[[Came], Treatment | None]


@dataclass
class Front:
    """Listens on a free port of loopback from ``with`` to its end; no thread is left afterwards."""

    certificate: Path
    lab: Lab | None = None
    treat: Treat = lambda _came: None
    came: list[Came] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    elsewhere: str = ""
    """The address of another place, for answers that point there."""
    greet: Callable[[socket.socket], bool] = lambda _plain: True
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.settimeout(0.05)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """As clients name it."""
        return f"https://localhost:{self.port}"

    def requests(self, method: str = "", path: str = "") -> list[Came]:
        """What came so far, of this method and with this in its path."""
        with self._guard:
            found = list(self.came)
        return [item for item in found if method in ("", item.method) and path.lower() in item.path]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        self.stopping.set()
        for thread in list(self._threads):
            thread.join(60)
        self._listener.close()

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, name="front", daemon=True)
        with self._guard:
            self._threads = [known for known in self._threads if known.is_alive()] + [thread]
            thread.start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                plain, _place = self._listener.accept()
            except TimeoutError:
                continue
            self._start(self._converse, plain)

    def _converse(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(10)
            if not self.greet(plain):
                return
            with self._context.wrap_socket(plain, server_side=True) as secure:
                secure.settimeout(0.1)
                while not self.stopping.is_set():
                    came = self._read(secure)
                    if came is None:
                        return
                    with self._guard:
                        self.came.append(came)
                    secure.settimeout(10)
                    exchange = Exchange(self, came, secure)
                    treatment = self.treat(came)
                    if treatment is None:
                        exchange.send(exchange.honest())
                    else:
                        treatment(exchange)
                    secure.settimeout(0.1)

    def _read(self, connection: ssl.SSLSocket) -> Came | None:
        content = b""
        while b"\r\n\r\n" not in content:
            piece = self._piece(connection)
            if not piece:
                return None
            content += piece
        head, body = content.split(b"\r\n\r\n", maxsplit=1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(next((value for name, value in headers.items() if name.lower() == "content-length"), "0"))
        while len(body) < length:
            piece = self._piece(connection)
            if not piece:
                return None
            body += piece
        method, target, _version = first.split(" ")
        return Came(method, target, headers, body, time.monotonic())

    def _piece(self, connection: ssl.SSLSocket) -> bytes:
        while not self.stopping.is_set():
            try:
                return connection.recv(65536)
            except TimeoutError:
                continue
        return b""


def answer(status: int, body: bytes | str | object = b"", **headers: str) -> bytes:
    """An answer of any kind; what is neither bytes nor text goes out as JSON."""
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    named = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + content


def says(content: bytes, *, after: bool = False) -> Treatment:
    """This answer instead of the lab's; ``after``: the request has had its effect."""

    def treat(exchange: Exchange) -> None:
        if after:
            exchange.honest()
        exchange.send(content)

    return treat


def resets(*, after: bool = False) -> Treatment:
    """The connection breaks."""

    def treat(exchange: Exchange) -> None:
        if after:
            exchange.honest()
        exchange.reset()

    return treat


def stalls(*, after: bool = False) -> Treatment:
    """No answer ever comes."""

    def treat(exchange: Exchange) -> None:
        if after:
            exchange.honest()
        exchange.stall()

    return treat


def drips(every_s: float, *, body_only: bool = False) -> Treatment:
    """The honest answer, byte by byte."""

    def treat(exchange: Exchange) -> None:
        content = exchange.honest()
        if body_only:
            head, _, rest = content.partition(b"\r\n\r\n")
            exchange.send(head + b"\r\n\r\n")
            content = rest
        exchange.drip(content, every_s)

    return treat
