"""Where the browser brings the answer of a sign-in to: a listening socket on this computer's loopback, for one answer.

Entra sends the browser to ``http://localhost:PORT`` with a form (``response_mode=form_post``). Whatever does not carry
the ``state`` of this very sign-in is refused and waited past. The pages that the browser shows hold no foreign text.
"""

from __future__ import annotations

import hmac
import logging
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tgwizard.engine.cancel import CancelToken

_log = logging.getLogger(__name__)

LARGEST_ANSWER = 65_536
"""Bytes of a form; an authorization code has one or two thousand."""
_IDLE_S = 5.0
_LOOK_EVERY_S = 0.1

_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>tgwizard</title>'
    "<style>:root{{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}}"
    "body{{margin:0;min-height:100vh;display:grid;place-items:center}}</style></head>"
    "<body><main><h1>{title}</h1><p>{sentence}</p></main></body></html>"
)
_DONE = _PAGE.format(title="Signed in", sentence="Go back to tgwizard. You can close this page.")
_FAILED = _PAGE.format(title="Not signed in", sentence="tgwizard says why. You can close this page.")
_STRANGE = _PAGE.format(title="Nothing happened", sentence="That was not the answer to tgwizard's sign-in.")


class LoopbackReceiver:
    """Listens until it is closed. Use it in a ``with`` block."""

    def __init__(self, state: str = "") -> None:
        """Listen on a free port of 127.0.0.1. OSError when there is none."""
        self.state = state
        self._answers: queue.Queue[dict[str, str]] = queue.Queue()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_LOOK_EVERY_S,), name="sign-in answer", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def wait(self, cancel: CancelToken, seconds: float) -> dict[str, str] | None:
        """The answer's fields; None when none came in time. Cancelled when asked to stop."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                return self._answers.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                cancel.check()
        return None

    def take(self, fields: dict[str, str]) -> str:
        """Judge what a browser brought; the page to show it."""
        if not self.state or not hmac.compare_digest(fields.get("state", "").encode(), self.state.encode()):
            return _STRANGE
        self._answers.put(fields)
        return _DONE if "code" in fields else _FAILED

    def close(self) -> None:
        """Stop listening at once."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    """A thread for each connection: browsers open some that they never use."""

    daemon_threads = True
    block_on_close = False
    receiver: LoopbackReceiver

    def handle_error(self, _request: object, _client: object) -> None:
        """A browser that goes away is no news; what it sent may hold a code, so it is not logged."""
        _log.debug("a connection to the sign-in's answer broke")


class _Handler(BaseHTTPRequestHandler):
    timeout = _IDLE_S
    server: _Server

    def do_GET(self) -> None:
        """Entra words some refusals as a plain address."""
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        """The answer proper."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or int(length) > LARGEST_ANSWER:
            self._answer({})
            return
        self._answer(dict(parse_qsl(self.rfile.read(int(length)).decode("utf-8", "replace"))))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in the base class
        """Nothing: the address of a request may hold the code."""

    def _answer(self, fields: dict[str, str]) -> None:
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        page = self.server.receiver.take(fields) if host in ("localhost", "127.0.0.1") else _STRANGE
        body = page.encode()
        self.send_response(200 if page is not _STRANGE else 400)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
