"""The field row: it says in place what is wrong, when typing rests, moves nothing, and never rewrites what is typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, accessible_description
from tgwizard.gui.style.accessible import ANNOUNCED
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.field_row import Complaint, FieldRow, RowLook
from tgwizard.gui.widgets.problem_box import FixButton
from tgwizard.model import fields


class Asked(QWidget):
    """A row with something below it."""

    def __init__(self, row: FieldRow) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.addWidget(row)
        self.below = QLabel("below")
        column.addWidget(self.below)
        column.addStretch(1)
        self.row = row

    def places(self) -> list[QRect]:
        """Where everything stands."""
        return [one.geometry() for one in (self.row, self.row.field, self.row.note, self.below)]


Ask = Callable[..., Asked]


@pytest.fixture
def asked(qtbot: QtBot) -> Iterator[Ask]:
    """Shows a row in a window of its own, with the focus in its field."""
    shown: list[Asked] = []

    def ask(row: FieldRow, width: int = 700) -> Asked:
        one = Asked(row)
        shown.append(one)
        one.resize(width, 400)
        one.show()
        row.field.setFocus()
        qtbot.waitUntil(row.field.hasFocus, timeout=PATIENCE_MS)
        return one

    yield ask
    for one in shown:
        one.hide()
        one.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def name_row(theme: Theme) -> FieldRow:
    return FieldRow(theme, "Name of the cluster", fields.NAME, RowLook(with_fixes=True))


@pytest.mark.parametrize("width", [300, 700, 1400])
def test_that_a_complaint_takes_the_place_of_the_help_and_moves_nothing(
    theme: Theme, qtbot: QtBot, asked: Ask, width: int
) -> None:
    row = name_row(theme)
    shown = asked(row, width)
    before = shown.places()
    QTest.keyClicks(row.field, "<b>bad name/..;")
    row.settle()
    assert row.complaint == (
        "It may have letters without accents, digits, dots, dashes and underscores only. "
        'Take out "<", ">", the space and the others.'
    )
    assert row.wrong
    qtbot.waitUntil(lambda: row.field.property(ANNOUNCED) == row.complaint, timeout=PATIENCE_MS)
    assert accessible_description(row.field).startswith(row.complaint)
    assert shown.places() == before
    row.judge(Complaint(row.complaint, fixes=(FixButton("Use edge-dallas", lambda: None),)))
    assert [button.text() for button in row.note.buttons] == ["Use edge-dallas"]
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
    assert shown.places() == before


def test_that_no_half_typed_word_is_blamed(theme: Theme, qtbot: QtBot, asked: Ask) -> None:
    row = FieldRow(theme, "Floating IP", fields.ADDRESS, RowLook(rests=True))
    asked(row)
    heard: list[str] = []
    row.typed.connect(heard.append)
    QTest.keyClicks(row.field, "10.20.2.")
    assert not row.complaint
    assert heard == []
    QTest.keyClicks(row.field, "77")
    qtbot.waitUntil(lambda: heard == ["10.20.2.77"], timeout=PATIENCE_MS)
    assert not row.complaint


def test_that_a_complaint_is_grey_as_soon_as_typing_goes_on(theme: Theme, qtbot: QtBot, asked: Ask) -> None:
    pressed: list[str] = []
    row = name_row(theme)
    asked(row)
    QTest.keyClicks(row.field, "a b")
    row.judge(Complaint("It is taken.", fixes=(FixButton("Use other", lambda: pressed.append("other")),)))
    row.settle()
    button = row.note.buttons[0]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pressed == ["other"]
    QTest.keyClicks(row.field, "c")
    assert not button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pressed == ["other"]


def test_that_a_field_with_the_focus_is_never_rewritten_but_on_a_persons_word(
    theme: Theme, qtbot: QtBot, asked: Ask
) -> None:
    row = name_row(theme)
    shown = asked(row)
    row.replace("edge")
    row.field.clear()
    row.settle()
    row.show_text("edge")
    assert row.text == ""
    assert row.complaint.startswith("It is empty.")
    row.judge(Complaint(row.complaint, fixes=(FixButton("Use edge", lambda: row.show_text("edge")),)))
    QTest.mouseClick(row.note.buttons[0], Qt.MouseButton.LeftButton)
    assert row.text == "edge"
    row.judge(None)
    assert not row.complaint
    shown.setFocus()
    row.field.clearFocus()
    row.show_text("other")
    assert row.text == "other"


def test_that_what_assistive_technology_puts_there_is_heard(theme: Theme, qtbot: QtBot, asked: Ask) -> None:
    row = name_row(theme)
    asked(row)
    heard: list[str] = []
    row.typed.connect(heard.append)
    row.field.setText("spoken")
    assert heard == ["spoken"]


def test_that_a_field_is_judged_when_it_is_left_or_enter_is_pressed(theme: Theme, qtbot: QtBot, asked: Ask) -> None:
    row = FieldRow(theme, "Floating IP", fields.ADDRESS, RowLook(rests=True))
    asked(row)
    heard: list[str] = []
    row.typed.connect(heard.append)
    QTest.keyClicks(row.field, "999.1.1.1")
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    assert heard == ["999.1.1.1"]
    assert row.complaint == "Each of its four numbers goes from 0 to 255; 999 does not."
