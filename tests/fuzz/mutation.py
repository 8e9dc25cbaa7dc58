"""Damage by number: the same seed always spoils a text, some bytes or a JSON document in the same way."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    10**400,
    1.5,
    1e308,
    float("inf"),
    float("nan"),
    "",
    " ",
    "null",
    "0",
    "/",
    "..",
    "/subscriptions/x",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\ud800",
    "x" * 5_000,
    "9" * 5_000,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
    {"value": None},
    {"id": 7, "name": [], "properties": None},
)
"""Values that a reader does not expect where it finds them."""

TOKENS = (
    "[",
    "]",
    "{",
    "}",
    '"',
    '"""',
    "'",
    "=",
    ".",
    ",",
    "#",
    "\\",
    "\n",
    "\r",
    "\t",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\ufeff",
    "[[",
    "]]",
    "1e999",
    "0x" + "f" * 400,
    "9" * 5_000,
    "[" * 2_000,
    "{a=" * 500,
    ".".join("a" * 2_000),
    "inf",
    "nan",
    "true",
    "1979-05-27T07:32:00Z",
    "\\ud800",
    "\\u0000",
)


def seeded(name: str) -> random.Random:
    """The random numbers of a case."""
    return random.Random(name)  # noqa: S311 - to be repeated, not to be secret


def nested(depth: int) -> Any:
    """A list in a list, so often."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def spoil_text(text: str, rng: random.Random) -> str:
    """One to four changes: a line doubled, dropped, moved or cut, characters replaced, a token put in."""
    for _ in range(rng.randint(1, 4)):
        lines = text.split("\n")
        at = rng.randrange(len(lines))
        match rng.randrange(7):
            case 0:
                lines.insert(rng.randrange(len(lines) + 1), lines[at])
            case 1:
                del lines[at]
            case 2:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
            case 3:
                place = rng.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + rng.choice(TOKENS) + lines[at][place:]
            case 4:
                key, equals, _ = lines[at].partition("=")
                lines[at] = f"{key}{equals} {rng.choice(TOKENS)}"
            case 5:
                other = rng.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                lines[at] = "".join(rng.choice(TOKENS) if rng.random() < 0.05 else char for char in lines[at])
        text = "\n".join(lines)
    return text


def spoil_bytes(content: bytes, rng: random.Random) -> bytes:
    """Some bytes flipped, a stretch zeroed, cut off, doubled."""
    spoilt = bytearray(content)
    match rng.randrange(4):
        case 0:
            for _ in range(rng.choice((1, 1, 3, 30))):
                spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
        case 1:
            start = rng.randrange(len(spoilt))
            length = min(rng.choice((1, 16, 512, 4096)), len(spoilt) - start)
            spoilt[start : start + length] = bytes(length)
        case 2:
            del spoilt[rng.randrange(len(spoilt)) :]
        case _:
            start = rng.randrange(len(spoilt))
            spoilt[start:start] = spoilt[start : start + 512]
    return bytes(spoilt)


def spoil_json(document: Any, rng: random.Random, changes: int = 3) -> Any:
    """A copy with one to ``changes`` values replaced, dropped, doubled, renamed or exchanged."""
    spoilt = copy.deepcopy(document)
    for _ in range(rng.randint(1, changes)):
        places = list(_places(spoilt))
        if not places or rng.random() < 0.02:
            spoilt = rng.choice(ODD)
            continue
        parent, key = rng.choice(places)
        match rng.randrange(6):
            case 0 | 1 | 2:
                parent[key] = copy.deepcopy(rng.choice(ODD))
            case 3:
                del parent[key]
            case 4:
                other, place = rng.choice(places)
                parent[key] = copy.deepcopy(other.get(place) if isinstance(other, dict) else other[place : place + 1])
            case _:
                parent[key] = nested(rng.choice((2, 50))) if rng.random() < 0.3 else [parent[key], parent[key]]
    return spoilt


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document that can be changed: its parent, and the key or index in it."""
    todo = [value]
    while todo:
        parent = todo.pop()
        items = parent.items() if isinstance(parent, dict) else enumerate(parent) if isinstance(parent, list) else ()
        for key, child in items:
            yield parent, key
            if isinstance(child, dict | list):
                todo.append(child)
