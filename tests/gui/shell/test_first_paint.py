"""The first paint: the real window, with what two glances at files tell, before anything else is imported."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, accessible_description, accessible_name
from tests.rig import Rig
from tgwizard.engine.files.cluster_file import load_cluster, save_cluster
from tgwizard.engine.files.settings_file import load_settings, save_value
from tgwizard.gui.app.app_context import AppContext
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.first_glance import ClusterGlance, FirstGlance, glance_at, only_cluster
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.shell.opening_page import OpeningPage
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LIGHT, Token
from tgwizard.model.appearance import ThemeChoice
from tgwizard.model.problem import Problem
from tgwizard.model.settings import READ_ONLY, THEME

ROOT = Path(__file__).parents[3]

SHOWN = ClusterGlance(Path("edge-dallas.toml"), "edge-dallas", "10.20.2.50")


def painted(theme: Theme, qtbot: QtBot, cluster: ClusterGlance | None) -> MainWindow:
    """The window as it is first painted."""
    made = MainWindow(theme, FirstGlance("a test", is_lab=True, cluster=cluster))
    qtbot.addWidget(made)
    made.show()
    return made


def opening(window: MainWindow) -> OpeningPage:
    assert window.opening is not None
    return window.opening


def glance(settings_file: Path) -> FirstGlance:
    return glance_at(settings_file, settings_file.parent / "clusters", "a test", None, is_lab=True)


def inked(image: QImage, colour: str) -> int:
    """How many of the pixels have the colour."""
    return sum(
        image.pixelColor(x, y).name().upper() == colour
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    )


def test_that_a_glance_sees_what_the_whole_reading_sees(lab: Rig, tmp_path: Path) -> None:
    file = tmp_path / "clusters" / "one.toml"
    save_cluster(file, lab.setup)
    read = load_cluster(file)
    assert only_cluster(tmp_path / "clusters") == ClusterGlance(file, read.name, str(read.address))


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a.toml": "this is not TOML"},
        {"a.toml": "name = 'x'"},
        {"a.toml": "name = 'x'\nfloating = 3\nmember = []"},
        {"a.toml": "name = 'x'", "b.toml": "name = 'y'"},
    ],
)
def test_that_a_glance_at_anything_else_sees_nothing_and_raises_nothing(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert only_cluster(tmp_path) is None
    assert only_cluster(tmp_path / "absent") is None


@pytest.mark.parametrize("choice", list(ThemeChoice))
@pytest.mark.parametrize("locked", [False, True])
def test_that_theme_and_lock_are_those_the_settings_file_names(
    tmp_path: Path, choice: ThemeChoice, *, locked: bool
) -> None:
    file = tmp_path / "settings.toml"
    save_value(file, THEME, choice)
    save_value(file, READ_ONLY, locked)
    settings, seen = load_settings(file).settings, glance(file)
    assert seen.theme is THEME.value_of(settings) is choice
    assert seen.read_only is READ_ONLY.value_of(settings) is locked


@pytest.mark.parametrize(
    "text", ["", "window = 3", "[window]\ntheme = 7", "[window]\ntheme = 'pink'\nread_only = 'x'", "no TOML"]
)
def test_that_a_faulty_settings_file_has_the_usual_theme(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    assert glance(file) == glance(tmp_path / "absent") == FirstGlance("a test", is_lab=True)


def test_that_the_first_paint_tells_name_address_and_that_nothing_is_known(theme: Theme, qtbot: QtBot) -> None:
    shown = painted(theme, qtbot, SHOWN)
    banner = opening(shown).banner
    assert accessible_name(banner) == "Verdict: edge-dallas"
    assert accessible_description(banner) == "10.20.2.50, place not known yet. Opening. Nothing was written."
    assert shown.windowTitle() == "edge-dallas - tgwizard"
    image = opening(shown).grab().toImage()
    # Ink for the words, and no filled blue: the holder is not known.
    assert inked(image, LIGHT[Token.TEXT]) > 20
    assert inked(image, LIGHT[Token.IDLE_TINT]) > 1000
    assert inked(image, LIGHT[Token.ACCENT]) == 0


def test_that_without_one_cluster_it_says_that_it_is_opening(theme: Theme, qtbot: QtBot) -> None:
    shown = painted(theme, qtbot, None)
    assert accessible_name(opening(shown).banner) == "Verdict: Opening"
    assert shown.windowTitle() == "Clusters - tgwizard"


def test_that_the_window_that_is_painted_first_is_the_one_that_stays(theme: Theme, qtbot: QtBot) -> None:
    shown = painted(theme, qtbot, SHOWN)
    rail, bar = shown.rail, shown.bar
    shown.complete(Bridge(shown), AppContext("a test", is_lab=True))
    assert (shown.rail, shown.bar) == (rail, bar)
    assert rail.isVisible()
    assert shown.stack.currentWidget() is shown.opening, "until there is something to show"
    shown.show_startup_errors((Problem("no", "There is no lab."),))
    assert shown.opening is None
    assert shown.stack.currentWidget() is shown.startup_errors


def test_that_without_one_cluster_the_clusters_page_comes_as_soon_as_the_window_is_complete(
    theme: Theme, qtbot: QtBot
) -> None:
    shown = painted(theme, qtbot, None)
    shown.complete(Bridge(shown), AppContext("a test", is_lab=True))
    qtbot.waitUntil(lambda: shown.opening is None, timeout=PATIENCE_MS)
    assert shown.stack.currentWidget() is shown.pages.page(NavPage.CLUSTERS)


def test_that_a_click_on_a_window_that_is_not_complete_is_done_when_it_is(theme: Theme, qtbot: QtBot) -> None:
    shown = painted(theme, qtbot, SHOWN)
    shown.rail.items[NavPage.SETTINGS].click()
    assert shown.stack.currentWidget() is shown.opening
    shown.complete(Bridge(shown), AppContext("a test", is_lab=True))
    settings = shown.pages.page(NavPage.SETTINGS)
    qtbot.waitUntil(lambda: shown.stack.currentWidget() is settings, timeout=PATIENCE_MS)


def test_that_a_window_that_is_closed_before_it_is_complete_says_so(theme: Theme, qtbot: QtBot) -> None:
    shown = painted(theme, qtbot, SHOWN)
    with qtbot.waitSignal(shown.closed, timeout=PATIENCE_MS):
        shown.close()
    assert not shown.isVisible()


def test_that_the_last_known_verdict_is_read_out_as_such(theme: Theme, qtbot: QtBot) -> None:
    shown = painted(theme, qtbot, SHOWN)
    shown.show_last_known("In sync: tg-node-a holds 10.20.2.50", 7200.0)
    banner = opening(shown).banner
    assert accessible_name(banner) == "Verdict: Last known: In sync: tg-node-a holds 10.20.2.50"
    assert accessible_description(banner).startswith("edge-dallas, 10.20.2.50. Recorded here 2 h ago.")
    assert inked(opening(shown).grab().toImage(), LIGHT[Token.OK]) == 0, "what is last known never looks good"


PAINTED_WITH = {
    "tgwizard",
    "tgwizard.__main__",
    "tgwizard.paths",
    "tgwizard.app",
    "tgwizard.app.open_window",
    "tgwizard.model",
    "tgwizard.model.appearance",
    "tgwizard.model.problem",
    "tgwizard.model.text",
    "tgwizard.engine",
    "tgwizard.engine.interrupts",
    "tgwizard.engine.files",
    *(f"tgwizard.engine.files.{name}" for name in ("file_lock", "file_reading", "file_writing", "toml_reader")),
    "tgwizard.gui",
    "tgwizard.gui.page",
    "tgwizard.gui.start",
    "tgwizard.gui.app",
    *(f"tgwizard.gui.app.{name}" for name in ("display", "first_glance", "gc_guard", "nav_pages", "single_instance")),
    *(f"tgwizard.gui.app.{name}" for name in ("warm_up", "window_geometry", "window_placement")),
    "tgwizard.gui.shell",
    *(
        f"tgwizard.gui.shell.{name}"
        for name in ("main_window", "navigation_rail", "opening_page", "page_frame", "top_bar")
    ),
    "tgwizard.gui.style",
    *(f"tgwizard.gui.style.{name}" for name in ("accessible", "control_painting", "icons", "presses", "state_shapes")),
    *(f"tgwizard.gui.style.{name}" for name in ("theme", "tokens")),
    "tgwizard.gui.widgets",
    *(f"tgwizard.gui.widgets.{name}" for name in ("badges", "banner", "buttons", "copyable_fact", "labels", "layouts")),
    *(f"tgwizard.gui.widgets.{name}" for name in ("focus_order", "lock_card", "shortcuts")),
}
"""All of ours that the first paint may wait for."""


def test_that_the_first_paint_waits_for_nothing_but_what_it_is_painted_with(tmp_path: Path) -> None:
    program = """
        import json, os, sys
        import tgwizard.gui.start as start
        from tgwizard.__main__ import main
        def begin(self):
            print(json.dumps(sorted(sys.modules)), flush=True)
            os._exit(0)
        start._Program.begin = begin
        sys.argv[1:] = ["--lab-dir", sys.argv[1]]
        main()
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT, check=False)
    modules = set(json.loads(done.stdout))
    assert {name for name in modules if name.split(".")[0] == "tgwizard"} == PAINTED_WITH
    assert not {"tomlkit", "sqlite3", "ssl", "hashlib", "azure", "msgspec", "jinja2", "logging.handlers"} & modules
