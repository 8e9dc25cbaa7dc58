"""Text that changes in place keeps its room, whatever width it had when it changed."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.labels import LiveText


def test_that_a_text_that_changed_at_one_width_has_room_at_another(qapp: QApplication, theme: Theme) -> None:
    short, long = "Read by Azure alone. Read now.", "Read by Azure alone. Read 17 seconds ago."
    frame = QWidget()
    column = QVBoxLayout(frame)
    column.setContentsMargins(0, 0, 0, 0)
    text = LiveText(theme, short)
    column.addWidget(text)
    column.addStretch(1)
    frame.show()
    advance = QFontMetricsF(text.font()).horizontalAdvance
    wide = round((advance(short) + advance(long)) / 2)
    narrow = round(advance(long) * 0.6)
    for width in (wide, narrow):
        frame.resize(width, 200)
        QApplication.processEvents()
    assert text.heightForWidth(narrow) == text.height()
    text.say(long)
    assert text.heightForWidth(narrow) == text.height(), "at this width it needs no other height"
    frame.resize(wide, 200)
    QApplication.processEvents()
    assert text.height() == text.heightForWidth(wide)
    frame.hide()
    frame.deleteLater()


def test_that_a_word_that_no_line_holds_is_parted_and_nothing_of_it_is_lost(theme: Theme, qtbot: QtBot) -> None:
    text = LiveText(theme, "The role " + "n" * 128 + " is there")
    qtbot.addWidget(text)
    text.resize(200, 400)
    assert text.heightForWidth(200) > 4 * text.heightForWidth(4000)
    assert text.text_shown == "The role " + "n" * 128 + " is there"
    metrics = QFontMetricsF(text.font())
    room = QRectF(0, 0, 200, 100_000)
    flags = int(Qt.TextFlag.TextWordWrap)
    shown = "\u200b".join("n" * 128)
    assert metrics.boundingRect(room, flags, shown).width() <= 200
    assert metrics.boundingRect(room, flags, "n" * 128).width() > 200
    assert text.words_at(4000) == ("The", "role", "n" * 128, "is", "there")
    assert set(text.words_at(200)) == {"The", "role", "n", "is", "there"}
