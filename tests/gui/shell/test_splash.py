"""The first paint: the cluster's name and picture from two glances at files, before anything else is imported."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from tests.gui.desk import accessible_name
from tests.rig import Rig
from tgwizard.engine.files.cluster_file import load_cluster, save_cluster
from tgwizard.engine.files.settings_file import load_settings, save_value
from tgwizard.gui.shell.splash import Splash, SplashCluster, SplashContent, read_first_cluster, read_theme_choice
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LIGHT, Token
from tgwizard.model.appearance import ThemeChoice
from tgwizard.model.settings import THEME

ROOT = Path(__file__).parents[3]

SHOWN = SplashCluster(
    "edge-dallas", "10.20.2.50", "snet-inside", "vnet-edge", (("tg-node-a", "a-inside"), ("tg-node-b", "b-inside"))
)


def front(theme: Theme, qtbot: QtBot, cluster: SplashCluster | None, closed: list[str]) -> Splash:
    made = Splash(theme, SplashContent("a test", cluster=cluster), lambda: closed.append("closed"))
    qtbot.addWidget(made)
    made.show()
    return made


def told_by(shown: Splash) -> str:
    page = shown.centralWidget()
    assert page is not None
    return accessible_name(page)


def inked(image: QImage, colour: str) -> int:
    """How many of the pixels have the colour."""
    return sum(
        image.pixelColor(x, y).name().upper() == colour
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    )


def test_that_a_glance_sees_what_the_whole_reading_sees(lab: Rig, tmp_path: Path) -> None:
    save_cluster(tmp_path / "clusters" / "one.toml", lab.setup)
    read = load_cluster(tmp_path / "clusters" / "one.toml")
    first, second = read.members
    assert read_first_cluster(tmp_path / "clusters") == SplashCluster(
        read.name,
        str(read.address),
        read.subnet.name,
        read.subnet.parent_name,
        ((first.name, first.nic.name), (second.name, second.nic.name)),
    )


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a.toml": "this is not TOML"},
        {"a.toml": "name = 'x'"},
        {"a.toml": "name = 'x'\nfloating = 3\nmember = []"},
        {"a.toml": "name='x'\nmember=[]\n[floating]\naddress='10.0.0.1'\nsubnet='short'"},
        {"a.toml": "name = 'x'", "b.toml": "name = 'y'"},
    ],
)
def test_that_a_glance_at_anything_else_sees_nothing_and_raises_nothing(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert read_first_cluster(tmp_path) is None
    assert read_first_cluster(tmp_path / "absent") is None


@pytest.mark.parametrize("choice", list(ThemeChoice))
def test_that_the_theme_is_the_one_the_settings_file_names(tmp_path: Path, choice: ThemeChoice) -> None:
    file = tmp_path / "settings.toml"
    save_value(file, THEME, choice)
    assert read_theme_choice(file) is THEME.value_of(load_settings(file).settings) is choice


@pytest.mark.parametrize("text", ["", "window = 3", "[window]\ntheme = 7", "[window]\ntheme = 'pink'", "no TOML"])
def test_that_a_faulty_settings_file_has_the_usual_theme(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    assert read_theme_choice(file) is ThemeChoice.SYSTEM
    assert read_theme_choice(tmp_path / "absent") is ThemeChoice.SYSTEM


def test_that_the_first_paint_tells_name_address_and_that_nothing_is_known(theme: Theme, qtbot: QtBot) -> None:
    shown = front(theme, qtbot, SHOWN, [])
    told = told_by(shown)
    assert "edge-dallas" in told
    assert "10.20.2.50" in told
    assert "place not known" in told
    image = shown.grab().toImage()
    # Ink for the words, two cards and the pill on the picture's ground; no filled blue: the holder is not known.
    assert inked(image, LIGHT[Token.TEXT]) > 100
    assert inked(image, LIGHT[Token.SUNKEN]) > 10_000
    assert inked(image, LIGHT[Token.CARD]) > 20_000
    assert inked(image, LIGHT[Token.ACCENT]) == 0


def test_that_without_one_cluster_it_says_that_it_is_opening(theme: Theme, qtbot: QtBot) -> None:
    shown = front(theme, qtbot, None, [])
    assert told_by(shown) == "Clusters. Opening. Nothing was written."
    assert inked(shown.grab().toImage(), LIGHT[Token.SUNKEN]) == 0


def test_that_the_real_window_takes_its_place_title_and_closing(theme: Theme, qtbot: QtBot) -> None:
    closed: list[str] = []
    shown = front(theme, qtbot, SHOWN, closed)
    window = QMainWindow()
    window.setWindowTitle("edge-dallas - tgwizard")
    shown.hold(window)
    assert shown.centralWidget() is window
    assert window.window() is shown
    window.setWindowTitle("Lab - tgwizard")
    assert shown.windowTitle() == "Lab - tgwizard"
    other = QMainWindow()
    qtbot.addWidget(other)
    shown.hold(other)
    assert shown.centralWidget() is window
    shown.close()
    assert not window.isVisible()
    assert closed == []


def test_that_closing_the_first_paint_ends_the_start(theme: Theme, qtbot: QtBot) -> None:
    closed: list[str] = []
    front(theme, qtbot, SHOWN, closed).close()
    assert closed == ["closed"]


def test_that_the_first_paint_needs_neither_the_engine_nor_qts_name_space(tmp_path: Path) -> None:
    program = """
        import json, os, sys
        import tgwizard.gui.start as start
        from tgwizard.app.window import WindowOptions, open_window
        from pathlib import Path
        made = []
        import enum
        def profile(frame, event, _arg):
            if event == "call" and frame.f_code is enum.EnumType._create_.__code__:
                made.append(frame.f_locals["class_name"])
        sys.setprofile(profile)
        def begin(self):
            print(json.dumps({"modules": sorted(sys.modules), "enumerations": made}), flush=True)
            os._exit(0)
        start.WarmUp.begin = begin
        open_window(WindowOptions(Path(sys.argv[1])))
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT, check=False)
    told = json.loads(done.stdout)
    ours = {name for name in told["modules"] if name.startswith("tgwizard.")}
    assert not [name for name in ours if name.startswith(("tgwizard.lab", "tgwizard.azure", "tgwizard.cli"))]
    assert len(ours) <= 30, sorted(ours)
    assert not {"tomlkit", "sqlite3", "azure", "jinja2", "logging.handlers", "queue"} & set(told["modules"])
    assert "GlobalColor" not in told["enumerations"]
