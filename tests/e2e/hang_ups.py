"""One program, one moment of its run, one way in which it is asked to end, or loses what it stands on.

The program is a process of its own on a lab that another process serves. Where the address is afterwards is read from
the lab, and how the run ended from its journal, both in the process of the test.
"""

from __future__ import annotations

import ctypes
import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.e2e.compositor import Compositor
from tests.e2e.programs import DEADLINE_S, ROOT, Document, is_event, start_x_server, wait_for
from tests.e2e.terminal import TAKE_THE_TERMINAL
from tgwizard.app.adapters import LabClock
from tgwizard.app.environments import Environment, control_running, open_lab_environment
from tgwizard.engine.files.cluster_file import load_cluster
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.readiness import readiness
from tgwizard.engine.runs.records import RunEndRecord
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage.lab_folder import open_lab
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.nic import Provisioning
from tgwizard.model.snapshot import LocationKind, Snapshot


class By(Enum):
    """What works on the cluster."""

    FAILOVER = "failover"
    RESUME = "resume"
    WINDOW = "window"


class Moment(Enum):
    """Where the run is."""

    BEFORE = "before the detach"
    DETACHING = "detach in flight"
    GAP = "in the gap"
    ATTACHING = "attach in flight"
    AFTER = "after its end"
    PUTTING_BACK = "put-back in flight"


class Ending(Enum):
    """What happens to the program."""

    CTRL_C = "Ctrl-C"
    TERM = "SIGTERM"
    HUP = "SIGHUP"
    QUIT = "SIGQUIT"
    HUP_HUP = "SIGHUP twice"
    TERM_HUP = "SIGTERM, then SIGHUP"
    NOHUP = "SIGHUP under nohup"
    TERMINAL = "terminal closed"
    LEADER = "session leader killed"
    PIPE = "stdout closed"
    X_KILLED = "X server killed"
    X_ENDED = "X server ended"
    X_CLIENT = "killed by the X server"
    COMPOSITOR = "Wayland compositor gone"


SIGNALS = {
    Ending.CTRL_C: (signal.SIGINT,),
    Ending.TERM: (signal.SIGTERM,),
    Ending.HUP: (signal.SIGHUP,),
    Ending.QUIT: (signal.SIGQUIT,),
    Ending.HUP_HUP: (signal.SIGHUP, signal.SIGHUP),
    Ending.TERM_HUP: (signal.SIGTERM, signal.SIGHUP),
    Ending.NOHUP: (signal.SIGHUP,),
}
ON_X = (Ending.X_KILLED, Ending.X_ENDED, Ending.X_CLIENT)
DISPLAY_GONE = (*ON_X, Ending.COMPOSITOR)
UNHEARD = (Ending.NOHUP, Ending.PIPE)
"""These ask for nothing: the run goes on to its end."""

_AT: dict[Moment, Callable[[Document], bool]] = {
    Moment.BEFORE: is_event("started"),
    Moment.DETACHING: is_event("located", place="releasing"),
    Moment.GAP: is_event("located", place="no_nic"),
    Moment.ATTACHING: is_event("located", place="attaching"),
    Moment.AFTER: is_event("finished"),
    Moment.PUTTING_BACK: is_event("step_started", step="put_back"),
}

_PAUSE = "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv({0!r}, {1!r})"

_LEADER = """
import fcntl, json, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
child = subprocess.Popen(sys.argv[1:])
print(json.dumps({"event": "child", "pid": child.pid}), flush=True)
child.wait()
"""
"""The leader of a session with a terminal, and of the group in front of it, which the command belongs to."""

_SUBREAPER = 36


class adopted:  # noqa: N801 - a context manager
    """While this is held, who loses its parent becomes a child of this process, so that its exit code can be read."""

    def __enter__(self) -> None:
        self._set(1)

    def __exit__(self, *_error: object) -> None:
        self._set(0)

    def _set(self, on: int) -> None:
        assert ctypes.CDLL(None).prctl(_SUBREAPER, on, 0, 0, 0) == 0


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    by: By
    ending: Ending
    moment: Moment

    def __str__(self) -> str:
        return f"{self.by.value}, {self.ending.value}, {self.moment.value}"


