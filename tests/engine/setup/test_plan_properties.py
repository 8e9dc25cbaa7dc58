"""What holds for every plan: a second one is empty, and after the first both machines may do what is needed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.setup.hand_made import (
    ADDRESS,
    GROUP,
    NINE,
    PRINCIPALS,
    SUBSCRIPTION,
    answers,
    applied,
    asg_id,
    custom,
    facts,
    may,
    nsg_id,
    pool_id,
    public_ip,
    world,
)
from tgwizard.engine.access.required_rights import extra_actions, required_rights
from tgwizard.engine.setup.planner import make_plan
from tgwizard.model.chosen_machines import chosen_machines
from tgwizard.model.inventory import Inventory
from tgwizard.model.permission import reaches
from tgwizard.model.role import (
    TEN_ACTIONS,
    RoleDefinition,
)
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse
from tgwizard.model.setup_plan import PutRole

GROUPS = ("rg-tg-prod", "rg-second", "rg-network", "rg-security")
group = st.sampled_from(GROUPS)
worlds = st.builds(
    lambda first, second, network, nsg, asgs, public, pools, on, floating: world(
        groups=(first, second),
        network_group=network,
        nsg=nsg_id(nsg),
        asgs=tuple(asg_id(name) for name in asgs),
        public=public_ip(public) if public else None,
        pools=tuple(pool_id(name) for name in pools),
        principals=(PRINCIPALS[0] if on[0] else "", PRINCIPALS[1] if on[1] else ""),
        floating=str(ADDRESS) if floating else "",
    ),
    group,
    group,
    group,
    group,
    st.lists(group, unique=True, max_size=2),
    st.none() | group,
    st.lists(group, unique=True, max_size=2),
    st.tuples(st.booleans(), st.booleans()),
    st.booleans(),
)
uses = st.sampled_from([RoleUse.NEW, RoleUse.UPDATE, RoleUse.REUSE])


def existing_roles(use: RoleUse, nine: bool, inventory: Inventory) -> tuple[RoleDefinition, ...]:
    if use is RoleUse.NEW:
        return ()
    extra = tuple(
        item.action for item in extra_actions(required_rights(chosen_machines(answers(inventory), inventory)))
    )
    actions = (*(NINE if nine else tuple(item.action for item in TEN_ACTIONS)), *extra)
    scopes = (f"/subscriptions/{SUBSCRIPTION}",) if use is RoleUse.REUSE else (GROUP,)
    return (custom("found", actions, scopes, "cccccccc-0000-0000-0000-000000000001"),)


def answered(use: RoleUse, wide: bool, inventory: Inventory, roles: tuple[RoleDefinition, ...]) -> Answers:
    extra = tuple(
        item.action for item in extra_actions(required_rights(chosen_machines(answers(inventory), inventory)))
    )
    role = RoleAnswer(use, guid=roles[0].guid if roles else "", extra=extra)
    return answers(inventory, role, whole_subscription=wide)


@given(worlds, uses, st.booleans(), st.booleans())
def test_that_a_second_plan_after_the_first_writes_nothing(
    inventory: Inventory, use: RoleUse, nine: bool, wide: bool
) -> None:
    nine = nine and use is RoleUse.UPDATE
    roles = existing_roles(use, nine, inventory)
    given_answers = answered(use, wide, inventory, roles)
    known = facts(inventory, roles=roles)
    plan = make_plan(given_answers, inventory, known)
    assert plan.problems == ()
    after = applied(plan, inventory, known)
    again = make_plan(given_answers, *after)
    assert again.problems == ()
    assert again.writing == ()


@given(worlds, uses, st.booleans(), st.booleans())
def test_that_after_the_plan_both_machines_may_do_all_that_is_needed_and_no_more_than_was_shown(
    inventory: Inventory, use: RoleUse, nine: bool, wide: bool
) -> None:
    nine = nine and use is RoleUse.UPDATE
    roles = existing_roles(use, nine, inventory)
    given_answers = answered(use, wide, inventory, roles)
    known = facts(inventory, roles=roles)
    plan = make_plan(given_answers, inventory, known)
    after, then = applied(plan, inventory, known)
    for need in required_rights(chosen_machines(given_answers, after)):
        for principal in PRINCIPALS:
            assert may(principal, need.action, need.on, then), (need, principal)
    shown = {reason.scope for reason in plan.scopes}
    assert {item.scope for item in then.assignments.known} <= shown
    written = [change.write.role for change in plan.writing if isinstance(change.write, PutRole)]
    before = {action for role in roles for action in role.actions}
    allowed = (
        before | {item.action for item in TEN_ACTIONS} | set(given_answers.role.extra if given_answers.role else ())
    )
    for role in written:
        assert set(role.actions) <= allowed
        assert all(any(reaches(one, scope) for one in (*shown, GROUP)) for scope in role.assignable_scopes)


@given(worlds)
def test_that_every_key_is_there_once_and_what_comes_first_stands_first(inventory: Inventory) -> None:
    plan = make_plan(answers(inventory), inventory, facts(inventory))
    keys = [change.key for change in plan.changes]
    assert len(set(keys)) == len(keys)
    for place, change in enumerate(plan.changes):
        assert set(change.after_keys) <= set(keys[:place])
