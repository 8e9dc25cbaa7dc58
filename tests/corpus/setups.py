"""Set-ups of several kinds: applied, machines restarted, all taken back; and what is left when one stops on the way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from tests.corpus.failovers import ENDS, JOURNAL, SQLITE, STOPS, WRITES, kept_tail
from tests.corpus.sqlite_text import line_of, record_of, restored, text_of
from tests.corpus.steady import Renamer, drawn_in_order
from tests.corpus.worlds import CHANGES, WORLD, Chronicle, lab_at, seconds
from tests.engine.failover.crash import tapped
from tests.engine.setup.apply.plans import Applying
from tests.engine.setup.test_walk_on_the_lab import Person
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.runs.journal import Durability
from tgwizard.engine.runs.records import SETUP_RECORDS
from tgwizard.engine.runs.setup_journal import SetupJournal, setup_journal_file
from tgwizard.engine.setup.apply import apply_in_context
from tgwizard.engine.setup.planner import identity_of
from tgwizard.engine.setup.restart import restart_in_context
from tgwizard.engine.setup.undo import undo_in_context, undo_items
from tgwizard.engine.setup.wizard_state import answer
from tgwizard.engine.setup.wizard_steps import plan_of
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import SetupPlan

END_S = 1e6
"""By this time of the lab's everything that was begun has ended."""
SETUP_WRITES = (*WRITES, "PATCH", "DELETE")


@dataclass(frozen=True)
class Story:
    """A scenario, what was done in it before, and what is answered beside what is proposed."""

    scenario: str
    before: Callable[[SetupRig], None] = lambda _rig: None
    answered: Callable[[Answers], Answers] = lambda answers: answers


def rebuilt(it: SetupRig) -> None:
    """A machine got another identity, as one that was built anew."""
    machine = it.vm("tg-node-b")
    it.services.azure.compute.disable_identity(machine, request_id=str(uuid.uuid4()))
    it.clock.sleep(600.0)
    it.services.azure.compute.enable_identity(machine, request_id=str(uuid.uuid4()))
    it.clock.sleep(600.0)


STORIES = {
    "fresh": Story("fresh"),
    "old-role": Story("old-role"),
    "rebuilt-machine": Story("ready", rebuilt, lambda answers: replace(answers, remove_stale=True)),
}


@dataclass(frozen=True)
class Planned:
    """A plan that was made by walking through the wizard, and the answers it comes from."""

    plan: SetupPlan
    answers: Answers

    @property
    def identity(self) -> ClusterIdentity:
        """Whose it is."""
        return identity_of(self.answers)

    def job(self, name: str, made: Applying) -> Outcome:
        """Do one of the jobs of a set-up."""
        assert self.answers.machines is not None
        if name == "apply":
            return apply_in_context(made.context, self.plan).outcome
        if name == "undo":
            return undo_in_context(made.context, identities=True).outcome
        return restart_in_context(made.context, self.answers.machines[int(name.removeprefix("restart "))]).outcome


JOBS = ("apply", "restart 1", "restart 0", "undo")


def planned(story: Story, it: SetupRig) -> Planned:
    """Walk to the review."""
    person = Person(it)
    person.state = person.fed(answer(person.state, story.answered(person.state.answers)))
    person.to_review()
    person.state = person.fed(answer(person.state, story.answered(person.state.answers)))
    plan = plan_of(person.state)
    assert plan is not None
    assert plan.writing
    return Planned(plan, person.state.answers)


@dataclass(frozen=True)
class Stop:
    """Where a job stopped: how much of journal and world there is, and when that was."""

    job: str
    after: str
    records: int
    lines: int
    at_s: float


@dataclass
class Recorder:
    """Does all jobs of a story, and notes a stop at each record of the journal and at each answer to a write."""

    folder: Path
    story: Story
    stops: list[Stop] = field(default_factory=list)
    _job: str = ""
    _records: int = 0

    def play(self) -> None:
        """From the beginning to the end."""
        clock = VirtualClock()
        lab = Lab.from_scenario(self.story.scenario, clock=clock)
        self.it = setup_rig(
            lab=lab,
            clock=clock,
            state=self.folder / "state",
            session=tapped(lambda _request: None, self._answered),
        )
        self.story.before(self.it)
        self.planned = planned(self.story, self.it)
        self.chronicle = Chronicle(self.folder, lab)
        self.journal = setup_journal_file(self.folder / "state", self.planned.identity)
        with closing(SetupJournal.open(self.journal, self.planned.identity)) as journal:
            journal.on_commit = self._committed
            made = Applying(self.it, journal)
            for job in JOBS:
                self._job = job
                outcome = self.planned.job(job, made)
                assert outcome is Outcome.DONE, (job, outcome)
                self.it.clock.sleep(30)
        self.chronicle.lines()

    def _committed(self, _durability: Durability) -> None:
        self._records += 1
        _run, kind, _data = record_of(text_of(self.journal).splitlines()[-1])
        self._note(f"record {self._records}: {kind}")

    def _answered(self, request: requests.PreparedRequest) -> None:
        reads = (request.url or "").split("?")[0].endswith("/getByIds")
        if request.method in SETUP_WRITES and self._records and not reads:
            self._note(f"answer to {request.method} {(request.url or '').split('?')[0].rsplit('/', 1)[-1]}")

    def _note(self, after: str) -> None:
        clock = self.it.clock
        assert isinstance(clock, VirtualClock)
        at_s = round(seconds(clock), 6)
        self.stops.append(Stop(self._job, after, self._records, self.chronicle.lines(), at_s))


