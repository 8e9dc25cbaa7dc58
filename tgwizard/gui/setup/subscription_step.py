"""Step 2: the subscription that the two machines are in."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.engine.setup.wizard_state import ReadNeeded
from tgwizard.gui.setup.loading_card import LoadingCard
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.pick_list import PickList, PickRow
from tgwizard.model.inventory import SubscriptionSeen
from tgwizard.model.text import sanitize


class SubscriptionPage(StepPage):
    """A searchable list. One that Azure has turned off says so, and cannot be picked."""

    question = "Which subscription are the machines in?"
    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Choosing one reads what is in it. Nothing is changed.", parent)
        self.reading = LoadingCard(theme)
        self.body.addWidget(self.reading)
        self.list = PickList(theme, "Subscriptions")
        self.list.picked.connect(self._on_picked)
        self.body.addWidget(self.list)

    def show_subscriptions(self, found: tuple[SubscriptionSeen, ...], chosen: str, busy: str) -> None:
        """Replace the list; `busy` says what is being read."""
        self.reading.show_busy(busy)
        rows = [
            PickRow(
                one.id,
                sanitize(one.name, 200),
                one.id,
                "" if one.enabled else "turned off: Azure refuses writes in it",
                one.enabled,
            )
            for one in found
        ]
        self.list.setVisible(bool(rows))
        self.list.show_rows(rows, (chosen,) if chosen else ())

    @Slot(object)
    def _on_picked(self, keys: tuple[str, ...]) -> None:
        self.chosen.emit(keys[0])

    def connect_wizard(self, wizard: WizardController) -> None:
        session = wizard.session

        def choose(chosen: str) -> None:
            found = next((one for one in session.wizard_state.subscriptions or () if one.id == chosen), None)
            if found is not None:
                session.answer(subscription=found)

        self.chosen.connect(choose)

    def show_wizard(self, wizard: WizardController) -> None:
        session = wizard.session
        chosen = session.shown.subscription.id if session.shown.subscription is not None else ""
        self.show_subscriptions(session.wizard_state.subscriptions or (), chosen, subscriptions_busy(session))


def subscriptions_busy(session: SetupSession) -> str:
    """What the second page says while it reads."""
    if session.wizard_state.subscriptions is None and session.reading(ReadNeeded.SUBSCRIPTIONS):
        return "Asking Azure for your subscriptions"
    return ""
