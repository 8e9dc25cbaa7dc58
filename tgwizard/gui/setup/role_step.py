"""Step 6: which role the two machines get: ten actions with their reasons, as Trustgrid's JSON, and who else has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.access.matching_roles import (
    ActionRow,
    Affected,
    HeldToday,
    action_rows,
    affected_by,
    network_contributor,
)
from tgwizard.engine.access.required_rights import required_rights
from tgwizard.engine.setup.assignment_scopes import chosen_scopes
from tgwizard.engine.setup.export.plan_values import role_json
from tgwizard.engine.setup.planned_role import PlannedRole, plan_role
from tgwizard.engine.setup.suggestions import chosen_machines_in, role_as_new, role_candidates
from tgwizard.engine.setup.typed_answers import in_field
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.badges import TintTag
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.code_block import CodeLines
from tgwizard.gui.widgets.fact_table import IconCell, RowTable, StateCell, TwoLines
from tgwizard.gui.widgets.field_row import FieldRow, RowLook
from tgwizard.gui.widgets.labels import LiveLine, LiveText, TextLabel, plain_tip
from tgwizard.gui.widgets.layouts import Column, FittedStack, clear
from tgwizard.gui.widgets.option_card import OptionCard
from tgwizard.gui.widgets.save_text import copy_text, save_text
from tgwizard.gui.widgets.tabs import Tabs
from tgwizard.gui.widgets.tick_box import TickBox
from tgwizard.model import fields
from tgwizard.model.access_facts import AccessFacts
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.role import RoleDefinition
from tgwizard.model.setup_answers import RoleAnswer, RoleUse
from tgwizard.model.text import counted, join_words, sanitize

_TODAY = {
    HeldToday.HAS: Shape.GOOD,
    HeldToday.HAS_UNUSED: Shape.GOOD,
    HeldToday.TO_ADD: Shape.NOTE,
    HeldToday.MISSING: Shape.WARNING,
    HeldToday.OFFERED: Shape.NOTE,
    HeldToday.NOT_ASKED: Shape.WAITING,
    HeldToday.NOT_NEEDED: Shape.WAITING,
}

_LONGEST = 190
"""Characters of the sentence about a name that is taken."""

ASSIGNMENTS_SHOWN = 25
"""How many other assignments of the role have a row at first."""


@dataclass(frozen=True, slots=True)
class RoleOption:
    """One card: the answer it stands for, its name, its consequence, and whether it is wider than needed."""

    answer: RoleAnswer
    name: str
    words: str
    suggested: bool = False
    wider: bool = False


@dataclass(frozen=True, slots=True)
class RoleShown:
    """What the page shows. ``json``: the role as the portal's Start from JSON takes it; ``added``: its new lines."""

    options: tuple[RoleOption, ...] = ()
    answer: RoleAnswer | None = None
    rows: tuple[ActionRow, ...] = ()
    json: str = ""
    added: frozenset[int] = frozenset()
    affected: tuple[Affected, ...] = ()
    lead: str = ""
    name: str = ""
    """What stands in the field of the name of a new role."""


