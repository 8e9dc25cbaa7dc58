"""Refusals of the lab's Entra: OAuth's word, Entra's AADSTS number and sentence (lab/README.md 3.2)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from tgwizard.lab.wire import Headers, Json, Response

NO_STORE: Headers = (("Cache-Control", "no-store, no-cache"), ("Pragma", "no-cache"))
"""Of every answer that holds a secret or a refusal of one."""


class Denied(Exception):
    """A request that Entra refuses; `error` is OAuth's word, `number` Entra's own."""

    def __init__(self, status: int, error: str, number: int, message: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.number = number
        self.message = message

    @property
    def sentence(self) -> str:
        """The refusal as Entra prints it, without the ids that follow."""
        return f"AADSTS{self.number}: {self.message}"

    def response(self, host: str, correlation: str) -> Response:
        """Return the refusal as the token endpoint of a host words it."""
        trace, correlation = str(uuid.uuid4()), correlation or str(uuid.uuid4())
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        description = f"{self.sentence} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        document: Json = {
            "error": self.error,
            "error_description": description,
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{host}/error?code={self.number}",
        }
        return Response(
            self.status,
            (("Content-Type", "application/json; charset=utf-8"), *NO_STORE),
            json.dumps(document).encode("ascii"),
        )
