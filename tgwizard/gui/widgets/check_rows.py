"""Rows of facts: a check with its evidence, a note in a tinted box, an event of the timeline, a key with its value.

``CheckRows`` keeps the rows of a list of checks from one answer to the next, and builds a few in a turn of the
event loop when more are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.style.control_painting import paint_ground, paint_line
from tgwizard.gui.style.icons import Icon, draw_icon
from tgwizard.gui.style.state_shapes import TINT, Shape, ShapeMark, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind, WholeTarget, prepare_control
from tgwizard.gui.widgets.idle_queue import IdleQueue
from tgwizard.gui.widgets.labels import ElidedLabel, LiveLine, LiveText, TextLabel, plain_tip
from tgwizard.gui.widgets.layouts import clear
from tgwizard.model.problem import Problem
from tgwizard.model.text import counted


class CheckRow(QWidget):
    """One check: shape, fact, and the evidence for it on a second, smaller line."""

    accessible_role = QAccessible.Role.ListItem

    def __init__(
        self,
        theme: Theme,
        shape: Shape,
        fact: str,
        evidence: str = "",
        *,
        quiet: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Show `fact`; `quiet` sets it as second text, as in the confirm dialog."""
        super().__init__(parent)
        role = TextRole.CAPTION if quiet else TextRole.BODY_KEY
        self._ink = Token.TEXT2 if quiet else Token.TEXT
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8 if quiet else 10))
        words = QVBoxLayout()
        words.setSpacing(0)
        self._mark = ShapeMark(theme, shape, 14)
        self._fact = LiveText(theme, fact, role, self._ink)
        self._evidence = LiveText(theme, evidence, TextRole.CAPTION, Token.TEXT2)
        words.addWidget(self._fact)
        words.addWidget(self._evidence)
        words.addStretch(1)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.show_check(shape, fact, evidence)

    def show_check(self, shape: Shape, fact: str, evidence: str = "") -> None:
        """Replace the check: rows are kept, so that a new age repaints one line and lays nothing out."""
        self._mark.show_shape(shape)
        self._fact.say(fact)
        self._fact.recolour(self._ink)
        self._evidence.say(evidence)
        self._evidence.recolour(Token.TEXT2)
        if self._evidence.isHidden() is bool(evidence):
            self._evidence.setVisible(bool(evidence))
        self.setAccessibleName(f"{fact}, {shape.value}")
        self.setAccessibleDescription(evidence)

    def fade(self) -> None:
        """What it was found for is no longer there: the words stay, grey, so that nothing moves."""
        self._mark.show_shape(Shape.WAITING)
        self._fact.recolour(Token.TEXT3)
        self._evidence.recolour(Token.TEXT3)
        self.setAccessibleName(f"{self._fact.text_shown}, of the value before")


