"""The table of clusters: a real table view whose cells are painted from tokens. The whole row is the target.

Qt sees one model of rows, and one proxy that filters and sorts problems first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QElapsedTimer,
    QModelIndex,
    QObject,
    QRect,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from tgwizard.gui.fleet.fleet_rows import FleetRow, fleet_shape, rank, shows
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.control_painting import Line, paint_ground, paint_line, paint_lines, paint_row_ring
from tgwizard.gui.style.icons import Icon, draw_icon
from tgwizard.gui.style.state_shapes import INK, TINT, Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import CHOOSES
from tgwizard.gui.widgets.labels import plain_tip
from tgwizard.gui.widgets.row_list import ROW_ROLE, Index, RowPainter, RowView
from tgwizard.model.settings import ClusterFilter, ClusterOrder

COLUMNS: tuple[tuple[ClusterOrder, str], ...] = (
    (ClusterOrder.STATE, "State"),
    (ClusterOrder.CLUSTER, "Cluster"),
    (ClusterOrder.ADDRESS, "Floating IP"),
    (ClusterOrder.ACTIVE, "Active member"),
    (ClusterOrder.SINCE, "Since"),
    (ClusterOrder.SEEN, "Last seen"),
    (ClusterOrder.READY, "Ready to fail over"),
)

_WORDS = {
    Shape.GOOD: "ready",
    Shape.WARNING: "at risk",
    Shape.BROKEN: "blocked",
    Shape.NOT_KNOWN: "not known",
    Shape.NOTE: "the right choice",
    Shape.WAITING: "nothing to say",
}


def column_of(order: ClusterOrder) -> int:
    """The column that sorts by `order`."""
    return next(index for index, (found, _) in enumerate(COLUMNS) if found is order)


def text_of(row: FleetRow, order: ClusterOrder, wall: datetime) -> str:
    """What a cell says at `wall`, in words alone."""
    match order:
        case ClusterOrder.STATE:
            return row.state.value
        case ClusterOrder.CLUSTER:
            return row.name
        case ClusterOrder.ADDRESS:
            return row.address
        case ClusterOrder.ACTIVE:
            return f"{row.active} to {row.moving_to}" if row.moving_to else row.active or row.note
        case ClusterOrder.SINCE:
            return row.since(wall)
        case ClusterOrder.SEEN:
            return row.seen(wall)
        case ClusterOrder.READY:
            asked = "" if row.rights_asked else ", rights not asked"
            return f"Graceful {_WORDS[row.graceful]}, forced {_WORDS[row.forced]}{asked}"


def _age_key(moment: datetime | None) -> float:
    """The youngest first, never last."""
    return 0.0 if moment is None else -moment.timestamp()


_KEYS: dict[ClusterOrder, Callable[[FleetRow], Any]] = {
    ClusterOrder.STATE: lambda row: rank(row.state),
    ClusterOrder.CLUSTER: lambda row: row.name.casefold(),
    ClusterOrder.ADDRESS: lambda row: tuple(int(part) for part in row.address.split(".")),
    ClusterOrder.ACTIVE: lambda row: row.active.casefold(),
    ClusterOrder.SINCE: lambda row: _age_key(row.since_at),
    ClusterOrder.SEEN: lambda row: _age_key(row.seen_at),
    ClusterOrder.READY: lambda row: (row.graceful is not Shape.GOOD, row.forced is not Shape.GOOD),
}


class FleetModel(QAbstractTableModel):
    """The rows in the order they came; `show_rows` changes only what differs."""

    def __init__(self, wall: Callable[[], datetime], parent: QObject | None = None) -> None:
        """Empty. `wall` tells the time that ages are counted to."""
        super().__init__(parent)
        self.wall = wall
        self._rows: list[FleetRow] = []

    @property
    def rows(self) -> tuple[FleetRow, ...]:
        """What is shown."""
        return tuple(self._rows)

    def row(self, number: int) -> FleetRow:
        return self._rows[number]

    def show_rows(self, rows: tuple[FleetRow, ...]) -> None:
        """Replace the rows. The same clusters keep their places, so selection and scrolling stay."""
        if [row.name for row in rows] != [row.name for row in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        for number, row in enumerate(rows):
            self._replace(number, row)

    def show_row(self, row: FleetRow) -> None:
        """Replace the row of one cluster."""
        for number, known in enumerate(self._rows):
            if known.name == row.name:
                self._replace(number, row)
                return

    def _replace(self, number: int, row: FleetRow) -> None:
        if row != self._rows[number]:
            self._rows[number] = row
            self.dataChanged.emit(self.index(number, 0), self.index(number, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """As many as there are clusters."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """All columns; the view hides what has no room."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for people, the whole row for the painter."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        order = COLUMNS[index.column()][0]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text_of(row, order, self.wall())
            case Qt.ItemDataRole.ToolTipRole:
                tip = _tip(row, order)
                return tip and plain_tip(tip)
            case Qt.ItemDataRole.AccessibleTextRole:
                if order is ClusterOrder.STATE:
                    return row.spoken(self.wall())
                words = text_of(row, order, self.wall()) or "not known"
                return f"{COLUMNS[index.column()][1]}: {words}"
            case int() if role == ROW_ROLE:
                return row
            case _:
                return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The heads of the columns."""
        across = orientation is Qt.Orientation.Horizontal and 0 <= section < len(COLUMNS)
        return COLUMNS[section][1] if across and role == Qt.ItemDataRole.DisplayRole else None


def _tip(row: FleetRow, order: ClusterOrder) -> str | None:
    if order is ClusterOrder.STATE:
        return row.sentence
    if order is ClusterOrder.READY:
        return row.ready or None
    if order is ClusterOrder.SINCE:
        return "Since the last change that tgwizard saw" if row.since_at else "tgwizard has seen no change yet"
    return f"{row.active}, {row.note}" if order is ClusterOrder.ACTIVE and row.active and row.note else None


class FleetFilter(QSortFilterProxyModel):
    """Filters by chip and text, and sorts; equal rows keep to problems first, then to their names."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._filter = ClusterFilter.ALL
        self._text = ""
        self.setDynamicSortFilter(True)

    def show_only(self, wanted: ClusterFilter, text: str) -> None:
        """Show what both filters let through."""
        if (wanted, text) != (self._filter, self._text):
            self.beginFilterChange()
            self._filter, self._text = wanted, text
            self.endFilterChange()

    def filterAcceptsRow(self, source_row: int, _parent: Index) -> bool:
        """Whether both filters let the row through."""
        row = self._row(source_row)
        return shows(self._filter, row.state) and row.matches(self._text)

    def lessThan(self, left: Index, right: Index) -> bool:
        """Pinned ones first; then by the column, worst first, by name. Only the column's own order can be turned."""
        first, second = self._row(left.row()), self._row(right.row())
        upwards = self.sortOrder() is Qt.SortOrder.AscendingOrder
        if first.pinned is not second.pinned:
            return first.pinned if upwards else second.pinned
        key = _KEYS[COLUMNS[left.column()][0]]
        here, there = key(first), key(second)
        if here != there:
            return bool(here < there)
        ahead = (rank(first.state), first.name.casefold()) < (rank(second.state), second.name.casefold())
        return ahead if upwards else not ahead

    def _row(self, number: int) -> FleetRow:
        source = self.sourceModel()
        assert isinstance(source, FleetModel)  # noqa: S101 - the only source it is given
        return source.row(number)


