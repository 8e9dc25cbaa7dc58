"""Step 3: which two machines form the cluster: likely pairs with reasons, or any two; and why others are left out.

Two machines stand side by side with what counts for a cluster: power and zone, LAN interface, identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.discovery.lan_interface import LanChoice
from tgwizard.engine.discovery.pairs import NotOffered, Pair, PairsFound, PairState
from tgwizard.engine.setup.suggestions import chosen_pair
from tgwizard.engine.setup.typed_answers import in_field
from tgwizard.engine.setup.wizard_state import ReadNeeded
from tgwizard.gui.setup.loading_card import LoadingCard
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.state_shapes import Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.badges import Pill, TintTag
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.check_rows import CheckRow
from tgwizard.gui.widgets.fact_table import RowTable
from tgwizard.gui.widgets.field_row import FieldRow, RowLook
from tgwizard.gui.widgets.labels import ElidedLabel, LiveText, TextLabel, plain_tip
from tgwizard.gui.widgets.layouts import Column, clear
from tgwizard.gui.widgets.option_card import OptionCard
from tgwizard.gui.widgets.pick_list import PickList, PickRow
from tgwizard.gui.widgets.problem_box import ProblemBox, Problems, ProblemShown
from tgwizard.model import fields
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Inventory, VmFound
from tgwizard.model.setup_events import PartProgress
from tgwizard.model.snapshot import Power
from tgwizard.model.text import counted, join_words, sanitize

STACK_BELOW = 460
"""Narrower than this, at 100 % text, the second machine stands under the first."""

_POWER = {
    Power.RUNNING: "Running",
    Power.NOT_KNOWN: "Power not read",
}


def machine_words(vm: VmFound) -> str:
    """A machine's power, zone and region as one line."""
    power = _POWER.get(vm.power, vm.power.value.replace("_", " ").capitalize())
    zone = f"zone {sanitize(vm.zone, 10)}" if vm.zone else ""
    return ", ".join(part for part in (power, zone, sanitize(vm.location, 60)) if part)


class MachineColumn(QWidget):
    """One machine: name and three facts."""

    def __init__(self, theme: Theme, vm: VmFound, lan: LanChoice) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(6))
        head = QHBoxLayout()
        head.setSpacing(theme.px(9))
        head.addWidget(IconMark(theme, Icon.SERVER, 16))
        head.addWidget(ElidedLabel(theme, sanitize(vm.id.name, 90), TextRole.NAME), 1)
        column.addLayout(head)
        running = {Power.RUNNING: Shape.GOOD, Power.NOT_KNOWN: Shape.NOT_KNOWN}.get(vm.power, Shape.WARNING)
        on = vm.identity.system_assigned
        rows = (
            (running, machine_words(vm)),
            lan_row(lan),
            (Shape.GOOD if on else Shape.WARNING, "System identity on" if on else "System identity off"),
        )
        for shape, words in rows:
            column.addWidget(CheckRow(theme, shape, words))
        column.addStretch(1)


def lan_row(lan: LanChoice) -> tuple[Shape, str]:
    """The LAN interface as one fact."""
    nic = lan.nic
    if nic is None:
        return Shape.BROKEN, "No interface could be read"
    subnet = sanitize(nic.subnet.name, 90) if nic.subnet else "no subnet"
    forwarding = "forwarding on" if nic.ip_forwarding else "forwarding off"
    return (Shape.GOOD if nic.ip_forwarding else Shape.WARNING), f"LAN NIC in {subnet}, {forwarding}"


