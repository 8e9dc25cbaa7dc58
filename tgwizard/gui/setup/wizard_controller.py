"""What stands behind the pages of the wizard, from the moment the program is open: asking, writing, proving, keeping.

``SetupPage`` shows it. Nothing here knows a widget of the wizard, so that what a step shows, tells and is called in
its footer can be worked out from this alone.

``DraftKeeper`` keeps what was answered after every step, and finds it again when the wizard is opened the next
time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.guided import portal_path
from tgwizard.engine.jobs import JobGroup, Report
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.setup.draft import FILE_NAME, DraftRead, delete_draft, load_draft, save_draft
from tgwizard.engine.setup.export.formats import ExportKind, export
from tgwizard.engine.setup.plan_freshness import changed_since, is_stale, plan_differences
from tgwizard.engine.setup.validation import Fix, FixKind, StepProblem, incomplete_pair
from tgwizard.engine.setup.wizard_state import ReadNeeded, WizardState
from tgwizard.engine.setup.wizard_steps import plan_of, problems_of
from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.page import Shell
from tgwizard.gui.setup.apply_controller import ApplyController
from tgwizard.gui.setup.finish_setup import FinishSetup
from tgwizard.gui.setup.restart_dialog import HolderRestart, RestartDialog
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.undo_dialog import UndoDialog
from tgwizard.gui.setup.verify_controller import VerifyController
from tgwizard.gui.widgets.save_text import copy_text
from tgwizard.model.cluster import ResourceId, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.setup_plan import SetupPlan, WhoMay
from tgwizard.model.text import are, counted, format_estimate, sanitize


class DraftKeeper:
    """Reads, writes and deletes the draft, never in the window's own thread. ``problem``: why it could not."""

    def __init__(self, services: Services, on_change: Callable[[], None]) -> None:
        """`on_change` hears when there is a problem, or none any more."""
        self._services = services
        # One after the other: a draft that is being written must not be there again when it was deleted meanwhile.
        self._jobs = JobGroup(services.jobs, in_turn=True)
        self._on_change = on_change
        self.problem: Problem | None = None

    @property
    def file(self) -> Path:
        """Where the draft lies."""
        return self._services.state_dir / FILE_NAME

    def load(self, then: Callable[[DraftRead], None]) -> None:
        file = self.file

        def work(_report: Report[object], _token: CancelToken) -> DraftRead:
            return load_draft(file)

        def done(read: DraftRead) -> None:
            self.problem = read.problem
            then(read)

        self._jobs.begin("setup-file", work, done=done, failed=lambda problem: done(DraftRead(problem=problem)))

    def save(self, state: WizardState) -> None:
        """Write it."""
        file, now = self.file, self._services.clock.wall()

        def work(_report: Report[object], _token: CancelToken) -> None:
            save_draft(file, state, now)

        self._jobs.begin("setup-file", work, done=self._saved, failed=self._failed)

    def delete(self) -> None:
        """The set-up is done."""
        file = self.file

        def work(_report: Report[object], _token: CancelToken) -> None:
            delete_draft(file)

        self._jobs.begin("setup-file", work, done=self._saved, failed=self._failed)

    def _saved(self, _nothing: None) -> None:
        before, self.problem = self.problem, None
        if before is not None:
            self._on_change()

    def _failed(self, problem: Problem) -> None:
        self.problem = problem
        self._on_change()


_BOTH = 2


def holder_restart(vm: ResourceId, cluster: ClusterSetup, session: ClusterSession | None) -> HolderRestart:
    """What is asked before the holder restarts: with the failover that can come first, or why there is none."""
    other = next((member.name for member in cluster.members if member.vm != vm), "the other machine")
    asked = HolderRestart(sanitize(vm.name, 90), str(cluster.address), sanitize(other, 90))
    against = session.reason_against(Verb.GRACEFUL) if session is not None else None
    plan = session.plan(Verb.GRACEFUL) if session is not None else None
    if session is None or plan is None or plan.to.vm == vm or against is not None:
        return replace(asked, why_not=against.sentence() if against is not None else "the cluster is not read yet.")
    if session.guided(Verb.GRACEFUL):
        return replace(asked, moves=((f"Make {asked.other} active", f"{portal_path(plan.to)}; tgwizard watches"),))
    moves = tuple(
        (change.sentence, f"{change.who}: {change.method}, {format_estimate(change.predicted.usual_s)}")
        for change in plan.changes
    )
    return replace(asked, moves=moves)


