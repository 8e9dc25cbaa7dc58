"""Reads the files in which errors are explained, ``resources/azure/*.toml``: entries to rows, checked whole.

A row's class says which keys an entry may have and what their values are. Sentences may name others in braces: those of
the file's own ``[sentences]`` and those that the program has too, which are put in here, and the fields that are filled
in when an error is told. Whatever is not right is a TomlFault with its line and key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from string import Formatter
from typing import Any, ClassVar, Protocol, TypeVar, get_args, get_type_hints

from tgwizard import paths
from tgwizard.engine.files.file_reading import read_text
from tgwizard.engine.files.toml_reader import TomlFault, line_numbers, parse_toml


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


T = TypeVar("T")
Row = TypeVar("Row", bound=_Dataclass)

_LOG = logging.getLogger(__name__)

_FILLED = frozenset({"what", "why", "fix"})
_TOLD = _FILLED | {"right"}
"""The keys whose texts are told, and may name sentences, the filled ones fields too; all others stay as they are."""


class ErrorFile:
    """One such file. ``given``: sentences of the program; ``told``: fields that are filled in when an error is told."""

    def __init__(self, text: str, given: Mapping[str, str], told: frozenset[str] = frozenset()) -> None:
        """TomlFault when the text is no TOML, or its sentences are none."""
        self._text = text
        self._document = dict(parse_toml(text))
        self._told = told
        self._given = given
        self._used: set[str] = set()
        shared = self._document.pop("sentences", {})
        if not isinstance(shared, dict):
            raise self.fault("sentences", "has to be a section")
        for name, sentence in shared.items():
            if name in given or name in told:
                raise self.fault(f"sentences.{name}", "is a name that has a meaning already")
            if not isinstance(sentence, str) or _names(sentence) != set():
                raise self.fault(f"sentences.{name}", "has to be a text without braces")
        self._shared: Mapping[str, str] = shared

    def rows(self, array: str, kind: type[Row]) -> Iterator[tuple[str, Row]]:
        """The rows of ``[[array]]`` in their order, each with the place to name for a fault of it.

        An entry whose ``why`` is a section, by code, is one row for each of its codes.
        """
        hints = get_type_hints(kind)
        entries = self._document.pop(array, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self.fault(array, f"has to be written [[{array}]]")
        for number, entry in enumerate(entries, 1):
            place = f"{array}[{number}]"
            for one in self._each(place, entry):
                yield place, self._row(place, one, kind, hints)

    def done(self) -> None:
        """After all rows: TomlFault for a section that nobody asked for, and for a sentence that nobody uses."""
        for name in self._document:
            raise self.fault(name, "is not known")
        for name in self._shared:
            if name not in self._used:
                raise self.fault(f"sentences.{name}", "is used by no entry")

    def fault(self, place: str, why: str) -> TomlFault:
        """What is not right at a key; the line is that of the key, or else of the entry it belongs to."""
        lines = line_numbers(self._text)
        return TomlFault(f"{place} {why}", lines.get(place) or lines.get(place.partition(".")[0], 0))

    def _each(self, place: str, entry: dict[str, Any]) -> list[dict[str, Any]]:
        why = entry.get("why")
        if not isinstance(why, dict):
            return [entry]
        if "codes" in entry or not why:
            raise self.fault(f"{place}.why", "has to be one text, or a section with a text for each code")
        return [{**entry, "codes": [code], "why": text} for code, text in why.items()]

    def _row(self, place: str, entry: dict[str, Any], kind: type[Row], hints: Mapping[str, Any]) -> Row:
        known = {field.name: field for field in fields(kind)}
        for key in entry:
            if key not in known:
                raise self.fault(f"{place}.{key}", "is not known")
        for name, field in known.items():
            if name not in entry and field.default is MISSING:
                raise self.fault(place, f"has no {name}")
        return kind(**{key: self._value(f"{place}.{key}", hints[key], value) for key, value in entry.items()})

    def _value(self, place: str, hint: Any, value: object) -> object:
        """A value of the kind that the row's field wants: a text, one of an Enum, or several texts or numbers."""
        if hint is str:
            return self._sentence(place, value)
        if isinstance(hint, type) and issubclass(hint, Enum):
            options = {str(item.value): item for item in hint}
            if not isinstance(value, str) or value not in options:
                raise self.fault(place, f"has to be one of {', '.join(options)}")
            return options[value]
        wanted = get_args(hint)[0]
        if not isinstance(value, list) or not value or any(type(item) is not wanted or not item for item in value):
            raise self.fault(place, f"has to be a list of {'texts' if wanted is str else 'numbers'}")
        return tuple(value)

    def _sentence(self, place: str, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.fault(place, "has to be a text")
        key = place.rpartition(".")[2]
        if key not in _TOLD:
            return value
        named = _names(value)
        if named is None:
            raise self.fault(place, "has braces that name nothing")
        for name in named - self._told if key in _FILLED else named:
            sentence = self._given.get(name) or self._shared.get(name)
            if sentence is None:
                raise self.fault(place, f"names {{{name}}}, which is not known")
            self._used.add(name)
            value = value.replace(f"{{{name}}}", sentence)
        return value


def shipped(name: str) -> str:
    """The text of a file of ``resources/azure``. OSError when it cannot be read."""
    return read_text(paths.resources() / "azure" / name)


def usable(name: str, load: Callable[[], T]) -> T | None:
    """What ``load`` makes of the file of that name; None when it cannot be used, which is logged.

    An error of Azure has to be told, and its effect on a write be known, also when a shipped file was lost or replaced
    under a running program.
    """
    try:
        return load()
    except TomlFault as fault:
        _LOG.error("Errors of Azure are told in general words: %s%s: %s", name, fault.place, fault.why)
    except OSError as error:
        _LOG.error("Errors of Azure are told in general words: %s: %s", name, error.strerror or error)
    return None


def _names(text: str) -> set[str] | None:
    """What a text names in braces; None when they are not closed, or hold anything but a name."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return None
    named = [part for part in parts if part[1] is not None]
    if any(not str(name).isidentifier() or form or conversion for _, name, form, conversion in named):
        return None
    return {str(name) for _, name, _, _ in named}
