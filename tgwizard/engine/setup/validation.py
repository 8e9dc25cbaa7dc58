"""What may be wrong with each step's answers, and the typed fixes that a window turns into buttons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address
from typing import Any

from tgwizard.engine.access.access_decision import not_yours
from tgwizard.engine.access.matching_roles import stale_assignments, suggest_role_name
from tgwizard.engine.access.required_rights import RequiredRight, extra_actions, required_rights
from tgwizard.engine.discovery.lan_interface import has_public_ip
from tgwizard.engine.discovery.pairs import Pair, PairState, appliance_doubts
from tgwizard.engine.discovery.subnet_addresses import judge_address, suggested_addresses
from tgwizard.engine.setup.assignment_scopes import chosen_scopes, narrowing_warnings, other_subscription_problems
from tgwizard.engine.setup.planned_role import PlannedRole, plan_role
from tgwizard.engine.setup.planner import make_plan, name_taken, no_scope_problem
from tgwizard.engine.setup.suggestions import (
    chosen_machines_in,
    chosen_pair,
    free_name,
    lan_choices,
    occupancy_in,
)
from tgwizard.engine.setup.typed_answers import (
    ASKED_AT,
    in_field,
    is_mistyped,
    with_value,
    without_typed,
    wrong_values,
)
from tgwizard.engine.setup.wizard_state import STEPS, WizardState, answer, go_to
from tgwizard.model import fields
from tgwizard.model.access_facts import AccessFacts, FactKind
from tgwizard.model.chosen_machines import ChosenMachines, not_found, pairing_problems
from tgwizard.model.fields import Field
from tgwizard.model.finding import Finding, Level
from tgwizard.model.inventory import Inventory, NicFound, Part, VmFound
from tgwizard.model.permission import allows
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.role import RoleKind
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse, SetupStep
from tgwizard.model.setup_plan import Obstacle, SetupPlan
from tgwizard.model.snapshot import Power
from tgwizard.model.text import counted, join_words, sanitize


class FixKind(Enum):
    """What a fix does. The first four are for the window: nothing in the answers changes."""

    PLANNED = "planned"
    READ_AGAIN = "read_again"
    SIGN_IN_AGAIN = "sign_in_again"
    HAND_OVER = "hand_over"
    GO_TO_STEP = "go_to_step"
    USE_ADDRESS = "use_address"
    USE_NAME = "use_name"
    USE_CONFIGURATION = "use_configuration"
    USE_ROLE_NAME = "use_role_name"
    ADD_ACTIONS = "add_actions"
    LEAVE_OUT_ACTIONS = "leave_out_actions"
    UPDATE_ROLE = "update_role"
    MAKE_ROLE = "make_role"
    PUT_SCOPE_BACK = "put_scope_back"
    REMOVE_STALE = "remove_stale"


@dataclass(frozen=True, slots=True)
class Fix:
    """One offer. ``label`` is the button's text; ``values`` what it takes over; ``step`` where it leads."""

    kind: FixKind
    label: str
    values: tuple[str, ...] = ()
    step: SetupStep | None = None

    @property
    def names_role(self) -> bool:
        """Whether the role's name is another one afterwards."""
        return self.kind in (FixKind.MAKE_ROLE, FixKind.USE_ROLE_NAME, FixKind.UPDATE_ROLE)

    @property
    def changes_answers(self) -> bool:
        """Whether ``with_fix`` does it; the others are for who shows them."""
        return self.kind not in (
            FixKind.PLANNED,
            FixKind.READ_AGAIN,
            FixKind.SIGN_IN_AGAIN,
            FixKind.HAND_OVER,
        )


@dataclass(frozen=True, slots=True)
class StepProblem:
    """A problem of a step with its fixes. Level BLOCKS keeps Continue from going on; the others are told."""

    level: Level
    problem: Problem
    fixes: tuple[Fix, ...] = ()
    about: Field[Any] | None = None
    """The field that it stands under; None: it is about more than one answer."""
    in_field: str = ""
    """What is said there, when the field itself says the rest."""

    @property
    def words(self) -> str:
        """What is said under the field."""
        return self.in_field or self.problem.sentence()

    @property
    def blocks(self) -> bool:
        """Whether the step cannot be continued from."""
        return self.level is Level.BLOCKS


