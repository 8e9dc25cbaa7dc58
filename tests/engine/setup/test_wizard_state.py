from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.engine.setup.hand_made import (
    CALLER,
    PRINCIPALS,
    READER,
    SUBSCRIPTION,
    TENANT,
    facts,
    nic,
    pool_id,
    public_ip,
    vm,
    world,
)
from tests.engine.setup.walker import fed, signed_in
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.validation import FixKind, StepProblem
from tgwizard.engine.setup.wizard_state import (
    STEPS,
    ReadNeeded,
    StepProgress,
    WizardState,
    answer,
    begin,
    go_back,
    go_to,
    pairs_known,
    reachable,
    state_of,
    typed,
    undo,
    with_access_facts,
    with_inventory,
)
from tgwizard.engine.setup.wizard_steps import (
    answer_all,
    blockers,
    continue_step,
    plan_of,
    problems_of,
    reads_needed,
    summary,
    take_fix,
)
from tgwizard.model.access_facts import AccessFacts, Queried
from tgwizard.model.inventory import Inventory, SubscriptionSeen
from tgwizard.model.problem import Problem
from tgwizard.model.role import (
    TEN_ACTIONS,
    RoleAssignment,
    RoleDefinition,
    RoleKind,
    RolePermission,
)
from tgwizard.model.setup_answers import Answers, RoleUse, SetupStep

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-tg-prod"
TEN = tuple(item.action for item in TEN_ACTIONS)


def at(step: SetupStep, inventory: Inventory | None = None, known: AccessFacts | None = None) -> WizardState:
    """The state on a step, with every step before it continued from."""
    inventory = inventory or world()
    state = fed(signed_in(), inventory, known)
    while state.step is not step:
        after = fed(continue_step(state), inventory, known)
        assert after.step is not state.step, problems_of(state)
        state = after
    return state


def of(state: WizardState, code: str) -> StepProblem:
    found = [item for item in problems_of(state) if item.problem.code == code]
    assert found, [item.problem.code for item in problems_of(state)]
    return found[0]


def fix(state: WizardState, code: str, kind: FixKind) -> WizardState:
    return take_fix(state, next(item for item in of(state, code).fixes if item.kind is kind))


def three_machines() -> Inventory:
    """A third appliance in the same subnet, so that another pair can be chosen."""
    inventory = world()
    lan = nic("tg-node-c-inside", "10.20.2.13", asgs=())
    third = vm("tg-node-c", (nic("tg-node-c-outside", "10.20.1.13", forwarding=False), lan))
    outside = nic("tg-node-c-outside", "10.20.1.13", forwarding=False)
    return replace(inventory, vms=(*inventory.vms, third), nics=(*inventory.nics, outside, lan))


def test_that_a_fresh_cluster_needs_one_continue_for_each_step_and_no_answer() -> None:
    inventory = world()
    state, clicks = fed(signed_in(), inventory), 0
    while state.step is not SetupStep.REVIEW:
        state, clicks = fed(continue_step(state), inventory), clicks + 1
    assert clicks == 7
    plan = plan_of(state)
    assert plan is not None
    assert len(plan.writing) == 5
    assert [item for item in problems_of(state) if item.blocks] == []
    assert [summary(state, step) for step in STEPS[:8]] == [
        "operator@lab.example",
        "Trustgrid Production",
        "tg-node-a, tg-node-b",
        "tg-node-a-inside, tg-node-b-inside",
        "10.20.2.254",
        "tg-cluster-ip-failover",
        "2 identities, 1 group",
        "5 changes",
    ]


def test_that_a_command_walks_the_same_flow_and_stops_at_what_blocks() -> None:
    inventory = world()
    state = fed(signed_in(), inventory)
    assert answer_all(state).step is SetupStep.REVIEW
    typed = fed(signed_in(Answers(address=IPv4Address("10.20.2.4"))), inventory)
    stopped = answer_all(typed)
    assert stopped.step is SetupStep.FLOATING_IP
    assert ("address-in-use") in {problem.code for _, problem in blockers(stopped)}


