"""`Lab`: the embedded Azure that both fronts call. It sends each request to Azure's answers or to its own controls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

from tgwizard.lab import control_api, gateway
from tgwizard.lab.clock import LabTime
from tgwizard.lab.lab_state import LabState
from tgwizard.lab.latency import Latency
from tgwizard.lab.request_log import RequestRecord, RequestTrace
from tgwizard.lab.scenarios import scenario_builder
from tgwizard.lab.storage import world_document
from tgwizard.lab.storage.world_changes import WorldBaseline
from tgwizard.lab.wire import Request, Response

_LONGEST_PATH, _LONGEST_ID = 2_000, 200
"""How much of a path and of a client's id the log of requests keeps; both come from whoever sends."""


class Lab(LabState):
    """An embedded Azure."""

    @classmethod
    def from_scenario(
        cls,
        name: str,
        *,
        clock: LabTime,
        latency: Latency = Latency.FAST,
        seed: int = 0,
        clusters: int | None = None,
    ) -> Self:
        """Return a new lab of a scenario, of that many clusters if it is `fleet`.

        Raises UserError for an unknown name, or a number of clusters that the scenario cannot have.
        """
        lab = cls(scenario_builder.build(name, latency, seed, clock.wall(), clusters=clusters), clock)
        for fault in scenario_builder.faults(name):
            lab.faults.add(fault)
        return lab

    @classmethod
    def load(cls, text: str, clock: LabTime) -> Self:
        """Return the lab of a dumped document. Raises ValueError (UnknownSchema for another version)."""
        return cls(world_document.load(text), clock)

    def dump(self) -> str:
        """Return the world as a JSON document with `"schema": 1`. Faults, log and clock are not in it."""
        with self._lock:
            self._settle()
            return world_document.dump(self._world)

    def dump_into(self, write: Callable[[str], object], base: str = "") -> None:
        """Write the document of `dump` piece by piece; `write` is called under the lab's lock, and may raise.

        `base` names it, for the changes that are saved afterwards.
        """
        with self._lock:
            self._settle()
            self._marks = None
            for piece in world_document.pieces(self._world, base):
                write(piece)
            self._marks = WorldBaseline(self._world)

    def changes(self, base: str) -> str | None:
        """Return what changed since the world was saved under that name, or its changes were, as one line of JSON.

        Empty: nothing did. None: the world was never saved, or is another one since, and must be saved whole.
        """
        with self._lock:
            self._settle()
            if self._marks is None or self._marks.world is not self._world:
                return None
            return self._marks.changes(base) or ""

    def copy(self, clock: LabTime) -> Self:
        """Return a deep, independent copy on another clock, with the same faults still to strike and the same log."""
        with self._lock:
            twin = type(self).load(world_document.dump(self._world), clock)
            twin.faults = self.faults.copy(clock.wall)
            twin._log.extend(self._log)  # noqa: SLF001 - the same class
            return twin

    def handle(self, request: Request) -> Response:
        """Answer a request. Raises AnswerLost when a fault keeps the answer from the client."""
        here = self._here
        here.handling, here.owing = True, False
        try:
            with self._lock:
                world, before = self._world, self._mark()
                pending, world.touched = world.touched, set()
                settled = self._settle()
                try:
                    return self._answer(request)
                finally:
                    here.owing |= settled or before != self._mark()
                    # What was only read need not be saved.
                    world.touched = pending | world.touched if here.owing else pending
        finally:
            here.handling = False
            if here.owing:
                self._tell()

    def _answer(self, request: Request) -> Response:
        now = self._clock.wall()
        path = gateway.tidy(urlsplit(request.url).path)
        trace = RequestTrace()
        status: int | None = None
        began = time.perf_counter()
        try:
            if control_api.serves(path):
                response = control_api.answer(self, request, path, trace)
            else:
                response = gateway.answer(self._world, self.faults, request, now, trace)
            status = response.status
            return response
        finally:
            client = (request.header("x-ms-client-request-id") or "")[:_LONGEST_ID]
            took = time.perf_counter() - began
            self._log.append(
                RequestRecord(
                    request.method,
                    path[:_LONGEST_PATH],
                    status,
                    now,
                    client,
                    trace.caller,
                    trace.action,
                    trace.decision,
                    trace.rules,
                    took,
                )
            )
