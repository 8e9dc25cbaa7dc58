"""The in-process front: a `requests` adapter, so that the real Azure SDK talks to a lab without a socket."""

from __future__ import annotations

import io
from collections.abc import Mapping

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ProtocolError

from tgwizard.lab.clock import LabTime
from tgwizard.lab.lab import Lab
from tgwizard.lab.wire import AnswerLost, Loss, Request, Response

READ_TIMEOUT_S = 30.0
"""How long a client without a read timeout of its own is taken to wait for an answer that never comes."""


class LabAdapter(BaseAdapter):
    """Carries prepared requests to a lab and its answers back.

    A lost answer surfaces as `requests` reports it from a real socket: a broken connection as ConnectionError round a
    ProtocolError, no answer, or one that drips for longer, as ReadTimeout after the timeout has passed on the lab's
    clock.
    """

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._lab = lab
        self._builder = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,  # noqa: ARG002, FBT001, FBT002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Answer a request by the lab."""
        try:
            answer = self._lab.handle(_request(request))
        except AnswerLost as lost:
            raise self._loss(lost.loss, request, timeout) from lost
        wait = _read_timeout(timeout)
        if answer.over_s > wait:
            # The program's limit holds for a whole exchange; its time is the lab's here, so it is played here.
            self._lab.clock.sleep(wait)
            raise requests.ReadTimeout(f"Read timed out. (read timeout={wait:g})", request=request)
        return self._builder.build_response(request, _raw(request, answer, self._lab.clock))

    def close(self) -> None:
        """Nothing is held open."""

    def _loss(
        self, loss: Loss, request: requests.PreparedRequest, timeout: float | tuple[float | None, float | None] | None
    ) -> requests.RequestException:
        match loss:
            case Loss.RESET:
                broken = ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))
                return requests.ConnectionError(broken, request=request)
            case Loss.TIMEOUT:
                seconds = _read_timeout(timeout)
                self._lab.clock.sleep(seconds)
                return requests.ReadTimeout(f"Read timed out. (read timeout={seconds:g})", request=request)


def lab_session(lab: Lab) -> requests.Session:
    """Return a session whose https requests all go to the lab, deaf to the proxies of the environment."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", LabAdapter(lab))
    return session


def _request(request: requests.PreparedRequest) -> Request:
    body = request.body or b""
    content = body.encode() if isinstance(body, str) else bytes(body)
    headers = {str(name): str(value) for name, value in request.headers.items()}
    return Request(request.method or "GET", request.url or "", headers, content)


def _read_timeout(timeout: float | tuple[float | None, float | None] | None) -> float:
    read = timeout[1] if isinstance(timeout, tuple) else timeout
    return READ_TIMEOUT_S if read is None else float(read)


class _SlowBody(io.BytesIO):
    """A body whose time passes on the lab's clock when it is first read."""

    def __init__(self, content: bytes, clock: LabTime, seconds: float) -> None:
        super().__init__(content)
        self._clock = clock
        self._seconds = seconds

    def read(self, size: int | None = -1, /) -> bytes:
        seconds, self._seconds = self._seconds, 0.0
        if seconds:
            self._clock.sleep(seconds)
        return super().read(size)


def _raw(request: requests.PreparedRequest, answer: Response, clock: LabTime) -> HTTPResponse:
    headers = HTTPHeaderDict()
    for name, value in answer.headers:
        headers.add(name, value)
    headers.add("Content-Length", str(len(answer.body)))
    return HTTPResponse(
        body=_SlowBody(answer.body[: answer.cut], clock, answer.over_s),
        headers=headers,
        status=answer.status,
        reason=None,
        preload_content=False,
        request_method=request.method,
    )
