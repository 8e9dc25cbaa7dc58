"""What is being read, while it is read: the parts with their counts, and Cancel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.style.state_shapes import Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.check_rows import CheckRow
from tgwizard.gui.widgets.labels import LiveText
from tgwizard.gui.widgets.layouts import clear
from tgwizard.model.inventory import Part
from tgwizard.model.setup_events import PartProgress


class LoadingCard(Card):
    """Hidden while nothing is read. `cancelled` when a person has had enough."""

    cancelled = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, margin=16, spacing=6, parent=parent)
        row = QHBoxLayout()
        row.setSpacing(theme.px(10))
        self._words = LiveText(theme, "", TextRole.BODY_STRONG)
        self._cancel = Button(theme, "Stop reading", ButtonKind.SECONDARY, height=32)
        self._cancel.clicked.connect(self.cancelled)
        row.addWidget(ShapeMark(theme, Shape.MOVING, 16))
        row.addWidget(self._words, 1)
        row.addWidget(self._cancel)
        self.body.addLayout(row)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(theme.px(2))
        self.body.addLayout(self._rows)
        self._parts: dict[Part, CheckRow] = {}
        self.hide()

    def show_busy(self, words: str, parts: tuple[PartProgress, ...] = (), *, can_stop: bool = False) -> None:
        """Say what is read and how far it is; empty words hide the card."""
        self._words.say(words)
        self.setAccessibleName(words or "Nothing is read")
        self._cancel.setVisible(can_stop)
        if {progress.part for progress in parts} != set(self._parts):
            clear(self._rows)
            self._parts = {}
            for progress in parts:
                self._parts[progress.part] = CheckRow(self.theme, Shape.WAITING, "", quiet=True)
                self._rows.addWidget(self._parts[progress.part])
        for progress in parts:
            shape = Shape.GOOD if progress.done else Shape.MOVING
            if progress.problem is not None:
                shape = Shape.WARNING
            words_ = f"{progress.count} {progress.part.value}"
            why = progress.problem.sentence() if progress.problem is not None else ""
            self._parts[progress.part].show_check(shape, words_, why)
        self.setVisible(bool(words))
