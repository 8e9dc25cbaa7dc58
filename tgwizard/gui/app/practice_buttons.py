"""The two ways to practise without Azure, as buttons. They stand wherever somebody without an account comes by."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.app.destinations import Destination, Practice
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT
from tgwizard.gui.widgets.buttons import Button

WORDS = {
    Practice.SET_UP: ("Rehearse a set-up", "Two pretend machines, nothing set up: you go through the whole wizard"),
    Practice.FAILOVER: (
        "Practise a failover",
        "Two pretend machines, set up: you fail over from one to the other",
    ),
}


class PracticeButtons(QWidget):
    """`chosen(Destination)`. Side by side, or one below the other."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, *, stacked: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[Practice, Button] = {}
        row = QVBoxLayout(self) if stacked or theme.text_scale >= LARGE_TEXT else QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(9))
        for practice, (name, words) in WORDS.items():
            button = Button(theme, name)
            button.explain(f"{words}. In this window; nothing reaches Azure")
            button.clicked.connect(partial(self._choose, practice))
            self.buttons[practice] = button
            row.addWidget(button)
        row.addStretch(1)

    def _choose(self, practice: Practice) -> None:
        self.chosen.emit(Destination(practice))
