"""What every command says, as JSON and in words, with its exit code: when it goes well and when it is refused."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from tests.cli.bench import Answered, Shell
from tests.cli.test_lab_commands import Shell as LabShell
from tests.corpus.failovers import DENIED, Recorder, machine_off, watched
from tests.corpus.failovers import STORIES as FAILOVERS
from tests.corpus.sqlite_text import restored, text_of
from tests.corpus.steady import Renamer, drawn_in_order
from tests.corpus.worlds import lab_at
from tests.rig import Rig, SetupRig, rig, setup_rig
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.storage.lab_folder import HostedLab, open_lab
from tgwizard.model.problem import UserError

GRACEFUL = ("failover", "--to", "tg-node-b", "--graceful")
FORCED = ("failover", "--to", "tg-node-b", "--forced")
BACK = ("failover", "--to", "tg-node-a", "--forced")
PAIR = ("--vm", "tg-node-a", "--vm", "tg-node-b")
LATEST = "RUN"
"""Stands for the id of the latest run."""

Words = tuple[str, ...]


class Terminal(Protocol):
    """Where commands are typed."""

    def __call__(self, *words: str) -> Answered:
        """One command."""


@dataclass(frozen=True)
class Session:
    """Commands that are typed one after another in one place."""

    place: Callable[[Path], Rig | SetupRig]
    typed: tuple[Words, ...]
    between: Callable[[Rig | SetupRig], None] = field(default=lambda it: it.clock.sleep(60))


def ready(*prepare: Callable[[Rig], None]) -> Callable[[Path], Rig]:
    """A lab with a cluster, prepared so."""

    def place(folder: Path) -> Rig:
        made = rig(state=folder)
        for one in prepare:
            one(made)
        return made

    return place


def denied(made: Rig) -> None:
    """The attach is refused, every time."""
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(403, DENIED), nth=2, times=1))


def silent(made: Rig) -> None:
    """No interface can be read."""
    made.lab.faults.add(Fault("GET", "networkInterfaces", FaultAnswer(503, ""), times=1000))


def nowhere(made: Rig) -> None:
    """The address is on no interface."""
    made.edit(made.a, lambda body: body["properties"]["ipConfigurations"].pop())
    made.clock.sleep(60)


def stranger(made: Rig) -> None:
    """An interface of neither member has the address."""
    nowhere(made)
    inner = {
        "privateIPAddress": made.address,
        "privateIPAllocationMethod": "Static",
        "subnet": {"id": made.setup.subnet.text},
        "primary": True,
    }
    body = {"location": "southcentralus", "properties": {"ipConfigurations": [{"name": "x", "properties": inner}]}}
    made.call("PUT", made.a.nic.text.replace("tg-node-a-inside", "jump"), body).raise_for_status()
    made.clock.sleep(60)


def in_the_gap(folder: Path) -> Rig:
    """A program was killed when the address was on no interface."""
    recorder = Recorder(folder / "killed", FAILOVERS["graceful"])
    recorder.play()
    stop = next(stop for stop in recorder.stops if "stepped" in stop.after)
    chronicle = recorder.chronicle
    lab = lab_at(folder / "lab", chronicle.world, chronicle.changes, stop.lines, stop.at_s)
    made = rig(lab=lab, state=folder)
    restored(text_of(recorder.journal), made.services.journal_file(made.setup), stop.records)
    return made


def fresh(name: str) -> Callable[[Path], SetupRig]:
    """A lab of a scenario, where the machines themselves can be asked."""
    return lambda folder: setup_rig(name, state=folder, members=True)


DRY = tuple(
    (*words, "--dry-run")
    for words in (
        GRACEFUL,
        FORCED,
        (*FORCED, "--fence", "stop"),
        (*GRACEFUL, "--members"),
        (*GRACEFUL, "--strategy", "atomic"),
        BACK,
    )
)
EXPORTS = tuple(("export", "--as", kind) for kind in ("az", "terraform", "portal", "portal-html", "request", "role"))

SESSIONS = {
    "watching": Session(ready(watched), (("status",), ("status", "--check"), *DRY, ("history",), ("resume",))),
    "failing-over": Session(
        ready(),
        (
            (*GRACEFUL, "--yes"),
            (*GRACEFUL, "--yes"),
            (*BACK, "--yes"),
            (*GRACEFUL, "--strategy", "atomic", "--yes"),
            ("status",),
            ("history",),
            ("report", LATEST),
            ("report", LATEST, "--out", "{state}/report.html"),
            ("report", LATEST, "--out", "{state}/report.json"),
        ),
    ),
    "fenced": Session(ready(), ((*FORCED, "--fence", "stop", "--yes"), ("status",), ("report", LATEST))),
    "attach-denied": Session(ready(denied), ((*GRACEFUL, "--yes"), ("history",), ("report", LATEST))),
    "dead-machine": Session(
        ready(machine_off),
        (
            ("status",),
            (*GRACEFUL, "--yes"),
            (*FORCED, "--yes"),
            (*FORCED, "--to-dead-machine", "--yes"),
            ("status",),
        ),
    ),
    "nowhere": Session(ready(nowhere), (("status",), ("resume",), ("resume", "--to", "tg-node-b"), ("status",))),
    "stranger": Session(ready(stranger), (("status",), (*FORCED, "--yes"))),
    "silent": Session(ready(silent), (("status",), (*GRACEFUL, "--yes"))),
    "interrupted": Session(in_the_gap, (("status",), ("history",), ("resume",), ("status",), ("report", LATEST))),
    "wrong-words": Session(
        ready(),
        (
            (*FORCED, "--dry-run", "--strategy", "guided"),
            ("failover", "--to", "nobody", "--graceful", "--yes"),
            GRACEFUL,
            ("status", "no-such-cluster"),
            ("report", "nope"),
            ("status", "--watch", "--check"),
            ("moon",),
        ),
    ),
    "setting-up": Session(
        fresh("fresh"),
        (
            ("discover",),
            ("setup", "plan"),
            *EXPORTS,
            ("setup", "apply", "--yes"),
            ("setup", "plan"),
            ("setup", "verify", "--no-wait"),
            ("setup", "verify", "--restart", "tg-node-b", "--yes", "--no-wait"),
            ("setup", "verify", "--restart", "tg-node-a", "--yes", "--no-wait"),
            ("setup", "verify", "--prove", "--yes", "--report", "{state}/verified.html"),
            ("status",),
            ("history",),
            ("setup", "undo", "--yes"),
            ("setup", "undo", "--identities", "--yes"),
        ),
    ),
    "set-up-refused": Session(
        fresh("fresh"),
        (
            ("setup", "plan", "--floating-ip", "10.20.2.1"),
            ("setup", "apply", "--floating-ip", "10.20.2.1", "--yes"),
            ("setup", "plan", "--vm", "nobody", "--vm", "tg-node-a"),
            ("setup", "apply"),
            ("setup", "undo", "--yes"),
        ),
    ),
    "reader": Session(
        fresh("reader"),
        (
            ("setup", "plan", *PAIR, "--role-name", "tg-own"),
            ("setup", "apply", "--yes", *PAIR, "--role-name", "tg-own"),
            ("export", "--as", "request", *PAIR, "--role-name", "tg-own"),
        ),
    ),
    "busy-nic": Session(fresh("busy-nic"), (("discover",), ("setup", "plan", "--add-actions", *PAIR))),
    "old-role": Session(
        fresh("old-role"), (("setup", "plan"), ("setup", "apply", "--yes"), ("setup", "undo", "--yes"))
    ),
    "vnet-elsewhere": Session(fresh("vnet-elsewhere"), (("discover",), ("setup", "plan"), ("status",))),
    "two-tenants": Session(fresh("two-tenants"), (("discover",), ("setup", "plan"))),
}

TOOK = re.compile(r'("took_s": )[0-9.e-]+')
"""How long the lab itself took is real time."""

LAB: tuple[Words, ...] = (
    ("show",),
    ("scenario",),
    ("latency", "drawn"),
    ("latency", "fast"),
    ("overlap", "refuse"),
    ("propagation", "azure"),
    ("faults", "add", "--effect", "azure", "--answer", "throttled-by-network", "--method", "GET", "--name", "t"),
    ("faults", "list"),
    ("faults", "clear", "t"),
    ("faults", "add", "--effect", "explode"),
    ("vm", "list"),
    ("vm", "stop", "tg-node-b"),
    ("vm", "start", "tg-node-b"),
    ("vm", "stop", "absent"),
    ("dataplane", "10.20.2.50"),
    ("env",),
    ("env", "--vm", "tg-node-a"),
    ("requests", "--limit", "4"),
    ("scenario", "reader"),
    ("scenario", "reader", "--yes"),
    ("scenario", "moon", "--yes"),
    ("show",),
)


@contextmanager
def same_dice() -> Iterator[None]:
    """Pauses between repeated writes are drawn, and writes at the same time race; here all is the same every time."""
    one_at_a_time = patch("concurrent.futures.ThreadPoolExecutor", lambda _workers, name: ThreadPoolExecutor(1, name))
    with patch("random.uniform", lambda low, high: (low + high) / 2), drawn_in_order(), one_at_a_time:
        yield


def told(shell: Terminal, words: Words, *, as_json: bool) -> str:
    """One command with all it said. JSON is broken into lines to be compared by eye."""
    try:
        answered = shell(*words, *(("--json",) if as_json else ()))
    except UserError as error:
        lines = [text for problem in error.problems for text in (problem.code, problem.what, problem.why, problem.fix)]
        return f"$ tgwizard {' '.join(words)}\nnot understood\n" + "".join(f"{line}\n" for line in lines)
    shown = []
    for said in (answered.out, answered.err):
        lines = said.splitlines()
        if words[0] in ("discover", "setup"):
            lines = in_order(lines, of_json if as_json else of_words)
        shown.append("".join(spread(line) if as_json else f"{line}\n" for line in lines))
    out, err = shown
    errors = f"--- errors\n{err}" if err else ""
    return f"$ tgwizard {' '.join(words)}\nexit code {answered.code}\n{out}{errors}"


def in_order(lines: list[str], subject_of: Callable[[str], tuple[str, ...] | None]) -> list[str]:
    """What is read and written at once may be told in any order: put in one, without parting what is of one subject.

    ``subject_of``: what a line is sorted by beside others that stand next to it; None: it stays where it is.
    """
    found: list[str] = []
    for stays, group in itertools.groupby(lines, lambda line: subject_of(line) is None):
        some = list(group)
        found += some if stays else sorted(some, key=lambda line: subject_of(line) or ())
    return found


def of_json(line: str) -> tuple[str, ...] | None:
    """An event by its time, and by what it is about."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    about = tuple(str(event.get(key, "")) for key in ("part", "kind", "about", "key", "machine", "scope"))
    return (event["at"], *about) if "event" in event and any(about) else None


