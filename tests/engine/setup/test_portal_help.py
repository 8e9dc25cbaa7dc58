from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from tests.engine.setup.hand_made import TENANT, world
from tests.engine.setup.walker import fed, signed_in
from tgwizard.engine.setup.portal_help import portal_guide, portal_url, replaced_clicks
from tgwizard.engine.setup.wizard_state import STEPS, WizardState, answer
from tgwizard.engine.setup.wizard_steps import answer_all
from tgwizard.model.inventory import Inventory
from tgwizard.model.setup_answers import RoleAnswer, RoleUse, SetupStep


def finished(inventory: Inventory | None = None) -> WizardState:
    return answer_all(fed(signed_in(), inventory or world()))


@pytest.mark.parametrize("step", STEPS)
def test_that_every_step_has_its_place_in_the_portal_before_and_after_anything_is_known(step: SetupStep) -> None:
    for state in (WizardState(), finished()):
        shown = portal_guide(state, step)
        assert shown.intro.endswith((".", "?"))
        assert shown.why.endswith(".")
        assert shown.why_title
        assert all(place.words and place.clicks > 0 for place in shown.steps)


def test_that_the_names_of_the_answers_are_filled_in() -> None:
    state = finished()
    assert portal_guide(state, SetupStep.MACHINES).intro == "Turning on the identity of tg-node-b."
    assert portal_guide(state, SetupStep.MACHINES).command == "az vm identity assign -g rg-tg-prod -n tg-node-b"
    assert (
        "check-ip-address -g rg-tg-prod -n vnet-dal-prod --ip-address 10.20.2.254"
        in portal_guide(state, SetupStep.FLOATING_IP).command
    )
    assert any("rg-tg-prod" in place.words for place in portal_guide(state, SetupStep.SCOPE).steps)


def test_that_the_clicks_of_the_briefs_instructions_are_counted() -> None:
    one = replaced_clicks(finished())
    assert one == (44, 5)
    two = replaced_clicks(finished(world(network_group="rg-network")))
    assert two[0] - one[0] == 28
    assert two[1] - one[1] == 3


def test_that_steps_are_said_once_and_repeated_for_the_other_groups() -> None:
    state = finished(world(network_group="rg-network"))
    scope = [place.words for place in portal_guide(state, SetupStep.SCOPE).steps]
    assert scope[1] == "Select rg-tg-prod"
    assert scope[-1] == f"Repeat steps 1 to {len(scope) - 1} for rg-network"
    state = answer(state, replace(state.answers, role=RoleAnswer(RoleUse.NEW, "my role", "")))
    role = [place.words for place in portal_guide(state, SetupStep.ROLE).steps]
    assert role[6:8] == ["Add Assignable Scope, rg-tg-prod", "Repeat step 7 for rg-network"]
    assert max(len(scope), len(role)) <= 10


def test_that_the_review_counts_what_the_plan_replaces() -> None:
    shown = portal_guide(finished(), SetupStep.REVIEW)
    assert [place.words for place in shown.steps] == [
        "Identity of tg-node-b",
        "Custom role",
        "Access control of rg-tg-prod",
    ]
    assert shown.clicks == 7 + 44


@pytest.mark.parametrize("use", list(RoleUse))
def test_that_every_kind_of_role_has_its_instructions(use: RoleUse) -> None:
    state = finished()
    state = answer(state, replace(state.answers, role=RoleAnswer(use, "my role", "")))
    shown = portal_guide(state, SetupStep.ROLE)
    assert shown.clicks > 5
    assert shown.command.startswith("az role definition")


def test_that_hostile_names_stay_one_word_of_a_command() -> None:
    hostile = "x'; $(reboot) `id` \" \n<b>\u202e"
    state = finished()
    state = answer(state, replace(state.answers, role=RoleAnswer(RoleUse.REUSE, hostile), name=hostile))
    for step in STEPS:
        words = shlex.split(portal_guide(state, step).command)
        assert not any(word in ("$(reboot)", "`id`", "<b>", "reboot)") for word in words)
    words = shlex.split(portal_guide(state, SetupStep.ROLE).command)
    assert len(words) == 6
    words = shlex.split(portal_guide(state, SetupStep.APPLY).command)
    assert words[:4] == ["tgwizard", "setup", "apply", hostile]


def test_that_a_lab_has_no_portal() -> None:
    assert portal_url("", TENANT, "/subscriptions/x") == ""
    assert portal_url("https://portal.azure.com/", TENANT, "/subscriptions/x/users") == (
        f"https://portal.azure.com/#@{TENANT}/resource/subscriptions/x/users"
    )
