"""A list of past things: a real list view whose rows are painted from tokens. The whole row is the target.

One line stands for each run, change of the verdict, or kept report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from PySide6.QtCore import (
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetricsF, QPainter, QResizeEvent
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from tgwizard.engine.history.report_folder import KeptReport
from tgwizard.engine.history.run_history import ClusterHistory, RunHistory
from tgwizard.engine.history.run_report import outcome, reason, title
from tgwizard.gui.cluster.event_timeline import of_record, outcome_shape
from tgwizard.gui.style.control_painting import Line, paint_line, paint_lines
from tgwizard.gui.style.state_shapes import Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.row_list import ROW_ROLE, Index, RowList, RowModel, RowPainter
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.text import Moments, format_duration, sanitize


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

    def spoken(self, moments: Moments) -> str:
        """The whole line as one sentence."""
        return ", ".join(part for part in (moments.whole(self.at), self.cluster, self.sentence, self.note) if part)


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


ROW_PX = 54
TIME_PX = 180
CLUSTER_PX = 190
_CUT = Qt.TextElideMode.ElideRight


class HistoryModel(RowModel):
    """The rows of a list; the tooltip has the time in UTC too."""

    rows: Sequence[HistoryRow]

    def __init__(self, moments: Moments) -> None:
        """No row yet; `moments` tells when each was."""
        super().__init__()
        self._moments = moments

    def words(self, row: HistoryRow) -> str:
        return row.spoken(self._moments)

    def tip(self, row: HistoryRow) -> str:
        return f"{self._moments.both(row.at)}\n{row.sentence}\n{row.note}"


class HistoryRowPainter(RowPainter):
    """Paints a row: shape, time, what happened with a second line, the cluster."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """The height of a row: two lines, with large text three."""
        theme = self.theme
        lines = sum(QFontMetricsF(theme.font(role)).height() for role in (TextRole.BODY_KEY, TextRole.CAPTION))
        if self._stacked:
            lines += QFontMetricsF(theme.font(TextRole.MONO)).height()
        return QSize(80, round(max(theme.px(ROW_PX), lines + theme.px(16))))

    @property
    def _stacked(self) -> bool:
        """With large text, or in little room, the time stands above the sentence."""
        return self.theme.text_scale >= LARGE_TEXT or self.view.viewport().width() < self.theme.px(640)

    def paint_words(self, painter: QPainter, box: QRectF, index: Index) -> None:
        theme, row = self.theme, index.data(ROW_ROLE)
        side = theme.px(16)
        box = box.adjusted(theme.px(18), 0, -theme.px(16), -1)
        draw_shape(painter, theme, row.shape, QRectF(box.left(), box.center().y() - side / 2, side, side))
        box.setLeft(box.left() + side + theme.px(12))
        words: list[Line] = [(row.sentence, TextRole.BODY_KEY, Token.TEXT)]
        if row.note:
            words.append((row.note, TextRole.CAPTION, Token.TEXT2))
        moment = theme.moments.whole(row.at)
        if self._stacked:
            when = f"{moment}  {row.cluster}".strip()
            paint_lines(painter, theme, box, ((when, TextRole.MONO, Token.TEXT3), *words), cut=_CUT)
            return
        time = QRectF(box)
        time.setWidth(theme.px(TIME_PX))
        paint_line(painter, theme, time, (moment, TextRole.MONO, Token.TEXT3), cut=_CUT)
        room = QRectF(box)
        room.setLeft(time.right() + theme.px(12))
        if row.cluster:
            cluster = QRectF(box)
            cluster.setLeft(box.right() - theme.px(CLUSTER_PX))
            room.setRight(cluster.left() - theme.px(12))
            paint_line(painter, theme, cluster, (row.cluster, TextRole.BODY_KEY, Token.TEXT2), cut=_CUT)
        paint_lines(painter, theme, room, tuple(words), cut=_CUT)


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
        self.list.shown.replace(rows)
        self._fit()
        self.setVisible(bool(rows))

    @Slot()
    def _fit(self) -> None:
        whole = self.list.sizeHintForRow(0) * len(self.list.shown.rows) + 2 * self.list.frameWidth()
        edges = self.contentsMargins() + self.body.contentsMargins()
        self.setMaximumHeight(whole + edges.top() + edges.bottom())


class HistoryList(RowList):
    """Emits `opened(row)` for Enter, Space or a click on a row that has something to open, and `resized`."""

    opened = Signal(object)
    resized = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        """An empty list; `name` is what assistive technology calls it."""
        self.shown = HistoryModel(theme.moments)
        super().__init__(theme, name, self.shown, parent)
        self.shown.setParent(self)
        self.setItemDelegate(HistoryRowPainter(theme, self))

    def can_choose(self, index: Index) -> bool:
        """Not every row has more to see."""
        return index.isValid() and index.data(ROW_ROLE).opens

    def choose(self, index: Index) -> None:
        """Open the row."""
        if self.can_choose(index):
            self.opened.emit(index.data(ROW_ROLE))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rows may be higher in less room."""
        super().resizeEvent(event)
        self.resized.emit()
