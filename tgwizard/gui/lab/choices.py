"""Choice cards side by side, of which one is chosen; and taking the rows out of a layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLayout, QWidget

from tgwizard.gui.kit.choice import ChoiceCard
from tgwizard.gui.kit.plain_tips import plain_tip
from tgwizard.gui.style.theme import Theme

LARGE = 130
"""Above this text size, in percent, what stood side by side stands one below the other (gui/README.md 7)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: the word it stands for, its name and its consequence."""

    word: str
    name: str
    consequence: str


class Choices(QWidget):
    """A grid of choice cards. `chosen` tells a person's choice only; `show_choice` is silent."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, name: str, columns: int = 1, parent: QWidget | None = None) -> None:
        """No choice yet; `name` is what assistive technology calls the group."""
        super().__init__(parent)
        self._theme = theme
        self._columns = 1 if theme.px(100) > LARGE else columns
        self._silent = False
        self._offered: tuple[Choice, ...] = ()
        self._cards: dict[str, ChoiceCard] = {}
        self._group = QButtonGroup(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.px(6))
        self.setAccessibleName(name)

    @property
    def word(self) -> str:
        """The word of the choice in force; empty when there is none."""
        return next((word for word, card in self._cards.items() if card.isChecked()), "")

    def offer(self, choices: tuple[Choice, ...]) -> None:
        """Offer these; the same ones again change nothing."""
        if choices == self._offered:
            return
        self._offered = choices
        for card in self._cards.values():
            self._group.removeButton(card)
        clear(self._grid)
        self._cards = {}
        for place, choice in enumerate(choices):
            card = ChoiceCard(self._theme, choice.name, choice.consequence)
            card.setToolTip(plain_tip(f"{choice.name}: {choice.consequence}"))
            card.toggled.connect(self._teller(choice.word))
            self._group.addButton(card)
            self._cards[choice.word] = card
            self._grid.addWidget(card, place // self._columns, place % self._columns)

    def show_choice(self, word: str) -> None:
        """Show `word` as chosen, without telling it."""
        card = self._cards.get(word)
        if card is not None and not card.isChecked():
            self._silent = True
            card.setChecked(True)
            self._silent = False

    def _teller(self, word: str) -> Callable[[bool], None]:
        def tell(on: bool) -> None:
            if on and not self._silent:
                self.chosen.emit(word)

        return tell


def clear(layout: QLayout) -> None:
    """Take every widget out of `layout` and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
