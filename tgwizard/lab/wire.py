"""Requests and answers as the lab core sees them, and the errors of Azure Resource Manager (ARM) as values.

Headers, the error envelope and who rejected (gateway or service): azure/README.md 1.0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
"""A JSON object; the lab keeps Azure's documents as they are."""

PIECES = 10
"""In how many pieces a slow body arrives."""

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Header lines in order; the same name may stand twice, as Azure does with `Server`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `url` is absolute; its host is the one the poll URLs of the answer will be on."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return a header's value whatever the case of its name, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer; `Content-Length` is left to the front that sends it."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    cut: int | None = None
    """The body breaks off after this many bytes, if a fault says so; its length is announced in full."""
    over_s: float = 0.0
    """The seconds over which a fault lets the body arrive."""

    def header(self, name: str) -> str | None:
        """Return the first header of that name whatever its case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def json(self) -> Json:
        """Return the body as a JSON object. Raises ValueError when it is none."""
        document = json.loads(self.body)
        if not isinstance(document, dict):
            raise ValueError("the body is not a JSON object")  # noqa: TRY004 - one error type for a bad body
        return document

    def with_headers(self, extra: Headers) -> Response:
        """Return the same answer with more header lines in front."""
        return replace(self, headers=extra + self.headers)


class Loss(Enum):
    """How an answer gets lost on its way."""

    RESET = "reset"
    TIMEOUT = "timeout"


class AnswerLost(Exception):
    """The client will not get an answer; whether the request took effect is the fault's choice."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(loss.value)
        self.loss = loss


class RefusalCause(Enum):
    """Who refused: ARM itself or the resource provider behind it (`x-ms-failure-cause`)."""

    GATEWAY = "gateway"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Detail:
    """One entry of an error's `details`."""

    code: str
    message: str
    target: str = ""


class Refusal(Exception):
    """A request that Azure answers with an error. The pipeline turns it into the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: tuple[Detail, ...] | None = None,
        cause: RefusalCause = RefusalCause.GATEWAY,
        headers: Headers = (),
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.cause = cause
        self.headers = headers

    def response(self) -> Response:
        """Return the answer: the envelope `{"error": {...}}`, with `details` where the provider sends it."""
        extra: Headers = (("x-ms-failure-cause", self.cause.value), *self.headers)
        return json_response(self.status, error_document(self.code, self.message, self.details), extra)


def network_refusal(status: int, code: str, message: str, *details: Detail, headers: Headers = ()) -> Refusal:
    """Return an error of the network provider, which always has `details`, even empty (azure/README.md 1.0)."""
    return Refusal(status, code, message, details=details, cause=RefusalCause.SERVICE, headers=headers)


def error_document(code: str, message: str, details: tuple[Detail, ...] | None = None) -> Json:
    """Return ARM's error envelope; `details` is left out when None."""
    error: Json = {"code": code, "message": message}
    if details is not None:
        error["details"] = [
            {"code": item.code, **({"target": item.target} if item.target else {}), "message": item.message}
            for item in details
        ]
    return {"error": error}


def json_response(status: int, document: Json, headers: Headers = ()) -> Response:
    """Return an answer with a JSON body."""
    content = json.dumps(document, separators=(",", ":")).encode("ascii")
    return Response(status, (("Content-Type", "application/json; charset=utf-8"), *headers), content)
