"""The Reachability card: from where, to what, how often; the strip; and the two figures that matter."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from tgwizard.engine.watch.probe import median_s
from tgwizard.gui.kit.labels import TextLabel
from tgwizard.gui.kit.live import LiveLine
from tgwizard.gui.kit.surface import Card
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import TextRole, Token
from tgwizard.gui.watch.measure_button import MeasureButton
from tgwizard.gui.watch.probe_strip import ProbeStrip, strip
from tgwizard.gui.watch.reachability import KEPT_S, Reachability
from tgwizard.model.text import measured


class ReachabilityCard(Card):
    """Shows a `Reachability`. It is traffic from this computer, never "the outage"."""

    def __init__(self, theme: Theme, reachability: Reachability, parent: QWidget | None = None) -> None:
        """Follow `reachability`."""
        super().__init__(theme, "Reachability", spacing=theme.px(2), parent=parent)
        self._reachability = reachability
        self._words = LiveLine(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._median = TextLabel(theme, "", TextRole.CAPTION_KEY, Token.TEXT2)
        self._longest = TextLabel(theme, "", TextRole.CAPTION_STRONG, Token.BAD)
        self.toggle = MeasureButton(theme, reachability)
        # The words take the room of the card's own stretch.
        self.head.takeAt(1)
        self.head.addWidget(self._words, 1)
        for part in (self._median, self._longest, self.toggle):
            self.head.addWidget(part)
        self.strip = ProbeStrip(theme)
        self.body.addWidget(self.strip)
        reachability.changed.connect(self.refresh)
        self.refresh()

    @property
    def words(self) -> str:
        """From where, to what, how often, as shown."""
        return self._words.text_shown

    @Slot()
    def refresh(self) -> None:
        """Show what was measured until now."""
        source = self._reachability
        self._words.say(source.how if source.against is not None else f"from this computer to {source.how}")
        samples = source.samples
        shown = strip(samples, source.now(), KEPT_S)
        self.strip.show_strip(shown)
        middle = median_s(samples)
        self._median.say("" if middle is None else f"median {_milliseconds(middle)}")
        self._longest.say(f"longest gap {measured(shown.longest_s)}" if shown.gaps else "")
        for label in (self._median, self._longest):
            if label.isHidden() is bool(label.text_shown):
                label.setVisible(bool(label.text_shown))


def _milliseconds(seconds: float) -> str:
    """An answer from far away to the millisecond, one of this computer's own to a tenth of it."""
    return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"
