"""The `$filter` of role, assignment and denial lists: the few forms Azure takes (azure/README.md 3.1 to 3.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tgwizard.lab.wire import Refusal

_EQUALS = re.compile(r"(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_CALL = re.compile(r"(\w+)\(\s*(?:'((?:[^']|'')*)')?\s*\)", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter taken apart: names in lower case, values as they were sent."""

    equal: dict[str, str]
    calls: dict[str, str]

    @property
    def at_scope(self) -> bool:
        """Whether what is below the scope is left out."""
        return "atscope" in self.calls

    @property
    def at_scope_and_below(self) -> bool:
        """Whether what is below the scope is asked for."""
        return "atscopeandbelow" in self.calls


def parse(text: str, equal: frozenset[str], calls: frozenset[str], advice: str) -> Filter:
    """Return a filter made of the allowed fields and functions. Raises Refusal 400 `UnsupportedQuery` for another."""
    found = Filter({}, {})
    for part in _AND.split(text.strip()) if text.strip() else []:
        match = _EQUALS.fullmatch(part.strip())
        if match is not None and match[1].lower() in equal:
            found.equal[match[1].lower()] = match[2].replace("''", "'")
            continue
        match = _CALL.fullmatch(part.strip())
        if match is None or match[1].lower() not in calls:
            raise Refusal(400, "UnsupportedQuery", f"The filter '{text}' is not supported. {advice}")
        found.calls[match[1].lower()] = match[2] or ""
    return found