class NoticeBox(QWidget):
    """A tinted box with its shape: what, and why it matters. It stands directly above or under what it speaks of."""

    accessible_role = QAccessible.Role.Notification

    def __init__(self, theme: Theme, shape: Shape, what: str, why: str = "", parent: QWidget | None = None) -> None:
        """Show `what` and, when there is more to say, `why`."""
        super().__init__(parent)
        self._theme = theme
        self._shape = shape
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(16, 11, 16, 12)
        row.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(TextLabel(theme, what, TextRole.BODY_STRONG, wrap=True))
        if why:
            words.addWidget(TextLabel(theme, why, TextRole.BODY, Token.TEXT2, wrap=True))
        row.addWidget(ShapeMark(theme, shape, 18), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.setAccessibleName(what)
        self.setAccessibleDescription(why)
        theme.changed.connect(self.update)

    def add_fix(self, button: QWidget) -> None:
        """Put a fix as a button at the right end."""
        self._row.addWidget(button)

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_ground(QPainter(self), self._theme, QRectF(self.rect()), TINT[self._shape], None, Radius.CONTROL)


def problem_notice(
    theme: Theme, problem: Problem, shape: Shape = Shape.BROKEN, *, with_detail: bool = False
) -> NoticeBox:
    """What went wrong, why, and what to do; `with_detail` where nothing else can show it."""
    words = (problem.why_and_fix, problem.detail if with_detail else "")
    return NoticeBox(theme, shape, problem.what, " ".join(filter(None, words)))


def show_problem_notices(
    layout: QLayout, theme: Theme, problems: Iterable[Problem | None], *, with_detail: bool = False
) -> None:
    """Fill `layout` with a notice for each problem, and with nothing else."""
    clear(layout)
    for problem in problems:
        if problem is not None:
            layout.addWidget(problem_notice(theme, problem, with_detail=with_detail))


class TimelineRow(QWidget):
    """One event: shape, local time (UTC in the tooltip), sentence, source.

    With `leads_to` there is more to see: the source is a link of that name, and a click anywhere on the row follows it.
    """

    opened = Signal()
    accessible_role = QAccessible.Role.ListItem

    def __init__(
        self,
        theme: Theme,
        shape: Shape,
        when: str,
        when_tip: str,
        sentence: str,
        source: str,
        *,
        narrow: bool = False,
        leads_to: str = "",
    ) -> None:
        """Show one event; `narrow` has the sentence below, on as many lines as it needs."""
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.px(5), 0, theme.px(5))
        column.setSpacing(theme.px(1))
        row = QHBoxLayout()
        row.setSpacing(theme.px(12))
        time = TextLabel(theme, when, TextRole.MONO, Token.TEXT3)
        time.setToolTip(when_tip)
        time.setMinimumWidth(theme.px(96))
        row.addWidget(ShapeMark(theme, shape, 14))
        row.addWidget(time)
        column.addLayout(row)
        if narrow:
            row.addStretch(1)
            below = TextLabel(theme, sentence, TextRole.BODY, wrap=True)
            below.setContentsMargins(theme.px(26), 0, 0, 0)
            column.addWidget(below)
        else:
            row.addWidget(ElidedLabel(theme, sentence, TextRole.BODY, mode=Qt.TextElideMode.ElideRight), 1)
        self.link: Button | None = None
        if leads_to:
            self.link = Button(theme, source, ButtonKind.LINK, height=22)
            self.link.setAccessibleName(leads_to)
            self.link.setToolTip(leads_to)
            self.link.clicked.connect(self.opened)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            row.addWidget(self.link)
        else:
            row.addWidget(TextLabel(theme, source, TextRole.CAPTION, Token.TEXT2))
        self.setAccessibleName(f"{when}, {sentence}, {source}")
        tall = QSizePolicy.Policy.Preferred if narrow else QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, tall)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here too."""
        event.setAccepted(self.link is not None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The whole row is the target."""
        inside = self.rect().contains(event.position().toPoint())
        if self.link is not None and event.button() is Qt.MouseButton.LeftButton and inside:
            self.opened.emit()


