"""Ctrl-C during a run: the first asks the engine to stop and waits for it, the second leaves and says how to go on."""

from __future__ import annotations

import errno
import io
import itertools
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.cli.bench import Lasting, Shell, fits, no_lab
from tests.rig import Rig, rig, setup_rig
from tgwizard import paths
from tgwizard.cli.app_ports import AppPorts, EnvironmentChoice, OpenEnvironment
from tgwizard.cli.arguments import parse
from tgwizard.cli.console import Console
from tgwizard.cli.job_runner import CommandRun
from tgwizard.cli.main import run
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import fail_over
from tgwizard.engine.jobs import LEAVE_GAP_WITHIN_S, Report
from tgwizard.lab.fronts.in_process import LabAdapter, lab_session
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import Verb
from tgwizard.model.failover_events import Event, Finished
from tgwizard.model.settings import NICS_S, Settings

PATIENCE_S = 60.0
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
WORDS = ("failover", "--to", "tg-node-b", "--graceful", "--yes", "--json")


Meets = Callable[[requests.PreparedRequest], bool]
Session = Callable[[Lab], requests.Session]
Gated = Callable[[Meets, Callable[[], None]], Session]


class Gate:
    """A door in a lab's adapter: at the request that ``meets``, ``then`` runs first, in the run's own thread.

    ``held``: whether it was reached and ``then`` did not fail. The program takes what is raised there for a failed
    read, so only who asks for this sees it.
    """

    def __init__(self, meets: Meets, then: Callable[[], None]) -> None:
        self.held = False
        self.opened = False
        self.meets = meets
        self._then = then

    def open(self) -> None:
        self.opened = True
        self._then()
        self.held = True

    def session(self, lab: Lab) -> requests.Session:
        """A session of the lab behind the door."""
        found = lab_session(lab)
        found.mount("https://", GateAdapter(lab, self))
        return found


class GateAdapter(LabAdapter):
    def __init__(self, lab: Lab, gate: Gate) -> None:
        super().__init__(lab)
        self._gate = gate

    def send(self, request: requests.PreparedRequest, *arguments: object, **options: object) -> requests.Response:
        if not self._gate.opened and self._gate.meets(request):
            self._gate.open()
        return super().send(request, *arguments, **options)  # type: ignore[arg-type]


@pytest.fixture
def gated() -> Iterator[Gated]:
    """Makes sessions behind a gate. A gate that was never reached, or at which something failed, fails the test."""
    gates: list[Gate] = []

    def session(meets: Meets, then: Callable[[], None]) -> Session:
        gates.append(Gate(meets, then))
        return gates[-1].session

    yield session
    assert [gate.held for gate in gates] == [True] * len(gates), "what the gate waited for never came"


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def a_probe(request: requests.PreparedRequest) -> bool:
    return request.method == "PUT"


class AfterDetach:
    """Meets the first read of an interface that follows the first real write."""

    def __init__(self) -> None:
        self._puts = 0

    def __call__(self, request: requests.PreparedRequest) -> bool:
        # Two probes, then the detach.
        self._puts += request.method == "PUT"
        return self._puts == 3 and request.method == "GET"


def test_that_ctrl_c_before_the_first_write_cancels_and_nothing_moves(tmp_path: Path, gated: Gated) -> None:
    told = threading.Event()

    def then() -> None:
        interrupt()
        assert told.wait(PATIENCE_S)

    shell = Shell(rig(state=tmp_path / "state", session=gated(a_probe, then)))
    shell.heard = lambda text: told.set() if "Stopping" in text else None
    answered = shell(*WORDS)
    assert answered.code == 6
    last = answered.lines[-1]
    fits(last, "event")
    assert (last["event"], last["outcome"], last["address"]) == ("finished", "cancelled", "tg-node-a")
    assert shell.rig.puts() == []


