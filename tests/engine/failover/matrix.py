"""The fault matrix: each fault at each request of each kind of run, and what came of it.

A case is a run with one fault. It is judged by a ``Witness``; then the faults stop and it is resumed where it was
begun; and, on a copy of the world as it was right after the struck request, it is resumed on another machine: no
journal, --to.
A case costs some tens of milliseconds: lab, clock and SDK are all in this process.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import requests

from tests.engine.failover.promises import Witness, kept_apart, settle, truth
from tests.guards.tables import Table, part
from tests.rig import Rig, rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.resume import resume
from tgwizard.engine.failover.run import RunOptions
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import (
    AzureAnswer,
    Effect,
    Fault,
    FaultAnswer,
    ForeignNicTakesAddress,
    Moment,
    OperationCanceled,
    OperationFails,
    OperationNeverEnds,
    OperationSuperseded,
    OperationTakes,
    Reset,
    SlowBody,
    StaleRead,
    Timeout,
    TruncatedBody,
)
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.world import LabPower
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, Finished
from tgwizard.model.failover_options import NO_FENCE, Fence, FenceRequest, Strategy
from tgwizard.model.nic import Provisioning
from tgwizard.model.snapshot import LocationKind

COARSE = FailoverTiming(poll_s=1.5, slow_poll_s=15.0, retry_s=10.0)
"""Few polls and long pauses, so that a case is short; every limit is the real one."""

FOREVER = None
READS, WRITES, ALL = ("GET",), ("PUT", "POST"), ("GET", "PUT", "POST")


def _says(status: int, code: str, message: str = "x") -> FaultAnswer:
    return FaultAnswer(status, json.dumps({"error": {"code": code, "message": message}}))


def _denied() -> FaultAnswer:
    text = "The client 'x' with object id 'x' does not have authorization to perform action "
    return _says(403, "AuthorizationFailed", f"{text}'Microsoft.Network/networkInterfaces/write' over scope '/s'.")


FOREIGN_NIC = "vm-app-01-nic"

FAULTS: dict[str, tuple[tuple[str, ...], Effect]] = {
    "401 token expired": (ALL, _says(401, "ExpiredAuthenticationToken")),
    "403": (ALL, _denied()),
    "404": (ALL, _says(404, "ResourceNotFound")),
    "409 another operation": (WRITES, AzureAnswer(CannedError.ANOTHER_OPERATION)),
    "412": (WRITES, _says(412, "PreconditionFailed")),
    "429 of ARM": (ALL, AzureAnswer(CannedError.THROTTLED_BY_ARM)),
    "429 of ARM, one action": (ALL, AzureAnswer(CannedError.THROTTLED_ACTION)),
    "429 of network": (ALL, AzureAnswer(CannedError.THROTTLED_BY_NETWORK)),
    "429 of compute": (READS, AzureAnswer(CannedError.THROTTLED_BY_COMPUTE)),
    "429 busy": (WRITES, AzureAnswer(CannedError.NETWORK_BUSY)),
    "429 without Retry-After": (ALL, _says(429, "TooManyRequests")),
    "500": (ALL, AzureAnswer(CannedError.INTERNAL_ERROR)),
    "500 after commit": (WRITES, AzureAnswer(CannedError.INTERNAL_ERROR, Moment.AFTER_COMMIT)),
    "502": (ALL, _says(502, "BadGateway")),
    "503": (ALL, AzureAnswer(CannedError.SERVER_TIMEOUT)),
    "503 after commit": (WRITES, AzureAnswer(CannedError.SERVER_TIMEOUT, Moment.AFTER_COMMIT)),
    "504": (ALL, AzureAnswer(CannedError.GATEWAY_TIMEOUT)),
    "timeout before commit": (ALL, Timeout(Moment.BEFORE_COMMIT)),
    "timeout after commit": (WRITES, Timeout(Moment.AFTER_COMMIT)),
    "reset before commit": (ALL, Reset(Moment.BEFORE_COMMIT)),
    "reset after commit": (WRITES, Reset(Moment.AFTER_COMMIT)),
    "answer cut off": (ALL, TruncatedBody(40)),
    "answer takes 45 s": (ALL, SlowBody(45.0)),
    "stale read, 5 s": (READS, StaleRead(5.0)),
    "stale read, 60 s": (READS, StaleRead(60.0)),
    "being cleaned up": (WRITES, _says(400, "PrivateIPAddressIsBeingCleanedUp")),
    "operation fails": (WRITES, OperationFails()),
    "operation cancelled": (WRITES, OperationCanceled()),
    "operation superseded": (WRITES, OperationSuperseded()),
    "operation never ends": (WRITES, OperationNeverEnds()),
    "operation takes 200 s": (WRITES, OperationTakes(200.0)),
    "a stranger takes it": (WRITES, ForeignNicTakesAddress("")),
}

LASTING = (
    "403",
    "429 of network",
    "429 without Retry-After",
    "503",
    "503 after commit",
    "timeout before commit",
    "reset before commit",
    "reset after commit",
    "being cleaned up",
    "operation fails",
    "operation never ends",
)
"""Faults that are also tried from a request on for good: as long as the run lasts."""


@dataclass(frozen=True)
class Kind:
    """A kind of run."""

    strategy: Strategy
    verb: Verb
    lasting: bool
    fence: FenceRequest = NO_FENCE

    def __str__(self) -> str:
        fenced = ", fenced" if self.fence.stops else ""
        return f"{self.strategy.value}, {self.verb.value}{fenced}, {'from there on' if self.lasting else 'once'}"


@dataclass(frozen=True)
class Case:
    """One fault at one request. The seed decides how long each operation takes."""

    kind: Kind
    fault: str
    nth: int
    seed: int


@dataclass(frozen=True)
class Result:
    """What came of a case: the run, its resume (None: not needed), the resume elsewhere, and the broken promises."""

    case: Case
    finished: Finished
    resumed: Finished | None
    elsewhere: Finished
    broken: tuple[str, ...]


def kinds() -> list[Kind]:
    """Every strategy with every verb, once and lasting."""
    strategies = (Strategy.DETACH_ATTACH, Strategy.ATOMIC)
    plain = [Kind(strategy, verb, lasting) for strategy in strategies for verb in Verb for lasting in (False, True)]
    stop = FenceRequest(Fence.STOP)
    return plain + [Kind(Strategy.DETACH_ATTACH, Verb.FORCED, lasting, stop) for lasting in (False, True)]


def cases(kind: Kind) -> Iterator[Case]:
    """Each fault at each request that it can strike; the number of requests is that of the undisturbed run."""
    witness = Witness()
    undisturbed = _begin(0, witness)
    methods: list[str] = []
    witness.before = lambda request: methods.append(str(request.method))
    assert _run(undisturbed, kind).outcome is Outcome.DONE
    seed = 0
    for name, (struck, _) in FAULTS.items():
        if kind.lasting and name not in LASTING:
            continue
        for nth, method in enumerate(methods, 1):
            if method in struck:
                seed += 1
                yield Case(kind, name, nth, seed)


def play(case: Case) -> Result:
    """Run it, judge it, resume it here and elsewhere."""
    witness = Witness(limits=COARSE)
    made = _begin(case.seed, witness)
    before = {member: made.nic(member).body for member in made.setup.members}
    left: list[Lab] = []

    def after(_request: requests.PreparedRequest, _answer: requests.Response | None) -> None:
        if witness.met == case.nth:
            clock = made.lab.clock
            assert isinstance(clock, VirtualClock)
            left.append(made.lab.copy(clock.copy()))

    witness.after = after
    effect = FAULTS[case.fault][1]
    if isinstance(effect, ForeignNicTakesAddress):
        effect = ForeignNicTakesAddress(made.a.nic.text.replace("tg-node-a-inside", FOREIGN_NIC))
    times = FOREVER if case.kind.lasting else 1
    made.lab.faults.add(Fault("", "/subscriptions/", effect, nth=case.nth, times=times))
    witness.watch(made.setup, made.b)
    finished = _run(made, case.kind)
    witness.judge_end(made, finished)
    broken = [*witness.broken]
    resumed = None
    settle(made)
    if finished.resume:
        resumed = _resume(made, witness, broken)
    elsewhere = _elsewhere(left[0] if left else made.lab, case, broken)
    broken += [
        f"{member.nic.name} is not as it was apart from the floating configuration"
        for member in made.setup.members
        if not kept_apart(before[member], made.nic(member).body, made.address)
    ]
    broken += _in_the_end(made, resumed or finished)
    if case.kind.fence.stops and (resumed or finished).outcome is Outcome.DONE and not _stopped(made):
        broken.append("the address was taken from a member that was not stopped")
    _forget(made)
    return Result(case, finished, resumed, elsewhere, tuple(broken))


def _in_the_end(made: Rig, last: Finished) -> list[str]:
    """One member has it, by content and the lab's truth; else another NIC has, or the last word says what is left."""
    listing = [member for member in made.setup.members if truth(made.lab, member).lists(made.address)]
    failed = [member for member in made.setup.members if truth(made.lab, member).provisioning is Provisioning.FAILED]
    holder = made.lab.holder(made.address)
    found = []
    if holder is None or len(listing) > 1 or (listing and listing[0].nic.text != holder):
        found.append(f"in the end {holder} holds it and {[member.name for member in listing]} list it")
    if not listing and last.place.kind is not LocationKind.FOREIGN_NIC:
        found.append(f"in the end it is on no member: {last.reason}")
    if any(not any(member.nic.name in line for line in last.left) for member in failed):
        found.append(f"left in state Failed without a word: {[member.name for member in failed]}, {last.left}")
    return found


