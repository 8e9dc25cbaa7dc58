"""The fence menu of a forced failover: what keeps the prior active from coming back, with its seconds, rights, risk."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QVBoxLayout, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.option_card import ChoiceCard
from tgwizard.model.cluster import Member
from tgwizard.model.failover_options import NO_FENCE, Fence, FenceWish, StopHow
from tgwizard.model.text import about


class FenceChoice(QWidget):
    """Two cards and, beside the second, what to do when the stop fails. `changed` carries the wish."""

    changed = Signal(object)

    def __init__(self, theme: Theme, losing: Member, parent: QWidget | None = None) -> None:
        """About `losing`, which runs."""
        super().__init__(parent)
        name, predicted = losing.name, StopHow.POWER_OFF.predicted
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        self.nothing = ChoiceCard(theme, "Do nothing", f"{name} may take the address back", "+0 s", "no extra rights")
        self.stop = ChoiceCard(
            theme,
            f"Stop {name} first",
            f"{name} serves nothing until someone starts it; its interface keeps its own address",
            f"+{about(predicted.usual_s)}, slowest {about(predicted.slowest_s)}",
            "needs virtualMachines/powerOff or deallocate",
        )
        self.nothing.setChecked(True)
        self._group = QButtonGroup(self)
        for card in (self.nothing, self.stop):
            self._group.addButton(card)
            rows.addWidget(card)
            card.toggled.connect(self._on_change)
        words = f"Fail over even if {name} cannot be stopped"
        self.optional = QCheckBox(words)
        self.optional.setAccessibleName(words)
        self.optional.hide()
        self.optional.toggled.connect(self._on_change)
        rows.addWidget(self.optional)
        self._told = NO_FENCE

    @property
    def wish(self) -> FenceWish:
        """What is chosen now."""
        if not self.stop.isChecked():
            return NO_FENCE
        return FenceWish(Fence.STOP, self.optional.isChecked())

    @Slot(bool)
    def _on_change(self, _on: bool) -> None:
        self.optional.setVisible(self.stop.isChecked())
        if self.wish != self._told:
            self._told = self.wish
            self.changed.emit(self._told)
