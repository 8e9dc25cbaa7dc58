"""The place "Set up a cluster": the wizard in its frame, bound to its session."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from tgwizard.engine.setup.cures import Cure, CureKind, StepProblem
from tgwizard.engine.setup.draft import DraftRead
from tgwizard.engine.setup.export.formats import ExportKind, export
from tgwizard.engine.setup.flow import STEPS
from tgwizard.engine.setup.walk import plan_of, problems_of
from tgwizard.gui.kit.accessible import announce
from tgwizard.gui.opened import Opened
from tgwizard.gui.places import Place
from tgwizard.gui.setup.answering import connect_pages
from tgwizard.gui.setup.applier import Applier
from tgwizard.gui.setup.beside import portal_shown
from tgwizard.gui.setup.ending import Ending
from tgwizard.gui.setup.errands import Errand, Hear, Kind
from tgwizard.gui.setup.foot import show_foot
from tgwizard.gui.setup.frame import WizardFrame
from tgwizard.gui.setup.keeping import Keeping
from tgwizard.gui.setup.list_words import promise_words, steps_shown
from tgwizard.gui.setup.pages import Pages
from tgwizard.gui.setup.session import STALE_S, SetupSession
from tgwizard.gui.setup.show_machines import interface_shown, machines_shown, sign_in_shown, subscriptions_busy
from tgwizard.gui.setup.show_plan import address_shown, review_shown, role_shown, scope_shown
from tgwizard.gui.setup.show_verify import verify_shown
from tgwizard.gui.setup.told import extra_told, told_of
from tgwizard.gui.setup.undo_sheet import UndoSheet
from tgwizard.gui.setup.verifier import Verifier
from tgwizard.gui.shell import PlacePage, Shell
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.setup_plan import SetupPlan, WhoMay

TICK_MS = 1000


class SetupPage(PlacePage):
    """Everything of the wizard that a person sees. Built when it is first wanted."""

    fills_window = True

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        """Say that the program is opening."""
        super().__init__(parent)
        self.shell = shell
        self.session: SetupSession | None = None
        self.plan: SetupPlan | None = None
        self.problems: tuple[StepProblem, ...] = ()
        self.by_hand = False
        self.resumed_at = ""
        self._insisted: SetupStep | None = None
        self._begun = False
        self._epoch = 1
        theme = shell.theme
        self.pages = Pages(theme)
        self.frame = WizardFrame(theme, self.pages.in_order, is_lab=shell.surroundings.is_lab)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.frame)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.refresh)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self.frame.back_asked.connect(self._on_back)
        self.frame.on_asked.connect(self._on_continue)
        self.frame.close_asked.connect(self._on_close)
        self.frame.undo_asked.connect(self._on_undo)
        self.frame.step_asked.connect(self._on_step)
        self.frame.panel.copied.connect(self.say)
        shell.lock.changed.connect(self._on_lock)
        self.frame.side.lock.clicked.connect(shell.ask_lock)
        self._on_lock()
        self.setAccessibleName("Set up a cluster")

    # Opening -----------------------------------------------------------------------------------------------------

    def show_opened(self, opened: Opened) -> None:
        """The program is open: the wizard can ask."""
        self._epoch = opened.lab_epoch
        session = SetupSession(opened.services, self.shell.bridge.own, self._saved, self)
        self.session = session
        self.applier = Applier(opened.services, session.errands, self)
        self.verifier = Verifier(opened.services, session.errands, self)
        self.ending = Ending(self, self.shell, self.verifier)
        self.keeping = Keeping(opened.services, session.errands, self._soon)
        self.shell.bridge.happened.connect(session.take)
        session.changed.connect(self._soon)
        session.account.signed_in.connect(self._on_signed_in)
        session.moved.connect(self._on_moved)
        self.applier.changed.connect(self._soon)
        self.applier.ended.connect(self._on_ended)
        self.verifier.changed.connect(self._soon)
        self.shell.watching.changed.connect(self._soon)
        connect_pages(self, self.pages, session)
        if self.isVisible():
            self._begin()

    def _saved(self) -> tuple[ClusterSetup, ...]:
        return tuple(one.setup for one in self.shell.sessions.values())

    def _begin(self) -> None:
        if not self._begun and self.session is not None:
            self._begun = True
            self.keeping.load(self._on_draft)

    def _on_draft(self, read: DraftRead) -> None:
        session = self.session
        if session is None:
            return
        self.resumed_at = read.draft.saved_at if read.draft is not None and read.draft.done else ""
        session.begin(read.draft)

    def clusters_changed(self, opened: Opened) -> None:
        """Another world of the lab has other machines: nothing that was answered or read holds there."""
        if self.session is None or opened.lab_epoch == self._epoch:
            return
        self._epoch = opened.lab_epoch
        self._forget()
        self.session.rest()
        self._begun = False
        if self.isVisible():
            self._begin()

    def start_over(self) -> None:
        """Forget every answer and begin at the first step; what was made in Azure stays."""
        if self.session is None or self.applier.running:
            return
        self._forget()
        self.session.begin(None)

    def _forget(self) -> None:
        self.keeping.delete()
        self.resumed_at, self.by_hand, self.plan = "", False, None
        self.applier.forget()
        self.verifier.forget()
        self.ending.forget()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the first look; ages tick while it is looked at."""
        super().showEvent(event)
        self._tick.start()
        self._begin()
        self._soon()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._tick.stop()

    def ask_sign_in(self) -> None:
        """Open the first step, unless Azure is being written to."""
        if self.session is not None and not self.writing:
            self.session.go_to(SetupStep.SIGN_IN)

    def _on_signed_in(self) -> None:
        """What could not be read before can be read now."""
        self.shell.watching.read_now()

    def read_again(self) -> None:
        """F5."""
        if self.session is not None and not self.writing:
            if self.step is SetupStep.VERIFY:
                self.verifier.look()
            else:
                self.session.read_again()

    @property
    def writing(self) -> bool:
        """Whether a change may be written now."""
        return self.session is not None and self.applier.running

    @property
    def writing_words(self) -> str:
        """How far the writing is, in one sentence; empty when nothing is written."""
        if not self.writing:
            return ""
        applying = self.applier.applying
        verb = "undone" if applying.undoing else "made"
        return f"{applying.done} of {len(applying.rows)} changes are {verb}."

    def stop_writing(self) -> None:
        """Begin no further change."""
        if self.writing:
            self.applier.stop()

    @property
    def step(self) -> SetupStep:
        """The step shown."""
        return SetupStep.SIGN_IN if self.session is None else self.session.flow.step

    def begin_errand(self, kind: Kind, errand: Errand, *, done: Hear, failed: Callable[[Problem], None]) -> None:
        """Work for this page, on a thread."""
        if self.session is not None:
            self.session.errands.begin(kind, errand, done=done, failed=failed)

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
        session = self.session
        if session is None:
            return
        step, locked = session.flow.step, self.shell.lock.locked
        self.problems = session.once("problems", lambda: problems_of(session.flow))
        if step is SetupStep.REVIEW:
            self.plan = session.once("plan", lambda: plan_of(session.flow))
        self._show_step(step, session, locked=locked)
        told = (*extra_told(self), *told_of(session, self.problems, self.take_cure, insisted=self._insisted is step))
        if step is SetupStep.MACHINES:
            self.pages.machines.under_pair.tell(told)
        else:
            self.pages.of(step).problems.tell(told)
        side = self.frame.side
        side.show_cluster(session.shown.name)
        side.show_steps(steps_shown(session, self.applier, problem=bool(told)))
        side.promise.say(*promise_words(self.applier, locked=locked))
        self.frame.show_portal(session.once("portal", lambda: portal_shown(session)))
        show_foot(self, session, self.applier, locked=locked)

    def _show_step(self, step: SetupStep, session: SetupSession, *, locked: bool) -> None:
        pages = self.pages
        match step:
            case SetupStep.SIGN_IN:
                pages.sign_in.show_sign_in(sign_in_shown(session, is_lab=self.shell.surroundings.is_lab))
            case SetupStep.SUBSCRIPTION:
                chosen = session.shown.subscription.id if session.shown.subscription is not None else ""
                busy = subscriptions_busy(session)
                pages.subscription.show_subscriptions(session.flow.subscriptions or (), chosen, busy)
            case SetupStep.MACHINES:
                pages.machines.show_machines(machines_shown(session, by_hand=self.by_hand))
            case SetupStep.INTERFACE:
                pages.interface.show_interfaces(interface_shown(session))
            case SetupStep.FLOATING_IP:
                pages.floating_ip.show_address(address_shown(session))
            case SetupStep.ROLE:
                pages.role.show_role(role_shown(session))
            case SetupStep.SCOPE:
                pages.scope.show_scopes(scope_shown(session))
            case SetupStep.REVIEW:
                pages.review.show_review(review_shown(session, self.plan))
            case SetupStep.APPLY:
                place = "the lab" if self.shell.surroundings.is_lab else "Azure"
                pages.apply.show_applying(self.applier.applying, session.now(), place)
            case SetupStep.VERIFY:
                machines = session.shown.machines or ()
                watched = self.ending.session
                ready = watched is not None and watched.snapshot is not None
                shown = verify_shown(self.verifier, self.plan, machines, locked=locked, session_ready=ready)
                pages.verify.show_verify(shown)

    @Slot()
    def _on_moved(self) -> None:
        """Another step: its page from the top, the focus on its question."""
        session, step = self.session, self.step
        if session is None:
            return
        self._insisted = None
        if step is SetupStep.VERIFY and self.plan is not None:
            self.verifier.begin(self.plan, session.shown)
        self.refresh()
        self.frame.show_page(STEPS.index(step), full_width=step is SetupStep.VERIFY)
        page = self.pages.of(step)
        if self.isVisible():
            page.focus_question()
            announce(page, f"Step {STEPS.index(step) + 1} of {len(STEPS)}, {step.value}: {page.title.text_shown}")
        if session.flow.done:
            self.keeping.save(session.flow)

    @Slot(str)
    def say(self, words: str) -> None:
        """Something small was done: copied, saved."""
        if words:
            self.frame.footer.say(words)
            announce(self.frame.footer, words)

    # Going -------------------------------------------------------------------------------------------------------

    @Slot()
    def _on_back(self) -> None:
        if self.session is not None and not self.writing:
            self.session.go_back()

    @Slot()
    def _on_undo(self) -> None:
        if self.session is not None and self.step not in {SetupStep.APPLY, SetupStep.VERIFY}:
            self.session.undo()
            self.say("The last answer was taken back")

    @Slot(int)
    def _on_step(self, index: int) -> None:
        if self.session is not None and not self.writing:
            self.session.go_to(STEPS[index])

    @Slot()
    def _on_continue(self) -> None:
        session = self.session
        if session is None or not self.frame.footer.go_on.isEnabled():
            return
        self.refresh()
        self.resumed_at = ""
        step = session.flow.step
        if step is SetupStep.VERIFY:
            self._finish()
            return
        blocked = any(problem.blocks for problem in self.problems)
        if step is SetupStep.REVIEW and not blocked:
            self._apply(session)
            return
        if session.go_on(blocked=blocked):
            return
        self._insisted = step
        self.refresh()
        box = self.pages.of(step).focus_problem()
        if box is not None:
            self.frame.scroll_to(box)

    def _apply(self, session: SetupSession) -> None:
        plan = self.plan
        if plan is None or (self.shell.lock.locked and plan.writing):
            return
        if session.facts_age_s is not None and session.facts_age_s > STALE_S:
            session.read_facts_again()
            self.say("The plan was older than 5 minutes. It is compared again; press Apply when it has been.")
            return
        if plan.writing:
            only_mine = any(change.right.who is WhoMay.OTHERS for change in plan.writing)
            self.applier.apply(plan, session.shown, only_mine=only_mine)
        session.go_on(blocked=False)
        if not plan.writing:
            session.go_on(blocked=False)

    @Slot()
    def apply_again(self) -> None:
        """Make what is left: every change is looked at again first."""
        session, plan = self.session, self.applier.plan
        if session is not None and plan is not None and not self.shell.lock.locked:
            only_mine = any(change.right.who is WhoMay.OTHERS for change in plan.writing)
            self.applier.apply(plan, session.shown, only_mine=only_mine)

    @Slot()
    def ask_undo(self) -> None:
        """Show what undo would take back, and ask."""
        session = self.session
        if session is None or self.writing:
            return
        answers = session.shown
        try:
            plain = self.applier.undoable(answers, identities=False)
            whole = self.applier.undoable(answers, identities=True)
        except UserError as error:
            self.say(error.problem.sentence())
            return

        def undo(identities: bool) -> None:
            session.go_to(SetupStep.APPLY)
            self.verifier.forget()
            self.applier.undo(answers, whole if identities else plain, identities=identities)

        def make(over: QWidget) -> UndoSheet:
            sheet = UndoSheet(self.shell.theme, over, plain, whole, self.shell.lock)
            sheet.undo_asked.connect(undo)
            return sheet

        self.shell.show_dialog(make)

    @Slot()
    def _on_ended(self) -> None:
        session = self.session
        if session is not None:
            session.read_facts_again()
        self.settled.emit()

    @Slot()
    def _on_close(self) -> None:
        if self.session is not None and self.session.flow.done:
            self.keeping.save(self.session.flow)
        self.shell.go_to(Place.CLUSTERS)

    def _finish(self) -> None:
        """The cluster is saved; its page opens, and the wizard is ready for another one."""
        ending = self.ending
        ending.finish()
        if ending.session is not None and self.session is not None:
            self._forget()
            self.session.rest()
            self._begun = False

    # Cures -------------------------------------------------------------------------------------------------------

    def take_cure(self, cure: Cure) -> None:
        """Do what a button of a problem says."""
        session = self.session
        if session is None:
            return
        match cure.kind:
            case CureKind.PLANNED:
                self.say("It is part of the plan; Apply does it")
            case CureKind.READ_AGAIN:
                session.read_again()
            case CureKind.SIGN_IN_AGAIN:
                session.go_to(SetupStep.SIGN_IN)
            case CureKind.HAND_OVER:
                plan = plan_of(session.flow)
                if plan is not None:
                    QApplication.clipboard().setText(export(ExportKind.REQUEST, plan, session.shown))
                    self.say("A request was copied: it says who needs what, where and why")
            case _:
                session.cure(cure)
