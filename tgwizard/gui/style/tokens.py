"""The colours, type sizes and measures of gui/README.md 2, 4 and 5 as named values.

Token names are the only colours in the window's code. This module is plain data and imports no Qt, so that the
contrast test can compute every pair without a window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from tgwizard.model.appearance import ThemeChoice

__all__ = [
    "DARK", "LIGHT", "PALETTES", "Family", "Radius", "Scheme", "TextRole", "ThemeChoice", "Token", "TypeStyle",
]  # fmt: skip


class Token(Enum):
    """The name of one colour; what it is for stands in gui/README.md 2."""

    WINDOW = "window"
    SIDEBAR = "sidebar"
    CARD = "card"
    SUNKEN = "sunken"
    HOVER = "hover"
    BORDER = "border"
    STRONG = "strong"
    INPUT = "input"
    TEXT = "text"
    TEXT2 = "text2"
    TEXT3 = "text3"
    ACCENT = "accent"
    ACCENT_HOVER = "accent hover"
    ACCENT_TEXT = "accent text"
    ACCENT_TINT = "accent tint"
    OK = "ok"
    OK_TINT = "ok tint"
    WARN = "warn"
    WARN_TINT = "warn tint"
    BAD = "bad"
    BAD_TINT = "bad tint"
    BAD_FILL = "bad fill"
    IDLE = "idle"
    IDLE_TINT = "idle tint"
    ON_FILL = "on fill"
    """Text on a filled accent or bad button, and in the pill: white in both palettes."""
    ON_SHAPE = "on shape"
    """The mark inside a filled state shape: white in light, `card` in dark (gui/README.md 2)."""


class Scheme(Enum):
    """Which of the two palettes is in use."""

    LIGHT = "light"
    DARK = "dark"


LIGHT: Mapping[Token, str] = {
    Token.WINDOW: "#F7F8FA",
    Token.SIDEBAR: "#EFF1F4",
    Token.CARD: "#FFFFFF",
    Token.SUNKEN: "#F2F4F7",
    Token.HOVER: "#E8EBF0",
    Token.BORDER: "#E1E5EA",
    Token.STRONG: "#C2C9D3",
    Token.INPUT: "#838D9B",
    Token.TEXT: "#14181F",
    Token.TEXT2: "#47505D",
    Token.TEXT3: "#5E6875",
    Token.ACCENT: "#1D5BD0",
    Token.ACCENT_HOVER: "#174CB0",
    Token.ACCENT_TEXT: "#1D5BD0",
    Token.ACCENT_TINT: "#E9F0FD",
    Token.OK: "#0A6B4F",
    Token.OK_TINT: "#E3F3EC",
    Token.WARN: "#855000",
    Token.WARN_TINT: "#FCF1DC",
    Token.BAD: "#B02E17",
    Token.BAD_TINT: "#FCEAE6",
    Token.BAD_FILL: "#B02E17",
    Token.IDLE: "#535D6A",
    Token.IDLE_TINT: "#ECEFF3",
    Token.ON_FILL: "#FFFFFF",
    Token.ON_SHAPE: "#FFFFFF",
}

DARK: Mapping[Token, str] = {
    Token.WINDOW: "#101317",
    Token.SIDEBAR: "#0B0E12",
    Token.CARD: "#171B21",
    Token.SUNKEN: "#12161B",
    Token.HOVER: "#20262F",
    Token.BORDER: "#272D37",
    Token.STRONG: "#3D4653",
    Token.INPUT: "#6F7A89",
    Token.TEXT: "#ECEFF3",
    Token.TEXT2: "#B3BCC8",
    Token.TEXT3: "#929CAA",
    Token.ACCENT: "#2D6BE0",
    Token.ACCENT_HOVER: "#2560D0",
    Token.ACCENT_TEXT: "#8DB6FF",
    Token.ACCENT_TINT: "#182A4A",
    Token.OK: "#5ECCA6",
    Token.OK_TINT: "#12312A",
    Token.WARN: "#EEB65C",
    Token.WARN_TINT: "#34280F",
    Token.BAD: "#FF9985",
    Token.BAD_TINT: "#3C1D18",
    Token.BAD_FILL: "#C23E26",
    Token.IDLE: "#A3AEBB",
    Token.IDLE_TINT: "#232A34",
    Token.ON_FILL: "#FFFFFF",
    Token.ON_SHAPE: "#171B21",
}

PALETTES: Mapping[Scheme, Mapping[Token, str]] = {Scheme.LIGHT: LIGHT, Scheme.DARK: DARK}


class Family(Enum):
    """Which of the three type families a role uses."""

    TEXT = "text"
    DISPLAY = "display"
    MONO = "mono"


@dataclass(frozen=True, slots=True)
class TypeStyle:
    """One row of gui/README.md 4: family, size in px at 100 %, and CSS weight."""

    family: Family
    px: int
    weight: int


class TextRole(Enum):
    """What a piece of text is; the value is how it is set."""

    TITLE = TypeStyle(Family.DISPLAY, 24, 600)
    VERDICT = TypeStyle(Family.DISPLAY, 20, 600)
    LEAD = TypeStyle(Family.TEXT, 14, 400)
    SECTION = TypeStyle(Family.TEXT, 14, 600)
    NAME = TypeStyle(Family.TEXT, 15, 600)
    BODY = TypeStyle(Family.TEXT, 13, 400)
    BODY_KEY = TypeStyle(Family.TEXT, 13, 500)
    BODY_STRONG = TypeStyle(Family.TEXT, 13, 600)
    CAPTION = TypeStyle(Family.TEXT, 12, 400)
    CAPTION_KEY = TypeStyle(Family.TEXT, 12, 500)
    CAPTION_STRONG = TypeStyle(Family.TEXT, 12, 600)
    BADGE = TypeStyle(Family.TEXT, 11, 600)
    MONO = TypeStyle(Family.MONO, 12, 400)
    MONO_STRONG = TypeStyle(Family.MONO, 12, 500)
    PILL = TypeStyle(Family.MONO, 14, 500)
    ADDRESS_FIELD = TypeStyle(Family.MONO, 18, 400)


LARGE_TEXT = 1.5
"""From this text scale on rows of several columns become several lines (gui/README.md 7)."""


class Radius:
    """The corner radii of gui/README.md 5, in px."""

    CARD = 10
    DIALOG = 12
    CONTROL = 7
    BADGE = 6
    TAG = 4
