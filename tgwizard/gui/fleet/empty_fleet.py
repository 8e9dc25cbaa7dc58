"""No cluster yet: set one up, add one that works, or practise in the lab. And the offer of the lab below the table."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.app.app_context import AppContext
from tgwizard.gui.app.practice_buttons import PracticeButtons
from tgwizard.gui.fleet.add_clusters import AddButton
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.labels import TextLabel

STACK_BELOW = 700


class LabOffer(Card):
    """The offer below the table, for those who change something for the first time."""

    def __init__(self, theme: Theme, context: AppContext, parent: QWidget | None = None) -> None:
        """Offered only where the window can go to a lab."""
        super().__init__(theme, parent=parent)
        self.offered = context.can_practise
        row = QHBoxLayout()
        row.setSpacing(14)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(TextLabel(theme, "New here, or changing something for the first time?", TextRole.BODY_STRONG))
        line = (
            "Practise on two pretend machines. The lab runs the same engine and the same screens on this computer and "
            "never contacts Azure."
        )
        words.addWidget(TextLabel(theme, line, TextRole.BODY, Token.TEXT2, wrap=True))
        row.addWidget(IconMark(theme, Icon.LAB, 22, Token.ACCENT_TEXT))
        row.addLayout(words, 1)
        self.practise = PracticeButtons(theme)
        row.addWidget(self.practise)
        self.body.addLayout(row)


class EmptyFleet(QWidget):
    """Three cards side by side, or stacked in a narrow window."""

    def __init__(self, theme: Theme, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(16)
        self.set_up = Button(theme, "Set up a cluster", ButtonKind.PRIMARY)
        first = "Each step asks for one thing and suggests the answer. Nothing changes before you review it."
        if not context.is_lab:
            first = f"You sign in to Azure first. {first}"
        self._row.addWidget(self._card(Icon.ADD, "Set up a cluster", first, self.set_up), 1)
        self.add = AddButton(theme)
        second = "Choose its cluster file, or drop it here; a colleague's will do. It is checked first, then copied."
        self._row.addWidget(self._card(Icon.LINK, "Add one that works", second, self.add), 1)
        self.practise = PracticeButtons(theme, stacked=True)
        if context.can_practise:
            third = "No Azure account is needed: two pretend machines on this computer. Nothing reaches Azure."
            self._row.addWidget(self._card(Icon.LAB, "Practise first", third, self.practise), 1)
        else:
            self.practise.setParent(self)
            self.practise.hide()

    def _card(self, icon: Icon, title: str, words: str, button: QWidget) -> Card:
        card = Card(self._theme, margin=22, spacing=0)
        card.setMinimumHeight(self._theme.px(216))
        card.body.addWidget(IconMark(self._theme, icon, 22, Token.ACCENT_TEXT))
        card.body.addSpacing(self._theme.px(12))
        card.body.addWidget(TextLabel(self._theme, title, TextRole.NAME))
        card.body.addSpacing(self._theme.px(5))
        card.body.addWidget(TextLabel(self._theme, words, TextRole.BODY, Token.TEXT2, wrap=True))
        card.body.addSpacing(self._theme.px(14))
        card.body.addStretch(1)
        card.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stack the cards when each would be too narrow to read."""
        super().resizeEvent(event)
        narrow = self.width() < self._theme.px(STACK_BELOW)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._row.setDirection(way)
