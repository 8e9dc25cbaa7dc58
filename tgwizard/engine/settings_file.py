"""The settings file: TOML in, ``Settings`` out, and single values back with comments kept.

A bad file never stops the program: what cannot be used has its default, each fault is told with its line and cure,
and the file is left as it is until it is in order again.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tgwizard.engine.files import PRIVATE, write_whole
from tgwizard.model.fields import FieldError
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import ALL, Setting, Settings
from tgwizard.model.text import tame
from tgwizard.paths import SETTINGS_NAME

FILE_NAME = SETTINGS_NAME
_LONGEST = 200_000
_AT = re.compile(r"\s*\(at line (\d+), column (\d+)\)")
_KEPT = "The file was not changed; defaults are used."
_ONE_KEPT = "The file was not changed; the default is used."


@dataclass(frozen=True, slots=True)
class SettingsRead:
    """What the file says, and every fault it has."""

    settings: Settings
    problems: tuple[Problem, ...] = ()


def load_settings(path: Path) -> SettingsRead:
    """Read the file; an absent one means defaults. Never raises for what the file holds."""
    try:
        text = _text_of(path)
        document: Mapping[str, Any] = tomllib.loads(text)
    except FileNotFoundError:
        return SettingsRead(Settings())
    except tomllib.TOMLDecodeError as error:
        return SettingsRead(Settings(), (_not_toml(path, str(error)),))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "It is not UTF-8 text"
        what = f"{path.name} could not be read. {_KEPT}"
        return SettingsRead(Settings(), (Problem("settings-not-read", what, f"{why}.", f"Check {path}."),))
    return _read(path, text, document)


def save_value(path: Path, setting: Setting[Any], value: object) -> None:
    """Write one value, keeping comments, order and other keys; atomically. UserError: nothing was written."""
    # Here, not above: reading needs the standard library only, and the first paint of the window waits for it.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        old = path.read_text(encoding="utf-8-sig") if path.exists() else ""
        document = tomlkit.parse(old)
        section, _, key = setting.key.partition(".")
        if section not in document:
            document[section] = tomlkit.table()
        table: Any = document[section]
        if not isinstance(table, Mapping):
            raise UserError(_not_saved(path, f"[{section}] is no section."))
        _put(table, key, None if value == setting.default else _plain(value))
        text = tomlkit.dumps(document)
        if text != old:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text, PRIVATE)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise UserError(_not_saved(path, f"{tame(error, 200)}.")) from error


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
        return [str(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return str(value) if isinstance(value, Path) else value


def _text_of(path: Path) -> str:
    if path.stat().st_size > _LONGEST:
        raise OSError(27, "It is too large for a settings file")
    return path.read_text(encoding="utf-8-sig")


def _not_toml(path: Path, message: str) -> Problem:
    found = _AT.search(message)
    place = f", line {found.group(1)}" if found else ""
    why = f"{tame(_AT.sub('', message), 200)}."
    what = f"{path.name}{place}: this is not TOML. {_KEPT}"
    return Problem("settings-not-toml", what, why, f"Correct the line in {path}.", str(path))


def _not_saved(path: Path, why: str) -> Problem:
    what = "The setting holds until this window closes; it could not be saved."
    return Problem("settings-not-saved", what, why, f"Correct {path}. It was not changed.", str(path))


def _read(path: Path, text: str, document: Mapping[str, Any]) -> SettingsRead:
    known = {setting.key: setting for setting in ALL}
    values: dict[str, Any] = {}
    problems: list[Problem] = []

    def fault(key: str, what: str, why: str, fix: str) -> None:
        line = _line_of(text, key)
        place = f"{path.name}, line {line}" if line else path.name
        problems.append(Problem("settings-value-wrong", f"{place}: {what}", why, fix, str(path)))

    for section, table in document.items():
        if not isinstance(table, Mapping):
            fault(
                section,
                f"{tame(section, 80)} stands outside a section.",
                "The file was not changed.",
                "Put it below its [section].",
            )
            continue
        for last, value in table.items():
            key = f"{section}.{last}"
            setting = known.get(key)
            if setting is None:
                near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.6)
                cure = f"Did you mean {near[0]}?" if near else "Remove it."
                fault(key, f"{tame(key, 80)} is not a setting.", "The file was not changed.", cure)
                continue
            try:
                values[key] = setting.parse(value)
            except FieldError as error:
                cure = f"For example: {last} = {_shown(setting)}."
                fault(key, f"{key} is {tame(value, 80)!r}.", f"{error.why} {_ONE_KEPT}", cure)
    return SettingsRead(Settings(MappingProxyType(values)), tuple(problems))


def _shown(setting: Setting[Any]) -> str:
    bare = setting.example in {"true", "false", "[]"} or setting.unit
    return setting.example if bare else f'"{setting.example}"'


def _line_of(text: str, key: str) -> int | None:
    """The line of a key or section. A look at the text alone: good enough to point at a line."""
    section, _, last = key.partition(".")
    here = ""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            here = bare.strip("[] ")
            if not last and here == section:
                return number
        elif bare.partition("=")[0].strip() == (last or section) and here == (section if last else ""):
            return number
    return None
