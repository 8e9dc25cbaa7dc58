"""The view of a run: elapsed time, the address in flight, steps, deadline, calls, and then the result."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.engine.watch.traffic_probe import answered
from tgwizard.gui.cluster.cluster_picture import ClusterPicture
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.cluster_view_model import azure_holder, picture, picture_unread
from tgwizard.gui.cluster.run_model import RunModel, RunStepState, RunStepStatus, moving_detail, moving_sentence
from tgwizard.gui.cluster.source_cards import SourceCards
from tgwizard.gui.cluster.start_machine import StartMachineButton
from tgwizard.gui.failover.result_card import ResultCard, result_shape
from tgwizard.gui.failover.run_text import (
    call_time,
    cancel_words,
    closing_words,
    deadline_words,
    details_text,
    fold_calls,
    step_words,
)
from tgwizard.gui.failover.run_traffic_card import BEFORE_S, RunTrafficCard
from tgwizard.gui.failover.timeout_question import TimeoutQuestion
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.banner import VerdictBanner
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import BAR, Card, PageScroll, Separator
from tgwizard.gui.widgets.check_rows import NoticeBox
from tgwizard.gui.widgets.idle_queue import BuiltInSteps
from tgwizard.gui.widgets.idle_queue import IdleStep as BuildStep
from tgwizard.gui.widgets.labels import Figure, LiveText, TextLabel, lines_high
from tgwizard.gui.widgets.layouts import clear, keep_room
from tgwizard.gui.widgets.request_table import LogRow
from tgwizard.gui.widgets.run_steps import DeadlineBar, StepRow
from tgwizard.model.cluster import Member
from tgwizard.model.failover_events import CancelMeaning, Step, StepPlan
from tgwizard.model.snapshot import LocationKind
from tgwizard.model.text import format_duration

FRAME_MS = 100
SIDE_WIDTH = 384
WIDE = 980
SOURCE_CARDS_ABREAST = 720
LOG_ROWS, LOG_LINES = 10, 6
"""How many lines the calls have, and how many are seen at once at least."""

NOTE_LINES, CLOSING_LINES, THEN_LINES = 3, 4, 2
"""Room that is kept for sentences which change while a run goes on."""

KEPT = "This run is kept in History, with its steps and calls."

_STEP_SHAPES = {
    RunStepStatus.AHEAD: Shape.WAITING,
    RunStepStatus.RUNNING: Shape.MOVING,
    RunStepStatus.DONE: Shape.GOOD,
    RunStepStatus.STOPPED: Shape.WARNING,
}

DELETE_MS = 150


class RunPage(BuiltInSteps, QWidget):
    """Follows the run of one session to its end. It acts only through the session."""

    widest = 2400
    back_asked = Signal()
    resume_asked = Signal()

    def __init__(
        self, theme: Theme, session: ClusterSession, parent: QWidget | None = None, *, in_turns: bool = False
    ) -> None:
        """Show the session's run, whether it has just begun or already ended.

        With ``in_turns`` nothing is built yet: `build_part` does that part by part, or `finish` at once. A run is shown
        from the first time on that someone can see the page: it may be built long before its run begins.
        """
        super().__init__(parent)
        self._theme = theme
        self._session = session
        self._wide: bool | None = None
        self._plans: tuple[StepPlan, ...] = ()
        self._rows: list[StepRow] = []
        self._lines: list[LogRow] = []
        self._calls_shown = -1
        self._notes_shown = 0
        self._overdue: set[Step] = set()
        self._ended = False
        self.parts: deque[BuildStep] = deque(
            (
                self._build_page,
                self._build_picture,
                self._build_source_cards,
                self._build_steps,
                self._build_log,
                self._build_closing,
                self._build_answers,
                self._follow,
            )
        )
        if not in_turns:
            self.finish()

    def delete_soon(self) -> None:
        """Delete the page of an ended run in a turn of its own, before the next one is built."""
        self.hide()
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(self.deleteLater)
        timer.start(DELETE_MS)

    @property
    def used(self) -> bool:
        """Whether a run has been shown here to its end; a new run then gets a new page."""
        return self._ended

    @property
    def run(self) -> RunModel:
        """The run shown."""
        return self._session.run or RunModel()

    # Building ----------------------------------------------------------------------------------------------------

    def _build_page(self) -> None:
        """The page without its parts: each of them goes into one of the two columns, in the order they are built."""
        content = QWidget()
        self._grid = QGridLayout(content)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(12)
        self._side, self._main = QWidget(), QWidget()
        self._side_rows, self._main_rows = QVBoxLayout(self._side), QVBoxLayout(self._main)
        for rows in (self._side_rows, self._main_rows):
            rows.setContentsMargins(0, 0, 0, 0)
            rows.setSpacing(12)
        self.banner = VerdictBanner(self._theme)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(PageScroll(self._theme, content, f"Run on {self._session.setup.name}"))
        self._arrange(wide=True)

    def _build_picture(self) -> None:
        self.picture = ClusterPicture(self._theme)
        self.picture.show_picture(picture_unread(self._session.setup))
        self._main_rows.addWidget(self.picture)

    def _build_source_cards(self) -> None:
        self.sources = SourceCards(self._theme)
        self.traffic = RunTrafficCard(self._theme, self._session.reachability)
        self._main_rows.addWidget(self.sources)
        self._main_rows.addWidget(self.traffic)

    def _follow(self) -> None:
        self._frame = QTimer(self)
        self._frame.setInterval(FRAME_MS)
        self._frame.timeout.connect(self.refresh)
        # Between two frames nothing is painted: events come by the dozen and say little more than the last.
        self._session.run_ended.connect(self.refresh)
        self._session.reachability.changed.connect(self._on_traffic)
        self._session.observed.connect(self._on_traffic)

    def _build_steps(self) -> None:
        theme = self._theme
        self._steps = Card(theme, "Steps", spacing=0)
        self._steps.head.addWidget(TextLabel(theme, "actual, then predicted", TextRole.CAPTION, Token.TEXT2))
        self._step_list = QWidget()
        self._step_list.setAccessibleName("Steps of the run")
        self._step_rows = QVBoxLayout(self._step_list)
        self._step_rows.setContentsMargins(0, theme.px(10), 0, theme.px(12))
        self._step_rows.setSpacing(0)
        self._deadline = QWidget()
        column = QVBoxLayout(self._deadline)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(5))
        self._deadline_title = LiveText(theme, "", TextRole.CAPTION_STRONG)
        self._deadline_used = Figure(theme, "59 min 59 s used", TextRole.CAPTION_KEY, Token.TEXT2)
        self._deadline_bar = DeadlineBar(theme)
        self._deadline_then = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        head = QHBoxLayout()
        head.addWidget(self._deadline_title, 1)
        head.addWidget(self._deadline_used)
        column.addWidget(Separator(theme))
        column.addSpacing(theme.px(4))
        column.addLayout(head)
        column.addWidget(self._deadline_bar)
        column.addWidget(self._deadline_then)
        self._step_scroll = PageScroll(theme, self._step_list, "Steps of the run")
        self._step_scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._steps.body.addWidget(self._step_scroll)
        self._steps.body.addWidget(self._deadline)
        keep_room(self._deadline)
        self._deadline_then.setMinimumHeight(lines_high(theme, THEN_LINES))
        self._side_rows.addWidget(self._steps)

    def _build_log(self) -> None:
        theme = self._theme
        self._log = Card(theme, "Calls", spacing=0)
        self._log.head.addWidget(TextLabel(theme, "seconds since the start", TextRole.CAPTION, Token.TEXT2))
        self._log_list = QWidget()
        self._log_list.setAccessibleName("Calls of this run, newest first")
        self._log_rows = QVBoxLayout(self._log_list)
        self._log_rows.setContentsMargins(0, theme.px(4), 0, 0)
        self._log_rows.setSpacing(0)
        self._log_empty = TextLabel(theme, "No call was made yet.", token=Token.TEXT2)
        self.copy = Button(theme, "Copy details", ButtonKind.LINK, Icon.COPY, height=28)
        self.copy.clicked.connect(self._on_copy)
        self._log.head.addWidget(self.copy)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._log_empty)
        column.addWidget(self._log_list)
        column.addStretch(1)
        log = PageScroll(theme, content, "Calls")
        log.setMinimumHeight(lines_high(theme, LOG_LINES))
        self._log.body.addWidget(log, 1)
        self._log.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._main_rows.addWidget(self._log, 1)

    def _build_closing(self) -> None:
        theme = self._theme
        self._closing = Card(theme, spacing=6)
        head = QHBoxLayout()
        head.setSpacing(9)
        head.addWidget(IconMark(theme, Icon.INFO, 18, Token.ACCENT_TEXT))
        head.addWidget(TextLabel(theme, "If you close this window", TextRole.BODY_STRONG))
        head.addStretch(1)
        self._closing_words = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._closing_words.setMinimumHeight(lines_high(theme, CLOSING_LINES))
        self._closing.body.addLayout(head)
        self._closing.body.addWidget(self._closing_words)
        starts = (StartMachineButton(theme, self._session, member) for member in self._session.setup.members)
        self.result = ResultCard(theme, self._session.setup, tuple(starts))
        self.result.resume.clicked.connect(self.resume_asked)
        self._session.lock.hold(self.result.resume)
        self.result.hide()
        self.question = TimeoutQuestion(theme)
        self.question.decided.connect(self._session.decide)
        self._notes = QWidget()
        self._note_rows = QVBoxLayout(self._notes)
        self._note_rows.setContentsMargins(0, 0, 0, 0)
        self._note_rows.setSpacing(8)
        self._notes.hide()
        for part in (self.question, self.result, self._closing, self._notes):
            self._side_rows.addWidget(part)
        self._side_rows.addStretch(1)

    def _build_answers(self) -> None:
        theme = self._theme
        self.cancel = Button(theme, "Stop", icon=Icon.UNDO, height=36)
        self.cancel.clicked.connect(self._on_cancel)
        self.back = Button(theme, f"Back to {self._session.setup.name}", icon=Icon.BACK, height=36)
        self.back.clicked.connect(self.back_asked)
        self.back.hide()
        self._cancel_note = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._cancel_note.setMinimumHeight(lines_high(theme, NOTE_LINES))
        # Above all that grows while the run goes on.
        for place, answer in enumerate((self.cancel, self.back, self._cancel_note)):
            self._side_rows.insertWidget(place, answer)

    # Showing -----------------------------------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Show the run as it is now."""
        run, now = self.run, self._session.now()
        if not self.isVisible() and run.finished is None:
            return
        self._show_banner(run, now)
        snapshot, verdict = self._session.snapshot, self._session.verdict
        if snapshot is not None and verdict is not None:
            self.picture.show_picture(picture(snapshot, verdict, run, now))
            self.sources.show_holder(azure_holder(snapshot, run))
        self.traffic.show_run(run, now)
        self._show_steps(run, now)
        self._show_deadline(run.current, now)
        self._show_calls(run)
        losing = self._losing()
        self.question.show_question(run.asked, losing.name if losing else "", now)
        self._closing.setVisible(run.asked is None and run.finished is None)
        self._show_notes(run)
        self._show_cancel(run)
        if run.finished is not None and run.started is not None:
            begun, ended = run.started.stamp.clock_s, run.finished.stamp.clock_s
            source = self._session.reachability
            heard = answered(source.samples, begun - BEFORE_S, ended + BEFORE_S)
            self.result.show_traffic(source.longest_gap_s(begun, ended), heard=heard)
            self.result.show_machines()
        if run.finished is not None and not self._ended:
            self._ended = True
            self.result.show_result(run.finished)
            self.result.show()
            self._closing.hide()
            self.cancel.hide()
            self._cancel_note.say(KEPT)
            self.back.show()

    @Slot()
    def _on_traffic(self) -> None:
        if self._ended and self.isVisible():
            self.refresh()

    def _show_banner(self, run: RunModel, now: float) -> None:
        if run.finished is not None:
            sentence, detail = self.result.words(run.finished)
            self.banner.show_verdict(result_shape(run.finished), sentence, detail, urgent=True)
        else:
            urgent = run.place.kind in {LocationKind.NO_NIC, LocationKind.FOREIGN_NIC}
            self.banner.show_verdict(Shape.MOVING, moving_sentence(run), moving_detail(run, now), urgent=urgent)
        if run.started is not None:
            self.banner.show_figure(
                format_duration(run.elapsed_s(now)), "elapsed" if run.finished is None else "in all"
            )

    def _show_steps(self, run: RunModel, now: float) -> None:
        plans = tuple(step.plan for step in run.steps)
        if plans != self._plans:
            self._plans = plans
            clear(self._step_rows)
            self._rows = [
                StepRow(self._theme, plan.sentence, number, len(plans)) for number, plan in enumerate(plans, start=1)
            ]
            for row in self._rows:
                self._step_rows.addWidget(row)
            margins = self._step_rows.contentsMargins()
            high = sum(row.reserved_height for row in self._rows) + margins.top() + margins.bottom()
            self._step_scroll.setFixedHeight(high)
        for row, step in zip(self._rows, run.steps, strict=True):
            before = row.shape
            self._show_step(row, step, now)
            if row.shape is Shape.GOOD and before is not Shape.GOOD and self.isVisible():
                announce(row, f"{step.plan.sentence}: done")

    def _show_step(self, row: StepRow, step: RunStepState, now: float) -> None:
        predicted = format_duration(step.plan.predicted_s) if step.plan.predicted_s else ""
        used = step.used_s(now)
        detail = step.detail or step_words(step.plan.step, self._losing(), self._gaining())
        late = step.status is RunStepStatus.RUNNING and 0 < step.plan.predicted_s < used
        if late and "longer" not in detail:
            detail = f"{detail}. Taking longer than usual" if detail else "Taking longer than usual"
        actual = "" if step.status is RunStepStatus.AHEAD else format_duration(used)
        row.show_step(_STEP_SHAPES[step.status], detail, actual, predicted)

    def _show_deadline(self, step: RunStepState | None, now: float) -> None:
        if step is None or not step.deadline_s:
            self._deadline.hide()
            return
        title, then = deadline_words(step, self._losing())
        used = step.used_s(now)
        if used > step.deadline_s and step.plan.step not in self._overdue:
            self._overdue.add(step.plan.step)
            announce(self._deadline_bar, f"{step.plan.sentence}: past its deadline. {then}", at_once=True)
        self._deadline_title.say(title)
        self._deadline_used.say(f"{format_duration(used)} used")
        self._deadline_then.say(then)
        self._deadline_bar.show_use(used, step.plan.predicted_s, step.deadline_s)
        self._deadline.show()

    def _show_calls(self, run: RunModel) -> None:
        if len(run.calls) == self._calls_shown:
            return
        self._calls_shown = len(run.calls)
        folded = fold_calls(run.calls, LOG_ROWS)
        while len(self._lines) > len(folded):
            self._lines.pop().deleteLater()
        while len(self._lines) < len(folded):
            self._lines.append(LogRow(self._theme))
            self._log_rows.addWidget(self._lines[-1])
        for row, one in zip(self._lines, folded, strict=True):
            row.show_call(call_time(run, one.call), one.call.method, one.call.target, one.answer)
        self._log_empty.setVisible(not run.calls)

    def _show_notes(self, run: RunModel) -> None:
        for problem in run.notes[self._notes_shown :]:
            self._note_rows.addWidget(NoticeBox(self._theme, Shape.NOTE, problem.what, problem.why))
            self._notes.show()
        self._notes_shown = len(run.notes)

    def _show_cancel(self, run: RunModel) -> None:
        words, reason = cancel_words(run, self._losing())
        if self.cancel.accessibleName() != words:
            self.cancel.rename(words)
        granted = run.cancel is not CancelMeaning.NOT_GRANTED and not run.cancel_asked
        self.cancel.setEnabled(granted and run.started is not None)
        self.cancel.explain(reason)
        if run.finished is None:
            self._cancel_note.say(reason)
        self._closing_words.say(closing_words(run, self._session.setup, self._losing()))

    def _gaining(self) -> Member | None:
        started = self.run.started
        return None if started is None else self._session.setup.member(started.to)

    def _losing(self) -> Member | None:
        started = self.run.started
        if started is None or started.losing is None:
            return None
        return self._session.setup.member(started.losing)

    # Answers -----------------------------------------------------------------------------------------------------

    @Slot()
    def _on_cancel(self) -> None:
        self.cancel.setEnabled(False)
        self._session.cancel_run()

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(details_text(self.run, self._session.setup))
        self.copy.rename("Copied")

    # Layout ------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column below 1200 px, two from there on."""
        super().resizeEvent(event)
        if not self.whole:
            return
        self._arrange(wide=self.width() >= self._theme.px(WIDE))
        beside = self._theme.px(SIDE_WIDTH) if self._wide else 0
        self.sources.set_stacked(self.width() - beside < self._theme.px(SOURCE_CARDS_ABREAST))

    def _arrange(self, *, wide: bool) -> None:
        if wide is self._wide:
            return
        self._wide = wide
        self.banner.keep_lines(1 if wide else 2)
        grid = self._grid
        for widget in (self.banner, self._main, self._side):
            grid.removeWidget(widget)
        margin = 24 if wide else 16
        grid.setContentsMargins(margin, 17 if wide else 11, margin - BAR, margin)
        grid.addWidget(self.banner, 0, 0, 1, 2)
        if wide:
            self._side.setFixedWidth(max(SIDE_WIDTH, self._theme.px(SIDE_WIDTH)))
            grid.addWidget(self._main, 1, 0)
            grid.addWidget(self._side, 1, 1)
        else:
            self._side.setMinimumWidth(0)
            self._side.setMaximumWidth(16777215)
            grid.addWidget(self._side, 2, 0, 1, 2)
            grid.addWidget(self._main, 1, 0, 1, 2)
        grid.setRowStretch(1, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 0)

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the run ten times a second while it lasts."""
        super().showEvent(event)
        self.finish()
        self.refresh()
        if self.run.finished is None:
            self._frame.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: the run goes on, the painting stops."""
        super().hideEvent(event)
        if self.whole:
            self._frame.stop()
