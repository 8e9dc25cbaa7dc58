from __future__ import annotations

import unicodedata
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.setup.hand_made import (
    CALLER,
    GROUP,
    NINE,
    OWNER,
    PRINCIPALS,
    READER,
    SUBSCRIPTION,
    answers,
    applied,
    asg_id,
    custom,
    facts,
    nsg_id,
    pool_id,
    public_ip,
    world,
)
from tgwizard.engine.access.required_rights import extra_actions, required_rights
from tgwizard.engine.setup.planner import make_plan
from tgwizard.model.access_facts import AccessFacts, OwnRights, Queried
from tgwizard.model.chosen_machines import chosen_machines
from tgwizard.model.permission import DenyAssignment, PermissionSet
from tgwizard.model.problem import UserError
from tgwizard.model.role import (
    NETWORK_CONTRIBUTOR,
    TEN_ACTIONS,
    LockLevel,
    LockSeen,
    RoleAssignment,
    RoleDefinition,
    RoleKind,
    RolePermission,
    assignment_guid,
    role_guid,
)
from tgwizard.model.setup_answers import Answers, Placement, RoleAnswer, RoleUse
from tgwizard.model.setup_plan import Assign, ChangeKind, PutRole, WhoMay


def test_that_the_plan_of_a_fresh_cluster_is_in_the_order_in_which_it_is_carried_out() -> None:
    inventory = world()
    plan = make_plan(answers(inventory), inventory, facts(inventory))
    assert [change.sentence for change in plan.changes] == [
        "The identity of tg-node-a is on",
        "Turn on the identity of tg-node-b",
        "Make the role tg-cluster-ip-failover",
        "Role for tg-node-a on rg-tg-prod",
        "Role for tg-node-b on rg-tg-prod",
        "Put 10.20.2.254 on tg-node-a-inside",
        "Afterwards: restart tg-node-b",
        "Afterwards: restart tg-node-a",
    ]
    assert len(plan.writing) == 5
    assert plan.problems == ()
    assert plan.warnings == ()


def test_that_what_depends_on_another_change_names_it() -> None:
    inventory = world()
    plan = make_plan(answers(inventory), inventory, facts(inventory))
    by_sentence = {change.sentence: change for change in plan.changes}
    identity, role = (
        by_sentence["Turn on the identity of tg-node-b"],
        by_sentence["Make the role tg-cluster-ip-failover"],
    )
    assert by_sentence["Role for tg-node-b on rg-tg-prod"].after_keys == (role.key, identity.key)
    assert by_sentence["Role for tg-node-a on rg-tg-prod"].after_keys == (role.key,)
    restart = by_sentence["Afterwards: restart tg-node-a"]
    assert by_sentence["Afterwards: restart tg-node-b"].key in restart.after_keys
    assert not restart.writes


def test_that_the_new_role_has_the_ten_actions_and_the_computed_scopes() -> None:
    inventory = world(network_group="rg-network", nsg=nsg_id("rg-security"), asgs=(asg_id("rg-security"),))
    plan = make_plan(answers(inventory), inventory, facts(inventory))
    assert plan.role.actions == tuple(item.action for item in TEN_ACTIONS)
    assert [scope.rsplit("/", 1)[-1] for scope in plan.role.assignable_scopes] == [
        "rg-tg-prod",
        "rg-security",
        "rg-network",
    ]
    assigned = {
        (change.write.vm.name, change.write.scope) for change in plan.writing if isinstance(change.write, Assign)
    }
    assert len(assigned) == 6


def test_that_a_reader_is_told_that_every_change_is_for_others() -> None:
    inventory = world()
    plan = make_plan(answers(inventory), inventory, facts(inventory, own=READER))
    assert {change.right.who for change in plan.writing} == {WhoMay.OTHERS}
    assert plan.mine == ()
    role = next(change for change in plan.writing if isinstance(change.write, PutRole))
    assert role.right.roles == ("User Access Administrator", "Owner")
    assert role.right.problem is not None
    assert "roleDefinitions/write" in role.right.problem.sentence()
    assert role.right.problem.fixer == "an administrator with Microsoft.Authorization/roleDefinitions/write"


