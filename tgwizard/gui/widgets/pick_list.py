"""A list to pick one or two rows from, of any length: a real list view with painted rows, under a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from tgwizard.gui.style.control_painting import paint_radio
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import CHOOSES
from tgwizard.gui.widgets.cards import Surface
from tgwizard.gui.widgets.labels import LiveText, plain_tip
from tgwizard.gui.widgets.text_field import SearchField

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
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


class PickModel(QAbstractListModel):
    """The rows that pass the filter, and which of them are picked."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._all: tuple[PickRow, ...] = ()
        self._words: tuple[str, ...] = ()
        self._needle = ""
        self.rows: list[PickRow] = []
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
        self.beginResetModel()
        self.rows = [
            row for row, words in zip(self._all, self._words, strict=True) if all(word in words for word in wanted)
        ]
        self.endResetModel()

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

    def rowCount(self, _parent: Index | None = None) -> int:
        """How many rows pass."""
        return len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row, and its words for assistive technology."""
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(row.sentence)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return f"{row.sentence}, picked" if row.key in self.picked else row.sentence
        return None


class PickRowPainter(QStyledItemDelegate):
    """Paints radio or check, name, note, aside, and the line below."""

    def __init__(self, theme: Theme, model: PickModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = model

    def high(self) -> int:
        """The height of a row: two lines and air."""
        name = QFontMetricsF(self._theme.font(TextRole.BODY_STRONG)).height()
        note = QFontMetricsF(self._theme.font(TextRole.CAPTION)).height()
        return round(name + note) + self._theme.px(16)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(100, self.high())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, PickRow):
            return
        theme = self._theme
        painter.save()
        box = QRectF(option.rect)
        state = option.state
        chosen = row.key in self._model.picked
        if chosen:
            painter.fillRect(box, theme.colour(Token.ACCENT_TINT))
        elif state & QStyle.StateFlag.State_MouseOver and row.able:
            painter.fillRect(box, theme.colour(Token.SUNKEN))
        if index.row():
            painter.fillRect(QRectF(box.left(), box.top(), box.width(), 1), theme.colour(Token.BORDER))
        if row.able:
            paint_radio(painter, theme, QPointF(box.left() + theme.px(25), box.center().y()), chosen=chosen)
        self._words(painter, box.adjusted(theme.px(45), 0, -theme.px(16), 0), row)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.colour(Token.ACCENT_TEXT))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(2.5, 2.5, -2.5, -2.5), Radius.CONTROL, Radius.CONTROL)
        painter.restore()

    def _words(self, painter: QPainter, box: QRectF, row: PickRow) -> None:
        theme = self._theme
        strong, small = theme.font(TextRole.BODY_STRONG), theme.font(TextRole.CAPTION)
        above, below = QFontMetricsF(strong), QFontMetricsF(small)
        aside = below.elidedText(row.aside, Qt.TextElideMode.ElideMiddle, box.width() * 0.4)
        room = box.width() - (below.horizontalAdvance(aside) + theme.px(14) if aside else 0)
        high = above.height() + (below.height() if row.note else 0)
        top = box.center().y() - high / 2
        painter.setFont(strong)
        painter.setPen(theme.colour(Token.TEXT if row.able else Token.TEXT2))
        name = above.elidedText(row.name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRectF(box.left(), top, room, above.height()), 0, name)
        painter.setFont(small)
        painter.setPen(theme.colour(Token.TEXT2))
        note = below.elidedText(row.note, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRectF(box.left(), top + above.height(), room, below.height()), 0, note)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(box, right, aside)


class PickView(QListView):
    """The view: a click, Space or Enter picks the row."""

    asked = Signal(str)
    ring_radius = Radius.CARD

    def __init__(self, theme: Theme, name: str, model: PickModel) -> None:
        """Show `model`; `name` is what assistive technology calls it."""
        super().__init__()
        self._theme = theme
        self._painter = PickRowPainter(theme, model, self)
        self.setModel(model)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setTabKeyNavigation(False)
        self.clicked.connect(self._on_clicked)
        model.modelReset.connect(self.fit)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.fit()

    @Slot()
    def fit(self) -> None:
        """As high as its rows, up to seven."""
        rows = max(1, min(ROWS_SHOWN, self.model().rowCount()))
        self.setFixedHeight(rows * self._painter.high() + 2)

    @Slot()
    def _restyle(self) -> None:
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Base, self._theme.colour(Token.CARD))
        self.setPalette(palette)
        self.verticalScrollBar().setStyleSheet(self._theme.scroll_style())

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, PickRow) and row.able:
            self.asked.emit(row.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space pick the current row."""
        if event.key() in CHOOSES:
            event.accept()
            self._on_clicked(self.currentIndex())
            return
        super().keyPressEvent(event)


class PickList(Surface):
    """Filter and list. `picked(keys)` tells a person's picks only; with `most` 2 the older of three goes."""

    picked = Signal(object)

    def __init__(
        self, theme: Theme, name: str, *, most: int = 1, filter_from: int = 6, parent: QWidget | None = None
    ) -> None:
        """No rows yet; the filter appears from `filter_from` rows on."""
        super().__init__(theme, parent=parent)
        self._most = most
        self._filter_from = filter_from
        self.model = PickModel(self)
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
        self._top.setVisible(many)
        none = many and not self.model.rows
        self._nothing.say("Nothing here has these words." if none else "")
        self._nothing.setVisible(none)
        self.view.setVisible(bool(self.model.rows))

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
        else:
            new = (*now, key)[-self._most :]
        self.model.pick(new)
        self.picked.emit(new)
