"""What every page of the wizard has: one question, a sentence under it, its parts, and its problems in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.gui.kit.buttons import Button, ButtonKind
from tgwizard.gui.kit.labels import TextLabel
from tgwizard.gui.kit.problem_box import ProblemBox
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Cure:
    """A button of a problem: its words, what it does, and its icon. A `link` asks elsewhere."""

    words: str
    act: Callable[[], None]
    icon: Icon | None = None
    link: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A problem as it is shown: with the shape of its weight, and its cures."""

    problem: Problem
    shape: Shape = Shape.BROKEN
    cures: tuple[Cure, ...] = ()


class Question(TextLabel):
    """The question of a step; it takes the focus when the step opens, so that a screen reader begins there."""

    def __init__(self, theme: Theme, text: str) -> None:
        super().__init__(theme, text, TextRole.TITLE, wrap=True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)


class Problems(QWidget):
    """Problem boxes, one below the other. Equal problems stay as they are, so that nothing flickers."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._told: tuple[tuple[Problem, Shape, tuple[str, ...]], ...] = ()
        self.boxes: list[ProblemBox] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(9))
        self.hide()

    def tell(self, told: tuple[Told, ...]) -> bool:
        """Show these, and no others; whether there is a new one."""
        key = tuple((one.problem, one.shape, tuple(cure.words for cure in one.cures)) for one in told)
        if key == self._told:
            return False
        known = {problem.what for problem, _, _ in self._told}
        self._told = key
        for box in self.boxes:
            self._column.removeWidget(box)
            box.hide()
            box.deleteLater()
        self.boxes = [self._box(one) for one in told]
        self.setVisible(bool(told))
        new = [one.problem.what for one in told if one.problem.what not in known]
        if new and self.isVisible():
            announce(self.boxes[0], new[0])
        return bool(new)

    def _box(self, told: Told) -> ProblemBox:
        problem = told.problem
        why = " ".join(part for part in (problem.why, problem.fix) if part)
        box = ProblemBox(self._theme, told.shape, problem.what, why, problem.detail)
        for cure in told.cures:
            kind = ButtonKind.LINK if cure.link else ButtonKind.SECONDARY
            button = Button(self._theme, cure.words, kind, cure.icon, height=32)
            button.clicked.connect(cure.act)
            box.add_cure(button)
        self._column.addWidget(box)
        return box


class StepPage(QWidget):
    """One step. Fill `body`; `ask` replaces question and sentence."""

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
        self.problems = Problems(theme)
        self._column.addSpacing(theme.px(11))
        self._column.addWidget(self.problems)
        self._column.addStretch(1)
        self.setAccessibleName(self.question)

    def ask(self, question: str, lead: str) -> None:
        """Replace the question and the sentence under it."""
        self.title.say(question)
        self.lead.say(lead)
        self.setAccessibleName(question)

    def focus_question(self) -> None:
        """Move the focus to the question (gui/README.md 13)."""
        self.title.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_problem(self) -> QWidget | None:
        """Move the focus to the first problem; None when there is none."""
        if not self.problems.boxes:
            return None
        self.problems.boxes[0].setFocus(Qt.FocusReason.OtherFocusReason)
        return self.problems.boxes[0]