ROW_PX = 54
HEAD_PX = 39
LEFT_PX = 19

_WIDTHS = {
    ClusterOrder.STATE: 150,
    ClusterOrder.CLUSTER: 224,
    ClusterOrder.ADDRESS: 136,
    ClusterOrder.ACTIVE: 172,
    ClusterOrder.SINCE: 112,
    ClusterOrder.SEEN: 128,
    ClusterOrder.READY: 204,
}
"""Widths at 100 %; what is left goes to the cluster's column."""

_DROPPED = (ClusterOrder.SEEN, ClusterOrder.SINCE, ClusterOrder.READY)
"""Columns that go, in this order, when there is no room (gui/README.md 6)."""


_WHOLE = {ClusterOrder.STATE: 126, ClusterOrder.ADDRESS: 98}
"""Columns that are never narrower than this, at 100 % text: a state and an address are read whole."""


class FleetCellPainter(RowPainter):
    """Paints the cells of one row; the words come from the row, the ages from the clock."""

    line_below_last = True

    def __init__(self, theme: Theme, wall: Callable[[], datetime], view: FleetTable) -> None:
        super().__init__(theme, view)
        self._wall = wall

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """The height of a row."""
        return QSize(80, self.theme.px(ROW_PX))

    def ground(self, index: Index) -> Token | None:
        """Several that were chosen together look chosen."""
        chosen = self.view.selectionModel()
        if len(chosen.selectedRows()) > 1 and chosen.isRowSelected(index.row()):
            return Token.ACCENT_TINT
        return super().ground(index)

    def paint_words(self, painter: QPainter, box: QRectF, index: Index) -> None:
        theme, row = self.theme, index.data(ROW_ROLE)
        box = box.adjusted(theme.px(LEFT_PX if index.column() == 0 else 4), 0, -theme.px(8), -1)
        match COLUMNS[index.column()][0]:
            case ClusterOrder.STATE:
                self._pill(painter, box, row)
            case ClusterOrder.CLUSTER:
                if row.pinned:
                    side = theme.px(14)
                    draw_icon(painter, Icon.PIN, theme.colour(Token.TEXT3), _square(box, side))
                    box.setLeft(box.left() + side + theme.px(6))
                name, group = (row.name, TextRole.BODY_STRONG, Token.TEXT), (row.group, TextRole.CAPTION, Token.TEXT2)
                paint_lines(painter, theme, box, (name, group))
            case ClusterOrder.ADDRESS:
                paint_line(painter, theme, box, (row.address, TextRole.MONO, Token.TEXT))
            case ClusterOrder.ACTIVE:
                self._active(painter, box, row)
            case ClusterOrder.SINCE:
                paint_line(painter, theme, box, (row.since(self._wall()), TextRole.BODY, Token.TEXT2))
            case ClusterOrder.SEEN:
                self._seen(painter, box, row)
            case ClusterOrder.READY:
                self._ready(painter, box, row)

    def _pill(self, painter: QPainter, box: QRectF, row: FleetRow) -> None:
        theme = self.theme
        shape = fleet_shape(row.state)
        font = theme.font(TextRole.CAPTION_STRONG)
        words = QFontMetricsF(font).horizontalAdvance(row.state.value)
        side, height = theme.px(14), theme.px(24)
        pill = QRectF(box.left(), box.center().y() - height / 2, theme.px(8 + 6 + 10) + side + words, height)
        paint_ground(painter, theme, pill, TINT[shape], None, height / 2)
        mark = QRectF(pill.left() + theme.px(8), pill.center().y() - side / 2, side, side)
        draw_shape(painter, theme, shape, mark)
        rest = QRectF(mark.right() + theme.px(6), pill.top(), words + 4, height)
        paint_line(painter, theme, rest, (row.state.value, TextRole.CAPTION_STRONG, INK[shape]))

    def _active(self, painter: QPainter, box: QRectF, row: FleetRow) -> None:
        theme = self.theme
        if row.moving_to:
            taken = paint_line(painter, theme, box, (row.active, TextRole.BODY_KEY, Token.TEXT2))
            side = theme.px(14)
            arrow = QRectF(box.left() + taken + theme.px(6), box.center().y() - side / 2, side, side)
            draw_icon(painter, Icon.ARROW_RIGHT, theme.colour(Token.ACCENT_TEXT), arrow)
            rest = QRectF(box)
            rest.setLeft(arrow.right() + theme.px(6))
            paint_line(painter, theme, rest, (row.moving_to, TextRole.BODY_STRONG, Token.TEXT))
            return
        lines: list[Line] = [(row.active, TextRole.BODY_KEY, Token.TEXT)] if row.active else []
        if row.note or not lines:
            token = Token.TEXT2 if row.note_shape is None else INK[row.note_shape]
            lines.append((row.note, TextRole.CAPTION, token))
        paint_lines(painter, theme, box, tuple(lines))

    def _seen(self, painter: QPainter, box: QRectF, row: FleetRow) -> None:
        rest = QRectF(box)
        if row.late:
            # An old fact looks old: the dashed ring stands before its age.
            side = self.theme.px(14)
            draw_shape(painter, self.theme, Shape.NOT_KNOWN, _square(box, side))
            rest.setLeft(box.left() + side + self.theme.px(6))
        paint_line(painter, self.theme, rest, (row.seen(self._wall()), TextRole.BODY, Token.TEXT2))

    def _ready(self, painter: QPainter, box: QRectF, row: FleetRow) -> None:
        theme = self.theme
        side = theme.px(13)
        rest = QRectF(box)
        for shape, word in ((row.graceful, "Graceful"), (row.forced, "Forced")):
            draw_shape(painter, theme, shape, _square(rest, side))
            rest.setLeft(rest.left() + side + theme.px(5))
            taken = paint_line(painter, theme, rest, (word, TextRole.CAPTION_KEY, Token.TEXT2))
            rest.setLeft(rest.left() + taken + theme.px(19))


