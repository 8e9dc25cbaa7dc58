"""The problems of a step as boxes: what is worth telling now, with which shape, and its fixes as buttons."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from tgwizard.engine.setup.validation import Fix, FixKind
from tgwizard.engine.setup.wizard_state import ReadNeeded
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.style.finding_shapes import level_shape
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.widgets.field_row import Complaint
from tgwizard.gui.widgets.problem_box import FixButton as Button
from tgwizard.gui.widgets.problem_box import ProblemShown
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.sign_in import told_at_sign_in

_ICONS = {
    FixKind.PLANNED: Icon.POWER,
    FixKind.READ_AGAIN: Icon.REFRESH,
    FixKind.SIGN_IN_AGAIN: Icon.PERSON,
    FixKind.HAND_OVER: Icon.COPY,
    FixKind.GO_TO_STEP: Icon.BACK,
}

_ASKS = frozenset({"sign-in-needed", "subscription-not-chosen", "machines-not-chosen"})
"""Problems that only repeat the question: told when someone wanted to go on without an answer."""

_NEEDS: dict[SetupStep, tuple[ReadNeeded, ...]] = {
    SetupStep.SUBSCRIPTION: (ReadNeeded.SUBSCRIPTIONS,),
    SetupStep.MACHINES: (ReadNeeded.INVENTORY,),
    SetupStep.INTERFACE: (ReadNeeded.INVENTORY,),
    SetupStep.FLOATING_IP: (ReadNeeded.ADDRESS,),
    SetupStep.ROLE: (ReadNeeded.FACTS,),
    SetupStep.SCOPE: (ReadNeeded.FACTS,),
    SetupStep.REVIEW: (ReadNeeded.FACTS, ReadNeeded.ADDRESS),
}


def waits_for(session: SetupSession, step: SetupStep) -> str:
    """What is being read without which the step cannot be judged, in words; empty when nothing is."""
    known: dict[ReadNeeded, object] = {
        ReadNeeded.SUBSCRIPTIONS: session.wizard_state.subscriptions,
        ReadNeeded.INVENTORY: None,
        ReadNeeded.FACTS: session.wizard_state.facts,
        ReadNeeded.ADDRESS: None,
    }
    words = {
        ReadNeeded.SUBSCRIPTIONS: "Azure is asked for the subscriptions.",
        ReadNeeded.INVENTORY: "The subscription is being read.",
        ReadNeeded.FACTS: "Roles and rights are being read.",
        ReadNeeded.ADDRESS: "Azure is asked about the address.",
    }
    for want in _NEEDS.get(step, ()):
        if session.reading(want) and (known[want] is None or step is SetupStep.REVIEW):
            return words[want]
    return ""


def complaints(wizard: WizardController) -> dict[str, Complaint]:
    """What is wrong with what stands in the step's fields, by the field's key; the worst of each."""
    found: dict[str, Complaint] = {}
    for one in wizard.problems:
        if one.about is not None and one.about.key not in found:
            fixes = tuple(_fix_button(wizard, fix) for fix in one.fixes)
            found[one.about.key] = Complaint(one.words, level_shape(one.level), fixes)
    return found


def _fix_button(wizard: WizardController, fix: Fix) -> Button:
    link = fix.kind is FixKind.HAND_OVER
    return Button(fix.label, partial(wizard.take_fix, fix), _ICONS.get(fix.kind), link=link)


def problems_shown(wizard: WizardController, *, insisted: bool, in_place: Collection[str]) -> tuple[ProblemShown, ...]:
    """What the step's boxes say. ``insisted``: someone pressed Continue and it did not go on.

    ``in_place``: keys of the fields that tell their own problems.
    """
    session, step, act = wizard.session, wizard.step, wizard.take_fix
    found = [ProblemShown(problem, Shape.BROKEN, _again(act)) for problem in _unread(session, step)]
    explained = bool(found) or bool(waits_for(session, step))
    for one in wizard.problems:
        if one.problem.code in _ASKS and not insisted:
            continue
        if one.about is not None and one.about.key in in_place:
            continue
        if one.blocks and explained:
            # What is being read, or could not be, is the reason: the consequence would only repeat it.
            continue
        fixes = tuple(_fix_button(wizard, fix) for fix in one.fixes)
        found.append(ProblemShown(one.problem, level_shape(one.level), fixes))
    return tuple(found)


def _unread(session: SetupSession, step: SetupStep) -> tuple[Problem, ...]:
    if step is SetupStep.SIGN_IN:
        return (told_at_sign_in(session.account.problem),) if session.account.problem is not None else ()
    wants = tuple(want for want in _NEEDS.get(step, ()) if want is not ReadNeeded.ADDRESS)
    return session.trouble(*wants)


def _again(act: Callable[[Fix], None]) -> tuple[Button, ...]:
    fix = Fix(FixKind.READ_AGAIN, "Try again")
    return (Button(fix.label, partial(act, fix), Icon.REFRESH),)


def extra_problems_shown(wizard: WizardController) -> tuple[ProblemShown, ...]:
    """What is to be told besides the step's own problems: a resumed draft, a draft or a file that was not written."""
    found: list[ProblemShown] = []
    if wizard.resumed_at:
        what = "Your answers of an earlier set-up are here."
        why = f"They were kept at {wizard.resumed_at[:16].replace('T', ' ')} UTC. What is in Azure was read again."
        again = Button("Start a new set-up", wizard.start_over, Icon.UNDO)
        found.append(ProblemShown(Problem("setup-resumed", what, why), Shape.NOTE, (again,)))
    if wizard.outdated is not None and wizard.step is SetupStep.REVIEW:
        found.append(ProblemShown(wizard.outdated, Shape.WARNING))
    if wizard.drafts.problem is not None:
        found.append(ProblemShown(wizard.drafts.problem, Shape.WARNING))
    if wizard.step is SetupStep.VERIFY:
        if wizard.verifier.problem is not None:
            fix = Button("Look again", wizard.verifier.look, Icon.REFRESH)
            found.append(ProblemShown(wizard.verifier.problem, Shape.BROKEN, (fix,)))
        if wizard.ending.problem is not None:
            found.append(ProblemShown(wizard.ending.problem, Shape.BROKEN))
    if wizard.step is SetupStep.APPLY and wizard.applier.problem is not None:
        found.append(ProblemShown(wizard.applier.problem, Shape.BROKEN))
    if wizard.step is SetupStep.APPLY and not wizard.writing:
        found += [_failed(row.problem, row.step, wizard) for row in wizard.applier.applying.rows if row.problem]
    return tuple(found)


def _failed(problem: Problem, step: SetupStep | None, wizard: WizardController) -> ProblemShown:
    """A change that failed: why, Azure's code and request id, and the way to the answers that it carries out."""
    if step is None:
        return ProblemShown(problem, Shape.BROKEN)
    fix = Fix(FixKind.GO_TO_STEP, f"Change the answers: {step.value}", step=step)
    return ProblemShown(problem, Shape.BROKEN, (Button(fix.label, partial(wizard.take_fix, fix), Icon.BACK),))
