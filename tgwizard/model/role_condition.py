"""Conditions of role assignments: whether one holds for a call, as far as it can be told from here.

What Azure's portal writes limits which roles may be given to whom. The answer is one of three: it holds, it does not,
or it hangs on something that is not known here. Source: Microsoft, *Azure role assignment condition format and syntax*.
The lab has its own reader, written apart on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from tgwizard.model.permission import matches

Attributes = Mapping[str, str]
"""What is known of a call, by lower-case source and name, such as ``request:roledefinitionid``."""
_Term = Callable[[str, Attributes], bool | None]

_ROLE_ASSIGNMENTS = "microsoft.authorization/roleassignments:"
_TOKEN = re.compile(r"'(?:[^']|'')*'|@\w+\[[^\]]*\]|&&|\|\||[!(){},]|[^\s!(){},'|&]+")
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "guid": lambda value, wanted: value.lower() == wanted.lower(),
    "string": lambda value, wanted: value == wanted,
    "stringignorecase": lambda value, wanted: value.lower() == wanted.lower(),
    "stringlike": lambda value, pattern: bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value)),
    "stringstartswith": lambda value, start: value.startswith(start),
}
_OPERATOR = re.compile(r"(?:forany|forall)of(?P<of>any|all)values:(?P<crossed>\w+)|(?P<plain>\w+)", re.IGNORECASE)
_NEGATED = re.compile(r"^(guid|string)not(equals|like|startswith)(ignorecase)?$")
_PLAIN = re.compile(r"^(guid|string)(equals|like|startswith)(ignorecase)?$")


class _Unreadable(Exception):
    """The expression, or this part of it, is of a form that is not known here."""


def holds(condition: str, action: str, attributes: Attributes) -> bool | None:
    """Whether the condition lets an assignment count for ``action``; None: that cannot be told from here."""
    try:
        return _parsed(condition)(action, attributes)
    except (_Unreadable, RecursionError):
        return None


@lru_cache(maxsize=256)
def _parsed(condition: str) -> _Term:
    parser = _Parser(_TOKEN.findall(condition))
    term = parser.either()
    if parser.rest:
        raise _Unreadable(parser.rest[0])
    return term


class _Parser:
    """Recursive descent over ``either (OR) > both (AND) > one``."""

    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def either(self) -> _Term:
        terms = [self._both()]
        while self._next_is("or", "||"):
            terms.append(self._both())
        return lambda action, known: _or([term(action, known) for term in terms])

    def _both(self) -> _Term:
        terms = [self._one()]
        while self._next_is("and", "&&"):
            terms.append(self._one())
        return lambda action, known: _and([term(action, known) for term in terms])

    def _one(self) -> _Term:
        word = self._take()
        if word.lower() in ("!", "not"):
            inner = self._one()
            return lambda action, known: None if (held := inner(action, known)) is None else not held
        if word == "(":
            inner = self.either()
            self._must_be(")")
            return inner
        if word.lower() in ("actionmatches", "suboperationmatches"):
            patterns = self._values()
            if word.lower() == "suboperationmatches":
                # Sub-operations are parts of data actions; a control-plane call has none.
                return lambda _action, _known: False
            return lambda action, _known: any(matches(pattern, action) for pattern in patterns)
        if word.lower() == "exists":
            name = _name(self._take())
            return lambda _action, known: True if name in known else None
        return self._comparison(_name(word))

    def _comparison(self, name: str) -> _Term:
        found = _OPERATOR.fullmatch(self._take())
        wanted = self._values()
        if found is None:
            raise _Unreadable(name)
        operator = (found["crossed"] or found["plain"]).lower()
        negated = _NEGATED.match(operator)
        kind = negated or _PLAIN.match(operator)
        if kind is None:
            raise _Unreadable(operator)
        compare = _COMPARISONS.get(f"{kind[1]}{'' if kind[2] == 'equals' else kind[2]}{kind[3] or ''}")
        if compare is None:
            raise _Unreadable(operator)
        every = (found["of"] or "any").lower() == "all"

        def term(_action: str, known: Attributes) -> bool | None:
            value = known.get(name)
            if value is None:
                return None
            results = [compare(value, item) != bool(negated) for item in wanted]
            return all(results) if every else any(results)

        return term

    def _values(self) -> tuple[str, ...]:
        if not self._next_is("{"):
            return (_text(self._take()),)
        found = [_text(self._take())]
        while self._next_is(","):
            found.append(_text(self._take()))
        self._must_be("}")
        return tuple(found)

    def _next_is(self, *wanted: str) -> bool:
        if self.rest and self.rest[0].lower() in wanted:
            del self.rest[0]
            return True
        return False

    def _take(self) -> str:
        if not self.rest:
            raise _Unreadable("the end")
        return self.rest.pop(0)

    def _must_be(self, wanted: str) -> None:
        if not self._next_is(wanted):
            raise _Unreadable(wanted)


def _or(results: list[bool | None]) -> bool | None:
    if True in results:
        return True
    return None if None in results else False


def _and(results: list[bool | None]) -> bool | None:
    if False in results:
        return False
    return None if None in results else True


def _name(token: str) -> str:
    found = re.fullmatch(r"@(\w+)\[(.+)\]", token.lower())
    if found is None:
        raise _Unreadable(token)
    return f"{found[1]}:{found[2].removeprefix(_ROLE_ASSIGNMENTS)}"


def _text(token: str) -> str:
    return token[1:-1].replace("''", "'") if token.startswith("'") else token