class WizardController(QObject):
    """One set-up after the other, each with its session, its writing, its proof and its draft."""

    changed = Signal()
    """Something that is shown has changed."""
    said = Signal(str)
    """Something small was done: copied, saved."""
    settled = Signal()
    """What was being written has ended."""

    def __init__(self, shell: Shell, opened: OpenedProgram, over: QWidget) -> None:
        """Ask nothing before `begin`. `over` is where a file dialog opens."""
        super().__init__(over)
        self.shell = shell
        session = self.session = SetupSession(opened.services, self._saved, self)
        self.applier = ApplyController(opened.services, self)
        self.verifier = VerifyController(opened.services, self)
        self.ending = FinishSetup(shell, opened.services.jobs, self.verifier, over)
        self.drafts = DraftKeeper(opened.services, self.changed.emit)
        self.plan: SetupPlan | None = None
        self.problems: tuple[StepProblem, ...] = ()
        self.by_hand = False
        self.picked: tuple[ResourceId, ...] | None = None
        """What is ticked in the list of machines, while it is not two; the answer before it stays."""
        self.resumed_at = ""
        self.outdated: Problem | None = None
        self._to_apply: tuple[SetupPlan, float] | None = None
        self._begun = False
        self._epoch = opened.lab_epoch
        for changed in (session.changed, self.applier.changed, self.verifier.changed, self.ending.changed):
            changed.connect(self.changed)
        self.ending.said.connect(self.said)
        session.changed.connect(self._on_changed)
        session.moved.connect(self._on_moved)
        session.account.signed_in.connect(self._on_signed_in)
        self.applier.ended.connect(self._on_ended)
        self.verifier.settled.connect(self.settled)

    def _saved(self) -> tuple[ClusterSetup, ...]:
        return tuple(one.setup for one in self.shell.sessions.values())

    # Beginning and forgetting ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Read the draft and ask the first question; once for every set-up."""
        if not self._begun:
            self._begun = True
            self.drafts.load(self._on_draft)

    def _on_draft(self, read: DraftRead) -> None:
        self.resumed_at = read.draft.saved_at if read.draft is not None and read.draft.done else ""
        if read.draft is not None:
            self.applier.look_back(read.draft.answers)
        self.session.begin(read.draft)

    def clusters_changed(self, opened: OpenedProgram) -> bool:
        """Another world of the lab has other machines: nothing that was answered or read holds there. Whether it is."""
        if opened.lab_epoch == self._epoch:
            return False
        self._epoch = opened.lab_epoch
        self._forget()
        self.session.rest()
        self._begun = False
        return True

    def start_over(self) -> None:
        """Forget every answer and begin at the first step; what was made in Azure stays."""
        if not self.writing:
            self._forget()
            self.session.begin(None)

    def finish(self) -> None:
        """The cluster is saved; its page opens, and the wizard is ready for another one."""
        self.ending.finish()
        if self.ending.session is not None:
            self._forget()
            self.session.rest()
            self._begun = False

    def _forget(self) -> None:
        self.drafts.delete()
        self.resumed_at, self.by_hand, self.picked, self.plan = "", False, None, None
        self.outdated = self._to_apply = None
        self.applier.forget()
        self.verifier.forget()
        self.ending.forget()

    def save_draft(self) -> None:
        """Keep the answers, if there are any."""
        if self.session.wizard_state.done:
            self.drafts.save(self.session.wizard_state)

    @Slot()
    def _on_signed_in(self) -> None:
        """What could not be read before can be read now."""
        self.shell.watching.read_now()

    # What is so now ----------------------------------------------------------------------------------------------

    @property
    def step(self) -> SetupStep:
        """The step shown."""
        return self.session.wizard_state.step

    @property
    def locked(self) -> bool:
        """Whether the window is read-only."""
        return self.shell.lock.locked

    @property
    def writing(self) -> bool:
        """Whether a change may be written now."""
        return self.applier.running

    @property
    def writing_words(self) -> str:
        """How far the writing is, in one sentence; empty when nothing is written and no machine is restarted."""
        if not self.writing:
            return self.verifier.restarting_words
        applying = self.applier.applying
        verb, total = "undone" if applying.undoing else "made", len(applying.rows)
        return f"{applying.done} of {counted(total, 'change')} {are(total)} {verb}."

    def judge(self) -> None:
        """Work out what is wrong with the step, and what the plan is when it is reviewed."""
        session = self.session
        self.problems = session.once("problems", lambda: problems_of(session.wizard_state))
        if self.step is SetupStep.MACHINES and self.picked is not None:
            self.problems = (incomplete_pair(len(self.picked)),)
        if self.step is SetupStep.REVIEW:
            self.plan = session.once("plan", lambda: plan_of(session.wizard_state))
        elif self.step is SetupStep.VERIFY and self.plan is None and session.at_rest:
            # Reopened where it was left: what is to be proven follows from what was read again.
            self.plan = plan_of(session.wizard_state)
            if self.plan is not None:
                self.verifier.begin(self.plan, session.shown)

    # Doing -------------------------------------------------------------------------------------------------------

    def read_again(self) -> None:
        """F5."""
        if self.writing:
            return
        if self.step is SetupStep.VERIFY:
            self.verifier.look()
        else:
            self.session.read_again()

    def name_by_hand(self) -> None:
        """Let the machines be chosen one by one instead of as a pair."""
        self.by_hand = True
        self.changed.emit()

    def choose_pair(self, machines: tuple[ResourceId, ResourceId]) -> None:
        """Take a pair that was offered, also after others were ticked in the list."""
        self.by_hand, self.picked = False, None
        self.session.answer(machines=machines)

    def pick_by_hand(self, machines: tuple[ResourceId, ...]) -> None:
        """Take what is ticked in the list: two are an answer, and fewer keep one from going on."""
        self.picked = None if len(machines) == _BOTH else machines
        if self.picked is None:
            self.session.answer(machines=machines)
        else:
            self.changed.emit()

    @Slot()
    def stop_writing(self) -> None:
        """Begin no further change."""
        if self.writing:
            self.applier.stop()
        self.verifier.stop_waiting()

    def apply(self) -> None:
        """Make the changes of the plan that was reviewed, and show how they go."""
        plan, session = self.plan, self.session
        if plan is None or (self.locked and plan.writing):
            return
        self.outdated = None
        if plan.writing and is_stale(session.wizard_state, session.now()):
            self._to_apply = plan, session.read_age_s or 0.0
            session.read_again()
            self.said.emit("The plan is older than 5 minutes. Azure is read again before anything is written.")
            return
        self._carry_out(plan)

    def _carry_out(self, plan: SetupPlan) -> None:
        session = self.session
        if plan.writing:
            self._write(plan)
        session.go_on(blocked=False)
        if not plan.writing:
            session.go_on(blocked=False)

    @Slot()
    def _on_changed(self) -> None:
        """Go on with an apply that waited for a fresh plan, if the plan is still the one that was shown."""
        waiting, session = self._to_apply, self.session
        if waiting is None or not session.at_rest:
            return
        self._to_apply = None
        plan, age_s = waiting
        now = plan_of(session.wizard_state)
        if now is None or session.trouble(ReadNeeded.INVENTORY, ReadNeeded.FACTS) or self.locked:
            # What could not be read is told at its place; nothing was written.
            return
        found = plan_differences(plan, now)
        if found:
            self.outdated = changed_since(found, age_s)
        elif self.step is SetupStep.REVIEW and not any(one.blocks for one in problems_of(session.wizard_state)):
            self._carry_out(now)

    @Slot()
    def _on_moved(self) -> None:
        """Whoever goes elsewhere does not apply any more. A review begins with a plan that is true now."""
        self.picked = None
        self.outdated = self._to_apply = None
        if self.step is SetupStep.REVIEW and is_stale(self.session.wizard_state, self.session.now()):
            self.session.read_again()

    @Slot()
    def apply_again(self) -> None:
        """Make what is left: every change is looked at again first."""
        plan = self.applier.plan
        if plan is not None and not self.locked:
            self._write(plan)

    def _write(self, plan: SetupPlan) -> None:
        only_mine = any(change.right.who is WhoMay.OTHERS for change in plan.writing)
        self.applier.apply(plan, self.session.shown, only_mine=only_mine)

    @Slot()
    def ask_undo(self) -> None:
        """Show what undo would take back, and ask."""
        if self.writing:
            return
        session, answers = self.session, self.session.shown
        try:
            plain = self.applier.undoable(answers, identities=False)
            whole = self.applier.undoable(answers, identities=True)
        except UserError as error:
            self.said.emit(error.problem.sentence())
            return

        def undo(identities: bool) -> None:
            session.go_to(SetupStep.APPLY)
            self.verifier.forget()
            self.applier.undo(answers, whole if identities else plain, identities=identities)

        def make(over: QWidget) -> UndoDialog:
            sheet = UndoDialog(self.shell.theme, over, plain, whole, self.shell.lock)
            sheet.undo_asked.connect(undo)
            return sheet

        self.shell.show_dialog(make)

    def ask_restart(self, vm: ResourceId) -> None:
        """Restart a machine; ask first when that takes the address away."""
        session, cluster = self.ending.session, self.ending.cluster
        if not self.verifier.holds(vm, session.snapshot if session is not None else None) or cluster is None:
            self.verifier.restart(vm)
            return
        asked, shell = holder_restart(vm, cluster, session), self.shell

        def move() -> None:
            plan = session.plan(Verb.GRACEFUL) if session is not None else None
            if session is not None and plan is not None and plan.to.vm != vm:
                self.verifier.fail_over_then_restart(vm, session, plan.to)

        def make(over: QWidget) -> RestartDialog:
            sheet = RestartDialog(shell.theme, over, asked, shell.lock)
            sheet.restart_asked.connect(partial(self.verifier.restart, vm))
            # After the sheet is gone: what begins then is told on the page.
            sheet.move_asked.connect(lambda: QTimer.singleShot(0, self, move))
            return sheet

        shell.show_dialog(make)

    @Slot()
    def _on_ended(self) -> None:
        self.session.read_facts_again()
        self.settled.emit()

    def take_fix(self, fix: Fix) -> None:
        """Do what a button of a problem says."""
        session = self.session
        match fix.kind:
            case FixKind.PLANNED:
                self.said.emit("It is part of the plan; Apply does it")
            case FixKind.READ_AGAIN:
                session.read_again()
            case FixKind.SIGN_IN_AGAIN:
                session.go_to(SetupStep.SIGN_IN)
            case FixKind.HAND_OVER:
                plan = plan_of(session.wizard_state)
                if plan is not None:
                    request = export(ExportKind.REQUEST, plan, session.shown)
                    self.said.emit(copy_text(request, "A request was copied: it says who needs what, where and why"))
            case _:
                session.fix(fix)
