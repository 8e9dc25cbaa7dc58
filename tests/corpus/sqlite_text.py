"""A journal as text, a line for each record, and a SQLite file again. Neither knows the program."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

MIDDLE = ',"data":'


def text_of(file: Path) -> str:
    """The first line tells of the file: its schema, its tables, and the rows of all that hold no records."""
    with closing(sqlite3.connect(file)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        made = database.execute("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        parts = made.fetchall()
        others = [name for name, kind, _sql in parts if kind == "table" and name != "record"]
        rows = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in others}  # noqa: S608 - our own
        head = {"user_version": version, "made_by": [sql for _name, _kind, sql in parts], "rows": rows}
        records = database.execute("SELECT run, kind, data FROM record ORDER BY seq").fetchall()
    return "".join(f"{line}\n" for line in (json.dumps(head), *(line_of(*row) for row in records)))


def line_of(run: str, kind: str, data: str) -> str:
    """A record, its data as they stand in the file."""
    return json.dumps({"run": run, "kind": kind}, separators=(",", ":"))[:-1] + MIDDLE + data + "}"


def record_of(line: str) -> tuple[str, str, str]:
    """Run, kind and data of a line."""
    head, _, data = line.partition(MIDDLE)
    named = json.loads(head + "}")
    return named["run"], named["kind"], data[:-1]


def restored(text: str, file: Path, records: int | None = None) -> Path:
    """Make the file, with the first so many of its records, or with all."""
    head, *lines = text.splitlines()
    told = json.loads(head)
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as database, database:
        for made_by in told["made_by"]:
            database.execute(made_by)
        for name, rows in told["rows"].items():
            marks = ", ".join("?" * len(rows[0])) if rows else ""
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608 - our own
        kept = [record_of(line) for line in lines[:records]]
        database.executemany("INSERT INTO record (run, kind, data) VALUES (?, ?, ?)", kept)
        database.execute(f"PRAGMA user_version={told['user_version']}")
    file.chmod(0o600)
    return file
