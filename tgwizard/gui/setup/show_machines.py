"""What the first four pages show, worked out from the session. Pure: nothing is read or asked here."""

from __future__ import annotations

from tgwizard.engine.setup.suggestions import chosen_pair, lan_choices
from tgwizard.engine.setup.wizard_state import Want
from tgwizard.gui.setup.session import SetupSession
from tgwizard.gui.setup.steps.interface import InterfaceShown
from tgwizard.gui.setup.steps.machines import MachinesShown
from tgwizard.gui.setup.steps.sign_in import SignInShown
from tgwizard.model.text import tame


def sign_in_shown(session: SetupSession, *, is_lab: bool) -> SignInShown:
    """The first page."""
    account = session.account
    tenant = account.caller.tenant if account.caller is not None else ""
    return SignInShown(
        account.clouds,
        account.cloud,
        account.methods,
        account.method,
        account.caller,
        account.tenants,
        tenant,
        account.busy,
        account.prompted,
        is_lab,
    )


def subscriptions_busy(session: SetupSession) -> str:
    """What the second page says while it reads."""
    if session.flow.subscriptions is None and session.reading(Want.SUBSCRIPTIONS):
        return "Asking Azure for your subscriptions"
    return ""


def machines_shown(session: SetupSession, *, by_hand: bool) -> MachinesShown:
    """The third page."""
    flow, shown = session.flow, session.shown
    wanted = shown.subscription
    same = flow.inventory is not None and wanted is not None and flow.inventory.subscription.id == wanted.id
    busy = ""
    if session.reading(Want.INVENTORY) and wanted is not None:
        busy = f"Reading {tame(wanted.name, 90)}"
    elif session.reading(Want.FACTS) and flow.facts is None:
        busy = "Reading roles and rights"
    return MachinesShown(
        flow.inventory if same else None,
        flow.pairs,
        shown.machines,
        chosen_pair(flow, shown),
        shown.name,
        by_hand=by_hand,
        busy=busy,
        parts=tuple(session.parts.values()) if session.reading(Want.INVENTORY) else (),
    )


def interface_shown(session: SetupSession) -> InterfaceShown:
    """The fourth page."""
    return InterfaceShown(lan_choices(session.flow, session.shown), session.shown.nics)
