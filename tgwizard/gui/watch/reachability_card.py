"""The Reachability card: from where, to what, how often; the strip; and the two figures that matter."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from tgwizard.engine.watch.traffic_probe import median_s
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.watch.probe_strip import strip
from tgwizard.gui.watch.reachability import KEPT_S, Reachability
from tgwizard.gui.watch.strip_card import StripCard
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.text import measured


class ReachabilityCard(StripCard):
    """Shows a `Reachability`. It is traffic from this computer, never "the outage"."""

    def __init__(self, theme: Theme, reachability: Reachability, parent: QWidget | None = None) -> None:
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
            f"longest gap {measured(shown.longest_s)}" if shown.gaps else "",
        )


def _milliseconds(seconds: float) -> str:
    """An answer from far away to the millisecond, one of this computer's own to a tenth of it."""
    return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"
