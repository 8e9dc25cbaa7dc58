"""The card of one verb: its checks as facts with evidence, and the button under the reasons that allow or block it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QEnterEvent, QFocusEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.cluster.cluster_view_model import StateShown, checks_in_short, checks_shown
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.badges import Pill
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.check_rows import CheckRow, CheckRows, CheckShown
from tgwizard.gui.widgets.labels import LiveText, TextLabel
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.cluster import Verb
from tgwizard.model.finding import Readiness
from tgwizard.model.problem import Problem


class VerbButton(Button):
    """A failover button that says when it is pointed at or focused, so that the picture can show the ghost path."""

    considered = Signal(bool)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Pointed at."""
        self.considered.emit(self.isEnabled())
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """No longer pointed at."""
        self.considered.emit(False)
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Focused by key."""
        self.considered.emit(self.isEnabled())
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No longer focused."""
        self.considered.emit(False)
        super().focusOutEvent(event)


def button_text(verb: Verb, member: str, *, repairs: bool = False) -> str:
    """The words of gui/README.md 10 for the button that opens the question."""
    if repairs:
        return f"Repair: move the address to {member}…"
    return f"Fail over to {member}…" if verb is Verb.GRACEFUL else f"Force failover to {member}…"


class ActionCard(Card):
    """Graceful or forced: pill, cost in a line, checks worst first, button, and the reason while it is off."""

    asked = Signal()
    check_asked = Signal()
    considered = Signal(bool)

    def __init__(self, theme: Theme, verb: Verb, parent: QWidget | None = None) -> None:
        """A card for `verb` before the first reading."""
        self._verb = verb
        self._graceful = graceful = verb is Verb.GRACEFUL
        super().__init__(theme, "Graceful failover" if graceful else "Forced failover", spacing=0, parent=parent)
        self._compact = self._repairs = False
        self._expanded = False
        self._findings: Readiness | None = None
        self.body.setContentsMargins(17, 13, 17, 15)
        self.pill = Pill(theme, Shape.NOT_KNOWN, "Not known")
        self.head.addWidget(self.pill)
        self._cost = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._short = TextLabel(theme, "", TextRole.BODY, Token.TEXT2)
        self._toggle = Button(theme, "Show", ButtonKind.LINK, height=28)
        self._toggle.clicked.connect(self._on_toggle)
        self._toggle_name = f"checks of the {'graceful' if graceful else 'forced'} failover"
        self._short_row = QWidget()
        short = QHBoxLayout(self._short_row)
        short.setContentsMargins(0, 0, 0, 0)
        short.addWidget(self._short)
        short.addStretch(1)
        short.addWidget(self._toggle)
        self._checks = QWidget()
        self._checks.setAccessibleName(f"Checks of the {'graceful' if graceful else 'forced'} failover")
        self._rows = QVBoxLayout(self._checks)
        self._rows.setContentsMargins(0, theme.px(8), 0, theme.px(2))
        self._rows.setSpacing(theme.px(7))
        self._list = CheckRows(self._checks, self._make_row, self._put_row)
        self.button = VerbButton(
            theme,
            button_text(verb, "the other member"),
            ButtonKind.PRIMARY if graceful else ButtonKind.DANGER_OUTLINE,
            Icon.SWAP if graceful else Icon.BOLT,
            height=38,
        )
        self.button.setEnabled(False)
        self.button.clicked.connect(self._on_clicked)
        self.button.considered.connect(self.considered)
        self._reason = TextLabel(theme, "", TextRole.CAPTION, Token.TEXT2, wrap=True)
        self.choose = self._link("Choose the other member", "")
        self.despite = self._link(
            "Move it all the same…", "Opens the question, which asks for a second consent; nothing is sent yet"
        )
        self.body.addSpacing(theme.px(3))
        self.body.addWidget(self._cost)
        self.body.addWidget(self._short_row)
        self.body.addWidget(self._checks)
        self.body.addSpacing(theme.px(8))
        self.body.addWidget(self.button)
        self.check = self._check_link()
        self.body.addWidget(self.check, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self._reason)
        self.body.addWidget(self.despite, 0, Qt.AlignmentFlag.AlignLeft)
        self._reason.setContentsMargins(0, theme.px(7), 0, 0)
        self._reason.hide()
        self._show_parts()

    def _link(self, words: str, tip: str) -> Button:
        """A link below the button, hidden while it has no use."""
        link = Button(self.theme, words, ButtonKind.LINK, height=28)
        if tip:
            link.explain(tip)
        link.hide()
        return link

    def _check_link(self) -> Button:
        link = Button(self.theme, "Check rights and locks now", ButtonKind.LINK, height=28)
        link.explain("Asks Azure whether you may: two writes that cannot be applied. Nothing is changed.")
        link.setAccessibleName(f"Check rights and locks of the {self._verb.value} failover now")
        link.setEnabled(False)
        link.clicked.connect(self.check_asked)
        return link

    @property
    def reason(self) -> str:
        """The reason shown while the button is off, else empty."""
        return self._reason.text_shown

    def set_compact(self, compact: bool) -> None:
        """The short form for narrow windows: "5 checks, all passed", Show."""
        if compact != self._compact:
            self._compact = compact
            self._show_parts()

    def show_action(
        self,
        member: str,
        state: StateShown,
        cost: str,
        findings: Readiness | None,
        against: Problem | None,
        *,
        repairs: bool = False,
        consent: bool = False,
    ) -> None:
        """Replace everything; only what differs is touched. `repairs`: the move is offered first, as a repair.

        `consent`: nothing but a second consent stands in the way, because the target is dead.
        """
        if repairs is not self._repairs:
            self._repairs = repairs
            self.retitle("Repair" if repairs else "Graceful failover" if self._graceful else "Forced failover")
            self._show_parts()
        self.pill.show_state(state.shape, state.word)
        self._cost.say(cost)
        text = button_text(self._verb, member, repairs=repairs)
        if self.button.accessibleName() != text:
            self.button.rename(text)
        self.button.setEnabled(against is None)
        self.check.setEnabled(findings is not None)
        reason = "" if against is None else f"{against.what} {against.why}".strip() if consent else against.sentence()
        if self.despite.isHidden() is consent:
            self.despite.setVisible(consent)
        if consent:
            self.despite.rename(f"Move it to {member} all the same…")
        self._reason.say(reason)
        if self._reason.isHidden() is bool(reason):
            self._reason.setVisible(bool(reason))
        spoken = reason or f"{state.word}. {cost}"
        key = Shortcut.GRACEFUL if self._verb is Verb.GRACEFUL else Shortcut.FORCED
        self.button.explain(reason or f"Opens the question; nothing is sent yet ({key})")
        self.button.setAccessibleDescription(spoken)
        if findings != self._findings:
            self._findings = findings
            self._show_findings(findings)
        self._short.say("" if findings is None else checks_in_short(findings))

    def _show_findings(self, findings: Readiness | None) -> None:
        self._list.show(checks_shown(findings, fold_calm=not self._graceful))

    def _make_row(self, check: CheckShown) -> CheckRow:
        return CheckRow(self.theme, check.shape, check.fact, check.evidence)

    def _put_row(self, row: CheckRow, index: int, _count: int) -> None:
        if self._rows.indexOf(row) != index:
            self._rows.insertWidget(index, row)

    @Slot()
    def _on_clicked(self) -> None:
        self.asked.emit()

    @Slot()
    def _on_toggle(self) -> None:
        self._expanded = not self._expanded
        self._show_parts()

    def _show_parts(self) -> None:
        self._short_row.setVisible(self._compact)
        self._cost.setVisible(self._repairs or not self._compact)  # the reason of a repair is never folded away
        self._checks.setVisible(not self._compact or self._expanded)
        self.check.setVisible(not self._compact or self._expanded)
        word = "Hide" if self._expanded else "Show"
        self._toggle.rename(word)
        self._toggle.setAccessibleName(f"{word} the {self._toggle_name}")
