"""A card with a probe strip: what is tried how often, figures, and the button that begins and ends the measuring."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.watch.measure_button import MeasureButton
from tgwizard.gui.watch.probe_strip import ProbeStrip
from tgwizard.gui.watch.reachability import Reachability
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.labels import LiveLine, LiveText, TextLabel


class StripCard(Card):
    """All in one line above the strip; with large text in three, as far as there is something to say."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        reachability: Reachability,
        figures: tuple[TextLabel, ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, title, spacing=theme.px(2), parent=parent)
        self.toggle = MeasureButton(theme, reachability)
        self.strip = ProbeStrip(theme)
        self._how: LiveLine | LiveText
        self._figures = figures
        if theme.text_scale >= LARGE_TEXT:
            self._how = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
            row = QHBoxLayout()
            for figure in figures:
                row.addWidget(figure)
            row.addStretch(1)
            self.body.addWidget(self._how)
            self.body.addLayout(row)
        else:
            self._how = LiveLine(theme, "", TextRole.CAPTION, Token.TEXT2)
            self.head.takeAt(1)  # the words take the room of the card's own stretch
            self.head.addWidget(self._how, 1)
            for figure in figures:
                self.head.addWidget(figure)
        self.head.addWidget(self.toggle)
        self.body.addWidget(self.strip)
        self.say_figures(*("" for _ in figures))

    @property
    def words(self) -> str:
        """What is tried how often, as shown."""
        return self._how.text_shown

    def say_how(self, words: str) -> None:
        """Say what is tried how often, or why nothing is."""
        self._how.say(words)

    def say_figures(self, *words: str) -> None:
        """Say each figure's words; one without is not seen."""
        for figure, text in zip(self._figures, words, strict=True):
            figure.say(text)
            if figure.isHidden() is bool(text):
                figure.setVisible(bool(text))
