"""What the first paint needs, from a quick look at two files: how the window looks, and the only cluster's name.

A glance is no check: whatever is wrong with a file is told later, when all of it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tgwizard.engine.files.file_reading import read_text
from tgwizard.engine.files.toml_reader import parse_toml
from tgwizard.gui.app.window_geometry import WindowPlace
from tgwizard.model.appearance import TextSize, ThemeChoice, TimeZoneChoice

E = TypeVar("E", bound=Enum)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tgwizard.gui.app.app_context import AppContext, OpenProgram
    from tgwizard.gui.app.destinations import Practice
    from tgwizard.gui.app.nav_pages import NavPage


class ClusterGlance(NamedTuple):
    """What the only cluster file says of itself, as text."""

    file: Path
    name: str
    address: str


class FirstGlance(NamedTuple):
    """All that the first paint waits for. ``place`` says where the clusters live ("Lab in DIR", "Azure public").

    ``state`` is the folder of the journals, whose lock tells whether another window is open. ``left``: where the window
    stood when it was closed the last time. ``practice``: what a window from Azure practises in this lab. ``first``: the
    page to be shown first, if not that of the only cluster.
    """

    place: str
    is_lab: bool
    state: Path | None = None
    theme: ThemeChoice = ThemeChoice.SYSTEM
    read_only: bool = False
    left: WindowPlace = WindowPlace()
    cluster: ClusterGlance | None = None
    practice: Practice | None = None
    first: NavPage | None = None
    text_size: TextSize = TextSize.SYSTEM
    time_zone: TimeZoneChoice = TimeZoneChoice.LOCAL


class Opening(NamedTuple):
    """How a window opens at one place: what is seen at a glance, then what surrounds it, then the program itself.

    ``surround`` and ``open_program`` are called on a worker thread.
    """

    glance: FirstGlance
    open_program: OpenProgram
    surround: Callable[[], AppContext]


def glance_at(settings_file: Path, clusters: Path, place: str, state: Path | None, *, is_lab: bool) -> FirstGlance:
    """Look at the settings file and at the folder of the cluster files."""
    window = _window(settings_file)
    locked = window.get("read_only") is True
    theme = _word(window, "theme", ThemeChoice.SYSTEM)
    size, zone = _word(window, "text_size", TextSize.SYSTEM), _word(window, "time_zone", TimeZoneChoice.LOCAL)
    left = WindowPlace.of(window)
    only = only_cluster(clusters)
    return FirstGlance(place, is_lab, state, theme, locked, left, only, text_size=size, time_zone=zone)


def only_cluster(folder: Path) -> ClusterGlance | None:
    """What the only cluster file in `folder` says; None when there is not exactly one, or it is not plain."""
    try:
        (file,) = folder.glob("*.toml")
        document = parse_toml(read_text(file))
        return ClusterGlance(file, str(document["name"]), str(document["floating"]["address"]))
    except (OSError, KeyError, TypeError, ValueError):
        return None


def _window(settings_file: Path) -> Mapping[str, Any]:
    """What the settings file says of the window; nothing when it is faulty."""
    try:
        window = parse_toml(read_text(settings_file)).get("window")
    except (OSError, ValueError):
        return {}
    return window if isinstance(window, dict) else {}


def _word(window: Mapping[str, Any], key: str, usual: E) -> E:
    try:
        return type(usual)(str(window.get(key, usual.value)).removesuffix("%").strip())
    except ValueError:
        return usual
