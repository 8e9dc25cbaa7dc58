"""Where the window stands on the screens: it fits into the area that the system leaves free, and stands there again.

Plain numbers, in logical pixels: the first paint asks this before anything else is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

USUAL_SIZE = (1440, 900)
LEAST_SIZE = (900, 600)
"""Everything can be used at this size; a screen that leaves less gets a smaller window still."""

SEEN_PX = 64
"""So much of a window's width and height must be on a screen; else that screen has gone, and it opens elsewhere."""


class Box(NamedTuple):
    """A rectangle."""

    x: int
    y: int
    width: int
    height: int


class Frame(NamedTuple):
    """How far the system's frame reaches beyond the window on each side."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


PRESUMED_FRAME = Frame(4, 40, 4, 4)
"""Until the window is on the screen nobody knows the frame it gets there."""


@dataclass(frozen=True, slots=True)
class WindowPlace:
    """Where a window was left. `box` is its place while it is not maximised; None: it never had one."""

    box: Box | None = None
    maximised: bool = False

    @classmethod
    def of(cls, window: Mapping[str, Any]) -> WindowPlace:
        """What the settings say of the window; whatever is wrong with it is told when all of them are read."""
        return cls(box_of(window.get("place")), window.get("maximised") is True)


def box_of(value: object) -> Box | None:
    """The rectangle that four whole numbers are; None for anything else."""
    if not isinstance(value, list | tuple) or len(value) != 4:
        return None
    if not all(type(number) is int and abs(number) < 100_000 for number in value):
        return None
    x, y, width, height = value
    return Box(x, y, width, height) if width > 0 and height > 0 else None


def fitted(wanted: Box | None, screens: Sequence[Box], frame: Frame | None = None) -> Box:
    """The place for a window that wants to be at `wanted`, or anywhere when that is None.

    `screens` are the areas the system leaves free, the main one first. The window is on one of them whole, with its
    frame, and is never larger than that. `frame` None: it is not known yet; where a window was left it had one.
    """
    kept = None if wanted is None else max(screens, key=lambda area: _common(wanted, area))
    if wanted is None or kept is None or _common(wanted, kept) < min(SEEN_PX**2, wanted.width * wanted.height):
        free = _inside(screens[0], PRESUMED_FRAME if frame is None else frame)
        width, height = (wanted.width, wanted.height) if wanted is not None else USUAL_SIZE
        width, height = min(width, free.width), min(height, free.height)
        return Box(free.x + (free.width - width) // 2, free.y + (free.height - height) // 2, width, height)
    free = _inside(kept, frame or Frame())
    width, height = min(wanted.width, free.width), min(wanted.height, free.height)
    x = min(max(wanted.x, free.x), free.x + free.width - width)
    y = min(max(wanted.y, free.y), free.y + free.height - height)
    return Box(x, y, width, height)


def least_size(screen: Box, frame: Frame = PRESUMED_FRAME) -> tuple[int, int]:
    """How small the window may be made on a screen, and how small it has to be there."""
    free = _inside(screen, frame)
    return min(LEAST_SIZE[0], free.width), min(LEAST_SIZE[1], free.height)


def _inside(area: Box, frame: Frame) -> Box:
    width = max(1, area.width - frame.left - frame.right)
    return Box(area.x + frame.left, area.y + frame.top, width, max(1, area.height - frame.top - frame.bottom))


def _common(one: Box, other: Box) -> int:
    """How many pixels two rectangles share."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(0, width) * max(0, height)