def _square(box: QRectF, side: float) -> QRectF:
    return QRectF(box.left(), box.center().y() - side / 2, side, side)


class FleetTableHeader(QHeaderView):
    """The heads of the columns, painted; a click, Enter or Space sorts by the column, a second one turns it round."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self._pressed = -1
        self.setHighlightSections(False)
        self.setSortIndicatorShown(True)
        self._at = 0
        """The head that keys mean."""
        self.setAccessibleName("Columns")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(40)
        theme.changed.connect(self.viewport().update)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The whole head is the target: Qt keeps the ends of each for dragging, where the first letters stand."""
        self._pressed = self.logicalIndexAt(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click sorts where it was begun."""
        section = self.logicalIndexAt(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and section >= 0 and section == self._pressed:
            self.sectionClicked.emit(section)
        self._pressed = -1

    def sizeHint(self) -> QSize:
        """One line of heads."""
        return QSize(super().sizeHint().width(), self._theme.px(HEAD_PX))

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Paint the head, its arrow when the table is sorted by it, and the line below."""
        theme = self._theme
        painter.save()
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.colour(Token.BORDER))
        box = QRectF(rect).adjusted(theme.px(LEFT_PX if section == 0 else 4), 0, -4, 0)
        head = (COLUMNS[section][1], TextRole.CAPTION_STRONG, Token.TEXT3)
        taken = paint_line(painter, theme, box, head, cut=Qt.TextElideMode.ElideRight)
        if section == self.sortIndicatorSection():
            side = theme.px(12)
            left = box.left() + taken + theme.px(5)
            up = self.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
            icon = Icon.CHEVRON_UP if up else Icon.CHEVRON_DOWN
            mark = QRectF(left, box.center().y() - side / 2, side, side)
            draw_icon(painter, icon, theme.colour(Token.TEXT3), mark)
        if self.hasFocus() and section == self._at:
            paint_row_ring(painter, theme, QRectF(rect))
        painter.restore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Keys begin at the column that the table is sorted by."""
        super().focusInEvent(event)
        self._go(self.sortIndicatorSection())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left, Right, Home and End go between the heads; Enter and Space sort."""
        if event.key() in CHOOSES:
            self.sectionClicked.emit(self._at)
            self._go(self._at)
            event.accept()
            return
        shown = [section for section in range(self.count()) if not self.isSectionHidden(section)]
        place = shown.index(self._at) if self._at in shown else 0
        to = {
            Qt.Key.Key_Right: min(place + 1, len(shown) - 1),
            Qt.Key.Key_Left: max(place - 1, 0),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(shown) - 1,
        }.get(Qt.Key(event.key()))
        if to is None:
            event.ignore()
            return
        self._go(shown[to])
        event.accept()

    def _go(self, section: int) -> None:
        self._at = section
        self.viewport().update()
        way = ""
        if section == self.sortIndicatorSection():
            up = self.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
            way = ", sorted, last first" if up else ", sorted, first first"
        words = f"{COLUMNS[section][1]}{way}"
        self.setAccessibleDescription(words)
        announce(self, words)


