"""How the window may look; apart from the other settings, because the first paint waits for this alone."""

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


class TextSize(Enum):
    """How large text is: as large as the system's, or always a percentage of the usual size."""

    SYSTEM = "system"
    USUAL = "100"
    LARGER = "125"
    LARGE = "150"
    LARGEST = "200"

    @property
    def scale(self) -> float | None:
        """How much larger than usual; None: as the system says."""
        return None if self is TextSize.SYSTEM else int(self.value) / 100


class TimeZoneChoice(Enum):
    """In which time moments are told: that of this computer, or UTC, as Azure's own logs are."""

    LOCAL = "local"
    UTC = "utc"
