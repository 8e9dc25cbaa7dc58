"""What the cluster file and the settings file have in common: TOML text to values, or the one fault that prevents it.

Standard library only, because the first paint of the window waits for it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tgwizard.engine.files.file_reading import read_text
from tgwizard.model.text import sanitize

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")
_KEY_LINE = re.compile(r"^\s*(\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+)\s*(?:=|\.)")
_TABLE_LINE = re.compile(r"^\s*\[(\[)?\s*([^\]]+?)\s*\]")

_MOST_PARTS = 32
_PART = r"(?:(?<![A-Za-z0-9_-])[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_LONG_KEY = re.compile(rf"(?:{_PART}[ \t]*\.[ \t]*){{{_MOST_PARTS},}}")
"""A key of thousands of parts takes the parser minutes and gigabytes; no file of ours needs more than three."""

_LARGEST = 2**63
"""TOML's integers have 64 bits."""


class TomlFault(ValueError):
    """Why a text cannot be used as TOML. ``line`` and ``column`` count from 1; 0 when they are not known."""

    def __init__(self, why: str, line: int = 0, column: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.line = line
        self.column = column

    @property
    def place(self) -> str:
        """Behind the file's name: ", line 3, column 7", or nothing."""
        if not self.line:
            return ""
        return f", line {self.line}, column {self.column}" if self.column else f", line {self.line}"


def parse_toml(text: str) -> Mapping[str, Any]:
    """The values of a TOML text. TomlFault with the place and the reason, whatever the text holds."""
    long = _LONG_KEY.search(text)
    if long is not None:
        why = f"A key has more than {_MOST_PARTS} parts"
        raise TomlFault(why, text.count("\n", 0, long.start()) + 1)
    try:
        document = tomllib.loads(text)
        _check_numbers(document)
    except TomlFault:
        raise
    except tomllib.TOMLDecodeError as error:
        raise _fault_of(text, str(error)) from error
    except RecursionError as error:
        raise TomlFault("Its brackets are nested too deeply") from error
    except ValueError as error:
        # A number with more digits than Python takes, and whatever else a value's own parser refuses.
        raise TomlFault(sanitize(error, 200)) from error
    return document


def editable_toml(path: Path) -> TOMLDocument:
    """The same file for changing values in it, with its comments and order; empty when there is none.

    TomlFault, OSError, as for reading.
    """
    # Here, not above: reading needs the standard library only.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        text = read_text(path)
    except FileNotFoundError:
        return tomlkit.document()
    parse_toml(text)
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise TomlFault(sanitize(error, 200)) from error


def section_of(parent: Any, name: str) -> Any:
    """The section of an editable document, made when it is missing. TomlFault when the name is no section."""
    import tomlkit

    if name not in parent:
        parent[name] = tomlkit.table()
    found = parent[name]
    if not isinstance(found, Mapping):
        raise TomlFault(f"[{name}] is no section")
    return found


def line_numbers(text: str) -> dict[str, int]:
    """The line of every section and key, by dotted name, the first section of ``[[member]]`` being ``member[1]``.

    A look at the text alone: good enough to point at a line.
    """
    lines: dict[str, int] = {}
    prefix, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        if table := _TABLE_LINE.match(line):
            name = table.group(2)
            array, _, rest = name.partition(".")
            if table.group(1) and not rest:
                counts[name] = counts.get(name, 0) + 1
                lines.setdefault(name, number)
            if array in counts:
                name = f"{array}[{counts[array]}]{f'.{rest}' if rest else ''}"
            lines.setdefault(name, number)
            prefix = f"{name}."
        elif key := _KEY_LINE.match(line):
            lines.setdefault(prefix + key.group(1).strip("\"'"), number)
    return lines


def _fault_of(text: str, message: str) -> TomlFault:
    found = _AT.search(message)
    why = sanitize(_AT.sub("", message), 200)
    if found is None:
        return TomlFault(why)
    if found.group(1) is None:
        return TomlFault(why, text.count("\n") + 1)
    return TomlFault(why, int(found.group(1)), int(found.group(2)))


def _check_numbers(document: object) -> None:
    """TomlFault for a number that nothing here could even show."""
    todo = [document]
    while todo:
        value = todo.pop()
        if isinstance(value, Mapping):
            todo += value.values()
        elif isinstance(value, list):
            todo += value
        elif isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
            raise TomlFault("A number has more than 64 bits")
