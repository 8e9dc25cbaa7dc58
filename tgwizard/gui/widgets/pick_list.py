"""A list to pick one or two rows from, of any length: a real list view with painted rows, under a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.control_painting import Line, paint_line, paint_lines, paint_radio, paint_tick
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.cards import Surface
from tgwizard.gui.widgets.labels import LiveText
from tgwizard.gui.widgets.row_list import ROW_ROLE, Index, RowList, RowModel, RowPainter
from tgwizard.gui.widgets.text_inputs import SearchField
from tgwizard.model.text import are

ROWS_SHOWN = 7
"""A longer list scrolls inside itself."""


@dataclass(frozen=True, slots=True)
class PickRow:
    """One row: its key, name, a smaller line, a word at the right; ``able`` false: it cannot be picked."""

    key: str
    name: str
    note: str = ""
    aside: str = ""
    able: bool = True

    @property
    def sentence(self) -> str:
        """The row in words."""
        return ", ".join(part for part in (self.name, self.note, self.aside) if part)


class PickModel(RowModel):
    """The rows that pass the filter, and which of them are picked."""

    def __init__(self, parent: QWidget, most: int = 1) -> None:
        """No rows; `most` can be picked at a time."""
        super().__init__(parent)
        self.most = most
        self._all: tuple[PickRow, ...] = ()
        self._words: tuple[str, ...] = ()
        self._needle = ""
        self.picked: tuple[str, ...] = ()

    def load(self, rows: Sequence[PickRow]) -> None:
        """Replace the rows."""
        if tuple(rows) == self._all:
            return
        self._all = tuple(rows)
        self._words = tuple(row.sentence.casefold() for row in rows)
        self._refill()

    def filter(self, needle: str) -> None:
        """Keep the rows that have every word of `needle`."""
        if needle != self._needle:
            self._needle = needle
            self._refill()

    def _refill(self) -> None:
        wanted = self._needle.casefold().split()
        pairs = zip(self._all, self._words, strict=True)
        self.replace([row for row, words in pairs if all(word in words for word in wanted)])

    def pick(self, keys: tuple[str, ...]) -> None:
        """Replace what is picked."""
        if keys != self.picked:
            self.picked = keys
            if self.rows:
                self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    @property
    def total(self) -> int:
        """How many rows there are without the filter."""
        return len(self._all)

    def words(self, row: PickRow) -> str:
        return f"{row.sentence}, picked" if row.key in self.picked else row.sentence

    def tip(self, row: PickRow) -> str:
        return row.sentence


class PickRowPainter(RowPainter):
    """Paints radio or tick, name, note and aside."""

    def __init__(self, theme: Theme, view: PickView, model: PickModel) -> None:
        super().__init__(theme, view)
        self._model = model

    def high(self) -> int:
        """The height of a row: two lines and air."""
        name = QFontMetricsF(self.theme.font(TextRole.BODY_STRONG)).height()
        note = QFontMetricsF(self.theme.font(TextRole.CAPTION)).height()
        return round(name + note) + self.theme.px(16)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(100, self.high())

    def ground(self, index: Index) -> Token | None:
        """Tinted once it is picked."""
        if index.data(ROW_ROLE).key in self._model.picked:
            return Token.ACCENT_TINT
        return super().ground(index) if self.view.can_choose(index) else None

    def paint_words(self, painter: QPainter, box: QRectF, index: Index) -> None:
        theme, row = self.theme, index.data(ROW_ROLE)
        chosen, left = row.key in self._model.picked, box.left() + theme.px(25)
        if row.able and self._model.most > 1:
            edge = theme.px(17)
            tick = QRectF(left - edge / 2, box.center().y() - edge / 2, edge, edge)
            paint_tick(painter, theme, tick, on=chosen, able=True)
        elif row.able:
            paint_radio(painter, theme, QPointF(left, box.center().y()), chosen=chosen)
        box = box.adjusted(theme.px(45), 0, -theme.px(16), 0)
        side = QRectF(box)
        side.setLeft(box.right() - box.width() * 0.4)
        aside = (row.aside, TextRole.CAPTION, Token.TEXT2)
        taken = paint_line(painter, theme, side, aside, side=Qt.AlignmentFlag.AlignRight)
        if taken:
            box.setRight(box.right() - taken - theme.px(14))
        lines: list[Line] = [(row.name, TextRole.BODY_STRONG, Token.TEXT if row.able else Token.TEXT2)]
        if row.note:
            lines.append((row.note, TextRole.CAPTION, Token.TEXT2))
        paint_lines(painter, theme, box, tuple(lines))


class PickView(RowList):
    """The view: a click, Space or Enter picks the row."""

    asked = Signal(str)
    ring_radius = Radius.CARD

    def __init__(self, theme: Theme, name: str, model: PickModel) -> None:
        """Show `model`; `name` is what assistive technology calls it."""
        super().__init__(theme, name, model)
        self._painter = PickRowPainter(theme, self, model)
        self.setItemDelegate(self._painter)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        model.modelReset.connect(self.fit)
        self.fit()

    @Slot()
    def fit(self) -> None:
        """As high as its rows, up to seven."""
        rows = max(1, min(ROWS_SHOWN, self.model().rowCount()))
        self.setFixedHeight(rows * self._painter.high() + 2)

    def can_choose(self, index: Index) -> bool:
        """Some rows cannot be picked."""
        return index.isValid() and index.data(ROW_ROLE).able

    def choose(self, index: Index) -> None:
        """Pick the row."""
        if self.can_choose(index):
            self.asked.emit(index.data(ROW_ROLE).key)


class PickList(Surface):
    """Filter and list. `picked(keys)` tells a person's picks only.

    With `most` 2 rows have ticks, a line says how many are chosen, and a third is refused until one is taken away.
    """

    picked = Signal(object)

    def __init__(
        self, theme: Theme, name: str, *, most: int = 1, filter_from: int = 6, parent: QWidget | None = None
    ) -> None:
        """No rows yet; the filter appears from `filter_from` rows on."""
        super().__init__(theme, parent=parent)
        self._most = most
        self._filter_from = filter_from
        self.model = PickModel(self, most)
        self.filter = SearchField(theme, f"Filter: {name}")
        self.filter.setClearButtonEnabled(True)
        self.filter.setPlaceholderText("Filter")
        self.filter.textChanged.connect(self._on_filter)
        self.view = PickView(theme, name, self.model)
        self.view.asked.connect(self._on_asked)
        self._nothing = LiveText(theme, "", TextRole.BODY, Token.TEXT2)
        self._nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        top = QWidget()
        row = QVBoxLayout(top)
        row.setContentsMargins(theme.px(12), theme.px(10), theme.px(12), theme.px(8))
        self._count = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        if most == 1:
            self._count.hide()
        row.addWidget(self._count)
        row.addWidget(self.filter)
        row.addWidget(self._nothing)
        self._top = top
        column.addWidget(top)
        column.addWidget(self.view)

    def show_rows(self, rows: Sequence[PickRow], picked: tuple[str, ...]) -> None:
        """Replace rows and picks, without telling."""
        self.model.load(rows)
        self.model.pick(picked)
        self._tell()

    def _tell(self) -> None:
        many = self.model.total >= self._filter_from
        self._top.setVisible(many or self._most > 1)
        self.filter.setVisible(many)
        self._count.say(self._count_words())
        self._count.recolour(Token.TEXT2)
        none = many and not self.model.rows
        self._nothing.say("Nothing here has these words." if none else "")
        self._nothing.setVisible(none)
        self.view.setVisible(bool(self.model.rows))

    def _count_words(self) -> str:
        number = len(self.model.picked)
        done = f"{number} of {self._most} {are(number)} chosen."
        left = self._most - number
        if left == self._most:
            return f"{done} The first is the one meant to be active."
        return f"{done} Choose {left} more." if left else f"{done} To choose another, take one of them away first."

    @Slot(str)
    def _on_filter(self, needle: str) -> None:
        self.model.filter(needle)
        self._tell()

    @Slot(str)
    def _on_asked(self, key: str) -> None:
        now = self.model.picked
        if self._most == 1:
            new: tuple[str, ...] = (key,)
        elif key in now:
            new = tuple(other for other in now if other != key)
        elif len(now) >= self._most:
            self._count.recolour(Token.WARN)
            announce(self, self._count_words())
            return
        else:
            new = (*now, key)
        self.model.pick(new)
        self._tell()
        self.picked.emit(new)
