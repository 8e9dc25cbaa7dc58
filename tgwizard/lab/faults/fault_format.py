"""How a fault rule is spelled, the same in TOML (`[[fault]]`) and in JSON (`POST /lab/faults`).

    [[fault]]
    name = "lost-put"
    match = { method = "PUT", operation = "Microsoft.Network/networkInterfaces/write", resource = "tg-node-a-inside",
      caller = "tg-node-a", nth = 2, times = 1, every = 1, probability = 1.0, seed = 0, from_s = 0, until_s = 60 }
    effect = { kind = "reset", moment = "after-commit" }

Every part of `match` may be left out. `times` is a number or "always"; without it a rule strikes once, or always where
`every`, `probability` or `until_s` says when.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar

from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_registry import ActiveRule
from tgwizard.lab.faults.fault_rules import (
    AzureAnswer,
    Effect,
    Fault,
    FaultAnswer,
    ForeignNicTakesAddress,
    Moment,
    OperationCanceled,
    OperationFails,
    OperationNeverEnds,
    OperationSuperseded,
    OperationTakes,
    Reset,
    SlowBody,
    StaleRead,
    Timeout,
    TruncatedBody,
)
from tgwizard.lab.wire import Json
from tgwizard.model.text import format_utc

_E = TypeVar("_E", bound=Enum)
_ALWAYS = "always"


class InvalidFaultRule(ValueError):
    """A rule that cannot be understood; the text says what is wrong in it."""


class _Table:
    """One table of a rule; whatever is not asked for is an error at the end."""

    def __init__(self, document: object, where: str) -> None:
        if not isinstance(document, Mapping):
            raise InvalidFaultRule(f"{where} is not a table")
        self._left = dict(document)
        self._where = where

    def text(self, name: str, default: str | None = None) -> str:
        value: str = self._take(name, default, str, "a text")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        value: float = self._take(name, default, (int, float), "a number")
        if isinstance(value, bool) or not 0 <= value < 1e9:
            raise InvalidFaultRule(f"{self._where}.{name} is not a number from 0 on")
        return value

    def whole(self, name: str, default: int, least: int = 1) -> int:
        value = self.number(name, default)
        if value != int(value) or value < least:
            raise InvalidFaultRule(f"{self._where}.{name} is not a whole number from {least} on")
        return int(value)

    def choice(self, name: str, kind: type[_E], default: _E | None = None) -> _E:
        word = self.text(name, None if default is None else str(default.value))
        try:
            return kind(word)
        except ValueError as error:
            words = ", ".join(str(item.value) for item in kind)
            raise InvalidFaultRule(f"{self._where}.{name} is {word!r}; there are: {words}") from error

    def has(self, name: str) -> bool:
        return name in self._left

    def raw(self, name: str, default: object = None) -> Any:
        return self._left.pop(name, default)

    def end(self) -> None:
        if self._left:
            raise InvalidFaultRule(f"{self._where} has no {', '.join(sorted(map(str, self._left)))}")

    def _take(self, name: str, default: object, kind: type | tuple[type, ...], words: str) -> Any:
        if name not in self._left and default is None:
            raise InvalidFaultRule(f"{self._where}.{name} is missing")
        value = self._left.pop(name, default)
        if not isinstance(value, kind):
            raise InvalidFaultRule(f"{self._where}.{name} is not {words}")
        return value


def read(document: object) -> Fault:
    """Return the rule of a document. Raises InvalidFaultRule."""
    rule = _Table(document, "the rule")
    match = _Table(rule.raw("match", {}), "match")
    effect = _Table(rule.raw("effect"), "effect")
    name = rule.text("name", "")
    rule.end()
    repeats = any(match.has(item) for item in ("every", "probability", "until_s"))
    times = match.raw("times", _ALWAYS if repeats else 1)
    if times != _ALWAYS and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise InvalidFaultRule('match.times is neither a whole number from 1 on nor "always"')
    until = match.number("until_s") if match.has("until_s") else None
    probability = match.number("probability", 1.0)
    if probability > 1:
        raise InvalidFaultRule("match.probability is more than 1")
    fault = Fault(
        method=match.text("method", ""),
        path=match.text("resource", ""),
        effect=_effect(effect),
        nth=match.whole("nth", 1),
        times=None if times == _ALWAYS else times,
        every=match.whole("every", 1),
        probability=probability,
        seed=match.whole("seed", 0, least=0),
        operation=match.text("operation", ""),
        body=match.text("body", ""),
        caller=match.text("caller", ""),
        from_s=match.number("from_s", 0.0),
        until_s=until,
        name=name,
    )
    match.end()
    effect.end()
    return fault


def write(rule: ActiveRule) -> Json:
    """Return the document of a rule in a lab, with its id and its counts."""
    fault = rule.fault
    match: Json = {
        "method": fault.method,
        "operation": fault.operation,
        "resource": fault.path,
        "body": fault.body,
        "caller": fault.caller,
        "nth": fault.nth,
        "times": _ALWAYS if fault.times is None else fault.times,
        "every": fault.every,
        "probability": fault.probability,
        "seed": fault.seed,
        "from_s": fault.from_s,
        "until_s": fault.until_s,
    }
    return {
        "id": rule.id,
        "name": fault.name,
        "match": match,
        "effect": _effect_document(fault.effect),
        "added": format_utc(rule.added),
        "seen": rule.seen,
        "struck": rule.struck,
    }


def _answer(table: _Table) -> FaultAnswer:
    status = table.whole("status", 500, least=200)
    body = table.raw("body", "")
    headers = table.raw("headers", {})
    if status > 599:
        raise InvalidFaultRule("effect.status is more than 599")
    if not isinstance(headers, Mapping) or not all(isinstance(item, str) for pair in headers.items() for item in pair):
        raise InvalidFaultRule("effect.headers is not a table of texts")
    if any(bad in text for pair in headers.items() for text in pair for bad in "\r\n"):
        raise InvalidFaultRule("effect.headers has a line break")
    lines = tuple(headers.items())
    if not any(name.lower() == "content-type" for name in headers):
        lines = (("Content-Type", "application/json; charset=utf-8"), *lines)
    text = body if isinstance(body, str) else json.dumps(body)
    return FaultAnswer(status, text, lines, table.choice("moment", Moment, Moment.BEFORE_COMMIT))


_READERS: dict[str, Callable[[_Table], Effect]] = {
    "answer": _answer,
    "azure": lambda table: AzureAnswer(
        table.choice("answer", CannedError), table.choice("moment", Moment, Moment.BEFORE_COMMIT)
    ),
    "reset": lambda table: Reset(table.choice("moment", Moment, Moment.BEFORE_COMMIT)),
    "timeout": lambda table: Timeout(table.choice("moment", Moment, Moment.BEFORE_COMMIT)),
    "truncated-body": lambda table: TruncatedBody(table.whole("after_bytes", 20, least=0)),
    "slow-body": lambda table: SlowBody(table.number("seconds")),
    "stale-read": lambda table: StaleRead(table.number("seconds")),
    "operation-fails": lambda table: OperationFails(
        table.text("code", "InternalServerError"), table.text("message", "An error occurred.")
    ),
    "operation-canceled": lambda _table: OperationCanceled(),
    "operation-superseded": lambda _table: OperationSuperseded(),
    "operation-never-ends": lambda _table: OperationNeverEnds(),
    "operation-takes": lambda table: OperationTakes(table.number("seconds")),
    "stranger-takes-address": lambda table: ForeignNicTakesAddress(table.text("nic")),
}
KINDS = tuple(_READERS)
"""The words of `effect.kind`."""


def _effect(table: _Table) -> Effect:
    kind = table.text("kind")
    if kind not in _READERS:
        raise InvalidFaultRule(f"effect.kind is {kind!r}; there are: {', '.join(KINDS)}")
    return _READERS[kind](table)


def _effect_document(effect: Effect) -> Json:
    """Return the table of an effect: its kind and its fields, by the names that `read` knows them under."""
    document: Json = {"kind": _WORDS[type(effect)]}
    for item in fields(effect):
        value = getattr(effect, item.name)
        if isinstance(value, Enum):
            value = value.value
        elif item.name == "headers":
            value = dict(value)
        document["answer" if item.name == "known" else item.name] = value
    return document


_WORDS: dict[type[Effect], str] = {
    FaultAnswer: "answer",
    AzureAnswer: "azure",
    Reset: "reset",
    Timeout: "timeout",
    TruncatedBody: "truncated-body",
    SlowBody: "slow-body",
    StaleRead: "stale-read",
    OperationFails: "operation-fails",
    OperationCanceled: "operation-canceled",
    OperationSuperseded: "operation-superseded",
    OperationNeverEnds: "operation-never-ends",
    OperationTakes: "operation-takes",
    ForeignNicTakesAddress: "stranger-takes-address",
}
