"""Step 5: which address floats: a field, the checks of what is typed, the subnet's map, and suggestions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.discovery.subnet_addresses import AddressKind, Occupancy, suggested_addresses
from tgwizard.engine.setup.suggestions import chosen_machines_in, occupancy_in
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
from tgwizard.gui.widgets.filter_chip import SuggestionChip
from tgwizard.gui.widgets.labels import ElidedLabel, LiveLine, LiveText, TextLabel
from tgwizard.gui.widgets.layouts import FlowLayout, clear
from tgwizard.gui.widgets.text_inputs import TextField
from tgwizard.gui.widgets.tick_box import TickBox
from tgwizard.model.finding import Finding, Level
from tgwizard.model.setup_answers import Placement
from tgwizard.model.text import sanitize

SETTLE_MS = 250
"""How long typing has to rest before what is typed is judged (gui/README.md 6, Field row)."""
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
    configuration: str = ""
    mistyped: str = ""


class FloatingIpPage(StepPage):
    """`typed(address)` or `mistyped(text)` after typing has rested, `picked(address)` for a square or a suggestion.

    `placed_now(bool)`: who creates the first Azure IP Configuration; `named(text)`: what it is called.
    """

    question = "Which address should float?"
    typed = Signal(object)
    mistyped = Signal(str)
    picked = Signal(object)
    placed_now = Signal(bool)
    named = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        lead = "A free private address in the subnet that both LAN interfaces share. It follows the active machine."
        super().__init__(theme, lead, parent)
        self._shown = AddressShown()
        self._block = 0
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
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
        left.setSpacing(theme.px(8))
        left.addWidget(TextLabel(theme, "Floating IP", TextRole.BODY_STRONG))
        self.field = TextField(theme, "Floating IP", text_role=TextRole.ADDRESS_FIELD)
        self.field.setMinimumHeight(theme.px(44))
        self.field.setMinimumWidth(theme.px(200))
        self.field.textEdited.connect(self._on_edited)
        self.field.editingFinished.connect(self._on_left)
        left.addWidget(self.field)
        help_ = "Type one, or pick a square below. Trustgrid calls it Cluster Virtual IP."
        left.addWidget(LiveText(theme, help_, TextRole.CAPTION, Token.TEXT2))
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
        row = QHBoxLayout()
        row.setSpacing(theme.px(14))
        row.addWidget(LiveText(theme, "Name of the Azure IP Configuration", TextRole.BODY_KEY), 1)
        self.configuration = TextField(theme, "Name of the Azure IP Configuration")
        self.configuration.editingFinished.connect(self._on_named)
        row.addWidget(self.configuration, 2)
        self._placement.body.addWidget(self.place)
        self._placement.body.addWidget(self._place_words)
        self._placement.body.addLayout(row)
        self.body.addWidget(self._placement)

    # Showing -----------------------------------------------------------------------------------------------------

    def show_address(self, shown: AddressShown) -> None:
        before, self._shown = self._shown, shown
        text = "" if shown.address is None else str(shown.address)
        other = shown.address != before.address or bool(before.mistyped)
        if other and not shown.mistyped and not self._settle.isActive() and self.field.text() != text:
            self.field.setText(text)
        self._show_state(shown)
        if shown.findings != before.findings:
            self._show_checks(shown.findings)
        self._map_card.setVisible(shown.taken is not None)
        if shown.taken is not None:
            if before.taken != shown.taken or before.address != shown.address:
                self._follow(shown)
            self._legend[SquareKind.MEMBER].say(shown.members)
            self._show_map(shown, shown.taken)
        if shown.suggestions != before.suggestions:
            self._show_suggestions(shown.suggestions)
        for chip in self.suggestions:
            chip.setChecked(chip.text() == text)
        self._placement.setVisible(shown.taken is not None)
        self.place.setChecked(shown.placed_now)
        now = f"tgwizard creates it on {shown.active} last, so that traffic has somewhere to go at once."
        later = (
            "The appliance creates it when Trustgrid knows the address (Cluster, Interfaces, LAN, Cluster Virtual IP)."
        )
        self._place_words.say(now if shown.placed_now else later)
        if not self.configuration.hasFocus():
            self.configuration.setText(shown.configuration)

    def _show_state(self, shown: AddressShown) -> None:
        if shown.mistyped:
            self.state.show_state(Shape.BROKEN, "Not an IPv4 address")
            return
        worst = min((list(Level).index(one.level) for one in shown.findings), default=None)
        if shown.address is None:
            self.state.show_state(Shape.WAITING, "No address yet")
        elif shown.asking:
            self.state.show_state(Shape.NOT_KNOWN, "Asking Azure")
        elif worst is None:
            self.state.show_state(Shape.NOT_KNOWN, "Not checked")
        else:
            level = list(Level)[worst]
            words = {Level.BLOCKS: "Cannot be used", Level.NOT_KNOWN: "Not checked", Level.WARNS: "Read this"}
            self.state.show_state(level_shape(level), words.get(level, "Good choice"))

    def _show_checks(self, findings: tuple[Finding, ...]) -> None:
        clear(self._check_columns)
        columns = 1 if self.theme.text_scale >= LARGE_TEXT else 2
        for start in range(columns):
            column = QVBoxLayout()
            column.setSpacing(self.theme.px(6))
            for finding in findings[start::columns]:
                evidence = finding.problem.sentence() if finding.problem is not None else finding.evidence
                column.addWidget(CheckRow(self.theme, level_shape(finding.level), finding.fact, evidence))
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
            if one.address == shown.address:
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
            self._settle.stop()
            self.field.setText(address)
            self.picked.emit(IPv4Address(address))

        return pick

    @Slot(str)
    def _on_edited(self, _text: str) -> None:
        self._settle.start()

    @Slot()
    def _on_settled(self) -> None:
        self._settle.stop()
        text = self.field.text().strip()
        try:
            address = IPv4Address(text)
        except AddressValueError:
            self.mistyped.emit(text)
            return
        self.typed.emit(address)

    @Slot()
    def _on_left(self) -> None:
        """Enter, or the focus goes elsewhere: what is typed is judged before anything is made of it."""
        if self._settle.isActive():
            self._on_settled()

    @Slot()
    def _on_named(self) -> None:
        text = self.configuration.text().strip()
        if text and text != self._shown.configuration:
            self.named.emit(text)

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

        def type_(address: IPv4Address) -> None:
            session.answer(typing="address", address=address)

        def pick(address: IPv4Address) -> None:
            session.answer(address=address)

        def place(now: bool) -> None:
            session.answer(placement=Placement.NOW if now else Placement.BY_APPLIANCE)

        def name(configuration: str) -> None:
            session.answer(ip_configuration=configuration)

        self.typed.connect(type_)
        self.mistyped.connect(session.mistype)
        self.picked.connect(pick)
        self.field.editingFinished.connect(session.end_typing)
        self.placed_now.connect(place)
        self.named.connect(name)

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
        shown.ip_configuration,
        session.mistyped,
    )
