"""Typing in the wizard: one edit is taken back by one undo, and what is no address is never gone on with."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.gui.conftest import OpenSetupDesk
from tests.gui.desk import PATIENCE_MS, accessible_description
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import looks_right, ready, walk_to
from tgwizard.gui.setup.floating_ip_step import FloatingIpPage
from tgwizard.gui.setup.machines_step import MachinesPage
from tgwizard.gui.setup.role_step import RolePage
from tgwizard.lab.clock import VirtualClock
from tgwizard.model.setup_answers import SetupStep

CTRL = Qt.KeyboardModifier.ControlModifier


def field(desk: SetupDesk, name: str) -> QLineEdit:
    """The field so called."""
    return next(found for found in desk.all_named(name) if isinstance(found, QLineEdit))


def type_anew(widget: QLineEdit, text: str) -> None:
    """Put the cursor there, replace what is there by typing."""
    widget.setFocus()
    widget.selectAll()
    QTest.keyClicks(widget, text)


def at_step(setup_desk: OpenSetupDesk, qtbot: QtBot, step: SetupStep) -> SetupDesk:
    desk = setup_desk(clock=VirtualClock())
    walk_to(desk, qtbot, step)
    ready(desk, qtbot)
    return desk


def test_that_a_typed_name_is_one_edit(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = at_step(setup_desk, qtbot, SetupStep.MACHINES)
    session, name = desk.wizard.session, field(desk, "Name of the cluster")
    before = session.shown.name
    entries = len(session.wizard_state.past)
    type_anew(name, "north-pair")
    assert session.shown.name == "north-pair"
    assert len(session.wizard_state.past) == entries + 1
    desk.step_page(MachinesPage).title.setFocus()
    QTest.keyClick(desk.page.frame, Qt.Key.Key_Z, CTRL)
    assert session.shown.name == before
    qtbot.waitUntil(lambda: name.text() == before, timeout=PATIENCE_MS)


def test_that_ctrl_z_in_a_field_is_the_fields_own(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = at_step(setup_desk, qtbot, SetupStep.MACHINES)
    session, name = desk.wizard.session, field(desk, "Name of the cluster")
    before, entries = session.shown.name, len(session.wizard_state.past)
    type_anew(name, "north")
    while name.isUndoAvailable():
        QTest.keyClick(name, Qt.Key.Key_Z, CTRL)
    assert name.text() == before
    assert session.shown.name == before
    # The suggestion is an answer now that it was typed: one edit, whatever keys it took.
    assert len(session.wizard_state.past) == entries + 1
    QTest.keyClick(name, Qt.Key.Key_Z, CTRL)
    assert desk.page.step is SetupStep.MACHINES
    assert session.shown.name == before


def test_that_two_visits_to_a_field_are_two_edits(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = at_step(setup_desk, qtbot, SetupStep.ROLE)
    session, name = desk.wizard.session, field(desk, "Name of the role")
    entries = len(session.wizard_state.past)
    type_anew(name, "tg-one")
    QTest.keyClick(name, Qt.Key.Key_Return)
    type_anew(name, "tg-two")
    assert len(session.wizard_state.past) == entries + 2
    desk.step_page(RolePage).title.setFocus()
    QTest.keyClick(desk.page.frame, Qt.Key.Key_Z, CTRL)
    assert session.shown.role is not None
    assert session.shown.role.name == "tg-one"


def test_that_an_address_typed_with_rests_is_one_edit_and_a_pick_another(
    setup_desk: OpenSetupDesk, qtbot: QtBot
) -> None:
    desk = at_step(setup_desk, qtbot, SetupStep.FLOATING_IP)
    session, address = desk.wizard.session, field(desk, "Floating IP")
    entries = len(session.wizard_state.past)
    type_anew(address, "10.20.2.2")
    qtbot.waitUntil(lambda: str(session.wizard_state.answers.address) == "10.20.2.2", timeout=PATIENCE_MS)
    QTest.keyClicks(address, "5")
    qtbot.waitUntil(lambda: str(session.wizard_state.answers.address) == "10.20.2.25", timeout=PATIENCE_MS)
    assert len(session.wizard_state.past) == entries + 1
    desk.press("Use 10.20.2.253")
    assert str(session.wizard_state.answers.address) == "10.20.2.253"
    assert len(session.wizard_state.past) == entries + 2


def test_that_what_is_no_address_is_said_and_cannot_be_gone_on_with(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = at_step(setup_desk, qtbot, SetupStep.FLOATING_IP)
    session, address = desk.wizard.session, field(desk, "Floating IP")
    before = session.shown.address
    type_anew(address, "10.20.2.2o")
    go_on = desk.page.frame.footer.go_on
    qtbot.waitUntil(lambda: desk.says("State: Cannot be used"), timeout=PATIENCE_MS)
    told = "It must be one IPv4 address: four numbers from 0 to 255 with dots between them."
    assert accessible_description(address).startswith(told)
    assert session.shown.address == before
    looks_right(desk, qtbot)
    desk.step_page(FloatingIpPage).title.setFocus()
    desk.press("Continue")
    assert desk.page.step is SetupStep.FLOATING_IP
    assert address.hasFocus()
    assert go_on.isEnabled()
    desk.press("Back")
    walk_to(desk, qtbot, SetupStep.FLOATING_IP)
    ready(desk, qtbot)
    assert address.text() == "10.20.2.2o"
    desk.press("Use 10.20.2.253")
    assert address.text() == "10.20.2.253"
    assert not session.shown.mistyped


def test_that_an_address_is_judged_when_its_field_is_left_at_once(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = at_step(setup_desk, qtbot, SetupStep.FLOATING_IP)
    address = field(desk, "Floating IP")
    type_anew(address, "10.20.2.77")
    desk.step_page(FloatingIpPage).title.setFocus()
    assert str(desk.wizard.session.wizard_state.answers.address) == "10.20.2.77"
    qtbot.waitUntil(lambda: desk.says("Continue with 10.20.2.77"), timeout=PATIENCE_MS)
