"""How a person gets through the wizard: Continue, and what has to be answered on the way."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from tests.gui.setup_desk import SetupDesk
from tests.gui.walk import wrong
from tgwizard.model.setup_answers import SetupStep

PATIENCE_MS = 20_000


def ready(desk: SetupDesk, qtbot: QtBot) -> None:
    """Wait until the one way on is on and stays so."""
    qtbot.waitUntil(lambda: desk.at_rest, timeout=PATIENCE_MS)


def go_on(desk: SetupDesk, qtbot: QtBot) -> None:
    """Press the one way on, as soon as it is on, and wait until another step is shown."""
    page, step = desk.page, desk.page.step
    ready(desk, qtbot)
    desk.press(page.frame.footer.go_on.accessibleName())
    qtbot.waitUntil(lambda: page.step is not step, timeout=PATIENCE_MS)


def walk_to(desk: SetupDesk, qtbot: QtBot, step: SetupStep) -> None:
    """Press Continue until `step` is shown."""
    while desk.page.step is not step:
        go_on(desk, qtbot)


def looks_right(desk: SetupDesk, qtbot: QtBot) -> None:
    """Nothing is nameless, cut off or covered, once the layout has come to rest."""

    def nothing_wrong() -> None:
        found = wrong(desk.window)
        assert found == [], found

    qtbot.waitUntil(nothing_wrong, timeout=PATIENCE_MS)