def of_words(line: str) -> tuple[str, ...] | None:
    """What is told of a change that is under way."""
    return (line,) if line.endswith(" …") or re.match(r"  (done after )?\d+\.\d s", line) else None


def spread(line: str) -> str:
    """A line of JSON on many; any other line as it is."""
    try:
        document = json.loads(line)
    except ValueError:
        return f"{line}\n"
    assert json.dumps(document) == line
    if document.get("event") == "finished" and isinstance(document.get("done"), list):
        document["done"].sort()  # of a set-up, in the order in which they happened to end
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def latest(it: Rig | SetupRig) -> str:
    """The id of the latest run in any journal here."""
    texts = [text_of(file) for file in it.services.state_dir.glob("journal-*.sqlite")]
    return next(iter(re.findall(r'^\{"run":"([0-9a-f]{12})"', "".join(texts), re.MULTILINE)[::-1]), "none")


def write(name: str, folder: Path) -> dict[str, bytes]:
    """A session, once with JSON and once in words; and names and modes of the files that are left."""
    kept = {}
    for as_json in (True, False):
        state = folder / ("json" if as_json else "words")
        state.mkdir(parents=True)
        random.seed(7)
        with same_dice():
            rename = Renamer({str(state): "/state"})
            it = SESSIONS[name].place(state)
            shell: Terminal = Shell[Any](it)
            texts = []
            for words in SESSIONS[name].typed:
                run = latest(it) if LATEST in words else ""
                typed = tuple(run if word == LATEST else word.replace("{state}", str(state)) for word in words)
                texts.append(rename(told(shell, typed, as_json=as_json)))
                SESSIONS[name].between(it)
            files = sorted(path for path in state.iterdir() if path.is_file())
            texts.append("files\n" + "".join(f"{path.stat().st_mode & 0o777:o} {path.name}\n" for path in files))
            kept[f"commands/{name}-{'json' if as_json else 'words'}.txt"] = "\n".join(texts)
            for file in files if as_json else ():
                if file.suffix in (".html", ".json"):
                    kept[f"commands/{name}-{file.name}"] = rename(file.read_text("utf-8"))
    return {file: text.encode() for file, text in kept.items()}


def write_lab(folder: Path) -> dict[str, bytes]:
    """The commands that steer a running lab."""
    kept = {}
    for as_json in (True, False):
        mark = "json" if as_json else "words"
        with same_dice(), open_lab(folder / mark, clock=VirtualClock()) as lab:
            assert isinstance(lab, HostedLab)
            secrets = {lab.lab.sign_in_code: "CODE", lab.lab.lab_id: "0" * 12}
            rename = Renamer({str(lab.directory): "/lab", str(lab.port): "8443", **secrets})
            shell = LabShell(lab.directory)
            texts = [TOOK.sub(r"\1...", rename(told(shell, words, as_json=as_json))) for words in LAB]
            kept[f"commands/lab-{mark}.txt"] = "\n".join(texts).encode()
    return kept


PARTS: dict[str, Callable[[Path], dict[str, bytes]]] = {
    **{name: partial(write, name) for name in SESSIONS},
    "lab": write_lab,
}
