"""The page "Set up a cluster": the wizard in its frame. What stands behind it is ``WizardController``."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.engine.setup.portal_help import portal_guide, portal_url
from tgwizard.engine.setup.setup_command_line import cluster_command
from tgwizard.engine.setup.wizard_state import STEPS
from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.page import Shell, ShellPage
from tgwizard.gui.setup.apply_step import ApplyPage
from tgwizard.gui.setup.floating_ip_step import FloatingIpPage
from tgwizard.gui.setup.interface_step import InterfacePage
from tgwizard.gui.setup.machines_step import MachinesPage
from tgwizard.gui.setup.review_step import ReviewPage
from tgwizard.gui.setup.role_step import RolePage
from tgwizard.gui.setup.scope_step import ScopePage
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.sign_in_step import SignInPage
from tgwizard.gui.setup.step_problems import complaints, extra_problems_shown, problems_shown
from tgwizard.gui.setup.subscription_step import SubscriptionPage
from tgwizard.gui.setup.verify_step import VerifyPage
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_frame import WizardFrame, show_footer
from tgwizard.gui.setup.wizard_sidebar import promise_words, steps_shown
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.command import Command, CommandGroup
from tgwizard.gui.widgets.field_row import FieldRow
from tgwizard.gui.widgets.focus_order import can_have_focus
from tgwizard.gui.widgets.portal_panel import PortalShown
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.setup_answers import SetupStep


def portal_shown(session: SetupSession, options: str = "") -> PortalShown:
    """The panel for the step shown; `options`: what a command needs besides, to mean this environment."""
    found = portal_guide(session.wizard_state, saved=session.saved)
    cloud = next((one for one in session.account.clouds if one.name == session.account.cloud), None)
    tenant = session.account.caller.tenant if session.account.caller is not None else ""
    url = portal_url(cloud.portal, tenant, found.at) if cloud is not None else ""
    steps = tuple((step.words, step.note) for step in found.steps)
    command = f"{found.command}{options}" if found.command.startswith("tgwizard ") else found.command
    return PortalShown(found.intro, steps, url, command, found.why_title, found.why)


TICK_MS = 1000

PAGES: dict[SetupStep, type[StepPage]] = {
    SetupStep.SIGN_IN: SignInPage,
    SetupStep.SUBSCRIPTION: SubscriptionPage,
    SetupStep.MACHINES: MachinesPage,
    SetupStep.INTERFACE: InterfacePage,
    SetupStep.FLOATING_IP: FloatingIpPage,
    SetupStep.ROLE: RolePage,
    SetupStep.SCOPE: ScopePage,
    SetupStep.REVIEW: ReviewPage,
    SetupStep.APPLY: ApplyPage,
    SetupStep.VERIFY: VerifyPage,
}
"""What each step is asked on."""


LEAD_MS = 300
"""So long after a step was opened its next button gets the focus: the second key of a double press is not for it."""


class SetupPage(ShellPage):
    """Everything of the wizard that a person sees. Built when it is first wanted."""

    fills_window = True
    keeps_work = True
    widest = 2560

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shell = shell
        self.wizard: WizardController | None = None
        self._insisted: SetupStep | None = None
        self.pages: dict[SetupStep, StepPage] = {}
        """Those that were wanted so far: building all ten at once would be a stall."""
        self.frame = WizardFrame(shell.theme, self.page(SetupStep.SIGN_IN), is_lab=shell.context.is_lab)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.frame)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.refresh)
        self._lead_later = QTimer(self)
        self._lead_later.setSingleShot(True)
        self._lead_later.setInterval(LEAD_MS)
        self._lead_later.timeout.connect(self._lead)
        self._led: QWidget | None = None
        """Where the focus was led on the step shown: to its question, then to its next button."""
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self.frame.back_asked.connect(self._on_back)
        self.frame.on_asked.connect(self._on_continue)
        self.frame.close_asked.connect(self._on_close)
        self.frame.undo_asked.connect(self._on_undo)
        self.frame.portal_asked.connect(self._on_portal)
        self.frame.step_asked.connect(self._on_step)
        self.frame.fix_asked.connect(self._to_problem)
        self.frame.panel.copied.connect(self.say)
        shell.lock.changed.connect(self._on_lock)
        self.frame.side.lock.clicked.connect(shell.ask_lock)
        self._on_lock()
        self.setAccessibleName("Set up a cluster")

    # Opening -----------------------------------------------------------------------------------------------------

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open: the wizard can ask."""
        if self.wizard is None:
            # Of what holds the pages, and not of this one, which may be built anew while the wizard goes on.
            self._serve(WizardController(self.shell, opened, self.parentWidget() or self))

    def take_over(self, old: ShellPage) -> None:
        """Go on with what was answered on the page that goes, and with what is under way."""
        if isinstance(old, SetupPage) and old.wizard is not None:
            wizard, old.wizard = old.wizard, None
            self._serve(wizard)
            self.frame.show_page(self.page(wizard.step), full_width=wizard.step is SetupStep.VERIFY)

    def _serve(self, wizard: WizardController) -> None:
        self.wizard = wizard
        wizard.changed.connect(self._soon)
        wizard.said.connect(self.say)
        wizard.settled.connect(self.settled)
        wizard.session.moved.connect(self._on_moved)
        self.shell.watching.changed.connect(self._soon)
        for page in self.pages.values():
            page.connect_wizard(wizard)
        if self.isVisible():
            wizard.begin()

    def clusters_changed(self, opened: OpenedProgram) -> None:
        """Another world of the lab has other machines: the wizard begins anew there."""
        wizard = self.wizard
        if wizard is not None and wizard.clusters_changed(opened) and self.isVisible():
            wizard.begin()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the first look; ages tick while it is looked at."""
        super().showEvent(event)
        self._tick.start()
        self._led = self.page(self.step).title
        self._lead_later.start()
        if self.wizard is not None:
            self.wizard.begin()
        self._soon()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._tick.stop()

    def first_focus(self) -> QWidget:
        """The question."""
        return self.page(self.step).title

    def ask_sign_in(self) -> None:
        """Open the first step, unless Azure is being written to."""
        if self.session is not None and not self.writing:
            self.session.go_to(SetupStep.SIGN_IN)

    def read_again(self) -> None:
        """F5."""
        if self.wizard is not None:
            self.wizard.read_again()

    @property
    def help_topic(self) -> str:  # type: ignore[override]  # of the step shown
        """The page of help about the step shown."""
        return self.step.name.lower().replace("_", "-")

    @property
    def commands(self) -> tuple[Command, ...]:
        """The buttons of the footer, and what only a key does."""
        footer, group = self.frame.footer, CommandGroup.SET_UP
        named: tuple[tuple[Button, Shortcut, Icon], ...] = (
            (footer.back, Shortcut.BACK, Icon.BACK),
            (footer.go_on, Shortcut.CONTINUE, Icon.ARROW_RIGHT),
            (footer.close_, Shortcut.CLOSE, Icon.SAVE),
        )
        return (
            *(
                Command(button.accessibleName(), button.click, str(keys), icon, button.why_off, group=group)
                for button, keys, icon in named
            ),
            Command("Take the last answer back", self._on_undo, str(Shortcut.UNDO), Icon.UNDO, group=group),
            Command("Show or hide the portal's way", self._on_portal, str(Shortcut.PORTAL), Icon.INFO, group=group),
        )

    def escape(self) -> bool:
        """Esc takes the portal's way away where it lies over the question."""
        return self.frame.close_panel()

    @Slot()
    def _on_portal(self) -> None:
        if not self.frame.toggle_panel():
            self.shell.say("This step has no counterpart in the Azure portal.")

    @property
    def session(self) -> SetupSession | None:
        """What is asked and read; None while the program is opening."""
        return None if self.wizard is None else self.wizard.session

    @property
    def writing(self) -> bool:
        """Whether a change may be written now."""
        return self.wizard is not None and self.wizard.writing

    @property
    def writing_words(self) -> str:
        """How far the writing is, in one sentence; empty when nothing is written."""
        return "" if self.wizard is None else self.wizard.writing_words

    def stop_writing(self) -> None:
        """Begin no further change."""
        if self.wizard is not None:
            self.wizard.stop_writing()

    @property
    def step(self) -> SetupStep:
        """The step shown."""
        return SetupStep.SIGN_IN if self.wizard is None else self.wizard.step

    # Showing -----------------------------------------------------------------------------------------------------

    @Slot()
    def _soon(self) -> None:
        if self.isVisible():
            self._later.start()

    @Slot()
    def _on_lock(self) -> None:
        self.frame.side.lock.show_lock(locked=self.shell.lock.locked)
        self._soon()

    @Slot()
    def _on_tick(self) -> None:
        if self.step in {SetupStep.REVIEW, SetupStep.APPLY, SetupStep.VERIFY}:
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show everything as it is now."""
        wizard = self.wizard
        if wizard is None:
            return
        session, step = wizard.session, wizard.step
        page = self.page(step)
        wizard.judge()
        page.show_wizard(wizard)
        told = complaints(wizard)
        page.judge_fields(told)
        insisted = self._insisted is step
        problem_boxes = (
            *extra_problems_shown(wizard),
            *problems_shown(wizard, insisted=insisted, in_place=page.in_place),
        )
        page.tell_problems(problem_boxes)
        side = self.frame.side
        side.show_cluster(session.shown.name)
        rows = steps_shown(session, wizard.applier, self.shell.theme.moments, problem=bool(problem_boxes or told))
        side.show_steps(rows)
        side.promise.say(*promise_words(wizard.applier, locked=wizard.locked))
        options = self.shell.context.place_options
        shown = session.once(f"portal {len(session.saved)}", lambda: portal_shown(session, options))
        applying = wizard.applier.applying
        if step is SetupStep.APPLY and applying.undoing:
            identities = ("--identities",) if applying.identities else ()
            command = cluster_command("undo", session.shown.name, *identities) + options
            shown = replace(shown, command=command, lead="Removing, in each place, what was made there.")
        self.frame.show_portal(shown)
        show_footer(self.frame.footer, wizard)
        if not self._lead_later.isActive():
            self._lead()

    def page(self, step: SetupStep) -> StepPage:
        """The page of a step, built when it is first wanted."""
        page = self.pages.get(step)
        if page is None:
            page = self.pages[step] = PAGES[step](self.shell.theme)
            if self.wizard is not None:
                page.connect_wizard(self.wizard)
        return page

    @Slot()
    def _on_moved(self) -> None:
        """Another step: its page from the top, the focus on its question."""
        wizard = self.wizard
        if wizard is None:
            return
        step = wizard.step
        self._insisted = None
        if step is SetupStep.VERIFY and wizard.plan is not None:
            wizard.verifier.begin(wizard.plan, wizard.session.shown)
        self.refresh()
        page = self.page(step)
        self.frame.show_page(page, full_width=step is SetupStep.VERIFY)
        if self.isVisible():
            page.focus_question()
            self._led = page.title
            self._lead_later.start()
            announce(page, f"Step {STEPS.index(step) + 1} of {len(STEPS)}, {step.value}: {page.title.text_shown}")
        wizard.save_draft()

    @Slot()
    def _lead(self) -> None:
        """Give the focus to the next button as soon as it can be pressed, unless a person has taken it elsewhere."""
        here: QWidget | None = self.window().focusWidget()
        page = self.page(self.step)
        if self._led is None or here is None or not self.isAncestorOf(here):
            return
        # The question is where the focus rests when what had it is gone: no person has taken it there.
        if here not in (self._led, page.title) and can_have_focus(here):
            self._led = None
            return
        to = page.next_button() or self.frame.footer.go_on
        if to is not here and can_have_focus(to):
            self._led = to
            to.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(str)
    def say(self, words: str) -> None:
        """Something small was done: copied, saved."""
        if words:
            self.frame.footer.say(words)
            announce(self.frame.footer, words)

    # Going -------------------------------------------------------------------------------------------------------

    def step_back(self) -> bool:
        """The step before; on the first one, or while the program opens, the window goes back."""
        if self.wizard is None or self.step is SetupStep.SIGN_IN:
            return False
        back = self.frame.footer.back
        if back.isEnabled():
            back.click()
        else:
            self.shell.say("Changes are being made. Stop them first, then go back.", back)
        return True

    def step_on(self) -> bool:
        """Continue."""
        go_on = self.frame.footer.go_on
        if go_on.isEnabled():
            go_on.click()
        else:
            self.shell.say(go_on.why_off, go_on)
        return True

    @Slot()
    def _on_back(self) -> None:
        if self.session is not None and not self.writing:
            self.session.go_back()

    @Slot()
    def _on_undo(self) -> None:
        if self.session is not None and self.step not in {SetupStep.APPLY, SetupStep.VERIFY}:
            self.session.undo()
            self.say("The last answer was taken back")
        else:
            self.shell.say("Answers cannot be taken back any more: changes were made. Undo takes those back.")

    @Slot(int)
    def _on_step(self, index: int) -> None:
        if self.session is not None and not self.writing:
            self.session.go_to(STEPS[index])

    @Slot()
    def _on_continue(self) -> None:
        wizard = self.wizard
        if wizard is None or not self.frame.footer.go_on.isEnabled():
            return
        self.page(wizard.step).settle()
        self.refresh()
        wizard.resumed_at = ""
        step = wizard.step
        if step is SetupStep.VERIFY:
            wizard.finish()
            return
        blocked = any(problem.blocks for problem in wizard.problems)
        if step is SetupStep.REVIEW and not blocked:
            wizard.apply()
            return
        if wizard.session.go_on(blocked=blocked):
            return
        self._to_problem()

    @Slot()
    def _to_problem(self) -> None:
        """Go to what has to be put right first; the page says then what it only asked for before."""
        self._insisted = self.step
        self.refresh()
        found = self.page(self.step).focus_problem()
        if isinstance(found, FieldRow):
            self.frame.scroll_to(found.note)
        if found is not None:
            self.frame.scroll_to(found)

    @Slot()
    def _on_close(self) -> None:
        if self.wizard is not None:
            self.wizard.save_draft()
        self.shell.go_to(NavPage.CLUSTERS)
