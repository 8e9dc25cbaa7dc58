"""The page that says why the program could not be opened."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.gui.app.destinations import Destination
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.cards import BAR, PageScroll
from tgwizard.gui.widgets.check_rows import show_problem_notices
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.problem import Problem


class StartupErrorPage(QWidget):
    """The program could not be opened: why, what to do, and Try again. `back_asked(Destination)`: to where it was."""

    retry_asked = Signal()
    back_asked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty until `show_problems`."""
        super().__init__(parent)
        self._theme = theme
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(28, 24, 28 - BAR, 24)
        self._column.setSpacing(12)
        self._column.addWidget(TextLabel(theme, "tgwizard could not open", TextRole.TITLE))
        self._boxes = QVBoxLayout()
        self._boxes.setSpacing(8)
        self._column.addLayout(self._boxes)
        self.retry = Button(theme, "Try again", icon=Icon.REFRESH)
        self.retry.clicked.connect(self.retry_asked)
        self._column.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignLeft)
        self.back = Button(theme, "Go back")
        self.back.explain("This window works again where it did before")
        self.back.clicked.connect(partial(self.back_asked.emit, Destination()))
        self.back.hide()
        self._column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(PageScroll(theme, content, "Why tgwizard could not open"))

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show every problem that was told."""
        show_problem_notices(self._boxes, self._theme, problems, with_detail=True)
