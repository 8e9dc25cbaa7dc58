"""Closing the window in order: at once when nothing runs, else when the run has left the gap, within a bound.

Two dialogs tell what goes on and ask: one during a run, which in any case leaves the gap by itself first, and one
while a set-up writes, where what was sent is finished in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QBoxLayout, QWidget

from tgwizard.engine.jobs import JobQueue
from tgwizard.gui.cluster.cluster_registry import ClusterRegistry
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.run_model import moving_sentence
from tgwizard.gui.failover.run_text import cancel_words, close_question_words
from tgwizard.gui.page import ShellPage
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.failover_events import CancelMeaning

CLOSE_AFTER_S = 180
"""How long closing waits for a run to leave the gap; after that the window closes, and the process waits unseen."""

LOOK_MS = 100


class Shutdown(QObject):
    """Emits `left` when the window may close for good. The question itself is the window's to ask."""

    left = Signal()

    def __init__(self, watching: ClusterRegistry, parent: QObject) -> None:
        super().__init__(parent)
        self._watching = watching
        self._wanted = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(CLOSE_AFTER_S * 1000)
        self._patience.timeout.connect(self._leave)
        self._jobs: JobQueue | None = None
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._leave_if_idle)

    def writing(self) -> ClusterSession | None:
        """A session whose run has not ended."""
        return next((session for session in self._watching.sessions.values() if session.running), None)

    @Slot()
    def when_ended(self) -> None:
        """Leave when the run has ended."""
        self._wanted = True
        self._patience.start()
        self.settle()

    @Slot()
    def after_cancel(self) -> None:
        """Ask every run to stop or to put the address back, and leave when it has ended."""
        for session in self._watching.sessions.values():
            session.cancel_run()
        self.when_ended()

    def without_question(self, jobs: JobQueue) -> None:
        """Ask all that is written to stop, failover or set-up, begin nothing more, and leave when it has ended."""
        self._jobs = jobs
        jobs.stop_writing()
        self._patience.start()
        self._look.start()
        self._leave_if_idle()

    @Slot()
    def _leave_if_idle(self) -> None:
        if self._jobs is not None and not self._jobs.writers():
            self._leave()

    def settle(self) -> bool:
        """Leave now, if that is wanted and nothing runs any more; whether it was so."""
        if not self._wanted or self.writing() is not None:
            return False
        self._leave()
        return True

    def question_during(self, theme: Theme, session: ClusterSession) -> Callable[[QWidget], Sheet]:
        """Makes the question of how to close while a run is in progress; its answer is carried out here."""

        def make(over: QWidget) -> Sheet:
            dialog = CloseDuringRun(theme, over, session)
            dialog.finish_chosen.connect(self.when_ended)
            dialog.cancel_chosen.connect(self.after_cancel)
            return dialog

        return make

    @staticmethod
    def question_while(theme: Theme, page: ShellPage, close: Callable[[], object]) -> Callable[[QWidget], Sheet]:
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

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._patience.stop()
        self._look.stop()

    @Slot()
    def _leave(self) -> None:
        self.stop()
        self.left.emit()


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
        self._words.say(close_question_words(run, self._session.setup))
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
