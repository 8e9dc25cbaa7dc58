"""Lines as a terminal shows them: in its colours, wrapped to its width, never inside a command that may be copied.

Both are for terminals alone: a file or another program gets every line whole and plain.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TextIO

_NARROWEST = 20
"""Columns; what is narrower breaks lines better by itself."""
_MORE = 2
"""So many columns further in, a wrapped line goes on, unless it has a column of its own."""
_COMMAND = re.compile(
    r"(?:tgwizard (?:-|add|completion|discover|export|failover|history|lab|report|resume|settings|setup|start|status)"
    r"|az [a-z])"
)
_PIECE = re.compile(r"( *)([^ ]+)")
_COLUMN = re.compile(r" *\S+(?: \S+)* {2,}(?=\S)")


class Tone(Enum):
    """How a word stands out; the values are ANSI's numbers, the colours that people choose in their terminal."""

    GOOD = "32"
    LOOK = "33"
    BAD = "31"
    STRONG = "1"
    FAINT = "2"


@dataclass(frozen=True, slots=True)
class Toned:
    """A line that begins with something that stands out. The tone only repeats what the words say."""

    lead: str
    tone: Tone
    rest: str = ""

    def __str__(self) -> str:
        """The words."""
        return self.lead + self.rest


Line = str | Toned


@dataclass(frozen=True, slots=True)
class TerminalLook:
    """What a stream can show. ``width``: its columns, None where lines are left whole."""

    width: int | None = None
    colour: bool = False


def look_of(stream: TextIO, environment: Mapping[str, str] = os.environ) -> TerminalLook:
    """What the stream shows now: the width of a terminal may change while a command runs."""
    try:
        if not stream.isatty():
            return TerminalLook()
        width = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # closed, or no stream of the system
        return TerminalLook()
    kind = environment.get("TERM", "")
    dull = kind in ("", "dumb") if sys.platform != "win32" else "WT_SESSION" not in environment
    # https://no-color.org: any value but an empty one.
    return TerminalLook(width if width >= _NARROWEST else None, not dull and not environment.get("NO_COLOR"))


def shown(line: Line, look: TerminalLook) -> Iterator[str]:
    """The rows of a line whose foreign text was made safe before."""
    rows = [str(line)] if look.width is None else list(wrapped(str(line), look.width))
    if isinstance(line, str) or not look.colour:
        yield from rows
        return
    left = sum(not char.isspace() for char in line.lead)
    for row in rows:
        end = 0
        while left and end < len(row):
            left -= not row[end].isspace()
            end += 1
        first = len(row) - len(row.lstrip())
        yield f"{row[:first]}\033[{line.tone.value}m{row[first:end]}\033[0m{row[end:]}" if end > first else row


def wrapped(text: str, width: int) -> Iterator[str]:
    """The rows of a line. A word or command longer than a row is left to the terminal: it can still be copied."""
    if columns(text) <= width:
        yield text
        return
    indent = " " * _hang(text, width)
    row = ""
    for gap, piece in _pieces(text):
        if row.strip() and columns(row) + len(gap) + columns(piece) > width:
            yield row
            row = indent + piece
        else:
            row += gap + piece
    yield row


def columns(text: str) -> int:
    """So many columns of a terminal."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _hang(text: str, width: int) -> int:
    """Where the line goes on: below its second column if it has one, else a little further in."""
    column = _COLUMN.match(text)
    if column is not None and column.end() <= width // 2:
        return column.end()
    indent = len(text) - len(text.lstrip()) + _MORE
    return indent if indent <= width // 2 else 0


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """What no row may break, each with the spaces before it: words, and whole commands to the end of their sentence."""
    place = 0
    while (found := _PIECE.match(text, place)) is not None:
        start, end = found.start(2), found.end()
        if _COMMAND.match(text, start):
            end = _end_of_command(text, start)
        elif text[start] == "`" and "`" in text[start + 1 :]:
            end = max(end, text.index("`", start + 1) + 1)
        yield found[1], text[start:end]
        place = end


def _end_of_command(text: str, start: int) -> int:
    """Where the command that begins here ends: with the sentence, or with the line. A quoted value is one word."""
    end, quote = start, ""
    while end < len(text):
        char = text[end]
        last = end + 1 == len(text) or text[end + 1] == " "
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and text[end - 1] in " =":
            quote = char
        elif char in ".,:;?)" and last:
            return end + 1
        end += 1
    return end