def test_that_rights_are_judged_at_each_scope_and_what_waits_for_others_is_not_done_now() -> None:
    inventory = world(network_group="rg-network")
    known = facts(inventory, own=READER)
    mine = tuple(
        OwnRights(own.scope, Queried((OWNER,)))
        if own.scope.lower().startswith(GROUP) or own.scope.startswith(GROUP)
        else own
        for own in known.own
    )
    plan = make_plan(answers(inventory), inventory, replace(known, own=mine))
    who = {change.sentence: change.right.who for change in plan.writing}
    assert who == {
        "Turn on the identity of tg-node-b": WhoMay.YOU,
        "Make the role tg-cluster-ip-failover": WhoMay.OTHERS,
        "Role for tg-node-a on rg-tg-prod": WhoMay.YOU,
        "Role for tg-node-b on rg-tg-prod": WhoMay.YOU,
        "Role for tg-node-a on rg-network": WhoMay.OTHERS,
        "Role for tg-node-b on rg-network": WhoMay.OTHERS,
        "Put 10.20.2.254 on tg-node-a-inside": WhoMay.OTHERS,
    }
    assert len(plan.mine) == 3
    assert [change.sentence for change in plan.mine_now] == ["Turn on the identity of tg-node-b"]


def test_that_an_owner_of_the_group_alone_may_make_a_role_for_that_group() -> None:
    inventory = world()
    known = facts(inventory)
    own = tuple(item for item in known.own if item.scope.count("/") > 2)
    subscription = OwnRights(f"/subscriptions/{SUBSCRIPTION}", Queried((READER,)))
    plan = make_plan(answers(inventory), inventory, replace(known, own=(*own, subscription)))
    assert {change.right.who for change in plan.writing} == {WhoMay.YOU}
    role = next(change for change in plan.writing if isinstance(change.write, PutRole))
    assert role.path.lower().startswith(f"{GROUP}/providers/microsoft.authorization".lower())


def test_that_a_role_of_the_same_name_that_grants_more_is_not_taken_for_ours() -> None:
    inventory = world()
    wide = custom("tg-cluster-ip-failover", ("*",))
    plan = make_plan(answers(inventory), inventory, facts(inventory, roles=(wide,)))
    assert [problem.code for problem in plan.problems] == ["role-name-taken"]
    same = custom("tg-cluster-ip-failover", tuple(item.action for item in TEN_ACTIONS))
    plan = make_plan(answers(inventory), inventory, facts(inventory, roles=(same,)))
    assert plan.problems == ()
    assert plan.role == same


@given(st.text(min_size=1, max_size=90), st.text(min_size=1, max_size=128))
def test_that_hostile_names_stay_on_one_line_of_every_row_and_raw_in_its_act(machine: str, role: str) -> None:
    inventory = world()
    name = machine.replace("/", "_") + "x"
    old = inventory.vms[1]
    renamed = replace(old, id=type(old.id)(f"{old.id.text.rsplit('/', 1)[0]}/{name}"))
    inventory = replace(inventory, vms=(inventory.vms[0], renamed))
    chosen = answers(inventory, RoleAnswer(name=role), machines=(inventory.vms[0].id, renamed.id))
    plan = make_plan(chosen, inventory, facts(inventory))
    for change in plan.changes:
        for text in (change.sentence, change.note, change.before, change.after):
            assert not any(unicodedata.category(char)[0] == "C" for char in text)
    assert any(
        isinstance(change.write, Assign) and change.write.vm.text.endswith(f"/{name}") for change in plan.writing
    )
    assert plan.role.name == role.strip()


def test_that_rights_that_azure_did_not_tell_are_not_called_missing() -> None:
    inventory = world()
    plan = make_plan(answers(inventory), inventory, replace(facts(inventory), own=()))
    assert {change.right.who for change in plan.writing} == {WhoMay.NOT_KNOWN}
    assert plan.mine == plan.writing


def test_that_an_assignment_of_the_same_role_from_above_is_right_already() -> None:
    inventory = world(principals=PRINCIPALS)
    role = custom("anything", tuple(item.action for item in TEN_ACTIONS), (f"/subscriptions/{SUBSCRIPTION}",))
    held = RoleAssignment("g", f"/subscriptions/{SUBSCRIPTION.upper()}", role.guid, PRINCIPALS[0])
    known = facts(inventory, roles=(role,), assignments=(held,))
    plan = make_plan(answers(inventory, RoleAnswer(RoleUse.REUSE, guid=role.guid)), inventory, known)
    rows = [change for change in plan.changes if isinstance(change.write, Assign)]
    assert [row.kind for row in rows] == [ChangeKind.RIGHT, ChangeKind.ADD]
    assert "on the subscription" in rows[0].note