@pytest.mark.parametrize("number", ENDINGS)
def test_that_ctrl_c_in_the_gap_puts_the_address_back_before_the_program_ends(
    tmp_path: Path, number: signal.Signals, gated: Gated
) -> None:
    told = threading.Event()

    def then() -> None:
        os.kill(os.getpid(), number)
        assert told.wait(PATIENCE_S)

    shell = Shell(rig(state=tmp_path / "state", session=gated(AfterDetach(), then)))
    shell.heard = lambda text: told.set() if "put back" in text else None
    answered = shell(*WORDS)
    last = answered.lines[-1]
    fits(last, "event")
    assert last["event"] == "finished"
    assert last["address"] == "tg-node-a"
    assert last["rolled_back"] is True
    assert answered.code == {"failed": 4, "cancelled": 6}[last["outcome"]]
    assert shell.rig.holders() == ["tg-node-a"]


def test_that_ctrl_c_in_a_guided_run_promises_no_put_back(tmp_path: Path, gated: Gated) -> None:
    told, asked = threading.Event(), itertools.count()

    def then() -> None:
        interrupt()
        assert told.wait(PATIENCE_S)

    def watching(request: requests.PreparedRequest) -> bool:
        return "/networkInterfaces/" in str(request.url) and next(asked) >= 8

    shell = Shell(rig(state=tmp_path / "state", session=gated(watching, then)))
    shell.heard = lambda text: told.set() if "Press Ctrl-C again" in text else None
    answered = shell(*WORDS, "--strategy", "guided")
    assert answered.code == 6
    assert "Stopping now ends the watching; what Trustgrid was asked for goes on." in answered.err
    assert "put back" not in answered.err


def test_that_a_second_ctrl_c_leaves_the_run_and_shows_the_resume_command(tmp_path: Path, gated: Gated) -> None:
    told, left = threading.Event(), threading.Event()

    def then() -> None:
        interrupt()
        assert told.wait(PATIENCE_S)
        interrupt()
        assert left.wait(PATIENCE_S)

    shell = Shell(rig(state=tmp_path / "state", session=gated(AfterDetach(), then)))
    shell.heard = lambda text: told.set() if "put back" in text else None
    answered = shell(*WORDS)
    running = shell.rig.services.jobs.writers()
    left.set()
    for job in running:
        job.thread.join(PATIENCE_S)
    assert answered.code == 5
    assert "tgwizard resume edge-dallas" in answered.err
    finished = [line for line in answered.lines if line["event"] == "finished"]
    assert len(finished) == 1
    fits(finished[0], "event")
    assert finished[0]["outcome"] == "unknown"
    assert finished[0]["resume"] == "tgwizard resume edge-dallas"


@pytest.mark.parametrize(
    "words",
    [
        ("discover",),
        ("setup", "plan"),
        ("setup", "apply", "--yes"),
        ("export", "--as", "az"),
        ("setup", "plan", "--json"),
    ],
)
def test_that_ctrl_c_while_a_set_up_is_read_is_cancelled_and_exit_6(
    tmp_path: Path, gated: Gated, words: tuple[str, ...]
) -> None:
    told = threading.Event()

    def then() -> None:
        interrupt()
        assert told.wait(PATIENCE_S)

    def machines(request: requests.PreparedRequest) -> bool:
        return "/virtualmachines" in str(request.url).lower()

    shell = Shell(setup_rig(state=tmp_path / "state", session=gated(machines, then)))
    shell.heard = lambda text: told.set() if "Stopping" in text else None
    answered = shell(*words)
    assert answered.code == 6
    assert answered.out == ""
    last = answered.err.splitlines()[-1]
    if "--json" in words:
        fits(json.loads(last), "error")
        assert [item["code"] for item in json.loads(last)["error"]["problems"]] == ["cancelled"]
    else:
        assert last == "Cancelled. Nothing was written."
    assert not [item for item in shell.rig.lab.requests if item.method in ("PUT", "PATCH", "DELETE")]


def test_that_ctrl_c_after_the_end_of_a_run_waits_no_longer_for_its_lock(tmp_path: Path) -> None:
    it = rig(state=tmp_path / "state")

    class AfterEnd:
        """Asks to stop as soon as the end of the run was heard."""

        @property
        def count(self) -> int:
            return int(command._finished is not None)

    def work(report: Report[Event], token: CancelToken) -> Finished:
        """A run that takes its time to free its lock: it says its end, and is there until it is asked to stop."""
        ended = fail_over(it.services, it.setup, it.setup.members[1], Verb.GRACEFUL, report, CancelToken())
        token.wait(PATIENCE_S)
        return ended

    console = Console(io.StringIO(), io.StringIO())
    command = CommandRun(it.services, it.setup, console, AfterEnd(), "tgwizard resume edge-dallas")
    assert command.go("failover", work) == 0
    assert command._give_up < time.monotonic() + LEAVE_GAP_WITHIN_S / 2