def test_that_the_flow_says_what_has_to_be_read() -> None:
    assert reads_needed(begin()) == ()
    state = signed_in()
    assert reads_needed(state) == (ReadNeeded.SUBSCRIPTIONS,)
    inventory = world()
    assert reads_needed(fed(state, inventory)) == ()
    changed = answer(
        fed(state, inventory), replace(Answers(), cloud="lab-test", caller=CALLER, address=IPv4Address("10.20.2.9"))
    )
    assert reads_needed(changed) == (ReadNeeded.ADDRESS,)


def test_that_nobody_goes_on_without_an_account_or_a_subscription() -> None:
    state = begin()
    assert continue_step(state).step is SetupStep.SIGN_IN
    of(state, "sign-in-needed")
    none = replace(signed_in(), subscriptions=(), step=SetupStep.SUBSCRIPTION)
    assert of(none, "no-subscription").blocks
    two = tuple(SubscriptionSeen(f"{n}" * 8, f"sub {n}", TENANT) for n in (1, 2))
    several = replace(none, subscriptions=two)
    assert of(several, "subscription-not-chosen").blocks
    off = replace(several, answers=replace(several.answers, subscription=replace(two[0], enabled=False)))
    assert of(off, "subscription-disabled").blocks


def test_that_a_machine_without_an_identity_is_told_and_its_cure_is_the_plan() -> None:
    state = at(SetupStep.MACHINES)
    problem = of(state, "identity-off")
    assert problem.problem.what == "tg-node-b has no identity."
    assert [item.label for item in problem.fixes] == ["Turn it on with Apply", "Check again", "Ask a colleague…"]
    assert not problem.blocks


def test_that_changing_the_machines_marks_later_steps_and_clears_nothing() -> None:
    inventory = three_machines()
    state = at(SetupStep.REVIEW, inventory)
    before = state.answers
    third = next(item for item in inventory.vms if item.id.name == "tg-node-c")
    changed = answer(state, replace(before, machines=(inventory.vms[0].id, third.id)))
    assert changed.answers == replace(before, machines=(inventory.vms[0].id, third.id))
    states = {step: state_of(changed, step) for step in STEPS[:8]}
    assert states[SetupStep.MACHINES] is StepProgress.DONE
    assert states[SetupStep.INTERFACE] is StepProgress.TO_CHECK
    assert states[SetupStep.FLOATING_IP] is StepProgress.TO_CHECK
    assert states[SetupStep.SCOPE] is StepProgress.TO_CHECK
    suggested = proposed_answers(changed).nics
    assert suggested is not None
    assert suggested[1].name == "tg-node-c-inside"
    back = answer(changed, replace(changed.answers, machines=before.machines))
    assert proposed_answers(back) == before


def test_that_the_review_asks_for_every_step_that_was_left_marked() -> None:
    inventory = three_machines()
    state = at(SetupStep.REVIEW, inventory)
    third = next(item for item in inventory.vms if item.id.name == "tg-node-c")
    changed = answer(state, replace(state.answers, machines=(inventory.vms[0].id, third.id)))
    first = of(changed, "step-to-check")
    assert first.problem.what == "Network interface has to be looked at again."
    led = take_fix(changed, first.fixes[0])
    assert led.step is SetupStep.INTERFACE
    assert state_of(continue_step(led), SetupStep.INTERFACE) is StepProgress.DONE


def test_that_the_other_machine_can_be_the_active_one_and_the_interfaces_follow() -> None:
    state = at(SetupStep.FLOATING_IP)
    assert state.answers.machines is not None
    first, second = state.answers.machines
    turned = answer(state, replace(state.answers, machines=(second, first)))
    nics = proposed_answers(turned).nics
    assert nics is not None
    assert [item.name for item in nics] == ["tg-node-b-inside", "tg-node-a-inside"]


def test_that_the_machine_that_holds_an_address_already_is_suggested_as_the_active_one() -> None:
    inventory = world(floating="10.20.2.50")
    by_name = {item.id.name: item for item in inventory.nics}
    holder, other = by_name["tg-node-a-inside"], by_name["tg-node-b-inside"]
    moved = replace(other, configurations=(*other.configurations, holder.configurations[1]))
    left = replace(holder, configurations=holder.configurations[:1])
    swapped = {holder.id: left, other.id: moved}
    state = fed(signed_in(), replace(inventory, nics=tuple(swapped.get(item.id, item) for item in inventory.nics)))
    machines = proposed_answers(state).machines
    assert machines is not None
    assert [item.name for item in machines] == ["tg-node-b", "tg-node-a"]
    assert str(proposed_answers(state).address) == "10.20.2.50"