_CHOOSING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class FleetTable(RowView, QTableView):
    """Emits `opened(name)` for Enter or a click, `sorted_by(order, descending)` when a head was chosen.

    Several rows are chosen with Ctrl or Shift, by click or by arrow: `chosen_changed`. Letters find a row by its name.
    """

    in_card = True
    opened = Signal(str)
    sorted_by = Signal(object, bool)
    chosen_changed = Signal()

    def __init__(self, theme: Theme, model: FleetModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown = FleetFilter(self)
        self.shown.setSourceModel(model)
        self.setModel(self.shown)
        self.setItemDelegate(FleetCellPainter(theme, model.wall, self))
        self._heads = FleetTableHeader(theme, self)
        self.setHorizontalHeader(self._heads)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.px(ROW_PX))
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._heads.sectionClicked.connect(self._on_head)
        self._typed = ""
        self._typed_at = QElapsedTimer()
        self.prepare_rows(theme, "Clusters")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.selectionModel().selectionChanged.connect(self._on_chosen)

    def sort(self, order: ClusterOrder, *, descending: bool) -> None:
        """Sort by a column."""
        way = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self._heads.setSortIndicator(column_of(order), way)
        self.shown.sort(column_of(order), way)

    def refresh_ages(self) -> None:
        """Repaint what tells an age; nothing is worked out anew."""
        self.viewport().update()

    @Slot(int)
    def _on_head(self, section: int) -> None:
        order = COLUMNS[section][0]
        same = self.shown.sortColumn() == section
        descending = same and self.shown.sortOrder() is Qt.SortOrder.AscendingOrder
        self.sort(order, descending=descending)
        self.sorted_by.emit(order, descending)

    @Slot()
    def _on_chosen(self) -> None:
        self.viewport().update()
        self.chosen_changed.emit()

    @property
    def chosen(self) -> tuple[FleetRow, ...]:
        """The rows that were chosen together, from the top; empty while it is only the current one."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return tuple(self.shown.index(row, 0).data(ROW_ROLE) for row in rows) if len(rows) > 1 else ()

    @property
    def rows_shown(self) -> tuple[FleetRow, ...]:
        """Every row that both filters let through, from the top."""
        return tuple(self.shown.index(row, 0).data(ROW_ROLE) for row in range(self.shown.rowCount()))

    @property
    def current(self) -> FleetRow | None:
        """The current row."""
        index = self.currentIndex()
        return index.data(ROW_ROLE) if index.isValid() else None

    def keyboardSearch(self, search: str) -> None:
        """Go to the next cluster whose name begins with what is typed; the same letter again goes on to the next."""
        late = not self._typed_at.isValid() or self._typed_at.restart() > QApplication.keyboardInputInterval()
        self._typed_at.start()
        letter = search.casefold()
        self._typed = letter if late or self._typed == letter else self._typed + letter
        count = self.shown.rowCount()
        first = max(0, self.currentIndex().row()) + (1 if len(self._typed) == 1 else 0)
        for row in (number % count for number in range(first, first + count)):
            if self.shown.index(row, 0).data(ROW_ROLE).name.casefold().startswith(self._typed):
                self.setCurrentIndex(self.shown.index(row, 0))
                return

    def row_width(self) -> int:
        """As wide as its columns: shares of the width leave a few pixels over."""
        return self._heads.length()

    def focus_parts(self) -> tuple[QWidget, ...]:
        """Tab goes from the rows to the heads of the columns."""
        return (self._heads,)

    def choose(self, index: Index) -> None:
        """Open the cluster, unless the click chooses it beside others."""
        if QApplication.keyboardModifiers() & _CHOOSING:
            return
        if index.isValid():
            self.opened.emit(index.data(ROW_ROLE).name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End go to the first and last row; Ctrl+Space chooses a row beside others."""
        if event.key() == Qt.Key.Key_Space and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            QTableView.keyPressEvent(self, event)
            return
        if event.key() in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self._by_key = True
            last = self.shown.rowCount() - 1
            self.setCurrentIndex(self.shown.index(0 if event.key() == Qt.Key.Key_Home else last, 0))
            event.accept()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share out the width; drop columns that have no room."""
        super().resizeEvent(event)
        self._share_out()

    def _share_out(self) -> None:
        room = self.viewport().width()
        wanted = {order: self._theme.px(width) for order, width in _WIDTHS.items()}
        shown = dict(wanted)
        for order in _DROPPED:
            if sum(shown.values()) > room:
                del shown[order]
        # Large text may leave too little even for the four that stay: then names give way, states and addresses do not.
        tight = sum(shown.values()) > room
        if tight:
            shown |= {order: self._theme.px(width) for order, width in _WHOLE.items()}
        giving = [order for order in shown if not tight or order not in _WHOLE]
        fixed = sum(width for order, width in shown.items() if order not in giving)
        spread = max(1, sum(shown[order] for order in giving))
        for index, (order, _) in enumerate(COLUMNS):
            self.setColumnHidden(index, order not in shown)
            if order in giving:
                self.setColumnWidth(index, max(40, shown[order] * (room - fixed) // spread))
            elif order in shown:
                self.setColumnWidth(index, shown[order])
