"""One run of the past, whole: how it ended, steps, writes with request ids, both interfaces before and after."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.history import run_report
from tgwizard.engine.history.run_history import RunHistory
from tgwizard.engine.runs.records import WriteAnswer
from tgwizard.gui.history.history_list import shape_of
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import BAR, Card, PageScroll
from tgwizard.gui.widgets.check_rows import CheckRow, NoticeBox
from tgwizard.gui.widgets.labels import LiveLine, LiveText, TextLabel
from tgwizard.gui.widgets.layouts import clear
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem
from tgwizard.model.text import format_duration

_ANSWER_SHAPES = {
    WriteAnswer.ACCEPTED: Shape.GOOD,
    WriteAnswer.REFUSED: Shape.BROKEN,
    WriteAnswer.NOT_SENT: Shape.NOTE,
    WriteAnswer.UNKNOWN: Shape.NOT_KNOWN,
    None: Shape.NOT_KNOWN,
}


class RunDetails(QWidget):
    """A run with Back, Copy, Print and Keep report."""

    back_asked = Signal()
    keep_asked = Signal()
    print_asked = Signal()

    def __init__(self, theme: Theme, setup: ClusterSetup, run: RunHistory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setup, self.run = setup, run
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(28, 24, 28 - BAR, 24)
        self._column.setSpacing(12)
        self.back = Button(theme, "Back to History", ButtonKind.LINK)
        self.back.clicked.connect(self.back_asked)
        self._column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addLayout(self._head())
        self._said = QVBoxLayout()
        self._column.addLayout(self._said)
        self._column.addWidget(self._outcome())
        pair = QVBoxLayout() if theme.text_scale >= LARGE_TEXT else QHBoxLayout()
        pair.setSpacing(12)
        pair.addWidget(self._steps(), 1)
        pair.addWidget(self._interfaces(), 1)
        self._column.addLayout(pair)
        self._column.addWidget(self._writes())
        self._column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(PageScroll(theme, content, "Run"))

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(TextLabel(self._theme, run_report.title(self.run), TextRole.TITLE, wrap=True))
        where = f"{self.setup.name}{', lab' if self.setup.is_lab else ''}."
        words.addWidget(TextLabel(self._theme, where, TextRole.LEAD, Token.TEXT2, wrap=True))
        row.addLayout(words, 1)
        copy = Button(self._theme, "Copy request ids", icon=Icon.COPY)
        copy.clicked.connect(self._copy)
        self.keep = Button(self._theme, "Keep report", icon=Icon.REPORT)
        self.keep.clicked.connect(self.keep_asked)
        paper = Button(self._theme, "Save as PDF…", icon=Icon.SAVE)
        paper.clicked.connect(self.print_asked)
        row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(paper, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.keep, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def say(self, shape: Shape, what: str, why: str = "") -> None:
        """Tell above the facts what became of a click."""
        clear(self._said)
        self._said.addWidget(NoticeBox(self._theme, shape, what, why))
        announce(self, what)

    def say_problem(self, problem: Problem) -> None:
        """Tell that a click came to nothing."""
        self.say(Shape.BROKEN, problem.what, problem.why_and_fix)

    def _outcome(self) -> Card:
        card = Card(self._theme, "Outcome")
        run, ended = self.run, self.run.ended
        card.body.addWidget(CheckRow(self._theme, shape_of(run), run_report.outcome(run), run_report.reason(run)))
        facts = [("Began", self._when(run.began.at)), ("Ended", self._when(ended.at) if ended else "")]
        origin, began = run.origin, run.began
        what = run_report.kind(began.verb, began.strategy, repair=began.repair)
        facts = [("What", what), ("Begun by", origin.who), ("From where", origin.where), *facts]
        if ended is not None:
            facts.append(("Holder at the end", ended.holder or "on no network interface"))
            if ended.seconds is not None:
                facts.append(("Control-plane time", format_duration(ended.seconds)))
            facts += run_report.gaps(run)
        if run.turned_back:
            facts.append(("Turned back", run.turned_back))
        if ended is not None and ended.detail:
            facts.append(("Details", ended.detail))
        card.body.addLayout(self._grid((key, value) for key, value in facts if value))
        return card

    def _steps(self) -> Card:
        card = Card(self._theme, "Steps")
        for step in self.run.steps:
            evidence = f"{format_duration(step.seconds)}, ended {self._when(step.at)}"
            card.body.addWidget(CheckRow(self._theme, Shape.GOOD, step.sentence, evidence))
        for seen in self.run.sightings:
            what = f"{self.run.began.address}: {run_report.sighting(seen)}"
            card.body.addWidget(CheckRow(self._theme, Shape.NOTE, what, f"seen {self._when(seen.at)}"))
        if not self.run.steps:
            card.body.addWidget(TextLabel(self._theme, "No step ended.", TextRole.BODY, Token.TEXT2))
        card.body.addStretch(1)
        return card

    def _interfaces(self) -> Card:
        card = Card(self._theme, "Both interfaces, before and after")
        for seen in self.run.compared:
            shape = Shape.GOOD if seen.known else Shape.NOT_KNOWN
            card.body.addWidget(CheckRow(self._theme, shape, f"{seen.nic} of {seen.member}", seen.sentence))
            for item in seen.by_other:
                evidence = f"{item.path} was {item.before}, is {item.after}"
                card.body.addWidget(CheckRow(self._theme, Shape.NOTE, "Changed by someone else, kept", evidence))
        card.body.addStretch(1)
        return card

    def _writes(self) -> Card:
        card = Card(self._theme, "Writes sent to Azure")
        for number, attempt in enumerate(self.run.attempts, 1):
            answer = run_report.ANSWERS[attempt.answer]
            what = f"{number}. {run_report.STEPS[attempt.step].capitalize()} on {attempt.member}: {answer}"
            card.body.addWidget(CheckRow(self._theme, _ANSWER_SHAPES[attempt.answer], what, attempt.problem))
            card.body.addLayout(
                self._grid(
                    (("Our request id", attempt.request), ("Azure's request id", attempt.arm_request or "none")),
                    mono=True,
                )
            )
        if not self.run.attempts:
            none = "None was sent." if self.run.began.writes else "None: tgwizard only watched."
            card.body.addWidget(TextLabel(self._theme, none, TextRole.BODY, Token.TEXT2, wrap=True))
        return card

    def _when(self, at: str) -> str:
        return run_report.when(at, self._theme.moments)

    def _grid(self, facts: Iterable[tuple[str, str]], *, mono: bool = False) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(self._theme.px(12))
        grid.setVerticalSpacing(self._theme.px(4))
        grid.setContentsMargins(self._theme.px(24), 0, 0, self._theme.px(4))
        grid.setColumnStretch(1, 1)
        for line, (key, value) in enumerate(facts):
            name = TextLabel(self._theme, key, TextRole.CAPTION_KEY, Token.TEXT2)
            shown: QWidget = LiveLine(self._theme, value, TextRole.MONO) if mono else LiveText(self._theme, value)
            grid.addWidget(name, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(shown, line, 1)
        return grid

    def _copy(self) -> None:
        lines = [f"Run {self.run.run} of {self.setup.name}"]
        lines += [
            f"{run_report.STEPS[made.step]} on {made.member}, {made.at}: client request id {made.request}, "
            f"Azure's request id {made.arm_request or 'none'}"
            for made in self.run.attempts
        ]
        QApplication.clipboard().setText("\n".join(lines))
        self.say(Shape.NOTE, "Copied: the request ids of this run.")
