"""Step 7: where the role is assigned, and to which identities; computed from real ids, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QVBoxLayout, QWidget

from tgwizard.engine.access.matching_roles import stale_assignments
from tgwizard.engine.access.required_rights import computed_scopes, required_rights, scope_name
from tgwizard.engine.setup.assignment_scopes import chosen_scopes
from tgwizard.engine.setup.planned_role import plan_role
from tgwizard.engine.setup.suggestions import chosen_machines_in
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.badges import TintTag
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.fact_table import RowTable, StateCell, TwoLines
from tgwizard.gui.widgets.labels import LiveLine, LiveText, TextLabel
from tgwizard.gui.widgets.layouts import Column, clear
from tgwizard.gui.widgets.option_card import OptionCard
from tgwizard.gui.widgets.tick_box import TickBox
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.inventory import VmFound
from tgwizard.model.setup_answers import RoleAnswer
from tgwizard.model.setup_plan import ScopeReason
from tgwizard.model.text import sanitize


@dataclass(frozen=True, slots=True)
class ScopeShown:
    """What the page shows. ``stale``: assignments of identities that are gone, in words."""

    computed: tuple[ScopeReason, ...] = ()
    whole_subscription: bool = False
    narrowed: tuple[str, ...] = ()
    subscription: str = ""
    machines: tuple[VmFound, ...] = ()
    stale: tuple[str, ...] = ()
    remove_stale: bool = False


class ScopePage(StepPage):
    """`widened(bool)`, `narrowed(scopes)`, `stale_wanted(bool)`."""

    question = "Where may they do it?"
    widened = Signal(bool)
    narrowed = Signal(object)
    stale_wanted = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        lead = "Only where something lives that a failover touches: worked out from the real resources."
        super().__init__(theme, lead, parent)
        self._shown = ScopeShown()
        large = theme.text_scale >= LARGE_TEXT
        row = QBoxLayout(QBoxLayout.Direction.TopToBottom if large else QBoxLayout.Direction.LeftToRight)
        row.setSpacing(theme.px(12))
        self.groups = OptionCard(theme, "These resource groups", "No more than the failover needs.", compact=True)
        self.whole = OptionCard(
            theme,
            "The whole subscription",
            "Every network in it, also those made later.",
            tag=TintTag(theme, "wider", Shape.WARNING),
            compact=True,
        )
        group = QButtonGroup(self)
        for card, wide in ((self.groups, False), (self.whole, True)):
            group.addButton(card)
            card.clicked.connect(self._widen_callback(wide))
            row.addWidget(card, 1)
        self.body.addLayout(row)
        self._scopes = QVBoxLayout()
        self.body.addLayout(self._scopes)
        self._identities = QVBoxLayout()
        self.body.addLayout(self._identities)
        self._stale = Card(theme, "Left over from machines that are gone", margin=16, spacing=6)
        self._stale_words = LiveText(theme, "", TextRole.BODY, Token.TEXT2)
        self._stale.body.addWidget(self._stale_words)
        self.remove = TickBox(theme, "Remove them with Apply")
        self.remove.clicked.connect(self.stale_wanted)
        self._stale.body.addWidget(self.remove)
        self.body.addWidget(self._stale)

    def show_scopes(self, shown: ScopeShown) -> None:
        before, self._shown = self._shown, shown
        (self.whole if shown.whole_subscription else self.groups).setChecked(True)
        if shown != before or not self._scopes.count():
            self._show_scopes(shown)
            self._show_identities(shown.machines)
        self._stale.setVisible(bool(shown.stale))
        self._stale_words.say(" ".join(shown.stale))
        self.remove.setChecked(shown.remove_stale)

    def _show_scopes(self, shown: ScopeShown) -> None:
        theme = self.theme
        clear(self._scopes)
        columns = (Column("", px=28), Column("Resource group", 4), Column("Why", 8))
        table = RowTable(theme, "Scopes", columns)
        left_out = {scope.lower() for scope in shown.narrowed}
        for reason in shown.computed:
            name = scope_name(reason.scope)
            tick = TickBox(theme, "", f"Assign the role on {name}")
            tick.setChecked(shown.whole_subscription or reason.scope.lower() not in left_out)
            tick.setEnabled(not shown.whole_subscription)
            tick.clicked.connect(self._narrower(reason.scope))
            cells = (tick, TwoLines(theme, name), LiveText(theme, reason.sentence, TextRole.CAPTION, Token.TEXT2))
            table.add(cells, f"{name}: {reason.sentence}")
        if shown.whole_subscription:
            words = f"Assigned once on {sanitize(shown.subscription, 200)}; these groups are inside it."
            note = TextLabel(theme, words, TextRole.CAPTION, Token.TEXT2, wrap=True)
            note.setContentsMargins(theme.px(17), theme.px(8), theme.px(16), theme.px(9))
            table.add_wide(note)
        self._scopes.addWidget(table)

    def _show_identities(self, machines: tuple[VmFound, ...]) -> None:
        theme = self.theme
        clear(self._identities)
        if not machines:
            return
        columns = (Column("Machine", 4), Column("System-assigned identity", 4), Column("Object id", 5))
        table = RowTable(theme, "Identities", columns)
        for vm in machines:
            name = sanitize(vm.id.name, 90)
            on = vm.identity.system_assigned
            words = "on" if on else "off, Apply turns it on"
            beside = len(vm.identity.user_assigned)
            note = f"beside {beside} user-assigned" if beside else ""
            principal = vm.identity.principal_id or "known once it is on"
            cells = (
                TwoLines(theme, name, note),
                StateCell(theme, Shape.GOOD if on else Shape.MOVING, words),
                LiveLine(theme, principal, TextRole.MONO, Token.TEXT2),
            )
            table.add(cells, f"{name}, system-assigned identity {words}", lit=not on)
        self._identities.addWidget(table)

    def _widen_callback(self, wide: bool) -> Callable[[], None]:
        def widen() -> None:
            self.widened.emit(wide)

        return widen

    def _narrower(self, scope: str) -> Callable[[bool], None]:
        def narrow(on: bool) -> None:
            others = tuple(one for one in self._shown.narrowed if one.lower() != scope.lower())
            self.narrowed.emit(others if on else (*others, scope))

        return narrow

    def connect_wizard(self, wizard: WizardController) -> None:
        session = wizard.session

        def widen(wide: bool) -> None:
            session.answer(whole_subscription=wide)

        def narrow(scopes: tuple[str, ...]) -> None:
            session.answer(narrowed=scopes)

        def remove_stale(on: bool) -> None:
            session.answer(remove_stale=on)

        self.widened.connect(widen)
        self.narrowed.connect(narrow)
        self.stale_wanted.connect(remove_stale)

    def show_wizard(self, wizard: WizardController) -> None:
        self.show_scopes(scope_shown(wizard.session))


def scope_shown(session: SetupSession) -> ScopeShown:
    """The seventh page."""
    wizard_state, shown = session.wizard_state, session.shown
    chosen = chosen_machines_in(wizard_state, shown)
    if chosen is None:
        return ScopeShown()
    name = shown.subscription.name if shown.subscription is not None else ""
    return ScopeShown(
        computed_scopes(chosen),
        shown.whole_subscription,
        shown.narrowed,
        name,
        chosen.vms,
        _stale_words(session, chosen),
        shown.remove_stale,
    )


def _stale_words(session: SetupSession, chosen: ChosenMachines) -> tuple[str, ...]:
    facts = session.wizard_state.facts
    if facts is None:
        return ()
    shown = session.shown
    scopes = chosen_scopes(shown, chosen)
    planned = plan_role(shown.role or RoleAnswer(), chosen.subnet.subscription, required_rights(chosen), scopes, facts)
    found = stale_assignments(planned.role, scopes, facts)
    return tuple(
        f"An assignment on {sanitize(item.scope.rsplit('/', 1)[-1], 90)} is for the identity {item.principal_id}, "
        "which is no longer in the directory."
        for item in found
    )
