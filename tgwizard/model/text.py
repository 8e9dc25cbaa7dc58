"""Wording shared by window, command line and journal: ages, seconds, lists, and sanitizing of foreign text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from tgwizard.model.appearance import TimeZoneChoice

_LONGEST = 400


def sanitize(foreign: object, limit: int = _LONGEST, *, keep_end: bool = False) -> str:
    """Text from Azure or a file, made safe for one line of plain text.

    Control, format and bidirectional-override characters are replaced, and the rest is cut at ``limit`` characters: at
    its end, or with ``keep_end`` in its middle, for sentences that name what matters last.
    """
    shown = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in str(foreign))
    shown = " ".join(shown.split())
    if len(shown) <= limit:
        return shown
    if not keep_end or limit < 3:
        return shown[: limit - 1] + "…"
    tail = (limit - 1) // 2
    return f"{shown[: limit - 1 - tail].rstrip()}…{shown[-tail:].lstrip()}"


def printable(foreign: str) -> str:
    """A text of several lines, made safe for a terminal and for a file that people open.

    Its lines and tabs stay. Every other control, format or bidirectional character, and what else would begin a line
    that does not look like one, becomes a visible mark.
    """
    return "".join(char if _is_plain(char) else "\ufffd" for char in foreign.replace("\r\n", "\n"))


def _is_plain(char: str) -> bool:
    return char in "\n\t" or not (unicodedata.category(char)[0] == "C" or char in "\u2028\u2029")


def format_estimate(seconds: float) -> str:
    """A prediction: "about 8 s", "about 3 min"."""
    return f"about {_whole(seconds)}"


def format_duration(seconds: float) -> str:
    """A measurement: "7.9 s", "3 min 12 s"."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def format_age(seconds: float) -> str:
    """How long ago: "now", "2 s ago", "14 min ago"."""
    if seconds < 0.5:
        return "now"
    return f"{_whole(seconds)} ago"


def join_words(names: Iterable[str], last: str = "and") -> str:
    """Names in a sentence: a; a and b; a, b and c. ``last``: the word before the last of them."""
    items = list(names)
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of the known words that somebody may have meant; None when none looks like it."""
    import difflib  # only where something was spelled wrong

    by_lower = {one.lower(): one for one in sorted(known)}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: "1 change", "2 changes". ``many``: the plural where it takes more than an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def are(number: int) -> str:
    """The verb that goes with a number of things."""
    return "is" if number == 1 else "are"


def format_utc(moment: datetime) -> str:
    """UTC ISO 8601 with milliseconds and a Z, as every JSON document of ours spells time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Moments:
    """How moments are told to a person: in local time or in UTC, and always with the name of that time behind them."""

    zone: TimeZoneChoice = TimeZoneChoice.LOCAL

    def time(self, at: datetime) -> str:
        """A time of today: "14:02:11 UTC"."""
        here = self.here(at)
        return f"{here:%H:%M:%S} {zone_name(here)}"

    def minute(self, at: datetime) -> str:
        """A time of today, where the seconds say nothing: "14:02 UTC"."""
        here = self.here(at)
        return f"{here:%H:%M} {zone_name(here)}"

    def near(self, at: datetime, now: datetime) -> str:
        """The time of today, and of another day its date: "14:02:11 UTC", "29 Nov 14:02 UTC"."""
        here = self.here(at)
        return self.time(at) if here.date() == self.here(now).date() else self.day(at)

    def day(self, at: datetime) -> str:
        """Date and minute: "29 Nov 14:02 UTC"."""
        here = self.here(at)
        return f"{here:%d %b %H:%M} {zone_name(here)}"

    def whole(self, at: datetime) -> str:
        """Date and time, as they sort: "2026-11-29 14:02:11 UTC"."""
        here = self.here(at)
        return f"{here:%Y-%m-%d %H:%M:%S} {zone_name(here)}"

    def both(self, at: datetime) -> str:
        """The same moment in UTC and in local time, for a tooltip."""
        told = (Moments(zone).whole(at) for zone in (TimeZoneChoice.UTC, TimeZoneChoice.LOCAL))
        return "\n".join(dict.fromkeys(told))

    def here(self, at: datetime) -> datetime:
        """The moment in the time that is told."""
        return at.astimezone(UTC) if self.zone is TimeZoneChoice.UTC else at.astimezone()


LOCAL_TIME = Moments()


def zone_name(at: datetime) -> str:
    """What the time of a moment is called: "UTC", "CET"; where the system has only a long name, "UTC+01:00"."""
    name = at.tzname() or ""
    if name.isascii() and name.isalpha() and len(name) <= 5:
        return name
    offset = f"{at:%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"


def _whole(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    if seconds < 172800:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / 86400)} days"
