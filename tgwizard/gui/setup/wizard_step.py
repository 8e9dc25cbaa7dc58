"""What every page of the wizard has: one question, a sentence under it, its parts, and its problems in place."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.field_row import Complaint, FieldRow
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.problem_box import ProblemBox, Problems, ProblemShown


class Question(TextLabel):
    """The question of a step; it takes the focus when the step opens, so that a screen reader begins there."""

    ring_radius = Radius.TAG

    def __init__(self, theme: Theme, text: str) -> None:
        super().__init__(theme, text, TextRole.TITLE, wrap=True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)


class StepPage(QWidget):
    """One step. Fill `body`; `ask` replaces question and sentence.

    A page shows values and emits what a person does on it; `connect_wizard` and `show_wizard` tie it to the wizard.
    """

    question = ""

    def __init__(self, theme: Theme, lead: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.title = Question(theme, self.question)
        self.lead = TextLabel(theme, lead, TextRole.LEAD, Token.TEXT2, wrap=True)
        self._column.addWidget(self.title)
        self._column.addSpacing(theme.px(3))
        self._column.addWidget(self.lead)
        self._column.addSpacing(theme.px(16))
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.px(11))
        self._column.addLayout(self.body)
        self.rows: dict[str, FieldRow] = {}
        """The fields of the step, by the keys of their declarations, from top to bottom."""
        self.problems = Problems(theme)
        self._column.addSpacing(theme.px(11))
        self._column.addWidget(self.problems)
        self._column.addStretch(1)
        self.setAccessibleName(self.question)

    def connect_wizard(self, wizard: WizardController) -> None:
        """Every way to answer on this page becomes an answer of the wizard; once, when both are there."""
        raise NotImplementedError

    def show_wizard(self, wizard: WizardController) -> None:
        """Show the step as it is now."""
        raise NotImplementedError

    def tell_problems(self, boxes: tuple[ProblemShown, ...]) -> None:
        """Replace the problems of the step."""
        self.problems.tell(boxes)

    @property
    def boxes(self) -> list[ProblemBox]:
        """The problems that are shown as boxes."""
        return self.problems.boxes

    @property
    def in_place(self) -> frozenset[str]:
        """The keys of the fields that can tell what is wrong with them now."""
        return frozenset(key for key, row in self.rows.items() if row.isVisibleTo(self))

    def judge_fields(self, complaints: Mapping[str, Complaint]) -> None:
        """Say under each field what is wrong with it."""
        for key, row in self.rows.items():
            row.judge(complaints.get(key))

    def settle(self) -> None:
        """Take what was typed a moment ago: someone goes on."""
        for row in self.rows.values():
            row.settle()

    def ask(self, question: str, lead: str) -> None:
        """Replace the question and the sentence under it."""
        self.title.say(question)
        self.lead.say(lead)
        self.setAccessibleName(question)

    def focus_question(self) -> None:
        """Move the focus to the question (gui/README.md 13)."""
        self.title.setFocus(Qt.FocusReason.OtherFocusReason)

    def next_button(self) -> QWidget | None:
        """The button that leads on, when it is not the footer's."""
        return None

    def focus_problem(self) -> QWidget | None:
        """Move the focus to what has to be put right first: a field, a box that blocks, a box; None: there is none."""
        for row in self.rows.values():
            if row.wrong and row.isVisibleTo(self):
                row.focus_field()
                return row
        box = next((box for box in self.boxes if box.blocks), next(iter(self.boxes), None))
        if box is not None:
            box.setFocus(Qt.FocusReason.OtherFocusReason)
        return box
