"""How a person gets through the wizard: Continue, and what has to be answered on the way."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS
from tests.gui.setup_desk import SetupDesk
from tests.gui.walk import wrong
from tgwizard.gui.widgets.pick_list import PickList
from tgwizard.model.setup_answers import SetupStep


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


def pick(listed: PickList, start: str) -> None:
    """Click the row of a list whose spoken text begins so."""
    view = listed.view
    model = view.model()
    rows = [model.index(row, 0) for row in range(model.rowCount())]
    wanted = next(row for row in rows if str(row.data(Qt.ItemDataRole.AccessibleTextRole)).startswith(start))
    place = view.visualRect(wanted).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def looks_right(desk: SetupDesk, qtbot: QtBot) -> None:
    """Nothing is nameless, cut off or covered, once the layout has come to rest."""

    def nothing_wrong() -> None:
        found = wrong(desk.window)
        assert found == [], found

    qtbot.waitUntil(nothing_wrong, timeout=PATIENCE_MS)