class RolePage(StepPage):
    """`chosen(answer)` for a card or an extra action taken or left, `named(text)` for a key in the name."""

    question = "What may the two machines do?"
    chosen = Signal(object)
    named = Signal(str)
    said = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """The ten actions are known at once; what is there today is read."""
        super().__init__(theme, "Exactly what moving one address takes: ten actions, no more.", parent)
        self._shown = RoleShown()
        self._group = QButtonGroup(self)
        self._cards: list[OptionCard] = []
        self._most = ASSIGNMENTS_SHOWN
        large = theme.text_scale >= LARGE_TEXT
        self._options = QBoxLayout(QBoxLayout.Direction.TopToBottom if large else QBoxLayout.Direction.LeftToRight)
        self._options.setSpacing(theme.px(12))
        self.body.addLayout(self._options)
        self._build_name()
        self.tabs = Tabs(theme, "Role", ("Ten actions", "JSON", "Other clusters using it"))
        self.body.addWidget(self.tabs)
        self._actions_page, self._actions = _room()
        self._others_page, self._others = _room()
        self._stack = FittedStack(self._actions_page, self._build_json(), self._others_page)
        self.tabs.shown.connect(self._stack.show_page)
        self.body.addWidget(self._stack)

    def _build_name(self) -> None:
        theme = self.theme
        self._name_card = Card(theme, margin=16, spacing=4)
        usual = "Edit it to meet your naming conventions. It must be unique in the whole directory."
        look = RowLook(usual, beside=True, longest=_LONGEST, with_fixes=True)
        self.row = self.rows[fields.ROLE_NAME.key] = FieldRow(theme, "Name of the role", fields.ROLE_NAME, look)
        self.row.typed.connect(self.named)
        self._name_card.body.addWidget(self.row)
        self.body.addWidget(self._name_card)

    def _build_json(self) -> QWidget:
        theme = self.theme
        page, column = _room()
        self.code = CodeLines(theme, "Role as JSON")
        column.addWidget(self.code)
        row = QHBoxLayout()
        row.setSpacing(theme.px(10))
        words = "As the portal's Start from JSON takes it. Added lines carry a plus sign."
        row.addWidget(LiveText(theme, words, TextRole.CAPTION, Token.TEXT2), 1)
        copy = Button(theme, "Copy", icon=Icon.COPY, height=32)
        copy.setAccessibleName("Copy the JSON")
        copy.clicked.connect(self._copy)
        save = Button(theme, "Save as file…", icon=Icon.SAVE, height=32)
        save.clicked.connect(self._save)
        row.addWidget(copy)
        row.addWidget(save)
        column.addLayout(row)
        return page

    def show_role(self, shown: RoleShown) -> None:
        before, self._shown = self._shown, shown
        if shown.lead:
            self.lead.say(shown.lead)
        if shown.options != before.options or shown.answer != before.answer:
            self._show_options(shown)
        new = shown.answer is not None and shown.answer.use is RoleUse.NEW
        self._name_card.setVisible(new)
        if new:
            self.row.show_text(shown.name)
        if shown.rows != before.rows:
            self._show_rows(shown.rows)
        self.code.show_lines(shown.json, shown.added)
        if shown.affected != before.affected or not self._others.count():
            self._show_others(shown.affected)
        self.tabs.tabs[2].count(len(shown.affected))

    def _show_options(self, shown: RoleShown) -> None:
        theme = self.theme
        for card in self._cards:
            self._group.removeButton(card)
        clear(self._options)
        self._cards = []
        for option in shown.options:
            tag = TintTag(theme, "wider", Shape.WARNING) if option.wider else None
            card = OptionCard(theme, option.name, option.words, tag=tag, compact=True)
            card.setChecked(_same(option.answer, shown.answer))
            card.clicked.connect(self._choose_callback(option.answer))
            self._group.addButton(card)
            self._options.addWidget(card, 1)
            self._cards.append(card)

    def _show_rows(self, rows: tuple[ActionRow, ...]) -> None:
        theme = self.theme
        clear(self._actions)
        columns = (
            Column("", px=22),
            Column("Action, Microsoft.Network unless shown", 15),
            Column("Needed to", 8),
            Column("Today", px=122),
        )
        table = RowTable(theme, "Actions of the role", columns, padding=6)
        news = any(row.today in {HeldToday.HAS, HeldToday.HAS_UNUSED} for row in rows)
        for number, row in enumerate(rows, start=1):
            short = row.action.removeprefix("Microsoft.Network/")
            figure = TextLabel(theme, "" if row.extra else str(number), TextRole.CAPTION, Token.TEXT3)
            figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            on = ", ".join(dict.fromkeys(sanitize(thing.name, 90) for thing in row.on))
            # In a role made new everything is to be added: only what differs is lit.
            lit = row.today in {HeldToday.TO_ADD, HeldToday.MISSING, HeldToday.OFFERED} and (news or row.extra)
            action = LiveLine(theme, short, TextRole.MONO_STRONG)
            why = LiveText(theme, row.why, TextRole.CAPTION, Token.TEXT2)
            why.setToolTip(plain_tip(f"Here on {on}" if on else ""))
            cells = (figure, action, why, self._today(row))
            apart = (row.extra and row.today is HeldToday.NOT_NEEDED) or row.today is HeldToday.NOT_ASKED
            reason = row.why if apart else f"needed to {row.why}"
            table.add(cells, f"{row.action}, {reason}, {row.today.value}", lit=lit)
        self._actions.addWidget(table)
        self._actions.addStretch(1)

    def _today(self, row: ActionRow) -> QWidget:
        theme = self.theme
        if not row.extra or row.today not in {HeldToday.TO_ADD, HeldToday.OFFERED}:
            if row.today is HeldToday.TO_ADD:
                return IconCell(theme, Icon.ADD, row.today.value)
            return StateCell(theme, _TODAY[row.today], row.today.value)
        on = row.today is HeldToday.TO_ADD
        tick = TickBox(theme, "to be added" if on else "add it", f"Add {row.action}")
        tick.setChecked(on)
        tick.toggled.connect(self._take_callback(row.action))
        return tick

    def _show_others(self, affected: tuple[Affected, ...]) -> None:
        theme = self.theme
        clear(self._others)
        if not affected:
            words = "No other assignment of this role could be found."
            self._others.addWidget(LiveText(theme, words, TextRole.BODY, Token.TEXT2))
            self._others.addStretch(1)
            return
        columns = (Column("Who has it", 5), Column("From where downwards", 7), Column("", 3))
        table = RowTable(theme, "Other assignments of the role", columns)
        for one in affected[: self._most]:
            note = "no longer in the directory" if one.gone else ""
            where = sanitize(one.scope, 200)
            cells = (
                TwoLines(theme, one.principal),
                LiveLine(theme, where, TextRole.MONO),
                LiveText(theme, note, TextRole.CAPTION, Token.TEXT2),
            )
            table.add(cells, f"{one.principal}, from {where}, {note}")
        self._others.addWidget(table)
        if len(affected) > self._most:
            words = f"Show more assignments: {self._most} of {len(affected)} are shown"
            more = Button(theme, words, ButtonKind.LINK)
            more.clicked.connect(partial(self._show_more, affected))
            self._others.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        self._others.addStretch(1)

    def _show_more(self, affected: tuple[Affected, ...]) -> None:
        """Twice as many: a role of a big subscription may have thousands, and each row takes its time."""
        self._most *= 2
        self._show_others(affected)

    # Answering ---------------------------------------------------------------------------------------------------

    def _choose_callback(self, answer: RoleAnswer) -> Callable[[], None]:
        def choose() -> None:
            self.chosen.emit(answer)

        return choose

    def _take_callback(self, action: str) -> Callable[[bool], None]:
        def take(on: bool) -> None:
            answer = self._shown.answer
            if answer is None:
                return
            others = tuple(extra for extra in answer.extra if extra.lower() != action.lower())
            left = tuple(extra for extra in answer.declined if extra.lower() != action.lower())
            extra = (*others, action) if on else others
            declined = left if on else (*left, action)
            self.chosen.emit(RoleAnswer(answer.use, answer.name, answer.guid, extra, declined))

        return take

    @Slot()
    def _copy(self) -> None:
        self.said.emit(copy_text(self._shown.json, "The JSON was copied"))

    @Slot()
    def _save(self) -> None:
        self.said.emit(save_text(self, "azure-custom-role-sample.json", self._shown.json))

    def connect_wizard(self, wizard: WizardController) -> None:
        session = wizard.session

        self.chosen.connect(session.choose_role)
        self.named.connect(partial(session.type_text, fields.ROLE_NAME))
        self.row.left.connect(session.end_typing)
        self.said.connect(wizard.said)

    def show_wizard(self, wizard: WizardController) -> None:
        self.show_role(role_shown(wizard.session))


