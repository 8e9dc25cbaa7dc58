"""The promises of a failover, watched from outside: on the wire of each operator, and in the lab's truth.

Nothing here asks the engine. A ``Witness`` stands between one operator's SDK and the lab, sees what was read and what
is about to be written, and notes every broken promise in words. Crash table, fault matrix and state machine share it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import BaseAdapter

from tests.rig import Rig
from tgwizard.engine.access.write_probe import IMPOSSIBLE_ETAG
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.lab.fronts.in_process import LabAdapter
from tgwizard.lab.lab import Lab
from tgwizard.lab.world import OperationStatus
from tgwizard.model.cluster import Member
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Finished
from tgwizard.model.nic import NicDocument, NicDocumentError, Provisioning
from tgwizard.model.snapshot import LocationKind

Body = Mapping[str, Any]


class Tap(BaseAdapter):
    """Between the SDK and what carries to the lab: tells of each request before and after it was carried."""

    def __init__(self, inner: BaseAdapter, before: Callable[[Any], None], after: Callable[[Any, Any], None]) -> None:
        super().__init__()
        self._inner, self._before, self._after = inner, before, after

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self._before(request)
        answer: requests.Response | None = None
        try:
            answer = self._inner.send(request, **options)
            return answer
        finally:
            self._after(request, answer)

    def close(self) -> None:
        """Nothing is held open."""


@dataclass
class Witness:
    """Watches one operator. ``limits``: the seconds that its runs go by."""

    name: str = "operator"
    limits: FailoverTiming = field(default_factory=FailoverTiming)
    broken: list[str] = field(default_factory=list)
    accepted: int = 0
    met: int = 0
    before: Callable[[requests.PreparedRequest], None] = lambda _request: None
    after: Callable[[requests.PreparedRequest, requests.Response | None], None] = lambda _request, _answer: None
    _lab: Lab | None = None
    _setup: ClusterSetup | None = None
    _to: Member | None = None
    _asked_for: Member | None = None
    _bodies: dict[tuple[str, str], Body] = field(default_factory=dict)
    _read_at: dict[str, float] = field(default_factory=dict)
    _latest: dict[str, Body] = field(default_factory=dict)
    _probed_at: float | None = None
    _wrote: bool = False
    _attached: bool = False
    _moves: set[str] = field(default_factory=set)
    _ids: set[str] = field(default_factory=set)

    def session(self, lab: Lab, inner: BaseAdapter | None = None) -> requests.Session:
        """The HTTP session for the operator's SDK: in process, or over another carrier."""
        self._lab = lab
        made = requests.Session()
        made.trust_env = False
        made.mount("https://", Tap(inner or LabAdapter(lab), self._sent, self._answered))
        return made

    def watch(
        self, setup: ClusterSetup, to: Member, *, fresh_checks: bool = True, asked_for: Member | None = None
    ) -> None:
        """A run to this member begins; a resumed one (``fresh_checks`` False) wrote before it was interrupted.

        ``asked_for``: the member that a resume of it is told to bring the address to.
        """
        self._setup, self._to, self._asked_for = setup, to, asked_for or to
        self._wrote, self._attached = not fresh_checks, not fresh_checks
        self._moves = set()

    # -- on the wire --------------------------------------------------------------------------------------------------

    def _sent(self, request: requests.PreparedRequest) -> None:
        self.met += 1
        handed_over = (
            self._now()
        )  # what happens to a request on its way is no program's to prevent: If-Match is for that
        self.before(request)
        if request.method == "PUT" and self._nic(request) is not None:
            if _header(request, "If-Match") == IMPOSSIBLE_ETAG:
                self._probed_at = self._now()
            else:
                self._judge_put(request, handed_over)
        elif request.method == "POST" and _path(request).endswith("/moveipconfigurations"):
            self._judge_move(request, handed_over)

    def _answered(self, request: requests.PreparedRequest, answer: requests.Response | None) -> None:
        if answer is not None and answer.status_code in (200, 201, 202):
            nic = self._nic(request)
            body = _json(answer)
            if request.method == "GET" and nic is not None and body is not None and "etag" in body:
                key = nic.nic.key
                self._bodies[key, str(body["etag"])] = self._latest[key] = body
                self._read_at[key] = self._now()
            elif request.method in ("PUT", "POST") and (nic is not None or "moveip" in _path(request)):
                self.accepted += 1
        self.after(request, answer)

    def _judge_put(self, request: requests.PreparedRequest, now: float) -> None:
        nic, etag, body = self._nic(request), _header(request, "If-Match"), json.loads(request.body or b"{}")
        assert nic is not None
        assert self._setup is not None
        self._judge_id(request)
        if not etag:
            self._note(f"an unconditional write of {nic.name}")
            return
        read = self._bodies.get((nic.nic.key, etag))
        if read is None:
            self._note(f"a write of {nic.name} bound to a version that was never read")
            return
        if _foreign(body, self._address) != _foreign(read, self._address):
            self._note(f"a write of {nic.name} changes more than the floating configuration")
        other = self._setup.other(nic)
        lists = _lists(body, self._address)
        gains = lists and not _lists(read, self._address)
        back = nic != self._to and not self._attached
        self._judge_age([nic] if back and lists else [nic, other], now)
        if gains and _lists(self._latest.get(other.nic.key, {}), self._address):
            self._note(f"an attach to {nic.name} although {other.name} was last read to have the address")
        self._attached = self._attached or (lists and nic == self._to)
        self._wrote = True

    def _judge_move(self, request: requests.PreparedRequest, now: float) -> None:
        assert self._setup is not None
        self._judge_id(request)
        self._judge_age(list(self._setup.members), now)
        text = str(request.body)
        if self._moves:
            self._note("a second move in one call by the same run")
        self._moves.add(text)
        self._wrote = self._attached = True

    def _judge_id(self, request: requests.PreparedRequest) -> None:
        sent = _header(request, "x-ms-client-request-id")
        if not sent or sent in self._ids:
            self._note("a write without a request id of its own")
        self._ids.add(sent)

    def _judge_age(self, members: list[Member], now: float) -> None:
        for member in members:
            read_at = self._read_at.get(member.nic.key)
            if read_at is None or now - read_at > self.limits.fresh_read_s + 0.001:
                self._note(
                    f"a late write: {member.name} was read {'never' if read_at is None else now - read_at} s ago"
                )
        checked = self._probed_at
        if not self._wrote and (checked is None or now - checked > self.limits.fresh_preflight_s + 0.001):
            self._note("a first write without a preflight of the last two minutes")

    # -- at the end ---------------------------------------------------------------------------------------------------

    def judge_end(self, made: Rig, finished: Finished, accepted_before: int = 0) -> None:
        """Whether the last event names the truth, as the lab knows it at that moment."""
        listing = [member for member in made.setup.members if truth(made.lab, member).lists(made.address)]
        holding = holders(made)
        place, outcome = finished.place, finished.outcome
        wrote = self.accepted > accepted_before
        if outcome is Outcome.DONE:
            settled = holding == [self._asked_for.name] if self._asked_for else False
            if not settled or listing != [self._asked_for] or place.member != self._asked_for:
                self._note(f"done, but {holding} hold it and {place.member} is named")
        if outcome in (Outcome.REFUSED, Outcome.CANCELLED) and wrote and not finished.rolled_back:
            self._note(f"{outcome.value}, but something was written")
        if outcome in (Outcome.FAILED, Outcome.YIELDED, Outcome.CANCELLED):
            named = {
                LocationKind.MEMBER: [place.member],
                LocationKind.ATTACHING: [place.member],
                LocationKind.RELEASING: [place.member],
                LocationKind.NO_NIC: [],
                LocationKind.FOREIGN_NIC: [],
            }.get(place.kind)
            released = place.kind is LocationKind.RELEASING and not listing
            if named is not None and named != listing and not released:
                self._note(f"{outcome.value} with {place.kind.value} {place.member}, but {listing} list it")
        if outcome is Outcome.UNKNOWN and not finished.resume:
            self._note("unknown without a way to go on")
        if not listing and outcome is not Outcome.REFUSED and not finished.resume and place.kind is LocationKind.NO_NIC:
            self._note("the address is on no interface and no way to go on is named")
        self.judge_truth(made.lab, made.address)

    def judge_words(self, finished: Finished) -> None:
        """Whether the last event agrees with what this operator itself read last: others may have acted since."""
        assert self._setup is not None
        listing = [
            member for member in self._setup.members if _lists(self._latest.get(member.nic.key, {}), self._address)
        ]
        wanted = self._asked_for
        if finished.outcome is Outcome.DONE and (listing != [wanted] or finished.place.member != wanted):
            self._note(f"done, but it read {[member.name for member in listing]}")
        if finished.outcome is Outcome.UNKNOWN and not finished.resume:
            self._note("unknown without a way to go on")

    def judge_truth(self, lab: Lab, address: str) -> None:
        """Never two holders (engine/README.md 1.1)."""
        if overlaps(lab, address):
            self._note("two held the address at once")

    # -- small things -------------------------------------------------------------------------------------------------

    @property
    def _address(self) -> str:
        assert self._setup is not None
        return str(self._setup.address)

    def _now(self) -> float:
        assert self._lab is not None
        return self._lab.clock.monotonic()

    def _nic(self, request: requests.PreparedRequest) -> Member | None:
        if self._setup is None:
            return None
        path = _path(request)
        return next((member for member in self._setup.members if path == member.nic.key), None)

    def _note(self, what: str) -> None:
        self.broken.append(f"{self.name}: {what}")