@dataclass(frozen=True)
class Left:
    """What a case left behind."""

    code: int
    place: str
    """The name of the member that holds the address, else where it is."""
    losing: Member
    gaining: Member
    ended: RunEndRecord | None
    """How the journal says that the run ended."""
    unfinished: bool
    after_s: float
    """How long the program lived after it was asked, or had lost what it stood on."""
    said: str


class _Watched:
    """A program whose events are read, from a pipe or from its terminal."""

    def __init__(self, stack: ExitStack, command: list[str], ending: Ending, environment: dict[str, str]) -> None:
        self._rest = b""
        self._stack = stack
        self._errors = stack.enter_context(_errors_file())
        self._closed = False
        self._reaped = False
        everything = {**os.environ, "PYTHONFAULTHANDLER": "1", **environment}
        self._master: int | None = None
        slave = subprocess.DEVNULL
        if ending in (Ending.TERMINAL, Ending.LEADER):
            self._master, slave = pty.openpty()
        if ending is Ending.TERMINAL:
            assert self._master is not None
            command = [sys.executable, "-c", TAKE_THE_TERMINAL, *command[3:]]
            self.process = self._start(command, everything, stdin=slave, stdout=slave, session=True)
            self._out = self._master
        else:
            if ending is Ending.LEADER:
                command = [sys.executable, "-c", _LEADER, *command]
            if ending is Ending.NOHUP:
                command = [sys.executable, "-c", _PAUSE.format(command[0], command)]
            self.process = self._start(command, everything, slave, subprocess.PIPE, session=self._master is not None)
            assert self.process.stdout is not None
            self._out = self.process.stdout.fileno()
        if self._master is not None:
            os.close(slave)
        self.pid = self.process.pid
        if ending is Ending.LEADER:
            self.pid = self.until(is_event("child"))["pid"]
        stack.callback(self._kill)

    def _start(
        self, command: list[str], environment: dict[str, str], stdin: int, stdout: int, *, session: bool
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=self._errors,
            cwd=ROOT,
            env=environment,
            start_new_session=session,
        )

    @property
    def said(self) -> str:
        """What it wrote to standard error."""
        return os.pread(self._errors, 1_000_000, 0).decode(errors="replace")

    def until(self, wanted: Callable[[Document], bool]) -> Document:
        """The next event that is wanted."""
        give_up = time.monotonic() + DEADLINE_S
        while True:
            while b"\n" not in self._rest:
                ready, _, _ = select.select([self._out], [], [], max(0.0, give_up - time.monotonic()))
                assert ready, f"this event did not come within {DEADLINE_S:.0f} s: {self.said}"
                more = os.read(self._out, 65536)
                assert more, f"it ended before that event: {self.said}"
                self._rest += more
            line, _, self._rest = self._rest.partition(b"\n")
            with suppress(ValueError):  # on a terminal standard error is beside the events
                found: Document = json.loads(line)
                if "event" in found and wanted(found):
                    return found

    def close_out(self) -> None:
        """Close what it writes to: a pipe, or its terminal."""
        self._closed = True
        if self._master is not None:
            os.close(self._master)
            self._master = None
        else:
            assert self.process.stdout is not None
            self.process.stdout.close()

    def end(self) -> int:
        """Read it to its end; its exit code, negative for a signal."""
        codes: list[int] = []

        def ended() -> bool:
            self._read_on()
            code = self._poll()
            codes.extend([] if code is None else [code])
            return bool(codes)

        wait_for(ended, "the program has ended")
        return codes[0]

    def _read_on(self) -> None:
        """Take what it wrote meanwhile, so that it never waits for a reader."""
        with suppress(OSError):  # on Linux the end of a terminal is an error
            while not self._closed and select.select([self._out], [], [], 0)[0] and os.read(self._out, 65536):
                continue

    def _poll(self) -> int | None:
        if self.pid == self.process.pid:
            return self.process.poll()
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        self._reaped = bool(pid)
        return os.waitstatus_to_exitcode(status) if pid else None

    def _kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_S)
        if self.pid != self.process.pid and not self._reaped:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if not self._closed:
            if self.process.stdout is not None:
                self.process.stdout.close()
            if self._master is not None:
                os.close(self._master)