def test_that_an_assignment_through_a_group_is_right_already() -> None:
    inventory = world(principals=PRINCIPALS)
    role = custom("anything", tuple(item.action for item in TEN_ACTIONS))
    group = RoleAssignment("g", GROUP, role.guid, "dddddddd-0000-0000-0000-000000000001")
    known = replace(facts(inventory, roles=(role,)), through_groups=((PRINCIPALS[1], group),))
    plan = make_plan(answers(inventory, RoleAnswer(RoleUse.REUSE, guid=role.guid)), inventory, known)
    rows = [change for change in plan.changes if isinstance(change.write, Assign)]
    assert [row.kind for row in rows] == [ChangeKind.ADD, ChangeKind.RIGHT]


def test_that_an_update_adds_what_is_missing_and_names_every_assignment_that_it_changes() -> None:
    inventory = world(principals=PRINCIPALS)
    role = custom("tg-cluster-ip-failover", NINE)
    others = tuple(
        RoleAssignment(f"g{n}", f"{GROUP}-{n}", role.guid, f"eeeeeeee-0000-0000-0000-00000000000{n}") for n in range(4)
    )
    known = facts(inventory, roles=(role,), assignments=others)
    names = (*known.principals.known, *((item.principal_id, item.guid) for item in others))
    known = replace(known, principals=Queried(names))
    plan = make_plan(answers(inventory, RoleAnswer(RoleUse.UPDATE, guid=role.guid)), inventory, known)
    change = next(change for change in plan.changes if isinstance(change.write, PutRole))
    assert change.kind is ChangeKind.CHANGE
    assert change.sentence == "Add one action to tg-cluster-ip-failover"
    assert (change.before, change.after) == ("nine actions", "ten actions, with virtualNetworks/read")
    assert change.note == "changes 4 assignments: g0, g1, g2 and 1 more; adds virtualNetworks/read"
    assert set(role.actions) < set(plan.role.actions)


def test_that_a_role_that_cannot_be_assigned_where_it_is_needed_is_refused_and_an_update_adds_the_scope() -> None:
    inventory = world(principals=PRINCIPALS, network_group="rg-network")
    role = custom("narrow", tuple(item.action for item in TEN_ACTIONS))
    known = facts(inventory, roles=(role,))
    reuse = make_plan(answers(inventory, RoleAnswer(RoleUse.REUSE, guid=role.guid)), inventory, known)
    assert [problem.code for problem in reuse.problems] == ["role-not-assignable"]
    assert "rg-network" in reuse.problems[0].sentence()
    update = make_plan(answers(inventory, RoleAnswer(RoleUse.UPDATE, guid=role.guid)), inventory, known)
    assert update.problems == ()
    assert [scope.rsplit("/", 1)[-1] for scope in update.role.assignable_scopes] == ["rg-tg-prod", "rg-network"]


def test_that_an_update_never_takes_back_what_a_role_withholds() -> None:
    inventory = world()
    role = RoleDefinition(
        "cccccccc-0000-0000-0000-000000000009",
        "wide",
        "",
        RoleKind.CUSTOM,
        (
            RolePermission(
                ("Microsoft.Network/*", "Microsoft.Compute/*/read"), ("Microsoft.Network/virtualNetworks/*",)
            ),
        ),
        (GROUP,),
    )
    plan = make_plan(
        answers(inventory, RoleAnswer(RoleUse.UPDATE, guid=role.guid)), inventory, facts(inventory, roles=(role,))
    )
    assert [problem.code for problem in plan.problems] == ["role-withholds"]
    assert plan.role == role


def test_that_a_taken_role_name_forbids_the_plan() -> None:
    inventory = world()
    role = custom("TG-Cluster-IP-Failover", ("Microsoft.Compute/*/read",))
    plan = make_plan(answers(inventory), inventory, facts(inventory, roles=(role,)))
    assert [problem.code for problem in plan.problems] == ["role-name-taken"]


def test_that_network_contributor_is_used_as_it_is_and_said_to_lack_reading_machines() -> None:
    inventory = world()
    plan = make_plan(answers(inventory, RoleAnswer(RoleUse.NETWORK_CONTRIBUTOR)), inventory, facts(inventory))
    assert plan.role.guid == NETWORK_CONTRIBUTOR
    assert not any(isinstance(change.write, PutRole) for change in plan.writing)
    assert any("Microsoft.Compute/virtualMachines/read" in warning.sentence() for warning in plan.warnings)


