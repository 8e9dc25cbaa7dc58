"""``add`` and ``settings``: what this computer keeps, as the window's *Add* and its settings page change it.

Both as words or as JSON (schemas in resources/schema).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from tgwizard import paths
from tgwizard.cli.app_ports import EnvironmentChoice, OpenEnvironment
from tgwizard.cli.console import SCHEMA, Console, problem_document
from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.terminal import Line, Tone, Toned
from tgwizard.engine.files.settings_file import SettingsRead, load_settings, save_value
from tgwizard.model.fields import FieldError
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import ALL, Applies, Setting
from tgwizard.model.text import nearest, sanitize
from tgwizard.paths import SETTINGS_NAME

_SETTINGS = "tgwizard settings"


@dataclass(frozen=True, slots=True)
class Add:
    """``add``: a cluster file from elsewhere."""

    file: Path


@dataclass(frozen=True, slots=True)
class ShowSettings:
    """``settings`` without a value. ``key``: one of them, None: all."""

    key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeSetting:
    """``settings KEY VALUE``; the value as it was typed."""

    key: str
    text: str


def add(command: Add, connection: OpenEnvironment, console: Console, where: EnvironmentChoice) -> ExitCode:
    """Copy the file among the saved ones, once Azure agrees with it. UserError: nothing was copied, and why."""
    saved = connection.profiles.adopt(command.file, connection.check)
    setup = saved.setup
    console.document({"schema": SCHEMA, "cluster": setup.name, "cloud": setup.cloud, "file": str(saved.path)})
    console.say(f"{setup.name} is added, as {saved.path}.")
    console.say(f"To see where its floating IP is: tgwizard status {setup.name}{where.options}")
    return ExitCode.DONE


def settings(command: ShowSettings | ChangeSetting, console: Console, config: Path | None) -> ExitCode:
    """Show all, show one, or set one. UserError: nothing was changed, and why."""
    file = (config or paths.config_dir()) / SETTINGS_NAME
    read = load_settings(file)
    if isinstance(command, ChangeSetting):
        setting = _known(command.key)
        _change(file, setting, command.text)
        read = load_settings(file)
        shown: tuple[Setting[Any], ...] = (setting,)
    else:
        shown = (_known(command.key),) if command.key else tuple(setting for setting in ALL if setting.shown)
    console.document(_document(file, read, shown))
    if isinstance(command, ShowSettings) and command.key is None:
        console.say(f"The settings in {file}:")
        lines: Iterator[Line] = (line for setting in shown for line in _in_the_list(setting, read))
    else:
        lines = _alone(shown[0], read)
    for line in lines:
        console.say(line)
    # What is wrong with the file was told when the program began.
    return ExitCode.USAGE if read.problems else ExitCode.DONE


def _known(key: str) -> Setting[Any]:
    by_key = {setting.key: setting for setting in ALL}
    if key in by_key:
        return by_key[key]
    last = {one.rpartition(".")[2]: one for one in by_key}
    near = nearest(key, by_key) or last.get(nearest(key, last) or "")
    fix = f"Did you mean {near}?" if near else f"All of them: {_SETTINGS}"
    raise UserError(Problem("setting-unknown", f"{sanitize(key, 80)} is not a setting.", "Nothing was changed.", fix))


def _change(file: Path, setting: Setting[Any], text: str) -> None:
    try:
        value = setting.typed(text)
    except FieldError as error:
        near = nearest(text, [choice.word for choice in setting.choices])
        fix = f"Did you mean {near}?" if near else f"For example: {_SETTINGS} {setting.key} {setting.example}"
        what = f"{setting.key} {sanitize(text, 80)} cannot be used."
        raise UserError(Problem("setting-wrong", what, error.why, error.fix or fix)) from error
    try:
        save_value(file, setting, value)
    except UserError as error:
        what = f"{setting.key} was not saved."
        raise UserError(*(replace(problem, what=what) for problem in error.problems)) from error


def _in_the_list(setting: Setting[Any], read: SettingsRead) -> Iterator[Line]:
    value = setting.value_of(read.settings)
    lead = f"  {setting.key:<23}{_word(setting, value):<10}"
    default = "" if value == setting.default else f"; default: {_word(setting, setting.default)}"
    label = f"  {setting.label}{default}"
    yield f"{lead}{label}" if value == setting.default else Toned(lead, Tone.STRONG, label)


def _alone(setting: Setting[Any], read: SettingsRead) -> Iterator[Line]:
    value = setting.value_of(read.settings)
    yield Toned(f"{setting.key} = {_word(setting, value)}", Tone.STRONG)
    if setting.help:
        yield f"  {setting.help}"
    for choice in setting.choices:
        yield f"  {choice.word:<8}  {choice.consequence}"
    yield (
        f"  The default is {_word(setting, setting.default)}. "
        "A window that is open now uses the change after a restart."
    )


def _word(setting: Setting[Any], value: object) -> str:
    """The value for people."""
    plain = _plain(value)
    if plain is None or plain == "":
        return "none"
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list):
        return f"[{', '.join(str(item) if isinstance(item, int) else repr(item) for item in plain)}]"
    return f"{plain:g} {setting.unit}".rstrip() if isinstance(plain, float) else sanitize(plain, 200)


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _document(file: Path, read: SettingsRead, shown: tuple[Setting[Any], ...]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "file": str(file),
        "settings": [
            {
                "key": setting.key,
                "label": setting.label,
                "help": setting.help,
                "value": _plain(setting.value_of(read.settings)),
                "default": _plain(setting.default),
                "choices": [choice.word for choice in setting.choices],
                "unit": setting.unit,
                "next_start": setting.applies is Applies.NEXT_START,
            }
            for setting in shown
        ],
        "problems": [problem_document(problem) for problem in read.problems],
    }
