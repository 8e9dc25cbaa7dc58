"""HTTP within bounds: an exchange ends by its deadline and an answer stays below a largest size, whatever is sent.

The read time-out of ``requests`` holds for one operation of a socket, so an answer that drips never meets it. Here it
holds for the whole exchange: looking up the name, connecting, the proxy's CONNECT, the TLS handshake, sending, headers
and body. Each operation of the socket gets the time that is left. What was not sent by the deadline is never sent
later. All connections of ours are made here, those that sign in too; a lab in this process is reached the same way.
"""

from __future__ import annotations

import contextlib
import io
import queue
import socket
import ssl
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NoReturn

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, ProxyManager
from urllib3 import exceptions as pool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import allowed_gai_family
from urllib3.util.ssl_ import create_urllib3_context, is_ipaddress, resolve_cert_reqs

from tgwizard.engine.clock import SystemClock

LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes of an answer's body once it is unpacked. The longest page of a list that Azure sends has a few of them."""

DEFAULT_S = (5.0, 30.0)
"""Seconds to connect, and for the whole exchange, where the caller names none."""

REPEATED = "repeated"
"""The option of a request that only reads: the pipeline may send it again."""

_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_clock = SystemClock()
_until: ContextVar[float | None] = ContextVar("until", default=None)
"""The deadline of the exchange that this thread is in, on the clock that counts sleep."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, and for a whole request, however slowly its answer drips. A page may hold megabytes."""

    connect_s: float = 5.0
    read_s: float = 10.0
    page_s: float = 30.0
    write_s: float = 30.0

    def read(self) -> dict[str, Any]:
        """What the SDK is called with for a read: repeated once when its connection broke."""
        return {"connection_timeout": self.connect_s, "read_timeout": self.read_s, REPEATED: True}

    def page(self) -> dict[str, Any]:
        """The same for a page of a list."""
        return self.read() | {"read_timeout": self.page_s}

    def write(self) -> dict[str, Any]:
        """The same for a write, which is sent once."""
        return {"connection_timeout": self.connect_s, "read_timeout": self.write_s}


PROMISED = Timeouts()
"""What holds outside tests."""


class AnswerNotTaken(requests.exceptions.ContentDecodingError):
    """An answer that is too large or packed in a way that nobody asked for; the text is a sentence."""


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Everything below ends after so many seconds, or earlier when an outer deadline says so."""
    outer, until = _until.get(), _clock.monotonic() + seconds
    token = _until.set(until if outer is None else min(outer, until))
    try:
        yield
    finally:
        _until.reset(token)


def _left() -> float | None:
    """Seconds until the deadline, None without one; TimeoutError when it has passed."""
    until = _until.get()
    if until is None:
        return None
    left = until - _clock.monotonic()
    if left <= 0:
        raise TimeoutError("The read operation timed out")
    return left


# -- sockets ----------------------------------------------------------------------------------------------------------


class _Socket(socket.socket):
    """A plain socket: what a proxy's CONNECT and an http:// exchange are spoken over."""

    def recv(self, *arguments: Any) -> bytes:
        self.settimeout(_left())
        return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(_left())
        return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:
        self.settimeout(_left())
        return super().send(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self.settimeout(_left())
        super().sendall(*arguments)


class _TlsSocket(ssl.SSLSocket):
    """The same over TLS. OpenSSL counts a whole handshake and a whole record as one operation."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the base class's signature
        self.settimeout(_left())
        super().do_handshake(block)

    def recv(self, *arguments: Any) -> bytes:
        self.settimeout(_left())
        return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(_left())
        return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:
        self.settimeout(_left())
        return super().send(*arguments)


def _secured(context: ssl.SSLContext) -> ssl.SSLContext:
    context.sslsocket_class = _TlsSocket
    return context


def _resolved(host: str, port: int) -> list[Any]:
    """The addresses of a host. The system's resolver knows no deadline, so it is asked on a thread that is left."""
    if is_ipaddress(host) or host == "localhost":
        return socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)
    answers: queue.Queue[list[Any] | OSError | UnicodeError] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="name look-up", daemon=True).start()
    try:
        found = answers.get(timeout=_left())
    except queue.Empty:
        raise TimeoutError(f"The name {host} was not resolved in time") from None
    if isinstance(found, BaseException):
        raise found
    return found


class _Connecting(HTTPConnection):
    """Connects by its own time-out, in all. What fails here was not sent."""

    def _new_conn(self) -> socket.socket:
        host = self._dns_host.strip("[]")
        try:
            places = _resolved(host, self.port)
        except (socket.gaierror, UnicodeError) as error:
            gone = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise pool.NameResolutionError(self.host, self, gone) from error
        trouble: OSError = OSError(f"{host} has no address")
        for tried, (family, kind, protocol, _name, address) in enumerate(places):
            made = None
            try:
                made = _Socket(family, kind, protocol)
                for option in self.socket_options or ():
                    made.setsockopt(*option)
                # An address that swallows everything leaves time for the others.
                made.settimeout((_left() or DEFAULT_S[0]) / (len(places) - tried))
                made.connect(address)
            except OSError as error:
                trouble = error
                if made is not None:
                    made.close()
            else:
                return made
        if isinstance(trouble, TimeoutError):
            raise trouble
        raise pool.NewConnectionError(self, f"Failed to establish a new connection: {trouble}") from trouble

    def connect(self) -> None:
        with _within(self.timeout or DEFAULT_S[0]):
            try:
                super().connect()
            except TimeoutError as error:
                raise pool.ConnectTimeoutError(self, f"Connection to {self.host} timed out.") from error
            except (ConnectionError, ssl.SSLEOFError) as error:
                raise pool.NewConnectionError(self, f"Failed to establish a new connection: {error}") from error


