"""What the documents beside the code say, for tests that hold the code to them."""

from __future__ import annotations

import re

from tests.house.checkout import PACKAGE

HEADING = re.compile(r"^#+ (\d+(?:\.\d+)?) .*$", re.MULTILINE)


def sections(package: str) -> dict[str, str]:
    """The text of a package's README.md by the numbers of its headings."""
    _, *parts = HEADING.split((PACKAGE / package / "README.md").read_text("utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def table(package: str, number: str) -> dict[str, list[str]]:
    """The rows of a section's table whose first cell is one name in backticks: the other cells by that name."""
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in sections(package)[number].splitlines()]
    return {cells[0].strip("`"): cells[1:] for cells in rows if re.fullmatch(r"`[\w-]+`", cells[0])}
