"""Closing the window while a set-up writes: tells what goes on and asks. What was sent is finished in any case."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.gui.page import PlacePage
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel


class CloseDuringSetup(Sheet):
    """`finish_chosen` or `stop_chosen`, or nothing: the window stays."""

    wide = 700
    finish_chosen = Signal()
    stop_chosen = Signal()

    def __init__(self, theme: Theme, window: QWidget, state: str) -> None:
        super().__init__(theme, window, "Changes are being made in Azure", state, "Keep the window open")
        words = (
            "What was sent is finished in either case, and every change is in the journal. Opening Set up a cluster "
            "again shows what is left; making it again skips what is there."
        )
        self.body.addWidget(TextLabel(theme, words, TextRole.BODY, Token.TEXT2, wrap=True))
        self.stop = Button(theme, "Stop, then close", height=36)
        self.stop.explain("Nothing more is begun; the window closes when what was sent is finished")
        self.stop.clicked.connect(self._on_stop)
        self.finish = Button(theme, "Close when they are made", ButtonKind.PRIMARY, height=36)
        self.finish.clicked.connect(self._on_finish)
        self.buttons.addWidget(self.stop)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.finish)

    @Slot()
    def _on_finish(self) -> None:
        self.accept()
        self.finish_chosen.emit()

    @Slot()
    def _on_stop(self) -> None:
        self.accept()
        self.stop_chosen.emit()


def leave_sheet(theme: Theme, page: PlacePage, close: Callable[[], object]) -> Callable[[QWidget], Sheet]:
    """Makes the question about what `page` writes; `close` is called when that has ended, if so chosen."""

    def leave(*, stop: bool) -> None:
        page.settled.connect(close)
        if stop:
            page.stop_writing()
        if not page.writing_words:
            close()

    def make(over: QWidget) -> Sheet:
        dialog = CloseDuringSetup(theme, over, page.writing_words)
        dialog.finish_chosen.connect(partial(leave, stop=False))
        dialog.stop_chosen.connect(partial(leave, stop=True))
        return dialog

    return make
