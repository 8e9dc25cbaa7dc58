"""``proposed_answers``: the answers with every gap filled by what discovery found: no step asks what is known."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from tgwizard.engine.access.matching_roles import (
    RoleCandidate,
    candidates,
    check_role_name,
    judge_role,
    suggest_role_name,
)
from tgwizard.engine.access.required_rights import required_rights
from tgwizard.engine.discovery.lan_interface import LanChoice, choose_lan_interface
from tgwizard.engine.discovery.pairs import Pair, cluster_name, pair_of
from tgwizard.engine.discovery.subnet_addresses import Occupancy, floating_now, occupancy, suggested_addresses
from tgwizard.engine.setup.assignment_scopes import chosen_scopes
from tgwizard.engine.setup.wizard_state import WizardState
from tgwizard.model.access_facts import AccessFacts, FactKind
from tgwizard.model.chosen_machines import ChosenMachines, chosen_machines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Inventory
from tgwizard.model.permission import reaches
from tgwizard.model.problem import UserError
from tgwizard.model.role import RoleDefinition, RoleKind
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse, SetupStep

_LONGEST_NAME = 63
_LOST = 2
"""A role that lacks more than that has not lost an action: it was meant for something else."""


def proposed_answers(state: WizardState) -> Answers:
    """What stands in the fields: accepted answers, and suggestions where there is none.

    An accepted interface or address that no longer fits the machines gives way to a suggestion, but stays among the
    answers until the step is continued from: going back to the former machines brings it back.
    """
    answers = state.answers
    if answers.subscription is None:
        usable = [one for one in state.subscriptions or () if one.enabled]
        answers = replace(answers, subscription=usable[0] if len(usable) == 1 else None)
    inventory = _inventory(state, answers)
    if inventory is None:
        return answers
    if answers.machines is None and state.pairs.suggested is not None:
        answers = replace(answers, machines=_in_order(state.pairs.suggested))
    pair = chosen_pair(state, answers)
    if pair is None:
        return answers
    if not answers.name:
        answers = replace(answers, name=free_name(pair.name, state))
    answers = _with_nics(state, answers, pair)
    chosen = chosen_machines_in(state, answers)
    if chosen is None:
        return answers
    answers = _with_address(state, answers, inventory, chosen)
    if state.facts is not None and (answers.role is None or answers.role.kept):
        answers = replace(answers, role=_suggested_role(answers, chosen, state.facts))
    return answers


def chosen_pair(state: WizardState, answers: Answers) -> Pair | None:
    """The chosen machines as a pair, in the order in which they were chosen; None while they are not known."""
    inventory = _inventory(state, answers)
    if inventory is None or answers.machines is None:
        return None
    first, second = (inventory.vm(vm) for vm in answers.machines)
    if first is None or second is None:
        return None
    found = next((pair for pair in state.pairs.pairs if {vm.id for vm in pair.vms} == {first.id, second.id}), None)
    pair = found or pair_of(first, second, inventory)
    if pair.vms[0].id == first.id:
        return pair
    return replace(pair, vms=(pair.vms[1], pair.vms[0]), lan=(pair.lan[1], pair.lan[0]))


def lan_choices(state: WizardState, answers: Answers) -> tuple[LanChoice, ...]:
    """The interfaces of both machines, judged; empty while the machines are not known."""
    pair = chosen_pair(state, answers)
    if pair is None or state.inventory is None:
        return ()
    subnets = [
        frozenset(nic.subnet for nic in map(state.inventory.nic, vm.nics) if nic is not None and nic.subnet is not None)
        for vm in pair.vms
    ]
    return (
        choose_lan_interface(pair.vms[0], state.inventory, subnets[1]),
        choose_lan_interface(pair.vms[1], state.inventory, subnets[0]),
    )


def chosen_machines_in(state: WizardState, answers: Answers) -> ChosenMachines | None:
    """The chosen parts resolved, or None while something is missing or does not fit."""
    inventory = _inventory(state, answers)
    if inventory is None:
        return None
    try:
        return chosen_machines(answers, inventory, state.facts)
    except UserError:
        return None


def occupancy_in(state: WizardState, answers: Answers) -> Occupancy | None:
    """The map of the shared subnet, or None while it is not known."""
    chosen, inventory = chosen_machines_in(state, answers), _inventory(state, answers)
    subnet = inventory.subnet(chosen.subnet) if chosen and inventory else None
    return occupancy(subnet, inventory, chosen) if subnet and inventory else None


def role_candidates(state: WizardState, answers: Answers) -> tuple[RoleCandidate, ...]:
    """The existing roles that mean the same, best first; empty while the roles are not known."""
    chosen = chosen_machines_in(state, answers)
    if chosen is None or state.facts is None:
        return ()
    return _candidates(answers, chosen, state.facts)


def is_own_role(candidate: RoleCandidate, chosen: ChosenMachines, facts: AccessFacts) -> bool:
    """Whether a role is this cluster's own: held by one of its machines, by nobody else, and by none elsewhere."""
    return candidate.held_by > 0 and not _held_by_others(candidate, chosen, facts) and _inside(candidate, chosen)