def test_that_extra_actions_are_never_added_silently() -> None:
    inventory = world(public=public_ip(), pools=(pool_id(),))
    known = facts(inventory)
    without = make_plan(answers(inventory), inventory, known)
    assert without.role.actions == tuple(item.action for item in TEN_ACTIONS)
    assert {warning.code for warning in without.warnings} == {"role-without-action"}
    extra = tuple(
        item.action for item in extra_actions(required_rights(chosen_machines(answers(inventory), inventory)))
    )
    taken = make_plan(answers(inventory, RoleAnswer(extra=extra)), inventory, known)
    assert taken.role.actions == (*(item.action for item in TEN_ACTIONS), *extra)
    assert taken.warnings == ()


def test_that_what_a_narrowed_plan_cannot_do_is_said() -> None:
    inventory = world(network_group="rg-network")
    network = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG-Network"
    plan = make_plan(answers(inventory, narrowed=(network,)), inventory, facts(inventory))
    assert [scope.scope.rsplit("/", 1)[-1] for scope in plan.scopes] == ["rg-tg-prod"]
    assert [warning.code for warning in plan.warnings] == ["scope-left-out"]
    assert "subnets/join/action" in plan.warnings[0].sentence()


def test_that_a_plan_without_any_scope_is_forbidden() -> None:
    inventory = world()
    plan = make_plan(answers(inventory, narrowed=(GROUP,)), inventory, facts(inventory))
    assert "no-scope" in {problem.code for problem in plan.problems}


def test_that_widening_assigns_once_for_each_machine() -> None:
    inventory = world(network_group="rg-network")
    plan = make_plan(answers(inventory, whole_subscription=True), inventory, facts(inventory))
    assigned = [change.write.scope for change in plan.writing if isinstance(change.write, Assign)]
    assert assigned == [f"/subscriptions/{SUBSCRIPTION}"] * 2


def test_that_an_address_that_floats_already_is_left_where_it_is() -> None:
    inventory = world(floating="10.20.2.50")
    plan = make_plan(answers(inventory, address=IPv4Address("10.20.2.50")), inventory, facts(inventory))
    row = next(change for change in plan.changes if change.key.startswith("place:"))
    assert row.kind is ChangeKind.RIGHT
    assert row.sentence == "10.20.2.50 is on tg-node-a-inside"
    assert plan.problems == ()


def test_that_a_second_floating_address_is_warned_of() -> None:
    inventory = world(floating="10.20.2.50")
    done = answers(inventory, ip_configuration="tg-second")
    plan = make_plan(done, inventory, facts(inventory))
    assert [warning.code for warning in plan.warnings] == ["other-floating-address"]


def test_that_the_appliance_may_place_the_address_itself() -> None:
    inventory = world()
    plan = make_plan(answers(inventory, placement=Placement.BY_APPLIANCE), inventory, facts(inventory))
    assert not any(change.key.startswith("place:") for change in plan.changes)
    assert any("appliance will create" in note for note in plan.notes)


def test_that_a_configuration_name_of_another_address_is_refused() -> None:
    inventory = world()
    plan = make_plan(answers(inventory, ip_configuration="IPConfig1"), inventory, facts(inventory))
    assert [problem.code for problem in plan.problems] == ["configuration-name-taken"]


def test_that_assignments_of_a_rebuilt_machine_are_found_and_removed_only_when_asked() -> None:
    inventory = world()
    role = custom("tg-cluster-ip-failover", tuple(item.action for item in TEN_ACTIONS))
    stale = RoleAssignment("g", GROUP, role.guid, "ffffffff-0000-0000-0000-000000000001")
    known = facts(inventory, roles=(role,), assignments=(stale,))
    kept = make_plan(answers(inventory, RoleAnswer(RoleUse.REUSE, guid=role.guid)), inventory, known)
    assert any("rebuilt" in note for note in kept.notes)
    assert not any(change.method == "DELETE" for change in kept.changes)
    asked = answers(inventory, RoleAnswer(RoleUse.REUSE, guid=role.guid), remove_stale=True)
    removed = make_plan(asked, inventory, known)
    assert [change.method for change in removed.writing].count("DELETE") == 1
    after = applied(removed, inventory, known)
    assert make_plan(asked, *after).writing == ()


