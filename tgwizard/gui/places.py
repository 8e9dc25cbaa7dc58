"""The places of the rail, in their order."""

from __future__ import annotations

from enum import Enum

from tgwizard.gui.kit.icons import Icon


class Place(Enum):
    """A place of the rail, in its order; the value is the word shown."""

    CLUSTERS = "Clusters"
    SET_UP = "Set up a cluster"
    LAB = "Lab"
    HISTORY = "History"
    REPORTS = "Reports"
    SETTINGS = "Settings"


ICONS = {
    Place.CLUSTERS: Icon.CLUSTERS,
    Place.SET_UP: Icon.ADD,
    Place.LAB: Icon.LAB,
    Place.HISTORY: Icon.HISTORY,
    Place.REPORTS: Icon.REPORT,
    Place.SETTINGS: Icon.SETTINGS,
}
