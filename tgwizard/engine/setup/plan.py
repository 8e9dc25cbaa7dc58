"""``make_plan: (answers, inventory, facts) -> SetupPlan``: every intended write, in order, before anything is written.

Pure. What is right already becomes a row that writes nothing, so a second plan after the first was applied has no
writing rows (engine/README.md 2.3, 2.4); matching is by meaning.
"""

from __future__ import annotations

from tgwizard.engine.access.matching_roles import stale_assignments
from tgwizard.engine.access.required_rights import RequiredRight, required_rights
from tgwizard.engine.discovery.subnet_addresses import judge_address, occupancy
from tgwizard.engine.setup.plan_rows import (
    Assignments,
    assign_row,
    identity_row,
    lists,
    place_row,
    restart_order,
    restart_row,
    role_row,
    stale_row,
)
from tgwizard.engine.setup.plan_warnings import doubts, member_warnings, not_read, notes, other_floating
from tgwizard.engine.setup.role_target import RoleTarget, role_target
from tgwizard.engine.setup.scopes import chosen_scopes, elsewhere, what_fails
from tgwizard.model.access_facts import SetupFacts
from tgwizard.model.finding import Level
from tgwizard.model.inventory import Inventory
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers, Placement, RoleAnswer
from tgwizard.model.setup_plan import ScopeReason, SetupChange, SetupPlan
from tgwizard.model.text import tame
from tgwizard.model.topology import Topology, topology_of


def make_plan(answers: Answers, inventory: Inventory, facts: SetupFacts) -> SetupPlan:
    """The plan. UserError when an answer is missing or the chosen machines cannot form a cluster."""
    topology = topology_of(answers, inventory, facts)
    needs = required_rights(topology)
    scopes = chosen_scopes(answers, topology)
    target = role_target(answers.role or RoleAnswer(), inventory.subscription.id, needs, scopes, facts)
    stale = stale_assignments(target.role, scopes, facts)
    forbids, qualifies = _address(answers, topology, inventory, facts)
    forbids = [*elsewhere(topology), *target.problems, *no_scope(scopes), *forbids]
    warnings = (
        *target.warnings,
        *what_fails(answers, topology),
        *qualifies,
        *member_warnings(topology, needs, facts),
        *other_floating(topology, answers.address),
        *not_read(facts),
    )
    changes = _changes(answers, topology, needs, scopes, target, facts)
    warnings = (*warnings, *doubts(changes))
    if answers.remove_stale:
        at = next(
            (i for i, change in enumerate(changes) if change.key.startswith(("place:", "restart:"))), len(changes)
        )
        changes[at:at] = [stale_row(item, facts, answers.caller) for item in stale]
    told = notes(answers, target, () if answers.remove_stale else stale, facts)
    return SetupPlan(tuple(changes), scopes, target.role, _once(forbids), told, _once(warnings))


def _changes(
    answers: Answers,
    topology: Topology,
    needs: tuple[RequiredRight, ...],
    scopes: tuple[ScopeReason, ...],
    target: RoleTarget,
    facts: SetupFacts,
) -> list[SetupChange]:
    """The rows: identities, role, assignments by scope and machine, the first placement, restarts afterwards."""
    caller = answers.caller
    identities = [identity_row(vm, facts, caller) for vm in topology.vms]
    role = role_row(target, scopes, needs, facts, caller)
    first = {vm.id: row.key for vm, row in zip(topology.vms, identities, strict=True) if row.writes}
    table = Assignments(target.role, role.key if role.writes else "", first)
    assigned = [assign_row(vm, reason, table, facts, caller) for reason in scopes for vm in topology.vms]
    rows = [*identities, role, *assigned]
    if answers.address is not None and answers.placement is Placement.NOW:
        given = tuple(row.key for row in (role, *assigned) if row.writes)
        rows.append(place_row(answers.address, answers.ip_configuration, topology, facts, caller, given))
    written = tuple(row.key for row in (*identities, role, *assigned) if row.writes)
    if written:
        # The standby first, so that the address stays where it is for as long as possible.
        before: tuple[str, ...] = ()
        for vm in restart_order(topology.vms, tuple(lists(nic, answers.address) for nic in topology.nics)):
            row = restart_row(vm, (*written, *before), facts, caller)
            if row is not None:
                rows.append(row)
                before = (row.key,)
    return rows


def _address(
    answers: Answers, topology: Topology, inventory: Inventory, facts: SetupFacts
) -> tuple[list[Problem], list[Problem]]:
    """What forbids the address, and what about it is not known."""
    if answers.address is None:
        raise UserError(
            Problem(
                "setup-incomplete", "The floating IP is not chosen yet.", "", "Choose a free address of the subnet."
            )
        )
    subnet = inventory.subnet(topology.subnet)
    if subnet is None:
        unknown = Problem(
            "subnet-not-read",
            f"The range of {tame(topology.subnet.name, 90)} is not known.",
            "The virtual network could not be read, so whether the address fits is not known.",
            "Have someone who may read the network check it, or give your account Reader there.",
            topology.subnet.text,
        )
        return [], [unknown]
    checked = facts.address if facts.address and facts.address.address == str(answers.address) else None
    found = judge_address(answers.address, occupancy(subnet, inventory, topology), checked.answer if checked else None)
    forbids = [finding.problem for finding in found if finding.level is Level.BLOCKS and finding.problem]
    unsure = [
        finding.problem or Problem("address-not-asked", f"{finding.fact}.", finding.evidence)
        for finding in found
        if finding.level is Level.NOT_KNOWN
    ]
    taken_name = name_taken(answers, topology)
    return [*forbids, *([taken_name] if taken_name else [])], unsure


def name_taken(answers: Answers, topology: Topology) -> Problem | None:
    """Configurations are named within their interface; ours must not be another address's, on either of the two."""
    for nic in topology.nics:
        for item in nic.configurations:
            if item.name.lower() == answers.ip_configuration.lower() and item.address != str(answers.address):
                return Problem(
                    "configuration-name-taken",
                    f"{tame(nic.id.name, 90)} already has an Azure IP Configuration named {tame(item.name, 90)}.",
                    f"It carries {tame(item.address, 60) or 'another address'}.",
                    "Choose another name for the Azure IP Configuration.",
                )
    return None


def no_scope(scopes: tuple[ScopeReason, ...]) -> list[Problem]:
    """What is wrong when every scope was taken out."""
    if scopes:
        return []
    return [
        Problem(
            "no-scope",
            "No scope is left for the role.",
            "Every resource group was taken out, so the role would be assigned nowhere.",
            "Put at least the machines' resource group back.",
        )
    ]


def _once(problems: list[Problem] | tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problems))
