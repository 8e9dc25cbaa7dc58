"""Applying is stopped at every boundary and begun again on copies of what survived.

Boundaries are: a request was sent, an answer was read, a journal record was committed. A write that was on its way is
then delivered never, before the second run, before each single request of it, or after it.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.engine.failover.crash import Delivery, Kind, tapped
from tests.engine.setup.apply.plans import ADDRESS, ROLE, Applying
from tests.rig import SetupRig, setup_rig
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.in_process import LabAdapter
from tgwizard.lab.lab import Lab
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_events import SetupFinished

WRITES = ("PUT", "PATCH", "POST", "DELETE")


@dataclass(frozen=True)
class Boundary:
    """What survived a stop: the world, the journal, and the write that was on its way, if any."""

    number: int
    kind: Kind
    what: str
    lab: Lab
    journal: bytes
    on_its_way: requests.PreparedRequest | None

    @property
    def at_a_write(self) -> bool:
        """Whether it is about a write: before it, on its way, answered, or its record."""
        return self.kind is Kind.COMMITTED or self.what.split(" ", 1)[0] in WRITES


@dataclass(frozen=True)
class Case:
    """One second run."""

    boundary: Boundary
    delivery: Delivery
    position: int = 0


@dataclass(frozen=True)
class Result:
    """How it ended: the second run's last event, what is there, what it wrote, and what undo then left."""

    case: Case
    finished: SetupFinished
    wrong: tuple[str, ...]
    requests: int


@dataclass
class Recorder:
    """Applies once and copies what would survive at every boundary."""

    boundaries: list[Boundary] = field(default_factory=list)
    _it: SetupRig | None = None
    _file: Path | None = None

    def record(self) -> SetupFinished:
        folder = Path(tempfile.mkdtemp(prefix="tgwizard-setup-"))
        self._file = folder / "setup.sqlite"
        self._it = setup_rig(state=folder, session=tapped(self._sent, self._answered))
        made = Applying.on(self._it, self._file)
        made.journal.on_commit = lambda _durability: self._add(Kind.COMMITTED, "record", None)
        finished = made.apply()
        made.journal.close()
        shutil.rmtree(folder)
        return finished

    def _sent(self, request: requests.PreparedRequest) -> None:
        self._add(Kind.SENT, told(request), request if request.method in WRITES else None)

    def _answered(self, request: requests.PreparedRequest) -> None:
        self._add(Kind.ANSWERED, told(request), None)

    def _add(self, kind: Kind, what: str, on_its_way: requests.PreparedRequest | None) -> None:
        assert self._it is not None
        assert self._file is not None
        clock = self._it.clock
        assert isinstance(clock, VirtualClock)
        lab = self._it.lab.copy(clock.copy())
        self.boundaries.append(Boundary(len(self.boundaries) + 1, kind, what, lab, self._file.read_bytes(), on_its_way))


def cases(boundaries: list[Boundary]) -> Iterator[Case]:
    """Every case that does not need the second run's own length."""
    for boundary in boundaries:
        if boundary.on_its_way is None:
            yield Case(boundary, Delivery.NONE)
            continue
        for delivery in (Delivery.NEVER, Delivery.BEFORE, Delivery.AFTER):
            yield Case(boundary, delivery)


def all_results(boundaries: list[Boundary]) -> Iterator[Result]:
    """Every case, with the delivery moved through every single request of the second run."""
    for case in cases(boundaries):
        result = play(case)
        yield result
        if case.delivery is Delivery.NEVER:
            for position in range(1, result.requests + 1):
                yield play(Case(case.boundary, Delivery.DURING, position))


def play(case: Case) -> Result:
    """Apply again on copies, deliver what was on its way, look, and undo."""
    clock = case.boundary.lab.clock
    assert isinstance(clock, VirtualClock)
    lab = case.boundary.lab.copy(clock.copy())
    folder = Path(tempfile.mkdtemp(prefix="tgwizard-setup-"))
    sent = 0

    def before(_: requests.PreparedRequest) -> None:
        nonlocal sent
        sent += 1
        if case.delivery is Delivery.DURING and sent == case.position:
            _deliver(case, lab)

    (folder / "setup.sqlite").write_bytes(case.boundary.journal)
    if case.delivery is Delivery.BEFORE:
        _deliver(case, lab)
    survived = _applied(lab)
    it = setup_rig(lab=lab, state=folder, session=tapped(before, lambda _: None))
    made = Applying.on(it, folder / "setup.sqlite")
    finished = made.apply()
    count = sent
    wrong = [f"it ended {finished.outcome.value}: {finished.reason}"] if finished.outcome is not Outcome.DONE else []
    if case.delivery in (Delivery.NONE, Delivery.NEVER, Delivery.BEFORE):
        wrong += _extra(survived, _applied(lab))
    if case.delivery is Delivery.AFTER:
        _deliver(case, lab)
    it.clock.sleep(60)
    wrong += _not_right(it)
    wrong += _second_run(made, lab)
    wrong += _undone(made, it)
    made.journal.close()
    shutil.rmtree(folder)
    return Result(case, finished, tuple(wrong), count)


