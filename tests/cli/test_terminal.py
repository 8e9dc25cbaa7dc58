"""What a terminal gets: rows of its width, commands that can be copied, its colours; others get lines as they are."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.e2e.programs import DEADLINE_S, ROOT
from tgwizard.cli.console import Console
from tgwizard.cli.terminal import TerminalLook, Tone, Toned, columns, look_of, shown, wrapped
from tgwizard.model.problem import Problem, UserError

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
LONG = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-tg-prod/providers/Microsoft.Compute"

NO_BREAK = ("\u00a0", "\u202f", "\u3000")
"""Spaces that are none to a wrapped line: no-break, narrow no-break and ideographic."""


@contextmanager
def a_terminal(width: int) -> Iterator[tuple[TextIO, int]]:
    """A pseudo-terminal of that width: the end that a program writes to, and the one that shows it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        yield stream, master
    os.close(master)


def what_it_shows(master: int) -> str:
    """All that was written to the terminal."""
    text = b""
    while select.select([master], [], [], 0.05)[0]:
        text += os.read(master, 65536)
    return text.decode().replace("\r\n", "\n")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" "), max_size=300))
def test_that_wrapping_loses_no_word_and_breaks_none(text: str) -> None:
    rows = list(wrapped(text, 40))
    assert " ".join(rows).split() == text.split()
    for row in rows[:-1]:
        assert columns(row) <= 40 or len(row.split(" ")) >= 1


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(NO_BREAK), max_size=300), st.integers(1, 200))
def test_that_wrapping_loses_no_character_but_spaces_at_any_width(text: str, width: int) -> None:
    assert "".join(wrapped(text, width)).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("space", NO_BREAK)
def test_that_what_follows_a_space_that_breaks_no_line_is_shown(space: str) -> None:
    text = f"Azure says: the machine{space}tg-node-b of{space}{space}rg-tg-prod and{space} more was not found there."
    assert "".join(wrapped(text, 30)).replace(" ", "") == text.replace(" ", "")
    assert f"machine{space}tg-node-b" in "\n".join(wrapped(text, 30))


@pytest.mark.parametrize("width", [20, 40, 80, 132])
def test_that_no_row_of_words_is_wider_than_the_terminal(width: int) -> None:
    text = "  stops      " + "The identity of a machine has no role here, so that a failover is refused by Azure. " * 3
    rows = list(wrapped(text.rstrip(), width))
    assert all(len(row) <= width for row in rows)
    if width > 26:
        assert all(row.startswith(" " * 13) for row in rows[1:]), "what goes on stands below its own column"


@pytest.mark.parametrize(
    ("before", "command", "after"),
    [
        ("To go on: ", "tgwizard resume edge-dallas --lab-dir /a/quite/long/folder/of/a/lab", ""),
        ("First: resume. ", "tgwizard resume edge-dallas --lab-dir '/a folder. with a stop/lab'.", " It reads first."),
        ("Sign in with the Azure CLI: ", "az login --tenant 11111111-2222-4333-8444-555555555555.", " Or another way."),
        ("Use ", "`setup apply --only-mine --role-name tg-cluster-ip-failover`", " for those that are yours."),
        ("", f"tgwizard setup plan --scope {LONG}", ""),
    ],
)
@pytest.mark.parametrize("width", [24, 40, 80])
def test_that_no_row_breaks_within_a_command(before: str, command: str, after: str, width: int) -> None:
    rows = list(wrapped(f"  {before}{command}{after}", width))
    assert sum(command in row for row in rows) == 1


def test_that_prose_about_tgwizard_is_no_command() -> None:
    rows = list(wrapped("You stopped watching. tgwizard wrote nothing; what Trustgrid was asked for goes on.", 30))
    assert all(len(row) <= 30 for row in rows)


def test_that_wide_and_combining_characters_count_as_they_are_shown() -> None:
    assert columns("日本") == 4
    assert columns("e\u0301") == 1
    assert all(columns(row) <= 20 for row in wrapped("日本語 " * 12, 20))


@pytest.mark.parametrize("width", [None, 24, 80])
def test_that_a_tone_changes_no_word(width: int | None) -> None:
    line = Toned("  stops      ", Tone.BAD, "The role lacks an action that a failover needs on rg-network.")
    plain = list(shown(line, TerminalLook(width)))
    toned = list(shown(line, TerminalLook(width, colour=True)))
    assert [ESCAPE.sub("", row) for row in toned] == plain
    assert "\x1b[31mstops" in toned[0]
    assert toned[0].count("\x1b[0m") == 1
    assert "\x1b" not in "".join(toned[1:])


def test_that_a_terminal_gets_rows_of_its_width_and_colours() -> None:
    with a_terminal(40) as (stream, master):
        assert look_of(stream, {"TERM": "xterm-256color"}) == TerminalLook(40, colour=True)
        assert look_of(stream, {"TERM": "xterm", "NO_COLOR": "1"}) == TerminalLook(40)
        assert look_of(stream, {"TERM": "xterm", "NO_COLOR": ""}) == TerminalLook(40, colour=True)
        assert look_of(stream, {"TERM": "dumb"}) == TerminalLook(40)
        assert look_of(stream, {}) == TerminalLook(40)
        fcntl.ioctl(stream, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        assert look_of(stream, {"TERM": "xterm"}).width == 100, "a window may be made wider meanwhile"
        console = Console(stream, stream)
        console.warn(Problem("x", "Word " * 30, "", ""))
        assert "\n  Word Word" in ESCAPE.sub("", what_it_shows(master))


def test_that_a_file_and_a_closed_stream_get_no_look(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        assert look_of(file, {"TERM": "xterm"}) == TerminalLook()
    assert look_of(file, {"TERM": "xterm"}) == TerminalLook()


def test_that_a_script_and_json_are_never_wrapped() -> None:
    with a_terminal(30) as (stream, master):
        console = Console(stream, stream)
        console.raw("word " * 20)
        console.as_json = True
        console.document({"text": "word " * 20})
        console.complain(UserError(Problem("x", "word " * 20)))
        rows = what_it_shows(master).splitlines()
    assert len(rows) == 3


def test_that_foreign_text_brings_no_colour_of_its_own() -> None:
    with a_terminal(80) as (stream, master):
        Console(stream, stream).say(Toned("a \x1b[32mgreen\x1b[0m name", Tone.BAD, "\x1b[2J"))
        text = what_it_shows(master)
    assert "[32mgreen" in text
    assert "\x1b[32m" not in text
    assert "\x1b[2J" not in text


@pytest.mark.parametrize(
    ("more", "colour"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)
def test_that_the_program_itself_wraps_and_colours_at_a_terminal_only(more: dict[str, str], colour: bool) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")} | more
    command = [sys.executable, "-m", "tgwizard", "status", "--wach"]
    with a_terminal(30) as (stream, master):
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=stream, stderr=stream, timeout=DEADLINE_S, check=False
        )
        rows = what_it_shows(master).splitlines()
    assert done.returncode == 2
    assert ("\x1b[31m" in rows[0]) is colour
    assert all(len(ESCAPE.sub("", row)) <= 30 for row in rows)
    piped = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert piped.stderr == "There is no option --wach for tgwizard status.\n  Did you mean --watch?\n"
