from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from tests.engine.setup.hand_made import SUBSCRIPTION, TENANT, world
from tests.engine.setup.walker import fed, signed_in
from tgwizard.engine.setup.flags import FLAGS, chosen_subscription, fill_in
from tgwizard.engine.setup.flow import answer
from tgwizard.engine.setup.walk import answer_all, plan_of
from tgwizard.model import fields, setup_fields
from tgwizard.model.inventory import SubscriptionSeen
from tgwizard.model.problem import UserError
from tgwizard.model.setup_answers import Answers, Placement, RoleUse, SetupStep

ACTION = "Microsoft.Network/publicIPAddresses/join/action"


def test_that_every_field_of_a_set_up_is_a_flag() -> None:
    flagged = {flag.field.key for flag in FLAGS}
    assert {field.key for field in setup_fields.ALL} <= flagged
    assert {fields.NAME.key, fields.ADDRESS.key, fields.IP_CONFIGURATION.key} <= flagged
    assert len({flag.word for flag in FLAGS}) == len(FLAGS)
    assert "--floating-ip" in {flag.word for flag in FLAGS}


def test_that_flags_answer_the_flow_by_name() -> None:
    inventory = world()
    given = {
        "setup.first_vm": "TG-node-b",
        "setup.second_vm": inventory.vms[0].id.text,
        "setup.first_nic": "tg-node-b-inside",
        "setup.second_nic": "tg-node-a-inside",
        "name": "mine",
        "floating.address": "10.20.2.77",
        "floating.placement": "by-appliance",
        "role.name": "my-role",
        "role.add_actions": [ACTION],
        "scope.leave_out": ["rg-a"],
    }
    answers = fill_in(Answers(), given, inventory)
    assert [vm.name for vm in answers.machines or ()] == ["tg-node-b", "tg-node-a"]
    assert [nic.name for nic in answers.nics or ()] == ["tg-node-b-inside", "tg-node-a-inside"]
    assert (answers.name, answers.address) == ("mine", IPv4Address("10.20.2.77"))
    assert answers.placement is Placement.BY_APPLIANCE
    assert answers.role is not None
    assert (answers.role.use, answers.role.name, answers.role.extra) == (RoleUse.NEW, "my-role", (ACTION,))
    assert answers.narrowed == (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-a",)


def test_that_flags_and_suggestions_together_reach_the_review() -> None:
    inventory = world()
    flow = fed(signed_in(), inventory)
    flow = fed(answer(flow, fill_in(flow.answers, {"floating.address": "10.20.2.77"}, inventory)), inventory)
    flow = answer_all(flow)
    assert flow.step is SetupStep.REVIEW
    plan = plan_of(flow)
    assert plan is not None
    assert any("10.20.2.77" in change.sentence for change in plan.writing)


def test_that_all_wrong_flags_are_told_at_once() -> None:
    with pytest.raises(UserError) as told:
        fill_in(
            Answers(),
            {
                "setup.first_vm": "no-such\nmachine",
                "setup.second_vm": "tg-node-b",
                "floating.address": "10.20.2.0/24",
                "role.use": "reuse",
            },
            world(),
        )
    sentences = [problem.sentence() for problem in told.value.problems]
    assert len(sentences) == 3
    assert sentences[0].startswith("--first-vm no-such machine is not in the subscription.")
    assert sentences[1].startswith("--floating-ip 10.20.2.0/24 cannot be used.")
    assert sentences[2] == "--role reuse needs --role-id. Name the role by its GUID."


def test_that_one_machine_alone_is_not_taken() -> None:
    with pytest.raises(UserError, match="--second-vm is missing"):
        fill_in(Answers(), {"setup.first_vm": "tg-node-a"}, world())


def test_that_a_subscription_is_found_by_name_or_guid_and_doubt_is_told() -> None:
    seen = tuple(SubscriptionSeen(str(n) * 8, name, TENANT) for n, name in enumerate(["One", "Two", "Two"]))
    assert chosen_subscription({}, seen) is None
    assert chosen_subscription({"setup.subscription": "one"}, seen) == seen[0]
    assert chosen_subscription({"setup.subscription": "22222222"}, seen) == seen[2]
    with pytest.raises(UserError, match="2 subscriptions are named two"):
        chosen_subscription({"setup.subscription": "Two"}, seen)
    with pytest.raises(UserError, match="sees One, Two and Two"):
        chosen_subscription({"setup.subscription": "Three"}, seen)
