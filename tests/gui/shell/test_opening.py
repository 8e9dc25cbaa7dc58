"""The program opens while somebody is at the window already: what they do then is neither lost nor taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.desk import LEAVE_WITHIN_S, PATIENCE_MS, Found
from tests.gui.fleet_desk import many
from tests.rig import Rig, rig
from tgwizard.engine.clock import SystemClock
from tgwizard.gui.app.app_context import AppContext, OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.first_glance import ClusterGlance, FirstGlance
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.shell.command_palette import CommandPalette
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.clock import LabTime
from tgwizard.model.problem import Problem


@dataclass
class Opening(Found):
    """A window that is painted and knows the name of its only cluster; then it is completed, then its program opens."""

    window: MainWindow
    bridge: Bridge
    rig: Rig

    def complete(self) -> None:
        self.window.complete(self.bridge, AppContext("a test", is_lab=True))
        self.bridge.start()
        QApplication.processEvents()

    def open(self, clusters: int = 1) -> None:
        self.window.show_opened(OpenedProgram(self.rig.services, many(self.rig, clusters)))

    def shows(self, place: NavPage) -> bool:
        return self.window.stack.currentWidget() is self.window.pages.page(place)

    @property
    def shows_cluster(self) -> bool:
        return self.window.opening is None and self.window.current == self.rig.setup.name


@pytest.fixture
def opening(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Opening]:
    made = rig(clock=cast("LabTime", SystemClock()), state=tmp_path / "state")
    cluster = ClusterGlance(tmp_path / "edge.toml", made.setup.name, str(made.setup.address))
    window, bridge = MainWindow(theme, FirstGlance("a test", is_lab=True, cluster=cluster)), Bridge()
    window.show()
    yield Opening(window, bridge, made)
    window.watching.stop()
    assert not made.services.jobs.close(LEAVE_WITHIN_S)
    bridge.stop()
    window.hide()
    window.deleteLater()
    bridge.deleteLater()
    QApplication.processEvents()


@pytest.mark.parametrize("asked", ["palette, before the window is complete", "palette", "unlock"])
def test_that_the_cluster_is_shown_when_the_dialog_that_was_open_is_closed(
    opening: Opening, qtbot: QtBot, asked: str
) -> None:
    window = opening.window
    if asked.endswith("complete"):
        window.find_or_run()
    opening.complete()
    if asked == "palette":
        window.find_or_run()
    elif asked == "unlock":
        window.lock.set_locked(True)
        window.ask_lock()
    qtbot.waitUntil(lambda: window.dialog is not None, timeout=PATIENCE_MS)
    assert window.dialog is not None
    opening.open()
    assert window.opening is not None, "no page changes behind a dialog"
    window.dialog.reject()
    qtbot.waitUntil(lambda: opening.shows_cluster, timeout=PATIENCE_MS)


def test_that_after_a_second_try_the_cluster_is_shown_when_the_dialog_is_closed(opening: Opening, qtbot: QtBot) -> None:
    opening.complete()
    opening.window.show_startup_errors((Problem("no", "There is no lab."),))
    opening.window.find_or_run()
    opening.open()
    assert opening.window.dialog is not None
    opening.window.dialog.reject()
    qtbot.waitUntil(lambda: opening.shows_cluster, timeout=PATIENCE_MS)


def test_that_what_was_chosen_in_the_palette_is_shown_and_not_the_cluster(opening: Opening, qtbot: QtBot) -> None:
    opening.complete()
    opening.window.find_or_run()
    opening.open()
    assert isinstance(opening.window.dialog, CommandPalette)
    opening.window.dialog.field.setText("settings")
    opening.window.dialog.list.choose(opening.window.dialog.list.currentIndex())
    qtbot.waitUntil(lambda: opening.shows(NavPage.SETTINGS), timeout=PATIENCE_MS)
    QApplication.processEvents()
    assert opening.shows(NavPage.SETTINGS)


@pytest.mark.parametrize("early", [True, False], ids=["before the window is complete", "after"])
@pytest.mark.parametrize("place", NavPage)
@pytest.mark.parametrize("clusters", [1, 2])
def test_that_a_page_that_was_chosen_while_the_program_opened_stays(
    opening: Opening, qtbot: QtBot, place: NavPage, clusters: int, *, early: bool
) -> None:
    if not early:
        opening.complete()
    opening.window.rail.items[place].click()
    if early:
        opening.complete()
    qtbot.waitUntil(lambda: opening.shows(place), timeout=PATIENCE_MS)
    opening.open(clusters)
    QApplication.processEvents()
    assert opening.shows(place)
    assert opening.window.current == ""


def test_that_the_cluster_takes_the_place_of_what_nobody_chose(opening: Opening) -> None:
    opening.complete()
    opening.window.rail.items[NavPage.SETTINGS].click()
    opening.window.show_startup_errors((Problem("no", "There is no lab."),))
    opening.open()
    assert opening.shows_cluster
