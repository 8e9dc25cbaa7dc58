"""Where commands write: words or JSON on standard output, errors on standard error.

Foreign text cannot move the cursor. A terminal gets rows of its width and its colours (``cli/terminal.py``). A reader
that goes away (``| head``) silences the console; it never stops a run that has the address in its hands.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TextIO

from tgwizard.cli.terminal import Line, Tone, Toned, look_of, shown
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import printable

SCHEMA = 1


@dataclass(slots=True)
class Console:
    """Both streams of one command.

    ``as_json``: standard output carries JSON alone. ``ask`` reads a line, None at the end. ``typed`` is a line that was
    typed meanwhile, None while there is none; it never waits.
    """

    out: TextIO
    err: TextIO
    as_json: bool = False
    ask: Callable[[str], str | None] | None = None
    typed: Callable[[], str | None] | None = None
    lost: str = ""
    """Why standard output lacks something that a reader waits for: a full disk, say. Empty while it lacks nothing."""
    _deaf: set[int] = field(default_factory=set)

    @property
    def unheard(self) -> bool:
        """Whether nobody reads standard output any more."""
        return id(self.out) in self._deaf

    def say(self, line: Line = "") -> None:
        """A line for people; nothing when JSON was asked for."""
        if not self.as_json:
            self._tell(self.out, line)

    def raw(self, text: str) -> None:
        """A text whose lines are its own, such as a script; its other control characters are kept from the terminal."""
        for line in printable(text).splitlines():
            self._write(self.out, line)

    def document(self, document: Mapping[str, Any]) -> None:
        """One JSON document on one line, when JSON was asked for."""
        if self.as_json:
            self._write(self.out, json.dumps(document))

    def announce(self, document: Mapping[str, Any]) -> None:
        """One JSON document in either mode."""
        self._write(self.out, json.dumps(document))

    def complain(self, error: UserError) -> None:
        """Every problem of the error, in words, or as one JSON document on standard error."""
        if self.as_json:
            problems = [problem_document(problem) for problem in error.problems]
            self._write(self.err, json.dumps({"schema": SCHEMA, "error": {"problems": problems}}))
            return
        for problem in error.problems:
            self.warn(problem)

    def warn(self, problem: Problem) -> None:
        """A problem in words on standard error."""
        self._tell(self.err, Toned(problem.what, Tone.BAD))
        for line in (problem.why, problem.fix):
            if line:
                self._tell(self.err, f"  {line}")
        if problem.detail:
            self._tell(self.err, f"  ({' '.join(problem.detail.split())})")

    def note(self, line: Line) -> None:
        """A line on standard error, in either mode."""
        self._tell(self.err, line)

    def _tell(self, stream: TextIO, line: Line) -> None:
        for row in shown(_safe(line), look_of(stream)):
            self._write(stream, row)

    def _write(self, stream: TextIO, line: str) -> None:
        if id(stream) in self._deaf:
            return
        try:
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError) as error:
            # The reader went away, the terminal was closed, the disk is full, or the stream was closed under us.
            if stream is self.out and isinstance(error, OSError) and error.errno in _DISK:
                self.lost = error.strerror or type(error).__name__
            self._deaf.add(id(stream))
            _let_go(stream)


_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A file that cannot take more. What else stops a stream is that its reader has gone, who misses nothing then."""


def _let_go(stream: TextIO) -> None:
    """Point a stream that nobody reads at nothing: what is left in its buffer would else be an error at exit."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def problem_document(problem: Problem) -> dict[str, str | None]:
    """A problem as JSON."""
    return {
        "code": problem.code,
        "what": problem.what,
        "why": problem.why,
        "fix": problem.fix,
        "detail": problem.detail,
        "who": problem.who.value if problem.who else None,
        "right": problem.right or None,
    }


def _safe(line: Line) -> Line:
    if isinstance(line, str):
        return _plain(line)
    return replace(line, lead=_plain(line.lead), rest=_plain(line.rest))


def _plain(text: str) -> str:
    """One line: what would begin another, or move within it, is shown as a mark."""
    return printable(text).replace("\n", "\ufffd").replace("\t", "\ufffd")
