"""The settings file: TOML in, ``Settings`` out, and single values back with comments kept.

A bad file never stops the program: what cannot be used has its default, each fault is told with its line and fix,
and the file is left as it is until it is in order again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tgwizard.engine.files.file_reading import read_text
from tgwizard.engine.files.file_writing import PRIVATE, make_private_folder, write_atomically
from tgwizard.engine.files.toml_reader import TomlFault, editable_toml, line_numbers, parse_toml, section_of
from tgwizard.model.fields import FieldError
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import ALL, Setting, Settings
from tgwizard.model.text import nearest, sanitize

_KEPT = "The file was not changed; defaults are used."
_ONE_KEPT = "The file was not changed; the default is used."


@dataclass(frozen=True, slots=True)
class SettingsRead:
    """What the file says, and every fault it has. ``unknown``: keys of which it may say something that was not read."""

    settings: Settings
    problems: tuple[Problem, ...] = ()
    unknown: frozenset[str] = frozenset()


def load_settings(path: Path) -> SettingsRead:
    """Read the file; an absent one means defaults. Never raises for what the file holds."""
    try:
        text = read_text(path)
        document = parse_toml(text)
    except FileNotFoundError:
        return SettingsRead(Settings())
    except TomlFault as fault:
        what = f"{path.name}{fault.place}: this is not TOML. {_KEPT}"
        fix = f"Correct {'the line in ' if fault.line else ''}{path}."
        problem = Problem("settings-not-toml", what, f"{fault.why}.", fix, str(path))
        named = frozenset(setting.key for setting in ALL if setting.key.rpartition(".")[2] in text)
        return SettingsRead(Settings(), (problem,), named)
    except OSError as error:
        what = f"{path.name} could not be read. {_KEPT}"
        why = error.strerror or type(error).__name__
        problem = Problem("settings-not-read", what, f"{why}.", f"Check {path}.")
        return SettingsRead(Settings(), (problem,), frozenset(setting.key for setting in ALL))
    return _read(path, text, document)


def save_value(path: Path, setting: Setting[Any], value: object) -> None:
    """Write one value, keeping comments, order and other keys; atomically. UserError: nothing was written."""
    try:
        document = editable_toml(path)
        before = document.as_string()
        section, _, key = setting.key.partition(".")
        _put(section_of(document, section), key, None if value == setting.default else _plain(value))
        text = document.as_string()
        if text != before:
            make_private_folder(path.parent)
            write_atomically(path, text, PRIVATE)
    except TomlFault as fault:
        raise UserError(_not_saved(path, f"{fault.why}.")) from fault
    except OSError as error:
        raise UserError(_not_saved(path, f"{error.strerror or type(error).__name__}.")) from error


def _put(table: Any, key: str, value: object) -> None:
    if value is None:
        # A default is not written down, and a value that became the default again is taken out.
        if key in table:
            del table[key]
    elif table.get(key) != value:
        table[key] = value


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [item if isinstance(item, int) else str(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return str(value) if isinstance(value, Path) else value


def _not_saved(path: Path, why: str) -> Problem:
    what = "The setting holds until this window closes; it could not be saved."
    return Problem("settings-not-saved", what, why, f"Correct {path}. It was not changed.", str(path))


def _read(path: Path, text: str, document: Mapping[str, Any]) -> SettingsRead:
    known = {setting.key: setting for setting in ALL}
    lines = line_numbers(text)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    unknown: set[str] = set()

    def fault(key: str, what: str, why: str, fix: str) -> None:
        line = lines.get(key)
        place = f"{path.name}, line {line}" if line else path.name
        problems.append(Problem("settings-value-wrong", f"{place}: {what}", why, fix, str(path)))

    for section, table in document.items():
        if not isinstance(table, Mapping):
            fault(
                section,
                f"{sanitize(section, 80)} stands outside a section.",
                "The file was not changed.",
                "Put it below its [section].",
            )
            continue
        for last, value in table.items():
            key = f"{section}.{last}"
            setting = known.get(key)
            if setting is None:
                near = nearest(key, known)
                fix = f"Did you mean {near}?" if near else "Remove it."
                fault(key, f"{sanitize(key, 80)} is not a setting.", "The file was not changed.", fix)
                continue
            try:
                values[key] = setting.parse(value)
            except FieldError as error:
                unknown.add(key)
                fix = error.fix or f"For example: {last} = {_shown(setting)}."
                fault(key, f"{key} is {sanitize(value, 80)!r}.", f"{error.why} {_ONE_KEPT}", fix)
    return SettingsRead(Settings(MappingProxyType(values)), tuple(problems), frozenset(unknown))


def _shown(setting: Setting[Any]) -> str:
    bare = setting.example in {"true", "false"} or setting.example.startswith("[") or setting.unit
    return setting.example if bare else f'"{setting.example}"'
