"""Tables that tests make, printed at the end of the run: also when other processes ran the tests (pytest-xdist).

A test hands in its part by ``record_property("table", part(...))``; parts of one title are added up, column by column.
"""

from __future__ import annotations

from typing import Any

import pytest

Table = dict[str, Any]


def part(title: str, columns: list[str], rows: dict[str, list[int]], seeds: dict[str, list[int]]) -> Table:
    """A part of a table: counts by row, and the lowest and highest seed of each row."""
    return {"title": title, "columns": columns, "rows": rows, "seeds": seeds}


def added(parts: list[Table]) -> list[str]:
    """The lines of every table."""
    lines: list[str] = []
    for title in dict.fromkeys(str(item["title"]) for item in parts):
        mine = [item for item in parts if item["title"] == title]
        columns: list[str] = mine[0]["columns"]
        rows: dict[str, list[int]] = {}
        seeds: dict[str, list[int]] = {}
        for item in mine:
            for name, counts in item["rows"].items():
                before = rows.get(name, [0] * len(counts))
                rows[name] = [one + other for one, other in zip(before, counts, strict=True)]
                low, high = item["seeds"][name]
                known = seeds.get(name, [low, high])
                seeds[name] = [min(low, known[0]), max(high, known[1])]
        rows["all"] = [sum(column) for column in zip(*rows.values(), strict=True)]
        lines += ["", title, f"  {'':<28}" + "".join(f"{column:>11}" for column in columns) + "   seeds"]
        for name, counts in rows.items():
            span = f"{seeds[name][0]} to {seeds[name][1]}" if name in seeds else ""
            lines.append(f"  {name:<28}" + "".join(f"{count:>11}" for count in counts) + f"   {span}")
    return lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests handed in."""
    parts = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in getattr(report, "user_properties", [])
        if name == "table"
    ]
    for line in added(parts):
        terminalreporter.write_line(line)