class _PlainConnection(_Connecting):
    """http://: the identity endpoint of a machine, or what a proxy forwards."""


class _TlsConnection(_Connecting, HTTPSConnection):
    """https://."""

    def connect(self) -> None:
        made = self.ssl_context or create_urllib3_context(cert_reqs=resolve_cert_reqs(self.cert_reqs))
        self.ssl_context = _secured(made)
        super().connect()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class _Wire(HTTPAdapter):
    """Requests over the sockets above."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        if proxy.lower().startswith("https:"):
            options["proxy_ssl_context"] = _secured(create_urllib3_context())
        manager = super().proxy_manager_for(proxy, **options)
        if type(manager) is ProxyManager:
            manager.pool_classes_by_scheme = _POOLS
        return manager


# -- exchanges --------------------------------------------------------------------------------------------------------


class BoundedAdapter(BaseAdapter):
    """Carries a request and brings its whole answer, or an exception of ``requests``, by the deadline.

    ``timeout`` is (to connect, in all), in seconds. ``inner``: another carrier below, a lab in this process say.
    """

    def __init__(self, inner: BaseAdapter | None = None) -> None:
        """Without ``inner``: real connections."""
        super().__init__()
        self._inner = inner or _Wire()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - an answer is always read to its end
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One exchange."""
        connect_s, whole_s = _seconds(timeout)
        request.headers["Accept-Encoding"] = "gzip"
        with _within(whole_s):
            answer = self._inner.send(
                request,
                stream=True,
                timeout=(min(connect_s, whole_s), whole_s),
                verify=verify,
                cert=cert,
                proxies=proxies,
            )
            return _whole(request, answer)

    def close(self) -> None:
        """Close what no exchange uses now; it stays usable."""
        self._inner.close()


def bounded_session(inner: requests.Session | None = None) -> requests.Session:
    """A session whose every exchange is bounded; over the carrier of another one, if one is given."""
    session = requests.Session()
    if inner is not None:
        session.trust_env, session.verify = inner.trust_env, inner.verify
    for scheme in ("https://", "http://"):
        session.mount(scheme, BoundedAdapter(inner.get_adapter(scheme) if inner is not None else None))
    return session


def _seconds(timeout: float | tuple[float | None, float | None] | None) -> tuple[float, float]:
    connect, whole = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return (DEFAULT_S[0] if connect is None else connect, DEFAULT_S[1] if whole is None else whole)


def _whole(request: requests.PreparedRequest, answer: requests.Response) -> requests.Response:
    """The answer with its body read, unpacked and at hand."""
    raw = answer.raw
    try:
        content = _unpacked(raw.stream(_PIECE, decode_content=False), answer.headers.get("Content-Encoding", ""))
    except (pool.ReadTimeoutError, TimeoutError) as error:
        raise requests.ReadTimeout(error, request=request) from error
    except (pool.HTTPError, OSError) as error:
        _broke(error, request)
    finally:
        # Read to its end, the connection is back in its pool by now, and this does nothing.
        raw.close()
    answer.headers.pop("Content-Encoding", None)
    answer.raw = HTTPResponse(io.BytesIO(content), status=raw.status, reason=raw.reason, preload_content=False)
    return answer


def _broke(error: Exception, request: requests.PreparedRequest) -> NoReturn:
    if isinstance(error, requests.RequestException):
        raise error
    broken = error if isinstance(error, pool.ProtocolError) else pool.ProtocolError(str(error), error)
    raise requests.ConnectionError(broken, request=request) from error


def _unpacked(pieces: Iterable[bytes], coding: str) -> bytes:
    """The body in clear; in memory there is never more than it may have, and one piece."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return _gathered(pieces)
    if coding not in ("gzip", "x-gzip"):
        raise AnswerNotTaken("It is packed in a way that was not asked for.")
    return _gathered(_unzipped(pieces))


def _unzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Gzip may have several members, one after another."""
    unpacker, begun = zlib.decompressobj(_GZIP), False
    try:
        for packed in pieces:
            rest = packed
            while rest:
                begun = True
                yield unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail
                if unpacker.eof and unpacker.unused_data.strip(b"\0"):
                    rest, unpacker = unpacker.unused_data, zlib.decompressobj(_GZIP)
        yield unpacker.flush()
    except zlib.error:
        raise AnswerNotTaken("What it is packed in is damaged.") from None
    if begun and not unpacker.eof:
        raise AnswerNotTaken("It ends too early.")


def _gathered(pieces: Iterable[bytes]) -> bytes:
    found = bytearray()
    for piece in pieces:
        if len(found) + len(piece) > LARGEST_ANSWER:
            raise AnswerNotTaken(f"It is longer than {LARGEST_ANSWER // 1024 // 1024} MiB.")
        found += piece
        _left()
    return bytes(found)
