"""The network matrix: what networks do to answers, at each phase of a run, over real sockets and on the real clock.

Between the program and the lab stands a ``Front`` (tests/front.py). A case is a run with one fault, once or from there
on; then the network is whole again and what is left is resumed. It is judged by a ``Witness`` on the program's side and
by what came in at the front and at the stranger that bad answers point to. Every limit is a few seconds; engine,
adapters, SDK and TLS are the program's own.
"""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path

from tests.engine.failover.matrix import seeded_random
from tests.engine.failover.promises import Witness, holders
from tests.front import Came, Exchange, Front, Treatment, answer, drips, resets, says, stalls
from tests.guards.tables import Table, part
from tests.rig import Rig, inline_journal
from tgwizard.app.adapters import LabClock, lab_sign_in, lab_tokens
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.bounded_http import Timeouts, bounded_session
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential
from tgwizard.engine.access.write_probe import IMPOSSIBLE_ETAG
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.resume import resume
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.files.cluster_file import load_cluster
from tgwizard.engine.jobs import JobQueue
from tgwizard.engine.runs.job_services import Services
from tgwizard.lab.faults.fault_rules import Fault, OperationTakes
from tgwizard.lab.fronts.certificates import Certificates
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, Finished

LIMITS = Timeouts(connect_s=2.0, read_s=2.0, page_s=2.5, write_s=3.0)
TAKES_S = 0.4
"""How long each update of an interface takes: long enough to be polled."""

TIMING = FailoverTiming(
    poll_s=0.1,
    slow_poll_s=0.3,
    step_s=15.0,
    forced_step_s=15.0,
    settle_s=10.0,
    silence_s=10.0,
    free_s=10.0,
    retry_s=0.3,
    longest_retry_s=1.5,
    fresh_read_s=5.0,
    refresh_s=1.5,
    fresh_preflight_s=60.0,
    quiet_s=1.0,
    longest_call_s=30.0,
    answer_s=1.0,
    look_s=20.0,
)

BOUND_S = 90.0
"""In which a run ends whatever the network does: the looks and checks before it, its steps, and the silence at its
end, each bounded by the limits above; the rest is for a machine that does other things meanwhile."""


class Phase(Enum):
    """Which request of a run is struck."""

    FIRST_READ = "first read"
    FIRST_VM = "first read of a VM"
    RIGHTS = "list of rights"
    PROBE = "may it be written"
    DETACH = "detach"
    GAP = "poll in the gap"
    ATTACH = "attach"
    GAIN = "poll after the attach"
    PROOF = "end proof"
    RESUME_READ = "resume: first read"
    RESUME_SEARCH = "resume: who else has it"
    RESUME_ATTACH = "resume: attach"

    @property
    def resumed(self) -> bool:
        """Whether the run is a resume of an address on no interface, without a journal."""
        return self in (Phase.RESUME_READ, Phase.RESUME_SEARCH, Phase.RESUME_ATTACH)


LISTS = (Phase.RIGHTS, Phase.RESUME_SEARCH)
WRITES = (Phase.DETACH, Phase.ATTACH, Phase.RESUME_ATTACH)


def _page(status: int, **headers: str) -> bytes:
    return answer(status, "<html><title>Proxy</title>Sign in first</html>", Content_Type="text/html", **headers)


def _trouble(status: int, **headers: str) -> bytes:
    return answer(status, {"error": {"code": "Trouble", "message": "Not now."}}, **headers)


@cache
def _bomb() -> bytes:
    return answer(200, gzip.compress(b" " * (64 * 1024 * 1024), 1), Content_Encoding="gzip")


