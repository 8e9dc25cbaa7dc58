"""Step 5: which address floats: a field, the checks of what is typed, the subnet's map, and suggestions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from math import ceil

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.discovery.subnet_addresses import AddressKind, Occupancy, suggested_addresses
from tgwizard.engine.setup.suggestions import chosen_machines_in, occupancy_in
from tgwizard.engine.setup.typed_answers import in_field
from tgwizard.engine.setup.validation import address_findings
from tgwizard.engine.setup.wizard_state import ReadNeeded
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.finding_shapes import level_shape
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.address_map import A_ROW, AddressMap, Square, SquareKind, SquareMark
from tgwizard.gui.widgets.badges import Pill
from tgwizard.gui.widgets.cards import Card, Surface
from tgwizard.gui.widgets.check_rows import CheckRow
from tgwizard.gui.widgets.field_row import FieldRow, RowLook
from tgwizard.gui.widgets.filter_chip import SuggestionChip
from tgwizard.gui.widgets.labels import ElidedLabel, LiveLine, LiveText, TextLabel
from tgwizard.gui.widgets.layouts import FlowLayout, clear
from tgwizard.gui.widgets.tick_box import TickBox
from tgwizard.model import fields
from tgwizard.model.finding import Finding, Level
from tgwizard.model.setup_answers import Placement
from tgwizard.model.text import sanitize

_CHECKS = 5
_NOT_LOOKED_AT = ("Reserved by Azure", "On an interface here", "Free in Azure")
"""Checks that are not made of an address outside the subnet."""
_LONGEST = 190
"""Characters of the longest sentence about an address, with what to do."""
_KIND = {
    AddressKind.FREE: SquareKind.FREE,
    AddressKind.RESERVED: SquareKind.RESERVED,
    AddressKind.IN_USE: SquareKind.IN_USE,
    AddressKind.OWN: SquareKind.MEMBER,
    AddressKind.FLOATING: SquareKind.MEMBER,
    AddressKind.BALANCER: SquareKind.BALANCER,
}


@dataclass(frozen=True, slots=True)
class AddressShown:
    """What the page shows. ``asking``: Azure is being asked about the address; the findings are then the last ones."""

    taken: Occupancy | None = None
    address: IPv4Address | None = None
    suggestions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    asking: bool = False
    members: str = "the two machines"
    active: str = ""
    """The machine that is to hold it first."""
    placed_now: bool = True
    text: str = ""
    """What stands in the field: the address, or what is none."""
    configuration: str = ""

    @property
    def mistyped(self) -> bool:
        """Whether what stands in the field cannot be used; the findings are then about an address before it."""
        return self.text != ("" if self.address is None else str(self.address))


class FloatingIpPage(StepPage):
    """`typed(text)` after typing has rested, `picked(address)` for a square or a suggestion.

    `placed_now(bool)`: who creates the first Azure IP Configuration; `named(text)`: what it is called.
    """

    question = "Which address should float?"
    typed = Signal(str)
    picked = Signal(object)
    placed_now = Signal(bool)
    named = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        lead = "A free private address in the subnet that both LAN interfaces share. It follows the active machine."
        super().__init__(theme, lead, parent)
        self._shown = AddressShown()
        self._block = 0
        self._checked: list[CheckRow] = []
        self._build_field()
        self._build_map()
        self._build_suggestions()
        self._build_placement()

    def _build_field(self) -> None:
        theme = self.theme
        card = Card(theme, margin=17)
        large = theme.text_scale >= LARGE_TEXT
        row = QBoxLayout(QBoxLayout.Direction.TopToBottom if large else QBoxLayout.Direction.LeftToRight)
        row.setSpacing(theme.px(22))
        left = QVBoxLayout()
        help_ = "Type one, or pick a square below. Trustgrid calls it Cluster Virtual IP."
        look = RowLook(
            help_, text_role=TextRole.ADDRESS_FIELD, rests=True, longest=_LONGEST, with_fixes=True, apart=not large
        )
        self.row = self.rows[fields.ADDRESS.key] = FieldRow(theme, "Floating IP", fields.ADDRESS, look)
        self.row.field.setMinimumHeight(theme.px(44))
        self.row.field.setMinimumWidth(theme.px(200))
        self.row.edited.connect(self._on_edited)
        self.row.typed.connect(self.typed)
        left.addWidget(self.row)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(theme.px(9))
        self.state = Pill(theme, Shape.WAITING, "No address yet")
        right.addWidget(self.state)
        self._checks = QWidget()
        self._checks_flow = QVBoxLayout(self._checks)
        self._checks_flow.setContentsMargins(0, 0, 0, 0)
        self._check_columns = QHBoxLayout()
        self._checks_flow.addLayout(self._check_columns)
        right.addWidget(self._checks)
        right.addStretch(1)
        row.addLayout(left, 3)
        row.addLayout(right, 7)
        card.body.addLayout(row)
        if not large:
            card.body.addWidget(self.row.note)
        self.body.addWidget(card)

    def _build_map(self) -> None:
        theme = self.theme
        card = Card(theme, margin=17, spacing=9)
        head = QHBoxLayout()
        head.setSpacing(theme.px(12))
        self._subnet = ElidedLabel(theme, "", TextRole.SECTION)
        self._range = ElidedLabel(theme, "", TextRole.MONO, Token.TEXT2)
        self._counts = LiveLine(theme, "", TextRole.CAPTION_STRONG, right=True)
        head.addWidget(self._subnet)
        head.addWidget(self._range)
        head.addWidget(self._counts, 1)
        card.body.addLayout(head)
        self.blocks = AddressMap(theme, "Blocks of the subnet")
        self.blocks.picked.connect(self._on_block)
        self.blocks.pointed.connect(self._on_pointed)
        card.body.addWidget(self.blocks)
        self.map = AddressMap(theme, "Addresses of the subnet")
        self.map.picked.connect(self._on_square)
        self.map.pointed.connect(self._on_pointed)
        card.body.addWidget(self.map)
        legend = QWidget()
        flow = FlowLayout(legend, theme.px(16), spread=False)
        self._legend: dict[SquareKind, TextLabel] = {}
        for kind in SquareKind:
            part = QWidget()
            line = QHBoxLayout(part)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(theme.px(7))
            line.addWidget(SquareMark(theme, kind))
            self._legend[kind] = TextLabel(theme, kind.value, TextRole.CAPTION, Token.TEXT2)
            line.addWidget(self._legend[kind])
            flow.addWidget(part)
        card.body.addWidget(legend)
        foot = Surface(theme, Token.SUNKEN, Token.BORDER, 6)
        line = QHBoxLayout(foot)
        line.setContentsMargins(theme.px(11), theme.px(5), theme.px(12), theme.px(5))
        line.setSpacing(theme.px(10))
        self._pointed_name = LiveLine(theme, "", TextRole.MONO_STRONG)
        self._pointed_words = LiveLine(theme, "", TextRole.CAPTION, Token.TEXT2)
        keys = LiveLine(theme, "arrow keys move, Enter picks", TextRole.CAPTION, Token.TEXT2, right=True)
        line.addWidget(self._pointed_name, 3)
        line.addWidget(self._pointed_words, 8)
        line.addWidget(keys, 5)
        card.body.addWidget(foot)
        self._map_card = card
        self.body.addWidget(card)

    def _build_suggestions(self) -> None:
        theme = self.theme
        self._suggest_card = Surface(theme)
        around = QVBoxLayout(self._suggest_card)
        around.setContentsMargins(theme.px(17), theme.px(10), theme.px(17), theme.px(10))
        row = QWidget()
        self._suggest_row = FlowLayout(row, theme.px(9))
        around.addWidget(row)
        self.suggestions: tuple[SuggestionChip, ...] = ()
        self.body.addWidget(self._suggest_card)

    def _build_placement(self) -> None:
        theme = self.theme
        self._placement = Card(theme, margin=17, spacing=6)
        self.place = TickBox(theme, "Put it on the active machine at the end of Apply")
        self.place.clicked.connect(self.placed_now)
        self._place_words = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        wanted = fields.IP_CONFIGURATION
        look = RowLook(beside=True, with_fixes=True)
        self.configuration = FieldRow(theme, "Name of the Azure IP Configuration", wanted, look)
        self.rows[wanted.key] = self.configuration
        self.configuration.typed.connect(self.named)
        self._placement.body.addWidget(self.place)
        self._placement.body.addWidget(self._place_words)
        self._placement.body.addWidget(self.configuration)
        self.body.addWidget(self._placement)

    # Showing -----------------------------------------------------------------------------------------------------

    def show_address(self, shown: AddressShown) -> None:
        before, self._shown = self._shown, shown
        self.row.show_text(shown.text)
        if not self.row.is_typing:
            self._show_state(shown)
            self._show_checks(shown)
        self._map_card.setVisible(shown.taken is not None)
        if shown.taken is not None:
            if before.taken != shown.taken or before.address != shown.address:
                self._follow(shown)
            self._legend[SquareKind.MEMBER].say(shown.members)
            self._show_map(shown, shown.taken)
        if shown.suggestions != before.suggestions:
            self._show_suggestions(shown.suggestions)
        for chip in self.suggestions:
            chip.setChecked(chip.text() == shown.text)
        self._placement.setVisible(shown.taken is not None)
        self.place.setChecked(shown.placed_now)
        now = f"tgwizard creates it on {shown.active} last, so that traffic has somewhere to go at once."
        later = (
            "The appliance creates it when Trustgrid knows the address (Cluster, Interfaces, LAN, Cluster Virtual IP)."
        )
        self._place_words.say(now if shown.placed_now else later)
        self.configuration.show_text(shown.configuration)

    def _show_state(self, shown: AddressShown) -> None:
        if shown.mistyped and shown.text:
            self.state.show_state(Shape.BROKEN, "Cannot be used")
            return
        worst = min((list(Level).index(one.level) for one in shown.findings), default=None)
        if not shown.text:
            self.state.show_state(Shape.WAITING, "No address yet")
        elif shown.asking:
            self.state.show_state(Shape.NOT_KNOWN, "Asking Azure")
        elif worst is None:
            self.state.show_state(Shape.NOT_KNOWN, "Not checked")
        else:
            level = list(Level)[worst]
            words = {Level.BLOCKS: "Cannot be used", Level.NOT_KNOWN: "Not checked", Level.WARNS: "Read this"}
            self.state.show_state(level_shape(level), words.get(level, "Good choice"))

    def _show_checks(self, shown: AddressShown) -> None:
        """A row for each check, the same number for every address: what was not looked at is said so."""
        if not shown.findings:
            for row in self._checked:
                row.fade()
            return
        found = [(level_shape(one.level), one.fact, one.evidence) for one in shown.findings]
        missing = max(0, len(self._checked) - len(found), _CHECKS - len(found))
        found += [(Shape.WAITING, fact, "not looked at") for fact in _NOT_LOOKED_AT[:missing]]
        if len(found) != len(self._checked):
            self._make_checks(len(found))
        for row, (shape, fact, evidence) in zip(self._checked, found, strict=True):
            row.show_check(shape, fact, evidence)

    def _make_checks(self, number: int) -> None:
        clear(self._check_columns)
        theme = self.theme
        # Every row has room for its evidence, so that one without any has the height of the others.
        roles = (TextRole.BODY_KEY, TextRole.CAPTION)
        two_lines = sum(ceil(QFontMetricsF(theme.font(role)).height()) for role in roles)
        self._checked = [CheckRow(theme, Shape.WAITING, "") for _ in range(number)]
        columns = 1 if theme.text_scale >= LARGE_TEXT else 2
        for start in range(columns):
            column = QVBoxLayout()
            column.setSpacing(theme.px(6))
            for row in self._checked[start::columns]:
                row.setMinimumHeight(two_lines)
                column.addWidget(row)
            column.addStretch(1)
            self._check_columns.addLayout(column, 1)

    def _follow(self, shown: AddressShown) -> None:
        """Show the block that has the address."""
        if shown.taken is None:
            return
        blocks = shown.taken.blocks()
        wanted = shown.address
        if wanted is None and shown.suggestions:
            wanted = IPv4Address(shown.suggestions[0])
        found = [place for place, block in enumerate(blocks) if wanted is not None and wanted in block.network]
        self._block = found[0] if found else min(self._block, max(0, len(blocks) - 1))

    def _show_map(self, shown: AddressShown, taken: Occupancy) -> None:
        self._subnet.say(f"Addresses in {sanitize(taken.subnet.id.name, 90)}")
        self._range.say(", ".join(str(network) for network in taken.ranges))
        self._counts.say(f"{taken.free} free    {taken.in_use} in use    {taken.reserved} reserved")
        blocks = taken.blocks()
        self.blocks.setVisible(len(blocks) > 1)
        if len(blocks) > 1:
            squares = [
                Square(
                    SquareKind.CHOSEN if place == self._block else SquareKind.FREE if block.free else SquareKind.IN_USE,
                    str(block.network),
                    f"{block.free} free, {block.in_use} in use",
                )
                for place, block in enumerate(blocks)
            ]
            self.blocks.show_squares(squares, [str(blocks[row].network) for row in range(0, len(blocks), A_ROW)])
        if blocks:
            self._show_block(shown, taken, blocks[self._block].network)

    def _show_block(self, shown: AddressShown, taken: Occupancy, block: IPv4Network) -> None:
        suggested = set(shown.suggestions)
        squares = []
        for one in taken.squares(block):
            kind = _KIND[one.use]
            if one.address == shown.address and not shown.mistyped:
                kind = SquareKind.CHOSEN
            elif str(one.address) in suggested:
                kind = SquareKind.SUGGESTED
            squares.append(Square(kind, str(one.address), one.words))
        labels = [f".{int(block[row]) & 255}" for row in range(0, block.num_addresses, A_ROW)]
        self.map.show_squares(squares, labels)

    def _show_suggestions(self, addresses: tuple[str, ...]) -> None:
        theme = self.theme
        clear(self._suggest_row)
        self._suggest_row.addWidget(TextLabel(theme, "Suggestions", TextRole.BODY_STRONG))
        chips = []
        for address in addresses:
            chip = SuggestionChip(theme, address)
            chip.clicked.connect(self._picker(address))
            self._suggest_row.addWidget(chip)
            chips.append(chip)
        self.suggestions = tuple(chips)
        note = "clear of the low addresses Azure gives to new NICs"
        self._suggest_row.addWidget(TextLabel(theme, note, TextRole.CAPTION, Token.TEXT2))
        self._suggest_card.setVisible(bool(addresses))

    # Answering ---------------------------------------------------------------------------------------------------

    def _picker(self, address: str) -> Callable[[], None]:
        def pick() -> None:
            self.row.replace(address)
            self.picked.emit(IPv4Address(address))

        return pick

    @Slot(str)
    def _on_edited(self, _text: str) -> None:
        """What was found is about the address before: grey at once."""
        self.state.show_state(Shape.WAITING, "Being typed")
        for row in self._checked:
            row.fade()

    @Slot(int)
    def _on_square(self, index: int) -> None:
        self._picker(self.map.squares[index].name)()

    @Slot(int)
    def _on_block(self, index: int) -> None:
        self._block = index
        if self._shown.taken is not None:
            self._show_map(self._shown, self._shown.taken)

    @Slot(object)
    def _on_pointed(self, square: Square) -> None:
        self._pointed_name.say(square.name)
        self._pointed_words.say(square.words or square.kind.value)

    # The wizard --------------------------------------------------------------------------------------------------

    def connect_wizard(self, wizard: WizardController) -> None:
        session = wizard.session

        def pick(address: IPv4Address) -> None:
            session.answer(address=address)

        def place(now: bool) -> None:
            session.answer(placement=Placement.NOW if now else Placement.BY_APPLIANCE)

        self.typed.connect(partial(session.type_text, fields.ADDRESS))
        self.picked.connect(pick)
        self.row.left.connect(session.end_typing)
        self.placed_now.connect(place)
        self.named.connect(partial(session.type_text, fields.IP_CONFIGURATION))
        self.configuration.left.connect(session.end_typing)

    def show_wizard(self, wizard: WizardController) -> None:
        self.show_address(address_shown(wizard.session))


def address_shown(session: SetupSession) -> AddressShown:
    """The fifth page."""
    wizard_state, shown = session.wizard_state, session.shown
    taken, chosen = occupancy_in(wizard_state, shown), chosen_machines_in(wizard_state, shown)
    if taken is None or chosen is None:
        return AddressShown()
    return AddressShown(
        taken,
        shown.address,
        suggested_addresses(taken, chosen),
        address_findings(wizard_state, shown),
        session.reading(ReadNeeded.ADDRESS),
        ", ".join(sanitize(vm.id.name, 30) for vm in chosen.vms),
        sanitize(chosen.vms[0].id.name, 90),
        shown.placement is Placement.NOW,
        in_field(shown, fields.ADDRESS),
        in_field(shown, fields.IP_CONFIGURATION),
    )
