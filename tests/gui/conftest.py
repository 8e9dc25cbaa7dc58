"""What the window's tests share: our application object, a theme, and a desk with a real window on a lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from tests.gui.application import make_app, prepare_app
from tests.gui.desk import Desk, End, open_desk
from tests.gui.setup_desk import SetupDesk, open_setup_desk
from tests.rig import Rig, rig
from tgwizard.gui.style.theme import Theme
from tgwizard.model.appearance import ThemeChoice

OpenSetupDesk = Callable[..., SetupDesk]


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application object as `start` makes it: fonts, name, accessible roles.

    A test elsewhere may have made a bare one in this process before.
    """
    found = QApplication.instance()
    if not isinstance(found, QApplication):
        return make_app(["tgwizard-tests"])
    prepare_app(found)
    return found


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The light theme."""
    made = Theme(qapp, ThemeChoice.LIGHT)
    yield made
    made.deleteLater()


@pytest.fixture
def lab() -> Rig:
    """A lab on a virtual clock: what engine values are made of."""
    return rig()


@pytest.fixture
def desk(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens a window on a lab that runs in real time, without latency; closes it and its jobs afterwards."""
    ends: list[End] = []

    def open_it(**options: Any) -> Desk:
        made, end = open_desk(theme, tmp_path, **options)
        ends.append(end)
        return made

    yield open_it
    for end in ends:
        end()
    QApplication.processEvents()


@pytest.fixture
def setup_desk(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[OpenSetupDesk]:
    """Opens the wizard on a lab of a scenario, as `open_setup_desk`; closes window and jobs afterwards."""
    ends: list[End] = []

    def open_it(scenario: str = "fresh", **options: Any) -> SetupDesk:
        made, end = open_setup_desk(theme, tmp_path / str(len(ends)), scenario, **options)
        ends.append(end)
        return made

    yield open_it
    for end in ends:
        end()
    QApplication.processEvents()
