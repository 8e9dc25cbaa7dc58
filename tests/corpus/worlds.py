"""The lab's world at each stop of a run: the world as it began, and how many of the lines of changes belong to it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from tgwizard.lab.clock import START, VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.storage.world_store import WorldFile

WORLD, CHANGES = "world.json", "world.changes"


class Chronicle:
    """Writes one lab's world and its changes through the lab's own writer."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        """Save the world whole."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._lab, self._file = folder, lab, WorldFile(folder)
        self._file.save(lab)

    def lines(self) -> int:
        """Write down what changed since; the number of lines there are now."""
        self._file.note(self._lab)
        return len(self.changes.splitlines())

    @property
    def world(self) -> str:
        """The world as it began."""
        return (self.folder / WORLD).read_text("utf-8")

    @property
    def changes(self) -> str:
        """All changes since."""
        file = self.folder / CHANGES
        return "".join(in_order(line) for line in file.read_text("utf-8").splitlines()) if file.exists() else ""


def in_order(line: str) -> str:
    """A line of changes with its keys in order: they come from sets, whose order is another one in each process."""
    told = json.loads(line)
    assert json.dumps(told) == line
    if "keyed" in told:
        told["keyed"] = {name: dict(sorted(entries.items())) for name, entries in told["keyed"].items()}
    told |= {name: dict(sorted(told[name].items())) for name in ("pasts", "allocations", "assignments") if name in told}
    return json.dumps(told) + "\n"


def lab_at(folder: Path, world: str, changes: str, lines: int, at_s: float) -> Lab:
    """The lab as it was so many seconds after the start, read by the lab's own reader."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WORLD).write_text(world, "utf-8")
    (folder / CHANGES).write_text("".join(f"{line}\n" for line in changes.splitlines()[:lines]), "utf-8")
    clock = VirtualClock(START)
    clock.advance(at_s)
    found = WorldFile(folder).load(clock)
    assert found is not None
    return found


def seconds(clock: VirtualClock) -> float:
    """How long it is after the start."""
    return (clock.wall() - START) / timedelta(seconds=1)