def wrong_value(answers: Answers, wanted: Field[Any], *fixes: Fix) -> list[StepProblem]:
    """What is wrong with the text or value of a field by its declaration; nothing when it can be used."""
    error = next((error for field, error in wrong_values(answers) if field is wanted), None)
    if error is None:
        return []
    problem = wanted.wrong(in_field(answers, wanted), error)
    return [StepProblem(Level.BLOCKS, problem, fixes, wanted, error.sentence)]


def with_fix(state: WizardState, proposed_answers: Answers, fix: Fix) -> WizardState:
    """The state with the fix taken; unchanged for a fix that is not pure."""
    if fix.kind is FixKind.GO_TO_STEP:
        return go_to(state, fix.step or state.step)
    if not fix.changes_answers:
        return state
    answers, first = state.answers, fix.values[0] if fix.values else ""
    match fix.kind:
        case FixKind.USE_ADDRESS:
            after = with_value(answers, fields.ADDRESS, IPv4Address(first))
        case FixKind.USE_NAME:
            after = with_value(answers, fields.NAME, first)
        case FixKind.USE_CONFIGURATION:
            after = with_value(answers, fields.IP_CONFIGURATION, first)
        case FixKind.PUT_SCOPE_BACK:
            after = replace(answers, narrowed=tuple(one for one in answers.narrowed if one.lower() != first.lower()))
        case FixKind.REMOVE_STALE:
            after = replace(answers, remove_stale=True)
        case _:
            role = _other_role(answers.role or proposed_answers.role or RoleAnswer(), fix, first)
            after = replace(without_typed(answers, fields.ROLE_NAME) if fix.names_role else answers, role=role)
    return answer(state, after)


def _other_role(role: RoleAnswer, fix: Fix, first: str) -> RoleAnswer:
    match fix.kind:
        case FixKind.ADD_ACTIONS:
            return _adding(role, fix.values)
        case FixKind.LEAVE_OUT_ACTIONS:
            return _leaving_out(role, fix.values)
        case FixKind.UPDATE_ROLE:
            return replace(role, use=RoleUse.UPDATE, guid=first)
        case FixKind.MAKE_ROLE | FixKind.USE_ROLE_NAME:
            return replace(role, use=RoleUse.NEW, name=first, guid="")
        case _:
            return role


def _adding(role: RoleAnswer, actions: tuple[str, ...]) -> RoleAnswer:
    added = {action.lower() for action in actions}
    extra = tuple(dict.fromkeys((*role.extra, *actions)))
    return replace(role, extra=extra, declined=tuple(one for one in role.declined if one.lower() not in added))


def _leaving_out(role: RoleAnswer, actions: tuple[str, ...]) -> RoleAnswer:
    left = {action.lower() for action in actions}
    declined = tuple(dict.fromkeys((*role.declined, *actions)))
    return replace(role, declined=declined, extra=tuple(one for one in role.extra if one.lower() not in left))


READ_AGAIN = Fix(FixKind.READ_AGAIN, "Check again")
_NEEDED = (Part.MACHINES, Part.INTERFACES)
_OF_MACHINES = ("same-machine", "two-subscriptions", "two-regions")
_OTHER_MACHINES = Fix(FixKind.GO_TO_STEP, "Choose other machines", step=SetupStep.MACHINES)


def blocking(code: str, what: str, why: str = "", fix: str = "", *fixes: Fix) -> StepProblem:
    """A problem that keeps Continue from going on."""
    return StepProblem(Level.BLOCKS, Problem(code, what, why, fix), fixes)


def sign_in_problems(answers: Answers) -> tuple[StepProblem, ...]:
    """Nobody signed in."""
    if answers.caller is not None:
        return ()
    why = "What is in Azure, and what you may do there, can be read only with an account."
    return (blocking("sign-in-needed", "Nobody is signed in.", why, "Choose a way to sign in."),)


