"""Closing the window during a run: tells what goes on and asks. In any case the run leaves the gap by itself first."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QBoxLayout, QWidget

from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.run_model import moving_sentence
from tgwizard.gui.failover.run_text import cancel_words, closing_words
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.failover_events import CancelMeaning


class CloseDuringRun(Sheet):
    """Asks how to close; `finish_chosen` or `cancel_chosen`, or nothing: the window stays."""

    wide = 740
    finish_chosen = Signal()
    cancel_chosen = Signal()

    def __init__(self, theme: Theme, window: QWidget, session: ClusterSession) -> None:
        """Ask about the run of `session`, and follow it while asking."""
        super().__init__(theme, window, "A failover is running", session.setup.name, "Keep the window open")
        self._session = session
        self._state = TextLabel(theme, "", TextRole.BODY_STRONG, wrap=True)
        self._words = TextLabel(theme, "", TextRole.BODY, Token.TEXT2, wrap=True)
        self.body.addWidget(self._state)
        self.body.addWidget(self._words)
        self.stop = Button(theme, "Stop", ButtonKind.SECONDARY, height=36)
        self.stop.clicked.connect(self._on_cancel)
        self.finish = Button(theme, "Close when it has ended", ButtonKind.PRIMARY, height=36)
        self.finish.clicked.connect(self._on_finish)
        if theme.text_scale >= LARGE_TEXT:
            self.buttons.setDirection(QBoxLayout.Direction.TopToBottom)
        self.buttons.addWidget(self.stop)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.finish)
        session.run_changed.connect(self._refresh)
        session.run_ended.connect(self.reject)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        run = self._session.run
        if run is None:
            return
        started = run.started
        losing = None
        if started is not None and started.losing is not None:
            losing = self._session.setup.member(started.losing)
        words, reason = cancel_words(run, losing)
        self._state.say(moving_sentence(run))
        self._words.say(closing_words(run, self._session.setup, losing))
        self.stop.rename(f"{words}, then close")
        self.stop.setEnabled(run.cancel is not CancelMeaning.NOT_GRANTED and started is not None)
        self.stop.explain(reason)

    @Slot()
    def _on_finish(self) -> None:
        self.accept()
        self.finish_chosen.emit()

    @Slot()
    def _on_cancel(self) -> None:
        self.accept()
        self.cancel_chosen.emit()
