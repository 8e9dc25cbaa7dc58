"""The steps of the wizard, put together: what a step shows, what is wrong with it, and what Continue does."""

from __future__ import annotations

from tgwizard.engine.access.required_rights import computed_scopes
from tgwizard.engine.setup import validation
from tgwizard.engine.setup.suggestions import chosen_machines_in, proposed_answers
from tgwizard.engine.setup.validation import Fix, StepProblem, with_fix
from tgwizard.engine.setup.wizard_state import STEPS, ReadNeeded, WizardState, go_on, needed_reads
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers, RoleUse, SetupStep
from tgwizard.model.setup_plan import SetupPlan
from tgwizard.model.text import counted, join_words, sanitize


def problems_of(
    state: WizardState, step: SetupStep | None = None, answers: Answers | None = None
) -> tuple[StepProblem, ...]:
    """What is wrong with a step's answers as they stand in its fields; the current step's by default.

    ``answers``: what ``proposed_answers`` gave for this state, for a caller that has it already.
    """
    answers = answers or proposed_answers(state)
    match step or state.step:
        case SetupStep.SIGN_IN:
            return validation.sign_in_problems(answers)
        case SetupStep.SUBSCRIPTION:
            return validation.subscription_problems(state, answers)
        case SetupStep.MACHINES:
            return validation.machine_problems(state, answers)
        case SetupStep.INTERFACE:
            return validation.interface_problems(state, answers)
        case SetupStep.FLOATING_IP:
            return validation.address_problems(state, answers)
        case SetupStep.ROLE:
            return validation.role_problems(state, answers)
        case SetupStep.SCOPE:
            return validation.scope_problems(state, answers)
        case SetupStep.REVIEW:
            return validation.review_problems(state, answers)
        case SetupStep.APPLY | SetupStep.VERIFY:
            return ()


def continue_step(state: WizardState) -> WizardState:
    """Accept what the step shows and go on, unless something blocks: then the answers are kept and the step stays."""
    answers = proposed_answers(state)
    return go_on(state, answers, blocked=any(item.blocks for item in problems_of(state, answers=answers)))


def take_fix(state: WizardState, fix: Fix) -> WizardState:
    return with_fix(state, proposed_answers(state), fix)


def reads_needed(state: WizardState) -> tuple[ReadNeeded, ...]:
    """What to read next, first things first."""
    return needed_reads(state, proposed_answers(state))


def plan_of(state: WizardState) -> SetupPlan | None:
    """The plan of the answers as they stand, or None while something is missing."""
    return validation.plan_in(state, proposed_answers(state))


def answer_all(state: WizardState) -> WizardState:
    """Go on from step to step until something blocks or the review is reached: what a command does with its flags."""
    while state.step is not SetupStep.REVIEW:
        after = continue_step(state)
        if after.step is state.step:
            return after
        state = after
    return state


def blockers(state: WizardState) -> tuple[tuple[SetupStep, Problem], ...]:
    """Everything that blocks, over all steps up to the review, in their order."""
    steps = STEPS[: STEPS.index(SetupStep.REVIEW) + 1]
    answers = proposed_answers(state)
    return tuple((step, item.problem) for step in steps for item in problems_of(state, step, answers) if item.blocks)


def summary(state: WizardState, step: SetupStep, answers: Answers | None = None) -> str:
    """The second line of a done step in the list: its answer in a few words. Untrusted text, sanitized.

    ``answers``: what ``proposed_answers`` gave for this state, for a caller that has it already.
    """
    answers = answers or proposed_answers(state)
    match step:
        case SetupStep.SIGN_IN:
            return sanitize(answers.caller.name, 90) if answers.caller else ""
        case SetupStep.SUBSCRIPTION:
            return sanitize(answers.subscription.name, 90) if answers.subscription else ""
        case SetupStep.MACHINES:
            return ", ".join(sanitize(vm.name, 60) for vm in answers.machines or ())
        case SetupStep.INTERFACE:
            return ", ".join(sanitize(nic.name, 60) for nic in answers.nics or ())
        case SetupStep.FLOATING_IP:
            return str(answers.address or "")
        case SetupStep.ROLE:
            return _role(state, answers)
        case SetupStep.SCOPE:
            return _scope(state, answers)
        case SetupStep.REVIEW:
            plan = validation.plan_in(state, answers)
            number = len(plan.writing) if plan else 0
            return counted(number, "change") if plan else ""
        case SetupStep.APPLY | SetupStep.VERIFY:
            return ""


def _role(state: WizardState, answers: Answers) -> str:
    if answers.role is None:
        return ""
    if answers.role.use is RoleUse.NETWORK_CONTRIBUTOR:
        return "Network Contributor"
    found = state.facts.role(answers.role.guid) if state.facts and answers.role.use is not RoleUse.NEW else None
    return sanitize(found.name if found else answers.role.name, 128)


def _scope(state: WizardState, answers: Answers) -> str:
    chosen = chosen_machines_in(state, answers)
    if chosen is None:
        return ""
    if answers.whole_subscription:
        return "2 identities, the subscription"
    left_out = {scope.lower() for scope in answers.narrowed}
    number = sum(1 for reason in computed_scopes(chosen) if reason.scope.lower() not in left_out)
    return join_words(("2 identities", counted(number, "group"))).replace(" and", ",")
