"""The pictures of the shell: many clusters, none, the palette, the lock. Part of `python -m tests.gui.pictures OUT`."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QApplication

from tests.gui.desk import Desk, clusters_page
from tests.gui.fleet_desk import open_fleet
from tests.gui.held_clock import SteppedClock
from tests.gui.studio import Sizes, Studio, Take, studio
from tgwizard.gui.app.nav_pages import NavPage

COUNT = 12


def render_shell(app: QApplication, take: Take, sizes: Sizes, scale: float) -> None:
    """Each state of the shell that a window on one cluster does not show."""
    for count, shoot in ((COUNT, many), (0, none)):
        with studio(
            app, scale, sizes, take, partial(open_fleet, count=count, is_lab=False, clock=SteppedClock())
        ) as shown:
            shoot(shown)


def many(shown: Studio[Desk]) -> None:
    window = shown.desk.window
    shown.until(lambda: all(row.seen_at for row in clusters_page(window).model.rows))
    shown.grab("clusters-many")
    window.find_or_run()
    shown.grab("palette")
    if window.dialog is not None:
        window.dialog.reject()
    window.go_to(NavPage.SETTINGS)
    window.ask_lock()
    shown.grab("settings-locked")
    window.ask_lock()
    shown.grab("unlock")
    if window.dialog is not None:
        window.dialog.reject()


def none(shown: Studio[Desk]) -> None:
    shown.grab("clusters-empty")
