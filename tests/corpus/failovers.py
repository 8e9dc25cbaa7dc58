"""Failovers of every kind: their journals finished, and what is left of each when the program stops at any step."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import requests

from tests.corpus.sqlite_text import line_of, record_of, restored, text_of
from tests.corpus.steady import Renamer, drawn_in_order
from tests.corpus.worlds import CHANGES, WORLD, Chronicle, lab_at, seconds
from tests.engine.failover.crash import COARSE, tapped
from tests.engine.failover.promises import overlaps
from tests.rig import Rig, inline_journal, rig
from tgwizard.engine.failover.resume import resume
from tgwizard.engine.failover.run import RunOptions
from tgwizard.engine.observe import Observer
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.records import FAILOVER_RECORDS
from tgwizard.lab.clock import Cancellable, VirtualClock
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import AzureAnswer, Effect, Fault, FaultAnswer, Moment, Reset
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import ClusterIdentity, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, Finished, HolderObserved
from tgwizard.model.failover_options import Fence, FenceRequest, Strategy
from tgwizard.model.snapshot import LocationKind
from tgwizard.model.verdict import assess

DENIED = json.dumps(
    {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}}
)  # as a refusal reads
WRITES = ("PUT", "POST")
DICE = partial(random.Random, 7)
"""Pauses between repeated writes are drawn; here they are the same every time."""
WAITED_S = 900.0
"""After this long nothing that was on its way arrives any more."""
JOURNAL, STOPS, ENDS, SQLITE = "journal.jsonl", "stops.jsonl", "ends.jsonl", "journal.sqlite"
_TAIL_EVERY = 9


def kept_tail(number: int, added: str) -> str:
    """What is kept of the records that going on from a stop added: of one stop in nine, to be read and compared."""
    return added if number % _TAIL_EVERY == 1 else ""


"""Of each so manieth stop the records that resuming adds are kept whole; of all others only their kinds."""


def nothing(_made: Rig) -> None:
    """No preparation."""


def fault(method: str, part: str, effect: Effect, **more: Any) -> Callable[[Rig], None]:
    """A preparation: that happens to that request."""
    return lambda made: _add(made, Fault(method, part, effect, **more))


def _add(made: Rig, rule: Fault) -> None:
    made.lab.faults.add(rule)


def answers_lost(made: Rig) -> None:
    """Neither the detach's nor the attach's answer arrives."""
    for part in ("tg-node-a-inside", "tg-node-b-inside"):
        _add(made, Fault("PUT", part, Reset(Moment.AFTER_COMMIT), nth=2))


def cancelled(made: Rig) -> None:
    """The run is cancelled once the detach is on its way."""

    class Ears(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, HolderObserved) and event.place.kind is LocationKind.RELEASING:
                made.token.cancel()

    made.events = Ears()


def watched(made: Rig) -> None:
    """The monitor has seen a verdict before."""
    services = made.services
    snapshot = Observer(services.azure, services.clock, made.setup).look()
    with closing(services.journal(made.setup)) as journal:
        journal.verdict_changed(services.clock.wall(), assess(snapshot))


def machine_off(made: Rig) -> None:
    """The member that gets the address is switched off."""
    made.call("POST", f"/lab/vms/{made.b.vm.name}/stop")
    made.call("POST", f"{made.b.vm.text}/deallocate").raise_for_status()
    made.clock.sleep(120)


@dataclass
class Story:
    """One kind of run. ``acts``: what others do when the run has waited that often. ``own``: the lab's own pair."""

    verb: Verb = Verb.GRACEFUL
    prepare: Callable[[Rig], None] = nothing
    options: dict[str, Any] = field(default_factory=dict)
    acts: dict[int, Callable[[Rig], None]] = field(default_factory=dict)
    own: bool = True


def tagged(made: Rig) -> None:
    """Someone gives the gaining interface a tag."""
    made.edit(made.b, lambda body: body.setdefault("tags", {}).update(owner="someone-else"))


def members_detach(made: Rig) -> None:
    """A member takes its configuration off."""

    def remove(body: dict[str, Any]) -> None:
        kept = body["properties"]["ipConfigurations"]
        kept[:] = [item for item in kept if item["properties"]["privateIPAddress"] != made.address]

    made.edit(made.a, remove)


def members_attach(made: Rig) -> None:
    """The other member puts its own on."""
    configuration = made.nic(made.b).new_configuration("tg-own", made.address, made.setup.carried)
    made.edit(made.b, lambda body: body["properties"]["ipConfigurations"].append(dict(configuration)))