def _room() -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(10)
    return page, column


def _same(one: RoleAnswer, other: RoleAnswer | None) -> bool:
    return other is not None and (one.use, one.guid) == (other.use, other.guid)


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def role_shown(session: SetupSession) -> RoleShown:
    """The sixth page."""
    wizard_state, shown = session.wizard_state, session.shown
    chosen, facts = chosen_machines_in(wizard_state, shown), wizard_state.facts
    if chosen is None or facts is None:
        return RoleShown()
    needs = required_rights(chosen)
    answer = shown.role or RoleAnswer()
    planned = plan_role(answer, chosen.subnet.subscription, needs, chosen_scopes(shown, chosen), facts)
    existing: RoleDefinition | None = None
    if answer.use in (RoleUse.REUSE, RoleUse.UPDATE):
        existing = facts.role(answer.guid)
    elif answer.use is RoleUse.NETWORK_CONTRIBUTOR:
        existing = network_contributor(facts)
    rows = action_rows(needs, existing, extra=answer.extra, update=answer.use is RoleUse.UPDATE)
    text = role_json(planned.role)
    key = f"others of {existing.guid if existing is not None else ''}"
    others = session.once(key, lambda: _of_others(existing, facts, chosen))
    extra = sum(row.extra and bool(row.on) for row in rows)
    asked = len({need.action.lower() for need in needs if need.asked and need.in_role})
    lead = f"Trustgrid's ten actions, no more. Azure asks for {_NUMBERS[asked]} of them when this address moves."
    if answer.use is RoleUse.NETWORK_CONTRIBUTOR:
        lead = "Azure's own role for networks: wider than needed, without virtualMachines/read, which is not asked for."
    elif extra:
        words = _NUMBERS[extra] if extra < len(_NUMBERS) else str(extra)
        lead = f"Trustgrid's ten actions; {words} more {'is' if extra == 1 else 'are'} offered for what is here."
    elif existing is not None:
        lacks = sum(
            not row.extra and row.today in {HeldToday.TO_ADD, HeldToday.MISSING, HeldToday.NOT_ASKED} for row in rows
        )
        has = "all ten actions" if not lacks else f"{_NUMBERS[10 - lacks]} of the ten actions"
        lead = f"{sanitize(existing.name, 90)} has {has} of Trustgrid's role."
    return RoleShown(
        _options(session, answer, facts),
        answer,
        rows,
        text,
        _added_lines(text, planned),
        others,
        lead,
        in_field(replace(shown, role=answer), fields.ROLE_NAME),
    )


