"""The field row: label, field, and one place under it for the help or for what is wrong with what was typed.

That place is kept free from the start, so that a sentence that comes or goes moves nothing. What is typed is judged by
the field's declaration in the model; whoever knows more (a name that is taken, an address that Azure refuses) says so
with ``judge``. A field that has the focus is never rewritten.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.state_shapes import Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.labels import LiveText, TextLabel, let_wrap
from tgwizard.gui.widgets.problem_box import FixButton
from tgwizard.gui.widgets.text_inputs import TextField
from tgwizard.model.fields import Field

SETTLE_MS = 250
"""How long typing has to rest before what is typed is judged (gui/README.md 6, Field row)."""

_LONGEST = 120
"""Characters of an ordinary sentence about a value: so much room every row keeps."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with what stands in a field, and how it can be put right by a button."""

    sentence: str
    shape: Shape = Shape.BROKEN
    fixes: tuple[FixButton, ...] = ()


class FieldNote(QWidget):
    """The place under a field: its help, or a complaint in the help's stead, with room for the longer of the two."""

    def __init__(self, theme: Theme, help_: str, *, longest: int, with_fixes: bool) -> None:
        """Show `help_`; room for a complaint of `longest` characters, and for buttons if `with_fixes`."""
        super().__init__()
        self._theme = theme
        self._help = help_
        self._longest = longest
        self._with_fixes = with_fixes
        self._mark = ShapeMark(theme, Shape.BROKEN, 14, self)
        self._mark.hide()
        self._words = LiveText(theme, help_, TextRole.CAPTION, Token.TEXT2, self)
        self._buttons: list[Button] = []
        self._told = Complaint("")
        self._faded = False
        let_wrap(self)

    @property
    def complaint(self) -> str:
        """The sentence of the complaint; empty while the help is shown."""
        return self._told.sentence

    @property
    def buttons(self) -> tuple[Button, ...]:
        """The fixes shown."""
        return tuple(self._buttons)

    def complain(self, complaint: Complaint, take: Callable[[FixButton], None]) -> None:
        """Show the complaint, or the help again when it has no sentence; `take` is called with the fix pressed."""
        before, self._told = self._told, complaint
        same_fixes = [fix.words for fix in before.fixes] == [fix.words for fix in complaint.fixes]
        if not self._faded and same_fixes and (before.sentence, before.shape) == (complaint.sentence, complaint.shape):
            return
        self._faded = False
        wrong = bool(complaint.sentence)
        self._words.say(complaint.sentence or self._help)
        self._words.recolour(_INK.get(complaint.shape, Token.TEXT2) if wrong else Token.TEXT2)
        self._mark.show_shape(complaint.shape)
        self._mark.setVisible(wrong)
        if not same_fixes:
            for button in self._buttons:
                button.hide()
                button.deleteLater()
            self._buttons = [self._button(place, take) for place in range(len(complaint.fixes))]
        for button in self._buttons:
            button.setEnabled(True)
        self._lay_out(self.width(), move=True)
        self.updateGeometry()

    def fade(self) -> None:
        """Typing goes on: what is said is about a value that is no longer there."""
        if self._told.sentence:
            self._faded = True
            self._mark.show_shape(Shape.WAITING)
            self._words.recolour(Token.TEXT3)
            for button in self._buttons:
                button.setEnabled(False)

    def _button(self, place: int, take: Callable[[FixButton], None]) -> Button:
        fix = self._told.fixes[place]
        button = Button(self._theme, fix.words, ButtonKind.LINK, fix.icon, height=28, parent=self)
        button.clicked.connect(lambda: take(self._told.fixes[place]))
        button.show()
        return button

    def hasHeightForWidth(self) -> bool:
        """Narrower is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """What is kept free; more when what is shown needs it."""
        return max(self._kept(width), self._lay_out(width, move=False))

    def sizeHint(self) -> QSize:
        """A comfortable line."""
        width = self._theme.px(420)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Some words of it, and a line."""
        metrics = QFontMetricsF(self._theme.font(TextRole.CAPTION))
        return QSize(self._theme.px(120), math.ceil(metrics.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place mark, words and buttons anew."""
        super().resizeEvent(event)
        self._lay_out(self.width(), move=True)

    def _left(self) -> int:
        return self._theme.px(14 + 6)

    def _kept(self, width: int) -> int:
        metrics = QFontMetricsF(self._theme.font(TextRole.CAPTION))
        beside = self._theme.px(_FIX_WIDTH) if self._with_fixes and self._fits_beside(width, _FIX_WIDTH) else 0
        room = max(1, width - self._left() - beside)
        wide = metrics.horizontalAdvance(_SAMPLE) / len(_SAMPLE)
        lines = math.ceil(wide * self._longest * _RAGGED / room)
        high = max(1, lines) * math.ceil(metrics.height())
        if self._with_fixes:
            return max(high, self._theme.px(28)) if beside else high + self._theme.px(30)
        return high

    def _fits_beside(self, width: int, px: int) -> bool:
        return self._theme.px(px) <= width * 0.4

    def _lay_out(self, width: int, *, move: bool) -> int:
        """The height of what is shown; `move`: put it there."""
        theme, gap = self._theme, self._theme.px(6)
        left = self._left() if self._told.sentence else 0
        sizes = [button.sizeHint() for button in self._buttons]
        wide = sum(size.width() for size in sizes) + gap * max(0, len(sizes) - 1)
        beside = bool(sizes) and wide <= max(width * 0.4, 0)
        room = max(1, width - left - (wide + gap if beside else 0))
        high = self._words.heightForWidth(room)
        row = max((size.height() for size in sizes), default=0)
        if move:
            first = math.ceil(QFontMetricsF(theme.font(TextRole.CAPTION)).height())
            self._mark.move(0, max(0, (first - self._mark.height()) // 2))
            self._words.setGeometry(QRect(left, 0, room, high))
        if beside:
            at, top = width - wide, 0
        else:
            at, top = left - theme.px(8), high + theme.px(2)
        bottom = high
        for button, size in zip(self._buttons, sizes, strict=True):
            if not beside and at + size.width() > width and at > left:
                at, top = left - theme.px(8), top + row
            if move:
                button.setGeometry(QRect(QPoint(at, top), QSize(min(size.width(), width), size.height())))
            at += size.width() + gap
            bottom = max(bottom, top + size.height())
        return bottom


_INK = {Shape.BROKEN: Token.BAD, Shape.WARNING: Token.WARN}
_FIX_WIDTH = 220
_SAMPLE = "Azure keeps the first four and the last address of 10.20.2.0/24 for itself."
_RAGGED = 1.06
"""Lines end at words, so that they hold less than their width."""


@dataclass(frozen=True, slots=True)
class RowLook:
    """How a row looks and when it tells.

    ``help``: other words than the field's own; ``label``: other words than its name, empty for none. ``rests``: `typed`
    waits until typing rests. ``beside``: the label stands before the field. ``unit``: stands after it. ``longest``,
    ``with_fixes``: the room that is kept for a complaint, in characters, and for buttons. ``apart``: `note` is
    put somewhere else by whoever made the row.
    """

    help: str | None = None
    label: str | None = None
    text_role: TextRole = TextRole.MONO
    rests: bool = False
    beside: bool = False
    unit: str = ""
    longest: int = _LONGEST
    with_fixes: bool = False
    apart: bool = False


class FieldRow(QWidget):
    """One typed answer. `edited(text)` with every key; `typed(text)` when it counts: with every key, or after a rest.

    `left` when the field was left, or Enter pressed in it.
    """

    edited = Signal(str)
    typed = Signal(str)
    left = Signal()

    def __init__(self, theme: Theme, name: str, wanted: Field[Any] | None = None, look: RowLook | None = None) -> None:
        """A field called `name`, judged by `wanted`; without one only ``judge`` says what is wrong."""
        super().__init__()
        look = look or RowLook()
        self._theme = theme
        self._wanted = wanted
        self._help = look.help if look.help is not None else wanted.help if wanted is not None else ""
        self._rests = look.rests
        self._told = Complaint("")
        self._own: Complaint | None = None
        self._from_outside: Complaint | None = None
        self._untold = False
        self._ours = False
        self._may_rewrite = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.settle)
        self.field = TextField(theme, name, text_role=look.text_role)
        self.note = FieldNote(theme, self._help, longest=look.longest, with_fixes=look.with_fixes)
        self._build(name if look.label is None else look.label, look)
        self._describe()
        # Not textEdited: that is not told of what assistive technology puts there.
        self.field.textChanged.connect(self._on_edited)
        self.field.editingFinished.connect(self._on_left)

    def _build(self, label: str, look: RowLook) -> None:
        theme = self._theme
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(6))
        row = QHBoxLayout()
        row.setSpacing(theme.px(10))
        if label:
            words = TextLabel(theme, label, TextRole.BODY_STRONG)
            words.setBuddy(self.field)
            if look.beside and theme.text_scale < LARGE_TEXT:
                row.addWidget(words)
            else:
                column.addWidget(words)
        row.addWidget(self.field, 1)
        if look.unit:
            row.addWidget(TextLabel(theme, look.unit, TextRole.BODY, Token.TEXT2))
        # A field of less than the whole width stands at the left.
        row.addStretch(1 if look.unit else 0)
        column.addLayout(row)
        if not look.apart:
            column.addWidget(self.note)

    # What stands in the field ------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What stands there, without the spaces around it."""
        return self.field.text().strip()

    @property
    def is_typing(self) -> bool:
        """Whether typing goes on: nothing is judged before it rests."""
        return self._settle.isActive()

    def show_text(self, text: str) -> None:
        """Put the value in force there, unless someone is typing, or it is there but for spaces around it."""
        if self.text == text or self._settle.isActive():
            return
        if self._may_rewrite or not self.field.hasFocus():
            self.replace(text)

    def replace(self, text: str) -> None:
        """Put another value there on a person's word: a suggestion taken, a square picked."""
        self._settle.stop()
        self._may_rewrite = False
        self._untold = False
        self._ours = True
        self.field.setText(text)
        self._ours = False
        self._own = self.check()
        self._tell()

    def settle(self) -> None:
        """Judge now what was typed: typing rests, the field was left, or Continue was pressed."""
        if self._settle.isActive() or self._untold:
            self._settle.stop()
            untold, self._untold = self._untold, False
            if self._rests and untold:
                self.typed.emit(self.field.text())
            self._tell()

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        if self._ours:
            return
        self._may_rewrite = False
        self._untold = True
        self._own, self._from_outside = self.check(), None
        self.note.fade()
        self.field.show_wrong(wrong=False)
        self._settle.start()
        self.edited.emit(text)
        if not self._rests:
            self.typed.emit(text)

    @Slot()
    def _on_left(self) -> None:
        self.settle()
        self.left.emit()

    # What is wrong with it ---------------------------------------------------------------------------------------

    @property
    def complaint(self) -> str:
        """What is said to be wrong; empty when nothing is."""
        return self._told.sentence

    @property
    def wrong(self) -> bool:
        """Whether what stands there blocks."""
        return bool(self._told.sentence) and self._told.shape is Shape.BROKEN

    def judge(self, complaint: Complaint | None) -> None:
        """Say what else is wrong with the value, or that nothing is: what its declaration cannot know.

        It is shown when typing rests, so that no half-typed word is blamed.
        """
        self._from_outside = complaint
        if not self._settle.isActive():
            self._tell()

    def check(self) -> Complaint | None:
        """What the declaration says of the text as it stands; None when it can be used."""
        if self._wanted is None:
            return None
        error = self._wanted.check(self.text)
        return None if error is None else Complaint(error.sentence)

    def _tell(self) -> None:
        """Show what is wrong, if that is not what is shown."""
        before = self.note.complaint
        self._told = self._from_outside or self._own or Complaint("")
        self.note.complain(self._told, self._take)
        self.field.show_wrong(wrong=self.wrong)
        self._describe()
        if self._told.sentence and self._told.sentence != before and self.isVisible():
            announce(self.field, self._told.sentence)

    def _describe(self) -> None:
        self.field.setAccessibleDescription(" ".join(part for part in (self._told.sentence, self._help) if part))

    def _take(self, fix: FixButton) -> None:
        self._may_rewrite = True
        fix.on_click()

    def focus_field(self) -> None:
        """Go to the field, with its text selected: what is typed next takes its place."""
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()
