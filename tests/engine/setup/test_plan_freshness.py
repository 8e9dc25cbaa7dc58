"""A plan that grew old is read again, and what is different since is named; nothing is written for that."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from tests.engine.setup.apply.scenarios import prepared
from tests.engine.setup.hand_made import answers, facts, world
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.setup.loading import read_again
from tgwizard.engine.setup.plan_freshness import STALE_S, changed_since, is_stale, plan_differences, read_age_s
from tgwizard.engine.setup.planner import make_plan
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.wizard_state import WizardState, begin
from tgwizard.engine.setup.wizard_steps import plan_of
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.problem import Problem
from tgwizard.model.setup_plan import SetupPlan, WhoMay


def planned(state: WizardState) -> SetupPlan:
    plan = plan_of(state)
    assert plan is not None
    return plan


def again(it: SetupRig, state: WizardState) -> WizardState:
    return read_again(it.services.azure, it.clock, state, lambda _: None, CancelToken())


def test_that_a_plan_is_as_old_as_the_oldest_thing_it_rests_on() -> None:
    inventory = replace(world(), read_at=100.0)
    known = replace(facts(inventory), read_at=200.0)
    assert read_age_s(begin(), 1000.0) is None
    state = replace(begin(), inventory=inventory, facts=known)
    assert read_age_s(state, 250.0) == 150.0
    assert not is_stale(state, 100.0 + STALE_S)
    assert is_stale(state, 100.1 + STALE_S)


@pytest.mark.parametrize("name", ["fresh", "vnet-elsewhere", "old-role", "busy-nic"])
def test_that_reading_again_without_a_change_gives_the_same_plan_and_no_write(name: str) -> None:
    it = setup_rig(name)
    state = prepared(it)
    before = len(it.lab.requests)
    it.clock.sleep(STALE_S + 1)
    assert is_stale(state, it.clock.monotonic())
    after = again(it, state)
    assert not is_stale(after, it.clock.monotonic())
    assert len(it.lab.requests) > before
    assert planned(after) == planned(state)
    assert plan_differences(planned(state), planned(after)) == ()
    assert proposed_answers(after) == proposed_answers(state)
    assert it.writes() == []


def test_that_what_someone_did_meanwhile_is_named() -> None:
    it = setup_rig("fresh")
    state = prepared(it)
    before = planned(state)
    it.services.azure.compute.enable_identity(it.vm("tg-node-b"), request_id=str(uuid.uuid4()))
    it.clock.sleep(STALE_S + 1)
    after = planned(again(it, state))
    found = plan_differences(before, after)
    assert "no longer needed: Turn on the identity of tg-node-b" in found
    assert len(after.writing) == len(before.writing) - 1
    told = changed_since(found, 400.0)
    assert "no longer needed: Turn on the identity of tg-node-b" in told.why
    assert told.what == "The plan has changed since it was shown, so nothing was written."


def test_that_an_address_that_was_taken_meanwhile_is_named_and_the_choice_is_kept() -> None:
    it = setup_rig("fresh")
    state = prepared(it)
    address = str(proposed_answers(state).address)
    azure = it.services.azure
    nic = it.network("networkInterfaces", "tg-node-b-inside")
    document = azure.network.read_nic(nic)
    more = document.plus(document.new_configuration("theirs", address, CarriedConfiguration()))
    azure.network.write_nic(nic, more, if_match=document.etag, request_id=str(uuid.uuid4()))
    it.clock.sleep(STALE_S + 1)
    after = again(it, state)
    assert str(proposed_answers(after).address) == address
    assert plan_differences(planned(state), planned(after))


def test_that_rights_that_were_withdrawn_meanwhile_are_named() -> None:
    it = setup_rig("fresh")
    state = prepared(it)
    it.lab.faults.add(
        Fault("GET", "Microsoft.Authorization/permissions", FaultAnswer(200, '{"value": []}'), times=None)
    )
    it.clock.sleep(STALE_S + 1)
    after = planned(again(it, state))
    assert [change for change in after.writing if change.right.who is WhoMay.YOU] == []
    found = plan_differences(planned(state), after)
    assert any(words.startswith("different: ") for words in found)


def test_that_a_new_problem_and_a_new_warning_are_a_difference() -> None:
    inventory = world()
    plan = make_plan(answers(inventory), inventory, facts(inventory))
    problem, warning = Problem("a", "It is locked."), Problem("b", "It is <b>slow</b>.")
    worse = replace(plan, problems=(problem,), warnings=(*plan.warnings, warning))
    assert plan_differences(plan, worse) == ("to be known: It is locked.", "to be known: It is <b>slow</b>.")
    assert plan_differences(worse, plan) == ("no longer so: It is locked.", "no longer so: It is <b>slow</b>.")
    dropped = replace(plan, changes=plan.changes[1:])
    assert plan_differences(plan, dropped) == (f"gone: {plan.changes[0].sentence}",)


def test_that_many_differences_are_told_in_a_few_words() -> None:
    told = changed_since(tuple(f"new: thing {number}" for number in range(20)), 360.0)
    assert "and 14 more" in told.why
    assert "6 min ago" in told.why
