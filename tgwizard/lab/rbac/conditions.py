"""Conditions of role assignments: Azure's attribute-based expressions, as far as they bear on management actions.

In practice that is who may assign which roles to whom ("Constrain roles and principals" in the portal): actions and the
attributes of a role assignment. Sources: Microsoft's *Azure role assignment condition format and syntax* [D].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

Facts: TypeAlias = Mapping[str, str]
"""What an expression can ask of a call: values by attribute in lower case, such as `request:roledefinitionid`."""
Test: TypeAlias = Callable[[str, Facts], bool]
"""Whether an expression holds for an action and the facts of a call."""

VERSION = "2.0"
ATTRIBUTES = "microsoft.authorization/roleassignments"


def _like(text: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text) is not None


_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<attribute>@\w+\[[^\]]+\])|(?P<mark>&&|\|\||[!(){},])|(?P<word>[\w:/.\-*]+))"
)
_QUANTIFIERS = frozenset({"foranyofanyvalues", "forallofanyvalues"})
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "guidequals": lambda found, wanted: found.lower() == wanted.lower(),
    "stringequals": lambda found, wanted: found == wanted,
    "stringequalsignorecase": lambda found, wanted: found.lower() == wanted.lower(),
    "stringlike": _like,
    "stringstartswith": lambda found, wanted: found.startswith(wanted),
}
_OPPOSITES = {"guidnotequals": "guidequals", "stringnotequals": "stringequals"} | {
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "stringnotstartswith": "stringstartswith",
}


class InvalidCondition(ValueError):
    """An expression that cannot be read; the text says where."""


def holds(condition: str, action: str, facts: Facts) -> bool:
    """Return whether a condition lets an assignment count for a call.

    One that cannot be read, which only a world of an earlier version can have, never does.
    """
    try:
        return parse(condition)(action, facts)
    except InvalidCondition:
        return False


@lru_cache(maxsize=256)
def parse(condition: str) -> Test:
    """Return what an expression tests. Raises InvalidCondition."""
    reader = _Reader(tuple(_tokens(condition)))
    test = reader.any_of()
    if reader.next != "":
        raise InvalidCondition(f"'{reader.next}' is not expected")
    return test


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None:
            raise InvalidCondition(f"'{text[position:].strip()[:20]}' is not understood")
        position = found.end()
        yield found.group().strip()


@dataclass(slots=True)
class _Reader:
    """Reads an expression from its parts, loosest binding first."""

    tokens: tuple[str, ...]
    position: int = 0

    @property
    def next(self) -> str:
        """The part that comes next; empty at the end."""
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        """Go on to the part after the next. Raises InvalidCondition if that is none of those that are wanted."""
        found = self.next
        if not found or (wanted and found.lower() not in wanted):
            raise InvalidCondition(f"{' or '.join(wanted) or 'more'} is expected, not '{found or 'the end'}'")
        self.position += 1
        return found

    def any_of(self) -> Test:
        tests = [self.all_of()]
        while self.next.lower() in {"or", "||"}:
            self.take()
            tests.append(self.all_of())
        return lambda action, facts: any(test(action, facts) for test in tests)

    def all_of(self) -> Test:
        tests = [self.one()]
        while self.next.lower() in {"and", "&&"}:
            self.take()
            tests.append(self.one())
        return lambda action, facts: all(test(action, facts) for test in tests)

    def one(self) -> Test:
        found = self.take()
        if found.lower() in {"!", "not"}:
            inner = self.one()
            return lambda action, facts: not inner(action, facts)
        if found == "(":
            inner = self.any_of()
            self.take(")")
            return inner
        if found.lower() == "actionmatches":
            patterns = self.values()
            return lambda action, _facts: any(_like(action.lower(), item.lower()) for item in patterns)
        if found.lower() == "suboperationmatches":
            self.values()
            return lambda _action, _facts: False  # sub-operations are those of data actions
        if found.lower() == "exists":
            name = _attribute(self.take())
            return lambda _action, facts: name in facts
        return self.comparison(_attribute(found))

    def comparison(self, name: str) -> Test:
        quantifier, _, operator = self.take().lower().rpartition(":")
        if quantifier and quantifier not in _QUANTIFIERS:
            raise InvalidCondition(f"the operator '{quantifier}' is not known")
        positive = _OPPOSITES.get(operator, operator)
        if positive not in _COMPARE:
            raise InvalidCondition(f"the operator '{operator}' is not known")
        compare, wanted = _COMPARE[positive], self.values()
        negative = operator in _OPPOSITES

        def test(_action: str, facts: Facts) -> bool:
            # An attribute that a call has not is equal to nothing.
            found = facts.get(name)
            equal = found is not None and any(compare(found, item) for item in wanted)
            return not equal if negative else equal

        return test

    def values(self) -> tuple[str, ...]:
        if self.next != "{":
            return (_plain(self.take()),)
        self.take("{")
        found = [_plain(self.take())]
        while self.next == ",":
            self.take()
            found.append(_plain(self.take()))
        self.take("}")
        return tuple(found)


def _attribute(token: str) -> str:
    """Return the name under which a fact is kept: `@Request[Microsoft.Authorization/roleAssignments:PrincipalId]`."""
    found = re.fullmatch(r"@(request|resource|principal|environment)\[([^\]:]+):([^\]]+)\]", token.lower())
    if found is None:
        raise InvalidCondition(f"'{token}' is not an attribute")
    return f"{found[1]}:{found[3]}" if found[2] == ATTRIBUTES else f"{found[1]}:{found[2]}:{found[3]}"


def _plain(token: str) -> str:
    return token[1:-1].replace("''", "'") if token.startswith("'") else token
