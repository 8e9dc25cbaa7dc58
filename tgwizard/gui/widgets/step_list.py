"""The step list of a wizard: number ring, then tick; answered steps show their answer (gui/README.md 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.style.control_painting import Line, paint_ground, paint_lines
from tgwizard.gui.style.state_shapes import Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import WholeTarget, prepare_control
from tgwizard.gui.widgets.focus_order import OneStop
from tgwizard.gui.widgets.labels import plain_tip


class StepMark(Enum):
    """Where a step stands; the value is the word read out."""

    TO_COME = "to come"
    CURRENT = "current"
    ANSWERED = "answered"
    LOOK_AGAIN = "look again"
    PROBLEM = "has a problem"
    RUNNING = "running"


_SHAPE = {
    StepMark.ANSWERED: Shape.GOOD,
    StepMark.LOOK_AGAIN: Shape.WARNING,
    StepMark.PROBLEM: Shape.WARNING,
    StepMark.RUNNING: Shape.MOVING,
}


@dataclass(frozen=True, slots=True)
class StepShown:
    """One step: its name, its answer in a few words, its state, and whether it can be opened now."""

    name: str
    answer: str = ""
    state: StepMark = StepMark.TO_COME
    current: bool = False
    reachable: bool = False


class StepItem(WholeTarget, QPushButton):
    """One step: mark, name, answer, and the line to the next mark."""

    ring_radius = Radius.CONTROL

    def __init__(self, theme: Theme, number: int, of: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._number = number
        self._of = of
        self._narrow = False
        self._shown = StepShown("")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        prepare_control(self, theme, hand=False)
        self.setAccessibleName(f"Step {number} of {of}")

    @property
    def shown(self) -> StepShown:
        return self._shown

    def show_step(self, shown: StepShown) -> None:
        """Replace name, answer and state."""
        if shown == self._shown:
            return
        self._shown = shown
        words = [] if not shown.current else [StepMark.CURRENT.value]
        if shown.state is not StepMark.CURRENT:
            words.append(shown.state.value)
        self.setAccessibleName(f"Step {self._number} of {self._of}, {shown.name}, {', '.join(words)}")
        self.setAccessibleDescription(shown.answer)
        self.setEnabled(shown.reachable or shown.current)
        self.setCursor(Qt.CursorShape.PointingHandCursor if shown.reachable else Qt.CursorShape.ArrowCursor)
        self._tip()
        self.update()

    def set_narrow(self, narrow: bool) -> None:
        """Show the mark alone, the words as tooltip."""
        self._narrow = narrow
        self._tip()
        self.updateGeometry()
        self.update()

    def _tip(self) -> None:
        whole = f"{self._shown.name}: {self._shown.answer}" if self._shown.answer else self._shown.name
        self.setToolTip(plain_tip(whole if self._narrow or self._shown.answer else ""))

    def sizeHint(self) -> QSize:
        """Two lines, whether there is an answer or not: the list keeps its rhythm."""
        name = QFontMetricsF(self._theme.font(TextRole.BODY_KEY)).height()
        answer = QFontMetricsF(self._theme.font(TextRole.CAPTION)).height()
        return QSize(self._theme.px(40 if self._narrow else 216), round(name + answer) + self._theme.px(14))

    def minimumSizeHint(self) -> QSize:
        """In a low window the list closes up to one line and air."""
        name = QFontMetricsF(self._theme.font(TextRole.BODY_KEY)).height()
        return QSize(self._theme.px(40), round(name) + self._theme.px(12))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, shown = self._theme, self._shown
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        if shown.current:
            paint_ground(painter, theme, box, Token.HOVER, None, Radius.CONTROL)
        elif self.underMouse() and self.isEnabled():
            paint_ground(painter, theme, box, Token.SUNKEN, None, Radius.CONTROL)
        side = theme.px(18)
        left = (box.width() - side) / 2 if self._narrow else theme.px(13)
        mark = QRectF(left, (box.height() - side) / 2, side, side)
        self._line(painter, mark)
        self._mark(painter, mark)
        if not self._narrow:
            self._words(painter, box.adjusted(theme.px(44), 0, -theme.px(8), 0))

    def _line(self, painter: QPainter, mark: QRectF) -> None:
        theme = self._theme
        passed = self._shown.state in {StepMark.ANSWERED, StepMark.LOOK_AGAIN, StepMark.PROBLEM}
        x, gap = mark.center().x() - 0.75, theme.px(4)
        done, open_ = theme.colour(Token.OK), theme.colour(Token.STRONG)
        if self._number > 1:
            before = done if passed or self._shown.current else open_
            painter.fillRect(QRectF(x, 0, 1.5, mark.top() - gap), before)
        if self._number < self._of:
            after = done if passed and not self._shown.current else open_
            painter.fillRect(QRectF(x, mark.bottom() + gap, 1.5, self.height() - mark.bottom() - gap), after)

    def _mark(self, painter: QPainter, mark: QRectF) -> None:
        theme, shown = self._theme, self._shown
        shape = _SHAPE.get(shown.state)
        if shape is not None:
            draw_shape(painter, theme, shape, mark)
            return
        painter.setFont(theme.font(TextRole.BADGE))
        if shown.current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(Token.ACCENT))
            painter.drawEllipse(mark)
            painter.setPen(theme.colour(Token.ON_FILL))
        else:
            painter.setPen(QPen(theme.colour(Token.STRONG), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(mark.adjusted(0.75, 0.75, -0.75, -0.75))
            painter.setPen(theme.colour(Token.TEXT2))
        painter.drawText(mark, int(Qt.AlignmentFlag.AlignCenter), str(self._number))

    def _words(self, painter: QPainter, box: QRectF) -> None:
        theme, shown = self._theme, self._shown
        role = TextRole.BODY_STRONG if shown.current else TextRole.BODY_KEY
        quiet = shown.state is StepMark.TO_COME and not shown.current
        lines: tuple[Line, ...] = ((shown.name, role, Token.TEXT2 if quiet else Token.TEXT),)
        both = (*lines, (shown.answer, TextRole.CAPTION, Token.TEXT2))
        high = sum(QFontMetricsF(theme.font(role)).height() for _, role, _ in both)
        paint_lines(painter, theme, box, both if shown.answer and box.height() >= high else lines)


class StepList(OneStop):
    """All steps. `chosen(index)` when a reachable one is pressed; arrows, Home and End move between those."""

    accessible_role = QAccessible.Role.List
    chosen = Signal(int)

    def __init__(self, theme: Theme, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        # Room for the focus ring, which stands outside of what it marks.
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(0)
        self.items = tuple(StepItem(theme, number, count) for number in range(1, count + 1))
        for index, item in enumerate(self.items):
            item.clicked.connect(self._choose_callback(index))
            column.addWidget(item)
        column.addStretch(1)
        self.setAccessibleName("Steps")

    def show_steps(self, steps: tuple[StepShown, ...]) -> None:
        """Replace all."""
        for item, shown in zip(self.items, steps, strict=True):
            item.show_step(shown)

    def set_narrow(self, narrow: bool) -> None:
        """Marks alone, or words as well."""
        for item in self.items:
            item.set_narrow(narrow)

    def stops(self) -> tuple[StepItem, ...]:
        """The steps in their order."""
        return self.items

    def current_stop(self) -> StepItem | None:
        """The step that is shown."""
        return next((item for item in self.items if item.shown.current), None)

    def _choose_callback(self, index: int) -> Callable[[], None]:
        def choose() -> None:
            self.chosen.emit(index)

        return choose
