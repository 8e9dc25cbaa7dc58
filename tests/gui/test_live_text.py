"""Text that changes in place keeps its room, whatever width it had when it changed."""

from __future__ import annotations

from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from tgwizard.gui.kit.live import LiveText
from tgwizard.gui.theme import Theme


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