def subscription_problems(state: WizardState, answers: Answers) -> tuple[StepProblem, ...]:
    """No subscription, none chosen, or one that Azure takes no writes in."""
    subscription = answers.subscription
    again = Fix(FixKind.SIGN_IN_AGAIN, "Sign in with another account")
    if subscription is None and state.subscriptions == ():
        why = "The account has no role in any subscription of this directory."
        fix = "Sign in with another account or to another directory, or ask for the Reader role."
        return (blocking("no-subscription", "This account sees no subscription.", why, fix, again, READ_AGAIN),)
    if subscription is None:
        what = "No subscription is chosen yet."
        return (blocking("subscription-not-chosen", what, "", "Choose the one that holds the two machines."),)
    if not subscription.enabled:
        what = f"Azure takes no changes in {sanitize(subscription.name, 90)}."
        why = "The subscription is disabled."
        return (blocking("subscription-disabled", what, why, "Have it enabled, or choose another one."),)
    return ()


def machine_problems(state: WizardState, answers: Answers) -> tuple[StepProblem, ...]:
    """What could not be read, what does not fit together, and what the machines still lack."""
    inventory = state.inventory
    if inventory is None:
        what = "The subscription was not read yet."
        return (blocking("subscription-not-read", what, "", "Wait for the reading, or read it again.", READ_AGAIN),)
    found = list(_unread(inventory))
    if answers.machines is None:
        many = len(inventory.vms)
        why = f"{counted(many, 'machine')} {'was' if many == 1 else 'were'} read, and no two look like a new cluster."
        found.append(
            blocking("machines-not-chosen", "No machines are chosen yet.", why, "Choose two machines yourself.")
        )
        return tuple(found)
    missing = [vm for vm in answers.machines if inventory.vm(vm) is None]
    found += [StepProblem(Level.BLOCKS, not_found(vm), (READ_AGAIN,)) for vm in missing]
    pair = chosen_pair(state, answers)
    if pair is None:
        return tuple(found)
    found += _unfit(pair)
    found += [StepProblem(Level.WARNS, problem) for problem in appliance_doubts(pair.vms, inventory)]
    found += [problem for vm in pair.vms for problem in _machine(state, vm)]
    if pair.state is PairState.SAVED:
        what = f"This pair is a cluster already: {pair.state_words}."
        fix = "Go on to look at it again or to change it; nothing that is right is written twice."
        found.append(StepProblem(Level.NOTE, Problem("pair-saved", what, "", fix)))
    return (*found, *_name(state, answers, pair))


def incomplete_pair(number: int) -> StepProblem:
    """Fewer than two machines are ticked in the list."""
    if not number:
        return blocking("machines-not-chosen", "No machine is chosen.", "", "Choose two.")
    return blocking("machines-not-chosen", "One machine is chosen.", "", "Choose one more.")


def interface_problems(state: WizardState, answers: Answers) -> tuple[StepProblem, ...]:
    """Interfaces that are not chosen, do not fit, or will not carry what comes to the floating IP."""
    pair = chosen_pair(state, answers)
    inventory = state.inventory
    if pair is None or inventory is None:
        what = "The two machines are not known yet."
        return (blocking("machines-not-chosen", what, "", "Choose them first.", _OTHER_MACHINES),)
    if answers.nics is None:
        found = []
        for choice in lan_choices(state, answers):
            if choice.nic is None:
                what = f"The LAN interface of {sanitize(choice.vm.name, 90)} could not be told."
                fix = "Read again, or choose other machines."
                found.append(blocking("nic-not-chosen", what, choice.why, fix, READ_AGAIN, _OTHER_MACHINES))
        return tuple(found) or (blocking("nic-not-chosen", "No interfaces are chosen yet.", "", "Choose one each."),)
    nics = [(state.facts.nic(nic) if state.facts else None) or inventory.nic(nic) for nic in answers.nics]
    missing = [wanted for wanted, nic in zip(answers.nics, nics, strict=True) if nic is None]
    if missing:
        return tuple(StepProblem(Level.BLOCKS, not_found(nic), (READ_AGAIN,)) for nic in missing)
    first, second = (nic for nic in nics if nic is not None)
    problems = [problem for problem in pairing_problems(pair.vms, (first, second)) if problem.code not in _OF_MACHINES]
    found = [StepProblem(Level.BLOCKS, problem, (_OTHER_MACHINES,)) for problem in problems]
    for vm, nic in zip(pair.vms, (first, second), strict=True):
        found += _interface(vm, nic)
    return tuple(found)


