"""The Reports page: the reports that were kept, each a file that opens in the browser and prints."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.gui.history.history_list import HistoryCard, HistoryRow, rows_of_reports
from tgwizard.gui.history.history_reader import HistoryReader, ReportsRead
from tgwizard.gui.page import Shell, ShellPage
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.check_rows import show_problem_notices
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.problem import Problem

LEAD = "Runs and set-ups that you kept as a page: it opens in the browser, prints, and holds no secret."
NOTHING = "No report is kept yet. Open a run under History and keep its report."
NOT_OPEN = "The reports are read as soon as the program is open."


class ReportsPage(ShellPage):
    """A list of files; Enter opens one."""

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
        self._nothing = TextLabel(theme, NOT_OPEN, TextRole.BODY, Token.TEXT2, wrap=True)
        column.addWidget(self._nothing)
        self._card = HistoryCard(theme, "Reports, newest first")
        self.list = self._card.list
        self.list.opened.connect(self._open)
        column.addWidget(self._card, 1000)
        column.addStretch(1)

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open: read the folder."""
        self._past = HistoryReader(opened, self)
        self._past.reports_read.connect(self._on_read)
        if self.isVisible():
            self.read_again()

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
        self._card.show_rows(rows)
        self.folder.setVisible(bool(rows))
        self._nothing.setVisible(not rows)
        self._nothing.say(NOTHING)
        self._tell(read.problem)

    def _tell(self, problem: Problem | None) -> None:
        show_problem_notices(self._boxes, self._theme, (problem,))

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
