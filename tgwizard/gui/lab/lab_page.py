"""The Lab page of the rail: the embedded Azure's own controls, or the words that there is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.app.app_context import OpenedProgram
from tgwizard.gui.app.practice_buttons import PracticeButtons
from tgwizard.gui.lab.fault_card import FaultsCard
from tgwizard.gui.lab.lab_session import LabSession
from tgwizard.gui.lab.machine_cards import DataPlaneCard, MachinesCard
from tgwizard.gui.lab.scenario_cards import LabLocationCard, LatencyCard, ScenarioCard
from tgwizard.gui.page import ShellPage
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.cards import BAR, Card, PageScroll
from tgwizard.gui.widgets.check_rows import show_problem_notices
from tgwizard.gui.widgets.idle_queue import IdleQueue, IdleStep
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.layouts import at_most
from tgwizard.gui.widgets.option_card import LARGE
from tgwizard.model.problem import Problem

LabCard = ScenarioCard | LatencyCard | MachinesCard | DataPlaneCard | FaultsCard

WIDEST = 760
PERIOD_MS = 2000
"""How often the lab is read while the page is shown."""

LEAD = "An embedded Azure: nothing here reaches Azure."
NOT_A_LAB = (
    "This window works on the real Azure. The lab is an Azure inside tgwizard, with two pretend machines: what you do "
    "there, you do on the same screens, and nothing of it reaches Azure."
)
PRACTISE = (
    "Practising takes place in this window. Your clusters in Azure are not read meanwhile; Back to Azure, at the top, "
    "ends it and shows them again."
)
ANOTHER_LAB = (
    "To keep a lab of your own, with its scenario and its clusters, start tgwizard --lab in a terminal: it opens a "
    "window of its own."
)
NOT_OPEN = "The lab is not open yet. Its controls appear here when it is."
NO_CONTROLS = (
    "The controls of this lab are not available in this window. The lab itself works; the command tgwizard lab changes "
    "it from a terminal."
)


class LabPage(ShellPage):
    """The controls of the lab. `scenario_asked` when its world is to be replaced: the window asks first.

    `world_seen(epoch)` with every answer of the lab: another epoch than before is another world.
    `practise_asked(Destination)` in a window on Azure.
    """

    scenario_asked = Signal(str)
    world_seen = Signal(int)
    practise_asked = Signal(object)
    help_topic = "lab"

    def __init__(
        self, theme: Theme, *, is_lab: bool, can_practise: bool = False, parent: QWidget | None = None
    ) -> None:
        """Say that no lab is open; `show_opened` follows."""
        super().__init__(parent)
        self._theme = theme
        self._is_lab = is_lab
        self.session: LabSession | None = None
        self._refreshers: tuple[IdleStep, ...] = ()
        self._turns = IdleQueue(self)
        self._problems: tuple[Problem, ...] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.read_again)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(28, 24, 28 - BAR, 24)
        self._column.setSpacing(12)
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addWidget(TextLabel(theme, "Lab", TextRole.TITLE))
        self._lead = TextLabel(theme, LEAD if is_lab else NOT_A_LAB, TextRole.LEAD, Token.TEXT2, wrap=True)
        head.addWidget(self._lead)
        self._state = TextLabel(theme, NOT_OPEN if is_lab else "", TextRole.BODY, Token.TEXT2, wrap=True)
        if not is_lab:
            self._state.hide()  # to show what stands in nothing yet would open a window of its own
        head.addWidget(self._state)
        self._boxes = QVBoxLayout()
        self._boxes.setSpacing(8)
        self._column.addLayout(head)
        self._column.addLayout(self._boxes)
        if can_practise:
            self._column.addLayout(at_most(self._practice_card(), max(WIDEST, theme.px(WIDEST))))
        self._cards = QWidget()
        self._cards.hide()
        self._column.addWidget(self._cards)
        self._column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(PageScroll(theme, content, "Lab page"))

    def _practice_card(self) -> Card:
        theme = self._theme
        card = Card(theme, "Practise without Azure", margin=18, spacing=8)
        card.body.addWidget(TextLabel(theme, PRACTISE, TextRole.BODY, Token.TEXT2, wrap=True))
        buttons = PracticeButtons(theme)
        buttons.chosen.connect(self.practise_asked)
        card.body.addWidget(buttons)
        card.body.addWidget(TextLabel(theme, ANOTHER_LAB, TextRole.CAPTION, Token.TEXT2, wrap=True))
        return card

    def show_opened(self, opened: OpenedProgram) -> None:
        """The program is open: with the controls of a lab, or without."""
        if opened.lab is None:
            self._state.say(NO_CONTROLS if self._is_lab else "")
            return
        self.session = LabSession(opened.services.jobs, opened.lab, self)
        self._build(self.session, opened)
        self.session.changed.connect(self._refresh)
        self._state.say("Reading the lab")
        if self.isVisible():
            self._timer.start()
            self.session.refresh()

    def end(self) -> None:
        """Hear no more of the lab."""
        if self.session is not None:
            self.session.end()

    def clusters_changed(self, opened: OpenedProgram) -> None:
        """The world has other machines and addresses: the cards are built for these."""
        session = self.session
        if session is None:
            return
        old = self._cards
        self._cards = QWidget()
        self._cards.hide()
        self._column.replaceWidget(old, self._cards)
        old.hide()
        old.deleteLater()
        self._build(session, opened)

    def _build(self, session: LabSession, opened: OpenedProgram) -> None:
        """Build the cards, unseen, each in a turn of its own; when the lab has said what they show, show them."""
        theme = self._theme
        addresses = tuple(str(setup.address) for setup in opened.clusters)
        nics = tuple(member.nic.name for setup in opened.clusters for member in setup.members)
        left, right = QVBoxLayout(), QVBoxLayout()
        row = QVBoxLayout() if theme.px(100) > LARGE else QHBoxLayout()
        column = QVBoxLayout(self._cards)
        column.setContentsMargins(0, 0, 0, 0)
        for layout in (left, right, row, column):
            layout.setSpacing(12)
        row.addLayout(left, 1)
        row.addLayout(right, 1)
        if opened.lab_where is not None:
            column.addWidget(LabLocationCard(theme, opened.lab_where))
        column.addLayout(row)

        def put(into: QBoxLayout, stretch: int, make: Callable[[], LabCard]) -> None:
            card = make()
            into.addWidget(card, stretch)
            self._refreshers = (*self._refreshers, card.refresh)

        self._refreshers = ()
        self._turns.drop()
        self._turns.add(
            partial(put, left, 1, partial(self._scenario_card, session)),
            partial(put, right, 0, partial(LatencyCard, theme, session)),
            partial(put, right, 0, partial(MachinesCard, theme, session)),
            partial(put, right, 1, partial(DataPlaneCard, theme, session, addresses)),
            partial(put, column, 0, partial(FaultsCard, theme, session, nics)),
            self._fill,
        )

    def _scenario_card(self, session: LabSession) -> ScenarioCard:
        card = ScenarioCard(self._theme, session)
        card.asked.connect(self.scenario_asked)
        return card

    def _fill(self) -> None:
        """Fill the cards for the first time, each in a turn of its own, and then show them."""
        if self.session is not None and self.session.seen is not None:
            self._turns.add(*self._refreshers, self._cards.show, self._refresh)

    @Slot()
    def read_again(self) -> None:
        """Read the lab again (F5)."""
        if self.session is not None:
            self.session.refresh()

    @Slot()
    def _refresh(self) -> None:
        session = self.session
        if session is None:
            return
        if session.seen is not None:
            self.world_seen.emit(session.seen.state.epoch)
        if not self._cards.isHidden():
            for refresh in self._refreshers:
                refresh()
        elif not self._turns.left:
            self._fill()
        if session.doing:
            self._state.say(session.doing)
        elif session.seen is not None and not self._cards.isHidden():
            at = self._theme.moments.time(session.seen.state.at)
            self._state.say(f"Read at {at} by the lab's clock.")
        self._show_problems(tuple(item for item in (session.refused, session.unread) if item is not None))

    def _show_problems(self, problems: tuple[Problem, ...]) -> None:
        if problems == self._problems:
            return
        self._problems = problems
        show_problem_notices(self._boxes, self._theme, problems, with_detail=True)

    def showEvent(self, event: QShowEvent) -> None:
        """Read the lab while it is looked at."""
        super().showEvent(event)
        if self.session is not None:
            self._timer.start()
            self.session.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: read no more."""
        super().hideEvent(event)
        self._timer.stop()