def _unread(inventory: Inventory) -> list[StepProblem]:
    found = []
    for part in inventory.failed:
        level = Level.BLOCKS if part.part in _NEEDED else Level.WARNS
        what = f"The {part.part.value} could not be read."
        problem = Problem("part-not-read", what, part.problem.what, part.problem.fix, part.problem.detail)
        found.append(StepProblem(level, problem, (READ_AGAIN,)))
    return found


def _unfit(pair: Pair) -> list[StepProblem]:
    nics = pair.nics
    # Without interfaces only the machines themselves can be judged; the next step says what is missing.
    stand_in = nics or tuple(NicFound(vm.id, vm.location, ()) for vm in pair.vms)
    problems = pairing_problems(pair.vms, (stand_in[0], stand_in[1]))
    return [StepProblem(Level.BLOCKS, problem) for problem in problems if problem.code in _OF_MACHINES]


def _machine(state: WizardState, vm: VmFound) -> list[StepProblem]:
    now = (state.facts.machine(vm.id) if state.facts else None) or vm
    name = sanitize(vm.id.name, 90)
    found = []
    if not now.identity.system_assigned:
        problem = Problem(
            "identity-off",
            f"{name} has no identity.",
            "Without one it cannot take the floating IP, so a failover would leave the address on no machine.",
            "Turning it on does not restart the machine.",
        )
        fixes = (
            Fix(FixKind.PLANNED, "Turn it on with Apply"),
            READ_AGAIN,
            Fix(FixKind.HAND_OVER, "Ask a colleague…"),
        )
        found.append(StepProblem(Level.WARNS, problem, fixes))
    if now.power in (Power.STOPPED, Power.DEALLOCATED):
        what = f"{name} is not running."
        why = "It can be set up all the same, and has its rights once it is started."
        found.append(StepProblem(Level.NOTE, Problem("machine-off", what, why), (READ_AGAIN,)))
    return found


def _name(state: WizardState, answers: Answers, pair: Pair) -> list[StepProblem]:
    free = free_name(pair.name, state)
    offer = Fix(FixKind.USE_NAME, f"Use {free}", (free,))
    wrong = wrong_value(answers, fields.NAME, offer)
    if wrong:
        return wrong
    same = next((one for one in state.saved if one.name.lower() == answers.name.lower()), None)
    if same is not None and {member.vm for member in same.members} != {vm.id for vm in pair.vms}:
        what = f"A cluster named {sanitize(answers.name, 80)} is saved already."
        problem = Problem("cluster-name-taken", what, "It has other machines.", "Type another name.")
        return [StepProblem(Level.BLOCKS, problem, (offer,), fields.NAME)]
    return []


def _interface(vm: VmFound, nic: NicFound) -> list[StepProblem]:
    name = sanitize(nic.id.name, 90)
    found = []
    if not nic.ip_forwarding:
        found.append(
            Problem(
                "ip-forwarding-off",
                f"IP forwarding is off on {name}.",
                "Azure then drops what the appliance passes on for others.",
                "Turn it on in the interface's IP configurations; it takes effect at once.",
            )
        )
    if has_public_ip(nic):
        found.append(
            Problem(
                "lan-has-public-ip",
                f"{name} has a public IP.",
                "Every write of the interface then needs one right more, which Trustgrid's role does not have.",
                "The step Role offers it. Or choose the interface without a public IP.",
            )
        )
    if len(vm.nics) == 1:
        found.append(
            Problem(
                "single-interface",
                f"{name} is the only interface of {sanitize(vm.id.name, 90)}.",
                "The floating IP shares it with the connection to the control plane.",
                "That works; the appliance's cluster interface has to be this one.",
            )
        )
    return [StepProblem(Level.WARNS, problem, (READ_AGAIN,)) for problem in found]


