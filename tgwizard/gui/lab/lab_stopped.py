"""That the lab has stopped, above every page, with the button that starts it again."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.engine.lab_control import ANOTHER_LAB
from tgwizard.gui.lab.lab_session import WorldWatch
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.check_rows import NoticeBox, problem_notice

STARTING = "Starting the lab"


class LabStopped(QWidget):
    """Hidden while the lab runs. It asks the watch it follows to start the lab."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing is said before `follow`."""
        super().__init__(parent)
        self._theme = theme
        self._watch: WorldWatch | None = None
        self._box: NoticeBox | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.px(16), theme.px(8), theme.px(16), theme.px(8))
        self.start = Button(theme, "Start it")
        self.start.setParent(self)
        self.start.setAccessibleName("Start the lab")
        self.start.explain("Starts the lab in this window, with the world it had")
        self.hide()

    @Slot(object)
    def follow(self, watch: WorldWatch) -> None:
        """Tell what `watch` sees."""
        self._watch = watch
        watch.changed.connect(self._refresh)
        self.start.clicked.connect(watch.start_lab)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        watch = self._watch
        if watch is None:
            return
        problem = watch.refused or watch.stopped
        if self._box is not None:
            self.start.setParent(self)
            self._column.removeWidget(self._box)
            self._box.hide()
            self._box.deleteLater()
            self._box = None
        if problem is not None:
            self._box = problem_notice(self._theme, problem)
            if problem.code != ANOTHER_LAB:
                self._box.add_fix(self.start)
            self._column.addWidget(self._box)
            self.start.setVisible(problem.code != ANOTHER_LAB)
            self.start.setEnabled(not watch.starting)
            self.start.rename(STARTING if watch.starting else "Start it")
            self.start.setAccessibleName(STARTING if watch.starting else "Start the lab")
        shown = problem is not None
        if shown and not self.isVisible():
            announce(self, problem.sentence() if problem is not None else "", at_once=True)
        self.setVisible(shown)