def _oversize(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 209715200\r\n\r\n")
    for _ in range(200):
        exchange.send(b" " * 1024 * 1024)


def _shortened(exchange: Exchange) -> None:
    """The connection ends in the middle of the honest answer."""
    content = exchange.honest()
    exchange.send(content[: len(content) * 2 // 3])
    raise ConnectionAbortedError


def _length(change: int) -> Treatment:
    """The honest answer under a wrong Content-Length."""

    def treat(exchange: Exchange) -> None:
        head, _, body = exchange.honest().partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        wrong = b"Content-Length: %d" % max(0, len(body) + change)
        exchange.send(b"\r\n".join([*lines, wrong, b"Connection: close"]) + b"\r\n\r\n" + body)
        raise ConnectionAbortedError

    return treat


def _with_link(link: Callable[[Exchange], str]) -> Treatment:
    """The honest page of a list, with a next one."""

    def treat(exchange: Exchange) -> None:
        body = json.loads(exchange.honest().partition(b"\r\n\r\n")[2])
        exchange.send(answer(200, {**body, "nextLink": link(exchange)}))

    return treat


def _moved(*, after: bool = False) -> Treatment:
    """A redirection to the stranger."""

    def treat(exchange: Exchange) -> None:
        if after:
            exchange.honest()
        exchange.send(_page(302, Location=f"{exchange.front.elsewhere}/subscriptions/moved"))

    return treat


def _not_http(exchange: Exchange) -> None:
    exchange.send(b"SSH-2.0-OpenSSH_9.2\r\n")
    exchange.stall()


ANY: dict[str, Treatment] = {
    "reset": resets(),
    "stall": stalls(),
    "drip of the head": drips(0.2),
    "drip of the body": drips(0.1, body_only=True),
    "HTML 200": says(_page(200)),
    "HTML 403": says(_page(403)),
    "HTML 407": says(_page(407)),
    "HTML 502": says(_page(502)),
    "redirect": _moved(),
    "deep JSON": says(answer(200, "[" * 20_000 + "]" * 20_000)),
    "gzip bomb": lambda exchange: exchange.send(_bomb()),
    "oversize": _oversize,
    "shortened": _shortened,
    "length too long": _length(+100),
    "length too short": _length(-20),
    "no object": says(answer(200, [1, 2])),
    "nothing": says(answer(200, b"")),
    "not HTTP": _not_http,
    "408": says(_trouble(408)),
    "409": says(_trouble(409)),
    "429": says(_trouble(429)),
    "429, Retry-After 1": says(_trouble(429, Retry_After="1")),
    "429, Retry-After 999999": says(_trouble(429, Retry_After="999999")),
    "500": says(_trouble(500)),
    "502": says(_trouble(502)),
    "503": says(_trouble(503, Retry_After="1")),
    "504": says(_trouble(504)),
}
"""What strikes any request."""

AFTER: dict[str, Treatment] = {
    "reset, after it counted": resets(after=True),
    "stall, after it counted": stalls(after=True),
    "HTML 200, after it counted": says(_page(200), after=True),
    "HTML 403, after it counted": says(_page(403), after=True),
    "redirect, after it counted": _moved(after=True),
    "deep JSON, after it counted": says(answer(200, "[" * 20_000 + "]" * 20_000), after=True),
    "nothing, after it counted": says(answer(200, b""), after=True),
    "403 without words, after it counted": says(answer(403, {}), after=True),
    "500, after it counted": says(_trouble(500), after=True),
    "504, after it counted": says(_trouble(504), after=True),
}
"""What strikes the answer to a write that was done."""

PAGES: dict[str, Treatment] = {
    "next page elsewhere": _with_link(lambda exchange: f"{exchange.front.elsewhere}/subscriptions/more?page=2"),
    "next page is itself": _with_link(lambda exchange: f"{exchange.front.url}{exchange.came.target}"),
    "next page over http": _with_link(lambda exchange: exchange.front.url.replace("https", "http") + "/more"),
    "value is no list": says(answer(200, {"value": {"a": 1}})),
    "null entries": says(answer(200, {"value": [None, 1, "x", []]})),
}
"""What strikes lists."""

LASTING = ("stall", "HTML 403", "deep JSON", "429, Retry-After 999999", "503", "redirect")
"""From there on, for every request of the run."""


@dataclass(frozen=True)
class Case:
    """One run."""

    phase: Phase
    fault: str
    verb: Verb
    lasting: bool = False

    @property
    def treatment(self) -> Treatment:
        """What is done to the struck request."""
        return (ANY | AFTER | PAGES)[self.fault]

    def __str__(self) -> str:
        return f"{self.phase.value}: {self.fault}{', from there on' if self.lasting else ''} ({self.verb.value})"


def cases() -> Iterator[Case]:
    """Each fault at each phase where it can strike, graceful and forced by turns; some of them for good."""
    for number, phase in enumerate(Phase):
        faults = [*ANY, *(AFTER if phase in WRITES else ()), *(PAGES if phase in LISTS else ())]
        for place, fault in enumerate(faults):
            yield Case(phase, fault, list(Verb)[(number + place) % 2])
    for phase in (Phase.FIRST_READ, Phase.GAP, Phase.ATTACH, Phase.PROOF):
        for fault in LASTING:
            yield Case(phase, fault, Verb.FORCED, lasting=True)


@dataclass
class Result:
    """A played case: how the struck run ended and after how long, and the end of the last resume, if there was one."""

    case: Case
    finished: Finished
    seconds: float
    resumed: Finished | None
    broken: tuple[str, ...]


@dataclass
class _Network:
    """Which request is the one to strike. ``armed`` until the struck run has ended."""

    case: Case
    made: Rig
    armed: bool = True
    struck: list[Came] = field(default_factory=list)
    _puts: int = 0

    def treat(self, came: Came) -> Treatment | None:
        """The fault, for the request that the case is about."""
        probe = came.method == "PUT" and came.header("If-Match") == IMPOSSIBLE_ETAG
        hit = self.armed and (self._is_it(came, probe) or (bool(self.struck) and self.case.lasting))
        if came.method == "PUT" and not probe:
            self._puts += 1
        if not hit:
            return None
        self.struck.append(came)
        return self.case.treatment

    def _is_it(self, came: Came, probe: bool) -> bool:
        if self.struck:
            return False
        nic_a, nic_b = self.made.a.nic.key, self.made.b.nic.key
        nic = came.path in (nic_a, nic_b)
        writes = came.method == "PUT" and nic and not probe
        reads = came.method == "GET"
        match self.case.phase:
            case Phase.FIRST_READ | Phase.RESUME_READ:
                return reads and nic
            case Phase.FIRST_VM:
                return reads and "/virtualmachines/" in came.path
            case Phase.RIGHTS:
                return reads and came.path.endswith("/permissions")
            case Phase.PROBE:
                return probe
            case Phase.DETACH | Phase.RESUME_ATTACH:
                return writes and self._puts == 0
            case Phase.GAP:
                return reads and nic and self._puts == 1
            case Phase.ATTACH:
                return writes and self._puts == 1
            case Phase.GAIN:
                return reads and came.path == nic_b and self._puts == 2
            case Phase.PROOF:
                return reads and came.path == nic_a and self._puts == 2
            case Phase.RESUME_SEARCH:
                return reads and came.path.endswith("/providers/microsoft.network/networkinterfaces")


def play(case: Case, files: Certificates) -> Result:
    """Play one case and judge it."""
    lab = Lab.from_scenario("ready", clock=LabClock(), latency=Latency.INSTANT)
    state = Path(tempfile.mkdtemp(prefix="tgwizard-network-"))
    witness = Witness(limits=TIMING)
    with Front(files.server, lab) as front, Front(files.server) as stranger:
        made = _rig(lab, front, files, witness, state)
        try:
            if case.phase.resumed:
                _take_away(made)
            lab.faults.add(Fault("PUT", "/networkInterfaces/", OperationTakes(TAKES_S), times=None))
            network = _Network(case, made)
            front.treat, front.elsewhere = network.treat, stranger.url
            return _played(case, made, witness, network, (front, stranger))
        finally:
            azure = made.services.azure
            assert isinstance(azure, ArmPorts)
            azure.close()
            shutil.rmtree(state, ignore_errors=True)


def _played(case: Case, made: Rig, witness: Witness, network: _Network, fronts: tuple[Front, Front]) -> Result:
    witness.watch(made.setup, made.b)
    begun = time.monotonic()
    options = RunOptions(timing=TIMING, rng=seeded_random())
    events: list[Event] = []
    if case.phase.resumed:
        finished = resume(made.services, made.setup, made.b, events.append, CancelToken(), options)
    else:
        finished = fail_over(made.services, made.setup, made.b, case.verb, events.append, CancelToken(), options)
    seconds = time.monotonic() - begun
    network.armed = False
    broken = [] if events[-1] is finished else ["the last event is not the end"]
    witness.judge_end(made, finished)
    if not network.struck:
        broken.append("the case struck nothing")
    if seconds > BOUND_S:
        broken.append(f"it took {seconds:.0f} s")
    resumed = _resumed(made, witness) if finished.resume else None
    broken += _in_the_end(case, made, finished, resumed)
    broken += _on_the_wire(network, *fronts)
    return Result(case, finished, seconds, resumed, (*broken, *witness.broken))


def _resumed(made: Rig, witness: Witness) -> Finished:
    """The network is whole again: what is left is brought to its end."""
    finished: Finished | None = None
    for _ in range(3):
        witness.watch(made.setup, made.b, fresh_checks=False)
        options = RunOptions(timing=TIMING, rng=seeded_random())
        finished = resume(made.services, made.setup, None, lambda _event: None, CancelToken(), options)
        witness.judge_end(made, finished)
        if not finished.resume:
            break
    assert finished is not None
    return finished


def _in_the_end(case: Case, made: Rig, finished: Finished, resumed: Finished | None) -> Iterator[str]:
    last = resumed or finished
    holding = holders(made)
    stays = case.phase.resumed and last.outcome is Outcome.REFUSED
    if len(holding) != (0 if stays else 1):
        yield f"in the end {holding} hold it: {last.outcome.value}, {last.reason}"
    if not case.lasting and case.phase not in WRITES and finished.outcome is not Outcome.DONE:
        yield f"one bad answer to a read and it did not arrive: {finished.outcome.value}, {finished.reason}"
    if last.outcome is Outcome.UNKNOWN:
        yield "unknown although the network is whole"
    if "error of its own" in f"{finished.reason} {last.reason}":
        yield "an internal error"


def _on_the_wire(network: _Network, front: Front, stranger: Front) -> Iterator[str]:
    """By what came in: nothing at the stranger, no write twice, and none after a struck one without a reading."""
    if stranger.came:
        token = any(item.header("Authorization") for item in stranger.came)
        yield f"the stranger was asked {len(stranger.came)} times{', with a token' if token else ''}"
    sent = [item.header("x-ms-client-request-id") for item in front.requests("PUT")]
    if len(set(sent)) < len(sent) or not all(sent):
        yield "a write was sent twice, or without an id of its own"
    unread: set[str] = set()
    for item in front.requests(path="/networkinterfaces/"):
        if item.method == "GET":
            unread.discard(item.path)
        elif item.method == "PUT" and item.header("If-Match") != IMPOSSIBLE_ETAG:
            if item.path in unread:
                yield f"a write of {item.path} after one whose answer was bad, and no reading between them"
            if any(item is struck for struck in network.struck):
                unread.add(item.path)


def _take_away(made: Rig) -> None:
    """The address is on no interface."""
    nic = made.nic(made.a)
    kept = [item for item in nic.configurations if item is not nic.find(made.address)]
    made.edit(made.a, lambda body: body["properties"].update(ipConfigurations=kept))


def _rig(lab: Lab, front: Front, files: Certificates, witness: Witness, state: Path) -> Rig:
    name, text = next(iter(lab.cluster_tomls().items()))
    file = state / f"{name}.toml"
    file.write_text(text)
    setup = load_cluster(file, lab.cloud)
    carrier = bounded_session()
    carrier.trust_env, carrier.verify = False, str(files.ca)
    http = witness.session(lab, carrier.get_adapter("https://"))
    tokens, jobs, clock = lab_tokens(lab), JobQueue(), LabClock()
    session = AzureSession(HeldCredential(tokens), front.url, http=http, ca=str(files.ca), lab=True, limits=LIMITS)
    azure = ArmPorts(session)
    services = Services(
        azure, clock, jobs, state, lab.cloud, lab_sign_in(azure, lab.cloud, tokens, jobs), inline_journal
    )
    return Rig(lab, clock, setup, services, lab_session(lab))


COLUMNS = ["cases", "done", "refused", "failed", "unknown", "yielded", "resumed", "broken"]


def table(results: list[Result]) -> Table:
    """For each phase: how many cases, how they ended, how many were resumed, broken."""
    outcomes = (Outcome.DONE, Outcome.REFUSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.YIELDED)
    rows: dict[str, list[int]] = {}
    for phase in Phase:
        mine = [result for result in results if result.case.phase is phase]
        rows[phase.value] = [
            len(mine),
            *(sum(item.finished.outcome is outcome for item in mine) for outcome in outcomes),
            sum(item.resumed is not None for item in mine),
            sum(bool(item.broken) for item in mine),
        ]
    return part("network matrix", COLUMNS, rows, {name: [0, 0] for name in rows})


def told(result: Result) -> str:
    """A broken case in words."""
    finished = result.finished
    return f"{result.case}: {finished.outcome.value}, {finished.reason} BROKEN: {'; '.join(result.broken)}"
