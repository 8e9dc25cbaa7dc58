"""A list of past things: a real list view whose rows are painted from tokens. The whole row is the target.

One line stands for each run, change of the verdict, or kept report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
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

from tgwizard.engine.history.history_entries import EntryKind, HistoryEntry, entries_of
from tgwizard.engine.history.report_folder import KeptReport
from tgwizard.engine.history.run_history import RunHistory, WholeHistory
from tgwizard.engine.history.setup_history import SetupRun
from tgwizard.engine.runs.records import VerdictChanged
from tgwizard.gui.cluster.event_timeline import of_record, outcome_shape
from tgwizard.gui.style.control_painting import Line, paint_line, paint_lines
from tgwizard.gui.style.state_shapes import Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.row_list import ROW_ROLE, Index, RowList, RowModel, RowPainter
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.text import Moments, sanitize


class HistoryRowKind(Enum):
    """What a line is; the values are the words of the filter."""

    RUN = "Failovers"
    SETUP = "Set-ups"
    VERDICT = "Changes of state"
    REPORT = "Reports"

    @property
    def one(self) -> str:
        """One of them, with its article."""
        words = {HistoryRowKind.RUN: "the run", HistoryRowKind.SETUP: "the set-up", HistoryRowKind.REPORT: "the report"}
        return words.get(self, "the change of state")


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One line. ``run``, ``job`` or ``file`` is what Enter opens; none: the line is all there is.

    ``by``: who began it and from where; ``entry``: what the search looks through.
    """

    kind: HistoryRowKind
    at: datetime
    shape: Shape
    sentence: str
    note: str
    cluster: str
    run: tuple[ClusterSetup, RunHistory] | None = None
    file: Path | None = None
    job: SetupRun | None = None
    by: str = ""
    entry: HistoryEntry | None = None

    @property
    def opens(self) -> bool:
        """Whether there is more to see."""
        return self.run is not None or self.file is not None or self.job is not None

    def spoken(self, moments: Moments) -> str:
        """The whole line as one sentence."""
        told = (moments.whole(self.at), self.cluster, self.sentence, self.note, self.by)
        return ", ".join(part for part in told if part)


def rows_of(history: WholeHistory) -> tuple[HistoryRow, ...]:
    """Everything that happened, newest first."""
    return tuple(_row(entry) for entry in entries_of(history))


def _row(entry: HistoryEntry) -> HistoryRow:
    told = HistoryRow(
        _KINDS[entry.kind], entry.at, Shape.NOTE, entry.what, entry.note, entry.cluster, by=entry.by, entry=entry
    )
    match entry.source:
        case RunHistory() as run if entry.setup is not None:
            return replace(told, shape=shape_of(run), run=(entry.setup, run))
        case SetupRun() as job:
            return replace(told, shape=job_shape(job), job=job)
        case VerdictChanged() as seen if entry.setup is not None:
            shown = of_record(seen, entry.setup)
            return told if shown is None else replace(told, shape=shown.shape, note=shown.source)
    return told


_KINDS = {
    EntryKind.RUN: HistoryRowKind.RUN,
    EntryKind.SETUP: HistoryRowKind.SETUP,
    EntryKind.VERDICT: HistoryRowKind.VERDICT,
}


def rows_of_reports(reports: Iterable[KeptReport]) -> tuple[HistoryRow, ...]:
    """Every kept report, newest first; the second line is its file's name."""
    rows = [
        HistoryRow(
            HistoryRowKind.REPORT,
            kept.at,
            Shape.NOTE,
            sanitize(kept.title, 160),
            sanitize(kept.path.name, 200),
            "",
            file=kept.path,
        )
        for kept in reports
    ]
    return tuple(sorted(rows, key=lambda row: row.at, reverse=True))


def shape_of(run: RunHistory) -> Shape:
    """The state shape of a run; one without an end is not known."""
    return outcome_shape(run.ended.outcome) if run.ended else Shape.NOT_KNOWN


def job_shape(job: SetupRun) -> Shape:
    """The same of a job of setting up."""
    return outcome_shape(job.ended.outcome) if job.ended else Shape.NOT_KNOWN


ROW_PX = 54
TIME_PX = 180
CLUSTER_PX, CLUSTER_SHARE = 340, 0.3
"""How wide the cluster and who began it may be, and at most which part of the row."""

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
        told = (self._moments.both(row.at), row.sentence, row.note, row.by)
        return "\n".join(part for part in told if part)


class HistoryRowPainter(RowPainter):
    """Paints a row: shape, time, what happened with a second line, the cluster."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """The height of a row: two lines, with large text four."""
        theme = self.theme
        lines = sum(QFontMetricsF(theme.font(role)).height() for role in (TextRole.BODY_KEY, TextRole.CAPTION))
        if self._stacked:
            lines += sum(QFontMetricsF(theme.font(role)).height() for role in (TextRole.MONO, TextRole.CAPTION))
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
            words += [(f"by {row.by}", TextRole.CAPTION, Token.TEXT3)] if row.by else []
            paint_lines(painter, theme, box, ((when, TextRole.MONO, Token.TEXT3), *words), cut=_CUT)
            return
        time = QRectF(box)
        time.setWidth(theme.px(TIME_PX))
        paint_line(painter, theme, time, (moment, TextRole.MONO, Token.TEXT3), cut=_CUT)
        room = QRectF(box)
        room.setLeft(time.right() + theme.px(12))
        if row.cluster or row.by:
            cluster = QRectF(box)
            cluster.setLeft(box.right() - min(theme.px(CLUSTER_PX), CLUSTER_SHARE * box.width()))
            room.setRight(cluster.left() - theme.px(12))
            words_there: list[Line] = [(row.cluster or "no saved cluster", TextRole.BODY_KEY, Token.TEXT2)]
            words_there += [(f"by {row.by}", TextRole.CAPTION, Token.TEXT3)] if row.by else []
            paint_lines(painter, theme, cluster, tuple(words_there), cut=_CUT)
        paint_lines(painter, theme, room, tuple(words), cut=_CUT)


class HistoryCard(Card):
    """A card that holds a list and is as high as its rows, at most as its room; hidden while there is none."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        """No row yet; `name` is what assistive technology calls the list."""
        super().__init__(theme, margin=1, spacing=0, parent=parent)
        self.body.setContentsMargins(1, 1, 1, 1)
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

    in_card = True
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
