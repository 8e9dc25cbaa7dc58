"""The question before a scenario replaces the lab's whole world."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from tgwizard.gui.lab.session import LabSession
from tgwizard.gui.lab.words import scenario_words
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import ButtonKind, StartButton
from tgwizard.gui.widgets.check_rows import CheckRow, NoticeBox
from tgwizard.gui.widgets.dialog_sheet import Sheet


class ScenarioSheet(Sheet):
    """Says what goes and what stays; its button alone replaces the world."""

    wide = 640

    def __init__(self, theme: Theme, window: QWidget, session: LabSession, name: str, *, running: bool) -> None:
        """Ask whether `name` is to replace the world; `running` turns that down."""
        lead = f"{name}: {scenario_words(name)}."
        super().__init__(theme, window, f"Replace the lab's world with {name}?", lead)
        self._session = session
        self._name = name
        for shape, fact, evidence in (
            (
                Shape.WARNING,
                "The whole world of the lab goes: resources, roles, power states, fault rules",
                "There is no way back to it. Other programs that use this lab meet the new world too.",
            ),
            (
                Shape.WARNING,
                "The clusters of this window go with it",
                "Those of the new world are opened; the old cluster files are kept beside the new ones.",
            ),
            (Shape.NOTE, "Nothing reaches Azure", "Latency, address and certificate of the lab stay as they are."),
        ):
            self.body.addWidget(CheckRow(theme, shape, fact, evidence))
        self.replace = StartButton(theme, f"Replace the world with {name}", ButtonKind.PRIMARY, height=36)
        self.replace.clicked.connect(self._on_replace)
        if running:
            what = "A failover is running."
            self.body.addWidget(NoticeBox(theme, Shape.BROKEN, what, "Wait until it has ended, then ask again."))
            self.replace.setEnabled(False)
            self.replace.explain(what)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.replace)

    @Slot()
    def _on_replace(self) -> None:
        self.replace.setEnabled(False)
        self._session.use_scenario(self._name)
        self.accept()
