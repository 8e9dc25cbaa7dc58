"""One job of setting up, whole: how it ended, who began it and from where, and what it wrote."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.engine.history import run_report
from tgwizard.engine.history.setup_history import JournalledChange, SetupRun
from tgwizard.engine.runs.records import WriteAnswer
from tgwizard.gui.history.history_list import job_shape
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card, PageScroll
from tgwizard.gui.widgets.check_rows import CheckRow, FieldValueRow
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.run_origin import RunOrigin
from tgwizard.model.text import format_duration


class SetupDetails(QWidget):
    """A set-up, an undo or a restart, with Back."""

    back_asked = Signal()

    def __init__(self, theme: Theme, cluster: str, job: SetupRun, parent: QWidget | None = None) -> None:
        """`cluster`: whose it is; empty for one of which no file is kept here."""
        super().__init__(parent)
        self._theme = theme
        self.job = job
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(28, 24, 28, 24)
        column.setSpacing(12)
        self.back = Button(theme, "Back to History", ButtonKind.LINK)
        self.back.clicked.connect(self.back_asked)
        column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(TextLabel(theme, job.title, TextRole.TITLE, wrap=True))
        whose = f"{cluster}." if cluster else "No file of this cluster is kept here."
        column.addWidget(TextLabel(theme, whose, TextRole.LEAD, Token.TEXT2, wrap=True))
        column.addWidget(self._outcome())
        column.addWidget(self._changes())
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(PageScroll(theme, content, "Set-up"))

    def _outcome(self) -> Card:
        card = Card(self._theme, "Outcome")
        job, ended = self.job, self.job.ended
        words = run_report.setup_outcome(job), run_report.setup_reason(job)
        card.body.addWidget(CheckRow(self._theme, job_shape(job), *words))
        origin, moments = job.began.origin or RunOrigin(), self._theme.moments
        facts = [("Begun by", origin.who), ("From where", origin.where)]
        facts.append(("Began", run_report.when(job.began.at, moments)))
        facts += [("Ended", run_report.when(ended.at, moments))] if ended is not None else []
        for name, value in facts:
            row = FieldValueRow(self._theme, name, key_width=120)
            row.show_value(value, None)
            card.body.addWidget(row)
        return card

    def _changes(self) -> Card:
        card = Card(self._theme, "Written to Azure")
        for change in self.job.changes:
            took = f", after {format_duration(change.seconds)}" if change.seconds is not None else ""
            evidence = f"{change.outcome}{took}. {change.problem}".strip()
            card.body.addWidget(CheckRow(self._theme, _shape(change), change.sentence, evidence))
        if not self.job.changes:
            card.body.addWidget(TextLabel(self._theme, "Nothing was written.", TextRole.BODY, Token.TEXT2))
        return card


def _shape(change: JournalledChange) -> Shape:
    if change.seconds is not None:
        return Shape.GOOD
    return Shape.BROKEN if change.answer is WriteAnswer.REFUSED else Shape.NOT_KNOWN