def _of_others(existing: RoleDefinition | None, facts: AccessFacts, chosen: ChosenMachines) -> tuple[Affected, ...]:
    """Who has the role besides the two machines."""
    principals = {vm.identity.principal_id.lower() for vm in chosen.vms}
    return tuple(
        one
        for one in (affected_by(existing, facts) if existing is not None else ())
        if one.assignment.principal_id.lower() not in principals
    )


def _options(session: SetupSession, answer: RoleAnswer, facts: AccessFacts) -> tuple[RoleOption, ...]:
    options: list[RoleOption] = []
    for item in role_candidates(session.wizard_state, session.shown)[:3]:
        name = sanitize(item.role.name, 128)
        others = item.others
        used = f" {counted(others, 'other assignment')} of it." if others else ""
        if item.complete:
            words = f"Found here, with all that is needed.{used}"
            options.append(RoleOption(RoleAnswer(RoleUse.REUSE, item.role.name, item.role.guid), f"Use {name}", words))
        elif not item.withheld:
            lacks = [action.rsplit("Microsoft.Network/", 1)[-1] for action in item.missing]
            what = (
                f"Found here. Lacks {join_words(lacks)}." if lacks else "Found here. Not assignable everywhere needed."
            )
            gains = f"{used[:-1]} gain{'s' if others == 1 else ''} the same." if others else ""
            update = RoleAnswer(RoleUse.UPDATE, item.role.name, item.role.guid, answer.extra, answer.declined)
            options.append(RoleOption(update, f"Update {name}", f"{what}{gains}"))
    new = answer if answer.use is RoleUse.NEW else role_as_new(session.shown.name, facts)
    words = "Ten actions, its own name. The old role stays as it is." if options else "Ten actions, its own name."
    options.append(RoleOption(new, "Make a new role", words))
    built_in = RoleAnswer(RoleUse.NETWORK_CONTRIBUTOR)
    wide = "May change every network resource, yet cannot read virtual machines."
    options.append(RoleOption(built_in, "Network Contributor", wide, wider=True))
    return tuple(options)


def _added_lines(text: str, planned: PlannedRole) -> frozenset[int]:
    """The lines of the JSON that an update adds; a new role has no old lines to tell apart."""
    if planned.before is None:
        return frozenset()
    added = {action.lower() for action in planned.added}
    return frozenset(
        number for number, line in enumerate(text.splitlines()) if line.strip().strip('",').lower() in added
    )
