"""The crash harness: a run is stopped at every boundary, and a fresh engine resumes on copies of what survived.

Boundaries are: a request was sent, an answer was read, a journal commit was made. At each, the world and the
journal's bytes are copied, twice: what a power cut leaves (flushed) and what a killed program leaves (written). A write
that was on its way is then delivered never, before the resume, before each single request of the resume, or after it.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import requests

from tests.engine.failover.promises import Tap, Witness, overlaps
from tests.guards.tables import Table, part
from tests.rig import Rig, inline_journal, rig
from tgwizard.engine.failover.resume import resume
from tgwizard.engine.failover.run import RunOptions
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.journal import Durability
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.in_process import LabAdapter
from tgwizard.lab.lab import Lab
from tgwizard.lab.world import LabPower
from tgwizard.model.cluster import ClusterIdentity, Member, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, Finished
from tgwizard.model.failover_options import NO_FENCE, FenceRequest, Strategy

COARSE = FailoverTiming(poll_s=1.5, slow_poll_s=15.0)
"""Few polls, so that every single one can be a place to crash at, also where a lost answer is read for two minutes."""


class Kind(Enum):
    """What had just happened when the program stopped."""

    SENT = "request sent"
    ANSWERED = "answer read"
    COMMITTED = "journal commit"


class Delivery(Enum):
    """When a write that was on its way reaches Azure."""

    NONE = "nothing on its way"
    NEVER = "never delivered"
    BEFORE = "delivered before"
    DURING = "delivered during"
    AFTER = "delivered after"


@dataclass(frozen=True)
class Boundary:
    """What survived a stop: the world, the journal's bytes, and the write that was on its way, if any."""

    number: int
    kind: Kind
    what: str
    lab: Lab
    journal: dict[Durability, bytes | None]
    on_its_way: requests.PreparedRequest | None


@dataclass(frozen=True)
class Case:
    """One resume."""

    boundary: Boundary
    durability: Durability
    delivery: Delivery
    position: int = 0


@dataclass(frozen=True)
class Result:
    """How it ended: the resume's last event, who holds the address in the end, and whether two ever held it at once.

    ``wanted``: the member that the resume was to bring it to.
    """

    case: Case
    finished: Finished
    holders: tuple[str, ...]
    two_at_once: bool
    requests: int
    first_member_stopped: bool
    broken: tuple[str, ...]
    wanted: str = "tg-node-b"


def tapped(before: Callable[[Any], None], after: Callable[[Any], None]) -> Callable[[Lab], requests.Session]:
    """Make sessions that tell of every request and of every answer."""

    def session(lab: Lab) -> requests.Session:
        made = requests.Session()
        made.trust_env = False
        made.mount("https://", Tap(LabAdapter(lab), before, lambda request, _answer: after(request)))
        return made

    return session


@dataclass
class Recorder:
    """Runs one failover and copies what would survive at every boundary of it."""

    boundaries: list[Boundary] = field(default_factory=list)
    _rig: Rig | None = None
    _flushed: bytes | None = None

    def record(self, start: Callable[[Rig], Finished], prepare: Callable[[Rig], None] = lambda _: None) -> Finished:
        made = self._rig = rig(session=tapped(self._sent, self._answered), open_journal=self._journal)
        prepare(made)
        return start(made)

    def _journal(self, path: Path, identity: ClusterIdentity) -> FailoverJournal:
        journal = inline_journal(path, identity)
        self._flushed = path.read_bytes()
        journal.on_commit = self._committed
        return journal

    def _sent(self, request: requests.PreparedRequest) -> None:
        self._add(Kind.SENT, _told(request), request if request.method in ("PUT", "POST") else None)

    def _answered(self, request: requests.PreparedRequest) -> None:
        self._add(Kind.ANSWERED, _told(request), None)

    def _committed(self, durability: Durability) -> None:
        if durability is Durability.FLUSHED:
            self._flushed = self._written()
        self._add(Kind.COMMITTED, durability.value, None)

    def _add(self, kind: Kind, what: str, on_its_way: requests.PreparedRequest | None) -> None:
        made = self._rig
        assert made is not None
        clock = made.clock
        assert isinstance(clock, VirtualClock)
        journal = {Durability.FLUSHED: self._flushed, Durability.WRITTEN: self._written()}
        self.boundaries.append(
            Boundary(len(self.boundaries) + 1, kind, what, made.lab.copy(clock.copy()), journal, on_its_way)
        )

    def _written(self) -> bytes | None:
        assert self._rig is not None
        path = self._rig.services.journal_file(self._rig.setup)
        return path.read_bytes() if path.exists() else None


def run_of(
    verb: Verb, fence: FenceRequest = NO_FENCE, strategy: Strategy = Strategy.DETACH_ATTACH
) -> Callable[[Rig], Finished]:
    """A failover to tg-node-b with coarse polling."""
    return lambda made: made.fail_over(verb=verb, timing=COARSE, fence=fence, strategy=strategy)


def cases(boundaries: list[Boundary]) -> Iterator[Case]:
    """Every case that does not need the resume's own length."""
    for boundary in boundaries:
        for durability in Durability:
            if boundary.on_its_way is None:
                yield Case(boundary, durability, Delivery.NONE)
                continue
            for delivery in (Delivery.NEVER, Delivery.BEFORE, Delivery.AFTER):
                yield Case(boundary, durability, delivery)