STOP = FenceRequest(Fence.STOP)
STORIES = {
    "graceful": Story(prepare=watched),
    "forced": Story(Verb.FORCED),
    "forced-fenced": Story(Verb.FORCED, options={"fence": STOP}),
    "forced-fence-optional": Story(
        Verb.FORCED,
        fault("POST", "powerOff", FaultAnswer(403, DENIED), times=None),
        {"fence": replace(STOP, optional=True)},
    ),
    "forced-to-dead-machine": Story(Verb.FORCED, machine_off, {"to_dead_machine": True}),
    "atomic": Story(options={"strategy": Strategy.ATOMIC}),
    "atomic-forced": Story(Verb.FORCED, options={"strategy": Strategy.ATOMIC}),
    "atomic-refused": Story(
        prepare=fault("POST", "moveIpConfigurations", AzureAnswer(CannedError.NETWORK_BUSY)),
        options={"strategy": Strategy.ATOMIC},
    ),
    "atomic-answer-lost": Story(
        prepare=fault("POST", "moveIpConfigurations", Reset(Moment.AFTER_COMMIT)),
        options={"strategy": Strategy.ATOMIC},
    ),
    "attach-denied": Story(prepare=fault("PUT", "tg-node-b-inside", FaultAnswer(403, DENIED), nth=2)),
    "answers-lost": Story(prepare=answers_lost),
    "cancelled": Story(prepare=cancelled),
    "changed-by-others": Story(acts={1: tagged}),
    "guided": Story(options={"strategy": Strategy.GUIDED}, acts={5: members_detach, 12: members_attach}, own=False),
}


