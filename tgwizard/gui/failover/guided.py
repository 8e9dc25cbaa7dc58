"""Before a guided failover: where to press Make Active, and that nothing is written here."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.engine.failover.guided import portal_path
from tgwizard.gui.failover.confirm import Confirmed
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.cluster import Member
from tgwizard.model.failover_options import Strategy


class GuidedDialog(Sheet):
    """The answer is the signal `confirmed(Confirmed)`, with the strategy guided."""

    wide = 560
    confirmed = Signal(object)

    def __init__(self, theme: Theme, window: QWidget, cluster: str, to: Member) -> None:
        lead = "Trustgrid decides which member is active; the members move the address themselves."
        super().__init__(theme, window, f"Fail over {cluster} to {to.name}?", lead)
        steps = (
            f"1.  {portal_path(to)}.",
            f"2.  tgwizard watches Azure until {to.name} holds the address, and measures the gap as read.",
        )
        for words in steps:
            self.body.addWidget(TextLabel(theme, words, TextRole.BODY, wrap=True))
        note = "tgwizard writes nothing. To move the address in Azure alone, use the forced failover: it is a repair."
        self.body.addWidget(TextLabel(theme, note, TextRole.CAPTION, Token.TEXT2, wrap=True))
        self.start = Button(theme, f"Watch the failover to {to.name}", ButtonKind.PRIMARY, height=36)
        self.start.clicked.connect(self._on_start)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.start)

    @Slot()
    def _on_start(self) -> None:
        self.accept()
        self.confirmed.emit(Confirmed(strategy=Strategy.GUIDED))