def test_that_an_identity_that_was_not_looked_up_is_not_called_gone() -> None:
    inventory = world()
    role = custom("tg-cluster-ip-failover", tuple(item.action for item in TEN_ACTIONS))
    unknown = RoleAssignment("g", GROUP, role.guid, "ffffffff-0000-0000-0000-000000000001")
    known = replace(facts(inventory, roles=(role,), assignments=(unknown,)), looked_up=())
    plan = make_plan(answers(inventory, RoleAnswer(RoleUse.REUSE, guid=role.guid)), inventory, known)
    assert not any("rebuilt" in note for note in plan.notes)


def test_that_a_lock_makes_the_writes_under_it_others_and_warns_of_every_failover() -> None:
    inventory = world()
    lock = LockSeen("freeze", LockLevel.READ_ONLY, GROUP, "quarter end")
    plan = make_plan(answers(inventory), inventory, replace(facts(inventory), locks=Queried((lock,))))
    assert {change.right.who for change in plan.writing} == {WhoMay.OTHERS}
    assert {warning.code for warning in plan.warnings} == {"member-locked"}
    soft = replace(lock, level=LockLevel.CAN_NOT_DELETE)
    assert {
        change.right.who
        for change in make_plan(
            answers(inventory), inventory, replace(facts(inventory), locks=Queried((soft,)))
        ).writing
    } == {WhoMay.YOU}


def test_that_a_lock_on_the_network_does_not_stop_joining_it() -> None:
    inventory = world(network_group="rg-network")
    lock = LockSeen("freeze", LockLevel.READ_ONLY, f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network")
    plan = make_plan(answers(inventory), inventory, replace(facts(inventory), locks=Queried((lock,))))
    by_key = {change.key.split(":")[0]: change.right.who for change in plan.writing}
    assert by_key["place"] is WhoMay.YOU
    assert by_key["identity"] is WhoMay.YOU
    locked = {
        change.write.scope for change in plan.writing if isinstance(change.write, Assign) and change.right.problem
    }
    assert locked == {lock.scope}


def test_that_a_deny_assignment_wins_over_the_owners_role() -> None:
    inventory = world()
    denial = DenyAssignment("stack", GROUP, PermissionSet(("*/write",)), excluded=(CALLER.object_id,))
    known = replace(facts(inventory), denials=Queried((denial,)))
    plan = make_plan(answers(inventory), inventory, known)
    assert {change.right.who for change in plan.writing} == {WhoMay.YOU}
    assert [warning.code for warning in plan.warnings] == ["member-denied"]
    everyone = replace(denial, excluded=())
    plan = make_plan(answers(inventory), inventory, replace(known, denials=Queried((everyone,))))
    assert {change.right.who for change in plan.writing} == {WhoMay.OTHERS}


def test_that_a_right_to_assign_with_a_condition_is_not_promised() -> None:
    inventory = world()
    role = custom("admin", ("*",))
    mine = RoleAssignment("g", GROUP, role.guid, CALLER.object_id, condition="@Resource[...]")
    plan = make_plan(answers(inventory), inventory, facts(inventory, roles=(role,), assignments=(mine,)))
    assert {change.right.who for change in plan.writing if isinstance(change.write, Assign)} == {WhoMay.NOT_KNOWN}


def test_that_an_incomplete_answer_is_told() -> None:
    inventory = world()
    with pytest.raises(UserError, match="not chosen yet"):
        make_plan(Answers(), inventory, facts(inventory))
    with pytest.raises(UserError, match="floating IP is not chosen"):
        make_plan(answers(inventory, address=None), inventory, facts(inventory))


def test_that_a_computed_name_that_another_has_is_not_used() -> None:
    guid = assignment_guid(GROUP, PRINCIPALS[0], "role")
    taken = RoleAssignment(guid, GROUP, "role", PRINCIPALS[1])
    assert assignment_guid(GROUP, PRINCIPALS[0], "role", (taken,)) != guid
    assert assignment_guid(GROUP.upper(), PRINCIPALS[0].upper(), "ROLE") == guid
    renamed = replace(custom("renamed", ()), guid=role_guid(SUBSCRIPTION, "mine"))
    assert role_guid(SUBSCRIPTION, "mine", (renamed,)) != renamed.guid


def test_that_no_facts_at_all_still_make_a_plan() -> None:
    inventory = world()
    plan = make_plan(answers(inventory), inventory, AccessFacts())
    assert {change.right.who for change in plan.writing} == {WhoMay.NOT_KNOWN}
    assert [warning.code for warning in plan.warnings] == ["address-not-asked"]
