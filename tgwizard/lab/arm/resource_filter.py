"""The `$filter` of resource and group lists: comparisons and functions joined by `and` and `or`.

The fields are the documented ones. What Azure knows and the lab does not is said in the lab's own words; anything else
is Azure's `InvalidFilterInQueryString`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tgwizard.lab import ids
from tgwizard.lab.arm import not_served
from tgwizard.lab.arm.responses import location_of
from tgwizard.lab.wire import Json, Refusal

_Test: TypeAlias = Callable[[Json], bool]
OF_RESOURCES = frozenset({"resourcetype", "name", "resourcegroup", "location", "tagname", "tagvalue"})
OF_GROUPS = frozenset({"name", "location", "tagname", "tagvalue"})
_NOT_SERVED = frozenset({"identity", "identity/principalid", "managedby", "createdtime", "changedtime", "kind", "sku"})
_NOT_SERVED_BEGIN = ("plan", "sku/")
_TOKEN = re.compile(r"\s*(?:(?P<mark>[(),])|'(?P<text>(?:[^']|'')*)'|(?P<word>[\w/]+))", re.ASCII)
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a filter asks for."""

    test: _Test
    by_tag_value: bool = False
    """Whether a tag is asked for with its value."""

    def __call__(self, document: Json) -> bool:
        """Return whether a document is meant."""
        return self.test(document)


def parse(text: str, fields: frozenset[str]) -> Wanted:
    """Return what tells whether a document is meant. Raises Refusal 400 for no filter, 501 for one not served."""
    if not text.strip():
        return Wanted(lambda _document: True)
    return _Reader(text, fields).read()


class _Reader:
    """Reads one filter from left to right."""

    def __init__(self, text: str, fields: frozenset[str]) -> None:
        self._text = text
        self._fields = fields
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None or found.lastgroup is None:
                raise self._bad()
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self._tokens.reverse()  # the next one is at the end
        self._depth = 0
        self._by_tag_value = False

    def read(self) -> Wanted:
        test = self._either()
        if self._tokens:
            raise self._bad()
        return Wanted(test, self._by_tag_value)

    def _either(self) -> _Test:
        choices = [self._all()]
        while self._takes("or"):
            choices.append(self._all())
        return choices[0] if len(choices) == 1 else lambda document: any(choice(document) for choice in choices)

    def _all(self) -> _Test:
        parts: list[_Test] = []
        tag: dict[str, str] = {}
        while True:
            parts.append(self._part(tag))
            if not self._takes("and"):
                break
        if "tagvalue" in tag and "tagname" not in tag:
            raise self._bad()
        if tag:
            name, value = tag["tagname"], tag.get("tagvalue")
            parts.append(lambda document: _has_tag(document, name, value))
        return lambda document: all(part(document) for part in parts)

    def _part(self, tag: dict[str, str]) -> _Test:
        kind, word = self._next()
        if (kind, word) == ("mark", "("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._bad()
            inner = self._either()
            self._expect("mark", ")")
            self._depth -= 1
            return inner
        if kind != "word":
            raise self._bad()
        name = word.lower()
        if self._tokens and self._tokens[-1] == ("mark", "("):
            return self._function(name)
        comparison = self._expect("word").lower()
        value = self._expect("text").replace("''", "'")
        self._check(name)
        if comparison not in {"eq", "ne"} or (name in {"tagname", "tagvalue"} and comparison != "eq"):
            raise self._bad()
        if name in {"tagname", "tagvalue"}:
            if name in tag:
                raise self._bad()
            tag[name] = value
            self._by_tag_value |= name == "tagvalue"
            return lambda _document: True
        wanted = _plain(name, value)
        return lambda document: (_field(document, name) == wanted) is (comparison == "eq")

    def _function(self, function: str) -> _Test:
        self._expect("mark", "(")
        first, second = self._argument(), self._argument(last=True)
        if self._takes("eq"):
            self._expect("word", "true")
        if function == "substringof" and first[0] == "text" and second[0] == "word":
            name = second[1].lower()
            self._check(name)
            wanted = _plain(name, first[1])
            if name not in {"name", "resourcegroup"}:
                raise self._bad()
            return lambda document: wanted in _field(document, name)
        if function == "startswith" and first[0] == "word" and second[0] == "text" and first[1].lower() == "tagname":
            start = second[1].lower()
            return lambda document: any(name.lower().startswith(start) for name in document.get("tags", {}))
        raise self._bad()

    def _argument(self, *, last: bool = False) -> tuple[str, str]:
        kind, value = self._next()
        if kind == "mark":
            raise self._bad()
        self._expect("mark", ")" if last else ",")
        return kind, value.replace("''", "'") if kind == "text" else value

    def _check(self, name: str) -> None:
        if name in self._fields:
            return
        if name in _NOT_SERVED or name.startswith(_NOT_SERVED_BEGIN):
            raise not_served.refusal(f"a $filter on {name}")
        raise self._bad()

    def _takes(self, word: str) -> bool:
        if self._tokens and self._tokens[-1][0] == "word" and self._tokens[-1][1].lower() == word:
            self._tokens.pop()
            return True
        return False

    def _expect(self, kind: str, value: str = "") -> str:
        found_kind, found = self._next()
        if found_kind != kind or (value and found.lower() != value):
            raise self._bad()
        return found

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise self._bad()
        return self._tokens.pop()

    def _bad(self) -> Refusal:
        return Refusal(
            400, "InvalidFilterInQueryString", f"Invalid $filter '{self._text}' specified in the query string."
        )


def _field(document: Json, name: str) -> str:
    match name:
        case "resourcetype":
            return str(document["type"]).lower()
        case "name":
            return str(document["name"]).lower()
        case "resourcegroup":
            return ids.group_of(document["id"]).lower()
        case _:
            return location_of(str(document.get("location", "")))


def _plain(name: str, value: str) -> str:
    return location_of(value) if name == "location" else value.lower()


def _has_tag(document: Json, name: str, value: str | None) -> bool:
    tags: dict[str, str] = document.get("tags", {})
    return any(item.lower() == name.lower() and value in (None, text) for item, text in tags.items())
