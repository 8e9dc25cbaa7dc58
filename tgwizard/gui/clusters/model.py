"""The table of clusters as Qt sees it: one model of rows, one proxy that filters and sorts problems first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from tgwizard.gui.clusters.rows import ClusterRow, rank, shows
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.widgets.labels import plain_tip
from tgwizard.model.settings import ClusterFilter, ClusterOrder

Index = QModelIndex | QPersistentModelIndex

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The whole ``ClusterRow`` of an index, for the painter and for whoever opens it."""

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


def text_of(row: ClusterRow, order: ClusterOrder, wall: datetime) -> str:
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


_KEYS: dict[ClusterOrder, Callable[[ClusterRow], Any]] = {
    ClusterOrder.STATE: lambda row: rank(row.state),
    ClusterOrder.CLUSTER: lambda row: row.name.casefold(),
    ClusterOrder.ADDRESS: lambda row: tuple(int(part) for part in row.address.split(".")),
    ClusterOrder.ACTIVE: lambda row: row.active.casefold(),
    ClusterOrder.SINCE: lambda row: _age_key(row.since_at),
    ClusterOrder.SEEN: lambda row: _age_key(row.seen_at),
    ClusterOrder.READY: lambda row: (row.graceful is not Shape.GOOD, row.forced is not Shape.GOOD),
}


class ClustersModel(QAbstractTableModel):
    """The rows in the order they came; `show_rows` changes only what differs."""

    def __init__(self, wall: Callable[[], datetime], parent: QObject | None = None) -> None:
        """Empty. `wall` tells the time that ages are counted to."""
        super().__init__(parent)
        self.wall = wall
        self._rows: list[ClusterRow] = []

    @property
    def rows(self) -> tuple[ClusterRow, ...]:
        """What is shown."""
        return tuple(self._rows)

    def row(self, number: int) -> ClusterRow:
        return self._rows[number]

    def show_rows(self, rows: tuple[ClusterRow, ...]) -> None:
        """Replace the rows. The same clusters keep their places, so selection and scrolling stay."""
        if [row.name for row in rows] != [row.name for row in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        for number, row in enumerate(rows):
            self._replace(number, row)

    def show_row(self, row: ClusterRow) -> None:
        """Replace the row of one cluster."""
        for number, known in enumerate(self._rows):
            if known.name == row.name:
                self._replace(number, row)
                return

    def _replace(self, number: int, row: ClusterRow) -> None:
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


def _tip(row: ClusterRow, order: ClusterOrder) -> str | None:
    if order is ClusterOrder.STATE:
        return row.sentence
    if order is ClusterOrder.READY:
        return row.ready or None
    if order is ClusterOrder.SINCE:
        return "Since the last change that tgwizard saw" if row.since_at else "tgwizard has seen no change yet"
    return f"{row.active}, {row.note}" if order is ClusterOrder.ACTIVE and row.active and row.note else None


class ClustersShown(QSortFilterProxyModel):
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
        """By the column, then worst first, then by name; the latter two whichever way the column goes."""
        first, second = self._row(left.row()), self._row(right.row())
        key = _KEYS[COLUMNS[left.column()][0]]
        here, there = key(first), key(second)
        if here != there:
            return bool(here < there)
        ahead = (rank(first.state), first.name.casefold()) < (rank(second.state), second.name.casefold())
        return ahead if self.sortOrder() is Qt.SortOrder.AscendingOrder else not ahead

    def _row(self, number: int) -> ClusterRow:
        source = self.sourceModel()
        assert isinstance(source, ClustersModel)  # noqa: S101 - the only source it is given
        return source.row(number)