def _held_by_others(candidate: RoleCandidate, chosen: ChosenMachines, facts: AccessFacts) -> bool:
    """Whether anyone but the two machines has it. Assignments of a rebuilt machine's former identity do not count."""
    own = {vm.identity.principal_id.lower() for vm in chosen.vms}
    return any(
        item.role_guid.lower() == candidate.role.guid.lower()
        and item.principal_id.lower() not in own
        and not facts.is_gone(item.principal_id)
        for item in facts.assignments.known
    )


def _inside(candidate: RoleCandidate, chosen: ChosenMachines) -> bool:
    """Whether the role can be assigned in this subscription alone, so that a change of it reaches nothing elsewhere."""
    here, scopes = f"/subscriptions/{chosen.subnet.subscription}", candidate.role.assignable_scopes
    return bool(scopes) and all(reaches(here, scope) for scope in scopes)


def role_as_new(cluster: str, facts: AccessFacts) -> RoleAnswer:
    """A new role for this cluster, under a name that is free as far as can be seen."""
    return RoleAnswer(RoleUse.NEW, suggest_role_name(cluster, facts))


def role_of(answer: RoleAnswer | None, facts: AccessFacts | None) -> RoleDefinition | None:
    """The existing role that an answer means, or None."""
    if answer is None or facts is None or answer.use not in (RoleUse.REUSE, RoleUse.UPDATE):
        return None
    return facts.role(answer.guid)


def _inventory(state: WizardState, answers: Answers) -> Inventory | None:
    if state.inventory is None or answers.subscription is None:
        return None
    same = state.inventory.subscription.id.lower() == answers.subscription.id.lower()
    return state.inventory if same else None


def _in_order(pair: Pair) -> tuple[ResourceId, ResourceId]:
    """The machine that has a floating address already is the active one."""
    first, second = (vm.id for vm in pair.vms)
    held = [nic is not None and len(nic.configurations) > 1 for nic in (choice.nic for choice in pair.lan)]
    return (second, first) if held == [False, True] else (first, second)


def _with_nics(state: WizardState, answers: Answers, pair: Pair) -> Answers:
    fits = answers.nics is not None and all(nic in vm.nics for nic, vm in zip(answers.nics, pair.vms, strict=True))
    if answers.nics is not None and (fits or SetupStep.INTERFACE not in state.to_check):
        return answers
    if answers.nics is not None and all(any(nic in vm.nics for vm in pair.vms) for nic in answers.nics):
        return replace(answers, nics=(answers.nics[1], answers.nics[0]))  # the other machine is to be active first
    found: list[ResourceId] = [choice.nic.id for choice in lan_choices(state, answers) if choice.nic is not None]
    return replace(answers, nics=(found[0], found[1])) if len(found) == 2 else answers


