"""The checklist for the Azure portal as a page: headings, steps with their sub-steps, each with a box to tick."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.engine.setup.export.portal_checklist import ChecklistStep, Section, Span, plain
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.labels import LiveText
from tgwizard.gui.widgets.text_inputs import ReportText
from tgwizard.gui.widgets.tick_box import TickBox
from tgwizard.model.text import counted


class ChecklistView(QWidget):
    """Shows the sections of a checklist. `ticked` holds what was ticked, by its words, and outlives this widget."""

    def __init__(self, theme: Theme, sections: Iterable[Section], ticked: set[str]) -> None:
        super().__init__()
        self._theme = theme
        self._ticked = ticked
        self._boxes: list[TickBox] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(10))
        self._count = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        column.addWidget(self._count)
        for section in sections:
            column.addWidget(self._section(section))
        self._tell()

    def _section(self, section: Section) -> Card:
        heading = plain(section.heading)
        card = Card(self._theme, heading)
        for number, step in enumerate(section.steps, 1):
            self._step(card.body, heading, number, step)
        if section.file:
            text = ReportText(self._theme, f"JSON: {heading}", section.file)
            text.setMinimumHeight(self._theme.px(200))
            card.body.addWidget(text)
        return card

    def _step(self, column: QVBoxLayout, heading: str, number: int, step: ChecklistStep) -> None:
        column.addWidget(self._box(f"{number}. ", step.words, heading))
        if step.clicks:
            inner = QVBoxLayout()
            inner.setContentsMargins(self._theme.px(28), 0, 0, 0)
            for place, click in enumerate(step.clicks, 1):
                inner.addWidget(self._box(f"{number}.{place}  ", click, heading))
            column.addLayout(inner)

    def _box(self, number: str, words: tuple[Span, ...], heading: str) -> TickBox:
        text = f"{number}{plain(words)}"
        key = f"{heading}: {text}"
        box = TickBox(self._theme, text)
        box.setChecked(key in self._ticked)

        def tick(on: bool) -> None:
            (self._ticked.add if on else self._ticked.discard)(key)
            self._tell()

        box.toggled.connect(tick)
        self._boxes.append(box)
        return box

    def _tell(self) -> None:
        done = sum(1 for box in self._boxes if box.isChecked())
        self._count.say(f"{done} of {counted(len(self._boxes), 'step')} ticked. They stay until the wizard is closed.")

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for a small window; the words wrap."""
        return QSize(self._theme.px(200), super().minimumSizeHint().height())
