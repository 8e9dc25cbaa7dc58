"""The problem box: tint, shape, what, why it matters, and the fixes as buttons, directly under what it speaks of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import TINT, Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.labels import LiveText
from tgwizard.gui.widgets.layouts import FlowLayout
from tgwizard.model.problem import Problem


class ProblemBox(QWidget):
    """One problem in its place. The title takes the focus when the problem appears on Continue (gui/README.md 13)."""

    accessible_role = QAccessible.Role.AlertMessage
    ring_radius = Radius.CARD

    def __init__(
        self,
        theme: Theme,
        shape: Shape,
        what: str,
        why: str = "",
        detail: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Say `what` and `why`; `detail` is Azure's own text, shown smaller."""
        super().__init__(parent)
        self._theme = theme
        self._shape = shape
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(16), theme.px(11), theme.px(16), theme.px(12))
        row.setSpacing(theme.px(12))
        words = QVBoxLayout()
        words.setSpacing(theme.px(2))
        words.addWidget(LiveText(theme, what, TextRole.BODY_STRONG))
        if why:
            words.addWidget(LiveText(theme, why, TextRole.BODY, Token.TEXT2))
        if detail:
            words.addWidget(LiveText(theme, detail, TextRole.CAPTION, Token.TEXT2))
        self._fixes = QWidget()
        self._flow = FlowLayout(self._fixes, theme.px(9), spread=False)
        self._flow.setContentsMargins(0, theme.px(6), 0, 0)
        self._fixes.hide()
        words.addWidget(self._fixes)
        row.addWidget(ShapeMark(theme, shape, 18), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.what = what
        self.setAccessibleName(what)
        self.setAccessibleDescription(" ".join(part for part in (why, detail) if part))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        theme.changed.connect(self.update)

    @property
    def blocks(self) -> bool:
        """Whether one cannot go on before it is put right."""
        return self._shape is Shape.BROKEN

    def add_fix(self, button: QWidget) -> None:
        """Add a fix after those there are."""
        self._flow.addWidget(button)
        self._fixes.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_ground(QPainter(self), self._theme, QRectF(self.rect()), TINT[self._shape], None, Radius.CARD)


@dataclass(frozen=True, slots=True)
class FixButton:
    """A button of a problem: its words, what it does, and its icon. A `link` asks elsewhere."""

    words: str
    on_click: Callable[[], None]
    icon: Icon | None = None
    link: bool = False


@dataclass(frozen=True, slots=True)
class ProblemShown:
    """A problem as it is shown: with the shape of its weight, and its fixes."""

    problem: Problem
    shape: Shape = Shape.BROKEN
    fixes: tuple[FixButton, ...] = ()


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

    def tell(self, told: tuple[ProblemShown, ...]) -> bool:
        """Show these, and no others; whether there is a new one."""
        key = tuple((one.problem, one.shape, tuple(fix.words for fix in one.fixes)) for one in told)
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

    def _box(self, told: ProblemShown) -> ProblemBox:
        problem = told.problem
        box = ProblemBox(self._theme, told.shape, problem.what, problem.why_and_fix, problem.detail)
        for fix in told.fixes:
            kind = ButtonKind.LINK if fix.link else ButtonKind.SECONDARY
            button = Button(self._theme, fix.words, kind, fix.icon, height=32)
            button.clicked.connect(fix.on_click)
            box.add_fix(button)
        self._column.addWidget(box)
        return box
