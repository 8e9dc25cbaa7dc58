"""Walks the wizard with hand-made readings, as the window and the command line do with Azure's."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.setup.hand_made import CALLER, facts
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.wizard_state import (
    ReadNeeded,
    WizardState,
    begin,
    with_access_facts,
    with_address,
    with_inventory,
    with_subscriptions,
)
from tgwizard.engine.setup.wizard_steps import reads_needed
from tgwizard.model.access_facts import AccessFacts, AddressChecked
from tgwizard.model.inventory import AddressAnswer, Inventory, SubscriptionSeen
from tgwizard.model.setup_answers import Answers


def signed_in(answers: Answers | None = None) -> WizardState:
    """A flow after signing in."""
    return begin(answers=replace(answers or Answers(), cloud="lab-test", caller=CALLER))


def fed(
    state: WizardState,
    inventory: Inventory,
    known: AccessFacts | None = None,
    subscriptions: tuple[SubscriptionSeen, ...] | None = None,
) -> WizardState:
    """The state after everything it wants was read."""
    for _ in range(10):
        want = reads_needed(state)
        if not want:
            return state
        match want[0]:
            case ReadNeeded.SUBSCRIPTIONS:
                state = with_subscriptions(state, subscriptions or (inventory.subscription,))
            case ReadNeeded.INVENTORY:
                state = with_inventory(state, inventory)
            case ReadNeeded.FACTS:
                read = replace(known or facts(inventory), address=None)
                state = with_access_facts(state, read, proposed_answers(state))
            case ReadNeeded.ADDRESS:
                state = with_address(
                    state, AddressChecked(str(proposed_answers(state).address), AddressAnswer(free=True))
                )
    raise AssertionError(f"it never has enough: {reads_needed(state)}")
