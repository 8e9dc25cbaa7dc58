"""`python -m tests.gui.compare_pictures A B [OUT]`: which pictures of two folders differ, and by how much.

A line for each that differs, the most first: the share of pixels that differ at all, and of those that differ notably.
Into OUT go those pictures, each as in A, as in B, and with what differs in red. The exit code is 1 if any differs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter

NOTABLE = 40
"""Of 255, in any of the three colours: less is hardly seen."""
_FORMAT = QImage.Format.Format_RGBX8888


@dataclass(frozen=True)
class Difference:
    """Of two pictures: shares of all pixels, and what differs."""

    share: float
    notable: float
    marked: QImage


def difference(first: QImage, second: QImage) -> Difference | None:
    """How two pictures differ; None: not at all. Of two sizes, all differs."""
    first, second = first.convertToFormat(_FORMAT), second.convertToFormat(_FORMAT)
    if first == second:
        return None
    if first.size() != second.size():
        return Difference(1.0, 1.0, second)
    one, other, wide = bytes(first.constBits()), bytes(second.constBits()), first.width()
    row = 4 * wide
    marked = second.convertToFormat(QImage.Format.Format_Grayscale8).convertToFormat(_FORMAT)
    count = notable = 0
    for y in range(first.height()):
        here, there = one[y * row : (y + 1) * row], other[y * row : (y + 1) * row]
        if here == there:
            continue
        for x in range(wide):
            left, right = here[4 * x : 4 * x + 3], there[4 * x : 4 * x + 3]
            if left != right:
                count += 1
                notable += any(abs(a - b) > NOTABLE for a, b in zip(left, right, strict=True))
                marked.setPixelColor(x, y, QColor("red"))
    pixels = wide * first.height()
    return Difference(count / pixels, notable / pixels, marked)


def side_by_side(*images: QImage) -> QImage:
    """The pictures in a row."""
    row = QImage(sum(image.width() for image in images), max(image.height() for image in images), _FORMAT)
    row.fill(QColor("white"))
    painter, x = QPainter(row), 0
    for image in images:
        painter.drawImage(QPoint(x, 0), image)
        x += image.width()
    painter.end()
    return row


def main(arguments: list[str]) -> int:
    """Compare two folders; the exit code."""
    if len(arguments) not in (2, 3):
        sys.stderr.write("python -m tests.gui.compare_pictures A B [OUT]\n")
        return 2
    first, second, *out = map(Path, arguments)
    names = [{path.name for path in folder.glob("*.png")} for folder in (first, second)]
    alone = sorted(names[0] ^ names[1])
    for name in alone:
        sys.stdout.write(f"only in {first if name in names[0] else second}: {name}\n")
    found: dict[str, Difference] = {}
    for name in sorted(names[0] & names[1]):
        images = QImage(str(first / name)), QImage(str(second / name))
        differs = difference(*images)
        if differs is None:
            continue
        found[name] = differs
        for folder in out:
            folder.mkdir(parents=True, exist_ok=True)
            side_by_side(*images, differs.marked).save(str(folder / name))
    for name, differs in sorted(found.items(), key=lambda item: -item[1].share):
        sys.stdout.write(f"{differs.share:8.3%} of all pixels, {differs.notable:8.3%} notably: {name}\n")
    sys.stdout.write(f"{len(found)} of {len(names[0] & names[1])} pictures differ\n")
    return 1 if found or alone else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
