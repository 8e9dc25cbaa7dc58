"""Cards with a traffic strip: what is tried how often, figures, and the button that begins and ends the measuring.

``ReachabilityCard`` is the one of the cluster page: from where, to what, how often, and the two figures that
matter.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tgwizard.engine.watch.traffic_probe import median_s
from tgwizard.gui.cluster.traffic_monitor import KEPT_S, TrafficMonitor
from tgwizard.gui.cluster.traffic_strip import TrafficStrip, strip
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.labels import LiveLine, LiveText, TextLabel, lines_high
from tgwizard.gui.widgets.layouts import keep_room
from tgwizard.model.text import format_duration

MEASURE, MEASURING = "Measure", "Stop measuring"


class MeasureButton(Button):
    """Follows a `TrafficMonitor`."""

    def __init__(self, theme: Theme, reachability: TrafficMonitor, parent: QWidget | None = None) -> None:
        self._widest = 0
        super().__init__(theme, MEASURE, ButtonKind.LINK, height=28, parent=parent)
        self._reachability = reachability
        for words in (MEASURE, MEASURING):
            self.rename(words)
            self._widest = max(self._widest, super().sizeHint().width())
        self.clicked.connect(self._on_click)
        reachability.changed.connect(self.refresh)
        self.refresh()

    def sizeHint(self) -> QSize:
        """Room for either of its words: it is as wide before a click as after it."""
        hint = super().sizeHint()
        return QSize(max(self._widest, hint.width()), hint.height())

    @Slot()
    def refresh(self) -> None:
        """Say what a click would do now."""
        source = self._reachability
        word = MEASURING if source.measuring else MEASURE
        if self.accessibleName() != word:
            self.rename(word)
        does = "Tries a TCP connection ten times a second"
        self.explain(does if source.against is None else source.against.sentence())

    @Slot()
    def _on_click(self) -> None:
        if self._reachability.measuring:
            self._reachability.stop()
        else:
            self._reachability.start()


class TrafficStripCard(Card):
    """All in one line above the strip; with large text in three, as far as there is something to say."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        reachability: TrafficMonitor,
        figures: tuple[TextLabel, ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, title, spacing=theme.px(2), parent=parent)
        self.toggle = MeasureButton(theme, reachability)
        self.strip = TrafficStrip(theme)
        self._how: LiveLine | LiveText
        self._figures = figures
        if theme.text_scale >= LARGE_TEXT:
            self._how = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
            row = QHBoxLayout()
            for figure in figures:
                row.addWidget(figure)
                keep_room(figure)
                figure.setMinimumHeight(lines_high(theme, 1) + 2)
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


class ReachabilityCard(TrafficStripCard):
    """Shows a `TrafficMonitor`. It is traffic from this computer, never "the outage"."""

    def __init__(self, theme: Theme, reachability: TrafficMonitor, parent: QWidget | None = None) -> None:
        median = TextLabel(theme, "", TextRole.CAPTION_KEY, Token.TEXT2)
        longest = TextLabel(theme, "", TextRole.CAPTION_STRONG, Token.BAD)
        super().__init__(theme, "Reachability", reachability, (median, longest), parent)
        self._reachability = reachability
        reachability.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show what was measured until now."""
        source = self._reachability
        self.say_how(source.how if source.against is not None else f"from this computer to {source.how}")
        shown = strip(source.samples, source.now(), KEPT_S)
        self.strip.show_strip(shown)
        middle = median_s(source.samples)
        self.say_figures(
            "" if middle is None else f"median {_milliseconds(middle)}",
            f"longest gap {format_duration(shown.longest_s)}" if shown.gaps else "",
        )


def _milliseconds(seconds: float) -> str:
    """An answer from far away to the millisecond, one of this computer's own to a tenth of it."""
    return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"
