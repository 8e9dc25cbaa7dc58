"""A list of past things: a real list view whose rows are painted from tokens. The whole row is the target.

One line stands for each run, change of the verdict, or kept report.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tgwizard.engine.history.report_folder import KeptReport
from tgwizard.engine.history.run_history import ClusterHistory, RunHistory
from tgwizard.engine.history.run_report import outcome, reason, title
from tgwizard.gui.cluster.event_timeline import of_record, outcome_shape
from tgwizard.gui.style.state_shapes import Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import CHOOSES
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.labels import plain_tip
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.text import format_duration, format_utc, sanitize


class HistoryRowKind(Enum):
    """What a line is; the values are the words of the filter."""

    RUN = "Failovers"
    VERDICT = "Changes of state"
    REPORT = "Reports"


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One line. ``run`` or ``file`` is what Enter opens; neither: the line is all there is."""

    kind: HistoryRowKind
    at: datetime
    shape: Shape
    sentence: str
    note: str
    cluster: str
    run: tuple[ClusterSetup, RunHistory] | None = None
    file: Path | None = None

    @property
    def opens(self) -> bool:
        """Whether there is more to see."""
        return self.run is not None or self.file is not None

    @property
    def local(self) -> str:
        """Local date and time."""
        return f"{self.at.astimezone():%d %b %Y  %H:%M:%S}"

    @property
    def utc(self) -> str:
        """UTC, for the tooltip."""
        return format_utc(self.at)

    @property
    def spoken(self) -> str:
        """The whole line as one sentence."""
        return ", ".join(part for part in (self.local, self.cluster, self.sentence, self.note) if part)


def rows_of(clusters: Iterable[ClusterHistory]) -> tuple[HistoryRow, ...]:
    """Every run and change of the verdict, newest first."""
    rows: list[HistoryRow] = []
    for cluster in clusters:
        rows += [_run(cluster.setup, run) for run in cluster.runs]
        for change in cluster.verdicts:
            shown = of_record(change, cluster.setup)
            if shown is not None:
                name = sanitize(cluster.setup.name)
                rows.append(
                    HistoryRow(
                        HistoryRowKind.VERDICT, shown.at, shown.shape, sanitize(shown.sentence), shown.source, name
                    )
                )
    return tuple(sorted(rows, key=lambda row: row.at, reverse=True))


def rows_of_reports(reports: Iterable[KeptReport]) -> tuple[HistoryRow, ...]:
    """Every kept report, newest first."""
    rows = [
        HistoryRow(
            HistoryRowKind.REPORT, kept.at, Shape.NOTE, sanitize(kept.title, 160), kept.path.name, "", file=kept.path
        )
        for kept in reports
    ]
    return tuple(sorted(rows, key=lambda row: row.at, reverse=True))


def shape_of(run: RunHistory) -> Shape:
    """The state shape of a run; one without an end is not known."""
    return outcome_shape(run.ended.outcome) if run.ended else Shape.NOT_KNOWN