def all_results(boundaries: list[Boundary]) -> Iterator[Result]:
    """Every case, with the delivery moved through every single request of the resume."""
    for case in cases(boundaries):
        result = play(case)
        yield result
        if case.delivery is Delivery.NEVER:
            for position in range(1, result.requests + 1):
                yield play(Case(case.boundary, case.durability, Delivery.DURING, position))


def play(case: Case, asked_for: int | None = None) -> Result:
    """Resume on copies; deliver what was on its way; wait until nothing moves any more.

    ``asked_for``: which of the two members the resume is told to bring the address to; None: it is told nobody.
    """
    clock = case.boundary.lab.clock
    assert isinstance(clock, VirtualClock)
    lab = case.boundary.lab.copy(clock.copy())
    folder = Path(tempfile.mkdtemp(prefix="tgwizard-crash-"))

    witness = Witness(limits=COARSE)

    def before(_: requests.PreparedRequest) -> None:
        if case.delivery is Delivery.DURING and witness.met == case.position:
            _deliver(case, lab)

    witness.before = before
    made = rig(lab=lab, state=folder, session=witness.session)
    to: Member | None = None if asked_for is None else made.setup.members[asked_for]
    witness.watch(made.setup, made.b, fresh_checks=False, asked_for=to)
    kept = case.boundary.journal[case.durability]
    if kept is not None:
        made.services.journal_file(made.setup).write_bytes(kept)
    if case.delivery is Delivery.BEFORE:
        _deliver(case, lab)
    events: list[Event] = []
    finished = resume(made.services, made.setup, to, events.append, made.token, RunOptions(timing=COARSE))
    assert [event for event in events if isinstance(event, Finished)] == [finished]
    assert events[-1] is finished
    witness.judge_end(made, finished)
    if case.delivery is Delivery.AFTER:
        _deliver(case, lab)
    made.clock.sleep(60)
    result = Result(
        case,
        finished,
        tuple(made.holders()),
        overlaps(lab, made.address),
        witness.met,
        _stopped(lab, "tg-node-a"),
        tuple(witness.broken),
        (to or made.b).name,
    )
    shutil.rmtree(folder)
    return result


def kept_promise(result: Result) -> bool:
    """Exactly one holder, never two, and the words agree with the world."""
    if result.two_at_once or len(result.holders) != 1 or result.broken:
        return False
    holder = result.holders[0]
    if result.finished.outcome is Outcome.DONE:
        return holder == result.wanted
    if result.finished.outcome is Outcome.UNKNOWN:
        return bool(result.finished.resume)  # it says itself that what was on its way may still be applied
    told = result.finished.place.member
    return told is not None and told.name == holder


def table(title: str, results: list[Result]) -> Table:
    """For each kind of boundary and delivery: how many cases, how they ended, how many broke the promise."""
    rows: dict[str, list[int]] = {}
    numbers: dict[str, list[int]] = {}
    for result in results:
        name = f"{result.case.boundary.kind.value}, {result.case.delivery.value.removeprefix('nothing on its ')}"
        row = rows.setdefault(name, [0, 0, 0, 0])
        done = result.finished.outcome is Outcome.DONE
        for column, counts in enumerate((True, done, not done, not kept_promise(result))):
            row[column] += counts
        known = numbers.setdefault(name, [result.case.boundary.number] * 2)
        known[:] = [min(known[0], result.case.boundary.number), max(known[1], result.case.boundary.number)]
    return part(f"crash table: {title} (seeds: the boundaries)", ["cases", "done", "start", "broken"], rows, numbers)


def _deliver(case: Case, lab: Lab) -> None:
    assert case.boundary.on_its_way is not None
    with contextlib.suppress(requests.RequestException):  # nobody is there any more to hear the answer
        LabAdapter(lab).send(case.boundary.on_its_way, timeout=30)


def _stopped(lab: Lab, name: str) -> bool:
    return next(power for vm, power in lab.vms() if vm.endswith(name)) in (LabPower.STOPPED, LabPower.DEALLOCATED)


def _told(request: requests.PreparedRequest) -> str:
    return f"{request.method} {(request.url or '').split('?', maxsplit=1)[0].rsplit('/', 1)[-1]}"


def crashed_run(kind: Kind, what: str, tmp_path: Path, *, nth: int = 1, journal: bool = True) -> Rig:
    """A rig on the world and the journal that a run left when it stopped at that boundary."""
    recorder = Recorder()
    recorder.record(run_of(Verb.GRACEFUL))
    found = [item for item in recorder.boundaries if item.kind is kind and item.what == what]
    return again(found[nth - 1], tmp_path, journal=journal)


def again(boundary: Boundary, tmp_path: Path, *, journal: bool, durability: Durability = Durability.FLUSHED) -> Rig:
    """A rig on the world, and the journal if it is still there, as a crash at this boundary left them."""
    clock = boundary.lab.clock
    assert isinstance(clock, VirtualClock)
    made = rig(lab=boundary.lab.copy(clock.copy()), state=tmp_path / "state")
    kept = boundary.journal[durability]
    if journal and kept is not None:
        made.services.journal_file(made.setup).write_bytes(kept)
    return made