class MachinePair(QWidget):
    """Both, with a line between them, or one under the other."""

    def __init__(self, theme: Theme, pair: Pair) -> None:
        super().__init__()
        self._theme = theme
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, theme.px(6), 0, 0)
        self._row.setSpacing(theme.px(28))
        for vm, lan in zip(pair.vms, pair.lan, strict=True):
            self._row.addWidget(MachineColumn(theme, vm, lan), 1)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stack in a narrow card."""
        super().resizeEvent(event)
        narrow = self.width() < self._theme.px(STACK_BELOW)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._row.direction() is not way:
            self._row.setDirection(way)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._row.direction() is QBoxLayout.Direction.LeftToRight:
            line = QRectF(self.width() / 2 - 1, self._theme.px(6), 1, self.height() - self._theme.px(6))
            QPainter(self).fillRect(line, self._theme.colour(Token.BORDER))


NAMES_SHOWN = 3
"""Of a group that is not offered for one reason."""

NO_PAIRS = PairsFound((), ())

Both = tuple[ResourceId, ResourceId]

PAIRS_SHOWN = 12
"""How many pairs have a card at first."""


@dataclass(frozen=True, slots=True)
class MachinesShown:
    """What the page shows. ``chosen``: the two machines; ``by_hand``: they are chosen from the whole list.

    ``picks``: the machines ticked there, which may be one or none.
    """

    inventory: Inventory | None = None
    found: PairsFound = NO_PAIRS
    chosen: Both | None = None
    pair: Pair | None = None
    name: str = ""
    by_hand: bool = False
    picks: tuple[ResourceId, ...] = ()
    busy: str = ""
    parts: tuple[PartProgress, ...] = ()


class MachinesPage(StepPage):
    """Pairs as cards. `chosen((first, second))`, `by_hand_asked`, `picked(machines)` from the list, `named(text)`."""

    question = "Which two machines form the cluster?"
    chosen = Signal(object)
    by_hand_asked = Signal()
    picked = Signal(object)
    named = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "", parent)
        self._shown = MachinesShown()
        self._group = QButtonGroup(self)
        self._cards: dict[frozenset[ResourceId], OptionCard] = {}
        self._most = PAIRS_SHOWN
        self.reading = LoadingCard(theme)
        self.body.addWidget(self.reading)
        self._pairs = QVBoxLayout()
        self._pairs.setSpacing(theme.px(9))
        self.body.addLayout(self._pairs)
        self.under_pair = Problems(theme, self)
        self.by_hand = OptionCard(theme, "Choose two machines myself", "From all that your account can read.")
        self.by_hand.clicked.connect(self.by_hand_asked)
        self._group.addButton(self.by_hand)
        self.body.addWidget(self.by_hand)
        self.list = PickList(theme, "Machines", most=2)
        self.list.picked.connect(self._on_picked)
        self.body.addWidget(self.list)
        # Below the list, so that no row of it moves under the pointer.
        self._by_hand = QVBoxLayout()
        self._by_hand.setSpacing(theme.px(9))
        self.body.addLayout(self._by_hand)
        self.called = Card(theme, margin=16, spacing=4)
        help_ = "Suggested from the machines. It names the cluster's file and this window's list."
        look = RowLook(help_, text_role=TextRole.BODY, with_fixes=True)
        self.row = self.rows[fields.NAME.key] = FieldRow(theme, "Name of the cluster", fields.NAME, look)
        self.row.typed.connect(self.named)
        self.called.body.addWidget(self.row)
        self.body.addWidget(self.called)
        self._others = QVBoxLayout()
        self.body.addLayout(self._others)

    def show_machines(self, shown: MachinesShown) -> None:
        """Replace what is shown; rows that stay the same are kept."""
        before, self._shown = self._shown, shown
        self.reading.show_busy(shown.busy, shown.parts, can_stop=bool(shown.busy))
        self._lead(shown)
        pair_or_list = shown.by_hand != before.by_hand
        chosen = (shown.chosen, shown.pair) != (before.chosen, before.pair)
        if shown.found != before.found or pair_or_list or (chosen and not shown.by_hand):
            self._show_pairs(shown)
        if pair_or_list or (shown.by_hand and (chosen or shown.picks != before.picks)):
            self._show_picked(shown)
        if shown.found.not_offered != before.found.not_offered:
            self._show_others(shown.found.not_offered)
        self.by_hand.setVisible(shown.inventory is not None)
        if shown.by_hand:
            self.by_hand.setChecked(True)
        self.list.setVisible(shown.by_hand)
        if shown.by_hand and shown.inventory is not None:
            self.list.show_rows(_rows(shown.inventory), tuple(vm.text for vm in shown.picks))
        self.called.setVisible(shown.chosen is not None)
        self.row.show_text(shown.name)

    def tell_problems(self, boxes: tuple[ProblemShown, ...]) -> None:
        """They stand under the pair."""
        self.under_pair.tell(boxes)

    @property
    def boxes(self) -> list[ProblemBox]:
        """They stand under the pair."""
        return self.under_pair.boxes

    def _lead(self, shown: MachinesShown) -> None:
        if shown.inventory is None:
            self.lead.say("The subscription is read first. Nothing is changed.")
            return
        count, pairs = len(shown.inventory.vms), len(shown.found.pairs)
        machines = counted(count, "machine")
        likely = {0: "no likely pair", 1: "one likely pair"}.get(pairs, f"{pairs} likely pairs")
        where = sanitize(shown.inventory.subscription.name, 90)
        self.lead.say(f"We read {machines} in {where} and found {likely}. Nothing was changed.")

    def _show_pairs(self, shown: MachinesShown) -> None:
        theme = self.theme
        for card in self._cards.values():
            self._group.removeButton(card)
        self._cards.clear()
        # The problems stand under the chosen pair and outlive the cards.
        self._take_problems_out()
        clear(self._pairs)
        suggested = shown.found.suggested
        pairs = list(shown.found.pairs)
        if shown.pair is not None and not shown.by_hand:
            first = {_key(pair) for pair in pairs[: self._most]}
            if _key(shown.pair) not in first:
                pairs = [shown.pair, *(pair for pair in pairs if _key(pair) != _key(shown.pair))]
        for pair in pairs[: self._most]:
            on = not shown.by_hand and shown.chosen is not None and frozenset(shown.chosen) == _key(pair)
            card = self._card(pair, on=on, suggested=pair is suggested)
            self._cards[_key(pair)] = card
            self._pairs.addWidget(card)
            if on:
                self._pairs.addWidget(self.under_pair)
        if self._pairs.indexOf(self.under_pair) < 0:
            self._pairs.addWidget(self.under_pair)
        self.under_pair.setVisible(bool(self.under_pair.boxes))
        self._offer_more(len(pairs))
        if shown.inventory is not None and not pairs:
            none = Card(theme, "No Trustgrid pair here", margin=16)
            words = (
                "No two machines of this subscription look like a pair. Choose two by hand, or go back and look in "
                "another subscription."
            )
            none.body.addWidget(LiveText(theme, words, TextRole.BODY, Token.TEXT2))
            self._pairs.addWidget(none)

    def _take_problems_out(self) -> None:
        for layout in (self._pairs, self._by_hand):
            layout.removeWidget(self.under_pair)
        self.under_pair.setParent(self)

    def _show_picked(self, shown: MachinesShown) -> None:
        """What the two ticked machines are, and what is to be known of them."""
        if not shown.by_hand:
            clear(self._by_hand)
            return
        self._take_problems_out()
        clear(self._by_hand)
        pair = shown.pair
        if pair is not None and frozenset(shown.picks) == _key(pair):
            first, second = (sanitize(vm.id.name, 90) for vm in pair.vms)
            card = Card(self.theme, f"{first} and {second}", margin=16)
            card.body.addWidget(MachinePair(self.theme, pair))
            if pair.state_words:
                card.body.addWidget(LiveText(self.theme, pair.state_words, TextRole.CAPTION, Token.TEXT2))
            self._by_hand.addWidget(card)
        self._by_hand.addWidget(self.under_pair)
        self.under_pair.setVisible(bool(self.under_pair.boxes))

    def _offer_more(self, pairs: int) -> None:
        """The likeliest come first, of thousands in a big subscription; each press shows twice as many."""
        if pairs > self._most:
            more = Button(self.theme, f"Show more pairs: {self._most} of {pairs} are shown", ButtonKind.LINK)
            more.clicked.connect(self._on_more)
            self._pairs.addWidget(more)

    @Slot()
    def _on_more(self) -> None:
        self._most *= 2
        self._show_pairs(self._shown)

    def _card(self, pair: Pair, *, on: bool, suggested: bool) -> OptionCard:
        theme = self.theme
        first, second = (sanitize(vm.id.name, 90) for vm in pair.vms)
        tag = TintTag(theme, "Suggested") if suggested else None
        where = f"{sanitize(pair.vms[0].location, 60)}, {sanitize(pair.vms[0].id.group, 90)}"
        card = OptionCard(theme, f"{first} and {second}", "" if on else where, tag=tag, tinted=False)
        if pair.state is PairState.NEW:
            card.head.addWidget(TextLabel(theme, "not set up yet", TextRole.CAPTION, Token.TEXT2))
        else:
            pill = Pill(theme, Shape.GOOD, "Already set up")
            pill.setToolTip(plain_tip(pair.state_words))
            card.head.addWidget(pill)
        if on:
            card.body.addWidget(MachinePair(theme, pair))
            if pair.reasons:
                why = f"Why this pair: {', '.join(pair.reasons)}."
                card.body.addSpacing(theme.px(4))
                card.body.addWidget(LiveText(theme, why, TextRole.CAPTION, Token.TEXT2))
            if pair.state_words:
                card.body.addWidget(LiveText(theme, pair.state_words, TextRole.CAPTION, Token.TEXT2))
        words = [part for part in (tag.word if tag else "", where, pair.state_words, *pair.reasons) if part]
        card.setAccessibleDescription(", ".join(words))
        card.setChecked(on)
        card.clicked.connect(self._choose_callback(pair))
        self._group.addButton(card)
        return card

    def _show_others(self, others: tuple[NotOffered, ...]) -> None:
        theme = self.theme
        clear(self._others)
        if not others:
            return
        columns = (Column("", px=16), Column("Not offered, and why", 3), Column("Resource group", 3), Column("", 5))
        table = RowTable(theme, "Not offered, and why", columns, padding=7)
        for one in others:
            names, groups = _names(one.vms), _groups(one.vms)
            cells = (
                ShapeMark(theme, Shape.WAITING, 12),
                LiveText(theme, names, TextRole.CAPTION_STRONG),
                LiveText(theme, groups, TextRole.CAPTION, Token.TEXT2),
                LiveText(theme, one.why, TextRole.CAPTION, Token.TEXT2),
            )
            table.add(cells, f"{names}, {groups}, not offered: {one.why}")
        self._others.addWidget(table)

    def _choose_callback(self, pair: Pair) -> Callable[[], None]:
        def choose() -> None:
            self.chosen.emit((pair.vms[0].id, pair.vms[1].id))

        return choose

    @Slot(object)
    def _on_picked(self, keys: tuple[str, ...]) -> None:
        self.picked.emit(tuple(ResourceId(key) for key in keys))

    def connect_wizard(self, wizard: WizardController) -> None:
        session = wizard.session

        self.chosen.connect(wizard.choose_pair)
        self.picked.connect(wizard.pick_by_hand)
        self.by_hand_asked.connect(wizard.name_by_hand)
        self.named.connect(partial(session.type_text, fields.NAME))
        self.row.left.connect(session.end_typing)
        self.reading.cancelled.connect(session.stop_reading)

    def show_wizard(self, wizard: WizardController) -> None:
        self.show_machines(machines_shown(wizard.session, by_hand=wizard.by_hand, picked=wizard.picked))


def _key(pair: Pair) -> frozenset[ResourceId]:
    return frozenset(vm.id for vm in pair.vms)


def _rows(inventory: Inventory) -> tuple[PickRow, ...]:
    return tuple(
        PickRow(vm.id.text, sanitize(vm.id.name, 90), f"{sanitize(vm.id.group, 90)}, {machine_words(vm)}")
        for vm in inventory.vms
    )


def _names(vms: tuple[VmFound, ...]) -> str:
    names = [sanitize(vm.id.name, 90) for vm in vms[:NAMES_SHOWN]]
    more = len(vms) - len(names)
    return join_words([*names, f"{more} more"]) if more else join_words(names)


def _groups(vms: tuple[VmFound, ...]) -> str:
    groups = list(dict.fromkeys(sanitize(vm.id.group, 90) for vm in vms))
    more = len(groups) - 2
    return join_words([*groups[:2], f"{more} more"]) if more > 0 else join_words(groups)


def machines_shown(
    session: SetupSession, *, by_hand: bool, picked: tuple[ResourceId, ...] | None = None
) -> MachinesShown:
    """The third page. ``picked``: fewer machines than two, ticked in the list."""
    wizard_state, shown = session.wizard_state, session.shown
    wanted = shown.subscription
    same = (
        wizard_state.inventory is not None
        and wanted is not None
        and wizard_state.inventory.subscription.id == wanted.id
    )
    busy = ""
    if session.reading(ReadNeeded.INVENTORY) and wanted is not None:
        busy = f"Reading {sanitize(wanted.name, 90)}"
    elif session.reading(ReadNeeded.FACTS) and wizard_state.facts is None:
        busy = "Reading roles and rights"
    return MachinesShown(
        wizard_state.inventory if same else None,
        wizard_state.pairs,
        shown.machines,
        chosen_pair(wizard_state, shown),
        in_field(shown, fields.NAME),
        by_hand=by_hand,
        picks=(shown.machines or ()) if picked is None else picked,
        busy=busy,
        parts=tuple(session.parts.values()) if session.reading(ReadNeeded.INVENTORY) else (),
    )