def test_that_the_handlers_of_before_are_back_after_a_run(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (*ENDINGS, signal.SIGTTIN, signal.SIGTTOU)]
    Shell(rig(state=tmp_path / "state"))(*WORDS)
    assert [signal.getsignal(number) for number in (*ENDINGS, signal.SIGTTIN, signal.SIGTTOU)] == before


@pytest.mark.parametrize("number", ENDINGS)
def test_that_what_asks_to_stop_after_the_end_changes_no_exit_code(tmp_path: Path, number: signal.Signals) -> None:
    class Late(Shell[Rig]):
        """The signal comes while the command closes its place."""

        def _connect(self, where: EnvironmentChoice) -> OpenEnvironment:
            class Closing(Lasting):
                def close(self) -> None:
                    os.kill(os.getpid(), number)

            place = super()._connect(where)
            assert isinstance(place, Lasting)
            return Closing(place.services, place.profiles, place.azure)

    it = rig(state=tmp_path / "state")
    assert Late(it)(*WORDS).code == 0
    assert it.holders() == ["tg-node-b"]


def test_that_status_watch_ends_when_nobody_reads_it_any_more(tmp_path: Path) -> None:
    class Gone(io.StringIO):
        """A terminal that was closed: the first line was still shown."""

        def write(self, text: str) -> int:
            if self.tell():
                raise OSError(errno.EIO, "Input/output error")
            return super().write(text)

    it = rig(state=tmp_path / "state")
    shell = Shell(it)
    console = Console(Gone(), io.StringIO(), as_json=True)
    program = AppPorts(shell._connect, no_lab, paths.lab_dir)
    assert run(parse(("status", "--watch", "--json"), program.default_lab, program.latencies), program, console) == 0
    assert console.unheard


def test_that_status_watch_ends_at_ctrl_c_with_what_it_saw(tmp_path: Path) -> None:
    seen = 0

    class Slow(LabAdapter):
        """Interrupts after the second round of reads."""

        def send(self, request: requests.PreparedRequest, *arguments: object, **options: object) -> requests.Response:
            nonlocal seen
            seen += (request.url or "").count("tg-node-b-inside")
            if seen == 2:
                seen += 1
                interrupt()
            return super().send(request, *arguments, **options)  # type: ignore[arg-type]

    def session(lab: Lab) -> requests.Session:
        found = lab_session(lab)
        found.mount("https://", Slow(lab))
        return found

    it = rig(state=tmp_path / "other", session=session)
    answered = Shell(it)("status", "--watch", "--json")
    assert answered.code == 0
    for line in answered.lines:
        fits(line, "event")
    assert answered.lines[0]["event"] == "observed"
    assert answered.lines[0]["status"]["holder"] == "tg-node-a"
    assert answered.lines[0]["status"]["readiness"]["graceful"]["rights_age_s"] == 0.0


def test_that_status_watch_reads_as_often_as_the_settings_say(tmp_path: Path) -> None:
    at: list[float] = []

    class Counting(LabAdapter):
        """Interrupts at the fourth round of reads."""

        def send(self, request: requests.PreparedRequest, *arguments: object, **options: object) -> requests.Response:
            url = request.url or ""
            if "tg-node-b-inside" in url and "Microsoft.Authorization" not in url:
                at.append(it.clock.monotonic())
                if len(at) == 4:
                    interrupt()
            return super().send(request, *arguments, **options)  # type: ignore[arg-type]

    def session(lab: Lab) -> requests.Session:
        found = lab_session(lab)
        found.mount("https://", Counting(lab))
        return found

    it = rig(state=tmp_path / "other", session=session)
    slow = Settings().with_value(NICS_S, 60.0)
    assert Shell(it, settings=slow)("status", "--watch", "--json").code == 0
    assert [round(later - sooner) for sooner, later in itertools.pairwise(at[:4])] == [60, 60, 60]
