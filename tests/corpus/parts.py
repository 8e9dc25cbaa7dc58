"""All that is kept, part by part: each writes its files by what the program does now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.corpus import commands, documents, failovers, setups

KEPT = Path(__file__).parent / "kept"
Files = dict[str, bytes]
Part = Callable[[Path], Files]

PARTS: dict[str, Part] = {
    **{f"failovers/{name}": partial(failovers.write, name) for name in failovers.STORIES},
    **{f"setups/{name}": partial(setups.write, name) for name in setups.STORIES},
    **{f"documents/{name}": part for name, part in documents.PARTS.items()},
    **{f"commands/{name}": part for name, part in commands.PARTS.items()},
}


def kept(path: str) -> bytes:
    """A file as it is kept."""
    return (KEPT / path).read_bytes()


def text(path: str) -> str:
    """The same as text; empty when there is none."""
    file = KEPT / path
    return file.read_text("utf-8") if file.exists() else ""


def files_of(folder: str) -> list[str]:
    """The files kept below a folder."""
    return sorted(str(path.relative_to(KEPT)) for path in (KEPT / folder).rglob("*") if path.is_file())


def differences(written: Files, *, among: str) -> list[str]:
    """What is written otherwise than it is kept, what is new, and what is written no more."""
    known = set(files_of(among))
    found = [f"{path} is not kept" for path in sorted(written.keys() - known)]
    found += [f"{path} is not written any more" for path in sorted(known - written.keys())]
    return found + [f"{path} differs" for path in sorted(written.keys() & known) if written[path] != kept(path)]