def overlaps(lab: Lab, address: str) -> bool:
    """Whether two interfaces ever held the address at the same time, by the lab's truth."""
    spans = sorted(
        ((item.since, item.until) for item in lab.holdings if item.address == address), key=lambda span: span[0]
    )
    return any(first[1] is None or first[1] > second[0] for first, second in itertools.pairwise(spans))


def truth(lab: Lab, member: Member) -> NicDocument:
    """A member's interface as the lab has it, past every fault."""
    return NicDocument.parse(lab.resource(member.nic.text) or {})


def holders(made: Rig) -> list[str]:
    """Names of the members that list the address and are settled, past every fault."""
    seen = [(member.name, truth(made.lab, member)) for member in made.setup.members]
    return [name for name, nic in seen if nic.lists(made.address) and nic.provisioning is Provisioning.SUCCEEDED]


def settle(made: Rig) -> None:
    """Faults stop, time goes by, and what would never end is brought to its end by Azure."""
    made.lab.faults.clear()
    made.clock.sleep(1200)
    now = made.lab.clock.wall()
    for operation in made.lab._world.operations.values():
        if operation.status is OperationStatus.IN_PROGRESS and operation.ends is None:
            operation.ends = now
    made.clock.sleep(60)


def kept_apart(before: Body, after: Body, address: str) -> bool:
    """Whether an interface is as it was, give or take the floating configuration, versions and states."""
    return bool(_plain(_foreign(before, address)) == _plain(_foreign(after, address)))


def _foreign(body: Body, address: str) -> Any:
    try:
        document = NicDocument.parse(body)
    except NicDocumentError:
        return body
    found = document.find(address)
    return (document.without_item(found) if found is not None else document).body


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if key not in ("etag", "provisioningState")}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _lists(body: Body, address: str) -> bool:
    try:
        return NicDocument.parse(body).lists(address)
    except NicDocumentError:
        return False


def _json(answer: requests.Response) -> dict[str, Any] | None:
    """The body, looked at without taking it from the one it is for; None when it will not arrive whole."""
    try:
        raw: Any = answer.raw
        found = json.loads(raw._fp.getvalue())
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _header(request: requests.PreparedRequest, name: str) -> str:
    return str(request.headers.get(name, ""))


def _path(request: requests.PreparedRequest) -> str:
    url = (request.url or "").split("?", maxsplit=1)[0]
    return "/" + url.split("/", maxsplit=3)[-1].lower()
