"""Wording shared by window, command line and journal: ages, seconds, lists, and taming of foreign text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

_LONGEST = 400


def tame(foreign: object, limit: int = _LONGEST) -> str:
    """Text from Azure or a file, made safe for one line of plain text.

    Control, format and bidirectional-override characters are replaced, and the rest is cut at ``limit`` characters.
    """
    shown = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in str(foreign))
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def about(seconds: float) -> str:
    """A prediction: "about 8 s", "about 3 min"."""
    return f"about {_whole(seconds)}"


def measured(seconds: float) -> str:
    """A measurement: "7.9 s", "3 min 12 s"."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def age(seconds: float) -> str:
    """How long ago: "now", "2 s ago", "14 min ago"."""
    if seconds < 0.5:
        return "now"
    return f"{_whole(seconds)} ago"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: a; a and b; a, b and c."""
    items = list(names)
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def utc(moment: datetime) -> str:
    """UTC ISO 8601 with milliseconds and a Z, as every JSON document of ours spells time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _whole(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    if seconds < 172800:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / 86400)} days"