_INTERFACES = Fix(FixKind.GO_TO_STEP, "Choose the interfaces", step=SetupStep.INTERFACE)
_MACHINES_STEP = Fix(FixKind.GO_TO_STEP, "Choose the machines", step=SetupStep.MACHINES)
_HAND_OVER = Fix(FixKind.HAND_OVER, "Copy a request for others")
_OFFERED = 2


def address_problems(state: WizardState, answers: Answers) -> tuple[StepProblem, ...]:
    """Every condition that the address breaks, with free addresses to take instead."""
    chosen, taken = chosen_machines_in(state, answers), occupancy_in(state, answers)
    if chosen is None:
        return (_no_interfaces(answers),)
    found: list[StepProblem] = list(_configuration(answers, chosen))
    if taken is None:
        problem = Problem("subnet-not-read", f"The range of {sanitize(chosen.subnet.name, 90)} is not known.")
        found.append(StepProblem(Level.WARNS, problem, (READ_AGAIN,)))
    found += [StepProblem(Level.NOTE, Problem("range-ignored", words)) for words in (taken.ignored if taken else ())]
    offers = [one for one in (suggested_addresses(taken) if taken else ()) if one != in_field(answers, fields.ADDRESS)]
    fixes = tuple(Fix(FixKind.USE_ADDRESS, f"Use {one}", (one,)) for one in offers[:_OFFERED])
    wrong = wrong_value(answers, fields.ADDRESS, *fixes)
    if wrong:
        return (*wrong, *found)
    if answers.address is None:
        what = "No address is chosen yet." if taken is None or taken.free else "The subnet has no free address left."
        problem = Problem("address-not-chosen", what, "", "Type a free address of the subnet.")
        return (StepProblem(Level.BLOCKS, problem, fixes, fields.ADDRESS), *found)
    blocking_ones: list[StepProblem] = []
    for finding in address_findings(state, answers):
        if finding.problem is not None and finding.level is Level.BLOCKS:
            blocking_ones.append(StepProblem(Level.BLOCKS, finding.problem, fixes, fields.ADDRESS))
        elif finding.problem is not None and finding.level is Level.NOT_KNOWN:
            found.append(StepProblem(Level.NOT_KNOWN, finding.problem, (READ_AGAIN,), fields.ADDRESS))
    return (*blocking_ones, *found)


def address_findings(state: WizardState, answers: Answers) -> tuple[Finding, ...]:
    """The live check of the address in the field; empty while there is nothing to judge."""
    taken = occupancy_in(state, answers)
    if taken is None or answers.address is None or is_mistyped(answers, fields.ADDRESS):
        return ()
    same = state.checked is not None and state.checked.address == str(answers.address)
    return judge_address(
        answers.address, taken, state.checked.answer if same and state.checked else None, state.unasked
    )


_OF_NAME = ("role-name-taken", "value-wrong")
"""Problems of a planned role that are told at the field of its name."""


def role_problems(state: WizardState, answers: Answers) -> tuple[StepProblem, ...]:
    """A role that does not fit, and actions that this topology needs beyond it."""
    chosen, facts = chosen_machines_in(state, answers), state.facts
    if chosen is None:
        return (_no_interfaces(answers),)
    if facts is None or answers.role is None:
        what = "The roles of the subscription were not read yet."
        return (blocking("roles-not-read", what, "", "Wait for the reading, or read again.", READ_AGAIN),)
    found: list[StepProblem] = []
    failed = facts.failure(FactKind.ROLES)
    if failed is not None:
        problem = Problem("roles-not-read", "The roles could not be read.", failed.what, failed.fix, failed.detail)
        found.append(StepProblem(Level.WARNS, problem, (READ_AGAIN,)))
    needs = required_rights(chosen)
    planned = plan_role(answers.role, chosen.subnet.subscription, needs, chosen_scopes(answers, chosen), facts)
    make = _make(answers, facts)
    update = Fix(FixKind.UPDATE_ROLE, "Update the role", (planned.role.guid,))
    same_name = (role for role in facts.roles.known if role.name.strip().lower() == answers.role.name.strip().lower())
    taken = next((role for role in same_name if role.kind is RoleKind.CUSTOM), None)
    mend = (Fix(FixKind.UPDATE_ROLE, "Update that role", (taken.guid,)),) if taken is not None else ()
    other_name = replace(make, kind=FixKind.USE_ROLE_NAME, label=f"Use {make.values[0]}")
    wrong = wrong_value(answers, fields.ROLE_NAME, other_name)
    found += wrong
    for problem in planned.problems:
        if problem.code == "role-name-taken" and not wrong:
            found.append(StepProblem(Level.BLOCKS, problem, (other_name, *mend), fields.ROLE_NAME))
        if problem.code in _OF_NAME:
            continue
        fixes = {
            "role-lacks-actions": (update, make),
            "role-not-assignable": (update, make),
        }.get(problem.code, (make,))
        found.append(StepProblem(Level.BLOCKS, problem, fixes))
    return (*found, *_extras(answers.role, planned, needs), *_qualified(answers.role, planned))