def record(name: str, folder: Path) -> dict[str, str]:
    """What a story leaves, by file name: the world as it began and its changes, the journal, the stops."""
    with drawn_in_order():
        recorder = Recorder(folder, STORIES[name])
        recorder.play()
        rename = Renamer()
        files = {WORLD: rename(recorder.chronicle.world), JOURNAL: rename(text_of(recorder.journal))}
        files[CHANGES] = rename(recorder.chronicle.changes)
    files[STOPS] = "".join(f"{json.dumps(asdict(stop))}\n" for stop in recorder.stops)
    return files


def stops_of(files: dict[str, str]) -> list[Stop]:
    """The stops of a story."""
    return [Stop(**json.loads(line)) for line in files[STOPS].splitlines()]


def plan_again(name: str, files: dict[str, str], folder: Path) -> Planned:
    """The plan of a story, made in the world as it began."""
    lab = lab_at(folder / "lab", files[WORLD], "", 0, stops_of(files)[0].at_s)
    return planned(STORIES[name], setup_rig(lab=lab, state=folder / "state"))


def end_of(files: dict[str, str], number: int, folder: Path, plan: Planned) -> tuple[str, str]:
    """Do the job again from that stop: a line that tells how it went, and the records it added, as text."""
    with drawn_in_order():
        outcomes, added = go_on(files, stops_of(files)[number], folder, plan)
    kinds = [record_of(line)[1] for line in added]
    told = json.dumps({"stop": number, "outcomes": outcomes, "added": kinds})
    return told, Renamer()("".join(f"{line}\n" for line in added))


def path_of(name: str, file: str) -> str:
    """Where a file is kept."""
    return f"setups/{name}/{file}"


def write(name: str, folder: Path) -> dict[str, bytes]:
    """All that is kept of one story."""
    files = record(name, folder / "run")
    plan = plan_again(name, files, folder / "plan")
    ends, tails = [], {}
    for number in range(len(stops_of(files))):
        line, added = end_of(files, number, folder / str(number), plan)
        ends.append(f"{line}\n")
        if tail := kept_tail(number, added):
            tails[f"continued-{number:02}.jsonl"] = tail
    told = files | tails | {ENDS: "".join(ends)}
    kept = {path_of(name, file): text.encode() for file, text in told.items()}
    if name == "fresh":
        kept[path_of(name, SQLITE)] = restored(files[JOURNAL], folder / SQLITE).read_bytes()
    return kept


def lines_of(files: dict[str, str]) -> int:
    """How many changes of the world a story has in all."""
    return len(files[CHANGES].splitlines())


def go_on(files: dict[str, str], stop: Stop, folder: Path, plan: Planned) -> tuple[list[str], list[str]]:
    """Do the job again on what a stop left, and take everything back; how it ended, and the records it added.

    In the end nothing is left: the lab is as it is at the end of the whole story.
    """
    end = footprint(lab_at(folder / "end", files[WORLD], files[CHANGES], lines_of(files), END_S))
    lab = lab_at(folder / "lab", files[WORLD], files[CHANGES], stop.lines, stop.at_s)
    it = setup_rig(lab=lab, state=folder / "state")
    file = restored(files[JOURNAL], setup_journal_file(folder / "state", plan.identity), stop.records)
    with closing(SetupJournal.open(file, plan.identity)) as journal:
        made = Applying(it, journal)
        outcomes = [plan.job(stop.job, made)]
        added = text_of(file).splitlines()[1 + stop.records :]
        if outcomes[-1] is not Outcome.DONE:
            # A machine that is just being restarted is not running: it is said so, and the next try goes through.
            it.clock.sleep(60)
            outcomes.append(plan.job(stop.job, made))
        assert outcomes[-1] is Outcome.DONE, (stop, outcomes)
        if stop.job == "apply":
            sent = len(it.writes())
            assert plan.job("apply", made) is Outcome.DONE
            assert len(it.writes()) == sent, "what was there was written once more"
        if stop.job != "undo":
            assert plan.job("undo", made) is Outcome.DONE
        assert undo_items(journal, identities=True) == ()
    assert footprint(lab) == end, "something is left"
    return [outcome.value for outcome in outcomes], added


def footprint(lab: Lab) -> dict[str, Any]:
    """What a set-up can change: roles, who has them, identities, and what lies on the interfaces."""
    world = json.loads(lab.dump())
    rights = world["authorization"]
    return {
        "roles": {
            guid: role["versions"][-1]["permissions"]
            for guid, role in rights["roles"].items()
            if role["deleted"] is None
        },
        "assigned": sorted(
            (held["scope"], held["role"], oid)
            for oid, some in rights["assignments"].items()
            for held in some.values()
            if held["removed"] is None
        ),
        "identities": {key: item.get("identity", {}).get("type") for key, item in world["resources"].items()},
        "addresses": {
            key: [one["name"] for one in item["properties"].get("ipConfigurations", [])]
            for key, item in world["resources"].items()
        },
    }


def read_again(text: str, file: Path, identity: ClusterIdentity | None = None) -> str:
    """The journal's text once more, from what the program's reader made of each record."""
    head, *lines = text.splitlines()
    restored(text, file)
    with closing(SetupJournal.open(file, identity)) as journal:
        again = []
        for line, record in zip(lines, journal.records(), strict=True):
            kind, document = SETUP_RECORDS.to_document(record)
            again.append(line_of(record_of(line)[0], kind, json.dumps(document, separators=(",", ":"))))
    return "".join(f"{line}\n" for line in (head, *again))
