"""The History page: every run and every change of state of all clusters, newest first; Enter opens a run."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tgwizard.engine.history.run_history import ClusterHistory
from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.gui.history.history_list import HistoryCard, HistoryRow, HistoryRowKind, rows_of
from tgwizard.gui.history.history_reader import HistoryLoaded, HistoryReader, ReportKept
from tgwizard.gui.history.run_details import RunDetails
from tgwizard.gui.page import Shell, ShellPage
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.check_rows import NoticeBox, show_problem_notices
from tgwizard.gui.widgets.filter_chip import FilterChip
from tgwizard.gui.widgets.labels import TextLabel

LEAD = "What the journals on this computer hold: every run, and every change of state that was seen."
NOTHING = "Nothing has happened yet. A failover, or a change of state while tgwizard watches, shows here."
NOT_OPEN = "The journals are read as soon as the program is open."


class HistoryPage(ShellPage):
    """A list with a filter, and the run that was opened from it."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        """Say that nothing is open; `show_opened` follows."""
        super().__init__(parent)
        self._shell = shell
        self._theme = theme = shell.theme
        self._past: HistoryReader | None = None
        self._rows: tuple[HistoryRow, ...] = ()
        self._clusters: tuple[ClusterHistory, ...] = ()
        self._read = 0
        self.view: RunDetails | None = None
        self._wanted: tuple[str, str] | None = None
        self._wanted_from = 0
        self._missing: NoticeBox | None = None
        self._stack = QStackedWidget()
        listing = QWidget()
        column = QVBoxLayout(listing)
        column.setContentsMargins(28, 24, 28, 24)
        column.setSpacing(12)
        column.addWidget(TextLabel(theme, "History", TextRole.TITLE))
        column.addWidget(TextLabel(theme, LEAD, TextRole.LEAD, Token.TEXT2, wrap=True))
        chips = QHBoxLayout()
        chips.setSpacing(8)
        self._chips: dict[HistoryRowKind | None, FilterChip] = {}
        for kind in (None, HistoryRowKind.RUN, HistoryRowKind.VERDICT):
            chip = FilterChip(theme, kind.value if kind else "All")
            chip.setChecked(kind is None)
            chip.toggled.connect(self._filter)
            self._chips[kind] = chip
            chips.addWidget(chip)
        chips.addStretch(1)
        column.addLayout(chips)
        self._not_there = QVBoxLayout()
        column.addLayout(self._not_there)
        self._boxes = QVBoxLayout()
        self._boxes.setSpacing(8)
        column.addLayout(self._boxes)
        self._nothing = TextLabel(theme, NOT_OPEN, TextRole.BODY, Token.TEXT2, wrap=True)
        column.addWidget(self._nothing)
        self._card = HistoryCard(theme, "History, newest first")
        self.list = self._card.list
        self.list.opened.connect(self._open)
        column.addWidget(self._card, 1000)
        column.addStretch(1)
        self._stack.addWidget(listing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(self._stack)

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open: read the journals."""
        self._past = HistoryReader(opened, self)
        self._past.read.connect(self._on_read)
        self._past.report_kept.connect(self._on_kept)
        if self.isVisible():
            self.read_again()

    def read_again(self) -> None:
        """Read the journals again (F5)."""
        if self._past is not None:
            setups = tuple(session.setup for session in self._shell.sessions.values())
            self._past.read_runs(setups)

    def open_run(self, cluster: str, run: str) -> None:
        """Show a run: at once if it was read, else with the reading that begins now."""
        self._leave_run()
        self._forget_missing()
        self._wanted = (cluster, run)
        self._open_wanted(last=False)
        self.read_again()
        self._wanted_from = self._past.readings if self._past is not None else 0

    def _open_wanted(self, *, last: bool) -> None:
        """Open what `open_run` asked for; if the `last` word on the journals has no such run, say so."""
        if self._wanted is None:
            return
        cluster, run = self._wanted
        found = [row for row in self._rows if row.run is not None and row.cluster == cluster and row.run[1].run == run]
        if found or last:
            self._wanted = None
        if found:
            self._open(found[0])
        elif last:
            what = f"Run {run[:8]} of {cluster} is not in the journals on this computer."
            why = "It ended before anything was to be written, or its journal was moved."
            self._missing = NoticeBox(self._theme, Shape.NOT_KNOWN, what, why)
            self._not_there.addWidget(self._missing)
            announce(self, what)

    def _forget_missing(self) -> None:
        if self._missing is not None:
            self._missing.hide()
            self._missing.deleteLater()
            self._missing = None

    def focus_filter(self) -> None:
        """Ctrl+F: the chip that is on."""
        next(chip for chip in self._chips.values() if chip.isChecked()).setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Read what came since."""
        super().showEvent(event)
        self.read_again()

    def hideEvent(self, event: QHideEvent) -> None:
        """What was asked for and not found is no news to whoever comes again."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._forget_missing()

    @Slot(object)
    def _on_read(self, read: HistoryLoaded) -> None:
        if read.number < self._read:
            # Readings run side by side; an older one must not take back what a newer one has shown.
            return
        if read.clusters != self._clusters or not self._read:
            self._show_past(read.clusters)
        self._read = read.number
        # A reading that began before the run was asked for may have missed it: only a later one is the last word.
        self._open_wanted(last=read.number >= self._wanted_from)

    def _show_past(self, clusters: tuple[ClusterHistory, ...]) -> None:
        self._clusters = clusters
        self._rows = rows_of(clusters)
        for kind, chip in self._chips.items():
            chip.count(sum(1 for row in self._rows if kind in (None, row.kind)))
        show_problem_notices(self._boxes, self._theme, (cluster.problem for cluster in clusters))
        self._filter()

    @Slot()
    def _filter(self) -> None:
        if self._past is None:
            return
        wanted = next((kind for kind, chip in self._chips.items() if chip.isChecked()), None)
        rows = tuple(row for row in self._rows if wanted in (None, row.kind))
        self._card.show_rows(rows)
        self._nothing.setVisible(not rows)
        self._nothing.say(NOTHING if not self._rows else "None of this kind.")

    @Slot(object)
    def _open(self, row: HistoryRow) -> None:
        if row.run is None:
            return
        self._leave_run()
        self._forget_missing()
        view = self.view = RunDetails(self._theme, *row.run)
        view.back_asked.connect(self._back)
        view.keep_asked.connect(self._keep)
        self._stack.addWidget(view)
        self._stack.setCurrentWidget(view)
        view.back.setFocus()

    @Slot()
    def _back(self) -> None:
        self._leave_run()
        self.list.setFocus()

    def _leave_run(self) -> None:
        if self.view is not None:
            self._stack.removeWidget(self.view)
            self.view.hide()
            self.view.deleteLater()
            self.view = None

    @Slot()
    def _keep(self) -> None:
        if self._past is not None and self.view is not None:
            self._past.keep(self.view.setup, self.view.run)

    @Slot(object)
    def _on_kept(self, kept: ReportKept) -> None:
        if self.view is None or self.view.run.run != kept.run:
            return
        if kept.problem is not None:
            self.view.say_problem(kept.problem)
        elif kept.kept is not None:
            self.view.say(Shape.GOOD, "The report is kept; it stands under Reports.", str(kept.kept.path))
