"""The card of one verb: the button, its checks in one line, and below them the reasons that allow or block it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QEnterEvent, QFocusEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.cluster.cluster_view_model import StateShown, checks_in_short, checks_shown
from tgwizard.gui.style.finding_shapes import level_shape
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.badges import Pill
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card, PageScroll
from tgwizard.gui.widgets.check_rows import CheckRow, CheckRows, CheckShown, FoldLine
from tgwizard.gui.widgets.labels import LiveText, lines_high
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


AREA_LINES, SHORT_LINES = 6, 3
"""How many lines of text the part with the reasons has at least, in a whole card and in a short one."""


class ActionCard(Card):
    """Graceful or forced: pill, checks in one line, button; below them, in a part that scrolls, all that changes.

    That is the cost, the reason while the button is off, and the checks: what wants attention first, and what has
    passed when the line of the checks is opened. So the button stays where it is, whatever Azure answers.
    """

    asked = Signal()
    check_asked = Signal()
    considered = Signal(bool)

    def __init__(self, theme: Theme, verb: Verb, parent: QWidget | None = None) -> None:
        """A card for `verb` before the first reading."""
        self._verb = verb
        self._graceful = graceful = verb is Verb.GRACEFUL
        super().__init__(theme, "Graceful failover" if graceful else "Forced failover", spacing=0, parent=parent)
        self._compact = self._alone = self._repairs = False
        self._findings: Readiness | None = None
        self._shown = checks_shown(None)
        self.body.setContentsMargins(17, 13, 17, 12)
        self.pill = Pill(theme, Shape.NOT_KNOWN, "Not known")
        self.head.addWidget(self.pill)
        self.fold = FoldLine(theme)
        self.fold.toggled.connect(self._on_fold)
        self._cost = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
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
        self.check = self._check_link()
        self._reason = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        self.choose = self._link("Choose the other member", "")
        self.despite = self._link(
            "Move it all the same…", "Opens the question, which asks for a second consent; nothing is sent yet"
        )
        self._reason.hide()
        self.body.addSpacing(theme.px(3))
        self.body.addWidget(self.fold)
        self.body.addSpacing(theme.px(5))
        self.body.addWidget(self.button)
        self.body.addSpacing(theme.px(2))
        self.body.addWidget(self.check, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addSpacing(theme.px(4))
        self.body.addWidget(self._build_area(), 1)
        self._show_parts()
        self._show_fold(None)

    def _build_area(self) -> QWidget:
        """The part whose content may grow."""
        theme = self.theme
        name = f"Checks of the {'graceful' if self._graceful else 'forced'} failover"
        self._checks = QWidget()
        self._checks.setAccessibleName(name)
        self._rows = QVBoxLayout(self._checks)
        self._rows.setContentsMargins(0, theme.px(4), 0, theme.px(2))
        self._rows.setSpacing(theme.px(7))
        self._list = CheckRows(self._checks, self._make_row, self._put_row)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(3))
        column.addWidget(self._reason)
        column.addWidget(self.despite, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._cost)
        column.addWidget(self._checks)
        column.addStretch(1)
        self.area = PageScroll(theme, content, f"{name}, with its cost and reasons")
        self.area.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        return self.area

    def _link(self, words: str, tip: str) -> Button:
        """A link for what is seldom wanted, hidden while it has no use."""
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
        link.clicked.connect(self._on_check)
        return link

    @property
    def reason(self) -> str:
        """The reason shown while the button is off, else empty."""
        return self._reason.text_shown

    def set_compact(self, compact: bool, *, alone: bool = False) -> None:
        """The short form for low and narrow windows; `alone`: no column gives the card a height."""
        self._compact = compact
        lines = SHORT_LINES if compact else AREA_LINES
        high = lines_high(self.theme, lines) + 4
        self.area.setMinimumHeight(high)
        self.area.setMaximumHeight(high if alone and not self.fold.isChecked() else 16_777_215)
        self._alone = alone
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
            self._shown = checks_shown(findings)
            self._show_findings()
        self._show_fold(findings)
        self._show_parts()

    def _show_fold(self, findings: Readiness | None) -> None:
        if findings is None:
            self.fold.say(Shape.WAITING, "Not checked yet")
        else:
            shape = level_shape(findings.findings[0].level) if findings.findings else Shape.WAITING
            calm = shape in {Shape.GOOD, Shape.NOTE}
            self.fold.say(Shape.GOOD if calm else shape, checks_in_short(findings), self._shown.folded_facts)
        self.fold.setEnabled(bool(self._shown.calm))

    def _show_findings(self) -> None:
        self._list.show(self._shown.seen(opened=self.fold.isChecked()))

    def _make_row(self, check: CheckShown) -> CheckRow:
        return CheckRow(self.theme, check.shape, check.fact, check.evidence)

    def _put_row(self, row: CheckRow, index: int, _count: int) -> None:
        if self._rows.indexOf(row) != index:
            self._rows.insertWidget(index, row)

    @Slot()
    def _on_clicked(self) -> None:
        self.asked.emit()

    @Slot()
    def _on_check(self) -> None:
        """Who asks for a check wants to see it, passed or not."""
        self.fold.setChecked(bool(self._shown.calm))
        self.check_asked.emit()

    @Slot()
    def _on_fold(self) -> None:
        self.set_compact(self._compact, alone=self._alone)
        self._show_findings()

    def _show_parts(self) -> None:
        """A short card says what matters most: the reason, else what wants attention, else the cost."""
        short = self._compact and not self.fold.isChecked()
        urgent = any(row.shape not in {Shape.GOOD, Shape.NOTE} for row in self._shown.rows)
        parts = (
            (self.check, not short),
            (self._cost, not short or self._repairs or not (self.reason or urgent)),
            (self._checks, not short or (urgent and not self.reason)),
        )
        for part, seen in parts:
            if part.isHidden() is seen:
                part.setVisible(seen)
