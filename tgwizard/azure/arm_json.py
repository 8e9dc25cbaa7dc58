"""Azure's answers as JSON: the one place where bytes become values. What is no such answer is a ValueError.

Accepted is what Azure can send: UTF-8, no NaN, not nested deeper than ``DEEPEST``. Deeper documents would break off
whatever walks through them later.
"""

from __future__ import annotations

import json
from typing import NoReturn

DEEPEST = 100
"""Objects and lists within each other; the deepest documents of Azure have some twenty."""


def parsed(content: bytes) -> object:
    """The document; None for an empty body. ValueError, with a sentence, for anything that is no JSON of Azure's."""
    if not content.strip():
        return None
    try:
        document = json.loads(content, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("It is nested too deeply.") from None
    except ValueError as error:
        raise ValueError("It is no JSON document.") from error
    level: list[dict[str, object] | list[object]] = [document] if isinstance(document, (dict, list)) else []
    for _ in range(DEEPEST):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return document
    raise ValueError("It is nested too deeply.")


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number.")
