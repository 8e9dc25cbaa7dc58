"""Wording: foreign text sanitized, numbers and lists in words."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tgwizard
from tgwizard.model.text import (
    are,
    counted,
    format_age,
    format_duration,
    format_estimate,
    format_utc,
    join_words,
    sanitize,
)

_FOREIGN = st.text(
    st.characters() | st.sampled_from("\x00\x07\x1b\r\n\t\x9b\u200b\u202a\u202e\u2066\u2069\ufeff\U000e0041"),
    max_size=60,
)


@given(text=_FOREIGN, limit=st.integers(1, 50))
def test_that_foreign_text_becomes_one_plain_line_of_bounded_length(text: str, limit: int) -> None:
    shown = sanitize(text, limit)
    assert len(shown) <= limit
    assert not any(unicodedata.category(char).startswith("C") for char in shown)
    assert not any(char in shown for char in "\u2028\u2029\n\r")
    assert shown == shown.strip()


@given(text=_FOREIGN)
def test_that_taming_twice_changes_nothing_more(text: str) -> None:
    assert sanitize(sanitize(text)) == sanitize(text)


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("a\x1b[31mb", "a [31mb"),
        ("user\u202egpj.exe", "user gpj.exe"),
        ("zero\u200bwidth", "zero width"),
        (None, "None"),
        ({"a": 1}, "{'a': 1}"),
        ("  many   spaces  ", "many spaces"),
        ("Zürich, 東京", "Zürich, 東京"),
    ],
)
def test_that_control_and_direction_characters_are_replaced_and_words_kept(foreign: object, shown: str) -> None:
    assert sanitize(foreign) == shown


def test_that_a_cut_is_marked() -> None:
    assert sanitize("x" * 10, 5) == "xxxx…"
    assert sanitize("x" * 5, 5) == "xxxxx"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "now"), (0.49, "now"), (0.5, "1 s ago"), (2.4, "2 s ago"), (89, "89 s ago"), (90, "2 min ago")],
)
def test_that_an_age_is_told_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert format_age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "about 1 s"), (8, "about 8 s"), (180, "about 3 min"), (7200, "about 2 h"), (400_000, "about 5 days")],
)
def test_that_a_prediction_says_about(seconds: float, text: str) -> None:
    assert format_estimate(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (7.94, "7.9 s"), (119.9, "119.9 s"), (192.7, "3 min 12 s")]
)
def test_that_a_measurement_is_precise(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("names", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_that_names_are_listed_as_in_a_sentence(names: list[str], text: str) -> None:
    assert join_words(iter(names)) == text


def test_that_time_is_utc_with_milliseconds_whatever_zone_it_came_in() -> None:
    moment = datetime(2026, 3, 2, 10, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))
    assert format_utc(moment) == "2026-03-02T09:00:00.123Z"
    assert datetime.fromisoformat(format_utc(moment)).astimezone(UTC).second == 0


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 changes are"), (1, "1 change is"), (2, "2 changes are"), (1000, "1000 changes are")]
)
def test_that_a_number_of_things_has_its_plural(number: int, words: str) -> None:
    assert f"{counted(number, 'change')} {are(number)}" == words
    assert counted(number, "entry", "entries").endswith("entry" if number == 1 else "entries")


def test_that_no_other_place_makes_a_plural_of_its_own() -> None:
    own = re.compile(r"\{'' if [^}]* == 1 else 's'\}")
    root = Path(tgwizard.__file__).parent
    assert [path.name for path in root.rglob("*.py") if own.search(path.read_text("utf-8"))] == []
