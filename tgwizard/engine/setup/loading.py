"""Read all that a wizard wants, one thing after the other, and read it again before a plan that is too old is applied.

A command waits where the window reads behind the scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.read_subscription import discover
from tgwizard.engine.errors import AzureCallError
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.retry import RetryPolicy
from tgwizard.engine.runs.task_runner import ASK_AGAIN_WITHIN_S
from tgwizard.engine.setup.plan_freshness import forget_readings
from tgwizard.engine.setup.read_access import ask_address, read_access
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.wizard_state import (
    ReadNeeded,
    WizardState,
    begin,
    with_access_facts,
    with_address,
    with_caller,
    with_inventory,
    with_subscriptions,
)
from tgwizard.engine.setup.wizard_steps import answer_all, reads_needed
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import SetupEvent

_MOST_TURNS = 40
"""Readings until a wizard has enough: each step may want a few; more is an error of ours."""


def prepare(
    azure: AzurePorts,
    clock: Clock,
    answers: Answers,
    saved: Iterable[ClusterSetup],
    report: Callable[[SetupEvent], None],
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
    azure: AzurePorts, clock: Clock, state: WizardState, report: Callable[[SetupEvent], None], token: CancelToken
) -> WizardState:
    """The state once it wants nothing more. AzureCallError; Cancelled."""
    for _ in range(_MOST_TURNS):
        token.check()
        retry_policy = RetryPolicy.of(clock, ASK_AGAIN_WITHIN_S, token)
        found = reads_needed(state)
        if not found:
            return state
        shown = proposed_answers(state)
        match found[0]:
            case ReadNeeded.SUBSCRIPTIONS:
                state = with_subscriptions(state, retry_policy.ask(azure.directory.subscriptions))
            case ReadNeeded.INVENTORY:
                if shown.subscription is None:
                    return state
                state = with_inventory(state, discover(azure, shown.subscription, clock, report, token))
            case ReadNeeded.FACTS:
                if state.inventory is None:
                    return state
                state = with_access_facts(
                    state, read_access(azure, shown, state.inventory, clock, report, token), shown
                )
            case ReadNeeded.ADDRESS:
                state = _address(azure, state, shown)
    raise RuntimeError(f"the flow never has enough: {reads_needed(state)}")


def _address(azure: AzurePorts, state: WizardState, shown: Answers) -> WizardState:
    if state.inventory is None:
        return state
    try:
        checked = ask_address(azure, shown, state.inventory, state.facts)
    except AzureCallError as failure:
        return with_address(state, None, failure.problem)
    if checked is None:
        unasked = Problem("address-not-asked", "Azure was not asked about the address.", "It is judged without that.")
        return with_address(state, None, unasked)
    return with_address(state, checked)


def read_again(
    azure: AzurePorts, clock: Clock, state: WizardState, report: Callable[[SetupEvent], None], token: CancelToken
) -> WizardState:
    """The state with everything read anew and its answers kept as they were shown. AzureCallError; Cancelled."""
    answers = proposed_answers(state)
    if answers.subscription is None:
        return state
    found = discover(azure, answers.subscription, clock, report, token)
    known = with_inventory(replace(state, answers=answers), found)
    return read_needed(azure, clock, forget_readings(known), report, token)
