"""Walks the wizard with hand-made readings, as the window and the command line do with Azure's."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.setup.hand_made import CALLER, facts
from tgwizard.engine.setup.suggestions import proposed
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
    flow: WizardState,
    inventory: Inventory,
    known: AccessFacts | None = None,
    subscriptions: tuple[SubscriptionSeen, ...] | None = None,
) -> WizardState:
    """The state after everything it wants was read."""
    for _ in range(10):
        want = reads_needed(flow)
        if not want:
            return flow
        match want[0]:
            case ReadNeeded.SUBSCRIPTIONS:
                flow = with_subscriptions(flow, subscriptions or (inventory.subscription,))
            case ReadNeeded.INVENTORY:
                flow = with_inventory(flow, inventory)
            case ReadNeeded.FACTS:
                read = replace(known or facts(inventory), address=None)
                flow = with_access_facts(flow, read, proposed(flow))
            case ReadNeeded.ADDRESS:
                flow = with_address(flow, AddressChecked(str(proposed(flow).address), AddressAnswer(free=True)))
    raise AssertionError(f"it never has enough: {reads_needed(flow)}")
