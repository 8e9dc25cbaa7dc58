"""What may be wrong with the later steps' answers: address, role, scope, and the plan; each with its cures."""

from __future__ import annotations

from dataclasses import replace

from tgwizard.engine.access.access_decision import not_yours
from tgwizard.engine.access.matching_roles import stale_assignments, suggest_role_name
from tgwizard.engine.access.required_rights import RequiredRight, extra_actions, required_rights
from tgwizard.engine.discovery.subnet_addresses import judge_address, suggested_addresses
from tgwizard.engine.setup.cures import Cure, CureKind, StepProblem
from tgwizard.engine.setup.flow import STEPS, Flow
from tgwizard.engine.setup.machine_problems import READ_AGAIN, blocking
from tgwizard.engine.setup.plan import make_plan, name_taken, no_scope
from tgwizard.engine.setup.role_target import RoleTarget, role_target
from tgwizard.engine.setup.scopes import chosen_scopes, elsewhere, what_fails
from tgwizard.engine.setup.suggest import occupancy_in, topology_in
from tgwizard.model import fields
from tgwizard.model.access_facts import FactKind, SetupFacts
from tgwizard.model.finding import Finding, Level
from tgwizard.model.permission import allows
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.role import RoleKind
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse, SetupStep
from tgwizard.model.setup_plan import Obstacle, SetupPlan
from tgwizard.model.text import counted, listed, tame
from tgwizard.model.topology import Topology

_INTERFACES = Cure(CureKind.GO_TO_STEP, "Choose the interfaces", step=SetupStep.INTERFACE)
_MACHINES = Cure(CureKind.GO_TO_STEP, "Choose the machines", step=SetupStep.MACHINES)
_HAND_OVER = Cure(CureKind.HAND_OVER, "Copy a request for others")
_OFFERED = 2


def address_problems(flow: Flow, answers: Answers) -> tuple[StepProblem, ...]:
    """Every condition that the address breaks, with free addresses to take instead."""
    topology, taken = topology_in(flow, answers), occupancy_in(flow, answers)
    if topology is None:
        return (_no_interfaces(answers),)
    found: list[StepProblem] = list(_configuration(answers, topology))
    if taken is None:
        problem = Problem("subnet-not-read", f"The range of {tame(topology.subnet.name, 90)} is not known.")
        found.append(StepProblem(Level.WARNS, problem, (READ_AGAIN,)))
    found += [StepProblem(Level.NOTE, Problem("range-ignored", words)) for words in (taken.ignored if taken else ())]
    if answers.address is None:
        what = "No address is chosen yet." if taken is None or taken.free else "The subnet has no free address left."
        found.append(blocking("address-not-chosen", what, "", "Type a free address of the subnet."))
        return tuple(found)
    offers = [one for one in (suggested_addresses(taken) if taken else ()) if one != str(answers.address)]
    cures = tuple(Cure(CureKind.USE_ADDRESS, f"Use {one}", (one,)) for one in offers[:_OFFERED])
    for finding in address_findings(flow, answers):
        if finding.problem is not None and finding.level is Level.BLOCKS:
            found.append(StepProblem(Level.BLOCKS, finding.problem, cures))
        elif finding.problem is not None and finding.level is Level.NOT_KNOWN:
            found.append(StepProblem(Level.NOT_KNOWN, finding.problem, (READ_AGAIN,)))
    return tuple(found)


def address_findings(flow: Flow, answers: Answers) -> tuple[Finding, ...]:
    """The live check of the address in the field; empty while there is nothing to judge."""
    taken = occupancy_in(flow, answers)
    if taken is None or answers.address is None:
        return ()
    same = flow.checked is not None and flow.checked.address == str(answers.address)
    return judge_address(answers.address, taken, flow.checked.answer if same and flow.checked else None, flow.unasked)


