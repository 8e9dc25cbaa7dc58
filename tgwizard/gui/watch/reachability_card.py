"""The Reachability card: from where, to what, how often; the strip; and the two figures that matter."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from tgwizard.engine.watch.probe import PERIOD_S, median_s
from tgwizard.gui.kit.buttons import Button, ButtonKind
from tgwizard.gui.kit.labels import TextLabel
from tgwizard.gui.kit.live import LiveLine
from tgwizard.gui.kit.surface import Card
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import TextRole, Token
from tgwizard.gui.watch.probe_strip import ProbeStrip, strip
from tgwizard.gui.watch.reachability import KEPT_S, Reachability
from tgwizard.model.text import measured


class ReachabilityCard(Card):
    """Shows a `Reachability`. It is traffic from this computer, never "the outage"."""

    def __init__(self, theme: Theme, reachability: Reachability, address: str, parent: QWidget | None = None) -> None:
        """Follow `reachability` of `address`."""
        super().__init__(theme, "Reachability", spacing=theme.px(2), parent=parent)
        self._reachability = reachability
        self._address = address
        self._words = LiveLine(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._median = TextLabel(theme, "", TextRole.CAPTION_KEY, Token.TEXT2)
        self._longest = TextLabel(theme, "", TextRole.CAPTION_STRONG, Token.BAD)
        self.toggle = Button(theme, "Measure", ButtonKind.LINK, height=28)
        self.toggle.clicked.connect(self._on_toggle)
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
        endpoint, against = source.endpoint, source.against
        if endpoint is None:
            self._words.say("not measured: this lab has no traffic" if against is not None else "")
        else:
            where = self._address if endpoint.host == self._address else f"{self._address} by {endpoint.host}"
            every = f"every {round(PERIOD_S * 1000)} ms"
            self._words.say(f"from this computer to {where}, TCP {endpoint.port}, {every}")
        samples = source.samples
        shown = strip(samples, source.now(), KEPT_S)
        self.strip.show_strip(shown)
        middle = median_s(samples)
        self._median.say("" if middle is None else f"median {round(middle * 1000)} ms")
        self._longest.say(f"longest gap {measured(shown.longest_s)}" if shown.gaps else "")
        for label in (self._median, self._longest):
            if label.isHidden() is bool(label.text_shown):
                label.setVisible(bool(label.text_shown))
        word = "Stop measuring" if source.measuring else "Measure"
        if self.toggle.accessibleName() != word:
            self.toggle.rename(word)
        self.toggle.setEnabled(against is None)
        self.toggle.explain(against.sentence() if against is not None else "Tries a TCP connection ten times a second")

    @Slot()
    def _on_toggle(self) -> None:
        if self._reachability.measuring:
            self._reachability.stop()
        else:
            self._reachability.start()
