"""A table of clusters for other programs: as CSV for a spreadsheet, or as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from tgwizard.model.text import sanitize

_BEGINS_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""The last four are the same in full width, which a Japanese spreadsheet takes for them."""


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Every value as text: names come from Azure, and a spreadsheet would take one that begins so for a formula."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    for row in (heads, *rows):
        writer.writerow([cell(value) for value in row])
    return written.getvalue()


def cell(value: str) -> str:
    """A value as a spreadsheet shows it: one line, never a formula."""
    text = sanitize(value, 2000)
    return f"'{text}" if text[:1] in _BEGINS_FORMULA else text


def as_json(keys: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The same rows as objects; an empty value is null."""
    clusters = [{key: value or None for key, value in zip(keys, row, strict=True)} for row in rows]
    return json.dumps({"schema": 1, "clusters": clusters}, indent=2) + "\n"