def scope_problems(state: WizardState, answers: Answers) -> tuple[StepProblem, ...]:
    """What a narrowed scope loses, and what a rebuilt machine left behind."""
    chosen = chosen_machines_in(state, answers)
    if chosen is None:
        return (_no_interfaces(answers),)
    scopes = chosen_scopes(answers, chosen)
    found = [StepProblem(Level.BLOCKS, problem) for problem in other_subscription_problems(chosen)]
    back = tuple(Fix(FixKind.PUT_SCOPE_BACK, "Put it back", (scope,)) for scope in answers.narrowed[:1])
    found += [StepProblem(Level.BLOCKS, problem, back) for problem in no_scope_problem(scopes)]
    for problem in narrowing_warnings(answers, chosen):
        left = [one for one in answers.narrowed if one.rsplit("/", 1)[-1].lower() in problem.what.lower()]
        fixes = tuple(Fix(FixKind.PUT_SCOPE_BACK, "Put it back", (scope,)) for scope in left[:1])
        found.append(StepProblem(Level.WARNS, problem, fixes))
    if state.facts is not None and answers.role is not None and not answers.remove_stale:
        subscription = chosen.subnet.subscription
        planned = plan_role(answers.role, subscription, required_rights(chosen), scopes, state.facts)
        stale = stale_assignments(planned.role, scopes, state.facts)
        if stale:
            gone = join_words(dict.fromkeys(sanitize(item.principal_id, 60) for item in stale))
            problem = Problem(
                "stale-assignments",
                f"{counted(len(stale), 'assignment')} here belong{'s' if len(stale) == 1 else ''} "
                "to an identity that no longer exists.",
                f"A machine was rebuilt, and its former identity {gone} is gone. It does no harm.",
                "It can be removed with the other changes.",
            )
            found.append(StepProblem(Level.NOTE, problem, (Fix(FixKind.REMOVE_STALE, "Remove it with Apply"),)))
    return tuple(found)


def plan_in(state: WizardState, answers: Answers) -> SetupPlan | None:
    """The plan of these answers, or None while something is missing: the steps say what."""
    if state.inventory is None or state.facts is None:
        return None
    facts = replace(state.facts, address=state.checked or state.facts.address)
    try:
        return make_plan(answers, state.inventory, facts)
    except UserError:
        return None


def review_problems(state: WizardState, answers: Answers) -> tuple[StepProblem, ...]:
    """Steps to look at again, what forbids or qualifies the plan, and what others have to do."""
    found = [
        blocking(
            "step-to-check",
            f"{step.value} has to be looked at again.",
            "An answer before it was changed since.",
            "",
            Fix(FixKind.GO_TO_STEP, f"Go to {step.value}", step=step),
        )
        for step in STEPS
        if step in state.to_check and STEPS.index(step) < STEPS.index(SetupStep.REVIEW)
    ]
    found += _wrong_elsewhere(answers)
    plan = plan_in(state, answers)
    if plan is None:
        if not found:
            what = "The plan cannot be made yet."
            found.append(blocking("plan-not-made", what, "Facts or answers are missing.", "", READ_AGAIN))
        return tuple(found)
    told = {item.problem for item in found}
    found += [StepProblem(Level.BLOCKS, problem) for problem in plan.problems if problem not in told]
    found += [StepProblem(Level.WARNS, problem) for problem in plan.warnings]
    level = Level.WARNS if plan.mine_now else Level.BLOCKS
    for item in not_yours(plan.writing):
        fixes = (READ_AGAIN,) if item.obstacle is Obstacle.LOCK else (_HAND_OVER, READ_AGAIN)
        found.append(StepProblem(level, item.problem, fixes))
    return tuple(found)


