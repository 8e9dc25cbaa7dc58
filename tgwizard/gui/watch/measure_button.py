"""The button that begins and ends the measuring of traffic, on the cluster's page and on a run's."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.watch.reachability import Reachability
from tgwizard.gui.widgets.buttons import Button, ButtonKind


class MeasureButton(Button):
    """Follows a `Reachability`."""

    def __init__(self, theme: Theme, reachability: Reachability, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Measure", ButtonKind.LINK, height=28, parent=parent)
        self._reachability = reachability
        self.clicked.connect(self._on_click)
        reachability.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Say what a click would do now."""
        source = self._reachability
        word = "Stop measuring" if source.measuring else "Measure"
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
