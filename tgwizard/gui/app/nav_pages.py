"""The pages of the rail, in their order."""

from __future__ import annotations

from enum import Enum


class NavPage(Enum):
    """A page of the rail, in its order; the value is the word shown."""

    CLUSTERS = "Clusters"
    SET_UP = "Set up a cluster"
    LAB = "Lab"
    HISTORY = "History"
    REPORTS = "Reports"
    SETTINGS = "Settings"
