"""The buttons at the foot: what they are called at each step, and why one of them is off."""

from __future__ import annotations

from tgwizard.gui.app.read_only_lock import LOCKED
from tgwizard.gui.setup.applier import Applier
from tgwizard.gui.setup.footer import Footer
from tgwizard.gui.setup.told import waits_for
from tgwizard.gui.setup.wizard import Wizard
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.setup_plan import SetupPlan, WhoMay
from tgwizard.model.text import counted, tame


def show_foot(footer: Footer, wizard: Wizard) -> None:
    """Name the buttons and turn them on or off."""
    session, step, plan = wizard.session, wizard.step, wizard.plan
    footer.back.setEnabled(step is not SetupStep.SIGN_IN and not wizard.writing)
    words, reason = "Continue", waits_for(session, step)
    locked_out = False
    match step:
        case SetupStep.SIGN_IN if session.account.busy:
            reason = f"{session.account.busy}."
        case SetupStep.FLOATING_IP if session.mistyped:
            reason = f"{tame(session.mistyped, 40)} is no IPv4 address."
        case SetupStep.FLOATING_IP if session.shown.address is not None and footer.has_room:
            words = f"Continue with {session.shown.address}"
        case SetupStep.REVIEW:
            words = apply_words(plan)
            locked_out = wizard.locked and plan is not None and bool(plan.writing)
        case SetupStep.APPLY:
            reason = apply_reason(wizard.applier)
        case SetupStep.VERIFY:
            words = "Finish"
            reason = verify_reason(wizard)
        case _:
            pass
    footer.go_on.rename(words)
    footer.go_on.setEnabled(not reason)
    footer.go_on.explain(reason or "Alt+Right")
    footer.go_on.hold_off(LOCKED.sentence() if locked_out else "")
    footer.say(note(wizard, reason))


def apply_words(plan: SetupPlan | None) -> str:
    """What the button of the review says: how many changes, and that the others stay."""
    if plan is None or not plan.writing:
        return "Continue"
    others = [change for change in plan.writing if change.right.who is WhoMay.OTHERS]
    number = len(plan.mine_now) if others else len(plan.writing)
    if others and not number:
        return "Apply"
    changes = counted(number, "change")
    return f"Apply what I may: {changes}" if others else f"Apply {changes}"


def apply_reason(applier: Applier) -> str:
    """Why one cannot go on from Apply yet."""
    if applier.running:
        return "The changes are being made."
    return ""


def verify_reason(wizard: Wizard) -> str:
    """Why one cannot finish yet."""
    if wizard.ending.session is None:
        return (
            "The cluster is being read and saved." if wizard.verifier.problem is None else "It could not be read yet."
        )
    return ""


def note(wizard: Wizard, reason: str) -> str:
    """The words between the buttons."""
    step, applier = wizard.step, wizard.applier
    if reason:
        return reason
    if step is SetupStep.VERIFY:
        saved = f"Saved as {wizard.ending.file.name}. " if wizard.ending.file is not None else ""
        if wizard.verifier.restarting_words:
            return f"{saved}Until the machine is back, a failover of this cluster cannot be started here."
        return f"{saved}You can leave now; verifying can be repeated any time."
    blocking = sum(problem.blocks for problem in wizard.problems)
    warnings = len(wizard.problems) - blocking
    if step is SetupStep.REVIEW and wizard.plan is not None:
        left = len(wizard.plan.writing) - len(wizard.plan.mine_now)
        if left:
            return f"{left} wait{'s' if left == 1 else ''} for others. Read again to see whether they are done."
    if step is SetupStep.APPLY and applier.finished is not None and applier.finished.outcome is not Outcome.DONE:
        return "What is left can be made again, or by others."
    if blocking:
        return f"{counted(blocking, 'thing')} to fix"
    if warnings and step is not SetupStep.REVIEW:
        return f"{counted(warnings, 'thing')} to know"
    return ""