def test_that_an_undo_takes_back_the_last_answer_and_keeps_the_place() -> None:
    state = at(SetupStep.SCOPE)
    changed = answer(state, replace(state.answers, whole_subscription=True))
    assert undo(changed) == state
    assert undo(begin()) == begin()


def test_that_a_jump_is_granted_to_done_steps_and_the_next_one_only() -> None:
    state = at(SetupStep.INTERFACE)
    assert go_to(state, SetupStep.SIGN_IN).step is SetupStep.SIGN_IN
    assert go_to(state, SetupStep.ROLE) == state
    assert reachable(state, SetupStep.INTERFACE)
    assert go_back(begin()).step is SetupStep.SIGN_IN


def test_that_a_bad_address_offers_free_ones() -> None:
    state = at(SetupStep.FLOATING_IP)
    typed = answer(state, replace(state.answers, address=IPv4Address("10.20.2.4")))
    assert continue_step(typed).step is SetupStep.FLOATING_IP
    cured_ = fix(typed, "address-in-use", FixKind.USE_ADDRESS)
    assert cured_.answers.address == IPv4Address("10.20.2.254")


def test_that_a_taken_configuration_name_offers_another() -> None:
    state = at(SetupStep.FLOATING_IP)
    typed = answer(state, replace(state.answers, ip_configuration="ipconfig1"))
    assert fix(typed, "configuration-name-taken", FixKind.USE_CONFIGURATION).answers.ip_configuration == "tg-floating-1"


def test_that_a_taken_role_name_offers_one_for_this_cluster() -> None:
    taken = RoleDefinition("r", "tg-cluster-ip-failover", "", RoleKind.CUSTOM, (RolePermission(("*/read",)),), (GROUP,))
    inventory = world()
    state = at(SetupStep.ROLE, inventory, facts(inventory, roles=(taken,)))
    role = proposed_answers(state).role
    assert role is not None
    assert role.name == "tg-cluster-ip-failover-edge-dallas"
    typed = answer(state, replace(state.answers, role=replace(role, name="TG-cluster-ip-failover")))
    cured_ = fix(typed, "role-name-taken", FixKind.USE_ROLE_NAME)
    assert cured_.answers.role == role


def test_that_extra_actions_are_added_or_left_out_on_purpose_and_nothing_else() -> None:
    inventory = world(public=public_ip(), pools=(pool_id(),))
    state = at(SetupStep.ROLE, inventory)
    assert continue_step(state).step is SetupStep.ROLE
    added = fix(state, "extra-actions", FixKind.ADD_ACTIONS)
    assert continue_step(added).step is SetupStep.SCOPE
    assert added.answers.role is not None
    assert len(added.answers.role.extra) == 2
    left = fix(state, "extra-actions", FixKind.LEAVE_OUT_ACTIONS)
    assert continue_step(left).step is SetupStep.SCOPE
    assert {item.problem.code for item in problems_of(left)} == {"role-without-action"}


@pytest.mark.parametrize(("actions", "use"), [(TEN, RoleUse.REUSE), (TEN[:5] + TEN[6:], RoleUse.UPDATE)])
def test_that_a_role_of_this_cluster_alone_is_used_again(actions: tuple[str, ...], use: RoleUse) -> None:
    inventory = world(principals=PRINCIPALS)
    role = RoleDefinition("r", "whatever", "", RoleKind.CUSTOM, (RolePermission(actions),), (GROUP,))
    held = tuple(RoleAssignment(f"g{n}", GROUP, "r", principal) for n, principal in enumerate(PRINCIPALS))
    state = fed(signed_in(Answers(machines=(inventory.vms[0].id, inventory.vms[1].id))), inventory)
    state = fed(state, inventory)
    known = replace(facts(inventory, roles=(role,), assignments=held), address=None)
    found = proposed_answers(replace(state, facts=known)).role
    assert found is not None
    assert (found.use, found.guid) == (use, "r")


