"""The strip above every page of a window that practises in the lab: that it does, and the way back to Azure.

``stay_here`` says why a window cannot go elsewhere just now.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tgwizard.gui.app.destinations import Destination, Practice
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel

WORDS = {
    Practice.SET_UP: "You are rehearsing a set-up in the lab.",
    Practice.FAILOVER: "You are practising a failover in the lab.",
}
NOTHING_KEPT = "Nothing here reaches Azure, and nothing of it is kept when you go back."


class PracticeStrip(QWidget):
    """`back_asked(Destination)` when the practice is to end."""

    back_asked = Signal(object)

    def __init__(self, theme: Theme, practice: Practice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(16), theme.px(5), theme.px(20), theme.px(5))
        row.setSpacing(theme.px(10))
        row.addWidget(IconMark(theme, Icon.LAB, 16, Token.ACCENT_TEXT))
        words = f"{WORDS[practice]} {NOTHING_KEPT}"
        row.addWidget(TextLabel(theme, words, TextRole.BODY, Token.TEXT, wrap=True), 1)
        self.back = Button(theme, "Back to Azure", height=32)
        self.back.explain("Ends the practice; this window works on the real Azure again")
        self.back.clicked.connect(partial(self.back_asked.emit, Destination()))
        row.addWidget(self.back)
        self.setAccessibleName(words)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        box = QRectF(self.rect())
        painter = QPainter(self)
        paint_ground(painter, self._theme, box, Token.ACCENT_TINT, None, 0)
        paint_ground(painter, self._theme, box.adjusted(0, box.height() - 1, 0, 0), Token.BORDER, None, 0)


def stay_here(theme: Theme, over: QWidget, *, writes: str) -> Sheet:
    """The dialog that says why the window stays where it is: `writes` is being written, and what to do first."""
    sheet = Sheet(theme, over, "This window cannot leave now", writes, "Stay here")
    sheet.wide = 560
    note = "Nothing was stopped, and nothing was lost. Ask again when it has ended."
    sheet.body.addWidget(TextLabel(theme, note, TextRole.BODY, Token.TEXT2, wrap=True))
    sheet.buttons.addStretch(1)
    sheet.buttons.addWidget(sheet.cancel)
    return sheet
