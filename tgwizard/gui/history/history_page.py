"""The History page: what happened to all clusters, newest first; Enter opens a run or a set-up.

It is narrowed by kind, by day and by words.
"""

from __future__ import annotations

import shlex
from datetime import date, timedelta
from enum import Enum
from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from tgwizard.engine.history.history_entries import HistoryFilter, parse_day
from tgwizard.engine.history.run_history import WholeHistory
from tgwizard.engine.history.run_report import run_report_page
from tgwizard.engine.history.run_report import title as run_title
from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.gui.history.history_list import HistoryCard, HistoryRow, HistoryRowKind, rows_of
from tgwizard.gui.history.history_reader import HistoryLoaded, HistoryReader, ReportKept
from tgwizard.gui.history.run_details import RunDetails
from tgwizard.gui.history.setup_details import SetupDetails
from tgwizard.gui.page import Shell, ShellPage
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.check_rows import NoticeBox, show_problem_notices
from tgwizard.gui.widgets.command import Command, copy_command
from tgwizard.gui.widgets.context_menu import Entries, MenuOffer
from tgwizard.gui.widgets.filter_chip import FilterChip
from tgwizard.gui.widgets.labels import LiveText, TextLabel
from tgwizard.gui.widgets.layouts import FlowLayout
from tgwizard.gui.widgets.print_page import print_page
from tgwizard.gui.widgets.row_list import ROW_ROLE
from tgwizard.gui.widgets.shortcuts import Shortcut, bind
from tgwizard.gui.widgets.text_inputs import SearchField, TextField
from tgwizard.model.problem import UserError

LEAD = "What the journals on this computer hold: every failover and set-up, and every change of state that was seen."
NOTHING = "Nothing has happened yet. A failover, a set-up, or a change of state while tgwizard watches, shows here."
NONE_MATCHES = "Nothing that happened matches. Esc clears the search; All and Any day show everything."

BOTH_INCLUDED = "Both days are included. An empty one is no bound."

MARGIN, NARROW_MARGIN, NARROW_BELOW = 28, 16, 1000
SEARCH_PX, NARROW_SEARCH_PX = 280, 190


class DayRange(Enum):
    """Which days are shown; the values are the words of the chips."""

    ANY = "Any day"
    TODAY = "Today"
    WEEK = "7 days"
    MONTH = "30 days"
    BETWEEN = "From, to"

    def first(self, today: date) -> date | None:
        """The first of its days; None: there is none."""
        days = {DayRange.TODAY: 1, DayRange.WEEK: 7, DayRange.MONTH: 30}.get(self)
        return None if days is None else today - timedelta(days=days - 1)


NOT_OPEN = "The journals are read as soon as the program is open."


