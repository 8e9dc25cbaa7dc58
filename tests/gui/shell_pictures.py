"""The pictures of the shell: many clusters, none, the palette, the lock. Part of `python -m tests.gui.pictures OUT`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tests.gui.desk import clusters_page
from tests.gui.fleet_desk import open_fleet
from tests.gui.pictures import Studio
from tgwizard.gui.places import Place
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import ThemeChoice

COUNT = 12


def render_shell(
    app: QApplication, take: Callable[[str, QImage], None], sizes: Mapping[str, tuple[int, int]], scale: float
) -> None:
    """Each state of the shell that a window on one cluster does not show."""
    theme = Theme(app, ThemeChoice.LIGHT, scale)
    for count, shoot in ((COUNT, _many), (0, _none)):
        with tempfile.TemporaryDirectory() as folder:
            desk, end = open_fleet(theme, Path(folder), count, is_lab=False)
            try:
                shoot(Studio(desk, sizes, take))
            finally:
                end()
    theme.deleteLater()


def _many(studio: Studio) -> None:
    window = studio.desk.window
    studio.until(lambda: all(row.seen_at for row in clusters_page(window).model.rows))
    studio.turn(0.3)
    studio.grab("clusters-many")
    window.find_or_run()
    studio.turn(0.2)
    studio.grab("palette")
    if window.dialog is not None:
        window.dialog.reject()
    window.go_to(Place.SETTINGS)
    window.ask_lock()
    studio.grab("settings-locked")
    window.ask_lock()
    studio.turn(0.2)
    studio.grab("unlock")
    if window.dialog is not None:
        window.dialog.reject()


def _none(studio: Studio) -> None:
    studio.turn(0.3)
    studio.grab("clusters-empty")
