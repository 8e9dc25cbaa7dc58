"""Walks the flow with hand-made readings, as the window and the command line do with Azure's."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.setup.hand_made import CALLER, facts
from tgwizard.engine.setup.suggestions import proposed
from tgwizard.engine.setup.wizard_state import (
    Flow,
    Want,
    begin,
    know_address,
    know_facts,
    know_inventory,
    know_subscriptions,
)
from tgwizard.engine.setup.wizard_steps import wants
from tgwizard.model.access_facts import AccessFacts, AddressChecked
from tgwizard.model.inventory import AddressAnswer, Inventory, SubscriptionSeen
from tgwizard.model.setup_answers import Answers


def signed_in(answers: Answers | None = None) -> Flow:
    """A flow after signing in."""
    return begin(answers=replace(answers or Answers(), cloud="lab-test", caller=CALLER))


def fed(
    flow: Flow,
    inventory: Inventory,
    known: AccessFacts | None = None,
    subscriptions: tuple[SubscriptionSeen, ...] | None = None,
) -> Flow:
    """The flow after everything it wants was read."""
    for _ in range(10):
        want = wants(flow)
        if not want:
            return flow
        match want[0]:
            case Want.SUBSCRIPTIONS:
                flow = know_subscriptions(flow, subscriptions or (inventory.subscription,))
            case Want.INVENTORY:
                flow = know_inventory(flow, inventory)
            case Want.FACTS:
                read = replace(known or facts(inventory), address=None)
                flow = know_facts(flow, read, proposed(flow))
            case Want.ADDRESS:
                flow = know_address(flow, AddressChecked(str(proposed(flow).address), AddressAnswer(free=True)))
    raise AssertionError(f"it never has enough: {wants(flow)}")
