"""Step 9: the changes as they are made, what each waits for, and what is left when it stops."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.setup.apply_controller import ApplyProgress, ChangeRow, ChangeRowState
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.banner import VerdictBanner
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.layouts import clear
from tgwizard.gui.widgets.run_steps import StepRow
from tgwizard.model.event_base import Outcome
from tgwizard.model.text import are, counted, format_duration, sanitize


class ApplyPage(StepPage):
    """Rows that live. `stop_asked` while it runs; `again_asked` and `undo_asked` when something is left."""

    question = "Making the changes"
    stop_asked = Signal()
    again_asked = Signal()
    undo_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(
            theme, "Each change is looked at again before it is written, and read back afterwards.", parent
        )
        self._applying = ApplyProgress()
        self._rows: dict[str, StepRow] = {}
        self.banner = VerdictBanner(theme)
        self.body.addWidget(self.banner)
        self._card = Card(theme, margin=18, spacing=0)
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        self._card.body.addLayout(self._column)
        self.body.addWidget(self._card)
        line = QHBoxLayout()
        line.setSpacing(theme.px(10))
        self.stop = Button(theme, "Stop after what is under way", height=36)
        self.stop.explain("What was sent is finished; nothing more is begun")
        self.stop.clicked.connect(self.stop_asked)
        self.again = Button(theme, "Make what is missing", ButtonKind.PRIMARY, height=36)
        self.again.explain("Looks at every change again and makes those that are missing")
        self.again.clicked.connect(self.again_asked)
        self.undo = Button(theme, "Undo the changes…", height=36)
        self.undo.clicked.connect(self.undo_asked)
        # What comes after the end is not where Stop was: a click that was meant to stop must not begin again.
        line.addWidget(self.stop)
        line.addStretch(1)
        for button in (self.undo, self.again):
            line.addWidget(button)
        self.body.addLayout(line)

    def show_applying(self, applying: ApplyProgress, now: float, place: str, earlier: int = 0) -> None:
        """Replace what is shown; `place` says where it is written ("the lab", the subscription's name)."""
        before, self._applying = self._applying, applying
        keys = tuple(row.key for row in applying.rows)
        if keys != tuple(self._rows):
            clear(self._column)
            self._rows = {}
            for number, row in enumerate(applying.rows, start=1):
                self._rows[row.key] = StepRow(self.theme, row.name, number, len(applying.rows))
                self._column.addWidget(self._rows[row.key])
        self._card.setVisible(bool(applying.rows))
        for row in applying.rows:
            self._rows[row.key].show_step(row.state.value, row.detail, _time(row, now), row.predicted)
        for row, old in zip(applying.rows, before.rows, strict=False):
            if (
                row.state is not old.state
                and row.state in {ChangeRowState.DONE, ChangeRowState.FAILED}
                and self.isVisible()
            ):
                announce(
                    self._rows[row.key], f"{row.name}: {'done' if row.state is ChangeRowState.DONE else row.detail}"
                )
        self._show_banner(applying, place, earlier)
        finished = applying.finished
        left = finished is not None and finished.outcome is not Outcome.DONE
        self.stop.setVisible(applying.running)
        self.stop.setEnabled(not applying.cancelling)
        self.again.setVisible(left and not applying.undoing)
        again = left and applying.undoing
        self.undo.rename("Undo what is left…" if again else "Undo the changes…")
        self.undo.setVisible(again or (finished is not None and applying.done > 0 and not applying.undoing))

    def _show_banner(self, applying: ApplyProgress, place: str, earlier: int) -> None:
        shape, sentence, detail = banner_words(applying, place, earlier)
        urgent = applying.finished is not None and applying.finished.outcome is not Outcome.DONE
        self.banner.show_verdict(shape, sentence, detail, urgent=urgent)

    def next_button(self) -> QWidget | None:
        """Making what is missing comes before going on."""
        return self.again if self.again.isVisible() else None

    def connect_wizard(self, wizard: WizardController) -> None:
        self.stop_asked.connect(wizard.stop_writing)
        self.again_asked.connect(wizard.apply_again)
        self.undo_asked.connect(wizard.ask_undo)

    def show_wizard(self, wizard: WizardController) -> None:
        place = "the lab" if wizard.shell.context.is_lab else "Azure"
        self.show_applying(wizard.applier.applying, wizard.session.now(), place, wizard.applier.earlier)


def banner_words(applying: ApplyProgress, place: str, earlier: int = 0) -> tuple[Shape, str, str]:
    """The first thing on the page: how far it is, or how it ended; `earlier`: what was written before it was opened."""
    total = len(applying.rows)
    finished = applying.finished
    if finished is None:
        if not applying.running:
            if earlier:
                what = f"{counted(earlier, 'change')} {are(earlier)} written from here earlier"
                return Shape.NOTE, what, "The review shows what is there, and what is still to be made."
            return Shape.WAITING, "Nothing has been written yet", ""
        verb = "undone" if applying.undoing else "made"
        stopping = "Stopping after what is under way." if applying.cancelling else f"Written to {place}."
        return Shape.MOVING, f"{applying.done} of {counted(total, 'change')} {verb}", stopping
    reason = sanitize(finished.reason, 400)
    shape = {Outcome.DONE: Shape.GOOD, Outcome.CANCELLED: Shape.WARNING, Outcome.REFUSED: Shape.WARNING}.get(
        finished.outcome, Shape.BROKEN
    )
    counts = ((len(finished.failed), "failed"), (len(finished.left), "not made" if not applying.undoing else "kept"))
    left = "".join(f" {number} {word}." for number, word in counts if number)
    first, _, rest = reason.partition(". ")
    sentence = f"{first.rstrip('.')}." if first else reason
    if applying.undoing and finished.outcome is Outcome.DONE and not finished.left:
        rest = f"{rest} The review shows what would be made again.".strip()
    detail = rest if finished.outcome is Outcome.DONE else f"{rest}{left}".strip()
    return shape, sentence, detail


def _time(row: ChangeRow, now: float) -> str:
    if row.seconds is not None:
        return format_duration(row.seconds)
    if row.state is ChangeRowState.RUNNING and row.began is not None:
        return format_duration(max(0.0, now - row.began))
    return ""
