"""Every control of ours acts by keys as by the mouse, one way for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QPushButton, QRadioButton
from pytestqt.qtbot import QtBot

from tgwizard import gui
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.filter_chip import FilterChip, SuggestionChip
from tgwizard.gui.widgets.option_card import ChoiceCard, OptionCard
from tgwizard.gui.widgets.pick_list import PickList, PickRow
from tgwizard.gui.widgets.switch import Switch
from tgwizard.gui.widgets.tick_box import TickBox

KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
MAKE: tuple[tuple[type[QAbstractButton], Callable[[Theme], QAbstractButton]], ...] = (
    (QPushButton, lambda theme: Button(theme, "Read again")),
    (QPushButton, lambda theme: FilterChip(theme, "All")),
    (QPushButton, lambda theme: SuggestionChip(theme, "10.20.2.50")),
    (QCheckBox, lambda theme: Switch(theme, "Reduced motion", "Nothing glides.")),
    (QCheckBox, lambda theme: TickBox(theme, "Both machines")),
    (QRadioButton, lambda theme: OptionCard(theme, "Make a role", "It is assigned to both machines.")),
    (QRadioButton, lambda theme: ChoiceCard(theme, "Dark", "always dark")),
)


@pytest.mark.parametrize(("kind", "make"), MAKE, ids=[str(number) for number in range(len(MAKE))])
def test_that_enter_space_and_a_click_anywhere_press_a_control_once_each(
    qtbot: QtBot, theme: Theme, kind: type[QAbstractButton], make: Callable[[Theme], QAbstractButton]
) -> None:
    control = make(theme)
    qtbot.addWidget(control)
    assert isinstance(control, kind)
    assert control.focusPolicy() is Qt.FocusPolicy.StrongFocus
    control.resize(400, control.heightForWidth(400) if control.hasHeightForWidth() else control.sizeHint().height())
    control.show()
    pressed: list[object] = []
    control.clicked.connect(lambda: pressed.append(control))
    for key in KEYS:
        QTest.keyClick(control, key)
    assert len(pressed) == len(KEYS)
    for place in (QPoint(3, 3), QPoint(control.width() - 4, control.height() - 4)):
        QTest.mouseClick(control, Qt.MouseButton.LeftButton, pos=place)
    assert len(pressed) == len(KEYS) + 2


def test_that_the_window_has_no_control_that_qt_paints_in_its_own_colours() -> None:
    """In the dark theme Qt's tick box is black on black."""
    bare = re.compile(r"\bQ(CheckBox|RadioButton|PushButton|ToolButton)\(")
    files = sorted(Path(gui.__file__).parent.rglob("*.py"))
    assert len(files) > 100
    assert [path.name for path in files if bare.search(path.read_text(encoding="utf-8"))] == []


def test_that_a_row_is_chosen_by_enter_space_and_a_click_unless_it_cannot_be(qtbot: QtBot, theme: Theme) -> None:
    chooser = PickList(theme, "Subscriptions", most=1)
    qtbot.addWidget(chooser)
    chooser.show_rows([PickRow("a", "sub-a"), PickRow("b", "sub-b", able=False)], ())
    chooser.resize(400, 300)
    chooser.show()
    picked: list[object] = []
    chooser.picked.connect(picked.append)
    view = chooser.view
    for row, times in ((0, len(KEYS) + 1), (1, 0)):
        index = chooser.model.index(row, 0)
        view.setCurrentIndex(index)
        for key in KEYS:
            QTest.keyClick(view, key)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())
        assert len(picked) == times
        picked.clear()
