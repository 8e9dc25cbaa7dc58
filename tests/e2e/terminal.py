"""A person at a real terminal: a command with a pseudo-terminal for all three streams, and keys typed into it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.programs import DEADLINE_S, ROOT, wait_for

_QUIET = 6
"""So many looks in a row that show it asleep, having used no processor time, tell of a program that waits."""

CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """One command in a session of its own, so that Ctrl+C is a signal to it as in a real terminal."""

    def __init__(self, *words: str | Path) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_THE_TERMINAL, *map(str, words)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env={**os.environ, "PYTHONFAULTHANDLER": "1", "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""

    def until(self, words: str) -> None:
        """Read until these words were shown."""
        self._read(words)
        assert words in self.shown, f"{words!r} never came:\n{self.shown[-3000:]}"

    def press(self, keys: str) -> None:
        """Type keys, as a person does, once the program waits for them; a line ends with a newline.

        A Ctrl+C between the question and the wait for its answer would be heard only with the next key.
        """
        quiet: list[str] = []

        def waits() -> bool:
            state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            quiet.append(f"{state[0]} {state[11:13]}")
            return len(quiet) > _QUIET and set(quiet[-_QUIET:]) == {quiet[-1]} and quiet[-1].startswith("S")

        wait_for(waits, "the program waits for a key")
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Read what is left and wait for the end; the exit code."""
        self._read(None)
        return self.process.wait(DEADLINE_S)

    def _read(self, words: str | None) -> None:
        give_up = time.monotonic() + DEADLINE_S
        while words is None or words not in self.shown:
            ready, _, _ = select.select([self._master], [], [], max(0.0, give_up - time.monotonic()))
            assert ready, f"nothing came within {DEADLINE_S:.0f} s:\n{self.shown[-3000:]}"
            try:
                more = os.read(self._master, 65536)
            except OSError:  # the other end was closed: on Linux an error, not an end
                return
            if not more:
                return
            self.shown += more.decode(errors="replace").replace("\r\n", "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE_S)
        os.close(self._master)


TAKE_THE_TERMINAL = """
import fcntl, runpy, signal, sys, termios
signal.signal(signal.SIGINT, signal.default_int_handler)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv = ["tgwizard", *sys.argv[1:]]
runpy.run_module("tgwizard", run_name="__main__", alter_sys=True)
"""
"""Make the pseudo-terminal the controlling one and let Ctrl+C interrupt, as a shell does, then be tgwizard."""
