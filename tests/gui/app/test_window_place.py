"""Where the window stands: inside what the screens leave free, where it was left, and usable when that is little."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk
from tests.gui.pictures import rights_are_known
from tgwizard.engine.files.settings_file import load_settings, save_value
from tgwizard.gui.app.app_context import AppContext
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.first_glance import FirstGlance, glance_at
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.app.window_geometry import (
    LEAST_SIZE,
    PRESUMED_FRAME,
    USUAL_SIZE,
    Box,
    Frame,
    WindowPlace,
    fitted,
    least_size,
)
from tgwizard.gui.app.window_placement import WindowPlacement, free_areas
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.failover.confirm_dialog import ConfirmDialog
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.style.theme import Theme
from tgwizard.model.cluster import Verb
from tgwizard.model.settings import MAXIMISED, PLACE

Open = Callable[..., Desk]

LAPTOP = Box(0, 0, 1440, 870)
"""1440x900 without a panel."""
LARGE_PIXELS = Box(0, 0, 1280, 690)
"""2560x1440 at scale 2, without a panel."""
BESIDE = Box(1440, 0, 1920, 1080)
TINY = Box(0, 0, 800, 500)
SCREENS = (LAPTOP, LARGE_PIXELS, BESIDE, TINY, Box(-1920, -200, 1920, 1080))


def left_by(settings_file: Path) -> WindowPlace:
    """Where the settings file says that the window was left."""
    return glance_at(settings_file, settings_file.parent / "clusters", "a test", None, is_lab=True).left


def framed(box: Box, frame: Frame) -> Box:
    """The window with its frame."""
    width, height = box.width + frame.left + frame.right, box.height + frame.top + frame.bottom
    return Box(box.x - frame.left, box.y - frame.top, width, height)


def holds(area: Box, box: Box) -> bool:
    """Whether the rectangle is inside the area whole."""
    across = area.x <= box.x and box.x + box.width <= area.x + area.width
    return across and area.y <= box.y and box.y + box.height <= area.y + area.height


WISHES = (
    None,
    Box(100, 80, 1440, 900),
    Box(-300, -100, 1440, 900),
    Box(1500, 100, 1440, 900),
    Box(9000, 9000, 1000, 700),
    Box(0, 0, 90_000, 90_000),
    Box(1400, 800, 900, 600),
    Box(-1900, 0, 900, 600),
    Box(10, 10, 20, 20),
)


@pytest.mark.parametrize("frame", [Frame(), PRESUMED_FRAME, Frame(1, 25, 1, 5)])
@pytest.mark.parametrize("wish", WISHES)
def test_that_the_window_with_its_frame_is_inside_one_screen_whole(wish: Box | None, frame: Frame) -> None:
    for count in (1, 2):
        for screens in itertools.permutations(SCREENS, count):
            box = framed(fitted(wish, screens, frame), frame)
            assert any(holds(area, box) for area in screens), (wish, screens)


def test_that_a_place_that_fits_is_kept_as_it_was() -> None:
    for wish in (Box(100, 80, 1000, 700), Box(1500, 100, 1440, 900), Box(20, 25, 900, 600)):
        assert fitted(wish, (LAPTOP, BESIDE)) == wish


def test_that_a_window_whose_screen_has_gone_comes_to_the_main_one_with_its_size() -> None:
    box = fitted(Box(1500, 100, 1000, 700), (LAPTOP,), Frame())
    assert (box.width, box.height) == (1000, 700)
    assert holds(LAPTOP, box)


def test_that_the_first_window_has_the_usual_size_where_there_is_room_and_all_of_a_smaller_screen() -> None:
    box = fitted(None, (Box(0, 0, 2560, 1400),))
    assert (box.width, box.height) == USUAL_SIZE
    assert fitted(None, (LARGE_PIXELS,), Frame()) == LARGE_PIXELS


def test_that_the_least_size_is_never_more_than_the_screen_leaves() -> None:
    assert least_size(LAPTOP) == LEAST_SIZE
    assert least_size(TINY, Frame()) == (800, 500)


@pytest.mark.parametrize("place", [None, Box(-20, 40, 1000, 700)])
@pytest.mark.parametrize("maximised", [False, True])
def test_that_the_place_is_found_again_in_the_settings_file(tmp_path: Path, place: Box | None, maximised: bool) -> None:
    file = tmp_path / "settings.toml"
    save_value(file, PLACE, place)
    save_value(file, MAXIMISED, maximised)
    assert load_settings(file).problems == ()
    assert left_by(file) == WindowPlace(place, maximised)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no TOML",
        "window = 3",
        "[window]\nplace = 7",
        "[window]\nplace = [1, 2, 3]",
        "[window]\nplace = [1, 2, 3, 'x']",
        "[window]\nplace = [0, 0, 0, 0]",
        "[window]\nplace = [true, true, true, true]",
        "[window]\nplace = [0, 0, 99999999999, 5]",
        "[window]\nmaximised = 'yes'",
    ],
)
def test_that_a_faulty_place_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    assert left_by(file) == left_by(tmp_path / "absent") == WindowPlace()


@pytest.fixture
def window(theme: Theme, qtbot: QtBot) -> MainWindow:
    """The window as it is first painted."""
    made = MainWindow(theme, FirstGlance("a test", is_lab=True))
    qtbot.addWidget(made)
    return made


def test_that_the_first_paint_is_inside_the_screen_and_stays_there_when_the_window_is_complete(
    window: MainWindow, qtbot: QtBot
) -> None:
    area, *_ = free_areas(QGuiApplication.primaryScreen())
    placement = WindowPlacement(window, WindowPlace(Box(9000, 9000, 5000, 4000)))
    placement.appear()
    assert placement.left.box is not None
    assert holds(area, placement.left.box)
    bridge = Bridge(window)
    window.complete(bridge, AppContext("a test", is_lab=True))
    qtbot.waitUntil(window.isVisible, timeout=PATIENCE_MS)
    QApplication.processEvents()
    assert holds(area, placement.left.box)


def test_that_a_window_left_maximised_opens_so_and_keeps_its_other_place(window: MainWindow, qtbot: QtBot) -> None:
    placement = WindowPlacement(window, WindowPlace(Box(20, 60, 500, 400), maximised=True))
    placement.appear()
    qtbot.waitUntil(window.isMaximized, timeout=PATIENCE_MS)
    assert placement.left.maximised


def test_that_a_window_outside_the_free_area_comes_back_when_that_changes(window: MainWindow, qtbot: QtBot) -> None:
    area, *_ = free_areas(QGuiApplication.primaryScreen())
    placement = WindowPlacement(window, WindowPlace())
    placement.appear()
    window.setGeometry(area.width - 100, area.height - 100, area.width, area.height)
    placement.fit()
    qtbot.waitUntil(lambda: placement.left.box is not None and holds(area, placement.left.box), timeout=PATIENCE_MS)


def inside(window: QWidget, part: QWidget) -> bool:
    """Whether a part is seen whole where the window is now."""
    top, bottom = part.mapTo(window, part.rect().topLeft()), part.mapTo(window, part.rect().bottomRight())
    return window.rect().contains(top) and window.rect().contains(bottom)


@pytest.mark.parametrize("size", [LEAST_SIZE, (LARGE_PIXELS.width, LARGE_PIXELS.height - 40)])
def test_that_a_small_window_shows_verdict_and_failover_buttons_and_reaches_all_else(
    desk: Open, qtbot: QtBot, size: tuple[int, int]
) -> None:
    made = desk()
    window = made.window
    window.resize(*size)
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: rights_are_known(made), timeout=PATIENCE_MS)  # the lists are as long as they get
    page = window.findChild(ClusterPage)
    assert page is not None
    for part in (page.banner, page.graceful.button, page.forced.button):
        qtbot.waitUntil(lambda part=part: inside(window, part), timeout=PATIENCE_MS)  # type: ignore[misc]
    for place in NavPage:
        window.go_to(place)
        assert (window.width(), window.height()) == size, place
        assert window.minimumSizeHint().width() <= size[0]
        assert window.minimumSizeHint().height() <= size[1]


@pytest.mark.parametrize("verb", list(Verb))
def test_that_the_question_fits_into_the_least_window_with_its_buttons_in_view(
    desk: Open, qtbot: QtBot, verb: Verb
) -> None:
    made = desk()
    made.window.resize(*LEAST_SIZE)
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    made.window.ask(verb)
    qtbot.waitUntil(lambda: bool(made.window.findChildren(ConfirmDialog)), timeout=PATIENCE_MS)
    (dialog,) = made.window.findChildren(ConfirmDialog)
    qtbot.waitUntil(dialog.isVisible, timeout=PATIENCE_MS)
    assert dialog.width() <= LEAST_SIZE[0]
    for part in (dialog.cancel, dialog.start):
        qtbot.waitUntil(lambda part=part: inside(dialog, part), timeout=PATIENCE_MS)  # type: ignore[misc]
    dialog.reject()
