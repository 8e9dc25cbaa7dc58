"""The cluster page in windows of every width of gui/README.md 7: its columns, and the size of the picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk
from tgwizard.gui.cluster.cluster_page import LARGER, MAIN_WIDEST, ClusterPage, Columns
from tgwizard.gui.style.tokens import TextRole
from tgwizard.gui.widgets.context_menu import MenuOffer

WIDTHS = {1024: Columns.ONE, 1200: Columns.TWO, 1919: Columns.TWO, 1920: Columns.THREE, 2559: Columns.THREE}
WIDTHS |= {2560: Columns.LARGE, 3840: Columns.LARGE}


def shown(desk: Desk, width: int) -> ClusterPage:
    desk.window.resize(width, 1000)
    for _ in range(4):
        QApplication.processEvents()
    page = desk.window.stack.currentWidget()
    assert isinstance(page, ClusterPage)
    return page


@pytest.mark.parametrize(("width", "columns"), WIDTHS.items())
def test_that_a_window_of_a_width_has_the_columns_of_the_style(
    desk: Callable[[], Desk], qtbot: QtBot, width: int, columns: Columns
) -> None:
    made = desk()
    page = shown(made, width)
    assert page._columns is columns
    main, actions, events = (
        part.mapTo(page, part.rect().topLeft()) for part in (page.picture, page.graceful, page.events)
    )
    if columns is Columns.ONE:
        assert actions.y() < main.y() < events.y()
    else:
        assert actions.x() > main.x() + page.picture.width()
    assert (events.x() > actions.x()) is (columns in {Columns.THREE, Columns.LARGE})
    assert page.events.isVisible()
    if columns is Columns.THREE:
        assert page.picture.width() <= MAIN_WIDEST
    usual = made.theme.font(TextRole.NAME).pixelSize()
    name = page.picture.cards[0]._name.font().pixelSize()
    assert name == (round(usual * LARGER) if columns is Columns.LARGE else usual)


def test_that_the_picture_has_its_menus_in_every_width(desk: Callable[[], Desk]) -> None:
    made = desk()
    for width in (1440, 2560, 1440):
        page = shown(made, width)
        for part in (page.picture.pill, *page.picture.cards):
            assert len([one for one in part.children() if isinstance(one, MenuOffer)]) == 1, width


def test_that_every_change_of_width_keeps_what_the_page_shows(desk: Callable[[], Desk], qtbot: QtBot) -> None:
    made = desk()
    qtbot.waitUntil(lambda: made.session.verdict is not None, timeout=PATIENCE_MS)
    page = shown(made, 1440)
    page.refresh()
    picture, sentences = page.picture.shown, page.events.sentences
    assert picture is not None
    for width in (2560, 1024, 1920, 3000, 1440):
        page = shown(made, width)
        assert page.picture.shown is not None
        assert page.picture.shown.members == picture.members
        assert page.events.sentences == sentences
    assert len(page.findChildren(type(page.picture))) == 1