@contextmanager
def _errors_file() -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        yield file.fileno()


class XServer:
    """An X server without a monitor, of one program alone."""

    def __init__(self, stack: ExitStack) -> None:
        self.process, display = start_x_server()
        stack.callback(self.end, signal.SIGTERM)
        self.environment = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}

    def end(self, number: signal.Signals) -> None:
        """End it in this way."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(DEADLINE_S)

    def disconnect(self, title: str) -> None:
        """Have the server close the connection of the program whose window is so titled."""
        everything = {**os.environ, **self.environment}
        search = ["xdotool", "search", "--name", f"^{title}$"]
        found = subprocess.run(search, env=everything, check=True, timeout=DEADLINE_S, capture_output=True, text=True)
        command = ["xkill", "-id", found.stdout.split()[0]]
        subprocess.run(command, env=everything, check=True, timeout=DEADLINE_S, capture_output=True)


@dataclass(frozen=True)
class _Work:
    """What one case works on: a cluster of the lab in the folder, and which way its address goes."""

    folder: Path
    setup: ClusterSetup
    losing: Member
    gaining: Member


class Bench:
    """Runs cases on one served lab, each on a cluster of its own; several threads may do so at once.

    A window has its lab to itself: it holds and serves it, and one folder has but one window.
    """

    def __init__(self, folder: Path, place: Environment) -> None:
        self._folder = folder
        self._place = place
        self._mutex = threading.Lock()
        self._free = iter(place.profiles.read_all().clusters)

    def run(self, case: Case) -> Left:
        """Run one case to its end."""
        if case.by is By.WINDOW:
            folder = Path(tempfile.mkdtemp(prefix="window-", dir=self._folder.parent)) / "lab"
            with closing(open_lab(folder, scenario="ready", latency=Latency.FAST, clock=LabClock())) as lab:
                setup = load_cluster(lab.clusters[0])
            work = _Work(folder, setup, *setup.members)
            code, after_s, said = self._end(case, work)
            with closing(open_lab_environment(folder)) as place:
                return self._judge(place, work, code, after_s, said)
        with self._mutex:
            work = self._cluster()
        if case.by is By.RESUME:
            self._interrupt(work)
        code, after_s, said = self._end(case, work)
        return self._judge(self._place, work, code, after_s, said)

    def _end(self, case: Case, work: _Work) -> tuple[int, float, str]:
        """Start the program, wait for the moment and end it: the exit code, how long that took, and what it said."""
        with ExitStack() as stack:
            screen: XServer | Compositor | None = None
            if case.ending in ON_X:
                screen = XServer(stack)
            elif case.ending is Ending.COMPOSITOR:
                runtime = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wayland-")))
                screen = Compositor(runtime / "socket")
                stack.callback(screen.end)
            environment = {"QT_QPA_PLATFORM": "offscreen"} if screen is None else screen.environment
            program = _Watched(stack, _command(case.by, work), case.ending, environment)
            if case.moment is Moment.GAP:
                if case.by is not By.RESUME:
                    program.until(_AT[Moment.DETACHING])
                _refuse_attach(work)
            if case.moment is Moment.PUTTING_BACK:
                program.until(_AT[Moment.DETACHING])
                os.kill(program.pid, signal.SIGINT)
            program.until(_AT[case.moment])
            began = time.monotonic()
            _strike(case.ending, program, screen, work.setup)
            code = program.end()
            return code, time.monotonic() - began, program.said

    def _judge(self, place: Environment, work: _Work, code: int, after_s: float, said: str) -> Left:
        seen = self._settled(place, work.setup)
        holder = seen.place.member
        where = holder.name if seen.place.kind is LocationKind.MEMBER and holder is not None else seen.place.kind.value
        with closing(place.services.journal(work.setup)) as journal:
            ended, unfinished = journal.ends(1), journal.unfinished() is not None
        return Left(code, where, work.losing, work.gaining, ended[0] if ended else None, unfinished, after_s, said)

    def _cluster(self) -> _Work:
        """The next cluster on which a failover would work."""
        for setup in self._free:
            seen = _look(self._place, setup)
            losing = seen.place.member
            if seen.place.kind is LocationKind.MEMBER and losing is not None:
                gaining = next(member for member in setup.members if member != losing)
                if readiness(seen, gaining, Verb.GRACEFUL).reason_against(unknown_stops=True) is None:
                    return _Work(self._folder, setup, losing, gaining)
        raise AssertionError("the fleet has too few clusters")

    def _settled(self, place: Environment, setup: ClusterSetup) -> Snapshot:
        """What the lab says once no interface is being updated any more."""
        seen: list[Snapshot] = []

        def settled() -> bool:
            with self._mutex:
                seen.append(_look(place, setup))
            # The fleet has interfaces that are failed to begin with.
            ends = (Provisioning.SUCCEEDED, Provisioning.FAILED)
            return all(member.provisioning in ends for member in seen[-1].members)

        try:
            wait_for(settled, "both interfaces have settled")
        except AssertionError as error:
            error.add_note(repr(seen[-1].members))
            raise
        return seen[-1]

    def _interrupt(self, work: _Work) -> None:
        """Leave an interrupted run behind: a command that is killed while it detaches."""
        with ExitStack() as stack:
            program = _Watched(stack, _command(By.FAILOVER, work), Ending.TERM, {})
            program.until(_AT[Moment.DETACHING])
            os.kill(program.pid, signal.SIGKILL)
            program.end()


def _look(place: Environment, setup: ClusterSetup) -> Snapshot:
    return Observer(place.services.azure, place.services.clock, setup).look()


def _refuse_attach(work: _Work) -> None:
    """Keep the address on no NIC for some seconds: the attach is refused some times as being too early."""
    match = {"method": "PUT", "resource": work.gaining.nic.name, "times": 4}
    with closing(control_running(work.folder)) as control:
        control.add_fault({"match": match, "effect": {"kind": "azure", "answer": "another-operation"}})


def _command(by: By, work: _Work) -> list[str]:
    cluster, gaining, place = work.setup.name, work.gaining.name, ["--lab-dir", str(work.folder)]
    words = {
        By.FAILOVER: ["failover", cluster, *place, "--to", gaining, "--graceful", "--yes", "--json"],
        By.RESUME: ["resume", cluster, *place, "--json"],
        By.WINDOW: [cluster, gaining, "graceful", *place],
    }[by]
    return [sys.executable, "-m", "tests.e2e.window_run" if by is By.WINDOW else "tgwizard", *words]


def _strike(ending: Ending, program: _Watched, screen: XServer | Compositor | None, setup: ClusterSetup) -> None:
    match ending:
        case Ending.TERMINAL | Ending.PIPE:
            program.close_out()
        case Ending.LEADER:
            program.process.kill()
            program.process.wait(DEADLINE_S)
        case Ending.COMPOSITOR:
            assert isinstance(screen, Compositor)
            screen.end()
        case Ending.X_KILLED | Ending.X_ENDED:
            assert isinstance(screen, XServer)
            screen.end(signal.SIGKILL if ending is Ending.X_KILLED else signal.SIGTERM)
        case Ending.X_CLIENT:
            assert isinstance(screen, XServer)
            screen.disconnect(f"{setup.name} - tgwizard")
        case _:
            for number in SIGNALS[ending]:
                os.kill(program.pid, number)
