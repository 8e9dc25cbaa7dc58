"""The status endpoint of a member: 200 only while it is healthy, holds the address and proves it.

What a proof is: engine/README.md 6.4.

For load balancers and monitoring. The answer is worked out by the agent at each of its turns and is as old as the last
one; an agent that no longer turns answers 503. It says no more than the role, so that it may be open to a network.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tgwizard.model.problem import Problem, UserError

LONGEST_REQUEST_S = 5.0


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """``active``: answer 200. ``role``: the word that is told beside it."""

    active: bool
    role: str


class StatusEndpoint:
    """Serves one member's answer on one address. ``ask`` is called for each request, on the request's thread."""

    def __init__(self, host: str, port: int, ask: Callable[[], StatusAnswer]) -> None:
        """Listen. UserError: the address cannot be had."""
        try:
            self._server = _Server((host, port), _Handler)
        except OSError as error:
            raise UserError(
                Problem(
                    "status-cannot-listen",
                    f"The status endpoint cannot listen on {host}, port {port}.",
                    f"{error.strerror or error}.",
                    "Check member.status_url in the cluster file, and that no other program uses the port.",
                )
            ) from error
        self._server.ask = ask
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="status", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    ask: Callable[[], StatusAnswer]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = LONGEST_REQUEST_S

    def do_GET(self) -> None:
        answer = self.server.ask()
        body = json.dumps({"role": answer.role}).encode()
        self.send_response(200 if answer.active else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "tgwizard"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """A load balancer asks every second: nothing is logged."""
