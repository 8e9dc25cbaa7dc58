"""Reads what a ``WizardState`` wants. The window reads one thing behind the scenes, a command one after the other.

``load`` reads one thing, on any thread; ``with_loaded`` puts it into the state as it is by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from tgwizard.engine.access.read_access import read_access
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.read_subscription import discover
from tgwizard.engine.discovery.subnet_addresses import occupancy, worth_asking
from tgwizard.engine.jobs import Report
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.retry import RetryPolicy
from tgwizard.engine.runs.task_runner import ASK_AGAIN_WITHIN_S, read_all
from tgwizard.engine.setup.plan_freshness import forget_readings
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.wizard_state import (
    PairsKnown,
    ReadNeeded,
    WizardState,
    begin,
    pairs_known,
    with_access_facts,
    with_address,
    with_caller,
    with_inventory,
    with_subscriptions,
)
from tgwizard.engine.setup.wizard_steps import answer_all, reads_needed
from tgwizard.model.access_facts import AccessFacts, AddressChecked, FactKind
from tgwizard.model.chosen_machines import chosen_machines
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Stamp
from tgwizard.model.inventory import AddressAnswer, Inventory, SubscriptionSeen
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import FactRead, SetupEvent

_MOST_TURNS = 40
"""Readings until a wizard has enough: each step may want a few; more is an error of ours."""


@dataclass(frozen=True, slots=True)
class SubscriptionsLoaded:
    """The subscriptions of the account."""

    found: tuple[SubscriptionSeen, ...]


@dataclass(frozen=True, slots=True)
class InventoryLoaded:
    """What is in the subscription; the pairs that it makes, unless they are known already."""

    inventory: Inventory
    pairs: PairsKnown | None


@dataclass(frozen=True, slots=True)
class AccessLoaded:
    """Roles, identities and rights, for the machines of these answers; the pairs as above."""

    facts: AccessFacts
    read_for: Answers
    pairs: PairsKnown | None


@dataclass(frozen=True, slots=True)
class AddressLoaded:
    """What Azure says of the address; None: it was of no use to ask, and the checks say why."""

    checked: AddressChecked | None


Loaded = SubscriptionsLoaded | InventoryLoaded | AccessLoaded | AddressLoaded


def load(
    azure: AzurePorts,
    clock: Clock,
    state: WizardState,
    shown: Answers,
    need: ReadNeeded,
    report: Report[SetupEvent],
    token: CancelToken,
) -> Loaded:
    """Read one thing that ``needed_reads`` named for this state. AzureCallError; Cancelled.

    ``shown``: what ``proposed_answers`` gave for it.
    """
    match need:
        case ReadNeeded.SUBSCRIPTIONS:
            retry_policy = RetryPolicy.of(clock, ASK_AGAIN_WITHIN_S, token)
            return SubscriptionsLoaded(retry_policy.ask(azure.directory.subscriptions))
        case ReadNeeded.INVENTORY if shown.subscription is not None:
            found = discover(azure, shown.subscription, clock, report, token)
            return InventoryLoaded(found, pairs_known(state, found, state.facts))
        case ReadNeeded.FACTS if state.inventory is not None:
            facts = read_facts(azure, shown, state.inventory, clock, report, token)
            return AccessLoaded(facts, shown, pairs_known(state, state.inventory, facts))
        case ReadNeeded.ADDRESS if state.inventory is not None:
            return AddressLoaded(ask_address(azure, shown, state.inventory, state.facts))
        case _:
            raise RuntimeError(f"{need} cannot be read yet")


def read_facts(
    azure: AzurePorts,
    answers: Answers,
    inventory: Inventory,
    clock: Clock,
    report: Report[SetupEvent],
    token: CancelToken,
) -> AccessFacts:
    """What a plan needs besides the inventory: rights, and what Azure says about the address. Cancelled."""
    facts = read_access(azure, answers, inventory, clock, report, token)
    address, question = str(answers.address), _address_question(azure, answers, inventory, facts)
    if question is None:
        return facts
    asked = read_all({address: question}, clock, token)[address]
    report(FactRead(Stamp(clock.wall(), clock.monotonic()), FactKind.ADDRESS, address, asked.problem))
    return facts if asked.value is None else replace(facts, address=AddressChecked(address, asked.value))


def ask_address(
    azure: AzurePorts, answers: Answers, inventory: Inventory, facts: AccessFacts | None = None
) -> AddressChecked | None:
    """Ask Azure about the chosen address; None when it is of no use to ask. AzureCallError when it does not answer."""
    question = _address_question(azure, answers, inventory, facts)
    return None if question is None else AddressChecked(str(answers.address), question())


def _address_question(
    azure: AzurePorts, answers: Answers, inventory: Inventory, facts: AccessFacts | None
) -> Callable[[], AddressAnswer] | None:
    try:
        chosen = chosen_machines(answers, inventory, facts)
    except UserError:
        return None  # The parts are not chosen, or do not fit: the wizard says why.
    subnet = inventory.subnet(chosen.subnet)
    if subnet is None or answers.address is None:
        return None
    if not worth_asking(answers.address, occupancy(subnet, inventory, chosen)):
        return None
    return partial(azure.network.check_address, chosen.subnet, str(answers.address))


def with_loaded(state: WizardState, loaded: Loaded) -> WizardState:
    """The state with what was read. A new inventory wants the facts and the address once more: they may be older."""
    match loaded:
        case SubscriptionsLoaded():
            return with_subscriptions(state, loaded.found)
        case InventoryLoaded():
            return forget_readings(with_inventory(state, loaded.inventory, loaded.pairs))
        case AccessLoaded():
            return with_access_facts(state, loaded.facts, loaded.read_for, loaded.pairs)
        case AddressLoaded():
            return with_address(state, loaded.checked)


def prepare(
    azure: AzurePorts,
    clock: Clock,
    answers: Answers,
    saved: Iterable[ClusterSetup],
    report: Report[SetupEvent],
    token: CancelToken,
) -> WizardState:
    """Walk the steps with what was answered and what discovery suggests, until the review or something that blocks.

    ``answers.cloud`` names the connected one. UserError: nobody is signed in, or a part cannot be read.
    """
    try:
        caller = azure.directory.caller()
        state = read_needed(azure, clock, with_caller(begin(saved, answers), answers.cloud, caller), report, token)
        while True:
            after = answer_all(state)
            after = read_needed(azure, clock, after, report, token)
            if after.step is state.step:
                return after
            state = after
    except AzureCallError as failure:
        raise UserError(failure.problem) from failure


def read_needed(
    azure: AzurePorts, clock: Clock, state: WizardState, report: Report[SetupEvent], token: CancelToken
) -> WizardState:
    """The state once it wants nothing more. AzureCallError; Cancelled."""
    for _ in range(_MOST_TURNS):
        token.check()
        found = reads_needed(state)
        if not found:
            return state
        if found[0] is ReadNeeded.ADDRESS:
            state = _with_address(azure, clock, state, report, token)
        else:
            state = with_loaded(state, load(azure, clock, state, proposed_answers(state), found[0], report, token))
    raise RuntimeError(f"the wizard never has enough: {reads_needed(state)}")


def _with_address(
    azure: AzurePorts, clock: Clock, state: WizardState, report: Report[SetupEvent], token: CancelToken
) -> WizardState:
    """What cannot be asked about an address is no reason to stop: it is judged without that."""
    try:
        shown = proposed_answers(state)
        after = with_loaded(state, load(azure, clock, state, shown, ReadNeeded.ADDRESS, report, token))
    except AzureCallError as failure:
        return with_address(state, None, failure.problem)
    if after.checked is not None:
        return after
    unasked = Problem("address-not-asked", "Azure was not asked about the address.", "It is judged without that.")
    return with_address(state, None, unasked)


def read_again(
    azure: AzurePorts, clock: Clock, state: WizardState, report: Report[SetupEvent], token: CancelToken
) -> WizardState:
    """The state with everything read anew and its answers kept as they were shown. AzureCallError; Cancelled."""
    shown = proposed_answers(state)
    if shown.subscription is None:
        return state
    loaded = load(azure, clock, state, shown, ReadNeeded.INVENTORY, report, token)
    return read_needed(azure, clock, with_loaded(replace(state, answers=shown), loaded), report, token)
