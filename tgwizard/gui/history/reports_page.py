"""The Reports page: the reports that were kept, each a file that opens in the browser and prints.

What can be done with the current one stands below the list, and in its menu.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.gui.history.history_list import HistoryCard, HistoryRow, rows_of_reports
from tgwizard.gui.history.history_reader import HistoryReader, ReportsRead
from tgwizard.gui.page import Shell, ShellPage
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.check_rows import NoticeBox, show_problem_notices
from tgwizard.gui.widgets.command import Command, copy_command
from tgwizard.gui.widgets.context_menu import Entries, MenuOffer
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.layouts import FlowLayout, clear
from tgwizard.gui.widgets.print_page import print_page
from tgwizard.gui.widgets.row_list import ROW_ROLE
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.problem import Problem, UserError

LEAD = "Runs that you kept as a page: it opens in the browser, prints, and holds no secret."
NOTHING = "No report is kept yet. Open a run under History and keep its report."
NOT_OPEN = "The reports are read as soon as the program is open."


class DeleteReportDialog(Sheet):
    """Asks before a report goes. The answer is the signal `confirmed`."""

    wide = 560
    confirmed = Signal()

    def __init__(self, theme: Theme, window: QWidget, row: HistoryRow) -> None:
        lead = "The file is deleted from this computer. The journal stays: the report of a run can be made again."
        super().__init__(theme, window, "Delete this report?", lead, "Keep the report")
        self.body.addWidget(TextLabel(theme, row.sentence, TextRole.BODY_STRONG, wrap=True))
        self.body.addWidget(TextLabel(theme, str(row.file), TextRole.CAPTION, Token.TEXT2, wrap=True))
        self.go = Button(theme, "Delete the report", ButtonKind.DANGER, height=36)
        self.go.clicked.connect(self._on_go)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.go)

    @Slot()
    def _on_go(self) -> None:
        self.accept()
        self.confirmed.emit()


class ReportsPage(ShellPage):
    """A list of files; Enter opens one."""

    help_topic = "reports"

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        """Say that nothing is open; `show_opened` follows."""
        super().__init__(parent)
        self._shell = shell
        self._theme = theme = shell.theme
        self._past: HistoryReader | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 24)
        column.setSpacing(12)
        head = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(TextLabel(theme, "Reports", TextRole.TITLE))
        words.addWidget(TextLabel(theme, LEAD, TextRole.LEAD, Token.TEXT2, wrap=True))
        head.addLayout(words, 1)
        self.folder = Button(theme, "Show the folder")
        self.folder.clicked.connect(self._show_folder)
        self.folder.hide()
        head.addWidget(self.folder)
        column.addLayout(head)
        self._boxes = QVBoxLayout()
        column.addLayout(self._boxes)
        self._said = QVBoxLayout()
        column.addLayout(self._said)
        self._nothing = TextLabel(theme, NOT_OPEN, TextRole.BODY, Token.TEXT2, wrap=True)
        column.addWidget(self._nothing)
        self._card = HistoryCard(theme, "Reports, newest first")
        self.list = self._card.list
        self.list.opened.connect(self._open)
        MenuOffer(theme, self.list, self._menu)
        column.addWidget(self._card, 1000)
        self._doing = QWidget()
        doing = FlowLayout(self._doing, 8, spread=False)
        self._buttons: list[Button] = []
        for text, icon, act in (
            ("Open", Icon.EXTERNAL, self._open_current),
            ("Copy path", Icon.COPY, self._copy_path),
            ("Save as PDF…", Icon.REPORT, self._print),
            ("Delete…", None, self._ask_delete),
        ):
            button = Button(theme, text, icon=icon, height=32)
            button.clicked.connect(act)
            doing.addWidget(button)
            self._buttons.append(button)
        self._doing.hide()
        column.addWidget(self._doing)
        column.addStretch(1)
        self.list.selectionModel().currentChanged.connect(self._on_current)

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open: read the folder."""
        self._past = HistoryReader(opened, self)
        self._past.reports_read.connect(self._on_read)
        if self.isVisible():
            self.read_again()

    def end(self) -> None:
        """Hear no more of the journals."""
        if self._past is not None:
            self._past.end()

    def read_again(self) -> None:
        """Read the folder again (F5)."""
        if self._past is not None:
            self._past.read_reports()

    def showEvent(self, event: QShowEvent) -> None:
        """Read what came since."""
        super().showEvent(event)
        self.read_again()

    @Slot(object)
    def _on_read(self, read: ReportsRead) -> None:
        rows = rows_of_reports(read.kept)
        at = self.list.currentIndex().row()
        self._card.show_rows(rows)
        if rows:
            self.list.setCurrentIndex(self.list.shown.index(min(max(at, 0), len(rows) - 1)))
        self._doing.setVisible(bool(rows))
        self.folder.setVisible(bool(rows))
        self._nothing.setVisible(not rows)
        self._nothing.say(NOTHING)
        self._tell(read.problem)

    def _tell(self, problem: Problem | None) -> None:
        show_problem_notices(self._boxes, self._theme, (problem,))

    @property
    def current(self) -> HistoryRow | None:
        """The report that the buttons are about."""
        index = self.list.currentIndex()
        return index.data(ROW_ROLE) if index.isValid() else None

    @Slot()
    def _on_current(self) -> None:
        """The buttons say whose they are."""
        row = self.current
        for button in self._buttons:
            button.setAccessibleName(f"{button.text()}: {row.sentence}" if row is not None else button.text())

    def _menu(self) -> Entries:
        row = self.current
        if row is None:
            return ()
        return (
            Command("Open", self._open_current, mark=Icon.EXTERNAL),
            copy_command("Copy path", str(row.file)),
            copy_command("Copy title", row.sentence),
            Command("Save as PDF…", self._print, mark=Icon.REPORT),
            Command("Show the folder", self._show_folder),
            None,
            Command("Delete…", self._ask_delete),
        )

    @Slot()
    def _open_current(self) -> None:
        if self.current is not None:
            self._open(self.current)

    @Slot()
    def _copy_path(self) -> None:
        if self.current is not None:
            QGuiApplication.clipboard().setText(str(self.current.file))
            self._say(Shape.NOTE, "Copied: the path of the report.", str(self.current.file))

    @Slot()
    def _print(self) -> None:
        row = self.current
        if row is None or row.file is None:
            return
        try:
            html = row.file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            self._say(Shape.BROKEN, f"{row.file.name} cannot be read.", f"Press {Shortcut.READ_AGAIN} to read again.")
            return
        print_page(self, row.sentence, html, self._say)

    @Slot()
    def _ask_delete(self) -> None:
        row = self.current
        if row is None:
            return

        def make(over: QWidget) -> Sheet:
            dialog = DeleteReportDialog(self._theme, over, row)
            dialog.confirmed.connect(partial(self._delete, row))
            return dialog

        self._shell.show_dialog(make)

    def _delete(self, row: HistoryRow) -> None:
        if self._past is None or row.file is None:
            return
        try:
            self._past.reports.delete(row.file)
        except UserError as error:
            self._tell(error.problem)
            return
        self._say(Shape.NOTE, "Deleted: the report.", row.sentence)
        self.read_again()

    def _say(self, shape: Shape, what: str, why: str = "") -> None:
        clear(self._said)
        self._said.addWidget(NoticeBox(self._theme, shape, what, why))
        announce(self, what)

    @Slot(object)
    def _open(self, row: HistoryRow) -> None:
        if row.file is not None:
            self._show(row.file)

    @Slot()
    def _show_folder(self) -> None:
        if self._past is not None:
            self._show(self._past.reports.folder)

    def _show(self, path: Path) -> None:
        if not path.exists():
            self._tell(
                Problem(
                    "report-gone",
                    f"{path.name} is no longer there.",
                    str(path),
                    f"Press {Shortcut.READ_AGAIN} to read again.",
                )
            )
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            why = "No program on this computer opens it."
            self._tell(Problem("report-not-opened", f"{path.name} could not be opened.", why, f"It lies at {path}."))
