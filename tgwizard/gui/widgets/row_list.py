"""Lists whose rows are painted: what their models, views and painters share. The whole row is the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    Qt,
)
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPalette
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tgwizard.gui.style.control_painting import paint_in_round, paint_row_ring
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Token
from tgwizard.gui.widgets.buttons import CHOOSES
from tgwizard.gui.widgets.labels import plain_tip

Index = QModelIndex | QPersistentModelIndex

_BY_KEY = frozenset({Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason})

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The whole row of an index, for its painter and for whoever opens it."""

if TYPE_CHECKING:
    _View = QAbstractItemView
else:
    _View = object


class RowModel(QAbstractListModel):
    """The rows of a list. A subclass says how each is called, read out and explained."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[Any] = ()

    def replace(self, rows: Sequence[Any]) -> None:
        """Show these rows; the same ones change nothing."""
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def words(self, row: Any) -> str:
        """What the row is called."""
        raise NotImplementedError

    def spoken(self, row: Any) -> str:
        """The whole row as one sentence."""
        return self.words(row)

    def tip(self, row: Any) -> str:
        """What the tooltip says; empty: there is none."""
        raise NotImplementedError

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """As many as there are; rows have no children."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row itself, and its words for people."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.words(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.spoken(row)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(self.tip(row)) or None
            case int() if role == ROW_ROLE:
                return row
            case _:
                return None


class RowView(_View):
    """What makes a list or table view one of rows: `choose` for Enter, Space or a click, and the row pointed at."""

    _theme: Theme
    _hovered = -1
    _by_key = False
    """Whether the ring is shown: keys were used since the focus came, and no click."""
    in_card = False
    """Whether it fills a card, whose round corners its first and last row have then."""

    def prepare_rows(self, theme: Theme, name: str) -> None:
        """Look like a list of ours; `name` is what assistive technology calls it."""
        self._theme = theme
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.clicked.connect(self.choose)
        self.restyle()
        theme.changed.connect(self.restyle)

    def choose(self, index: Index) -> None:
        """Open or pick what stands at `index`, if there is anything."""
        raise NotImplementedError

    def can_choose(self, index: Index) -> bool:
        """Whether choosing it does anything."""
        return index.isValid()

    def row_width(self) -> int:
        """How wide a row is painted."""
        return self.viewport().width()

    def is_marked(self, number: int) -> bool:
        """Whether a row is pointed at, or has the keyboard focus."""
        return number == self._hovered or self.has_ring(number)

    def has_ring(self, number: int) -> bool:
        """Whether a row has the keyboard focus."""
        return self._by_key and self.hasFocus() and number == self.currentIndex().row()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The ring of who came by Tab is there at once."""
        self._by_key = event.reason() in _BY_KEY
        super().focusInEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click hides the ring."""
        self._by_key = False
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space choose the current row; any key shows its ring."""
        self._by_key = True
        if event.key() in CHOOSES:
            self.choose(self.currentIndex())
            event.accept()
            return
        super().keyPressEvent(event)
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the whole row pointed at."""
        self._hover(self.indexAt(QPoint(1, round(event.position().y()))))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at."""
        self._hover(QModelIndex())
        super().leaveEvent(event)

    def _hover(self, index: QModelIndex) -> None:
        if index.row() != self._hovered:
            self._hovered = index.row()
            hand = self.can_choose(index)
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
            self.viewport().update()

    def restyle(self) -> None:
        """The colours of the theme. Rows mark the current one themselves: Qt's own highlight would lie over them."""
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Highlight, QColor(0, 0, 0, 0))
        self.setPalette(palette)
        self.verticalScrollBar().setStyleSheet(self._theme.scroll_style())
        self.viewport().update()


class RowList(RowView, QListView):
    """A list view of rows of one height."""

    def __init__(self, theme: Theme, name: str, model: RowModel, parent: QWidget | None = None) -> None:
        """Show `model`; `name` is what assistive technology calls the list."""
        super().__init__(parent)
        self.setModel(model)
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.prepare_rows(theme, name)


FAR = 100
"""So far around a view that is in no card nothing is round."""


class RowPainter(QStyledItemDelegate):
    """Paints the ground of a row, the line below it and its focus ring; a subclass paints what it says."""

    line_between = True
    line_below_last = False

    def __init__(self, theme: Theme, view: RowView) -> None:
        super().__init__(view)
        self.theme = theme
        self.view = view

    def ground(self, index: Index) -> Token | None:
        """What lies below the words."""
        return Token.SUNKEN if self.view.is_marked(index.row()) else None

    def _card(self) -> QRectF:
        """The card whose corners the rows must not cover: it begins where the view does, with its heads."""
        place = QRectF(self.view.rect()).translated(-QPointF(self.view.viewport().pos()))
        return place.adjusted(-1, -1, 1, 1) if self.view.in_card else place.adjusted(-FAR, -FAR, FAR, FAR)

    def paint_words(self, painter: QPainter, box: QRectF, index: Index) -> None:
        """Paint what one cell says; `box` is all of it."""
        raise NotImplementedError

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell of a row."""
        theme, box, row = self.theme, QRectF(option.rect), index.row()
        painter.save()
        ground = self.ground(index)
        if ground is not None:
            paint_in_round(painter, theme, box, self._card(), ground)
        if self.line_between if row < index.model().rowCount() - 1 else self.line_below_last:
            painter.fillRect(QRectF(box.left(), box.bottom() - 1, box.width(), 1), theme.colour(Token.BORDER))
        self.paint_words(painter, box, index)
        painter.restore()
        if self.view.has_ring(row):
            painter.save()
            # One ring round the whole row: each cell draws the part of it that lies in its own rectangle.
            painter.setClipRect(option.rect)
            whole = QRectF(0, box.top(), self.view.row_width(), box.height())
            paint_row_ring(painter, theme, whole)
            painter.restore()
