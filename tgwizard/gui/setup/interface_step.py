"""Step 4: on which interface of each machine the floating IP lives. Both must be in one subnet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QVBoxLayout, QWidget

from tgwizard.engine.discovery.lan_interface import JudgedInterface, LanChoice
from tgwizard.engine.setup.suggestions import lan_choices
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole
from tgwizard.gui.widgets.badges import TintTag
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.check_rows import CheckRow
from tgwizard.gui.widgets.labels import ElidedLabel
from tgwizard.gui.widgets.layouts import clear
from tgwizard.gui.widgets.option_card import OptionCard
from tgwizard.model.cluster import ResourceId
from tgwizard.model.text import sanitize

Nics = tuple[ResourceId, ResourceId]


@dataclass(frozen=True, slots=True)
class InterfaceShown:
    """What the page shows: the interfaces of both machines, judged, and the two chosen."""

    lan: tuple[LanChoice, ...] = ()
    chosen: Nics | None = None


class InterfacePage(StepPage):
    """One column for each machine. `chosen(nics)`, `swapped` when the other machine is to be active first."""

    question = "Which interface carries the floating IP?"
    chosen = Signal(object)
    swapped = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        lead = "The LAN interface of each machine. The address moves between these two and touches no other."
        super().__init__(theme, lead, parent)
        self._shown = InterfaceShown()
        narrow = theme.text_scale >= LARGE_TEXT
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._row = QBoxLayout(way)
        self._row.setSpacing(theme.px(12))
        self.body.addLayout(self._row)
        self._first = Card(theme, "Active at first", margin=16, spacing=8)
        self._roles = QBoxLayout(way)
        self._roles.setSpacing(theme.px(12))
        self._first.body.addLayout(self._roles)
        self.body.addWidget(self._first)

    def show_interfaces(self, shown: InterfaceShown) -> None:
        """Replace both columns."""
        if shown == self._shown:
            return
        self._shown = shown
        clear(self._row)
        clear(self._roles)
        for place, choice in enumerate(shown.lan):
            self._row.addWidget(self._machine(place, choice), 1)
        group = QButtonGroup(self._first)
        for place, choice in enumerate(shown.lan):
            name = sanitize(choice.vm.name, 90)
            words = "Holds the address after Apply." if place == 0 else "Takes it over at a failover."
            card = OptionCard(self.theme, name, words)
            card.setAccessibleName(f"{name} is active at first")
            card.setChecked(place == 0)
            if place:
                card.clicked.connect(self.swapped)
            group.addButton(card)
            self._roles.addWidget(card, 1)
        self._first.setVisible(bool(shown.lan))

    def _machine(self, place: int, choice: LanChoice) -> QWidget:
        theme = self.theme
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(8))
        name = sanitize(choice.vm.name, 90)
        column.addWidget(ElidedLabel(theme, name, TextRole.SECTION))
        group = QButtonGroup(side)
        mine = self._shown.chosen[place] if self._shown.chosen else None
        for judged in choice.judged:
            card = self._card(judged, best=judged.nic == choice.nic)
            card.setChecked(judged.nic.id == mine)
            card.setAccessibleName(f"{sanitize(judged.nic.id.name, 90)} of {name}")
            card.clicked.connect(self._choose_callback(place, judged.nic.id))
            group.addButton(card)
            column.addWidget(card)
        column.addStretch(1)
        return side

    def _card(self, judged: JudgedInterface, *, best: bool) -> OptionCard:
        theme, nic = self.theme, judged.nic
        subnet = sanitize(nic.subnet.name, 90) if nic.subnet else "no subnet"
        tag = TintTag(theme, "Suggested") if best else None
        card = OptionCard(theme, sanitize(nic.id.name, 90), f"{sanitize(nic.own_address, 40)} in {subnet}", tag=tag)
        for words in judged.speaks_for:
            card.body.addWidget(CheckRow(theme, Shape.GOOD, _upper(words), quiet=True))
        for words in judged.speaks_against:
            card.body.addWidget(CheckRow(theme, Shape.WAITING, _upper(words), quiet=True))
        return card

    def _choose_callback(self, place: int, nic: ResourceId) -> Callable[[], None]:
        def choose() -> None:
            now = self._shown.chosen
            other = now[1 - place] if now else self._best(1 - place)
            if other is not None:
                self.chosen.emit((nic, other) if place == 0 else (other, nic))

        return choose

    def _best(self, place: int) -> ResourceId | None:
        found = self._shown.lan[place].nic
        return found.id if found is not None else None

    def connect_wizard(self, wizard: WizardController) -> None:
        session = wizard.session

        def choose(nics: Nics) -> None:
            session.answer(nics=nics)

        def swap() -> None:
            shown = session.shown
            if shown.machines is not None and shown.nics is not None:
                session.answer(machines=(shown.machines[1], shown.machines[0]), nics=(shown.nics[1], shown.nics[0]))

        self.chosen.connect(choose)
        self.swapped.connect(swap)

    def show_wizard(self, wizard: WizardController) -> None:
        self.show_interfaces(interface_shown(wizard.session))


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def interface_shown(session: SetupSession) -> InterfaceShown:
    """The fourth page."""
    return InterfaceShown(lan_choices(session.wizard_state, session.shown), session.shown.nics)
