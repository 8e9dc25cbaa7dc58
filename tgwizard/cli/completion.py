"""``completion SHELL``: a script with which bash, zsh, fish or PowerShell completes what is typed after ``tgwizard``.

One table of all words and options, made from argparse, is put into the shell's own script (``resources/completion``).
Names of saved clusters are the files of a folder, so that completing them starts no program. Known libraries have no
PowerShell (shtab 1.8) or start Python at each Tab (argcomplete), which takes half a second here.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tgwizard import paths
from tgwizard.cli.command_parser import CommandParser
from tgwizard.cli.console import SCHEMA, Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.engine.files.file_reading import read_text
from tgwizard.model.settings import ALL

SETTING_KEY = "KEY"
"""The metavar of what is completed with the keys of the settings."""


class ShellKind(Enum):
    """The shells; the values are the words of the command line."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


@dataclass(frozen=True, slots=True)
class Completion:
    """``completion``."""

    shell: ShellKind


@dataclass(frozen=True, slots=True)
class _Shell:
    """Its script, how it quotes a text, and how the table stands in the script."""

    file: str
    quote: Callable[[str], str]
    table: Callable[[list[str]], str] = "\n".join


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_SHELLS = {
    ShellKind.BASH: _Shell("tgwizard.bash", shlex.quote),
    ShellKind.ZSH: _Shell("tgwizard.zsh", shlex.quote),
    ShellKind.FISH: _Shell("tgwizard.fish", _fish, lambda rows: " ".join(map(_fish, rows))),
    ShellKind.POWERSHELL: _Shell("tgwizard.ps1", _powershell),
}


def completion(command: Completion, parser: CommandParser, console: Console) -> ExitCode:
    """Print the script. The folders that it looks into are those of now; the program's variables move them later."""
    shell = _SHELLS[command.shell]
    text = read_text(paths.resources() / "completion" / shell.file)
    for mark, put in (
        ("@CONFIG@", shell.quote(str(paths.config_dir()))),
        ("@LAB@", shell.quote(str(paths.lab_dir()))),
        ("@TABLE@", shell.table(list(table(parser)))),
    ):
        text = text.replace(mark, put)
    console.document({"schema": SCHEMA, "shell": command.shell.value, "text": text})
    if not console.as_json:
        console.raw(text)
    return ExitCode.DONE


def table(parser: CommandParser, words: str = "") -> Iterator[str]:
    """One row for each word, option and place: ``words|name|value|help``.

    ``value``: ``@word`` for a command word, nothing for a switch, else what follows: the words to choose from, or
    ``@cluster``, ``@file``, ``@folder``, ``@text``. A place has no name; places stand in their order.
    """
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to look at its options
        if isinstance(action.choices, dict):
            told = {one.dest: one.help for one in getattr(action, "_choices_actions", ())}
            for name, further in action.choices.items():
                yield _row(words, name, "@word", told.get(name))
                yield from table(further, f"{words} {name}".strip())
            continue
        value = "" if action.nargs == 0 else _value(action)
        long = [option for option in action.option_strings if option.startswith("--")]
        for name in long or [""]:
            yield _row(words, name, value, action.help)


def _row(words: str, name: str, value: str, told: str | None) -> str:
    shown = " ".join((told or "").replace("%%", "%").replace("|", "/").split())
    return f"{words}|{name}|{value}|{shown}"


def _value(action: argparse.Action) -> str:
    if action.choices:
        return " ".join(map(str, action.choices))
    if action.metavar == SETTING_KEY:
        return " ".join(setting.key for setting in ALL if setting.shown)
    if action.metavar == "CLUSTER":
        return "@cluster"
    if action.type is Path:
        return "@folder" if action.metavar == "DIR" else "@file"
    return "@text"