def _stopped(made: Rig) -> bool:
    power = next(power for vm, power in made.lab.vms() if vm.endswith(made.a.vm.name))
    return power in (LabPower.STOPPED, LabPower.DEALLOCATED)


def _begin(seed: int, witness: Witness) -> Rig:
    made = rig(Latency.DRAWN, seed=seed, session=witness.session)
    witness.watch(made.setup, made.b)
    return made


def _run(made: Rig, kind: Kind) -> Finished:
    return made.fail_over(verb=kind.verb, timing=COARSE, strategy=kind.strategy, fence=kind.fence, rng=seeded_random())


def _resume(made: Rig, witness: Witness, broken: list[str]) -> Finished:
    """Where it was begun, as often as it says that there is more to do, but not for ever."""
    finished: Finished | None = None
    for _ in range(3):
        told = len(witness.broken)
        witness.watch(made.setup, made.b, fresh_checks=False)
        events: list[Event] = []
        options = RunOptions(timing=COARSE, rng=seeded_random())
        finished = resume(made.services, made.setup, None, events.append, CancelToken(), options)
        assert events[-1] is finished
        witness.judge_end(made, finished)
        broken += [f"resumed: {what}" for what in witness.broken[told:]]
        settle(made)
        if not finished.resume:
            return finished
    assert finished is not None
    if finished.outcome is not Outcome.FAILED:  # a foreign interface has it: named each time
        broken.append(f"it does not come to an end: {finished.outcome.value}, {finished.reason}")
    return finished


