"""The places of the rail, and the pages of those that are not built yet: they say what is to come and never pretend."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.gui.kit.buttons import Button
from tgwizard.gui.kit.icons import Icon
from tgwizard.gui.kit.labels import TextLabel
from tgwizard.gui.kit.rows import NoticeBox
from tgwizard.gui.kit.shapes import Shape
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import TextRole, Token
from tgwizard.model.problem import Problem


class Place(Enum):
    """A place of the rail, in its order; the value is the word shown."""

    CLUSTERS = "Clusters"
    SET_UP = "Set up a cluster"
    LAB = "Lab"
    HISTORY = "History"
    REPORTS = "Reports"
    SETTINGS = "Settings"


ICONS = {
    Place.CLUSTERS: Icon.CLUSTERS,
    Place.SET_UP: Icon.ADD,
    Place.LAB: Icon.LAB,
    Place.HISTORY: Icon.HISTORY,
    Place.REPORTS: Icon.REPORT,
    Place.SETTINGS: Icon.SETTINGS,
}

_TO_COME = {
    Place.SET_UP: (
        "Setting up a cluster comes later.",
        (
            "It will lead through sign-in, subscription, the two machines, the floating IP, the custom role and its "
            "assignments, and show every change before anything is written. Until then, write the cluster file by hand."
        ),
    ),
    Place.HISTORY: (
        "The history page comes later.",
        "Every run and every change of verdict is journalled already; the Events card of a cluster shows the latest.",
    ),
    Place.REPORTS: (
        "Reports come later.",
        "A report will hold one run with its calls and times. Until then, a run's page has Copy details.",
    ),
}


def _page(title: str, theme: Theme) -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(28, 24, 28, 24)
    column.setSpacing(10)
    column.addWidget(TextLabel(theme, title, TextRole.TITLE))
    return page, column


def page_to_come(place: Place, theme: Theme) -> QWidget:
    """The page of a place that is not built yet."""
    what, words = _TO_COME[place]
    page, column = _page(place.value, theme)
    column.addWidget(TextLabel(theme, what, TextRole.LEAD, Token.TEXT, wrap=True))
    column.addWidget(TextLabel(theme, words, TextRole.LEAD, Token.TEXT2, wrap=True))
    column.addStretch(1)
    return page


class TroublePage(QWidget):
    """The program could not be opened: what, why, what to do, and Try again."""

    retry_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty until `show_problems`."""
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(28, 24, 28, 24)
        self._column.setSpacing(12)
        self._column.addWidget(TextLabel(theme, "tgwizard could not open", TextRole.TITLE))
        self._boxes = QVBoxLayout()
        self._boxes.setSpacing(8)
        self._column.addLayout(self._boxes)
        self.retry = Button(theme, "Try again", icon=Icon.REFRESH)
        self.retry.setMaximumWidth(theme.px(160))
        self.retry.clicked.connect(self.retry_asked)
        self._column.addWidget(self.retry)
        self._column.addStretch(1)

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show every problem that was told."""
        while (item := self._boxes.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for problem in problems:
            why = " ".join(part for part in (problem.why, problem.fix, problem.detail) if part)
            self._boxes.addWidget(NoticeBox(self._theme, Shape.BROKEN, problem.what, why))