def role_problems(flow: Flow, answers: Answers) -> tuple[StepProblem, ...]:
    """A role that does not fit, and actions that this topology needs beyond it."""
    topology, facts = topology_in(flow, answers), flow.facts
    if topology is None:
        return (_no_interfaces(answers),)
    if facts is None or answers.role is None:
        what = "The roles of the subscription were not read yet."
        return (blocking("roles-not-read", what, "", "Wait for the reading, or read again.", READ_AGAIN),)
    found: list[StepProblem] = []
    failed = facts.failure(FactKind.ROLES)
    if failed is not None:
        problem = Problem("roles-not-read", "The roles could not be read.", failed.what, failed.fix, failed.detail)
        found.append(StepProblem(Level.WARNS, problem, (READ_AGAIN,)))
    needs = required_rights(topology)
    target = role_target(answers.role, topology.subnet.subscription, needs, chosen_scopes(answers, topology), facts)
    make = _make(answers, facts)
    update = Cure(CureKind.UPDATE_ROLE, "Update the role", (target.role.guid,))
    same_name = (role for role in facts.roles if role.name.strip().lower() == answers.role.name.strip().lower())
    taken = next((role for role in same_name if role.kind is RoleKind.CUSTOM), None)
    mend = (Cure(CureKind.UPDATE_ROLE, "Update that role", (taken.guid,)),) if taken is not None else ()
    for problem in target.problems:
        cures = {
            "role-name-taken": (replace(make, kind=CureKind.USE_ROLE_NAME, label=f"Use {make.values[0]}"), *mend),
            "role-lacks-actions": (update, make),
            "role-not-assignable": (update, make),
        }.get(problem.code, (make,))
        found.append(StepProblem(Level.BLOCKS, problem, cures))
    return (*found, *_extras(answers.role, target, needs), *_qualified(answers.role, target))


def scope_problems(flow: Flow, answers: Answers) -> tuple[StepProblem, ...]:
    """What a narrowed scope loses, and what a rebuilt machine left behind."""
    topology = topology_in(flow, answers)
    if topology is None:
        return (_no_interfaces(answers),)
    scopes = chosen_scopes(answers, topology)
    found = [StepProblem(Level.BLOCKS, problem) for problem in elsewhere(topology)]
    back = tuple(Cure(CureKind.PUT_SCOPE_BACK, "Put it back", (scope,)) for scope in answers.narrowed[:1])
    found += [StepProblem(Level.BLOCKS, problem, back) for problem in no_scope(scopes)]
    for problem in what_fails(answers, topology):
        left = [one for one in answers.narrowed if one.rsplit("/", 1)[-1].lower() in problem.what.lower()]
        cures = tuple(Cure(CureKind.PUT_SCOPE_BACK, "Put it back", (scope,)) for scope in left[:1])
        found.append(StepProblem(Level.WARNS, problem, cures))
    if flow.facts is not None and answers.role is not None and not answers.remove_stale:
        subscription = topology.subnet.subscription
        target = role_target(answers.role, subscription, required_rights(topology), scopes, flow.facts)
        stale = stale_assignments(target.role, scopes, flow.facts)
        if stale:
            gone = listed(dict.fromkeys(tame(item.principal_id, 60) for item in stale))
            problem = Problem(
                "stale-assignments",
                f"{counted(len(stale), 'assignment')} here belong{'s' if len(stale) == 1 else ''} "
                "to an identity that no longer exists.",
                f"A machine was rebuilt, and its former identity {gone} is gone. It does no harm.",
                "It can be removed with the other changes.",
            )
            found.append(StepProblem(Level.NOTE, problem, (Cure(CureKind.REMOVE_STALE, "Remove it with Apply"),)))
    return tuple(found)


def plan_in(flow: Flow, answers: Answers) -> SetupPlan | None:
    """The plan of these answers, or None while something is missing: the steps say what."""
    if flow.inventory is None or flow.facts is None:
        return None
    facts = replace(flow.facts, address=flow.checked or flow.facts.address)
    try:
        return make_plan(answers, flow.inventory, facts)
    except UserError:
        return None