def _elsewhere(lab: Lab, case: Case, broken: list[str]) -> Finished:
    """The machine died right after the struck request; another one resumes, knowing nothing but the cluster file."""
    witness = Witness("another machine", limits=COARSE)
    made = rig(lab=lab, session=witness.session)
    if case.seed % 2:
        settle(made)
    made.lab.faults.clear()
    witness.watch(made.setup, made.b)
    events: list[Event] = []
    options = RunOptions(timing=COARSE, rng=seeded_random())
    finished = resume(made.services, made.setup, made.b, events.append, CancelToken(), options)
    assert events[-1] is finished
    witness.judge_end(made, finished)
    broken += witness.broken
    _forget(made)
    return finished


def seeded_random() -> random.Random:
    """Pauses that are the same every time."""
    return random.Random(0)  # noqa: S311 - pauses, no secret


def _forget(made: Rig) -> None:
    with contextlib.suppress(OSError):
        shutil.rmtree(made.services.state_dir)


COLUMNS = ["cases", "done", "refused", "failed", "unknown", "yielded", "resumed", "elsewhere", "broken"]


def table(kind: Kind, results: list[Result]) -> Table:
    """For each fault: how many cases, how they ended, how many were resumed, done elsewhere, broken."""
    outcomes = (Outcome.DONE, Outcome.REFUSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.YIELDED)
    rows: dict[str, list[int]] = {}
    seeds: dict[str, list[int]] = {}
    for fault in dict.fromkeys(result.case.fault for result in results):
        mine = [result for result in results if result.case.fault == fault]
        rows[fault] = [
            len(mine),
            *(sum(item.finished.outcome is outcome for item in mine) for outcome in outcomes),
            sum(item.resumed is not None for item in mine),
            sum(item.elsewhere.outcome is Outcome.DONE for item in mine),
            sum(bool(item.broken) for item in mine),
        ]
        numbers = [item.case.seed for item in mine]
        seeds[fault] = [min(numbers), max(numbers)]
    return part(f"fault matrix: {kind}", COLUMNS, rows, seeds)


def told(result: Result) -> str:
    """A broken case in words, enough to play it again."""
    case = result.case
    head = f"{case.kind}: {case.fault} at request {case.nth}, seed {case.seed}"
    return f"{head}: {result.finished.outcome.value}, {result.finished.reason} BROKEN: {'; '.join(result.broken)}"
