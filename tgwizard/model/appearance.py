"""How the window may look; apart from the other settings, because the first paint waits for this one alone."""

from __future__ import annotations

from enum import Enum


class ThemeChoice(Enum):
    """Follow the system, or always one palette."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
