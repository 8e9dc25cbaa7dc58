"""`Lab`: one world with its clock, its faults and its log. The core that both fronts call."""

from __future__ import annotations

import copy
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from tgwizard.lab import cluster_files, document, gateway, operations, scenario, tokens
from tgwizard.lab.arm import compute, nic_state
from tgwizard.lab.clock import Clock
from tgwizard.lab.faults import Faults
from tgwizard.lab.latency import Latency
from tgwizard.lab.tokens import TokenKind
from tgwizard.lab.wire import Json, Request, Response
from tgwizard.lab.world import Holding, OperationKind, Overlap, Principal, Subscription, World

LOGGED = 20_000
"""How many requests the log keeps."""

TOKEN_LIFETIME = timedelta(hours=1)

_FINISHERS = {
    OperationKind.PUT_NIC: nic_state.finish,
    OperationKind.POWER_OFF: compute.finish,
    OperationKind.START: compute.finish,
    OperationKind.DEALLOCATE: compute.finish,
    OperationKind.RESTART: compute.finish,
}


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request the lab has met. `status` is None when the client got no answer."""

    method: str
    path: str
    status: int | None
    when: datetime
    client_request_id: str = ""


class Lab:
    """An embedded Azure. Safe between threads: one lock round everything that reads or changes the world."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._lock = threading.RLock()
        self._log: deque[RequestRecord] = deque(maxlen=LOGGED)
        self.faults = Faults()
        self.on_change: Callable[[], None] | None = None
        """Called after the world changed, outside the lock, on the thread that changed it; must be quick."""

    @classmethod
    def from_scenario(cls, name: str, *, clock: Clock, latency: Latency = Latency.FAST, seed: int = 0) -> Lab:
        """Return a new lab of a scenario. Raises UserError for an unknown name."""
        return cls(scenario.build(name, latency, seed, clock.wall()), clock)

    @classmethod
    def load(cls, text: str, clock: Clock) -> Lab:
        """Return the lab of a dumped document. Raises ValueError (SchemaUnknown for another version)."""
        return cls(document.load(text), clock)

    def dump(self) -> str:
        """Return the world as a JSON document with `"schema": 1`. Faults, log and clock are not in it."""
        with self._lock:
            self._settle()
            return document.dump(self._world)

    def copy(self, clock: Clock) -> Lab:
        """Return a deep, independent copy on another clock, with the same faults still to strike and the same log."""
        with self._lock:
            twin = Lab.load(document.dump(self._world), clock)
            twin.faults = self.faults.copy()
            twin._log.extend(self._log)  # noqa: SLF001 - the same class
            return twin

    def handle(self, request: Request) -> Response:
        """Answer a request. Raises AnswerLost when a fault keeps the answer from the client."""
        changed = False
        try:
            with self._lock:
                before = self._world.serial, self._world.operation_count
                settled = self._settle()
                try:
                    return self._answer(request)
                finally:
                    changed = settled or before != (self._world.serial, self._world.operation_count)
        finally:
            if changed and self.on_change is not None:
                self.on_change()

    def issue_token(self, kind: TokenKind = TokenKind.OPERATOR, *, lifetime: timedelta = TOKEN_LIFETIME) -> str:
        """Return a bearer token of the operator, measured in real time. A negative lifetime gives an expired one."""
        match kind:
            case TokenKind.OPERATOR:
                return self.issue_token_for(self._world.operator, lifetime=lifetime)

    def issue_token_for(
        self, principal: Principal, *, lifetime: timedelta = TOKEN_LIFETIME, audience: str = tokens.AUDIENCE
    ) -> str:
        """Return a bearer token of a principal, such as a VM's identity out of `principals`."""
        with self._lock:
            return tokens.issue(self._world, principal, lifetime=lifetime, audience=audience)

    def cluster_tomls(self) -> dict[str, str]:
        """Return the cluster files of the scenario, by cluster name."""
        with self._lock:
            return {item.name: cluster_files.cluster_toml(self._world, item) for item in self._world.clusters}

    @property
    def clock(self) -> Clock:
        """The clock that drives the lab."""
        return self._clock

    @property
    def lab_id(self) -> str:
        """What tells this lab from all others."""
        return self._world.lab_id

    @property
    def cloud(self) -> str:
        """The cloud's name in cluster files: `lab-<lab id>`."""
        return cluster_files.cloud_name(self._world)

    @property
    def scenario(self) -> str:
        """The scenario the world came from."""
        return self._world.scenario

    @property
    def subscription(self) -> Subscription:
        """The one subscription, with its tenant."""
        return self._world.subscription

    @property
    def principals(self) -> tuple[Principal, ...]:
        """The VMs' system-assigned identities."""
        return tuple(self._world.principals)

    @property
    def latency(self) -> Latency:
        """How long operations take; may be set at any time, for the operations to come."""
        return self._world.latency

    @latency.setter
    def latency(self, value: Latency) -> None:
        with self._lock:
            self._world.latency = value

    @property
    def overlap(self) -> Overlap:
        """What a second PUT on an `Updating` NIC meets."""
        return self._world.overlap

    @overlap.setter
    def overlap(self, value: Overlap) -> None:
        with self._lock:
            self._world.overlap = value

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """The truth up to now: which NIC held which address from when to when."""
        with self._lock:
            self._settle()
            return tuple(self._world.holdings)

    def holder(self, address: str) -> str | None:
        """Return the id of the NIC that holds an address now, or None."""
        return next((item.nic for item in self.holdings if item.address == address and item.until is None), None)

    def resource(self, resource_id: str) -> Json | None:
        """Return a copy of a stored resource's document as it is now, or None."""
        with self._lock:
            self._settle()
            return copy.deepcopy(self._world.find(resource_id))

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """The requests met so far, oldest first; the oldest are dropped beyond `LOGGED`."""
        with self._lock:
            return tuple(self._log)

    def _settle(self) -> bool:
        return operations.settle(self._world, self._clock.wall(), _FINISHERS)

    def _answer(self, request: Request) -> Response:
        now = self._clock.wall()
        status: int | None = None
        try:
            response = gateway.answer(self._world, self.faults, request, now)
            status = response.status
            return response
        finally:
            self._log.append(
                RequestRecord(
                    request.method,
                    gateway.tidy(urlsplit(request.url).path),
                    status,
                    now,
                    request.header("x-ms-client-request-id") or "",
                )
            )