def broken(results: list[Result]) -> list[str]:
    """The cases that did not end as promised, in words."""
    return [
        f"boundary {result.case.boundary.number} ({result.case.boundary.kind.value}, {result.case.boundary.what}), "
        f"{result.case.delivery.value} {result.case.position}: {'; '.join(result.wrong)}"
        for result in results
        if result.wrong
    ]


def table(results: list[Result]) -> str:
    """One line for each kind of boundary and delivery: how many cases, and how many ended as promised."""
    found: Counter[tuple[str, str]] = Counter()
    kept: Counter[tuple[str, str]] = Counter()
    for result in results:
        key = (result.case.boundary.kind.value, result.case.delivery.value)
        found[key] += 1
        kept[key] += not result.wrong
    lines = [
        f"{kind:<16} {delivery:<20} {found[kind, delivery]:>5} {kept[kind, delivery]:>5}" for kind, delivery in found
    ]
    return "\n".join([*lines, f"{len(results)} cases, {sum(kept.values())} ended as promised"])


def _applied(lab: Lab) -> Counter[str]:
    """How often each thing was written with success, by method and path."""
    return Counter(
        f"{item.method} {item.path.rsplit('/', 1)[-1].lower()}"
        for item in lab.requests
        if item.method in WRITES and item.status is not None and item.status < 300
    )


def _extra(survived: Counter[str], now: Counter[str]) -> list[str]:
    if sum(now.values()) != 5:
        return [f"{sum(now.values())} writes in both runs, 5 are needed: {now - survived} after {survived}"]
    return []


def _not_right(it: SetupRig) -> list[str]:
    access, wrong = it.services.azure.access, []
    roles = [role for role in access.role_definitions(it.group()) if role.name == "tg-cluster-ip-failover"]
    if [role.guid for role in roles] != [ROLE]:
        wrong.append(f"{len(roles)} roles of that name")
    for name in ("tg-node-a", "tg-node-b"):
        principal = it.services.azure.compute.vm(it.vm(name)).identity.principal_id
        held = access.assignments_to(it.group(), principal)
        if [item.role_guid for item in held] != [ROLE]:
            wrong.append(f"{name} holds {len(held)} assignments")
    for name, wanted in (("tg-node-a-inside", 2), ("tg-node-b-inside", 1)):
        nic = it.services.azure.network.read_nic(it.network("networkInterfaces", name))
        if len(nic.configurations) != wanted:
            wrong.append(f"{name} has {len(nic.configurations)} configurations")
    return wrong


def _second_run(made: Applying, lab: Lab) -> list[str]:
    before = sum(1 for item in lab.requests if item.method in WRITES)
    made.apply()
    more = sum(1 for item in lab.requests if item.method in WRITES) - before
    return [f"a further run sent {more} writes"] if more else []


def _undone(made: Applying, it: SetupRig) -> list[str]:
    """Whatever the journal lost, undo must find everything that was created."""
    made.undo(identities=True)
    wrong = []
    if it.services.azure.access.role_definition(it.group(), ROLE) is not None:
        wrong.append("undo left the role")
    if it.services.azure.network.read_nic(it.network("networkInterfaces", "tg-node-a-inside")).lists(ADDRESS):
        wrong.append("undo left the address")
    principal = it.services.azure.compute.vm(it.vm("tg-node-a")).identity.principal_id
    if it.services.azure.access.assignments_to(it.group(), principal):
        wrong.append("undo left an assignment")
    if it.services.azure.compute.vm(it.vm("tg-node-b")).identity.system_assigned:
        wrong.append("undo left the identity")
    return wrong


def told(request: requests.PreparedRequest) -> str:
    return f"{request.method} {(request.url or '').split('?', maxsplit=1)[0].rsplit('/', 1)[-1]}"


def _deliver(case: Case, lab: Lab) -> None:
    assert case.boundary.on_its_way is not None
    with contextlib.suppress(requests.RequestException):  # nobody is there any more to hear the answer
        LabAdapter(lab).send(case.boundary.on_its_way, timeout=30)