def _with_address(state: WizardState, answers: Answers, inventory: Inventory, chosen: ChosenMachines) -> Answers:
    subnet = inventory.subnet(chosen.subnet)
    if subnet is None:
        return answers
    if answers.address is not None and SetupStep.FLOATING_IP not in state.to_check:
        return answers
    taken = occupancy(subnet, inventory, chosen)
    if answers.address is not None and taken.home(answers.address) is not None:
        return answers
    offered = suggested_addresses(taken, chosen)
    if not offered:
        return answers
    address = IPv4Address(offered[0])
    name = next(
        (
            item.name
            for found, nic in floating_now(chosen)
            for item in nic.configurations
            if found == address and item.address == offered[0]
        ),
        answers.ip_configuration,
    )
    return replace(answers, address=address, ip_configuration=name)


def _candidates(answers: Answers, chosen: ChosenMachines, facts: AccessFacts) -> tuple[RoleCandidate, ...]:
    principals = tuple(vm.identity.principal_id for vm in chosen.vms)
    return candidates(facts, required_rights(chosen), chosen_scopes(answers, chosen), principals)


def _suggested_role(answers: Answers, chosen: ChosenMachines, facts: AccessFacts) -> RoleAnswer:
    """A role for this cluster: the one it has, brought up to date if it is its own; else one that means the same.

    That may be Trustgrid's own, made in the portal, or one that an interrupted run of ours has made: it is assignable
    where it is needed, or made so. One of that meaning which lost an action and is nobody else's is mended. Only
    without such a role a new one is made.
    """
    found = _candidates(answers, chosen, facts)
    if answers.role is not None and answers.role.kept:
        kept = _kept_role(answers.role, answers, chosen, facts)
        if kept is not None:
            return kept
    for item in found:
        if item.complete and (item.held_by == 2 or is_own_role(item, chosen, facts)):
            return RoleAnswer(RoleUse.REUSE, item.role.name, item.role.guid)
    for item in found:
        if not item.withheld and is_own_role(item, chosen, facts):
            return RoleAnswer(RoleUse.UPDATE, item.role.name, item.role.guid)
    for item in found:
        if item.wider or item.withheld:
            continue
        if item.complete:
            return RoleAnswer(RoleUse.REUSE, item.role.name, item.role.guid)
        lost = 0 < len(item.missing) <= _LOST and not _held_by_others(item, chosen, facts)
        if _inside(item, chosen) and (lost or not item.missing):
            return RoleAnswer(RoleUse.UPDATE, item.role.name, item.role.guid)
    anew = role_as_new(answers.name, facts)
    if answers.role is not None and answers.role.kept and check_role_name(answers.role.name, facts) is None:
        return replace(anew, name=answers.role.name)
    return anew


def _kept_role(role: RoleAnswer, answers: Answers, chosen: ChosenMachines, facts: AccessFacts) -> RoleAnswer | None:
    """The role of a cluster that is set up: as it is, or to be mended when it lost something; None when it is gone."""
    there = facts.role(role.guid)
    if role.use is RoleUse.NETWORK_CONTRIBUTOR or facts.failure(FactKind.ROLES) is not None:
        return role
    if there is None:
        return None
    judged = judge_role(there, facts, required_rights(chosen), chosen_scopes(answers, chosen))
    lost = (judged.refused or judged.uncovered) and not judged.withheld and there.kind is RoleKind.CUSTOM
    return replace(role, use=RoleUse.UPDATE if lost else RoleUse.REUSE)


def free_name(wanted: str, state: WizardState) -> str:
    """The name, or one like it that no saved cluster has."""
    taken = {setup.name.lower() for setup in state.saved}
    if wanted.lower() not in taken:
        return wanted
    stem = wanted[: _LONGEST_NAME - 5]
    return next(name for n in range(2, len(taken) + 3) if (name := f"{stem}-{n}").lower() not in taken)


__all__ = [
    "chosen_machines_in",
    "chosen_pair",
    "cluster_name",
    "free_name",
    "is_own_role",
    "lan_choices",
    "occupancy_in",
    "proposed_answers",
    "role_as_new",
    "role_candidates",
    "role_of",
]  # fmt: skip
