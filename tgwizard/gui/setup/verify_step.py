"""Step 10: what can be proven: the meter, the order of restarts, the rehearsal, and a real failover on request.

A row of the restart order stays as long as its machine does: what changes, changes in place. So a look that ends
while someone aims or has the focus here takes no button from under the pointer or the keyboard.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.setup.verify_view_model import MeterShown, RestartShown, VerifyShown, verify_shown
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.state_shapes import Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.badges import Pill
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card, Separator
from tgwizard.gui.widgets.check_rows import CheckRow, FoldLine, all_passed
from tgwizard.gui.widgets.fact_table import RowTable, StateCell, TwoLines
from tgwizard.gui.widgets.labels import ElidedLabel, LiveText, TextLabel, plain_tip
from tgwizard.gui.widgets.layouts import Column, FlowLayout, clear
from tgwizard.gui.widgets.propagation_meter import PropagationMeter
from tgwizard.model.cluster import ResourceId
from tgwizard.model.setup_events import PropagationStage
from tgwizard.model.text import counted

_BUTTON_PX = 32

MIDDLE_ABREAST = 960
"""Narrower than this, at 100 % text, the restarts stand above the rehearsal."""


class RestartRow(QWidget):
    """`restart_asked(key)`, `restarted_said(key)`."""

    restart_asked = Signal(str)
    restarted_said = Signal(str)

    def __init__(self, theme: Theme, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = key
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.px(12))
        self._least = theme.px(_BUTTON_PX)
        self.setMinimumHeight(self._least)
        self._mark = ShapeMark(theme, Shape.WAITING, 18)
        self._words = TwoLines(theme, "", "")
        # Two buttons in turns: the kind of a button is for its life.
        self._primary = Button(theme, "", ButtonKind.PRIMARY, height=_BUTTON_PX)
        self._second = Button(theme, "", ButtonKind.SECONDARY, height=_BUTTON_PX)
        self._say = Button(theme, "It has restarted", ButtonKind.LINK, height=_BUTTON_PX)
        self._say.explain("You restarted it yourself since its rights were given")
        line.addWidget(self._mark)
        line.addWidget(self._words, 1, Qt.AlignmentFlag.AlignVCenter)
        for button in (self._primary, self._second, self._say):
            line.addWidget(button)
            button.hide()
        self._primary.clicked.connect(self._on_restart)
        self._second.clicked.connect(self._on_restart)
        self._say.clicked.connect(self._on_say)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width wraps the words anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.setMinimumHeight(self._least)

    def show_restart(self, shown: RestartShown) -> None:
        """Replace what is shown; the keyboard stays on a button that changes its looks."""
        if self.isVisible():
            # Fewer words or buttons make it no lower: what can be pressed below stays where it is.
            self.setMinimumHeight(max(self._least, self.height()))
        held = self._primary.hasFocus() or self._second.hasFocus()
        self._mark.show_shape(shown.shape)
        self._words.say(shown.title, shown.note)
        for button, wanted in ((self._primary, shown.primary), (self._second, not shown.primary)):
            button.rename(shown.ask)
            button.setAccessibleName(f"{shown.ask.rstrip('…')}: {shown.title}")
            button.setEnabled(shown.able)
            button.explain(shown.why_not)
            button.setVisible(bool(shown.ask) and wanted)
            if held and wanted and shown.ask and shown.able:
                button.setFocus()
        self._say.setAccessibleName(f"It has restarted: {shown.title}")
        self._say.setVisible(shown.may_say)

    @property
    def ask(self) -> Button | None:
        """The button that asks for the restart, while it can be pressed."""
        able = (button for button in (self._primary, self._second) if button.isVisible() and button.isEnabled())
        return next(able, None)

    @Slot()
    def _on_restart(self) -> None:
        self.restart_asked.emit(self._key)

    @Slot()
    def _on_say(self) -> None:
        self.restarted_said.emit(self._key)


class VerifyPage(StepPage):
    """`restart_asked(key)`, `restarted_said(key)`, `again_asked`, `prove_asked`, `report_asked`, `undo_asked`."""

    question = "What is proven"
    restart_asked = Signal(str)
    restarted_said = Signal(str)
    undo_asked = Signal()
    again_asked = Signal()
    prove_asked = Signal()
    report_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "", parent)
        self._shown = VerifyShown()
        self._meters: dict[tuple[str, str], PropagationMeter] = {}
        self._restarts: dict[str, RestartRow] = {}
        self._machines: tuple[tuple[str, str], ...] = ()
        self._build_meters()
        self._large = theme.text_scale >= LARGE_TEXT
        way = QBoxLayout.Direction.TopToBottom if self._large else QBoxLayout.Direction.LeftToRight
        self._middle = QBoxLayout(way)
        self._middle.setSpacing(theme.px(12))
        self._build_restarts()
        self._build_rehearsal()
        self.body.addLayout(self._middle)
        self._checks = Card(theme, "Network checks", margin=17, spacing=7)
        self._check_rows = QVBoxLayout()
        self._calm_rows = QVBoxLayout()
        for rows in (self._check_rows, self._calm_rows):
            rows.setSpacing(theme.px(7))
        self.fold = FoldLine(theme)
        self.fold.toggled.connect(self._show_checks)
        self._checks.body.addLayout(self._check_rows)
        self._checks.body.addWidget(self.fold)
        self._checks.body.addLayout(self._calm_rows)
        self.body.addWidget(self._checks)
        self._build_proof()

    def _build_meters(self) -> None:
        theme = self.theme
        self._meter_card = Card(theme, "Effective yet?", margin=17, spacing=9)
        self._meter_note = ElidedLabel(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._meter_card.head.addWidget(self._meter_note)
        self._meter_rows = QVBoxLayout()
        self._meter_rows.setSpacing(theme.px(9))
        self._meter_card.body.addLayout(self._meter_rows)
        self.body.addWidget(self._meter_card)

    def _build_restarts(self) -> None:
        theme = self.theme
        self._restart_card = Card(theme, "Restart order", margin=17, spacing=9)
        self._restart_rows = QVBoxLayout()
        self._restart_rows.setSpacing(theme.px(10))
        self._restart_card.body.addLayout(self._restart_rows)
        self._restart_card.body.addStretch(1)
        self._middle.addWidget(self._restart_card, 5)

    def _build_rehearsal(self) -> None:
        theme = self.theme
        card = Card(theme, "", margin=17, spacing=7)
        head = QHBoxLayout()
        head.setSpacing(theme.px(10))
        head.addWidget(TextLabel(theme, "Rehearsal", TextRole.SECTION))
        self._rehearsal_state = Pill(theme, Shape.WAITING, "Not run yet")
        head.addWidget(self._rehearsal_state)
        head.addStretch(1)
        self.again = Button(theme, "Run again", icon=Icon.REFRESH, height=32)
        self.again.setAccessibleName("Run the rehearsal again")
        self.again.clicked.connect(self.again_asked)
        head.addWidget(self.again)
        card.body.addLayout(head)
        words = "Worked out from roles, deny assignments and locks. Nothing is written."
        card.body.addWidget(LiveText(theme, words, TextRole.CAPTION, Token.TEXT2))
        self._rehearsal = QVBoxLayout()
        card.body.addLayout(self._rehearsal)
        card.body.addStretch(1)
        self._middle.addWidget(card, 6)

    def _build_proof(self) -> None:
        theme = self.theme
        card = self._proof_card = Card(theme, margin=17)
        row = QHBoxLayout()
        row.setSpacing(theme.px(14))
        row.addWidget(IconMark(theme, Icon.LAB, 20, Token.ACCENT_TEXT))
        self._proof = TwoLines(theme, "Prove it with a real failover", "")
        row.addWidget(self._proof, 1)
        self.report = Button(theme, "Save the report…", icon=Icon.SAVE, height=34)
        self.report.clicked.connect(self.report_asked)
        self.prove = Button(theme, "Fail over…", height=34)
        self.prove.setAccessibleName("Prove it with a real failover…")
        self.prove.clicked.connect(self.prove_asked)
        self.undo = Button(theme, "Undo the changes…", ButtonKind.GHOST, height=34)
        self.undo.clicked.connect(self.undo_asked)
        card.body.addLayout(row)
        if self._large:
            buttons = QWidget()
            flow = FlowLayout(buttons, theme.px(9), spread=False)
            for button in (self.prove, self.report, self.undo):
                flow.addWidget(button)
            card.body.addWidget(buttons)
        else:
            for button in (self.undo, self.report, self.prove):
                row.addWidget(button)
        self.body.addWidget(card)

    def show_verify(self, shown: VerifyShown) -> None:
        before, self._shown = self._shown, shown
        self.ask(shown.title or self.question, shown.lead)
        self._show_meters(shown)
        if shown.restarts != before.restarts:
            self._show_restarts(shown.restarts)
        self._rehearsal_state.show_state(*shown.rehearsal_state)
        if shown.rehearsal != before.rehearsal or shown.machines != before.machines:
            self._show_rehearsal(shown)
        if shown.checks != before.checks:
            self._show_checks()
        self._checks.setVisible(bool(shown.checks))
        self._proof_card.setVisible(bool(shown.meters or shown.checks))
        self._restart_card.setVisible(bool(shown.restarts))
        self._proof.note.say(shown.proof[1])
        self._proof.note.setVisible(bool(shown.proof[1]))
        self.prove.setEnabled(shown.can_prove)
        self.prove.explain(shown.proof_why_not or "Opens the question of a failover; nothing begins before you confirm")
        self.report.setVisible(shown.report_ready)

    @Slot()
    def _show_checks(self) -> None:
        """What wants attention row by row, and what passed in one line that opens."""
        passed = [check for check in self._shown.checks if check[0] is Shape.GOOD]
        others = [check for check in self._shown.checks if check[0] is not Shape.GOOD]
        words = f"{counted(len(passed), 'other check')} passed" if others else all_passed(len(passed))
        self.fold.say(Shape.GOOD, words, "\n".join(fact for _, fact, _ in passed))
        self.fold.setVisible(bool(passed))
        for rows, checks in ((self._check_rows, others), (self._calm_rows, passed if self.fold.isChecked() else [])):
            clear(rows)
            for place, (shape, fact, evidence) in enumerate(checks):
                if place:
                    rows.addWidget(Separator(self.theme))
                rows.addWidget(CheckRow(self.theme, shape, fact, evidence))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The order of restarts stands above the rehearsal where there is no room for both."""
        super().resizeEvent(event)
        narrow = self._large or self.width() < self.theme.px(MIDDLE_ABREAST)
        self._middle.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def _show_meters(self, shown: VerifyShown) -> None:
        theme = self.theme
        self._meter_card.setVisible(bool(shown.meters))
        self._meter_note.say(shown.meter_note)
        keys = tuple((one.machine, one.scope) for one in shown.meters)
        if keys != tuple(self._meters) or shown.machines != self._machines:
            self._machines = shown.machines
            clear(self._meter_rows)
            self._meters = {}
            names = tuple(stage.value for stage in PropagationStage)
            for place, (machine, role) in enumerate(shown.machines):
                if place:
                    self._meter_rows.addWidget(Separator(theme))
                mine = [one for one in shown.meters if one.machine == machine]
                self._meter_rows.addWidget(self._machine_meters(machine, role, mine, names))
        for one in shown.meters:
            meter = self._meters.get((one.machine, one.scope))
            if meter is not None:
                meter.show_bars(one.bars)

    def _machine_meters(self, machine: str, role: str, mine: list[MeterShown], names: tuple[str, ...]) -> QWidget:
        theme = self.theme
        row = QWidget()
        way = QBoxLayout.Direction.TopToBottom if self._large else QBoxLayout.Direction.LeftToRight
        line = QBoxLayout(way, row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.px(18))
        who = TwoLines(theme, machine, role)
        line.addWidget(who, 1, Qt.AlignmentFlag.AlignTop)
        beside = len(mine) <= 2 and not self._large
        scopes = QBoxLayout(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        scopes.setSpacing(theme.px(20 if beside else 8))
        for one in mine:
            column = QVBoxLayout()
            column.setSpacing(theme.px(4))
            column.addWidget(LiveText(theme, f"on {one.scope}", TextRole.CAPTION_STRONG, Token.TEXT2))
            meter = PropagationMeter(theme, f"{machine} on {one.scope}", names)
            self._meters[one.machine, one.scope] = meter
            column.addWidget(meter)
            scopes.addLayout(column, 1)
        line.addLayout(scopes, 6)
        return row

    def _show_restarts(self, rows: tuple[RestartShown, ...]) -> None:
        if [one.key for one in rows] != list(self._restarts):
            clear(self._restart_rows)
            self._restarts = {}
            for one in rows:
                row = self._restarts[one.key] = RestartRow(self.theme, one.key)
                row.restart_asked.connect(self.restart_asked)
                row.restarted_said.connect(self.restarted_said)
                self._restart_rows.addWidget(row)
        for one in rows:
            self._restarts[one.key].show_restart(one)
        self._restart_card.setVisible(bool(rows))

    def _show_rehearsal(self, shown: VerifyShown) -> None:
        theme = self.theme
        clear(self._rehearsal)
        if not shown.rehearsal:
            return
        columns = (Column("", 6), *(Column(machine, 3) for machine, _ in shown.machines))
        table = RowTable(theme, "Rehearsal", columns, padding=6)
        table.restyle(None, None)
        for row in shown.rehearsal:
            what = LiveText(theme, row.words, TextRole.BODY)
            what.setToolTip(plain_tip(row.why))
            cells = [what, *(StateCell(theme, shape, word) for shape, word in row.marks)]
            marks = [f"{name} {word}" for (name, _), (_, word) in zip(shown.machines, row.marks, strict=False)]
            table.add(cells, f"{row.words}: {', '.join(marks)}")
        self._rehearsal.addWidget(table)

    def next_button(self) -> QWidget | None:
        """The restart that is due; else the footer's."""
        due = [row.ask for row in self._restarts.values()]
        return next((button for button in due if button is not None), None)

    def connect_wizard(self, wizard: WizardController) -> None:
        def restart(vm: str) -> None:
            wizard.ask_restart(ResourceId(vm))

        def say_restarted(vm: str) -> None:
            wizard.verifier.say_restarted(ResourceId(vm))

        self.restart_asked.connect(restart)
        self.restarted_said.connect(say_restarted)
        self.again_asked.connect(wizard.verifier.look)
        self.prove_asked.connect(wizard.ending.prove)
        self.report_asked.connect(wizard.ending.save_report)
        self.undo_asked.connect(wizard.ask_undo)

    def show_wizard(self, wizard: WizardController) -> None:
        machines = wizard.session.shown.machines or ()
        watched = wizard.ending.session
        ready = watched is not None and watched.snapshot is not None
        self.show_verify(
            verify_shown(
                wizard.verifier,
                wizard.plan,
                machines,
                locked=wizard.locked,
                session_ready=ready,
                moments=self.theme.moments,
            )
        )