class Peopled(VirtualClock):
    """A clock on which others act: each act once, when the run has waited that often."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: dict[int, Callable[[], None]] = {}
        self._waits = 0

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        super().sleep(seconds, cancel)
        self._waits += 1
        self.acts.pop(self._waits, lambda: None)()


@dataclass(frozen=True)
class Stop:
    """Where a run stopped: how much of journal and world there is, and when that was."""

    after: str
    records: int
    lines: int
    at_s: float


@dataclass(frozen=True)
class Resumed:
    """How bringing it to its end went, and the records that this added.

    Two outcomes where the first was that it is not known yet: a move whose answer was lost may still be applied.
    """

    outcomes: tuple[str, ...]
    holder: str
    reason: str
    added: tuple[str, ...]


@dataclass
class Recorder:
    """Plays a story and notes a stop at each record of the journal and at each answer to a write."""

    folder: Path
    story: Story
    stops: list[Stop] = field(default_factory=list)
    _records: int = 0
    _began: bool = False
    _made: Rig | None = None

    def play(self) -> Finished:
        """From the beginning to the end."""
        clock = Peopled()
        lab = Lab.from_scenario("ready", clock=clock)
        self.chronicle = Chronicle(self.folder, lab)
        made = rig(
            lab=lab,
            clock=clock,
            state=self.folder / "state",
            session=tapped(lambda _request: None, self._answered),
            open_journal=self._journal,
        )
        self._made = made if self.story.own else replace(made, setup=replace(made.setup, cloud="public"))
        clock.acts = {at: partial(self._act, act) for at, act in self.story.acts.items()}
        self.story.prepare(self.made)
        options = {"timing": COARSE, "strategy": Strategy.DETACH_ATTACH, "rng": DICE(), **self.story.options}
        return self.made.fail_over(verb=self.story.verb, **options)

    def _act(self, act: Callable[[Rig], None]) -> None:
        act(self.made)

    @property
    def made(self) -> Rig:
        """The rig."""
        assert self._made is not None
        return self._made

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.made.services.journal_file(self.made.setup)

    def _journal(self, path: Path, identity: ClusterIdentity) -> FailoverJournal:
        journal = inline_journal(path, identity)
        journal.on_commit = lambda _durability: self._committed()
        return journal

    def _committed(self) -> None:
        self._records += 1
        _run, kind, _data = record_of(text_of(self.journal).splitlines()[-1])
        self._began |= kind == "began"
        self._note(f"record {self._records}: {kind}")

    def _answered(self, request: requests.PreparedRequest) -> None:
        if request.method in WRITES:
            self._note(f"answer to {request.method} {(request.url or '').split('?')[0].rsplit('/', 1)[-1]}")

    def _note(self, after: str) -> None:
        clock = self.made.clock
        assert isinstance(clock, VirtualClock)
        if not self._began:
            return
        self.stops.append(Stop(after, self._records, self.chronicle.lines(), round(seconds(clock), 6)))


def record(name: str, folder: Path) -> dict[str, str]:
    """What a run of that kind leaves, by file name: the world as it began and its changes, the journal, the stops."""
    with drawn_in_order():
        recorder = Recorder(folder, STORIES[name])
        recorder.play()
        rename = Renamer()
        files = {WORLD: rename(recorder.chronicle.world), JOURNAL: rename(text_of(recorder.journal))}
        files[CHANGES] = rename(recorder.chronicle.changes)
    files[STOPS] = "".join(f"{json.dumps(asdict(stop))}\n" for stop in recorder.stops)
    return files


def stops_of(files: dict[str, str]) -> list[Stop]:
    """The stops of a kind of run."""
    return [Stop(**json.loads(line)) for line in files[STOPS].splitlines()]


def end_of(name: str, files: dict[str, str], number: int, folder: Path) -> tuple[str, str]:
    """Bring the run to its end from that stop: a line that tells how it went, and the records it added, as text."""
    with drawn_in_order():
        resumed, added = go_on(files, stops_of(files)[number], folder, own=STORIES[name].own)
    return json.dumps({"stop": number, **asdict(resumed)}), Renamer()("".join(f"{line}\n" for line in added))


def path_of(name: str, file: str) -> str:
    """Where a file is kept. All kinds of runs begin in the same world."""
    return f"failovers/{WORLD}" if file == WORLD else f"failovers/{name}/{file}"


def write(name: str, folder: Path) -> dict[str, bytes]:
    """All that is kept of one kind of run."""
    files = record(name, folder / "run")
    ends, tails = [], {}
    for number in range(len(stops_of(files))):
        line, added = end_of(name, files, number, folder / str(number))
        ends.append(f"{line}\n")
        if tail := kept_tail(number, added):
            tails[f"resumed-{number:02}.jsonl"] = tail
    told = files | tails | {ENDS: "".join(ends)}
    kept = {path_of(name, file): text.encode() for file, text in told.items()}
    if name in ("graceful", "atomic-refused"):
        kept[path_of(name, SQLITE)] = restored(files[JOURNAL], folder / SQLITE).read_bytes()
    return kept


def go_on(files: dict[str, str], stop: Stop, folder: Path, *, own: bool) -> tuple[Resumed, list[str]]:
    """Resume on the world and the journal as they were at a stop; the records that were added, as lines."""
    lab = lab_at(folder / "lab", files[WORLD], files[CHANGES], stop.lines, stop.at_s)
    made = rig(lab=lab, state=folder / "state")
    if not own:
        made = replace(made, setup=replace(made.setup, cloud="public"))
    file = restored(files[JOURNAL], made.services.journal_file(made.setup), stop.records)
    options = RunOptions(timing=COARSE, rng=DICE())
    outcomes = []
    while True:
        finished = resume(made.services, made.setup, None, made.events.append, made.token, options)
        assert made.events[-1] is finished
        outcomes.append(finished.outcome)
        if finished.outcome is not Outcome.UNKNOWN:
            break
        assert finished.resume
        assert len(outcomes) == 1
        made.clock.sleep(WAITED_S)
    made.clock.sleep(60)
    assert not overlaps(lab, made.address)
    (holder,) = made.holders() or [""]
    if own:
        assert holder, "the address is nowhere"
        with closing(made.services.journal(made.setup)) as journal:
            assert journal.unfinished() is None
    added = text_of(file).splitlines()[1 + stop.records :]
    kinds = tuple(record_of(line)[1] for line in added)
    return Resumed(tuple(outcome.value for outcome in outcomes), holder, finished.reason, kinds), added


def read_again(text: str, file: Path, identity: ClusterIdentity) -> str:
    """The journal's text once more, from what the program's reader made of each record."""
    head, *lines = text.splitlines()
    restored(text, file)
    with closing(inline_journal(file, identity)) as journal:
        by_run = {run: iter(journal.records(run)) for run in dict.fromkeys(record_of(line)[0] for line in lines)}
        again = []
        for line in lines:
            run = record_of(line)[0]
            kind, document = FAILOVER_RECORDS.to_document(next(by_run[run]))
            again.append(line_of(run, kind, json.dumps(document, separators=(",", ":"))))
    return "".join(f"{line}\n" for line in (head, *again))