def _wrong_elsewhere(answers: Answers) -> list[StepProblem]:
    """What stands in a field of an earlier step and cannot be used."""
    return [
        StepProblem(
            Level.BLOCKS,
            wanted.wrong(in_field(answers, wanted), error),
            (Fix(FixKind.GO_TO_STEP, f"Go to {ASKED_AT[wanted.key].value}", step=ASKED_AT[wanted.key]),),
        )
        for wanted, error in wrong_values(answers)
    ]


def _no_interfaces(answers: Answers) -> StepProblem:
    if answers.machines is None:
        what = "The two machines are not known yet."
        return blocking("machines-not-chosen", what, "", "Choose them first.", _MACHINES_STEP)
    what = "The two interfaces do not fit together yet."
    return blocking("interfaces-not-chosen", what, "", "Choose them first.", _INTERFACES)


def _configuration(answers: Answers, chosen: ChosenMachines) -> list[StepProblem]:
    usual = fields.IP_CONFIGURATION.example
    wrong = wrong_value(answers, fields.IP_CONFIGURATION, Fix(FixKind.USE_CONFIGURATION, f"Use {usual}", (usual,)))
    if wrong:
        return wrong
    taken = name_taken(answers, chosen)
    if taken is None:
        return []
    held = {item.name.lower() for nic in chosen.nics for item in nic.configurations}
    free = next(name for n in range(1, len(held) + 3) if (name := f"tg-floating-{n}") not in held)
    fix = Fix(FixKind.USE_CONFIGURATION, f"Use {free}", (free,))
    return [StepProblem(Level.BLOCKS, taken, (fix,), fields.IP_CONFIGURATION)]


def _make(answers: Answers, facts: AccessFacts) -> Fix:
    name = suggest_role_name(answers.name, facts)
    return Fix(FixKind.MAKE_ROLE, "Make a new role", (name,))


def _extras(role: RoleAnswer, planned: PlannedRole, needs: tuple[RequiredRight, ...]) -> list[StepProblem]:
    """Actions of this topology that are neither in the role nor left out on purpose: someone has to decide."""
    if role.use in (RoleUse.NETWORK_CONTRIBUTOR, RoleUse.REUSE):
        return []
    declined = {action.lower() for action in role.declined}
    open_ = [
        item
        for item in extra_actions(needs)
        if item.action.lower() not in declined and not allows(planned.role.held, item.action)
    ]
    if not open_:
        return []
    actions = tuple(item.action for item in open_)
    one = len(actions) == 1
    problem = Problem(
        "extra-actions",
        f"These interfaces need {'one action' if one else f'{len(actions)} actions'} beyond Trustgrid's ten.",
        f"{join_words(actions)}: to {join_words(dict.fromkeys(item.why for item in open_))}. Without "
        f"{'it' if one else 'them'} Azure refuses every failover.",
        "Add to the role what is needed, or leave it out on purpose.",
    )
    add = "Add the action" if one else f"Add the {len(actions)} actions"
    return [
        StepProblem(
            Level.BLOCKS,
            problem,
            (
                Fix(FixKind.ADD_ACTIONS, add, actions),
                Fix(FixKind.LEAVE_OUT_ACTIONS, "Leave out on purpose", actions),
            ),
        )
    ]


def _qualified(role: RoleAnswer, planned: PlannedRole) -> list[StepProblem]:
    """What the finished role still lacks; an open extra action is told by its own problem."""
    declined = {action.lower() for action in role.declined}
    found = []
    for problem in planned.warnings:
        lacking = problem.code == "role-without-action" and role.use is not RoleUse.NETWORK_CONTRIBUTOR
        if lacking and not any(action in problem.what.lower() for action in declined):
            continue
        found.append(StepProblem(Level.WARNS, problem))
    return found
