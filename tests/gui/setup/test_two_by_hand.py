"""Two machines chosen from the list: ticks, never a silent change, and the suggested pair can be chosen back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.conftest import OpenSetupDesk
from tests.gui.desk import PATIENCE_MS
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import looks_right, pick, ready, walk_to
from tgwizard.gui.setup.machines_step import MachinesPage
from tgwizard.gui.style.accessible import ANNOUNCED
from tgwizard.gui.widgets.option_card import OptionCard
from tgwizard.lab.clock import VirtualClock
from tgwizard.model.setup_answers import SetupStep


def by_hand(setup_desk: OpenSetupDesk, qtbot: QtBot) -> tuple[SetupDesk, MachinesPage]:
    """The list of all machines, with the suggested two ticked."""
    desk = setup_desk(clock=VirtualClock())
    walk_to(desk, qtbot, SetupStep.MACHINES)
    ready(desk, qtbot)
    page = desk.step_page(MachinesPage)
    desk.press("Choose two machines myself")
    qtbot.waitUntil(lambda: page.list.isVisible() and desk.idle, timeout=PATIENCE_MS)
    return desk, page


def names(desk: SetupDesk) -> list[str]:
    """The two machines that are the answer."""
    return [vm.name for vm in desk.wizard.session.shown.machines or ()]


def ticked(page: MachinesPage) -> list[str]:
    """The machines ticked in the list."""
    return [key.rsplit("/", 1)[-1] for key in page.list.model.picked]


def test_that_a_third_machine_is_refused_until_one_is_taken_away(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk, page = by_hand(setup_desk, qtbot)
    assert ticked(page) == ["tg-node-a", "tg-node-b"]
    where = page.list.geometry()
    full = "2 of 2 are chosen. To choose another, take one of them away first."
    assert desk.says(full)
    pick(page.list, "vm-app-01")
    assert ticked(page) == names(desk) == ["tg-node-a", "tg-node-b"]
    assert page.list.property(ANNOUNCED) == full
    pick(page.list, "tg-node-b")
    qtbot.waitUntil(lambda: desk.says("1 of 2 is chosen. Choose 1 more.") and desk.idle, timeout=PATIENCE_MS)
    assert ticked(page) == ["tg-node-a"]
    desk.page.refresh()
    assert ticked(page) == ["tg-node-a"]
    desk.click_at(desk.page.frame.footer.go_on)
    assert desk.page.step is SetupStep.MACHINES
    qtbot.waitUntil(lambda: desk.says("One machine is chosen."), timeout=PATIENCE_MS)
    pick(page.list, "vm-app-01")
    qtbot.waitUntil(lambda: names(desk) == ["tg-node-a", "vm-app-01"] and desk.idle, timeout=PATIENCE_MS)
    assert page.list.geometry() == where
    looks_right(desk, qtbot)


def test_that_the_suggested_pair_can_be_chosen_back(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk, page = by_hand(setup_desk, qtbot)
    pick(page.list, "tg-node-b")
    pick(page.list, "vm-app-01")
    qtbot.waitUntil(lambda: names(desk) == ["tg-node-a", "vm-app-01"] and desk.idle, timeout=PATIENCE_MS)
    assert page.by_hand.isChecked()
    desk.press("tg-node-a and tg-node-b")
    qtbot.waitUntil(lambda: desk.idle and not page.list.isVisible(), timeout=PATIENCE_MS)
    assert names(desk) == ["tg-node-a", "tg-node-b"]
    assert not page.by_hand.isChecked()
    card = desk.find("tg-node-a and tg-node-b")
    assert isinstance(card, OptionCard)
    assert card.isChecked()
    ready(desk, qtbot)
    desk.press("Continue")
    qtbot.waitUntil(lambda: desk.page.step is SetupStep.INTERFACE, timeout=PATIENCE_MS)


def test_that_the_ticked_machines_are_chosen_by_key_as_by_click(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk, page = by_hand(setup_desk, qtbot)
    page.list.view.setFocus()
    page.list.view.setCurrentIndex(page.list.model.index(0, 0))
    first = page.list.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert first.endswith("picked")
    QTest.keyClick(page.list.view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(page.list.model.picked) == 1 and desk.idle, timeout=PATIENCE_MS)
