"""Two parts of the cluster page: the row of three truths, and the Events card."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.kit.truths import Agreement, AgreementSign, TruthCard
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.watch.shown import NOT_CONNECTED, TruthShown
from tgwizard.gui.watch.timeline import EventShown
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.check_rows import TimelineRow
from tgwizard.gui.widgets.labels import TextLabel

ROWS = 8


class ThreeTruths(QWidget):
    """Configured active, reported active, Azure holder: three facts, always apart, with a sign between them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Trustgrid's two are not connected until a control plane is; the third waits for the first reading."""
        super().__init__(parent)
        self.configured = TruthCard(theme, "Configured active")
        self.reported = TruthCard(theme, "Reported active")
        self.holder = TruthCard(theme, "Azure holder")
        self._signs = (AgreementSign(theme), AgreementSign(theme))
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        centre = Qt.AlignmentFlag.AlignCenter
        self._row.addWidget(self.configured, 1)
        self._row.addWidget(self._signs[0], 0, centre)
        self._row.addWidget(self.reported, 1)
        self._row.addWidget(self._signs[1], 0, centre)
        self._row.addWidget(self.holder, 1)
        self.configured.show_truth(NOT_CONNECTED, "Trustgrid control plane", "", known=False)
        self.reported.show_truth(NOT_CONNECTED, "the members themselves", "", known=False)
        self.holder.show_truth("not known", "Azure has not answered yet", "", known=False)

    def set_stacked(self, stacked: bool) -> None:
        """One under the other, for large text (gui/README.md 7)."""
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._row.setDirection(down if stacked else across)

    def show_holder(self, truth: TruthShown) -> None:
        """Replace the Azure holder."""
        self.holder.show_truth(truth.value, truth.source, truth.age, known=truth.known)
        for sign in self._signs:
            sign.show_agreement(Agreement.NOT_KNOWN)


class EventsCard(Card):
    """The timeline, newest first. `run_asked(run)` when the end of a run of ours was chosen."""

    run_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Events", spacing=0, parent=parent)
        nothing = "Nothing has happened since tgwizard watches this cluster."
        self._empty = TextLabel(theme, nothing, token=Token.TEXT2, wrap=True)
        self._list = QWidget()
        self._list.setAccessibleName("Events, newest first")
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, theme.px(4), 0, 0)
        self._rows.setSpacing(0)
        self._shown: tuple[EventShown, ...] = ()
        self.runs: dict[str, TimelineRow] = {}
        """The rows that lead to a run, by the run."""
        self._today = datetime.now().astimezone()
        self._narrow = False
        self._note = TextLabel(theme, "newest first", TextRole.CAPTION, Token.TEXT2)
        self._note.hide()
        self.head.addWidget(self._note)
        self.body.addSpacing(2)
        self.body.addWidget(self._empty)
        self.body.addWidget(self._list)
        self.body.addStretch(1)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences shown, newest first."""
        return tuple(event.sentence for event in self._shown)

    def set_narrow(self, narrow: bool) -> None:
        """Sentences stand below their times, in a column of its own."""
        if narrow is not self._narrow:
            self._narrow = narrow
            self._fill()

    def show_events(self, events: tuple[EventShown, ...], today: datetime) -> None:
        """Show the newest of `events`."""
        newest = events[:ROWS]
        if newest != self._shown:
            self._shown, self._today = newest, today
            self._fill()

    def _fill(self) -> None:
        focused = next((run for run, row in self.runs.items() if row.link is not None and row.link.hasFocus()), "")
        self.runs.clear()
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for event in self._shown:
            words = (event.shape, event.local(self._today), event.utc, event.sentence, event.source)
            leads_to = f"Open run {event.run[:8]} in History" if event.run else ""
            row = TimelineRow(self.theme, *words, narrow=self._narrow, leads_to=leads_to)
            if event.run:
                row.opened.connect(partial(self.run_asked.emit, event.run))
                self.runs[event.run] = row
            self._rows.addWidget(row)
        if focused in self.runs and (link := self.runs[focused].link) is not None:
            link.setFocus()
        self._empty.setVisible(not self._shown)
        self._note.setVisible(bool(self._shown))
