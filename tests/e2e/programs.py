"""Real processes: each test starts them, times itself by the lines they print, and leaves none behind."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tgwizard.cli.exit_code import ExitCode
from tgwizard.model.event_base import Outcome

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 240.0
"""How long anything may take on a slow, loaded machine before the test says what it waited for."""

Document = dict[str, Any]


class Program:
    """One running process. Its standard output is read line by line, its standard error is kept in a file."""

    def __init__(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        self.command = command
        self._errors: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by close()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=ROOT,
            env={**os.environ, "PYTHONFAULTHANDLER": "1", **(environment or {})},
        )
        self._rest = b""
        self._ended = False
        self.printed: list[str] = []

    @property
    def said(self) -> str:
        """What it wrote to standard error so far."""
        return os.pread(self._errors.fileno(), 1_000_000, 0).decode()

    def line(self) -> str | None:
        """The next line of standard output; None at its end."""
        give_up = time.monotonic() + DEADLINE_S
        assert self.process.stdout is not None
        while b"\n" not in self._rest and not self._ended:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, give_up - time.monotonic()))
            assert ready, f"no line came within {DEADLINE_S:.0f} s from {self!r}"
            more = os.read(self.process.stdout.fileno(), 65536)
            self._ended = not more
            self._rest += more
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        self.printed.append(line.decode())
        return self.printed[-1]

    def lines(self) -> Iterator[str]:
        """Every further line."""
        while (line := self.line()) is not None:
            yield line

    def document(self) -> Document:
        """The next line as JSON."""
        line = self.line()
        assert line is not None, f"nothing more came from {self!r}"
        found: Document = json.loads(line)
        return found

    def until(self, wanted: Callable[[Document], bool]) -> Document:
        """The next document that is wanted; everything before it is read and dropped."""
        while True:
            found = self.document()
            if wanted(found):
                return found

    def until_said(self, words: str) -> None:
        """Wait until it has written these words to standard error."""
        wait_for(lambda: words in self.said or self.process.poll() is not None, f"{words!r} from {self!r}")
        assert words in self.said, f"{self!r} ended without saying {words!r}"

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """Kill -9, and gone for sure when this returns."""
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def end(self) -> int:
        """Read what is left and wait for the end; the exit code."""
        for _ in self.lines():
            continue
        return self.process.wait(DEADLINE_S)

    def __repr__(self) -> str:
        tail = "\n".join([*self.printed[-5:], self.said[-2000:]])
        return f"{' '.join(self.command)} (exit {self.process.poll()})\n{tail}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()


def tgwizard(*words: str | Path, environment: Mapping[str, str] | None = None) -> Program:
    """Start a tgwizard command."""
    return Program(sys.executable, "-m", "tgwizard", *map(str, words), environment=environment)


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Document:
        """Standard output as one JSON document."""
        found: Document = json.loads(self.out)
        return found

    @property
    def events(self) -> list[Document]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def finished(self) -> Document:
        """The last event, which must be the only one of its kind."""
        events = self.events
        assert [event["event"] for event in events].count("finished") == 1
        assert events[-1]["event"] == "finished"
        return events[-1]


def run(*words: str | Path) -> Answer:
    """Run a tgwizard command to its end."""
    with tgwizard(*words) as program:
        code = program.end()
        return Answer(code, "\n".join(program.printed), program.said)


@dataclass
class LabProcess:
    """A lab in a process of its own."""

    folder: Path
    more: tuple[str, ...] = ()
    """More words for its first start, such as the scenario; a saved world has its own."""
    program: Program = field(init=False)
    ready: Document = field(init=False)
    _stack: contextlib.ExitStack = field(init=False, default_factory=contextlib.ExitStack)

    def start(self, *more: str) -> Self:
        """Start it (again) on its folder, with `more` words, and wait until it is ready."""
        words = self.more if not self.folder.exists() else ()
        command = tgwizard("lab", "run", "--lab-dir", self.folder, "--latency", "fast", *words, *more)
        self.program = self._stack.enter_context(command)
        self.ready = self.program.document()
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def failover(self, to: str = "tg-node-b", verb: str = "--graceful", *more: str) -> Program:
        """Start a failover against it."""
        return tgwizard("failover", "--lab-dir", self.folder, "--to", to, verb, "--yes", "--json", *more)

    def resume(self, *more: str) -> Answer:
        """Resume against it, to the end."""
        return run("resume", "--lab-dir", self.folder, "--json", *more)

    def status(self) -> Document:
        """What status says now."""
        return status(self.folder)


def status(folder: Path) -> Document:
    """What a second program sees of the lab in the folder."""
    answer = run("status", "--lab-dir", folder, "--json")
    assert answer.code in (ExitCode.DONE, ExitCode.UNKNOWN), answer
    return answer.document


def wait_for(happened: Callable[[], bool], what: str) -> None:
    """Look again and again until it happened; the test fails, saying what did not, at a generous deadline."""
    give_up, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while not happened():
        assert time.monotonic() < give_up, f"this did not happen within {DEADLINE_S:.0f} s: {what}"
        pause.wait(0.05)


def settled(folder: Path) -> Document:
    """The status once nothing is in progress any more."""
    seen: list[Document] = []

    def done() -> bool:
        seen.append(status(folder))
        return all(member["provisioning"] == "Succeeded" for member in seen[-1]["members"])

    wait_for(done, "both interfaces settled")
    return seen[-1]


def code_of(outcome: str) -> int:
    """The documented exit code of an outcome."""
    return ExitCode.of(Outcome(outcome))


def is_event(name: str, **values: object) -> Callable[[Document], bool]:
    """Whether a document is an event of that name with these values."""
    return lambda found: found["event"] == name and all(found.get(key) == value for key, value in values.items())


def start_x_server(size: tuple[int, int] = (1600, 1000)) -> tuple[subprocess.Popen[bytes], str]:
    """An X server without a monitor, and the name of its display. The caller ends it.

    Several that start at once may choose the same number, the more so where others were killed; the loser tries again.
    """
    for _ in range(5):
        read, write = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"],
            pass_fds=(write,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as said:
            number = said.readline().strip()
        if number:
            return server, f":{number}"
        server.wait(DEADLINE_S)
    raise AssertionError("Xvfb did not start")