class FieldValueRow(QWidget):
    """A key and its value with an optional state shape, as in a member card."""

    def __init__(
        self, theme: Theme, key: str, *, mono: bool = False, key_width: int = 100, parent: QWidget | None = None
    ) -> None:
        """An empty row for `key`; `show_value` fills it."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(6))
        self._key = TextLabel(theme, key, TextRole.CAPTION_KEY, Token.TEXT2)
        self._key.setMinimumWidth(theme.px(key_width))
        self._mark = ShapeMark(theme, Shape.NOT_KNOWN, 14)
        role = TextRole.MONO if mono else TextRole.BODY_KEY
        self._value = LiveLine(theme, "", role)
        row.addWidget(self._key)
        row.addWidget(self._mark)
        row.addWidget(self._value, 1)
        self.setMinimumHeight(theme.px(18))

    @property
    def value(self) -> str:
        """The value as shown."""
        return self._value.text_shown

    @property
    def shape(self) -> Shape | None:
        """The state shape shown, or None."""
        return None if self._mark.isHidden() else self._mark.shape

    def show_value(self, value: str, shape: Shape | None = None) -> None:
        """Replace the value and the shape before it (None: no shape)."""
        self._value.say(value)
        known = shape is not Shape.NOT_KNOWN
        self._value.recolour(Token.TEXT if known else Token.TEXT2)
        self._mark.setVisible(shape is not None)
        if shape is not None:
            self._mark.show_shape(shape)


def all_passed(count: int) -> str:
    """The words of a line that stands for checks which all passed."""
    return f"{counted(count, 'check')}, all passed"


class FoldLine(WholeTarget, QPushButton):
    """Many checks in one line, "7 checks, all passed": a click, Enter or Space opens them and closes them again.

    It is checked while they are open, and as high whether they are or not.
    """

    ring_radius = Radius.CONTROL

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shape = Shape.WAITING
        self._words = ""
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        prepare_control(self, theme)

    def say(self, shape: Shape, words: str, spoken: str = "") -> None:
        """Replace the line; `spoken`: the checks themselves, for tooltip and assistive technology."""
        if (shape, words) != (self._shape, self._words):
            self._shape, self._words = shape, words
            self.setAccessibleName(words)
            self.update()
        self.setToolTip(plain_tip(spoken))
        self.setAccessibleDescription(spoken.replace("\n", ", "))

    @property
    def words(self) -> str:
        """The line as shown."""
        return self._words

    def sizeHint(self) -> QSize:
        """Its words, a shape before and an arrow after them; 28 px high."""
        theme = self._theme
        words = QFontMetricsF(theme.font(TextRole.BODY)).horizontalAdvance(self._words)
        return QSize(round(words) + theme.px(14 + 10 + 8 + 14), theme.px(28))

    def minimumSizeHint(self) -> QSize:
        """The words may be cut: they are a count, and the tooltip has the checks."""
        return QSize(self._theme.px(120), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter, box = self._theme, QPainter(self), QRectF(self.rect())
        if self.isEnabled() and self.underMouse():
            paint_ground(painter, theme, box.adjusted(-2, 0, 2, 0), Token.SUNKEN, None, Radius.CONTROL)
        side = theme.px(14)
        middle = (box.height() - side) / 2
        draw_shape(painter, theme, self._shape, QRectF(0, middle, side, side))
        arrow = QRectF(box.width() - side, middle, side, side)
        words = QRectF(side + theme.px(10), 0, arrow.left() - side - theme.px(18), box.height())
        ink = Token.TEXT if self.isEnabled() else Token.TEXT3
        paint_line(painter, theme, words, (self._words, TextRole.BODY_KEY, ink))
        if self.isEnabled():
            icon = Icon.CHEVRON_UP if self.isChecked() else Icon.CHEVRON_DOWN
            draw_icon(painter, icon, theme.colour(Token.TEXT2), arrow)


IN_A_TURN = 3
"""How many rows are built at once in a list that someone looks at: with layout and paint a row costs 2 ms."""


@dataclass(frozen=True, slots=True)
class CheckShown:
    """One row: shape, fact, evidence below it, tooltip, and what is read out in its place (empty: the evidence)."""

    shape: Shape
    fact: str
    evidence: str = ""
    tip: str = ""
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class ChecksShown:
    """The answer of some checks: ``rows`` want attention, worst first, and ``calm`` ones are folded into one line.

    ``shape`` and ``words`` are those of the line.
    """

    rows: tuple[CheckShown, ...] = ()
    calm: tuple[CheckShown, ...] = ()
    shape: Shape = Shape.WAITING
    words: str = ""

    def seen(self, *, opened: bool) -> tuple[CheckShown, ...]:
        """The rows that are seen while the line is open, or closed."""
        return (*self.rows, *self.calm) if opened else self.rows

    @property
    def folded_facts(self) -> str:
        """What the line stands for, a fact on each line."""
        return "\n".join(check.fact for check in self.calm)


class CheckRows:
    """Keeps the rows of `owner`.

    ``make`` builds one, ``put`` gives it its place: row, index, how many there will be.
    """

    def __init__(
        self,
        owner: QWidget,
        make: Callable[[CheckShown], CheckRow],
        put: Callable[[CheckRow, int, int], None],
    ) -> None:
        self._owner = owner
        self._make = make
        self._put = put
        self._rows: list[CheckRow] = []
        self._wanted: tuple[CheckShown, ...] = ()
        self._turns = IdleQueue(owner)

    @property
    def rows(self) -> tuple[CheckRow, ...]:
        """The rows shown, in their order."""
        return tuple(self._rows)

    def show(self, checks: tuple[CheckShown, ...]) -> None:
        """Show these: a row that is there changes its words now, more of them follow in turns if the list is seen."""
        self._wanted = checks
        self._turns.drop()
        while len(self._rows) > len(checks):
            surplus = self._rows.pop()
            surplus.hide()
            surplus.deleteLater()
        for index, row in enumerate(self._rows):
            self._fill(row, index)
        if self._owner.isVisible():
            self._grow_on()
        else:
            self._grow(len(checks))

    def _grow_on(self) -> None:
        if len(self._rows) < len(self._wanted):
            self._turns.add(self._next)

    def _next(self) -> None:
        self._grow(IN_A_TURN)
        self._grow_on()

    def _grow(self, most: int) -> None:
        for index in range(len(self._rows), min(len(self._rows) + most, len(self._wanted))):
            row = self._make(self._wanted[index])
            self._rows.append(row)
            self._fill(row, index)

    def _fill(self, row: CheckRow, index: int) -> None:
        check = self._wanted[index]
        row.show_check(check.shape, check.fact, check.evidence)
        row.setToolTip(plain_tip(check.tip))
        row.setAccessibleDescription(check.spoken or check.evidence)
        self._put(row, index, len(self._wanted))
