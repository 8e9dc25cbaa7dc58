"""The Clusters page: every saved cluster in one table, problems first; what to do when there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.clock import SystemClock
from tgwizard.engine.files.fleet_export import as_csv, as_json
from tgwizard.gui.app.app_context import AppContext, OpenedProgram
from tgwizard.gui.app.settings_store import SettingsStore
from tgwizard.gui.cluster.cluster_registry import ClusterRegistry, NotAdded
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.fleet.add_clusters import SUFFIX, AddButton, dropped_files, refusal_boxes
from tgwizard.gui.fleet.empty_fleet import EmptyFleet, LabOffer
from tgwizard.gui.fleet.fleet_rows import EXPORTED, FleetRow, FleetState, exported, row_of, shows
from tgwizard.gui.fleet.fleet_table import FleetModel, FleetTable
from tgwizard.gui.fleet.unfinished_setups import UnfinishedSetups
from tgwizard.gui.page import ShellPage
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import BAR, Card, PageScroll
from tgwizard.gui.widgets.check_rows import NoticeBox
from tgwizard.gui.widgets.command import Command, copy_command
from tgwizard.gui.widgets.context_menu import Entries, MenuOffer
from tgwizard.gui.widgets.filter_chip import FilterChip
from tgwizard.gui.widgets.labels import LiveText, TextLabel
from tgwizard.gui.widgets.layouts import FlowLayout, clear
from tgwizard.gui.widgets.save_text import write_text
from tgwizard.gui.widgets.shortcuts import Shortcut, bind
from tgwizard.gui.widgets.text_inputs import SearchField
from tgwizard.model.problem import Problem
from tgwizard.model.settings import DESCENDING, FILTER, FILTER_TEXT, ORDER, PINNED, ClusterFilter, ClusterOrder, Setting
from tgwizard.model.text import counted

_CHIPS = (
    (ClusterFilter.ALL, "All"),
    (ClusterFilter.ATTENTION, "Needs attention"),
    (ClusterFilter.MOVING, "Moving"),
    (ClusterFilter.AT_RISK, "At risk"),
    (ClusterFilter.IN_SYNC, "In sync"),
    (ClusterFilter.NOT_KNOWN, "Not known"),
)

MARGIN, NARROW_MARGIN = 28, 16
NOT_ASKED = "Rights not asked: a cluster's own page asks them."
NARROW_BELOW = 1000
FEWEST_ROWS = 3
OFFER_FROM = 600
"""Page height, at 100 % text, from which on the lab is offered below the table."""

FILTER_PX, NARROW_FILTER_PX = 280, 190

LEAST_LEAD_PX = 240
"""The room that title and lead need beside the buttons, at 100 % text."""

EXPORT_KINDS = "CSV, for a spreadsheet (*.csv);;JSON, for a program (*.json)"

NEWS_MS = 30
NEWS_IN_A_TURN = 12
"""Rows are worked out a few at a time: hundreds of clusters answer in bursts, and the window goes on answering."""


class FleetPage(ShellPage):
    """Emits `opened(name)`, `set_up_asked`, and `files_given(paths)` for cluster files to be added.

    `reading_asked`: the saved files are to be read again. `practise_asked(Destination)`: the lab is wanted.
    """

    opened = Signal(str)
    set_up_asked = Signal()
    files_given = Signal(object)
    help_topic = "clusters"
    reading_asked = Signal()
    practise_asked = Signal(object)

    def __init__(
        self,
        theme: Theme,
        watching: ClusterRegistry,
        settings_store: SettingsStore,
        context: AppContext,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._watching = watching
        self._settings_store = settings_store
        self._context = context
        self._opening = True
        self._wall = SystemClock().wall
        self.model = FleetModel(self._now, self)
        self.table = FleetTable(theme, self.model)
        self.chips: dict[ClusterFilter, FilterChip] = {}
        self.filter = SearchField(theme, "Filter clusters")
        self._title = TextLabel(theme, "Clusters", TextRole.TITLE)
        self._lead = TextLabel(theme, "", TextRole.LEAD, Token.TEXT2, wrap=True)
        self._set_up = Button(theme, "Set up a cluster", ButtonKind.PRIMARY, Icon.ADD)
        self._set_up.clicked.connect(self.set_up_asked)
        self._add = AddButton(theme)
        self._add.files_given.connect(self._on_files)
        self.setAcceptDrops(True)
        self._banner: NoticeBox | None = None
        self._shown_problem: Problem | None = None
        self._empty = EmptyFleet(theme, context)
        self._empty.set_up.clicked.connect(self.set_up_asked)
        self._empty.add.files_given.connect(self._on_files)
        self._offer = LabOffer(theme, context)
        self._empty.practise.chosen.connect(self.practise_asked)
        self._offer.practise.chosen.connect(self.practise_asked)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self.menu_of: Callable[[str], Entries] = _no_entries
        """What the menu of a cluster offers; told by who has it."""
        self._dismissed: dict[str, int] = {}
        self._build()
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(PageScroll(theme, content, "Clusters page"))
        self._news: dict[str, None] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(NEWS_MS)
        self._soon.timeout.connect(self._show_news)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._on_tick)
        self._follow(watching, settings_store)
        self.table.sort(settings_store.get(ORDER), descending=settings_store.get(DESCENDING))
        self.filter.setText(settings_store.get(FILTER_TEXT))
        self.chips[settings_store.get(FILTER)].setChecked(True)
        self._apply_filter()
        self.filter.textChanged.connect(self._on_filter)
        self.show_clusters(opening=True)

    def _follow(self, watching: ClusterRegistry, settings_store: SettingsStore) -> None:
        self.table.opened.connect(self.opened)
        self.table.sorted_by.connect(self._on_sorted)
        self.table.chosen_changed.connect(self._show_export)
        settings_store.changed.connect(self._on_setting)
        watching.changed.connect(self._on_changed)

    def _build(self) -> None:
        theme, column = self._theme, self._column
        column.setSpacing(0)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(self._title)
        words.addWidget(self._lead)
        self._head.addLayout(words, 1)
        doing = QHBoxLayout()
        doing.setSpacing(12)
        doing.addWidget(self._add)
        doing.addWidget(self._set_up)
        doing.addStretch(0)
        self._head.addLayout(doing)
        column.addLayout(self._head)
        column.addSpacing(theme.px(22))
        self._build_filters(column)
        column.addSpacing(12)
        self.unfinished = UnfinishedSetups(theme)
        self.unfinished.continue_asked.connect(self.set_up_asked)
        column.addWidget(self.unfinished)
        self._notices = QVBoxLayout()
        column.addLayout(self._notices)
        self._refusals = QVBoxLayout()
        self._refusals.setSpacing(8)
        column.addLayout(self._refusals)
        self._build_table(column)
        self._nothing = TextLabel(theme, "", TextRole.LEAD, Token.TEXT2, wrap=True)
        self._nothing.hide()
        column.addWidget(self._nothing)
        column.addWidget(self._empty)
        column.addStretch(1)
        column.addSpacing(theme.px(12))
        column.addWidget(self._offer)

    def _build_filters(self, column: QVBoxLayout) -> None:
        self._filters = QWidget()
        row = FlowLayout(self._filters, 8)
        row.setContentsMargins(0, 0, 0, 0)
        group = QButtonGroup(self)
        for wanted, word in _CHIPS:
            chip = FilterChip(self._theme, word)
            group.addButton(chip)
            chip.toggled.connect(self._on_chip)
            self.chips[wanted] = chip
            row.addWidget(chip)
        self.filter.setToolTip(f"{Shortcut.FILTER}, in the table {Shortcut.FILTER_LIST}")
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedWidth(self._theme.px(FILTER_PX))
        row.addWidget(self.filter)
        column.addWidget(self._filters)

    def _build_table(self, column: QVBoxLayout) -> None:
        """The table, its menu, and below it the export of its rows."""
        theme = self._theme
        self._card = Card(theme, margin=1, spacing=0)
        self._card.body.setContentsMargins(1, 1, 1, 1)
        self._card.body.addWidget(self.table)
        column.addWidget(self._card)
        MenuOffer(theme, self.table, self._menu)
        bind(self.table, Shortcut.FILTER_LIST, self.focus_filter, inside=True)
        self.export = Button(theme, "Export…", ButtonKind.LINK, Icon.SAVE)
        self.export.explain("As CSV or JSON: the clusters chosen with Ctrl or Shift, else all that are shown")
        self.export.clicked.connect(self._export)
        self._said = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._said.hide()
        foot = QHBoxLayout()
        foot.setContentsMargins(0, theme.px(8), 0, 0)
        foot.addWidget(self.export)
        foot.addWidget(self._said, 1)
        foot.addStretch(0)
        column.addLayout(foot)

    def show_clusters(self, *, opening: bool = False) -> None:
        """Show what is watched now; `opening` tells that the program is still opening."""
        self._opening = opening
        self._all_rows()
        some = bool(self._watching.sessions)
        for part in (self._filters, self._card, self._set_up, self._add, self.export):
            part.setVisible(some)
        self._empty.setVisible(not some and not opening)
        self._show_offer()
        self._title.say("Clusters" if some or opening else "No clusters yet")

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open; the files that are left out are told."""
        self.show_clusters()
        self.unfinished.look_at(opened.services, lambda: tuple(one.setup for one in self._watching.sessions.values()))
        if opened.problems:
            self.show_refused(NotAdded(None, opened.problems))

    def clusters_changed(self, _opened: OpenedProgram) -> None:
        """There are other clusters than before."""
        clear(self._refusals)
        self.show_clusters()

    # Adding ------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_files(self, files: tuple[Path, ...]) -> None:
        clear(self._refusals)
        self.files_given.emit(files)

    def show_refused(self, refused: NotAdded) -> None:
        """Say what is wrong with a file, each fault with its line and fix; nothing was copied."""
        if refused.file is None:
            told = {problem.sentence(): problem for problem in refused.problems}
            left = tuple(one for words, one in told.items() if self._dismissed.get(words) != self._stamp(one))
            refused = replace(refused, problems=left)
            clear(self._refusals)
        boxes = refusal_boxes(self._theme, refused)
        for problem, box in zip(refused.problems, boxes, strict=True):
            dismiss = Button(self._theme, "Dismiss", ButtonKind.GHOST)
            dismiss.explain("It comes back when the file has changed, or tgwizard is started again")
            dismiss.clicked.connect(partial(self._dismiss, problem, box))
            box.add_fix(dismiss)
        if refused.file is None and boxes:
            again = Button(self._theme, "Read the files again", icon=Icon.REFRESH)
            again.clicked.connect(self.reading_asked)
            boxes[-1].add_fix(again)
        for box in boxes:
            self._refusals.addWidget(box)
            announce(box, box.accessibleName())

    def _stamp(self, problem: Problem) -> int:
        """When the file that a problem is about was last changed; 0 when that cannot be told."""
        folder = self._context.clusters_folder
        names = (word.strip(":,.") for word in f"{problem.what} {problem.detail}".split())
        name = next((Path(word).name for word in names if word.endswith(SUFFIX)), "")
        try:
            return (folder / name).stat().st_mtime_ns if folder is not None and name else 0
        except OSError:
            return 0

    def _dismiss(self, problem: Problem, box: NoticeBox) -> None:
        """Show it no more, until its file is another."""
        self._dismissed[problem.sentence()] = self._stamp(problem)
        self._refusals.removeWidget(box)
        box.hide()
        box.deleteLater()
        self.table.setFocus()

    def end(self) -> None:
        """Hear no more of the set-ups that are looked for."""
        self.unfinished.end()

    def read_again(self) -> None:
        """Files that were left out are read again too: they may have been mended, or changed."""
        if self._dismissed or self._refusals.count():
            self.reading_asked.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Cluster files may be dropped here."""
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        event.acceptProposedAction()
        self._on_files(dropped_files(event.mimeData()))

    # Rows --------------------------------------------------------------------------------------------------------

    def _now(self) -> datetime:
        """The time by the engine's clock once there is one, before that by this computer's."""
        return self._wall()

    def first_focus(self) -> QWidget | None:
        """The table: arrows and Enter open a cluster."""
        return self.table

    def focus_filter(self) -> bool:
        """Ctrl+F."""
        there = self.filter.isVisible()
        if there:
            self.filter.setFocus()
            self.filter.selectAll()
        return there

    def escape(self) -> bool:
        """Esc clears what was typed, and then shows all clusters again."""
        filtered = bool(self.filter.text()) or self._chosen is not ClusterFilter.ALL
        self.filter.clear()
        self.chips[ClusterFilter.ALL].setChecked(True)
        return filtered

    def choose_files(self) -> None:
        """Ask for cluster files."""
        self._add.click()

    # Rows --------------------------------------------------------------------------------------------------------

    def _row(self, session: ClusterSession) -> FleetRow:
        started = session.run.started if session.running and session.run is not None else None
        row = row_of(
            session.setup,
            session.latest,
            session.state,
            self._wall(),
            moving_to="" if started is None else started.to,
            since=session.since,
            records=session.records,
            pace_s=self._watching.pace_s,
        )
        return replace(row, pinned=True) if row.name in self._settings_store.get(PINNED) else row

    @Slot(object)
    def _on_setting(self, setting: Setting[object]) -> None:
        if setting.key == PINNED.key:
            self._all_rows()

    # Several at once ---------------------------------------------------------------------------------------------

    def _menu(self) -> Entries:
        chosen, current = self.table.chosen, self.table.current
        if not chosen:
            return () if current is None else (*self.menu_of(current.name), None, self._export_command())
        these = counted(len(chosen), "cluster")
        return (
            copy_command(f"Copy the addresses of {these}", "\n".join(row.address for row in chosen)),
            copy_command(f"Copy the names of {these}", "\n".join(row.name for row in chosen)),
            None,
            self._export_command(),
        )

    def _export_command(self) -> Command:
        return Command(f"Export {counted(len(self._exported), 'cluster')}…", self._export, mark=Icon.SAVE)

    @property
    def _exported(self) -> tuple[FleetRow, ...]:
        """Those that were chosen together, else all that the filters show."""
        return self.table.chosen or self.table.rows_shown

    @Slot()
    def _show_export(self) -> None:
        self.export.rename(f"Export {counted(len(self._exported), 'cluster')}…")
        self.export.setEnabled(bool(self._exported))

    @Slot()
    def _export(self) -> None:
        """Ask for a file, and write the rows as they are now: as JSON into one that ends so, else as CSV."""
        dialog = QFileDialog(self.window(), "Export clusters", str(Path.home() / "clusters.csv"), EXPORT_KINDS)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile("clusters.csv")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    @Slot(str)
    def export_to(self, chosen: str) -> None:
        """Write the rows into that file and say so."""
        rows = [exported(row) for row in self._exported]
        as_text = as_json if chosen.lower().endswith(".json") else as_csv
        said = write_text(Path(chosen), as_text(EXPORTED, rows))
        self._said.say(said)
        self._said.show()
        announce(self, said)

    def _all_rows(self) -> None:
        self._news.clear()
        sessions = tuple(self._watching.sessions.values())
        if sessions:
            self._wall = sessions[0].services.clock.wall
        self.model.show_rows(tuple(self._row(session) for session in sessions))
        self._sum_up()

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        self._news[name] = None
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _show_news(self) -> None:
        """Work out some of the rows of which there is news; the rest follows in the next turn."""
        for name in tuple(self._news)[:NEWS_IN_A_TURN]:
            del self._news[name]
            session = self._watching.sessions.get(name)
            if session is not None:
                self.model.show_row(self._row(session))
        if self._news:
            self._soon.start()
        else:
            self._sum_up()

    @Slot()
    def _on_tick(self) -> None:
        self.unfinished.look()
        wall, pace = self._wall(), self._watching.pace_s
        for row in self.model.rows:
            if row.turned_late(wall, pace):
                self._on_changed(row.name)
        self.table.refresh_ages()

    def _sum_up(self) -> None:
        rows = self.model.rows
        for wanted, chip in self.chips.items():
            chip.count(sum(1 for row in rows if shows(wanted, row.state)))
        self._lead.say("Opening. Nothing was written." if self._opening else _summary(rows))
        self._fit()
        self._show_export()
        self._show_silence()

    def _show_silence(self) -> None:
        """One banner when many fail to answer for the same reason; the rows stay (gui/README.md 9)."""
        silent: dict[str, list[Problem]] = {}
        for session in self._watching.sessions.values():
            snapshot = session.latest
            problem = (
                None if snapshot is None else next((s.nic.problem for s in snapshot.members if s.nic.problem), None)
            )
            if problem is not None:
                silent.setdefault(problem.code, []).append(problem)
        worst = max(silent.values(), key=len, default=[])
        worst_problem = worst[0] if len(worst) >= max(2, len(self._watching.sessions) // 2) else None
        if (worst_problem and worst_problem.code) == (self._shown_problem and self._shown_problem.code):
            return
        self._shown_problem = worst_problem
        if self._banner is not None:
            self._banner.hide()
            self._banner.deleteLater()
            self._banner = None
        if worst_problem is not None:
            what = f"Azure does not answer for {counted(len(worst), 'cluster')}: {worst_problem.what}"
            self._banner = NoticeBox(self._theme, Shape.WARNING, what, worst_problem.why_and_fix)
            again = Button(self._theme, "Retry", icon=Icon.REFRESH)
            again.clicked.connect(self._on_retry)
            self._banner.add_fix(again)
            self._notices.addWidget(self._banner)

    @Slot()
    def _on_retry(self) -> None:
        self._watching.read_now()

    # Filters -----------------------------------------------------------------------------------------------------

    @property
    def _chosen(self) -> ClusterFilter:
        return next((wanted for wanted, chip in self.chips.items() if chip.isChecked()), ClusterFilter.ALL)

    @Slot(bool)
    def _on_chip(self, chosen: bool) -> None:
        if chosen:
            self._settings_store.set(FILTER, self._chosen)
            self._apply_filter()

    @Slot(str)
    def _on_filter(self, text: str) -> None:
        self._settings_store.set(FILTER_TEXT, text[:200])
        self._apply_filter()

    def _apply_filter(self) -> None:
        self.table.shown.show_only(self._chosen, self.filter.text())
        self._fit()
        self._show_export()

    @Slot(object, bool)
    def _on_sorted(self, order: ClusterOrder, descending: bool) -> None:
        self._settings_store.set(ORDER, order)
        self._settings_store.set(DESCENDING, descending)

    # Layout ------------------------------------------------------------------------------------------------------

    def _show_offer(self) -> None:
        """The offer of the lab, where there is room below the table."""
        room = self.height() >= self._theme.px(OFFER_FROM)
        self._offer.setVisible(room and self._offer.offered and bool(self._watching.sessions))

    def _fit(self) -> None:
        """The card is as high as its rows, at most the page; then the table scrolls."""
        count = self.table.shown.rowCount()
        rows = count * self.table.verticalHeader().defaultSectionSize()
        head = self.table.horizontalHeader().sizeHint().height()
        self._card.setMaximumHeight(rows + head + 4)
        few = min(count, FEWEST_ROWS) * self.table.verticalHeader().defaultSectionSize()
        self._card.setMinimumHeight(few + head + 4)
        self._column.setStretchFactor(self._card, 1000)
        hidden = bool(self._watching.sessions) and count == 0
        self._nothing.setVisible(hidden)
        watched = len(self._watching.sessions)
        none = "The only cluster does not match" if watched == 1 else f"None of the {watched} clusters matches"
        self._nothing.say(f"{none} the filter." if hidden else "")
        if self.table.currentIndex().row() < 0 and count:
            self.table.setCurrentIndex(self.table.shown.index(0, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow pages have narrow margins."""
        super().resizeEvent(event)
        self._show_offer()
        narrow = self.width() < NARROW_BELOW
        self.filter.setFixedWidth(self._theme.px(NARROW_FILTER_PX if narrow else FILTER_PX))
        self.filter.setPlaceholderText("Filter" if narrow else "Filter by name, address or group")
        side = NARROW_MARGIN if narrow else MARGIN
        # With large text the buttons would leave the title no room: they stand below it.
        buttons = self._add.sizeHint().width() + self._set_up.sizeHint().width()
        beside = self.width() - 2 * side - buttons >= self._theme.px(LEAST_LEAD_PX)
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._head.setDirection(across if beside else down)
        self._column.setContentsMargins(side, 16 if narrow else 24, side - BAR, 14 if narrow else 24)

    def showEvent(self, event: QShowEvent) -> None:
        """Ages are kept up to date only while someone can see them."""
        super().showEvent(event)
        self._show_news()
        self.unfinished.look_anew()
        self._tick.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the clock of the ages."""
        super().hideEvent(event)
        self._tick.stop()
        self._soon.stop()


def _no_entries(_name: str) -> Entries:
    return ()


def _summary(rows: tuple[FleetRow, ...]) -> str:
    """The line under the title: how many, and what is the matter with them."""
    count = len(rows)
    parts = []
    for wanted, one, more in (
        (ClusterFilter.ATTENTION, "1 needs attention", "{} need attention"),
        (ClusterFilter.AT_RISK, "1 is at risk", "{} are at risk"),
        (ClusterFilter.MOVING, "1 is moving", "{} are moving"),
    ):
        found = sum(1 for row in rows if shows(wanted, row.state))
        if found:
            parts.append(one if found == 1 else more.format(found))
    silent = sum(1 for row in rows if row.state is FleetState.NOT_KNOWN)
    if silent:
        parts.append(f"{silent} not known")
    whole = f"{counted(count, 'cluster')}."
    if not rows:
        return "tgwizard watches two machines that share one floating IP, and moves it when you ask."
    if not parts:
        parts.append("all in sync" if count > 1 else "in sync")
    words = ", ".join(parts)
    asked = "" if all(row.rights_asked for row in rows) else f" {NOT_ASKED}"
    return f"{whole} {words[:1].upper()}{words[1:]}.{asked}"