def test_that_a_lacking_role_of_other_clusters_is_left_alone_by_default() -> None:
    inventory = world(principals=PRINCIPALS)
    role = RoleDefinition("r", "whatever", "", RoleKind.CUSTOM, (RolePermission(TEN[:5] + TEN[6:]),), (GROUP,))
    people = (*PRINCIPALS, "someone-else")
    held = tuple(RoleAssignment(f"g{n}", GROUP, "r", principal) for n, principal in enumerate(people))
    known = replace(facts(inventory, roles=(role,), assignments=held), looked_up=(), address=None)
    state = fed(signed_in(Answers(machines=(inventory.vms[0].id, inventory.vms[1].id))), inventory)
    found = proposed_answers(replace(state, facts=known)).role
    assert found is not None
    assert found.use is RoleUse.NEW


def test_that_a_narrowed_scope_can_be_put_back() -> None:
    inventory = world(network_group="rg-network")
    state = at(SetupStep.SCOPE, inventory)
    left = answer(state, replace(state.answers, narrowed=(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network",)))
    assert fix(left, "scope-left-out", FixKind.PUT_SCOPE_BACK).answers.narrowed == ()


def test_that_a_reader_cannot_go_on_to_apply_and_is_offered_the_hand_over() -> None:
    inventory = world()
    state = at(SetupStep.REVIEW, inventory, facts(inventory, own=READER))
    problem = of(state, "others-must")
    assert problem.blocks
    assert problem.fixes[0].kind is FixKind.HAND_OVER
    assert continue_step(state).step is SetupStep.REVIEW


def test_that_what_could_not_be_read_is_told_where_it_is_needed() -> None:
    inventory = world()
    state = with_inventory(replace(at(SetupStep.MACHINES, inventory)), replace(inventory, vms=(), nics=()))
    assert of(state, "machines-not-chosen").blocks


def test_that_an_address_that_azure_would_not_judge_does_not_stop_the_walk() -> None:
    state = at(SetupStep.FLOATING_IP)
    silent = replace(state, checked=None, unasked=Problem("not-allowed", "You may not ask."))
    assert not any(item.blocks for item in problems_of(silent))
    assert reads_needed(silent) == ()
    assert continue_step(silent).step is SetupStep.ROLE


class Wanderer(RuleBasedStateMachine):
    """Goes back and forth at random: no answer that was given is ever lost, and undo takes back exactly one."""

    def __init__(self) -> None:
        super().__init__()
        self.inventory = three_machines()
        self.known = facts(self.inventory)
        self.state = fed(signed_in(), self.inventory, self.known)

    @rule()
    def forth(self) -> None:
        before, shown = self.state.answers, proposed_answers(self.state)
        self.state = fed(continue_step(self.state), self.inventory, self.known)
        for name in ("address", "role", "nics", "machines", "narrowed", "whole_subscription"):
            given_, now = getattr(before, name), getattr(self.state.answers, name)
            assert now in (given_, getattr(shown, name))

    @rule()
    def back(self) -> None:
        before = self.state.answers
        self.state = go_back(self.state)
        assert self.state.answers == before

    @rule(step=st.sampled_from(STEPS))
    def jump(self, step: SetupStep) -> None:
        before = self.state.answers
        self.state = go_to(self.state, step)
        assert self.state.answers == before

    @rule(last=st.integers(0, 255))
    def type_address(self, last: int) -> None:
        self.change(replace(self.state.answers, address=IPv4Address(f"10.20.2.{last}")))

    @rule(wide=st.booleans())
    def widen(self, wide: bool) -> None:
        self.change(replace(self.state.answers, whole_subscription=wide))

    @rule(order=st.permutations([0, 1, 3]))
    def choose(self, order: list[int]) -> None:
        first, second = (self.inventory.vms[place].id for place in order[:2])
        self.change(replace(self.state.answers, machines=(first, second)))

    @precondition(lambda self: self.state.past)
    @rule()
    def take_back(self) -> None:
        last = self.state.past[-1]
        self.state = fed(undo(self.state), self.inventory, self.known)
        assert self.state.answers == last.answers

    def change(self, answers: Answers) -> None:
        before = self.state
        self.state = fed(answer(before, answers), self.inventory, self.known)
        assert self.state.answers == answers
        assert self.state.done == before.done

    @invariant()
    def what_is_marked_was_done(self) -> None:
        assert self.state.to_check <= self.state.done
        assert self.state.step in STEPS

    @invariant()
    def nothing_is_asked_for_for_ever(self) -> None:
        assert reads_needed(self.state) == ()


TestWanderer = Wanderer.TestCase
TestWanderer.settings = settings(max_examples=40, stateful_step_count=20)


@given(st.lists(st.sampled_from(STEPS), max_size=12))
def test_that_walking_about_in_a_finished_flow_changes_nothing(steps: list[SetupStep]) -> None:
    state = at(SetupStep.REVIEW)
    plan = plan_of(state)
    walked = state
    for step in steps:
        walked = continue_step(go_to(walked, step))
        walked = go_back(walked)
    walked = go_to(walked, SetupStep.REVIEW)
    assert walked.answers == state.answers
    assert plan_of(walked) == plan


def type_name(state: WizardState, *texts: str) -> WizardState:
    for text in texts:
        state = answer(state, replace(state.answers, name=text), typing="name")
    return state


def test_that_the_keys_of_one_edit_are_taken_back_together() -> None:
    state = at(SetupStep.MACHINES)
    edited = type_name(state, "e", "ed", "edg")
    assert edited.answers.name == "edg"
    assert len(edited.past) == len(state.past) + 1
    assert undo(edited) == state


def test_that_a_field_that_was_left_begins_another_edit() -> None:
    state = at(SetupStep.MACHINES)
    edited = type_name(typed(type_name(state, "e", "ed")), "edx")
    assert undo(edited).answers.name == "ed"
    assert undo(undo(edited)) == state


def test_that_another_answer_between_two_keys_parts_them() -> None:
    state = at(SetupStep.SCOPE)
    edited = type_name(state, "e")
    edited = answer(edited, replace(edited.answers, whole_subscription=True))
    edited = type_name(edited, "ed")
    names = []
    while edited.past:
        edited = undo(edited)
        names.append((edited.answers.name, edited.answers.whole_subscription))
    assert names[:3] == [("e", True), ("e", False), (state.answers.name, False)]


def test_that_a_text_typed_back_to_what_it_was_leaves_nothing_to_take_back() -> None:
    state = at(SetupStep.REVIEW)
    before = state.answers.name
    edited = type_name(state, f"{before}x", before)
    assert edited == state


def test_that_pairs_worked_out_on_the_way_are_taken_as_they_are() -> None:
    inventory = three_machines()
    before = signed_in()
    known_pairs = pairs_known(before, inventory, None)
    assert known_pairs is not None
    known = with_inventory(before, inventory, known_pairs)
    assert known.pairs is known_pairs.pairs
    assert known == with_inventory(before, inventory)
    assert pairs_known(known, inventory, None) is None, "they are known"
    read = facts(inventory)
    with_facts = pairs_known(known, inventory, read)
    assert with_facts is not None
    assert with_access_facts(known, read, known_pairs=with_facts).pairs is with_facts.pairs


def test_that_pairs_worked_out_from_something_else_are_not_taken() -> None:
    inventory = three_machines()
    known_pairs = pairs_known(signed_in(), inventory, None)
    read = facts(inventory, roles=(), assignments=())
    state = replace(signed_in(), facts=read)
    known = with_inventory(state, inventory, known_pairs)
    assert known_pairs is not None
    assert known.pairs is not known_pairs.pairs
    assert known.pairs == with_inventory(state, inventory).pairs
    assert with_inventory(signed_in(), world(), known_pairs).pairs == with_inventory(signed_in(), world()).pairs


def test_that_facts_know_a_principal_in_any_spelling() -> None:
    read = AccessFacts(looked_up=("AAA", "BBB"), principals=Queried((("aAa", "Anna"), ("aaa", "other"))))
    assert read.principal_name("aaA") == "Anna"
    assert read.principal_name("ccc") == ""
    assert not read.is_gone("AAA")
    assert read.is_gone("bbb")
    assert not read.is_gone("ccc"), "it was never looked up"
    assert replace(read, looked_up=()) == replace(read, looked_up=())
    assert not replace(read, looked_up=()).is_gone("bbb")
