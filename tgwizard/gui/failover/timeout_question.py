"""The question of a run whose step's time is over: what does not end, what can be done, and what happens by itself."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.labels import LiveText, TextLabel
from tgwizard.model.failover_events import DecisionRequested, TimeoutChoice


def choice_words(choice: TimeoutChoice, losing: str) -> str:
    """The words on the button of a choice."""
    return {
        TimeoutChoice.WAIT: "Wait as long again",
        TimeoutChoice.RETRY: "Write it again",
        TimeoutChoice.PUT_BACK: f"Put it back on {losing or 'where it was'}",
        TimeoutChoice.HAND_OVER: "End the run here",
    }[choice]


class TimeoutQuestion(QWidget):
    """Shown while the run waits for an answer; hidden otherwise."""

    decided = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._asked: DecisionRequested | None = None
        self._losing = ""
        self._buttons: list[Button] = []
        self._card = Card(theme, spacing=8)
        self._fact = LiveText(theme, "", TextRole.BODY_STRONG)
        self._then = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._card.body.addWidget(TextLabel(theme, "The time of this step is over", TextRole.CAPTION_STRONG, Token.BAD))
        self._card.body.addWidget(self._fact)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self._card.body.addLayout(self._rows)
        self._card.body.addWidget(self._then)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._card)
        self.hide()

    def show_question(self, asked: DecisionRequested | None, losing: str, now: float) -> None:
        """Show this question with the seconds that are left, or nothing."""
        if asked is None:
            self._asked = None
            self.hide()
            return
        if asked is not self._asked:
            self._asked, self._losing = asked, losing
            self._fact.say(asked.sentence)
            self._offer(asked)
            self.show()
            announce(self, f"{asked.sentence} What now?", at_once=True)
        left = max(0.0, asked.stamp.clock_s + asked.answer_within_s - now)
        self._then.say(f"Without an answer in {left:.0f} s: {choice_words(asked.choices[0], losing).lower()}.")

    def _offer(self, asked: DecisionRequested) -> None:
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        self._buttons = []
        for choice in asked.choices:
            button = Button(self._theme, choice_words(choice, self._losing), height=34)
            button.clicked.connect(partial(self._choose, choice))
            self._rows.addWidget(button)
            self._buttons.append(button)

    def _choose(self, choice: TimeoutChoice, *_checked: bool) -> None:
        for button in self._buttons:
            button.setEnabled(False)
        self.decided.emit(choice)
