"""How many columns the cluster page has in a window of some width (gui/README.md 7)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

WIDE = 980
"""From this page width on (a window of 1200 with its rail), the action column stands beside the picture."""

ACTIONS_WIDTH, WIDE_ACTIONS_WIDTH = 352, 400
EVENTS_WIDTH = 400
MAIN_WIDEST = 1080
THREE_COLUMNS_FROM, LARGE_FROM = 1920, 2560
"""Window widths, at 100 % text, from which on events stand in a column of their own, and the picture grows instead."""

LARGER = 1.25
"""How much the picture grows on a very wide window; its text with it, and nothing else (gui/README.md 7)."""

LOW = 720
"""On a page that is lower, at 100 % text, both cards are short: their buttons stay in view."""

ACTIONS_ABREAST = 760
TRUTHS_ABREAST = 720
"""Narrower than this, at 100 % text, the two action cards, or the three truths, stand one under the other."""

Scaled = Callable[[float], int]
"""Pixels at 100 % text to those at the present size of text."""


class Columns(Enum):
    """How the page stands in a window of some width (gui/README.md 7)."""

    ONE = "one column"
    TWO = "main and actions"
    THREE = "main, actions and events"
    LARGE = "main with a larger picture, and actions"


def columns_of(page: int, window: int, px: Scaled) -> Columns:
    """What fits into a page and a window so wide, in pixels."""
    if page < px(WIDE):
        return Columns.ONE
    if window < px(THREE_COLUMNS_FROM):
        return Columns.TWO
    return Columns.THREE if window < px(LARGE_FROM) else Columns.LARGE


def main_width(columns: Columns, page: int, px: Scaled) -> int:
    """What the main column of a page so wide has, before it is laid out."""
    aside = {
        Columns.ONE: 0,
        Columns.TWO: ACTIONS_WIDTH,
        Columns.THREE: WIDE_ACTIONS_WIDTH + EVENTS_WIDTH,
        Columns.LARGE: WIDE_ACTIONS_WIDTH,
    }[columns]
    return page - (px(aside) if aside else 0)
