"""How the window may look; apart from the other settings, because the first paint waits for the theme alone."""

from __future__ import annotations

from enum import Enum


class ThemeChoice(Enum):
    """Follow the system, or always one palette."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class ContrastChoice(Enum):
    """Follow the system, or always one contrast."""

    SYSTEM = "system"
    HIGH = "high"
    USUAL = "usual"
