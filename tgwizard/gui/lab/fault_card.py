"""The Faults card of the lab page: ready-made answers of Azure to force, and the rules that are present."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.lab_control import FaultSeen
from tgwizard.gui.lab.lab_session import LabSession
from tgwizard.gui.lab.lab_text import (
    ANSWERS,
    TARGETS,
    TIMES,
    RuleTarget,
    RuleTimes,
    rule_counts,
    rule_of,
    rule_sentence,
    rule_words,
)
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card, Separator
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.layouts import clear
from tgwizard.gui.widgets.option_card import LARGE, ChoiceCards, ChoiceOption
from tgwizard.gui.widgets.text_inputs import TextField

SUGGESTED = 4


class RuleRow(QWidget):
    """One present rule: its sentence, how often it struck, and Remove."""

    accessible_role = QAccessible.Role.ListItem
    removed = Signal()

    def __init__(self, theme: Theme, rule: FaultSeen, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        sentence = rule_words(rule)
        self._counts = TextLabel(theme, "", TextRole.CAPTION, Token.TEXT2)
        remove = Button(theme, "Remove", ButtonKind.LINK, height=28)
        remove.setAccessibleName(f"Remove rule {rule.id}: {sentence}")
        remove.clicked.connect(self.removed)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(TextLabel(theme, sentence, TextRole.BODY_KEY, wrap=True))
        words.addWidget(self._counts)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.px(4), 0, theme.px(4))
        row.addLayout(words, 1)
        row.addWidget(remove)
        self.setAccessibleName(f"Rule {rule.id}: {sentence}")
        self.show_counts(rule)

    def show_counts(self, rule: FaultSeen) -> None:
        """Replace the counts."""
        self._counts.say(rule_counts(rule))
        self.setAccessibleDescription(rule_counts(rule))


class FaultsCard(Card):
    """What to force, where and how often; below it the rules that are present."""

    def __init__(self, theme: Theme, session: LabSession, nics: tuple[str, ...], parent: QWidget | None = None) -> None:
        """Follow `session`; `nics` are names to suggest."""
        super().__init__(theme, "Faults", parent=parent)
        self._session = session
        self._rows: dict[str, RuleRow] = {}
        self._count = TextLabel(theme, "", TextRole.CAPTION, Token.TEXT2)
        self.head.addWidget(self._count)
        self._answers = ChoiceCards(theme, "Answers to force", columns=2)
        self._answers.offer(tuple(ChoiceOption(item.word, item.name, item.consequence) for item in ANSWERS))
        self._answers.show_choice(ANSWERS[0].word)
        self._targets = ChoiceCards(theme, "Requests that meet it")
        self._targets.offer(tuple(ChoiceOption(item.value, item.value, words) for item, (words, _) in TARGETS.items()))
        self._targets.show_choice(RuleTarget.NIC_WRITES.value)
        self._times = ChoiceCards(theme, "How often")
        self._times.offer(tuple(ChoiceOption(item.value, item.value, words) for item, (words, _) in TIMES.items()))
        self._times.show_choice(RuleTimes.ONCE.value)
        self._resource = TextField(theme, "Resource")
        self._resource.setPlaceholderText("any; or a name, as tg-node-a-inside")
        self._add = Button(theme, "Add the fault")
        self._add.clicked.connect(self._on_add)
        self._clear = Button(theme, "Clear all faults", height=32)
        self._clear.clicked.connect(session.clear_faults)
        self._empty = TextLabel(theme, "No rule is present: the lab answers as Azure usually does.", token=Token.TEXT2)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self._arrange(nics)

    def _arrange(self, nics: tuple[str, ...]) -> None:
        theme = self.theme
        form = QGridLayout()
        form.setHorizontalSpacing(theme.px(16))
        form.setColumnStretch(0, 3)
        form.setColumnStretch(1, 2)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(theme.px(6))
        left.addWidget(self._label("Azure answers"))
        left.addWidget(self._answers)
        left.addSpacing(theme.px(4))
        left.addWidget(self._label("Only for the resource"))
        left.addWidget(self._resource)
        chips = QHBoxLayout()
        for nic in nics[:SUGGESTED]:
            chip = Button(theme, nic, height=28)
            chip.setAccessibleName(f"Only for {nic}")
            chip.clicked.connect(self._filler(nic))
            chips.addWidget(chip)
        chips.addStretch(1)
        left.addLayout(chips)
        left.addStretch(1)
        right.addWidget(self._label("To"))
        right.addWidget(self._targets)
        right.addSpacing(theme.px(4))
        right.addWidget(self._label("How often"))
        right.addWidget(self._times)
        right.addStretch(1)
        form.addLayout(left, 0, 0)
        if theme.px(100) > LARGE:
            form.addLayout(right, 1, 0)
            form.setColumnStretch(1, 0)
        else:
            form.addLayout(right, 0, 1)
        act = QHBoxLayout()
        act.addStretch(1)
        act.addWidget(self._add)
        present = QHBoxLayout()
        present.addWidget(self._label("Present rules"))
        present.addStretch(1)
        present.addWidget(self._clear)
        self.body.addLayout(form)
        self.body.addLayout(act)
        self.body.addWidget(Separator(theme))
        self.body.addLayout(present)
        self.body.addWidget(self._empty)
        self.body.addLayout(self._list)

    def _label(self, text: str) -> TextLabel:
        return TextLabel(self.theme, text, TextRole.CAPTION_STRONG, Token.TEXT3)

    def _filler(self, nic: str) -> Callable[[], None]:
        def fill() -> None:
            self._resource.setText(nic)

        return fill

    @Slot()
    def _on_add(self) -> None:
        answer = next(item for item in ANSWERS if item.word == self._answers.word)
        target, times = RuleTarget(self._targets.word), RuleTimes(self._times.word)
        rule = rule_of(answer, target, times, self._resource.text().strip())
        self._session.add_fault(rule, rule_sentence(rule["match"], rule["effect"]))

    def refresh(self) -> None:
        """Show what the session knows. Rows stay while the same rules are present."""
        seen = self._session.seen
        if seen is None:
            return
        if [rule.id for rule in seen.faults] != list(self._rows):
            clear(self._list)
            self._rows = {rule.id: self._row(rule) for rule in seen.faults}
            for row in self._rows.values():
                self._list.addWidget(row)
        for rule in seen.faults:
            self._rows[rule.id].show_counts(rule)
        count = len(seen.faults)
        self._count.say({0: "none present", 1: "1 rule present"}.get(count, f"{count} rules present"))
        self._empty.setVisible(not seen.faults)
        self._clear.setEnabled(bool(seen.faults))
        self._clear.explain("" if seen.faults else "No rule is present")

    def _row(self, rule: FaultSeen) -> RuleRow:
        def remove() -> None:
            self._session.remove_fault(rule)

        row = RuleRow(self.theme, rule)
        row.removed.connect(remove)
        return row