def review_problems(flow: Flow, answers: Answers) -> tuple[StepProblem, ...]:
    """Steps to look at again, what forbids or qualifies the plan, and what others have to do."""
    found = [
        blocking(
            "step-to-check",
            f"{step.value} has to be looked at again.",
            "An answer before it was changed since.",
            "",
            Cure(CureKind.GO_TO_STEP, f"Go to {step.value}", step=step),
        )
        for step in STEPS
        if step in flow.to_check and STEPS.index(step) < STEPS.index(SetupStep.REVIEW)
    ]
    plan = plan_in(flow, answers)
    if plan is None:
        if not found:
            what = "The plan cannot be made yet."
            found.append(blocking("plan-not-made", what, "Facts or answers are missing.", "", READ_AGAIN))
        return tuple(found)
    found += [StepProblem(Level.BLOCKS, problem) for problem in plan.problems]
    found += [StepProblem(Level.WARNS, problem) for problem in plan.warnings]
    level = Level.WARNS if plan.mine_now else Level.BLOCKS
    for item in not_yours(plan.writing):
        cures = (READ_AGAIN,) if item.obstacle is Obstacle.LOCK else (_HAND_OVER, READ_AGAIN)
        found.append(StepProblem(level, item.problem, cures))
    return tuple(found)


def _no_interfaces(answers: Answers) -> StepProblem:
    if answers.machines is None:
        what = "The two machines are not known yet."
        return blocking("machines-not-chosen", what, "", "Choose them first.", _MACHINES)
    what = "The two interfaces do not fit together yet."
    return blocking("interfaces-not-chosen", what, "", "Choose them first.", _INTERFACES)


def _configuration(answers: Answers, topology: Topology) -> list[StepProblem]:
    error = fields.IP_CONFIGURATION.check(answers.ip_configuration)
    offer = Cure(CureKind.USE_CONFIGURATION, "Use tg-floating", ("tg-floating",))
    if error is not None:
        problem = Problem("configuration-name", "That is no name for an Azure IP Configuration.", error.why)
        return [StepProblem(Level.BLOCKS, problem, (offer,))]
    taken = name_taken(answers, topology)
    if taken is None:
        return []
    held = {item.name.lower() for nic in topology.nics for item in nic.configurations}
    free = next(name for n in range(1, len(held) + 3) if (name := f"tg-floating-{n}") not in held)
    return [StepProblem(Level.BLOCKS, taken, (Cure(CureKind.USE_CONFIGURATION, f"Use {free}", (free,)),))]


def _make(answers: Answers, facts: SetupFacts) -> Cure:
    name = suggest_role_name(answers.name, facts)
    return Cure(CureKind.MAKE_ROLE, "Make a new role", (name,))


def _extras(role: RoleAnswer, target: RoleTarget, needs: tuple[RequiredRight, ...]) -> list[StepProblem]:
    """Actions of this topology that are neither in the role nor left out on purpose: someone has to decide."""
    if role.use in (RoleUse.NETWORK_CONTRIBUTOR, RoleUse.REUSE):
        return []
    declined = {action.lower() for action in role.declined}
    open_ = [
        item
        for item in extra_actions(needs)
        if item.action.lower() not in declined and not allows(target.role.held, item.action)
    ]
    if not open_:
        return []
    actions = tuple(item.action for item in open_)
    one = len(actions) == 1
    problem = Problem(
        "extra-actions",
        f"These interfaces need {'one action' if one else f'{len(actions)} actions'} beyond the brief's ten.",
        f"{listed(actions)}: to {listed(dict.fromkeys(item.why for item in open_))}. Without "
        f"{'it' if one else 'them'} Azure refuses every failover.",
        "Add to the role what is needed, or leave it out on purpose.",
    )
    add = "Add the action" if one else f"Add the {len(actions)} actions"
    return [
        StepProblem(
            Level.BLOCKS,
            problem,
            (
                Cure(CureKind.ADD_ACTIONS, add, actions),
                Cure(CureKind.LEAVE_OUT_ACTIONS, "Leave out on purpose", actions),
            ),
        )
    ]


def _qualified(role: RoleAnswer, target: RoleTarget) -> list[StepProblem]:
    """What the finished role still lacks; an open extra action is told by its own problem."""
    declined = {action.lower() for action in role.declined}
    found = []
    for problem in target.warnings:
        lacking = problem.code == "role-without-action" and role.use is not RoleUse.NETWORK_CONTRIBUTOR
        if lacking and not any(action in problem.what.lower() for action in declined):
            continue
        found.append(StepProblem(Level.WARNS, problem))
    return found