def _run(setup: ClusterSetup, run: RunHistory) -> HistoryRow:
    ended = run.ended
    if ended is not None and ended.outcome is Outcome.DONE:
        times = [f"in {format_duration(ended.seconds)}"] if ended.seconds is not None else []
        times += [f"gap as read {ended.gap.words}"] if ended.gap.words else []
        note = ", ".join(["Done", *times])
    else:
        note = f"{outcome(run)}: {reason(run)}"
    what, name = sanitize(title(run)), sanitize(setup.name)
    return HistoryRow(
        HistoryRowKind.RUN, _moment(run.began.at), shape_of(run), what, sanitize(note), name, (setup, run)
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


Index = QModelIndex | QPersistentModelIndex

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
ROW_PX = 54
TIME_PX = 156
CLUSTER_PX = 190
_CENTRE = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


class HistoryModel(QAbstractListModel):
    """The rows of a list, replaced whole."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[HistoryRow, ...] = ()

    def show_rows(self, rows: tuple[HistoryRow, ...]) -> None:
        """Replace the rows; the same rows change nothing."""
        if rows == self.rows:
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """As many as there are; rows have no children."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself, its words for assistive technology, UTC for the tooltip."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.spoken
        tip = f"{row.utc}\n{row.sentence}\n{row.note}"
        return plain_tip(tip) if role == Qt.ItemDataRole.ToolTipRole else None


class HistoryRowPainter(QStyledItemDelegate):
    """Paints a row: shape, local time, what happened with a second line, the cluster."""

    def __init__(self, theme: Theme, view: HistoryList) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """The height of a row: two lines, with large text three."""
        theme = self._theme
        lines = sum(QFontMetricsF(theme.font(role)).height() for role in (TextRole.BODY_KEY, TextRole.CAPTION))
        if self._stacked:
            lines += QFontMetricsF(theme.font(TextRole.MONO)).height()
        return QSize(80, round(max(theme.px(ROW_PX), lines + theme.px(16))))

    @property
    def _stacked(self) -> bool:
        """With large text, or in little room, the time stands above the sentence."""
        return self._theme.text_scale >= LARGE_TEXT or self._view.viewport().width() < self._theme.px(640)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint ground, line and words."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, HistoryRow):
            return
        theme, rect = self._theme, option.rect
        painter.save()
        if self._view.is_marked(index.row()):
            painter.fillRect(rect, theme.colour(Token.SUNKEN))
        if index.row() < len(self._view.shown.rows) - 1:
            painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.colour(Token.BORDER))
        side = theme.px(16)
        box = QRectF(rect).adjusted(theme.px(18), 0, -theme.px(16), -1)
        draw_shape(painter, theme, row.shape, QRectF(box.left(), box.center().y() - side / 2, side, side))
        box.setLeft(box.left() + side + theme.px(12))
        if self._stacked:
            when = f"{row.local}  {row.cluster}".strip()
            self._lines(painter, box, ((when, TextRole.MONO, Token.TEXT3), *self._words(row)))
        else:
            time = QRectF(box)
            time.setWidth(theme.px(TIME_PX))
            self._line(painter, time, row.local, TextRole.MONO, Token.TEXT3)
            words = QRectF(box)
            words.setLeft(time.right() + theme.px(12))
            if row.cluster:
                cluster = QRectF(box)
                cluster.setLeft(box.right() - theme.px(CLUSTER_PX))
                words.setRight(cluster.left() - theme.px(12))
                self._line(painter, cluster, row.cluster, TextRole.BODY_KEY, Token.TEXT2)
            self._lines(painter, words, self._words(row))
        painter.restore()
        if self._view.hasFocus() and index.row() == self._view.currentIndex().row():
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour(Token.ACCENT_TEXT), 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -3), Radius.CONTROL, Radius.CONTROL)
            painter.restore()

    @staticmethod
    def _words(row: HistoryRow) -> tuple[tuple[str, TextRole, Token], ...]:
        first = (row.sentence, TextRole.BODY_KEY, Token.TEXT)
        return (first, (row.note, TextRole.CAPTION, Token.TEXT2)) if row.note else (first,)

    def _lines(self, painter: QPainter, box: QRectF, lines: tuple[tuple[str, TextRole, Token], ...]) -> None:
        heights = [QFontMetricsF(self._theme.font(role)).height() for _, role, _ in lines]
        top = box.center().y() - sum(heights) / 2
        for (text, role, token), height in zip(lines, heights, strict=True):
            self._line(painter, QRectF(box.left(), top, box.width(), height), text, role, token)
            top += height

    def _line(self, painter: QPainter, box: QRectF, text: str, role: TextRole, token: Token) -> None:
        font = self._theme.font(role)
        painter.setFont(font)
        painter.setPen(self._theme.colour(token))
        painter.drawText(box, _CENTRE, QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width()))


class HistoryCard(Card):
    """A card that holds a list and is as high as its rows, at most as its room; hidden while there is none."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        """No row yet; `name` is what assistive technology calls the list."""
        super().__init__(theme, margin=1, spacing=0, parent=parent)
        self.list = HistoryList(theme, name)
        self.body.addWidget(self.list)
        self.list.resized.connect(self._fit)
        self.hide()

    def show_rows(self, rows: tuple[HistoryRow, ...]) -> None:
        """Replace the rows."""
        self.list.shown.show_rows(rows)
        self._fit()
        self.setVisible(bool(rows))

    @Slot()
    def _fit(self) -> None:
        whole = self.list.sizeHintForRow(0) * len(self.list.shown.rows) + 2 * self.list.frameWidth()
        edges = self.contentsMargins() + self.body.contentsMargins()
        self.setMaximumHeight(whole + edges.top() + edges.bottom())


class HistoryList(QListView):
    """Emits `opened(row)` for Enter, Space or a click on a row that has something to open, and `resized`."""

    opened = Signal(object)
    resized = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        """An empty list; `name` is what assistive technology calls it."""
        super().__init__(parent)
        self._theme = theme
        self._hovered = -1
        self.shown = HistoryModel(self)
        self.setModel(self.shown)
        self.setItemDelegate(HistoryRowPainter(theme, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(name)
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.clicked.connect(self._on_index)
        self._restyle()
        theme.changed.connect(self._restyle)

    def is_marked(self, number: int) -> bool:
        """Whether a row is pointed at, or current while the list has the focus."""
        return number == self._hovered or (self.hasFocus() and number == self.currentIndex().row())

    @Slot(QModelIndex)
    def _on_index(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, HistoryRow) and row.opens:
            self.opened.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space open the current row."""
        if event.key() in CHOOSES:
            self._on_index(self.currentIndex())
            event.accept()
            return
        super().keyPressEvent(event)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rows may be higher in less room."""
        super().resizeEvent(event)
        self.resized.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the whole row pointed at."""
        self._hover(self.indexAt(event.position().toPoint()).row())
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at."""
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, number: int) -> None:
        if number != self._hovered:
            self._hovered = number
            row = self.shown.rows[number] if 0 <= number < len(self.shown.rows) else None
            hand = row is not None and row.opens
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
            self.viewport().update()

    @Slot()
    def _restyle(self) -> None:
        # The rows mark the current one themselves; Qt's own highlight would lie over them.
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Highlight, QColor(0, 0, 0, 0))
        self.setPalette(palette)
        self.verticalScrollBar().setStyleSheet(self._theme.scroll_style())
        self.viewport().update()
