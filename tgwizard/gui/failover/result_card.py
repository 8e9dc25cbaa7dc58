"""The end of a run: outcome, both measured times, changes by others, what is left, and Resume if more is to do."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.gui.cluster.cluster_view_model import place_words
from tgwizard.gui.cluster.event_timeline import outcome_shape
from tgwizard.gui.cluster.start_machine import StartMachineButton
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.badges import Pill
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.check_rows import CheckRow, FieldValueRow
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Finished, ForeignChange
from tgwizard.model.snapshot import LocationKind
from tgwizard.model.text import format_duration, sanitize

_WORDS = {
    Outcome.DONE: "Done",
    Outcome.REFUSED: "Refused",
    Outcome.CANCELLED: "Cancelled",
    Outcome.YIELDED: "Yielded",
    Outcome.UNKNOWN: "Not known",
    Outcome.FAILED: "Failed",
}


def result_shape(finished: Finished) -> Shape:
    """The state shape of the outcome."""
    return outcome_shape(finished.outcome)


def by_other_words(change: ForeignChange) -> str:
    """One change that someone else made, kept by us."""
    found = change.difference
    return f"{change.nic}: {sanitize(found.path)} was {sanitize(found.before, 80)}, is {sanitize(found.after, 80)}"


class ResultCard(Card):
    """The result of one run."""

    def __init__(
        self,
        theme: Theme,
        setup: ClusterSetup,
        starts: tuple[StartMachineButton, ...] = (),
        parent: QWidget | None = None,
    ) -> None:
        """`starts`: the buttons that start a VM which the run has stopped."""
        super().__init__(theme, "Result", spacing=theme.px(6), parent=parent)
        self._setup = setup
        self.starts = starts
        self.pill = Pill(theme, Shape.WAITING, "Running")
        self.head.addWidget(self.pill)
        self.address = FieldValueRow(theme, "Floating IP", key_width=120)
        self.seconds = FieldValueRow(theme, "Control plane", key_width=120)
        self.gap = FieldValueRow(theme, "Gap as read", key_width=120)
        self.traffic = FieldValueRow(theme, "Traffic gap", key_width=120)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(theme.px(6))
        self.resume = Button(theme, "Resume the failover", icon=Icon.REFRESH)
        self.resume.explain("Reads Azure first and does only what is missing")
        self.resume.hide()
        for row in (self.address, self.seconds, self.gap, self.traffic):
            self.body.addWidget(row)
        self.body.addLayout(self._rows)
        for button in (self.resume, *self.starts):
            self.body.addWidget(button)

    def words(self, finished: Finished) -> tuple[str, str]:
        """The banner's sentence and detail for this end."""
        address = self._setup.address
        where = place_words(finished.place)
        match finished.outcome:
            case Outcome.DONE:
                name = finished.place.member.name if finished.place.member is not None else "the member"
                return f"Done: {name} holds {address}", "Read in Azure: exactly one holder, nothing in progress."
            case Outcome.REFUSED:
                return f"Not started: {address} did not move", finished.reason
            case Outcome.CANCELLED:
                return f"Cancelled: {address} is {where}", finished.reason
            case Outcome.YIELDED:
                return f"Yielded: someone else moved {address}", f"It is {where}. {finished.reason}"
            case Outcome.UNKNOWN:
                return f"Not known: where {address} is could not be read", finished.reason
            case _:
                back = ", put back" if finished.rolled_back else ""
                return f"Failed: {address} is {where}{back}", finished.reason

    def show_traffic(self, seconds: float | None, *, heard: bool) -> None:
        """The longest traffic gap of the run as this computer saw it; None when it was not measured throughout.

        ``heard``: whether anything was answered at all; what never answers here has no gap to be measured.
        """
        if seconds is None:
            self.traffic.show_value("not measured", Shape.NOT_KNOWN)
        elif not heard:
            self.traffic.show_value("nothing answers this computer", Shape.NOT_KNOWN)
        else:
            self.traffic.show_value(f"{format_duration(seconds)}, from this computer" if seconds else "none was seen")

    def show_machines(self) -> None:
        """Offer to start what is stopped: a fence leaves the losing VM so."""
        for button in self.starts:
            button.refresh()

    def show_result(self, finished: Finished) -> None:
        """Show the end of the run. The traffic gap comes apart: its last tries are answered after the end."""
        shape = result_shape(finished)
        self.pill.show_state(shape, _WORDS[finished.outcome])
        where = place_words(finished.place)
        known = finished.place.kind is not LocationKind.NOT_KNOWN
        self.address.show_value(where if known else "not known", None if known else Shape.NOT_KNOWN)
        seconds = "nothing was written" if finished.seconds is None else format_duration(finished.seconds)
        self.seconds.show_value(seconds, None)
        self.gap.show_value(finished.gap.words or "no gap was read", None)
        if finished.outcome is not Outcome.DONE and finished.reason:
            why = finished.problem.fix if finished.problem is not None else ""
            self._rows.addWidget(
                CheckRow(self.theme, shape, finished.reason, why if why not in finished.reason else "")
            )
            if finished.problem is not None and finished.problem.detail:
                # Azure's own words: plain text, as every label shows it.
                said = f"Details: {sanitize(finished.problem.detail, 2000, keep_end=True)}"
                self._rows.addWidget(TextLabel(self.theme, said, TextRole.CAPTION, Token.TEXT2, wrap=True))
        if finished.rolled_back:
            self._rows.addWidget(CheckRow(self.theme, Shape.NOTE, "The address was put back where it was"))
        if finished.by_other:
            self._rows.addWidget(TextLabel(self.theme, "Changed by others meanwhile, kept", TextRole.CAPTION_STRONG))
            for change in finished.by_other:
                self._rows.addWidget(CheckRow(self.theme, Shape.NOTE, by_other_words(change)))
        elif finished.outcome is Outcome.DONE:
            note = TextLabel(
                self.theme, "Nothing else on either NIC changed.", TextRole.CAPTION, Token.TEXT2, wrap=True
            )
            self._rows.addWidget(note)
        if finished.left:
            self._rows.addWidget(TextLabel(self.theme, "Left to do", TextRole.CAPTION_STRONG))
            for left in finished.left:
                self._rows.addWidget(CheckRow(self.theme, Shape.WARNING, left))
        self.resume.setVisible(bool(finished.resume))
        self.setAccessibleName(f"Result: {_WORDS[finished.outcome]}, the address is {where}")
