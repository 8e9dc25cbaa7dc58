"""The question before a failover: now and after, the exact calls, the gap to scale, and whether it may be done.

Cancel is the default and Enter never starts anything. The verb button is off until the pre-flight has ended without
a block and, for forced, until the cluster's name was typed.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetricsF, QGuiApplication
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.failover.failover_command_line import failover_command
from tgwizard.engine.failover.failover_plan import FailoverPlan
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.cluster_view_model import checks_shown, findings_state
from tgwizard.gui.failover.move_preview import MovePreview
from tgwizard.gui.failover.plan_view import axis_shown, calls_shown, move_shown, ticket
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.badges import Pill, Tag
from tgwizard.gui.widgets.buttons import Button, ButtonKind, StartButton
from tgwizard.gui.widgets.cards import Surface
from tgwizard.gui.widgets.check_rows import CheckRow, CheckRows, CheckShown, ChecksShown, FoldLine, NoticeBox
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.layouts import clear
from tgwizard.gui.widgets.option_card import ChoiceCard
from tgwizard.gui.widgets.request_table import RequestTable, TimeAxis
from tgwizard.gui.widgets.switch import Switch
from tgwizard.gui.widgets.text_inputs import TextField
from tgwizard.gui.widgets.tick_box import TickBox
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.failover_events import PreflightCompleted
from tgwizard.model.failover_options import NO_FENCE, Fence, FenceRequest, RunIntent, StopMethod, Strategy
from tgwizard.model.finding import Finding, Level, Readiness
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import STOPPED
from tgwizard.model.text import format_age, format_estimate


class CheckPlaces:
    """Rows in two columns of a grid, filled down the first, then down the second."""

    def __init__(self, theme: Theme, owner: QWidget) -> None:
        self._theme = theme
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(18)
        self.grid.setVerticalSpacing(6)
        self.grid.setColumnStretch(0, 1)
        self.grid.setColumnStretch(1, 1)
        self._places: dict[QWidget, tuple[int, int, int, int]] = {}
        self.list = CheckRows(owner, self._make, self._put)

    def _make(self, check: CheckShown) -> CheckRow:
        return CheckRow(self._theme, check.shape, check.fact, check.evidence, quiet=True)

    def _put(self, row: CheckRow, index: int, count: int) -> None:
        half = (count + 1) // 2
        place = (index % half, index // half, 1, 2 if count == 1 else 1)
        if self._places.get(row) != place:
            self._places[row] = place
            self.grid.removeWidget(row)
            self.grid.addWidget(row, *place, Qt.AlignmentFlag.AlignTop)


NAME_BESIDE = 32
"""A longer name of a cluster stands above the field in which it is typed."""

ROOM_FOR = 3
"""How many lines of checks there is room for before the first answer."""


class CheckGrid(Surface):
    """What wants attention, then one line for all that passed, which opens. Its room is there before the answer."""

    def __init__(self, theme: Theme, room_for: int = ROOM_FOR) -> None:
        """Empty, with room for so many lines of checks."""
        super().__init__(theme)
        self.setAccessibleName("Checks before the failover")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 9)
        column.setSpacing(theme.px(4))
        self._worse, self._calm = CheckPlaces(theme, self), CheckPlaces(theme, self)
        self.fold = FoldLine(theme)
        self.fold.toggled.connect(self._on_fold)
        column.addLayout(self._worse.grid)
        column.addWidget(self.fold)
        column.addLayout(self._calm.grid)
        column.addStretch(1)
        self._shown = ChecksShown()
        line = QFontMetricsF(theme.font(TextRole.CAPTION)).lineSpacing() + 6
        self.setMinimumHeight(round(room_for * line) + self.fold.sizeHint().height() + theme.px(4) + 17)

    @property
    def rows(self) -> tuple[CheckRow, ...]:
        """The rows shown, in their order."""
        return (*self._worse.list.rows, *self._calm.list.rows)

    def show_checks(self, checks: ChecksShown) -> None:
        """Show these; a row that is there already only changes its words and its place."""
        self._shown = checks
        self.fold.say(checks.shape, checks.words, checks.folded_facts)
        self.fold.setEnabled(bool(checks.calm))
        self._worse.list.show(checks.rows)
        self._calm.list.show(checks.calm if self.fold.isChecked() else ())

    @Slot()
    def _on_fold(self) -> None:
        self.show_checks(self._shown)


class FenceChoice(QWidget):
    """Two cards and, beside the second, what to do when the stop fails. `changed` carries the wish."""

    changed = Signal(object)

    def __init__(self, theme: Theme, losing: Member, parent: QWidget | None = None) -> None:
        """About `losing`, which runs."""
        super().__init__(parent)
        name, predicted = losing.name, StopMethod.POWER_OFF.predicted
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        self.nothing = ChoiceCard(
            theme,
            "Do nothing",
            f"Enough when {name} is known to be dead; it may take the address back",
            "+0 s",
            "no extra rights",
        )
        self.stop = ChoiceCard(
            theme,
            f"Stop {name} first",
            f"For when {name} may still be working: it serves nothing until someone starts it",
            f"+{format_estimate(predicted.usual_s)}, slowest {format_estimate(predicted.slowest_s)}",
            "needs virtualMachines/powerOff or deallocate",
        )
        self.nothing.setChecked(True)
        self._group = QButtonGroup(self)
        for card in (self.nothing, self.stop):
            self._group.addButton(card)
            rows.addWidget(card)
            card.toggled.connect(self._on_change)
        words = f"Fail over even if {name} cannot be stopped"
        self.optional = TickBox(theme, words)
        self.optional.hide()
        self.optional.toggled.connect(self._on_change)
        rows.addWidget(self.optional)
        self._emitted = NO_FENCE

    @property
    def fence_request(self) -> FenceRequest:
        """What is chosen now."""
        if not self.stop.isChecked():
            return NO_FENCE
        return FenceRequest(Fence.STOP, self.optional.isChecked())

    @Slot(bool)
    def _on_change(self, _on: bool) -> None:
        self.optional.setVisible(self.stop.isChecked())
        if self.fence_request != self._emitted:
            self._emitted = self.fence_request
            self.changed.emit(self._emitted)


RECHECK_AFTER_S = 10.0
"""A pre-flight older than this runs again by itself (gui/README.md 9, Confirm)."""


@dataclass(frozen=True, slots=True)
class FailoverChoice:
    """The answer: whether what is not known is accepted, which fence was chosen, and which strategy.

    `to_dead_machine`: it was consented that the address goes to a member that cannot serve it.
    """

    accept_unknown: bool = False
    fence: FenceRequest = NO_FENCE
    strategy: Strategy = Strategy.DETACH_ATTACH
    to_dead_machine: bool = False


class ConfirmDialog(Sheet):
    """Asks once; the answer is the signal `confirmed(Confirmed)`, or nothing."""

    keeps_height = True
    confirmed = Signal(object)
    help_topic = "failover"

    def __init__(
        self, theme: Theme, window: QWidget, session: ClusterSession, plan: FailoverPlan, options: str = ""
    ) -> None:
        """Ask about `plan`; the pre-flight starts as soon as the question is built, which takes some turns.

        `options`: what a command needs besides, to mean this environment.
        """
        self._options = options
        graceful = plan.verb is Verb.GRACEFUL
        name = session.setup.name
        self._repairs = session.repairs(plan.verb)
        verb = "Repair" if self._repairs else "Fail over" if graceful else "Force"
        middle = "in Azure: move the address" if self._repairs else ""
        title = " ".join(part for part in (verb, name, middle, f"to {plan.to.name}?") if part)
        super().__init__(theme, window, title, _lead(plan, live_repair=self._repairs and not session.setup.is_lab))
        self._session = session
        self._plan = plan
        self._findings: Readiness | None = None
        self._explained: set[Finding] = set()
        self._checked_at: float | None = None
        self._matches = graceful
        self._accept: TickBox | None = None
        self._started = False
        self._fence = NO_FENCE
        self._strategy = Strategy.DETACH_ATTACH
        state = session.state
        self._consent = (
            state.forced.consent if state is not None and not graceful and state.forced.needs_consent else ""
        )
        self.consent: TickBox | None = None
        self.pill = Pill(theme, Shape.WAITING, "Asking Azure")
        if session.setup.is_lab:
            self.head.addWidget(Tag(theme, "Lab", edge=True), 0, Qt.AlignmentFlag.AlignVCenter)
        self.head.addWidget(self.pill, 0, Qt.AlignmentFlag.AlignVCenter)
        self.body.addWidget(MovePreview(theme, move_shown(plan, session.setup)))
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._on_tick)
        session.run_began.connect(self.reject)
        consent = (self._add_consent,) if self._consent else ()
        forced = () if graceful else (*consent, self._add_warnings, self._add_fence)
        typed = () if graceful else (self._add_typed_name,)
        self.build_in_turns(*forced, self._add_calls, self._add_strategy, *typed, self._add_checks, self._ask)

    def _ask(self) -> None:
        """Everything is there: the pre-flight begins."""
        self._build_buttons()
        self._session.checked.connect(self._on_checked)
        self._check()
        self._tick.start()
        self._show_start()

    def _check(self) -> None:
        dead = bool(self._consent)
        self._session.check(self._plan.to, self._plan.verb, self._fence, self._strategy, to_dead_machine=dead)

    # Building ----------------------------------------------------------------------------------------------------

    def _section(self, title: str, note: str, token: Token = Token.TEXT2) -> TextLabel:
        large = self._theme.text_scale >= LARGE_TEXT
        row = QVBoxLayout() if large else QHBoxLayout()
        row.addWidget(TextLabel(self._theme, title, TextRole.SECTION))
        if not large:
            row.addStretch(1)
        role = TextRole.CAPTION_STRONG if token is Token.BAD else TextRole.CAPTION
        label = TextLabel(self._theme, note, role, token, wrap=large)
        row.addWidget(label)
        self.body.addLayout(row)
        return label

    def _add_warnings(self) -> None:
        state = self._session.state
        if state is None:
            return
        fix = "Graceful failover is ready and is the better choice." if state.graceful.possible else ""
        for finding in state.of(self._plan.verb).findings.findings:
            if finding.level is Level.WARNS:
                self._explained.add(finding)
                why = self._sentence(finding.evidence)
                self.body.addWidget(NoticeBox(self._theme, Shape.WARNING, finding.fact, f"{why} {fix}".strip()))

    def _sentence(self, evidence: str) -> str:
        """Evidence as a sentence; a member's name keeps its spelling."""
        named = any(evidence.startswith(member.name) for member in self._session.setup.members)
        first = evidence[:1] if named else evidence[:1].upper()
        return f"{first}{evidence[1:]}." if evidence else ""

    def _add_consent(self) -> None:
        """The sentence of its own that a move to a dead machine needs."""
        self.consent = TickBox(self._theme, self._consent)
        self.consent.toggled.connect(self._on_accept)
        self.body.addWidget(self.consent)

    def _live(self) -> Readiness | None:
        """What is known before Azure was asked."""
        state = self._session.state
        return None if state is None else state.of(self._plan.verb).findings

    def _add_fence(self) -> None:
        losing, snapshot = self._plan.losing, self._session.snapshot
        if losing is None or snapshot is None or snapshot.seen(losing).power in STOPPED:
            return  # a member that is down cannot come back by itself
        if self._consent:
            return  # the target is down: to stop the other as well would leave no member running
        self._section(f"Keep {losing.name} from coming back", "")
        self.fence = FenceChoice(self._theme, losing)
        self.fence.changed.connect(self._on_fence)
        self.body.addWidget(self.fence)

    def _add_calls(self) -> None:
        plan = self._plan
        graceful = plan.verb is Verb.GRACEFUL
        if graceful:
            self._cost = self._section("What will be sent", plan.gap.basis)
        else:
            self._cost = self._section("What will be sent", self._cost_words(), Token.BAD)
        self._calls = QVBoxLayout()
        self._calls.addWidget(RequestTable(self._theme, calls_shown(plan)))
        self.body.addLayout(self._calls)
        if graceful:
            spans, gap = axis_shown(plan)
            self._axis = TimeAxis(self._theme, spans, gap)
            self.body.addWidget(self._axis)

    def _add_strategy(self) -> None:
        if self._plan.losing is not None:
            risk = "A preview of Azure's, not tried on Azure itself yet; refused, it falls back to the calls above."
            self.at_once = Switch(self._theme, "Move it in one call", risk)
            self.at_once.toggled.connect(self._on_at_once)
            self.body.addWidget(self.at_once)

    def _cost_words(self) -> str:
        return f"{format_estimate(self._plan.predicted_s)} in all, gap {format_estimate(self._plan.gap.usual_s)}"

    @Slot(object)
    def _on_fence(self, fence_request: FenceRequest) -> None:
        """Another fence is another plan, with checks of its own."""
        self._fence = fence_request
        self._plan_anew()

    @Slot(bool)
    def _on_at_once(self, on: bool) -> None:
        """Another strategy is another plan, too."""
        self._strategy = Strategy.ATOMIC if on else Strategy.DETACH_ATTACH
        self._plan_anew()

    def _plan_anew(self) -> None:
        plan = self._session.plan(self._plan.verb, self._fence, self._strategy)
        if plan is not None and plan.to == self._plan.to:
            self._plan = plan
            clear(self._calls)
            self._calls.addWidget(RequestTable(self._theme, calls_shown(plan)))
            if plan.verb is Verb.GRACEFUL:
                self._cost.say(plan.gap.basis)
                self._axis.setVisible(plan.strategy is not Strategy.ATOMIC)
            else:
                self._cost.say(self._cost_words())
        self._findings = self._checked_at = None
        self.pill.show_state(Shape.WAITING, "Asking Azure")
        self._show_findings(self._live(), pending=True)
        self._check()
        self._show_start()

    def _add_checks(self) -> None:
        self._checked_note = self._section("May it be done?", "asking Azure, nothing is written")
        # The warnings of a forced one stand above, with what they mean.
        self._checks = CheckGrid(self._theme, ROOM_FOR if self._plan.verb is Verb.GRACEFUL else 1)
        self._show_findings(self._live(), pending=True)
        self.body.addWidget(self._checks)

    def _add_typed_name(self) -> None:
        name = self._session.setup.name
        label = TextLabel(self._theme, f"Type {name} to confirm", TextRole.BODY_STRONG)
        row = QHBoxLayout()
        row.setSpacing(10)
        if self._theme.text_scale >= LARGE_TEXT or len(name) > NAME_BESIDE:
            label.setWordWrap(True)
            self.body.addWidget(label)
        else:
            row.addWidget(label)
        self.typed = TextField(self._theme, f"Type {name} to confirm")
        self.typed.setMinimumWidth(self._theme.px(240))
        self.typed.textChanged.connect(self._on_typed)
        label.setBuddy(self.typed)
        self._match_mark = ShapeMark(self._theme, Shape.WAITING, 14)
        self._match_word = TextLabel(self._theme, "not yet", TextRole.CAPTION, Token.TEXT2)
        row.addWidget(self.typed)
        row.addWidget(self._match_mark)
        row.addWidget(self._match_word)
        row.addStretch(1)
        self.body.addLayout(row)

    def _build_buttons(self) -> None:
        graceful = self._plan.verb is Verb.GRACEFUL
        verb = "Repair: move the address" if self._repairs else "Fail over" if graceful else "Force failover"
        words = f"{verb} to {self._plan.to.name}"
        kind = ButtonKind.PRIMARY if graceful else ButtonKind.DANGER
        self.start = StartButton(self._theme, words, kind, height=36)
        self.start.clicked.connect(self._on_start)
        self._session.lock.hold(self.start)
        self.copy = Button(self._theme, "Copy for a change ticket", ButtonKind.LINK, Icon.COPY)
        self.copy.clicked.connect(self._on_copy)
        self.copy_command = Button(self._theme, "Copy the command", ButtonKind.LINK, Icon.COPY)
        self.copy_command.explain(self.command)
        self.copy_command.clicked.connect(self._on_copy_command)
        self._why_off = TextLabel(self._theme, "", TextRole.CAPTION, Token.TEXT2, wrap=True)
        self._why_off.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if self._theme.text_scale >= LARGE_TEXT:
            # Large text: the two answers alone fill the row of buttons.
            for link in (self.copy, self.copy_command):
                self.body.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
            self.body.addWidget(self._why_off)
            self.buttons.addStretch(1)
        else:
            self.buttons.addWidget(self.copy)
            self.buttons.addWidget(self.copy_command)
            self.buttons.addWidget(self._why_off, 1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.start)

    # Checks ------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_checked(self, event: PreflightCompleted) -> None:
        asked = (self._plan.verb, self._plan.to.name, self._fence, self._strategy)
        if (event.verb, event.to, event.fence, event.strategy) != asked:
            return
        first = self._checked_at is None
        self._checked_at = event.stamp.clock_s
        self._show_findings(event.findings, pending=False)
        self._note_age()
        self._show_start()
        if first:
            announce(self, f"Checked: {self.pill.accessibleName()}")

    def _show_findings(self, findings: Readiness | None, *, pending: bool) -> None:
        if not pending and findings == self._findings:
            return
        self._checks.show_checks(checks_shown(findings, pending=pending, explained=self._explained))
        if not pending:
            self._findings = findings

    def _against(self) -> Problem | None:
        """What forbids the start by the pre-flight, as the engine will judge it."""
        if self._findings is None:
            return Problem("asking", "Azure is being asked; nothing is written.")
        graceful = self._plan.verb is Verb.GRACEFUL
        accepted = self._accept is not None and self._accept.isChecked()
        return self._findings.reason_against(unknown_stops=graceful and not accepted)

    def _show_start(self) -> None:
        findings, now = self._findings, self._session.state
        if findings is not None and now is not None:
            state = findings_state(findings, now.of(self._plan.verb), now.graceful)
            refused = self.consent is not None and not self.consent.isChecked()
            self.pill.show_state(*((Shape.BROKEN, "Blocked") if refused else (state.shape, state.word)))
            self._offer_accept(findings)
        against = self._against()
        reason = against.what if against is not None else ""
        if not reason and self.consent is not None and not self.consent.isChecked():
            reason = "Off until the sentence above is confirmed."
        if not reason and not self._matches:
            reason = "Off until the name matches."
        self.start.setEnabled(not reason and not self._started)
        self.copy_command.explain(self.command)
        self.start.explain(reason or f"Sends the calls above: {format_estimate(self._plan.predicted_s)}")
        self._why_off.say(reason)

    def _offer_accept(self, findings: Readiness) -> None:
        """What is not known stops graceful unless accepted (engine/README.md 1.4)."""
        graceful = self._plan.verb is Verb.GRACEFUL
        blocked = findings.reason_against(unknown_stops=False) is not None
        unknown = findings.reason_against(unknown_stops=True) is not None
        if graceful and unknown and not blocked and self._accept is None:
            self._accept = TickBox(self._theme, "Start although something above is not known")
            self._accept.toggled.connect(self._on_accept)
            self.body.addWidget(self._accept)
        elif self._accept is not None and not unknown:
            self._accept.hide()
            self._accept.setChecked(False)

    @Slot(bool)
    def _on_accept(self, _accepted: bool) -> None:
        self._show_start()

    @Slot()
    def _on_tick(self) -> None:
        self._note_age()
        checked = self._checked_at
        if checked is None or self._session.now() - checked > RECHECK_AFTER_S:
            self._check()

    def _note_age(self) -> None:
        if self._checked_at is not None:
            ago = format_age(self._session.now() - self._checked_at)
            self._checked_note.say(f"checked {ago}, nothing written")

    # Answers -----------------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        self._matches = text.strip() == self._session.setup.name
        self._match_mark.show_shape(Shape.GOOD if self._matches else Shape.WAITING)
        self._match_word.say("matches" if self._matches else "not yet")
        self._show_start()

    @Slot()
    def _on_start(self) -> None:
        if self._started or self._session.lock.locked or self._against() is not None or not self._matches:
            return
        consented = self.consent is not None and self.consent.isChecked()
        if self._consent and not consented:
            return
        self._started = True
        accepted = self._accept is not None and self._accept.isChecked()
        self._session.run_began.disconnect(self.reject)
        self.accept()
        self.confirmed.emit(FailoverChoice(accepted, self._fence, self._strategy, consented))

    @Slot()
    def _on_copy(self) -> None:
        text = ticket(self._plan, self._session.setup, self._findings)
        QGuiApplication.clipboard().setText(f"{text}\nAs a command: {self.command}\n")
        self.copy.rename("Copied")

    @property
    def command(self) -> str:
        """The same failover as a command, with what was answered so far."""
        consented = self.consent is not None and self.consent.isChecked()
        accepted = self._accept is not None and self._accept.isChecked()
        intent = RunIntent(self._plan.to, self._plan.verb, self._strategy, self._fence, to_dead_machine=consented)
        return failover_command(self._session.setup, intent, accept_unknown=accepted) + self._options

    @Slot()
    def _on_copy_command(self) -> None:
        QGuiApplication.clipboard().setText(self.command)
        self.copy_command.rename("Copied")

    def done(self, result: int) -> None:
        """Stop asking when the dialog closes."""
        self._tick.stop()
        super().done(result)


def _lead(plan: FailoverPlan, *, live_repair: bool = False) -> str:
    if live_repair:
        return f"Azure alone is changed, Trustgrid is not asked: its portal must show {plan.to.name} as current active."
    if plan.verb is Verb.GRACEFUL:
        return f"{plan.to.name} holds {plan.address} afterwards, until someone moves it again."
    if plan.losing is None:
        return f"{plan.address} is on no NIC: it is attached, nothing has to be removed."
    return f"This does not ask {plan.losing.name} and does not change the configured active."
