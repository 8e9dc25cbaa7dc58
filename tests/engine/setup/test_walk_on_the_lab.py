"""The wizard on the lab's scenarios, fed by the real readings: what a person sees and has to press."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace

import pytest

from tests.rig import SetupRig, setup_rig
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.pairs import PairState
from tgwizard.engine.discovery.read_subscription import discover
from tgwizard.engine.setup.loading import ask_address, read_facts
from tgwizard.engine.setup.portal_help import portal_guide
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.validation import FixKind
from tgwizard.engine.setup.wizard_state import (
    STEPS,
    ReadNeeded,
    WizardState,
    answer,
    begin,
    with_access_facts,
    with_address,
    with_caller,
    with_inventory,
    with_subscriptions,
)
from tgwizard.engine.setup.wizard_steps import continue_step, plan_of, problems_of, reads_needed, summary, take_fix
from tgwizard.model.setup_answers import RoleUse, SetupStep
from tgwizard.model.setup_events import SetupEvent


@dataclass
class Person:
    """Signs in to a scenario, presses Continue, and takes the first fix that adds what is needed."""

    rig: SetupRig
    state: WizardState = field(default_factory=begin)
    clicks: int = 0
    events: list[SetupEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        azure = self.rig.services.azure
        self.state = self.fed(with_caller(self.state, self.rig.lab.cloud, azure.directory.caller()))

    def fed(self, state: WizardState) -> WizardState:
        """Read what is wanted, as the window's jobs do."""
        azure, clock, token = self.rig.services.azure, self.rig.clock, CancelToken()
        for _ in range(8):
            shown = proposed_answers(state)
            want = reads_needed(state)
            if not want:
                return state
            match want[0]:
                case ReadNeeded.SUBSCRIPTIONS:
                    state = with_subscriptions(state, azure.directory.subscriptions())
                case ReadNeeded.INVENTORY:
                    assert shown.subscription is not None
                    found = discover(azure, shown.subscription, clock, self.events.append, token)
                    state = with_inventory(state, found)
                case ReadNeeded.FACTS:
                    assert state.inventory is not None
                    facts = read_facts(azure, shown, state.inventory, clock, self.events.append, token)
                    state = with_access_facts(state, facts, shown)
                case ReadNeeded.ADDRESS:
                    assert state.inventory is not None
                    try:
                        state = with_address(state, ask_address(azure, shown, state.inventory, state.facts))
                    except AzureCallError as failure:
                        state = with_address(state, None, failure.problem)
        raise AssertionError(f"it never has enough: {reads_needed(state)}")

    def press_continue(self) -> None:
        """One click."""
        self.state, self.clicks = self.fed(continue_step(self.state)), self.clicks + 1

    def to_review(self) -> None:
        """Continue to the review; take the fix that adds actions where one is asked for."""
        while self.state.step is not SetupStep.REVIEW:
            before = self.state.step
            self.press_continue()
            if self.state.step is before:
                offers = [fix for item in problems_of(self.state) for fix in item.fixes]
                adding = next(fix for fix in offers if fix.kind is FixKind.ADD_ACTIONS)
                self.state, self.clicks = take_fix(self.state, adding), self.clicks + 1


def test_that_fresh_is_seven_clicks_from_sign_in_to_review_with_nothing_typed() -> None:
    person = Person(setup_rig("fresh"))
    person.to_review()
    assert person.clicks == 7
    assert person.state.past == ()
    plan = plan_of(person.state)
    assert plan is not None
    assert [change.key.split(":")[0] for change in plan.writing] == ["identity", "role", "assign", "assign", "place"]
    assert (plan.problems, plan.warnings) == ((), ())
    assert person.state.answers.name == "edge-dallas"
    assert person.rig.writes() == []


def test_that_a_network_elsewhere_and_a_ready_cluster_need_no_change() -> None:
    for scenario in ("ready", "vnet-elsewhere"):
        person = Person(setup_rig(scenario))
        assert [pair.state for pair in person.state.pairs.pairs][:1] == [PairState.HAS_RIGHTS]
        person.to_review()
        plan = plan_of(person.state)
        assert plan is not None
        assert plan.writing == ()
        assert str(person.state.answers.address) == "10.20.2.50"
        assert person.state.answers.role is not None
        assert person.state.answers.role.use is RoleUse.REUSE


def test_that_the_old_role_is_brought_up_to_date_because_it_is_this_clusters_own() -> None:
    person = Person(setup_rig("old-role"))
    person.to_review()
    plan = plan_of(person.state)
    assert plan is not None
    assert [change.sentence for change in plan.writing] == ["Add one action to tg-cluster-ip-failover"]
    assert "tg-node-a" in plan.writing[0].note


def test_that_a_rebuilt_machine_gets_its_role_back_and_what_it_left_behind_is_offered_for_removal() -> None:
    rig = setup_rig("ready")
    rebuilt = rig.vm("tg-node-b")
    rig.services.azure.compute.disable_identity(rebuilt, request_id=str(uuid.uuid4()))
    rig.clock.sleep(600.0)
    rig.services.azure.compute.enable_identity(rebuilt, request_id=str(uuid.uuid4()))
    rig.clock.sleep(600.0)
    person = Person(rig)
    person.to_review()
    plan = plan_of(person.state)
    assert plan is not None
    assert [change.sentence for change in plan.writing] == ["Role for tg-node-b on rg-tg-prod"]
    told = next(item for item in problems_of(person.state, SetupStep.SCOPE) if item.problem.code == "stale-assignments")
    removing = plan_of(take_fix(person.state, told.fixes[0]))
    assert removing is not None
    assert [change.method for change in removing.writing] == ["PUT", "DELETE"]
    assert [change.path for change in plan.writing] != [change.path for change in removing.writing[1:]]


def test_that_a_busy_interface_takes_one_click_more_for_its_extra_actions() -> None:
    person = Person(setup_rig("busy-nic"))
    person.to_review()
    assert person.clicks == 9
    plan = plan_of(person.state)
    assert plan is not None
    assert plan.warnings == ()
    assert [change.sentence for change in plan.writing] == ["Add 3 actions to tg-cluster-ip-failover"]


def test_that_a_reader_of_a_cluster_to_be_changed_is_told_that_nothing_is_his() -> None:
    person = Person(setup_rig("reader"))
    person.to_review()
    assert plan_of(person.state) is not None
    state = person.fed(answer(person.state, replace(person.state.answers, whole_subscription=True)))
    codes = {item.problem.code: item for item in problems_of(state, SetupStep.REVIEW)}
    assert codes["others-must"].blocks
    assert person.rig.writes() == []


def test_that_several_subscriptions_are_asked_for_and_hostile_names_stay_on_one_line() -> None:
    person = Person(setup_rig("two-tenants"))
    assert proposed_answers(person.state).subscription is None
    assert len(person.state.subscriptions or ()) > 1
    with pytest.raises(StopIteration):
        person.to_review()
    for subscription in person.state.subscriptions or ():
        state = person.fed(answer(person.state, replace(person.state.answers, subscription=subscription)))
        lines = [summary(state, step) for step in STEPS]
        for step in STEPS:
            shown = portal_guide(state, step)
            lines += [shown.intro, *(place.words for place in shown.steps)]
            lines += [item.problem.sentence() for item in problems_of(state, step)]
        plan = plan_of(state)
        lines += [text for change in (plan.changes if plan else ()) for text in (change.sentence, change.note)]
        assert [line for line in lines if any(ord(char) < 32 or char in "\u202e\u202d\u200f" for char in line)] == []