class HistoryPage(ShellPage):
    """A list with its filters, and the run or set-up that was opened from it."""

    help_topic = "history"

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        """Say that nothing is open; `show_opened` follows."""
        super().__init__(parent)
        self._shell = shell
        self._theme = theme = shell.theme
        self._past: HistoryReader | None = None
        self._rows: tuple[HistoryRow, ...] = ()
        self._history = WholeHistory()
        self._read = 0
        self.view: RunDetails | SetupDetails | None = None
        self.opened_row: HistoryRow | None = None
        """The row that `view` shows whole."""
        self._wanted: tuple[str, str] | None = None
        self._wanted_from = 0
        self._missing: NoticeBox | None = None
        self._stack = QStackedWidget()
        listing = QWidget()
        column = self._column = QVBoxLayout(listing)
        column.setSpacing(12)
        column.addWidget(TextLabel(theme, "History", TextRole.TITLE))
        column.addWidget(TextLabel(theme, LEAD, TextRole.LEAD, Token.TEXT2, wrap=True))
        self._build_filters(column)
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
        MenuOffer(theme, self.list, self._menu)
        bind(self.list, Shortcut.FILTER_LIST, self.focus_filter, inside=True)
        column.addWidget(self._card, 1000)
        column.addStretch(1)
        self._stack.addWidget(listing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(self._stack)

    def _build_filters(self, column: QVBoxLayout) -> None:
        theme = self._theme
        kinds = QWidget()
        row = FlowLayout(kinds, 8)
        self.chips: dict[HistoryRowKind | None, FilterChip] = {}
        for kind in (None, HistoryRowKind.RUN, HistoryRowKind.SETUP, HistoryRowKind.VERDICT):
            chip = self.chips[kind] = FilterChip(theme, kind.value if kind else "All")
            row.addWidget(chip)
        self.search = SearchField(theme, "Search in History")
        self.search.setPlaceholderText("Search by cluster, verb, account or words")
        self.search.setToolTip(f"{Shortcut.FILTER}, in the list {Shortcut.FILTER_LIST}; every word has to occur")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        row.addWidget(self.search)
        column.addWidget(kinds)
        days = QWidget()
        row = FlowLayout(days, 8, spread=False)
        self.days: dict[DayRange, FilterChip] = {}
        for span in DayRange:
            chip = self.days[span] = FilterChip(theme, span.value)
            row.addWidget(chip)
        column.addWidget(days)
        self._between = QWidget()
        row = FlowLayout(self._between, 8, spread=False)
        self.since, self.until = TextField(theme, "From this day on"), TextField(theme, "Up to this day")
        for words, field in (("From", self.since), ("to", self.until)):
            label = TextLabel(theme, words, TextRole.BODY_STRONG)
            label.setBuddy(field)
            field.setPlaceholderText("2026-11-30")
            field.setFixedWidth(theme.px(130))
            field.textChanged.connect(self._filter)
            row.addWidget(label)
            row.addWidget(field)
        self._wrong_day = LiveText(theme, BOTH_INCLUDED, TextRole.CAPTION, Token.TEXT2)
        row.addWidget(self._wrong_day)
        self._between.hide()
        column.addWidget(self._between)
        self.chips[None].setChecked(True)
        self.days[DayRange.ANY].setChecked(True)
        for chip in (*self.chips.values(), *self.days.values()):
            chip.toggled.connect(self._filter)

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open: read the journals."""
        self._past = HistoryReader(opened, self)
        self._past.read.connect(self._on_read)
        self._past.report_kept.connect(self._on_kept)
        if self.isVisible():
            self.read_again()

    def take_over(self, old: ShellPage) -> None:
        """What was searched for stays, and so does the run that is open."""
        if not isinstance(old, HistoryPage):
            return
        for field, before in ((self.search, old.search), (self.since, old.since), (self.until, old.until)):
            field.setText(before.text())
        chips = (*self.chips.values(), *self.days.values())
        for chip, other in zip(chips, (*old.chips.values(), *old.days.values()), strict=True):
            if other.isChecked():
                chip.setChecked(True)
        if old.opened_row is not None:
            self._open(old.opened_row)

    def end(self) -> None:
        """Hear no more of the journals."""
        if self._past is not None:
            self._past.end()

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
            what = f"This run of {cluster} is not in the journals on this computer."
            why = "It ended before anything was to be written, or its journal was moved."
            self._missing = NoticeBox(self._theme, Shape.NOT_KNOWN, what, why)
            self._not_there.addWidget(self._missing)
            announce(self, what)

    def _forget_missing(self) -> None:
        if self._missing is not None:
            self._missing.hide()
            self._missing.deleteLater()
            self._missing = None

    def focus_filter(self) -> bool:
        """Ctrl+F, or / in the list: the search."""
        if self.view is None:
            self.search.setFocus()
            self.search.selectAll()
        return self.view is None

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
        if read.history != self._history or not self._read:
            self._show_past(read.history)
        self._read = read.number
        # A reading that began before the run was asked for may have missed it: only a later one is the last word.
        self._open_wanted(last=read.number >= self._wanted_from)

    def _show_past(self, history: WholeHistory) -> None:
        self._history = history
        self._rows = rows_of(history)
        show_problem_notices(self._boxes, self._theme, (cluster.problem for cluster in history.clusters))
        self._filter()

    @Slot()
    def _filter(self) -> None:
        if self._past is None:
            return
        kind = next((kind for kind, chip in self.chips.items() if chip.isChecked()), None)
        span = next((span for span, chip in self.days.items() if chip.isChecked()), DayRange.ANY)
        self._between.setVisible(span is DayRange.BETWEEN)
        words = self.search.text()
        found = [row for row in self._rows if _admits(HistoryFilter(words), row)]
        of_days = {each: [row for row in found if _admits(self._bounds(each), row)] for each in DayRange}
        for each, chip in self.days.items():
            chip.count(sum(1 for row in of_days[each] if kind in (None, row.kind)))
        for wanted, chip in self.chips.items():
            chip.count(sum(1 for row in of_days[span] if wanted in (None, row.kind)))
        rows = tuple(row for row in of_days[span] if kind in (None, row.kind))
        self._card.show_rows(rows)
        self._nothing.setVisible(not rows)
        self._nothing.say(NONE_MATCHES if self._rows else NOTHING)

    def _bounds(self, span: DayRange) -> HistoryFilter:
        """The days of a chip. A day that is none bounds nothing, and is told under the fields."""
        moments = self._theme.moments
        today = moments.here(self._past.wall()).date() if self._past is not None else date.max
        if span is not DayRange.BETWEEN:
            return HistoryFilter(since=span.first(today), moments=moments)
        bounds: list[date | None] = []
        wrong = ""
        for field in (self.since, self.until):
            try:
                bounds.append(parse_day(field.text()))
                field.show_wrong(wrong=False)
            except UserError as error:
                bounds.append(None)
                field.show_wrong(wrong=True)
                wrong = error.problem.sentence()
        self._wrong_day.say(wrong or BOTH_INCLUDED)
        self._wrong_day.recolour(Token.BAD if wrong else Token.TEXT2)
        return HistoryFilter(since=bounds[0], until=bounds[1], moments=moments)

    def _menu(self) -> Entries:
        """Of the current row."""
        index = self.list.currentIndex()
        row = index.data(ROW_ROLE) if index.isValid() else None
        return () if row is None else self._row_menu(row)

    def _row_menu(self, row: HistoryRow) -> Entries:
        entries: list[Command | None] = []
        if row.opens:
            entries += [Command(f"Open {row.kind.one}", partial(self._open, row)), None]
        entries.append(copy_command("Copy this line", row.spoken(self._theme.moments)))
        run = row.run
        if run is not None and self._past is not None:
            setup, past = run
            entries += [
                copy_command("Copy the command of its report", self._typed("report", past.run)),
                copy_command("Copy the run id, for support", past.run),
                copy_command("Copy the address", past.began.address),
                Command("Keep its report", partial(self._past.keep, setup, past), mark=Icon.REPORT),
            ]
        elif row.job is not None:
            address = row.job.began.address
            entries += [
                copy_command("Copy the address", address, off="" if address else "It was not recorded."),
                copy_command("Copy the resource ids of both interfaces", "\n".join(row.job.began.nics)),
            ]
        if row.cluster in self._shell.sessions:
            entries += [None, Command(f"Open {row.cluster}", partial(self._shell.visit_cluster, row.cluster))]
        return entries

    def _typed(self, *words: str) -> str:
        return f"tgwizard {shlex.join(words)}{self._shell.context.place_options}"

    @Slot(object)
    def _open(self, row: HistoryRow) -> None:
        if row.run is None and row.job is None:
            return
        self._leave_run()
        self._forget_missing()
        view: RunDetails | SetupDetails
        if row.run is not None:
            view = RunDetails(self._theme, *row.run)
            view.keep_asked.connect(self._keep)
            view.print_asked.connect(self._print)
        else:
            assert row.job is not None  # noqa: S101 - one of both, as asked above
            view = SetupDetails(self._theme, row.cluster, row.job)
        self.view, self.opened_row = view, row
        view.back_asked.connect(self._back)
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
            self.view.setParent(self._stack)  # removing gives it to Python, which would delete it here and now
            self.view.deleteLater()
            self.view = self.opened_row = None

    @Slot()
    def _keep(self) -> None:
        if self._past is not None and isinstance(self.view, RunDetails):
            self._past.keep(self.view.setup, self.view.run)

    @Slot()
    def _print(self) -> None:
        if isinstance(self.view, RunDetails):
            page = run_report_page(self.view.run, self.view.setup)
            print_page(self, run_title(self.view.run), page, self.view.say)

    @Slot(object)
    def _on_kept(self, kept: ReportKept) -> None:
        shown = isinstance(self.view, RunDetails) and self.view.run.run == kept.run
        what = "The report is kept; it stands under Reports."
        if shown and isinstance(self.view, RunDetails):
            if kept.problem is not None:
                self.view.say_problem(kept.problem)
            elif kept.kept is not None:
                self.view.say(Shape.GOOD, what, str(kept.kept.path))
        elif self.view is None:
            # It was asked for from the list.
            self._forget_missing()
            told = (Shape.BROKEN, kept.problem.what, kept.problem.why_and_fix) if kept.problem is not None else None
            self._missing = NoticeBox(self._theme, *(told or (Shape.GOOD, what, str(kept.kept and kept.kept.path))))
            self._not_there.addWidget(self._missing)
            announce(self, told[1] if told else what)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow pages have narrow margins."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW_BELOW
        side = NARROW_MARGIN if narrow else MARGIN
        self._column.setContentsMargins(side, 16 if narrow else 24, side, 14 if narrow else 24)
        self.search.setFixedWidth(self._theme.px(NARROW_SEARCH_PX if narrow else SEARCH_PX))


def _admits(wanted: HistoryFilter, row: HistoryRow) -> bool:
    return row.entry is None or wanted.admits(row.entry)
