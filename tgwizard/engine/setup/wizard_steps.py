"""The steps of the wizard, put together: what a step shows, what is wrong with it, and what Continue does."""

from __future__ import annotations

from tgwizard.engine.access.required_rights import computed_scopes
from tgwizard.engine.setup import validation
from tgwizard.engine.setup.suggestions import proposed, topology_in
from tgwizard.engine.setup.validation import Fix, StepProblem, with_fix
from tgwizard.engine.setup.wizard_state import STEPS, ReadNeeded, WizardState, go_on, needed_reads
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers, RoleUse, SetupStep
from tgwizard.model.setup_plan import SetupPlan
from tgwizard.model.text import counted, join_words, sanitize


def problems_of(
    flow: WizardState, step: SetupStep | None = None, answers: Answers | None = None
) -> tuple[StepProblem, ...]:
    """What is wrong with a step's answers as they stand in its fields; the current step's by default.

    ``answers``: what ``proposed`` gave for this state, for a caller that has it already.
    """
    answers = answers or proposed(flow)
    match step or flow.step:
        case SetupStep.SIGN_IN:
            return validation.sign_in_problems(answers)
        case SetupStep.SUBSCRIPTION:
            return validation.subscription_problems(flow, answers)
        case SetupStep.MACHINES:
            return validation.machine_problems(flow, answers)
        case SetupStep.INTERFACE:
            return validation.interface_problems(flow, answers)
        case SetupStep.FLOATING_IP:
            return validation.address_problems(flow, answers)
        case SetupStep.ROLE:
            return validation.role_problems(flow, answers)
        case SetupStep.SCOPE:
            return validation.scope_problems(flow, answers)
        case SetupStep.REVIEW:
            return validation.review_problems(flow, answers)
        case SetupStep.APPLY | SetupStep.VERIFY:
            return ()


def continue_step(flow: WizardState) -> WizardState:
    """Accept what the step shows and go on, unless something blocks: then the answers are kept and the step stays."""
    answers = proposed(flow)
    return go_on(flow, answers, blocked=any(item.blocks for item in problems_of(flow, answers=answers)))


def take_fix(flow: WizardState, fix: Fix) -> WizardState:
    return with_fix(flow, proposed(flow), fix)


def reads_needed(flow: WizardState) -> tuple[ReadNeeded, ...]:
    """What to read next, first things first."""
    return needed_reads(flow, proposed(flow))


def plan_of(flow: WizardState) -> SetupPlan | None:
    """The plan of the answers as they stand, or None while something is missing."""
    return validation.plan_in(flow, proposed(flow))


def answer_all(flow: WizardState) -> WizardState:
    """Go on from step to step until something blocks or the review is reached: what a command does with its flags."""
    while flow.step is not SetupStep.REVIEW:
        after = continue_step(flow)
        if after.step is flow.step:
            return after
        flow = after
    return flow


def blockers(flow: WizardState) -> tuple[tuple[SetupStep, Problem], ...]:
    """Everything that blocks, over all steps up to the review, in their order."""
    steps = STEPS[: STEPS.index(SetupStep.REVIEW) + 1]
    answers = proposed(flow)
    return tuple((step, item.problem) for step in steps for item in problems_of(flow, step, answers) if item.blocks)


def summary(flow: WizardState, step: SetupStep, answers: Answers | None = None) -> str:
    """The second line of a done step in the list: its answer in a few words. Untrusted text, sanitized.

    ``answers``: what ``proposed`` gave for this state, for a caller that has it already.
    """
    answers = answers or proposed(flow)
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
            return _role(flow, answers)
        case SetupStep.SCOPE:
            return _scope(flow, answers)
        case SetupStep.REVIEW:
            plan = validation.plan_in(flow, answers)
            number = len(plan.writing) if plan else 0
            return counted(number, "change") if plan else ""
        case SetupStep.APPLY | SetupStep.VERIFY:
            return ""


def _role(flow: WizardState, answers: Answers) -> str:
    if answers.role is None:
        return ""
    if answers.role.use is RoleUse.NETWORK_CONTRIBUTOR:
        return "Network Contributor"
    found = flow.facts.role(answers.role.guid) if flow.facts and answers.role.use is not RoleUse.NEW else None
    return sanitize(found.name if found else answers.role.name, 128)


def _scope(flow: WizardState, answers: Answers) -> str:
    topology = topology_in(flow, answers)
    if topology is None:
        return ""
    if answers.whole_subscription:
        return "2 identities, the subscription"
    left_out = {scope.lower() for scope in answers.narrowed}
    number = sum(1 for reason in computed_scopes(topology) if reason.scope.lower() not in left_out)
    return join_words(("2 identities", counted(number, "group"))).replace(" and", ",")
